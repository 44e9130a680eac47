"""What a program records: once, completed, on what it has seen; and what it cannot."""

import json
from typing import Any

import pytest

from gradatim.conduct.events import BY_NAME
from gradatim.conduct.events.safety import AdverseEventReported
from gradatim.conduct.personal import open_identity
from gradatim.conduct.signatures import MEANINGS
from gradatim.web.api.input_events import filled_in
from gradatim.web.keyring import keyring
from gradatim.web.live_trial import Running
from tests.web.conftest import state

NURSE, COORDINATOR = "nurse.S01.1", "coordinator.S01.1"
DAY = "2026-09-20"
PERSON = {
    "event": "ParticipantRegistered",
    "site": "S01",
    "occurred_on": DAY,
    "sex": "female",
    "name": "Made-up Person",
    "birth_date": "1991-02-28",
}


@pytest.fixture
def one(app: Running) -> str:
    people = app.trial.state.participants.values()
    return next(p.id for p in people if p.site == "S01" and p.status == "treated")


def weighed(one: str, kg: Any = 70.5, **more: Any) -> dict[str, Any]:
    results = [{"element": "body_weight", "value": kg, "unit": "kg"}]
    return {
        "event": "VitalSignsRecorded",
        "participant": one,
        "site": "S01",
        "occurred_on": DAY,
        "results": results,
        **more,
    }


def test_an_event_is_recorded_by_the_tokens_user(app: Running, program, one: str):
    before = app.trial.state.position
    response = program(NURSE).post(weighed(one))
    assert response.status_code == 201
    assert response.json()["position"] == before + 1
    assert response.json()["deviations"] == response.json()["queries"] == []
    event: Any = state(app).events[before + 1]
    assert (event.recorded_by, event.site, event.protocol) == (
        NURSE,
        "S01",
        state(app).versions[-1].version,
    )
    assert event.results[0].value == 70.5


def test_the_same_key_is_recorded_once(app: Running, program, one: str):
    """However often it comes; with another content it is refused, of another user it is another."""
    nurse = program(NURSE)
    first = nurse.post(weighed(one), key="k")
    again = program(NURSE).post(weighed(one), key="k")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    for changed in (
        weighed(one, 99),
        weighed(one, taken_at="2026-09-20T08:00:00Z"),
        {
            "event": "EncounterDone",
            "participant": one,
            "site": "S01",
            "occurred_on": DAY,
            "encounter": "screening",
        },
    ):
        refused = nurse.post(changed, key="k")
        assert refused.status_code == 422
        assert refused.json()["where"] == "Idempotency-Key"
    other = program(COORDINATOR).post(weighed(one, 71), key="k")
    assert other.json()["position"] == first.json()["position"] + 1


def test_what_leaves_a_field_out_is_another_act(app: Running, program, one: str):
    nurse = program(NURSE)
    timed = nurse.post(weighed(one, taken_at="2026-09-20T08:00:00+08:00"), key="k")
    assert timed.status_code == 201
    assert nurse.post(weighed(one, taken_at="2026-09-20T00:00:00Z"), key="k").status_code == 201
    assert nurse.post(weighed(one), key="k").status_code == 422


def test_values_that_do_not_go_together_open_a_query(app: Running, program, one: str):
    """Nobody can be asked first: they are recorded, and the answer says what is asked."""
    pressures = [
        {"element": f"{which}_pressure", "value": value, "unit": "mm[Hg]"}
        for which, value in (("systolic", 80), ("diastolic", 120))
    ]
    response = program(NURSE).post(weighed(one) | {"results": pressures})
    assert response.status_code == 201
    (opened,) = response.json()["queries"]
    assert "exchanged" in opened["question"]
    query = state(app).queries[opened["query"]]
    assert query.of == response.json()["position"]


def test_an_answer_to_a_repeated_request_has_its_deviations(app: Running, program, one: str):
    """The deviations that an act opened are told again."""
    early = weighed(one) | {
        "event": "DoseAdministered",
        "dose": 9,
        "amount": 1,
        "unit": "{cells}",
        "started_at": f"{DAY}T01:00:00Z",
        "ended_at": f"{DAY}T01:10:00Z",
    }
    early.pop("results")
    nurse = program(NURSE)
    first = nurse.post(early, key="d")
    assert first.status_code == 201, first.content
    assert first.json()["deviations"]
    assert {d["position"] for d in first.json()["deviations"]} <= set(state(app).deviations)
    assert nurse.post(early, key="d").json() == first.json()


