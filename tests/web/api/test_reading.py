"""What a program reads: pages, the trail, and nothing that tells who a participant is."""

import json

import pytest

from gradatim.web.api.fhir import fhir
from gradatim.web.api.interface import api
from gradatim.web.live_trial import Running
from tests.exports.test_fhir import judged
from tests.web.api.conftest import Program
from tests.web.api.test_matrix import OPERATIONS
from tests.web.api.test_recording import COORDINATOR, PERSON
from tests.web.conftest import state


def test_the_trial(app: Running, program):
    response = program("sponsor.1").get("trial")
    found, here = response.json(), app.trial.state
    assert response["ETag"] == f'"{here.position}"'
    assert (found["trial"], found["position"]) == (here.trial, here.position)
    assert found["head"] == app.trial.head.hash.hex()
    assert found["status"] == "active"


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"pauses": [1]}, "paused"),
        ({"pauses": [1], "stopped": 1}, "stopped"),
        ({"stopped": 1, "locked": True}, "locked"),
        ({"versions": []}, "not active"),
    ],
)
def test_how_the_trial_stands(app: Running, program, change: dict, status: str):
    for name, value in change.items():
        setattr(app.trial.state, name, value)
    assert program("sponsor.1").get("trial").json()["status"] == status


def test_participants_come_page_by_page(app: Running, program):
    monitor = program("monitor.1")
    found, after = [], ""
    while after is not None:
        page = monitor.get("participants", limit=4, **({"after": after} if after else {})).json()
        assert len(page["items"]) <= 4
        found += [one["id"] for one in page["items"]]
        after = page["next"]
    assert found == list(app.trial.state.participants)
    assert monitor.get("participants", after="nobody").status_code == 404
    for limit in (0, 501, "x"):
        assert monitor.get("participants", limit=limit).status_code == 422


def test_the_trail_comes_page_by_page(app: Running, program):
    monitor = program("monitor.1")
    found, after = [], 0
    while after is not None:
        page = monitor.get("events", after=after, limit=500).json()
        found += page["items"]
        after = page["next"]
    assert [one["position"] for one in found] == list(range(1, app.trial.state.position + 1))
    assert all(one["told"] and one["event"]["event"] for one in found)


def test_a_participant(either_app: Running, program):
    """What is worked out of the entries is given as the pages give it."""
    sponsor = program("sponsor.1")
    here = either_app.trial.state
    for one in here.participants.values():
        found = sponsor.get(f"participants/{one.id}").json()
        assert (found["id"], found["status"], found["level"]) == (one.id, one.status, one.level)
        assert len(found["visits"]) == len(here.governing("schedule", one).schedule.encounters)
        assert found["doses"] == sum(len(dose["given"]) for dose in found["dosing"])
        assert len(found["events"]) == found["adverse_events"]
        screening = sponsor.get(f"participants/{one.id}/eligibility").json()
        assert screening["schema"] == "gradatim.screening/1"
        assert len(screening["people"]) + len(screening.get("unusable", [])) == 1


def test_every_operation_of_either_trial(either_app: Running, program):
    """The second trial is read as the first is; every FHIR answer fits the published schema."""
    here = either_app.trial.state
    one = next(p for p in here.participants.values() if p.status == "treated")
    sponsor = program("sponsor.1")
    for path in OPERATIONS:
        response = sponsor.get(path.format(id=one.id, trial=here.trial))
        assert response.status_code == 200, path
        if path.startswith("fhir/"):
            assert response["Content-Type"] == "application/fhir+json"
            judged(response.json())


def test_the_next_dose_carries_the_basis_of_the_design(app: Running, program):
    found = program("committee.1").get("next-dose").json()
    assert found["basis"] == str(app.trial.state.study.safety.escalation.basis)
    assert found["reasons"]
    assert all(reason["text"] for reason in found["reasons"])


@pytest.mark.parametrize(
    "path",
    [
        "fhir/Observation",
        "fhir/Nothing",
        "fhir/Patient/nobody",
        "fhir/Patient/nobody/$everything",
        "fhir/ResearchStudy/other",
        "fhir/Consent?subject=Patient/nobody",
        "fhir/",
        "fhir/Observation?subject=" + "x" * 100,
    ],
)
def test_what_fhir_does_not_have_is_an_outcome(app: Running, program, path: str):
    response = program("sponsor.1").get(path)
    assert response.status_code in (400, 404)
    assert response["Content-Type"] == "application/fhir+json"
    judged(response.json())


@pytest.mark.parametrize("path", ["", "nothing", "trial/", "participants/S01-001/nothing"])
def test_what_there_is_not_is_told_in_json(app: Running, program, path: str):
    response = program("sponsor.1").get(path)
    assert response.status_code == 404
    assert response.json()["what"] == "there is nothing here"


def test_other_methods_are_refused(app: Running, program):
    one = program("sponsor.1")
    for method in (one.client.put, one.client.delete, one.client.patch, one.client.post):
        response = method("/api/trial", headers=one.headers)
        assert response.status_code == 405
        assert response["Allow"] == "GET"
        assert response.json()["where"] == "method"


def test_nobody_is_told_who_a_participant_is(app: Running, program):
    """No answer to anybody has a name, a birth date, a seal or the keyed hash of a person."""
    given = {**PERSON, "birth": PERSON["birth_date"]}
    number = program(COORDINATOR).post(given).json()["event"]["participant"]
    one = state(app).participants[number]
    secrets = [given["name"], given["birth_date"]]
    secrets += [
        text for seal in one.identity.values() for text in (seal.commitment, seal.ciphertext)
    ]
    users = ("sponsor.1", "monitor.1", "investigator.S01.1", COORDINATOR, "committee.1")
    for program_of in map(program, users):
        for path in OPERATIONS:
            place = path.format(id=number, trial=state(app).trial)
            answers = [program_of.get(place)]
            if path == "events":
                answers.append(program_of.get(place, after=one.position - 1))
            for answer in answers:
                said = answer.content.decode()
                assert [secret for secret in secrets if secret in said] == [], path
    log = program("monitor.1").get("events", after=one.position - 1).json()["items"][0]
    assert log["event"]["event"] == "ParticipantRegistered"
    assert not {"identity", "person_token"} & set(log["event"])
    assert log["event"]["birth"] == given["birth_date"][:4]


@pytest.mark.parametrize("interface", [api, fhir])
def test_the_document_names_every_fault(app: Running, interface):
    """Each operation says what it may answer; nothing is asked of another host."""
    document = interface.get_openapi_schema()
    for path, methods in document["paths"].items():
        for operation in methods.values():
            answers = {str(status) for status in operation["responses"]}
            assert "metadata" in path or {"401", "404", "429"} <= answers, path
            assert "metadata" in path or operation["security"] == [{"Token": []}]
    assert "cdn" not in json.dumps(document)


def test_the_document_knows_every_event(app: Running):
    schemas = Program("").get("openapi.json").json()["components"]["schemas"]
    for name, event in app.trial.state.events.items():
        assert type(event).__name__ in schemas, name
    assert "signature" not in schemas["GivenVitalSignsRecorded"]["properties"]
    assert "identity" not in schemas["ParticipantRegistered"]["properties"]
