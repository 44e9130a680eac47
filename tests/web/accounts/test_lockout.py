"""Too many attempts: guessing is held back, and nobody is kept out by the guesses of others."""

import re
from collections.abc import Callable
from datetime import timedelta
from importlib import import_module

import pytest
from axes.models import AccessAttempt, AccessFailureLog, AccessLog
from django.apps import apps
from django.db import connection
from django.http import HttpRequest
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from gradatim.web.accounts.attempts import (
    FIRST_WAIT,
    LONGEST_WAIT,
    Occasion,
    counted_address,
    forget_old,
    locked_names,
    wait_after,
)
from gradatim.web.accounts.models import What
from gradatim.web.accounts.second_factor import make_recovery_codes
from gradatim.web.live_trial import Running
from tests.markup import markup
from tests.web.accounts.people import (
    account,
    code_of,
    entered,
    fresh,
    sign_in,
    with_device,
    wrong_code_of,
)
from tests.web.accounts.test_people import managed
from tests.web.conftest import PASSWORD, state

NURSE, LEAD = "nurse.S01.1", "investigator.S01.1"
WRONG = "quite another password"
HOSPITAL = "198.51.100.7"
MINUTES = re.compile(r"Wait (\d+) minutes?\.")


def tried(name: str, password: str = WRONG, address: str = HOSPITAL, **more: str):
    """Try to sign in from an address; give the answer."""
    said = {"username": name, "password": password, **more}
    return Client(REMOTE_ADDR=address).post("/sign-in/", said)


def opened(name: str, password: str, code: str, address: str = HOSPITAL):
    """Try password and code together; give the answer."""
    return tried(name, password, address, code=code)


def everywhere(n: int) -> list[str]:
    """Give so many addresses."""
    return [f"203.0.113.{k}" for k in range(n)]


def later(by: timedelta) -> None:
    """Let time pass: whatever was tried is so much longer ago."""
    for one in AccessAttempt.objects.all():
        AccessAttempt.objects.filter(pk=one.pk).update(attempt_time=one.attempt_time - by)


def rows() -> list[dict]:
    """Give what is kept of failures."""
    return list(AccessAttempt.objects.order_by("pk").values())


@given(st.integers(0, 10_000), st.integers(1, 100))
def test_the_wait_grows_with_each_failure_and_to_an_hour_at_most(failures: int, most: int):
    now, next_ = wait_after(failures, most), wait_after(failures + 1, most)
    assert (now == timedelta()) == (failures < most)
    assert now <= next_ <= LONGEST_WAIT
    if now:
        assert now >= FIRST_WAIT
        assert next_ in (2 * now, LONGEST_WAIT)


def test_each_further_failure_has_one_wait_longer(app: Running):
    waits = []
    for _n in range(5):
        tried(NURSE)
    for _n in range(4):
        page = tried(NURSE)
        found = MINUTES.search(markup(page))
        assert page.status_code == 429
        assert found
        waits.append(int(found[1]))
        later(timedelta(minutes=waits[-1]))
        assert tried(NURSE).status_code == 429, "the wait was over, and this failure counts"
    assert waits == [15, 30, 60, 60]
    assert account(NURSE).acts.filter(what=What.LOCKED, by="gradatim").count() == 5


def test_attempts_while_it_is_locked_change_nothing(app: Running):
    """Neither wrong ones nor the right password prolong it, nor are they a lockout of their own."""
    for _n in range(5):
        tried(NURSE)
    later(timedelta(minutes=14))
    before = rows()
    for password in (WRONG, PASSWORD, "") * 3:
        assert tried(NURSE, password).status_code in (422, 429)
    for code in ("000000", "AAAA BBBB"):
        assert opened(NURSE, PASSWORD, code).status_code == 429
    assert rows() == before
    assert "Wait 1 minute." in markup(tried(NURSE))
    later(timedelta(minutes=1))
    assert tried(NURSE, PASSWORD).status_code == 302
    assert account(NURSE).acts.filter(what=What.LOCKED).count() == 1


def users(app: Running) -> list[str]:
    """Give everybody who has a task: every role is among them."""
    return sorted({user for user, _site in state(app).roles})


def identified(client: Client, password: str) -> bool:
    """Show who one is in an open session, as for a signature; whether it was taken."""
    client.post("/account/sessions/others/end/", {"password": password})
    return "All other sessions have ended." in client.get("/account/").content.decode()


