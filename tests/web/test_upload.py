"""Records that are uploaded and not understood: the ledger keeps what they may be of unknown."""

import html
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

from django.core.files.uploadedfile import SimpleUploadedFile

from gradatim.conduct.as_of import as_of
from gradatim.conduct.event_store import Cause, StorageUnavailable
from gradatim.conduct.events.base import Signature
from gradatim.conduct.events.participants import EntryCorrected, RecordNotUnderstood
from gradatim.conduct.events.records import RecordsRead
from gradatim.conduct.state import Participant, State
from gradatim.conduct.trial import Recorded
from gradatim.conduct.views.eligibility import assessed, eligibility
from gradatim.conduct.views.facts import facts_of
from gradatim.conduct.views.records import records_of
from gradatim.core.verdict import Reason
from gradatim.web.live_trial import Running
from tests.markup import markup
from tests.web.conftest import NOW, PASSWORD, UNTIL, state
from tests.web.security.attacks import event_form, treated

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
NAPROXEN = {
    **TNF,
    "id": "m2",
    "medicationCodeableConcept": {
        "coding": [{"system": "http://www.whocc.no/atc", "code": "M01AE02"}]
    },
}


def sent(client: Any, one: Participant, *resources: Any) -> Any:
    patient = {"resourceType": "Patient", "id": "p", "gender": one.sex, "birthDate": one.birth}
    entries = [{"resource": resource} for resource in (patient, *resources)]
    content = json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries})
    file = SimpleUploadedFile("records.json", content.encode(), "application/json")
    return client.post(f"/participants/{one.id}/records/", {"bundle": file, "source": "EHR"})


def post(app: Running, client: Any, one: Participant, *resources: Any) -> None:
    assert sent(client, one, *resources).status_code == 302


def reasons(now: State, name: str) -> dict[str, Reason | None]:
    found = eligibility(now, now.participants[name], UNTIL, UNTIL)
    return {one.criterion.id: one.unknown_because for one in found.findings}


def test_a_signed_history_does_not_cover_what_is_not_understood(app: Running, signed_in):
    one, client = treated(app), signed_in("coordinator.S01.1")
    before = reasons(state(app), one.id)
    assert before["E3"] is before["E9"] is None, "the history was signed as complete"

    post(app, client, one, CANCER, COUGH, TNF)
    told = markup(client.get(f"/participants/{one.id}/eligibility/"))
    assert "Not understood: 2. What they may be about stays unknown" in told

    now = state(app)
    entries = [
        event
        for event in now.events.values()
        if isinstance(event, RecordNotUnderstood) and event.source == "EHR"
    ]
    assert [entry.record for entry in entries] == ["Condition/c7", "MedicationRequest/m1"]
    (found,) = [
        r
        for r in records_of(now, now.participants[one.id]).values()
        if r.id == "Condition/c7" and r.source == "EHR"
    ]
    assert list(map(str, found.codes)) == ["SNOMED CT 188147009 (Malignant neoplasm of nipple)"]
    after = reasons(now, one.id)
    assert after["E3"] is after["E9"] is Reason.NOT_UNDERSTOOD
    gate = assessed(now, now.participants[one.id], UNTIL, UNTIL)
    told = " ".join(child.text for child in gate.children)
    assert "188147009" in told
    assert "E3" in told
    page = markup(client.get(f"/participants/{one.id}/eligibility/"))
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


def pages_of(client: Any, one: Participant) -> dict[str, str]:
    found = {}
    for name in ("sources", "records", "eligibility", "history"):
        answer = client.get(f"/participants/{one.id}/{name}/")
        assert answer.status_code == 200, name
        found[name] = html.unescape(markup(answer))
    return found


def judging(now: State, one: Participant, record: str, **more: str) -> str:
    """Give the address of the form in which a record is judged."""
    found = next(r for r in records_of(now, one).values() if r.id == record and r.source == "EHR")
    about = {"participant": one.id, "of": found.at, "record": record, **more}
    return f"/record/RecordJudged/?{urlencode(about, safe='/')}"


def signed(client: Any, path: str, now: State, **fields: str) -> Any:
    """Send the form of a judgement, signed."""
    told = {
        "reason": "asked the hospital",
        "occurred_on": str(UNTIL),
        "password": PASSWORD,
        "seen": str(now.position),
        "request": uuid4().hex,
        **fields,
    }
    return client.post(path, told)


