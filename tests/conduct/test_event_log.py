"""Events that are kept as bytes until somebody looks at them."""

import msgspec
import pytest

from gradatim.conduct.event_log import EventLog, peek
from gradatim.conduct.events import EVENTS, encoded
from gradatim.conduct.events.findings import VitalSignsRecorded
from gradatim.conduct.events.participants import InformedConsentObtained
from gradatim.conduct.fold import apply_stored
from gradatim.conduct.trial import Trial
from gradatim.core.errors import UnusableInput
from tests.conduct.trials import WHOLE_TRIALS, finished

pytestmark = WHOLE_TRIALS


def test_a_header_tells_what_the_event_says():
    """Of every event of finished trials: its type, when it was recorded, and whom it is about."""
    seen = set()
    for seed in (1, 2):
        for event in finished(seed).state.events.values():
            seen_as = peek(encoded(event)[0])
            assert seen_as is not None
            kind, header = seen_as
            assert kind is type(event)
            assert header.recorded_at == event.recorded_at
            assert header.participant == getattr(event, "participant", None)
            seen.add(type(event))
    assert len(seen) > len(EVENTS) / 2


def test_a_trial_opened_again_reads_no_result_before_it_is_asked_for():
    """The results stay bytes; what the fold needs is read."""
    run = finished(1)
    state = Trial(run.trial.store, run.trial.name).state
    unread = [at for at in state.events if isinstance(state.events._held[at], bytes)]
    assert len(unread) > len(state.events) / 2
    assert list(state.events.of(InformedConsentObtained))
    assert isinstance(state.events._held[unread[0]], bytes)
    assert state.events[unread[0]] == run.state.events[unread[0]]
    assert not isinstance(state.events._held[unread[0]], bytes)
    assert state.events == run.state.events


def test_entries_of_a_type_are_those_of_all_entries():
    """The index by type says the same as looking at every event that was not made in error."""
    state = finished(1).state
    events = state.events
    in_error = {one.of for one in state.voids.values() if one.since is not None}
    assert in_error
    assert all(at in events for at in in_error)  # still there by its position
    for kind in EVENTS:
        assert list(events.of(kind)) == [
            (at, event)
            for at, event in events.items()
            if type(event) is kind and at not in in_error
        ]
    both = list(events.of(VitalSignsRecorded, InformedConsentObtained))
    assert [at for at, _ in both] == sorted(at for at, _ in both)


BROKEN = [
    b"",
    b"{}",
    b"\xff",
    b'{"event":"Nothing"}',
    b"[]",
    b'{"event":"VitalSignsRecorded","recorded_at":"then"}',
]


@pytest.mark.parametrize("body", BROKEN)
def test_bytes_that_are_no_event_are_refused_at_once(body: bytes):
    state = Trial(finished(1).trial.store, "another").state
    with pytest.raises(UnusableInput):
        apply_stored(state, 1, body)


def test_a_result_that_was_altered_is_told_when_it_is_read():
    """Its place in the ledger still stands; verification finds it, and so does whoever reads it."""
    run = finished(1)
    event = next(one for _, one in run.state.events.of(VitalSignsRecorded))
    fields = msgspec.to_builtins(event) | {"results": "none"}
    events = EventLog()
    events.put(1, VitalSignsRecorded, msgspec.json.encode(fields))
    with pytest.raises(UnusableInput, match="entry 1 cannot be read"):
        _ = events[1]
