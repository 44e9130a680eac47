"""A trial on a sealed ledger: it takes its key over, and shows nothing that others wrote."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gradatim.conduct.chain import chain
from gradatim.conduct.event_store import NotSealed, StoreMode
from gradatim.conduct.events import encoded
from gradatim.conduct.events.trial import RoleGranted, SealingKeyAdopted
from gradatim.conduct.ledger import Checkpoint, sign, verify
from gradatim.conduct.permissions import permitted
from gradatim.conduct.roles import ROLES
from gradatim.conduct.sealing.adoption import adopt_another_key, adopt_first_key
from gradatim.conduct.sealing.stores import SealingKeys
from gradatim.conduct.stores import open_store
from gradatim.conduct.trial import Recorded, Trial
from gradatim.core.errors import UnusableInput
from gradatim.core.truth import FALSE
from tests.conduct.generated import FROM, NAME, begun
from tests.conduct.sealed import keys_in
from tests.conduct.trials import event

NOW = datetime(FROM.year, FROM.month, FROM.day, 9, tzinfo=UTC)


@pytest.fixture
def keys(tmp_path: Path) -> SealingKeys:
    return keys_in(tmp_path)


@pytest.fixture
def trial(tmp_path: Path, keys: SealingKeys) -> Iterator[Trial]:
    """A trial under way that nobody has sealed yet."""
    with closing(open_store(str(tmp_path / "trial.sqlite"), StoreMode.CREATE, keys)) as store:
        entries = list(begun().store.read(NAME))
        store.copy(NAME, entries, [], store.head(NAME))
        yield Trial(store, NAME)


def another(trial: Trial, keys: SealingKeys) -> Trial:
    """The same trial in another process."""
    store: Any = trial.store
    path = store.connection.execute("PRAGMA database_list").fetchone()[2]
    fresh = SealingKeys(keys.folder, keys.random)
    return Trial(open_store(path, StoreMode.WRITE, fresh), NAME)


def granted(trial: Trial, user: str, request: str = "") -> Any:
    """Record that somebody has a task."""
    sponsor = next(user for (user, _), roles in trial.state.roles.items() if "sponsor" in roles)
    made = event(RoleGranted, sponsor, on=FROM, user=user, role="auditor")
    return trial.record(made, request=request)


def forge(trial: Trial, request: str = "") -> None:
    """Add an entry that a sponsor signed, by the rights of the service's database user."""
    sponsor = next(user for (user, _), roles in trial.state.roles.items() if "sponsor" in roles)
    made = event(RoleGranted, sponsor, on=FROM, user="mallory", role="sponsor")
    head = trial.store.head(NAME)
    (row,) = chain(head.hash, NAME, head.position, [(encoded(made)[0], request)])
    store: Any = trial.store
    store.connection.execute("INSERT INTO ledger_event VALUES (?, ?, ?, ?, ?)", row)


def verified(trial: Trial):
    entries, seals = trial.store.contents(NAME)
    return verify(entries, NAME, seals=seals)


def test_the_first_key_is_adopted_once(trial: Trial, keys: SealingKeys) -> None:
    before = trial.state.position
    assert adopt_first_key(trial, keys, NOW) == before + 1
    assert adopt_first_key(trial, keys, NOW) is None
    assert isinstance(granted(trial, "a.1"), Recorded)
    adopted = trial.state.events[before + 1]
    assert isinstance(adopted, SealingKeyAdopted)
    assert (adopted.recorded_by, adopted.endorsement) == ("gradatim", "")
    assert (verified(trial).ok, verified(trial).sealed_from) == (True, before + 1)


def test_two_processes_that_begin_at_once_adopt_one_key(trial: Trial, keys: SealingKeys) -> None:
    """The other was faster after this one had looked."""
    other = another(trial, keys)
    record_own, calls = trial.record_own, list[int | None]()

    def late(made):
        def after_the_other(head):
            if not calls:
                calls.append(adopt_first_key(other, keys_of(other), NOW))
            return made(head)

        return record_own(after_the_other)

    trial.record_own = late  # type: ignore[method-assign]
    assert adopt_first_key(trial, keys, NOW) is None
    assert isinstance(granted(trial, "a.1"), Recorded)
    other.refresh()
    assert isinstance(granted(other, "a.2"), Recorded)
    assert verified(trial).ok
    kinds = [type(one) for one in other.state.events.values()]
    assert kinds.count(SealingKeyAdopted) == 1


def keys_of(trial: Trial) -> SealingKeys:
    store: Any = trial.store
    sealing: SealingKeys = store.sealing
    return sealing


def test_another_key_takes_its_place_while_others_record(trial: Trial, keys: SealingKeys) -> None:
    adopt_first_key(trial, keys, NOW)
    other = another(trial, keys)
    assert isinstance(granted(other, "a.1"), Recorded)
    trial.refresh()
    first = keys.path(NAME).read_bytes()
    at = adopt_another_key(trial, keys, NOW, "yearly")
    assert keys.path(NAME).read_bytes() != first
    adopted: Any = trial.state.events[at]
    assert (len(adopted.endorsement), adopted.reason) == (128, "yearly")
    other.refresh()
    assert isinstance(granted(other, "a.2"), Recorded)
    assert verified(trial).ok


def test_a_key_is_not_exchanged_before_there_is_one(trial: Trial, keys: SealingKeys) -> None:
    with pytest.raises(UnusableInput, match="is not sealed yet"):
        adopt_another_key(trial, keys, NOW, "yearly")
    assert not keys.folder.exists()


