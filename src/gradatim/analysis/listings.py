"""Listings for the committee: candidates for dose-limiting toxicity, serious events, departures."""

from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import Literal, NamedTuple

from gradatim.analysis.adverse_events import of_special_interest
from gradatim.analysis.groups import people
from gradatim.analysis.observation import departures, died, died_on, dlt_window, fatal_events
from gradatim.conduct.days import day_of
from gradatim.conduct.state import Participant, State
from gradatim.conduct.views.adverse_events import (
    Course,
    adverse_events,
    courses,
    unexplained_death,
)
from gradatim.conduct.views.doses import given
from gradatim.conduct.views.reporting import Due, due_of
from gradatim.conduct.views.safety import DltCandidate, possible_dlts
from gradatim.core.truth import Truth
from gradatim.safety.clocks import ReportStatus
from gradatim.safety.events import AdverseEvent, graded, is_serious, relation

Adjudication = Literal["dose-limiting", "not dose-limiting", "not adjudicated"]


class Who(NamedTuple):
    """Whom a line is about; `level` is None of who was never enrolled at one."""

    participant: str
    site: str
    level: int | None


class CandidateLine(NamedTuple):
    """A candidate for dose-limiting toxicity.

    Args:
        candidate: its name for adjudication.
        definition: TRUE where the protocol's definition holds, UNKNOWN where it may.
        counts: whether the design counts it; it does until it is adjudicated otherwise.
    """

    who: Who
    candidate: str
    label: str
    definition: Truth
    because: str
    adjudication: Adjudication
    counts: bool


class ClockLine(NamedTuple):
    """A report of an event, when it is due, and how it stands; `basis` is that of the rule."""

    recipient: str
    report: str
    starts: datetime
    due: datetime
    sent: datetime | None
    status: ReportStatus
    why: str
    source: str
    basis: str


class SeriousLine(NamedTuple):
    """An adverse event that is serious, or that the protocol has reported like one.

    Args:
        event: all that is known of it.
        grade: 5 of one that was fatal; None while nobody has graded it.
        related: UNKNOWN while nobody has judged it.
        status, outcome: of its course.
        clocks: None where the protocol names no jurisdiction.
    """

    who: Who
    event: AdverseEvent
    grade: int | None
    serious: bool
    special_interest: bool
    related: Truth
    status: str
    outcome: str
    clocks: tuple[ClockLine, ...] | None


class DeathLine(NamedTuple):
    """A participant who died, told by their disposition, by a fatal adverse event, or by both.

    Args:
        on: the day, by the disposition or as the end of the fatal event; None where neither says.
        adverse_event, term: the fatal event, or the one that led to it; empty where none is named.
        related: UNKNOWN where no event accounts for it.
        days_after_dose: from the last dose; None without one, or without the day.
    """

    who: Who
    on: date | None
    adverse_event: str
    term: str
    related: Truth
    days_after_dose: int | None


class DispositionLine(NamedTuple):
    """An entry by which a participant left; `window` is how it left their DLT window."""

    who: Who
    position: int
    on: date
    how: str
    reason: str
    adverse_event: str
    term: str
    window: str
    replaced: bool


def who(one: Participant) -> Who:
    """Name a participant as the listings do."""
    return Who(one.id, one.site, one.level)


def dlt_candidates(state: State) -> tuple[CandidateLine, ...]:
    """Give every candidate for dose-limiting toxicity, adjudicated or not."""
    return tuple(
        _candidate(who(one), found) for one in people(state) for found in possible_dlts(state, one)
    )


def _candidate(whom: Who, one: DltCandidate) -> CandidateLine:
    words: dict[bool | None, Adjudication] = {
        None: "not adjudicated",
        True: "dose-limiting",
        False: "not dose-limiting",
    }
    because = "; ".join(dict.fromkeys(one.verdict.clauses()))
    return CandidateLine(
        whom, one.id, one.label, one.verdict.truth, because, words[one.dose_limiting], one.counts
    )


def serious_adverse_events(state: State, at: datetime) -> tuple[SeriousLine, ...]:
    """Give the adverse events that are serious or of special interest, with their clocks.

    Among them who died without an adverse event that accounts for it.

    Args:
        state: the trial, already as of the data cut.
        at: the moment at which the clocks are read, with its zone.
    """
    found = [
        _serious(state, one, course, at)
        for one in people(state)
        for course in _with_death(state, one)
    ]
    return tuple(line for line in found if line.serious or line.special_interest)


def _with_death(state: State, one: Participant) -> Iterator[Course]:
    yield from courses(state, one).values()
    if (death := unexplained_death(state, one)) is not None:
        yield death


def _serious(state: State, one: Participant, course: Course, at: datetime) -> SeriousLine:
    event = course.event
    named = state.governing("safety", one).safety.reporting is not None
    clocks = tuple(_clock(due, at) for due in due_of(state, one, course)) if named else None
    return SeriousLine(
        who(one),
        event,
        graded(event),
        is_serious(event),
        of_special_interest(state, one, event),
        relation(event),
        course.status,
        course.outcome,
        clocks,
    )


def _clock(due: Due, at: datetime) -> ClockLine:
    clock = due.clock
    return ClockLine(
        clock.recipient,
        clock.report,
        clock.starts,
        clock.due,
        due.sent,
        due.status(at),
        clock.why,
        clock.rule.source,
        clock.rule.basis,
    )


def deaths(state: State) -> tuple[DeathLine, ...]:
    """Give who died, each once, whichever entry tells of it."""
    return tuple(line for one in people(state) if (line := _death(state, one)) is not None)


def _death(state: State, one: Participant) -> DeathLine | None:
    if not died(state, one):
        return None
    named = [found.adverse_event for found in departures(state, one) if found.how == "died"]
    causes = fatal_events(state, one) or tuple(
        event for event in adverse_events(state, one) if event.id in named
    )
    on, done = died_on(state, one), given(state, one)
    days = (on - day_of(state, done[-1])).days if on is not None and done else None
    first = causes[0] if causes else None
    return DeathLine(
        who(one),
        on,
        first.id if first else "",
        first.term if first else "",
        _most_related(causes),
        days,
    )


def _most_related(events: Iterable[AdverseEvent]) -> Truth:
    return max((relation(one) for one in events), default=Truth.UNKNOWN)


def dispositions(state: State, on: date) -> tuple[DispositionLine, ...]:
    """Give every entry by which somebody left, as of a day."""
    return tuple(line for one in people(state) for line in _dispositions(state, one, on))


def _dispositions(state: State, one: Participant, on: date) -> Iterator[DispositionLine]:
    events = {found.event.id: found.event.term for found in courses(state, one).values()}
    window = dlt_window(state, one, on).status
    for left in departures(state, one):
        yield DispositionLine(
            who(one),
            left.position,
            left.on,
            left.how,
            left.reason,
            left.adverse_event,
            events.get(left.adverse_event, ""),
            window,
            one.replaced,
        )
