"""Total daily doses: at least so much, at most so much, against a limit (`drugs.daily_dose`)."""

from collections.abc import Iterable, Iterator
from typing import Any

import ibis
import pyarrow as pa
from ibis.expr import types as ir

from gradatim.clinical.glucocorticoids import prednisone_equivalent
from gradatim.core.quantity import RELATIVE_TOLERANCE
from gradatim.evidence.relation import Stream
from gradatim.rules.compile.counts import blamed, doubts, happenings, newly_covered
from gradatim.rules.compile.points import HOLDS, SIGNS, packed_margin
from gradatim.rules.compile.portable import as_whole, day_number, whole
from gradatim.rules.compile.rows import Value, column, dimension, joined
from gradatim.rules.compile.slots import DoseSlot
from gradatim.rules.compile.states import JUDGEMENT, NO, NO_RECORD, YES

SCHEMA = {
    "key": pa.int64(), "slot": pa.int64(), "part": pa.int64(), "low": pa.date32(),
    "high": pa.date32(), "since": pa.date32(), "until": pa.date32(), "factor": pa.float64(),
    "sign": pa.float64(), "holds": pa.int64(), "number": pa.float64(), "open": pa.bool_(),
}  # fmt: skip


def dose_states(stream: Stream, asked: Iterable[tuple[int, DoseSlot]]) -> ir.Table | None:
    """Give the states of dose slots, of people of whom a record is looked at.

    Returns:
        Rows of `person`, `slot`, `state` (one higher); None if the stream has nothing to say.
    """
    rows = list(_ask(stream, asked))
    if not rows:
        return None
    table = happenings(joined(stream, dimension(rows, SCHEMA)))
    table = table.filter((table["start"] <= table["ask_until"])
                         & (column(table, "end_last") >= table["ask_since"]))  # fmt: skip
    table = table.mutate(**doubts(table))
    about = table.group_by("person", slot=table["ask_slot"]).agg(
        inexact=table["inexact"].max(), doubt=table["doubt"].max(),
        days=(day_number(table["ask_high"]) - day_number(table["ask_low"]) + 1).max(),
        sign=table["ask_sign"].max(), holds=table["ask_holds"].max(),
        number=table["ask_number"].max(),
        open_=as_whole(table["ask_open"]).max(),
    )  # fmt: skip
    keys = ["person", "slot"]
    totals = _totals(table)
    found = about.left_join(totals, keys).drop([f"{name}_right" for name in keys])
    return _settled(found)


def _ask(stream: Stream, asked: Iterable[tuple[int, DoseSlot]]) -> Iterator[dict[str, Any]]:
    for number, slot in asked:
        keys = list(stream.keys_of(slot.element))
        codes = sorted({meaning.code for _, meaning in keys})
        row = {"slot": number, "low": slot.low, "high": slot.high, "since": slot.records.since,
               "until": slot.records.until, "holds": HOLDS[slot.limit.op],
               "sign": SIGNS[slot.limit.op],
               "number": slot.limit.number, "open": slot.open_}  # fmt: skip
        for key, meaning in keys:
            factor = prednisone_equivalent(meaning.code, 1.0) if slot.prednisone else 1.0
            yield {**row, "key": key, "part": codes.index(meaning.code), "factor": factor}


def _totals(table: ir.Table) -> ir.Table:
    """Give the dose-days of each person and slot: surely, perhaps, and days of unknown dose.

    Consecutive records of one ingredient with one daily dose count each day once.
    """
    days = _covered_days(_spans(table), "part", "dose")
    dose = days["dose"]
    unknown = dose < 0
    return days.group_by("person", "slot").agg(
        least=ibis.ifelse(unknown, 0.0, dose * days["surely"]).sum(),
        most=ibis.ifelse(unknown, 0.0, dose * days["perhaps"]).sum(),
        unknown=ibis.ifelse(unknown, days["perhaps"], whole(0)).sum(),
    )  # fmt: skip


