"""Margins: by how much a limit would have to move for a criterion's verdict to flip.

The distance of a value from its limit, in units of the limit, goes through a rule like a truth
does: "or" takes the largest, "and" the smallest, "not" turns it round. A leaf that no moving limit
can change counts as infinitely far on its side. So one number for each person gives the verdict at
every other limit, without asking the source again.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import reduce
from typing import NamedTuple, Protocol

from gradatim.protocol.base import Limit
from gradatim.rules.population.combination import (
    Aged,
    All,
    Columns,
    DailyDoseTerm,
    MeasuredTerm,
    Opposite,
    PersonColumn,
    Some,
    StateTerm,
    VisitValues,
)
from gradatim.rules.population.leaf_queries import (
    DailyDoseQuery,
    LeafQuery,
    MeasurementQuery,
)
from gradatim.rules.population.plan import Plan, Registry
from gradatim.rules.population.sql.measurements import MARGIN_BOUND, MARGIN_SCALE, SIGNS
from gradatim.rules.population.states import NO, YES

INFINITE = float("inf")
_ROUNDED = 2.0 / MARGIN_SCALE


class MarginColumns(Columns, Protocol):
    """Columns of states, and of margins as they were packed."""

    def margin(self, number: int) -> PersonColumn:
        """Give a query's packed margin; 0 where it has none."""

    def real(self, number: float) -> PersonColumn:
        """Give a column of one number."""

    def missing(self) -> PersonColumn:
        """Give a column without numbers."""

    def years(self, at: int) -> PersonColumn:
        """Give the age in completed years on a day such as 20261116, by the latest birth."""


class Numeric(NamedTuple):
    """A limit that something is compared with."""

    element: str
    limit: Limit


class Distance(NamedTuple):
    """How surely something holds (above 0), and the sign that makes this a natural distance.

    The sign is a number as long as it is the same for everybody.
    """

    held: PersonColumn
    sign: PersonColumn | float


def numerics(plan: Plan, term: StateTerm) -> list[Numeric]:
    """Give the limits that a term compares with, each once."""
    return list(dict.fromkeys(_numerics(plan.queries, term)))


def _numerics(queries: Registry[LeafQuery], term: StateTerm) -> Iterator[Numeric]:
    if isinstance(term, All | Some):
        for part in term.parts:
            yield from _numerics(queries, part)
    elif isinstance(term, Opposite):
        yield from _numerics(queries, term.part)
    else:
        found = _numeric(queries, term)
        if found is not None and found.limit.op != "=" and found.limit.number:
            yield found


def _numeric(queries: Registry[LeafQuery], term: StateTerm) -> Numeric | None:
    if isinstance(term, Aged):
        return Numeric("age", Limit(term.op, term.number, "a"))
    query: LeafQuery | None = None
    if isinstance(term, MeasuredTerm):
        query = queries[term.visits[0].queries[0]]
    elif isinstance(term, DailyDoseTerm):
        query = queries[term.query]
    if isinstance(query, MeasurementQuery | DailyDoseQuery) and query.limit is not None:
        return Numeric(query.element, query.limit)
    return None


