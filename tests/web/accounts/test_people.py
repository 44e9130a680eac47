"""The page of people and rights: who is seen by whom, and what may be done to their accounts."""

import re
from uuid import uuid4

import pytest
from django.test import Client

from gradatim.conduct.views.delegation_log import delegation_log, trainings, versions_in_force
from gradatim.web.accounts.invitations import invite
from gradatim.web.accounts.managing import MANAGED
from gradatim.web.accounts.models import AccountAct, AppDevice, User, What, note
from gradatim.web.accounts.tokens import make_token, user_of
from gradatim.web.live_trial import Running
from tests.markup import markup
from tests.web.accounts.people import (
    account,
    code_of,
    device_on,
    entered,
    set_up,
    sign_in,
    with_device,
)
from tests.web.accounts.test_invitations import link_of
from tests.web.conftest import PASSWORD, state

NURSE, LEAD, OTHER_LEAD = "nurse.S01.1", "investigator.S01.1", "investigator.S01.2"
NEWCOMER = "nurse.S01.9"
"""Somebody who is granted a role now, and was trained on nothing."""


def text_of(page) -> str:
    """Give a page's words, with single spaces."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", markup(page)))


def managed(client: Client, name: str, what: str):
    """Do something to an account, with the password."""
    return client.post(f"/people/accounts/{name}/{what}/", {"password": PASSWORD})


def recorded(app: Running, client: Client, event: str, site: str, **fields):
    """Record an act by its form, signed."""
    said = {
        "occurred_on": "2026-09-21",
        "seen": state(app).position,
        "request": uuid4().hex,
        "password": PASSWORD,
        **fields,
    }
    answer = client.post(f"/record/{event}/?site={site}", said)
    assert answer.status_code == 302, text_of(answer)


def test_everybody_with_a_task_is_shown_with_it(app: Running, signed_in):
    text = text_of(signed_in("sponsor.1").get("/people/"))
    for user, site in state(app).roles:
        assert user in text
        assert site in text
    assert "Principal investigator" in text


def test_a_site_sees_its_own_people_and_those_of_the_whole_trial(app: Running, signed_in):
    client = signed_in(LEAD)
    page = markup(client.get("/people/"))
    assert NURSE in page
    assert "sponsor.1" in page
    assert "S02" not in page
    assert client.get("/people/accounts/nurse.S02.1/").status_code == 404
    for what in MANAGED:
        assert managed(client, "nurse.S02.1", what).status_code == 404
    assert account("nurse.S02.1").acts.count() == 0


def test_tasks_at_another_site_are_not_told(app: Running, signed_in):
    recorded(app, signed_in("sponsor.1"), "RoleGranted", "S02", user=NURSE, role="coordinator")
    page = signed_in(LEAD).get(f"/people/accounts/{NURSE}/")
    assert page.status_code == 200
    assert "S02" not in markup(page)
    assert "S02" not in markup(signed_in(LEAD).get("/people/"))
    assert managed(signed_in(LEAD), NURSE, "deactivate").status_code == 404


def test_only_those_who_should_see_it_do(app: Running, signed_in):
    see = ("sponsor.1", LEAD, "monitor.1", "data.1")
    for name in (*see, NURSE, "committee.1", "pharmacist.S01.1"):
        client, status = signed_in(name), 200 if name in see else 404
        assert client.get("/people/").status_code == status
        assert client.get(f"/people/accounts/{NURSE}/").status_code == status


def test_the_delegation_log_keeps_what_was_taken_back(app: Running, signed_in):
    sponsor = signed_in("sponsor.1")
    recorded(app, sponsor, "RoleRevoked", "S01", user=NURSE, role="nurse", reason="left the ward")
    (line,) = [one for one in delegation_log(state(app)) if one.user == NURSE]
    assert line.until
    assert line.until_by == "sponsor.1"
    assert line.since < line.until
    assert NURSE in text_of(sponsor.get("/people/"))
    recorded(app, sponsor, "RoleGranted", "S01", user=NURSE, role="nurse")
    assert [bool(one.until) for one in delegation_log(state(app)) if one.user == NURSE] == [
        True,
        False,
    ]


def test_whoever_lacks_training_is_named(app: Running, signed_in):
    now = state(app)
    assert versions_in_force(now)[-1] == now.versions[-1].version
    latest = now.versions[-1].version
    client = signed_in("sponsor.1")
    recorded(app, client, "RoleGranted", "S01", user=NEWCOMER, role="nurse")
    assert latest not in trainings(state(app)).get(NEWCOMER, {})
    assert f"not on {latest}" in text_of(client.get(f"/people/accounts/{NEWCOMER}/"))
    recorded(app, client, "TrainingRecorded", "S01", user=NEWCOMER, version=latest)
    page = text_of(client.get(f"/people/accounts/{NEWCOMER}/"))
    assert f"not on {latest}" not in page
    assert f"Version {latest} 2026-09-21, sponsor.1" in page


def test_how_an_account_stands(app: Running, signed_in):
    User.objects.filter(username="nurse.S02.1").delete()
    invited = User.objects.create_user("monitor.2", "Another monitor")
    invite(invited, "sponsor.1")
    User.objects.filter(username="data.1").update(is_active=False)
    with_device("committee.1")
    for _n in range(5):
        sign_in(NURSE, "wrong")
    page = markup(signed_in("sponsor.1").get("/people/"))
    stands = {
        "nurse.S02.1": "no account",
        "monitor.2": "invited",
        "data.1": "deactivated",
        "committee.1": "active",
        NURSE: "locked",
        LEAD: "no second factor",
    }
    for name, status in stands.items():
        row = page.partition(f'/people/accounts/{name}/"')[2].partition("</tr>")[0]
        tags = re.findall(r'<span class="tag [a-z]*">([^<]+)</span>', row)
        assert tags[-1] == status, name


def test_a_monitor_sees_accounts_and_manages_none(app: Running, signed_in):
    client = signed_in("monitor.1")
    assert "/deactivate/" not in markup(client.get(f"/people/accounts/{NURSE}/"))
    for what in MANAGED:
        assert managed(client, NURSE, what).status_code == 404


def test_nobody_manages_an_account_of_their_own(app: Running, signed_in):
    for what in MANAGED:
        assert managed(signed_in("sponsor.1"), "sponsor.1", what).status_code == 404


def test_managing_takes_the_password(app: Running, signed_in):
    path = f"/people/accounts/{NURSE}/deactivate/"
    client = signed_in(LEAD)
    assert client.get(path).status_code == 200
    assert client.post(path, {"password": "wrong"}).status_code == 422
    assert account(NURSE).is_active


def test_deactivating_ends_everything(app: Running, signed_in):
    token, open_ = make_token(account(NURSE), "x", ""), entered(NURSE)
    assert managed(signed_in(LEAD), NURSE, "deactivate").status_code == 302
    assert open_.get("/")["Location"].startswith("/sign-in/")
    assert user_of(token) is None
    assert sign_in(NURSE)[1].status_code == 422
    assert managed(signed_in(LEAD), NURSE, "activate").status_code == 302
    assert entered(NURSE).get("/participants/").status_code == 200
    assert user_of(token) is None, "what was revoked stays so"


def test_neither_of_two_changes_at_the_same_time_is_undone(app: Running, signed_in):
    """What one process read before another changed it is not written back."""
    read_before, new = account(NURSE), "gravel moth piano cirrus"
    assert managed(signed_in(LEAD), NURSE, "deactivate").status_code == 302
    read_before.choose_password(new)
    assert not account(NURSE).is_active
    read_before = account(NURSE)
    read_before.choose_password("lantern oxide plume")
    stale = account(NURSE)
    stale.choose_password(new)
    MANAGED["activate"].do(read_before, LEAD)
    assert account(NURSE).check_password(new)
    MANAGED["deactivate"].do(read_before, LEAD)
    assert account(NURSE).check_password(new)


def test_unlocking(app: Running, signed_in):
    assert managed(signed_in(LEAD), NURSE, "unlock").status_code == 404, "it is not locked"
    for _n in range(5):
        sign_in(NURSE, "wrong")
    assert managed(signed_in(LEAD), NURSE, "unlock").status_code == 302
    assert entered(NURSE).get("/participants/").status_code == 200


def test_inviting_anew_ends_sessions_and_leaves_the_second_factor(app: Running, signed_in):
    device, open_ = with_device(NURSE), entered(NURSE)
    page = managed(signed_in(LEAD), NURSE, "invite-anew")
    link = re.search(r"http://testserver(/invitation/[\w-]+/)", markup(page))
    assert link
    assert open_.get("/")["Location"].startswith("/sign-in/")
    assert sign_in(NURSE)[1].status_code == 422
    client, new = Client(), "gravel moth piano cirrus"
    client.post(link[1], {"password": new, "again": new})
    assert client.get("/participants/")["Location"].startswith("/second-factor/"), (
        "whoever has the link"
    )
    device.refresh_from_db()


def test_whoever_invites_anew_cannot_plant_a_second_factor(app: Running, signed_in, settings):
    """The seed that they saw with a password of their own choice never becomes the owner's."""
    alone, first, second = signed_in(LEAD), "gravel moth piano cirrus", "lantern oxide plume tide"
    page = managed(alone, NURSE, "invite-anew")
    thief, owner = Client(), Client()
    settings.SECOND_FACTOR_REQUIRED = True
    thief.post(link_of(page), {"password": first, "again": first})
    seen, shown = device_on(thief.get("/second-factor/set-up/"))
    AppDevice.objects.create(user=account(NURSE), name="of an earlier version", confirmed=False)
    settings.SECOND_FACTOR_REQUIRED = False
    page = managed(alone, NURSE, "invite-anew")
    assert not AppDevice.objects.filter(user=account(NURSE)).exists()
    settings.SECOND_FACTOR_REQUIRED = True
    owner.post(link_of(page), {"password": second, "again": second})
    said = {"code": code_of(seen), "shown": shown}
    assert owner.post("/second-factor/set-up/", said).status_code == 422
    assert thief.post("/second-factor/set-up/", said)["Location"].startswith("/sign-in/")
    mine, _done = set_up(owner)
    assert AppDevice.objects.get(user=account(NURSE)).bin_key == mine.bin_key != seen.bin_key


