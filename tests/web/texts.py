"""The messages that rules, screening and reports can make: of tables, generated rules, people.

Each is given with the study that it speaks of.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple

from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st

from gradatim.core.message import Text as Words
from gradatim.core.verdict import Verdict
from gradatim.evidence.facts import Facts
from gradatim.protocol.nodes import NODE_KINDS
from gradatim.protocol.study import Study
from gradatim.reports.eligibility import sheet
from gradatim.rules.context import Situation
from gradatim.rules.evaluate import evaluate
from gradatim.screening.assess import Eligibility
from tests.properties.strategies import cases
from tests.spec.tables import ROWS
from tests.trials.worked import Trial

TRIALS = ("nct05962762", "example_oncology_tablet")
EACH = 4
"""Of how many worked people one is also asked about without each thing that is known."""
MADE_UP = ("unsigned",)
"""A doubt that only a table's row has: no source of evidence says so."""


class Text(NamedTuple):
    """A message, and whose labels it has."""

    message: Words
    study: Study


def clauses(verdict: Verdict, study: Study) -> Iterator[Text]:
    """Give the messages of a verdict and of all that it was made from."""
    if verdict.message and not any(one in verdict.text for one in MADE_UP):
        yield Text(verdict.message, study)
    for child in verdict.children:
        yield from clauses(child, study)


def of_tables() -> Iterator[Text]:
    """Give what the specification of the rule language says."""
    for row in ROWS:
        s = row.situation()
        yield from clauses(evaluate(row.rule, s), s.study)


def of_generated(examples: int) -> Iterator[Text]:
    """Give what generated rules of every kind say of generated people; the same every time."""
    found: list[Text] = []

    @seed(1)
    @settings(
        max_examples=examples,
        database=None,
        deadline=None,
        derandomize=False,
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def collect(data: st.DataObject) -> None:
        case = data.draw(st.sampled_from(NODE_KINDS).flatmap(cases))
        found.extend(clauses(evaluate(case.rule, case.situation), case.situation.study))

    collect()
    yield from found


def of_people(name: str) -> Iterator[Text]:
    """Give what is said of a trial's worked people, and of each without one thing known of them."""
    trial = Trial(name)
    study = trial.study
    rules = [
        rule
        for one in study.criteria
        for other in one.alternatives
        for rule in (other.rule, *other.also.values())
    ]
    rules += [one.rule for one in study.criteria]
    for number, case in enumerate(trial.cases.cases):
        facts, one = trial.facts(case), trial.assess(case)
        yield from of_sheet(study, one, facts)
        for fewer in without_one(facts) if number % EACH == 0 else (facts,):
            s = Situation(study, fewer, one.anchors, one.on)
            for rule in rules:
                yield from clauses(evaluate(rule, s), study)


def without_one(facts: Facts) -> Iterator[Facts]:
    """Give a person as known, then without each thing that is known of them."""
    yield facts
    yield replace(facts, coverage={})
    for name in facts.by_element:
        yield replace(facts, by_element={**facts.by_element, name: ()})


def of_sheet(study: Study, one: Eligibility, facts: Facts) -> Iterator[Text]:
    """Give what an eligibility sheet says beside its verdicts."""
    shown = sheet(study, one, facts)
    yield Text(shown["headline"], study)
    yield Text(shown["next_words"], study)
    for line in shown["lines"]:
        yield from (Text(clause, study) for clause in line.because)
        for record in line.records:
            yield Text(record.value, study)
            yield Text(record.when, study)
            yield Text(record.limits, study)
