"""Every append is sealed: what others than the application write is refused, found and named."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from gradatim.conduct import checkpoints
from gradatim.conduct.chain import chain
from gradatim.conduct.event_store import NotSealed, StoreMode
from gradatim.conduct.exported.stores import ExportStore, write_export
from gradatim.conduct.ledger import Checkpoint, Seal, verify
from gradatim.conduct.seals import endorsed, next_link, statement
from gradatim.conduct.stores import open_store
from gradatim.core.errors import UnusableInput
from tests.conduct.ledgers import TRIAL, Ledger, SqliteLedger, body
from tests.conduct.sealed import (
    ALTERATIONS,
    FORGED,
    SEALED_AT,
    Rows,
    add,
    adopt,
    adoption,
    altered,
    found_in,
    is_older_copy,
    keys_in,
    many_appends,
    rechained,
    resealed,
    sealed,
    whole,
    written,
)

OTHER = "NCT00000000"
FORGER = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


@pytest.fixture
def keys(tmp_path: Path):
    return keys_in(tmp_path)


@pytest.fixture
def store(ledger: Ledger, keys):
    """A ledger that is sealed: see `sealed`."""
    made = ledger.store(sealing=keys)
    sealed(made, keys)
    return made


def forged_row(ledger: Ledger, *more: Seal) -> None:
    """Add a row that fits the chain, with the rights of the service: the triggers stand."""
    reader = ledger.store(StoreMode.READ)
    head = reader.head(TRIAL)
    (row,) = chain(head.hash, TRIAL, head.position, [(FORGED, "")])
    connection = ledger.connect()
    mark = "?" if ledger.kind == "sqlite" else "%s"
    connection.execute(f"INSERT INTO ledger_event VALUES ({', '.join([mark] * 5)})", tuple(row))
    for seal in more:
        values = (TRIAL, *seal)
        connection.execute(f"INSERT INTO ledger_seal VALUES ({', '.join([mark] * 4)})", values)
    connection.commit()


def test_each_append_seals_the_head_that_it_leaves(store) -> None:
    assert [one.position for one in store.seals(TRIAL)] == list(SEALED_AT)
    assert [one.position for one in store.seals(TRIAL, 3, 8)] == [4, 7, 8]
    found = found_in(store)
    assert (found.ok, found.events, found.sealed_from) == (True, 11, 3)
    assert "Sealed from event 3 on" in found.knows


def test_a_ledger_of_which_there_is_no_key_is_not_sealed(ledger: Ledger, keys) -> None:
    store = ledger.store(sealing=keys)
    add(store, 3)
    found = found_in(store)
    assert (found.ok, found.sealed_from) == (True, None)
    assert "No event is sealed" in found.knows
    assert list(store.seals(TRIAL)) == []


def test_two_trials_have_keys_of_their_own(store, keys) -> None:
    sealed(store, keys, OTHER)
    assert found_in(store).ok
    assert found_in(store, OTHER).ok
    assert keys.path(TRIAL).read_bytes() != keys.path(OTHER).read_bytes()
    assert keys.path(TRIAL).stat().st_mode & 0o777 == 0o600
    assert sorted(one.name for one in keys.folder.iterdir()) == [f"{OTHER}.pem", f"{TRIAL}.pem"]


def test_nothing_is_recorded_on_a_forged_row(ledger: Ledger, store) -> None:
    forged_row(ledger)
    head = store.head(TRIAL)
    with pytest.raises(NotSealed, match="entry 12 is not sealed by this application") as refused:
        store.append(TRIAL, [(body(13), "")], head)
    assert refused.value.position == 12
    assert "the last seal is of entry 11" in str(refused.value)
    assert store.head(TRIAL) == head
    assert store.sealed_head(TRIAL, head).position == 11
    found = found_in(store)
    assert (found.ok, found.first_bad) == (False, 12)
    assert "event 12 is not sealed" in found.why


def test_nor_on_one_with_a_seal_that_was_made_up(ledger: Ledger, store) -> None:
    last = list(store.seals(TRIAL))[-1]
    forged_row(ledger, Seal(12, last.link, last.signature))
    with pytest.raises(NotSealed, match="its seal is not of the key"):
        add(store, 1)
    assert store.sealed_head(TRIAL, store.head(TRIAL)).position == 11
    assert found_in(store).first_bad == 12


def test_a_key_that_is_not_here_records_nothing(ledger: Ledger, store, tmp_path: Path) -> None:
    empty = keys_in(tmp_path / "elsewhere")
    with pytest.raises(NotSealed, match="there is no key in"):
        add(ledger.store(sealing=empty), 1)
    with pytest.raises(NotSealed, match="the key for it is not given here"):
        add(ledger.store(), 1)
    assert found_in(store).events == 11


def test_a_key_of_another_records_nothing(ledger: Ledger, store, tmp_path: Path) -> None:
    others = keys_in(tmp_path / "elsewhere", 2)
    (tmp_path / "elsewhere").mkdir()
    adopt(SqliteLedger(tmp_path / "elsewhere").store(sealing=others), others)
    other = ledger.store(sealing=others)
    with pytest.raises(NotSealed, match="its seal is not of the key"):
        add(other, 1)
    with pytest.raises(NotSealed, match="no seal of this ledger is of the key that is here"):
        other.sealed_head(TRIAL, other.head(TRIAL))


def test_a_ledger_whose_seals_were_taken_away_is_refused(ledger: Ledger, store, keys) -> None:
    with ledger.tampered() as execute:
        execute("DELETE FROM ledger_seal")
    with pytest.raises(NotSealed, match="this ledger has no seal"):
        add(store, 1)
    with pytest.raises(NotSealed):
        store.sealed_head(TRIAL, store.head(TRIAL))
    assert not found_in(store).ok


def test_a_key_that_another_process_adopted_is_found(ledger: Ledger, store, tmp_path: Path) -> None:
    """Two processes on one ledger: the one goes on when the other has changed the key."""
    its_keys = keys_in(tmp_path, 3)
    other = ledger.store(sealing=its_keys)
    add(other, 1)
    adopt(other, its_keys)
    add(store, 1)
    add(other, 1)
    assert found_in(store)[:1] == (15,)
    assert found_in(store).ok


@pytest.mark.parametrize("first", [True, False])
def test_an_adoption_that_broke_off_is_gone_on_with(
    ledger: Ledger, tmp_path: Path, first: bool
) -> None:
    """The ledger names the key, and its file has not got its name yet; or the other way round."""
    keys = keys_in(tmp_path)
    store = ledger.store(sealing=keys)
    if not first:
        adopt(store, keys)
    key = keys.begin(TRIAL)
    assert keys.begin(TRIAL) == key  # broken off before it was recorded
    head = store.head(TRIAL)
    endorsement = b"" if first else keys.endorsement(TRIAL, head, key)
    store.append(TRIAL, [(adoption(key, endorsement), "")], head)
    again = keys_in(tmp_path)  # broken off before the file got its name
    store = ledger.store(sealing=again)
    add(store, 1)
    assert found_in(store).ok
    assert [one.name for one in again.folder.iterdir()] == [f"{TRIAL}.pem"]


def test_seals_are_never_changed(ledger: Ledger, store) -> None:
    for sql in (
        "UPDATE ledger_seal SET signature = signature",
        "DELETE FROM ledger_seal WHERE position = 4",
    ):
        connection = ledger.connect()
        with pytest.raises(Exception, match="seals are never"):
            connection.execute(sql)
        connection.close()
    for position in (2, 4, 11, 12):
        connection = ledger.connect()
        row = f"INSERT INTO ledger_seal SELECT trial, {position}, link, signature FROM ledger_seal"
        with pytest.raises(Exception, match="not of an entry after the last one sealed"):
            connection.execute(f"{row} WHERE position = 7")
        connection.close()
    assert found_in(store).ok


def test_a_ledger_without_the_protections_of_its_seals_is_refused(ledger: Ledger, store) -> None:
    with ledger.tampered(), pytest.raises(UnusableInput, match=r"not protected.*ledger_seal_next"):
        ledger.store(StoreMode.WRITE)


def test_an_earlier_ledger_gets_the_table_when_it_is_opened_to_write(ledger: Ledger, keys) -> None:
    add(ledger.store(), 3)
    connection = ledger.connect()
    connection.execute("DROP TABLE ledger_seal")
    connection.commit()
    assert found_in(ledger.store(StoreMode.READ)).ok
    store = ledger.store(StoreMode.WRITE, keys)
    adopt(store, keys)
    assert found_in(store).sealed_from == 4


def test_inside_the_callers_transaction_a_seal_goes_back_with_its_entry(
    ledger: Ledger, store, keys
) -> None:
    connection = ledger.connect()
    inside: Any = type(store)(connection, StoreMode.WRITE, keys)
    connection.execute("CREATE TABLE patient (n integer)")
    connection.commit()
    connection.execute("INSERT INTO patient VALUES (1)")
    add(inside, 1)
    connection.rollback()
    add(store, 1)
    assert (found_in(store).ok, found_in(store).events) == (True, 12)


def test_an_export_carries_the_seals(store, tmp_path: Path) -> None:
    path = tmp_path / "export.jsonl"
    entries, seals = store.contents(TRIAL)
    assert write_export(path, entries, TRIAL, seals) == 11
    assert whole(ExportStore(path)) == whole(store)
    assert list(ExportStore(path).seals(TRIAL, 3, 8)) == list(store.seals(TRIAL, 3, 8))
    assert found_in(ExportStore(path)) == found_in(store)


def test_a_copy_has_the_seals(ledger: Ledger, store, tmp_path: Path) -> None:
    from gradatim.conduct.copying import fill

    with closing(open_store(str(tmp_path / "copy.sqlite"), StoreMode.CREATE)) as copy:
        fill(copy, TRIAL, store, store.head(TRIAL))
        assert whole(copy) == whole(store)
    with closing(sqlite3.connect(tmp_path / "copy.sqlite")) as opened:
        assert opened.execute("SELECT count(*) FROM ledger_seal").fetchone() == (6,)


# --- what is done to a ledger behind its back, by the owner of its tables -------------------------


def forged_tail(rows: Rows) -> Rows:
    entries, seals = rows
    return rechained([*entries, entries[-1]._replace(body=FORGED)]), seals


def forged_tail_sealed_by_another(rows: Rows) -> Rows:
    entries, seals = forged_tail(rows)
    signed = statement(TRIAL, 11, entries[10].hash, seals[-1].link)
    link = next_link(signed, seals[-1].signature)
    made = FORGER.sign(statement(TRIAL, 12, entries[11].hash, link))
    return entries, [*seals, Seal(12, link, made)]


def rewritten_tail(rows: Rows) -> Rows:
    entries, seals = rows
    return rechained([*entries[:5], entries[5]._replace(body=FORGED), *entries[6:]]), seals


def rewritten_and_resealed(rows: Rows) -> Rows:
    entries, seals = rewritten_tail(rows)
    made = resealed(entries, list(SEALED_AT), FORGER)
    return entries, [*seals[:2], *made[2:]]


def rewritten_tail_without_its_seals(rows: Rows) -> Rows:
    entries, seals = rewritten_tail(rows)
    return entries, seals[:2]


def inserted_and_built_upon(rows: Rows) -> Rows:
    entries, seals = rows
    more = rechained([*entries[:7], entries[7]._replace(body=FORGED), *entries[7:]])
    moved = [one._replace(position=one.position + (one.position > 7)) for one in seals]
    return more, moved


def last_rewritten(rows: Rows) -> Rows:
    entries, seals = rows
    return rechained([*entries[:10], entries[10]._replace(body=FORGED)]), seals


def before_the_first_key(rows: Rows) -> Rows:
    entries, seals = rows
    return rechained([entries[0]._replace(body=FORGED), *entries[1:]]), seals


def seal_removed(rows: Rows) -> Rows:
    return rows[0], [one for one in rows[1] if one.position != 7]


def first_seal_removed(rows: Rows) -> Rows:
    return rows[0], rows[1][1:]


def last_seal_removed(rows: Rows) -> Rows:
    return rows[0], rows[1][:-1]


def last_seal_before_a_key_removed(rows: Rows) -> Rows:
    return rows[0], [one for one in rows[1] if one.position != 8]


def all_seals_removed(rows: Rows) -> Rows:
    return rows[0], []


def seal_moved(rows: Rows) -> Rows:
    moved = [one._replace(position=6) if one.position == 7 else one for one in rows[1]]
    return rows[0], moved


def seals_swapped(rows: Rows) -> Rows:
    seals = list(rows[1])
    seals[2], seals[3] = (
        seals[3]._replace(position=seals[2].position),
        seals[2]._replace(position=seals[3].position),
    )
    return rows[0], seals


def seal_repeated(rows: Rows) -> Rows:
    return rows[0], [*rows[1][:2], rows[1][1]._replace(position=5), *rows[1][2:]]


def signature_altered(rows: Rows) -> Rows:
    return rows[0], [
        one._replace(signature=bytes(64)) if one.position == 7 else one for one in rows[1]
    ]


def last_signature_altered(rows: Rows) -> Rows:
    return rows[0], [*rows[1][:-1], rows[1][-1]._replace(signature=bytes(64))]


def link_altered(rows: Rows) -> Rows:
    return rows[0], [one._replace(link=bytes(32)) if one.position == 7 else one for one in rows[1]]


def tail_cut_and_its_seals_left(rows: Rows) -> Rows:
    return rows[0][:8], rows[1]


def key_adopted_without_the_one_before(rows: Rows) -> Rows:
    """The whole tail is another's: a key of their own, adopted, and everything sealed by it."""
    entries, _ = rows
    public = FORGER.public_key().public_bytes_raw()
    mine = entries[8]._replace(body=adoption(public))
    return _under(mine, rows)


