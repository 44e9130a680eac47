"""Who a program is: told by its token alone; one role of a user, or all; and how often it asks."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from gradatim.conduct.access import SEES
from gradatim.conduct.permissions import OF_DELEGATION
from gradatim.web.accounts.models import ApiToken, User
from gradatim.web.accounts.tokens import make_token, revoke_tokens
from gradatim.web.api.input_events import GIVEN
from gradatim.web.api.interface import api
from gradatim.web.live_trial import Running
from gradatim.web.middleware import address_of
from tests.web.api.conftest import Program, probe
from tests.web.api.test_matrix import HERE, OPERATIONS

INVESTIGATOR = "investigator.S01.1"


@pytest.mark.parametrize(
    "value",
    [
        "",
        "gradatim_nothing",
        "Bearer",
        "Bearer ",
        "Bearer gradatim_nothing",
        "Bearer \xff\xfe",
        "Basic YTpi",
        "Bearer " + "x" * 5_000,
    ],
)
@pytest.mark.parametrize("path", ["trial", "events", "fhir/ResearchSubject"])
def test_without_a_valid_token_there_is_nothing(app: Running, path: str, value: str):
    headers = {"Authorization": value} if value else {}
    response = Client().get(f"/api/{path}", headers=headers)
    assert response.status_code == 401
    assert response["WWW-Authenticate"] == "Bearer"
    assert b"NCT" not in response.content
    fhir = path.startswith("fhir")
    assert response["Content-Type"] == f"application/{'fhir+' if fhir else ''}json"


def test_a_session_is_no_token(app: Running, signed_in):
    """Who is signed in with a cookie has no token: a page elsewhere cannot use the cookie."""
    client = signed_in("sponsor.1")
    assert client.get("/api/trial").status_code == 401
    event = {"event": "TrialPaused", "occurred_on": "2026-09-20", "reason": "forged"}
    headers = {"Idempotency-Key": "forged"}
    response = client.post("/api/events", event, "application/json", headers=headers)
    assert response.status_code == 401
    assert not app.trial.state.pauses


def test_the_token_counts_and_not_the_session(app: Running, signed_in):
    client = signed_in("sponsor.1")
    token = make_token(User.objects.get(username="nurse.S01.1"), "test", "")
    response = client.get("/api/events", headers={"Authorization": f"Bearer {token}"})
    assert response.status_code == 404


def test_a_token_ends(app: Running, program):
    """Revoked, expired, or of an account that is closed, a token is like none."""
    user = User.objects.get(username=INVESTIGATOR)
    one, two, three = (program(INVESTIGATOR) for _n in range(3))
    assert one.get("trial").status_code == 200
    revoke_tokens(user, "sponsor.1", pk=user.tokens.order_by("pk")[0].pk)
    assert [p.get("trial").status_code for p in (one, two)] == [401, 200]
    ApiToken.objects.filter(pk=user.tokens.order_by("pk")[1].pk).update(
        expires_at=timezone.now() - timedelta(seconds=1)
    )
    assert [p.get("trial").status_code for p in (two, three)] == [401, 200]
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert three.get("trial").status_code == 401


@pytest.mark.parametrize("role", ["nurse", "pharmacist", "monitor"])
def test_a_token_of_one_role_is_that_role(app: Running, program, role: str):
    """Of a user with several tasks a token may have one: it sees and records what that one may."""
    state = app.trial.state
    state.roles[INVESTIGATOR, HERE] = {"investigator", "nurse", "pharmacist"}
    state.roles[INVESTIGATOR, ""] = {"monitor"}
    one = next(p for p in state.participants.values() if p.site == HERE and p.status == "treated")
    limited, whole = program(INVESTIGATOR, role), program(INVESTIGATOR)
    for path, area in OPERATIONS.items():
        place = path.format(id=one.id, trial=state.trial)
        assert whole.get(place).status_code == 200 or area == "review"
        assert limited.get(place).status_code == (200 if role in SEES[area] else 404), path
    consent = {"event": "InformedConsentRenewed", "site": HERE}
    assert (limited.post(consent).status_code, whole.post(consent).status_code) == (403, 422)
    sites = {item["site"] for item in limited.get("queries").json().get("items", [])}
    assert sites <= ({HERE} if role != "monitor" else {"S01", "S02"})


def test_a_token_of_a_role_that_was_taken_back_sees_nothing(app: Running, program):
    one = program("nurse.S01.1", "investigator")
    assert {one.get(path).status_code for path in ("trial", "participants", "tasks")} == {404}
    assert one.post({"event": "EncounterDone", "site": HERE}).status_code == 404


def auth() -> Any:
    counted: Any = api.auth
    return counted[0]


def test_a_token_that_asks_too_often_has_to_wait(app: Running, program, monkeypatch):
    monkeypatch.setattr(auth()._by_token, "most", 3)
    one, two = program(INVESTIGATOR), program(INVESTIGATOR)
    assert [one.get("trial").status_code for _n in range(4)] == [200, 200, 200, 429]
    response = one.get("trial")
    assert int(response["Retry-After"]) >= 1
    assert response.json()["what"] == "there are too many requests"
    assert two.get("trial").status_code == 200


def test_an_address_that_tries_tokens_has_to_wait(app: Running, program, monkeypatch):
    monkeypatch.setattr(auth()._by_address, "most", 5)
    guesses = [Program(f"gradatim_{n}").get("trial").status_code for n in range(6)]
    assert guesses == [401] * 5 + [429]
    assert program(INVESTIGATOR).get("trial").status_code == 429
    other = Client(REMOTE_ADDR="192.0.2.7").get("/api/trial")
    assert other.status_code == 401


@pytest.mark.parametrize(("proxied", "expected"), [(False, "10.0.0.1"), (True, "192.0.2.9")])
def test_an_address_cannot_be_made_up(rf, settings, proxied: bool, expected: str):
    """Only what our own proxy wrote counts: the last in the list, and only behind a proxy."""
    settings.CONFIGURATION = settings.CONFIGURATION._replace(proxied=proxied)
    request = rf.get("/", REMOTE_ADDR="10.0.0.1", HTTP_X_FORWARDED_FOR="8.8.8.8, 192.0.2.9")
    assert address_of(request) == expected


@pytest.mark.parametrize("role", ["sponsor", "investigator"])
@pytest.mark.parametrize("name", sorted(OF_DELEGATION))
def test_no_program_gives_confirms_or_takes_back_a_task(app: Running, role: str, name: str):
    """They are signed, and a token cannot sign: whatever it says of a signature."""
    before = app.trial.state.position
    fields: dict[str, Any] = {"user": "new.1", "role": "nurse", "reason": "so it is", "of": 1}
    for place in ("", HERE):
        program = probe(app, role, place)
        for signed in ({}, {"signature": {"printed_name": "Somebody", "meaning": "I agree."}}):
            sent = {"event": name, "site": HERE, "occurred_on": "2026-09-21", **fields, **signed}
            response = program.post(sent)
            assert (response.status_code, "has to be signed" in response.json()["what"]) == (
                403,
                True,
            )
    assert app.trial.state.position == before
    assert name not in GIVEN
