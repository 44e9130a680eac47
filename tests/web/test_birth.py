"""One date of birth: the form asks once, and what arrives later may not say otherwise."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from gradatim.web.live_trial import Running
from tests.markup import markup
from tests.web.conftest import NOW, state


def registered(app: Running, client, born: str, **more: str) -> str:
    """Register somebody, and give their number."""
    before = set(state(app).participants)
    said = {
        "seen": state(app).position,
        "request": f"register {born}",
        "sex": "female",
        "occurred_on": str(NOW.date()),
        "full_name": "Somebody Madeup",
        "birth_date": born,
        **more,
    }
    response = client.post("/record/ParticipantRegistered/?site=S01", said)
    assert response.status_code == 302, markup(response)
    (number,) = set(state(app).participants) - before
    return number


def bundle(**patient: str) -> SimpleUploadedFile:
    """Records of a person with nothing in them but who it is."""
    content = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"resource": {"resourceType": "Patient", "id": "p", **patient}}],
    }
    return SimpleUploadedFile("records.json", json.dumps(content).encode(), "application/json")


def test_the_form_asks_for_one_date(app: Running, signed_in):
    """A year that a page of long ago still sends beside it is not listened to."""
    client = signed_in("coordinator.S01.1")
    page = markup(client.get("/record/ParticipantRegistered/?site=S01"))
    assert 'name="birth_date"' in page
    assert 'name="birth"' not in page
    number = registered(app, client, "2012-05-05", birth="1980")
    assert state(app).participants[number].birth == "2012"
    row = markup(client.get(f"/participants/{number}/eligibility/"))
    row = row.split('id="criterion-I0"')[1].split("</tr>")[0]
    assert "14 years old on" in row
    assert "fails" in row


def test_the_age_is_exact_for_who_treats_and_tells_no_birthday_to_who_watches(
    app: Running, signed_in
):
    """Seventeen today: those who watch see that, not the day on which it changes."""
    client = signed_in("coordinator.S01.1")
    number = registered(app, client, "2008-10-02")
    for user, told in (("coordinator.S01.1", True), ("monitor.1", False)):
        row = markup(signed_in(user).get(f"/participants/{number}/eligibility/"))
        row = row.split('id="criterion-I0"')[1].split("</tr>")[0]
        assert "17 years old on" in row
        assert ("2026-10-02" in row) is told or "passes from" not in row
        assert "2008-10" not in row


@pytest.mark.parametrize(
    ("patient", "why"),
    [
        ({"birthDate": "1990-05-15", "gender": "female"}, "the birth date does not fit"),
        ({"birthDate": "1990-06", "gender": "female"}, "the birth date does not fit"),
        ({"birthDate": "1990-05-14", "gender": "male"}, "sex is male, not female"),
    ],
)
def test_records_of_another_birth_or_sex_are_refused(
    app: Running, signed_in, patient: dict[str, str], why: str
):
    """Of the same year of birth too: the sealed date tells."""
    client = signed_in("coordinator.S01.1")
    number = registered(app, client, "1990-05-14")
    before = state(app).position
    path = f"/participants/{number}/records/"
    response = client.post(path, {"bundle": bundle(**patient), "source": "EHR"})
    assert response.status_code == 422
    assert why in markup(response)
    assert state(app).position == before
    fitting = bundle(birthDate="1990-05", gender="female")
    assert client.post(path, {"bundle": fitting, "source": "EHR"}).status_code == 302
