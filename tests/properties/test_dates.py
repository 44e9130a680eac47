"""Partial dates and calendar steps, against counting the days one by one."""

import calendar
from collections.abc import Iterator
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from gradatim.core.dates import (
    Day,
    Duration,
    before,
    completed_years,
    not_after,
    on,
    parse_day,
    parse_duration,
    step,
)
from gradatim.core.truth import Truth, truth_of

DAYS = st.dates(date(1900, 1, 1), date(2100, 12, 31))
PARTIAL = st.builds(
    lambda day, length: parse_day(day.isoformat()[:length]), DAYS, st.sampled_from([4, 7, 10])
)
LENGTHS = st.one_of(
    st.builds(Duration, months=st.integers(-120, 120)),
    st.builds(Duration, days=st.integers(-99, 99)),
)


def each(day: Day) -> Iterator[date]:
    """Give every day that a partial date may be."""
    for number in range(day.first.toordinal(), day.last.toordinal() + 1):
        yield date.fromordinal(number)


def agreed(answers: Iterator[bool]) -> Truth:
    found = set(answers)
    return truth_of(found.pop() if len(found) == 1 else None)


@given(PARTIAL, DAYS, st.integers(-40, 40))
def test_comparing_a_partial_date_is_comparing_each_of_its_days(
    day: Day, limit: date, near: int
) -> None:
    """UNKNOWN exactly when the days it may be disagree; also with limits close to its ends."""
    for other in (limit, day.first + timedelta(days=near), day.last + timedelta(days=near)):
        assert not_after(day, other) is agreed(one <= other for one in each(day))
        assert before(day, other) is agreed(one < other for one in each(day))


@given(PARTIAL)
def test_a_partial_date_is_read_back_from_how_it_is_written(day: Day) -> None:
    """Precision survives writing and reading."""
    assert parse_day(str(day)) == day
    assert day.exact is (len(str(day)) == len("2026-03-14"))


def walked(day: date, months: int) -> date:
    """Move by months the slow way: one month at a time on the first day, then clamp."""
    first, forward = day.replace(day=1), months > 0
    for _ in range(abs(months)):
        if forward:
            first = (first + timedelta(days=31)).replace(day=1)
        else:
            first = (first - timedelta(days=1)).replace(day=1)
    return first.replace(day=min(day.day, calendar.monthrange(first.year, first.month)[1]))


@given(DAYS, st.integers(-240, 240), st.integers(-500, 500))
def test_a_step_is_a_walk_through_the_calendar(day: date, months: int, days: int) -> None:
    """Months first, clamped to the month's end, then days."""
    assert step(day, Duration(months=months)) == walked(day, months)
    assert step(day, Duration(days=days)) == day + timedelta(days=days)
    assert step(day, Duration(months, days)) == walked(day, months) + timedelta(days=days)


@given(DAYS, st.integers(0, 40), LENGTHS)
def test_a_later_day_never_steps_to_an_earlier_one(day: date, later: int, length: Duration) -> None:
    """Steps keep the order of days, which is what `horizon` rests on."""
    assert step(day, length) <= step(day + timedelta(days=later), length)


@given(LENGTHS)
def test_steps_past_the_calendar_stay_at_its_end(length: Duration) -> None:
    """Nothing is raised at the first and the last day there is."""
    for end in (date.min, date.max):
        moved = step(end, length)
        assert date.min <= moved <= date.max
        if length == Duration() or (length > Duration()) is (end == date.max):
            assert moved == end


@given(DAYS, DAYS)
def test_age_grows_by_one_at_each_birthday(birth: date, day: date) -> None:
    """Completed years are the number of birthdays lived through; 29 February's is 1 March."""
    birthdays = [birth]
    for year in range(birth.year + 1, day.year + 1):
        try:
            birthdays.append(birth.replace(year=year))
        except ValueError:
            birthdays.append(date(year, 3, 1))
    if day >= birth:
        assert completed_years(birth, day) == sum(one <= day for one in birthdays[1:])
    else:
        assert completed_years(birth, day) < 0


@given(st.integers(-99, 99), st.sampled_from(["day", "week", "month", "year"]))
def test_a_length_is_read_as_it_is_written(n: int, unit: str) -> None:
    """A week is 7 days and a year 12 months; what is written back reads the same."""
    found = parse_duration(f"{n} {unit}s")
    size = {
        "day": Duration(0, 1),
        "week": Duration(0, 7),
        "month": Duration(1),
        "year": Duration(12),
    }
    assert found == Duration(size[unit].months * n, size[unit].days * n)
    assert parse_duration(str(found)) == found
    assert -found == parse_duration(f"{-n} {unit}s")


@given(DAYS)
def test_an_exact_day_is_its_own_first_and_last(day: date) -> None:
    """A whole date has no uncertainty."""
    assert list(each(on(day))) == [day]
