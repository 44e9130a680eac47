"""Courses of treatment from single records."""

from datetime import date, timedelta

from gradatim.rules.courses import Period, bridged, merged

FIRST = date(2026, 7, 7)


def _weekly(doses: int, every: int = 7) -> list[Period]:
    days = [FIRST + timedelta(days=every * n) for n in range(doses)]
    return [Period(day, day, 15.0) for day in days]


def test_weekly_injections_are_one_course_that_lasts_until_the_next_is_due():
    """The last of them covers six days more."""
    (course,) = merged(bridged(_weekly(10)), same_dose=True)
    assert course == Period(FIRST, FIRST + timedelta(days=63 + 6), 15.0)


def test_injections_further_apart_are_not_one_course():
    """Eight days are more than a weekly interval."""
    assert len(merged(bridged(_weekly(4, every=8)), same_dose=True)) == 4


def test_a_single_dose_is_a_single_day():
    """Nothing says that it was to be repeated."""
    assert bridged(_weekly(1)) == _weekly(1)


def test_a_change_of_dose_is_no_gap():
    """Periods of different doses follow on each other, but stay two."""
    low, high = Period(FIRST, FIRST, 10.0), Period(FIRST + timedelta(days=7), date.max, 15.0)
    assert len(merged(bridged([low, high]), same_dose=True)) == 2
    assert len(merged(bridged([low, high]), same_dose=False)) == 1
