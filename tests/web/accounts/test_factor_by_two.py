"""A second factor is taken away by two people: one asks for it, another does it."""

from datetime import timedelta

import pytest
from django.utils import timezone

from gradatim.core.errors import UnusableInput
from gradatim.web.accounts.invitations import COMMAND_LINE
from gradatim.web.accounts.models import AccountAct, AppDevice, What
from gradatim.web.accounts.second_factor import has_device
from gradatim.web.live_trial import Running
from gradatim.web.operations.invite import invite_user
from gradatim.web.operations.second_factor import take_second_factor_away
from tests.markup import markup
from tests.web.accounts.people import account, code_of, fresh, set_up, sign_in, with_device
from tests.web.conftest import PASSWORD

NURSE, LEAD, OTHER_LEAD = "nurse.S01.1", "investigator.S01.1", "investigator.S01.2"
RESET = f"/people/accounts/{NURSE}/reset-second-factor/"


@pytest.fixture
def leads(app: Running, settings):
    """Two who may manage the account of a nurse, with second factors, as everybody has."""
    settings.SECOND_FACTOR_REQUIRED = True
    with_device(NURSE)
    found = {}
    for name in (LEAD, OTHER_LEAD):
        client, _answer = sign_in(name)
        set_up(client)
        found[name] = client, AppDevice.objects.get(user__username=name)
    return found


def press(leads, name: str):
    """Confirm with password and code that the nurse's second factor is to be taken away."""
    client, device = leads[name]
    return client.post(RESET, {"password": PASSWORD, "code": code_of(fresh(device))})


def acts(what: What) -> list[str]:
    return [one.by for one in account(NURSE).acts.filter(what=what)]


def test_one_asks_and_another_does_it(leads):
    assert press(leads, LEAD).status_code == 302
    assert has_device(account(NURSE))
    assert "You have asked for it" in markup(leads[LEAD][0].get(RESET))
    assert f"{LEAD} has asked for it" in markup(leads[OTHER_LEAD][0].get(RESET))
    assert press(leads, OTHER_LEAD).status_code == 302
    assert not has_device(account(NURSE))
    assert acts(What.FACTOR_RESET_ASKED) == [LEAD]
    assert acts(What.FACTOR_RESET) == [OTHER_LEAD]


def test_nobody_does_what_they_asked_for(leads):
    for _time in range(3):
        press(leads, LEAD)
    assert has_device(account(NURSE))
    assert acts(What.FACTOR_RESET) == []


def test_what_was_asked_long_ago_is_asked_anew(leads):
    press(leads, LEAD)
    asked = AccountAct.objects.filter(what=What.FACTOR_RESET_ASKED)
    asked.update(at=timezone.now() - timedelta(days=8))
    press(leads, OTHER_LEAD)
    assert has_device(account(NURSE))
    assert acts(What.FACTOR_RESET_ASKED) == [LEAD, OTHER_LEAD]


def test_once_done_it_is_asked_anew(leads):
    press(leads, LEAD)
    press(leads, OTHER_LEAD)
    with_device(NURSE)
    press(leads, OTHER_LEAD)
    assert has_device(account(NURSE))


@pytest.mark.parametrize("inviter", [LEAD, OTHER_LEAD])
def test_neither_of_the_two_has_the_link_to_a_password(leads, inviter: str):
    """Whoever asked does not invite anew afterwards; whoever invited neither asks nor does it."""
    press(leads, LEAD)
    client, device = leads[inviter]
    invite = f"/people/accounts/{NURSE}/invite-anew/"
    answer = client.post(invite, {"password": PASSWORD, "code": code_of(fresh(device))})
    if inviter == LEAD:
        assert answer.status_code == 403
    else:
        assert answer.status_code == 200
        assert press(leads, OTHER_LEAD).status_code == 403
        assert has_device(account(NURSE))


def test_on_the_server_it_is_taken_away_by_whoever_runs_it(leads):
    take_second_factor_away(NURSE)
    assert not has_device(account(NURSE))
    assert acts(What.FACTOR_RESET) == [COMMAND_LINE]
    for name in (NURSE, "nobody.1"):
        with pytest.raises(UnusableInput, match="no active account with a second factor"):
            take_second_factor_away(name)


def test_nor_there_together_with_a_link_to_a_password(leads):
    invite_user(NURSE, "", anew=True)
    with pytest.raises(UnusableInput, match="was just made from here"):
        take_second_factor_away(NURSE)
    assert has_device(account(NURSE))
