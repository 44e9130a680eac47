"""WHODrug Global in the B3 format: names of drugs, and the ATC codes that they have.

Lines are of fixed width. Of `DD.txt` are read the drug record number (6 characters), sequence
numbers 1 (2) and 2 (3), and from the 31st character the name; of `DDA.txt` the same numbers and
from the 13th character the ATC code (7); of `INA.txt` the ATC code (7) and from the 9th character
its text. A name is one of the substance or salt that has the sequence numbers 1 and 001, and that
of the preferred name 01, 001 of its record.

Source: Uppsala Monitoring Centre, "WHODrug Global: B3 and C3 formats", as readers of it describe
the positions.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path

from gradatim.core.errors import UnusableInput
from gradatim.vocabulary.concepts import WHODRUG, Code, Concept, Held, Link, Source
from gradatim.vocabulary.sources import atc, tables
from gradatim.vocabulary.stores.writing import Writer

_NAMES, _CODES, _TEXTS, _RELEASE = "dd.txt", "dda.txt", "ina.txt", "version.txt"
_NUMBER, _NAME_AT, _ATC_AT, _ATC_END, _TEXT_AT = 11, 30, 12, 19, 8


def recognise(folder: Path) -> Path | None:
    """Return the folder of the text files, this one or one in it; None where it is no WHODrug."""
    return tables.folder_of(folder, (_NAMES, _CODES))


def read_release(folder: Path, writer: Writer) -> None:
    """Put the drugs of a release down, with what each is a name of, and its ATC codes.

    Args:
        folder: as `recognise` gives it.
        writer: where to.

    Raises:
        UnusableInput: a file cannot be read, or a line is none of the format.
    """
    files = {path.name.lower(): path for path in folder.iterdir()}
    version = next(_lines(files[_RELEASE]), "") if _RELEASE in files else ""
    writer.source(Source(folder.name, "WHODrug B3", version.strip()))
    put_drugs(list(_drugs(files[_NAMES])), writer)
    _classes(files, writer)


def put_drugs(names: Sequence[tuple[str, str]], writer: Writer) -> None:
    """Put drugs down by code and name, each under its substance or salt and preferred name."""
    writer.concepts(Held(Concept(WHODRUG, code, name), placed=True) for code, name in names)
    known = {code for code, _ in names}
    writer.links(Link.IS_A, (pair for code in known for pair in _above(code, known)))


def _drugs(path: Path) -> Iterator[tuple[str, str]]:
    for number, line in enumerate(_lines(path), 1):
        code, name = line[:_NUMBER], line[_NAME_AT:].strip()
        if not (code.isdigit() and len(code) == _NUMBER and name):
            raise UnusableInput(
                "this line is no drug of WHODrug B3",
                f"{path}, line {number}",
                "it begins with 11 digits, and has a name from the 31st character on",
                "give the release as its publisher wrote it",
            )
        yield code, name


def _above(code: str, known: set[str]) -> Iterator[tuple[Code, Code]]:
    """Yield a name with its substance or salt, and that with the preferred name of its record."""
    salt, preferred = f"{code[:8]}001", f"{code[:6]}01001"
    above = salt if code != salt and salt in known else preferred
    if above != code and above in known:
        yield (WHODRUG, code), (WHODRUG, above)


def _classes(files: dict[str, Path], writer: Writer) -> None:
    found: dict[str, set[str]] = {}
    for line in _lines(files[_CODES]):
        code = line[_ATC_AT:_ATC_END].strip()
        if code:
            found.setdefault(line[:_NUMBER], set()).add(code)
    put_classes(found, writer)
    if _TEXTS in files:
        rows = ((line[:7].strip(), line[_TEXT_AT:].strip()) for line in _lines(files[_TEXTS]))
        writer.concepts(Held(Concept("atc", code, text)) for code, text in rows if code)


def put_classes(found: Mapping[str, Collection[str]], writer: Writer) -> None:
    """Put the ATC codes of drugs down: with one code a drug is that, with several one of them."""
    atc.hierarchy(writer, {code for codes in found.values() for code in codes})
    for kind, several in ((Link.IS_A, False), (Link.ONE_OF, True)):
        writer.links(
            kind,
            (
                ((WHODRUG, drug), ("atc", code))
                for drug, codes in found.items()
                if (len(codes) > 1) is several
                for code in codes
            ),
        )


def _lines(path: Path) -> Iterator[str]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise UnusableInput(
            "this file cannot be read",
            str(path),
            "it is not UTF-8" if isinstance(error, UnicodeDecodeError) else str(error.strerror),
            "give the release as its publisher wrote it",
        ) from error
    yield from (line for line in text.splitlines() if line.strip())
