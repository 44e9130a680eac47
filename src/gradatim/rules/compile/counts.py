"""Quantities: how many different drugs or records, and how many days of exposure."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import ibis
import pyarrow as pa
from ibis.expr import types as ir

from gradatim.evidence.relation import Stream
from gradatim.rules.compile.portable import as_whole, day_number, whole
from gradatim.rules.compile.rows import Step, Value, column, dimension, has, joined
from gradatim.rules.compile.slots import CountSlot, DaysSlot, Registry, Span
from gradatim.rules.compile.states import JUDGEMENT, PARTIAL, YES

COUNT_SCHEMA = {"key": pa.int64(), "slot": pa.int64(), "since": pa.date32(), "until": pa.date32(),
                "item": pa.int64(), "at_least": pa.int64()}  # fmt: skip
DAYS_SCHEMA = {"key": pa.int64(), "slot": pa.int64(), "since": pa.date32(), "until": pa.date32(),
               "part": pa.int64(), "most": pa.int64()}  # fmt: skip
WANTED_SCHEMA = {"slot": pa.int64(), "question": pa.int64(), "at_least": pa.int64(),
                 "drugs": pa.int64()}  # fmt: skip


def happenings(table: ir.Table) -> ir.Table:
    """Leave out records that say that it did not happen, or that could not be read."""
    for flag in ("denies", "unreadable"):
        if has(table, flag):
            table = table.filter(~table[flag])
    return table


# --- how many -------------------------------------------------------------------------------------


def count_states(stream: Stream, asked: Iterable[tuple[int, CountSlot]]) -> ir.Table | None:
    """Give the states of count slots: TRUE or UNKNOWN, where there are (perhaps) enough.

    Returns:
        Rows of `person`, `slot`, `state` (one higher); None if the stream has nothing to say.
    """
    asked = list(asked)
    parts = [_counted(stream, [one for one in asked if one[1].by_ingredient is by], by)
             for by in (True, False)]  # fmt: skip
    found = [part for part in parts if part is not None]
    return ibis.union(*found, distinct=False) if len(found) > 1 else next(iter(found), None)


def _counted(stream: Stream, asked: list[tuple[int, CountSlot]], by_ingredient: bool
             ) -> ir.Table | None:  # fmt: skip
    rows = list(_ask_count(stream, asked))
    if not rows:
        return None
    table = happenings(joined(stream, dimension(rows, COUNT_SCHEMA)))
    start_last = column(table, "start_last")
    inside = (table["start"] >= table["ask_since"]) & (start_last <= table["ask_until"])
    table = table.filter(
        (start_last >= table["ask_since"]) & (table["start"] <= table["ask_until"])
    )
    item = table["ask_item"] if by_ingredient else table["id"]
    table = table.mutate(item=item, sure=inside & ~column(table, "doubtful"), **doubts(table))
    found = table.group_by("person", slot=table["ask_slot"]).agg(
        surely=table["item"].nunique(where=table["sure"]), perhaps=table["item"].nunique(),
        at_least=table["ask_at_least"].max(), inexact=table["inexact"].max(),
        doubt=table["doubt"].max(),
    )  # fmt: skip
    return _enough(found)


def _ask_count(stream: Stream, asked: Iterable[tuple[int, CountSlot]]) -> Iterator[dict[str, Any]]:
    for number, slot in asked:
        keys = list(stream.keys_of(slot.element))
        codes = sorted({meaning.code for _, meaning in keys})
        for key, meaning in keys:
            yield {"slot": number, "key": key, "since": slot.window.since,
                   "until": slot.window.until, "item": codes.index(meaning.code),
                   "at_least": slot.at_least}  # fmt: skip


def doubts(table: ir.Table) -> dict[str, Value]:
    """Say of each record whether its dates are inexact, or the record doubtful, as 0 or 1."""
    inexact = ibis.literal(False)
    if has(table, "start_last"):
        inexact = inexact | (table["start"] != table["start_last"])
    if has(table, "end_last"):
        inexact = inexact | (column(table, "end") != table["end_last"])
    doubtful = column(table, "doubtful")
    return {"inexact": as_whole(inexact), "doubt": as_whole(doubtful)}


def blamed(inexact: Value, doubt: Value, otherwise: int = JUDGEMENT) -> Value:
    """Say what leaves it open (`courses.blame`): the dates, else the records."""
    return ibis.cases((inexact > 0, ibis.literal(PARTIAL)), (doubt > 0, ibis.literal(JUDGEMENT)),
                      else_=ibis.literal(otherwise))  # fmt: skip


def _enough(found: ir.Table) -> ir.Table:
    found = found.filter(found["perhaps"] >= found["at_least"])
    state = ibis.ifelse(found["surely"] >= found["at_least"], ibis.literal(YES),
                        blamed(found["inexact"], found["doubt"]))  # fmt: skip
    return found.select("person", "slot", state=state.cast("int64") + 1)


# --- how many days --------------------------------------------------------------------------------


def days_states(stream: Stream, asked: Iterable[tuple[int, DaysSlot]], step: Step
                ) -> ir.Table | None:  # fmt: skip
    """Give the states of days slots: TRUE or UNKNOWN, where there are (perhaps) enough days.

    Slots about the same exposure in the same window are counted once. Where a single record lasted
    long enough, or is the only one, nothing need be counted.

    Returns:
        As `count_states`.
    """
    sums: Registry[tuple[str, Span, bool]] = Registry()
    wanted = [_wanted(sums, number, slot) for number, slot in asked]
    rows = list(_ask_days(stream, sums, wanted))
    if not rows:
        return None
    table = happenings(joined(stream, dimension(rows, DAYS_SCHEMA)))
    total = _totals(step(_spans(table)), step)
    total = total.inner_join(dimension(wanted, WANTED_SCHEMA), "slot")
    found = total.group_by("person", slot=total["question"]).agg(
        surely=_reached(total, "surely"), perhaps=_reached(total, "perhaps"),
        at_least=total["at_least"].max(), inexact=total["inexact"].max(),
        doubt=total["doubt"].max(),
    )  # fmt: skip
    return _enough(found)


def _wanted(sums: Registry[tuple[str, Span, bool]], number: int, slot: DaysSlot) -> dict[str, int]:
    """Say which sum answers a slot, and how many days it asks for, in how many drugs each."""
    shared = sums.number((slot.element, slot.window, slot.per != "union"))
    return {"slot": shared, "question": number, "at_least": slot.at_least,
            "drugs": slot.ingredients if slot.per == "ingredient" else 0}  # fmt: skip


def _reached(total: ir.Table, which: str) -> Value:
    """Give the days of all parts together, or, where each of several must do, as many if enough."""
    each = total["drugs"] > 0
    enough = as_whole(each & (total[which] >= total["at_least"])).sum()
    each_does = as_whole(enough >= total["drugs"].max()) * total["at_least"].max()
    return ibis.ifelse(total["drugs"].max() > 0, each_does, total[which].sum().cast("int64"))


def _ask_days(stream: Stream, sums: Registry[tuple[str, Span, bool]],
              wanted: Iterable[Mapping[str, int]]) -> Iterator[dict[str, Any]]:  # fmt: skip
    for number, (element, window, by_ingredient) in sums.items():
        keys = list(stream.keys_of(element))
        codes = sorted({meaning.code for _, meaning in keys})
        most = max(one["at_least"] for one in wanted if one["slot"] == number)
        for key, meaning in keys:
            yield {"slot": number, "key": key, "since": window.since, "until": window.until,
                   "part": codes.index(meaning.code) if by_ingredient else 0,
                   "most": most}  # fmt: skip


def _spans(table: ir.Table) -> ir.Table:
    """Give the days of each record in the window, as day numbers: the most, and the fewest."""
    low, high = day_number(table["ask_since"]), day_number(table["ask_until"])
    ends = {name: day_number(column(table, name))
            for name in ("start", "start_last", "end", "end_last")}  # fmt: skip
    return table.select(
        "person", slot=table["ask_slot"], part=table["ask_part"], most=table["ask_most"],
        low=ibis.greatest(ends["start"], low), high=ibis.least(ends["end_last"], high),
        least_low=ibis.greatest(ends["start_last"], low), least_high=ibis.least(ends["end"], high),
        **doubts(table),
    )  # fmt: skip


def _totals(spans: ir.Table, step: Step) -> ir.Table:
    """Give the days `surely` and `perhaps` of each person, slot and part.

    Nothing is asked of more days than `most`: they are counted exactly only up to there.
    """
    keys = ["person", "slot", "part"]
    least = ibis.ifelse(spans["doubt"] == 0, _length(spans["least_low"], spans["least_high"]), 0)
    each = step(spans.group_by(keys).agg(
        records=spans.count(), most=spans["most"].max(), surely=least.max(),
        perhaps=_length(spans["low"], spans["high"]).max(),
        inexact=spans["inexact"].max(), doubt=spans["doubt"].max(),
    ))  # fmt: skip
    unsettled = each.filter((each["records"] > 1) & (each["surely"] < each["most"]))
    some = step(spans.semi_join(unsettled, keys))
    sure = some.filter(some["doubt"] == 0)
    sure = sure.select(*keys, low=sure["least_low"], high=sure["least_high"])
    found = each
    for name, days in (("perhaps", some.select(*keys, "low", "high")), ("surely", sure)):
        counted = _covered(days, keys).rename({f"of_{key}": key for key in keys})
        found = found.left_join(counted, [found[key] == counted[f"of_{key}"] for key in keys])
        found = found.mutate(**{name: ibis.coalesce(found["days"], found[name])})
        found = found.drop("days", *counted.columns[:3])
    return found


def _length(low: Value, high: Value) -> Value:
    """Give the days from one to another, both included."""
    return ibis.greatest(high - low + 1, 0).cast("int64")


def _covered(spans: ir.Table, keys: list[str]) -> ir.Table:
    """Count the days that spans cover, each once."""
    spans = spans.filter(spans["high"] >= spans["low"])
    spans = spans.mutate(reached=reached_before(spans, keys))
    first = ibis.greatest(spans["low"], spans["reached"].fill_null(spans["low"] - 1) + 1)
    spans = spans.mutate(days=ibis.greatest(spans["high"] - first + 1, 0).cast("int64"))
    return spans.group_by(keys).agg(days=spans["days"].sum().cast("int64"))


def reached_before(spans: ir.Table, keys: list[str]) -> Value:
    """Give the last day that earlier spans (`low`, `high`) of the same keys reach; NULL if none."""
    earlier = ibis.window(group_by=keys, order_by=["low", "high"], preceding=(None, 1))
    return spans["high"].max().over(earlier)


def covered_days(spans: ir.Table, *parts: str) -> ir.Table:
    """Count the days that spans cover, each once, per person, slot and parts.

    Args:
        spans: `person`, `slot`, the parts, `surely`, `low`, `high` (day numbers), and what else is
            the same throughout a slot: `at_least`, `drugs`.

    Returns:
        `person`, `slot`, the parts, `at_least`, `drugs`, and the days `surely` and `perhaps`.
    """
    keys = ["person", "slot", "surely", *parts]
    spans = spans.mutate(reached=reached_before(spans, keys))
    first = ibis.greatest(spans["low"], spans["reached"].fill_null(spans["low"] - 1) + 1)
    days = ibis.greatest(spans["high"] - first + 1, 0)
    spans = spans.mutate(days=days.cast("int64"))
    nothing = whole(0)
    return spans.group_by("person", "slot", *parts).agg(
        surely=ibis.ifelse(spans["surely"], spans["days"], nothing).sum(),
        perhaps=ibis.ifelse(spans["surely"], nothing, spans["days"]).sum(),
        at_least=spans["at_least"].max(), drugs=spans["drugs"].max(),
    )  # fmt: skip
