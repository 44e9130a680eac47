"""Expressions that mean the same on DuckDB, PostgreSQL and Spark.

Ibis writes each engine's SQL, and yet some expressions give other answers, or none, on one engine.
What is safe has no helper here. What is not, was met on Ibis 12, DuckDB 1.5, PostgreSQL 18 and
Spark 4.3 (docs/decisions/0005-engines.md has all):

- A literal integer loses its type in the SQL. `1 << 40` fails on DuckDB and gives 256, without an
  error, on PostgreSQL and Spark: `int64(1) << 40`. `literal(1, "int64").cast("int64")` does not
  help, for Ibis drops that cast. A CASE of literals is 32 bits wide, whatever Ibis says of it.
- A literal fraction is a decimal in the SQL: `1.8 > 1.5 * 1.2` is false there and true in doubles.
  Beside a column it is a double again; between literals use `real`.
- `//` divides as doubles on every engine and is wrong above 2**53. Take packed keys apart with `>>`
  and `&`, which agree on all engines, for negative numbers too. `%` has the sign of its left side.
- PostgreSQL casts no boolean to `int64`: `as_whole`.
- `.cast("int64")` of a double rounds on DuckDB and PostgreSQL and truncates on Spark, and `round`
  takes halves to even on PostgreSQL alone: `rounded_down`.
- NaN is above all numbers on DuckDB and PostgreSQL. `nullif` with NaN makes it NULL on all three.
  `isnan` of NULL is false on Spark, elsewhere NULL.
- Ibis types `date - date` as an interval, which no engine gives: `day_number`.
- `greatest` and `least` pass over NULL on all three; `argmax` breaks ties differently; the mean of
  integers is a decimal on PostgreSQL.
- `order_by` puts NULL last everywhere, as Ibis writes it so. Text is ordered by the collation of a
  PostgreSQL database, elsewhere by code point: order by numbers, or sort in Python. `<`, `<=`, `>`,
  `>=` and `between` of texts are by code point on all three: `Warehouse` sees to that.
- `row_number` starts at 0. Without a frame, an aggregate over an ordered window is that of the
  whole group: `earlier` has one.
- `ibis.memtable` needs the right to make temporary tables on PostgreSQL, keeps a query on one core
  there, and loses digits beside a NULL on Spark. `Warehouse.batches`, `.write` and `.keep` put its
  rows into the query instead: execute through them only.
- `to_pyarrow` goes through pandas on Spark: an int64 column with a NULL becomes doubles, and large
  keys lose digits. Fetch with `Warehouse.batches`.
"""

from collections.abc import Sequence
from datetime import date
from math import isnan
from typing import TYPE_CHECKING, cast

import ibis

if TYPE_CHECKING:
    from ibis.expr import types as ir
    from ibis.expr.builders import LegacyWindowBuilder

EPOCH = date(1970, 1, 1)


@ibis.udf.agg.builtin(name="bit_or")  # type: ignore[untyped-decorator]
def _bit_or(bits: int) -> int:  # type: ignore[empty-body]
    """The engines' own aggregate, which Ibis does not know on Spark."""


def bit_or(bits: "ir.Value") -> "ir.IntegerScalar":
    """Join the bits of all rows of a group.

    Args:
        bits: int64.

    Returns:
        int64; NULL where there is no row or none that is not NULL.
    """
    return cast("ir.IntegerScalar", _bit_or(bits))


def day_number(day: "ir.Value") -> "ir.IntegerValue":
    """Count the days from 1970-01-01 to a DATE: int64, negative before, NULL for NULL."""
    epoch = ibis.date(EPOCH.year, EPOCH.month, EPOCH.day)
    return cast("ir.DateValue", day).delta(epoch, unit="day")


def int64(number: int) -> "ir.IntegerScalar":
    """Write an integer that is 64 bits wide in the engine too."""
    return cast("ir.IntegerScalar", ibis.literal(number).cast("int64"))


def real(number: float) -> "ir.FloatingScalar":
    """Write a number that is a double in the engine too; infinities are allowed, NaN is not."""
    if isnan(number):
        raise ValueError("NaN is above all numbers on some engines: write NULL")
    return cast("ir.FloatingScalar", ibis.literal(repr(float(number))).cast("float64"))


def as_whole(truth: "ir.Value") -> "ir.IntegerValue":
    """Make 1 of true, 0 of false and NULL of NULL: int64."""
    return cast("ir.IntegerValue", truth.cast("int32").cast("int64"))


def rounded_down(number: "ir.Value") -> "ir.IntegerValue":
    """Give the largest integer that is not above a double: int64.

    The double must be a number within 64 bits: NULL stays NULL, and each engine refuses or clips
    NaN, infinities and larger ones in its own way.
    """
    return cast("ir.IntegerValue", cast("ir.FloatingValue", number).floor().cast("int64"))


def earlier(group_by: Sequence[str], order_by: Sequence[str]) -> "LegacyWindowBuilder":
    """Give the window of all rows of the group before this one; empty for the first."""
    return ibis.window(group_by=list(group_by), order_by=list(order_by), preceding=(None, 1))
