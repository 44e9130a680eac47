"""On the server a trial begins with two sponsors, and is helped where there is only one left."""

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

from gradatim.conduct.events.trial import DelegationConfirmed, RoleGranted, RoleRevoked
from gradatim.conduct.sealing.stores import SealingKeys
from gradatim.conduct.stores import StoreMode, open_store
from gradatim.conduct.trial import Trial
from tests.conduct.trials import recorded
from tests.web.operations.installed import SPONSOR, TRIAL, Installation

SECOND, NEW = "sponsor.2", "sponsor.3"
CONFIRM = ("trial", "confirm-delegation", TRIAL)
SAID = ("--by", "Anna of IT", "--reason", "the second sponsor has left")


def begun(made: Installation, *more: str) -> str:
    """Begin a trial; return what the command says."""
    made.done("database", "migrate")
    return made.done("trial", "begin", TRIAL, "--sponsor", SPONSOR, *more)


@contextmanager
def on_ledger(made: Installation) -> Iterator[Trial]:
    """Open the trial as the application does, with the key that seals it."""
    keys = SealingKeys(made.folder / "keys-sealing", secrets.token_bytes)
    store = open_store(made.url, StoreMode.WRITE, keys)
    yield Trial(store, TRIAL)
    store.close()


def said() -> dict[str, Any]:
    """Return what every act of the sponsor says: when, and by whom."""
    now = datetime.now(UTC)
    return {"occurred_on": now.date(), "recorded_at": now, "recorded_by": SPONSOR}


def given(trial: Trial, user: str = NEW) -> int:
    """Have the sponsor give a third person their task; return the entry."""
    return recorded(trial.record(RoleGranted(**said(), user=user, role="sponsor"))).position


def test_a_trial_begins_with_two(small: Installation) -> None:
    told = begun(small, "--second-sponsor", SECOND)
    assert f"gradatim user invite {SPONSOR} and gradatim user invite {SECOND}" in told
    with on_ledger(small) as trial:
        assert trial.state.roles == {(SPONSOR, ""): {"sponsor"}, (SECOND, ""): {"sponsor"}}
        assert given(trial) in trial.state.unconfirmed
    ran = small.run("trial", "begin", TRIAL, "--sponsor", SPONSOR, "--second-sponsor", NEW)
    assert (ran.returncode, "has a trial" in ran.stderr) == (2, True)


def test_one_person_is_not_two(small: Installation) -> None:
    small.done("database", "migrate")
    for second, told in (
        (SPONSOR, "nobody confirms what they do"),
        ("two words", "matching regex"),
    ):
        words = ("--sponsor", SPONSOR, "--second-sponsor", second)
        ran = small.run("trial", "begin", TRIAL, *words)
        assert (ran.returncode, told in ran.stderr.casefold()) == (2, True), ran.stderr
    assert "There is no second sponsor" in begun(small), "nothing was begun before"


def test_a_delegation_is_confirmed_where_nobody_else_could(small: Installation) -> None:
    begun(small)
    with on_ledger(small) as trial:
        at = given(trial)
    ran = small.run(*CONFIRM, at, "--by", "Anna of IT", "--reason", " ")
    assert (ran.returncode, "--reason says nothing" in ran.stderr) == (2, True)
    ran = small.run(*CONFIRM, 1, *SAID)
    assert (ran.returncode, "waits for a second person" in ran.stderr) == (2, True)
    told = small.done(*CONFIRM, at, *SAID)
    assert f"{NEW} is sponsor in the whole trial from entry {at + 1} on" in told
    with on_ledger(small) as trial:
        assert trial.state.roles[NEW, ""] == {"sponsor"}
        entry = trial.state.events[at + 1]
        assert isinstance(entry, DelegationConfirmed)
        assert (entry.administrator, entry.reason) == (SAID[1], SAID[3])
    found = json.loads(small.run("ledger", "verify", small.url, "--json").stdout)
    assert (found["ok"], found["events"]) == (True, at + 1)
    ran = small.run(*CONFIRM, at, *SAID)
    assert (ran.returncode, "Traceback" in ran.stderr) == (2, False)


def test_whose_second_factor_is_not_there_it_is_not_taken_away(small: Installation) -> None:
    begun(small)
    ran = small.run("user", "reset-second-factor", SPONSOR)
    assert (ran.returncode, "Traceback" in ran.stderr) == (2, False)
    assert "no active account with a second factor" in ran.stderr


def test_without_the_sealing_key_nothing_is_confirmed(small: Installation) -> None:
    begun(small)
    with on_ledger(small) as trial:
        at = given(trial)
    (small.folder / "keys-sealing" / f"{TRIAL}.pem").unlink()
    ran = small.run(*CONFIRM, at, *SAID)
    assert (ran.returncode, "Traceback" in ran.stderr) == (2, False)


def test_what_was_taken_back_meanwhile_is_not_confirmed(small: Installation) -> None:
    begun(small)
    with on_ledger(small) as trial:
        at = given(trial)
        recorded(trial.record(RoleRevoked(**said(), user=NEW, role="sponsor", reason="a slip")))
    ran = small.run(*CONFIRM, at, *SAID)
    assert (ran.returncode, "waits for a second person" in ran.stderr) == (2, True)
