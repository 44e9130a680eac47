"""What a source knows of a person, as entries: results by sample, all else singly."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any, NamedTuple

from gradatim.conduct.events import participants
from gradatim.conduct.events.base import Event, Measured
from gradatim.conduct.recorded_in import recorded_in
from gradatim.core.dates import Day
from gradatim.evidence.facts import Coding, Fact, Facts, NotUsed
from gradatim.protocol.elements import Element


class Arriving(NamedTuple):
    """One entry to be recorded: its type, the day it is of (None: not known), and its fields."""

    kind: type[Event]
    day: date | None
    fields: dict[str, Any]


def arriving(facts: Facts, elements: Mapping[str, Element], source: str) -> Iterator[Arriving]:
    """Give the entries that hold what a source knows; consent is recorded by a person.

    Records that are not understood are among them, so that what they may be of stays unknown.

    Args:
        facts: what the source knows.
        elements: the protocol's elements by name.
        source: what to call it.
    """
    samples: dict[tuple[type[Event], date], list[Measured]] = {}
    for name, some in facts.by_element.items():
        for fact in some if elements[name].kind != "consent" else ():
            if fact.doubtful and elements[name].kind == "exposure":
                yield _doubtful(fact, source)
                continue
            kind = kind_of(elements[name], fact)
            if kind is not None:
                samples.setdefault((kind, fact.start.first), []).append(measured(fact))
                continue
            day = fact.start.first if fact.start.exact else None
            yield Arriving(participants.FactRecorded, day, fact_fields(fact, source))
    for (kind, day), results in samples.items():
        yield Arriving(kind, day, {"results": tuple(results)})
    for record in facts.not_used:
        if record.elements or record.instead:
            yield Arriving(
                participants.RecordNotUnderstood, None, not_understood_fields(record, source)
            )


def _doubtful(fact: Fact, source: str) -> Arriving:
    """Return the entry of a drug that may not count: a fact that is recorded does count."""
    said = f"{fact.code} ({fact.doubtful})"
    record = NotUsed(fact.id, fact.doubtful, (fact.element,), (Coding(said),))
    fields = not_understood_fields(record, source)
    return Arriving(participants.RecordNotUnderstood, None, fields)


MOST_CODES = 20
LONGEST = 200


def not_understood_fields(record: NotUsed, source: str) -> dict[str, Any]:
    """Return the fields in which a record that is not understood is recorded."""
    codes = tuple(str(code)[:LONGEST] for code in record.codes[:MOST_CODES])
    names = (*record.elements, *(fact.element for fact in record.instead))
    start, end = _days_of(record)
    return {
        "record": record.id[:LONGEST],
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
    return _partial(start), None if start == end else _partial(end)


def kind_of(element: Element, fact: Fact) -> type[Event] | None:
    """Give the event that a value is recorded in; None for what is a fact of its own."""
    if fact.value is None or not fact.start.exact:
        return None
    return recorded_in(element)


def measured(fact: Fact) -> Measured:
    """Give a fact as a measured value."""
    value = None if fact.most is not None else fact.value  # an entry holds one dose, or none
    return Measured(
        element=fact.element, value=value, unit=fact.unit, bound=fact.bound,
        low=fact.low.value if fact.low else None, high=fact.high.value if fact.high else None,
        code=fact.code, method=fact.method,
    )  # fmt: skip


def fact_fields(fact: Fact, source: str) -> dict[str, Any]:
    """Give the fields in which a fact is recorded singly."""
    ongoing = fact.end.first.year == 9999
    end = None if ongoing or fact.end == fact.start else _partial(fact.end)
    return {"fact": measured(fact), "start": _partial(fact.start), "end": end, "ongoing": ongoing,
            "route": fact.route, "source": source}  # fmt: skip


def _partial(day: Day) -> str | None:
    text = str(day)
    return text if text[0].isdigit() and len(text) <= len("2026-11-16") else None