def key_endorsed_by_itself(rows: Rows) -> Rows:
    entries, _ = rows
    public = FORGER.public_key().public_bytes_raw()
    own = FORGER.sign(endorsed(TRIAL, 8, entries[7].hash, public))
    return _under(entries[8]._replace(body=adoption(public, own)), rows)


def key_endorsed_for_another_place(rows: Rows) -> Rows:
    """The endorsement of the second key, replayed one entry later."""
    entries, seals = rows
    again = rechained([*entries[:8], entries[7], entries[8]])
    return again, seals[:4]


def _under(adopting: Any, rows: Rows) -> Rows:
    entries, seals = rows
    again = rechained([*entries[:8], adopting, *entries[9:]])
    return again, [*seals[:4], *resealed(again, list(SEALED_AT[4:]), FORGER, seals[3])]


FORGERIES: list[tuple[Callable[[Rows], Rows], int, str]] = [
    (forged_tail, 12, "event 12 is not sealed"),
    (forged_tail_sealed_by_another, 12, "the seal of event 12 is not of the key in force"),
    (rewritten_tail, 5, "the seal of event 7 is not"),
    (rewritten_and_resealed, 5, "the seal of event 7 is wrong"),
    (rewritten_tail_without_its_seals, 5, "event 5 is not sealed"),
    (inserted_and_built_upon, 8, "the seal of event 9 is not"),
    (last_rewritten, 10, "the seal of event 11 is not"),
    (before_the_first_key, 1, "the seal of event 3 is not"),
    (seal_removed, 5, "one between them was removed"),
    (first_seal_removed, 1, "the seal of event 4 is wrong"),
    (last_seal_removed, 10, "event 10 is not sealed"),
    (last_seal_before_a_key_removed, 8, "event 8 is not sealed"),
    (all_seals_removed, 3, "event 3 is not sealed"),
    (seal_moved, 5, "the seal of event 6 is not"),
    (seals_swapped, 5, "the seal of event 7 is wrong"),
    (seal_repeated, 5, "the seal of event 5 is wrong"),
    (signature_altered, 5, "the seal of event 7 is not"),
    (last_signature_altered, 10, "the seal of event 11 is not"),
    (link_altered, 5, "the seal of event 7 is wrong"),
    (tail_cut_and_its_seals_left, 9, "event 9 was sealed and is not here"),
    (key_adopted_without_the_one_before, 9, "did not endorse"),
    (key_endorsed_by_itself, 9, "did not endorse"),
    (key_endorsed_for_another_place, 9, "event 9 is not sealed"),
]