def test_guesses_at_signing_in_stop_no_signature(app: Running):
    """Of whatever role, with the hospital's one address."""
    for user in users(app):
        client = Client(REMOTE_ADDR=HOSPITAL)
        sign_in(user, client=client)
        for _n in range(6):
            tried(user)
        assert tried(user, PASSWORD).status_code == 429
        assert identified(client, PASSWORD), user
        AccessAttempt.objects.all().delete()  # those of all together would lock the address


def test_guesses_in_a_session_stop_nobody_from_signing_in(app: Running):
    """They stop signatures, until the owner signs in anew, or the wait is over."""
    for user in users(app):
        left_open = Client(REMOTE_ADDR=HOSPITAL)
        sign_in(user, client=left_open)
        for _n in range(5):
            assert not identified(left_open, WRONG)
        assert not identified(left_open, PASSWORD), "the wait is of the account"
        owner = Client(REMOTE_ADDR=HOSPITAL)
        assert sign_in(user, client=owner)[1].status_code == 302, user
        assert identified(owner, PASSWORD), user


def test_guesses_in_a_session_are_counted_from_wherever_it_is_used(app: Running):
    client = entered(NURSE)
    for address in everywhere(5):
        client.post("/account/sessions/others/end/", {"password": WRONG}, REMOTE_ADDR=address)
    assert not identified(client, PASSWORD)
    (kept,) = rows()
    assert (kept["username"], kept["ip_address"], kept["failures_since_start"]) == (NURSE, None, 5)
    later(timedelta(minutes=15))
    assert identified(client, PASSWORD)
    assert rows() == [], "who they are was shown"


def test_a_name_that_is_tried_from_many_addresses_is_limited(app: Running):
    """Twenty failures from wherever: the twenty-first address is refused as well."""
    for address in everywhere(20):
        tried(NURSE, address=address)
    assert tried(NURSE, PASSWORD).status_code == 429
    assert tried(LEAD, PASSWORD).status_code == 302, "nobody else has to wait"
    later(timedelta(minutes=15))
    assert tried(NURSE, PASSWORD).status_code == 302


def locked_by_name() -> None:
    """Fail under the nurse's name from many addresses."""
    for address in everywhere(20):
        tried(NURSE, address=address)


def locked_by_both() -> None:
    """Fail under the nurse's name at the hospital."""
    for _n in range(5):
        tried(NURSE)


def locked_by_address() -> None:
    """Fail under many names at the hospital."""
    for n in range(100):
        tried(f"nobody.{n}")


LOCKS = [locked_by_name, locked_by_both, locked_by_address]


@pytest.mark.parametrize("lock", LOCKS)
def test_password_and_second_factor_together_open_it(app: Running, lock: Callable[[], None]):
    """By the code of the device, or a recovery code; with one form, from the address itself."""
    device = with_device(NURSE)
    codes = make_recovery_codes(account(NURSE))
    lock()
    page = tried(NURSE, PASSWORD)
    assert page.status_code == 429
    text = markup(page)
    assert 'name="code"' in text
    assert f'value="{NURSE}"' in text
    for code in (code_of(fresh(device)), codes[0]):
        lock()
        client = Client(REMOTE_ADDR=HOSPITAL)
        said = {"username": NURSE, "password": PASSWORD, "code": code, "next": "/dosing/"}
        answer = client.post("/sign-in/", said)
        assert (answer.status_code, answer["Location"]) == (302, "/dosing/")
        assert client.get("/participants/").status_code == 200
        assert account(NURSE).acts.filter(what=What.SIGNED_IN).exists()
    assert opened(NURSE, PASSWORD, codes[0]).status_code in (422, 429), "once"


@pytest.mark.parametrize("lock", LOCKS[:2])
def test_a_colleague_opens_it(app: Running, signed_in, lock: Callable[[], None]):
    lock()
    assert NURSE in locked_names()
    assert managed(signed_in(LEAD), NURSE, "unlock").status_code == 302
    assert NURSE not in locked_names()
    assert tried(NURSE, PASSWORD).status_code == 302


def test_a_colleague_opens_signing_too(app: Running, signed_in):
    client = entered(NURSE)
    for _n in range(5):
        identified(client, WRONG)
    assert managed(signed_in(LEAD), NURSE, "unlock").status_code == 302
    assert identified(client, PASSWORD)


def test_failures_from_one_address_hold_back_whoever_tries_there(app: Running):
    locked_by_address()
    assert tried(NURSE, PASSWORD).status_code == 429
    assert tried(NURSE, PASSWORD, "203.0.113.9").status_code == 302
    assert not locked_names() & set(users(app)), "it is the address, not the account"
    assert not account(NURSE).acts.filter(what=What.LOCKED).exists()