def test_the_ledger_tells_how_each_record_was_understood(app: Running, signed_in):
    one, client = treated(app), signed_in("coordinator.S01.1")
    post(app, client, one, CANCER, COUGH, TNF, NAPROXEN)
    now = state(app)
    told = [event for event in now.events.values() if isinstance(event, RecordsRead)][-1]
    records = records_of(now, now.participants[one.id]).values()
    by_id = {record.id: record.read for record in records if record.source == "EHR" and record.read}
    assert told.read == 4, "the patient is no record"
    assert set(by_id) == {
        "Condition/c7",
        "Condition/c8",
        "MedicationRequest/m1",
        "MedicationRequest/m2",
    }
    cancer, cough, tnf = (
        by_id[one] for one in ("Condition/c7", "Condition/c8", "MedicationRequest/m1")
    )
    assert (cancer.codes[0].system, cancer.codes[0].code) == ("http://snomed.info/sct", "188147009")
    assert "malignancy" in cancer.perhaps
    assert cancer.start == "2026-08-01"
    assert (cough.perhaps, cough.used, cough.outside) == ((), {}, ("condition",))
    assert "biologic" in tnf.perhaps
    used = by_id["MedicationRequest/m2"]
    assert used.used["nsaid"] == "ATC M01AE02"


def test_whoever_judges_sees_both_readings(app: Running, signed_in):
    one, client = treated(app), signed_in("investigator.S01.1")
    post(app, client, one, CANCER, COUGH, TNF, NAPROXEN)
    now = state(app)
    shown = pages_of(client, one)
    for name in ("sources", "records"):
        assert "SNOMED CT 188147009 (Malignant neoplasm of nipple)" in shown[name]
        assert judging(now, one, "Condition/c7").partition("?")[2] in shown[name]
    assert "through ATC M01AE02" in shown["sources"]
    assert "known to be something else" in shown["sources"]
    form = html.unescape(markup(client.get(judging(now, one, "Condition/c7"))))
    assert "Malignant neoplasm of nipple" in form
    assert "from" not in form or "2026-08-01" in form

    answer = signed(client, judging(now, one, "Condition/c7"), now, none_of_the_rest="on")
    assert answer.status_code == 302, markup(answer)
    answer = signed(
        client,
        judging(now, one, "MedicationRequest/m1"),
        state(app),
        **{"answers-biologic": "yes", "drug": "adalimumab"},
    )
    assert answer.status_code == 302, markup(answer)
    now = state(app)
    assert reasons(now, one.id)["E3"] is None
    (fact,) = [
        one
        for one in facts_of(now, now.participants[one.id]).of("biologic")
        if one.code == "adalimumab"
    ]
    assert str(fact.start) == "2026-08-20"
    shown = pages_of(client, one)
    assert "asked the hospital" in shown["eligibility"]
    assert "is not" in shown["eligibility"]
    assert "is none of" in shown["sources"]
    assert "judges record Condition/c7" in shown["history"]


def test_a_judgement_without_an_answer_or_a_password_is_not_recorded(app: Running, signed_in):
    one, client = treated(app), signed_in("investigator.S01.1")
    post(app, client, one, CANCER)
    now = state(app)
    path = judging(now, one, "Condition/c7")
    assert "nothing is judged" in markup(signed(client, path, now))
    wrong = signed(client, path, now, none_of_the_rest="on", password="something else")
    assert wrong.status_code == 422
    assert state(app).position == now.position


def test_a_record_that_is_known_can_be_judged_to_be_something_else(app: Running, signed_in):
    one, client = treated(app), signed_in("investigator.S01.1")
    post(app, client, one, COUGH)
    now = state(app)
    answer = signed(client, judging(now, one, "Condition/c8"), now, something_else="malignancy")
    assert answer.status_code == 302, markup(answer)
    now = state(app)
    (fact,) = facts_of(now, now.participants[one.id]).of("malignancy")
    assert str(fact.start) == "2026-08-01"
    page = pages_of(client, one)["sources"]
    assert "known to be something else" in page
    assert "<b>is</b>" in page


def test_a_changed_record_is_asked_again(app: Running, signed_in):
    one, client = treated(app), signed_in("investigator.S01.1")
    post(app, client, one, CANCER)
    now = state(app)
    signed(client, judging(now, one, "Condition/c7"), now, none_of_the_rest="on")
    assert reasons(state(app), one.id)["E3"] is None
    position = state(app).position
    post(app, client, one, {**CANCER, "meta": {"versionId": "2"}})
    assert state(app).position == position, "its version is nothing that it says"
    post(app, client, one, {**CANCER, "note": [{"text": "grew"}]})
    assert reasons(state(app), one.id)["E3"] is Reason.NOT_UNDERSTOOD
    assert "has changed since it was judged" in pages_of(client, one)["sources"]


