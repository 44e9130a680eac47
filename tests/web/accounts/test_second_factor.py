"""The second factor: asked for before anything else, each code once, and what if it is lost."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import assume, given
from hypothesis import strategies as st

from gradatim.web.accounts import second_factor
from gradatim.web.accounts.models import AppDevice, RecoveryCode, User, What
from gradatim.web.accounts.second_factor import make_recovery_codes
from gradatim.web.live_trial import Running
from tests.markup import markup
from tests.web.accounts.people import (
    account,
    code_of,
    device_on,
    entered,
    fresh,
    set_up,
    sign_in,
    with_device,
    wrong_code_of,
)
from tests.web.conftest import PASSWORD

NURSE = "nurse.S01.1"
PAGES = (
    "/",
    "/participants/",
    "/account/",
    "/account/password/",
    "/account/tokens/",
    "/people/",
    "/record/TrialPaused/",
)


@pytest.fixture(autouse=True)
def _required(settings):
    settings.SECOND_FACTOR_REQUIRED = True


def verified(name: str) -> tuple[Client, AppDevice]:
    """Sign in with both factors."""
    device = with_device(name)
    client = entered(name)
    assert client.post("/second-factor/", {"code": code_of(device)}).status_code == 302
    return client, fresh(device)


def test_it_has_to_be_set_up_before_anything_else(app: Running):
    client = entered(NURSE)
    for path in PAGES:
        assert client.get(path)["Location"].startswith("/second-factor/set-up/"), path
    assert not account(NURSE).acts.filter(what=What.SIGNED_IN).exists()


def test_setting_it_up(app: Running):
    client = entered(NURSE)
    page = markup(client.get("/second-factor/set-up/"))
    assert "<svg" in page
    assert "style=" not in page
    assert "data:" not in page
    device, shown = device_on(client.get("/second-factor/set-up/"))
    wrong = client.post("/second-factor/set-up/", {"code": wrong_code_of(device), "shown": shown})
    assert wrong.status_code == 422
    assert device_on(wrong)[0].bin_key == device.bin_key, "what was scanned stays what is asked for"
    assert client.get("/participants/").status_code == 302, "a wrong code opens nothing"
    assert not AppDevice.objects.exists()
    key = client.session.session_key
    done = client.post(
        "/second-factor/set-up/", {"code": code_of(device), "shown": device_on(wrong)[1]}
    )
    codes = re.findall(r"<li>((?:[A-Z2-7]{4} ?){6})</li>", markup(done))
    assert len(codes) == 10
    assert client.session.session_key != key
    assert client.get("/participants/").status_code == 200
    kept = str(list(RecoveryCode.objects.values()))
    assert not any(code.replace(" ", "") in kept for code in codes)
    assert client.get("/second-factor/set-up/")["Location"] == "/account/", "it is not shown again"


def test_looking_at_the_page_writes_nothing(app: Running):
    client = entered(NURSE)
    client.get("/second-factor/set-up/")
    with CaptureQueriesContext(connection) as asked:
        client.get("/second-factor/set-up/")
    writes = ("INSERT", "UPDATE", "DELETE")
    assert not [one["sql"] for one in asked if one["sql"].startswith(writes)]
    assert not AppDevice.objects.exists()


def test_a_seed_shown_in_one_session_is_confirmed_in_no_other(app: Running):
    """Nor as that of somebody else, nor by the one that saw it first."""
    thief, owner, other = entered(NURSE), entered(NURSE), entered("nurse.S02.1")
    device, shown = device_on(thief.get("/second-factor/set-up/"))
    for client in (owner, other):
        page = client.post("/second-factor/set-up/", {"code": code_of(device), "shown": shown})
        assert page.status_code == 422
        assert "Scan this one." in markup(page)
        assert device_on(page)[0].bin_key != device.bin_key
    mine, done = set_up(owner)
    assert done.status_code == 200
    assert AppDevice.objects.get(user=account(NURSE)).bin_key == mine.bin_key != device.bin_key
    late = thief.post("/second-factor/set-up/", {"code": code_of(device), "shown": shown})
    assert late.status_code == 302, "it is asked for the owner's code"
    assert AppDevice.objects.get(user=account(NURSE)).bin_key == mine.bin_key


@pytest.mark.parametrize("what", ["", "x", "WyJhIl0:1abcde:signature"])
def test_a_seed_of_ones_own_choice_is_not_taken(app: Running, what: str):
    client = entered(NURSE)
    device, _shown = device_on(client.get("/second-factor/set-up/"))
    page = client.post("/second-factor/set-up/", {"code": code_of(device), "shown": what})
    assert page.status_code == 422
    assert not AppDevice.objects.exists()


def test_what_was_shown_an_hour_ago_is_shown_anew(app: Running, monkeypatch: pytest.MonkeyPatch):
    client = entered(NURSE)
    device, shown = device_on(client.get("/second-factor/set-up/"))
    monkeypatch.setattr(second_factor, "SET_UP_WITHIN", timedelta(seconds=-1))
    page = client.post("/second-factor/set-up/", {"code": code_of(device), "shown": shown})
    assert page.status_code == 422
    assert not AppDevice.objects.exists()


def test_a_seed_that_was_removed_does_not_come_back(app: Running):
    """What a session was shown before it had a factor does not count after it had one."""
    client = entered(NURSE)
    device, shown = device_on(client.get("/second-factor/set-up/"))
    said = {"code": code_of(device), "shown": shown}
    assert client.post("/second-factor/set-up/", said).status_code == 200
    AppDevice.objects.all().delete()
    assert client.post("/second-factor/set-up/", said).status_code == 422


def test_of_two_windows_only_one_sets_it_up(app: Running):
    first, second = (second_factor.new_device(account(NURSE)) for _n in range(2))
    assert second_factor.confirm(account(NURSE), first, code_of(first))
    assert not second_factor.confirm(account(NURSE), second, code_of(second))
    assert AppDevice.objects.get().bin_key == first.bin_key


def test_the_code_that_confirmed_it_does_not_sign_in(app: Running):
    device, _done = set_up(entered(NURSE))
    again = entered(NURSE).post("/second-factor/", {"code": code_of(device)})
    assert again.status_code == 422


@given(st.text(max_size=12))
def test_no_text_but_its_code_confirms_a_device(text: str):
    """Nor is it a fault of the program."""
    device = second_factor.new_device(User(pk=0))
    assume(text.strip() not in {code_of(device, step) for step in (-1, 0, 1)})
    assert not second_factor.confirm(User(pk=0), device, text)


def test_it_is_asked_for_at_every_signing_in(app: Running):
    device = with_device(NURSE)
    client = entered(NURSE)
    for path in PAGES:
        assert client.get(path)["Location"].startswith("/second-factor/?next="), path
    assert client.get("/second-factor/set-up/")["Location"].startswith("/second-factor/")
    page = client.post("/second-factor/?next=/participants/%3Fx%3D1", {"code": code_of(device)})
    assert page["Location"] == "/participants/?x=1"
    assert client.get("/participants/").status_code == 200
    assert entered(NURSE).get("/participants/").status_code == 302, "another browser is asked anew"


def test_the_password_alone_does_not_change_the_password(app: Running):
    with_device(NURSE)
    client = entered(NURSE)
    new = "gravel moth piano cirrus"
    client.post("/account/password/", {"present": PASSWORD, "password": new, "again": new})
    assert account(NURSE).check_password(PASSWORD)


def test_a_code_counts_once(app: Running):
    device = with_device(NURSE)
    code = code_of(device)
    assert entered(NURSE).post("/second-factor/", {"code": code}).status_code == 302
    again = entered(NURSE)
    page = again.post("/second-factor/", {"code": code})
    assert page.status_code == 422
    assert "used before" in markup(page)
    assert again.get("/participants/").status_code == 302


def test_a_code_of_another_person_does_not_count(app: Running):
    with_device(NURSE)
    other = with_device("nurse.S02.1")
    page = entered(NURSE).post("/second-factor/", {"code": code_of(other)})
    assert page.status_code == 422


def test_guessing_codes_is_locked(app: Running):
    device = with_device(NURSE)
    client = entered(NURSE)
    statuses = []
    for _n in range(6):
        fresh(device)
        statuses.append(client.post("/second-factor/", {"code": wrong_code_of(device)}).status_code)
    assert statuses == [422] * 5 + [429]
    assert client.post("/second-factor/", {"code": code_of(fresh(device))}).status_code == 429
    assert sign_in(NURSE)[1].status_code == 429


def test_the_password_does_not_forget_wrong_codes(app: Running, settings):
    """Whoever knows the password cannot guess codes without end by signing in again and again."""
    device = with_device(NURSE)
    for _n in range(2):
        client = entered(NURSE)
        for _m in range(2):
            client.post("/second-factor/", {"code": wrong_code_of(fresh(device))})
    client = entered(NURSE)
    client.post("/second-factor/", {"code": wrong_code_of(fresh(device))})
    assert client.post("/second-factor/", {"code": code_of(fresh(device))}).status_code == 429
    assert sign_in(NURSE)[1].status_code == 429
    assert account(NURSE).acts.filter(what=What.LOCKED).exists()


def test_both_factors_forget_earlier_failures(app: Running, settings):
    device = with_device(NURSE)
    for _n in range(2):
        for _m in range(4):
            sign_in(NURSE, "quite another password")
        client = entered(NURSE)
        assert client.post("/second-factor/", {"code": code_of(fresh(device))}).status_code == 302


def test_setting_it_up_forgets_earlier_failures(app: Running, settings):
    for _m in range(4):
        sign_in(NURSE, "quite another password")
    client = entered(NURSE)
    set_up(client)
    assert sign_in(NURSE, "quite another password")[1].status_code == 422, "counted from one again"


def test_signing_in_again_asks_for_it_again(app: Running):
    """A password alone prolongs no session in which the second factor was shown."""
    client, _device = verified(NURSE)
    key = client.session.session_key
    sign_in(NURSE, client=client)
    assert client.session.session_key != key
    assert client.get("/participants/")["Location"].startswith("/second-factor/?next=")


def test_a_recovery_code_lets_in_once(app: Running):
    with_device(NURSE)
    codes = make_recovery_codes(account(NURSE))
    client = entered(NURSE)
    page = client.post("/second-factor/", {"code": codes[0].lower()})
    assert page.status_code == 302
    assert client.get("/participants/").status_code == 200
    assert "9 recovery codes left" in markup(client.get("/account/"))
    assert entered(NURSE).post("/second-factor/", {"code": codes[0]}).status_code == 422
    assert entered(NURSE).post("/second-factor/", {"code": codes[1]}).status_code == 302


def test_a_recovery_code_of_another_person_does_not_count(app: Running):
    with_device(NURSE)
    codes = make_recovery_codes(account("nurse.S02.1"))
    assert entered(NURSE).post("/second-factor/", {"code": codes[0]}).status_code == 422


def test_new_recovery_codes_take_password_and_code(app: Running):
    client, device = verified(NURSE)
    old = make_recovery_codes(account(NURSE))
    wrong = client.post("/account/recovery-codes/", {"password": "wrong", "code": code_of(device)})
    assert wrong.status_code == 422
    assert account(NURSE).recovery_codes.count() == 10
    page = client.post(
        "/account/recovery-codes/", {"password": PASSWORD, "code": code_of(fresh(device))}
    )
    assert len(re.findall(r"<li>(?:[A-Z2-7]{4} ?){6}</li>", markup(page))) == 10
    assert entered(NURSE).post("/second-factor/", {"code": old[0]}).status_code == 422


def test_a_lost_device_is_replaced_by_way_of_recovery_codes(app: Running):
    client, device = verified(NURSE)
    codes = make_recovery_codes(account(NURSE))
    asked = markup(client.get("/account/second-factor/"))
    assert "one of your recovery codes" in asked
    assert 'inputmode="numeric"' not in asked, "its letters can be typed on a telephone"
    page = client.post("/account/second-factor/", {"password": PASSWORD, "code": ""})
    assert page.status_code == 422
    page = client.post("/account/second-factor/", {"password": PASSWORD, "code": codes[3]})
    assert page["Location"] == "/second-factor/set-up/"
    assert not AppDevice.objects.filter(pk=device.pk).exists()
    assert client.get("/participants/")["Location"].startswith("/second-factor/set-up/")
    assert not account(NURSE).recovery_codes.exists()


def test_a_session_of_a_removed_device_is_no_longer_verified(app: Running):
    client, device = verified(NURSE)
    device.delete()
    assert client.get("/participants/")["Location"].startswith("/second-factor/set-up/")


def test_an_unconfirmed_device_does_not_count(app: Running):
    device = AppDevice.objects.create(user=account(NURSE), name="app", confirmed=False)
    client = entered(NURSE)
    client.post("/second-factor/", {"code": code_of(device)})
    assert client.get("/participants/")["Location"].startswith("/second-factor/set-up/")


def test_the_demonstration_does_without_but_asks_whoever_has_one(app: Running, settings):
    settings.SECOND_FACTOR_REQUIRED = False
    assert entered("nurse.S02.1").get("/participants/").status_code == 200
    with_device(NURSE)
    assert entered(NURSE).get("/participants/")["Location"].startswith("/second-factor/")
