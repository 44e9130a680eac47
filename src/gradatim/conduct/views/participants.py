"""What a list says of a participant: how much was given and reported, and what comes next."""

from datetime import date, datetime
from typing import NamedTuple

from gradatim.conduct.days import happened_at
from gradatim.conduct.events.participants import ParticipantFound
from gradatim.conduct.events.trial import SiteOpened
from gradatim.conduct.state import Participant, State
from gradatim.conduct.transitions import STEPS, end_of
from gradatim.conduct.views.adverse_events import courses
from gradatim.conduct.views.doses import entries_of, given
from gradatim.conduct.views.safety import DltCandidate, dlt_outcome, possible_dlts
from gradatim.conduct.views.visits import Visit, visits
from gradatim.dosefinding.outcomes import letter_of


def ended_by(state: State, participant: Participant, moment: datetime) -> str:
    """Return the status in which somebody's way had ended by a moment; empty where it went on.

    Whoever was lost and found by then went on.
    """
    told = sorted(
        (happened_at(state, event), at, event)
        for at, event in entries_of(state, participant, *STEPS)
        if end_of(event) or isinstance(event, ParticipantFound)
    )
    return next((end_of(event) for when, _, event in reversed(told) if when <= moment), "")


class ParticipantSummary(NamedTuple):
    """How a participant stands.

    Args:
        participant: whom it is about.
        doses: how many were given.
        adverse_events: how many were reported.
        candidates: what may be dose-limiting.
        outcome: the letter of their outcome as of the day; empty before the first dose.
    """

    participant: Participant
    doses: int
    adverse_events: int
    candidates: tuple[DltCandidate, ...]
    outcome: str


def summarise(state: State, one: Participant, day: date) -> ParticipantSummary:
    """Return how a participant stands on a day."""
    dosed = given(state, one)
    return ParticipantSummary(
        one,
        len(dosed),
        len(courses(state, one)),
        possible_dlts(state, one),
        letter_of(dlt_outcome(state, one, day)) if dosed else "",
    )


def next_visit(state: State, one: Participant, day: date) -> Visit | None:
    """Return the first visit that is still to be made; None where nobody waits for one."""
    if one.status not in ("enrolled", "treated"):
        return None
    due = (
        visit for visit in visits(state, one, day) if visit.status in ("open", "overdue", "planned")
    )
    return next(due, None)


def investigators_of(state: State, one: Participant) -> list[str]:
    """Return the users who are investigators at a participant's site, or of the whole trial."""
    return [
        user
        for (user, site), roles in state.roles.items()
        if "investigator" in roles and site in ("", one.site)
    ]


def opening_of(state: State, site: str) -> SiteOpened | None:
    """Return the last entry that opened a site: its name and who leads it; None without one."""
    opened = [event for _, event in state.events.of(SiteOpened) if event.site == site]
    return opened[-1] if opened else None
