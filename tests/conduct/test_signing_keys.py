"""What a person signed is theirs: nobody forges it, whoever else's keys they hold."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradatim.conduct.chain import Entry, chained
from gradatim.conduct.events import decoded, encoded
from gradatim.conduct.events.base import SYSTEM, Event, Signature
from gradatim.conduct.events.trial import (
    PersonIdentified,
    RoleGranted,
    TrialCreated,
)
from gradatim.conduct.ledger import Verification, verify
from gradatim.conduct.signatures import ALWAYS_SIGNED, MEANINGS, Signer
from gradatim.conduct.signers import IDENTIFIED_WITHIN, identification_of
from gradatim.conduct.trial import Recorded, Refused, Trial
from tests.conduct.memory import ListStore
from tests.conduct.signing import (
    ANN,
    BEN,
    KEYS,
    MALLORY,
    NAME,
    add_signed,
    adopt,
    adoption,
    alter_with_the_sealing_key,
    head_of,
    only_a_checkpoint_tells,
    person,
    rechained,
    signed,
    signed_by_two,
)
from tests.conduct.trials import event

WHOLE = signed_by_two()
BY_KEY = [one.position for one in WHOLE if b'"ed25519"' in one.body]


def found(entries: list[Entry]) -> Verification:
    return verify(entries, NAME, signed_acts=ALWAYS_SIGNED)


def test_a_ledger_says_how_much_of_it_is_signed_by_keys() -> None:
    told = found(WHOLE)
    assert told.ok, told.why
    assert (told.signed_by_key, told.signed_in_words) == (4, 2)
    assert "by keys of their signers: 4" in told.knows


def test_a_signature_covers_who_what_when_and_what_was_shown() -> None:
    entry = decoded(WHOLE[BY_KEY[-1] - 1].body)
    assert entry.signature is not None
    assert entry.signature.shown == BY_KEY[-1] - 1
    for name, value in {
        "reason": "another reason",
        "recorded_by": "ben",
        "recorded_at": entry.recorded_at + timedelta(seconds=1),
        "occurred_on": entry.occurred_on + timedelta(days=1),
        "site": "S02",
        "signature": msgspec.structs.replace(entry.signature, printed_name="Dr Other"),
    }.items():
        other = msgspec.structs.replace(entry, **{name: value})
        assert_wrong_as(other, BY_KEY[-1])
    for field, value in {"meaning": "I have seen this.", "shown": 1}.items():
        words = msgspec.structs.replace(entry.signature, **{field: value})
        other = msgspec.structs.replace(entry, signature=words)
        assert_wrong_as(other, BY_KEY[-1])


def assert_wrong_as(other: Event, position: int) -> None:
    """Have whoever holds the sealing key put an event there: the first that is wrong is that."""
    rows = list(WHOLE)
    rows[position - 1] = rows[position - 1]._replace(body=encoded(other)[0])
    told = found(rechained(NAME, rows))
    assert not told.ok
    assert told.first_bad == position, told.why


@given(st.sampled_from(BY_KEY), st.data())
def test_no_byte_of_a_signed_entry_is_altered_unseen(position: int, data: st.DataObject) -> None:
    """Not by whoever can make the chain, and every seal on it, anew."""
    body = WHOLE[position - 1].body
    at = data.draw(st.integers(0, len(body) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda one: one != body[at]))
    rows = list(WHOLE)
    rows[position - 1] = rows[position - 1]._replace(
        body=body[:at] + bytes([byte]) + body[at + 1 :]
    )
    told = found(rechained(NAME, rows))
    assert not told.ok
    assert told.first_bad is not None
    assert position <= told.first_bad <= BY_KEY[-1]


@given(st.integers(1, BY_KEY[-1] - 1), st.booleans())
def test_what_a_signature_follows_is_not_altered_unseen(position: int, removed: bool) -> None:
    """A signature vouches for all that was recorded before it."""
    rows = list(WHOLE)
    if removed:
        del rows[position - 1]
    else:
        rows[position - 1] = rows[position - 1]._replace(request="another")
    assert not found(rechained(NAME, rows)).ok


@given(st.sampled_from(BY_KEY), st.integers(1, len(WHOLE)))
def test_a_signature_is_not_used_twice(position: int, at: int) -> None:
    rows = [*WHOLE[:at], WHOLE[position - 1], *WHOLE[at:]]
    assert not found(rechained(NAME, rows)).ok


@given(st.randoms(use_true_random=False))
def test_what_is_done_with_the_sealing_key_is_found(rng: Any) -> None:
    rows = alter_with_the_sealing_key(WHOLE, rng)
    if not only_a_checkpoint_tells(rows, WHOLE):
        told = found(rows)
        assert not told.ok
        assert told.first_bad is not None


def test_nor_in_another_trial() -> None:
    assert not verify(rechained("T2", WHOLE), "T2").ok


@pytest.mark.parametrize("signer", [None, MALLORY, BEN, person(9)])
def test_nobody_signs_as_another(signer: Signer | None) -> None:
    """In words, by a key of their own, by a colleague's, by one that the person has replaced."""
    rows = list(WHOLE)
    add_signed(rows, signed("ann", "P6"), signer)
    told = found(rows)
    assert told.first_bad == len(rows)
    assert "ann" in told.why