@pytest.mark.parametrize(
    ("act", "first_bad", "why"), FORGERIES, ids=[act.__name__ for act, _, _ in FORGERIES]
)
def test_each_forgery_is_found_and_named(
    ledger: Ledger, store, act, first_bad: int, why: str
) -> None:
    written(ledger, act(whole(store)))
    found = found_in(ledger.store(StoreMode.READ))
    assert (found.ok, found.first_bad) == (False, first_bad)
    assert why in found.why


def test_a_seal_of_another_trial_seals_nothing_here(ledger: Ledger, store, keys) -> None:
    """The same entries in another trial, sealed at the same places."""
    sealed(store, keys, OTHER)
    theirs = {one.position: one for one in store.seals(OTHER)}
    entries, seals = whole(store)
    written(ledger, (entries, [*seals[:-1], theirs[11]]))
    assert found_in(ledger.store(StoreMode.READ)).first_bad in (10, 11)


def test_what_nobody_can_tell_without_more_than_the_ledger(ledger: Ledger, store) -> None:
    """A tail cut where a seal was, or the whole made anew under another key: a checkpoint tells."""
    entries, seals = whole(store)
    seen = Checkpoint(TRIAL, 11, entries[-1].hash, "2026-11-02T09:30:00Z")
    public = FORGER.public_key().public_bytes_raw()
    anew = rechained([*entries[:2], entries[2]._replace(body=adoption(public)), *entries[3:7]])
    for rows in ((entries[:8], seals[:4]), (anew, resealed(anew, [3, 4, 7], FORGER))):
        written(ledger, rows)
        reader = ledger.store(StoreMode.READ)
        assert found_in(reader).ok
        entries_, seals_ = reader.contents(TRIAL)
        assert not verify(entries_, TRIAL, [seen], seals=seals_).ok
    with pytest.raises(NotSealed, match="no seal of this ledger is of the key that is here"):
        store.sealed_head(TRIAL, store.head(TRIAL))  # the application tells the second, too


