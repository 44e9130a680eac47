"""A release of RxNorm in its Rich Release Format (RRF): drugs, what they are made of, ATC and NDC.

A row of RXNREL says what the *second* concept is to the first: `RXCUI1|..|RXCUI2|..|has_ingredient`
means that the second has the first as ingredient.

Source: NLM, RxNorm Technical Documentation, sections 12 (files) and appendices 1 and 5.
"""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import duckdb

from gradatim.core.codes import NDC
from gradatim.core.errors import UnusableInput
from gradatim.vocabulary.concepts import Code, Concept, Held, Link, Source
from gradatim.vocabulary.sources import atc, tables
from gradatim.vocabulary.stores.writing import Writer

_COLUMNS = {
    "rxnconso": "rxcui lat ts lui stt sui ispref rxaui saui scui sdui sab tty code str srl "
    "suppress cvf rest",
    "rxnrel": "rxcui1 rxaui1 stype1 rel rxcui2 rxaui2 stype2 rela rui srui sab sl dir rg "
    "suppress cvf rest",
    "rxnsat": "rxcui lui sui rxaui stype code atui satui atn sab atv suppress cvf rest",
    "rxncui": "cui1 ver_start ver_end cardinality cui2 rest",
    "rxnatomarchive": "rxaui aui str archive_timestamp created_timestamp updated_timestamp code "
    "is_brand lat last_released saui vsab rxcui sab tty merged_to_rxcui rest",
}
_REQUIRED = ("rxnconso", "rxnrel")
_DRUGS = (
    *("IN", "PIN", "MIN", "BN", "SCD", "SBD", "SCDC", "SBDC", "SCDF", "SBDF", "SCDG", "SBDG"),
    *("SCDGP", "SBDFP", "SCDFP", "GPCK", "BPCK"),
)
_MADE_OF = {
    "has_ingredient": "ingredient_of",
    "has_ingredients": "ingredients_of",
    "has_precise_ingredient": "precise_ingredient_of",
    "consists_of": "constitutes",
    "tradename_of": "has_tradename",
    "contains": "contained_in",
    "form_of": "has_form",
    "isa": "inverse_isa",
    "has_part": "part_of",
    "quantified_form_of": "has_quantified_form",
}
"""What leads from a drug to what it is made of, and the same said the other way round."""


def recognise(folder: Path) -> Path | None:
    """Return where the tables of a release are; None: it is no release of RxNorm."""
    for one in (folder, folder / "rrf", folder / "RRF"):
        if one.is_dir() and tables.named(one, _REQUIRED, (".rrf",)):
            return one
    return None


def read_release(folder: Path, writer: Writer, tell: Callable[[str], None]) -> None:
    """Put a release of RxNorm into a vocabulary.

    Args:
        folder: with RXNCONSO and RXNREL; RXNSAT gives NDC, RXNCUI and RXNATOMARCHIVE retired codes.
        writer: where to.
        tell: told what is done.

    Raises:
        UnusableInput: a table is missing, damaged or empty.
    """
    found = tables.named(folder, tuple(_COLUMNS), (".rrf",))
    if missing := [one for one in _REQUIRED if one not in found]:
        raise UnusableInput(
            f"there is no {', '.join(missing).upper()}.RRF",
            str(folder),
            todo="give the folder rrf of a full or prescribable release, whole",
        )
    with tables.working_database() as database:
        for name, columns in _COLUMNS.items():
            if name in found:
                _checked(found[name], len(columns.split()))
                written = tables.Delimited("|", columns.split())
                tables.open_table(database, name, found[name], written, columns.split())
        try:
            tell("RxNorm: reading")
            _prepare(database, found)
            if not database.execute("SELECT count(*) FROM drugs").fetchall()[0][0]:
                raise UnusableInput(
                    "this release has no drugs",
                    str(found["rxnconso"]),
                    "no row has SAB RXNORM",
                    "give a full release",
                )
        except tables.BAD_DATA as error:
            raise tables.unreadable(folder, error) from error
        tell("RxNorm: writing")
        _put(database, writer)
    writer.source(Source(_release(folder), "RxNorm RRF", _release(folder)))


def _checked(path: Path, columns: int) -> None:
    """Look at the first row: of another layout, every cell would mean something else."""
    cells = tables.first_line(path).rstrip("\r\n").count("|") + 1
    if cells not in (1, columns):  # 1: it is empty
        raise UnusableInput(
            f"a row has {cells - 1} cells, not {columns - 1}",
            f"{path}, line 1",
            "it is of another version, or damaged",
            "give a release of NLM as it was unpacked",
        )


