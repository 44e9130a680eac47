"""Safety reports of adverse events: which are due, and how each clock stands."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from gradatim.conduct.events.safety import AdverseEventReported, SafetyReportSent
from gradatim.conduct.state import Participant, State
from gradatim.conduct.views.adverse_events import Course, courses, unexplained_death
from gradatim.conduct.views.doses import entries_of
from gradatim.core.truth import FALSE
from gradatim.safety.clocks import Clock, ReportStatus, Times, clocks
from gradatim.safety.dlt import of_special_interest
from gradatim.safety.events import grave


class Due(NamedTuple):
    """A report that is or was due of an adverse event, and when it was sent; None: not yet."""

    adverse_event: str
    clock: Clock
    sent: datetime | None

    def status(self, as_of: datetime) -> ReportStatus:
        """Say how the clock stands."""
        return self.clock.status(self.sent, as_of)


def reports(state: State, participant: Participant) -> tuple[Due, ...]:
    """Give every report that a participant's adverse events make due, the first due first.

    A death that no adverse event accounts for is one.
    """
    return participant.remembered("reports", lambda: tuple(_reports(state, participant)))


def _reports(state: State, participant: Participant) -> Iterator[Due]:
    death = unexplained_death(state, participant)
    known = [*courses(state, participant).values(), *([death] if death else [])]
    found = [due for one in known for due in due_of(state, participant, one)]
    yield from sorted(found, key=lambda due: due.clock.due)


def due_of(state: State, participant: Participant, course: Course) -> Iterator[Due]:
    """Give the reports that one adverse event makes due; none where no jurisdiction is named.

    The site knew of it at the latest when it was recorded. Of what was fatal or life-threatening
    the sponsor knew at the latest when the site did, as long as nothing else is recorded: the site
    is bound to tell it at once. What may be of special interest is reported as such until an
    investigator has said that it is not.
    """
    study = state.governing("safety", participant)
    rules = study.safety.reporting
    if rules is None:
        return
    interest = of_special_interest(study, course.event) is not FALSE
    known = course.site_aware_at or state.events[course.position].recorded_at
    latest = [course.became_grave_at or known, *filter(None, [course.qualified_at])]
    presumed = max(latest) if grave(course.event) else None
    times = Times(
        known,
        course.sponsor_aware_at,
        course.upgraded_at,
        course.qualified_at,
        course.became_grave_at,
        presumed,
    )
    for clock in clocks(course.event, times, rules.jurisdiction, interest):
        yield Due(course.event.id, clock, _sent(course, clock))


def reported_in_error(state: State, adverse_event: str) -> int | None:
    """Return the entry that says that an adverse event was reported in error; None if none does."""
    one = state.participants.get(state.adverse_events.get(adverse_event, ""))
    for at in one.voided if one else ():
        event = state.events[at]
        if isinstance(event, AdverseEventReported) and event.adverse_event == adverse_event:
            return state.voids[at].position
    return None


def to_nullify(state: State, participant: Participant) -> list[tuple[str, str]]:
    """Return the reports that were sent of adverse events reported in error: event and recipient.

    What was sent is not taken back but nullified; one that was is here no more.
    """
    if not participant.voided:
        return []
    sent = {
        (one.adverse_event, one.recipient): one.report == "nullification"
        for _, one in entries_of(state, participant, SafetyReportSent)
        if reported_in_error(state, one.adverse_event) is not None
    }
    return [of for of, nullified in sent.items() if not nullified]


def _sent(course: Course, clock: Clock) -> datetime | None:
    """Give when the report that a clock asks for was first sent after the clock had started."""
    upgrade = clock.why.startswith("upgrade")  # whatever the report is called, it is told by it
    times = [
        one.sent_at
        for one in course.sent
        if one.recipient == clock.recipient
        and (upgrade or one.report == clock.report)
        and one.sent_at >= clock.starts
    ]
    return min(times, default=None)