def _spans(table: ir.Table) -> ir.Table:
    """Give the days of each record on which doses count; a dose that is not known is -1."""
    known = column(table, "value") * table["ask_factor"]
    more = {"slot": table["ask_slot"], "part": table["ask_part"],
            "at_least": whole(0),
            "drugs": whole(0), "dose": known.fill_null(-1.0)}  # fmt: skip
    first, last = day_number(table["ask_low"]), day_number(table["ask_high"])
    start, start_last = table["start"], column(table, "start_last")
    end, end_last = column(table, "end"), column(table, "end_last")
    low = ibis.greatest(day_number(start), first)
    high = ibis.least(ibis.greatest(day_number(start), day_number(end_last)), last)
    most = table.select("person", **more, surely=ibis.literal(False), low=low, high=high)
    narrow = table.mutate(
        sure=(start_last <= end) & ~column(table, "doubtful"),
        s_low=ibis.greatest(day_number(start_last), first),
        s_high=ibis.least(day_number(end), last), **more,
    )  # fmt: skip
    narrow = narrow.filter(narrow["sure"])
    fewest = narrow.select("person", *more, surely=ibis.literal(True), low=narrow["s_low"],
                           high=narrow["s_high"])  # fmt: skip
    both = ibis.union(most, fewest, distinct=False)
    return both.filter(both["high"] >= both["low"])


def _settled(found: ir.Table) -> ir.Table:
    """Compare the mean with the limit (`total_against`)."""
    least = found["least"].fill_null(0.0) / found["days"]
    most = found["most"].fill_null(0.0) / found["days"]
    open_end = (found["open_"] == 1) | (found["unknown"].fill_null(0) > 0)
    found = found.mutate(least=least, most=most, open_end=open_end)
    least, most, open_end = found["least"], found["most"], found["open_end"]
    number, holds = found["number"], found["holds"]
    cases = []
    for orders, when in ((_orders(least, number, True), None), (_orders(most, number, False), 0),
                         (_order(least, number), 1)):  # fmt: skip
        counts = ibis.literal(True) if when is None else ~open_end
        if when == 1:
            counts = counts & _same(least, most)
        none = (holds & orders) == whole(0)
        cases += [(counts & ((holds & orders) == orders), ibis.literal(YES)),
                  (counts & none, ibis.literal(NO))]  # fmt: skip
    reason = ibis.ifelse(open_end, ibis.literal(NO_RECORD),
                         blamed(found["inexact"], found["doubt"], JUDGEMENT))  # fmt: skip
    state = ibis.cases(*cases, else_=reason)
    exactly = ~open_end & _same(least, most)
    margin = ibis.ifelse(exactly, packed_margin(found["sign"], least, number), whole(0))
    return found.select("person", "slot", state=state.cast("int64") + 1, margin=margin)


def _same(a: Value, b: Value) -> Value:
    return (a - b).abs() <= RELATIVE_TOLERANCE * ibis.greatest(a.abs(), b.abs())


def _order(value: Value, number: Value) -> Value:
    below, equal, above = (whole(n) for n in (1, 2, 4))
    return ibis.cases((_same(value, number), equal), (value < number, below), else_=above)


def _orders(value: Value, number: Value, at_least: bool) -> Value:
    """Give the orders that a number may have that is at least, or at most, so large."""
    order = _order(value, number)
    below, equal, above, any_ = (whole(n) for n in (1, 2, 4, 7))
    beyond = above if at_least else below
    return ibis.cases((order == beyond, beyond), (order == equal, beyond | equal), else_=any_)


def _covered_days(spans: ir.Table, *parts: str) -> ir.Table:
    """Count the days that spans cover, each once, per person, slot and parts.

    Args:
        spans: `person`, `slot`, the parts, `surely`, `low`, `high` (day numbers), and what else is
            the same throughout a slot: `at_least`, `drugs`.

    Returns:
        `person`, `slot`, the parts, `at_least`, `drugs`, and the days `surely` and `perhaps`.
    """
    keys = ["person", "slot", "surely", *parts]
    spans, nothing = newly_covered(spans, keys), whole(0)
    return spans.group_by("person", "slot", *parts).agg(
        surely=ibis.ifelse(spans["surely"], spans["days"], nothing).sum(),
        perhaps=ibis.ifelse(spans["surely"], nothing, spans["days"]).sum(),
        at_least=spans["at_least"].max(), drugs=spans["drugs"].max(),
    )  # fmt: skip
