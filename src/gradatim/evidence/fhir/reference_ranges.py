"""Reference ranges: of those that a result came with, the one that is this person's.

Source: HL7 FHIR R4 (4.0.1), section 10.1, Observation.referenceRange; SNOMED CT 248152002 and
248153007 (female, male) and HL7 administrative-gender.
"""

import marshal
from collections.abc import Iterable
from functools import lru_cache
from typing import NamedTuple

from gradatim.clinical.units import convert_for
from gradatim.core.dates import Day, Duration, step
from gradatim.core.quantity import Quantity, plain_number, same
from gradatim.core.truth import FALSE, TRUE, UNKNOWN, Truth
from gradatim.evidence.fhir.datatypes import (
    Resource,
    Unreadable,
    content_of,
    items,
    length,
    number,
    obj,
    raw_codes,
    words,
)
from gradatim.evidence.fhir.observation_values import unit_of
from gradatim.evidence.fhir.patient import Patient
from gradatim.evidence.fhir.wordings import fold_word
from gradatim.protocol.elements import Element

_SEXES = {
    **dict.fromkeys(
        ("female", "f", "248152002", "703118005", "women", "woman", "females"), "female"
    ),
    **dict.fromkeys(("male", "m", "248153007", "703117000", "men", "man", "males"), "male"),
}
_NORMAL = ("normal", "normal range")


class Limits(NamedTuple):
    """The limits of a normal range, and how the range contradicts itself if it does."""

    low: Quantity | None = None
    high: Quantity | None = None
    conflict: str = ""


class Whose(NamedTuple):
    """Whose result it is, and of when: what a range may be limited to."""

    person: Patient
    at: Day


def reference_range(holder: Resource, unit: str, element: Element, whose: Whose) -> Limits:
    """Read the limits of the person's normal range, in the value's unit where they convert to it.

    Ranges of another kind, sex, age, or of a population that the person is not known to be of, are
    left out. Of those that are left, and of those that may fit, all must agree.

    Args:
        holder: the Observation or component.
        unit: the value's unit, which a limit without one shares.
        element: the element, for its analyte.
        whose: the person, and the day of the value.

    Raises:
        Unreadable: a range is not of the shape of one.
    """
    ranges = items(holder, "referenceRange")
    content = content_of(ranges)
    if content is None or _AGE in content:
        return _limits_of(ranges, unit, element.analyte, whose.person.sex, whose)
    return _limits_whenever(content, unit, element.analyte, whose.person.sex)


_AGE = b"age"


def depends_on_age(holder: Resource) -> bool:
    """Whether the ranges of a result may be of some ages only."""
    content = content_of(holder.get("referenceRange"))
    return content is None or _AGE in content


@lru_cache(maxsize=16_384)
def _limits_whenever(ranges: bytes, unit: str, analyte: str, sex: str) -> Limits:
    """Read the limits of ranges that are of no age; a laboratory sends the same ones always."""
    return _limits_of(marshal.loads(ranges), unit, analyte, sex, None)


def _limits_of(
    ranges: list[Resource], unit: str, analyte: str, sex: str, whose: Whose | None
) -> Limits:
    fitting = [(one, _fits(one, sex, whose)) for one in ranges]
    fitting = [(one, fits) for one, fits in fitting if fits is not FALSE]
    read = [(*_limits(one, unit, analyte), fits) for one, fits in fitting]
    for low, high, _ in read:
        if low and high and low.unit == high.unit and low.value > high.value:
            why = f"its range is from {plain_number(low.value)} to {plain_number(high.value)}"
            return Limits(conflict=f"{why}: the lower limit is above the upper one")
    return Limits(
        _agreed((low, fits) for low, _, fits in read),
        _agreed((high, fits) for _, high, fits in read),
    )


def _agreed(limits: Iterable[tuple[Quantity | None, Truth]]) -> Quantity | None:
    """Return the limit that all ranges give, at least one of which surely fits; else None."""
    given = [(limit, fits) for limit, fits in limits if limit is not None]
    if not any(fits is TRUE for _, fits in given):
        return None
    first = given[0][0]
    alike = all(one.unit == first.unit and same(one.value, first.value) for one, _ in given)
    return first if alike else None


def _limits(one: Resource, unit: str, analyte: str) -> tuple[Quantity | None, Quantity | None]:
    return _limit(obj(one, "low"), unit, analyte), _limit(obj(one, "high"), unit, analyte)


def _limit(limit: Resource | None, unit: str, analyte: str) -> Quantity | None:
    value = number(limit, "value") if limit else None
    if limit is None or value is None:
        return None
    own = unit_of(limit) or unit
    converted = value if own == unit else convert_for(analyte or None, value, own, unit)
    return Quantity(value, own) if converted is None else Quantity(converted, unit)


def _fits(one: Resource, sex: str, whose: Whose | None) -> Truth:
    kind = obj(one, "type")
    if kind is not None and not any(fold_word(word) in _NORMAL for word in words(kind)):
        return FALSE
    return min(_of_population(items(one, "appliesTo"), sex), _of_age(one, whose))


def _of_population(applies_to: list[Resource], sex: str) -> Truth:
    """Whether a range is for a person of that sex; any other population is not known to be theirs.

    A range that is for both sexes is for either.
    """
    if not applies_to:
        return TRUE
    named = [_sexes(one) for one in applies_to]
    if not all(len(one) == 1 for one in named):
        return FALSE
    sexes = {one for some in named for one in some}
    if len(sexes) == 2:
        return TRUE
    return UNKNOWN if not sex else TRUE if sex in sexes else FALSE


def _sexes(concept: Resource) -> set[str]:
    said = [code.casefold() for _, code in raw_codes(concept)]
    said += [fold_word(word) for word in words(concept)]
    return {_SEXES[one] for one in said if one in _SEXES}


def _of_age(one: Resource, whose: Whose | None) -> Truth:
    """Whether the person was of the age that a range is for.

    Within a unit above its upper end it may be either: up to 64 years is up to the 65th birthday
    for some, and up to the 64th for others.
    """
    ages = obj(one, "age")
    if ages is None or whose is None:
        return TRUE
    try:
        low, high = length(ages, "low"), length(ages, "high")
    except Unreadable:
        return UNKNOWN
    birth, at = whose.person.birth, whose.at
    found = TRUE
    if low is not None:
        surely, never = at.first >= step(birth.last, low), at.last < step(birth.first, low)
        found = min(found, TRUE if surely else FALSE if never else UNKNOWN)
    if high is not None:
        after = step(step(birth.last, high), _unit(high))
        surely, never = at.last <= step(birth.first, high), at.first >= after
        found = min(found, TRUE if surely else FALSE if never else UNKNOWN)
    return found


def _unit(age: Duration) -> Duration:
    if age.days:
        return Duration(0, 1)
    return Duration(12) if age.months % 12 == 0 else Duration(1)
