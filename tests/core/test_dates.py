"""Partial dates and lengths: what is read, what is refused, and how they are written."""

from datetime import date

import pytest

from gradatim.core.dates import (
    ANY_DAY,
    NEVER_ENDED,
    Day,
    Duration,
    completed_years,
    on,
    parse_day,
    parse_duration,
    step,
)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("2026-03-14", date(2026, 3, 14), date(2026, 3, 14)),
        ("2026-02", date(2026, 2, 1), date(2026, 2, 28)),
        ("2028-02", date(2028, 2, 1), date(2028, 2, 29)),
        ("2026", date(2026, 1, 1), date(2026, 12, 31)),
        ("2026-03-14T23:59:59+14:00", date(2026, 3, 14), date(2026, 3, 14)),
        ("2026-03-14T08:00:00.123Z", date(2026, 3, 14), date(2026, 3, 14)),
    ],
)
def test_dates_are_read_at_any_precision(text: str, first: date, last: date) -> None:
    """Of a date-time it is the date as written there, wherever that was."""
    assert parse_day(text) == Day(first, last)


@pytest.mark.parametrize(
    "text", ["", "14.03.2026", "2026-3-14", "2026-02-30", "2026-13", "0000", "26", "2026-03-14 "]
)
def test_what_is_no_date_is_refused(text: str) -> None:
    """Nothing is guessed."""
    with pytest.raises(ValueError, match=r"."):
        parse_day(text)


@pytest.mark.parametrize(
    ("day", "text"),
    [
        (on(date(2026, 3, 14)), "2026-03-14"),
        (ANY_DAY, "an unknown date"),
        (NEVER_ENDED, "ongoing"),
        (Day(date(2026, 3, 2), date(2026, 3, 31)), "2026-03-02 to 2026-03-31"),
        (Day(date(2026, 3, 2), date.max), "2026-03-02 to now"),
    ],
)
def test_days_are_written_as_precisely_as_they_are_known(day: Day, text: str) -> None:
    """For people to read."""
    assert str(day) == text


@pytest.mark.parametrize("text", ["", "3", "3 fortnights", "1.5 months", "three days", "3  days"])
def test_what_is_no_length_is_refused(text: str) -> None:
    """The message gives an example of one."""
    with pytest.raises(ValueError, match="28 days"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (Duration(12), "1 year"),
        (Duration(3), "3 months"),
        (Duration(0, 28), "28 days"),
        (Duration(0, 1), "1 day"),
        (Duration(), "0 days"),
        (Duration(1, 2), "1 month 2 days"),
    ],
)
def test_lengths_are_written_in_words(length: Duration, text: str) -> None:
    """In whole years where it can be."""
    assert str(length) == text


@pytest.mark.parametrize(
    ("day", "months", "found"),
    [
        (date(2026, 5, 31), -3, date(2026, 2, 28)),
        (date(2028, 5, 31), -3, date(2028, 2, 29)),
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2028, 2, 29), -60, date(2023, 2, 28)),
        (date(2026, 12, 15), 1, date(2027, 1, 15)),
    ],
)
def test_months_are_clamped_to_the_months_end(day: date, months: int, found: date) -> None:
    """In leap years too."""
    assert step(day, Duration(months)) == found


def test_the_birthday_is_the_first_day_of_the_new_age() -> None:
    """Somebody born on 29 February is a year older on 1 March, but in leap years on 29 February."""
    assert completed_years(date(2008, 11, 2), date(2026, 11, 1)) == 17
    assert completed_years(date(2008, 11, 2), date(2026, 11, 2)) == 18
    assert completed_years(date(2008, 2, 29), date(2026, 2, 28)) == 17
    assert completed_years(date(2008, 2, 29), date(2026, 3, 1)) == 18
    assert completed_years(date(2008, 2, 29), date(2028, 2, 29)) == 20
