"""A vocabulary folder of OMOP, as Athena gives it or as a site keeps it, whole or a part.

`concept_ancestor` holds every pair of an ancestor and a descendant. Kept are those pairs that no
concept between the two explains, so that what a part of a release lacks in between costs nothing.

Source: OHDSI, OMOP Common Data Model 5.4, "Vocabulary tables"; Book of OHDSI, chapter 5.
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import duckdb

from gradatim.core.codes import OMOP_VOCABULARIES, omop_system
from gradatim.core.errors import UnusableInput
from gradatim.vocabulary.concepts import Concept, Held, Source
from gradatim.vocabulary.sources import atc, omop_links, tables
from gradatim.vocabulary.stores.writing import Writer

_NEEDED = {
    "concept": (
        *("concept_id", "concept_name", "vocabulary_id", "concept_class_id"),
        *("standard_concept", "concept_code", "invalid_reason"),
    ),
    "concept_relationship": (
        "concept_id_1",
        "concept_id_2",
        "relationship_id",
        "invalid_reason",
    ),
    "concept_ancestor": (
        "ancestor_concept_id",
        "descendant_concept_id",
        "min_levels_of_separation",
    ),
    "vocabulary": ("vocabulary_id", "vocabulary_version"),
}
_SUFFIXES = (".csv", ".csv.gz", ".tsv", ".parquet")
_IDS = {
    "concept": ("concept_id",),
    "concept_relationship": ("concept_id_1", "concept_id_2"),
    "concept_ancestor": ("ancestor_concept_id", "descendant_concept_id"),
}
Tell = Callable[[str], None]


def recognise(folder: Path) -> bool:
    """Whether a folder holds, or means to hold, the vocabulary tables of OMOP."""
    found = tables.named(folder, tuple(_NEEDED), _SUFFIXES)
    return "concept" in found or len(found.keys() - {"vocabulary"}) > 1


def read_release(folder: Path, writer: Writer, tell: Tell) -> list[str]:
    """Put a vocabulary folder of OMOP into a vocabulary.

    Args:
        folder: with CONCEPT, CONCEPT_RELATIONSHIP and CONCEPT_ANCESTOR as tab-separated text or
            Parquet; VOCABULARY gives the version.
        writer: where to.
        tell: told what is done, for a progress bar.

    Returns:
        What the user should know: systems that FHIR gives no name.

    Raises:
        UnusableInput: a table is missing, of another layout, damaged or empty.
    """
    found = tables.named(folder, tuple(_NEEDED), _SUFFIXES)
    if missing := [name for name in _IDS if name not in found]:
        raise UnusableInput(
            f"there is no table {', '.join(missing)}",
            str(folder),
            "a vocabulary of OMOP has concept, concept_relationship and concept_ancestor",
            "download it from Athena whole, or copy all three from the warehouse",
        )
    with tables.working_database() as database:
        for name, path in found.items():
            tables.open_table(database, name, path, _written(path), _NEEDED[name])
        try:
            tell(f"{folder.name}: concepts")
            _hold(database, found)
            omop_links.prepare_links(database, tell)
        except tables.BAD_DATA as error:
            raise tables.unreadable(folder, error) from error
        tell(f"{folder.name}: writing")
        writer.concepts(_concepts(database))
        omop_links.put(database, writer)
        atc.hierarchy(writer, _atc(database))
        writer.source(Source(folder.resolve().name, "OMOP vocabulary", _version(database, found)))
        return _unheard(database)


def _written(path: Path) -> tables.Delimited:
    if path.is_dir() or path.suffix == ".parquet":
        return tables.Delimited("\t")
    delimiter = tables.delimiter_of(path)
    return tables.Delimited(delimiter, quote="" if delimiter == "\t" else '"')


def _hold(database: duckdb.DuckDBPyConnection, found: Mapping[str, Path]) -> None:
    """Copy the concepts with their systems; refuse ids that are none, and an empty table."""
    for name, columns in _IDS.items():
        wrong = " OR ".join(f"try_cast({one} AS DOUBLE) IS NULL" for one in columns)
        row = database.execute(
            f"SELECT {', '.join(columns)} FROM {name} WHERE {wrong} LIMIT 1"
        ).fetchone()
        if row is not None:
            raise _no_id(found[name], dict(zip(columns, row, strict=True)))
    database.execute("CREATE TABLE systems (vocabulary_id VARCHAR, system VARCHAR)")
    known = database.execute("SELECT DISTINCT vocabulary_id FROM concept").fetchall()
    named = [(one, omop_system(one)) for (one,) in known if one and one not in _ABOUT_ITSELF]
    if not named:
        raise UnusableInput(
            "this table is empty", str(found["concept"]), todo="give a release that has concepts"
        )
    database.executemany("INSERT INTO systems VALUES (?, ?)", named)
    database.execute(_HOLD)


_ABOUT_ITSELF = ("None", "Vocabulary", "Relationship", "Concept Class", "Domain", "Metadata")
"""Vocabularies whose concepts are parts of the model."""
_HOLD = """
CREATE TABLE held AS
SELECT CAST(CAST(concept_id AS DOUBLE) AS BIGINT) AS id, system, trim(concept_code) AS code,
    coalesce(concept_name, '') AS name, vocabulary_id AS vocabulary, concept_class_id AS class,
    coalesce(standard_concept, '') AS standard,
    coalesce(invalid_reason, '') IN ('', 'false') AS active,
    vocabulary_id IN ('RxNorm', 'RxNorm Extension') AS is_drug
