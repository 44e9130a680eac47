"""Every engine gives the specification's verdicts and reasons, of generated rules and people.

HYPOTHESIS_PROFILE=explore tries other ones, and more, each day.
"""

import os
from collections import Counter
from datetime import date

import pytest

from gradatim.core.truth import Truth
from gradatim.core.verdict import Reason
from tests.engines import POSTGRES, SPARK
from tests.population.asking import differences, told
from tests.population.drawing import SIZE, batch, kind_of
from tests.properties.strategies import RULES, STUDY

EXPLORES = os.environ.get("HYPOTHESIS_PROFILE") == "explore"
FIRST = date.today().toordinal() if EXPLORES else 1
BATCHES = {"duckdb": 6, "postgres": 2, "spark": 1}
MARKS = {"duckdb": [], "postgres": POSTGRES, "spark": SPARK}


def _of(engine: str) -> range:
    return range(FIRST, FIRST + BATCHES[engine] * (10 if EXPLORES else 1))


@pytest.mark.parametrize(
    ("engine", "number"),
    [pytest.param(name, number, marks=MARKS[name]) for name in BATCHES for number in _of(name)],
    indirect=["engine"],
)
def test_engine_and_specification_agree(engine, number):
    questions, people, wanted = batch(number)
    heard = told(engine, people, questions, STUDY.elements)

    found = list(differences(heard, questions, people, wanted))

    assert not found, "\n\n".join([f"{len(found)} differ", *map(str, found[:5])])


@pytest.mark.parametrize("engine", ["duckdb"], indirect=True)
def test_an_engine_that_combines_the_answers_itself_writes_the_same(engine):
    questions, people, wanted = batch(FIRST)

    alone, here = (told(engine, people, questions, STUDY.elements, one) for one in (True, False))

    assert not list(differences(alone, questions, people, wanted))
    for name in ("verdicts", "reasons", "margins"):
        one, other = (getattr(heard, name).to_pydict() for heard in (alone, here))
        assert one == other, name


def test_every_kind_verdict_and_reason_is_often_generated():
    kinds: Counter[object] = Counter()
    answers: Counter[object] = Counter()
    for number in _of("duckdb"):
        questions, people, wanted = batch(number)
        assert len(questions) == len(people) == SIZE
        for question, given in zip(questions, wanted, strict=True):
            kinds[kind_of(question.rule)] += len(given)
            answers.update(reason or truth for truth, reason in given)

    least = 0.01 * kinds.total()
    assert {kind for kind in kinds if kinds[kind] >= least} == set(RULES)
    assert {one for one in answers if answers[one] >= least} == {
        *Reason,
        Truth.FALSE,
        Truth.TRUE,
    }, answers
