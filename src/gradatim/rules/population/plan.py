"""The plan of a prescreen: which queries the rules need, and the term that each rule becomes.

Each function follows the one of the specification that it is named after (`rules/evaluate.py` and
what it uses); the tests hold both to the same verdicts.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Generic, TypeVar

from gradatim.core.dates import Duration, step
from gradatim.core.truth import TRUE
from gradatim.evidence.facts import Facts
from gradatim.evidence.relation import FIRST_DAY, LAST_DAY, Relation
from gradatim.protocol.base import Window
from gradatim.protocol.elements import Element
from gradatim.protocol.nodes import (
    Age,
    AllOf,
    AnyOf,
    Attested,
    Compare,
    Count,
    DailyDose,
    Days,
    Event,
    Measured,
    Node,
    Not,
    NotWashedOut,
    Result,
    Sex,
    Stable,
)
from gradatim.protocol.study import Study
from gradatim.rules.context import Edge, Situation
from gradatim.rules.drugs import total_against
from gradatim.rules.population import combination
from gradatim.rules.population.combination import StateTerm
from gradatim.rules.population.leaf_queries import (
    AnyRecord,
    CountQuery,
    DailyDoseQuery,
    ExposureDaysQuery,
    HistoryQuery,
    LeafQuery,
    MeasurementQuery,
    Span,
    StableDoseQuery,
)
from gradatim.rules.population.states import JUDGEMENT, NO, NO_RECORD, YES
from gradatim.rules.washouts import longest_wait, waits_of

_EPOCH = date(1970, 1, 1)
Ends = tuple[Edge | None, Edge | None]
_Key = TypeVar("_Key")


class Registry(Generic[_Key]):
    """Numbers things, equal ones alike, in the order in which they are first asked for."""

    def __init__(self) -> None:
        self._numbers: dict[_Key, int] = {}
        self._each: list[_Key] = []

    def number(self, one: _Key) -> int:
        """Give the number of one."""
        if one not in self._numbers:
            self._numbers[one] = len(self._each)
            self._each.append(one)
        return self._numbers[one]

    def __getitem__(self, number: int) -> _Key:
        """Give the one that has a number."""
        return self._each[number]

    def __len__(self) -> int:
        """How many there are."""
        return len(self._each)

    def items(self) -> Iterator[tuple[int, _Key]]:
        """Give each with its number."""
        yield from enumerate(self._each)


@dataclass
class Plan:
    """The queries that some rules need of a population.

    Args:
        relation: the population; only its keys and kinds of columns are looked at here.
        queries: every question, numbered.
        any_records: every "is there any record", numbered.
    """

    relation: Relation
    queries: Registry[LeafQuery] = field(default_factory=Registry)
    any_records: Registry[AnyRecord] = field(default_factory=Registry)

    def of(self, study: Study, anchors: Mapping[str, date], on: date) -> "Compiler":
        """Give the compiler of one protocol's rules into this plan."""
        return Compiler(self, Situation(study, Facts(""), anchors, on))

    def any_record(self, record: AnyRecord) -> AnyRecord:
        """Note that it is asked whether there is such a record."""
        self.any_records.number(record)
        return record

    def codes(self, element: str) -> tuple[str, ...]:
        """Give every ingredient by which an element can arrive."""
        found = {
            meaning.code
            for stream in self.relation.streams
            for _, meaning in stream.keys_of(element)
        }
        return tuple(sorted(found))


