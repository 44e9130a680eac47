"""ASVS V14.3.1: what becomes of a page that stays open, and of what was typed on it."""

import json

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from gradatim.web.live_trial import Running
from tests.markup import markup
from tests.web.accounts.people import entered, key_of
from tests.web.accounts.test_sessions import aged
from tests.web.conftest import SessionClock, state
from tests.web.security.attacks import event_form, treated

NURSE = "nurse.S01.1"


def left(client: Client, **more) -> dict:
    said: dict = json.loads(client.get("/session/", **more).content)
    return said


def test_a_page_asks_what_is_left_without_using_it(
    app: Running, settings, session_clock: SessionClock
):
    """Posting is use of the session; asking is not, however often."""
    client, idle = entered(NURSE), settings.SESSION_IDLE_SECONDS
    began = client.session["seen"]
    session_clock.advance(idle - 90)
    assert [left(client)["left"] for _n in range(3)] == [90] * 3
    assert client.session["seen"] == began
    assert client.post("/session/").json()["left"] == idle
    assert left(client)["left"] == idle
    while session_clock.time() - began < settings.SESSION_COOKIE_AGE - idle:
        session_clock.advance(idle / 2)
        client.post("/session/")
    session_clock.moment = began + settings.SESSION_COOKIE_AGE - 50
    assert client.post("/session/").json()["left"] == 50, "age is not prolonged by use"


def test_whoever_is_not_signed_in_has_nothing_left(app: Running, settings):
    client = entered(NURSE)
    key = key_of(client)
    aged(client, seen=settings.SESSION_IDLE_SECONDS + 5)
    assert left(client) == {"left": 0}
    assert not Session.objects.filter(session_key=key).exists()
    assert left(client) == {"left": 0}
    settings.SECOND_FACTOR_REQUIRED = True
    assert left(entered(NURSE)) == {"left": 0}, "the password alone is half the way"


def test_whose_session_it_is_and_the_token_of_its_forms(app: Running):
    """So that a form that was kept can be sent by who typed it, and by nobody else."""
    client = Client(enforce_csrf_checks=True)
    client.cookies = entered(NURSE).cookies
    said = left(client)
    assert said["user"] == NURSE
    assert client.post("/session/").status_code == 403
    assert client.post("/session/", headers={"X-CSRFToken": said["token"]}).status_code == 200
    assert client.get("/session/")["Cache-Control"] == "no-store"


def test_every_page_of_somebody_signed_in_watches_over_itself(app: Running, settings):
    client, mark = (
        entered(NURSE),
        f'data-left="{settings.SESSION_IDLE_SECONDS}" data-user="{NURSE}"',
    )
    for path in ("/", f"/participants/{treated(app).id}/", "/account/", "/nothing/"):
        assert mark in markup(client.get(path)), path
    assert "staying.js" not in Client().get("/sign-in/").content.decode()
    settings.SECOND_FACTOR_REQUIRED = True
    assert "staying.js" not in entered(NURSE).get("/second-factor/set-up/").content.decode()


@pytest.mark.parametrize("ends", ["rest", "elsewhere"])
def test_a_form_that_comes_too_late_is_said_not_to_be_recorded(app: Running, settings, ends: str):
    """Where there is no script: by rest, and where the session was ended from elsewhere."""
    client, before = entered(NURSE), state(app).position
    path, said = event_form(app)
    if ends == "rest":
        aged(client, seen=settings.SESSION_IDLE_SECONDS + 5)
    else:
        Session.objects.filter(session_key=key_of(client)).delete()
    answer = client.post(path, said, headers={"referer": f"http://testserver{path}"})
    assert answer["Location"].startswith("/sign-in/?ended=1&lost=1&next=%2Frecord%2FAdverse")
    assert "was not recorded" in client.get(answer["Location"]).content.decode()
    assert state(app).position == before
    page = client.get("/participants/")
    assert "lost" not in page["Location"]


def test_the_way_back_is_the_page_that_was_open(app: Running, settings):
    """Not an address that takes forms only; and no page elsewhere."""
    for host, expected in (
        ("testserver", "%2Faudit%2F%3Fsite%3DS01"),
        ("elsewhere.example", "%2Faudit%2Fexport%2F"),
    ):
        referer = f"http://{host}/audit/?site=S01"
        answer = Client().post("/audit/export/", {"recipient": "x"}, headers={"referer": referer})
        assert answer["Location"] == f"/sign-in/?ended=1&lost=1&next={expected}"


def test_signing_out_says_nothing_of_a_loss(app: Running):
    client = entered(NURSE)
    answer = client.post("/sign-out/")
    assert answer["Location"] == "/sign-in/"
