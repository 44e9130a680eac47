"""Several facts in one append: what each says is as if recorded alone, and it is all or none."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gradatim.conduct.chain import chain, genesis
from gradatim.conduct.event_store import Bodies, Cause, Head, LedgerRewritten, StorageUnavailable
from gradatim.conduct.events import findings as f
from gradatim.conduct.events.base import Event, Measured
from gradatim.conduct.events.participants import EligibilityConfirmed
from gradatim.conduct.fold import fold
from gradatim.conduct.ledger import Entry, verify
from gradatim.conduct.stores import StoreMode, open_store
from gradatim.conduct.trial import Recorded, Refused, Trial
from gradatim.core.errors import Defect, UnusableInput
from tests.conduct.digest import digest
from tests.conduct.memory import ListStore
from tests.conduct.ready import DAY, LEAD, NAME, NURSE, SITE, Led, ready
from tests.conduct.sealed import adopt, keys_in
from tests.conduct.trials import protocol, recorded

UNITS = {name: one.unit for name, one in protocol()[0].study.elements.items()}


def of_day(kind: type[Event], on: date, by: str = NURSE, **fields: Any) -> Event:
    at = datetime.combine(DAY, time(12), UTC)
    about: dict[str, Any] = {"participant": NAME, **fields}
    return kind(occurred_on=on, recorded_at=at, recorded_by=by, site=SITE, **about)


def results(kind: type[Event], on: date, values: dict[str, float], **fields: Any) -> Event:
    some = tuple(Measured(element=name, value=n, unit=UNITS[name]) for name, n in values.items())
    return of_day(kind, on, results=some, **fields)


days = st.integers(0, 12).map(lambda n: DAY - timedelta(days=n))
vital_signs = st.builds(
    lambda on, values: results(f.VitalSignsRecorded, on, values),
    days,
    st.fixed_dictionaries(
        {"heart_rate": st.sampled_from([5.0, 70.0, 400.0])},
        optional={"body_weight": st.sampled_from([40.0, 70.0, 71.0, 140.0])},
    ),
)
laboratory = st.builds(
    lambda on, values, where: results(
        f.LaboratoryResultsRecorded,
        on,
        values,
        laboratory=where,
        ranges_version="2026-1",
        collected_on=str(on),
    ),
    days,
    st.fixed_dictionaries({"alt": st.sampled_from([20.0, 900.0])}),
    st.sampled_from(["central", "elsewhere"]),
)
facts = st.lists(vital_signs | laboratory, min_size=1, max_size=8)
"""Some question each other, and some depart from the protocol."""


class WatchedStore(ListStore):
    """A list that counts appends, and refuses them while it is full."""

    appends = 0
    full = False

    def append(self, trial: str, bodies: Bodies, expected: Head) -> Head:
        """Record events, all or none."""
        if self.full:
            raise StorageUnavailable(Cause.FULL, "the disk is full", "")
        self.appends += 1
        return super().append(trial, bodies, expected)


def again(led: Led) -> tuple[Trial, WatchedStore]:
    """Return the same trial once more, on a copy of its ledger."""
    store, old = WatchedStore(), led.trial.store
    assert isinstance(old, ListStore)
    store.entries = {name: list(some) for name, some in old.entries.items()}
    return Trial(store, led.trial.name), store


def bodies(trial: Trial) -> list[bytes]:
    return [one.body for one in trial.store.read(trial.name)]


def as_in_ledger(trial: Trial) -> None:
    """The state is what the ledger says, and the ledger is whole."""
    entries = list(trial.store.read(trial.name))
    assert verify(entries, trial.name).ok
    assert digest(trial.state) == digest(
        fold(trial.name, [(one.position, one.body) for one in entries])
    )


LED = ready()
COMMON = settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))


@COMMON
@given(facts)
def test_together_is_one_by_one(events: Sequence[Event]):
    """The same entries, deviations and queries, in one append."""
    alone, (together, store) = again(LED)[0], again(LED)
    outcomes = [recorded(alone.record(one)) for one in events]
    done = together.record_together(events, "key")
    assert isinstance(done, Recorded)
    assert bodies(together) == bodies(alone)
    assert store.appends == 1
    assert done.position == outcomes[0].position
    assert list(done.queries) == [q for one in outcomes for q in one.queries]
    assert list(done.deviations) == [at for one in outcomes for at in one.deviations]
    as_in_ledger(together)


def test_some_of_them_question_and_depart():
    """The histories above are not all plain ones."""
    trial, _ = again(LED)
    events = [
        results(f.VitalSignsRecorded, DAY, {"heart_rate": 400.0}),
        results(f.VitalSignsRecorded, DAY, {"heart_rate": 5.0}),
    ]
    done = trial.record_together(events)
    assert isinstance(done, Recorded)
    assert len(done.queries) == 2


@COMMON
@given(facts, st.integers(0, 8))
def test_one_that_cannot_be_meant_leaves_none(events: list[Event], at: int):
    (trial, _), before = again(LED), bodies(LED.trial)
    events.insert(at, results(f.VitalSignsRecorded, DAY, {"heart_rate": 70.0}, participant="P77"))
    with pytest.raises(UnusableInput, match="P77"):
        trial.record_together(events)
    assert bodies(trial) == before
    as_in_ledger(trial)


@COMMON
@given(facts)
def test_one_that_its_user_may_not_record_leaves_none(events: list[Event]):
    (trial, _), before = again(LED), bodies(LED.trial)
    weight = Measured(element="body_weight", value=70, unit="kg")
    events.append(of_day(f.VitalSignsRecorded, DAY, "committee.1", results=(weight,)))
    refused = trial.record_together(events)
    assert isinstance(refused, Refused)
    assert refused.by == "permission"
    assert bodies(trial) == before
    as_in_ledger(trial)


def opener(*_asked: Any) -> Any:
    """Open nothing, as where no key is at hand."""
    return None


@COMMON
@given(facts)
def test_what_is_not_appended_is_not_in_the_state(events: Sequence[Event]):
    """A disk that is full by then: pages show what the ledger has, and it is sent again."""
    (trial, store), before = again(LED), bodies(LED.trial)
    store.full = True
    with pytest.raises(StorageUnavailable):
        trial.record_together(events, "key")
    assert bodies(trial) == before
    as_in_ledger(trial)
    store.full = False
    assert isinstance(trial.record_together(events, "key"), Recorded)
    as_in_ledger(trial)


@COMMON
@given(facts)
def test_what_is_sealed_is_opened_after_that_as_before(events: Sequence[Event]):
    trial, store = again(LED)
    trial.state.unsealed_birth = trial.state.unsealed_words = trial.state.recognised = opener
    store.full = True
    with pytest.raises(StorageUnavailable):
        trial.record_together(events, "key")
    now = trial.state
    assert now.unsealed_birth is now.unsealed_words is now.recognised is opener


@COMMON
@given(facts)
def test_a_ledger_that_is_another_by_then_is_not_taken_for_the_one_before(events: Sequence[Event]):
    trial, store = again(LED)
    before = trial.head
    rows = store.entries[trial.name]
    bodies_ = [(one.body, f"other-{one.position}") for one in rows]
    store.entries[trial.name] = list(chain(genesis(trial.name), trial.name, 0, bodies_))
    store.full = True
    with pytest.raises(LedgerRewritten):
        trial.record_together(events, "key")
    for _time in range(2):
        assert isinstance(trial.standstill, LedgerRewritten)
        with pytest.raises(LedgerRewritten):
            trial.refresh()
    assert trial.head == before


@COMMON
@given(facts, facts)
def test_who_was_faster_is_folded_before(events: Sequence[Event], others: Sequence[Event]):
    """Another process recorded meanwhile: all are asked again on what it left."""
    one, _ = again(LED)
    other = Trial(one.store, one.name)
    other.record_together(others)
    assert isinstance(one.record_together(events), Recorded)
    alone, _ = again(LED)
    for each in (*others, *events):
        alone.record(each)
    assert bodies(one) == bodies(alone)
    as_in_ledger(one)


@COMMON
@given(facts)
def test_the_same_request_is_recorded_once(events: Sequence[Event]):
    trial, _ = again(LED)
    first = trial.record_together(events, "key")
    there = bodies(trial)
    assert isinstance(first, Recorded)
    assert trial.record_together(events, "key") == Recorded(first.position)
    assert bodies(trial) == there


def test_what_can_be_refused_stands_alone():
    trial, _ = again(LED)
    given = of_day(EligibilityConfirmed, DAY, LEAD, signer=LEAD, first_dose_on=DAY)
    with pytest.raises(Defect, match="no fact"):
        trial.record_together([results(f.VitalSignsRecorded, DAY, {"heart_rate": 70.0}), given])
    as_in_ledger(trial)


def test_an_append_of_several_has_one_seal(tmp_path: Path):
    keys = keys_in(tmp_path)
    store = open_store(f"sqlite:///{tmp_path / 'trial.sqlite'}", StoreMode.CREATE, keys)
    name = LED.trial.name
    entries = list[Entry](LED.trial.store.read(name))
    store.append(name, [(one.body, one.request) for one in entries], store.head(name))
    adopt(store, keys, name)
    trial = Trial(store, name)
    before = len(list(store.seals(name)))
    trial.record_together([results(f.VitalSignsRecorded, DAY, {"heart_rate": 70.0})] * 5)
    assert len(list(store.seals(name))) == before + 1
    assert verify(list(store.read(name)), name, seals=store.seals(name)).ok
    store.close()