def test_who_may_not_judge_finds_no_way_to_it(app: Running, signed_in):
    one = treated(app)
    post(app, signed_in("coordinator.S01.1"), one, CANCER)
    path = judging(state(app), one, "Condition/c7")
    for user in ("coordinator.S01.1", "nurse.S01.1", "monitor.1", "investigator.S02.1"):
        client = signed_in(user)
        assert client.get(path).status_code == 404
    for user in ("coordinator.S01.1", "monitor.1"):
        page = markup(signed_in(user).get(f"/participants/{one.id}/sources/"))
        assert "RecordJudged" not in page
        assert "188147009" in page
    assert (
        signed_in("investigator.S02.1").get(f"/participants/{one.id}/sources/").status_code == 404
    )


def test_a_record_that_there_is_not_cannot_be_judged(app: Running, signed_in):
    one, client = treated(app), signed_in("investigator.S01.1")
    assert (
        client.get(f"/record/RecordJudged/?participant={one.id}&of=5&record=X/1").status_code == 404
    )
    answer = client.get(f"/record/RecordJudged/?participant={one.id}")
    assert "Records to be judged" in markup(answer)


def many(number: int) -> list[dict[str, Any]]:
    """Return conditions that nobody understands, each of its own."""
    return [{**CANCER, "id": f"n{n}", "onsetDateTime": f"2026-07-{n:02}"} for n in range(1, number)]


def told_of(app: Running, one: Participant) -> list[str]:
    """Return the records that are not understood, as often as they are recorded."""
    entries = state(app).events.of(RecordNotUnderstood)
    return sorted(event.record for _, event in entries if event.source == "EHR")


def test_a_large_file_is_few_appends_and_others_go_on_in_between(
    app: Running, signed_in, monkeypatch
):
    """An adverse event is reported while it is being recorded; all of both is there."""
    monkeypatch.setattr("gradatim.web.views.screening.upload.TOGETHER", 7)
    one, client, other = treated(app), signed_in("coordinator.S01.1"), signed_in("nurse.S01.1")
    appends, append = list[int](), app.store.append

    def counted(trial: str, bodies: Any, expected: Any) -> Any:
        appends.append(len(bodies))
        return append(trial, bodies, expected)

    monkeypatch.setattr(app.store, "append", counted)
    between(app, monkeypatch, lambda: other.post(*event_form(app, request="meanwhile")))
    before = state(app).position
    post(app, client, one, *many(28))
    assert told_of(app, one) == sorted(f"Condition/n{n}" for n in range(1, 28))
    assert appends.count(7) >= 3
    assert sum(appends) == state(app).position - before
    assert app.store.position_of(app.trial.name, "meanwhile")


def test_the_same_file_by_two_at_once_is_recorded_once(app: Running, signed_in, monkeypatch):
    """The second comes while the first is between two portions."""
    monkeypatch.setattr("gradatim.web.views.screening.upload.TOGETHER", 7)
    one, client, other = treated(app), signed_in("coordinator.S01.1"), signed_in("nurse.S01.1")
    between(app, monkeypatch, lambda: post(app, other, one, *many(28)))
    post(app, client, one, *many(28))
    assert told_of(app, one) == sorted(f"Condition/n{n}" for n in range(1, 28))
    readings = [len(event.records) for _, event in state(app).events.of(RecordsRead)]
    assert sum(readings) >= 28


def test_what_breaks_off_is_gone_on_with_by_the_same_file(app: Running, signed_in, monkeypatch):
    """A disk that is full after two portions: what they hold stays, and the rest comes later."""
    monkeypatch.setattr("gradatim.web.views.screening.upload.TOGETHER", 7)
    one, client, append = treated(app), signed_in("coordinator.S01.1"), app.store.append
    room = [2]

    def full(trial: str, bodies: Any, expected: Any) -> Any:
        room[0] -= 1
        if room[0] < 0:
            raise StorageUnavailable(Cause.FULL, "the disk is full", "")
        return append(trial, bodies, expected)

    monkeypatch.setattr(app.store, "append", full)
    assert sent(client, one, *many(28)).status_code == 503
    assert len(told_of(app, one)) == 14
    assert client.get(f"/participants/{one.id}/").status_code == 200
    room[0] = 99
    post(app, client, one, *many(28))
    assert told_of(app, one) == sorted(f"Condition/n{n}" for n in range(1, 28))


def between(app: Running, monkeypatch: Any, act: Any) -> None:
    """Have somebody else do something, once, when an upload lets others have the trial again."""
    let_others, turns = app.let_others, iter([False, False, True])

    @contextmanager
    def let(*_given: Any) -> Iterator[None]:
        with let_others():
            if next(turns, False):
                act()
            yield

    monkeypatch.setattr(app, "let_others", let)
