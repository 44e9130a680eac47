"""Where the ledger stands: open it by its address, in SQLite, PostgreSQL, or as an export."""

from pathlib import Path
from urllib.parse import unquote

from gradatim.conduct.event_store import (
    LARGEST_BODY,
    Head,
    HeadMoved,
    NotSealed,
    RequestKnown,
    Sealing,
    Store,
    StoreMode,
)
from gradatim.conduct.exported.stores import ExportStore
from gradatim.conduct.postgresql.stores import PostgresStore, open_postgres
from gradatim.conduct.sqlite.stores import SqliteStore, open_sqlite
from gradatim.core.errors import UnusableInput

__all__ = [
    "LARGEST_BODY",
    "ExportStore",
    "Head",
    "HeadMoved",
    "NotSealed",
    "PostgresStore",
    "RequestKnown",
    "SqliteStore",
    "Store",
    "StoreMode",
    "open_store",
]
SQLITE = "sqlite:///"
POSTGRES = ("postgresql://", "postgres://")


def open_store(
    url: str,
    mode: StoreMode = StoreMode.WRITE,
    sealing: Sealing | None = None,
    patience: float | None = None,
) -> Store:
    """Open a ledger.

    Args:
        url: `sqlite:///PATH`, `postgresql://...`, the path of a SQLite file, or of an export.
        mode: READ to check or read, WRITE to record, CREATE to make it where there is none.
        sealing: the keys that seal what is recorded; needed to record in a trial that is sealed.
        patience: seconds after which a PostgreSQL that does not answer is given up; 10 where it
            is not given.

    Raises:
        UnusableInput: there is no ledger there, or it is not fit.
    """
    if url.startswith(POSTGRES):
        return open_postgres(url, mode, sealing, patience)
    if url.startswith(SQLITE):
        return open_sqlite(Path(unquote(url.removeprefix(SQLITE))), mode, sealing)
    if "://" in url:
        raise UnusableInput(
            "this is not the address of a ledger",
            url.partition("://")[0],
            todo="give sqlite:///PATH, postgresql://... or a path",
        )
    path = Path(url)
    if _begins(path).startswith(b"{"):
        return ExportStore(path)
    return open_sqlite(path, mode, sealing)


def _begins(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(16)
    except FileNotFoundError:
        return b""
    except OSError as error:
        raise UnusableInput(
            "this ledger cannot be opened", str(path), str(error.strerror or error)
        ) from error
