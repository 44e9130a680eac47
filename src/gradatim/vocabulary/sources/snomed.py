"""A snapshot of SNOMED CT in Release Format 2 (RF2): an edition, or an extension beside it.

Source: SNOMED International, SNOMED CT Release File Specification; for the attributes, SNOMED CT
Editorial Guide; for what is used instead of an inactive concept, "Historical associations".
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import duckdb

from gradatim.core.errors import UnusableInput
from gradatim.vocabulary.concepts import Code, Concept, Held, Link, Source
from gradatim.vocabulary.sources import tables
from gradatim.vocabulary.stores.writing import Writer

_ROOT = "138875005"
_IS_A = "116680003"
_FULL_NAME = "900000000000003001"
_ATTRIBUTES = {
    "127489000": Link.HAS_INGREDIENT,  # has active ingredient
    "762949000": Link.HAS_INGREDIENT,  # has precise active ingredient
    "774160008": Link.HAS_INGREDIENT,  # contains clinical drug
    "246090004": Link.MAY_BE,  # associated finding
    "363589002": Link.MAY_BE,  # associated procedure
    "363702006": Link.MAY_BE,  # has focus
    "42752001": Link.MAY_BE,  # due to
    "255234002": Link.MAY_BE,  # after
    "371881003": Link.MAY_BE,  # during
    "726633004": Link.MAY_BE,  # temporally related to
    "47429007": Link.MAY_BE,  # associated with
}
_REPLACED_BY = ("900000000000526001", "900000000000527005")  # replaced by, same as
_ASSOCIATED = (
    *("900000000000523009", "900000000000524003", "900000000000528000", "900000000000530003"),
    *("1186924009", "1186921001"),
)
"""Possibly equivalent to, moved to, was a, alternative, partially equivalent to, possibly replaced
by."""
_FILES = {
    "concepts": "sct2_Concept_*Snapshot*.txt",
    "descriptions": "sct2_Description_*Snapshot*.txt",
    "relationships": "sct2_Relationship_*Snapshot*.txt",
    "associations": "der2_cRefset_*Association*Snapshot*.txt",
}
_NEEDED = {
    "concepts": ("id", "active"),
    "descriptions": ("conceptid", "active", "typeid", "languagecode", "term"),
    "relationships": ("sourceid", "destinationid", "typeid", "active"),
    "associations": ("referencedcomponentid", "targetcomponentid", "refsetid", "active"),
}


def recognise(folder: Path) -> bool:
    """Whether a folder holds files of a release of SNOMED CT, at any depth."""
    return next(folder.rglob("sct2_*"), None) is not None


def read_release(folder: Path, writer: Writer, tell: Callable[[str], None]) -> None:
    """Put a snapshot of SNOMED CT into a vocabulary.

    Args:
        folder: the release, or its folder Snapshot; full and delta files are left alone.
        writer: where to.
        tell: told what is done.

    Raises:
        UnusableInput: a file is missing, of another layout, damaged or empty.
    """
    found = {name: sorted(folder.rglob(pattern)) for name, pattern in _FILES.items()}
    if missing := [_FILES[one] for one in _NEEDED if not found[one] and one != "associations"]:
        raise UnusableInput(
            f"there is no {', '.join(missing)}",
            str(folder),
            "of a release in RF2 the snapshot is read",
            "give the release whole, or its folder Snapshot",
        )
    with tables.working_database() as database:
        for name, paths in found.items():
            _open(database, name, paths)
        try:
            tell("SNOMED CT: reading")
            database.execute(_PREPARE)
            if not database.execute("SELECT count(*) FROM concepts").fetchall()[0][0]:
                raise UnusableInput(
                    "this release has no concepts",
                    str(found["concepts"][0]),
                    todo="give a release that has",
                )
            tell("SNOMED CT: writing")
            _put(database, writer)
        except tables.BAD_DATA as error:
            raise tables.unreadable(folder, error) from error
    for path in found["concepts"]:
        writer.source(Source(path.stem, "SNOMED CT RF2", path.stem.rpartition("_")[2]))


def _open(database: duckdb.DuckDBPyConnection, name: str, paths: list[Path]) -> None:
    for number, path in enumerate(paths):
        tables.open_table(database, f"{name}{number}", path, tables.Delimited("\t"), _NEEDED[name])
    columns = ", ".join(_NEEDED[name])
    parts = [f"SELECT {columns} FROM {name}{number}" for number in range(len(paths))]
    empty = "SELECT " + ", ".join(f"'' AS {one}" for one in _NEEDED[name]) + " WHERE false"
    database.execute(f"CREATE VIEW {name} AS {' UNION ALL '.join(parts or [empty])}")


_PREPARE = f"""
CREATE TABLE names AS SELECT conceptid AS id,
    coalesce(min(term) FILTER (languagecode LIKE 'en%'), min(term)) AS name
FROM descriptions WHERE active = '1' AND typeid = '{_FULL_NAME}' GROUP BY conceptid;
CREATE TABLE related AS SELECT DISTINCT sourceid AS source, destinationid AS target, typeid AS type
FROM relationships
WHERE active = '1' AND typeid IN ({", ".join(f"'{one}'" for one in (_IS_A, *_ATTRIBUTES))});
CREATE TABLE instead AS SELECT DISTINCT referencedcomponentid AS source,
    targetcomponentid AS target, refsetid IN {_REPLACED_BY} AS exact,
    count(DISTINCT targetcomponentid) OVER (PARTITION BY referencedcomponentid) AS targets
FROM associations JOIN concepts ON id = referencedcomponentid AND concepts.active = '0'
WHERE associations.active = '1' AND refsetid IN {(*_REPLACED_BY, *_ASSOCIATED)}
"""
_CONCEPTS = f"""
SELECT id, coalesce(any_value(name), ''), bool_or(active = '1'),
    bool_or(active = '1') AND (id = '{_ROOT}'
        OR id IN (SELECT source FROM related WHERE type = '{_IS_A}'))
FROM concepts LEFT JOIN names USING (id) GROUP BY id
"""


def _put(database: duckdb.DuckDBPyConnection, writer: Writer) -> None:
    writer.concepts(
        Held(Concept("snomed", *row[:3]), placed=row[3])
        for row in tables.query_rows(database, _CONCEPTS)
    )
    kinds: Mapping[str, Link] = {_IS_A: Link.IS_A, **_ATTRIBUTES}
    for type_id, link in kinds.items():
        query = f"SELECT source, target FROM related WHERE type = '{type_id}'"
        writer.links(link, _pairs(database, query))
    exact = "exact AND targets = 1"
    for link, which in ((Link.REPLACED_BY, exact), (Link.MAY_BE, f"NOT ({exact})")):
        writer.links(link, _pairs(database, f"SELECT source, target FROM instead WHERE {which}"))


def _pairs(database: duckdb.DuckDBPyConnection, query: str) -> Iterator[tuple[Code, Code]]:
    for source, target in tables.query_rows(database, query):
        yield ("snomed", source), ("snomed", target)