@pytest.mark.parametrize(
    "order", [("invite-anew", "reset-second-factor"), ("reset-second-factor", "invite-anew")]
)
def test_nobody_takes_an_account_over_alone(app: Running, signed_in, order: tuple[str, str]):
    """21 CFR 11.200(a)(3): to use the signature of another takes two people."""
    with_device(NURSE)
    first, second = order
    alone, other = signed_in(LEAD), signed_in(OTHER_LEAD)
    assert managed(alone, NURSE, first).status_code in (200, 302)
    refused = managed(alone, NURSE, second)
    assert refused.status_code == 403
    assert "this takes a second person" in text_of(refused)
    assert managed(other, NURSE, second).status_code in (200, 302)


def test_after_the_owner_signed_in_it_begins_anew(app: Running, signed_in):
    with_device(NURSE)
    alone = signed_in(LEAD)
    managed(alone, NURSE, "reset-second-factor")
    entered(NURSE)
    with_device(NURSE)
    assert managed(alone, NURSE, "invite-anew").status_code == 200


def test_a_password_alone_is_no_sign_of_the_owner(app: Running, signed_in, settings):
    """Whoever has the link and chooses the password has not shown to be the owner."""
    settings.SECOND_FACTOR_REQUIRED = True
    lead_device = with_device(LEAD)
    with_device(NURSE)
    lead_device.delete()
    settings.SECOND_FACTOR_REQUIRED = False
    alone, new = signed_in(LEAD), "gravel moth piano cirrus"
    page = markup(managed(alone, NURSE, "invite-anew"))
    link = re.search(r"http://testserver(/invitation/[\w-]+/)", page)
    assert link
    Client().post(link[1], {"password": new, "again": new})
    sign_in(NURSE, new)
    assert managed(alone, NURSE, "reset-second-factor").status_code == 403


