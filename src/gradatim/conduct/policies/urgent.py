"""Policies of urgent safety measures: what they hold, when they end, when they were told of."""

from gradatim.conduct.conflicts import participant_of
from gradatim.conduct.days import happened_at
from gradatim.conduct.events.base import Event
from gradatim.conduct.events.participants import ParticipantEnrolled, ParticipantRegistered
from gradatim.conduct.events.review import DoseDecision
from gradatim.conduct.events.trial import (
    UrgentSafetyMeasureEnded,
    UrgentSafetyMeasureNotified,
)
from gradatim.conduct.folding.review import OPENING
from gradatim.conduct.messages import Breach
from gradatim.conduct.paper import is_authorisation
from gradatim.conduct.policies.verdicts import broken, either, every, holds
from gradatim.conduct.state import State, UrgentMeasure
from gradatim.conduct.views.urgent import notifications, standing, stood
from gradatim.core.message import Term
from gradatim.core.verdict import Verdict

_ENTERING = (ParticipantRegistered, ParticipantEnrolled, DoseDecision)


def no_urgent_measure_holds(state: State, event: Event) -> Verdict:
    """No urgent safety measure holds dosing, or enrolment, there."""
    if isinstance(event, DoseDecision) and event.action not in OPENING:
        return holds("no level is opened")
    held = "enrolment" if isinstance(event, _ENTERING) else "dosing"
    found = [
        one
        for one in _asked(state, event)
        if held in one.holds and not (isinstance(event, DoseDecision) and one.site)
    ]
    told = [Breach.HELD_BY_MEASURE(held=Term(held), entry=one.position) for one in found]
    return every(*map(broken, told)) if told else holds("none holds it")


def _asked(state: State, event: Event) -> list[UrgentMeasure]:
    """Return the measures that an act is asked for: those of now, or of when something was done."""
    about = participant_of(state, event)
    if is_authorisation(event):
        return standing(state, event.site, about)
    return stood(state, event.site, about, happened_at(state, event))


def the_measure_stands(state: State, event: UrgentSafetyMeasureEnded) -> Verdict:
    """What is ended is an urgent safety measure that stands."""
    one = state.urgent.get(event.of)
    if one is None:
        return broken(f"entry {event.of} is no urgent safety measure")
    return either(one.ended is None, "it stands", f"it was ended by entry {one.ended}")


def the_authority_is_told_in_time(state: State, event: UrgentSafetyMeasureNotified) -> Verdict:
    """An authority is told of an urgent safety measure within seven days of it."""
    due = [
        one.due
        for one in notifications(state)
        if (one.measure, one.recipient) == (event.of, event.recipient) and one.sent is None
    ]
    if not due:
        return holds("it was told already")
    told = Breach.REPORTED_LATE(moment=Term(f"{due[0]:%Y-%m-%d %H:%M}"))
    return either(event.sent_at <= due[0], told, told)
