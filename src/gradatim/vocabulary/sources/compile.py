"""Compiling a vocabulary: each source is recognised by what is in it, and all go into one file."""

from collections.abc import Callable, Sequence
from pathlib import Path

from gradatim.core.errors import UnusableInput
from gradatim.vocabulary.sources import (
    fhir,
    icd10,
    meddra,
    omop,
    rxnorm,
    snomed,
    whodrug,
    whodrug_c3,
)
from gradatim.vocabulary.stores.writing import Writer, new_file

Tell = Callable[[str], None]
_WHAT = (
    "a vocabulary folder of OMOP, a release of RxNorm (RRF) or SNOMED CT (RF2), code systems and "
    "expanded value sets of FHIR (JSON), ICD-10 as published, MedDRA or WHODrug B3 as text files, "
    "or WHODrug C3 as CSV"
)


def build(sources: Sequence[Path], out: Path, tell: Tell) -> list[str]:
    """Compile sources into one vocabulary file, which appears whole or not at all.

    Args:
        sources: files and folders, in any order.
        out: the file to write.
        tell: told what is done, for a progress bar.

    Returns:
        What the user should know of the sources.

    Raises:
        UnusableInput: a source is not known, damaged or empty, or the file cannot be written.
    """
    notes: list[str] = []
    with new_file(out) as writer:
        for path in sources:
            notes += _read(path, writer, tell)
        tell("merging and numbering")
    return notes


def _read(path: Path, writer: Writer, tell: Tell) -> list[str]:
    if not path.exists():
        raise UnusableInput("this is not there", str(path), todo=f"give {_WHAT}")
    if path.is_file():
        notes = _read_file(path, writer, tell)
        if notes is None:
            why = "it is packed" if path.suffix in (".zip", ".gz") else "nothing in it is known"
            todo = "unpack it first" if why == "it is packed" else f"give {_WHAT}"
            raise UnusableInput("this is no source of a vocabulary", str(path), why, todo)
        return notes
    if omop.recognise(path):
        return omop.read_release(path, writer, tell)
    if (release := rxnorm.recognise(path)) is not None:
        rxnorm.read_release(release, writer, tell)
        return []
    if snomed.recognise(path):
        snomed.read_release(path, writer, tell)
        return []
    if (ascii_files := meddra.recognise(path)) is not None:
        tell("MedDRA")
        meddra.read_release(ascii_files, writer)
        return []
    if (text_files := whodrug.recognise(path)) is not None:
        tell("WHODrug")
        whodrug.read_release(text_files, writer)
        return []
    if (products := whodrug_c3.recognise(path)) is not None:
        tell("WHODrug")
        whodrug_c3.read_release(products, writer)
        return []
    return _read_files(path, writer, tell)


def _read_files(folder: Path, writer: Writer, tell: Tell) -> list[str]:
    """Read every file of a folder that is known; one at least must be."""
    notes: list[str] = []
    left: list[str] = []
    found = False
    for path in sorted(one for one in folder.rglob("*") if one.is_file()):
        said = _read_file(path, writer, tell)
        if said is None:
            left.append(path.name)
        else:
            found = True
            notes += said
    if not found:
        raise UnusableInput(
            "nothing in this folder is known" if left else "this folder is empty",
            str(folder),
            todo=f"give {_WHAT}",
        )
    if left:
        notes.append(f"{folder}: not read: {', '.join(left[:10])}{', ...' * (len(left) > 10)}")
    return notes


def _read_file(path: Path, writer: Writer, tell: Tell) -> list[str] | None:
    """Read a file; None: it is no source."""
    if path.suffix.lower() == ".json":
        tell(path.name)
        return [] if fhir.read_release(path, writer) else None
    if path.suffix.lower() in (".txt", ".csv", ".tsv", ".xml", ".claml") and icd10.recognise(path):
        tell(path.name)
        return icd10.read_release(path, writer)
    return None
