"""The ledger as FHIR: the published schema judges every resource; what is read back is the same."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from gradatim.clinical.drugs import find_drug
from gradatim.conduct.as_of import as_of
from gradatim.conduct.events.participants import (
    Disposition,
    InformedConsentObtained,
    InformedConsentRenewed,
    ParticipantFound,
    RecordNotUnderstood,
)
from gradatim.conduct.state import Participant, State
from gradatim.conduct.transitions import AS_BEFORE, PARTICIPANT
from gradatim.conduct.views.doses import doses
from gradatim.conduct.views.facts import facts_of
from gradatim.core.dates import ANY_DAY, parse_day
from gradatim.evidence.codebook import Codebook
from gradatim.evidence.facts import Fact, Facts
from gradatim.evidence.fhir.reader import read_facts
from gradatim.exports.fhir.bundles import everything, outcome, searchset
from gradatim.exports.fhir.capability import capability
from gradatim.exports.fhir.datatypes import BASIS, fhir_id
from gradatim.exports.fhir.people import research_subject
from gradatim.exports.fhir.study import research_study
from tests.conduct.treated import AFTER, add, treated
from tests.conduct.trials import WHOLE_TRIALS, finished

pytestmark = WHOLE_TRIALS

SCHEMA = json.loads((Path(__file__).parent / "fhir_r4.schema.json").read_text())
JUDGE = jsonschema.Draft6Validator(SCHEMA)
BASE = "https://trial.example/api/fhir/"
ON = date(2040, 1, 1)
ANSWERS = ("true", "false")


@pytest.fixture(scope="module", params=["nct05962762", "example_oncology_tablet"])
def state(request: pytest.FixtureRequest) -> State:
    return finished(2, request.param).trial.state


def judged(resource: dict[str, Any]) -> None:
    """Judge a resource as it is on the wire."""
    sent = json.loads(json.dumps(resource))
    faults = [f"{list(one.path)}: {one.message[:200]}" for one in JUDGE.iter_errors(sent)]
    kind = {"$ref": f"#/definitions/{sent['resourceType']}", "definitions": SCHEMA["definitions"]}
    faults = faults and [
        f"{list(one.path)}: {one.message[:200]}"
        for one in jsonschema.Draft6Validator(kind).iter_errors(sent)
    ]
    assert faults == []


def bundle_of(state: State, one: Participant) -> dict[str, Any]:
    return searchset(everything(state, one), BASE, f"{BASE}Patient/{one.id}/$everything")


def test_every_resource_fits_the_published_schema(state: State):
    """Resources of every participant, and of the trial; none is empty of what it must have."""
    kinds = set()
    for one in state.participants.values():
        bundle = bundle_of(state, one)
        judged(bundle)
        kinds |= {entry["resource"]["resourceType"] for entry in bundle["entry"]}
    assert kinds >= {
        "Patient",
        "ResearchSubject",
        "Consent",
        "Observation",
        "AdverseEvent",
        "MedicationAdministration",
    }
    judged(research_study(state))
    judged(capability("gradatim", "1", ON))
    judged(outcome("not-found", "there is no such resource"))


def test_whoever_takes_part_has_a_status_that_fhir_knows(state: State):
    """Also whose number was given up as a duplicate, or was an error: they were never there."""
    some = next(iter(state.participants.values()))
    known = {status for status, _ in PARTICIPANT} | {*PARTICIPANT.values()} - {AS_BEFORE}
    found = {}
    for status in known:
        resource = research_subject(state, replace(some, status=status))
        judged(resource)
        found[status] = resource["status"]
    assert {status for status, sent in found.items() if sent == "not-registered"} == {
        "duplicate",
        "entered in error",
    }


def test_who_was_lost_and_is_found_takes_part_still():
    state = treated()
    add(state, Disposition, AFTER, status="lost to follow-up")
    person = state.participants["P1"]
    assert research_subject(state, person)["period"]["end"] == str(AFTER)
    add(state, ParticipantFound, AFTER + timedelta(days=5), reason="had moved")
    assert "end" not in research_subject(state, person)["period"]
    add(state, Disposition, AFTER + timedelta(days=9), status="withdrawn")
    assert research_subject(state, person)["period"]["end"] == str(AFTER + timedelta(days=9))


def test_a_judge_that_finds_faults():
    """The schema refuses what FHIR does not have, and what lacks what FHIR must have."""
    with pytest.raises(AssertionError, match="nickname"):
        judged({"resourceType": "Patient", "nickname": "x"})
    with pytest.raises(AssertionError, match="code"):
        judged({"resourceType": "Observation", "status": "final"})


def test_ids_are_unique_and_references_resolve(state: State):
    for one in state.participants.values():
        found = list(everything(state, one))
        ids = [(resource["resourceType"], resource["id"]) for resource in found]
        assert len(set(ids)) == len(ids)
        known = {f"{kind}/{id}" for kind, id in ids} | {f"ResearchStudy/{fhir_id(state.trial)}"}
        assert set(_references(found)) <= known


def _references(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, one in value.items():
            if name == "reference" and not one.startswith("#"):
                yield one
            else:
                yield from _references(one)
    elif isinstance(value, list):
        for one in value:
            yield from _references(one)


def read_back(state: State, one: Participant) -> Facts:
    study = state.governing("elements", one)
    bundle = json.loads(json.dumps(bundle_of(state, one)))
    return read_facts(bundle, Codebook(study.elements, study.study.id), study.elements, on=ON)


def said(fact: Fact, of: Facts) -> tuple[Any, ...]:
    """Give what a fact says, apart from where it comes from.

    What happened some time is what happened in this life so far; that something happened, and
    "yes, it happened", are the same.
    """
    life = (of.birth.first, ON)
    start, end = (life if day == ANY_DAY else tuple(day) for day in (fact.start, fact.end))
    code = "" if fact.code == "true" else fact.code
    return (
        fact.element,
        start,
        end,
        fact.value,
        fact.unit,
        fact.bound,
        fact.low,
        fact.high,
        code,
        fact.method,
        fact.route,
        fact.doubtful,
    )


def unclear(found: Facts) -> set[str]:
    """Return the elements that records keep open, but for adverse events of the trial itself.

    Those are written in words, and an event in words may be of any condition to who reads it.
    """
    return {
        name
        for name, some in found.not_understood.items()
        if any(not one.id.startswith("AdverseEvent/") for one in some)
    }


def test_what_is_read_back_is_the_same(state: State):
    """Every fact of the ledger is read out of the bundle again, and nothing else.

    A drug is read back for each element that asks about it; a consent that a later one replaced is
    no longer active.
    """
    for one in state.participants.values():
        ledger, found = facts_of(state, one), read_back(state, one)
        assert (found.person, found.sex) == (one.id, ledger.sex)
        assert found.birth == parse_day(one.birth[:4])
        assert (found.died is None) is (ledger.died is None)
        elements = state.governing("elements", one).elements
        for name, element in elements.items():
            ours = sorted(str(said(fact, found)) for fact in ledger.of(name))
            theirs = sorted(str(said(fact, found)) for fact in found.of(name))
            if element.kind == "consent":
                assert theirs == sorted(ours)[-1:] or one.consent == "withdrawn"
            elif element.kind == "exposure":
                assert set(ours) <= set(theirs)
                drugs = {fact.code for facts in ledger.by_element.values() for fact in facts}
                assert all(fact.code in drugs for fact in found.of(name))
            else:
                assert theirs == ours
        assert set(unclear(found)) >= set(ledger.not_understood)
        assert bool(unclear(found)) is bool(ledger.not_understood)


def test_a_record_that_is_not_understood_stays_so_when_read_back(state: State):
    """Where it is known by now what it means, it is gone."""
    at, event = next(
        (at, event) for at, event in state.events.items() if isinstance(event, RecordNotUnderstood)
    )
    one = state.participants[event.participant]
    assert not unclear(read_back(state, one)), "it was corrected"
    store = finished(2, state.trial.lower().replace("-", "_")).trial.store
    before = as_of(state.trial, store.read(state.trial), position=at)
    names = {name for name, element in state.study.elements.items() if element.kind == "condition"}
    assert unclear(read_back(before, before.participants[one.id])) == names
    judged(bundle_of(before, before.participants[one.id]))


def test_a_patient_is_nobody_by_name(state: State):
    """The Patient has a number, a sex and a year of birth; no seal, token or full birth date."""
    for one in state.participants.values():
        sent = json.dumps(bundle_of(state, one))
        assert one.person_token not in sent
        assert all(
            seal.commitment not in sent and seal.ciphertext not in sent
            for seal in one.identity.values()
        )
        patient = next(everything(state, one))
        assert not {"name", "telecom", "address", "photo", "contact"} & set(patient)
        assert len(patient["birthDate"]) == len("1990")


def test_doses_and_consents_are_those_of_the_ledger(state: State):
    for one in state.participants.values():
        found = list(everything(state, one))
        given = [
            resource for resource in found if resource["resourceType"] == "MedicationAdministration"
        ]
        ledger = [event for dose in doses(state, one).values() for event in dose.administrations]
        amounts = [
            resource["dosage"]["dose"]["value"]
            for resource in given
            if resource["status"] == "completed"
        ]
        assert amounts == [event.amount for event in ledger]
        consents = [resource for resource in found if resource["resourceType"] == "Consent"]
        events = [
            state.events[at]
            for at in one.entries
            if isinstance(state.events[at], InformedConsentObtained | InformedConsentRenewed)
        ]
        assert [resource["dateTime"] for resource in consents] == [
            event.occurred_on.isoformat() for event in events
        ]


def test_the_study_shows_what_its_items_rest_on(state: State):
    study = research_study(state)
    assert len(study["arm"]) == len(state.study.treatment.dose_levels)
    for arm, level in zip(study["arm"], state.study.treatment.dose_levels, strict=True):
        assert arm["extension"] == [{"url": BASIS, "valueCode": str(level.basis)}]


def test_a_known_drug_has_its_public_codes(state: State):
    for one in state.participants.values():
        for resource in everything(state, one):
            if resource["resourceType"] == "MedicationStatement":
                concept = resource["medicationCodeableConcept"]
                drug = find_drug(concept["text"])
                codes = {coding["code"] for coding in concept["coding"]}
                assert drug is None or drug.rxnorm in codes


@pytest.mark.parametrize("name", ["a_b", "a:b", "x" * 65])
def test_a_name_that_fhir_cannot_hold_becomes_its_hash(name: str):
    assert len(fhir_id(name)) == 64
    assert fhir_id("S01-001") == "S01-001"
