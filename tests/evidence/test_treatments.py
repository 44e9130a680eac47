"""Which medication records tell of one treatment, what was given on a day, and what acts longer."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradatim.core.dates import Day
from gradatim.evidence.codebook import Codebook
from gradatim.evidence.facts import Fact
from gradatim.evidence.fhir.reader import read_facts
from gradatim.protocol.elements import Lasting
from tests.evidence.people import (
    ELEMENTS,
    ON,
    RXNORM,
    SNOMED,
    bundle,
    concept,
    facts_of,
    patient,
    read_bundle,
    resource,
)

PREDNISONE = {"medicationCodeableConcept": concept(RXNORM, "8640")}


def order(id_: str, dose: float | None = 16.0, **fields: Any) -> dict[str, Any]:
    timing = {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}}
    dosage = {"timing": timing, "doseAndRate": [{"doseQuantity": {"value": dose, "unit": "mg"}}]}
    return resource(
        "MedicationRequest",
        id_,
        status="active",
        intent="order",
        **PREDNISONE,
        authoredOn="2026-01-01",
        **{"dosageInstruction": [dosage] if dose else None, **fields},
    )


def dose(
    id_: str, amount: float = 8.0, on: str = "2026-02-01T08:00", **fields: Any
) -> dict[str, Any]:
    dosage = {"dose": {"value": amount, "unit": "mg"}}
    return resource(
        "MedicationAdministration",
        id_,
        status="completed",
        effectiveDateTime=on,
        **{"dosage": dosage, **PREDNISONE, **fields},
    )


def dispensed(id_: str, **fields: Any) -> dict[str, Any]:
    return resource(
        "MedicationDispense",
        id_,
        status="completed",
        whenHandedOver="2026-01-01",
        daysSupply={"value": 28, "code": "d"},
        **{**PREDNISONE, **fields},
    )


def of(*resources: dict[str, Any]) -> dict[str, Fact]:
    return {
        fact.id.partition("/")[2]: fact
        for fact in facts_of(read_bundle(bundle(patient(), *resources)))
    }


NAMED = {"reference": "MedicationRequest/r"}
SHARED = [{"system": "urn:pharmacy", "value": "77"}]
TIED = [
    [order("r"), dispensed("x", authorizingPrescription=[NAMED])],
    [order("r"), order("x", basedOn=[NAMED])],
    [order("r"), order("x", priorPrescription=NAMED)],
    [
        order("r"),
        resource("MedicationStatement", "x", status="active", **PREDNISONE, derivedFrom=[NAMED]),
    ],
    [order("r"), dose("x", request=NAMED)],
    [
        order("r"),
        dispensed(
            "x",
            authorizingPrescription=[
                {"reference": "https://h.example/fhir/MedicationRequest/r/_history/2"}
            ],
        ),
    ],
    [order("r", identifier=SHARED), dispensed("x", identifier=SHARED)],
    [
        order("r", identifier=SHARED),
        dispensed("x", authorizingPrescription=[{"identifier": SHARED[0]}]),
    ],
]


@pytest.mark.parametrize("records", TIED)
def test_records_that_name_each_other_are_one_course(records: list[Any]) -> None:
    found = of(*records)
    assert len(found) == 2
    assert found["r"].course == found["x"].course != ""


def test_an_order_contained_in_what_was_dispensed_for_it_is_one_course() -> None:
    held = {**order("r"), "subject": None}
    found = of(dispensed("x", contained=[held], authorizingPrescription=[{"reference": "#r"}]))
    assert found["x#r"].course == found["x"].course != ""


APART = [
    [order("r"), order("x")],
    [order("r"), order("x", basedOn=[{"reference": "CarePlan/c"}])],
    [order("r", identifier=[{"value": "77"}]), order("x", identifier=[{"value": "77"}])],
    [order("r", identifier=SHARED), order("x", identifier=[{**SHARED[0], "value": "78"}])],
]


@pytest.mark.parametrize("records", APART)
def test_other_records_may_be_of_one_course_or_not(records: list[Any]) -> None:
    found = of(*records)
    assert found["r"].course == found["x"].course == ""


@given(st.lists(st.sampled_from([2.5, 4.0, 8.0]), min_size=1, max_size=5))
def test_what_is_given_on_one_day_adds_up(amounts: list[float]) -> None:
    found = of(
        *(dose(f"a{n}", one) for n, one in enumerate(amounts)), dose("b", 1.0, on="2026-02-02")
    )
    assert {fact.value for name, fact in found.items() if name != "b"} == {sum(amounts)}
    assert found["b"].value == 1.0
    assert {fact.course for fact in found.values()} == {"given"}


def test_what_is_given_of_an_order_is_the_order() -> None:
    found = of(order("r"), dose("a", request=NAMED), dose("b", 4.0, request=NAMED))
    assert [one.value for one in found.values()] == [16.0, 16.0, 16.0]
    more = of(order("r", 8.0), dose("a", request=NAMED), dose("b", request=NAMED))
    assert [more[name].value for name in "rab"] == [8.0, 16.0, 16.0]
    unknown = of(order("r", None), dose("a", request=NAMED), dose("b", request=NAMED))
    assert [unknown[name].value for name in "rab"] == [None, 16.0, 16.0]


def test_what_was_given_without_a_known_dose_is_left_to_itself() -> None:
    found = of(dose("a"), dose("b"), dose("c", dosage={"text": "some"}))
    assert [found[name].value for name in "abc"] == [16.0, 16.0, None]
    assert found["c"].course == ""


# --- what acts longer -----------------------------------------------------------------------------

JOINT = "12130007"
STEROID = ELEMENTS["steroid"].model_copy(
    update={"not_routes": ["6064005", JOINT], "lasting": Lasting(routes=[JOINT], days=28)}
)


def injected(**dosage: Any) -> list[Fact]:
    given_ = dose("a", dosage={"dose": {"value": 40, "unit": "mg"}, **dosage})
    elements = {**ELEMENTS, "steroid": STEROID}
    found = read_facts(bundle(patient(), given_), Codebook(elements), elements, on=ON)
    return list(found.of("steroid"))


@pytest.mark.parametrize("route", [concept(SNOMED, JOINT), {"text": "Intra-articular"}])
def test_an_injection_into_a_joint_may_act_for_weeks(route: dict[str, Any]) -> None:
    (fact,) = injected(route=route)
    assert fact.value is None
    assert "a person must judge" in str(fact.doubtful)
    assert str(fact.end) == "2026-03-01"


def test_a_depot_counts_on_its_day_and_may_act_for_weeks() -> None:
    day, later = injected(method={"text": "depot injection"})
    assert (day.value, day.doubtful) == (40, "")
    assert (later.start, later.end) == (
        day.start,
        Day(*(one.replace(month=3, day=1) for one in day.end)),
    )
    assert later.doubtful


@pytest.mark.parametrize("route", ["26643006", "6064005"])
def test_other_routes_act_as_long_as_they_are_given(route: str) -> None:
    assert all(not fact.doubtful for fact in injected(route=concept(SNOMED, route)))
