"""Courses of treatment: was a drug being taken, since when, and at one dose (`rules/courses.py`).

Everything is asked twice, of the fewest and of the most days on which a drug may have been taken;
where both agree it is so, else it is UNKNOWN. Days are day numbers.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import ibis
import pyarrow as pa
from ibis.expr import types as ir

from gradatim.evidence.relation import Stream
from gradatim.rules.courses import DOSING_GAP
from gradatim.rules.population.leaf_queries import StableDoseQuery
from gradatim.rules.population.sql.counts import doubts, happenings, reached_before
from gradatim.rules.population.sql.portable import as_whole, day_number
from gradatim.rules.population.sql.records import ColumnValue, TableStep, column, dimension, joined
from gradatim.rules.population.sql.totals import (
    NO_DOSE,
    day_totals,
    doses_of,
    handed_over,
    unchanged,
)
from gradatim.rules.population.states import JUDGEMENT, NO, NO_RECORD, PARTIAL, YES

_COLUMN_TYPES = {
    "key": pa.int64(),
    "query": pa.int64(),
    "part": pa.int64(),
    "at": pa.date32(),
    "started": pa.date32(),
    "unchanged": pa.date32(),
}
_NumberedQuery = tuple[int, StableDoseQuery]
PART = ["person", "query", "part"]
FEWEST = [*PART, "surely"]
_NEAR = 2 * (DOSING_GAP + 1) + 1
"""Records that ended earlier before the days asked about change nothing on them."""


def stable_dose_states(
    stream: Stream, asked: Iterable[_NumberedQuery], step: TableStep
) -> ir.Table | None:
    """Give the states of stable dose queries: the conjunction over the drugs being taken.

    Returns:
        Rows of `person`, `query`, `state` (one higher than the state), only where a drug is
        (perhaps) being taken; None if the stream has nothing to say.
    """
    drugs = drug_states(stream, asked, step)
    if drugs is None:
        return None
    taken = drugs.filter(drugs["taken"] > 0)
    opposite = ibis.cases(
        (taken["state"] == NO, YES), (taken["state"] == YES, NO), else_=taken["state"]
    )
    found = taken.group_by("person", "query").agg(worst=opposite.max())
    worst = found["worst"]
    together = ibis.cases((worst == NO, YES), (worst == YES, NO), else_=worst)
    return found.select("person", "query", state=together.cast("int64") + 1)


def drug_states(
    stream: Stream, asked: Iterable[_NumberedQuery], step: TableStep
) -> ir.Table | None:
    """Say of each ingredient whether it is being taken and stable (`ingredient_stable`).

    Returns:
        Rows of `person`, `query`, `part` (the ingredient's number), `taken` (a truth) and `state`.
    """
    rows = list(_ask(stream, asked))
    if not rows:
        return None
    table = happenings(joined(stream, dimension(rows, _COLUMN_TYPES)))
    periods = step(_bridged(step(_periods(table))))
    truths = _truths(periods, step)
    doubts = _doubts(table)
    found = truths.inner_join(doubts, PART)
    least = ibis.least(found["started"], found["unchanged"])
    truth = ibis.greatest(least, 2 - found["taken"])
    state = ibis.cases(
        (truth == 2, ibis.literal(YES)),
        (truth == 0, ibis.literal(NO)),
        (found["inexact"] > 0, ibis.literal(PARTIAL)),
        (found["doubt"] > 0, found["doubt"]),
        (found["undosed"] > 0, ibis.literal(NO_RECORD)),
        else_=ibis.literal(JUDGEMENT),
    )
    return found.select(*PART, "taken", state=state.cast("int64"))


def _ask(stream: Stream, asked: Iterable[_NumberedQuery]) -> Iterator[dict[str, Any]]:
    for number, query in asked:
        codes = ingredients(stream, query)
        for key, meaning in stream.keys_of(query.element):
            yield {
                "query": number,
                "key": key,
                "part": codes.index(meaning.code),
                "at": query.at,
                "started": query.started,
                "unchanged": query.unchanged,
            }


def ingredients(stream: Stream, query: StableDoseQuery) -> list[str]:
    """Give the ingredients of a query's element, by number."""
    return sorted({meaning.code for _, meaning in stream.keys_of(query.element)})


def _doubts(table: ir.Table) -> ir.Table:
    """Say of each ingredient whether a record has inexact dates or no dose, or is doubtful."""
    parts = {"query": table["ask_query"], "part": table["ask_part"]}
    undosed = as_whole(column(table, "value").isnull())
    marked = table.select("person", **parts, **doubts(table), undosed=undosed)
    said = {name: marked[name].max() for name in ("inexact", "doubt", "undosed")}
    return marked.group_by(PART).agg(**said)


def _periods(table: ir.Table) -> ir.Table:
    """Give the days of each record, the fewest and the most."""
    table = table.filter(_matters(table))
    start, start_last = table["start"], column(table, "start_last")
    end, end_last = column(table, "end"), column(table, "end_last")
    low, high = day_number(start), day_number(end_last)
    most = _asked_of(table, surely=False, low=low, high=ibis.greatest(low, high))
    sure = table.filter((start_last <= end) & ~column(table, "doubtful"))
    low, high = day_number(column(sure, "start_last")), day_number(column(sure, "end"))
    fewest = _asked_of(sure, surely=True, low=low, high=high)
    return ibis.union(most, fewest, distinct=True)


def _asked_of(table: ir.Table, surely: bool, low: ColumnValue, high: ColumnValue) -> ir.Table:
    """Return the days of some records, with the days asked about and the doses."""
    asked = {name: day_number(table[f"ask_{name}"]) for name in ("at", "started", "unchanged")}
    return table.select(
        "person",
        query=table["ask_query"],
        part=table["ask_part"],
        **asked,
        **doses_of(table),
        ranged=column(table, "most").notnull(),
        surely=ibis.literal(surely),
        low=low,
        high=high,
    )


def _matters(table: ir.Table) -> ColumnValue:
    first = ibis.least(table["ask_started"], table["ask_unchanged"])
    since = day_number(first) - _NEAR
    until = day_number(table["ask_at"]) + _NEAR
    return (day_number(column(table, "end_last")) >= since) & (day_number(table["start"]) <= until)


def _bridged(periods: ir.Table) -> ir.Table:
    """Let a treatment run on between doses (`courses.bridged`)."""
    gap = DOSING_GAP + 1
    others = periods.select(*(periods[name].name(f"other_{name}") for name in (*FEWEST, "low")))
    pairs = periods.inner_join(
        others.distinct(),
        [
            *(periods[name] == others[f"other_{name}"] for name in FEWEST),
            others["other_low"] > periods["high"],
            others["other_low"] <= periods["high"] + gap,
        ],
    )
    ends = [*FEWEST, "high"]
    following = pairs.group_by(ends).agg(following=pairs["other_low"].min())
    named = following.rename({f"of_{name}": name for name in ends})
    with_next = periods.left_join(
        named, [periods[name] == named[f"of_{name}"] for name in ends]
    ).select(*(periods[name] for name in periods.columns), named["following"])
    repeated = reached_before(with_next, FEWEST) + gap >= with_next["low"]
    last = with_next["low"] == with_next["high"]
    end = ibis.cases(
        (with_next["following"].notnull(), with_next["following"] - 1),
        (repeated.fill_null(False) & last, with_next["high"] + DOSING_GAP),
        else_=with_next["high"],
    )
    bridged = with_next.mutate(end=end)
    return bridged.drop("high", "following").rename(high="end")


# --- what the days cover --------------------------------------------------------------------------


def _truths(periods: ir.Table, step: TableStep) -> ir.Table:
    """Give the truths `taken`, `started` and `unchanged` of each ingredient."""
    periods = periods.mutate(today=periods["at"])
    base = periods.select(*PART).distinct()
    taken = step(_between(_covers(periods, "today", FEWEST), "taken"))
    started = step(_between(_covers(periods, "started", FEWEST), "started"))
    dose = step(_same_dose(periods, step))
    found = base
    for part in (taken, started, dose):
        found = found.left_join(part, PART).drop([f"{name}_right" for name in PART])
    return found.mutate(
        **{
            name: found[name].fill_null(0).cast("int64")
            for name in ("taken", "started", "unchanged")
        }
    )


def _covers(periods: ir.Table, since: str, keys: list[str]) -> ir.Table:
    """Say whether spans cover every day from `since` to `at`.

    Returns:
        Rows of the keys and `covered` (0 or 1), of those that have a span on one of these days.
    """
    near = periods.filter((periods["high"] >= periods[since]) & (periods["low"] <= periods["at"]))
    near = near.mutate(reached=reached_before(near, keys))
    gap = ibis.ifelse(near["low"] > near["reached"] + 1, 1, 0).fill_null(0)
    near = near.mutate(gap=gap)
    found = near.group_by(keys).agg(
        gap=near["gap"].max(),
        first=near["low"].min(),
        last=near["high"].max(),
        since=near[since].max(),
        at=near["at"].max(),
    )
    every = (
        (found["gap"] == 0) & (found["first"] <= found["since"]) & (found["last"] >= found["at"])
    )
    return found.select(*keys, covered=as_whole(every))


def _between(found: ir.Table, name: str) -> ir.Table:
    """Settle a truth from the fewest and the most days."""
    sure = ibis.ifelse(found["surely"], found["covered"], 0).max()
    most = ibis.ifelse(found["surely"], 0, found["covered"]).max()
    truths = found.group_by(PART).agg(sure=sure, most=most)
    truth = ibis.cases((truths["sure"] == 1, 2), (truths["most"] == 1, 1), else_=0)
    return truths.select(*PART, **{name: truth.cast("int64")})


def _same_dose(periods: ir.Table, step: TableStep) -> ir.Table:
    """Say whether the total dose was the same on all days (`_unchanged`)."""
    covered = step(_between(_covers(periods, "unchanged", FEWEST), "one"))
    spans = periods.rename(since="unchanged", until="at")
    totals = step(day_totals(step(handed_over(spans, PART)), PART))
    found = step(_told(periods))
    for part in (covered, step(unchanged(totals, PART))):
        found = found.left_join(part, PART).drop([f"{name}_right" for name in PART])
    # One record is one dose, known or not: then only the days count.
    single = (found["told"] == 1) & (found["ranged"] == 0)
    one, same = found["one"].fill_null(0), found["same"].fill_null(0)
    return found.select(*PART, unchanged=ibis.ifelse(single, one, same).cast("int64"))


def _told(periods: ir.Table) -> ir.Table:
    """Count what the records say that may be of the days asked about, and those with a range."""
    near = periods.filter(
        (periods["low"] <= periods["at"]) & (periods["high"] >= periods["unchanged"])
    )
    near = near.filter(~near["surely"])
    near = near.mutate(dose=near["dose"].fill_null(NO_DOSE), ranged=as_whole(near["ranged"]))
    told = near.group_by(*PART, "course", "dose").agg(ranged=near["ranged"].max())
    return told.group_by(PART).agg(told=told.count(), ranged=told["ranged"].max())
