"""Washouts that spare drugs at a stable dose (`rules/washouts.py`), ingredient by ingredient."""

from collections.abc import Iterable, Iterator
from typing import Any

import ibis
import pyarrow as pa
from ibis.expr import types as ir

from gradatim.evidence.relation import Stream
from gradatim.rules.population.leaf_queries import StableDoseQuery
from gradatim.rules.population.sql.counts import happenings
from gradatim.rules.population.sql.courses import PART, drug_states, ingredients
from gradatim.rules.population.sql.histories import record_state
from gradatim.rules.population.sql.records import TableStep, dimension, has, joined
from gradatim.rules.population.states import NO, YES

_NumberedQuery = tuple[int, StableDoseQuery]
_COLUMN_TYPES = {
    "key": pa.int64(),
    "query": pa.int64(),
    "part": pa.int64(),
    "since": pa.date32(),
    "until": pa.date32(),
    "open": pa.bool_(),
}
SPARED_SCHEMA = {"key": pa.int64(), "query": pa.int64(), "part": pa.int64()}


def washout_states(
    stream: Stream, asked: Iterable[_NumberedQuery], step: TableStep
) -> ir.Table | None:
    """Give the states of washouts with an exemption.

    Returns:
        Rows of `person`, `query`, `state` (one higher), only where a drug was (perhaps) taken too
        recently; None if the stream has nothing to say.
    """
    asked = list(asked)
    recent = _recent(stream, asked)
    if recent is None:
        return None
    found = _with_exemptions(stream, asked, recent, step)
    spared = found["spared"].fill_null(-1)
    # The conjunction of "taken too recently" and "not stable"; -1 spares nobody.
    opposite = [_opposite(one) for one in (found["state"], spared)]
    both = _opposite(ibis.greatest(*opposite))
    found = found.mutate(left=ibis.ifelse(spared < 0, found["state"], both))
    found = found.filter(found["left"] > NO)
    return found.group_by("person", "query").agg(state=found["left"].max().cast("int64") + 1)


def _recent(stream: Stream, asked: list[_NumberedQuery]) -> ir.Table | None:
    rows = list(_ask(stream, asked))
    if not rows:
        return None
    table = happenings(joined(stream, dimension(rows, _COLUMN_TYPES)))
    table = table.mutate(state=record_state(table, False, False).cast("int64"))
    table = table.filter(table["state"] > NO)
    return table.group_by("person", query=table["ask_query"], part=table["ask_part"]).agg(
        state=table["state"].max()
    )


def _ask(stream: Stream, asked: list[_NumberedQuery]) -> Iterator[dict[str, Any]]:
    for number, query in asked:
        codes = ingredients(stream, query)
        for key, meaning in stream.keys_of(query.element):
            row = {
                "query": number,
                "key": key,
                "part": codes.index(meaning.code),
                "until": query.window.until,
                "since": query.window.since,
                "open": False,
            }
            for code, day in query.washouts:
                if code == meaning.code:
                    yield {**row, "open": True} if day is None else {**row, "since": day}


def _with_exemptions(
    stream: Stream, asked: list[_NumberedQuery], recent: ir.Table, step: TableStep
) -> ir.Table:
    """Add, of ingredients being taken that may be exempt, the state of not being stable."""
    drugs = drug_states(stream, asked, step)
    named = _may_be_spared(stream, asked)
    nobody = ibis.null("int64")
    if drugs is None or named is None:
        return recent.mutate(spared=nobody)
    taken = drugs.filter(drugs["taken"] > 0).inner_join(named, PART)
    taken = taken.select(*PART, spared=_opposite(taken["state"]))
    return recent.left_join(taken, PART).drop([f"{name}_right" for name in PART])


def _may_be_spared(stream: Stream, asked: list[_NumberedQuery]) -> ir.Table | None:
    """Give who has a record of an ingredient as one that the exemption is about."""
    rows = []
    for number, query in asked:
        codes = ingredients(stream, query)
        spared = [one for one in stream.keys_of(query.spared) if one[1].code in codes]
        rows += [
            {"query": number, "key": key, "part": codes.index(meaning.code)}
            for key, meaning in spared
        ]
    if not rows:
        return None
    table = joined(stream, dimension(rows, SPARED_SCHEMA))
    if has(table, "unreadable"):
        table = table.filter(~table["unreadable"])
    return table.select("person", query=table["ask_query"], part=table["ask_part"]).distinct()


def _opposite(state: Any) -> Any:
    return ibis.cases(
        (state == NO, ibis.literal(YES)), (state == YES, ibis.literal(NO)), else_=state
    ).cast("int64")
