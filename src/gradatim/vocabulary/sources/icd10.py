"""ICD-10 and its national modifications, and plain lists of codes: one row or element a code.

What is read: the order and the code file of ICD-10-CM and its tabular list in XML; ClaML, in which
WHO and national institutes publish; the `kodes` file of ICD-10-GM and of WHO's edition; and any
table with the columns code, name and perhaps system.

Source: CDC/NCHS, ICD-10-CM files; BfArM, ICD-10-GM "Metadaten"; EN 14463 (ClaML).
"""

import csv
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

from gradatim.core.codes import OMOP_VOCABULARIES, SYSTEMS, normalised, system_of
from gradatim.core.errors import UnusableInput
from gradatim.vocabulary.concepts import Code, Concept, Held, Link, Source
from gradatim.vocabulary.sources import atc
from gradatim.vocabulary.stores.writing import Writer


class _Row(NamedTuple):
    """One code of a list.

    Args:
        code: as it is written.
        name: its name.
        system: short name or URI.
        above: the code that it stands below, if the list says so.
    """

    code: str
    name: str
    system: str = "icd10"
    above: str = ""


_CODE = r"[A-Za-z]\d[0-9A-Za-z](?:\.?[0-9A-Za-z-]{1,4})?[+*!†]?"
_ORDER = re.compile(rf"\d{{5}} ({_CODE}) +([01]) (.{{60}})(.*)")
_CM_CODES = re.compile(rf"({_CODE})\s+(\S.*)")
_GM_CODE = re.compile(rf"{_CODE}|[A-Za-z]\d\d\.-")


def _order_row(line: str) -> _Row | None:
    found = _ORDER.fullmatch(line)
    return _Row(found[1], found[4].strip() or found[3].strip()) if found else None


def _code_row(line: str) -> _Row | None:
    found = _CM_CODES.fullmatch(line)
    return _Row(found[1], found[2].strip()) if found else None


def _german_row(line: str) -> _Row | None:
    """Return a row of a `kodes` file: its codes stand side by side, and then the name."""
    cells = line.split(";")
    codes = [n for n, cell in enumerate(cells[:9]) if n > 3 and _GM_CODE.fullmatch(cell)]
    if len(cells) < 9 or cells[0] not in "345" or len(codes) < 3:
        return None
    return _Row(cells[codes[-1]], cells[codes[-1] + 1].strip('"'))


_BY_LINE: Mapping[str, tuple[str, Callable[[str], _Row | None]]] = {
    "order": ("ICD-10-CM order file", _order_row),
    "german": ("ICD-10 code file", _german_row),
    "codes": ("ICD-10-CM code file", _code_row),
}


def recognise(path: Path) -> str:
    """Return the form of a list of codes, by its first line; empty where it is none.

    Args:
        path: a text or XML file.
    """
    try:
        with path.open(encoding="utf-8-sig", errors="replace") as file:
            head = [line.rstrip("\r\n") for _, line in zip(range(20), file, strict=False)]
    except OSError:
        return ""
    text = "\n".join(head)
    if "<ClaML" in text or "<ICD10CM" in text:
        return "xml"
    first = next((line for line in head if line.strip()), "")
    if {"code", "name"} <= set(_header(first)):
        return "table"
    return next((form for form, (_, row) in _BY_LINE.items() if row(first)), "")


def _header(line: str) -> list[str]:
    return [cell.strip().strip('"').lower() for cell in line.split(_delimiter(line))]


def _delimiter(line: str) -> str:
    return next((one for one in "\t;" if one in line), ",")


