"""Each entry asked anew on the state before it: what could not have been recorded is named."""

import json
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gradatim import __version__
from gradatim.conduct.chain import Entry, chain, genesis
from gradatim.conduct.events import decoded, encoded
from gradatim.conduct.events.base import SYSTEM, Event
from gradatim.conduct.events.participants import ParticipantEnrolled
from gradatim.conduct.events.safety import ProtocolDeviation
from gradatim.conduct.events.trial import RoleGranted
from gradatim.conduct.ledger import verify
from gradatim.conduct.replay import ReplayedEntry, replay
from gradatim.conduct.stores import StoreMode, open_store
from gradatim.conduct.trial import Recorded
from tests.conduct import test_signing_keys as own_keys
from tests.conduct.sealed import adopt, keys_in
from tests.conduct.signing import ANN, BEN
from tests.conduct.signing import adopt as adopt_own
from tests.conduct.trials import event, finished

NAME = finished(1).trial.name
FEW = settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))


@cache
def events() -> tuple[Event, ...]:
    """A whole simulated trial."""
    store = finished(1).trial.store
    return tuple(decoded(one.body) for one in store.read(NAME))


def rechained(some: Sequence[Event]) -> list[Entry]:
    """Return a ledger of these events, whose chain is as it has to be."""
    made = list(chain(genesis(NAME), NAME, 0, [(encoded(one)[0], "") for one in some]))
    assert verify(made, NAME).ok
    return made


def first_found(some: Sequence[Event]) -> ReplayedEntry | None:
    return next(replay(NAME, rechained(some)), None)


def test_a_simulated_trial_could_be_recorded_as_it_stands() -> None:
    assert list(replay(NAME, rechained(events()))) == []


BY_SOMEBODY = [
    at
    for at, one in enumerate(events())
    if one.recorded_by != SYSTEM and at > 2  # whoever begins a trial has no task in it yet
]


@FEW
@given(st.sampled_from(BY_SOMEBODY))
def test_an_act_of_somebody_without_the_task_is_named(at: int) -> None:
    """Whatever it is, and wherever it stands; the chain made to fit."""
    some = list(events())[: at + 1]
    some[at] = msgspec.structs.replace(some[at], recorded_by="passer.by")
    found = first_found(some)
    assert found is not None
    assert (found.position, found.kind, found.refused) == (at + 1, type(some[at]).__name__, True)


ENROLLED = [at for at in BY_SOMEBODY if isinstance(events()[at], ParticipantEnrolled)]


@FEW
@given(st.sampled_from(ENROLLED))
def test_an_authorisation_twice_is_refused_by_its_rules(at: int) -> None:
    """The right person, and what a rule forbids: enrolled, and enrolled again."""
    some = [*events()[: at + 1], events()[at]]
    found = [one for one in replay(NAME, rechained(some)) if one.position == at + 2]
    assert [one.refused for one in found] == [True]


def test_what_people_signed_by_their_own_keys_could_be_recorded() -> None:
    """Listed is what the server and the application did by themselves, and nothing else."""
    trial = own_keys.trial_of()
    adopt_own(trial, "ann", ANN)
    adopt_own(trial, "ben", BEN)
    assert isinstance(own_keys.identify(trial, "ben", "ann"), Recorded)
    assert isinstance(own_keys.rule(trial, "ann", ANN), Recorded)
    found = list(replay(trial.name, list(trial.store.read(trial.name))))
    assert not [one for one in found if one.refused]
    assert [one.kind for one in found] == ["RoleGranted"] * 2 + ["SigningKeyAdopted"] * 2


def test_a_deviation_that_nothing_opened_is_listed() -> None:
    forged = event(ProtocolDeviation, SYSTEM, rule="made up", description="made up", of=3)
    (found,) = replay(NAME, rechained([*events(), forged]))
    assert (found.position, found.refused) == (len(events()) + 1, False)
    assert "no entry before it opens it" in found.why


def test_a_deviation_that_was_left_out_is_listed_with_its_entry() -> None:
    at = next(n for n, one in enumerate(events()) if isinstance(one, ProtocolDeviation))
    some = [one for n, one in enumerate(events()[: at + 1]) if n != at]
    (found,) = replay(NAME, rechained(some))
    assert found.position <= at
    assert "which is not there" in found.why


@pytest.mark.parametrize(("wrote", "refused"), [(__version__, True), ("0.0.9", False)])
def test_the_rules_of_another_version_are_not_applied(wrote: str, refused: bool) -> None:
    """It is listed all the same, with who wrote it."""
    at = BY_SOMEBODY[40]
    some = list(events())[: at + 1]
    some[at] = msgspec.structs.replace(some[at], recorded_by="passer.by", software=wrote)
    found = first_found(some)
    assert found is not None
    assert (found.position, found.refused) == (at + 1, refused)
    assert refused or "version 0.0.9 recorded it by its own rules" in found.why


def run(*words: object) -> tuple[int, str]:
    """Run `gradatim`; return how it ended, and what it said."""
    ran = subprocess.run(
        [sys.executable, "-m", "gradatim.cli.main", *map(str, words)],
        capture_output=True,
        text=True,
        check=False,
    )
    return ran.returncode, ran.stdout


def test_what_was_forged_with_the_sealing_key_itself_is_named(tmp_path: Path) -> None:
    """Chain and seals verify: only the rules tell."""
    path, keys = tmp_path / "trial.sqlite", keys_in(tmp_path)
    store = open_store(f"sqlite:///{path}", StoreMode.CREATE, keys)
    bodies = [(encoded(one)[0], "") for one in events()]
    store.append(NAME, bodies, store.head(NAME))
    adopt(store, keys, NAME)
    adopted = store.head(NAME).position
    asked = ("ledger", "verify", path, "--replay", "--json")
    code, out = run(*asked)
    said = json.loads(out)
    assert (code, said["ok"]) == (0, True)
    assert [(one["position"], one["refused"]) for one in said["replayed"]] == [(adopted, False)]
    forged = event(RoleGranted, "nurse.S01.1", user="nurse.S01.1", role="sponsor")
    store.append(NAME, [(encoded(forged)[0], "")], store.head(NAME))
    store.close()
    assert run("ledger", "verify", path)[0] == 0
    code, out = run(*asked)
    said = json.loads(out)
    assert (code, said["ok"]) == (1, True)
    named = [one for one in said["replayed"] if one["refused"]]
    assert [(one["position"], one["kind"]) for one in named] == [(adopted + 1, "RoleGranted")]
    told = f"entry {adopted + 1} (RoleGranted): ✘ could not have been recorded"
    assert told in run(*asked[:-1])[1]
