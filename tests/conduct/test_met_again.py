"""A person is met again while their key is there; once it is destroyed, by nobody with anything."""

import secrets
from collections.abc import Callable, Mapping
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradatim.conduct.events import participants as p
from gradatim.conduct.events.base import Signature
from gradatim.conduct.identity import Person, person_of, person_token
from gradatim.conduct.keyring.stores import PEPPER, Keyring
from gradatim.conduct.personal import forget, recognising, sealed
from gradatim.conduct.policies import check
from gradatim.conduct.policies.entry import CALL_THE_SPONSOR
from gradatim.conduct.trial import Recorded, RecordOutcome, Refused, Trial
from tests.conduct.generated import FROM, begun
from tests.conduct.trials import event, recorded

ANA = {"name": "Ana Perez", "birth_date": "1990-05-14"}
ALIKE = {"name": "Perez, Aná", "birth_date": "14.05.1990"}
OTHER = {"name": "Li Wei", "birth_date": "1985-03-02"}
EARLIER = secrets.token_bytes(32)
"""The pepper of an earlier version, which left tokens in the ledger."""
names = st.text(st.characters(categories=["L", "Zs"]), min_size=1, max_size=12).filter(str.strip)
born = st.dates().map(str)


class Kept:
    """A trial whose participants' keys are at hand."""

    def __init__(self, folder: Path) -> None:
        self.keyring = Keyring(folder / "keys", secrets.token_bytes)
        self.trial = begun()
        self.trial.state.recognised = recognising(lambda: self.keyring, self.trial.name)

    def register(
        self, number: str, values: Mapping[str, str], site: str = "S01", **said: Any
    ) -> RecordOutcome:
        who = sealed(self.keyring, self.trial.name, number, values, secrets.token_bytes)
        by, about = f"coordinator.{site}.1", {"participant": number, "identity": who, **said}
        return self.trial.record(event(p.ParticipantRegistered, by, site, on=FROM, **about))

    def erase(self, number: str) -> None:
        made: dict[str, Any] = {"participant": number, "order": "of a court"}
        made["retention_ended_on"] = FROM - timedelta(days=1)
        recorded(self.trial.record(event(p.PersonalDataErased, "sponsor.1", on=FROM, **made)))
        forget(self.keyring, self.trial.state)

    def why(self, outcome: RecordOutcome) -> str:
        assert isinstance(outcome, Refused)
        ((rule, why),) = outcome.reasons
        assert rule == "the person is new"
        return why

    def bytes(self) -> bytes:
        """All that is kept of the trial: its ledger and the files of its keys."""
        ledger = b"".join(one.body for one in self.trial.store.read(self.trial.name))
        return ledger + b"".join(one.read_bytes() for one in self.keyring.folder.iterdir())


@pytest.fixture
def kept(tmp_path: Path) -> Kept:
    return Kept(tmp_path)


def told_by_guessing(values: Mapping[str, str], secrets_: list[bytes]) -> set[bytes]:
    """Return all by which a guess at who somebody is could be recognised, under some secrets."""
    forms = [values["name"], values["birth_date"], *person_of(values).alike, person_of(values).same]
    plain = {one.encode() for one in forms if len(one) > 6}
    hashes = {sha256(one.encode()).hexdigest().encode() for one in forms}
    keyed = {person_token(values, secret).encode() for secret in secrets_}
    return plain | hashes | keyed


def test_the_same_person_is_met_again_and_who_may_be(kept: Kept) -> None:
    recorded(kept.register("N1", ANA))
    assert kept.why(kept.register("N2", ANA)).startswith("the same person is participant N1")
    why = kept.why(kept.register("N2", ALIKE))
    assert why.startswith("this may be the same person as participant N1")
    recorded(kept.register("N2", OTHER))


@given(names, born, names, born)
@settings(max_examples=40, deadline=None)
def test_two_are_met_as_one_exactly_where_who_they_are_says_so(
    name: str, day: str, other: str, other_day: str
) -> None:
    one, two = {"name": name, "birth_date": day}, {"name": other, "birth_date": other_day}
    with TemporaryDirectory() as folder:
        kept = Kept(Path(folder))
        recorded(kept.register("N1", one))
        passes = isinstance(kept.register("N2", two), Recorded)
        same = person_of(one).same == person_of(two).same
        alike = {*person_of(one).alike} & {*person_of(two).alike}
        assert passes is not (same or bool(alike))
        assert isinstance(kept.register("N3", {**one, "name": f" {name.upper()} "}), Refused) or (
            person_of({**one, "name": name.upper()}).same != person_of(one).same
        )


