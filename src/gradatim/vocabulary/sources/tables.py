"""Tables of a release: found by name, opened in DuckDB as text, with one message for what is wrong.

Releases have tens of millions of rows, so that DuckDB reads them, in little memory.
"""

import gzip
import re
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
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
        settings: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": _MEMORY,
            "temp_directory": f"{folder}/spill",
        }
        with duckdb.connect(f"{folder}/work.duckdb", config=settings) as database:
            database.execute("SET preserve_insertion_order = false")
            yield database


def folder_of(folder: Path, names: Iterable[str]) -> Path | None:
    """Return the first folder, this one or one in it, with files of all these names; None: none.

    Args:
        folder: where to look.
        names: in small letters.
    """
    for one in (folder, *sorted(path for path in folder.rglob("*") if path.is_dir())):
        if {path.name.lower() for path in one.iterdir()}.issuperset(names):
            return one
    return None


def query_rows(database: duckdb.DuckDBPyConnection, query: str) -> Iterator[tuple[Any, ...]]:
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
    parquet = path.is_dir() or path.suffix == ".parquet"
    try:
        columns = _columns(database, path) if parquet else written.names or _header(path, written)
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
    source = _parquet(path) if parquet else _text(path, written, columns)
    database.execute(f"CREATE VIEW {name} AS SELECT {cells} FROM {source}")


def _parquet(path: Path) -> str:
    return f"read_parquet({_quoted(f'{path}/*.parquet' if path.is_dir() else str(path))})"


def _columns(database: duckdb.DuckDBPyConnection, path: Path) -> Sequence[str]:
    return [row[0] for row in database.execute(f"DESCRIBE FROM {_parquet(path)}").fetchall()]


def _header(path: Path, written: Delimited) -> Sequence[str]:
    cells = first_line(path).lstrip("\ufeff").rstrip("\r\n").split(written.delimiter)
    return [cell.strip().strip('"') for cell in cells if cell.strip()]


def _text(path: Path, written: Delimited, columns: Sequence[str]) -> str:
    """Return the call that reads a text file; nothing is guessed, so that faults have a line."""
    typed = ", ".join(f"{_quoted(one)}: 'VARCHAR'" for one in columns)
    return (
        f"read_csv({_quoted(str(path))}, delim = '{written.delimiter}', quote = '{written.quote}', "
        f"escape = '{written.quote}', header = {not written.names}, auto_detect = false, "
        f"strict_mode = true, columns = {{{typed}}})"
    )


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def first_line(path: Path) -> str:
    """Return the first line of a text file, which may be packed by gzip."""
    opened = gzip.open if path.suffix == ".gz" else open
    try:
        with opened(path, "rt", encoding="utf-8", errors="replace") as file:
            return str(file.readline())
    except (OSError, EOFError) as error:
        raise unreadable(path, error) from error


_LINE = re.compile(r"Line: (\d+)")
_FILE = re.compile(r"^  file = (.+)$", re.MULTILINE)
_CELLS = re.compile(r"Expected Number of Columns: (\d+) Found: (\d+)")


def unreadable(path: Path | str, error: Exception) -> UnusableInput:
    """Return what to say of a table that cannot be read: where, and why in a line."""
    text = str(error)
    line, file, cells = _LINE.search(text), _FILE.search(text), _CELLS.search(text)
    where = f"{file[1] if file else path}{f', line {line[1]}' if line else ''}"
    why = re.sub(r"^.*?Error: ", "", text.splitlines()[0]) if text else ""
    if cells:
        why = f"there are {cells[2]} cells, not {cells[1]}"
    elif "not utf-8 encoded" in text:
        why = "it is not UTF-8"
    todo = "give the release as its publisher wrote it"
    return UnusableInput("this table cannot be read", where, why, todo)


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
    return "\t" if "\t" in first_line(path) else ","
