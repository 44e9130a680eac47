"""Safety reports of adverse events: which are due, and how each clock stands."""

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from gradatim.conduct.events.safety import (
    AdverseEventAssessed,
    AdverseEventReported,
    AdverseEventResolved,
    AdverseEventUpdated,
    SafetyReportSent,
)
from gradatim.conduct.state import Participant, State
from gradatim.conduct.views.adverse_events import (
    Course,
    courses,
    death_as_event,
    unexplained_death,
)
from gradatim.conduct.views.doses import entries_of
from gradatim.conduct.views.past import before, changes
from gradatim.core.truth import FALSE
from gradatim.safety.clocks import Clock, ReportStatus, Times, clocks, sponsor_zone
from gradatim.safety.dlt import of_special_interest
from gradatim.safety.events import fatal, grave


class Due(NamedTuple):
    """A report that is or was due of an adverse event, and when it was sent; None: not yet."""

    adverse_event: str
    clock: Clock
    sent: datetime | None

    @property
    def which(self) -> tuple[str, str, datetime]:
        """What tells a clock from others of its event: to whom, which report, and until when."""
        return self.clock.recipient, self.clock.report, self.clock.due

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

    Site and sponsor knew of it at the latest when it was recorded, where both read it. Of what was
    fatal or life-threatening the sponsor knew at the latest when the site did, as long as nothing
    else is recorded: the site is bound to tell it at once. What may be of special interest is
    reported as such until an investigator has said that it is not.

    A clock that ran out before the event was made less, by whatever entry, stays.
    """
    now = list(_running(state, participant, course))
    yield from now
    seen = {one.which for one in now}
    for when, was in _earlier(state, participant, course):
        for due in _running(*was):
            if due.which not in seen and _settled(due, when):
                seen.add(due.which)
                yield Due(course.event.id, due.clock, _sent(course, due.clock))


def _settled(due: Due, when: datetime) -> bool:
    """Whether the report was late, or sent, before something was changed."""
    return due.clock.due < when or (due.sent is not None and due.sent <= when)


def _running(state: State, participant: Participant, course: Course) -> Iterator[Due]:
    """Return what is due of an event as it stands."""
    study = state.governing("safety", participant)
    rules = study.safety.reporting
    if rules is None:
        return
    interest = of_special_interest(study, course.event) is not FALSE
    found = clocks(
        course.event,
        _times(state, course),
        rules.jurisdiction,
        interest,
        sponsor_zone(rules.jurisdiction, rules.zone or state.zones.get("", "")),
    )
    yield from (Due(course.event.id, clock, _sent(course, clock)) for clock in found)


def _times(state: State, course: Course) -> Times:
    stood = course.stood_since or state.events[course.position].recorded_at
    known = stood if course.site_aware_at is None else min(course.site_aware_at, stood)
    latest = [course.became_grave_at or known] if grave(course.event) else [stood]
    aware, upgraded = course.sponsor_aware_at, course.upgraded_at
    return Times(
        known,
        None if aware is None else min(aware, stood),
        None if upgraded is None else min(upgraded, course.grave_since or upgraded),
        course.qualified_at,
        course.became_grave_at,
        max([*latest, *filter(None, [course.qualified_at])]),
    )


def _earlier(
    state: State, participant: Participant, course: Course
) -> Iterator[tuple[datetime, tuple[State, Participant, Course]]]:
    """Return an event as it was before it was made less, each time, and when that was."""
    for when, was in course.lessened:
        yield when, (state, participant, was)
    death = death_as_event(state, participant) if fatal(course.event) else None
    if death is not None:  # as it was before this event accounted for it
        yield state.events[course.worse_at].recorded_at, (state, participant, death)
    for change in changes(state, participant):
        made = state.events[change.position]
        if change.adverse_event != course.event.id or isinstance(made, _FOLLOW_UPS):
            continue
        past, one = before(state, participant, change)
        if past.versions and (found := courses(past, one).get(course.event.id)):
            yield made.recorded_at, (past, one, found)


_FOLLOW_UPS = (AdverseEventUpdated, AdverseEventAssessed, AdverseEventResolved)
"""Changes that a course keeps by itself."""


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
