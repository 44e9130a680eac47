"""Terms: how the answers about a person become the state of a leaf, of a rule, of a criterion.

A term is evaluated on arrays in memory or on the columns of an engine alike; `Columns` says what
they are and how to compare them. Every term follows one function of the specification, which is
named beside it.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import reduce
from typing import Any, Protocol

from gradatim.rules.population.leaf_queries import AnyRecord
from gradatim.rules.population.states import (
    JUDGEMENT,
    NO,
    NO_RECORD,
    NOT_UNDERSTOOD,
    PARTIAL,
    STALE,
    YES,
)

PersonColumn = Any
"""A column of states or numbers: a numpy array, or an expression of an engine."""


class Columns(Protocol):
    """The columns of a population, one value for each person."""

    def answer(self, number: int) -> PersonColumn:
        """Give the state that answers a query, plus one; 0 where no record says anything."""

    def any_record(self, record: AnyRecord) -> PersonColumn:
        """Give whether there is such a record."""

    def since(self, kind: str) -> PersonColumn:
        """Give the first day observed (days since 1 January 1970)."""

    def until(self, kind: str) -> PersonColumn:
        """Give the last day observed."""

    def person(self, name: str) -> PersonColumn:
        """Give `born_first` or `born_last` (days), the same as `ymd_...` (20261116), or `sex`."""

    def where(
        self, condition: PersonColumn, then: PersonColumn, otherwise: PersonColumn
    ) -> PersonColumn:
        """Choose by a condition."""

    def larger(self, a: PersonColumn, b: PersonColumn) -> PersonColumn:
        """Give the larger of two columns."""

    def negated(self, state: PersonColumn) -> PersonColumn:
        """Give the opposite states."""

    def constant(self, state: int) -> PersonColumn:
        """Give a column of one state."""

    def state(self, term: "StateTerm") -> PersonColumn:
        """Give the state of a term; each is computed once."""


class StateTerm:
    """Something that has a state for each person."""

    def state(self, columns: Columns) -> PersonColumn:
        """Give the state of every person."""
        raise NotImplementedError


def largest(columns: Columns, states: Iterable[PersonColumn]) -> PersonColumn:
    """Give the disjunction; FALSE for no states."""
    found = list(states)
    return reduce(columns.larger, found) if found else columns.constant(NO)


def smallest(columns: Columns, states: Iterable[PersonColumn]) -> PersonColumn:
    """Give the conjunction; TRUE for no states."""
    return columns.negated(largest(columns, (columns.negated(one) for one in states)))


@dataclass(frozen=True)
class All(StateTerm):
    """The conjunction."""

    parts: tuple[StateTerm, ...]

    def state(self, columns: Columns) -> PersonColumn:
        """Give the conjunction of the parts."""
        return smallest(columns, [columns.state(part) for part in self.parts])


@dataclass(frozen=True)
class Some(StateTerm):
    """The disjunction."""

    parts: tuple[StateTerm, ...]

    def state(self, columns: Columns) -> PersonColumn:
        """Give the disjunction of the parts."""
        return largest(columns, [columns.state(part) for part in self.parts])


@dataclass(frozen=True)
class Opposite(StateTerm):
    """The negation."""

    part: StateTerm

    def state(self, columns: Columns) -> PersonColumn:
        """Give the negation of the part."""
        return columns.negated(columns.state(self.part))


@dataclass(frozen=True)
class Absent(StateTerm):
    """What it means that nothing is recorded (`absence.absent`).

    Args:
        kind: the element's kind, if its coverage is declared; else empty.
        begin: the first day asked about; None without limit.
        end: the last day; None without limit.
        on: the day of the question.
        unreadable: whether a record that may be of it is not understood.
        denied: the query of records that say that it did not happen.
        told: for a consent or a participation, the records that show one was asked for.
        unrecognised: whether the source could hold a record of it without its being seen.
    """

    kind: str
    begin: int | None
    end: int | None
    on: int
    unreadable: AnyRecord | None = None
    denied: int | None = None
    told: AnyRecord | None = None
    unrecognised: bool = False

    def state(self, columns: Columns) -> PersonColumn:
        """Give FALSE where it is covered or denied, else UNKNOWN."""
        found = columns.constant(NO_RECORD)
        if self.told is not None:
            found = columns.where(columns.any_record(self.told), columns.constant(NO), found)
        elif self.kind:
            known = columns.constant(NOT_UNDERSTOOD if self.unrecognised else NO)
            if self.unreadable is not None:
                known = columns.where(
                    columns.any_record(self.unreadable), columns.constant(NOT_UNDERSTOOD), known
                )
            found = columns.where(self._covered(columns), known, found)
        if self.denied is not None:
            found = columns.where(
                columns.answer(self.denied) == YES + 1, columns.constant(NO), found
            )
        return found

    def _covered(self, columns: Columns) -> PersonColumn:
        since, until = columns.since(self.kind), columns.until(self.kind)
        born = columns.person("born_first")
        begun = since <= (born if self.begin is None else self.begin)
        lasted = until >= self.on
        if self.end is not None:
            lasted = lasted | (until >= self.end)
        return begun & lasted


@dataclass(frozen=True)
class Happened(StateTerm):
    """A query that is TRUE or UNKNOWN where records say so, else what their absence means.

    `_event`, `count`, `days` and, without an exemption, `not_washed_out`.
    """

    query: int
    absent: StateTerm

    def state(self, columns: Columns) -> PersonColumn:
        """Give the query's state, else that of the absence."""
        found = columns.answer(self.query)
        return columns.where(found > 0, found - 1, columns.state(self.absent))