def _release(folder: Path) -> str:
    """Return the release by the name of its folder: RxNorm_full_01062025."""
    full = folder.resolve()
    return full.parent.name if full.name.lower() == "rrf" else full.name


def _prepare(database: duckdb.DuckDBPyConnection, found: Mapping[str, Path]) -> None:
    kinds = ", ".join(f"'{one}'" for one in _DRUGS)
    database.execute(
        "CREATE TABLE drugs AS SELECT rxcui, min(str) AS name, min(tty) AS tty, "
        "coalesce(bool_or(suppress IS DISTINCT FROM 'O'), true) AS active "
        f"FROM rxnconso WHERE sab = 'RXNORM' AND tty IN ({kinds}) GROUP BY rxcui"
    )
    up = ", ".join(f"'{one}'" for one in _MADE_OF)
    down = ", ".join(f"'{one}'" for one in _MADE_OF.values())
    database.execute(
        f"""CREATE TABLE made_of AS SELECT DISTINCT source, target FROM (
            SELECT rxcui2 AS source, rxcui1 AS target FROM rxnrel
            WHERE sab = 'RXNORM' AND rela IN ({up})
            UNION SELECT rxcui1, rxcui2 FROM rxnrel WHERE sab = 'RXNORM' AND rela IN ({down}))
        WHERE source <> target AND source IN (SELECT rxcui FROM drugs)
            AND target IN (SELECT rxcui FROM drugs)"""
    )
    retired = []
    if "rxncui" in found:
        retired.append("SELECT cui1 AS old, cui2 AS new FROM rxncui")
    if "rxnatomarchive" in found:
        retired.append("SELECT rxcui, merged_to_rxcui FROM rxnatomarchive")
    database.execute(
        "CREATE TABLE retired AS SELECT DISTINCT old, new, count(DISTINCT new) OVER "
        f"(PARTITION BY old) AS targets FROM ({' UNION '.join(retired)}) WHERE old <> new "
        "AND new <> '' AND old NOT IN (SELECT rxcui FROM drugs WHERE active)"
        if retired
        else "CREATE TABLE retired (old VARCHAR, new VARCHAR, targets INTEGER)"
    )
    if "rxnsat" not in found:
        database.execute(
            "CREATE TABLE rxnsat (rxcui VARCHAR, atn VARCHAR, atv VARCHAR, sab VARCHAR)"
        )


_CONCEPTS = """
SELECT rxcui, name, active, active AND (tty = 'IN' OR rxcui IN (SELECT source FROM made_of))
FROM drugs
"""
_ATC_NAMES = "SELECT code, min(str) FROM rxnconso WHERE sab = 'ATC' GROUP BY code"
_ATC = """
SELECT DISTINCT rxcui, code FROM rxnconso
WHERE sab = 'ATC' AND length(code) = 7 AND rxcui IN (SELECT rxcui FROM drugs)
"""
_NDC = """
SELECT DISTINCT atv, rxcui FROM rxnsat WHERE atn = 'NDC' AND sab = 'RXNORM' AND atv <> ''
    AND rxcui IN (SELECT rxcui FROM drugs)
"""


def _put(database: duckdb.DuckDBPyConnection, writer: Writer) -> None:
    writer.concepts(
        Held(Concept("rxnorm", *row[:3]), placed=row[3])
        for row in tables.query_rows(database, _CONCEPTS)
    )
    writer.concepts(Held(Concept("atc", *row)) for row in tables.query_rows(database, _ATC_NAMES))
    atc.hierarchy(writer, (code for code, _ in tables.query_rows(database, _ATC_NAMES)))
    rows = tables.query_rows(database, _ATC)
    atc.substances(writer, ((("rxnorm", rxcui), code) for rxcui, code in rows))
    writer.links(Link.MADE_OF, _pairs(database, "SELECT source, target FROM made_of"))
    writer.links(Link.IS_A, _pairs(database, _NDC, NDC))
    writer.concepts(
        Held(Concept("rxnorm", old, "retired", active=False))
        for (old,) in tables.query_rows(
            database,
            "SELECT DISTINCT old FROM retired WHERE old NOT IN (SELECT rxcui FROM drugs)",
        )
    )
    for link, which in ((Link.REPLACED_BY, "targets = 1"), (Link.MAY_BE, "targets > 1")):
        writer.links(link, _pairs(database, f"SELECT old, new FROM retired WHERE {which}"))


def _pairs(
    database: duckdb.DuckDBPyConnection, query: str, system: str = "rxnorm"
) -> Iterator[tuple[Code, Code]]:
    for source, target in tables.query_rows(database, query):
        yield (system, source), ("rxnorm", target)
