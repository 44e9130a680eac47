"""Terms: how a person's slots become the state of a leaf, of a rule, of a criterion.

A term is evaluated on arrays in memory or on the columns of an engine alike; a `Kit` says what the
columns are and how to compare them. Every term follows one function of the specification, which is
named beside it.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from functools import reduce
from typing import Any, Protocol

from gradatim.rules.population.leaf_queries import Mask
from gradatim.rules.population.states import NO, NO_RECORD, NOT_UNDERSTOOD, PARTIAL, STALE, YES

Column = Any
"""A column of states or numbers: a numpy array, or an expression of an engine."""


class Kit(Protocol):
    """The columns of a population, one value for each person."""

    def slot(self, number: int) -> Column:
        """Give a slot's state plus one; 0 where no record says anything."""

    def mask(self, mask: Mask) -> Column:
        """Give whether there is such a record."""

    def since(self, kind: str) -> Column:
        """Give the first day observed (days since 1 January 1970)."""

    def until(self, kind: str) -> Column:
        """Give the last day observed."""

    def person(self, name: str) -> Column:
        """Give `born_first` or `born_last` (days), the same as `ymd_...` (20261116), or `sex`."""

    def where(self, condition: Column, then: Column, otherwise: Column) -> Column:
        """Choose by a condition."""

    def larger(self, a: Column, b: Column) -> Column:
        """Give the larger of two columns."""

    def negated(self, state: Column) -> Column:
        """Give the opposite states."""

    def constant(self, state: int) -> Column:
        """Give a column of one state."""

    def state(self, term: "Term") -> Column:
        """Give the state of a term; each is computed once."""


class Term:
    """Something that has a state for each person."""

    def state(self, kit: Kit) -> Column:
        """Give the state of every person."""
        raise NotImplementedError


def largest(kit: Kit, states: Iterable[Column]) -> Column:
    """Give the disjunction; FALSE for no states."""
    found = list(states)
    return reduce(kit.larger, found) if found else kit.constant(NO)


def smallest(kit: Kit, states: Iterable[Column]) -> Column:
    """Give the conjunction; TRUE for no states."""
    return kit.negated(largest(kit, (kit.negated(one) for one in states)))


@dataclass(frozen=True)
class Constant(Term):
    """The same for everybody."""

    value: int

    def state(self, kit: Kit) -> Column:
        """Give that state."""
        return kit.constant(self.value)


@dataclass(frozen=True)
class All(Term):
    """The conjunction."""

    parts: tuple[Term, ...]

    def state(self, kit: Kit) -> Column:
        """Give the conjunction of the parts."""
        return smallest(kit, [kit.state(part) for part in self.parts])


@dataclass(frozen=True)
class Some(Term):
    """The disjunction."""

    parts: tuple[Term, ...]

    def state(self, kit: Kit) -> Column:
        """Give the disjunction of the parts."""
        return largest(kit, [kit.state(part) for part in self.parts])


@dataclass(frozen=True)
class Opposite(Term):
    """The negation."""

    part: Term

    def state(self, kit: Kit) -> Column:
        """Give the negation of the part."""
        return kit.negated(kit.state(self.part))


@dataclass(frozen=True)
class Absent(Term):
    """What it means that nothing is recorded (`known.absent`).

    Args:
        kind: the element's kind, if its coverage is declared; else empty.
        begin: the first day asked about; None without limit.
        end: the last day; None without limit.
        on: the day of the question.
        unreadable: whether a record that may be of it is not understood.
        denied: the slot of records that say that it did not happen.
        told: for a consent or a participation, the mask of records that show one was asked for.
        unrecognised: whether the source could hold a record of it without its being seen.
    """

    kind: str
    begin: int | None
    end: int | None
    on: int
    unreadable: Mask | None = None
    denied: int | None = None
    told: Mask | None = None
    unrecognised: bool = False

    def state(self, kit: Kit) -> Column:
        """Give FALSE where it is covered or denied, else UNKNOWN."""
        found = kit.constant(NO_RECORD)
        if self.told is not None:
            found = kit.where(kit.mask(self.told), kit.constant(NO), found)
        elif self.kind:
            known = kit.constant(NOT_UNDERSTOOD if self.unrecognised else NO)
            if self.unreadable is not None:
                known = kit.where(kit.mask(self.unreadable), kit.constant(NOT_UNDERSTOOD), known)
            found = kit.where(self._covered(kit), known, found)
        if self.denied is not None:
            found = kit.where(kit.slot(self.denied) == YES + 1, kit.constant(NO), found)
        return found

    def _covered(self, kit: Kit) -> Column:
        since, until = kit.since(self.kind), kit.until(self.kind)
        born = kit.person("born_first")
        begun = since <= (born if self.begin is None else self.begin)
        lasted = until >= self.on
        if self.end is not None:
            lasted = lasted | (until >= self.end)
        return begun & lasted


@dataclass(frozen=True)
class Happened(Term):
    """A slot that is TRUE or UNKNOWN where records say so, else what their absence means.

    `_event`, `count`, `days` and, without an exemption, `not_washed_out`.
    """

    slot: int
    absent: Term

    def state(self, kit: Kit) -> Column:
        """Give the slot's state, else that of the absence."""
        found = kit.slot(self.slot)
        return kit.where(found > 0, found - 1, kit.state(self.absent))


@dataclass(frozen=True)
class Recent(Term):
    """`not_washed_out`: what records say, or that more may have been taken than is recorded."""

    slot: int
    absent: Term

    def state(self, kit: Kit) -> Column:
        """Give the larger of both."""
        found = kit.slot(self.slot)
        recorded = kit.where(found > 0, found - 1, kit.constant(NO))
        return kit.larger(recorded, kit.state(self.absent))


