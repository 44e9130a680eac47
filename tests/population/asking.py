"""Ask an engine and the specification the same, and list where they differ."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple

import pyarrow as pa

from gradatim.core.truth import Truth
from gradatim.core.verdict import Reason
from gradatim.evidence.fact_table_writer import tabulate
from gradatim.evidence.facts import Facts
from gradatim.evidence.warehouse.base import Warehouse
from gradatim.protocol.elements import Element
from gradatim.protocol.nodes import Node
from gradatim.protocol.study import Study
from gradatim.rules.context import Situation
from gradatim.rules.population.answers import ask
from gradatim.rules.population.plan import Plan
from gradatim.screening.feasibility.reasons import REASONS
from gradatim.screening.prescreen.in_engine import EngineSide
from gradatim.screening.prescreen.output_tables import Compiled, VerdictColumn, tables
from gradatim.screening.prescreen.verify import expected
from tests.engines import Engine

Answer = tuple[Truth, Reason | None]


class Question(NamedTuple):
    """A rule, and when it is asked."""

    study: Study
    rule: Node
    anchors: Mapping[str, date]
    on: date

    def of(self, one: Facts) -> Situation:
        """Ask it of a person."""
        return Situation(self.study, one, self.anchors, self.on)


class Told(NamedTuple):
    """What an engine answers, as a run writes it; the columns are those of `name_of`."""

    protocol: Compiled
    verdicts: pa.Table
    reasons: pa.Table
    margins: pa.Table

    def answers(self, number: int) -> list[Answer]:
        """Give everybody's answers to the question of that number."""
        name = name_of(number)
        both = zip(self.verdicts[name].to_pylist(), self.reasons[name].to_pylist(), strict=True)
        return [(Truth(truth), REASONS.get(reason)) for truth, reason in both]


def name_of(number: int) -> str:
    """Name the column of a question."""
    return f"q{number}"


# --- asking ---------------------------------------------------------------------------------------


def told(
    engine: Engine,
    people: Sequence[Facts],
    questions: Sequence[Question],
    elements: Mapping[str, Element],
    in_engine: bool | None = None,
) -> Told:
    """Ask an engine, in one plan, the questions of people with identifiers in ascending order.

    Args:
        engine: the engine.
        people: the people.
        questions: the questions, each asked of everybody.
        elements: every element that a question or a fact is about.
        in_engine: whether the engine combines the answers itself; None: as in a real run, where
            Spark does.
    """
    tables = tabulate(people, elements)
    engine.load("persons", tables.persons)
    engine.load("facts", tables.facts)
    warehouse = engine.open()
    plan = Plan(tables.relation(lambda name, _: _there(warehouse.table(name))))
    protocol = _compiled(plan, questions)
    alone = warehouse.engine == "spark" if in_engine is None else in_engine
    found = (_by_engine if alone else _by_arrays)(warehouse, protocol, elements)
    for table in found:
        assert table["person_id"].to_pylist() == [one.person for one in people]
    return Told(protocol, *found)


def _there(table: Any) -> Any:
    assert table is not None
    return table


def _compiled(plan: Plan, questions: Sequence[Question]) -> Compiled:
    """Compile questions as if each were a criterion of one protocol."""
    criterion = questions[0].study.criteria[0]
    columns = tuple(
        VerdictColumn(name_of(n), criterion, one.rule, True) for n, one in enumerate(questions)
    )
    terms = tuple(plan.of(one.study, one.anchors, one.on).term(one.rule) for one in questions)
    return Compiled("asked", columns, terms, plan)


def _by_arrays(
    warehouse: Warehouse, protocol: Compiled, elements: Mapping[str, Element]
) -> tuple[pa.Table, ...]:
    plan, keep = protocol.plan, warehouse.keep
    found, _ = ask(plan, elements, plan.relation, warehouse.fetch, keep, lambda _: None)
    return tuple(tables(protocol, found).values())


def _by_engine(
    warehouse: Warehouse, protocol: Compiled, elements: Mapping[str, Element]
) -> tuple[pa.Table, ...]:
    side = EngineSide(protocol.plan, elements, [protocol], warehouse.keep)
    return tuple(warehouse.fetch(table) for table in side.tables(protocol).values())


# --- comparing ------------------------------------------------------------------------------------


def specified(questions: Sequence[Question], people: Sequence[Facts]) -> list[list[Answer]]:
    """Give the specification's answers: of each question those of everybody."""
    return [[expected(one.rule, one.of(person)) for person in people] for one in questions]


class Difference(NamedTuple):
    """A question that an engine answers otherwise than the specification."""

    question: Question
    one: Facts
    want: Answer
    got: Answer

    def __str__(self) -> str:
        """Say it so that it can be made a test of its own."""
        rule = self.question.rule
        facts = [fact for name in sorted(rule.elements()) for fact in self.one.of(name)]
        return "\n  ".join(
            [
                f"{self.one.person}: the specification says {self.want}, the engine {self.got}",
                rule.model_dump_json(by_alias=True, exclude_defaults=True),
                f"{dict(self.question.anchors)} on {self.question.on}",
                f"{self.one.birth} {self.one.sex!r} {self.one.coverage} {self.one.not_used}",
                *map(str, facts),
            ]
        )


def differences(
    heard: Told,
    questions: Sequence[Question],
    people: Sequence[Facts],
    wanted: Sequence[Sequence[Answer]],
) -> Iterator[Difference]:
    """Give every difference, question by question."""
    for number, question in enumerate(questions):
        for one, got, want in zip(people, heard.answers(number), wanted[number], strict=True):
            if got != want:
                yield Difference(question, one, want, got)


def renumbered(people: Iterable[Facts]) -> list[Facts]:
    """Give people identifiers of their own, in ascending order."""
    return [
        Facts(f"p{n:05}", one.birth, one.sex, one.by_element, one.coverage, one.not_used)
        for n, one in enumerate(people)
    ]
