"""Seeds of one-time codes are sealed where they stood in the open."""

from typing import Any

from django.conf import settings
from django.db import migrations

from gradatim.web.accounts.seeds import is_sealed, seal_seed


def seal(apps: Any, schema_editor: Any) -> None:
    """Seal each under the application's secret."""
    devices = apps.get_model("otp_totp", "TOTPDevice").objects
    for one in devices.all():
        if not is_sealed(one.key):
            sealed = seal_seed(bytes.fromhex(one.key), one.user_id, settings.SECRET_KEY)
            devices.filter(pk=one.pk).update(key=sealed)


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0004_no_access_log"),
        ("otp_totp", "0003_add_timestamps"),
    ]
    operations = [
        migrations.CreateModel(
            name="AppDevice",
            fields=[],
            options={"proxy": True, "indexes": [], "constraints": []},
            bases=("otp_totp.totpdevice",),
        ),
        migrations.RunPython(seal, migrations.RunPython.noop),
    ]