def test_a_key_is_adopted_by_whoever_holds_it() -> None:
    """A key of another, one without its proof, and one with the proof of another trial."""
    other = adoption("T2", "ann", MALLORY)
    stolen = msgspec.structs.replace(other, public_key=BEN.public.hex())
    for made in (other, stolen, adoption(NAME, "ben", MALLORY)):
        rows = list(WHOLE)
        made = msgspec.structs.replace(made, recorded_by="ann")
        add_signed(rows, made)
        assert found(rows).first_bad == len(rows)


def test_what_cannot_be_read_is_wrong_and_stops_nothing() -> None:
    for body in (
        b'{"event":"X","signature":{',
        b'{"event":"X","recorded_by":["ann"],"signature":{"ed25519":5}}',
        b'{"event":"X","signature":{}}',
        b'{"event":"X","recorded_by":"\\ud800","signature":{}}',
        b'{"event":"SigningKeyAdopted","recorded_by":"ann"}',
        b'{"event":"SigningKeyAdopted","recorded_by":"ann","public_key":5,"proof":[]}',
        b'{"event":"SigningKeyAdopted",' + b"[" * 100_000,
    ):
        head = head_of(NAME, WHOLE)
        rows = [*WHOLE, chained(head.hash, NAME, head.position + 1, "", body)]
        assert found(rows).first_bad == len(rows), body[:60]


def test_two_fields_for_a_signature_are_refused() -> None:
    head = head_of(NAME, WHOLE)
    body = json.loads(WHOLE[-1].body) | {"act": {"ed25519": "0" * 128}}
    text = json.dumps(body, separators=(",", ":")).encode()
    rows = [*WHOLE, chained(head.hash, NAME, head.position + 1, "", text)]
    assert found(rows).first_bad == len(rows)


# --- who may sign ---------------------------------------------------------------------------------


DAY = timedelta(days=1)
BEGUN = datetime(2026, 3, 2, 9, tzinfo=UTC)


def trial_of(mode: str = "real", tasks: tuple[str, ...] = ("ann", "ben")) -> Trial:
    """Return a trial in which some act for the sponsor; nobody has a key yet."""
    made = Trial(ListStore(), NAME)
    made.record(event(TrialCreated, "ann", mode=mode, title="A trial"))
    for user in tasks:
        give_task(made, user)
    return made


def give_task(trial: Trial, user: str) -> None:
    """Have somebody act for the sponsor, as the server begins a trial."""
    task = event(RoleGranted, SYSTEM, user=user, role="sponsor")
    trial.record_own(lambda _head: task)


def identify(
    trial: Trial, by: str, user: str, signer: Signer | None = None, after: timedelta = DAY
) -> object:
    """Have one person say who another is."""
    keys = trial.state.signing_keys.get(user)
    key = keys[-1].public_key if keys else "0" * 64
    made = done(
        PersonIdentified, by, after, user=user, identity_document="passport", public_key=key
    )
    return trial.record(made, signer=signer or KEYS.get(by))


def done(kind: type[Event], by: str, after: timedelta, **fields: Any) -> Event:
    """Return what somebody signs so long after the trial began."""
    at = BEGUN + after
    made = event(kind, by, on=at.date(), hour=9, **fields)
    words = Signature(f"Dr {by}", MEANINGS[kind])
    return msgspec.structs.replace(made, signature=words, recorded_at=at)


def rule(trial: Trial, by: str, signer: Signer | None, after: timedelta = DAY) -> object:
    """Have somebody sign something that is for the sponsor to sign."""
    return trial.record(done(RoleGranted, by, after, user="dan", role="auditor"), signer=signer)


def test_what_is_recorded_with_a_key_verifies() -> None:
    trial = trial_of()
    adopt(trial, "ann", ANN)
    adopt(trial, "ben", BEN)
    assert isinstance(identify(trial, "ben", "ann"), Recorded)
    assert isinstance(identify(trial, "ann", "ben"), Recorded)
    assert isinstance(rule(trial, "ann", ANN), Recorded)
    told = found(list(trial.store.read(NAME)))
    assert told.ok, told.why
    assert (told.signed_by_key, told.signed_in_words) == (3, 0)


