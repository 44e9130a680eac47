"""An invitation is used once, within seven days, by whoever it was handed to."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from gradatim.web.accounts.invitations import accept, invite, invited
from gradatim.web.accounts.models import INVITED_FOR, Invitation, User, What
from gradatim.web.live_trial import Running
from tests.web.accounts.people import account

NEW = "gravel moth piano cirrus"
CHOSEN = {"password": NEW, "again": NEW}


def link_of(page) -> str:
    """Give the path of the link that a page shows."""
    found = re.search(r"http://testserver(/invitation/[\w-]+/)", page.content.decode())
    assert found, page.content.decode()
    return found[1]


@pytest.fixture
def link(app: Running, signed_in) -> str:
    """Give the link by which the sponsor invites somebody new."""
    said = {"username": "monitor.2", "printed_name": "Another monitor"}
    return link_of(signed_in("sponsor.1").post("/people/invite/", said))


def test_a_link_lets_choose_a_password_once(link: str):
    client = Client()
    assert client.get(link).status_code == 200
    assert client.get(link).status_code == 200, "looking at it, as previews do, uses nothing up"
    assert client.post(link, CHOSEN)["Location"] == "/account/"
    assert client.get("/account/").status_code == 200
    assert account("monitor.2").check_password(NEW)
    for again in (Client().get(link), Client().post(link, CHOSEN)):
        assert again.status_code == 404
    assert [one.what for one in account("monitor.2").acts.all()] == [
        What.INVITED,
        What.PASSWORD_CHOSEN,
        What.SIGNED_IN,
    ]


def test_only_a_hash_of_it_is_kept(link: str):
    secret = link.split("/")[2]
    assert len(secret) >= 43, "256 bits"
    assert secret not in str(list(Invitation.objects.values()))


def test_two_at_the_same_time_do_not_both_choose(link: str):
    secret = link.split("/")[2]
    first, second = invited(secret), invited(secret)
    assert first
    assert second
    assert accept(first, NEW)
    assert not accept(second, "lantern oxide plume")
    assert account("monitor.2").check_password(NEW)


def test_a_weak_password_leaves_the_link_good(link: str):
    page = Client().post(link, {"password": "password", "again": "password"})
    assert page.status_code == 422
    assert "8 characters" in page.content.decode()
    assert Client().post(link, CHOSEN).status_code == 302


def test_a_link_expires_after_seven_days(link: str):
    Invitation.objects.update(made_at=timezone.now() - INVITED_FOR + timedelta(minutes=1))
    assert Client().get(link).status_code == 200
    Invitation.objects.update(made_at=timezone.now() - INVITED_FOR - timedelta(minutes=1))
    assert Client().get(link).status_code == 404
    assert Client().post(link, CHOSEN).status_code == 404
    assert not account("monitor.2").has_usable_password()


def test_a_later_link_takes_the_place_of_an_earlier_one(link: str):
    later = invite(account("monitor.2"), "sponsor.1")
    assert Client().get(link).status_code == 404
    assert Client().get(f"/invitation/{later}/").status_code == 200


def test_a_link_of_a_deactivated_account_opens_nothing(link: str):
    User.objects.filter(username="monitor.2").update(is_active=False)
    assert Client().get(link).status_code == 404
    assert Client().post(link, CHOSEN).status_code == 404


def test_choosing_a_password_undoes_no_deactivation(link: str):
    """Another process may deactivate an account while its owner chooses a password."""
    read_before = invited(link.split("/")[2])
    assert read_before
    User.objects.filter(username="monitor.2").update(is_active=False)
    accept(read_before, NEW)
    assert not account("monitor.2").is_active


def test_a_made_up_link_is_not_found(app: Running):
    assert Client().get("/invitation/" + "A" * 43 + "/").status_code == 404
    assert Client().get("/invitation/%00/").status_code == 404


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("sponsor.1", "already"),
        ("Sponsor.1", "already"),
        ("gradatim", "system itself"),
        ("Gradatim", "system itself"),
        ("two words", "valid value"),
        ("-leading", "valid value"),
        ("a" * 65, "64"),
        ("", "required"),
    ],
)
def test_a_name_that_cannot_be_or_is_taken(app: Running, signed_in, name: str, why: str):
    said = {"username": name, "printed_name": "Somebody"}
    page = signed_in("sponsor.1").post("/people/invite/", said)
    assert page.status_code == 422
    assert why in page.content.decode()


def test_only_who_delegates_tasks_invites(app: Running, signed_in):
    said = {"username": "monitor.2", "printed_name": "Another monitor"}
    for name in ("monitor.1", "data.1", "nurse.S01.1"):
        assert signed_in(name).get("/people/invite/").status_code == 404
        assert signed_in(name).post("/people/invite/", said).status_code == 404
    assert not User.objects.filter(username="monitor.2").exists()
    assert signed_in("investigator.S01.1").post("/people/invite/", said).status_code == 200


def test_an_account_for_whom_the_ledger_knows_is_made_where_they_work(app: Running, signed_in):
    User.objects.filter(username="nurse.S02.1").delete()
    said = {"username": "nurse.S02.1", "printed_name": "Nurse"}
    assert signed_in("investigator.S01.1").post("/people/invite/", said).status_code == 422
    assert not User.objects.filter(username="nurse.S02.1").exists()
    assert signed_in("investigator.S02.1").post("/people/invite/", said).status_code == 200
