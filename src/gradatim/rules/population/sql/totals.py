"""Daily doses of one ingredient in several records at once (`rules/doses.py`).

Spans are the days of records, the fewest (`surely`) and the most, as day numbers. Days on which
nothing changes are asked about once.
"""

from collections.abc import Sequence

import ibis
from ibis.expr import types as ir

from gradatim.core.quantity import RELATIVE_TOLERANCE
from gradatim.rules.population.sql.portable import as_whole, int64
from gradatim.rules.population.sql.records import ColumnValue, column

NO_DOSE = -1.0
"""Stands for a dose that is not known where doses are told apart; no dose is negative."""


def doses_of(table: ir.Table, factor: ColumnValue | None = None) -> dict[str, ColumnValue]:
    """Return the columns `dose`, `most` (the two that a dose lies between) and `course`.

    Args:
        table: records.
        factor: what their doses are multiplied by; NULL where it is not known.
    """
    dose = column(table, "value")
    most = ibis.coalesce(column(table, "most"), dose)
    if factor is not None:
        dose, most = dose * factor, most * factor
    return {"dose": dose, "most": most, "course": column(table, "course")}


def handed_over(spans: ir.Table, keys: Sequence[str]) -> ir.Table:
    """End a record a day earlier that ends when another of the same dose begins.

    Args:
        spans: `surely`, `low`, `high`, `dose`, `most`, and the keys.
        keys: whose records, of which ingredient.
    """
    alike = [*keys, "surely", "dose_", "most_"]
    # As columns: in a join Ibis takes an expression for the column of the other side that has it.
    spans = spans.mutate(
        dose_=spans["dose"].fill_null(NO_DOSE), most_=spans["most"].fill_null(NO_DOSE)
    )
    begins = spans.select(
        **{f"next_{name}": spans[name] for name in alike}, next_low=spans["low"]
    ).distinct()
    found = spans.left_join(
        begins,
        [
            *(spans[name] == begins[f"next_{name}"] for name in alike),
            spans["high"] == begins["next_low"],
        ],
    )
    heir = found["next_low"].notnull() & (found["low"] < found["high"])
    high = found["high"] - as_whole(heir)
    own = [name for name in spans.columns if name not in ("high", "dose_", "most_")]
    return found.select(*(found[name] for name in own), high=high)


def day_totals(spans: ir.Table, keys: Sequence[str]) -> ir.Table:
    """Return the total doses of the days on which they may change.

    Args:
        spans: `surely`, `low`, `high`, `dose`, `most`, `course`, the keys, and the days asked
            about, from `since` to `until`.
        keys: whose records, of which ingredient; `since` and `until` are the same throughout one.

    Returns:
        The keys, `day`, for how many `days` from then on it holds, whether anything was `taken`
        (0 or 1), whether some dose is `unknown` (0 or 1), and the least and the most where equal
        doses are one treatment (`together_least`, `together_most`) and where each is its own
        (`apart_least`, `apart_most`).
    """
    near = spans.filter((spans["low"] <= spans["until"]) & (spans["high"] >= spans["since"]))
    days = _days(near, keys)
    named = near.select(**{f"of_{name}": near[name] for name in near.columns})
    pairs = days.left_join(
        named,
        [
            *(days[key] == named[f"of_{key}"] for key in keys),
            named["of_low"] <= days["day"],
            named["of_high"] >= days["day"],
        ],
    )
    at = [*keys, "day", "days"]
    taken = pairs["of_surely"].notnull()
    pairs = pairs.select(
        *at,
        course=pairs["of_course"],
        dose=pairs["of_dose"],
        most=pairs["of_most"],
        taken=as_whole(taken),
        sure=as_whole(pairs["of_surely"].fill_null(False)),
    )
    courses = pairs.group_by(*at, "course").agg(
        least=pairs["dose"].min().fill_null(0.0),
        most=pairs["most"].max().fill_null(NO_DOSE),
        taken=pairs["taken"].max(),
        sure=pairs["sure"].max(),
    )
    alike = courses.group_by(*at, "least", "most").agg(
        taken=courses["taken"].sum(), sure=courses["sure"].sum()
    )
    return _summed(alike, at)


def _days(near: ir.Table, keys: Sequence[str]) -> ir.Table:
    """Return the days from which on the total may be another, each with how long it lasts."""
    ends = near["high"] + 1
    parts = [
        near.select(*keys, "until", day=near["since"]),
        near.filter(near["low"] > near["since"]).select(*keys, "until", day="low"),
        near.filter((ends > near["since"]) & (ends <= near["until"])).select(
            *keys, "until", day=near["high"] + 1
        ),
    ]
    days = ibis.union(*parts, distinct=True)
    following = ibis.window(group_by=list(keys), order_by=["day"])
    until = days["day"].lead().over(following).fill_null(days["until"] + 1)
    return days.select(*keys, "day", days=(until - days["day"]).cast("int64"))


def _summed(alike: ir.Table, at: Sequence[str]) -> ir.Table:
    """Add up the doses of a day, of which so many courses are taken, and so many surely."""
    least, most, nothing = alike["least"], alike["most"].clip(lower=0.0), int64(0)
    return alike.group_by(*at).agg(
        taken=ibis.ifelse(alike["taken"] > 0, int64(1), nothing).max(),
        unknown=ibis.ifelse((alike["taken"] > 0) & (alike["most"] < 0), int64(1), nothing).max(),
        together_least=ibis.ifelse(alike["sure"] > 0, least, 0.0).sum(),
        together_most=ibis.ifelse(alike["taken"] > 0, most, 0.0).sum(),
        apart_least=(least * alike["sure"]).sum(),
        apart_most=(most * alike["taken"]).sum(),
    )


def unchanged(totals: ir.Table, keys: Sequence[str]) -> ir.Table:
    """Say whether the total was one and the same on all days (`rules/doses.unchanged`).

    Returns:
        The keys and `same`, a truth.
    """
    ends = {"gap": totals["taken"].min(), "unknown": totals["unknown"].max()}
    for reading in ("together", "apart"):
        least, most = totals[f"{reading}_least"], totals[f"{reading}_most"]
        limited = ibis.ifelse(totals["unknown"] == 0, most, ibis.null("float64"))
        ends |= {
            f"{reading}_low": least.min(),
            f"{reading}_lows": least.max(),
            f"{reading}_high": limited.min(),
            f"{reading}_highs": limited.max(),
        }
    found = totals.group_by(*keys).agg(**ends)
    differ, agree = ibis.literal(True), found["unknown"] == 0
    for reading in ("together", "apart"):
        low, lows = found[f"{reading}_low"], found[f"{reading}_lows"]
        high, highs = found[f"{reading}_high"], found[f"{reading}_highs"]
        differ = differ & (lows > high).fill_null(False) & ~nearly(lows, high).fill_null(True)
        agree = agree & nearly(low, highs).fill_null(False)
    same = ibis.cases((found["gap"] == 0, 0), (differ, 0), (agree, 2), else_=1)
    return found.select(*keys, same=same.cast("int64"))


def nearly(a: ColumnValue, b: ColumnValue) -> ColumnValue:
    """Whether two numbers are equal but for what arithmetic may add (`core.quantity.same`)."""
    return (a - b).abs() <= RELATIVE_TOLERANCE * ibis.greatest(a.abs(), b.abs())