FROM concept JOIN systems USING (vocabulary_id) WHERE trim(concept_code) <> ''
"""


def _no_id(path: Path, ids: Mapping[str, str | None]) -> UnusableInput:
    column, cell = next((name, cell) for name, cell in ids.items() if not _is_number(cell))
    return UnusableInput(
        f"{column} is {cell!r}, which is no number" if cell else f"a {column} is empty",
        str(path) + _line_of(path, cell),
        todo="give the release as its publisher wrote it",
    )


def _is_number(cell: str | None) -> bool:
    try:
        float(cell or "")
        return True
    except ValueError:
        return False


def _line_of(path: Path, cell: str | None) -> str:
    """Find the line with a cell in a text file, for a message."""
    if path.is_dir() or path.suffix not in (".csv", ".tsv"):
        return ""
    delimiter = tables.delimiter_of(path)
    with path.open(encoding="utf-8", errors="replace") as file:
        for number, line in enumerate(file, start=1):
            if number > 1 and (cell or "") in line.rstrip("\r\n").split(delimiter):
                return f", line {number}"
    return ""


def _concepts(database: duckdb.DuckDBPyConnection) -> Iterator[Held]:
    for system, code, name, active, placed in tables.query_rows(database, _CONCEPTS):
        yield Held(Concept(system, code, name, active), placed=placed)


_CONCEPTS = """
SELECT system, code, name, active, coalesce(active AND standard = 'S' AND id IN (FROM in_hierarchy)
    AND (vocabulary = 'SNOMED' OR is_drug AND (class = 'Ingredient' OR id IN
        (SELECT source FROM pairs WHERE kind = 'made of'))), false) AS placed
FROM held
"""


def _atc(database: duckdb.DuckDBPyConnection) -> Iterator[str]:
    return (code for (code,) in tables.query_rows(database, _ATC))


_ATC = "SELECT code FROM held WHERE system = 'atc' AND active"


def _version(database: duckdb.DuckDBPyConnection, found: Mapping[str, Path]) -> str:
    if "vocabulary" not in found:
        return ""
    rows = database.execute(
        "SELECT vocabulary_id, vocabulary_version FROM vocabulary "
        "WHERE vocabulary_version <> '' AND vocabulary_id IN (SELECT vocabulary FROM held) "
        "OR vocabulary_id = 'None' ORDER BY vocabulary_id"
    ).fetchall()
    whole = dict(rows).get("None")
    shown = [version for name, version in rows if name in ("SNOMED", "RxNorm")]
    return str(whole or "; ".join(shown))


def _unheard(database: duckdb.DuckDBPyConnection) -> list[str]:
    found = database.execute("SELECT DISTINCT vocabulary FROM held ORDER BY 1").fetchall()
    names = [one for (one,) in found if one not in OMOP_VOCABULARIES]
    if not names:
        return []
    return [
        f"vocabularies that FHIR has no name for are kept as {omop_system('NAME')}: "
        f"{', '.join(names)}"
    ]
