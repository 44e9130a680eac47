"""MedDRA as its ASCII files: terms of the lowest level up to the system organ classes.

Cells are parted by `$`. What is read: `llt.asc` and `pt.asc`, and of what is there `hlt.asc`,
`hlgt.asc`, `soc.asc`, `mdhier.asc` and `meddra_release.asc`. A term of the lowest level that is
called as its preferred term has its code, so the two are one concept.

Source: MedDRA MSSO, "MedDRA distribution file format document" (ASCII and consecutive files).
"""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

from gradatim.core.errors import UnusableInput
from gradatim.vocabulary.concepts import MEDDRA, Code, Concept, Held, Link, Source
from gradatim.vocabulary.sources import tables
from gradatim.vocabulary.stores.writing import Writer

_NEEDED = ("llt.asc", "pt.asc")
_NAMED = ("pt.asc", "hlt.asc", "hlgt.asc", "soc.asc")
_CURRENCY = 9
"""The cell of `llt.asc` that says whether a term may still be used: Y or N."""


def recognise(folder: Path) -> Path | None:
    """Return the folder of the ASCII files, this one or one in it; None where it is no MedDRA."""
    return tables.folder_of(folder, _NEEDED)


def read_release(folder: Path, writer: Writer) -> None:
    """Put the terms of a release down, with what stands above each.

    Args:
        folder: as `recognise` gives it.
        writer: where to.

    Raises:
        UnusableInput: a file cannot be read, or a row has too few cells.
    """
    files = {path.name.lower(): path for path in folder.iterdir()}
    writer.source(Source(folder.name, "MedDRA", _version(files)))
    for name in _NAMED:
        if name in files:
            writer.concepts(
                Held(Concept(MEDDRA, code, term), placed="mdhier.asc" in files)
                for code, term, *_ in _rows(files[name], 2)
            )
    terms = list(_rows(files["llt.asc"], 3))
    writer.concepts(
        Held(Concept(MEDDRA, code, term, _current(more)), placed="mdhier.asc" in files)
        for code, term, _pt, *more in terms
    )
    writer.links(Link.IS_A, (((MEDDRA, code), (MEDDRA, pt)) for code, _, pt, *_ in terms))
    if "mdhier.asc" in files:
        writer.links(Link.IS_A, _hierarchy(files["mdhier.asc"]))


def _current(more: list[str]) -> bool:
    at = _CURRENCY - 3
    return len(more) <= at or more[at].strip().upper() != "N"


def _hierarchy(path: Path) -> Iterator[tuple[Code, Code]]:
    """Yield each preferred term with its high level term, and so on up to the class."""
    for codes in _rows(path, 4):
        for below, above in pairwise(codes[:4]):
            yield (MEDDRA, below), (MEDDRA, above)


def _version(files: dict[str, Path]) -> str:
    """Return the version and language that a release states; empty where it states none."""
    path = files.get("meddra_release.asc")
    row = next(_rows(path, 1), []) if path else []
    return " ".join(cell.strip() for cell in row[:2] if cell.strip())


def _rows(path: Path, cells: int) -> Iterator[list[str]]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UnusableInput(
            "this file cannot be read",
            str(path),
            "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error.strerror),
            "give the release as its publisher wrote it",
        ) from error
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        row = [cell.strip() for cell in line.split("$")]
        if len(row) < cells or not row[0]:
            raise UnusableInput(
                f"a row has fewer than {cells} cells",
                f"{path}, line {number}",
                "cells are parted by $",
                "give the release as its publisher wrote it",
            )
        yield row