def read_release(path: Path, writer: Writer) -> list[str]:
    """Put a list of codes into a vocabulary.

    Args:
        path: the file, which `recognise` knows.
        writer: where to.

    Returns:
        What the user should know: systems that nobody has heard of.

    Raises:
        UnusableInput: a line or an element cannot be read, or there is none.
    """
    form = recognise(path)
    version = ""
    if form == "xml":
        kind, version, rows = _xml(path)
    elif form == "table":
        kind, rows = "list of codes", list(_table(path))
    else:
        kind, rows = _BY_LINE[form][0], list(_lines(path, _BY_LINE[form][1]))
    if not rows:
        raise UnusableInput("this list has no codes", str(path), todo="give one that has")
    writer.concepts(Held(Concept(one.system, one.code, one.name)) for one in rows)
    writer.links(Link.IS_A, _edges(rows))
    atc.hierarchy(writer, (normalised("atc", one.code) for one in rows if one.system == "atc"))
    writer.source(Source(path.name, kind, version))
    known = {*SYSTEMS.values(), *SYSTEMS, *OMOP_VOCABULARIES.values()}
    unheard = sorted({one.system for one in rows} - known)
    return (
        [f"{path.name}: code systems kept by their name: {', '.join(unheard)}"] if unheard else []
    )


def _edges(rows: Iterable[_Row]) -> Iterator[tuple[Code, Code]]:
    """Return the links that a list states, and those that the codes of ICD-10 show."""
    codes = {normalised("icd10", one.code) for one in rows if one.system == "icd10"}
    for one in rows:
        code = normalised(one.system, one.code)
        if one.above:
            yield (one.system, code), (one.system, one.above)
        if one.system == "icd10":
            shorter = (code[:size].rstrip(".") for size in range(len(code) - 1, 2, -1))
            if above := next((each for each in shorter if each in codes), ""):
                yield ("icd10", code), ("icd10", above)


def _lines(path: Path, row: Callable[[str], _Row | None]) -> Iterator[_Row]:
    for number, line in enumerate(_text(path), start=1):
        if not line.strip():
            continue
        found = row(line)
        if found is None:
            raise UnusableInput(
                f"this line is not like the first: {line[:60]!r}",
                f"{path}, line {number}",
                todo="give the file as its publisher wrote it",
            )
        yield found


def _text(path: Path) -> list[str]:
    try:
        return path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError:
        return path.read_text(encoding="cp1252", errors="replace").splitlines()


def _table(path: Path) -> Iterator[_Row]:
    lines = _text(path)
    start = next(n for n, line in enumerate(lines) if line.strip())
    columns = _header(lines[start])
    reader = csv.reader(lines[start + 1 :], delimiter=_delimiter(lines[start]))
    for cells in reader:
        if not "".join(cells).strip():
            continue
        row = dict(zip(columns, (cell.strip() for cell in cells), strict=False))
        if len(cells) != len(columns) or not row.get("code"):
            raise UnusableInput(
                f"this row has {len(cells)} cells, not {len(columns)}"
                if len(cells) != len(columns)
                else "this row has no code",
                f"{path}, line {start + 1 + reader.line_num}",
                todo="mend it; names that hold a comma stand in quotes",
            )
        system = row.get("system") or "icd10"
        yield _Row(row["code"], row["name"], OMOP_VOCABULARIES.get(system) or system_of(system))


def _xml(path: Path) -> tuple[str, str, list[_Row]]:
    """Return the form, the version and the codes of a ClaML file or of the tabular list of CM."""
    try:
        root = ElementTree.parse(path).getroot()
    except ElementTree.ParseError as error:
        raise UnusableInput(
            "this is not XML",
            f"{path}, line {error.position[0]}",
            str(error),
            "give the file as its publisher wrote it",
        ) from error
    if root.tag == "ClaML":
        title = root.find("Title")
        version = title.get("version", "") if title is not None else ""
        return "ClaML", version, list(_claml(root))
    return "ICD-10-CM tabular list", root.findtext("version", ""), list(_tabular(root))


def _claml(root: ElementTree.Element) -> Iterator[_Row]:
    for one in root.iter("Class"):
        labels = {
            rubric.get("kind"): " ".join("".join(label.itertext()).split())
            for rubric in one.findall("Rubric")
            if (label := rubric.find("Label")) is not None
        }
        above = one.find("SuperClass")
        name = labels.get("preferredLong") or labels.get("preferred") or ""
        yield _Row(
            one.get("code", ""), name, above=above.get("code", "") if above is not None else ""
        )


def _tabular(root: ElementTree.Element) -> Iterator[_Row]:
    for one in root.iter("diag"):
        yield _Row(one.findtext("name", ""), one.findtext("desc", ""))
