"""Whoever guesses that somebody takes part elsewhere is told to call the sponsor, on every way."""

import pytest

from gradatim.conduct.policies.entry import CALL_THE_SPONSOR
from gradatim.web.live_trial import Running
from tests.web.api.test_recording import PERSON
from tests.web.conftest import NOW, state

GUESSES = [PERSON["name"], PERSON["name"].upper(), "Person, Madeup"]


@pytest.fixture
def number(app: Running, program) -> str:
    """Somebody who takes part at the first site."""
    answer = program("coordinator.S01.1").post(PERSON)
    assert answer.status_code == 201
    found: str = answer.json()["event"]["participant"]
    return found


def test_a_program_is_told_no_more(app: Running, program, number: str):
    there, at = program("coordinator.S02.1"), state(app).position
    answer = there.post({**PERSON, "site": "S02"})
    assert answer.status_code == 422
    reasons = answer.json()["reasons"]
    assert reasons == [{"rule": "the person is new", "why": CALL_THE_SPONSOR}]
    said = answer.content.decode()
    assert number not in said
    assert "S01" not in said
    assert state(app).position == at


def test_nor_is_a_person_on_the_page(app: Running, program, signed_in, number: str):
    answer = signed_in("coordinator.S02.1").post(
        "/record/ParticipantRegistered/?site=S02",
        {
            "seen": app.trial.state.position,
            "request": "guess",
            "sex": "female",
            "occurred_on": str(NOW.date()),
            "full_name": PERSON["name"],
            "birth_date": PERSON["birth_date"],
        },
    )
    page = answer.content.decode()
    assert answer.status_code == 409
    assert "before you register this person" in page
    assert number not in page
    assert "S01" not in page


def test_the_site_itself_is_told_the_number(app: Running, program, number: str):
    answer = program("coordinator.S01.1").post(PERSON)
    assert number in answer.content.decode()


def test_what_is_sent_again_is_known_by_its_key_and_another_person_is_refused(
    app: Running, program
):
    client = program("coordinator.S01.1")
    first = client.post(PERSON, key="once")
    assert client.post(PERSON, key="once").json()["position"] == first.json()["position"]
    other = client.post({**PERSON, "name": "Somebody Else"}, key="once")
    assert other.status_code == 422
    assert "this key was used for another act" in other.content.decode()