@pytest.mark.parametrize("name", sorted(kind.__name__ for kind in MEANINGS))
def test_a_token_cannot_sign(app: Running, program, name: str):
    """Whoever it is of: an act that is signed needs a person."""
    before = app.trial.state.position
    for user in ("sponsor.1", "investigator.S01.1", "committee.1"):
        response = program(user).post({"event": name, "occurred_on": DAY, "site": "S01"})
        assert response.status_code == 403
        assert "signed" in response.json()["what"]
    assert app.trial.state.position == before


@pytest.mark.parametrize("field", ["recorded_at", "recorded_by", "protocol", "signature"])
def test_what_the_application_fills_in_is_not_given(app: Running, program, one: str, field: str):
    response = program(NURSE).post(weighed(one, **{field: "2026-01-01T00:00:00Z"}))
    assert response.status_code == 422
    assert response.json()["where"] == f"body.{field}"


def test_no_given_event_has_what_is_filled_in():
    for name in BY_NAME:
        assert {"recorded_at", "recorded_by", "protocol", "signature"} <= filled_in(name)
        assert "site" not in filled_in(name)


def test_a_birth_beside_the_date_may_not_contradict_it(app: Running, program):
    """It is taken where it says the same; what the ledger keeps is the year of the sealed date."""
    coordinator, before = program(COORDINATOR), app.trial.state.position
    for other in ("1980", "1991-03", "1991-02-27"):
        refused = coordinator.post({**PERSON, "birth": other})
        assert refused.status_code == 422
        assert f"birth is {other}" in refused.json()["what"]
    assert state(app).position == before
    for n, same in enumerate(("1991", "1991-02", "1991-02-28")):
        taken = coordinator.post({**PERSON, "name": f"Made-up {n}", "birth": same}, key=f"b{n}")
        assert taken.status_code == 201
        number = taken.json()["event"]["participant"]
        assert state(app).participants[number].birth == "1991"
        again = coordinator.post({**PERSON, "name": f"Made-up {n}", "birth": same}, key=f"b{n}")
        assert again.json() == taken.json()


def test_a_person_is_numbered_and_sealed(app: Running, program):
    """Name and birth date are sealed; the same person twice is met again."""
    coordinator = program(COORDINATOR)
    response = coordinator.post(PERSON, key="p")
    assert response.status_code == 201
    number = response.json()["event"]["participant"]
    one = state(app).participants[number]
    assert open_identity(keyring(), state(app), one) == {
        "name": PERSON["name"],
        "birth_date": PERSON["birth_date"],
    }
    assert one.birth == "1991"
    assert coordinator.post(PERSON, key="p").json() == response.json()
    twice = coordinator.post(PERSON)
    assert twice.status_code == 422
    assert twice.json()["reasons"]
    assert coordinator.post({**PERSON, "name": "Someone Else"}, key="p").status_code == 422
    for field in ("participant", "person_token", "identity"):
        assert coordinator.post({**PERSON, field: "S01-777"}).status_code == 422


def test_an_adverse_event_is_numbered(app: Running, program, one: str):
    told = {
        "event": "AdverseEventReported",
        "participant": one,
        "site": "S01",
        "occurred_on": DAY,
        "term": "Headache",
        "onset": DAY,
        "grade": 1,
    }
    response = program(NURSE).post(told)
    assert response.status_code == 201
    number = response.json()["event"]["adverse_event"]
    found = state(app).events[response.json()["position"]]
    assert isinstance(found, AdverseEventReported)
    assert (found.adverse_event, number) == (number, found.adverse_event)
    follow = {
        "event": "AdverseEventResolved",
        "participant": one,
        "adverse_event": number,
        "site": "S01",
        "occurred_on": DAY,
        "resolved_on": DAY,
        "outcome": "recovered",
    }
    assert program(NURSE).post(follow).status_code == 201


