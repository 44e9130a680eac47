"""Records in records: Bundles in the Bundle, contained resources; and modifiers of any of them."""

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradatim.core.errors import UnusableInput
from gradatim.evidence.fhir.modifiers import modifier
from tests.evidence.people import (
    ICD10,
    RXNORM,
    bundle,
    concept,
    facts_of,
    good_bundle,
    lab,
    patient,
    read_bundle,
    resource,
    unaccounted,
)

CANCER = resource("Condition", "c1", code=concept(ICD10, "C50.9"))
PREDNISONE = concept(RXNORM, "8640")


def inner(*resources: dict[str, Any], kind: str = "searchset", **fields: Any) -> dict[str, Any]:
    return {**bundle(*resources), "type": kind, "id": f"b{len(resources)}", **fields}


# --- Bundles in the Bundle ------------------------------------------------------------------------


@given(st.lists(st.integers(0, 3), min_size=16, max_size=16))
def test_in_which_bundle_a_record_stands_changes_nothing(places: list[int]) -> None:
    content = good_bundle()
    plain = read_bundle(deepcopy(content))
    boxes: list[list[Any]] = [[], [], [], []]
    for entry, place in zip(content["entry"], places, strict=True):
        boxes[place].append(entry)
    kinds = ("batch-response", "searchset", "history", "transaction-response")
    deepest = {"resourceType": "Bundle", "id": "b3", "type": kinds[3], "entry": boxes[3]}
    nested = [
        {"resource": {"resourceType": "Bundle", "id": "b1", "type": kinds[1], "entry": boxes[1]}},
        {
            "resource": {
                "resourceType": "Bundle",
                "id": "b2",
                "type": kinds[2],
                "entry": [*boxes[2], {"resource": deepest}],
            }
        },
    ]
    facts = read_bundle({**content, "type": kinds[0], "entry": [*boxes[0], *nested]})
    assert sorted(facts_of(facts), key=str) == sorted(facts_of(plain), key=str)
    told = {one.id for one in facts.not_used} - {one.id for one in plain.not_used}
    assert told == {"Bundle/b1", "Bundle/b2", "Bundle/b3"}
    assert facts.read == plain.read + 3


def test_an_empty_answer_to_a_search_is_no_fault() -> None:
    empty = {"resourceType": "Bundle", "type": "searchset", "total": 0}
    (one,) = read_bundle(bundle(patient(), empty)).not_used
    assert (one.why, one.elements) == (
        "is a Bundle in the Bundle: each of its entries is read by itself",
        (),
    )


@pytest.mark.parametrize(
    ("held", "message"),
    [
        (
            inner(lab(), link=[{"relation": "next", "url": "?2"}]),
            "this Bundle is one page of several",
        ),
        (inner(patient(id="p2")), "there are 2 Patients in this Bundle"),
        (inner(lab("o1")), "two resources have the same id"),
        (inner(lab("o2"), implicitRules="urn:x"), "this Bundle cannot be understood"),
        (inner(resource("MedicationOrder", "x")), "this looks like FHIR DSTU2"),
    ],
)
def test_a_bundle_in_the_bundle_is_refused_for_what_any_is(held: Any, message: str) -> None:
    with pytest.raises(UnusableInput, match=message):
        read_bundle(bundle(patient(), lab("o1"), held))


@pytest.mark.parametrize(
    ("status", "open_"), [("403 Forbidden", True), ("500", True), ("404", False), ("204", False)]
)
def test_a_search_that_was_refused_may_have_found_anything(status: str, open_: bool) -> None:
    content = bundle(patient(), inner())
    content["entry"][1]["resource"]["entry"] = [{"response": {"status": status}}]
    failed = read_bundle(content).not_used[1]
    assert (failed.id, bool(failed.elements)) == ("entry[1].entry[0]", open_)


# --- contained resources --------------------------------------------------------------------------


def report(*held: dict[str, Any], **fields: Any) -> dict[str, Any]:
    return resource("DiagnosticReport", "d1", status="final", contained=list(held), **fields)


def test_a_contained_record_is_read_as_one_of_its_own() -> None:
    dispensed = {
        "resourceType": "MedicationDispense",
        "id": "m",
        "status": "completed",
        "medicationReference": {"reference": "#drug"},
    }
    drug = {"resourceType": "Medication", "id": "drug", "code": PREDNISONE}
    facts = read_bundle(bundle(patient(), report(lab("o1"), CANCER, dispensed, drug)))
    assert {(fact.element, fact.id) for fact in facts_of(facts)} == {
        ("ast", "DiagnosticReport/d1#o1"),
        ("cancer", "DiagnosticReport/d1#c1"),
        ("steroid", "DiagnosticReport/d1#m"),
    }


def test_what_is_told_twice_counts_once() -> None:
    other = resource("DiagnosticReport", "d2", status="final", contained=[lab("y")])
    facts = read_bundle(bundle(patient(), report(lab("x")), lab("o1"), other))
    assert [fact.id for fact in facts_of(facts)] == ["Observation/o1"]
    assert [one.why for one in facts.not_used if "#" in one.id] == [
        "says the same as Observation/o1"
    ] * 2


