"""The key by which a person signs: only their password opens it, here; what it signs verifies."""

import io
from typing import Any

import pytest
from argon2 import extract_parameters
from django.contrib.auth.hashers import Argon2PasswordHasher, make_password
from django.core.management import call_command

from gradatim.conduct.ledger import Verification, verify
from gradatim.conduct.signatures import ALWAYS_SIGNED
from gradatim.conduct.trial import Trial
from gradatim.web import settings as production
from gradatim.web.accounts.adopting import adopt_key
from gradatim.web.accounts.models import SigningKey, User
from gradatim.web.accounts.signing_keys import ensure_key, open_key, signing_key_of
from gradatim.web.accounts.wrapping import Cost
from gradatim.web.live_trial import Running
from tests.markup import markup
from tests.web.accounts.people import account, entered, key_of, sign_in
from tests.web.conftest import PASSWORD, state

SPONSOR, OTHER = "sponsor.1", "data.1"
NEW = "gravel moth piano cirrus"
PATH = "/record/RoleGranted/?site="


def signed(client: Any, app: Running, user: str = "monitor.9", password: str = PASSWORD) -> Any:
    """Delegate a task, which is signed."""
    said = {"occurred_on": "2026-09-21", "user": user, "role": "monitor", "password": password}
    now = state(app).position
    return client.post(PATH, {**said, "seen": now, "request": f"r{now}"})


def keys(app: Running, user: str = SPONSOR) -> list[str]:
    """Return the keys that the trial knows of a person."""
    return [one.public_key for one in state(app).signing_keys.get(user, ())]


def verified(app: Running) -> Verification:
    entries, seals = app.trial.store.contents(app.trial.name)
    return verify(entries, app.trial.name, seals=seals, signed_acts=ALWAYS_SIGNED)


def test_whoever_signs_in_has_a_key_and_the_trial_knows_it_once(app: Running):
    for _time in range(2):
        entered(SPONSOR)
        key = signing_key_of(account(SPONSOR))
        assert key is not None
        assert keys(app) == [key.public_key]
    assert SigningKey.objects.filter(user__username=SPONSOR).count() == 1


def test_what_is_signed_on_a_page_verifies_and_says_so(app: Running):
    client = entered(SPONSOR)
    before = verified(app)
    assert before.ok
    assert signed(client, app).status_code == 302
    entry = state(app).events[state(app).position]
    assert entry.signature is not None
    assert len(entry.signature.ed25519) == 128
    assert entry.signature.shown == state(app).position - 1
    after = verified(app)
    assert after.ok, after.why
    assert after.signed_by_key == before.signed_by_key + 1
    assert "by their own key" in markup(client.get(f"/entries/{state(app).position}/"))


def test_who_has_never_signed_in_since_signs_by_a_key_all_the_same(app: Running, signed_in):
    """In a session that was open when keys came: the first signature makes it."""
    assert not keys(app)
    assert signed(signed_in(SPONSOR), app).status_code == 302
    assert len(keys(app)) == 1
    assert verified(app).signed_by_key == 1


def test_no_copy_of_the_database_opens_a_key(app: Running):
    entered(SPONSOR)
    signer = open_key(account(SPONSOR), PASSWORD)
    assert signer is not None
    assert open_key(account(SPONSOR), PASSWORD + "x") is None
    dump = io.StringIO()
    call_command("dumpdata", "accounts", stdout=dump)
    assert PASSWORD not in dump.getvalue()
    key = signing_key_of(account(SPONSOR))
    assert key is not None
    assert key.sealed in dump.getvalue()
    assert key.sealed.startswith("argon2id:")


def test_nor_does_the_password_without_the_applications_secret(app: Running, settings):
    entered(SPONSOR)
    settings.SECRET_KEY = "another-secret-of-another-installation-5"
    assert open_key(account(SPONSOR), PASSWORD) is None


def test_a_new_secret_takes_the_keys_of_whoever_signs_in_with_it(app: Running, settings):
    """While the one before is named."""
    entered(SPONSOR)
    before = settings.SECRET_KEY
    settings.SECRET_KEY = "another-secret-of-the-same-installation-5"
    settings.SECRET_KEY_FALLBACKS = [before]
    assert signed(entered(SPONSOR), app).status_code == 302
    settings.SECRET_KEY_FALLBACKS = []
    assert signed(entered(SPONSOR), app, "monitor.8").status_code == 302
    assert len(keys(app)) == 1
    assert verified(app).ok


def test_signing_in_alone_takes_the_key_to_a_new_secret(app: Running, settings):
    entered(SPONSOR)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another-secret-of-the-same-installation-5"
    entered(SPONSOR)
    settings.SECRET_KEY_FALLBACKS = []
    assert open_key(account(SPONSOR), PASSWORD) is not None
    assert len(keys(app)) == 1


def test_who_misses_the_new_secret_signs_by_another_key(app: Running, settings):
    """Nobody can open the one before; its owner is not told that their password is wrong."""
    entered(SPONSOR)
    settings.SECRET_KEY = "another-secret-of-the-same-installation-5"
    assert signed(entered(SPONSOR), app).status_code == 302
    assert len(keys(app)) == 2
    assert verified(app).ok


def test_a_key_that_was_spoiled_is_replaced_at_the_next_signature(app: Running):
    client = entered(SPONSOR)
    SigningKey.objects.filter(user__username=SPONSOR).update(sealed="spoiled")
    assert signed(client, app, password="not the password").status_code == 422
    assert len(keys(app)) == 1
    assert signed(client, app).status_code == 302
    assert len(keys(app)) == 2, "another, which is to be identified anew"


