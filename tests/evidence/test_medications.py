"""Medication records: which count, from when to when, how much a day, by which route."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradatim.core.dates import NEVER_ENDED
from gradatim.evidence.facts import Often
from tests.evidence.people import (
    ATC,
    IV,
    LOCAL,
    ORAL,
    RXNORM,
    SNOMED,
    bundle,
    concept,
    days,
    facts_of,
    only_fact,
    only_why,
    patient,
    read_bundle,
    read_one,
    resource,
)

PREDNISONE = concept(RXNORM, "8640")
TOPICAL = "6064005"


def drug(kind="MedicationStatement", **fields):
    given = {"status": "active", "medicationCodeableConcept": PREDNISONE}
    return resource(kind, "m1", **(given | fields))


def dosage(value=5, unit="mg", timing=None, route=None, **more):
    repeat = {"frequency": 1, "period": 1, "periodUnit": "d"}
    return {
        "timing": timing or {"repeat": repeat},
        "route": route,
        "doseAndRate": [{"doseQuantity": {"value": value, "unit": unit}}],
        **more,
    }


START = {"effectivePeriod": {"start": "2026-01-10"}}
SPANS = [
    # kind, fields, start, end ("ongoing" for one that has not ended)
    ("MedicationStatement", START, "2026-01-10", "ongoing"),
    ("MedicationStatement", START | {"status": "unknown"}, "2026-01-10", "ongoing"),
    ("MedicationStatement", START | {"status": "completed"}, "2026-01-10",
     "2026-01-10..2026-11-02"),
    ("MedicationStatement", START | {"status": "on-hold"}, "2026-01-10", "2026-01-10..2026-11-02"),
    ("MedicationStatement", {"status": "completed", "effectivePeriod": {"start": "2027-01-10"}},
     "2027-01-10", "2027-01-10"),
    ("MedicationStatement", {"effectivePeriod": {"start": "2026-01-10", "end": "2026-02"}},
     "2026-01-10", "2026-02-01..2026-02-28"),
    ("MedicationStatement", {"effectivePeriod": {"end": "2026-02-01"}}, "1990-05-17..2026-02-01",
     "2026-02-01"),
    ("MedicationStatement", {"effectiveDateTime": "2026-03-01"}, "2026-03-01", "ongoing"),
    ("MedicationStatement", {"effectiveDateTime": "2026-03-01", "status": "completed"},
     "2026-03-01", "2026-03-01"),
    ("MedicationStatement", {"dateAsserted": "2026-03-01"}, "1990-05-17..2026-03-01", "ongoing"),
    ("MedicationStatement", {}, "1990-05-17..2026-11-02", "ongoing"),
    ("MedicationAdministration", {"status": "completed", "effectiveDateTime": "2026-03-01T08:00"},
     "2026-03-01", "2026-03-01"),
    ("MedicationAdministration", {"status": "in-progress"} | START, "2026-01-10", "ongoing"),
    ("MedicationRequest", {"authoredOn": "2026-01-10"}, "2026-01-10", "ongoing"),
    ("MedicationRequest", {"authoredOn": "2026-01-10", "status": "stopped"}, "2026-01-10",
     "2026-01-10..2026-11-02"),
    ("MedicationRequest", {"authoredOn": "2026-01-10", "dispenseRequest":
     {"validityPeriod": {"end": "2026-02-01"}}}, "2026-01-10", "2026-02-01"),
    ("MedicationRequest", {"authoredOn": "2026-01-01", "dispenseRequest":
     {"expectedSupplyDuration": {"value": 28, "unit": "days"}}}, "2026-01-01", "2026-01-28"),
    ("MedicationRequest", {"authoredOn": "2026-01-01", "dispenseRequest":
     {"expectedSupplyDuration": {"value": 28, "code": "d"}, "numberOfRepeatsAllowed": 2}},
     "2026-01-01", "2026-01-28..2026-03-25"),
    ("MedicationRequest", {"authoredOn": "2026-01-31", "dispenseRequest":
     {"expectedSupplyDuration": {"value": 1, "code": "mo"}}}, "2026-01-31", "2026-02-27"),
    ("MedicationRequest", {"authoredOn": "2026-01-01", "dosageInstruction":
     [{"timing": {"repeat": {"boundsPeriod": {"start": "2026-02-01", "end": "2026-03-01"}}}}]},
     "2026-02-01", "2026-03-01"),
    ("MedicationRequest", {"authoredOn": "2026-01-01", "dosageInstruction":
     [{"timing": {"repeat": {"boundsDuration": {"value": 2, "code": "wk"}}}}]},
     "2026-01-01", "2026-01-14"),
    ("MedicationRequest", {"authoredOn": "2026-01-01", "status": "stopped", "dosageInstruction":
     [{"timing": {"repeat": {"boundsDuration": {"value": 2, "code": "wk"}}}}]},
     "2026-01-01", "2026-01-01..2026-01-14"),
    ("MedicationRequest", {"authoredOn": "2026-01-01", "dosageInstruction": [{"timing":
     {"repeat": {"frequency": 2, "period": 1, "periodUnit": "d", "count": 20}}}]},
     "2026-01-01", "2026-01-10"),
    ("MedicationRequest", {"authoredOn": "2026-01-01", "dosageInstruction": [{"timing":
     {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d", "count": 5, "countMax": 7}}}]},
     "2026-01-01", "2026-01-05..2026-01-07"),
    ("MedicationRequest", {"authoredOn": "2026-01-01", "dosageInstruction": [{"timing":
     {"repeat": {"boundsRange": {"low": {"value": 5, "code": "d"},
                                 "high": {"value": 7, "code": "d"}}}}}]},
     "2026-01-01", "2026-01-05..2026-01-07"),
    ("MedicationRequest", {"authoredOn": "2026-01-01", "status": "completed",
     "dispenseRequest": {"quantity": {"value": 60, "code": "{tbl}"}}, "dosageInstruction": [{
         "timing": {"repeat": {"frequency": 2, "period": 1, "periodUnit": "d"}},
         "doseAndRate": [{"doseQuantity": {"value": 1, "code": "{tbl}"}}]}]},
     "2026-01-01", "2026-01-30"),
    ("MedicationRequest", {"authoredOn": "2026-01-10", "intent": "plan", "reportedBoolean": True},
     "1990-05-17..2026-01-10", "ongoing"),
    ("MedicationRequest", {"authoredOn": "2026-01-10", "intent": "plan", "status": "completed",
     "requester": {"reference": "Patient/p1"}}, "1990-05-17..2026-01-10", "1990-05-17..2026-11-02"),
    ("MedicationRequest", {"authoredOn": "2026-01-10", "intent": "plan", "reportedReference":
     {"reference": "Practitioner/x"}, "dosageInstruction":
     [{"timing": {"repeat": {"boundsPeriod": {"start": "2025-01-01"}}}}]},
     "2025-01-01", "ongoing"),
    ("MedicationDispense", {"status": "completed", "whenHandedOver": "2026-01-01",
     "daysSupply": {"value": 28, "code": "d"}}, "2026-01-01", "2026-01-28"),
    ("MedicationDispense", {"status": "completed", "whenPrepared": "2026-01-01", "daysSupply":
     {"value": 28, "unit": "days"}}, "2026-01-01", "2026-01-28"),
    ("MedicationDispense", {"status": "completed", "whenHandedOver": "2026-01-01",
     "quantity": {"value": 30, "unit": "tab"}, "dosageInstruction": [{
         "timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}},
         "doseAndRate": [{"doseQuantity": {"value": 2, "unit": "tab"}}]}]},
     "2026-01-01", "2026-01-15"),
    ("MedicationDispense", {"status": "completed", "whenHandedOver": "2026-01-01"},
     "2026-01-01", "2026-01-01..9999-12-31"),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "fields", "start", "end"), SPANS)
def test_from_when_to_when(kind, fields, start, end):
    fact = only_fact(read_one(drug(kind, **fields)))
    assert (fact.element, fact.code) == ("steroid", "prednisone")
    assert fact.start == days(start)
    assert fact.end == (NEVER_ENDED if end == "ongoing" else days(end))


NOT_USED = [
    ("MedicationStatement", {"status": "intended"}, "intended, not taken"),
    ("MedicationStatement", {"status": "not-taken"}, "status not-taken"),
    ("MedicationStatement", {"status": "entered-in-error"}, "entered-in-error"),
    ("MedicationStatement", {"status": None}, "has no status"),
    ("MedicationAdministration", {"status": "not-done"}, "status not-done"),
    ("MedicationAdministration", {"status": "active"}, "status active"),
    ("MedicationRequest", {"status": "draft"}, "status draft"),
    ("MedicationRequest", {"status": "cancelled"}, "status cancelled"),
    ("MedicationRequest", {"intent": "plan"}, "intent plan, not an order"),
    (
        "MedicationRequest",
        {"intent": "plan", "reportedBoolean": False},
        "intent plan, not an order",
    ),
    ("MedicationDispense", {"status": "preparation"}, "status preparation"),
    ("MedicationDispense", {"status": "declined"}, "status declined"),
    ("MedicationDispense", {"status": "active"}, "status active"),
    ("MedicationRequest", {"intent": "proposal"}, "intent proposal, not an order"),
    ("MedicationRequest", {"doNotPerform": True}, "orders that it is not to be given"),
    (
        "MedicationRequest",
        {"authoredOn": "2026-03-01", "dispenseRequest": {"validityPeriod": {"end": "2026-02-01"}}},
        "its end (2026-02-01) lies before its start (2026-03-01)",
    ),
    ("MedicationStatement", {"medicationCodeableConcept": None}, "names no drug"),
    (
        "MedicationStatement",
        {"medicationCodeableConcept": concept(RXNORM, "314076")},
        "its code is not known here: RxNorm 314076",
    ),
    (
        "MedicationStatement",
        {"medicationCodeableConcept": {"text": "a red pill"}},
        "has no code of a code system that is read here: 'a red pill'",
    ),
    (
        "MedicationStatement",
        {
            "medicationCodeableConcept": None,
            "medicationReference": {"reference": "Medication/gone"},
        },
        "its Medication/gone is not in the Bundle, or names no drug",
    ),
    ("MedicationStatement", {"effectivePeriod": "2026"}, "effectivePeriod is text, not an object"),
    ("MedicationStatement", {"dosage": {}}, "dosage is an object, not a list"),
    ("MedicationStatement", {"dosage": [dosage(-5)]}, "dose -5 is negative"),
    (
        "MedicationStatement",
        {"dosage": [dosage(route=concept(SNOMED, TOPICAL))]},
        f"its route {TOPICAL} does not count",
    ),
]


@pytest.mark.parametrize(("kind", "fields", "why"), NOT_USED)
def test_not_used_and_why(kind, fields, why):
    assert only_why(read_one(drug(kind, **fields))) == why


def repeat(**fields):
    return {"repeat": fields}


DOSES = [
    ([dosage(5)], 5),
    ([dosage(5, timing=repeat(frequency=2, period=1, periodUnit="d"))], 10),
    ([dosage(5, timing=repeat(period=8, periodUnit="h"))], 15),
    ([dosage(14, timing=repeat(frequency=1, period=1, periodUnit="wk"))], 2),
    ([dosage(14, timing=repeat(period=1, periodUnit="wk", dayOfWeek=["mon"]))], 2),
    ([dosage(0.005, "g")], 5),
    ([dosage(5, timing={"code": concept("x", "BID")})], 10),
    ([dosage(5, timing={"code": {"text": "TID"}})], 15),
    ([dosage(5, timing=repeat(when=["MORN", "HS"]))], 10),
    ([dosage(5), dosage(2.5)], 7.5),
    ([dosage(5, "tablet")], None),
    ([dosage(5, "mg/kg")], None),
    ([dosage(5, "")], None),
    ([dosage(5), dosage(1, "tablet")], None),
    ([dosage(5, sequence=1), dosage(10, sequence=2)], None),
    ([dosage(5, asNeededBoolean=True)], (0, 5)),
    ([dosage(5), dosage(2.5, asNeededBoolean=True)], (5, 7.5)),
    ([dosage(5, timing=repeat(frequency=1, frequencyMax=2, period=1, periodUnit="d"))], (5, 10)),
    ([dosage(5, timing=repeat(frequency=1, period=4, periodMax=6, periodUnit="h"))], (20, 30)),
    (
        [dosage(8, timing=repeat(frequency=1, period=1, periodUnit="d", when=["MORN", "EVE"]))],
        (8, 16),
    ),
    (
        [
            dosage(
                8,
                timing=repeat(
                    frequency=1, period=1, periodUnit="d", timeOfDay=["08:00:00", "20:00:00"]
                ),
            )
        ],
        (8, 16),
    ),
    ([dosage(8, timing=repeat(frequency=2, period=1, periodUnit="d", when=["MORN", "EVE"]))], 16),
    (
        [
            dosage(
                7, timing=repeat(frequency=1, period=1, periodUnit="wk", dayOfWeek=["mon", "fri"])
            )
        ],
        (1, 2),
    ),
    ([dosage(7, timing=repeat(dayOfWeek=["mon", "fri"]))], 2),
    ([dosage(7, timing=repeat(frequency=1, period=1, periodUnit="d", dayOfWeek=["mon"]))], 1),
    ([dosage(5, timing=repeat(when=["PC"]))], (5, 15)),
    (
        [
            dosage(
                5, timing={"code": {"text": "BID"}, **repeat(frequency=1, period=1, periodUnit="d")}
            )
        ],
        (5, 10),
    ),
    (
        [
            dosage(
                doseAndRate=[
                    {
                        "doseRange": {
                            "low": {"value": 5, "unit": "mg"},
                            "high": {"value": 10, "unit": "mg"},
                        }
                    }
                ]
            )
        ],
        (5, 10),
    ),
    ([dosage(doseAndRate=[{"doseRange": {"low": {"value": 5, "unit": "mg"}}}])], None),
    (
        [dosage(doseAndRate=[{"doseQuantity": {"value": one, "unit": "mg"}} for one in (5, 6)])],
        (5, 6),
    ),
    ([dosage(5, timing={"event": ["2026-11-14"]})], None),
    ([dosage(5, timing=repeat(frequency=1, period=0, periodUnit="d"))], None),
    ([dosage(5, timing=repeat(frequency=1, period=1))], None),
    ([{"text": "as directed"}], None),
    ([], None),
]


@pytest.mark.parametrize(("dosages", "dose"), DOSES)
def test_daily_dose(dosages, dose):
    fact = only_fact(read_one(drug(dosage=dosages)))
    least, most = dose if isinstance(dose, tuple) else (dose, None)
    assert fact.value == (None if least is None else pytest.approx(least))
    assert fact.most == (None if most is None else pytest.approx(most))
    assert fact.unit == ("" if dose is None else "mg/d")


@pytest.mark.parametrize(
    ("fields", "dose"),
    [
        ({"effectiveDateTime": "2026-03-01"}, 500),
        ({"effectivePeriod": {"start": "2026-03-01T08:00", "end": "2026-03-01T10:00"}}, 500),
        ({"effectivePeriod": {"start": "2026-03-01", "end": "2026-03-03"}}, None),
    ],
)
def test_the_dose_of_an_administration_is_a_daily_one_on_one_day_only(fields, dose):
    one = drug(
        "MedicationAdministration",
        status="completed",
        dosage={"dose": {"value": 0.5, "unit": "g"}},
        **fields,
    )
    assert only_fact(read_one(one)).value == dose


def every(frequency, period, unit, **more):
    return dosage(timing=repeat(frequency=frequency, period=period, periodUnit=unit, **more))


HOW_OFTEN = [
    ([], (1, 1)),
    ([every(2, 1, "d")], (1, 1)),
    ([every(1, 8, "h")], (1, 1)),
    ([every(14, 1, "wk")], (1, 1)),
    ([every(1, 2, "d")], (1, 2)),
    ([every(1, 36, "h")], (1, 2)),
    ([every(1, 1, "wk")], (1, 7)),
    ([every(3, 1, "wk")], (3, 7)),
    ([every(1, 1, "mo")], (1, 31)),
    ([every(1, 1, "d", dayOfWeek=["mon", "wed", "fri"])], (3, 7)),
    ([every(1, 1, "wk", dayOfWeek=["mon", "wed"])], (1, 7)),
    ([dosage(timing=repeat(dayOfWeek=["mon", "wed"]))], (2, 7)),
    ([every(1, 1, "d", when=["MORN", "EVE"])], (1, 1)),
    ([every(1, 1, "d", count=10)], (0, 1)),
    ([every(1, 1, "wk"), every(1, 2, "d")], (1, 2)),
    ([dosage(sequence=1), {**every(1, 1, "wk"), "sequence": 2}], (1, 7)),
    ([dosage(asNeededBoolean=True)], (0, 1)),
    ([dosage(timing={"code": {"text": "QOD"}})], (1, 2)),
    ([dosage(timing={"code": {"text": "when it hurts"}})], (0, 1)),
    ([{"text": "one on Mondays"}], (0, 1)),
    ([dosage(timing=repeat(boundsDuration={"value": 4, "code": "wk"}))], (1, 1)),
]


@pytest.mark.parametrize(("dosages", "often"), HOW_OFTEN)
def test_on_how_many_days_at_the_least(dosages, often):
    assert only_fact(read_one(drug(dosage=dosages))).often == often


def test_a_number_of_repeats_is_when_an_order_ends_unless_something_else_is():
    ordered = {"dosageInstruction": [every(1, 1, "d", count=10)], "authoredOn": "2026-01-01"}
    assert only_fact(read_one(drug("MedicationRequest", **ordered))).often == (1, 1)
    bounds = {"boundsPeriod": {"end": "2026-03-01"}}
    ordered["dosageInstruction"] = [every(1, 1, "d", count=10, **bounds)]
    assert only_fact(read_one(drug("MedicationRequest", **ordered))).often == (0, 1)


@given(st.integers(1, 9), st.integers(1, 9), st.integers(0, 200), st.randoms())
def test_the_fewest_days_are_in_no_stretch_undercut(days, of, lasting, chance):
    """However the days lie in each stretch, as long as they lie alike in every one."""
    days = min(days, of)
    on = chance.sample(range(of), days)
    for shift in range(of):
        assert sum((day + shift) % of in on for day in range(lasting)) >= Often(days, of).least(
            lasting
        )


def test_what_is_taken_as_needed_may_not_have_been_taken():
    assert only_fact(read_one(drug(dosage=[dosage(asNeededBoolean=True)]))).doubtful
    both = [dosage(), dosage(asNeededBoolean=True)]
    assert not only_fact(read_one(drug(dosage=both))).doubtful


@pytest.mark.parametrize(
    ("fields", "doubtful"),
    [
        ({"status": "completed"}, ""),
        ({"status": "in-progress"}, "not known to have been handed over"),
        ({"status": "in-progress", "whenHandedOver": "2026-01-01"}, ""),
        ({"status": "on-hold"}, "not known to have been handed over"),
    ],
)
def test_what_is_dispensed_has_been_handed_over_or_may_not_have_been(fields, doubtful):
    assert str(only_fact(read_one(drug("MedicationDispense", **fields))).doubtful) == doubtful


METHOTREXATE = concept(RXNORM, "6851")


@pytest.mark.parametrize(
    ("route", "doubtful"),
    [
        (concept(SNOMED, IV), ""),
        ({"text": "IV"}, ""),
        (None, "route not recorded"),
        ({"text": "somehow"}, "route not recorded"),
    ],
)
def test_an_element_of_certain_routes(route, doubtful):
    one = drug(medicationCodeableConcept=METHOTREXATE, dosage=[dosage(route=route)])
    fact = only_fact(read_one(one))
    assert (fact.element, str(fact.doubtful)) == ("methotrexate_iv", doubtful)


def test_a_route_that_does_not_count_gives_no_fact():
    one = drug(medicationCodeableConcept=METHOTREXATE, dosage=[dosage(route=concept(SNOMED, ORAL))])
    assert only_why(read_one(one)) == f"its route {ORAL} does not count"


def test_an_unrecorded_route_raises_no_doubt_where_only_some_are_left_out():
    assert only_fact(read_one(drug())).doubtful == ""


@pytest.mark.parametrize(
    "reference",
    [
        "Medication/d1",
        "urn:uuid:d1",
        "https://h.example/fhir/Medication/d1",
        "#in",
    ],
)
def test_references_to_a_medication(reference):
    named = {"resourceType": "Medication", "code": PREDNISONE}
    one = drug(
        medicationCodeableConcept=None,
        medicationReference={"reference": reference},
        contained=[{**named, "id": "in"}],
    )
    content = bundle(patient(), one)
    content["entry"].append({"fullUrl": "urn:uuid:d1", "resource": {**named, "id": "d1"}})
    facts = read_bundle(content)
    assert [fact.code for fact in facts_of(facts)] == ["prednisone"]
    assert facts.not_used[0].id == "Medication/d1"


def test_the_ingredients_of_a_combination():
    combination = {
        "resourceType": "Medication",
        "id": "in",
        "code": {"text": "a combination"},
        "ingredient": [
            {"itemCodeableConcept": concept(RXNORM, "5640")},
            {"itemCodeableConcept": PREDNISONE},
        ],
    }
    one = drug(
        medicationCodeableConcept=None,
        medicationReference={"reference": "#in"},
        contained=[combination],
        dosage=[dosage()],
    )
    found = {fact.element: fact for fact in facts_of(read_one(one))}
    assert {name: fact.code for name, fact in found.items()} == {
        "nsaid": "ibuprofen",
        "steroid": "prednisone",
    }
    assert found["steroid"].value is None  # whose dose it is cannot be told


def test_local_drugs_and_other_code_systems():
    for system, code, expected in (
        (LOCAL, "stem_cells", "stem_cells"),
        (LOCAL, "prednisone", "prednisone"),
        (ATC, "H02AB07", "prednisone"),
    ):
        one = drug(medicationCodeableConcept=concept(system, code))
        assert only_fact(read_one(one)).code == expected


def test_words_of_another_shape_make_only_those_records_unreadable_that_want_them():
    """A record whose status says nothing is told by that, whichever comes first."""
    named = {"coding": [{"system": RXNORM, "code": "314076"}], "text": {"a": 1}}
    taken = drug(id="m1", medicationCodeableConcept=named)
    doubted = drug(id="m2", status="surely", medicationCodeableConcept=named)
    for records in ((taken, doubted), (doubted, taken)):
        whys = {one.id: one.why for one in read_one(*records).not_used}
        assert whys["MedicationStatement/m2"] == "status surely"
        assert "not text" in whys["MedicationStatement/m1"]
