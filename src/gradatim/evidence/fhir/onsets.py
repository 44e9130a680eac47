"""When something began or ended, in all the ways FHIR lets one say it: date, period, age, words.

Source: HL7 FHIR R4 (4.0.1), section 9.2, Condition.onset[x] and abatement[x].
"""

import re
from datetime import date, timedelta

from gradatim.core.dates import Day, Duration, parse_day, step
from gradatim.evidence.fhir.datatypes import Resource, Unreadable, day, length, obj, period, text
from gradatim.evidence.fhir.reader_context import About

_AGE = re.compile(r"(?:aged?\s*)?(\d{1,3})\s*(?:y|yr|yrs|years?)?(?:\s*old)?\s*\Z", re.I | re.ASCII)
_OLDEST = 130
_YEAR = Duration(12)


def point(of: Resource, stem: str, about: About) -> Day | None:
    """Give the day something began or ended, as an interval where it is not told exactly.

    Args:
        of: the resource.
        stem: the field without its type: `onset`, `abatement`, `performed`.
        about: for the date of birth, from which ages count, and the day of the evaluation.

    Raises:
        Unreadable: the date, period or age is not of the shape of one.
    """
    at = day(of, f"{stem}DateTime")
    if at:
        return at
    span = period(of, f"{stem}Period")
    if span:
        return _within(span[0], span[1], about)
    age = length(of, f"{stem}Age")
    if age is not None:
        return _at_age(age, age, about)
    ages = obj(of, f"{stem}Range")
    if ages:
        low, high = length(ages, "low"), length(ages, "high")
        return _at_age(low or Duration(), high or low or Duration(), about)
    told = text(of, f"{stem}String")
    return _told(told, day(of, "recordedDate"), about) if told else None


def _within(start: Day | None, end: Day | None, about: About) -> Day:
    some = about.undated()
    first = start.first if start else min(some.first, end.last if end else some.first)
    return Day(first, end.last if end else max(first, some.last))


def _at_age(low: Duration, high: Duration, about: About) -> Day:
    """Give the days on which a person has an age, which is known in completed years (or months)."""
    birth = about.person.birth
    precision = _YEAR if high.months % 12 == 0 and not high.days else Duration(1)
    if high.days:
        precision = Duration(0, 1)
    after = step(step(birth.last, high), precision)
    if after == date.max or step(birth.first, low) > after:
        raise Unreadable(f"an age of {low} to {high} is none")
    return Day(step(birth.first, low), after - timedelta(days=1))


def _told(told: str, recorded: Day | None, about: About) -> Day:
    """Read a date or an age in words; of other words only that it was before they were written."""
    try:
        return parse_day(told.strip())
    except ValueError:
        pass
    found = _AGE.match(told.strip())
    if found and int(found[1]) <= _OLDEST:
        years = Duration(12 * int(found[1]))
        return _at_age(years, years, about)
    return _within(None, recorded, about)
