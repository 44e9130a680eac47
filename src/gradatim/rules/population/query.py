"""A plan put to a population's tables: the few records that matter, and one query for each answer.

Extraction takes them out of a table in one or two scans. Which days matter is known for each key
before the engine is asked. Keys of bounded days share one scan, in which a comparison of dates
drops nearly every row before anything else is computed of it; keys of which every record matters
are taken out by a second one.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from itertools import count
from typing import Any, NamedTuple

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
    StableDoseQuery,
)
from gradatim.rules.population.plan import Plan
from gradatim.rules.population.sql.any_record import RecordWords, record_words
from gradatim.rules.population.sql.counts import count_states
from gradatim.rules.population.sql.courses import stable_dose_states
from gradatim.rules.population.sql.derive import Deriver, prepared
from gradatim.rules.population.sql.doses import daily_dose_states
from gradatim.rules.population.sql.exposure_days import exposure_days_states
from gradatim.rules.population.sql.histories import history_states
from gradatim.rules.population.sql.measurements import measurement_states
from gradatim.rules.population.sql.portable import as_whole, day_number, int64
from gradatim.rules.population.sql.records import TableStep, column, has, joint_stream
from gradatim.rules.population.sql.washouts import washout_states

NumberedQueries = list[tuple[int, Any]]


# --- the records that matter ---------------------------------------------------------------------

_ALWAYS = Span(FIRST_DAY, LAST_DAY)


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
        window = _ALWAYS if query.undated else query.window
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
        yield from ((name, _ALWAYS) for name in (query.element, query.spared) if name)


def _inputs(name: str, window: Span, elements: Mapping[str, Element]) -> Iterator[tuple[str, Span]]:
    """Give the inputs of a derived element; of several, a day of any time may be complete."""
    rule = elements[name].derived
    if rule is not None:
        for source in rule.inputs.values():
            # Of an input that is itself derived nothing but its days says whether there is any.
            alone = len(rule.inputs) == 1 and not elements[source].derived
            span = window if alone else _ALWAYS
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


# --- the questions -------------------------------------------------------------------------------


class Questions(NamedTuple):
    """What an engine is asked.

    Args:
        persons: `person`, `born_first`, `born_last` (day numbers), `ymd_first`, `ymd_last` (numbers
            such as 20261116), `undated` (1 if no day of birth is known), `sex` (1 female, 2 male,
            else 0), `since_<kind>`, `until_<kind>`, and `site` if known.
        any_records: for each stream the words that say of which elements there is any record.
        states: rows of `person`, `query`, `state` (one higher than the state) and `margin`.
    """

    persons: ir.Table
    any_records: tuple[RecordWords, ...]
    states: tuple[ir.Table, ...]


def ask_population(
    plan: Plan, relation: Relation, extract: Relation, elements: Mapping[str, Element], keep: Keep
) -> Questions:
    """Ask a population everything that a plan needs.

    Args:
        plan: the queries.
        relation: the population.
        extract: of the same people, the records that the queries look at.
        elements: the elements by name.
        keep: materialises an expression under a name.
    """
    numbers = count()

    def step(table: ir.Table) -> ir.Table:
        return keep(table, f"step {next(numbers)}")

    extract = prepared(extract, elements)
    deriver = Deriver(extract, elements, step)
    queries = list(plan.queries.items())
    derived = {
        query.element
        for _, query in queries
        if isinstance(query, MeasurementQuery) and query.derived
    }
    computed = {
        name: stream
        for name in sorted(derived)
        if elements[name].derived and (stream := deriver.stream(name))
    }
    found = _states(extract, queries, computed, elements, step)
    states = [table for table in found if table is not None]
    found_in = relation if extract.present is None else replace(extract, streams=extract.present)
    any_records = tuple(_any_records(plan, found_in, computed))
    return Questions(_persons(relation), any_records, tuple(states))


def _states(
    relation: Relation,
    queries: NumberedQueries,
    computed: Mapping[str, Stream],
    elements: Mapping[str, Element],
    step: TableStep,
) -> Iterable[ir.Table | None]:
    asks: dict[type, Callable[[Stream, NumberedQueries], ir.Table | None]] = {
        MeasurementQuery: lambda stream, some: measurement_states(
            relation, stream, some, elements, step
        ),
        HistoryQuery: history_states,
        CountQuery: count_states,
        ExposureDaysQuery: lambda stream, some: exposure_days_states(stream, some, step),
        StableDoseQuery: lambda stream, some: _courses(stream, some, step),
        DailyDoseQuery: lambda stream, some: daily_dose_states(stream, some, step),
    }
    for kind, ask in asks.items():
        some = [(number, query) for number, query in queries if isinstance(query, kind)]
        for stream, of_it in by_stream(relation, some):
            yield _complete(ask(stream, of_it))
    for name, stream in computed.items():
        asked = [
            (number, query) for number, query in queries if isinstance(query, MeasurementQuery)
        ]
        of_it = [
            (number, query) for number, query in asked if query.derived and query.element == name
        ]
        yield _complete(measurement_states(relation, stream, of_it, elements, step))


def _courses(stream: Stream, asked: NumberedQueries, step: TableStep) -> ir.Table | None:
    parts = [
        stable_dose_states(stream, [one for one in asked if not one[1].spared], step),
        washout_states(stream, [one for one in asked if one[1].spared], step),
    ]
    found = [part for part in parts if part is not None]
    return ibis.union(*found, distinct=False) if len(found) == 2 else next(iter(found), None)


def _complete(table: ir.Table | None) -> ir.Table | None:
    if table is None:
        return None
    margin = table["margin"] if "margin" in table.columns else int64(0)
    return table.select(
        "person",
        query=table["query"].cast("int64"),
        state=table["state"].cast("int64"),
        margin=margin,
    )


def by_stream(
    relation: Relation, queries: NumberedQueries
) -> Iterable[tuple[Stream, NumberedQueries]]:
    """Sort queries by the stream that answers them."""
    found: dict[tuple[str, ...], NumberedQueries] = {}
    for number, query in queries:
        elements = _elements(query)
        names = tuple(
            one.name
            for one in relation.streams
            if any(any(one.keys_of(element)) for element in elements)
        )
        found.setdefault(names, []).append((number, query))
    for some in found.values():
        stream = joint_stream(
            relation, *sorted({name for _, query in some for name in _elements(query)})
        )
        if stream is not None:
            yield stream, some


def _elements(query: LeafQuery) -> list[str]:
    spared = getattr(query, "spared", "")
    return [query.element, *([spared] if isinstance(spared, str) and spared else [])]


def _any_records(
    plan: Plan, relation: Relation, computed: Mapping[str, Stream]
) -> Iterable[RecordWords]:
    wanted = [record for _, record in plan.any_records.items()]
    unreadable = [record for record in wanted if record.what == "unreadable"]
    asked = [
        *((one, wanted, False) for one in relation.streams),
        *((one, wanted, True) for one in computed.values()),
        *((one, unreadable, False) for one in relation.unclear),
    ]
    for number, (stream, of_it, is_computed) in enumerate(asked):
        found = record_words(relation, stream, of_it, f"w{number}", is_computed)
        if found is not None:
            yield found


def _persons(relation: Relation) -> ir.Table:
    table = relation.persons
    columns: dict[str, Any] = {"person": table["person"]}
    for end in ("first", "last"):
        born = table[f"birth_{end}"]
        columns[f"born_{end}"] = day_number(born)
        columns[f"ymd_{end}"] = (
            born.year().cast("int64") * int64(10_000)
            + born.month().cast("int64") * int64(100)
            + born.day().cast("int64")
        )
    nobody = (table["birth_first"] == FIRST_DAY) & (table["birth_last"] == LAST_DAY)
    columns["undated"] = as_whole(nobody)
    columns["sex"] = ibis.cases((table["sex"] == "female", 1), (table["sex"] == "male", 2), else_=0)
    for kind in sorted(relation.covered):
        for end in ("since", "until"):
            columns[f"{end}_{kind}"] = day_number(table[f"{end}_{kind}"])
    if "site" in table.columns:
        columns["site"] = table["site"]
    return table.select(**columns)
