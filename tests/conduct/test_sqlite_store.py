"""SQLite alone: settings, full disks, locks, read-only files, and files that are no ledger."""

import sqlite3
from contextlib import closing

import pytest

from gradatim.conduct.ledger import verify
from gradatim.conduct.sqlite.stores import open_sqlite
from gradatim.conduct.stores import SqliteStore, StoreMode, open_store
from gradatim.core.errors import UnusableInput
from tests.conduct.ledgers import TRIAL, fill


@pytest.fixture
def path(tmp_path):
    return tmp_path / "trial.sqlite"


def made(path):
    """A new ledger with a connection of its own."""
    return open_sqlite(path, StoreMode.CREATE)


def test_sqlite_takes_the_settings_that_durability_needs(path):
    store = made(path)
    asked = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
    taken = [store.connection.execute(f"PRAGMA {name}").fetchone()[0] for name in asked]
    assert taken == ["wal", 2, 1, 10_000]
    store.close()


def test_a_database_in_memory_is_refused():
    refused = pytest.raises(UnusableInput, match="did not take journal_mode")
    with closing(sqlite3.connect(":memory:")) as connection, refused:
        SqliteStore(connection)


def test_settings_that_cannot_be_taken_inside_a_transaction_are_refused(path):
    made(path).close()
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA synchronous = OFF")
        connection.execute("BEGIN")
        with pytest.raises(UnusableInput, match="did not take synchronous"):
            SqliteStore(connection)


def test_the_callers_row_and_text_factories_do_not_matter(path):
    with closing(sqlite3.connect(path)) as connection:
        connection.row_factory = lambda cursor, row: {"row": row}
        connection.text_factory = bytes
        store = SqliteStore(connection)
        head = fill(store, 3)
        assert (store.head(TRIAL), store.trials()) == (head, [TRIAL])
        assert verify(store.read(TRIAL), TRIAL).ok


def test_a_full_disk_is_said_and_the_ledger_is_whole(path):
    store = made(path)
    head = fill(store, 3)
    pages = store.connection.execute("PRAGMA page_count").fetchone()[0]
    store.connection.execute(f"PRAGMA max_page_count = {pages + 1}")
    with pytest.raises(UnusableInput, match="the disk is full"):
        store.append(TRIAL, [(b"x" * 50_000, "")], head)
    store.connection.execute("BEGIN")
    with pytest.raises(UnusableInput, match="the disk is full"):
        store.append(TRIAL, [(b"x" * 50_000, "")], head)
    assert store.head(TRIAL) == head
    assert verify(store.read(TRIAL), TRIAL).ok
    store.close()


def test_a_locked_ledger_is_said(path):
    store = made(path)
    head = fill(store, 1)
    store.connection.execute("PRAGMA busy_timeout = 10")
    with closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(UnusableInput, match="in use by another writer"):
            store.append(TRIAL, [(b"{}", "")], head)
        assert store.head(TRIAL) == head  # reading goes on
    store.close()


def test_a_file_that_cannot_be_written_is_said(path):
    made(path).close()
    refused = pytest.raises(UnusableInput, match="cannot be written to")
    with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection, refused:
        fill(SqliteStore(connection), 1)


def test_a_ledger_is_read_while_another_writes_and_from_a_lone_copy(path, tmp_path):
    """A copy without its write-ahead log, such as one on a disc, is read as it is."""
    store = made(path)
    head = fill(store, 3)
    reader = open_store(str(path), StoreMode.READ)
    assert reader.head(TRIAL) == head
    reader.close()
    store.close()
    (tmp_path / "disc").mkdir()
    copy = tmp_path / "disc" / "copy.sqlite"
    copy.write_bytes(path.read_bytes())
    (tmp_path / "disc").chmod(0o500)
    assert open_store(str(copy), StoreMode.READ).head(TRIAL) == head
    (tmp_path / "disc").chmod(0o700)


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"not a database at all, but long enough" * 100, "not a ledger"),
        (b"SQLite format 3\0" + b"\xff" * 4000, "not a ledger"),
        (b"", "there is no ledger in this database"),
        (b'{"a": 1}\n', "not a ledger's export"),
        (b"{", "not a ledger's export"),
    ],
)
@pytest.mark.parametrize("mode", [StoreMode.READ, StoreMode.WRITE])
def test_a_file_that_is_no_ledger_is_refused_and_left_as_it_is(path, content, why, mode):
    path.write_bytes(content)
    with pytest.raises(UnusableInput, match=why) as refused:
        open_store(str(path), mode)
    assert str(path) in str(refused.value)
    assert path.read_bytes() == content


@pytest.mark.parametrize(
    "url", ["missing.sqlite", "sqlite:///missing.sqlite", "mysql://x/y", "postgresql://[", ".", ""]
)
def test_an_address_without_a_ledger_is_refused(url, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UnusableInput):
        open_store(url)
    assert list(tmp_path.iterdir()) == []