def told(page) -> str:
    """Give what a page tells, apart from the name that was typed and the token of its form."""
    return f"{page.status_code} " + re.sub(r'value="[^"]*"', "", markup(page))


@pytest.mark.parametrize("code", ["000000", "ABCD EFGH", "x" * 40])
def test_nothing_tells_whether_the_password_of_a_locked_name_was_right(app: Running, code: str):
    """Nor by the answer, nor by what is written on the way; not even that there is such a name."""
    device = with_device(NURSE)
    code = wrong_code_of(device) if code.isdigit() else code
    answers, writes = set(), {}
    for name in (NURSE, LEAD, "nobody.1"):
        for _n in range(5):
            tried(name)
        for password in (WRONG, PASSWORD):
            fresh(device)
            with CaptureQueriesContext(connection) as asked:
                page = opened(name, password, code)
            answers.add(told(page))
            writes[name, password] = [
                one["sql"].split()[:2]
                for one in asked
                if one["sql"].startswith(("INSERT", "UPDATE", "DELETE"))
            ]
    assert len(answers) == 1
    for name in (NURSE, LEAD):
        assert writes[name, WRONG] == writes[name, PASSWORD], name


def test_nor_by_a_device_that_is_slowed_down(app: Running):
    """Whoever has the password slows the device down; then too as much is written."""
    device = with_device(NURSE)
    locked_by_both()
    opened(NURSE, PASSWORD, wrong_code_of(device))
    device.refresh_from_db()
    assert device.throttling_failure_count == 1
    found = []
    for password in (WRONG, PASSWORD):
        with CaptureQueriesContext(connection) as asked:
            found.append(told(opened(NURSE, password, code_of(device))))
        found.append(str([one["sql"].split()[0] for one in asked if "totpdevice" in one["sql"]]))
    assert found[:2] == found[2:]


def test_without_the_password_nobody_slows_a_device_down_or_uses_a_code_up(app: Running):
    device = with_device(NURSE)
    codes = make_recovery_codes(account(NURSE))
    for lock in (lambda: None, locked_by_both):
        lock()
        for code in (code_of(device), wrong_code_of(device), codes[0]):
            opened(NURSE, WRONG, code)
    device.refresh_from_db()
    assert (device.throttling_failure_count, device.last_t) == (0, -1)
    assert account(NURSE).recovery_codes.filter(used_at=None).count() == 10
    assert opened(NURSE, PASSWORD, code_of(device)).status_code == 302


def test_the_form_of_both_counts_failures_where_nobody_has_to_wait(app: Running):
    """It is no way around: wrong passwords and wrong codes count as in two steps."""
    device = with_device(NURSE)
    statuses = [opened(NURSE, WRONG, code_of(device)).status_code for _n in range(2)]
    for _n in range(3):
        statuses.append(opened(NURSE, PASSWORD, wrong_code_of(fresh(device))).status_code)
    assert statuses == [422, 422, 422, 422, 429]
    assert tried(NURSE, PASSWORD).status_code == 429


def test_a_locked_account_without_a_second_factor_waits(app: Running, settings):
    settings.SECOND_FACTOR_REQUIRED = True
    locked_by_both()
    assert opened(NURSE, PASSWORD, "000000").status_code == 429
    later(timedelta(minutes=15))
    assert opened(NURSE, PASSWORD, "000000").status_code == 302, "to set one up"


def test_a_deactivated_account_is_opened_by_nothing(app: Running):
    device = with_device(NURSE)
    type(account(NURSE)).objects.filter(username=NURSE).update(is_active=False)
    locked_by_both()
    assert opened(NURSE, PASSWORD, code_of(device)).status_code == 429


def test_whoever_was_locked_between_password_and_code_shows_both(app: Running):
    device = with_device(NURSE)
    client = Client(REMOTE_ADDR=HOSPITAL)
    sign_in(NURSE, client=client)
    locked_by_name()
    page = client.get("/second-factor/?next=/dosing/")
    assert page.status_code == 429
    assert 'name="next" value="/dosing/"' in markup(page)
    assert 'action="/sign-in/"' in markup(page)
    said = {"username": NURSE, "password": PASSWORD, "code": code_of(device)}
    assert client.post("/sign-in/", said).status_code == 302
    assert client.get("/participants/").status_code == 200


