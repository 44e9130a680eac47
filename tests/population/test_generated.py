"""Every engine gives the specification's verdicts and reasons, of generated rules and people.

HYPOTHESIS_PROFILE=explore tries other ones, and more, each day.
"""

import os
import re
from collections import Counter
from datetime import date

import ibis
import pytest

from gradatim.core.dates import Day
from gradatim.core.truth import Truth
from gradatim.core.verdict import Reason
from gradatim.evidence.facts import Fact, Facts, Observed
from gradatim.evidence.warehouse.base import Warehouse
from tests.engines import POSTGRES, SPARK, PostgresSchema
from tests.population.asking import Question, differences, specified, told
from tests.population.drawing import SIZE, batch, kind_of
from tests.properties.strategies import RULES, STUDY
from tests.spec.tables import RULE, anchors

EXPLORES = os.environ.get("HYPOTHESIS_PROFILE") == "explore"
FIRST = date.today().toordinal() if EXPLORES else 1
BATCHES = {"duckdb": 4, "postgres": 1, "spark": 1}
ONCE = pytest.mark.xdist_group("generated")
"""One process draws a batch and asks the specification, which takes most of the time, for all."""
MARKS = {"duckdb": [ONCE], "postgres": POSTGRES, "spark": SPARK}
MARKED = [pytest.param(name, marks=MARKS[name]) for name in MARKS]
SELF = re.compile(r'("t\d+"\."\w+") (?:=|<=|>=|<|>) \1(?!\w)')


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


@pytest.mark.postgres
@pytest.mark.xdist_group("postgres")
def test_a_role_that_may_keep_nothing_is_answered_the_same(postgres_server):
    """Without the right to make temporary tables each step is worked out again in the next."""
    onlooker = PostgresSchema(postgres_server, role="onlooker")
    questions, people, wanted = batch(FIRST)
    try:
        heard = told(onlooker, people, questions, STUDY.elements)
        assert not list(differences(heard, questions, people, wanted))
    finally:
        onlooker.close()


@ONCE
@pytest.mark.parametrize("engine", ["duckdb"], indirect=True)
def test_an_engine_that_combines_the_answers_itself_writes_the_same(engine):
    questions, people, wanted = batch(FIRST)

    alone, here = (told(engine, people, questions, STUDY.elements, one) for one in (True, False))

    assert not list(differences(alone, questions, people, wanted))
    for name in ("verdicts", "reasons", "margins"):
        one, other = (getattr(heard, name).to_pydict() for heard in (alone, here))
        assert one == other, name


@ONCE
@pytest.mark.parametrize("engine", ["duckdb"], indirect=True)
def test_no_column_is_compared_with_itself(engine, monkeypatch):
    """What is written as two columns may reach the engine as one, and then is always true.

    In a join Ibis takes an expression over one side for the column of the other side that is
    computed alike. The doses of two records were not compared for that reason.
    """
    sent: list[str] = []
    keep, fetch = Warehouse.keep, Warehouse.fetch

    def kept(self, expr, name):
        sent.append(str(ibis.to_sql(expr, dialect="duckdb")))
        return keep(self, expr, name)

    def fetched(self, expr):
        sent.append(str(ibis.to_sql(expr, dialect="duckdb")))
        return fetch(self, expr)

    monkeypatch.setattr(Warehouse, "keep", kept)
    monkeypatch.setattr(Warehouse, "fetch", fetched)
    questions, people, _ = batch(FIRST)

    told(engine, people, questions, STUDY.elements)

    assert sum("JOIN" in one for one in sent) > 5
    assert {found[0] for one in sent for found in SELF.finditer(one)} == set()


DAY_OF_DOSE = date(2026, 11, 16)
LARGER = Fact(
    "nsaid",
    "nsaid/0",
    Day(date(2020, 2, 1), date(2020, 2, 29)),
    Day(DAY_OF_DOSE, DAY_OF_DOSE),
    value=10.0,
    unit="mg/d",
    code="ibuprofen",
    doubtful="unconfirmed",
    most=20.0,
)
NEXT = LARGER._replace(
    id="nsaid/1",
    start=Day(DAY_OF_DOSE, DAY_OF_DOSE),
    end=Day(DAY_OF_DOSE, date.max),
    doubtful="",
    most=None,
)


@pytest.mark.parametrize("engine", [*MARKED], indirect=True)
@pytest.mark.parametrize("other", [{}, {"most": 15.0}, {"value": 12.0, "most": None}])
def test_only_a_record_of_the_same_dose_takes_over(engine, other):
    """Another dose that may end on the day is added: the total is not known to be the one."""
    rule = RULE.validate_python({"daily_dose": "nsaid", "on": "first_dose", "is": "= 10 mg/d"})
    person = Facts(
        "p1",
        by_element={"nsaid": (LARGER._replace(**other), NEXT)},
        coverage={"exposure": Observed(None, None)},
    )
    question = Question(STUDY, rule, anchors({}), DAY_OF_DOSE)
    wanted = specified([question], [person])

    heard = told(engine, [person], [question], STUDY.elements)

    assert wanted == [[(Truth.UNKNOWN, Reason.PARTIAL_DATE)]]
    assert not list(differences(heard, [question], [person], wanted))


@ONCE
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