def test_who_was_overtaken_is_told_by_what(app: Running, program, one: str):
    """A position that another user has gone beyond is stale; with the new one it is recorded."""
    seen = app.trial.state.position
    assert program(COORDINATOR).post(weighed(one, 71)).status_code == 201
    nurse = program(NURSE)
    late = nurse.post(weighed(one), key="k", seen=f'"{seen}"')
    assert late.status_code == 409
    told = late.json()
    assert [entry["position"] for entry in told["entries"]] == [seen + 1]
    assert told["entries"][0]["recorded_by"] == COORDINATOR
    assert one in told["entries"][0]["told"]
    assert nurse.post(weighed(one), key="k", seen=told["position"]).status_code == 201


def test_what_is_not_for_a_user_is_not_told_to_who_was_overtaken(app: Running, program):
    """An authorisation is overtaken by the whole cohort: of another site only that it is so."""
    participants = app.trial.state.participants.values()
    theirs = next(p for p in participants if p.site == "S02" and p.status == "treated")
    ours = next(p for p in participants if p.site == "S01")
    seen = app.trial.state.position
    dose = {
        "event": "DoseAdministered",
        "participant": theirs.id,
        "site": "S02",
        "dose": 1,
        "occurred_on": DAY,
        "started_at": f"{DAY}T01:00:00Z",
        "ended_at": f"{DAY}T01:09:00Z",
        "amount": 1,
        "unit": "{cells}",
    }
    assert program("nurse.S02.1").post(dose).status_code == 201
    enrol = {
        "event": "ParticipantEnrolled",
        "participant": ours.id,
        "site": "S01",
        "occurred_on": DAY,
        "level": theirs.level,
    }
    late = program(COORDINATOR).post(enrol, seen=seen)
    assert late.status_code == 409
    assert theirs.id not in late.content.decode()
    assert late.json()["entries"][0]["position"] == seen + 1


@pytest.mark.parametrize("seen", ["999999", '"999999"', "-1", "x", '"1', "1.5", ""])
def test_a_position_that_cannot_be_is_refused(app: Running, program, one: str, seen: str):
    response = program(NURSE).post(weighed(one), seen=seen)
    assert response.status_code == 422


def test_a_key_is_needed(app: Running, program, one: str):
    nurse = program(NURSE)
    response = nurse.client.post(
        "/api/events", weighed(one), "application/json", headers=nurse.headers
    )
    assert response.status_code == 422
    assert nurse.post(weighed(one), key="k" * 201).status_code == 422


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 415),
        (b"{", 400),
        (b"\xff", 400),
        (b"[]", 422),
        (b"null", 422),
        (b'"x"', 422),
        (b"{}", 422),
        (b'{"event": 1}', 422),
        (b'{"event": "Nothing"}', 422),
        (b'{"event": {"a": []}}', 422),
        (b"NaN", 400),
        (b"[" * 100_000, 400),
        (b'{"event": "TrialPaused", "site": ["S01"]}', 403),
        (
            b'{"event": "TrialPaused", "site": "S01", '
            b'"reason": "\\ud800", "occurred_on": "2026-09-20"}',
            400,
        ),
        (
            b'{"event": "TrialPaused", "site": "S01", "reason": "ok", "occurred_on": "2026-09-20"}',
            422,
        ),
        (
            b'{"event": "TrialPaused", "site": "S01", '
            b'"reason": "okay", "occurred_on": "0001-01-01"}',
            422,
        ),
        (
            b'{"event": "TrialPaused", "site": "S01", '
            b'"reason": "okay", "occurred_on": "9999-12-31"}',
            422,
        ),
    ],
)
def test_what_is_no_event_is_refused_in_words(app: Running, program, body: bytes, status: int):
    nurse = program(NURSE)
    headers = {**nurse.headers, "Idempotency-Key": "k"}
    response = nurse.client.post("/api/events", body, "application/json", headers=headers)
    assert response.status_code == status, response.content
    assert response.json()["what"]


