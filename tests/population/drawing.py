"""Batches of generated rules and people: each rule of a batch is asked of everybody in it.

Hypothesis draws rules, and people who go with them, as everywhere in these tests. Here the rest of
each person is drawn too, so that every rule finds something of everybody.
"""

from datetime import date, timedelta
from functools import cache
from itertools import cycle, islice
from random import Random
from typing import Any, NamedTuple, TypeVar

from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from gradatim.core.dates import Day, parse_day
from gradatim.core.quantity import Quantity
from gradatim.evidence.facts import Fact, Facts, NotUsed, Observed
from gradatim.protocol.nodes import Node
from tests.population.asking import Answer, Question, renumbered, specified
from tests.properties.strategies import (
    DATES,
    DOSE,
    RULES,
    STUDY,
    UNITS,
    Case,
    cases,
    some_facts,
    with_,
)

SIZE = 50
"""Rules in a batch, and people."""
AGAINST_NORMAL = "compare with a limit of normal"
RULES_OF_A_BATCH = {
    **dict.fromkeys(RULES, 2),
    "compare": 6,
    AGAINST_NORMAL: 6,
    "result": 6,
    "attested": 4,
    "not_washed_out": 4,
    "daily_dose": 3,
    "days": 3,
    "count": 3,
    "event": 3,
}
"""Kinds with reasons of their own are asked more often, so that each of these occurs."""
T = TypeVar("T")


class Batch(NamedTuple):
    """Questions, people, and what the specification answers: of each question for everybody."""

    questions: list[Question]
    people: list[Facts]
    wanted: list[list[Answer]]


def drawn(strategy: st.SearchStrategy[T], count: int, number: int) -> list[T]:
    """Draw some, the same for the same number; fewer differ where there are no more."""
    found: list[T] = []

    @seed(number)
    @settings(
        max_examples=count,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def collect(one: T) -> None:
        found.append(one)

    collect()
    return list(islice(cycle(found), count))


# --- people ---------------------------------------------------------------------------------------

RECENT = st.dates(DOSE - timedelta(days=30), DOSE)
FAULTS = ["two of a day", "two of a day", "old", ""]


@st.composite
def readings(draw: st.DrawFn, name: str) -> tuple[Fact, ...]:
    """Give values of exact days around the visits; often with something wrong."""
    facts = [_on(one, one.start.first) for one in draw(some_facts(name, RECENT, least=2))]
    fault = draw(st.sampled_from(FAULTS))
    if fault == "two of a day":
        first, second, *_ = (_on(one, facts[0].start.first) for one in facts)
        return _saying(first, "negative", 1.0), _saying(second, "positive", 100.0)
    if fault == "old":
        return tuple(_on(one, date(2023, 1, 9)) for one in facts)
    return tuple(facts)


def reported(name: str, facts: tuple[Fact, ...], **how: Any) -> tuple[Fact, ...]:
    """Return values as a laboratory reported them a week before, in a certain manner."""
    day = DOSE - timedelta(days=7)
    return tuple(with_(_on(one, day), bound="", **how) for one in facts)


def _on(fact: Fact, day: date) -> Fact:
    exact: Day = parse_day(day.isoformat())
    return with_(fact, start=exact, end=exact)


def _saying(fact: Fact, code: str, value: float) -> Fact:
    if STUDY.elements[fact.element].kind == "answer":
        return with_(fact, code={"positive": "true", "negative": "false"}[code], doubtful="")
    if fact.element not in UNITS:
        return with_(fact, code=code)
    unit = UNITS[fact.element][0]
    return with_(fact, value=value, unit=unit, bound="", high=Quantity(1.2, unit))


def of_element(name: str) -> st.SearchStrategy[tuple[Fact, ...]]:
    """Give what is recorded of an element."""
    if STUDY.elements[name].kind not in ("measurement", "answer"):
        return some_facts(name, DATES)
    return st.one_of(some_facts(name, DATES), *[readings(name)] * 4)


def _completed(case: Case, recorded: dict[str, list[tuple[Fact, ...]]], chance: Random) -> Facts:
    """Give the person of a case with something recorded of every other element."""
    one = case.situation.facts
    rest = {name: chance.choice(some) for name, some in recorded.items()}
    # Drawn here, because how often Hypothesis draws something differs from run to run: it draws
    # also from the constants of whatever modules have been imported.
    for name in UNITS:
        how = chance.choice([{"unit": "oddity"}, {"high": None}, None, None, None])
        if name in rest and how is not None:
            limit = {"high": Quantity(1.2, UNITS[name][0])}
            rest[name] = reported(name, rest[name], **limit | how)
    asked = {name: facts for name, facts in one.by_element.items() if facts}
    coverage = chance.choice([one.coverage, EVERYTHING])
    unreadable = tuple(
        NotUsed(f"{name}/x", "unreadable", (name,))
        for name in STUDY.elements
        if chance.random() < 0.15
    )
    return Facts("", one.birth, one.sex, {**rest, **asked}, coverage, unreadable)


EVERYTHING = dict.fromkeys(("condition", "exposure", "procedure"), Observed())


# --- batches --------------------------------------------------------------------------------------


def _of_kind(kind: str, number: int) -> list[Case]:
    strategy = cases("compare" if kind == AGAINST_NORMAL else kind)
    if kind == AGAINST_NORMAL:
        strategy = strategy.filter(lambda case: _against_normal(case.rule))
    return drawn(strategy, RULES_OF_A_BATCH[kind], number)


def _against_normal(rule: Any) -> bool:
    return bool(rule.is_.times)


@cache
def batch(number: int) -> Batch:
    """Give the batch of that number, always the same."""
    chance = Random(number)
    found = [case for kind in RULES_OF_A_BATCH for case in _of_kind(kind, number)]
    recorded = {name: drawn(of_element(name), 30, number) for name in STUDY.elements}
    questions = [
        Question(STUDY, one.rule, one.situation.anchors, one.situation.on) for one in found
    ]
    people = renumbered(_completed(one, recorded, chance) for one in found)
    return Batch(questions, people, specified(questions, people))


def kind_of(rule: Node) -> str:
    """Give the name of a rule's outermost node, as it is written."""
    written = rule.model_dump(by_alias=True)
    return next(kind for kind in RULES if kind in written)


__all__ = ["SIZE", "Batch", "batch", "drawn", "kind_of"]
