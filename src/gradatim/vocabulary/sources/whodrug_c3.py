"""WHODrug Global in the C3 format: products of the market, as comma-separated files.

Read are `MP.csv` (22 columns: of a record its number, and the drug record number, sequence numbers
1 and 2 and name of its drug), `ThG.csv` (5: the ATC codes of a record), and of what is there
`ATC.csv` (code, level, text) and `Version.csv`. No file has a header. The drug code, of 11 digits,
is that of the B3 format; what C3 tells besides (country, holder, form and strength of a product) is
not read, and neither are record numbers.

Source: Uppsala Monitoring Centre, "WHODrug Global: B3 and C3 formats", as two public readers of it
describe the columns. Of the text files with fixed positions, which UMC delivered before March 2026,
no public description was found: they are refused.
"""

from pathlib import Path

import duckdb

from gradatim.core.errors import UnusableInput
from gradatim.vocabulary.concepts import Concept, Held, Source
from gradatim.vocabulary.sources import tables, whodrug
from gradatim.vocabulary.stores.writing import Writer

_PRODUCTS, _CODES, _TEXTS, _RELEASE = "mp.csv", "thg.csv", "atc.csv", "version.csv"
_COLUMNS = {
    _PRODUCTS: "record product drug seq1 seq2 seq3 seq4 substance name specifier number authorised "
    "withdrawn country company holder reference source_country year type created changed",
    _CODES: "group_id atc created official record",
    _TEXTS: "atc level text",
    _RELEASE: "description short",
}
_IS_DRUG = (
    "regexp_full_match(drug, '[0-9]{6}') AND regexp_full_match(seq1, '[0-9]{2}') "
    "AND regexp_full_match(seq2, '[0-9]{3}') AND trim(coalesce(name, '')) <> ''"
)


def recognise(folder: Path) -> Path | None:
    """Return the folder of the C3 files, this one or one in it; None where it is none.

    Raises:
        UnusableInput: it holds C3 as text files, whose layout is not publicly described.
    """
    found = tables.folder_of(folder, (_PRODUCTS, _CODES))
    if found is None and (text := tables.folder_of(folder, ("mp.txt", "thg.txt"))):
        raise UnusableInput(
            "WHODrug C3 is not read as text files",
            str(text),
            "the positions of their fields are not publicly described",
            "give the C3 release as CSV, or the B3 release as text (DD.txt, DDA.txt, INA.txt)",
        )
    return found


def read_release(folder: Path, writer: Writer) -> None:
    """Put the drugs of a release down, with what each is a name of, and its ATC codes.

    Args:
        folder: as `recognise` gives it.
        writer: where to.

    Raises:
        UnusableInput: a file cannot be read, or a row is none of the format.
    """
    files = {path.name.lower(): path for path in folder.iterdir()}
    with tables.working_database() as database:
        for name, columns in _COLUMNS.items():
            if name in files:
                written = tables.Delimited(",", columns.split(), '"')
                view = name.removesuffix(".csv")
                tables.open_table(database, view, files[name], written, columns.split())
        try:
            _put(database, files, writer, folder.name)
        except tables.BAD_DATA as error:
            raise tables.unreadable(folder, error) from error


def _put(
    database: duckdb.DuckDBPyConnection, files: dict[str, Path], writer: Writer, folder: str
) -> None:
    database.execute(
        "CREATE TABLE products AS SELECT row_number() OVER () AS n, record, drug, seq1, seq2, "
        f"trim(name) AS name, coalesce({_IS_DRUG}, false) AS fits FROM mp"
    )
    refused = database.execute(
        "SELECT coalesce(record, ''), count(*) OVER () FROM products WHERE NOT fits LIMIT 1"
    ).fetchone()
    if refused:
        raise UnusableInput(
            "this row is no product of WHODrug C3",
            f"{files[_PRODUCTS]}, record {refused[0]!r}" if refused[0] else str(files[_PRODUCTS]),
            "columns 3 to 5 have 6, 2 and 3 digits, and column 9 a name",
            "give the release as its publisher wrote it",
        )
    version = (
        database.execute("SELECT description FROM version").fetchone()
        if (_RELEASE in files)
        else None
    )
    writer.source(Source(folder, "WHODrug C3", str(version[0] or "").strip() if version else ""))
    drugs = list(
        tables.query_rows(database, "SELECT DISTINCT drug || seq1 || seq2, name FROM products")
    )
    whodrug.put_drugs(drugs, writer)
    found: dict[str, set[str]] = {}
    for drug, code in tables.query_rows(
        database,
        "SELECT DISTINCT drug || seq1 || seq2, trim(thg.atc) FROM thg "
        "JOIN products ON products.record = thg.record WHERE trim(coalesce(thg.atc, '')) <> ''",
    ):
        found.setdefault(drug, set()).add(code)
    whodrug.put_classes(found, writer)
    if _TEXTS in files:
        texts = tables.query_rows(database, "SELECT trim(atc), trim(text) FROM atc")
        writer.concepts(Held(Concept("atc", code, text or "")) for code, text in texts if code)
