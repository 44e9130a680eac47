"""Columns of a warehouse, typed as they are used here.

Columns that the CDM lets be empty may be absent; exports write an empty one as text or boolean.
"""

from datetime import date
from typing import TYPE_CHECKING, Any

import ibis

from gradatim.core.errors import UnusableInput

if TYPE_CHECKING:
    from ibis.expr import types as ir

LARGEST = 1.7976931348623157e308
"""The largest float; what lies beyond is infinite."""


def whole(table: "ir.Table", name: str) -> "ir.Value | None":
    """Give a column of whole numbers as int64; None if it is absent or holds nothing.

    Raises:
        UnusableInput: it is of another type.
    """
    column = _numeric(table, name, "whole numbers")
    if column is None or column.type().is_int64():
        return column
    return column.cast("int64").name(name)


def stored_whole(table: "ir.Table", name: str) -> "ir.Value | None":
    """Give a column of whole numbers as it is, to choose rows by: None as of `whole`.

    A condition on a column that is cast does not reach the statistics of a Parquet file.
    """
    found = whole(table, name)
    return table[name] if found is not None and table[name].type().is_integer() else found


def number(table: "ir.Table", name: str) -> "ir.Value | None":
    """Give a column of numbers as float64, NULL where it is infinite or NaN; None if absent.

    Raises:
        UnusableInput: it is of another type.
    """
    column = _numeric(table, name, "numbers")
    if column is None:
        return None
    if column.type().is_integer():
        return column.cast("float64").name(name)
    column = column.cast("float64")
    # Not `column <= LARGEST` alone: DuckDB takes that to hold of every row of a Parquet file whose
    # statistics say so, and those leave NaN out. Not `isinf`: it misses infinity on Spark.
    none = column.isnan() | (column > LARGEST) | (column < -LARGEST)
    return ibis.ifelse(none, ibis.null("float64"), column).name(name)


def _numeric(table: "ir.Table", name: str, wanted: str) -> "ir.NumericColumn | None":
    """Give a column as it is; None if it is absent, or of the type of an empty one."""
    if name not in table.columns:
        return None
    column: ir.NumericColumn = table[name]
    kind = column.type()
    if kind.is_boolean() or kind.is_null():
        return None
    if not kind.is_numeric():
        raise wrong_type(name, str(kind), wanted)
    return column


def day(table: "ir.Table", name: str) -> "ir.Value | None":
    """Give a column of dates, of date-times their day; None if it is absent or holds nothing.

    Raises:
        UnusableInput: it is of another type.
    """
    if name not in table.columns:
        return None
    column = table[name]
    kind = column.type()
    if kind.is_date():
        return column
    if kind.is_boolean() or kind.is_null():
        return None
    if kind.is_timestamp():
        return column.cast("date").name(name)
    raise wrong_type(name, str(kind), "dates")


def text(table: "ir.Table", name: str) -> "ir.Value | None":
    """Give a column of text; codes that an export wrote as numbers become text again."""
    if name not in table.columns:
        return None
    column = table[name]
    kind = column.type()
    if kind.is_string():
        return column
    if kind.is_numeric():
        return column.cast("int64").cast("string").name(name)
    return None


def coalesce(*columns: "ir.Value | None") -> "ir.Value | None":
    """Give the first value that is not NULL of those columns that are there."""
    given = [column for column in columns if column is not None]
    return ibis.coalesce(*given) if len(given) > 1 else (given[0] if given else None)


def a_day(day: date) -> "ir.Value":
    """Give a date as an expression."""
    return ibis.literal(day, "date")


def later(day: "ir.Value", days: "ir.Value") -> "ir.Value":
    """Give the day so many days later, as a date on every engine."""
    moved = day + days.cast("int64").as_interval("D")
    # A date and an interval are a timestamp to most engines, which Ibis does not know.
    return moved.cast("timestamp").cast("date")


def case_when(branches: list[tuple[Any, Any]], otherwise: Any) -> "ir.Value":
    """Give the value of the first condition that holds; with no conditions, `otherwise`."""
    if not branches:
        return otherwise if hasattr(otherwise, "type") else ibis.literal(otherwise)
    return ibis.cases(*branches, else_=otherwise)


def one_of(column: "ir.Value", values: list[Any]) -> "ir.Value":
    """Say whether a column holds one of some values."""
    return column == values[0] if len(values) == 1 else column.isin(sorted(values))


def wrong_type(column: str, kind: str, wanted: str) -> UnusableInput:
    """Say that a column is not of the type that the CDM gives it."""
    return UnusableInput(
        f"{column} holds {kind}, not {wanted}",
        column,
        "the OMOP CDM gives it another type",
        "mend the export of that table",
    )
