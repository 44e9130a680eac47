"""Adverse events by group: how many participants and how many events, by term and worst grade.

Counted is what began, or became worse, from the first dose on; what may have begun then is counted
too (ICH E9 (1998), glossary: treatment emergent). Everything else is set aside with the reason, so
that every event of the ledger is in the table or beside it, once. An event that nobody has graded
has its own column, and one whose relation nobody has judged counts as related.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Literal, NamedTuple

from gradatim.analysis.groups import By, Group, dosed, group_of, groups
from gradatim.analysis.rests_on import RestsOn, rests_on
from gradatim.clinical.ctcae.grade import clinical_terms
from gradatim.clinical.ctcae.terms import folded
from gradatim.conduct.state import Participant, State
from gradatim.conduct.views.adverse_events import Course, courses
from gradatim.conduct.views.doses import first_dose_on
from gradatim.core.dates import before
from gradatim.core.truth import FALSE, TRUE, UNKNOWN
from gradatim.safety import dlt
from gradatim.safety.events import AdverseEvent, graded, is_serious, relation

Subset = Literal["all", "related", "serious", "special interest"]
GRADES = ("1", "2", "3", "4", "5", "unknown")
"""The columns of every count."""
_UNKNOWN = len(GRADES) - 1
SEVERE = 3
"""From this grade on an event is severe. Source: CTCAE v5.0 (2017), "Grade 3: Severe"."""


class Counts(NamedTuple):
    """Counts by grade, in the order of `GRADES`.

    Args:
        participants: each once, under the worst grade that is known of them; `unknown` those of
            whom none is known.
        events: each under the worst grade it had.
        also_unknown: participants with a known worst grade who have an event without a grade too:
            their worst may be worse.
        relation_unknown: events whose relation to the product nobody has judged.
    """

    participants: tuple[int, ...] = (0,) * len(GRADES)
    events: tuple[int, ...] = (0,) * len(GRADES)
    also_unknown: int = 0
    relation_unknown: int = 0

    @property
    def any(self) -> int:
        """Participants with at least one event."""
        return sum(self.participants)

    @property
    def severe(self) -> int:
        """Participants whose worst known grade is 3 or more."""
        return sum(self.participants[SEVERE - 1 : _UNKNOWN])


class TermRow(NamedTuple):
    """Counts of one term by one scale of grades: of each group, and of all participants.

    Events of one term graded by two scales are two rows: their grades do not mean the same.
    """

    term: str
    scale: str
    counts: tuple[Counts, ...]
    overall: Counts


class SetAside(NamedTuple):
    """An event that is not counted, and why."""

    participant: str
    adverse_event: str
    term: str
    grade: int | None
    onset: str
    why: str


class AdverseEventTable(NamedTuple):
    """Adverse events of a subset.

    Args:
        subset: which events.
        defined: whether the protocol says what the subset is; False only of special interest.
        groups: the columns, with their denominators.
        rows: the terms, those with the most participants first.
        total: any term; each participant under the worst grade of all their events.
        aside: events that belong to the subset and are not counted.
        rests_on: the items of the protocol that say what the subset is.
    """

    subset: Subset
    defined: bool
    groups: tuple[Group, ...]
    rows: tuple[TermRow, ...]
    total: TermRow
    aside: tuple[SetAside, ...]
    rests_on: tuple[RestsOn, ...]

    @property
    def dosed(self) -> int:
        """The denominator of all groups together."""
        return sum(one.dosed for one in self.groups)


def adverse_event_table(
    state: State, by: By = "level", subset: Subset = "all"
) -> AdverseEventTable:
    """Give the adverse events of everybody dosed.

    Args:
        state: the trial, already as of the data cut.
        by: what the columns are.
        subset: `all`; `related`, at least possibly, or not judged; `serious`; `special interest`
            by the protocol.
    """
    columns = groups(state, by)
    told: dict[tuple[str, str], list[AdverseEvent]] = {}
    for one in dosed(state):
        for course in _counted(state, one, subset):
            told.setdefault(_key(course.event), []).append(course.event)
    rows = [_row(some, columns) for some in told.values()]
    rows.sort(key=lambda row: (-row.overall.any, -row.overall.severe, row.term))
    everything = [event for some in told.values() for event in some]
    total = _row(everything, columns)._replace(term="any adverse event", scale="")
    watched = state.governing("safety").safety.special_interest if state.versions else None
    special = subset == "special interest"
    return AdverseEventTable(
        subset,
        watched is not None or not special,
        columns,
        tuple(rows),
        total,
        tuple(_aside(state, subset)),
        rests_on(("adverse events of special interest", watched if special else None)),
    )


def belongs(state: State, participant: Participant, event: AdverseEvent, subset: Subset) -> bool:
    """Whether an adverse event belongs to a subset, or may."""
    match subset:
        case "related":
            return relation(event) is not FALSE
        case "serious":
            return is_serious(event)
        case "special interest":
            return of_special_interest(state, participant, event)
    return True


def of_special_interest(state: State, participant: Participant, event: AdverseEvent) -> bool:
    """Whether the protocol that applies to a participant names an event as one to watch.

    One whose term leaves it open counts, until an investigator has answered.
    """
    return dlt.of_special_interest(state.governing("safety", participant), event) is not FALSE


def not_counted(state: State, participant: Participant, course: Course) -> str:
    """Say why an event is not counted; empty where it is."""
    dosed = first_dose_on(state, participant)
    if dosed is None:
        return "no dose was given"
    if before(course.event.onset, dosed) is not TRUE:
        return ""
    worse = course.worse_at
    if worse != course.position and state.events[worse].occurred_on >= dosed:
        return ""
    return "before the first dose"


def _counted(state: State, participant: Participant, subset: Subset) -> list[Course]:
    return [
        one
        for one in courses(state, participant).values()
        if belongs(state, participant, one.event, subset)
        and not not_counted(state, participant, one)
    ]


def _aside(state: State, subset: Subset) -> Iterable[SetAside]:
    for one in state.participants.values():
        for course in courses(state, one).values():
            event, why = course.event, not_counted(state, one, course)
            if why and belongs(state, one, event, subset):
                yield SetAside(one.id, event.id, event.term, graded(event), str(event.onset), why)


def _key(event: AdverseEvent) -> tuple[str, str]:
    return folded(event.term), event.scale


@lru_cache(maxsize=1)
def _spelled() -> dict[str, str]:
    return {folded(one.term): one.term for one in clinical_terms()}


def _row(events: Sequence[AdverseEvent], columns: Sequence[Group]) -> TermRow:
    of: list[list[AdverseEvent]] = [[] for _ in columns]
    for event in events:
        place = group_of(columns, event.participant)
        assert place is not None, event.participant
        of[place].append(event)
    term, scale = "", ""
    if events:
        written = " ".join(events[0].term.split())
        term, scale = _spelled().get(folded(written), written), events[0].scale
    return TermRow(term, scale, tuple(map(counts, of)), counts(events))


def counts(events: Sequence[AdverseEvent]) -> Counts:
    """Count events, and the participants who had them, by grade."""
    by_person: dict[str, list[int]] = {}
    found = [0] * len(GRADES)
    for event in events:
        column = (graded(event) or len(GRADES)) - 1
        found[column] += 1
        by_person.setdefault(event.participant, []).append(column)
    people, also = [0] * len(GRADES), 0
    for columns in by_person.values():
        worst = max((one for one in columns if one != _UNKNOWN), default=_UNKNOWN)
        people[worst] += 1
        also += worst != _UNKNOWN and _UNKNOWN in columns
    unjudged = sum(relation(event) is UNKNOWN for event in events)
    return Counts(tuple(people), tuple(found), also, unjudged)
