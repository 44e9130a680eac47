"""Signing an act: password and code again; failures count, and nothing of them is kept."""

import pytest
from axes.models import AccessAttempt

from gradatim.web.accounts.models import What
from gradatim.web.live_trial import Running
from tests.web.accounts.people import (
    account,
    code_of,
    entered,
    fresh,
    set_up,
    sign_in,
    with_device,
    wrong_code_of,
)
from tests.web.conftest import PASSWORD, SessionClock, state

SPONSOR = "sponsor.1"
PATH = "/record/RoleGranted/?site="
GRANTED = {"occurred_on": "2026-09-21", "user": "monitor.9", "role": "monitor"}
WRONG = "quite another password"


def sent(client, app: Running, number: int = 1, **more):
    """Send the form by which a task is delegated, which is signed."""
    said = {**GRANTED, "seen": state(app).position, "request": f"request-{number}", **more}
    return client.post(PATH, said)


def granted(app: Running) -> bool:
    """Whether the task was delegated."""
    return ("monitor.9", "") in state(app).roles


def test_an_act_is_signed_with_the_password(app: Running):
    client = entered(SPONSOR)
    assert sent(client, app).status_code == 422, "without a password"
    assert not granted(app)
    assert sent(client, app, password=PASSWORD).status_code == 302
    assert granted(app)
    event = state(app).events[state(app).position]
    assert event.signature
    assert event.signature.printed_name == f"Printed {SPONSOR}"
    assert event.recorded_by == SPONSOR


def test_a_wrong_password_signs_nothing_and_keeps_what_was_typed(app: Running):
    page = sent(entered(SPONSOR), app, password=WRONG)
    text = page.content.decode()
    assert page.status_code == 422
    assert "This is not your password." in text
    assert "monitor.9" in text
    assert WRONG not in text
    assert not granted(app)


def test_the_password_of_another_does_not_sign(app: Running):
    other = account("data.1")
    other.set_password("gravel moth piano cirrus")
    other.save()
    assert sent(entered(SPONSOR), app, password="gravel moth piano cirrus").status_code == 422
    assert not granted(app)


def test_failures_at_signing_lock_signing(app: Running):
    """And nothing else: `test_lockout.py`."""
    client = entered(SPONSOR)
    pages = [sent(client, app, n, password=WRONG) for n in range(5)]
    assert "Too many attempts. Wait 15 minutes." in pages[-1].content.decode()
    assert "monitor.9" in pages[-1].content.decode(), "what was typed is not lost"
    assert sent(client, app, 6, password=PASSWORD).status_code == 422
    assert not granted(app)
    assert account(SPONSOR).acts.filter(what=What.LOCKED).exists()


def test_a_good_signature_forgets_earlier_failures(app: Running):
    client = entered(SPONSOR)
    for number in range(3):
        for _n in range(4):
            sent(client, app, number, password=WRONG)
        assert sent(client, app, number, password=PASSWORD).status_code == 302


def test_nothing_of_the_form_is_kept(app: Running):
    client = entered(SPONSOR)
    sent(client, app, password=WRONG)
    (kept,) = AccessAttempt.objects.all()
    assert (kept.get_data, kept.post_data) == ("", "")
    assert "monitor.9" not in str(list(AccessAttempt.objects.values()))


def test_a_failure_and_a_signature_stand_in_no_log(app: Running, caplog):
    client = entered(SPONSOR)
    sent(client, app, 1, password=WRONG)
    sent(client, app, 2, password=PASSWORD)
    said = "\n".join(
        f"{one.getMessage()} {one.__dict__}"
        for one in caplog.records
        if one.name.startswith("gradatim")
    )
    assert "record" in said
    assert WRONG not in said
    assert PASSWORD not in said


@pytest.fixture
def device(app: Running):
    """Give the sponsor a second factor."""
    return with_device(SPONSOR)


def test_whoever_has_a_second_factor_signs_with_its_code_too(app: Running, device):
    client = entered(SPONSOR)
    client.post("/second-factor/", {"code": code_of(device)})
    assert sent(client, app, password=PASSWORD).status_code == 422, "without a code"
    fresh(device)
    wrong = sent(client, app, password=PASSWORD, code=wrong_code_of(device))
    assert "code is not valid" in wrong.content.decode()
    assert not granted(app)
    assert sent(client, app, password=PASSWORD, code=code_of(fresh(device))).status_code == 302
    assert granted(app)


def test_the_code_of_signing_in_does_not_sign(app: Running, device):
    client, code = entered(SPONSOR), code_of(device)
    client.post("/second-factor/", {"code": code})
    assert sent(client, app, password=PASSWORD, code=code).status_code == 422
    assert not granted(app)