@dataclass(frozen=True)
class Unchanged(Term):
    """`stable`: the conjunction over the drugs being taken."""

    slot: int
    absent: Term

    def state(self, kit: Kit) -> Column:
        """Give TRUE where none is taken, if that is known."""
        found, absent = kit.slot(self.slot), kit.state(self.absent)
        known = kit.where(found > 0, found - 1, kit.constant(YES))
        open_ = kit.larger(absent, kit.where(known == YES, kit.constant(NO), known))
        return kit.where((absent != NO) & (found != NO + 1), open_, known)


@dataclass(frozen=True)
class Dose(Term):
    """`daily_dose`: the total of what is recorded, and if more may be taken, at least that."""

    slot: int
    open_slot: int
    none: int
    open_none: int
    absent: Term

    def state(self, kit: Kit) -> Column:
        """Give the state by what is recorded, or by the least that it can be."""
        total = _or_else(kit, self.slot, self.none)
        least = _or_else(kit, self.open_slot, self.open_none)
        settled = (least == NO) | (least == YES)
        absent = kit.state(self.absent)
        undecided = kit.where((total == NO) | (total == YES), absent, total)
        return kit.where(absent == NO, total, kit.where(settled, least, undecided))


def _or_else(kit: Kit, slot: int, none: int) -> Column:
    found = kit.slot(slot)
    return kit.where(found > 0, found - 1, kit.constant(none))


@dataclass(frozen=True)
class Point:
    """The values of one visit or window (`_among`, `attested`).

    Args:
        slots: in this order the first that has a value counts.
        older: masks of records of the wrong date.
        none: the state without any record.
        due: whether the visit has come.
    """

    slots: tuple[int, ...]
    older: tuple[Mask, ...]
    none: int
    due: bool = True

    def has(self, kit: Kit) -> Column:
        """Whether any value counts."""
        return reduce(lambda a, b: a | b, (kit.slot(one) > 0 for one in self.slots))

    def state(self, kit: Kit) -> Column:
        """Give what they say."""
        found = kit.constant(self.none)
        if self.older:
            older = reduce(lambda a, b: a | b, (kit.mask(one) for one in self.older))
            found = kit.where(older, kit.constant(STALE), found)
        for one in reversed(self.slots):
            known = kit.slot(one)
            found = kit.where(known > 0, known - 1, found)
        return found


@dataclass(frozen=True)
class Measured(Term):
    """The visits of a measured leaf together (`_measured`)."""

    points: tuple[Point, ...]
    across: str = "some"

    def state(self, kit: Kit) -> Column:
        """Combine the visits that are due or have a value."""
        if len(self.points) == 1 and self.points[0].due:
            return self.points[0].state(kit)
        asked = [self.asked(kit, one) for one in self.points]
        states = [one.state(kit) for one in self.points]
        combine, neutral = (smallest, YES) if self.across == "every" else (largest, NO)
        together = combine(
            kit, [self._if(kit, *pair, neutral) for pair in zip(asked, states, strict=True)]
        )
        some = [one for one in asked if one is not None]
        if len(some) < len(asked):
            return together
        return kit.where(reduce(lambda a, b: a | b, some), together, kit.constant(NO_RECORD))

    def asked(self, kit: Kit, point: Point) -> Column | None:
        """Say for whom a visit counts; None: for everybody."""
        if self.across == "available":
            has = point.has(kit)
            others = reduce(lambda a, b: a | b, (one.has(kit) for one in self.points))
            return has | ~others if point.due else has
        return None if point.due else point.has(kit)

    @staticmethod
    def _if(kit: Kit, asked: Column | None, state: Column, neutral: int) -> Column:
        return state if asked is None else kit.where(asked, state, kit.constant(neutral))


@dataclass(frozen=True)
class Aged(Term):
    """`age`: completed years on a day, compared with a limit."""

    at: date
    op: str
    number: float

    def state(self, kit: Kit) -> Column:
        """Give the state; UNKNOWN where the day of birth leaves it open."""
        high, low = self._held(kit, "ymd_first"), self._held(kit, "ymd_last")
        open_ = high != low
        if self.op == "=":
            least, most = (
                self._at_least(kit, name, self.number) for name in ("ymd_last", "ymd_first")
            )
            open_ = open_ | (most & ~least & ~high)
        known = kit.where(high, kit.constant(YES), kit.constant(NO))
        known = kit.where(open_, kit.constant(PARTIAL), known)
        return kit.where(kit.person("undated"), kit.constant(NO_RECORD), known)

    def _held(self, kit: Kit, name: str) -> Column:
        if self.op in (">=", "<"):
            reached = self._at_least(kit, name, math.ceil(self.number))
            return reached if self.op == ">=" else ~reached
        passed = self._at_least(kit, name, math.floor(self.number) + 1)
        if self.op == "=":
            return self._at_least(kit, name, math.ceil(self.number)) & ~passed
        return passed if self.op == ">" else ~passed

    def _at_least(self, kit: Kit, name: str, years: float) -> Column:
        """Whether so many years are completed; dates as numbers such as 20261116 tell it."""
        at = self.at.year * 10_000 + self.at.month * 100 + self.at.day
        return kit.person(name) <= at - int(years) * 10_000


@dataclass(frozen=True)
class OfSex(Term):
    """`sex`: administrative sex; 1 is female, 2 male, 0 not recorded as one of these."""

    wanted: int

    def state(self, kit: Kit) -> Column:
        """Give the state; UNKNOWN where it is not recorded."""
        sex = kit.person("sex")
        known = kit.where(sex == self.wanted, kit.constant(YES), kit.constant(NO))
        return kit.where(sex == 0, kit.constant(NO_RECORD), known)
