"""Tokens of programs: shown once, kept as hashes, limited, and at an end."""

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from gradatim.web.accounts.managing import MANAGED
from gradatim.web.accounts.models import TOKEN_FOR, ApiToken, User, What
from gradatim.web.accounts.tokens import make_token, user_of
from gradatim.web.live_trial import Running
from tests.web.accounts.people import account, code_of, entered, fresh, with_device
from tests.web.conftest import PASSWORD, state

DATA = "data.1"


@pytest.fixture
def token(app: Running) -> str:
    """Give a token that is limited to a role."""
    return make_token(account(DATA), "nightly export", "data_manager")


def test_a_token_says_whose_it_is_and_its_limit(token: str):
    assert user_of(token) == (account(DATA), "data_manager")
    assert user_of(make_token(account(DATA), "all", "")) == (account(DATA), "")
    assert ApiToken.objects.get(name="nightly export").last_used_at


def test_only_a_hash_of_it_is_kept(token: str):
    assert len(token) > 43
    assert token not in str(list(ApiToken.objects.values()))


CHANGED = {
    "cut": lambda token: token[:-1],
    "longer": lambda token: token + "a",
    "upper case": lambda token: token.upper(),
    "nothing": lambda token: "",
    "a space before": lambda token: f" {token}",
    "another sign": lambda token: token[:-1] + "\0",
}


@pytest.mark.parametrize("change", CHANGED.values(), ids=CHANGED)
def test_another_text_is_no_token(token: str, change):
    assert user_of(change(token)) is None


def test_the_hash_is_no_token(token: str):
    assert user_of(ApiToken.objects.get().hashed) is None


def test_a_token_expires(token: str):
    ApiToken.objects.update(expires_at=timezone.now() + timedelta(seconds=30))
    assert user_of(token)
    ApiToken.objects.update(expires_at=timezone.now() - timedelta(seconds=30))
    assert user_of(token) is None


def test_a_token_of_a_deactivated_user_does_not_count(token: str):
    User.objects.filter(username=DATA).update(is_active=False)
    assert user_of(token) is None


def _password_changed(user: str) -> None:
    new = "gravel moth piano cirrus"
    said = {"present": PASSWORD, "password": new, "again": new}
    assert entered(user).post("/account/password/", said).status_code == 302


def _factor_removed(user: str) -> None:
    device, client = with_device(user), entered(user)
    client.post("/second-factor/", {"code": code_of(device)})
    said = {"password": PASSWORD, "code": code_of(fresh(device))}
    assert client.post("/account/second-factor/", said).status_code == 302


def _managed(what: str) -> Callable[[str], object]:
    return lambda user: MANAGED[what].do(account(user), "sponsor.9")


ENDS: dict[str, Callable[[str], object]] = {
    "its password is changed": _password_changed,
    "its second factor is removed by its owner": _factor_removed,
    "its second factor is taken away": _managed("reset-second-factor"),
    "it is invited anew": _managed("invite-anew"),
    "it is deactivated": _managed("deactivate"),
}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_tokens_end_with_what_they_were_made_with(app: Running, end: Callable[[str], object]):
    """Of everybody, whatever their task: a program is refused, and nobody else's token ends."""
    users = sorted({user for user, _site in state(app).roles})
    others = make_token(account(users[-1]), "of another", "")
    for user in users[:-1]:
        token = make_token(account(user), "nightly", "")
        program = Client(headers={"Authorization": f"Bearer {token}"})
        assert program.get("/api/trial").status_code == 200
        end(user)
        assert user_of(token) is None
        assert program.get("/api/trial").status_code == 401
        assert account(user).acts.filter(what=What.TOKEN_REVOKED).count() == 1
    assert user_of(others)


def test_making_one_takes_the_password_and_shows_it_once(app: Running):
    client = entered(DATA)
    said = {"name": "nightly", "role": "data_manager", "password": "wrong"}
    assert client.post("/account/tokens/", said).status_code == 422
    assert not ApiToken.objects.exists()
    page = client.post("/account/tokens/", said | {"password": PASSWORD}).content.decode()
    shown = re.search(r"gradatim_[\w-]{43}", page)
    assert shown
    assert user_of(shown[0]) == (account(DATA), "data_manager")
    assert shown[0] not in client.get("/account/").content.decode()
    left = ApiToken.objects.get().expires_at - timezone.now()
    assert TOKEN_FOR - timedelta(minutes=1) < left <= TOKEN_FOR


def test_a_token_is_not_limited_to_a_role_that_its_user_does_not_have(app: Running):
    said = {"name": "nightly", "role": "sponsor", "password": PASSWORD}
    assert entered(DATA).post("/account/tokens/", said).status_code == 422
    assert not ApiToken.objects.exists()


def test_a_token_is_revoked_by_its_owner_only(token: str):
    path = f"/account/tokens/{ApiToken.objects.get().pk}/revoke/"
    entered("nurse.S01.1").post(path)
    assert user_of(token)
    client = entered(DATA)
    assert client.get(path).status_code == 405
    client.post(path)
    assert user_of(token) is None
    assert "nightly export" not in client.get("/account/").content.decode().split("What was")[0]
