"""Reads one row of measurements or observations."""

from gradatim.clinical import omop
from gradatim.core.dates import Day, completed_years, on
from gradatim.core.message import Text
from gradatim.core.quantity import Quantity
from gradatim.evidence.doubts import Doubt
from gradatim.evidence.facts import Fact, NotUsed
from gradatim.evidence.fhir.observation_values import Said, implausible
from gradatim.evidence.fhir.reader_context import OCCURRENCES
from gradatim.evidence.omop.concepts import MEASURED, Concepts, Meanings
from gradatim.evidence.omop.limits import in_unit
from gradatim.evidence.omop.options import Options, ReferenceRange
from gradatim.evidence.omop.person_rows import RecordRow
from gradatim.evidence.omop.read_people import born
from gradatim.evidence.omop.read_records import told_by
from gradatim.evidence.omop.tables import SourceTable


def facts_of_row(
    source: SourceTable, row: RecordRow, person: RecordRow, known: Concepts, options: Options
) -> list[Fact | NotUsed]:
    """Give the facts of a row, or why it gives none; nothing for one that is not asked about."""
    id = f"{source.name}/{row['id']}"
    meanings = known.meanings_of(source, *told_by(row))
    if not meanings:
        return []
    if row["start"] is None:
        return [NotUsed(id, "has no date")]
    said = said_by(source, row, known)
    for one in meanings:
        if why := implausible(said, known.elements[one.element]):
            return [NotUsed(id, str(why))]
    limits = _limits(row, said, meanings, person, known, options)
    measured = any(known.kind(one) in MEASURED for one in meanings)
    found = [
        _fact(one.element, id, on(row["start"]), said, limits, measured, known) for one in meanings
    ]
    facts = [one for one in found if one is not None]
    return [*facts] or [NotUsed(id, "has no value that answers")]


def said_by(source: SourceTable, row: RecordRow, known: Concepts) -> Said:
    """Give the number with its unit and bound, and the word, of a row.

    Where a concept means something only with its value, as a history does, that is what it says.
    """
    if row["result"] and known.with_value(source, row["concept"] or 0, row["result"]):
        return Said(None, "", "", "true")
    unit = known.unit(row["unit"], row["unit_text"])
    value = row["value"]
    word = known.word(row["result"], row["text"], value is not None)
    return Said(value, unit, omop.OPERATOR_BOUNDS.get(row["operator"] or 0, ""), word)


Limits = tuple[Quantity | None, Quantity | None]


def _fact(
    element: str, id: str, at: Day, said: Said, limits: Limits, measured: bool, known: Concepts
) -> Fact | None:
    kind = known.elements[element].kind
    if kind in MEASURED:
        if said.value is None and not said.code:
            return None
        return Fact(element, id, at, at, said.value, said.unit, said.bound, *limits, said.code)
    if said.code in ("true", "false"):
        return Fact(element, id, at, at, code=said.code)
    if kind not in OCCURRENCES:
        return None
    something = said.value is not None or said.code
    doubtful: Text = Doubt.NEITHER_YES_NOR_NO() if something and not measured else ""
    return Fact(element, id, at, at, doubtful=doubtful)


def _limits(
    row: RecordRow,
    said: Said,
    meanings: Meanings,
    person: RecordRow,
    known: Concepts,
    options: Options,
) -> Limits:
    """Give the limits that came with the value, else those of the dictionary, in its unit."""
    low, high = row["low"], row["high"]
    ranges = options.reference_ranges
    name = next((m.element for m in meanings if m.element in ranges), None)
    one = _range(ranges[name], row, person, options) if name else None
    if name and one:
        analyte = known.elements[name].analyte or None
        low = in_unit(analyte, one.low, one.unit, said.unit) if low is None else low
        high = in_unit(analyte, one.high, one.unit, said.unit) if high is None else high
    return (
        None if low is None else Quantity(low, said.unit),
        None if high is None else Quantity(high, said.unit),
    )


def _range(
    ranges: tuple[ReferenceRange, ...], row: RecordRow, person: RecordRow, options: Options
) -> ReferenceRange | None:
    """Give the first range that surely holds for the person on that day."""
    birth = born(person, options)
    oldest, youngest = (completed_years(day, row["start"]) for day in birth)
    sex = omop.SEXES.get(person["gender"] or 0, "")
    for one in ranges:
        of_age = one.age_from <= youngest and oldest <= one.age_to
        if one.for_all or (of_age and one.sex in ("", sex)):
            return one
    return None