@dataclass(frozen=True)
class Unsettled(StateTerm):
    """What holds only if something does that no source of a population tells: at best UNKNOWN."""

    part: StateTerm

    def state(self, columns: Columns) -> PersonColumn:
        """Give the state of the part, where that is not TRUE."""
        found = columns.state(self.part)
        return columns.where(found == YES, columns.constant(JUDGEMENT), found)


@dataclass(frozen=True)
class Recent(StateTerm):
    """`not_washed_out`: what records say, or that more may have been taken than is recorded."""

    query: int
    absent: StateTerm

    def state(self, columns: Columns) -> PersonColumn:
        """Give the larger of both."""
        found = columns.answer(self.query)
        recorded = columns.where(found > 0, found - 1, columns.constant(NO))
        return columns.larger(recorded, columns.state(self.absent))


@dataclass(frozen=True)
class Unchanged(StateTerm):
    """`stable`: the conjunction over the drugs being taken."""

    query: int
    absent: StateTerm

    def state(self, columns: Columns) -> PersonColumn:
        """Give TRUE where none is taken, if that is known."""
        found, absent = columns.answer(self.query), columns.state(self.absent)
        known = columns.where(found > 0, found - 1, columns.constant(YES))
        open_ = columns.larger(absent, columns.where(known == YES, columns.constant(NO), known))
        return columns.where((absent != NO) & (found != NO + 1), open_, known)


@dataclass(frozen=True)
class DailyDoseTerm(StateTerm):
    """`daily_dose`: the total of what is recorded, and if more may be taken, at least that."""

    query: int
    open_query: int
    none: int
    open_none: int
    absent: StateTerm

    def state(self, columns: Columns) -> PersonColumn:
        """Give the state by what is recorded, or by the least that it can be."""
        total = _or_else(columns, self.query, self.none)
        least = _or_else(columns, self.open_query, self.open_none)
        settled = (least == NO) | (least == YES)
        absent = columns.state(self.absent)
        undecided = columns.where((total == NO) | (total == YES), absent, total)
        return columns.where(absent == NO, total, columns.where(settled, least, undecided))


def _or_else(columns: Columns, query: int, none: int) -> PersonColumn:
    found = columns.answer(query)
    return columns.where(found > 0, found - 1, columns.constant(none))


