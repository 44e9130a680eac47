"""Margins by brute force: how far a limit can move before the specification's verdict flips."""

from collections.abc import Iterator
from typing import TypeVar

import pytest

from gradatim.core.truth import FALSE, TRUE
from gradatim.protocol.base import Limit, Model
from gradatim.protocol.load import load
from gradatim.rules.context import Situation
from gradatim.rules.evaluate import evaluate
from gradatim.screening.prescreen.warehouse import OmopPopulation
from tests.population.warehouses import ON, OPTIONS, opened, people, request, run, written

STUDY = load("nct05962762").study
ONE_LIMIT = ["E11b1", "E11b2", "E11c1", "E11c2", "E11d"]
Part = TypeVar("Part", bound=Model)


def moved(rule: Part, by: float) -> Part:
    """Give a rule with every limit so much larger or smaller, in proportion."""
    changed: dict[str, object] = {}
    for name, value in rule:
        if isinstance(value, Limit):
            changed[name] = value._replace(number=value.number * (1 + by))
        elif isinstance(value, Model):
            changed[name] = moved(value, by)
        elif isinstance(value, list):
            changed[name] = [moved(one, by) if isinstance(one, Model) else one for one in value]
    return rule.model_copy(update=changed)


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory):
    """The margins of a run, and the facts of its people."""
    folder = tmp_path_factory.mktemp("omop")
    with opened(people(folder / "people", 300)) as warehouse:
        run(warehouse, folder / "run", sample=5)
        population = OmopPopulation(warehouse, OPTIONS)
        population.examine(STUDY)
        found = written(folder / "run")["margins"]
        facts = {one.person: one for one in population.facts(found["person_id"])}
    return found, facts


def finite(margins: dict[str, list[float | None]], id: str) -> Iterator[tuple[str, float]]:
    for person, margin in zip(margins["person_id"], margins[id], strict=True):
        if margin is not None and 1e-4 < abs(margin) < 50:
            yield str(person), margin


@pytest.mark.parametrize("id", ONE_LIMIT)
def test_moving_the_limits_past_the_margin_flips_the_verdict_and_less_does_not(id, told):
    margins, facts = told
    rule = next(one.rule for one in STUDY.criteria if one.id == id)
    anchors = request(load("nct05962762")).anchors[0]
    seen = set()
    for person, margin in list(finite(margins, id))[:40]:
        situation = Situation(STUDY, facts[person], anchors, ON)
        before = evaluate(rule, situation).truth
        seen.add(before)
        assert before in (TRUE, FALSE)
        assert evaluate(moved(rule, margin * 0.999), situation).truth is before, (person, margin)
        assert evaluate(moved(rule, margin * 1.001), situation).truth is not before, person
    assert seen == {TRUE, FALSE}


def test_whether_age_lies_within_both_limits(told):
    margins, facts = told
    anchors = request(load("nct05962762")).anchors[0]
    rule = next(one.rule for one in STUDY.criteria if one.id == "I0")
    for person, margin in list(finite(margins, "I0:age:18"))[:40]:
        age = round(18 * (1 + margin))
        situation = Situation(STUDY, facts[person], anchors, ON)
        assert situation.facts.birth.first.year in (ON.year - age, ON.year - age - 1)
        assert (evaluate(rule, situation).truth is TRUE) == (18 <= age <= 65)
