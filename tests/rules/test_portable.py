"""Expressions that mean the same on every engine, and those that do not."""

import datetime as dt

import ibis
import pyarrow as pa
import pytest

from gradatim.rules.population.sql.portable import (
    as_whole,
    bit_or,
    day_number,
    earlier,
    int64,
    real,
    rounded_down,
)

DAYS = [
    dt.date.min,
    dt.date(1582, 10, 10),
    dt.date(1969, 12, 31),
    dt.date(1970, 1, 1),
    dt.date(2026, 11, 16),
    dt.date.max,
    None,
]
ROWS = pa.table(
    {
        "i": pa.array(range(7), pa.int64()),
        "small": pa.array(range(7), pa.int16()),
        "group": pa.array([0, 1, 0, 1, 0, 1, 0], pa.int64()),
        "day": pa.array(DAYS, pa.date32()),
        "number": pa.array([1.8, -1.5, -0.5, 0.5, 1.5, 2.5, None], pa.float64()),
        "key": pa.array(
            [2**62 - 1, -1, -(2**46) - 5, (2**17 - 1) * 2**45 + 3, 0, 1, None], pa.int64()
        ),
        "flag": pa.array([True, False, None, True, False, None, True]),
        "text": pa.array(["a", "b", None, "", "q\"\\'", "é\n", "z"]),
    }
)


@pytest.fixture
def rows(engine):
    engine.load("rows", ROWS)
    return engine.open().table("rows")


def values(engine, table, **columns):
    """Compute columns beside `i` and give each as a list in the order of `i`."""
    found = engine.open().fetch(table.select(i=table["i"], **columns)).sort_by("i")
    return [found[name].to_pylist() for name in columns]


def test_bits_are_joined_up_to_the_highest_that_is_used(engine, rows):
    powers = pa.table({"i": list(range(7)), "power": [2**n for n in (0, 1, 30, 31, 32, 60, 61)]})
    joined = rows.inner_join(ibis.memtable(powers), "i")
    by_group = joined.group_by("group").aggregate(bits=bit_or(joined["power"]))

    found = engine.open().fetch(by_group).sort_by("group")["bits"].to_pylist()

    assert found == [2**0 + 2**30 + 2**32 + 2**61, 2**1 + 2**31 + 2**60]


def test_the_bits_of_no_rows_are_null(engine, rows):
    none = rows.filter(rows["i"] > 99)

    assert engine.open().fetch(none.aggregate(bits=bit_or(none["i"])))["bits"].to_pylist() == [None]


def test_days_are_numbered_from_1970(engine, rows):
    numbers = values(engine, rows, n=day_number(rows["day"]))[0]

    epoch = dt.date(1970, 1, 1)
    assert numbers == [None if day is None else (day - epoch).days for day in DAYS]
    assert numbers[0] == -719162
    assert numbers[5] == 2932896


def test_day_numbers_are_64_bits_wide(engine, rows):
    key = day_number(rows["day"]) * 2**39 + rows["i"]

    assert values(engine, rows, key=key)[0][4] == 20773 * 2**39 + 4


def test_whole_numbers_are_64_bits_wide(engine, rows):
    found = values(
        engine,
        rows,
        shifted=int64(1) << 61,
        times=int64(2) * 2**40,
        case=ibis.ifelse(rows["i"] > 0, int64(3), int64(0)) * 2**45,
    )

    assert [column[1] for column in found] == [2**61, 2**41, 3 * 2**45]


def test_real_numbers_are_doubles(engine, rows):
    found = values(
        engine,
        rows,
        product=real(1.8) > real(1.5) * real(1.2),
        small=real(5e-324) > real(0),
        infinite=real(float("-inf")) < rows["number"],
        same=rows["number"] == 1.8,
    )

    assert [column[0] for column in found] == [True, True, True, True]


def test_nan_is_no_number():
    with pytest.raises(ValueError, match="NaN"):
        real(float("nan"))


def test_truth_becomes_a_number_that_can_be_packed(engine, rows):
    found = values(engine, rows, n=as_whole(rows["flag"]), packed=as_whole(rows["flag"]) << 40)

    assert found[0] == [1, 0, None, 1, 0, None, 1]
    assert found[1][0] == 2**40


def test_rounding_down(engine, rows):
    assert values(engine, rows, n=rounded_down(rows["number"]))[0] == [1, -2, -1, 0, 1, 2, None]