@dataclass(frozen=True)
class Margins:
    """Computes the margins of criteria.

    Args:
        plan: the plan, for what its queries ask.
        columns: the columns of the population.
        known: distances of leaves that were computed before.
    """

    plan: Plan
    columns: MarginColumns
    known: Mapping[tuple[StateTerm, float], Distance] = field(default_factory=dict)

    def leaves(self, terms: Iterable[StateTerm]) -> dict[tuple[StateTerm, float], Distance]:
        """Give the distances of every leaf that compares with a limit, taken at worst and best."""
        queries = self.plan.queries
        numeric = [
            leaf
            for leaf in terms
            if (found := _numeric(queries, leaf)) is not None
            and found.limit.op != "="
            and found.limit.number
        ]
        return {
            (leaf, unknown): self._numeric(leaf, unknown)
            for leaf in numeric
            for unknown in (-INFINITE, INFINITE)
        }

    def of(self, term: StateTerm, moved: Iterable[Numeric]) -> PersonColumn:
        """Give how far the limits that move are from flipping a criterion, in units of the limit.

        Args:
            term: the criterion.
            moved: the limits that move together, in proportion.

        Returns:
            (value - limit) / limit of the comparison that decides; infinite where moving them
            flips nothing, not a number where the criterion is UNKNOWN.
        """
        queries = self.plan.queries
        limits = frozenset(moved)
        state = self.columns.state(term)
        least, most = (
            self._distance(queries, term, limits, unknown) for unknown in (-INFINITE, INFINITE)
        )
        natural = [one.held * one.sign for one in (least, most)]
        nothing = self.columns.missing()
        found = self.columns.where(state == NO, natural[1], nothing)
        return self.columns.where(state == YES, natural[0], found)

    def _distance(
        self,
        queries: Registry[LeafQuery],
        term: StateTerm,
        moved: frozenset[Numeric],
        unknown: float,
    ) -> Distance:
        if isinstance(term, Opposite):
            found = self._distance(queries, term.part, moved, -unknown)
            return Distance(-found.held, -found.sign)
        if isinstance(term, All | Some):
            parts = [self._distance(queries, part, moved, unknown) for part in term.parts]
            return self._together(parts, isinstance(term, Some))
        if _numeric(queries, term) in moved:
            known = self.known.get((term, unknown))
            return self._numeric(term, unknown) if known is None else known
        return self._fixed(self.columns.state(term), unknown)

    def _together(self, parts: list[Distance], any_: bool) -> Distance:
        if not parts:
            return self._constant(-INFINITE if any_ else INFINITE)
        return reduce(lambda a, b: self._further(a, b) if any_ else self._nearer(a, b), parts)

    def _further(self, a: Distance, b: Distance) -> Distance:
        held = self.columns.larger(a.held, b.held)
        if self._one_sign(a, b):
            return Distance(held, a.sign)
        return Distance(held, self._chosen(a.held >= b.held, a, b))

    def _nearer(self, a: Distance, b: Distance) -> Distance:
        held = -self.columns.larger(-a.held, -b.held)
        if self._one_sign(a, b):
            return Distance(held, a.sign)
        return Distance(held, self._chosen(a.held <= b.held, a, b))

    @staticmethod
    def _one_sign(a: Distance, b: Distance) -> bool:
        return isinstance(a.sign, float) and isinstance(b.sign, float) and a.sign == b.sign

    def _chosen(self, condition: PersonColumn, a: Distance, b: Distance) -> PersonColumn:
        signs = [
            self.columns.real(one.sign) if isinstance(one.sign, float) else one.sign
            for one in (a, b)
        ]
        return self.columns.where(condition, *signs)

    def _constant(self, held: float) -> Distance:
        return Distance(self.columns.real(held), 1.0)

    def _fixed(self, state: PersonColumn, unknown: float) -> Distance:
        """Give a leaf that no limit moves."""
        columns = self.columns
        held = columns.where(state == NO, columns.real(-INFINITE), columns.real(unknown))
        return Distance(columns.where(state == YES, columns.real(INFINITE), held), 1.0)

    def _numeric(self, term: StateTerm, unknown: float) -> Distance:
        if isinstance(term, Aged):
            state, sign = self.columns.state(term), SIGNS[term.op]
            at = term.at.year * 10_000 + term.at.month * 100 + term.at.day
            number = self.columns.real(term.number)
            held = (self.columns.years(at) - number) / number * self.columns.real(sign)
            return self._unless_unknown(state, held, sign, unknown)
        if isinstance(term, DailyDoseTerm):
            return self._dose(term, unknown)
        assert isinstance(term, MeasuredTerm), term
        visits = [self._visit(term, visit, unknown) for visit in term.visits]
        return self._together(visits, term.across != "every")

    def _unless_unknown(
        self, state: PersonColumn, held: PersonColumn, sign: float, unknown: float
    ) -> Distance:
        known = (state == NO) | (state == YES)
        return Distance(self.columns.where(known, held, self.columns.real(unknown)), sign)

    def _unpacked(self, packed: PersonColumn, state: PersonColumn, unknown: float) -> PersonColumn:
        """Give a margin; without one a leaf is fixed, and so is one that something else decides."""
        fixed = self._fixed(state, unknown).held
        held = (packed - MARGIN_BOUND) / self.columns.real(MARGIN_SCALE)
        agrees = ((state == YES) & (held > -_ROUNDED)) | ((state == NO) & (held < _ROUNDED))
        return self.columns.where((packed > 0) & agrees, held, fixed)

    def _visit(self, term: MeasuredTerm, visit: VisitValues, unknown: float) -> Distance:
        """Give the distance of a visit's value; a visit that does not count decides nothing."""
        columns, state = self.columns, visit.state(self.columns)
        first = self.plan.queries[visit.queries[0]]
        assert isinstance(first, MeasurementQuery), first
        assert first.limit is not None, first
        packed = columns.margin(visit.queries[-1])
        for one in reversed(visit.queries[:-1]):
            packed = columns.where(columns.answer(one) > 0, columns.margin(one), packed)
        held = self._unpacked(packed, state, unknown)
        asked = term.asked(columns, visit)
        if asked is not None:
            neutral = INFINITE if term.across == "every" else -INFINITE
            held = columns.where(asked, held, columns.real(neutral))
        return Distance(held, SIGNS[first.limit.op])

    def _dose(self, term: DailyDoseTerm, unknown: float) -> Distance:
        query = self.plan.queries[term.query]
        assert isinstance(query, DailyDoseQuery), query
        sign = SIGNS[query.limit.op]
        state = self.columns.state(term)
        none = int((-sign) * MARGIN_SCALE + MARGIN_BOUND)
        packed = self.columns.where(
            self.columns.answer(term.query) > 0,
            self.columns.margin(term.query),
            self.columns.real(none),
        )
        return Distance(self._unpacked(packed, state, unknown), sign)
