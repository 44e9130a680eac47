"""Safety reports of adverse events: which are due, and how each clock stands."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from gradatim.conduct.state import Participant, State
from gradatim.conduct.views.adverse_events import Course, courses
from gradatim.safety.clocks import Clock, Status, Times, clocks
from gradatim.safety.dlt import elements_of


class Due(NamedTuple):
    """A report that is or was due of an adverse event, and when it was sent; None: not yet."""

    adverse_event: str
    clock: Clock
    sent: datetime | None

    def status(self, as_of: datetime) -> Status:
        """Say how the clock stands."""
        return self.clock.status(self.sent, as_of)


def reports(state: State, participant: Participant) -> tuple[Due, ...]:
    """Give every report that a participant's adverse events make due, the first due first."""
    return participant.remembered("reports", lambda: tuple(_reports(state, participant)))


def _reports(state: State, participant: Participant) -> Iterator[Due]:
    found = [due for one in courses(state, participant).values()
             for due in due_of(state, participant, one)]  # fmt: skip
    yield from sorted(found, key=lambda due: due.clock.due)


def due_of(state: State, participant: Participant, course: Course) -> Iterator[Due]:
    """Give the reports that one adverse event makes due; none where no jurisdiction is named."""
    study = state.governing("safety", participant)
    rules = study.safety.reporting
    if rules is None:
        return
    watched = study.safety.special_interest
    of = elements_of(study, course.event)
    interest = watched is not None and any(name in watched.elements for name in of)
    times = Times(course.site_aware_at, course.sponsor_aware_at, course.upgraded_at,
                  course.qualified_at, course.became_grave_at)  # fmt: skip
    for clock in clocks(course.event, times, rules.jurisdiction, interest):
        yield Due(course.event.id, clock, _sent(course, clock))


def _sent(course: Course, clock: Clock) -> datetime | None:
    """Give when the report that a clock asks for was first sent after the clock had started."""
    upgrade = clock.why.startswith("upgrade")  # whatever the report is called, it is told by it
    times = [one.sent_at for one in course.sent
             if one.recipient == clock.recipient and (upgrade or one.report == clock.report)
             and one.sent_at >= clock.starts]  # fmt: skip
    return min(times, default=None)
