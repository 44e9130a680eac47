"""The data cut: the trial after an entry, or by what had happened up to a day."""

from datetime import date
from typing import NamedTuple

from gradatim.conduct.as_of import as_of
from gradatim.conduct.state import State
from gradatim.conduct.trial import Trial
from gradatim.web.access import Request
from gradatim.web.clock import today


class Cut(NamedTuple):
    """A data cut.

    Args:
        state: the trial as of it.
        on: the day that windows are looked at.
        day: the day of occurrence it was asked by; None where all that is recorded counts.
        present: whether it is all that is recorded until now.
    """

    state: State
    on: date
    day: date | None
    present: bool


def cut_of(request: Request) -> Cut:
    """Give the cut that a page asks for by `cut`, a day; without one, all that is recorded."""
    trial: Trial = request.trial
    asked = request.GET.get("cut", "")
    try:
        day = date.fromisoformat(asked) if asked else None
    except ValueError:
        day = None
    if day is None or day >= today():
        return Cut(request.access.state, today(), None, True)
    entries = trial.store.read(trial.name, 0, request.access.state.position)
    return Cut(as_of(trial.name, entries, occurred_on=day), day, day, False)
