"""Every store keeps the same promises: one suite over SQLite and a real PostgreSQL."""

import threading

import pytest

from gradatim.conduct.exported.stores import write_export
from gradatim.conduct.ledger import chain, genesis, verify
from gradatim.conduct.stores import (
    LARGEST_BODY,
    Head,
    HeadMoved,
    PostgresStore,
    RequestKnown,
    SqliteStore,
    StoreMode,
    open_store,
)
from gradatim.core.errors import UnusableInput
from tests.conduct.ledgers import TRIAL, body, fill


def over(connection, ledger):
    return (SqliteStore if ledger.kind == "sqlite" else PostgresStore)(connection)


def raw(ledger, sql, *values):
    """Execute on a plain connection, protections on, and commit."""
    connection = ledger.connect()
    connection.execute(sql if ledger.kind == "sqlite" else sql.replace("?", "%s"), values)
    connection.commit()


def test_a_new_ledger_is_empty(ledger):
    store = ledger.store()
    assert store.head(TRIAL) == Head(0, genesis(TRIAL))
    assert list(store.read(TRIAL)) == []
    assert store.trials() == []
    assert store.position_of(TRIAL, "x") is None


def test_what_was_appended_is_read_back_by_another_connection(ledger):
    head = fill(ledger.store(), 9)
    expected = list(
        chain(
            genesis(TRIAL),
            TRIAL,
            0,
            [(body(n), f"request-{n}" if n % 2 else "") for n in range(1, 10)],
        )
    )
    other = ledger.store(StoreMode.READ)
    assert list(other.read(TRIAL)) == expected
    assert other.head(TRIAL) == head == Head(9, expected[-1].hash)
    assert verify(other.read(TRIAL), TRIAL).ok


def test_a_part_is_read_by_positions(ledger):
    store = ledger.store()
    fill(store, 2500)  # more than are fetched at a time
    assert [one.position for one in store.read(TRIAL)] == list(range(1, 2501))
    assert [one.position for one in store.read(TRIAL, after=998, upto=1003)] == [
        999,
        1000,
        1001,
        1002,
        1003,
    ]
    assert list(store.read(TRIAL, after=2500)) == []


def test_trials_do_not_mix(ledger):
    store = ledger.store()
    fill(store, 3)
    fill(store, 2, "NCT00000000")
    assert store.trials() == ["NCT00000000", TRIAL]
    assert [store.head(trial).position for trial in store.trials()] == [2, 3]
    assert store.position_of("NCT00000000", "request-3") is None


def test_a_moved_head_is_refused_and_told(ledger):
    store, other = ledger.store(), ledger.store()
    before = store.head(TRIAL)
    moved = fill(other, 1)
    with pytest.raises(HeadMoved) as refused:
        store.append(TRIAL, [(b"{}", "")], before)
    assert refused.value.head == moved
    assert store.head(TRIAL) == moved


def test_a_head_of_another_hash_is_refused(ledger):
    store = ledger.store()
    head = fill(store, 2)
    with pytest.raises(HeadMoved):
        store.append(TRIAL, [(b"{}", "")], Head(2, bytes(32)))
    with pytest.raises(HeadMoved):
        store.append(TRIAL, [], Head(2, bytes(32)))
    assert store.append(TRIAL, [], head) == head


@pytest.mark.parametrize("stale", [False, True])
def test_a_request_is_recorded_once(ledger, stale):
    """Whoever repeats it, with the head of then or of now, is told where it is."""
    store = ledger.store()
    before = store.head(TRIAL)
    head = fill(store, 5)
    with pytest.raises(RequestKnown) as refused:
        store.append(TRIAL, [(b"{}", ""), (b"{}", "request-3")], before if stale else head)
    assert refused.value.position == 3
    assert store.position_of(TRIAL, "request-3") == 3
    assert store.head(TRIAL) == head


def test_events_without_a_request_are_not_the_same_request(ledger):
    store = ledger.store()
    assert store.append(TRIAL, [(b"1", ""), (b"2", "")], store.head(TRIAL)).position == 2
    assert store.position_of(TRIAL, "") is None


@pytest.mark.parametrize(
    ("bodies", "why"),
    [
        ([(b"x" * (LARGEST_BODY + 1), "")], "1000001 bytes cannot be recorded"),
        ([(b"", "")], "an event of 0 bytes"),
        ([(b"\xff", "")], "not UTF-8"),
        ([(b"{}", "a\nb")], "idempotency key"),
        ([(b"{}", "a\0b")], "idempotency key"),
        ([(b"{}", "k" * 201)], "idempotency key"),
        ([(b"{}", "\ud800")], "idempotency key"),
        ([(b"{}", "same"), (b"{}", "same")], "the same idempotency key"),
    ],
)
def test_what_cannot_be_recorded_is_refused_and_none_of_its_batch_is_there(ledger, bodies, why):
    store = ledger.store()
    head = fill(store, 1)
    with pytest.raises(UnusableInput, match=why):
        store.append(TRIAL, [(b"good", ""), *bodies], head)
    assert store.head(TRIAL) == head


def test_the_largest_body_is_kept(ledger):
    store = ledger.store()
    head = store.append(TRIAL, [(b"x" * LARGEST_BODY, "")], store.head(TRIAL))
    assert head.position == 1
    assert verify(store.read(TRIAL), TRIAL).ok


@pytest.mark.parametrize("text", ["'; DROP TABLE ledger_event; --", "%s", "?", ":1", '"', "$1"])
def test_no_text_is_taken_for_sql(ledger, text):
    store = ledger.store()
    head = store.append(text, [(text.encode(), text)], store.head(text))
    assert store.position_of(text, text) == 1
    assert [one.body for one in store.read(text)] == [text.encode()]
    assert (store.trials(), store.head(text)) == ([text], head)


