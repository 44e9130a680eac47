"""Two who record at one moment: each gets a number of its own, and neither is refused for one."""

import secrets
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradatim.conduct.events import built
from gradatim.conduct.events import logs as l
from gradatim.conduct.events import participants as p
from gradatim.conduct.events import review as r
from gradatim.conduct.events import safety as s
from gradatim.conduct.events.base import Event
from gradatim.conduct.keyring.stores import Keyring
from gradatim.conduct.personal import open_identity
from gradatim.conduct.recording import record
from gradatim.conduct.system_fields import Circumstances, with_system_fields
from gradatim.conduct.trial import Recorded, Trial
from gradatim.core.errors import UnusableInput
from tests.conduct.ready import DAY, NURSE, SITE, ready
from tests.conduct.trials import event, recorded

COORDINATOR = f"coordinator.{SITE}.1"
TAKEN: dict[str, Any] = {"drug": "alphamab", "indication": "pain"}
HURTS: dict[str, Any] = {"term": "Headache", "onset": str(DAY), "grade": 1}


class Two:
    """Programs with a state each, on one ledger and with one folder of keys."""

    def __init__(self, folder: Path, number: int = 2) -> None:
        led = ready()
        self.store, self.name = led.trial.store, led.trial.name
        self.about = next(iter(led.trial.state.participants))
        self.keys = Keyring(folder / "keys", secrets.token_bytes)
        self.trials = [Trial(self.store, self.name) for _ in range(number)]

    def said(self, trial: Trial, kind: type[Event], by: str, **fields: Any) -> Event:
        """Return an event with what the system fills in, by what one of them knows."""
        now = Circumstances(trial.state, by, SITE, "", lambda: self.keys, secrets.token_bytes)
        names = "participant" in kind.__struct_fields__ and kind is not p.ParticipantRegistered
        about = {"participant": self.about} if names else {}
        whole = with_system_fields(kind.__name__, {**about, **fields}, now)
        at = {"occurred_on": DAY, "recorded_at": f"{DAY}T12:00:00Z"}
        return built({"event": kind.__name__, "recorded_by": by, "site": SITE, **at, **whole})

    def record(self, trial: Trial, event: Event, request: str = "") -> Recorded:
        seen = trial.state.position
        return recorded(record(trial, event, seen, request, lambda: self.keys))

    def now(self) -> Trial:
        return Trial(self.store, self.name)


Made = Callable[[Two, Trial], Event]


def _registered(two: Two, trial: Trial) -> Event:
    name = f"Made-up {secrets.token_hex(8)}"
    about: dict[str, Any] = {"full_name": name, "birth_date": "1990-04-05", "sex": "male"}
    return two.said(trial, p.ParticipantRegistered, COORDINATOR, **about)


KINDS: dict[str, tuple[str, Made]] = {
    "adverse_event": (
        "AdverseEventReported",
        lambda two, trial: two.said(trial, s.AdverseEventReported, NURSE, **HURTS),
    ),
    "medication": (
        "ConcomitantMedicationRecorded",
        lambda two, trial: two.said(trial, l.ConcomitantMedicationRecorded, NURSE, **TAKEN),
    ),
    "visit": (
        "UnscheduledVisitDone",
        lambda two, trial: two.said(trial, l.UnscheduledVisitDone, NURSE, reason="pain"),
    ),
    "query": (
        "QueryOpened",
        lambda two, trial: two.said(trial, r.QueryOpened, "monitor.1", of=1, question="Why?"),
    ),
    "participant": ("ParticipantRegistered", _registered),
}


@pytest.mark.parametrize("field", KINDS)
def test_two_at_one_moment_get_two_numbers(field: str, tmp_path: Path) -> None:
    kind, make = KINDS[field]
    two = Two(tmp_path)
    made = [make(two, trial) for trial in two.trials]
    assert len({getattr(one, field) for one in made}) == 1
    done = [two.record(trial, one) for trial, one in zip(two.trials, made, strict=True)]
    events = two.now().state.events
    numbers = [getattr(events[one.position], field) for one in done]
    assert len(set(numbers)) == 2
    assert {type(events[one.position]).__name__ for one in done} == {kind}
    assert numbers[0] == getattr(made[0], field)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.sampled_from(sorted(KINDS)), min_size=2, max_size=6))
def test_however_many_record_at_one_moment_nothing_is_lost(
    tmp_path_factory: pytest.TempPathFactory, fields: list[str]
) -> None:
    many = Two(tmp_path_factory.mktemp("many"), len(fields))
    made = [KINDS[name][1](many, trial) for name, trial in zip(fields, many.trials, strict=True)]
    done = [many.record(trial, one) for trial, one in zip(many.trials, made, strict=True)]
    events = many.now().state.events
    numbers = [
        (name, getattr(events[one.position], name)) for name, one in zip(fields, done, strict=True)
    ]
    assert len(set(numbers)) == len(fields)


def test_who_is_registered_second_is_sealed_under_their_own_number(tmp_path: Path) -> None:
    two = Two(tmp_path)
    about: dict[str, Any] = {"birth_date": "1990-04-05", "sex": "male"}
    names = ("Made-up One", "Made-up Two")
    made = [
        two.said(trial, p.ParticipantRegistered, COORDINATOR, full_name=name, **about)
        for trial, name in zip(two.trials, names, strict=True)
    ]
    for trial, one in zip(two.trials, made, strict=True):
        two.record(trial, one)
    state = two.now().state
    opened = {
        one.id: open_identity(two.keys, state, one)["name"]
        for one in state.participants.values()
        if one.identity
    }
    assert sorted(opened.values()) == sorted(names)


def test_the_same_request_is_recorded_once_under_the_number_of_the_first(tmp_path: Path) -> None:
    two = Two(tmp_path)
    made = [KINDS["adverse_event"][1](two, trial) for trial in two.trials]
    done = [two.record(trial, one, "once") for trial, one in zip(two.trials, made, strict=True)]
    assert done[0].position == done[1].position


def test_a_number_that_somebody_gave_is_refused_where_it_is_taken() -> None:
    led = ready()
    about = next(iter(led.trial.state.participants))
    said = event(
        s.AdverseEventReported, NURSE, SITE, on=DAY, participant=about, adverse_event="X", **HURTS
    )
    recorded(led.trial.record(said))
    with pytest.raises(UnusableInput, match="there is an adverse event X already"):
        led.trial.record(said)


def test_what_another_process_recorded_under_a_key_is_known_with_it(tmp_path: Path) -> None:
    two = Two(tmp_path)
    made = [KINDS["adverse_event"][1](two, trial) for trial in two.trials]
    done = two.record(two.trials[0], made[0], "once")
    other = two.trials[1]
    assert other.state.position < done.position
    assert other.position_of("once") == done.position
    assert done.position in other.state.events
    assert other.position_of("") is None
    assert other.position_of("never") is None


def test_two_proposals_at_one_moment_get_two_numbers(tmp_path: Path) -> None:
    two = Two(tmp_path)
    act = {"event": "TrialResumed", "reason": "seen by all", "stopping_rules": []}
    made = [
        event(
            r.ProposalMade, f"committee.{n}", on=DAY, proposal="D2", act={**act, "reason": str(n)}
        )
        for n in (1, 2)
    ]
    done = [two.record(trial, one) for trial, one in zip(two.trials, made, strict=True)]
    assert len(done) == 2
    assert set(two.now().state.proposals) == {"D1", "D2", "D3"}
