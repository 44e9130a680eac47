"""Devices that were being set up go: whoever saw such a seed could have confirmed it later."""

from typing import Any

from django.db import migrations


def forget_unconfirmed(apps: Any, schema_editor: Any) -> None:
    """Delete what was never confirmed."""
    apps.get_model("otp_totp", "TOTPDevice").objects.filter(confirmed=False).delete()


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0002_signed_out"),
        ("otp_totp", "0003_add_timestamps"),
    ]
    operations = [migrations.RunPython(forget_unconfirmed, migrations.RunPython.noop)]
