"""The clock of the application: the time in UTC, and the day as the sites see it."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from django.conf import settings


def _system() -> datetime:
    return datetime.now(UTC)


source: Callable[[], datetime] = _system
"""Where the time comes from."""


def now() -> datetime:
    """Give the time, in UTC."""
    return source()


def today() -> date:
    """Give the day, as the clock of the sites shows it."""
    return source().astimezone(ZoneInfo(settings.TIME_ZONE)).date()
