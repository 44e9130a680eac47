"""The clock of the application: the time in UTC, and the day as the sites see it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from django.conf import settings

from gradatim.conduct.days import zone_of
from gradatim.conduct.state import State


def _system() -> datetime:
    return datetime.now(UTC)


source: Callable[[], datetime] = _system
"""Where the time comes from."""
_standing: ContextVar[datetime | None] = ContextVar("standing", default=None)


def now() -> datetime:
    """Give the time, in UTC."""
    return _standing.get() or source()


def today() -> date:
    """Give the day, as the clock of the installation shows it."""
    return now().astimezone(ZoneInfo(settings.TIME_ZONE)).date()


def now_at(state: State, site: str) -> datetime:
    """Give the time by the clock of a site; by that of the installation where it has no other."""
    return now().astimezone(zone_of(state, site) or ZoneInfo(settings.TIME_ZONE))


def today_at(state: State, site: str) -> date:
    """Give the day, as the clock of a site shows it."""
    return now_at(state, site).date()


@contextmanager
def standing_at(moment: datetime) -> Iterator[None]:
    """Let the clock stand for one request, which looks at the trial as it was."""
    token = _standing.set(moment.astimezone(UTC))
    try:
        yield
    finally:
        _standing.reset(token)