def test_an_account_without_any_task_is_its_inviters(app: Running, signed_in):
    invite(User.objects.create_user("sponsor.2", "Another sponsor"), "sponsor.1")
    client = signed_in(LEAD)
    assert "sponsor.2" not in markup(client.get("/people/"))
    assert managed(client, "sponsor.2", "invite-anew").status_code == 404
    invite(User.objects.create_user("nurse.S01.9", "Another nurse"), LEAD)
    assert "nurse.S01.9" in markup(client.get("/people/"))
    assert managed(client, "nurse.S01.9", "invite-anew").status_code == 200
    assert "nurse.S01.9" in markup(signed_in("sponsor.1").get("/people/"))


def test_every_act_on_an_account_is_written_down(app: Running, signed_in):
    with_device(NURSE)
    client = signed_in("sponsor.1")
    for what in ("reset-second-factor", "deactivate", "activate"):
        managed(client, NURSE, what)
    managed(signed_in(LEAD), NURSE, "invite-anew")
    done = [(one.what, one.by) for one in account(NURSE).acts.all()]
    assert done == [
        (What.FACTOR_RESET, "sponsor.1"),
        (What.DEACTIVATED, "sponsor.1"),
        (What.ACTIVATED, "sponsor.1"),
        (What.PASSWORD_RESET, LEAD),
        (What.INVITED, LEAD),
    ]
    text = text_of(client.get(f"/people/accounts/{NURSE}/"))
    assert "Second factor taken away" in text


def test_each_act_has_words_and_fits_its_column(app: Running):
    for what in What:
        note(account(NURSE), what)
    assert {one.get_what_display() for one in AccountAct.objects.all()} == {
        str(what.label) for what in What
    }
    assert max(len(what) for what in What) <= 20


def test_names_are_shown_as_text(app: Running, signed_in):
    said = {"username": "x.1", "printed_name": "<script>alert(1)</script>"}
    page = signed_in("sponsor.1").post("/people/invite/", said)
    shown = [
        page,
        signed_in("sponsor.1").get("/people/"),
        signed_in("sponsor.1").get("/people/accounts/x.1/"),
    ]
    for one in shown:
        assert "<script>alert" not in markup(one)
        assert "&lt;script&gt;alert" in markup(one)


@pytest.mark.parametrize(
    "path",
    [
        "/sign-in/",
        "/account/",
        "/account/password/",
        "/account/tokens/",
        "/second-factor/set-up/",
        "/people/",
        "/people/invite/",
        f"/people/accounts/{NURSE}/",
        f"/people/accounts/{NURSE}/deactivate/",
    ],
)
def test_no_page_has_script_or_style_of_its_own(app: Running, signed_in, path: str):
    page = signed_in("sponsor.1").get(path)
    text = markup(page)
    assert page.status_code == 200
    assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?! src=)", text)
