"""Seeds of one-time codes: sealed in the database, each for its account, whatever the secret."""

import io
import logging
from importlib import import_module

import pytest
from django.apps import apps
from django.core.management import call_command
from hypothesis import given
from hypothesis import strategies as st

from gradatim.web.accounts.models import AppDevice
from gradatim.web.accounts.second_factor import make_recovery_codes, seal_anew
from gradatim.web.accounts.seeds import MARK, is_sealed, open_seed, seal_seed
from gradatim.web.live_trial import Running
from tests.web.accounts.people import account, code_of, entered, fresh, set_up, with_device

NURSE, OTHER = "nurse.S01.1", "nurse.S02.1"
SEED = bytes(range(20))
secrets_ = st.text(st.characters(codec="utf-8"), min_size=1, max_size=80)


@given(st.binary(min_size=20, max_size=20), st.integers(0), secrets_)
def test_what_is_sealed_is_opened_and_fits_its_column(seed: bytes, user: int, secret: str):
    kept = seal_seed(seed, user, secret)
    assert open_seed(kept, user, [secret]) == seed
    assert open_seed(kept, user, ["before", secret]) == seed
    assert len(kept) <= AppDevice._meta.get_field("key").max_length
    assert seed.hex() not in kept
    assert seal_seed(seed, user, secret) != kept, "each time another"


@given(st.integers(0), secrets_, st.integers(0), secrets_)
def test_no_other_secret_and_no_other_account_opens_it(user, secret, other_user, other_secret):
    kept = seal_seed(SEED, user, secret)
    found = open_seed(kept, other_user, [other_secret])
    assert (found == SEED) == ((user, secret) == (other_user, other_secret))
    assert found in (SEED, None)


@given(st.integers(len(MARK), 68), st.sampled_from("AB0+/ é="))
def test_what_was_altered_is_not_opened(at: int, sign: str):
    kept = seal_seed(SEED, 1, "secret")
    altered = kept[:at] + sign + kept[at + 1 :]
    assert altered == kept or open_seed(altered, 1, ["secret"]) is None


def test_no_seed_stands_in_the_database_or_a_backup_of_it(app: Running):
    shown, done = set_up(entered(NURSE))
    assert done.status_code == 200
    kept = AppDevice.objects.values_list("key", flat=True).get()
    assert is_sealed(kept)
    dump = io.StringIO()
    call_command("dumpdata", "otp_totp", stdout=dump)
    for text in (kept, dump.getvalue()):
        assert shown.key not in text
    assert AppDevice.objects.get().bin_key == shown.bin_key


def test_a_seed_moved_to_another_account_is_none(app: Running):
    """Whoever writes to the database does not sign as another with a device of their own."""
    mine, theirs = with_device(OTHER), with_device(NURSE)
    AppDevice.objects.filter(pk=theirs.pk).update(key=mine.key)
    page = entered(NURSE).post("/second-factor/", {"code": code_of(mine)})
    assert page.status_code == 422


def test_seeds_of_earlier_versions_are_sealed_and_go_on(app: Running):
    device = with_device(NURSE)
    AppDevice.objects.filter(pk=device.pk).update(key=SEED.hex())
    import_module("gradatim.web.accounts.migrations.0005_sealed_seeds").seal(apps, None)
    assert is_sealed(AppDevice.objects.values_list("key", flat=True).get())
    device.refresh_from_db()
    assert device.bin_key == SEED
    assert entered(NURSE).post("/second-factor/", {"code": code_of(device)}).status_code == 302


def test_a_new_secret_takes_the_seeds_with_it(app: Running, settings):
    """While the one before is named; after the start that had it named, it is needed no longer."""
    device = with_device(NURSE)
    code, seed = code_of(device), device.bin_key
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another", [settings.SECRET_KEY]
    assert entered(NURSE).post("/second-factor/", {"code": code}).status_code == 302
    seal_anew()
    settings.SECRET_KEY_FALLBACKS = []
    device = AppDevice.objects.get()
    assert device.bin_key == seed
    answer = entered(NURSE).post("/second-factor/", {"code": code_of(fresh(device))})
    assert answer.status_code == 302
    before = device.key
    seal_anew()
    assert AppDevice.objects.get().key == before, "sealed once"


def test_under_an_unknown_secret_recovery_codes_still_let_in(
    app: Running, settings, caplog: pytest.LogCaptureFixture
):
    """A code is refused, which is no fault of the program; the log says why at the start."""
    device = with_device(NURSE)
    code, codes = code_of(device), make_recovery_codes(account(NURSE))
    settings.SECRET_KEY = "another"
    with caplog.at_level(logging.WARNING, "gradatim.accounts"):
        seal_anew()
    (told,) = [one for one in caplog.records if one.name == "gradatim.accounts"]
    assert vars(told)["count"] == 1
    client = entered(NURSE)
    assert client.post("/second-factor/", {"code": code}).status_code == 422
    assert client.post("/second-factor/", {"code": codes[0]}).status_code == 302
    assert client.get("/participants/").status_code == 200
