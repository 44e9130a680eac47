"""What a source knows of a person, as entries: results by sample, all else singly.

How each record was understood stands beside them, so that the ledger alone tells later what was
known, and through which codes.
"""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, Literal, NamedTuple

from gradatim.conduct.days import iso_date, kept_days
from gradatim.conduct.event_for_element import event_type_for
from gradatim.conduct.events import findings, participants, records
from gradatim.conduct.events.base import Event, Measured
from gradatim.conduct.state import Participant, State
from gradatim.conduct.views.birth import agreed, birth_of
from gradatim.evidence.facts import EVERY_DAY, Coding, Fact, Facts, NotUsed
from gradatim.evidence.fhir.dosages import DAILY_DOSE_UNIT
from gradatim.evidence.fhir.record_resolution import Received, whole_record_id
from gradatim.protocol.elements import Element
from gradatim.vocabulary.graph import Vocabulary


class Arriving(NamedTuple):
    """One entry to be recorded: its type, the day it is of (None: not known), and its fields."""

    kind: type[Event]
    day: date | None
    fields: dict[str, Any]


def arriving(
    facts: Facts,
    elements: Mapping[str, Element],
    source: str,
    contents: Mapping[str, str] = {},
) -> Iterator[Arriving]:
    """Give the entries that hold what a source knows; consent is recorded by a person.

    Records that are not understood are among them, so that what they may be of stays unknown.

    Args:
        facts: what the source knows.
        elements: the protocol's elements by name.
        source: what to call it.
        contents: hash of what each record says, by its id, where the source has such records.
    """
    samples: dict[tuple[type[Event], date], list[Measured]] = {}
    for name, some in facts.by_element.items():
        for fact in some if elements[name].kind != "consent" else ():
            kind = event_type_of(elements[name], fact)
            if kind is not None:
                samples.setdefault((kind, fact.start.first), []).append(measured(fact))
                continue
            day = fact.start.first if fact.start.exact else None
            fields = fact_fields(fact, source) | _of_record("record", fact.id, contents)
            yield Arriving(participants.FactRecorded, day, fields)
    for (kind, day), results in samples.items():
        yield Arriving(kind, day, {"results": tuple(results)})
    for record in facts.not_used:
        if record.elements or record.instead:
            fields = not_understood_fields(record, source) | _of_record("", record.id, contents)
            yield Arriving(participants.RecordNotUnderstood, None, fields)


def _of_record(name: str, id_: str, contents: Mapping[str, str]) -> dict[str, Any]:
    """Return the fields that say which record of a source an entry is from, if it is of one."""
    content = contents.get(whole_record_id(id_))
    if content is None:
        return {}
    return {"content": content} | ({name: whole_record_id(id_)[:_LONGEST]} if name else {})


def fields_to_record(participant: str, one: Arriving, source: str, today: date) -> dict[str, Any]:
    """Return the fields in which an entry of a source is recorded of a participant.

    What has no day of its own is of today. Laboratory results are under the source's name, with the
    reference ranges that the source reports.
    """
    fields = {"participant": participant, "occurred_on": one.day or today, **one.fields}
    if one.kind is not findings.LaboratoryResultsRecorded:
        return fields
    return fields | {
        "laboratory": _laboratory(source),
        "ranges_version": findings.AS_REPORTED,
        "collected_on": str(one.day),
    }


Mismatch = Literal["sex", "birth", "birth unclear"]


def identity_mismatch(state: State, participant: Participant, facts: Facts) -> Mismatch | None:
    """Return by what records cannot be a participant's, as far as sex and birth can tell.

    Returns:
        None where nothing speaks against it; `birth unclear` where the participant's own entries
        contradict each other.
    """
    if participant.sex and facts.sex and participant.sex != facts.sex:
        return "sex"
    ours = birth_of(state, participant)
    if ours.conflict:
        return "birth unclear"
    return "birth" if agreed(ours.day, facts.birth) is None else None


def _laboratory(source: str) -> str:
    """Name the laboratory by the source, in the letters that an identifier may have."""
    kept = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "-" for c in source)
    return (kept.strip("-._") or "reported")[:64]


def vocabulary_used(codes: Vocabulary | None) -> records.VocabularyUsed | None:
    """Return what the ledger keeps of a vocabulary: its hash, and how much it has."""
    return None if codes is None else records.VocabularyUsed(codes.sha256, dict(codes.counts))


MOST_CODES = 20
_LONGEST = 200


def not_understood_fields(record: NotUsed, source: str) -> dict[str, Any]:
    """Return the fields in which a record that is not understood is recorded."""
    codes = tuple(str(code)[:_LONGEST] for code in record.codes[:MOST_CODES])
    names = (*record.elements, *(fact.element for fact in record.instead))
    start, end = _days_of(record)
    return {
        "record": record.id[:_LONGEST],
        "codes": codes,
        "elements": tuple(dict.fromkeys(names)),
        "source": source,
        "start": start,
        "end": end,
    }


def _days_of(record: NotUsed) -> tuple[str | None, str | None]:
    """Return the days that a record is of; None where these are not known, or several."""
    days = {(fact.start, fact.end) for fact in record.instead}
    if len(days) != 1:
        return None, None
    start, end = days.pop()
    return iso_date(start), None if start == end else iso_date(end)


def record_read(one: Received) -> records.RecordRead:
    """Return how a record was understood, as the ledger keeps it."""
    fact = one.as_fact
    return records.RecordRead(
        record=one.id[:_LONGEST],
        kind=one.kind[:64],
        content=one.content,
        codes=tuple(map(_coded, one.codes[:MOST_CODES])),
        used=dict(one.used),
        perhaps=one.perhaps,
        outside=one.outside,  # type: ignore[arg-type]  # kinds that are covered
        why=one.why[:_LONGEST],
        **({} if fact is None else kept_days(fact.start, fact.end)),
        daily_dose=fact.value if fact and fact.unit == DAILY_DOSE_UNIT else None,
        route=fact.route[:40] if fact else "",
    )


def _coded(one: Coding) -> records.Coded:
    return records.Coded(one.system[:_LONGEST], one.code[:_LONGEST], one.display[:_LONGEST])


def event_type_of(element: Element, fact: Fact) -> type[Event] | None:
    """Give the event that a value is recorded in; None for what is a fact of its own."""
    if fact.value is None or not fact.start.exact or fact.doubtful or fact.derived:
        return None
    return event_type_for(element)


def measured(fact: Fact) -> Measured:
    """Give a fact as a measured value."""
    value = None if fact.most is not None else fact.value  # an entry holds one dose, or none
    return Measured(
        element=fact.element,
        value=value,
        unit=fact.unit,
        bound=fact.bound,
        low=fact.low.value if fact.low else None,
        high=fact.high.value if fact.high else None,
        code=fact.code,
        method=fact.method,
    )


def fact_fields(fact: Fact, source: str) -> dict[str, Any]:
    """Give the fields in which a fact is recorded singly."""
    return {
        "fact": measured(fact),
        **kept_days(fact.start, fact.end),
        "route": fact.route,
        "source": source,
        "doubtful": str(fact.doubtful)[:_LONGEST],
        "course": fact.course[:_LONGEST],
        "often": None if fact.often == EVERY_DAY else tuple(fact.often),
        "derived": fact.derived,
    }
