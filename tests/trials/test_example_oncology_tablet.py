"""The second trial: sound, wholly made up, unlike the first, and judged as its cases say."""

from collections.abc import Iterator

import pytest

from gradatim.core.truth import FALSE, TRUE
from gradatim.protocol.base import Basis, Model, Sourced
from gradatim.protocol.load import bundled, load
from gradatim.protocol.nodes import Compare, Measured, Node, kind_of
from gradatim.protocol.references import rules_of
from gradatim.rules.context import Situation
from gradatim.rules.derive import derived
from gradatim.rules.lint import lint
from gradatim.synthetic.cases import Case
from tests.trials.worked import Trial

NAME = "example_oncology_tablet"
TRIAL = Trial(NAME)


def test_the_document_has_no_fault() -> None:
    """Lint finds nothing, not even a warning."""
    assert lint(TRIAL.study) == []


@pytest.mark.parametrize("case", TRIAL.cases.cases, ids=lambda case: case.id)
def test_a_worked_participant(case: Case) -> None:
    """The verdicts are those worked out by hand, by way of a FHIR Bundle."""
    assert list(TRIAL.differences(case)) == []


@pytest.mark.parametrize("case", TRIAL.cases.cases, ids=lambda case: case.id)
def test_every_record_of_a_participant_is_used(case: Case) -> None:
    """What was written is read back, but for what the case itself says is not used."""
    assert {one.id for one in TRIAL.facts(case).not_used} == set(case.expect.not_used)


def test_every_criterion_is_worked_on_both_sides() -> None:
    """Each criterion has a participant for whom it is true and one for whom it is false."""
    seen = {(id, truth) for case in TRIAL.cases.cases for id, truth in case.expect.truth.items()}
    wanted = {(one.id, truth) for one in TRIAL.study.criteria for truth in (TRUE, FALSE)}
    assert wanted - seen == set()


def test_every_alternative_reading_changes_a_verdict() -> None:
    """Each alternative has a participant who is judged otherwise under it."""
    changed = {
        (id, name)
        for case in TRIAL.cases.cases
        for id, name in case.readings.items()
        if case.default and case.default.truth[id] is not case.expect.truth[id]
    }
    alternatives = {
        (one.id, other.name) for one in TRIAL.study.criteria for other in one.alternatives
    }
    assert changed == alternatives


def test_it_says_that_it_is_no_real_trial() -> None:
    """The title, a note and the README say so, and nobody is named as its sponsor."""
    study = TRIAL.study.study
    readme = bundled()[NAME].with_name("README.md").read_text(encoding="utf-8")
    for text in (study.title, study.phase.note, readme):
        assert "illustrative; no such trial is registered" in text.lower()
    assert study.sponsor is None


def test_nothing_in_it_is_settled() -> None:
    """There is no record, so that nothing can be stated in one; some codes are from memory."""
    assert {one.basis for one in _sourced(TRIAL.study)} == {Basis.ASSUMED, Basis.UNVERIFIED}
    assert {one.basis for one in TRIAL.study.criteria} == {Basis.ASSUMED}


def test_the_design() -> None:
    """Five levels in mg, BOIN with a target of 25 in 100, and a window of 28 days."""
    study = TRIAL.study
    levels = [(level.dose, level.unit) for level in study.treatment.dose_levels]
    assert levels == [(20, "mg"), (40, "mg"), (80, "mg"), (120, "mg"), (160, "mg")]
    escalation = study.safety.escalation
    assert (escalation.design, escalation.target_toxicity) == ("boin", 0.25)
    assert (escalation.cohort_size, escalation.maximum_participants) == (3, 30)
    window = study.safety.dose_limiting_toxicity.window
    assert window.from_
    assert window.to
    assert window.to.days - window.from_.days + 1 == 28
    assert window.bounds == "[]"


@pytest.mark.parametrize(
    ("qt", "rr", "expected"),
    [(470, 1.0, 470.0), (360, 0.512, 450.0), (414, 0.729, 460.0), (440, 1.331, 400.0)],
)
def test_qtcf_by_fridericia(qt: float, rr: float, expected: float) -> None:
    """QT divided by the cube root of RR in seconds, which here is 1, 0.8, 0.9 and 1.1."""
    (found,) = derived(_recorded(qt_interval=qt, heart_rate=60 / rr), "qtcf")
    assert found.value == pytest.approx(expected, rel=1e-12)
    assert found.unit == "ms"


@pytest.mark.parametrize(
    ("sex", "weight", "creatinine", "expected"),
    [("male", 72.0, 1.0, 78.0), ("female", 72.0, 1.0, 66.3), ("male", 60.0, 2.0, 32.5)],
)
def test_creatinine_clearance(sex: str, weight: float, creatinine: float, expected: float) -> None:
    """At 62 years: 78 x weight / (72 x creatinine), and 0.85 of that in women."""
    s = _recorded(sex, body_weight=weight, creatinine=creatinine)
    (found,) = derived(s, "creatinine_clearance")
    assert found.value == pytest.approx(expected, rel=1e-12)


def test_it_is_unlike_the_first_trial() -> None:
    """Other anchors, design, levels and criteria; nothing of the first is needed."""
    ours, first = TRIAL.study, load("nct05962762").study
    assert set(ours.schedule.anchors) != set(first.schedule.anchors)
    assert ours.safety.escalation.design != first.safety.escalation.design
    assert len(ours.treatment.dose_levels) != len(first.treatment.dose_levels)
    assert {one.text for one in ours.criteria}.isdisjoint(one.text for one in first.criteria)


def test_it_uses_most_of_the_rule_language() -> None:
    """What the first trial leaves out is asked here."""
    rules = [rule for _, rule in rules_of(TRIAL.study)]
    kinds = {kind_of(node) for rule in rules for node in _nodes(rule)}
    assert {
        "all",
        "any",
        "not",
        "compare",
        "result",
        "attested",
        "age",
        "sex",
        "event",
        "count",
        "daily_dose",
        "not_washed_out",
    } <= kinds
    found = [leaf for rule in rules for leaf in rule.leaves()]
    assert {leaf.across for leaf in found if isinstance(leaf, Measured)} == {
        "some",
        "every",
        "available",
    }
    assert {leaf.value for leaf in found if isinstance(leaf, Measured)} == {"latest", "any"}
    assert {leaf.is_.times for leaf in found if isinstance(leaf, Compare)} == {"", "ULN", "LLN"}


def _recorded(sex: str = "male", **values: float) -> Situation:
    """Give the situation of the eligible man with these values instead of his own."""
    case = TRIAL.cases.case("eligible-man")
    records = {name: (given[0],) for name, given in case.person.records.items()}
    for name, value in values.items():
        records[name] = (records[name][0].model_copy(update={"value": value}),)
    person = case.person.model_copy(update={"records": records, "sex": sex})
    assert case.on is not None
    facts = TRIAL.facts(case._replace(person=person))
    return Situation(TRIAL.study, facts, case.anchors, case.on)


def _nodes(rule: Node) -> Iterator[Node]:
    yield rule
    for part in rule.parts():
        yield from _nodes(part)


def _sourced(part: object) -> Iterator[Sourced]:
    if isinstance(part, Sourced):
        yield part
    if isinstance(part, Model):
        for name in type(part).model_fields:
            yield from _sourced(getattr(part, name))
    elif isinstance(part, dict):
        for one in part.values():
            yield from _sourced(one)
    elif isinstance(part, list):
        for one in part:
            yield from _sourced(one)