@pytest.mark.parametrize(
    ("holder", "kept"),
    [
        (report(CANCER, subject={"reference": "Patient/p2"}), False),
        ({**report(CANCER), "status": "entered-in-error"}, False),
        ({**report(CANCER), "resourceType": "FamilyMemberHistory"}, False),
        ({**report(CANCER), "resourceType": "RiskAssessment"}, True),
        ({**report(CANCER), "modifierExtension": [{"url": "x"}]}, True),
        (report({**CANCER, "modifierExtension": [{"url": "x"}]}), True),
        (report({**CANCER, "subject": {"reference": "#someone"}}), True),
        (report({**CANCER, "subject": {"reference": "Patient/p2"}}), False),
        (report({**lab("x", "0000-0"), "contained": [CANCER]}), True),
    ],
)
def test_a_contained_record_that_is_not_read_is_lost_only_where_it_says_nothing(
    holder: Any, kept: bool
) -> None:
    facts = read_bundle(bundle(patient(), holder))
    assert not facts_of(facts)
    assert ("cancer" in facts.unreadable) is kept


# --- modifiers ------------------------------------------------------------------------------------


MODIFIER = [{"url": "http://example.org/not-so", "valueBoolean": True}]


def _levels(part: Any) -> list[dict[str, Any]]:
    """Return every object of a record that may carry a modifier extension."""
    if isinstance(part, list):
        return [level for one in part for level in _levels(one)]
    if not isinstance(part, dict):
        return []
    below = [level for key, one in part.items() if key != "contained" for level in _levels(one)]
    return [part, *below]


@given(st.data())
def test_a_modifier_at_whatever_level_takes_the_record_out_and_keeps_it_open(data: Any) -> None:
    content = good_bundle()
    used = {fact.id.split("#")[0]: fact for fact in facts_of(read_bundle(deepcopy(content)))}
    one = data.draw(
        st.sampled_from(
            [
                entry["resource"]
                for entry in content["entry"]
                if f"{entry['resource']['resourceType']}/{entry['resource']['id']}" in used
            ]
        )
    )
    if data.draw(st.booleans()):
        data.draw(st.sampled_from(_levels(one)))["modifierExtension"] = MODIFIER
    else:
        one["implicitRules"] = "http://example.org/rules"
    place = f"{one['resourceType']}/{one['id']}"

    facts = read_bundle(content)

    assert place not in {fact.id.split("#")[0] for fact in facts_of(facts)}
    (left,) = (found for found in facts.not_used if found.id == place)
    assert "that is not understood" in left.why or "that are not understood" in left.why
    open_ = {*left.elements, *(one.element for one in left.instead)}
    assert used[place].element in open_


def test_a_modifier_of_the_entry_or_of_the_drug_that_is_named_counts_too() -> None:
    content = bundle(patient(), lab())
    content["entry"][1]["modifierExtension"] = MODIFIER
    assert not facts_of(read_bundle(content))
    named = {
        "resourceType": "Medication",
        "id": "d",
        "code": PREDNISONE,
        "modifierExtension": MODIFIER,
    }
    taken = resource("MedicationStatement", "m", status="active")
    beside = {**taken, "medicationReference": {"reference": "Medication/d"}}
    inside = {**taken, "medicationReference": {"reference": "#d"}, "contained": [named]}
    for one in ([named, beside], [inside]):
        facts = read_bundle(bundle(patient(), *one))
        assert not facts_of(facts)
        assert "steroid" in facts.unreadable


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"modifierExtension": MODIFIER}, "a modifier extension that is not understood"),
        ({"contact": [{"modifierExtension": MODIFIER}]}, "a modifier extension"),
        ({"implicitRules": "urn:x"}, "implicit rules that are not understood"),
        ({"active": False}, "active is false"),
        ({"link": [{"other": {"reference": "Patient/2"}, "type": "replaced-by"}]}, "replaced-by"),
    ],
)
def test_a_patient_who_is_not_to_be_used_is_refused(fields: Any, why: str) -> None:
    with pytest.raises(UnusableInput, match=why) as caught:
        read_bundle(bundle(patient(**fields)))
    assert caught.value.what == "this Patient cannot be used"
    assert caught.value.where.startswith("Patient/p1")


@pytest.mark.parametrize(
    "fields",
    [
        {"active": True},
        {"link": [{"type": "replaces"}]},
        {"link": [{"type": "seealso"}]},
        {"modifierExtension": []},
        {"extension": MODIFIER},
    ],
)
def test_other_links_and_extensions_are_no_reason_to_refuse(fields: Any) -> None:
    assert read_bundle(bundle(patient(**fields))).person == "p1"


def test_an_extension_that_is_no_modifier_is_none() -> None:
    assert modifier(lab(extension=[{"url": "x"}])) == ""
    assert modifier(lab(component=[{"modifierExtension": [{"url": "a\x1b"}]}])) == (
        "a modifier extension that is not understood (a)"
    )


def test_nothing_is_lost_of_a_bundle_in_which_all_is_modified() -> None:
    content = good_bundle()
    ids = [f"{e['resource']['resourceType']}/{e['resource']['id']}" for e in content["entry"]]
    for entry in content["entry"][1:]:
        entry["resource"]["modifierExtension"] = MODIFIER
    facts = read_bundle(content)
    assert unaccounted(facts, ids) == {"Patient/p1"}
    assert not facts_of(facts)
