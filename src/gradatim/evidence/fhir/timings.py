"""Timings of a dosage: how often a day, and on how many days at the least.

A timing may leave both between bounds: one to two times a day; once a day, in the morning and in
the evening. When several events are named, it is tied to all of them.

Source: HL7 FHIR R4 (4.0.1), sections 2.24.0.13 (Timing) and 2.33 (Dosage).
"""

import math
from typing import NamedTuple

from gradatim.evidence.facts import EVERY_DAY, Often
from gradatim.evidence.fhir.datatypes import Resource, number, obj, text, words

NOT_KNOWN = Often(0, 1)
"""Perhaps on none of its days."""
_DAYS = {"h": 1 / 24, "d": 1.0, "wk": 7.0, "mo": 365.25 / 12, "a": 365.25, "min": 1 / 1440}
_TIMES_A_DAY = {
    "qd": 1.0,
    "am": 1.0,
    "pm": 1.0,
    "bed": 1.0,
    "bid": 2.0,
    "tid": 3.0,
    "qid": 4.0,
    "qod": 0.5,
    "q4h": 6.0,
    "q6h": 4.0,
    "q8h": 3.0,
    "q12h": 2.0,
    "wk": 1 / 7,
}
_AT_MEALS = frozenset({"c", "ac", "pc"})
"""Moments that do not say at which of the three meals."""
_SAYS_HOW_OFTEN = frozenset({"period", "frequency", "dayOfWeek", "when", "timeOfDay"})
_BOUNDS = frozenset({"boundsPeriod", "boundsDuration", "boundsRange"})
_NEARLY = 1e-9


class Times(NamedTuple):
    """How often a day on the average, at least and at most."""

    least: float
    most: float

    def along(self, other: "Times") -> "Times":
        """Return what lies between the two."""
        return Times(min(self.least, other.least), max(self.most, other.most))


def times_a_day(timing: Resource) -> Times | None:
    """Return how often a day; None where the timing does not tell, or is not understood.

    Raises:
        Unreadable: a part is of the wrong shape.
    """
    repeat = obj(timing, "repeat") or {}
    named = [one for one in words(obj(timing, "code")) if one in _TIMES_A_DAY]
    coded = Times(*(_TIMES_A_DAY[named[0]],) * 2) if named else None
    if not repeat.keys() & _SAYS_HOW_OFTEN:
        return coded
    found = _repeated(repeat)
    return found.along(coded) if found and coded else found


def often(dosages: list[Resource], counted: bool = False) -> Often:
    """Return on how many days something is taken at the least.

    Of dosages that hold at once the most frequent tells; of steps, the least frequent.

    Args:
        dosages: the dosages.
        counted: whether a number of repeats says when it ends; else that is how often it is taken
            in a period that something else bounds.

    Raises:
        Unreadable: a part is of the wrong shape.
    """
    if not dosages:
        return EVERY_DAY
    found = sorted((_often(one, counted) for one in dosages), key=lambda one: one.days / one.of)
    steps = len({number(one, "sequence") for one in dosages}) > 1
    return found[0] if steps else found[-1]


def as_needed(dosage: Resource) -> bool:
    """Whether it is taken only when needed."""
    return (
        dosage.get("asNeededBoolean") is True or dosage.get("asNeededCodeableConcept") is not None
    )


def _often(dosage: Resource, counted: bool) -> Often:
    timing = obj(dosage, "timing")
    if as_needed(dosage):
        return NOT_KNOWN
    if timing is None:  # as long as nothing is said of it, a period of taking is every day of it
        return NOT_KNOWN if text(dosage, "text") else EVERY_DAY
    times, repeat = times_a_day(timing), obj(timing, "repeat") or {}
    fewer = repeat.get("count") is not None and not (counted and repeat.keys().isdisjoint(_BOUNDS))
    if times is None or fewer:
        only_bounds = timing.keys() <= {"repeat"} and not repeat.keys() - _BOUNDS
        return EVERY_DAY if only_bounds else NOT_KNOWN
    if week := _week(repeat):
        period = _period(repeat)
        weeks = math.ceil(max(period[1] / 7, 1.0) - _NEARLY) if period else 1
        return Often(max(1, min(week, math.floor(times.least * 7 * weeks + _NEARLY))), 7 * weeks)
    if times.least >= 1 - _NEARLY:
        return EVERY_DAY
    return _sparse(repeat, times)


def _sparse(repeat: Resource, times: Times) -> Often:
    """Return on how many days something less than daily is taken."""
    period = _period(repeat)
    if period is None:
        return Often(1, math.ceil(1 / times.least - _NEARLY))
    of = math.ceil(period[1] - _NEARLY)
    frequency = number(repeat, "frequency") or 1.0
    return Often(max(0, min(math.floor(frequency + _NEARLY), of)), max(of, 1))


def _repeated(repeat: Resource) -> Times | None:
    """Return how often a day, as `Timing.repeat` tells it."""
    period, week, moments = _period(repeat), _week(repeat), _moments(repeat)
    if period is None and repeat.get("period") is not None:
        return None
    on_days = Times(week / 7, week / 7) if week else Times(1.0, 1.0)
    at = moments or Times(1.0, 1.0)
    events = Times(on_days.least * at.least, on_days.most * at.most)
    if period is None:
        return None if number(repeat, "frequency") is not None else events
    frequency = number(repeat, "frequency")
    often_at_most = number(repeat, "frequencyMax") or frequency or 1.0
    if (frequency is not None and frequency <= 0) or often_at_most < (frequency or 1.0):
        return None
    counted = Times((frequency or 1.0) / period[1], often_at_most / period[0])
    if not week and moments is None:
        return counted
    if week and period[0] <= 1 + _NEARLY:  # so often a day, on these days of the week
        counted = Times(counted.least * week / 7, counted.most * week / 7)
    elif period[0] > 7 + _NEARLY:  # the days of the week are those of every second week, or so
        events = Times(events.least * 7 / period[1], events.most * 7 / period[0])
    elif period[0] > 1 + _NEARLY and not week:
        events = Times(at.least / period[1], at.most / period[0])
    return _agreed(counted, events)


def _agreed(counted: Times, events: Times) -> Times:
    """Return the count where the events that are named may be it, else what lies between."""
    inside = events.least - _NEARLY <= counted.least and counted.most <= events.most + _NEARLY
    return counted if inside else counted.along(events)


def _period(repeat: Resource) -> tuple[float, float] | None:
    """Return the days in which the frequency is reached, the fewest and the most."""
    least, most = number(repeat, "period"), number(repeat, "periodMax")
    days = _DAYS.get(text(repeat, "periodUnit"))
    if least is None or days is None or least <= 0:
        return None
    return least * days, max(least, most or least) * days


def _week(repeat: Resource) -> int:
    """Return on how many days of a week it is taken; 0 where none are named."""
    named = repeat.get("dayOfWeek")
    return len({one for one in named if isinstance(one, str)}) if isinstance(named, list) else 0


def _moments(repeat: Resource) -> Times | None:
    """Return how many moments of a day are named, such as MORN and HS; None where none are."""
    listed = (repeat.get(part) for part in ("timeOfDay", "when"))
    named = [one for some in listed if isinstance(some, list) for one in some]
    if not named:
        return None
    meals = sum(isinstance(one, str) and one.casefold() in _AT_MEALS for one in named)
    different = len({str(one) for one in named})
    return Times(float(different), float(different + 2 * min(meals, 1)))
