"""Writing a vocabulary: everything is put down as it comes, then merged, numbered and hashed."""

import contextlib
import json
import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

from gradatim.core.codes import normalised
from gradatim.core.errors import UnusableInput
from gradatim.vocabulary.concepts import Code, Held, Link, Source
from gradatim.vocabulary.stores import layout
from gradatim.vocabulary.stores.reading import is_vocabulary

_STAGING = """
PRAGMA temp_store = FILE;
CREATE TEMP TABLE staged_concept (system, code, name, active, placed, whole);
CREATE TEMP TABLE staged_link (system, code, kind, to_system, to_code);
"""
_ENDS = """
INSERT INTO staged_concept SELECT DISTINCT system, code, '', NULL, 0, 0 FROM staged_link;
INSERT INTO staged_concept SELECT DISTINCT to_system, to_code, '', NULL, 0, 0 FROM staged_link;
"""
_MERGE = """
INSERT INTO system (name) SELECT DISTINCT system FROM staged_concept ORDER BY system;
INSERT INTO concept (system, code, name, active, placed, whole)
    SELECT system.id, code, coalesce(min(nullif(staged.name, '')), ''),
           coalesce(max(active), 1), max(placed), max(whole)
    FROM staged_concept AS staged JOIN system ON system.name = staged.system
    GROUP BY system.id, code ORDER BY system.id, code;
"""
_LINKS = """
INSERT OR IGNORE INTO link
    SELECT source.id, kind, target.id
    FROM staged_link AS staged
    JOIN system AS of_source ON of_source.name = staged.system
    JOIN concept AS source ON source.system = of_source.id AND source.code = staged.code
    JOIN system AS of_target ON of_target.name = staged.to_system
    JOIN concept AS target ON target.system = of_target.id AND target.code = staged.to_code
    WHERE source.id <> target.id
    ORDER BY 1, 2, 3;
"""
# A place is known only where everything above is held: without its edition, an extension has none.
_DISPLACE = """
UPDATE concept SET placed = 0 WHERE placed AND id IN (
    SELECT link.source FROM link JOIN concept AS below ON below.id = link.source
    JOIN concept AS above ON above.id = link.target
    WHERE link.kind = ? AND above.system = below.system AND above.active AND NOT above.placed)
"""
_AT_ONCE = 50_000


class Writer:
    """Puts concepts and links into a new vocabulary; `finish` makes it one.

    The same concept may come several times: the name first in the alphabet stays, and what one
    source knows of it holds.

    Args:
        database: an empty database.
    """

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        self._sources: set[Source] = set()
        database.executescript(layout.TABLES + _STAGING)

    def source(self, source: Source) -> None:
        """Say where the concepts came from."""
        self._sources.add(source)

    def concepts(self, held: Iterable[Held]) -> None:
        """Put concepts down."""
        self._put("INSERT INTO staged_concept VALUES (?, ?, ?, ?, ?, ?)", map(_row, held))

    def links(self, kind: Link, pairs: Iterable[tuple[Code, Code]]) -> None:
        """Put links of one kind down; their ends need not have been put down as concepts."""
        self._put(
            "INSERT INTO staged_link VALUES (?, ?, ?, ?, ?)",
            (
                (source[0], normalised(*source), int(kind), target[0], normalised(*target))
                for source, target in pairs
            ),
        )

    def _put(self, statement: str, rows: Iterable[tuple[object, ...]]) -> None:
        rows = iter(rows)
        while some := list(islice(rows, _AT_ONCE)):
            self._database.executemany(statement, some)

    def finish(self) -> None:
        """Merge, number and hash what was put down."""
        for script in (_ENDS, _MERGE, layout.INDEX, _LINKS):
            self._database.executescript(script)
        while self._database.execute(_DISPLACE, (int(Link.IS_A),)).rowcount:
            pass
        self._database.executescript("DROP TABLE staged_concept; DROP TABLE staged_link")
        rows = {
            "sha256": layout.content_hash(self._database),
            "counts": json.dumps(dict(layout.concept_counts(self._database))),
            "sources": json.dumps(sorted(self._sources)),
        }
        self._database.executemany("INSERT INTO metadata VALUES (?, ?)", rows.items())
        self._database.execute(f"PRAGMA application_id = {layout.APPLICATION_ID}")
        self._database.execute(f"PRAGMA user_version = {layout.VERSION}")
        self._database.commit()


@contextmanager
def in_memory() -> Iterator[tuple[Writer, sqlite3.Connection]]:
    """Write a vocabulary that is held in memory; it can be read when this is left."""
    database = sqlite3.connect(":memory:", check_same_thread=False)
    writer = Writer(database)
    yield writer, database
    writer.finish()


def _row(held: Held) -> tuple[object, ...]:
    one = held.concept
    name = " ".join(one.name.split())
    return one.system, normalised(one.system, one.code), name, one.active, held.placed, held.whole


@contextmanager
def new_file(path: Path) -> Iterator[Writer]:
    """Write a vocabulary file so that it appears whole or not at all.

    Args:
        path: where. A vocabulary that is there already is replaced; any other file is not.

    Raises:
        UnusableInput: something else is there, or it cannot be written.
    """
    _may_replace(path)
    new = path.with_name(f".{path.name}.{os.getpid()}.new")
    try:
        with contextlib.closing(_fresh(new)) as database:
            writer = Writer(database)
            yield writer
            writer.finish()
        new.replace(path)
    except (OSError, sqlite3.OperationalError) as error:
        raise UnusableInput(
            "this file cannot be written",
            str(path),
            str(getattr(error, "strerror", None) or error),
            "give a place that can be written to and has room",
        ) from error
    finally:
        with contextlib.suppress(OSError):
            new.unlink(missing_ok=True)


def _fresh(path: Path) -> sqlite3.Connection:
    path.unlink(missing_ok=True)
    database = sqlite3.connect(path)
    database.executescript("PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;")
    database.execute("PRAGMA cache_size = -200000")  # 200 MB
    return database


def _may_replace(path: Path) -> None:
    if path.is_dir():
        raise UnusableInput(
            "this is a folder", str(path), todo="give the name of the file to write"
        )
    if path.exists() and path.stat().st_size and not is_vocabulary(path):
        raise UnusableInput(
            "another file is there, and no vocabulary",
            str(path),
            "it is not overwritten",
            "give another name, or remove it",
        )
