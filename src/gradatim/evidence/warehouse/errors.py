"""What engines raise, in the words of the person who can mend it."""

import re
from collections.abc import Iterator
from contextlib import contextmanager

from gradatim.core.errors import UnusableInput

_SELECT = "ask the database's owner for USAGE on the schema and SELECT on its tables"
_RESUME = "see to the connection and run the command again"
_MEMORY = "give more with --memory, or stop what else uses it"

# SQLSTATE of PostgreSQL, the longest prefix that fits: what it means and what to do.
_STATES = {
    "08": ("the connection was lost", _RESUME),
    "28": ("the role or its password is not accepted", "check the role and its password"),
    "3D": ("there is no such database", "check the name of the database"),
    "22": ("a value cannot be read as what its column holds", "mend the value in the source"),
    "40001": (
        "the copy of the database stopped the query to catch up",
        "run it again, or on the primary server",
    ),
    "42501": ("there is no right to read a table", _SELECT),
    "42703": ("a column is missing", "add it to the table or view, as OMOP CDM 5.3 or 5.4 has it"),
    "42P01": ("a table is missing", "add it, as OMOP CDM 5.3 or 5.4 has it"),
    "53": (
        "the server is short of room",
        "ask the database's owner for memory, disk or connections",
    ),
    "57014": ("the server stopped the query", "ask its owner to raise statement_timeout"),
    "57P": ("the server is shutting down or starting", _RESUME),
    "58": ("the server cannot read its files", "tell the database's owner"),
    "XX001": ("a table of the server is damaged", "tell the database's owner"),
}
# By what the message says, for engines without codes. The first that fits counts.
_SAYINGS = (
    (
        r"OutOfMemory|Out of Memory|Java heap space|could not allocate|failed to allocate|"
        r"UNABLE_TO_ACQUIRE_MEMORY",
        "memory does not suffice",
        _MEMORY,
    ),
    (
        r"No space left on device|max_temp_directory_size|disk.{0,9}full",
        "the disk is full",
        "free room, also for temporary files",
    ),
    (
        r"Permission denied|AccessControlException|no right to read",
        "there is no right to read this",
        "ask its owner for the right to read it",
    ),
    (
        r"Could not set lock",
        "another program has this database open for writing",
        "close it there, or give a copy",
    ),
    (
        r"newer version of DuckDB|version number \d+, but we can only read",
        "another version of DuckDB wrote this database",
        "export it to Parquet and give parquet:DIR",
    ),
    (
        r"not a valid DuckDB database",
        "this file is no DuckDB database",
        "give a file that DuckDB has written",
    ),
    (
        r"FileNotFound|No such file|FILE_NOT_EXIST|No files found|PATH_NOT_FOUND",
        "a file is no longer there",
        "see to it that nobody changes the files meanwhile",
    ),
    (
        r"No magic bytes|too small to be a Parquet|not a Parquet file|Invalid Parquet|"
        r"CANNOT_READ_FILE_FOOTER|footer|TProtocolException|Corrupt",
        "a file is damaged or is no Parquet file",
        "write it again",
    ),
    (
        r"schema mismatch|PARQUET_COLUMN_DATA_TYPE_MISMATCH|CANNOT_MERGE_SCHEMAS",
        "the files of one table have different columns",
        "write all parts with the same columns",
    ),
    (r"UNRESOLVED_COLUMN|Referenced column|does not have a column", *_STATES["42703"]),
    (
        r"TABLE_OR_VIEW_NOT_FOUND|Table with name",
        "a table is missing",
        "add it, as OMOP CDM 5.3 or 5.4 has it",
    ),
    (
        r"Conversion Error|CAST_INVALID_INPUT|Out of Range|ARITHMETIC_OVERFLOW|"
        r"NUMERIC_VALUE_OUT_OF|CAST_OVERFLOW|(date|timestamp) too (large|small)",
        "a value cannot be read as what its column holds",
        "mend the value in the source",
    ),
    (
        r"Answer from Java side is empty|Error while receiving|Connection refused|"
        r"Connection reset|SparkContext was shut down|stopped SparkContext",
        "Spark stopped half-way",
        "run it again, with more --memory if it was short of it",
    ),
)
_ENGINES = ("duckdb", "_duckdb", "psycopg", "pyspark", "py4j", "pyarrow")


@contextmanager
def speaking(source: str, table: str = "") -> Iterator[None]:
    """Turn faults of an engine into `UnusableInput`.

    Args:
        source: what to call the warehouse; without a password.
        table: which table was read, if one.

    Raises:
        UnusableInput: the fault is one that people can mend.
    """
    try:
        yield
    except UnusableInput:
        raise
    except Exception as error:
        told = translated(error, source, table)
        if told is None:
            raise
        raise told from error


def translated(error: Exception, source: str, table: str = "") -> UnusableInput | None:
    """Say a fault plainly, or give None where it is a defect of ours."""
    where = f"{source}, table {table}" if table else source
    state = getattr(error, "sqlstate", None)
    said = _by_state(state) if isinstance(state, str) else None
    if said is None and _lost(error):
        said = _STATES["08"]
    if said is None and (_of_engine(error) or isinstance(error, OSError)):
        said = next(
            (
                (what, todo)
                for words, what, todo in _SAYINGS
                if re.search(words, str(error), re.IGNORECASE)
            ),
            None,
        )
    return UnusableInput(said[0], where, _line(error), said[1]) if said else None


def not_connected(error: Exception, source: str) -> UnusableInput:
    """Say why a server could not be reached.

    Args:
        error: of psycopg; what libpq says has no password in it.
        source: the address, without a password.
    """
    said = str(error)
    if re.search(
        r"password authentication|no password supplied|role .* does not|"
        r"authentication failed|no pg_hba",
        said,
    ):
        what, todo = _STATES["28"]
    elif re.search(r"database .* does not exist", said):
        what, todo = _STATES["3D"]
    elif re.search(r"resolve host|Name or service|nodename|getaddrinfo", said):
        what, todo = "there is no such host", "check the name of the host"
    elif re.search(r"permission denied for database", said):
        what, todo = "the role may not connect to this database", "ask its owner for CONNECT"
    else:
        what = "the server cannot be reached"
        todo = "check host and port, and that the server is up and lets this machine in"
    return UnusableInput(what, source, _line(error), todo)


def _by_state(state: str) -> tuple[str, str] | None:
    fits = [prefix for prefix in _STATES if state.startswith(prefix)]
    return _STATES[max(fits, key=len)] if fits else None


def _lost(error: Exception) -> bool:
    """Whether psycopg says, without a code, that the server is gone."""
    return _of_engine(error) and bool(
        re.search(
            r"server closed the connection|connection (is )?(closed|lost|to server)|SSL SYSCALL|"
            r"consuming input failed|no connection to the server",
            str(error),
        )
    )


def _of_engine(error: BaseException) -> bool:
    return any(kind.__module__.split(".")[0] in _ENGINES for kind in type(error).__mro__)


def _line(error: Exception) -> str:
    """The line that says why, without what only programmers read."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()] or [""]
    causes = [line.removeprefix("Caused by: ") for line in lines if line.startswith("Caused by: ")]
    line = causes[-1] if causes else lines[0]
    line = re.sub(r"\s*SQLSTATE: \w+.*|^[\w.]*(?:Exception|Error): |^\[[\w.]+\] ", "", line)
    return line[:300].rstrip(". ")
