"""The Django app."""

from django.apps import AppConfig


class Accounts(AppConfig):
    """Accounts of the people who use the application."""

    name = "gradatim.web.accounts"
    label = "accounts"
    default_auto_field = "django.db.models.BigAutoField"