class Compiler:
    """Compiles the rules of one protocol, with its anchors, into a plan."""

    def __init__(self, plan: Plan, situation: Situation) -> None:
        self.plan = plan
        self.s = situation
        self._terms: dict[str, StateTerm] = {}

    def term(self, rule: Node) -> StateTerm:
        """Give the term of a rule; equal rules become one term."""
        written = f"{type(rule).__name__}{rule.model_dump_json()}"
        if written not in self._terms:
            self._terms[written] = COMPILATIONS[type(rule)](self, rule)
        return self._terms[written]

    def all_of(self, node: AllOf) -> StateTerm:
        """Compile a conjunction."""
        return combination.All(tuple(self.term(part) for part in node.all))

    def any_of(self, node: AnyOf) -> StateTerm:
        """Compile a disjunction."""
        return combination.Some(tuple(self.term(part) for part in node.any))

    def opposite(self, node: Not) -> StateTerm:
        """Compile a negation."""
        return combination.Opposite(self.term(node.not_))

    def element(self, name: str) -> Element:
        """Give an element of the protocol."""
        return self.s.study.elements[name]

    # --- measurements -----------------------------------------------------------------------------

    def measured(self, node: Compare | Result) -> StateTerm:
        """Compile a comparison or the question for a result, visit by visit."""
        encounters = [self.s.study.schedule.encounters[name] for name in node.at]
        if not encounters:
            return combination.MeasuredTerm(
                (self._visit(node, [node.within] if node.within else [], True),)
            )
        visits = []
        for visit in encounters:
            windows = [visit.window, *([visit.valid_within] if visit.valid_within else [])]
            visits.append(self._visit(node, windows, self.s.due(visit.window.anchor)))
        return combination.MeasuredTerm(tuple(visits), node.across)

    def _visit(
        self, node: Compare | Result, windows: list[Window], due: bool
    ) -> combination.VisitValues:
        name = node.measurement
        query = self._asked(node, name)._replace(window=self._window(windows))
        queries, older = [query], [AnyRecord(name, method=node.method)]
        if self.element(name).derived and not node.method:
            queries.append(query._replace(derived=True))
            older.append(self._any_derived(name))
        return combination.VisitValues(
            tuple(self.plan.queries.number(one) for one in queries),
            tuple(self.plan.any_record(one) for one in older),
            NO_RECORD,
            due,
        )

    def _any_derived(self, name: str) -> AnyRecord:
        """Ask for anything to compute an element from: of one input, any record of it."""
        rule = self.element(name).derived
        if rule is None or len(rule.inputs) > 1:
            return AnyRecord(name, derived=True)
        source = next(iter(rule.inputs.values()))
        return AnyRecord(name, derived=True) if self.element(source).derived else AnyRecord(source)

    def _asked(self, node: Measured, name: str) -> MeasurementQuery:
        query = MeasurementQuery(name, Span(), latest=node.value == "latest", method=node.method)
        if isinstance(node, Result):
            return query._replace(word=node.is_)
        assert isinstance(node, Compare), node
        drug = node.not_while
        spared = (drug, self.element(drug).kind, self.s.on) if drug else None
        return query._replace(limit=node.is_, not_while=spared)

    def attested(self, node: Attested) -> StateTerm:
        """Compile an answer: recorded ones outrank what was read out of other records."""
        name = node.attested
        fresh = self.element(name).fresh
        window = node.within or (fresh.window if fresh else None)
        query = MeasurementQuery(
            name,
            self._window([window] if window else []),
            latest=node.value == "latest",
            attested=True,
            undated=bool(fresh and node.within is None),
        )
        queries = tuple(
            self.plan.queries.number(query._replace(derived=one)) for one in (False, True)
        )
        older = tuple(self.plan.any_record(AnyRecord(name, derived=one)) for one in (False, True))
        return combination.MeasuredTerm((combination.VisitValues(queries, older, JUDGEMENT),))

    # --- histories --------------------------------------------------------------------------------

    def event(self, node: Event) -> StateTerm:
        """Compile whether something happened, one query for each element."""
        names = [node.event] if isinstance(node.event, str) else node.event
        ends, window = self._ends(node.within), self._span(node.within)
        parts = []
        for name in names:
            query = HistoryQuery(
                name, window, node.counts == "start", tuple(node.except_), node.grade, node.related
            )
            parts.append(
                combination.Happened(self.plan.queries.number(query), self.absent(name, ends))
            )
        found = parts[0] if len(parts) == 1 else combination.Some(tuple(parts))
        return combination.Unsettled(found) if node.asks_of_the_course else found

    def count(self, node: Count) -> StateTerm:
        """Compile whether there are at least so many."""
        query = CountQuery(
            node.count, self._span(node.within), node.at_least, node.distinct == "ingredient"
        )
        absent = self.absent(node.count, self._ends(node.within))
        return combination.Happened(self.plan.queries.number(query), absent)

    def days(self, node: Days) -> StateTerm:
        """Compile whether exposure lasted at least so many days."""
        query = ExposureDaysQuery(
            node.days, self._span(node.within), node.at_least, node.per, node.ingredients
        )
        absent = self.absent(node.days, self._ends(node.within))
        return combination.Happened(self.plan.queries.number(query), absent)

    # --- drugs ------------------------------------------------------------------------------------

    def stable(self, node: Stable) -> StateTerm:
        """Compile whether every drug being taken is stable."""
        at = self.s.edge(node.before)
        return combination.Unchanged(
            self.plan.queries.number(self._stable(node)), self.absent(node.stable, (at, at))
        )

    def _stable(self, node: Stable) -> StableDoseQuery:
        started, unchanged = (
            self.s.edge(node.before, -(length or Duration())).day
            for length in (node.started, node.unchanged)
        )
        return StableDoseQuery(node.stable, self.s.edge(node.before).day, started, unchanged)

    def daily_dose(self, node: DailyDose) -> StateTerm:
        """Compile a total daily dose, or its mean over the days before."""
        at = self.s.edge(node.on)
        low = at if node.mean_over is None else self.s.edge(node.on, -node.mean_over)
        last = at.day if node.mean_over is None else max(low.day, at.day - timedelta(days=1))
        query = DailyDoseQuery(
            node.daily_dose,
            low.day,
            last,
            Span(low.day, at.day),
            node.as_ == "prednisone",
            node.is_,
        )
        none, open_none = (_state(total_against(node.is_, 0.0, most)) for most in (0.0, None))
        return combination.DailyDoseTerm(
            self.plan.queries.number(query),
            self.plan.queries.number(query._replace(open_=True)),
            none,
            open_none,
            self.absent(node.daily_dose, (low, at)),
        )

    def not_washed_out(self, node: NotWashedOut) -> StateTerm:
        """Compile whether a drug was taken too recently."""
        name, at = node.not_washed_out, self.s.edge(node.before)
        until = _back(at.day, node.bounds[1] == ")")
        waits = tuple(
            (code, day) for code in self.plan.codes(name) for day in self._too_recent(node, code)
        )
        query: LeafQuery = HistoryQuery(name, Span(FIRST_DAY, until), washouts=waits)
        if node.exempt:
            query = self._stable(node.exempt)._replace(
                element=name,
                window=Span(FIRST_DAY, until),
                spared=node.exempt.stable,
                washouts=waits,
            )
        absent = self.absent(name, (longest_wait(node, self.s), at))
        return combination.Recent(self.plan.queries.number(query), absent)

    def _too_recent(self, node: NotWashedOut, code: str) -> list[date | None]:
        """Give the first day on which a dose of an ingredient is too recent, and None if unknown.

        Of several lengths the longest decides.
        """
        edges = [wait.edge for wait in waits_of(node, code, self.s)]
        known = [edge.day for edge in edges if edge is not None]
        first = [_on(min(known), node.bounds[0] == "(")] if known else []
        return [*first, *([None] if None in edges else [])]

    # --- the person -------------------------------------------------------------------------------

    def age(self, node: Age) -> StateTerm:
        """Compile age in completed years."""
        return combination.Aged(self.s.edge(node.age).day, node.is_.op, node.is_.number)

    def sex(self, node: Sex) -> StateTerm:
        """Compile administrative sex."""
        return combination.OfSex({"female": 1, "male": 2}[node.sex])

    # --- windows and absence ----------------------------------------------------------------------

    def _ends(self, window: Window | None) -> Ends:
        if window is None:
            return None, None
        return (
            None if window.from_ is None else self.s.edge(window.anchor, window.from_),
            None if window.to is None else self.s.edge(window.anchor, window.to),
        )

    def _span(self, window: Window | None) -> Span:
        return self._window([window] if window else [])

    def _window(self, windows: list[Window]) -> Span:
        """Give the closed days that lie in all the windows."""
        since, until = FIRST_DAY, LAST_DAY
        for window in windows:
            start, end = self._ends(window)
            if start is not None:
                since = max(since, _on(start.day, window.bounds[0] == "("))
            if end is not None:
                until = min(until, _back(end.day, window.bounds[1] == ")"))
        return Span(since, until)

    def absent(self, name: str, ends: Ends) -> StateTerm:
        """Compile what it means that nothing is recorded between two days (`absence.absent`)."""
        begin, end = (None if edge is None else edge.day for edge in ends)
        denial = HistoryQuery(name, Span(begin or FIRST_DAY, LAST_DAY), denials=True)
        denied = self.plan.queries.number(denial) if self._can(name, "denies") else None
        kind = self.element(name).kind
        told = {"consent": AnyRecord(name), "participation": AnyRecord(name, "said")}.get(kind)
        relation = self.plan.relation
        unclear = any(any(one.keys_of(name)) for one in relation.unclear)
        some = unclear or self._can(name, "unreadable")
        unreadable = AnyRecord(name, "unreadable") if some else None
        declared = kind if kind in relation.covered else ""
        return combination.Absent(
            declared,
            _number(begin),
            _number(end),
            _number(self.s.on) or 0,
            self.plan.any_record(unreadable) if unreadable and declared else None,
            denied,
            self.plan.any_record(told) if told else None,
            name in relation.unrecognised,
        )

    def _can(self, name: str, column: str) -> bool:
        return any(
            stream.has(column) and any(stream.keys_of(name))
            for stream in self.plan.relation.streams
        )


COMPILATIONS: Mapping[type[Node], Callable[[Compiler, Any], StateTerm]] = {
    AllOf: Compiler.all_of,
    AnyOf: Compiler.any_of,
    Not: Compiler.opposite,
    Compare: Compiler.measured,
    Result: Compiler.measured,
    Attested: Compiler.attested,
    Event: Compiler.event,
    Count: Compiler.count,
    Days: Compiler.days,
    Stable: Compiler.stable,
    DailyDose: Compiler.daily_dose,
    NotWashedOut: Compiler.not_washed_out,
    Age: Compiler.age,
    Sex: Compiler.sex,
}
"""How an engine is asked about each kind of node."""


def _state(truth: Any) -> int:
    return YES if truth is TRUE else NO if not truth else NO_RECORD


def _number(day: date | None) -> int | None:
    return None if day is None else (day - _EPOCH).days


def _on(day: date, one: bool) -> date:
    return step(day, Duration(0, 1)) if one else day


def _back(day: date, one: bool) -> date:
    return step(day, Duration(0, -1)) if one else day
