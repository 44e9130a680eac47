"""Read a FHIR bulk export folder (NDJSON): one Bundle for each Patient in it.

The folder is read twice: once for whose each line is, keeping only where the line stands, and once
for each person. So an export may be larger than memory.

Source: HL7 FHIR Bulk Data Access (Flat FHIR) 2.0, "File Request"; one resource a line.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import msgspec

from gradatim.core.errors import UnusableInput
from gradatim.evidence.facts import NotUsed

LONGEST_LINE = 25_000_000


class _Head(msgspec.Struct):
    """What says whose a resource is."""

    resourceType: Any = None  # noqa: N815 (FHIR's own names, here and below)
    id: Any = None
    subject: Any = None
    patient: Any = None
    individual: Any = None
    medicationReference: Any = None  # noqa: N815


class _Line(NamedTuple):
    path: Path
    offset: int
    length: int


@dataclass
class Export:
    """A bulk export: where each line stands, and whose it is.

    Args:
        read: number of lines that are not blank.
        not_used: lines that belong to nobody in the export, and why.
        people: the lines of each Patient, by reference (`Patient/p1`).
    """

    read: int = 0
    not_used: list[NotUsed] = field(default_factory=list)
    people: dict[str, list[_Line]] = field(default_factory=dict)

    def bundles(self) -> Iterator[dict[str, Any]]:
        """Give a Bundle for each Patient, in the order of the export.

        A Medication stands in the Bundle of every person with a record that names it.
        """
        for lines in self.people.values():
            yield _bundle(lines)


def ndjson(folder: str | Path) -> Export:
    """Find out whose each line of a bulk export is.

    Raises:
        UnusableInput: the folder cannot be read, or has no NDJSON files or no Patient.
    """
    paths = sorted(Path(folder).glob("*.ndjson"))
    if not paths:
        raise UnusableInput(
            "there is no bulk export here",
            str(folder),
            "it holds no *.ndjson files",
            "give the folder with Patient.ndjson in it",
        )
    index = _Index()
    for path in paths:
        try:
            for line, number, content in _lines(path):
                index.add(line, number, content)
        except OSError as error:
            raise UnusableInput(
                "this file cannot be read", str(path), str(error.strerror)
            ) from error
    if not index.export.people:
        raise UnusableInput(
            "there is no Patient in this bulk export",
            str(folder),
            todo="add Patient.ndjson to the folder",
        )
    return index.finish()


def _lines(path: Path) -> Iterator[tuple[_Line, int, bytes]]:
    with path.open("rb") as file:
        offset = 0
        for number, content in enumerate(file, 1):
            if content.strip():
                yield _Line(path, offset, len(content)), number, content
            offset += len(content)


class _Index:
    """Collects the lines; whose they are is known only when every Patient has been seen."""

    def __init__(self) -> None:
        self.export = Export()
        self._waiting: list[tuple[str, str, str, str, _Line]] = []
        self._medications: dict[str, _Line] = {}
        self._decoder = msgspec.json.Decoder(_Head)

    def add(self, line: _Line, number: int, content: bytes) -> None:
        """Note one line."""
        self.export.read += 1
        place = f"{line.path.name}:{number}"
        head = self._head(content)
        if isinstance(head, str):
            self.export.not_used.append(NotUsed(place, head))
            return
        kind, id_ = head.resourceType, head.id
        named_so = isinstance(kind, str) and isinstance(id_, str) and id_
        shown = f"{kind}/{id_}" if named_so else place
        if kind == "Patient":
            self.export.people.setdefault(shown, []).append(line)
        elif kind == "Medication" and shown != place and shown not in self._medications:
            self._medications[shown] = line
        else:
            named = (
                _reference(head.subject) or _reference(head.patient) or _reference(head.individual)
            )
            # A line without a type is its person's all the same: it may be anything.
            fault = "" if isinstance(kind, str) else "has no resourceType"
            drug = _reference(head.medicationReference)
            self._waiting.append((shown, named, drug, fault, line))

    def _head(self, content: bytes) -> _Head | str:
        if len(content) > LONGEST_LINE:
            return f"is longer than {LONGEST_LINE / 1e6:.0f} MB"
        try:
            msgspec.json.decode(content)
            head = self._decoder.decode(content)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            return f"is not a resource in JSON: {str(error)[:100]}"
        return head

    def finish(self) -> Export:
        """Give each waiting line to its person, and say of the rest why nobody has it."""
        people, not_used = self.export.people, self.export.not_used
        named_drugs: set[str] = set()
        holds: set[tuple[str, str]] = set()
        for shown, named, drug, fault, line in self._waiting:
            if named not in people:
                not_used.append(NotUsed(shown, fault or _nobody(named)))
                continue
            people[named].append(line)
            if drug in self._medications:
                named_drugs.add(drug)
                if (named, drug) not in holds:
                    holds.add((named, drug))
                    people[named].append(self._medications[drug])
        left = self._medications.keys() - named_drugs
        not_used += [NotUsed(one, "is named by no record of a person here") for one in sorted(left)]
        return self.export


def _nobody(named: str) -> str:
    return f"its {named[:80]} is not in this export" if named else "names no patient"


def _reference(value: Any) -> str:
    """Give the last two parts of a reference: type and id."""
    written = value.get("reference") if isinstance(value, dict) else None
    if not isinstance(written, str):
        return ""
    return "/".join(written.split("/_history/")[0].split("/")[-2:])


def _bundle(lines: list[_Line]) -> dict[str, Any]:
    entries = []
    files: dict[Path, BinaryIO] = {}
    try:
        for path, offset, length in lines:
            if path not in files:
                files[path] = path.open("rb")
            files[path].seek(offset)
            entries.append({"resource": msgspec.json.decode(files[path].read(length))})
    finally:
        for file in files.values():
            file.close()
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}