def test_packed_keys_come_apart_by_shifts(engine, rows):
    high, low = values(engine, rows, high=rows["key"] >> 45, low=rows["key"] & (2**45 - 1))

    keys = ROWS["key"].to_pylist()
    assert high == [None if key is None else key >> 45 for key in keys]
    assert low == [None if key is None else key & (2**45 - 1) for key in keys]


def test_division_of_large_keys_is_wrong_everywhere(engine, rows):
    """Why keys come apart by shifts. If this fails, Ibis divides integers as integers."""
    assert values(engine, rows, high=rows["key"] // 2**45)[0][0] == 2**17


def test_small_divisions_agree(engine, rows):
    found = values(engine, rows, div=(rows["i"] - 4) // 3, mod=(rows["i"] - 4) % 3)

    assert found == [[-2, -1, -1, -1, 0, 0, 0], [-1, 0, -2, -1, 0, 1, 2]]


def test_greatest_and_least(engine, rows):
    found = values(
        engine,
        rows,
        most=ibis.greatest(rows["i"], 3),
        first=ibis.least(rows["day"], dt.date(1970, 1, 1)),
    )

    assert found[0] == [3, 3, 3, 3, 4, 5, 6]
    assert found[1] == [min(day or dt.date.max, dt.date(1970, 1, 1)) for day in DAYS]


def test_what_was_reached_before(engine, rows):
    window = earlier(["group"], ["i"])
    found = values(
        engine, rows, number=rows["i"].max().over(window), day=rows["day"].max().over(window)
    )

    assert found[0] == [None, None, 0, 1, 2, 3, 4]
    assert found[1][:4] == [None, None, DAYS[0], DAYS[1]]


def test_aggregates_by_group(engine, rows):
    grouped = rows.group_by("group").aggregate(
        some=rows["small"].nunique(where=rows["i"] > 2),
        most=ibis.ifelse(rows["i"] > 3, rows["i"] * 2, int64(-1)).max(),
        known=rows["day"].count(),
        total=rows["i"].sum(),
    )

    found = engine.open().fetch(grouped).sort_by("group").to_pydict()

    assert found == {
        "group": [0, 1],
        "some": [2, 2],
        "most": [12, 10],
        "known": [3, 3],
        "total": [12, 9],
    }


def test_dates_against_literals_unions_and_cases(engine, rows):
    day = rows["day"]
    old = rows.filter(day < dt.date(1970, 1, 1)).select("i", kind=int64(1))
    new = rows.filter(day >= dt.date(1970, 1, 1)).select("i", kind=int64(2))
    both = ibis.union(old, new, distinct=False)
    case = ibis.cases((both["i"] > 4, int64(10)), (both["i"] > 2, int64(20)), else_=both["kind"])

    assert values(engine, both, case=case)[0] == [1, 1, 1, 20, 20, 10]


def test_left_joins_keep_all(engine, rows):
    few = rows.filter(rows["i"] < 2).select(j=rows["i"], more=rows["small"].cast("int64"))
    joined = rows.left_join(few, rows["i"] == few["j"])

    assert values(engine, joined, more=joined["more"].fill_null(int64(-1)))[0] == [0, 1, *[-1] * 5]


def test_nan_becomes_null(engine):
    engine.load("rows", pa.table({"i": [0, 1, 2], "number": [1.0, float("nan"), None]}))
    rows = engine.open().table("rows")

    assert values(engine, rows, n=rows["number"].nullif(float("nan")))[0] == [1.0, None, None]


def test_memtables_keep_types_digits_and_nothing(engine, rows):
    """As they are, in the query: temporary tables need rights, and pandas loses digits."""
    given = ibis.memtable(ROWS.slice(0, 6).append_column("none", pa.nulls(6, pa.int64())))
    joined = rows.select("i").inner_join(given, "i")

    found = engine.open().fetch(joined).sort_by("i")

    assert found.drop(["none"]).to_pylist() == ROWS.slice(0, 6).to_pylist()
    assert found.schema.field("key").type == pa.int64()
    assert found["none"].null_count == 6


def test_an_empty_memtable_joins_nothing(engine, rows):
    empty = ibis.memtable(ROWS.slice(0, 0))

    assert engine.open().fetch(rows.semi_join(empty, "i")).num_rows == 0
