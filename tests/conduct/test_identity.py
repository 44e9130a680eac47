"""Identifying data: sealed, proved, found again without being stored, and erased."""

import json
import secrets
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradatim.conduct import identity
from gradatim.conduct.events.base import Sealed
from gradatim.conduct.identity import (
    ERASED,
    Whose,
    open_field,
    person_token,
    prove,
    seal,
    unseal,
)
from gradatim.conduct.keyring.stores import Keyring
from gradatim.conduct.ledger import verify
from gradatim.core.errors import UnusableInput
from tests.conduct.ledgers import TRIAL

WHOSE = Whose(TRIAL, "P-001")
VALUES = {"name": "陈 Grün", "birth_date": "1990-02-29", "telephone": "+86 10 5555"}
KEY, PEPPER = bytes(range(32)), bytes(range(32, 64))


def sealed(values=VALUES, key=KEY):
    return seal(WHOSE, values, key, secrets.token_bytes)


@pytest.fixture
def keyring(tmp_path):
    return Keyring(tmp_path / "keys", secrets.token_bytes)


@given(st.dictionaries(st.text(max_size=10), st.text(max_size=30), max_size=3))
def test_what_is_sealed_is_unsealed(values):
    assert unseal(WHOSE, seal(WHOSE, values, KEY, secrets.token_bytes), KEY) == values


def test_nothing_of_the_value_is_left_in_plain_sight():
    """Neither the value nor anything equal for equal values."""
    one, two = sealed(), sealed()
    text = str(one)
    assert not any(value in text for value in VALUES.values())
    assert one["name"].commitment != two["name"].commitment
    assert one["name"].ciphertext != two["name"].ciphertext


@pytest.mark.parametrize("whose", [Whose("NCT1", "P-001"), Whose(TRIAL, "P-002")])
def test_a_value_cannot_be_moved_to_somebody_else(whose):
    with pytest.raises(UnusableInput, match="name: this value cannot be opened"):
        unseal(whose, sealed(), KEY)


def test_a_value_cannot_be_moved_to_another_field():
    given_ = sealed()
    with pytest.raises(UnusableInput, match="cannot be opened"):
        unseal(WHOSE, {"name": given_["telephone"]}, KEY)


@pytest.mark.parametrize(
    "altered",
    [
        {"ciphertext": sealed()["name"].ciphertext[:-8] + "AAAAAAA="},
        {"ciphertext": "no base64"},
        {"ciphertext": ""},
        {"ciphertext": "AAAA"},
        {"commitment": "00" * 32},
        {"commitment": sealed()["name"].commitment},
    ],
)
def test_an_altered_value_is_refused(altered):
    with pytest.raises(UnusableInput, match="P-001: name: this value"):
        unseal(WHOSE, {"name": msgspec.structs.replace(sealed()["name"], **altered)}, KEY)


def test_another_key_opens_nothing():
    with pytest.raises(UnusableInput, match="the key is another's"):
        unseal(WHOSE, sealed(), bytes(32))
    with pytest.raises(UnusableInput, match="a key has 32"):
        unseal(WHOSE, sealed(), b"short")


def test_a_value_shown_with_its_salt_is_proved():
    one = sealed()["name"]
    salt, value = open_field(WHOSE, "name", one, KEY)
    assert prove(one, value, salt)
    assert not prove(one, value + " ", salt)
    assert not prove(one, value, bytes(32))
    assert not prove(Sealed("00" * 32, ""), value, salt)


SAME = [
    ("Jane Doe", "jane  doe"),
    ("Jane Doe", " JANE DOE "),
    ("Ｊａｎｅ Doe", "Jane Doe"),
    ("Straße", "STRASSE"),
    ("Zoe\u0308", "Zoë"),
    ("陈 伟", "陈伟"),
]


@pytest.mark.parametrize(("one", "two"), SAME)
def test_the_same_person_has_the_same_token(one, two):
    tokens = {
        person_token({"name": name, "birth_date": "1990-02-01"}, PEPPER) for name in (one, two)
    }
    assert len(tokens) == 1
    assert len(tokens.pop()) == 64


@pytest.mark.parametrize(
    ("values", "pepper"),
    [
        ({"name": "Jane Doe", "birth_date": "1990-02-02"}, PEPPER),
        ({"name": "Jane Do", "birth_date": "e1990-02-01"}, PEPPER),
        ({"name": "John Doe", "birth_date": "1990-02-01"}, PEPPER),
        ({"name": "Jane Doe", "birth_date": "1990-02-01"}, KEY),
    ],
)
def test_another_person_or_another_trial_has_another_token(values, pepper):
    jane = person_token({"name": "Jane Doe", "birth_date": "1990-02-01"}, PEPPER)
    assert person_token(values, pepper) != jane