@pytest.mark.parametrize("signer", [None, MALLORY, BEN])
def test_whoever_has_a_key_signs_by_it_and_by_no_other(signer: Signer | None) -> None:
    trial = trial_of()
    adopt(trial, "ann", ANN)
    before = trial.state.position
    refused = rule(trial, "ann", signer)
    assert isinstance(refused, Refused)
    assert "key" in str(refused.verdict.text)
    assert trial.state.position == before


def test_what_is_always_signed_is_not_recorded_without_by_whoever_has_a_key() -> None:
    trial = trial_of()
    adopt(trial, "ann", ANN)
    bare = event(RoleGranted, "ann", user="dan", role="auditor")
    assert isinstance(trial.record(bare), Refused)
    entries = list(trial.store.read(NAME))
    add_signed(entries, bare)
    assert found(entries).first_bad == len(entries)


def test_who_had_a_task_before_there_were_keys_is_identified_within_thirty_days() -> None:
    trial = trial_of()
    adopt(trial, "ann", ANN)
    until = identification_of(trial.state, "ann").until
    assert until is not None
    first = trial.state.signing_keys["ann"][0].position
    assert until == trial.state.events[first].recorded_at + IDENTIFIED_WITHIN
    assert isinstance(rule(trial, "ann", ANN, until - BEGUN), Recorded)
    late = rule(trial, "ann", ANN, until - BEGUN + DAY)
    assert isinstance(late, Refused)
    assert "identified" in str(late.verdict.text)
    adopt(trial, "ben", BEN)
    assert isinstance(identify(trial, "ben", "ann", after=until - BEGUN + DAY), Recorded)
    assert isinstance(rule(trial, "ann", ANN, until - BEGUN + DAY), Recorded)


def test_whoever_comes_later_is_identified_before_they_sign() -> None:
    trial = trial_of(tasks=("ann",))
    adopt(trial, "ann", ANN)
    give_task(trial, "ben")
    adopt(trial, "ben", BEN, by="ann")
    assert isinstance(rule(trial, "ben", BEN), Refused)
    assert isinstance(identify(trial, "ann", "ben"), Refused)  # who invited them


def test_a_new_key_is_identified_anew() -> None:
    """A password that was taken away opens nothing; the next key is not known to be theirs."""
    trial = trial_of(tasks=("ann", "ben", "cat"))
    adopt(trial, "ann", ANN)
    adopt(trial, "ben", BEN)
    assert isinstance(identify(trial, "ben", "ann"), Recorded)
    assert isinstance(identify(trial, "ann", "ben"), Recorded)
    adopt(trial, "ann", MALLORY, by="ben")
    assert isinstance(rule(trial, "ann", ANN), Refused)
    assert isinstance(rule(trial, "ann", MALLORY), Refused)
    assert isinstance(identify(trial, "ben", "ann"), Refused)  # who invited them anew
    assert isinstance(identify(trial, "ann", "ann", MALLORY), Refused)
    adopt(trial, "cat", person(4))
    assert isinstance(identify(trial, "ben", "cat"), Recorded)
    assert isinstance(identify(trial, "cat", "ann", person(4)), Recorded)
    assert isinstance(rule(trial, "ann", MALLORY), Recorded)


def test_nobody_is_identified_by_whoever_is_not_but_for_the_first() -> None:
    trial = trial_of(tasks=("ann", "ben", "cat"))
    for user, signer in {**KEYS, "cat": person(4)}.items():
        adopt(trial, user, signer)
    assert isinstance(identify(trial, "ann", "ann"), Refused)
    assert isinstance(identify(trial, "ann", "ben"), Recorded)
    assert isinstance(identify(trial, "cat", "ann", person(4)), Refused)
    assert isinstance(identify(trial, "ben", "ann"), Recorded)


def test_nobody_is_identified_before_they_have_a_key_or_by_another() -> None:
    trial = trial_of()
    adopt(trial, "ann", ANN)
    assert isinstance(identify(trial, "ann", "ben"), Refused)


@pytest.mark.parametrize("mode", ["demo", "simulated"])
def test_where_nobody_is_real_nobody_is_identified(mode: str) -> None:
    trial = trial_of(mode, tasks=("ann",))
    adopt(trial, "ann", ANN)
    give_task(trial, "ben")
    adopt(trial, "ben", BEN)
    assert isinstance(rule(trial, "ben", BEN), Recorded)
