"""Extraction: the few records that the queries look at, taken out of a table in one or two scans.

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
    CountQuery,
    DailyDoseQuery,
    ExposureDaysQuery,
    HistoryQuery,
    LeafQuery,
    MeasurementQuery,
    Span,
)
from gradatim.rules.population.sql.rows import column, has

ALWAYS = Span(FIRST_DAY, LAST_DAY)


def extracted(
    relation: Relation, queries: Iterable[LeafQuery], elements: Mapping[str, Element], keep: Keep
) -> Relation:
    """Take out the records that queries look at.

    Args:
        relation: the population.
        queries: the queries.
        elements: the elements, for what derived ones are computed from.
        keep: how to materialise what was taken out.
    """
    spans = days_asked(queries, elements)
    if relation.records is not None:
        return replace(relation.records.take(spans, keep), persons=relation.persons)
    streams = [_extracted(stream, spans, keep) for stream in relation.streams]
    return replace(relation, streams=tuple(one for one in streams if one is not None))


def days_asked(queries: Iterable[LeafQuery], elements: Mapping[str, Element]) -> dict[str, Span]:
    """Give for each element the days of which records are looked at."""
    found: dict[str, Span] = {}
    for query in queries:
        for name, span in _asked(query, elements):
            known = found.get(name, span)
            found[name] = Span(min(known.since, span.since), max(known.until, span.until))
    return found


def _asked(query: LeafQuery, elements: Mapping[str, Element]) -> Iterator[tuple[str, Span]]:
    if isinstance(query, MeasurementQuery):
        window = ALWAYS if query.undated else query.window
        yield query.element, window
        if query.derived:
            yield from _inputs(query.element, window, elements)
        if query.not_while:
            # That it was not taken may have been said at any later time.
            yield query.not_while[0], Span(window.since, LAST_DAY)
    elif isinstance(query, HistoryQuery):
        starts = [day for _, day in query.washouts or ()]
        known = [day for day in starts if day is not None]
        since = FIRST_DAY if None in starts else min(known, default=query.window.since)
        yield query.element, Span(since, query.window.until)
    elif isinstance(query, CountQuery | ExposureDaysQuery):
        yield query.element, query.window
    elif isinstance(query, DailyDoseQuery):
        yield query.element, query.records
    else:  # whether records of a drug are exact or doubtful is asked of all of them
        yield from ((name, ALWAYS) for name in (query.element, query.spared) if name)


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
