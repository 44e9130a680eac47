"""Sessions end: by rest, by age, from elsewhere, with the password; and cannot be forged."""

import time

import pytest
from django.contrib.sessions.models import Session
from django.test import Client

from gradatim.web.accounts.models import What
from gradatim.web.accounts.sessions import handle
from gradatim.web.live_trial import Running
from tests.web.accounts.people import (
    account,
    code_of,
    entered,
    fresh,
    key_of,
    sign_in,
    with_device,
    wrong_code_of,
)
from tests.web.conftest import PASSWORD, SessionClock

NURSE = "nurse.S01.1"
SHOWN = {"password": PASSWORD}


def aged(client: Client, **seconds: float) -> None:
    """Let a session be older: `seen` or `began` lies so many seconds further back."""
    session = client.session
    for name, by in seconds.items():
        session[name] = time.time() - by
    session.save()


def test_a_session_at_rest_ends(app: Running, settings):
    client = entered(NURSE)
    aged(client, seen=settings.SESSION_IDLE_SECONDS - 5)
    assert client.get("/participants/").status_code == 200
    aged(client, seen=settings.SESSION_IDLE_SECONDS + 5)
    key = key_of(client)
    answer = client.get("/participants/?x=1")
    assert answer["Location"] == "/sign-in/?ended=1&next=%2Fparticipants%2F%3Fx%3D1"
    assert "Your session has ended." in client.get(answer["Location"]).content.decode()
    assert not Session.objects.filter(session_key=key).exists()
    assert account(NURSE).acts.filter(what=What.SESSION_EXPIRED, by=NURSE).count() == 1


def test_use_keeps_a_session_from_resting(app: Running, settings, session_clock: SessionClock):
    client = entered(NURSE)
    for _n in range(2):
        session_clock.advance(settings.SESSION_IDLE_SECONDS - 60)
        assert client.get("/participants/").status_code == 200
        assert client.session["seen"] == session_clock.time()


def test_a_session_ends_however_much_it_is_used(app: Running, settings):
    client = entered(NURSE)
    aged(client, began=settings.SESSION_COOKIE_AGE + 5)
    assert client.get("/participants/")["Location"].startswith("/sign-in/?ended=1")
    assert account(NURSE).acts.filter(what=What.SESSION_EXPIRED).count() == 1


def test_the_end_of_a_session_that_a_password_alone_began_is_no_act(app: Running, settings):
    """Whoever did not show the second factor was never signed in."""
    settings.SECOND_FACTOR_REQUIRED = True
    client = entered(NURSE)
    client.post("/sign-out/")
    aged(client := entered(NURSE), seen=settings.SESSION_IDLE_SECONDS + 5)
    assert client.get("/participants/")["Location"].startswith("/sign-in/?ended=1")
    assert not account(NURSE).acts.exists()


def test_signing_in_again_begins_a_new_time(app: Running, settings, session_clock: SessionClock):
    client = entered(NURSE)
    session_clock.advance(settings.SESSION_IDLE_SECONDS - 5)
    sign_in(NURSE, client=client)
    assert client.session["began"] == session_clock.time()


def test_a_part_of_a_page_sends_the_whole_page_to_sign_in(app: Running, settings):
    client = entered(NURSE)
    aged(client, seen=settings.SESSION_IDLE_SECONDS + 5)
    answer = client.get("/participants/", headers={"HX-Request": "true"})
    assert answer["HX-Redirect"] == "/sign-in/"
    assert not answer.content


def test_the_key_is_a_new_one_after_signing_in(app: Running):
    """Whoever has planted a session does not get into it."""
    client = Client()
    client.get("/sign-in/")
    session = client.session
    session["planted"] = True
    session.save()
    planted = key_of(client)
    client.cookies["sessionid"] = planted
    sign_in(NURSE, client=client)
    assert client.cookies["sessionid"].value != planted
    thief = Client()
    thief.cookies["sessionid"] = planted
    assert thief.get("/participants/")["Location"].startswith("/sign-in/")


def test_another_user_of_the_browser_inherits_nothing(app: Running):
    client = entered(NURSE)
    session = client.session
    session["left"] = "something"
    session.save()
    sign_in("nurse.S02.1", client=client)
    assert "left" not in client.session


