"""Generated rules asked of generated people: what must hold whatever is asked of whomever."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st

from gradatim.core.dates import ANY_DAY, Day, on
from gradatim.core.quantity import Quantity
from gradatim.core.truth import UNKNOWN, Truth, all_of, any_of
from gradatim.core.verdict import Verdict
from gradatim.evidence.facts import Fact, Facts, Observed
from gradatim.protocol.elements import COVERABLE
from gradatim.protocol.nodes import (
    NODE_KINDS,
    AllOf,
    AnyOf,
    Event,
    Measured,
    Node,
    Not,
    NotWashedOut,
    kind_of,
)
from gradatim.rules.context import Situation
from gradatim.rules.describe import describe
from gradatim.rules.evaluate import evaluate
from tests.properties.strategies import (
    DATES,
    RULES,
    STUDY,
    WILD,
    Case,
    cases,
    fresh,
    named,
    some_facts,
    with_,
)

EVERY_KIND = pytest.mark.parametrize("kind", NODE_KINDS)
MANY = settings(max_examples=settings().max_examples // 3, suppress_health_check=list(HealthCheck))


# --- the generators themselves --------------------------------------------------------------------


def test_rules_of_every_kind_are_generated() -> None:
    """A new kind of node cannot be forgotten here."""
    assert set(RULES) == set(NODE_KINDS)


@EVERY_KIND
@pytest.mark.parametrize("truth", Truth)
def test_generated_rules_come_out_every_way(kind: str, truth: Truth) -> None:
    """Of every kind there are people for whom a rule is TRUE, FALSE and UNKNOWN."""
    wanted = settings(max_examples=5000, database=None, phases=[Phase.generate])
    found = find(cases(kind), lambda one: evaluate(*one).truth is truth, settings=wanted)
    assert kind_of(found.rule) == kind


# --- what holds of every verdict ------------------------------------------------------------------


@EVERY_KIND
@given(data=st.data())
@MANY
def test_nothing_raises(kind: str, data: st.DataObject) -> None:
    """Whatever is recorded, on whatever day, a rule has a truth and words."""
    rule, s = data.draw(cases(kind, WILD))
    assert evaluate(rule, s).truth in Truth
    assert describe(rule, s.study)


def nodes(rule: Node, verdict: Verdict) -> Iterator[tuple[Node, Verdict]]:
    """Give each rule inside a rule with its verdict."""
    yield rule, verdict
    if isinstance(rule, AllOf | AnyOf | Not):
        parts = (
            rule.all
            if isinstance(rule, AllOf)
            else rule.any
            if isinstance(rule, AnyOf)
            else [rule.not_]
        )
        for part, child in zip(parts, verdict.children, strict=True):
            yield from nodes(part, child)


@EVERY_KIND
@given(data=st.data())
@MANY
def test_a_verdict_follows_from_its_children_and_names_what_decides_it(
    kind: str, data: st.DataObject
) -> None:
    """Some leaf settles it or leaves it open; one that leaves it open says why and about what."""
    rule, s = data.draw(cases(kind))
    verdict = evaluate(rule, s)
    follows(rule, verdict)
    deciding = list(verdict.deciding())
    assert any(leaf.text for leaf in deciding)
    for leaf in deciding:
        assert (leaf.reason is None) is (leaf.truth is not UNKNOWN)
        assert leaf.truth is not UNKNOWN or leaf.element is not None
    assert (verdict.truth is UNKNOWN) is any(leaf.truth is UNKNOWN for leaf in deciding)


def follows(rule: Node, verdict: Verdict) -> None:
    """Check that conjunctions, disjunctions and negations have the truth of their parts."""
    for part, found in nodes(rule, verdict):
        truths = [child.truth for child in found.children]
        if isinstance(part, AllOf):
            assert found.truth is all_of(truths)
        if isinstance(part, AnyOf):
            assert found.truth is any_of(truths)
        if isinstance(part, Not):
            assert [~found.truth] == truths


# --- what does not matter -------------------------------------------------------------------------


@EVERY_KIND
@given(data=st.data())
@MANY
def test_elements_a_rule_does_not_name_change_nothing(kind: str, data: st.DataObject) -> None:
    """Not the truth, not the words, not the evidence."""
    rule, s = data.draw(cases(kind))
    others = sorted(set(STUDY.elements) - named(rule))
    added = data.draw(st.lists(st.sampled_from(others), max_size=3, unique=True))
    more = {name: data.draw(some_facts(name, DATES, least=1)) for name in added}
    facts = replace(s.facts, by_element={**s.facts.by_element, **more})
    assert evaluate(rule, fresh(s, facts)) == evaluate(rule, s)


# --- what was not known and becomes known ---------------------------------------------------------


@EVERY_KIND
@given(data=st.data())
@settings(MANY, max_examples=settings().max_examples)
def test_filling_in_what_was_not_known_overturns_nothing(kind: str, data: st.DataObject) -> None:
    """A TRUE or FALSE verdict stays what it was, however the gaps turn out.

    Filling in is: a date of birth or a sex; the day of a partial date; a number, code, reference
    limit or grade that a record lacked; settling a doubtful record; records of an element that had
    none where their absence meant nothing; declaring a source exhaustive, or for longer.

    Two nodes answer on what there is by design: `across: available`, and those with exceptions.
    """
    rule, s = data.draw(cases(kind))
    facts, before = s.facts, evaluate(rule, s).truth
    if any(isinstance(leaf, Measured) and leaf.across == "available" for leaf in rule.leaves()):
        return
    for _ in range(data.draw(st.integers(1, 4))):
        fill = data.draw(st.sampled_from([_person, _dates, _parts, _records, _coverage]))
        facts = fill(data, rule, facts)
    after = evaluate(rule, fresh(s, facts)).truth
    assert before in (UNKNOWN, after)


def _inside(data: st.DataObject, day: Day) -> Day:
    """Give one of the days a partial date may be."""
    dates = st.dates(max(day.first, date(1900, 1, 1)), min(day.last, date(2100, 1, 1)))
    return on(data.draw(dates)) if day.first.year < 2100 else day


def _person(data: st.DataObject, rule: Node, facts: Facts) -> Facts:
    sex = facts.sex or data.draw(st.sampled_from(["female", "male"]))
    birth = facts.birth
    if birth == ANY_DAY:
        birth = Day(date(1930, 1, 1), date(2009, 12, 31))
    return replace(facts, birth=_inside(data, birth), sex=sex)


def _inputs() -> set[str]:
    derived = [one.derived for one in STUDY.elements.values() if one.derived]
    return {name for one in derived for name in one.inputs.values()}


def _dates(data: st.DataObject, rule: Node, facts: Facts) -> Facts:
    """Complete partial dates; values to compute with belong to one day only if it is written so."""
    return _each(facts, lambda fact: fact if fact.element in _inputs() else _dated(data, fact))


def _dated(data: st.DataObject, fact: Fact) -> Fact:
    start = _inside(data, fact.start)
    if fact.start == fact.end:
        return with_(fact, start=start, end=start)
    last = fact.end.last
    if last < start.first:  # the parts of a period contradict each other
        return fact
    end = fact.end if fact.end.exact else _inside(data, Day(max(start.first, fact.end.first), last))
    return with_(fact, start=start, end=end)


def _parts(data: st.DataObject, rule: Node, facts: Facts) -> Facts:
    return _each(facts, lambda fact: _completed(data, fact))


def _completed(data: st.DataObject, fact: Fact) -> Fact:
    changed: dict[str, Any] = {"doubtful": ""}
    if fact.value is None and fact.unit:
        changed["value"] = data.draw(st.sampled_from([0.0, 5.0, 10.0, 60.0]))
    if fact.high is None and fact.unit:
        changed["high"] = Quantity(data.draw(st.sampled_from([1.2, 40])), fact.unit)
    kind = STUDY.elements[fact.element].kind
    if kind == "adverse_event" and fact.code != "false":
        changed["value"] = (
            data.draw(st.sampled_from([2.0, 3.0])) if fact.value is None else (fact.value)
        )
        changed["method"] = fact.method or data.draw(st.sampled_from(["possible", "unrelated"]))
    if kind == "answer" and fact.code not in ("true", "false"):
        changed["code"] = data.draw(st.sampled_from(["true", "false"]))
    if fact.element == "hbsag" and fact.code not in ("positive", "negative"):
        changed["code"] = data.draw(st.sampled_from(["positive", "negative"]))
    return with_(fact, **changed)


def _each(facts: Facts, change: Any) -> Facts:
    by_element = {name: tuple(map(change, some)) for name, some in facts.by_element.items()}
    return replace(facts, by_element=by_element)


def _records(data: st.DataObject, rule: Node, facts: Facts) -> Facts:
    """Record something of an element that had nothing, where that nothing said nothing."""
    spared = {name for leaf in rule.leaves() for name in _spared(leaf)}
    empty = [
        name
        for name in sorted(named(rule))
        if not facts.of(name)
        and name not in spared
        and not STUDY.elements[name].derived
        and STUDY.elements[name].kind not in facts.coverage
    ]
    if not empty:
        return facts
    name = data.draw(st.sampled_from(empty))
    more = data.draw(some_facts(name, DATES))
    return replace(facts, by_element={**facts.by_element, name: more})


def _spared(leaf: Node) -> list[str]:
    if isinstance(leaf, Event):
        return leaf.except_
    return [leaf.exempt.stable] if isinstance(leaf, NotWashedOut) and leaf.exempt else []


def _coverage(data: st.DataObject, rule: Node, facts: Facts) -> Facts:
    kind = data.draw(st.sampled_from(COVERABLE))
    since, until = facts.coverage.get(kind, (date(2021, 6, 1), date(2026, 6, 1)))
    since = since and data.draw(st.sampled_from([since, since - timedelta(days=400), None]))
    until = until and data.draw(st.sampled_from([until, until + timedelta(days=400), None]))
    return replace(facts, coverage={**facts.coverage, kind: Observed(since, until)})


def test_filling_in_is_not_always_idle() -> None:
    """Some gap, filled in, settles what was UNKNOWN."""

    def settles(case: Case) -> bool:
        rule, s = case
        told = replace(s.facts, sex="female")
        return evaluate(rule, s).truth is UNKNOWN is not evaluate(rule, fresh(s, told)).truth

    found = find(cases("sex"), settles, settings=settings(database=None))
    assert isinstance(found.situation, Situation)
