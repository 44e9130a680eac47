"""What cannot be read, or contradicts itself, settles nothing; and no order of parts matters.

Records go the whole way: as FHIR through the reader, then through every criterion of the trial.
"""

from collections.abc import Callable
from copy import deepcopy
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gradatim.core.truth import UNKNOWN
from gradatim.core.verdict import Verdict
from gradatim.evidence.facts import Facts
from gradatim.rules.context import Situation
from gradatim.rules.evaluate import evaluate
from tests.properties.records import ANCHORS, ON, SNOMED, STUDY, person

FEWER = settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow], deadline=None)
LOINC, GENDER = "http://loinc.org", "http://hl7.org/fhir/administrative-gender"
INTERPRETED = "http://terminology.hl7.org/CodeSystem/v3-ObservationInterpretation"
NUMBERS = {"1920-8": "U/L", "1742-6": "U/L", "2160-0": "mg/dL", "10230-1": "%", "98979-8": ""}
WORDS = ("5195-3", "13952-7", "13955-0", "56888-1", "2118-8")
DATES = st.sampled_from(["2026-11-16", "2026-11-10", "2026-11", "2015-03-01", None])
POPULATIONS: list[Any] = [
    {"coding": [{"system": GENDER, "code": "male"}]},
    {"coding": [{"system": SNOMED, "code": "248152002"}]},
    {"coding": [{"system": SNOMED, "code": "77386006"}]},
    {"text": "Men"},
]
RANGE = st.fixed_dictionaries(
    {"high": st.sampled_from([1.2, 35, 40, 50]).map(lambda high: {"value": high})},
    optional={
        "low": st.sampled_from([0.5, 8, 45]).map(lambda low: {"value": low}),
        "appliesTo": st.lists(st.sampled_from(POPULATIONS), min_size=1, max_size=2),
        "age": st.sampled_from([18, 36, 65]).map(lambda age: {"low": {"value": age, "code": "a"}}),
        "type": st.sampled_from(["normal", "critical"]).map(lambda kind: {"text": kind}),
    },
)
CODED = [
    (SNOMED, "10828004"),
    (SNOMED, "260385009"),
    (SNOMED, "131194007"),
    (LOINC, "LA6577-6"),
    (SNOMED, "82334004"),
    ("urn:x", "?"),
]
FLAGS = st.sampled_from(["POS", "NEG", "H", "N", "L", "A", "IND"])


def observed(loinc: str, day: str | None, **fields: Any) -> dict[str, Any]:
    code = {"coding": [{"system": LOINC, "code": loinc}]}
    given = {"resourceType": "Observation", "status": "final", "code": code}
    return {**given, "effectiveDateTime": day, **fields}


@st.composite
def results(draw: st.DrawFn) -> dict[str, Any]:
    """Give a result in a number or in a word, sometimes with ranges and an interpretation."""
    more: dict[str, Any] = {}
    if draw(st.booleans()):
        flags = draw(st.lists(FLAGS, min_size=1, max_size=2))
        more["interpretation"] = [
            {"coding": [{"system": INTERPRETED, "code": flag}]} for flag in flags
        ]
    if draw(st.booleans()):
        loinc = draw(st.sampled_from(sorted(NUMBERS)))
        number = {"value": draw(st.sampled_from([1, 20, 44, 60, 100, 300])), "unit": NUMBERS[loinc]}
        more |= {"valueQuantity": number, "referenceRange": draw(st.lists(RANGE, max_size=3))}
        return observed(loinc, draw(DATES), **more)
    coded = draw(st.lists(st.sampled_from(CODED), min_size=1, max_size=3, unique=True))
    value = {"coding": [{"system": system, "code": code} for system, code in coded]}
    return observed(draw(st.sampled_from(WORDS)), draw(DATES), valueCodeableConcept=value, **more)


def verdicts(facts: Facts) -> dict[str, Verdict]:
    situation = Situation(STUDY, facts, ANCHORS, ON)
    return {one.id: evaluate(one.rule, situation) for one in STUDY.criteria}


def _worse(one: dict[str, Any], how: str) -> dict[str, Any]:
    """Give a result that cannot be read."""
    spoilt: dict[str, Callable[[], dict[str, Any]]] = {
        "number as text": lambda: {"valueQuantity": {"value": "300"}, "valueCodeableConcept": None},
        "two values": lambda: {"valueString": "positive", "valueInteger": 1},
        "no date": lambda: {"effectiveDateTime": "soon"},
        "timing": lambda: {"effectiveDateTime": None, "effectiveTiming": {}},
        "interpretation": lambda: {"interpretation": "high"},
        "coding": lambda: {"code": {"coding": [None, *one["code"]["coding"]]}},
        "subject": lambda: {"subject": "Patient/p1"},
        "contradiction": lambda: {"dataAbsentReason": {"text": "error"}},
    }
    return {**one, **spoilt[how]()}


SPOILT = st.sampled_from(
    [
        "number as text",
        "two values",
        "no date",
        "timing",
        "interpretation",
        "coding",
        "subject",
        "contradiction",
    ]
)


@given(st.lists(results(), max_size=3), results(), SPOILT)
@FEWER
def test_a_result_that_cannot_be_read_makes_nothing_more_decided(
    before: list[dict[str, Any]], added: dict[str, Any], how: str
) -> None:
    known, now = verdicts(person(before)), verdicts(person([*before, _worse(added, how)]))
    for id_, verdict in now.items():
        assert verdict.truth in (UNKNOWN, known[id_].truth), id_


@given(results(), results(), SPOILT)
@FEWER
def test_whatever_it_may_say_is_one_of_the_verdicts_left(
    one: dict[str, Any], other: dict[str, Any], how: str
) -> None:
    """What a record would decide if it could be read is never ruled out while it cannot be."""
    spoilt = verdicts(person([other, _worse(one, how)]))
    read = verdicts(person([other, one]))
    for id_, verdict in spoilt.items():
        assert verdict.truth in (UNKNOWN, read[id_].truth), id_


def _shuffled(part: Any, chance: Any) -> Any:
    """Give a record with every list in it in another order."""
    if isinstance(part, dict):
        return {name: _shuffled(one, chance) for name, one in part.items()}
    if isinstance(part, list):
        some = [_shuffled(one, chance) for one in part]
        chance.shuffle(some)
        return some
    return part


@given(results(), st.randoms(use_true_random=False))
@FEWER
def test_no_order_of_codings_ranges_or_interpretations_matters(
    one: dict[str, Any], chance: Any
) -> None:
    first, second = person([one]), person([_shuffled(deepcopy(one), chance)])
    assert first.every.keys() == second.every.keys()
    for name, facts in first.every.items():
        for a, b in zip(facts, second.every[name], strict=True):
            assert a._replace(doubtful="") == b._replace(doubtful="")
