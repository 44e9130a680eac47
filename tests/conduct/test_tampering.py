"""Whatever is done to a ledger behind its back is seen, and the first bad event is named.

The tamperer owns the table and turns its protections off; what is left is the chain.
"""

import random
from contextlib import closing

import pytest

from gradatim.conduct.ledger import Checkpoint, chain, genesis, verify
from gradatim.conduct.stores import StoreMode, open_store
from gradatim.core.errors import UnusableInput
from tests.conduct.ledgers import TRIAL, body, fill

EVENTS = 20
SET = "UPDATE ledger_event SET"
INSERT = "INSERT INTO ledger_event VALUES (?, ?, ?, ?, ?)"
WHEN = "2026-11-02T09:30:00Z"


def kept(store):
    """A checkpoint of the present head, as a site keeps it."""
    head = store.head(TRIAL)
    return Checkpoint(TRIAL, head.position, head.hash, WHEN)


def found_in(ledger, *checkpoints):
    store = ledger.store(StoreMode.READ)
    return verify(store.read(TRIAL), TRIAL, checkpoints)


@pytest.fixture
def filled(ledger):
    fill(ledger.store(), EVENTS)
    return ledger


COLUMNS = {
    "trial": ("NCT1", "NCT05962763"),
    "position": (EVENTS + 1, 1000),
    "request": ("", "request-99"),
    "body": (b"{}", body(99)),
    "hash": (bytes(32), genesis(TRIAL)),
}


@pytest.mark.parametrize("position", [1, 8, EVENTS])
@pytest.mark.parametrize(("column", "value"), [(c, v) for c in COLUMNS for v in COLUMNS[c]])
def test_an_altered_column_is_seen(filled, column, value, position):
    checkpoint = kept(filled.store())
    if (column, value, position % 2) == ("request", "", 0):
        value = "request-98"  # this event has none
    with filled.tampered() as execute:
        execute(f"{SET} {column} = ? WHERE position = ?", (value, position))
    found = found_in(filled, checkpoint)
    assert (found.ok, found.first_bad) == (False, position)
    alone = found_in(filled)
    last_moved_away = column == "trial" and position == EVENTS
    assert alone.ok == last_moved_away
    assert "a cut tail" in alone.knows


@pytest.mark.parametrize("column", ["request", "body", "hash"])
def test_every_altered_byte_is_seen(filled, column):
    """Of one event, each byte in turn; bytes of an export stay bytes, text stays text."""
    entry = list(filled.store().read(TRIAL))[6]
    whole = getattr(entry, column)
    for at in range(len(whole)):
        if column == "request":
            altered = whole[:at] + chr(ord(whole[at]) ^ 1) + whole[at + 1 :]
        else:
            altered = whole[:at] + bytes([whole[at] ^ 0x80]) + whole[at + 1 :]
        with filled.tampered() as execute:
            execute(f"{SET} {column} = ? WHERE position = 7", (altered,))
        found = found_in(filled)
        assert (found.ok, found.first_bad, found.events) == (False, 7, EVENTS), at
    with filled.tampered() as execute:
        execute(f"{SET} {column} = ? WHERE position = 7", (whole,))
    assert found_in(filled).ok


def renumbered(execute, where, by):
    """Move positions, by way of numbers that are free."""
    execute(f"{SET} position = position + 100000 WHERE {where}")
    execute(f"{SET} position = position - 100000 + ? WHERE position > 100000", (by,))


def deleted(execute):
    execute("DELETE FROM ledger_event WHERE position = 8")


def deleted_and_renumbered(execute):
    deleted(execute)
    renumbered(execute, "position > 8", -1)


def first_deleted(execute):
    execute("DELETE FROM ledger_event WHERE position = 1")


def inserted(execute):
    renumbered(execute, "position >= 8", 1)
    execute(INSERT, (TRIAL, 8, "", body(99), bytes(32)))


def inserted_with_a_fitting_hash(execute):
    """Whoever knows how: the new event fits the one before; the next one does not fit it."""
    renumbered(execute, "position >= 8", 1)
    before = chain(
        genesis(TRIAL), TRIAL, 0, [(body(n), f"request-{n}" if n % 2 else "") for n in range(1, 8)]
    )
    made = next(chain(list(before)[-1].hash, TRIAL, 7, [(body(99), "")]))
    execute(INSERT, made)


def swapped(execute):
    execute(f"{SET} position = 100000 WHERE position = 8")
    execute(f"{SET} position = 8 WHERE position = 9")
    execute(f"{SET} position = 9 WHERE position = 100000")


def bodies_swapped(execute):
    execute(f"{SET} body = ? WHERE position = 8", (body(9),))
    execute(f"{SET} body = ? WHERE position = 9", (body(8),))