CHANGES = [
    "UPDATE ledger_event SET body = body WHERE position = 2",
    "UPDATE ledger_event SET request = 'x' WHERE position = 2",
    "DELETE FROM ledger_event WHERE position = 3",
    "DELETE FROM ledger_event",
]


@pytest.mark.parametrize("sql", CHANGES)
def test_the_table_refuses_to_change_or_delete(ledger, sql):
    head = fill(ledger.store(), 3)
    with pytest.raises(Exception, match="ledger: events are never"):
        raw(ledger, sql)
    assert verify(ledger.store().read(TRIAL), TRIAL)[:3] == (3, head.hash, True)


@pytest.mark.parametrize("position", [1, 3, 5, 99])
def test_the_table_refuses_a_position_that_is_not_the_next(ledger, position):
    fill(ledger.store(), 3)
    row = (TRIAL, position, "", b"{}", bytes(32))
    with pytest.raises(Exception, match="the position is not the next one"):
        raw(ledger, "INSERT INTO ledger_event VALUES (?, ?, ?, ?, ?)", *row)


def test_inside_the_callers_transaction_it_neither_commits_nor_rolls_back(ledger):
    ledger.store()
    connection = ledger.connect()
    store = over(connection, ledger)
    connection.execute("CREATE TABLE patient (n integer)")
    connection.commit()
    connection.execute("INSERT INTO patient VALUES (1)")  # the caller's transaction begins
    head = fill(store, 2)
    with pytest.raises(HeadMoved):
        store.append(TRIAL, [(b"{}", "")], Head(0, genesis(TRIAL)))
    with pytest.raises(RequestKnown):
        store.append(TRIAL, [(b"{}", "request-1")], head)
    assert ledger.store().head(TRIAL).position == 0  # nobody else sees it yet
    connection.commit()
    assert ledger.store().head(TRIAL) == head
    assert connection.execute("SELECT count(*) FROM patient").fetchone() == (1,)


def test_the_callers_rollback_takes_the_events_along(ledger):
    ledger.store()
    connection = ledger.connect()
    store = over(connection, ledger)
    connection.execute("CREATE TABLE patient (n integer)")
    connection.commit()
    connection.execute("INSERT INTO patient VALUES (1)")
    fill(store, 2)
    connection.rollback()
    assert store.head(TRIAL).position == 0
    assert fill(store, 3).position == 3


def test_reading_leaves_no_transaction_in_which_later_events_would_wait(ledger):
    ledger.store()
    store = over(ledger.connect(), ledger)  # not in autocommit
    store.head(TRIAL)
    fill(store, 3)
    for entry in store.read(TRIAL, upto=3):
        store.append(TRIAL, [(b"{}", f"after-{entry.position}")], store.head(TRIAL))
    assert ledger.store().head(TRIAL).position == 6


def test_several_writers_make_one_chain(ledger):
    """Each repeats on a moved head until its events are there: none is lost, none is twice."""
    ledger.store()
    stores = [ledger.store() for _ in range(4)] if ledger.kind == "postgres" else []

    def write(n):
        store = stores[n] if stores else open_store(ledger.url)
        for number in range(15):
            while True:
                try:
                    store.append(TRIAL, [(b"{}", f"{n}-{number}")], store.head(TRIAL))
                    break
                except HeadMoved:
                    pass
        if not stores:
            store.close()

    threads = [threading.Thread(target=write, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    found = list(ledger.store().read(TRIAL))
    assert verify(found, TRIAL)[:1] == (60,)
    assert len({one.request for one in found}) == 60
    assert verify(found, TRIAL).ok


def test_a_place_without_a_ledger_is_refused_unless_it_shall_be_made(ledger):
    ledger.connect().execute("SELECT 1")
    for mode in (StoreMode.READ, StoreMode.WRITE):
        with pytest.raises(UnusableInput, match="there is no"):
            ledger.store(mode)
    assert ledger.store(StoreMode.CREATE).trials() == []
    assert ledger.store(StoreMode.WRITE).trials() == []


def test_a_ledger_opened_to_read_is_not_written(ledger):
    ledger.store()
    store = ledger.store(StoreMode.READ)
    with pytest.raises(UnusableInput, match="opened to be read"):
        fill(store, 1)


def test_a_ledger_without_its_protections_is_refused_but_can_be_verified(ledger):
    head = fill(ledger.store(), 3)
    with ledger.tampered():
        with pytest.raises(UnusableInput, match="not protected"):
            ledger.store(StoreMode.WRITE)
        assert verify(ledger.store(StoreMode.READ).read(TRIAL), TRIAL).head == head.hash
    assert ledger.store(StoreMode.WRITE).head(TRIAL) == head


def test_an_export_reads_as_the_ledger_does(ledger, tmp_path):
    store = ledger.store()
    head = fill(store, 7)
    path = tmp_path / "export.jsonl"
    assert write_export(path, store.read(TRIAL), TRIAL) == 7
    export = open_store(str(path))
    assert list(export.read(TRIAL)) == list(store.read(TRIAL))
    assert list(export.read(TRIAL, 2, 4)) == list(store.read(TRIAL, 2, 4))
    assert (export.head(TRIAL), export.trials()) == (head, [TRIAL])
    assert export.position_of(TRIAL, "request-5") == 5
    assert list(export.read("NCT1")) == []
    with pytest.raises(UnusableInput, match="an export cannot be written to"):
        export.append(TRIAL, [(b"{}", "")], head)
