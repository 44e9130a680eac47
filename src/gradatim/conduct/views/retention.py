"""Until when what names a participant has to be kept, as the protocol says.

Source: ICH E6(R3), 2.12 and appendix C.
"""

from collections.abc import Callable, Mapping
from datetime import date
from typing import NamedTuple

from gradatim.conduct.days import day_at
from gradatim.conduct.events.trial import SiteClosed
from gradatim.conduct.state import Participant, State
from gradatim.conduct.views.doses import dose_days, doses
from gradatim.core.dates import Duration, step
from gradatim.protocol.study import Retention


class Kept(NamedTuple):
    """A time for which records are kept.

    Args:
        term: what the protocol says.
        until: the last day; None where it cannot be told yet, or is not known.
        lacks: why it cannot be told; empty where it can.
    """

    term: Retention
    until: date | None
    lacks: str = ""


def kept(state: State, one: Participant) -> list[Kept]:
    """Return each time for which records that name a participant are kept.

    Who was given nothing is in no time that begins with what was given.
    """
    terms = state.study.retention if state.versions else []
    found = [_kept(state, one, term) for term in terms]
    return [each for each in found if each is not None]


def _kept(state: State, one: Participant, term: Retention) -> Kept | None:
    if term.after != "end_of_trial" and not dose_days(state, one):
        return None
    began, lacks = _BEGINS[term.after](state, one)
    until = None if began is None else step(began, Duration(months=12 * term.years))
    return Kept(term, until, lacks)


_Began = tuple[date | None, str]


def _end_of_trial(state: State, one: Participant) -> _Began:
    """Return the day on which the last site closed."""
    going_on = [name for name, status in state.sites.items() if status == "open"]
    closed = [event.occurred_on for _, event in state.events.of(SiteClosed)]
    if going_on or not closed:
        return None, "the trial has not ended: " + (
            f"site {going_on[0]} is open" if going_on else "no site was opened and closed"
        )
    return max(closed), ""


def _last_dose(state: State, one: Participant) -> _Began:
    return max(dose_days(state, one)), ""


def _product_expiry(state: State, one: Participant) -> _Began:
    """Return the latest expiry of what was given."""
    latest: date | None = None
    for dose in doses(state, one).values():
        for lot, bags in dose.sources.items() if dose.administrations else ():
            for bag in state.inventory.find(lot, bags):
                if bag.expiry is None:
                    return None, f"the expiry of {bag.name} of lot {lot} is not known"
                latest = max(latest or date.min, day_at(state, one.site, bag.expiry))
    return latest, "" if latest else f"the bags that {one.id} was given are not known"


_BEGINS: Mapping[str, Callable[[State, Participant], _Began]] = {
    "end_of_trial": _end_of_trial,
    "last_dose": _last_dose,
    "product_expiry": _product_expiry,
}


def retention_ended_on(state: State, one: Participant) -> date | None:
    """Return the last day for which anything that names a participant is kept; None: not known."""
    days = [each.until for each in kept(state, one)]
    known = [day for day in days if day is not None]
    return max(known) if known and len(known) == len(days) else None