def test_wrong_codes_at_signing_lock(app: Running, device):
    client = entered(SPONSOR)
    client.post("/second-factor/", {"code": code_of(device)})
    for number in range(5):
        sent(client, app, number, password=PASSWORD, code=wrong_code_of(fresh(device)))
    page = sent(client, app, 6, password=PASSWORD, code=code_of(fresh(device)))
    assert "Too many attempts" in page.content.decode()
    assert not granted(app)


def test_a_recovery_code_does_not_sign(app: Running, device):
    from gradatim.web.accounts.second_factor import make_recovery_codes

    codes = make_recovery_codes(account(SPONSOR))
    client = entered(SPONSOR)
    client.post("/second-factor/", {"code": code_of(device)})
    fresh(device)
    assert sent(client, app, password=PASSWORD, code=codes[0]).status_code == 422
    assert not granted(app)


CODE = 'name="code"'


def shown_both(device):
    """Sign in with both factors."""
    client = entered(SPONSOR)
    client.post("/second-factor/", {"code": code_of(device)})
    fresh(device)
    return client


def asks_for_code(client) -> bool:
    """Whether the form of a signature asks for the code."""
    page = client.get(PATH).content.decode()
    assert 'name="password"' in page
    return CODE in page


def test_later_signatures_of_a_session_take_the_password(app: Running, device):
    """21 CFR 11.200(a)(1)(i): the first takes all components, each later one one of them."""
    client = shown_both(device)
    assert asks_for_code(client)
    assert sent(client, app, 1, password=PASSWORD, code=code_of(device)).status_code == 302
    assert not asks_for_code(client)
    assert sent(client, app, 2, user="monitor.8", password=PASSWORD).status_code == 302
    assert sent(client, app, 3, user="monitor.7", password=WRONG).status_code == 422
    assert sent(client, app, 4, user="monitor.7").status_code == 422, "without a password"
    assert {("monitor.9", ""), ("monitor.8", "")} <= set(state(app).roles)
    assert ("monitor.7", "") not in state(app).roles


def test_a_signature_that_failed_is_not_the_first(app: Running, device):
    client = shown_both(device)
    for said in ({"password": WRONG, "code": code_of(device)}, {"password": PASSWORD}):
        sent(client, app, 1, **said)
        assert asks_for_code(client)
    sent(client, app, 2, password=PASSWORD, code=wrong_code_of(fresh(device)))
    assert asks_for_code(client)
    assert not granted(app)


def _out_and_in(client, device, _clock):
    client.post("/sign-out/")
    sign_in(SPONSOR, client=client)
    client.post("/second-factor/", {"code": code_of(fresh(device))})


def _in_anew(client, device, _clock):
    sign_in(SPONSOR, client=client)
    client.post("/second-factor/", {"code": code_of(fresh(device))})


def _rested(client, device, clock):
    clock.advance(24 * 3600)
    client.get("/")
    _in_anew(client, device, clock)


@pytest.mark.parametrize("anew", [_out_and_in, _in_anew, _rested])
def test_another_session_begins_with_all_components(
    app: Running, device, anew, session_clock: SessionClock
):
    client = shown_both(device)
    sent(client, app, 1, password=PASSWORD, code=code_of(device))
    assert not asks_for_code(client)
    anew(client, device, session_clock)
    fresh(device)
    assert asks_for_code(client)
    assert sent(client, app, 2, user="monitor.8", password=PASSWORD).status_code == 422
    assert ("monitor.8", "") not in state(app).roles


def test_a_session_beside_it_takes_all_components(app: Running, device):
    here, there = shown_both(device), shown_both(device)
    sent(here, app, 1, password=PASSWORD, code=code_of(device))
    assert not asks_for_code(here)
    assert asks_for_code(there)


def test_a_second_factor_that_is_set_up_is_asked_for(app: Running):
    """Whoever signed with a password alone has not shown it."""
    client = entered(SPONSOR)
    assert sent(client, app, 1, password=PASSWORD).status_code == 302
    set_up(client)
    assert asks_for_code(client)
    assert sent(client, app, 2, user="monitor.8", password=PASSWORD).status_code == 422


def test_changes_of_an_account_take_all_components_each_time(app: Running, device):
    client = shown_both(device)
    sent(client, app, 1, password=PASSWORD, code=code_of(device))
    assert CODE in client.get("/account/tokens/").content.decode()
    said = {"name": "a program", "role": "", "password": PASSWORD}
    assert client.post("/account/tokens/", said).status_code == 422
    assert not account(SPONSOR).tokens.exists()
