"""How many days of exposure: of all drugs of an element together, or of each ingredient.

What is asked is at least so many days. Where a single record lasted long enough, or is the only
one, nothing need be counted; the days that several records cover are counted for the few people
who are left.
"""

from collections.abc import Iterable, Iterator
from datetime import date

import ibis
import pyarrow as pa
from ibis.expr import types as ir

from gradatim.evidence.relation import Stream
from gradatim.rules.population.leaf_queries import ExposureDaysQuery
from gradatim.rules.population.sql.counts import doubts, enough, happenings, newly_covered
from gradatim.rules.population.sql.portable import EPOCH, as_whole, day_number, int64
from gradatim.rules.population.sql.records import ColumnValue, TableStep, column, dimension, joined

_NumberedQueries = list[tuple[int, ExposureDaysQuery]]
_COLUMN_TYPES = {"key": pa.int64(), "part": pa.int64()}
BOTH = ("surely", "perhaps")


def exposure_days_states(
    stream: Stream, asked: Iterable[tuple[int, ExposureDaysQuery]], step: TableStep
) -> ir.Table | None:
    """Give the states of queries of days: TRUE or UNKNOWN, where there are (perhaps) enough.

    Queries about the same exposure in the same window are counted once.

    Returns:
        Rows of `person`, `query`, `state` (one higher); None if the stream has nothing to say.
    """
    alike: dict[ExposureDaysQuery, _NumberedQueries] = {}
    for number, query in asked:
        shared = query._replace(at_least=0, per="", ingredients=0)
        alike.setdefault(shared, []).append((number, query))
    found = [table for some in alike.values() for table in _of_window(stream, some, step)]
    return ibis.union(*found, distinct=False) if len(found) > 1 else next(iter(found), None)


def _of_window(stream: Stream, asked: _NumberedQueries, step: TableStep) -> Iterator[ir.Table]:
    keys = list(stream.keys_of(asked[0][1].element))
    if not keys:
        return
    codes = sorted({meaning.code for _, meaning in keys})
    rows = dimension(
        ({"key": key, "part": codes.index(meaning.code)} for key, meaning in keys), _COLUMN_TYPES
    )
    spans = _spans(stream, asked[0][1], rows)
    each = step(_longest(spans))
    most = max(query.at_least for _, query in asked)
    lasting = each.group_by("person").agg(
        records=each["records"].sum(),
        surely=each["surely"].max(),
        apart=as_whole((each["records"] > 1) & (each["surely"] < most)).max(),
    )
    unsettled = ((lasting["records"] > 1) & (lasting["surely"] < most)) | (lasting["apart"] > 0)
    people = step(lasting.filter(unsettled).select("person"))
    few = Stream(stream.name, stream.table.semi_join(people, "person"), stream.keys)
    some = step(_spans(few, asked[0][1], rows))
    together = [(number, query) for number, query in asked if query.per == "union"]
    if together:
        yield from _answered(step(_counted(_per_person(each), some, ["person"])), together)
    apart = [(number, query) for number, query in asked if query.per != "union"]
    if apart:
        parts = _counted(each, some, ["person", "part"])
        yield from _answered(step(_of_parts(parts, apart)), apart)


def _spans(stream: Stream, asked: ExposureDaysQuery, keys: ir.Table) -> ir.Table:
    """Give the days of each record in the window, as day numbers: the most, and the fewest."""
    table = happenings(joined(stream, keys))
    low, high = (int64(_number(day)) for day in asked.window)
    ends = {
        name: day_number(column(table, name)) for name in ("start", "start_last", "end", "end_last")
    }
    return table.select(
        "person",
        part=table["ask_part"],
        low=ibis.greatest(ends["start"], low),
        high=ibis.least(ends["end_last"], high),
        least_low=ibis.greatest(ends["start_last"], low),
        least_high=ibis.least(ends["end"], high),
        often=column(table, "often"),
        often_of=column(table, "often_of"),
        **doubts(table),
    )


def _number(day: date) -> int:
    return (day - EPOCH).days


def _longest(spans: ir.Table) -> ir.Table:
    """Give of each person and part how long the longest record lasted `surely` and `perhaps`."""
    least = ibis.ifelse(spans["doubt"] == 0, _fewest(spans), 0)
    return spans.group_by("person", "part").agg(
        records=spans.count(),
        surely=least.max().cast("int64"),
        perhaps=_length(spans["low"], spans["high"]).max(),
        inexact=spans["inexact"].max(),
        doubt=spans["doubt"].max(),
    )


def _fewest(spans: ir.Table) -> ColumnValue:
    """Give on how many of a record's days it is taken at the least (`Often.least`)."""
    lasting = _length(spans["least_low"], spans["least_high"])
    days, of = spans["often"], spans["often_of"]
    rest = lasting % of
    stretches = ((lasting - rest) / of).round().cast("int64")
    return (days * stretches + ibis.greatest(rest - (of - days), 0)).cast("int64")


def _length(low: ColumnValue, high: ColumnValue) -> ColumnValue:
    """Give the days from one to another, both included."""
    return ibis.greatest(high - low + 1, 0).cast("int64")


def _per_person(each: ir.Table) -> ir.Table:
    largest = {name: each[name].max() for name in (*BOTH, "inexact", "doubt")}
    return each.group_by("person").agg(**largest)


def _counted(longest: ir.Table, some: ir.Table, keys: list[str]) -> ir.Table:
    """Put the days that several records cover in the place of the longest one's."""
    # Which days those are of what is not taken daily is not known: they may be the same ones.
    sure = some.filter((some["doubt"] == 0) & (some["often"] == some["often_of"]))
    sure = sure.select(*keys, low=sure["least_low"], high=sure["least_high"])
    for name, spans in (("perhaps", some.select(*keys, "low", "high")), ("surely", sure)):
        days = _covered(spans, keys).rename({f"of_{key}": key for key in keys})
        longest = longest.left_join(days, [longest[key] == days[f"of_{key}"] for key in keys])
        longest = longest.mutate(
            **{name: ibis.greatest(longest["days"].fill_null(0), longest[name])}
        )
        longest = longest.drop("days", *(f"of_{key}" for key in keys))
    return longest


def _covered(spans: ir.Table, keys: list[str]) -> ir.Table:
    """Count the days that spans cover, each once."""
    spans = newly_covered(spans.filter(spans["high"] >= spans["low"]), keys)
    return spans.group_by(keys).agg(days=spans["days"].sum().cast("int64"))


def _of_parts(parts: ir.Table, asked: _NumberedQueries) -> ir.Table:
    """Give the days of all parts, and how many parts reach each number of days asked for."""
    wanted = sorted({query.at_least for _, query in asked if query.per == "ingredient"})
    found = {name: parts[name].sum().cast("int64") for name in BOTH}
    found |= {
        f"{name}_{days}": as_whole(parts[name] >= days).sum().cast("int64")
        for name in BOTH
        for days in wanted
    }
    return parts.group_by("person").agg(
        **found, inexact=parts["inexact"].max(), doubt=parts["doubt"].max()
    )


def _answered(totals: ir.Table, asked: _NumberedQueries) -> Iterator[ir.Table]:
    for number, query in asked:
        each = query.per == "ingredient"
        named = {name: totals[f"{name}_{query.at_least}" if each else name] for name in BOTH}
        yield enough(
            totals.select(
                "person",
                "inexact",
                "doubt",
                query=int64(number),
                **named,
                at_least=int64(query.ingredients if each else query.at_least),
            )
        )