@pytest.mark.parametrize("proof", ["", "zz", "0" * 128])
def test_a_key_without_its_proof_is_not_adopted_and_stops_nobody(app: Running, proof: str):
    ensure_key(account(SPONSOR), PASSWORD, app.trial.name)
    SigningKey.objects.filter(user__username=SPONSOR).update(proof=proof)
    assert signed(entered(SPONSOR), app).status_code == 302
    assert len(keys(app)) == 1
    assert verified(app).ok


def test_two_sessions_that_adopt_at_once_adopt_once(app: Running):
    """Twice in the ledger, a key would seem to have been replaced, and be given up."""
    another = Trial(app.trial.store, app.trial.name)
    ensure_key(account(SPONSOR), PASSWORD, app.trial.name)
    for trial in (app.trial, another, app.trial):
        adopt_key(trial, account(SPONSOR))
    assert len(keys(app)) == 1
    assert signed(entered(SPONSOR), app).status_code == 302
    assert len(keys(app)) == 1


def test_a_key_of_another_account_is_none(app: Running):
    """Whoever writes to the database does not sign as another by a key of their own."""
    for name in (SPONSOR, OTHER):
        entered(name)
    mine, theirs = signing_key_of(account(OTHER)), signing_key_of(account(SPONSOR))
    assert mine is not None
    assert theirs is not None
    SigningKey.objects.filter(pk=mine.pk).delete()
    SigningKey.objects.filter(pk=theirs.pk).update(
        sealed=mine.sealed, public_key=mine.public_key, proof=mine.proof
    )
    assert open_key(account(SPONSOR), PASSWORD) is None
    assert signed(entered(SPONSOR), app).status_code == 302
    assert keys(app)[0] == theirs.public_key
    assert mine.public_key not in keys(app)
    assert len(keys(app)) == 2, "another, which is to be identified anew"
    assert verified(app).ok


def test_a_changed_password_keeps_the_key(app: Running):
    client = entered(SPONSOR)
    said = {"present": PASSWORD, "password": NEW, "again": NEW}
    assert client.post("/account/password/", said).status_code == 302
    assert open_key(account(SPONSOR), PASSWORD) is None
    assert signed(client, app, password=PASSWORD).status_code == 422
    assert signed(client, app, password=NEW).status_code == 302
    assert len(keys(app)) == 1
    assert verified(app).ok


def test_a_password_that_was_set_past_its_owner_opens_nothing(app: Running):
    """It makes another key, which nobody has identified."""
    entered(SPONSOR)
    first = keys(app)
    User.objects.filter(username=SPONSOR).update(password=make_password(NEW))
    assert open_key(account(SPONSOR), NEW) is None
    client = entered(SPONSOR, NEW)
    assert len(keys(app)) == 2
    assert keys(app)[:1] == first
    assert signed(client, app, password=PASSWORD).status_code == 422, "the password of before"
    assert signed(client, app, password=NEW).status_code == 302
    assert verified(app).ok


def test_a_key_that_was_replaced_is_not_brought_back(app: Running):
    """With the row and the password of before, by whoever writes to the database."""
    entered(SPONSOR)
    rows = SigningKey.objects.filter(user__username=SPONSOR)
    kept, password = rows.values().get(), account(SPONSOR).password
    User.objects.filter(username=SPONSOR).update(password=make_password(NEW))
    entered(SPONSOR, NEW)
    rows.all().delete()
    SigningKey.objects.create(**kept)
    User.objects.filter(username=SPONSOR).update(password=password)
    before = keys(app)
    client = entered(SPONSOR)
    assert keys(app) == before
    assert signed(client, app).status_code == 302
    assert len(keys(app)) == len(before) + 1, "a third, which is to be identified anew"
    assert verified(app).ok


def test_who_invited_stands_with_the_key(app: Running):
    page = entered(SPONSOR).post(
        "/people/invite/", {"username": "nurse.S09.1", "printed_name": "Nurse Nine"}
    )
    link = markup(page).split("/invitation/")[1].split("<")[0].split('"')[0]
    answer = entered(OTHER).post(f"/invitation/{link}", {"password": NEW, "again": NEW})
    assert answer.status_code == 302
    found = state(app).signing_keys["nurse.S09.1"]
    assert [one.invited_by for one in found] == [SPONSOR]


def test_signing_in_goes_on_where_nothing_can_be_recorded(app: Running, monkeypatch):
    from gradatim.core.errors import UnusableInput

    def refuse(_made: Any) -> int:
        raise UnusableInput("the disk is full")

    monkeypatch.setattr(app.trial, "record_own", refuse)
    client, answer = sign_in(SPONSOR)
    assert answer.status_code == 302
    assert key_of(client)
    assert not keys(app)


def test_opening_a_key_costs_no_less_than_comparing_a_password():
    """Source: RFC 9106, 3.1: passes, memory and lanes."""
    cost = Cost(*production.SIGNING_KEY_COST)
    hasher = Argon2PasswordHasher()
    asked = extract_parameters(hasher.encode("x", hasher.salt()).removeprefix("argon2"))
    assert cost.time >= asked.time_cost
    assert cost.memory >= asked.memory_cost
    assert cost.parallelism >= asked.parallelism


@pytest.mark.parametrize("sealed", ["", "argon2id", "argon2id:1:AA", "argon2id:1,2:AA", "x:y:z"])
def test_a_row_that_was_spoiled_opens_nothing(app: Running, sealed: str):
    entered(SPONSOR)
    SigningKey.objects.filter(user__username=SPONSOR).update(sealed=sealed)
    assert open_key(account(SPONSOR), PASSWORD) is None