@given(name=names, day=born, tokens=st.booleans())
@settings(max_examples=40, deadline=None)
def test_after_an_erasure_nothing_that_is_kept_tells_who_it_was(
    name: str, day: str, tokens: bool
) -> None:
    """Neither ledger, folder of keys nor pepper, together: also of what earlier versions left."""
    values = {"name": f"{name} Madeup", "birth_date": day}
    with TemporaryDirectory() as folder:
        kept = Kept(Path(folder))
        (kept.keyring.folder / PEPPER).write_bytes(EARLIER)
        left = {"person_token": person_token(values, EARLIER)} if tokens else {}
        recorded(kept.register("N1", values, **left))
        before = [one.read_bytes() for one in kept.keyring.folder.iterdir()]
        kept.erase("N1")
        after = [one.read_bytes() for one in kept.keyring.folder.iterdir()]
        known = (
            after if tokens else [*before, *after]
        )  # new entries hold out against the pepper too
        everything = kept.bytes()
        guesses = told_by_guessing(values, [*known, bytes(32)])
        assert [one for one in guesses if one in everything] == []
        assert EARLIER not in after
        recorded(kept.register("N2", values))
        assert kept.trial.state.participants["N2"].screened_as == ""


@pytest.mark.parametrize("guess", [ANA, ALIKE])
@pytest.mark.parametrize("status", ["registered", "screen failed"])
def test_another_site_is_told_to_call_the_sponsor_and_nothing_more(
    kept: Kept, guess: dict[str, str], status: str
) -> None:
    recorded(kept.register("N1", ANA))
    kept.trial.state.participants["N1"].status = status
    at, number = kept.trial.state.position, len(list(kept.keyring.folder.iterdir()))
    assert kept.why(kept.register("B1", guess, "S02")) == CALL_THE_SPONSOR
    assert kept.trial.state.position == at, "no entry tells of it"
    assert len(list(kept.keyring.folder.iterdir())) == number + 1


def test_a_guess_that_is_right_takes_as_much_work_as_one_that_is_wrong(kept: Kept) -> None:
    """What is opened for it is counted: nothing is left out once somebody is met."""
    recorded(kept.register("N1", ANA))
    recorded(kept.register("N2", {"name": "Ben Madeup", "birth_date": "1970-01-01"}))
    opened, kept.trial.state.recognised = _counting(kept.trial)
    work = []
    for guess in (ANA, ALIKE, OTHER):
        who = sealed(kept.keyring, kept.trial.name, "B1", guess, secrets.token_bytes)
        about: dict[str, Any] = {"participant": "B1", "identity": who}
        made = event(p.ParticipantRegistered, "coordinator.S02.1", "S02", on=FROM, **about)
        opened.clear()
        check(kept.trial.state, made)
        work.append(list(opened))
    assert work[0] == work[1] == work[2]
    assert {"N1", "N2", "B1"} <= set(work[0])


def _counting(trial: Trial) -> tuple[list[str], Callable[..., Person | None]]:
    opened: list[str] = []
    asked = trial.state.recognised
    assert asked is not None

    def opens(participant: str, identity: Mapping[str, Any]) -> Person | None:
        opened.append(participant)
        return asked(participant, identity)

    return opened, opens


def test_a_statement_that_there_is_a_namesake_is_of_one_registration_of_who_is_alike(
    kept: Kept,
) -> None:
    recorded(kept.register("N1", ANA))
    stated: dict[str, Any] = {"participant": "N1", "at_site": "S01", "reason": "two cousins"}
    stated["signature"] = Signature("Dr A", "I know that these are two people.")
    recorded(
        kept.trial.record(event(p.NamesakeStated, "investigator.S01.1", "S01", on=FROM, **stated))
    )
    recorded(kept.register("N2", OTHER))
    assert kept.trial.state.namesakes, "it is not used up by somebody else"
    recorded(kept.register("N3", ANA))
    assert not kept.trial.state.namesakes
    assert kept.trial.state.participants["N3"].screened_as == ""
    again = Trial(kept.trial.store, kept.trial.name)
    assert again.state.namesakes == {}, "nor does it take the keys to know"
    assert "N1" in kept.why(kept.register("N4", ANA))


def test_an_entry_made_in_error_is_met_no_more(kept: Kept) -> None:
    at = recorded(kept.register("N1", ANA)).position
    signed = Signature("Coordinator", "this entry was made in error")
    void: dict[str, Any] = {"of": at, "reason": "of nobody", "signature": signed}
    recorded(kept.trial.record(event(p.EntryVoided, "coordinator.S01.1", "S01", on=FROM, **void)))
    recorded(kept.register("N2", ANA))
