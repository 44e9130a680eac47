"""The Django app."""

from django.apps import AppConfig


class Accounts(AppConfig):
    """Accounts of the people who use the application."""

    name = "gradatim.web.accounts"
    label = "accounts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        """Have lockouts written down."""
        from axes.signals import user_locked_out

        from gradatim.web.accounts.lockout import note_lockout

        user_locked_out.connect(note_lockout, dispatch_uid="gradatim.lockout")