@pytest.mark.parametrize("change", ["cookie", "row", "signature"])
def test_a_session_that_was_tampered_with_is_nobodys(app: Running, change: str):
    client = entered(NURSE)
    key = key_of(client)
    row = Session.objects.get(session_key=key)
    if change == "cookie":
        client.cookies["sessionid"] = key[:-1] + ("a" if key[-1] != "a" else "b")
    elif change == "row":
        other = key_of(entered("sponsor.1"))
        theirs = Session.objects.get(session_key=other).session_data
        row.session_data = theirs.split(":")[0] + ":" + row.session_data.partition(":")[2]
        row.save()
    else:
        row.session_data = row.session_data[:-2] + "xx"
        row.save()
    assert client.get("/participants/")["Location"].startswith("/sign-in/")


def test_the_cookie_is_kept_from_scripts_and_other_sites(app: Running):
    cookie = entered(NURSE).cookies["sessionid"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert not cookie["max-age"], "it goes with the browser"


def test_changing_the_password_ends_all_other_sessions(app: Running):
    here, there, elsewhere = entered(NURSE), entered(NURSE), entered("nurse.S02.1")
    key, theirs = key_of(here), key_of(there)
    new = "gravel moth piano cirrus"
    here.post("/account/password/", {"present": PASSWORD, "password": new, "again": new})
    assert here.get("/participants/").status_code == 200
    assert key_of(here) != key
    assert not Session.objects.filter(session_key=theirs).exists()
    assert there.get("/participants/")["Location"].startswith("/sign-in/")
    assert elsewhere.get("/participants/").status_code == 200


def test_ones_sessions_are_listed_and_can_be_ended(app: Running):
    here, there = entered(NURSE), entered(NURSE)
    key = key_of(there)
    page = here.get("/account/").content.decode()
    assert "this one" in page
    assert page.count(f"/{handle(key)}/end/") == 1
    assert key not in page
    assert key[-8:] not in page
    assert here.post(f"/account/sessions/{handle(key)}/end/", SHOWN).status_code == 302
    assert there.get("/participants/")["Location"].startswith("/sign-in/")
    assert here.get("/participants/").status_code == 200


def test_all_other_sessions_can_be_ended_at_once(app: Running):
    here, there, elsewhere, theirs = *(entered(NURSE) for _n in range(3)), entered("nurse.S02.1")
    assert "End all others" in here.get("/account/").content.decode()
    here.post("/account/sessions/others/end/", SHOWN)
    for one, status in ((here, 200), (there, 302), (elsewhere, 302), (theirs, 200)):
        assert one.get("/participants/").status_code == status
    assert account(NURSE).acts.filter(what="session ended").count() == 1
    assert "End all others" not in here.get("/account/").content.decode()


@pytest.mark.parametrize("said", [{}, {"password": "not the password"}])
@pytest.mark.parametrize("which", ["one", "others"])
def test_ending_a_session_takes_the_password(app: Running, said: dict, which: str):
    """Whoever finds a page open cannot put its user out elsewhere; trying counts to lockout."""
    here, there = entered(NURSE), entered(NURSE)
    name = handle(key_of(there)) if which == "one" else "others"
    for _n in range(5):
        here.post(f"/account/sessions/{name}/end/", said)
    page = here.get("/account/").content.decode()
    assert "No session was ended. Password:" in page
    assert ("Too many attempts" in page) is bool(said)
    assert there.get("/participants/").status_code == 200


def test_ending_a_session_takes_the_code_of_whoever_has_a_device(app: Running):
    here, there = entered(NURSE), entered(NURSE)
    device = with_device(NURSE)
    for one in (here, there):
        assert one.post("/second-factor/", {"code": code_of(fresh(device))}).status_code == 302
    path = f"/account/sessions/{handle(key_of(there))}/end/"
    here.post(path, SHOWN)
    here.post(path, SHOWN | {"code": wrong_code_of(device)})
    assert there.get("/participants/").status_code == 200
    here.post(path, SHOWN | {"code": code_of(fresh(device))})
    assert there.get("/participants/").status_code == 302


def test_sessions_of_others_can_be_neither_seen_nor_ended(app: Running):
    here, theirs = entered(NURSE), entered("nurse.S02.1")
    name = handle(key_of(theirs))
    assert name not in here.get("/account/").content.decode()
    here.post(f"/account/sessions/{name}/end/", SHOWN)
    assert theirs.get("/participants/").status_code == 200
    assert not account(NURSE).acts.filter(what="session ended").exists()


def test_pages_are_kept_out_of_caches(app: Running):
    client = entered(NURSE)
    for path in ("/account/", "/account/password/", "/sign-in/"):
        assert "no-store" in client.get(path)["Cache-Control"]
