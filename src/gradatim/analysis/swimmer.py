"""The data of a swimmer plot: for each participant dosed, what happened on which day.

Days are counted from the first dose, day 0. What is known only to a month or a year is a mark over
all the days that it may have been, as far as they lie within the participant's lane.
"""

from collections.abc import Iterator
from datetime import date
from typing import Literal, NamedTuple

from gradatim.analysis.adverse_events import SEVERE
from gradatim.analysis.groups import dosed, level_label, people
from gradatim.analysis.listings import DeathLine, deaths
from gradatim.analysis.observation import ENDED, departures, dlt_window, ended_on
from gradatim.conduct.days import day_of
from gradatim.conduct.events.product import DoseWithheld
from gradatim.conduct.state import Participant, State
from gradatim.conduct.views.adverse_events import courses
from gradatim.conduct.views.doses import entries_of, given
from gradatim.conduct.views.safety import DltCandidate, possible_dlts
from gradatim.core.dates import Day, parse_day
from gradatim.core.dates import on as exactly
from gradatim.safety.events import AdverseEvent, graded, is_serious

SpanKind = Literal["screening", "DLT window", "follow-up"]
MarkKind = Literal[
    "dose",
    "dose withheld",
    "DLT",
    "DLT candidate",
    "SAE",
    "AE grade 3 or more",
    "AE not graded",
    "treatment stopped",
    "discontinuation",
    "death",
    "completed",
    "ongoing",
]
_LEFT: dict[str, MarkKind] = {
    "completed": "completed",
    "consent withdrawn (treatment)": "treatment stopped",
}


class DayRange(NamedTuple):
    """Days `first` to `last`, both included."""

    kind: SpanKind
    first: int
    last: int


class Mark(NamedTuple):
    """What happened on a day, or on one of the days `first` to `last`."""

    kind: MarkKind
    first: int
    last: int
    label: str


class Lane(NamedTuple):
    """One participant.

    Args:
        level, label: dose level and its name.
        first_dose: the day that is day 0.
        last: the last day observed.
        window_closes: the last day of the DLT window, whether it has come or not; None without end.
    """

    participant: str
    level: int | None
    label: str
    first_dose: date
    last: int
    window_closes: int | None
    status: str
    spans: tuple[DayRange, ...]
    marks: tuple[Mark, ...]


def swimmer(state: State, on: date) -> tuple[Lane, ...]:
    """Give a lane for everybody dosed, by level and then by first dose, as of a day."""
    treated = {one.id for one in dosed(state)}
    died = {line.who.participant: _died(state, line) for line in deaths(state)}
    return tuple(
        _lane(state, one, on, died.get(one.id)) for one in people(state) if one.id in treated
    )


def _died(state: State, line: DeathLine) -> Day:
    """Give the day of a death; where it is not known, those from the event's onset to its end."""
    if line.on is not None:
        return exactly(line.on)
    fatal = courses(state, state.participants[line.who.participant])[line.adverse_event].event
    onset = fatal.onset.first
    if fatal.resolved is None:
        return Day(onset, date.max)
    first, last = fatal.resolved
    return Day(min(max(onset, first), last), last)


def _lane(state: State, one: Participant, on: date, died: Day | None) -> Lane:
    zero = day_of(state, given(state, one)[0])
    end = max(min(ended_on(state, one) or on, on), zero)
    window = dlt_window(state, one, on)
    first = state.events[one.position].occurred_on
    found = [*_marks(state, one), *_end(one, end, died)]
    marks = [_placed(kind, day, label, zero, min(first, zero), end) for kind, day, label in found]
    return Lane(
        one.id,
        one.level,
        level_label(state, one.level),
        zero,
        (end - zero).days,
        None if window.last is None else (window.last - zero).days,
        one.status,
        tuple(_spans(min(first, zero), window.first or zero, window.last or end, end, zero)),
        tuple(sorted(marks, key=lambda mark: (mark.first, mark.last, mark.kind))),
    )


def _spans(
    registered: date, opens: date, closes: date, end: date, zero: date
) -> Iterator[DayRange]:
    """Give the spans that have a day; none goes on after the last day observed."""
    told: tuple[tuple[SpanKind, int, int], ...] = (
        ("screening", (registered - zero).days, -1),
        ("DLT window", (opens - zero).days, (min(closes, end) - zero).days),
        ("follow-up", (closes - zero).days + 1, (end - zero).days),
    )
    yield from (DayRange(*one) for one in told if one[1] <= one[2])


_Found = tuple[MarkKind, Day, str]


def _marks(state: State, one: Participant) -> Iterator[_Found]:
    for dose in given(state, one):
        yield "dose", exactly(day_of(state, dose)), f"dose {dose.dose}"
    for _, event in entries_of(state, one, DoseWithheld):
        yield "dose withheld", exactly(event.occurred_on), f"dose {event.dose}: {event.reason}"
    for course in courses(state, one).values():
        if (kind := _kind(course.event)) is not None:
            yield kind, course.event.onset, _words(course.event)
    for found in possible_dlts(state, one):
        if found.counts:
            sure: MarkKind = "DLT" if found.dose_limiting else "DLT candidate"
            yield sure, _day(state, one, found), found.label
    for left in departures(state, one):
        if left.how != "died":
            yield _LEFT.get(left.how, "discontinuation"), exactly(left.on), left.reason or left.how


def _end(one: Participant, end: date, died: Day | None) -> Iterator[_Found]:
    if died is not None:
        yield "death", died, "death"
    elif one.status not in ENDED:
        yield "ongoing", exactly(end), f"{one.status}, observed"


def _kind(event: AdverseEvent) -> MarkKind | None:
    """Give the mark of an adverse event; None for a mild one that is not serious."""
    grade = graded(event)
    if is_serious(event):
        return "SAE"
    if grade is None:
        return "AE not graded"
    return "AE grade 3 or more" if grade >= SEVERE else None


def _words(event: AdverseEvent) -> str:
    grade = graded(event)
    return f"{event.term}, {'not graded' if grade is None else f'grade {grade}'}"


def _day(state: State, one: Participant, found: DltCandidate) -> Day:
    """Give when a candidate began: the onset of its event, or the day of the entry it is."""
    course = courses(state, one).get(found.id)
    if course is not None:
        return course.event.onset
    event = state.events[found.entry]
    day = getattr(event, "collected_on", None) or getattr(event, "start", None)
    return parse_day(day) if day else exactly(event.occurred_on)


def _placed(kind: MarkKind, day: Day, label: str, zero: date, start: date, end: date) -> Mark:
    """Place a mark; of a day not known exactly, on the days of the lane that it may be."""
    first, last = day
    if not day.exact and first <= end and last >= start:
        first, last = max(first, start), min(last, end)
    return Mark(kind, (first - zero).days, (last - zero).days, label)