def test_signing_in_leaves_what_was_tried_elsewhere(app: Running):
    """Who guesses goes on having to wait."""
    for _n in range(5):
        tried(NURSE, address="203.0.113.9")
    assert tried(NURSE, PASSWORD).status_code == 302
    assert tried(NURSE, address="203.0.113.9").status_code == 429


def test_a_house_of_ipv6_is_one_address(app: Running):
    for n in range(5):
        tried(NURSE, address=f"2001:db8:1:2::{n}")
    assert tried(NURSE, PASSWORD, "2001:db8:1:2:ffff::1").status_code == 429
    assert tried(NURSE, PASSWORD, "2001:db8:1:3::1").status_code == 302


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("198.51.100.7", "198.51.100.7"),
        ("::ffff:198.51.100.7", "198.51.100.7"),
        ("::1", "::1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("fe80::1%eth0", "fe80::"),
        ("", None),
        ("unknown", None),
    ],
)
def test_how_an_address_is_kept(said: str, kept: str | None):
    request = HttpRequest()
    request.META["REMOTE_ADDR"] = said
    assert counted_address(request) == kept


@given(st.ip_addresses())
def test_what_is_kept_of_an_address_is_one_of_its_kind(address):
    request, again = HttpRequest(), HttpRequest()
    request.META["REMOTE_ADDR"] = str(address)
    kept = counted_address(request)
    assert kept is not None
    again.META["REMOTE_ADDR"] = kept
    assert counted_address(again) == kept


def test_what_was_typed_for_a_name_is_kept_as_a_hash(app: Running):
    """It may be a password that was typed into the wrong field; it is limited all the same."""
    typed = "seven quiet otters under ivy"
    statuses = [tried(typed).status_code for _n in range(6)]
    assert statuses == [422] * 4 + [429] * 2
    assert "otters" not in str(rows())
    assert len({one["username"] for one in rows()}) == 1
    tried("another")
    assert len({one["username"] for one in rows()}) == 2


def test_no_typed_name_is_counted_as_that_of_another(app: Running):
    tried("another")
    (kept,) = rows()
    for _n in range(5):
        tried(kept["username"])
    assert tried("another").status_code == 422


def test_failures_are_kept_for_a_day(app: Running):
    """Then the next failure, whoever's, removes them; so does the start."""
    tried(NURSE)
    later(timedelta(hours=23))
    tried(LEAD)
    assert {one["username"] for one in rows()} == {NURSE, LEAD}
    later(timedelta(hours=2))
    tried("nobody.1")
    assert {one["username"] for one in rows()} & {NURSE} == set()
    later(timedelta(hours=25))
    forget_old()
    assert rows() == []


def test_nothing_is_kept_of_signing_in_but_the_act(app: Running, signed_in):
    """No address, no browser, no link of an invitation."""
    client = Client(REMOTE_ADDR=HOSPITAL, headers={"user-agent": "Browser/1"})
    page = managed(signed_in(LEAD), NURSE, "invite-anew")
    link = re.search(r"http://testserver(/invitation/[\w-]+/)", markup(page))
    assert link
    new = "gravel moth piano cirrus"
    client.post(link[1], {"password": new, "again": new})
    client.post("/sign-out/")
    sign_in(NURSE, new, client)
    client.post("/account/password/", {"present": WRONG, "password": PASSWORD, "again": PASSWORD})
    tried(NURSE)
    kept = str([list(model.objects.values()) for model in (AccessLog, AccessFailureLog)])
    assert kept == "[[], []]"
    for word in ("invitation", "Browser", "account/password", "sign-in/"):
        assert word not in str(rows())


def test_what_earlier_versions_kept_is_forgotten(app: Running):
    row = {"username": NURSE, "ip_address": HOSPITAL, "path_info": "/invitation/secret/"}
    AccessLog.objects.create(**row)
    AccessFailureLog.objects.create(**row)
    AccessAttempt.objects.create(**row, failures_since_start=3)
    import_module("gradatim.web.accounts.migrations.0004_no_access_log").forget(apps, None)
    for model in (AccessLog, AccessFailureLog, AccessAttempt):
        assert not model.objects.exists()


def test_an_address_that_is_none_does_no_harm(app: Running):
    """A server on a socket of the machine gives none; all are then counted together."""
    statuses = [tried(NURSE, address="").status_code for _n in range(5)]
    assert statuses == [422] * 4 + [429]
    assert {one["user_agent"] for one in rows()} == {Occasion.SIGN_IN}