@pytest.mark.parametrize("missing", [{}, {"name": "Jane"}, {"name": " ", "birth_date": "1990"}])
def test_a_person_without_name_or_birth_date_has_no_token(missing):
    with pytest.raises(UnusableInput, match="cannot be told apart"):
        person_token(missing, PEPPER)


def test_a_key_is_made_once_and_kept_for_the_user_alone(keyring):
    assert keyring.key("P-001") is None
    made = keyring.make("P-001")
    assert keyring.make("P-001") == keyring.key("P-001") == made
    assert keyring.make("P-002") != made
    assert Keyring(keyring.folder, secrets.token_bytes).key("P-001") == made
    assert keyring.folder.stat().st_mode & 0o777 == 0o700
    assert {one.stat().st_mode & 0o777 for one in keyring.folder.iterdir()} == {0o600}
    assert len(list(keyring.folder.iterdir())) == 2  # nothing half-made is left


def test_the_pepper_of_an_earlier_version_is_no_participants_key_and_can_be_destroyed(keyring):
    (keyring.folder / "pepper").write_bytes(PEPPER)
    assert keyring.key("pepper") is None
    assert keyring.erase_pepper() is True
    assert list(keyring.folder.iterdir()) == []
    assert keyring.erase_pepper() is False


@given(st.text(max_size=200))
def test_a_sealed_value_tells_its_length_by_blocks_only(value):
    made = sealed({"name": value})
    assert unseal(WHOSE, made, KEY) == {"name": value}
    block = "x" * 64 * -(-len(value.encode()) // 64)
    assert len(made["name"].ciphertext) == len(sealed({"name": block})["name"].ciphertext)


def test_a_value_that_an_earlier_version_sealed_without_filling_is_read(monkeypatch):
    with monkeypatch.context() as earlier:
        earlier.setattr(identity, "_padded", str.encode)
        made = sealed()
    assert unseal(WHOSE, made, KEY) == VALUES
    assert len(made["name"].ciphertext) < len(sealed()["name"].ciphertext)


@pytest.mark.parametrize("participant", ["../../etc/passwd", "a/b", "", "pepper", "x" * 1000, "陈"])
def test_no_name_leaves_the_folder(keyring, participant):
    keyring.make(participant)
    assert len(list(keyring.folder.iterdir())) == 1
    assert len(list(keyring.folder.parent.iterdir())) == 1


def test_an_erased_key_is_gone_and_erasing_says_whether_it_was_there(keyring):
    keyring.make("P-001")
    (path,) = keyring.folder.iterdir()
    twin = path.with_name("twin")
    twin.hardlink_to(path)  # what the file's blocks hold afterwards
    assert keyring.erase("P-001") is True
    assert twin.read_bytes() == bytes(32)
    assert keyring.key("P-001") is None
    assert keyring.erase("P-001") is False


def test_after_erasure_values_are_erased_and_the_ledger_still_verifies(keyring, ledger):
    store = ledger.store()
    of = sealed(key=keyring.make("P-001"))
    event = msgspec.json.encode({"event": "identity", "sealed": of})
    head = store.append(TRIAL, [(event, "")], store.head(TRIAL))
    (entry,) = store.read(TRIAL)
    back = {name: Sealed(**one) for name, one in json.loads(entry.body)["sealed"].items()}
    assert unseal(WHOSE, back, keyring.key("P-001")) == VALUES
    keyring.erase("P-001")
    assert unseal(WHOSE, back, keyring.key("P-001")) == dict.fromkeys(VALUES, ERASED)
    assert verify(store.read(TRIAL), TRIAL)[:3] == (1, head.hash, True)


def test_a_folder_that_others_may_read_is_refused(tmp_path):
    (tmp_path / "open").mkdir(mode=0o755)
    with pytest.raises(UnusableInput, match="others may read these keys"):
        Keyring(tmp_path / "open", secrets.token_bytes)


def test_what_is_no_key_is_refused(keyring):
    keyring.make("P-001")
    (path,) = keyring.folder.iterdir()
    path.write_bytes(b"short")
    with pytest.raises(UnusableInput, match="this is not a key"):
        keyring.key("P-001")
    file = keyring.folder / "file"
    file.touch()
    with pytest.raises(UnusableInput, match="cannot be kept or read"):
        Keyring(Path(file) / "below", secrets.token_bytes)