def altered_with_a_fitting_hash(execute):
    """The event's own hash is made to fit: the next event gives it away."""
    before = chain(
        genesis(TRIAL), TRIAL, 0, [(body(n), f"request-{n}" if n % 2 else "") for n in range(1, 8)]
    )
    made = next(chain(list(before)[-1].hash, TRIAL, 7, [(body(99), "")]))
    execute(f"{SET} body = ?, hash = ? WHERE position = 8", (made.body, made.hash))


@pytest.mark.parametrize(
    ("act", "first_bad"),
    [
        (deleted, 8),
        (deleted_and_renumbered, 8),
        (first_deleted, 1),
        (inserted, 8),
        (inserted_with_a_fitting_hash, 9),
        (swapped, 8),
        (bodies_swapped, 8),
        (altered_with_a_fitting_hash, 9),
    ],
)
def test_a_removed_added_or_moved_event_is_seen_without_a_checkpoint(filled, act, first_bad):
    with filled.tampered() as execute:
        act(execute)
    found = found_in(filled)
    assert (found.ok, found.first_bad) == (False, first_bad)
    assert str(first_bad) in found.why


@pytest.mark.parametrize("left", [0, 1, EVENTS - 1])
def test_a_cut_tail_is_seen_against_a_checkpoint_only(filled, left):
    checkpoint = kept(filled.store())
    with filled.tampered() as execute:
        execute("DELETE FROM ledger_event WHERE position > ?", (left,))
    assert found_in(filled).ok
    assert "a cut tail" in found_in(filled).knows
    found = found_in(filled, checkpoint)
    assert (found.ok, found.first_bad, found.events) == (False, left + 1, left)


@pytest.mark.parametrize("first", [1, 12, EVENTS])
def test_a_rewritten_chain_is_seen_against_a_checkpoint_only(filled, first):
    checkpoint = kept(filled.store())
    entries = list(filled.store().read(TRIAL))
    before = entries[first - 2].hash if first > 1 else genesis(TRIAL)
    bodies = [(body(-one.position), one.request) for one in entries[first - 1 :]]
    with filled.tampered() as execute:
        execute("DELETE FROM ledger_event WHERE position >= ?", (first,))
        for row in chain(before, TRIAL, first - 1, bodies):
            execute(INSERT, row)
    assert found_in(filled).ok
    assert "a rewritten chain" in found_in(filled).knows
    found = found_in(filled, checkpoint)
    assert (found.ok, found.first_bad) == (False, EVENTS)
    assert f"somewhere in events 1 to {EVENTS}" in found.why


def test_an_older_copy_is_seen_against_a_checkpoint_only(ledger):
    store = ledger.store()
    fill(store, 5)
    restore = ledger.copy()
    store.append(TRIAL, [(body(6), "")], store.head(TRIAL))
    checkpoint = kept(store)
    restore()
    assert found_in(ledger).ok
    assert "an older copy" in found_in(ledger).knows
    found = found_in(ledger, checkpoint)
    assert (found.ok, found.first_bad, found.events) == (False, 6, 5)
    assert "an older copy" in found.why


def test_an_older_copy_that_went_on_is_seen_against_a_checkpoint(ledger):
    """Restored, and written to again: two histories, of which the site saw the other."""
    store = ledger.store()
    fill(store, 5)
    early = kept(store)
    restore = ledger.copy()
    store.append(TRIAL, [(body(6), "")], store.head(TRIAL))
    late = kept(store)
    restore()
    store = ledger.store()
    store.append(TRIAL, [(body(7), ""), (body(8), "")], store.head(TRIAL))
    assert found_in(ledger, early).ok
    found = found_in(ledger, early, late)
    assert (found.ok, found.first_bad) == (False, 6)
    assert "somewhere in events 6 to 6" in found.why


@pytest.mark.slow
def test_a_byte_altered_in_the_database_file_is_never_taken_for_the_truth(tmp_path):
    """The file itself, byte by byte: damage, a finding, or what was recorded; never another."""
    path = tmp_path / "trial.sqlite"
    store = open_store(str(path), StoreMode.CREATE)
    fill(store, EVENTS)
    checkpoint, truth = kept(store), list(store.read(TRIAL))
    store.close()
    whole = path.read_bytes()
    seen = {"damage": 0, "finding": 0, "as recorded": 0}
    for at in random.Random(5962762).sample(range(len(whole)), 1500):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ (1 << at % 8)]) + whole[at + 1 :])
        try:
            with closing(open_store(str(path), StoreMode.READ)) as damaged:
                entries = list(damaged.read(TRIAL))
            found = verify(entries, TRIAL, [checkpoint])
            assert found.ok == (entries == truth), at
            seen["as recorded" if found.ok else "finding"] += 1
        except UnusableInput:
            seen["damage"] += 1
    assert min(seen.values()) > 0, seen
