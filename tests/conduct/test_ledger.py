"""The chain, checkpoints and the export: pure bytes."""

import hashlib
import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

from gradatim.conduct.ledger import (
    Checkpoint,
    chain,
    chained,
    checkpoint_text,
    export_lines,
    genesis,
    parse_checkpoint,
    parse_lines,
    sign,
    verify,
)
from gradatim.core.errors import UnusableInput
from tests.conduct.ledgers import TRIAL, body

SITE, SPONSOR, FORGER = (Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in (1, 2, 3))
"""The same in every process: what is altered of their signatures names tests."""
KEYS = {key: key.public_key().public_bytes_raw() for key in (SITE, SPONSOR, FORGER)}
WHEN = "2026-11-02T09:30:00Z"


def entries(events, trial=TRIAL):
    return list(chain(genesis(trial), trial, 0, [(body(n), f"r{n}") for n in range(1, events + 1)]))


def seen(events, position=None):
    """The checkpoint of these entries at a position, the last by default."""
    at = len(events) if position is None else position
    return Checkpoint(TRIAL, at, events[at - 1].hash if at else genesis(TRIAL), WHEN)


def test_the_hash_is_what_the_documentation_says():
    one = chained(genesis("T"), "T", 1, "ä", b"{}")
    first = hashlib.sha256(b"gradatim.ledger/1\nT").digest()
    assert one.hash == hashlib.sha256(first + "1:T1:2:ä".encode() + b"{}").digest()


NAMES = st.text(max_size=4)


@given(
    one=st.tuples(NAMES, st.integers(1, 200), NAMES, st.binary(max_size=4)),
    two=st.tuples(NAMES, st.integers(1, 200), NAMES, st.binary(max_size=4)),
)
def test_two_different_rows_have_different_hashes(one, two):
    assert (chained(bytes(32), *one).hash == chained(bytes(32), *two).hash) == (one == two)


@pytest.mark.parametrize(
    ("one", "two"),
    [
        (("T", 1, "ab", b"c"), ("T", 1, "a", b"bc")),
        (("T", 11, "", b"x"), ("T1", 1, "", b"x")),
        (("T", 1, "1:x", b""), ("T", 1, "", b"1:x")),
        (("T", 1, "r\n", b"{}"), ("T", 1, "r", b"\n{}")),
    ],
)
def test_moving_bytes_between_columns_alters_the_hash(one, two):
    assert chained(bytes(32), *one).hash != chained(bytes(32), *two).hash


def test_a_whole_chain_verifies_and_says_what_it_cannot_see():
    events = entries(20)
    found = verify(events, TRIAL)
    assert found[:5] == (20, events[-1].hash, True, None, "")
    for unseen in ("a cut tail", "a rewritten chain", "an older copy", "checkpoint"):
        assert unseen in found.knows


def test_an_empty_ledger_verifies():
    assert verify([], TRIAL)[:5] == (0, genesis(TRIAL), True, None, "")


@pytest.mark.parametrize("column", range(5))
@pytest.mark.parametrize("position", [1, 7, 20])
def test_altering_any_column_names_the_event(column, position):
    events = entries(20)
    wrong = ["NCT1", position + 1, "", b"{}", bytes(32)]
    row = list(events[position - 1])
    row[column] = wrong[column]
    events[position - 1] = type(events[0])(*row)
    found = verify(events, TRIAL)
    assert (found.ok, found.first_bad, found.events) == (False, position, 20)
    assert str(position) in found.why


@pytest.mark.parametrize("wrong", [None, "7", 7.5, b"x", [], {}])
@pytest.mark.parametrize("column", range(5))
def test_a_column_of_another_type_is_a_finding_and_no_crash(column, wrong):
    events = entries(9)
    row = list(events[6])
    row[column] = wrong
    events[6] = type(events[0])(*row)
    found = verify(events, TRIAL)
    assert (found.ok, found.first_bad) == (False, 7)


def test_events_after_the_first_bad_one_are_counted():
    events = entries(30)
    del events[4]
    found = verify(events, TRIAL)
    assert (found.events, found.head, found.first_bad) == (29, events[-1].hash, 5)
    assert "event 5 is missing" in found.why


def test_a_checkpoint_that_still_fits_is_said():
    events = entries(20)
    found = verify(events, TRIAL, [seen(events, 12)])
    assert found.ok
    assert "of event 12" in found.knows
    assert "Events after 12 are checked only against themselves" in found.knows


def test_a_checkpoint_of_the_empty_ledger_fits_every_ledger():
    assert verify(entries(3), TRIAL, [seen([], 0)]).ok


def test_a_cut_tail_is_seen():
    events = entries(20)
    found = verify(events[:15], TRIAL, [seen(events, 10), seen(events)])
    assert (found.ok, found.first_bad, found.events) == (False, 16, 15)
    assert "the tail was cut, or this is an older copy" in found.why


def test_a_rewritten_chain_is_seen_and_narrowed_down():
    events = entries(20)
    bodies = [(one.body, one.request) for one in events]
    bodies[13] = (b'{"event":"weight","n":99}', "r14")
    rewritten = list(chain(genesis(TRIAL), TRIAL, 0, bodies))
    assert verify(rewritten, TRIAL).ok
    found = verify(rewritten, TRIAL, [seen(events), seen(events, 10)])
    assert (found.ok, found.first_bad) == (False, 20)
    assert "somewhere in events 11 to 20" in found.why


