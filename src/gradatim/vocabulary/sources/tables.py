"""Tables of a release: found by name, opened in DuckDB as text, with one message for what is wrong.

Releases have tens of millions of rows, so that DuckDB reads them, in little memory.
"""

import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import duckdb

from gradatim.core.errors import UnusableInput

_AT_ONCE = 50_000
_MEMORY = "2GB"
BAD_DATA = (duckdb.InvalidInputException, duckdb.ConversionException, duckdb.IOException)
"""What DuckDB raises of data that are wrong, and not of a query that is."""


@contextmanager
def working_database() -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a database for work, in a temporary folder, which keeps to 2 GB of memory."""
    with tempfile.TemporaryDirectory(prefix="gradatim-vocabulary-") as folder:
        settings = {"memory_limit": _MEMORY, "temp_directory": f"{folder}/spill"}
        with duckdb.connect(f"{folder}/work.duckdb", config=settings) as database:
            database.execute("SET preserve_insertion_order = false")
            yield database


def rows(database: duckdb.DuckDBPyConnection, query: str) -> Iterator[tuple[Any, ...]]:
    """Return the rows of a query, some at a time."""
    cursor = database.cursor()
    cursor.execute(query)
    while some := cursor.fetchmany(_AT_ONCE):
        yield from some


class Delimited:
    """How the text files of a release are written.

    Args:
        delimiter: between cells.
        names: of the columns, where the files have no header.
        quote: what cells may be quoted by; most releases quote nothing.
    """

    def __init__(self, delimiter: str, names: Sequence[str] = (), quote: str = "") -> None:
        self.delimiter, self.names, self.quote = delimiter, tuple(names), quote


def open_table(
    database: duckdb.DuckDBPyConnection,
    name: str,
    path: Path,
    written: Delimited,
    needed: Sequence[str],
) -> None:
    """Make a view of a file, CSV or Parquet, every cell text.

    Args:
        database: the working database.
        name: of the view.
        path: the file, or for Parquet a folder of parts.
        written: how a text file is written.
        needed: columns that it must have, in any case.

    Raises:
        UnusableInput: it cannot be read, or columns are missing.
    """
    source, arguments = _source(path, written)
    try:
        columns = [
            row[0] for row in database.execute(f"DESCRIBE FROM {source}", arguments).fetchall()
        ]
    except BAD_DATA as error:
        raise unreadable(path, error) from error
    missing = sorted(set(needed) - {one.lower() for one in columns})
    if missing:
        raise UnusableInput(
            f"there is no column {', '.join(missing)}",
            str(path),
            f"there are {', '.join(columns[:20]) or 'none'}",
            "give the release as its publisher wrote it",
        )
    cells = ", ".join(f'CAST("{one}" AS VARCHAR) AS "{one.lower()}"' for one in columns)
    literal = source
    for value in arguments:
        literal = literal.replace("?", "'" + str(value).replace("'", "''") + "'", 1)
    database.execute(f"CREATE VIEW {name} AS SELECT {cells} FROM {literal}")


def _source(path: Path, written: Delimited) -> tuple[str, list[str]]:
    if path.is_dir():
        return "read_parquet(?)", [f"{path}/*.parquet"]
    if path.suffix == ".parquet":
        return "read_parquet(?)", [str(path)]
    named = (
        "header = false, names = [" + ", ".join(f"'{one}'" for one in written.names) + "]"
        if written.names
        else "header = true"
    )
    options = (
        f"delim = '{written.delimiter}', {named}, all_varchar = true, quote = '{written.quote}'"
    )
    return f"read_csv(?, {options}, escape = '{written.quote}', strict_mode = true)", [str(path)]


_LINE = re.compile(r"Line: (\d+)")


def unreadable(path: Path | str, error: Exception) -> UnusableInput:
    """Return what to say of a table that cannot be read: where, and why in a line."""
    text = str(error)
    line = _LINE.search(text)
    why = re.sub(r"^.*?Error: ", "", text.splitlines()[0]) if text else ""
    where = f"{path}, line {line[1]}" if line else str(path)
    return UnusableInput(
        "this table cannot be read", where, why, "give the release as its publisher wrote it"
    )


def named(folder: Path, names: Sequence[str], suffixes: Sequence[str]) -> Mapping[str, Path]:
    """Find the tables of a folder by name, in any case; what is not there is left out."""
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        base, dot, suffix = path.name.lower().partition(".")
        wanted = (not dot and path.is_dir()) or f".{suffix}" in suffixes
        if base in names and wanted:
            found.setdefault(base, path)
    return found


def delimiter_of(path: Path) -> str:
    """Return what stands between the cells of a text file: a tab if its first line has one."""
    with path.open("rb") as file:
        head = file.readline()
    return "\t" if b"\t" in head else ","
