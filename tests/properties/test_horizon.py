"""`horizon` against `evaluate`, day by day."""

import random
from collections.abc import Iterator
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import HealthCheck, Phase, find, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import NoSuchExample

from gradatim.protocol.nodes import NODE_KINDS
from gradatim.rules.evaluate import evaluate
from gradatim.rules.horizon import Stretch, horizon
from tests.properties.strategies import Case, cases
from tests.spec.tables import Row

FIVE_YEARS = 1826
FEW = settings(max_examples=settings().max_examples // 4, suppress_health_check=list(HealthCheck))
EVERY_KIND = pytest.mark.parametrize("kind", NODE_KINDS)


def stretch_of(stretches: list[Stretch], day: date) -> Stretch:
    return next(one for one in reversed(stretches) if one.first <= day)


def agrees(case: Case, stretches: list[Stretch], days: Iterator[date]) -> None:
    """Ask of each day what the stretches say of it."""
    first = case.situation.anchors["first_dose"]
    for day in days:
        if day >= first:
            found = evaluate(case.rule, case.situation.moved(day)).truth
            assert stretch_of(stretches, day).truth is found, f"on {day}"


def breakpoints(stretches: list[Stretch]) -> Iterator[date]:
    """Give the first and last day of each stretch, and the days beside them."""
    for one in stretches:
        for day in (one.first, one.last):
            if day:
                yield from (day - timedelta(days=1), day, day + timedelta(days=1))


@EVERY_KIND
@given(data=st.data())
@FEW
def test_a_horizon_agrees_with_evaluating_each_day(kind: str, data: st.DataObject) -> None:
    """At every breakpoint, a day either side, and on 200 random days within five years."""
    case = data.draw(cases(kind))
    verdict, stretches = horizon(*case)
    first = case.situation.anchors["first_dose"]
    assert verdict == evaluate(*case)
    assert stretches[0].first == first
    follow_on_each_other(stretches)
    agrees(case, stretches, breakpoints(stretches))
    days = random.Random(data.draw(st.integers(0, 99))).sample(range(FIVE_YEARS), 200)
    agrees(case, stretches, (first + timedelta(days=n) for n in sorted(days)))


LASTING = ("all", "any", "not", "sex")
"""Kinds that do not change with time themselves."""
MANY = settings(max_examples=1000, phases=[Phase.generate], derandomize=True)


@pytest.mark.parametrize("kind", [kind for kind in NODE_KINDS if kind not in LASTING])
def test_a_rule_of_each_kind_changes_with_time(kind: str) -> None:
    """Else days of change would be right of it whatever its evaluation tells the `Situation`."""
    try:
        find(cases(kind), lambda case: len(horizon(*case)[1]) > 1, settings=MANY)
    except NoSuchExample:
        pytest.fail(
            f"no rule of the kind `{kind}` changes: its evaluation tells the Situation no day "
            "(src/gradatim/rules/context.py, `reaches`), or tests/properties/strategies.py draws "
            "none that lies near a day of change"
        )


def follow_on_each_other(stretches: list[Stretch]) -> None:
    """Check that there is no gap, and that each has another truth than the one before."""
    assert stretches[-1].last is None
    for one, following in pairwise(stretches):
        assert one.last is not None
        assert one.first <= one.last
        assert following.first == one.last + timedelta(days=1)
        assert following.truth is not one.truth


HARD = {
    "a window of months that only some months fill": {
        "rule": {
            "days": "nsaid",
            "at_least": 32,
            "per": "union",
            "within": {"anchor": "first_dose", "from": "-1 month", "bounds": "[]"},
        },
        "facts": {"nsaid": "naproxen, 2026-01-01.."},
        "exhaustive": ["exposure"],
    },
    "a source that ends before the window does": {
        "rule": {
            "event": "surgery",
            "within": {
                "anchor": "first_dose",
                "from": "-5 years",
                "to": "-1 month",
                "bounds": "[]",
            },
        },
        "exhaustive": {"procedure": "2000-01-01..2026-11-10"},
        "asked": "2027-05-01",
    },
    "a record at the end of the calendar": {
        "rule": {
            "event": "surgery",
            "within": {"anchor": "first_dose", "from": "-5 years", "bounds": "[]"},
        },
        "facts": {"surgery": "9999-12-30"},
        "exhaustive": ["procedure"],
    },
    "the longest of a month and of 30 days": {
        "rule": {
            "not_washed_out": "dmard",
            "before": "first_dose",
            "longest_of": [{"length": "1 month"}, {"length": "30 days"}],
        },
        "facts": {"dmard": "etanercept, 2026-01-01..2027-01-31"},
        "exhaustive": {"exposure": "2027-02-01.."},
    },
}


@pytest.mark.parametrize("name", HARD)
def test_a_horizon_agrees_in_hard_cases(name: str) -> None:
    """Cases in which dates matter by their number or from afar; every day of two years."""
    row = Row("horizon", name, 1, {"facts": {}, **HARD[name]})
    case = Case(row.rule, row.situation())
    _, stretches = horizon(*case)
    first = case.situation.anchors["first_dose"]
    agrees(case, stretches, (first + timedelta(days=n) for n in range(2 * 365)))


@pytest.mark.slow
@pytest.mark.parametrize("number", range(20))
def test_a_horizon_agrees_on_every_day_of_five_years(number: int) -> None:
    """A full sweep, for twenty people and rules that are the same on every run."""

    @seed(number)
    @given(cases(NODE_KINDS[number % len(NODE_KINDS)]))
    @settings(
        max_examples=1,
        derandomize=False,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def sweep(case: Case) -> None:
        _, stretches = horizon(*case)
        first = case.situation.anchors["first_dose"]
        agrees(case, stretches, (first + timedelta(days=n) for n in range(FIVE_YEARS)))

    sweep()
