"""Records that are uploaded and not understood: the ledger keeps what they may be of unknown."""

import json
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from gradatim.conduct.as_of import as_of
from gradatim.conduct.events.base import Signature
from gradatim.conduct.events.participants import EntryCorrected, RecordNotUnderstood
from gradatim.conduct.state import Participant, State
from gradatim.conduct.trial import Recorded
from gradatim.conduct.views.eligibility import assessed, eligibility
from gradatim.core.verdict import Reason
from gradatim.web.running import Running
from tests.web.conftest import NOW, UNTIL, state
from tests.web.security.attacks import treated

CANCER = {
    "resourceType": "Condition",
    "id": "c7",
    "onsetDateTime": "2026-08-01",
    "code": {
        "coding": [
            {
                "system": "http://snomed.info/sct",
                "code": "188147009",
                "display": "Malignant neoplasm of nipple",
            }
        ],
        "text": "Mrs Example, nipple",
    },
}
COUGH = {
    "resourceType": "Condition",
    "id": "c8",
    "onsetDateTime": "2026-08-01",
    "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10", "code": "R05"}]},
}
TNF = {
    "resourceType": "MedicationRequest",
    "id": "m1",
    "status": "active",
    "intent": "order",
    "authoredOn": "2026-08-20",
    "medicationCodeableConcept": {
        "coding": [{"system": "http://www.nlm.nih.gov/research/umls/rxnorm", "code": "2588478"}]
    },
}


def post(app: Running, client: Any, one: Participant, *resources: Any) -> None:
    patient = {"resourceType": "Patient", "id": "p", "gender": one.sex, "birthDate": one.birth}
    entries = [{"resource": resource} for resource in (patient, *resources)]
    content = json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries})
    file = SimpleUploadedFile("records.json", content.encode(), "application/json")
    answer = client.post(f"/participants/{one.id}/records/", {"bundle": file, "source": "EHR"})
    assert answer.status_code == 302


def reasons(now: State, name: str) -> dict[str, Reason | None]:
    found = eligibility(now, now.participants[name], UNTIL, UNTIL)
    return {one.criterion.id: one.unknown_because for one in found.findings}


def test_a_signed_history_does_not_cover_what_is_not_understood(app: Running, signed_in):
    one, client = treated(app), signed_in("coordinator.S01.1")
    before = reasons(state(app), one.id)
    assert before["E3"] is before["E9"] is None, "the history was signed as complete"

    post(app, client, one, CANCER, COUGH, TNF)
    told = client.get(f"/participants/{one.id}/eligibility/").content.decode()
    assert "Not understood: 2. What they may be about stays unknown" in told

    now = state(app)
    entries = [
        event
        for event in now.events.values()
        if isinstance(event, RecordNotUnderstood) and event.source == "EHR"
    ]
    assert [entry.record for entry in entries] == ["Condition/c7", "MedicationRequest/m1"]
    assert entries[0].codes == ("SNOMED CT 188147009 (Malignant neoplasm of nipple)",)
    assert "Mrs Example" not in app.trial.store.read(now.trial).__repr__()
    after = reasons(now, one.id)
    assert after["E3"] is after["E9"] is Reason.NOT_UNDERSTOOD
    gate = assessed(now, now.participants[one.id], UNTIL, UNTIL)
    told = " ".join(child.text for child in gate.children)
    assert "188147009" in told
    assert "E3" in told
    page = client.get(f"/participants/{one.id}/eligibility/").content.decode()
    assert "188147009" in page


def test_the_same_file_twice_records_nothing_more(app: Running, signed_in):
    one, client = treated(app), signed_in("coordinator.S01.1")
    post(app, client, one, CANCER)
    position = state(app).position
    post(app, client, one, CANCER)
    assert state(app).position == position


def test_an_investigator_who_finds_out_what_it_means_signs_the_correction(app: Running, signed_in):
    one, client = treated(app), signed_in("coordinator.S01.1")
    post(app, client, one, CANCER)
    now = state(app)
    at = next(
        at
        for at, event in now.events.items()
        if isinstance(event, RecordNotUnderstood) and event.source == "EHR"
    )
    opened = now.events[at]
    assert isinstance(opened, RecordNotUnderstood)
    elements = [name for name in opened.elements if name != "hiv_infection"]
    for left, reason in ((["hiv_infection"], None), ([], None), (elements, Reason.NOT_UNDERSTOOD)):
        event = EntryCorrected(
            occurred_on=UNTIL,
            recorded_at=NOW,
            recorded_by="investigator.S01.1",
            site="S01",
            of=at,
            fields={"elements": left},
            reason="asked the hospital",
            signature=Signature("Dr Li", "I have seen what the hospital's code means"),
        )
        assert isinstance(app.trial.record(event), Recorded)
        found = reasons(state(app), one.id)
        assert found["E3"] is reason
        assert found["E7a"] is (Reason.NOT_UNDERSTOOD if left == ["hiv_infection"] else None)
    position = state(app).position
    post(app, client, one, CANCER)
    assert state(app).position == position, "what was found out stays found out"


def test_as_of_before_the_upload_nothing_was_open(app: Running, signed_in):
    one, client = treated(app), signed_in("coordinator.S01.1")
    before = state(app).position
    post(app, client, one, CANCER)
    now = state(app)
    entries = list(app.trial.store.read(now.trial))
    assert reasons(as_of(now.trial, entries, position=before), one.id)["E3"] is None
    assert reasons(as_of(now.trial, entries), one.id)["E3"] is Reason.NOT_UNDERSTOOD
