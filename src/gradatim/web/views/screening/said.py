"""The eligibility sheet's texts in the language of the page, the protocol's words beside them."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from gradatim.protocol.eligibility import EligibilityCriterion
from gradatim.reports.eligibility import Line, Needed
from gradatim.reports.eligibility import Record as Recorded
from gradatim.web.phrases.saying import Said, Speaker


class Words(NamedTuple):
    """Words of the protocol: as they stand there, and in the language of the page if they are."""

    original: str
    said: str | None


class Record(NamedTuple):
    """One fact as the page shows it."""

    what: str
    value: Said
    when: Said
    limits: Said
    id: str


class SaidLine(NamedTuple):
    """What one criterion says of the person."""

    text: Words
    reading: Words
    because: tuple[Said, ...]
    records: tuple[Record, ...]


def said_sheet(speaker: Speaker, sheet: Mapping[str, Any]) -> dict[str, Any]:
    """Give what the head of the sheet says."""
    needed: list[Needed] = sheet["needed"]
    return {
        "decides": speaker.sentences(f"{sheet['headline']} {sheet['next_words']}".strip()),
        "repeat": [speaker.label(label) for label in sheet["repeat"]],
        "needed": [one._replace(what=speaker.label(one.what)) for one in needed],
    }


def said_line(speaker: Speaker, line: Line) -> SaidLine:
    """Give what a criterion's line says."""
    criterion, known = line.finding.criterion, speaker.translation
    text = known.text(criterion) if known else None
    return SaidLine(
        Words(criterion.text, text),
        Words(line.reading, _reading(speaker, criterion, line)),
        tuple(speaker.clauses(clause) for clause in line.because),
        tuple(_record(speaker, record) for record in line.records),
    )


def _reading(speaker: Speaker, criterion: EligibilityCriterion, line: Line) -> str | None:
    used = line.finding.reading.name
    known = speaker.translation
    return known.reading(criterion, used, line.reading) if known else None


def _record(speaker: Speaker, record: Recorded) -> Record:
    return Record(
        speaker.label(record.what),
        speaker.phrase("result", record.value),
        speaker.phrase("when", record.when),
        speaker.phrase("limits", record.limits),
        record.id,
    )
