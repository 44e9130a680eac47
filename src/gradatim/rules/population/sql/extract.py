"""Extraction: the few records that the slots look at, taken out of a table in one or two scans.

Which days matter is known for each key before the engine is asked. Keys of bounded days share one
scan, in which a comparison of dates drops nearly every row before anything else is computed of it;
keys of which every record matters are taken out by a second one.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta

import ibis
from ibis.expr import types as ir

from gradatim.evidence.relation import FIRST_DAY, LAST_DAY, Keep, Relation, Stream
from gradatim.protocol.elements import Element
from gradatim.rules.population.leaf_queries import (
    CountSlot,
    DaysSlot,
    DoseSlot,
    PointSlot,
    Slot,
    Span,
    SpanSlot,
)
from gradatim.rules.population.sql.rows import column, has

ALWAYS = Span(FIRST_DAY, LAST_DAY)


def extracted(
    relation: Relation, slots: Iterable[Slot], elements: Mapping[str, Element], keep: Keep
) -> Relation:
    """Take out the records that slots look at.

    Args:
        relation: the population.
        slots: the slots.
        elements: the elements, for what derived ones are computed from.
        keep: how to materialise what was taken out.
    """
    spans = days_asked(slots, elements)
    if relation.records is not None:
        return replace(relation.records.take(spans, keep), persons=relation.persons)
    streams = [_extracted(stream, spans, keep) for stream in relation.streams]
    return replace(relation, streams=tuple(one for one in streams if one is not None))


def days_asked(slots: Iterable[Slot], elements: Mapping[str, Element]) -> dict[str, Span]:
    """Give for each element the days of which records are looked at."""
    found: dict[str, Span] = {}
    for slot in slots:
        for name, span in _asked(slot, elements):
            known = found.get(name, span)
            found[name] = Span(min(known.since, span.since), max(known.until, span.until))
    return found


def _asked(slot: Slot, elements: Mapping[str, Element]) -> Iterator[tuple[str, Span]]:
    if isinstance(slot, PointSlot):
        window = ALWAYS if slot.undated else slot.window
        yield slot.element, window
        if slot.derived:
            yield from _inputs(slot.element, window, elements)
        if slot.not_while:
            # That it was not taken may have been said at any later time.
            yield slot.not_while[0], Span(window.since, LAST_DAY)
    elif isinstance(slot, SpanSlot):
        starts = [day for _, day in slot.washouts or ()]
        known = [day for day in starts if day is not None]
        since = FIRST_DAY if None in starts else min(known, default=slot.window.since)
        yield slot.element, Span(since, slot.window.until)
    elif isinstance(slot, CountSlot | DaysSlot):
        yield slot.element, slot.window
    elif isinstance(slot, DoseSlot):
        yield slot.element, slot.records
    else:  # whether records of a drug are exact or doubtful is asked of all of them
        yield from ((name, ALWAYS) for name in (slot.element, slot.spared) if name)


def _inputs(name: str, window: Span, elements: Mapping[str, Element]) -> Iterator[tuple[str, Span]]:
    """Give the inputs of a derived element; of several, a day of any time may be complete."""
    rule = elements[name].derived
    if rule is not None:
        for source in rule.inputs.values():
            # Of an input that is itself derived nothing but its days says whether there is any.
            alone = len(rule.inputs) == 1 and not elements[source].derived
            span = window if alone else ALWAYS
            yield source, span
            yield from _inputs(source, span, elements)


def _extracted(stream: Stream, spans: Mapping[str, Span], keep: Keep) -> Stream | None:
    days: dict[int, Span] = {}
    for key, means in stream.keys.items():
        asked = [spans[one.element] for one in means.meanings if one.element in spans]
        if asked:
            days[key] = Span(min(one.since for one in asked), max(one.until for one in asked))
    parts = [part for part in _parts(stream, days) if part is not None]
    if not parts:
        return None
    table = ibis.union(*parts, distinct=False) if len(parts) > 1 else parts[0]
    keys = {key: stream.keys[key] for key in days}
    return Stream(stream.name, keep(table, stream.name), keys)


def _parts(stream: Stream, days: Mapping[int, Span]) -> Iterator[ir.Table | None]:
    bounded = [key for key, span in days.items() if span.since > FIRST_DAY]
    others = [key for key, span in days.items() if span.since == FIRST_DAY]
    for keys in (bounded, others):
        if keys:
            since = min(days[key].since for key in keys)
            yield _within(stream.table, keys, Span(since, max(days[key].until for key in keys)))


def _within(table: ir.Table, keys: list[int], span: Span) -> ir.Table:
    """Keep the records of some keys that may touch some days, and those that cannot be read."""
    since, until = _earlier(span.since), span.until
    touches = [table["start"] <= until] if until < LAST_DAY else []
    if since > FIRST_DAY:
        touches.append(column(table, "end_last") >= since)
    if touches:
        kept = ibis.and_(*touches)
        table = table.filter(kept | table["unreadable"] if has(table, "unreadable") else kept)
    return table.filter(table["key"].isin(sorted(keys)))


def _earlier(day: date) -> date:
    return day if day == FIRST_DAY else day - timedelta(days=1)