@pytest.mark.parametrize("depth", [100, 400, 700, 950, 1_100])
def test_what_is_nested_deeply_is_refused(app: Running, program, one: str, depth: int):
    """A correction may hold any value; whatever its depth, it is refused and not a fault."""
    fields: Any = "[" * depth + "]" * depth
    of = app.trial.state.participants[one].entries[-1]
    body = (
        f'{{"event": "EntryCorrected", "site": "S01", "of": {of}, "occurred_on": "{DAY}", '
        f'"reason": "typed wrongly", "fields": {{"comment": {fields}}}}}'
    )
    nurse = program(COORDINATOR)
    headers = {**nurse.headers, "Idempotency-Key": "k"}
    response = nurse.client.post("/api/events", body, "application/json", headers=headers)
    assert response.status_code in (400, 403, 422)


def test_other_content_and_too_much_of_it(app: Running, program, one: str, settings):
    nurse = program(NURSE)
    headers = {**nurse.headers, "Idempotency-Key": "k"}
    form = nurse.client.post("/api/events", weighed(one)["results"][0], headers=headers)
    assert form.status_code == 415
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    large = nurse.client.post("/api/events", weighed(one), "application/json", headers=headers)
    assert large.status_code == 413


def test_a_correction(app: Running, program, one: str):
    """A fact is corrected with a reason; what was signed, and who recorded it, is not."""
    nurse, investigator = program(NURSE), program("investigator.S01.1")
    position = nurse.post(weighed(one)).json()["position"]
    right = [{"element": "body_weight", "value": 75, "unit": "kg"}]
    correction = {
        "event": "EntryCorrected",
        "site": "S01",
        "of": position,
        "occurred_on": DAY,
        "reason": "typed wrongly",
        "fields": {"results": right},
    }
    assert nurse.post(correction).status_code == 201
    corrected: Any = state(app).events[position]
    assert corrected.results[0].value == 75
    for field, value in (
        ("recorded_by", "x"),
        ("signature", {"printed_name": "x", "meaning": "xxx"}),
        ("site", "S02"),
        ("protocol", "9"),
    ):
        refused = nurse.post({**correction, "fields": {field: value}})
        assert refused.status_code == 422
        assert refused.json()["where"] == f"body.fields.{field}"
    signed = next(
        at for at in state(app).participants[one].entries if type(state(app).events[at]) in MEANINGS
    )
    refused = investigator.post({**correction, "of": signed, "fields": {"comment": "x"}})
    assert refused.status_code == 403
    log = program("monitor.1").get("events", after=position - 1, limit=1).json()["items"][0]
    assert log["earlier"][0]["results"][0]["value"] == 70.5
    assert log["event"]["results"][0]["value"] == 75


def test_a_lot_of_another_site_is_not_touched(app: Running, program):
    """Neither by its name nor by that of a bag in a lot that is here too."""
    lots = app.trial.state.lots
    theirs = next(
        lot for lot in lots.values() if {bag.site for bag in lot.containers.values()} == {"S02"}
    )
    asked = {
        "event": "ProductDestroyed",
        "site": "S01",
        "occurred_on": DAY,
        "lot": theirs.id,
        "bags": list(theirs.containers)[:1],
        "reason": "expired",
    }
    pharmacist = program("pharmacist.S01.1")
    refused = pharmacist.post(asked)
    assert refused.status_code == 404
    assert refused.content == pharmacist.post({**asked, "lot": "none"}).content
    here, *_, bag = theirs.containers
    theirs.containers[here] = theirs.containers[here]._replace(site="S01")  # a lot at two sites
    assert pharmacist.post({**asked, "bags": [bag]}).status_code == 404


def test_what_may_not_be_is_refused_with_reasons(app: Running, program):
    """A policy that refuses an authorisation is named."""
    one = next(
        p
        for p in app.trial.state.participants.values()
        if p.site == "S01" and p.status not in ("eligible", "waiting")
    )
    enrol = {
        "event": "ParticipantEnrolled",
        "participant": one.id,
        "site": "S01",
        "occurred_on": DAY,
        "level": 1,
    }
    refused = program(COORDINATOR).post(enrol)
    assert refused.status_code == 422
    assert all(reason["rule"] and reason["why"] for reason in refused.json()["reasons"])
    assert refused.json()["reasons"]


def test_every_word_of_a_fault_is_plain(app: Running, program):
    """A refusal never repeats a value that was sent."""
    secret = "Someone Private"
    response = program(COORDINATOR).post({**PERSON, "name": secret, "birth_date": "yesterday"})
    assert response.status_code == 422
    assert secret not in json.dumps(response.json())