def test_a_checkpoint_of_another_trial_is_refused():
    with pytest.raises(UnusableInput, match="of trial 'NCT1'"):
        verify(entries(3), TRIAL, [seen(entries(3))._replace(trial="NCT1")])


def test_each_site_co_signs_and_a_second_signature_of_one_key_replaces_the_first():
    events = entries(5)
    signed = sign(sign(sign(seen(events), "site", SITE), "sponsor", SPONSOR), "site 1", SITE)
    assert [one.name for one in signed.signatures] == ["sponsor", "site 1"]
    found = verify(events, TRIAL, [signed], [KEYS[SITE]])
    assert found.ok
    assert "Unknown signer: 'sponsor'." in found.knows


@pytest.mark.parametrize(
    "altered",
    [
        {"position": 4},
        {"recorded_at": "2026-11-03T09:30:00Z"},
        {"head": bytes(32)},
    ],
)
def test_an_altered_checkpoint_is_not_taken_for_an_altered_ledger(altered):
    events = entries(5)
    forged = sign(seen(events), "site", SITE)._replace(**altered)
    found = verify(events, TRIAL, [forged])
    assert (found.ok, found.first_bad) == (False, None)
    assert "the checkpoint was altered" in found.why


def test_a_forger_s_checkpoint_fails_where_keys_are_trusted():
    events = entries(5)
    forged = sign(seen(events), "site", FORGER)
    assert "their own word" in verify(events, TRIAL, [forged]).knows
    found = verify(events, TRIAL, [forged], [KEYS[SITE]])
    assert not found.ok
    assert "no signature of a trusted key" in found.why
    assert "not signed" in verify(events, TRIAL, [seen(events)]).knows


def test_a_checkpoint_is_read_back_from_its_text():
    signed = sign(sign(seen(entries(5)), "Größe", SITE), "sponsor", SPONSOR)
    assert parse_checkpoint(checkpoint_text(signed)) == signed


GOOD = json.loads(checkpoint_text(sign(seen(entries(1)), "site", SITE)))
SIGNATURE = GOOD["signatures"][0]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        "nonsense",
        "[" * 100_000,
        *(
            json.dumps(GOOD | {key: wrong})
            for key in GOOD
            for wrong in (None, 7.5, "x", [1])
            if (key, wrong) not in (("trial", "x"), ("recorded_at", "x"))
        ),
        json.dumps(GOOD | {"position": -1}),
        json.dumps(GOOD | {"position": True}),
        json.dumps(GOOD | {"more": 1}),
        json.dumps(GOOD | {"head": GOOD["head"].upper()}),
        json.dumps(GOOD | {"signatures": [SIGNATURE | {"key": "AAAA"}]}),
        json.dumps(GOOD | {"signatures": [SIGNATURE | {"more": 1}]}),
    ],
)
def test_what_is_no_checkpoint_is_refused(text):
    with pytest.raises(UnusableInput, match=r"c\.json: this is not a checkpoint"):
        parse_checkpoint(text, "c.json")


@given(st.lists(st.tuples(st.binary(min_size=1, max_size=30), st.text(max_size=5)), max_size=4))
def test_an_export_reads_back_exactly_whatever_the_bytes(bodies):
    """Bytes that are no UTF-8, which tampering can leave, survive too."""
    events = list(chain(genesis(TRIAL), TRIAL, 0, bodies))
    trial, back = parse_lines(line.encode() for line in export_lines(events, TRIAL))
    assert (trial, list(back)) == (TRIAL, events)


def lines(events):
    return [line.encode() for line in export_lines(events, TRIAL)]


ROW = json.loads(lines(entries(1))[1])


@pytest.mark.parametrize(
    ("number", "line"),
    [
        (1, b""),
        (1, b"{}"),
        (1, b'{"schema": "gradatim.ledger/2", "trial": "T"}'),
        (1, b'{"schema": "gradatim.ledger/1", "trial": 5}'),
        (1, b'{"schema": "gradatim.ledger/1", "trial": "\\udfff"}'),
        (1, b'\xef\xbb\xbf{"schema": "gradatim.ledger/1", "trial": "T"}'),
        (2, b"\n"),
        (2, b"[]"),
        (2, b"\xff"),
        (2, b"[" * 100_000),
        (2, b'{"position": 1'),
        (2, b'{"position": ' + b"9" * 5000 + b"}"),
        *((2, json.dumps(ROW | {key: wrong}).encode()) for key in ROW for wrong in (None, True)),
        (2, json.dumps(ROW | {"more": 1}).encode()),
        (2, json.dumps(ROW | {"body": "\ud800"}).encode()),
    ],
)
def test_what_is_no_export_is_refused_with_its_line(number, line):
    given = lines(entries(2))
    given[number - 1] = line
    with pytest.raises(UnusableInput, match=f"e.jsonl:{number}: this is not a ledger's export"):
        list(parse_lines(given, "e.jsonl")[1])