def test_a_key_that_is_lost_is_missed(trial: Trial, keys: SealingKeys) -> None:
    adopt_first_key(trial, keys, NOW)
    keys.path(NAME).unlink()
    reader = another(trial, keys)
    assert reader.state.position == trial.state.position
    with pytest.raises(NotSealed, match="there is no key in"):
        adopt_first_key(reader, keys_of(reader), NOW)
    with pytest.raises(NotSealed, match="there is no key in"):
        granted(reader, "a.1")


def test_a_key_that_is_lost_is_replaced_under_a_checkpoint(trial: Trial, keys: SealingKeys) -> None:
    """The trial goes on; who verifies it needs somebody's word for the new key."""
    adopt_first_key(trial, keys, NOW)
    with pytest.raises(UnusableInput, match="this key is not lost"):
        adopt_another_key(trial, keys, NOW, "lost", lost=True)
    keys.path(NAME).unlink()
    reader = another(trial, keys)
    at = adopt_another_key(reader, keys_of(reader), NOW, "lost with its disk", lost=True)
    assert isinstance(granted(reader, "a.1"), Recorded)
    entries, seals = list(reader.store.read(NAME)), list(reader.store.seals(NAME))
    found = verify(entries, NAME, seals=seals)
    assert (found.ok, found.first_bad, found.unendorsed) == (False, at, (at,))
    assert "did not endorse" in found.why
    signer = Ed25519PrivateKey.from_private_bytes(bytes(32))
    trusted = [signer.public_key().public_bytes_raw()]
    for position, vouches in ((at - 1, False), (at, True), (at + 1, True)):
        mark = Checkpoint(NAME, position, entries[position - 1].hash, "2027-01-04T09:00:00Z")
        by_site = sign(mark, "Site 1", signer)
        assert verify(entries, NAME, [by_site], trusted, seals).ok is vouches
        assert not verify(entries, NAME, [by_site], seals=seals).ok  # anybody's key
        assert not verify(entries, NAME, [mark], seals=seals).ok
    assert adopt_another_key(reader, keys_of(reader), NOW, "yearly") == at + 2


def test_no_key_is_adopted_anew_on_what_others_wrote(trial: Trial, keys: SealingKeys) -> None:
    adopt_first_key(trial, keys, NOW)
    forge(trial)
    keys.path(NAME).unlink()
    reader = another(trial, keys)
    with pytest.raises(UnusableInput, match=r"no key is adopted.*is not sealed"):
        adopt_another_key(reader, keys_of(reader), NOW, "lost", lost=True)


def test_a_key_that_others_may_read_is_not_used(trial: Trial, keys: SealingKeys) -> None:
    adopt_first_key(trial, keys, NOW)
    keys.path(NAME).chmod(0o640)
    with pytest.raises(UnusableInput, match="others may read this key"):
        another(trial, keys)


def test_what_others_wrote_is_not_shown_and_nothing_is_recorded(
    trial: Trial, keys: SealingKeys
) -> None:
    """In a process that runs, and in one that starts afterwards."""
    adopt_first_key(trial, keys, NOW)
    last = trial.state.position
    forge(trial)
    for one in (trial, another(trial, keys)):
        one.refresh()
        assert one.state.position == last
        assert not one.state.roles.get(("mallory", ""))
        assert one.not_sealed is not None
        assert one.not_sealed.position == last + 1
        with pytest.raises(NotSealed, match=f"entry {last + 1} is not sealed"):
            granted(one, "a.1")
    found = verified(trial)
    assert (found.ok, found.first_bad) == (False, last + 1)


def test_a_row_that_comes_while_an_act_is_decided_is_not_built_upon(
    trial: Trial, keys: SealingKeys
) -> None:
    adopt_first_key(trial, keys, NOW)
    last = trial.state.position
    forge(trial)
    with pytest.raises(NotSealed):
        granted(trial, "a.1")
    assert trial.state.position == last
    assert trial.store.head(NAME).position == last + 1


def test_a_forged_row_answers_no_request(trial: Trial, keys: SealingKeys) -> None:
    """It bears the key of a request that is sent again; one of before is still answered."""
    adopt_first_key(trial, keys, NOW)
    first = granted(trial, "a.1", "r-1")
    forge(trial, "r-2")
    with pytest.raises(NotSealed):
        granted(trial, "a.2", "r-2")
    assert granted(trial, "a.1", "r-1").position == first.position


def test_once_the_row_is_gone_the_trial_goes_on(trial: Trial, keys: SealingKeys) -> None:
    adopt_first_key(trial, keys, NOW)
    last = trial.state.position
    forge(trial)
    trial.refresh()
    store: Any = trial.store
    store.connection.execute("DROP TRIGGER ledger_event_no_delete")
    store.connection.execute("DELETE FROM ledger_event WHERE position > ?", (last,))
    trial.refresh()
    assert trial.not_sealed is None
    assert isinstance(granted(trial, "a.1"), Recorded)


def test_a_ledger_that_was_made_to_look_unsealed_is_refused(
    trial: Trial, keys: SealingKeys
) -> None:
    """A running process shows what it knew; one that starts says that the seals are gone."""
    adopt_first_key(trial, keys, NOW)
    last = trial.state.position
    store: Any = trial.store
    store.connection.execute("DROP TABLE ledger_seal")
    forge(trial)
    store._create("seals.sql")
    trial.refresh()
    assert trial.state.position == last
    with pytest.raises(NotSealed):
        granted(trial, "a.1")
    with pytest.raises(NotSealed, match="no seal of this ledger"):
        another(trial, keys)


@pytest.mark.parametrize("role", ROLES)
def test_nobody_adopts_a_key_by_an_act(trial: Trial, role: str) -> None:
    trial.state.roles["somebody", ""] = {role}
    made = event(SealingKeyAdopted, "somebody", on=FROM, public_key="ab" * 32)
    found = permitted(trial.state, made)
    assert found.truth is FALSE
    assert "by itself" in found.text
