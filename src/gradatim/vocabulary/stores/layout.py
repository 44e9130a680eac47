"""The layout of a vocabulary file, and the hash of what it holds.

Rows are numbered in the order of system and code, and links are ordered by these numbers, so that
the same content gives the same numbers and the same hash, in whatever order it was read.
"""

import hashlib
import sqlite3
from collections.abc import Mapping

APPLICATION_ID = 0x67725643
"""Says in the header of an SQLite file that it is a vocabulary of this program."""
VERSION = 1
"""Of the layout; a file of a newer one is refused."""
TABLES = """
CREATE TABLE metadata (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE system (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
CREATE TABLE concept (
    id INTEGER PRIMARY KEY, system INTEGER NOT NULL REFERENCES system, code TEXT NOT NULL,
    name TEXT NOT NULL, active INTEGER NOT NULL, placed INTEGER NOT NULL, whole INTEGER NOT NULL
);
CREATE TABLE link (
    source INTEGER NOT NULL REFERENCES concept, kind INTEGER NOT NULL,
    target INTEGER NOT NULL REFERENCES concept, PRIMARY KEY (source, kind, target)
) WITHOUT ROWID;
"""
INDEX = "CREATE UNIQUE INDEX concept_by_code ON concept (code, system)"
_CONTENT = (
    "SELECT id, name FROM system ORDER BY id",
    "SELECT system, code, name, active, placed, whole FROM concept ORDER BY id",
    "SELECT source, kind, target FROM link ORDER BY source, kind, target",
)


def content_hash(database: sqlite3.Connection) -> str:
    """Return the SHA-256 of the systems, concepts and links that a vocabulary holds.

    Each row is hashed as its values, separated by tabs and ended by a line feed; a line with
    `--` follows each of the three tables.
    """
    digest = hashlib.sha256()
    for query in _CONTENT:
        rows = database.execute(query)
        while some := rows.fetchmany(10_000):
            digest.update("".join("\t".join(map(str, row)) + "\n" for row in some).encode())
        digest.update(b"--\n")
    return digest.hexdigest()


def concept_counts(database: sqlite3.Connection) -> Mapping[str, int]:
    """Return how many concepts of each system a vocabulary holds."""
    return dict(
        database.execute(
            "SELECT system.name, count(*) FROM concept JOIN system ON system.id = concept.system "
            "GROUP BY system.name ORDER BY system.name"
        )
    )
