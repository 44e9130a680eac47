"""Reading a vocabulary: a file opened for reading only, or one held in memory."""

import json
import re
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from gradatim.core.errors import UnusableInput
from gradatim.vocabulary.concepts import Code, Concept, Held, Link, Links, Source
from gradatim.vocabulary.stores import layout

_HELD = """
SELECT name, active, placed, whole FROM concept WHERE code = ? AND system = ?
"""
_LINKED = """
SELECT link.kind, target.system, target.code
FROM concept AS source JOIN link ON link.source = source.id
JOIN concept AS target ON target.id = link.target
WHERE source.code = ? AND source.system = ? ORDER BY link.kind, target.id
"""
_NAMED = """
SELECT code, name FROM concept WHERE system = ? AND active AND name LIKE ? ESCAPE '~'
ORDER BY name NOT LIKE ? ESCAPE '~', length(name), name LIMIT ?
"""
_BUILD = "build it anew with `gradatim vocabulary build`"


class Database:
    """A vocabulary in an SQLite database, as `vocabulary.concepts.Store`.

    Args:
        database: the open database.
        where: its file, for messages.
    """

    def __init__(self, database: sqlite3.Connection, where: str) -> None:
        self._database, self._where = database, where
        with self._told():
            metadata = dict(database.execute("SELECT key, value FROM metadata"))
            self._names = dict(database.execute("SELECT id, name FROM system"))
            self.sha256: str = metadata["sha256"]
            self.counts: Mapping[str, int] = json.loads(metadata["counts"])
            self.sources = tuple(Source(*one) for one in json.loads(metadata["sources"]))
        self._ids = {name: id for id, name in self._names.items()}

    def held(self, code: Code) -> Held | None:
        """Return a concept by its code; None: it is not known."""
        rows = self._ask(_HELD, code[1], self._ids.get(code[0]))
        for name, active, placed, whole in rows:
            return Held(Concept(*code, name, bool(active)), bool(placed), bool(whole))
        return None

    def named(self, system: str, text: str, most: int) -> tuple[Concept, ...]:
        """Return concepts in use whose names have a text in them; first those that begin so."""
        sought = re.sub("([~%_])", r"~\1", text)
        rows = self._ask(_NAMED, self._ids.get(system), f"%{sought}%", f"{sought}%", most)
        return tuple(Concept(system, code, name) for code, name in rows)

    def links(self, code: Code) -> Links:
        """Return what a concept is linked to."""
        found: dict[Link, tuple[Code, ...]] = {}
        for kind, system, target in self._ask(_LINKED, code[1], self._ids.get(code[0])):
            found[Link(kind)] = (*found.get(Link(kind), ()), (self._names[system], target))
        return found

    def verify(self) -> None:
        """Work the hash of what is held out anew.

        Raises:
            UnusableInput: it is another one than the file states.
        """
        with self._told():
            found = layout.content_hash(self._database)
        if found != self.sha256:
            raise _damaged(self._where, f"what it holds has the SHA-256 {found}, not {self.sha256}")

    def close(self) -> None:
        """Close the database."""
        self._database.close()

    def _ask(self, query: str, *values: object) -> list[tuple[Any, ...]]:
        with self._told():
            return self._database.execute(query, values).fetchall()

    @contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except (sqlite3.DatabaseError, KeyError, TypeError, ValueError) as error:
            raise _damaged(self._where, str(error)) from error


def open_file(path: str | Path) -> Database:
    """Open a vocabulary file for reading, however large it is, without reading it through.

    Raises:
        UnusableInput: it is missing, damaged, no vocabulary, or of a newer version.
    """
    path = Path(path)
    _checked(path)
    uri = f"{path.absolute().as_uri()}?mode=ro&immutable=1"
    return Database(sqlite3.connect(uri, uri=True, check_same_thread=False), str(path))


def is_vocabulary(path: Path) -> bool:
    """Whether a file says of itself that it is a vocabulary."""
    with path.open("rb") as file:
        head = file.read(100)
    return head.startswith(b"SQLite format 3\0") and _number(head, 68) == layout.APPLICATION_ID


def _number(head: bytes, at: int, size: int = 4) -> int:
    return int.from_bytes(head[at : at + size], "big")


def _checked(path: Path) -> None:
    try:
        foreign = not is_vocabulary(path)
        with path.open("rb") as file:
            head, size = file.read(100), path.stat().st_size
    except OSError as error:
        raise UnusableInput(
            "this vocabulary cannot be read",
            str(path),
            str(error.strerror or error),
            "give a file that `gradatim vocabulary build` wrote",
        ) from error
    if foreign:
        raise UnusableInput("this is no vocabulary file", str(path), todo=_BUILD)
    if (version := _number(head, 60)) > layout.VERSION:
        raise UnusableInput(
            f"this vocabulary has layout {version}",
            str(path),
            f"this version of gradatim reads layout {layout.VERSION}",
            _BUILD,
        )
    page = _number(head, 16, 2)
    if _number(head, 28) * (65_536 if page == 1 else page) != size:
        raise _damaged(str(path), f"it has {size} bytes, and its head says otherwise")


def _damaged(where: str, why: str) -> UnusableInput:
    return UnusableInput("this vocabulary is damaged", where, why, _BUILD)
