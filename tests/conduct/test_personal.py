"""Who a participant is: sealed, met again, opened, and forgotten for good."""

import secrets
from datetime import timedelta
from pathlib import Path

import pytest

from gradatim.conduct.events import participants as p
from gradatim.conduct.identity import ERASED
from gradatim.conduct.keyring.stores import Keyring
from gradatim.conduct.ledger import verify
from gradatim.conduct.personal import forget, open_identity, recognising, sealed
from gradatim.conduct.trial import Refused
from tests.conduct.generated import FROM, begun
from tests.conduct.trials import event, recorded

VALUES = {"name": "Ana Perez", "birth_date": "1990-05-14"}


@pytest.fixture
def keyring(tmp_path: Path) -> Keyring:
    return Keyring(tmp_path / "keys", secrets.token_bytes)


def test_a_person_is_met_again_opened_and_forgotten(keyring: Keyring) -> None:
    trial = begun()
    trial.state.recognised = recognising(lambda: keyring, trial.name)
    who = sealed(keyring, trial.name, "N1", VALUES, secrets.token_bytes)
    recorded(
        trial.record(
            event(
                p.ParticipantRegistered,
                "coordinator.S01.1",
                "S01",
                on=FROM,
                participant="N1",
                identity=who,
            )
        )
    )
    one = trial.state.participants["N1"]
    assert open_identity(keyring, trial.state, one) == VALUES
    same = sealed(
        keyring,
        trial.name,
        "N2",
        {"name": " ana  PEREZ", "birth_date": "1990-05-14"},
        secrets.token_bytes,
    )
    twice = trial.record(
        event(
            p.ParticipantRegistered,
            "coordinator.S01.1",
            "S01",
            on=FROM,
            participant="N2",
            identity=same,
        )
    )
    assert isinstance(twice, Refused)
    assert twice.reasons[0][1] == (
        "the same person is participant N1; where it is another person, an investigator states "
        "that first"
    )
    assert forget(keyring, trial.state) == []
    recorded(
        trial.record(
            event(
                p.PersonalDataErased,
                "sponsor.1",
                on=FROM,
                participant="N1",
                order="of a court",
                retention_ended_on=FROM - timedelta(days=1),
            )
        )
    )
    assert forget(keyring, trial.state) == ["N1"]
    assert forget(keyring, trial.state) == []
    assert open_identity(keyring, trial.state, one) == dict.fromkeys(VALUES, ERASED)
    assert verify(trial.store.read(trial.name), trial.name).ok


def test_nothing_identifying_is_in_the_ledger_in_plain_sight(keyring: Keyring) -> None:
    trial = begun()
    who = sealed(keyring, trial.name, "N1", VALUES, secrets.token_bytes)
    recorded(
        trial.record(
            event(
                p.ParticipantRegistered,
                "coordinator.S01.1",
                "S01",
                on=FROM,
                participant="N1",
                identity=who,
            )
        )
    )
    body = list(trial.store.read(trial.name))[-1].body
    assert b"Perez" not in body
    assert b"1990" not in body