def test_many_seals_are_checked_by_few_signatures(tmp_path: Path, monkeypatch) -> None:
    """And of many the one that is wrong is still named."""
    asked = 0

    def counted(*arguments):
        nonlocal asked
        asked += 1
        return real(*arguments)

    real = checkpoints.key_signed
    monkeypatch.setattr("gradatim.conduct.seals.key_signed", counted)
    keys = keys_in(tmp_path)
    store = SqliteLedger(tmp_path).store(sealing=keys)
    adopt(store, keys)
    add(store, *[1] * 2_500)
    entries, seals = whole(store)
    assert verify(entries, TRIAL, seals=seals).ok
    assert asked == 3
    for at in (0, 700, 1_499, 2_500):
        wrong = [*seals[:at], seals[at]._replace(signature=bytes(64)), *seals[at + 1 :]]
        assert verify(entries, TRIAL, seals=wrong).first_bad == at + 1


# --- anything at all ------------------------------------------------------------------------------


def test_every_alteration_is_found(tmp_path: Path) -> None:
    """Up to three at a time, of rows and of seals, with the chain left broken or made to fit."""
    rows = many_appends(tmp_path)
    assert verify(rows[0], TRIAL, seals=rows[1]).ok
    tried: set[tuple[str, bool]] = set()

    @settings(max_examples=600)
    @given(
        st.lists(st.sampled_from(ALTERATIONS), min_size=1, max_size=3),
        st.randoms(use_true_random=False),
        st.booleans(),
    )
    def found(alterations, rng, fitting) -> None:
        now = altered(rows, alterations, rng, fitting)
        if now == rows or is_older_copy(now, rows):
            return
        tried.update((one.__name__, fitting) for one in alterations)
        said = verify(now[0], TRIAL, seals=now[1])
        assert not said.ok
        assert said.first_bad is not None

    found()
    assert len(tried) == 2 * len(ALTERATIONS)
