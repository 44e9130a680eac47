"""The eligibility sheet's texts in the language of the page, the protocol's words beside them."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from gradatim.protocol.eligibility import EligibilityCriterion
from gradatim.reports.eligibility import Line, Needed
from gradatim.reports.eligibility import RecordLine as Recorded
from gradatim.reports.sentences import sentences
from gradatim.web.localiser import Localised, Localiser


class _Words(NamedTuple):
    """Words of the protocol: as they stand there, and in the language of the page if they are."""

    original: str
    said: str | None


class _RecordLine(NamedTuple):
    """One fact as the page shows it."""

    what: str
    value: Localised
    when: Localised
    limits: Localised
    id: str


class SaidLine(NamedTuple):
    """What one criterion says of the person."""

    text: _Words
    reading: _Words
    because: tuple[Localised, ...]
    records: tuple[_RecordLine, ...]


def said_sheet(says: Localiser, sheet: Mapping[str, Any]) -> dict[str, Any]:
    """Give what the head of the sheet says."""
    needed: list[Needed] = sheet["needed"]
    return {
        "decides": says.localise(sentences(sheet["headline"], sheet["next_words"])),
        "repeat": [says.label_words(label) for label in sheet["repeat"]],
        "needed": [one._replace(what=says.label_words(one.what)) for one in needed],
    }


def said_line(says: Localiser, line: Line) -> SaidLine:
    """Give what a criterion's line says."""
    criterion, known = line.finding.criterion, says.translation
    text = known.text(criterion) if known else None
    return SaidLine(
        _Words(criterion.text, text),
        _Words(line.reading, _reading(says, criterion, line)),
        tuple(says.localise(clause) for clause in line.because),
        tuple(_record(says, record) for record in line.records),
    )


def _reading(says: Localiser, criterion: EligibilityCriterion, line: Line) -> str | None:
    used = line.finding.reading.name
    known = says.translation
    return known.reading(criterion, used, line.reading) if known else None


def _record(says: Localiser, record: Recorded) -> _RecordLine:
    return _RecordLine(
        says.label_words(record.what),
        says.localise(record.value),
        says.localise(record.when),
        says.localise(record.limits),
        record.id,
    )
