"""Courses of treatment from single records, and the doses of several records at once."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradatim.core.truth import FALSE, TRUE, UNKNOWN
from gradatim.rules.courses import Period, bridged, covered
from gradatim.rules.doses import Total, handed_over, totals, unchanged

FIRST = date(2026, 7, 7)
LAST = FIRST + timedelta(days=60)


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


def _weekly(doses: int, every: int = 7) -> list[Period]:
    return [Period(day(every * n), day(every * n), 15.0) for n in range(doses)]


def test_weekly_injections_are_one_course_that_lasts_until_the_next_is_due():
    """The last of them covers six days more."""
    last = day(63 + 6)
    assert covered(bridged(_weekly(10)), FIRST, last)
    assert not covered(bridged(_weekly(10)), FIRST, last + timedelta(days=1))
    assert unchanged(bridged(_weekly(10)), bridged(_weekly(10)), FIRST, last) is TRUE


def test_injections_further_apart_are_not_one_course():
    """Eight days are more than a weekly interval."""
    assert not covered(bridged(_weekly(4, every=8)), FIRST, day(8))


def test_a_single_dose_is_a_single_day():
    """Nothing says that it was to be repeated."""
    assert bridged(_weekly(1)) == _weekly(1)


def test_a_change_of_dose_is_no_gap():
    low, high = Period(FIRST, FIRST, 10.0), Period(day(7), date.max, 15.0)
    assert covered(bridged([low, high]), FIRST, LAST)
    assert unchanged(bridged([low, high]), bridged([low, high]), FIRST, LAST) is FALSE


# --- several records at once ----------------------------------------------------------------------

JANUARY = date(2026, 1, 1)


def taken(
    dose: float | None,
    start: date = JANUARY,
    end: date = date.max,
    most: float | None = None,
    course: str = "",
) -> Period:
    return Period(start, end, dose, most, course)


def numbered(*periods: Period) -> list[Period]:
    """Give records that do not say of which course they are a course each."""
    return [one._replace(course=one.course or f"record {n}") for n, one in enumerate(periods)]


TOGETHER = [
    # records, least, most
    ([taken(5), taken(2.5)], 7.5, 7.5),
    ([taken(7.5), taken(7.5)], 7.5, 15),
    ([taken(7.5, course="a"), taken(7.5, course="a")], 7.5, 7.5),
    ([taken(7.5, course="a"), taken(5, course="a")], 5, 7.5),
    ([taken(7.5, course="a"), taken(None, course="a")], 7.5, 7.5),
    ([taken(7.5), taken(7.5), taken(7.5), taken(5)], 12.5, 27.5),
    ([taken(5, most=10)], 5, 10),
    ([taken(5, most=10), taken(2)], 7, 12),
    ([taken(5), taken(None)], 5, None),
    ([taken(5, end=LAST), taken(5, start=LAST)], 5, 5),
    ([taken(5, end=day(59)), taken(7, start=LAST)], 7, 7),
]


@pytest.mark.parametrize(("records", "least", "most"), TOGETHER)
def test_the_total_of_a_day(records: list[Period], least: float, most: float | None) -> None:
    periods = handed_over(numbered(*records))
    found = totals(periods, periods, LAST)
    assert found is not None
    assert found.between() == Total(least, most)


UNCHANGED = [
    ([taken(5), taken(2.5)], TRUE),
    ([taken(7.5), taken(7.5)], TRUE),
    ([taken(5), taken(2.5, start=day(30))], FALSE),
    ([taken(5, end=day(30)), taken(5, start=day(30))], TRUE),
    ([taken(5, end=day(30)), taken(5, start=day(31))], TRUE),
    ([taken(5, end=day(30)), taken(5, start=day(40))], FALSE),
    ([taken(5, end=day(30)), taken(5, start=day(25))], UNKNOWN),
    ([taken(5, end=day(30), course="a"), taken(5, start=day(25), course="a")], TRUE),
    ([taken(5, end=day(30)), taken(2.5, end=day(30)), taken(7.5, start=day(31))], TRUE),
    ([taken(5), taken(5, start=day(30))], UNKNOWN),
    ([taken(5, end=day(30)), taken(5, end=day(30)), taken(10, start=day(31))], UNKNOWN),
    ([taken(5, end=day(30)), taken(5, end=day(30)), taken(11, start=day(31))], FALSE),
    ([taken(5, most=10)], UNKNOWN),
    ([taken(5), taken(None)], UNKNOWN),
]


@pytest.mark.parametrize(("records", "truth"), UNCHANGED)
def test_whether_the_total_dose_was_unchanged(records: list[Period], truth: object) -> None:
    periods = numbered(*records)
    assert unchanged(periods, periods, FIRST, LAST) is truth


DAYS = st.integers(-10, 70).map(day)
SPANS = st.builds(lambda a, b: (min(a, b), max(a, b)), DAYS, DAYS)
RECORDS = st.lists(
    st.builds(lambda span, dose: taken(dose, *span), SPANS, st.sampled_from([2.5, 5.0, 7.5, None])),
    min_size=1,
    max_size=5,
)


def _asked(records: list[Period]) -> tuple[object, list[object]]:
    periods = numbered(*records)
    found = [totals(handed_over(periods), handed_over(periods), day(n)) for n in range(61)]
    return unchanged(periods, periods, FIRST, LAST), [one and one.between() for one in found]


@given(SPANS, st.sampled_from([(2.5, 5.0), (1.0, 6.5)]))
def test_one_dose_in_two_records_is_one_dose(
    span: tuple[date, date], parts: tuple[float, float]
) -> None:
    assert _asked([taken(sum(parts), *span)]) == _asked([taken(part, *span) for part in parts])


@given(SPANS, st.data())
def test_one_period_in_two_records_is_one_period(
    span: tuple[date, date], data: st.DataObject
) -> None:
    first, last = span
    after = data.draw(st.integers(0, max(0, (last - first).days - 1)))
    end = first + timedelta(days=after)
    cut = [taken(5.0, first, end), taken(5.0, min(last, end + timedelta(days=1)), last)]
    if first < last:
        assert _asked([taken(5.0, *span)]) == _asked(cut)


@given(RECORDS, st.randoms())
def test_the_order_of_records_changes_nothing(records: list[Period], chance: object) -> None:
    shuffled = list(records)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert _asked(records) == _asked(shuffled)


@given(RECORDS, st.data())
def test_a_record_told_once_more_never_settles_more(
    records: list[Period], data: st.DataObject
) -> None:
    """The total may be what it was before, whatever it may be besides."""
    again = data.draw(st.sampled_from(records))
    (truth, before), (perhaps, after) = _asked(records), _asked([*records, again])
    assert perhaps in (truth, UNKNOWN)
    for one, other in zip(before, after, strict=True):
        if one is not None and isinstance(one, Total) and isinstance(other, Total):
            assert other.least <= one.least + 1e-9
            assert other.most is None or (one.most is not None and other.most >= one.most - 1e-9)
