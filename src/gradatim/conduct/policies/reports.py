"""Policies of adverse events and their reports: who judges, and was each report sent in time."""

from gradatim.conduct.events.base import Event
from gradatim.conduct.events.safety import (
    AdverseEventReported,
    AdverseEventUpdated,
    SafetyReportSent,
)
from gradatim.conduct.messages import Breach
from gradatim.conduct.permissions import roles_of
from gradatim.conduct.policies.entry import person
from gradatim.conduct.policies.verdicts import broken, either, holds
from gradatim.conduct.state import State
from gradatim.conduct.views.adverse_events import courses
from gradatim.conduct.views.judgements import INVESTIGATOR, lessened_by
from gradatim.conduct.views.reporting import due_of
from gradatim.conduct.views.signed_changes import rests_on
from gradatim.core.message import Pair, Term, join
from gradatim.core.verdict import Verdict


def the_report_is_in_time(state: State, event: SafetyReportSent) -> Verdict:
    """A report of an adverse event is sent by the time it is due."""
    if event.report == "nullification":
        return holds("it takes back what was reported in error")
    one = person(state, event)
    course = courses(state, one)[event.adverse_event]
    asked = (event.recipient, event.report)
    due = [
        item.clock.due
        for item in due_of(state, one, course)
        if item.sent is None and (item.clock.recipient, item.clock.report) == asked
    ]
    if not due:
        return holds("no clock asks for it")
    told = Breach.REPORTED_LATE(moment=Term(f"{min(due):%Y-%m-%d %H:%M}"))
    return either(event.sent_at <= min(due), told, told)


def an_investigator_judges_causality(state: State, event: AdverseEventReported) -> Verdict:
    """Whether an adverse event is related is an investigator's judgement; others leave it out."""
    if not event.relation or INVESTIGATOR in _roles_then(state, event):
        return holds("no relation is stated but by an investigator")
    return broken(Breach.RELATION_NOT_JUDGED(user=Term(event.recorded_by)))


def _roles_then(state: State, event: Event) -> frozenset[str]:
    return roles_of(state, event.recorded_by, event.site, event.recorded_at)


_IN_WORDS = {"serious": "seriousness", "elements": "kind of event"}


def an_investigator_judges_what_is_less(state: State, event: AdverseEventUpdated) -> Verdict:
    """That an adverse event is less than was judged is an investigator's judgement, and signed."""
    one = person(state, event)
    course = courses(state, one)[event.adverse_event]
    lesser = lessened_by(event, course.event)
    if not lesser:
        return holds("it is not made less")
    what = join([Term(_IN_WORDS.get(name, name)) for name in lesser], Pair.AND)
    if INVESTIGATOR not in _roles_then(state, event):
        return broken(Breach.NO_INVESTIGATOR(user=Term(event.recorded_by), what=what))
    if event.signature is not None:
        return holds("an investigator signed it")
    if course.signed:
        name = Term(event.adverse_event)
        return broken(Breach.SIGNED_BEFORE(adverse_event=name, what=what))
    rests = rests_on(state, one, event.adverse_event, event.occurred_on)
    if not rests:
        return holds("nothing that was signed is made less")
    return broken(Breach.LESS_UNSIGNED(rests=rests, what=what))
