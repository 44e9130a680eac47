"""Not understood is not absent, whatever the record and whatever the rule.

Records are made up of codes that are known to the trial's protocol, of codes that are not, and of
words. They go the whole way: as FHIR through the reader, then through every criterion.
"""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gradatim.core.truth import UNKNOWN
from gradatim.core.verdict import Reason
from gradatim.rules.context import Situation
from gradatim.rules.evaluate import evaluate
from tests.properties.records import (
    ANCHORS,
    OF_KIND,
    ON,
    STUDY,
    UNKNOWN_CODES,
    concept,
    person,
    records,
)

FEWER = settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)


def verdicts(some: list[dict[str, Any]]) -> dict[str, Any]:
    situation = Situation(STUDY, person(some), ANCHORS, ON)
    return {one.id: evaluate(one.rule, situation) for one in STUDY.criteria}


@given(st.lists(records(), max_size=3), records(st.just([])), st.sampled_from(UNKNOWN_CODES))
@FEWER
def test_a_record_of_unknown_code_settles_nothing(
    before: list[dict[str, Any]], added: dict[str, Any], code: tuple[str, str]
) -> None:
    """It never turns UNKNOWN, nor the other truth, into a verdict that was not there."""
    field = "code" if "code" in added else "medicationCodeableConcept"
    known, now = verdicts(before), verdicts([*before, {**added, field: concept([code])}])
    for id_, verdict in now.items():
        assert verdict.truth in (UNKNOWN, known[id_].truth), id_


@given(st.lists(records(), max_size=4))
@FEWER
def test_absence_needs_that_every_record_is_understood(some: list[dict[str, Any]]) -> None:
    """No element of which a record may be is said not to be recorded."""
    facts = person(some)
    for verdict in verdicts(some).values():
        for leaf in verdict.leaves():
            if leaf.element in facts.not_understood and not leaf.evidence:
                assert not leaf.text.startswith("no "), leaf
                assert leaf.reason is not Reason.NO_RECORD, leaf


@given(records(), st.randoms(use_true_random=False))
@FEWER
def test_the_order_of_codings_changes_nothing(record: dict[str, Any], chance: Any) -> None:
    field = "code" if "code" in record else "medicationCodeableConcept"
    coding = list(record[field]["coding"])
    chance.shuffle(coding)
    other = {**record, field: {**record[field], "coding": coding}}
    first, second = person([record]), person([other])
    assert {n: {f.id for f in some} for n, some in first.by_element.items()} == {
        n: {f.id for f in some} for n, some in second.by_element.items()
    }
    assert set(first.not_understood) == set(second.not_understood)


@given(records(st.lists(st.sampled_from(UNKNOWN_CODES), min_size=1, max_size=2)))
@FEWER
def test_a_record_with_unknown_codes_is_as_cautious_as_one_in_words(record: dict[str, Any]) -> None:
    field = "code" if "code" in record else "medicationCodeableConcept"
    words = {**record, field: {"text": "words"}}
    kind = OF_KIND.get(record["resourceType"], "exposure")
    in_words = {
        name for name in person([words]).not_understood if STUDY.elements[name].kind == kind
    }
    facts = person([record])
    assert in_words <= set(facts.not_understood) | set(facts.by_element) | _excluded(record)


def _excluded(record: dict[str, Any]) -> set[str]:
    """Give the elements that a class of ATC, though it names no drug, is known to lie outside."""
    field = "code" if "code" in record else "medicationCodeableConcept"
    codes = {one["code"] for one in record[field]["coding"]}
    if "L04A" not in codes:
        return set()
    outside = (
        "nsaid",
        "anticoagulant",
        "iv_antibiotic",
        "systemic_glucocorticoid",
        "glucocorticoid_any_route",
    )
    return set(outside)