@dataclass(frozen=True)
class VisitValues:
    """The values of one visit or window (`_among`, `attested`).

    Args:
        queries: in this order the first that has a value counts.
        older: any record, which is then of the wrong date.
        none: the state without any record.
        due: whether the visit has come.
    """

    queries: tuple[int, ...]
    older: tuple[AnyRecord, ...]
    none: int
    due: bool = True

    def has(self, columns: Columns) -> PersonColumn:
        """Whether any value counts."""
        return reduce(lambda a, b: a | b, (columns.answer(one) > 0 for one in self.queries))

    def state(self, columns: Columns) -> PersonColumn:
        """Give what they say."""
        found = columns.constant(self.none)
        if self.older:
            older = reduce(lambda a, b: a | b, (columns.any_record(one) for one in self.older))
            found = columns.where(older, columns.constant(STALE), found)
        for one in reversed(self.queries):
            known = columns.answer(one)
            found = columns.where(known > 0, known - 1, found)
        return found


@dataclass(frozen=True)
class MeasuredTerm(StateTerm):
    """The visits of a measured leaf together (`_measured`)."""

    visits: tuple[VisitValues, ...]
    across: str = "some"

    def state(self, columns: Columns) -> PersonColumn:
        """Combine the visits that are due or have a value."""
        if len(self.visits) == 1 and self.visits[0].due:
            return self.visits[0].state(columns)
        asked = [self.asked(columns, one) for one in self.visits]
        states = [one.state(columns) for one in self.visits]
        combine, neutral = (smallest, YES) if self.across == "every" else (largest, NO)
        together = combine(
            columns, [self._if(columns, *pair, neutral) for pair in zip(asked, states, strict=True)]
        )
        some = [one for one in asked if one is not None]
        if len(some) < len(asked):
            return together
        return columns.where(
            reduce(lambda a, b: a | b, some), together, columns.constant(NO_RECORD)
        )

    def asked(self, columns: Columns, visit: VisitValues) -> PersonColumn | None:
        """Say for whom a visit counts; None: for everybody."""
        if self.across == "available":
            has = visit.has(columns)
            others = reduce(lambda a, b: a | b, (one.has(columns) for one in self.visits))
            return has | ~others if visit.due else has
        return None if visit.due else visit.has(columns)

    @staticmethod
    def _if(
        columns: Columns, asked: PersonColumn | None, state: PersonColumn, neutral: int
    ) -> PersonColumn:
        return state if asked is None else columns.where(asked, state, columns.constant(neutral))


@dataclass(frozen=True)
class Aged(StateTerm):
    """`age`: completed years on a day, compared with a limit."""

    at: date
    op: str
    number: float

    def state(self, columns: Columns) -> PersonColumn:
        """Give the state; UNKNOWN where the day of birth leaves it open."""
        high, low = self._held(columns, "ymd_first"), self._held(columns, "ymd_last")
        open_ = high != low
        if self.op == "=":
            least, most = (
                self._at_least(columns, name, self.number) for name in ("ymd_last", "ymd_first")
            )
            open_ = open_ | (most & ~least & ~high)
        known = columns.where(high, columns.constant(YES), columns.constant(NO))
        known = columns.where(open_, columns.constant(PARTIAL), known)
        return columns.where(columns.person("undated"), columns.constant(NO_RECORD), known)

    def _held(self, columns: Columns, name: str) -> PersonColumn:
        if self.op in (">=", "<"):
            reached = self._at_least(columns, name, math.ceil(self.number))
            return reached if self.op == ">=" else ~reached
        passed = self._at_least(columns, name, math.floor(self.number) + 1)
        if self.op == "=":
            return self._at_least(columns, name, math.ceil(self.number)) & ~passed
        return passed if self.op == ">" else ~passed

    def _at_least(self, columns: Columns, name: str, years: float) -> PersonColumn:
        """Whether so many years are completed; dates as numbers such as 20261116 tell it."""
        at = self.at.year * 10_000 + self.at.month * 100 + self.at.day
        return columns.person(name) <= at - int(years) * 10_000


@dataclass(frozen=True)
class OfSex(StateTerm):
    """`sex`: administrative sex; 1 is female, 2 male, 0 not recorded as one of these."""

    wanted: int

    def state(self, columns: Columns) -> PersonColumn:
        """Give the state; UNKNOWN where it is not recorded."""
        sex = columns.person("sex")
        known = columns.where(sex == self.wanted, columns.constant(YES), columns.constant(NO))
        return columns.where(sex == 0, columns.constant(NO_RECORD), known)
