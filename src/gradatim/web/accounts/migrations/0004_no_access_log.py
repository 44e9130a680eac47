"""What was kept of each signing in goes: addresses, browsers, links of invitations, names typed."""

from typing import Any

from django.db import migrations


def forget(apps: Any, schema_editor: Any) -> None:
    """Delete it; who signed in when stands among the acts of the account."""
    for name in ("AccessLog", "AccessFailureLog", "AccessAttempt"):
        apps.get_model("axes", name).objects.all().delete()


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_only_confirmed_devices"),
        ("axes", "0010_accessattemptexpiration"),
    ]
    operations = [migrations.RunPython(forget, migrations.RunPython.noop)]
