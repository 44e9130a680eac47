"""What an Observation says: a number with its unit, or a word.

Source: HL7 FHIR R4 (4.0.1), sections 10.1 (Observation.value[x]) and 2.24.0.6
(Quantity, comparator).
"""

import re
from typing import NamedTuple

from gradatim.clinical.units import canonical_unit, convert_for
from gradatim.core.message import Measure, Number, Text
from gradatim.core.quantity import Quantity, plain_number, understood
from gradatim.evidence.doubts import Doubt
from gradatim.evidence.fhir.datatypes import (
    Contradictory,
    Resource,
    Unreadable,
    number,
    obj,
    said,
    text,
    words,
)
from gradatim.evidence.fhir.wordings import RESULT_WORDS, YES_NO, fold_word, meanings
from gradatim.protocol.elements import Element

_TYPES = frozenset(
    f"value{kind}"
    for kind in (
        "Quantity",
        "CodeableConcept",
        "String",
        "Boolean",
        "Integer",
        "Range",
        "Ratio",
        "SampledData",
        "Time",
        "DateTime",
        "Period",
    )
)
OTHER_VALUES = _TYPES - {"valueQuantity"}
UCUM = ("http://unitsofmeasure.org", "urn:oid:2.16.840.1.113883.6.8")
BOUNDS = ("<", "<=", ">", ">=")
_NUMBER = re.compile(
    r"(<=|>=|<|>|≤|≥|(?:[a-z]+ )+)?\s*([+-]?\d{1,15}(?:\.\d{1,15})?)(?:\s*([^\s\d].*))?\Z",
    re.ASCII | re.IGNORECASE,
)
_SIGNS = {
    **{sign: sign for sign in ("<", "<=", ">", ">=")},
    **dict.fromkeys(("≤", "at most", "up to"), "<="),
    **dict.fromkeys(("≥", "at least"), ">="),
    **dict.fromkeys(("less than", "below", "under"), "<"),
    **dict.fromkeys(("more than", "greater than", "above", "over"), ">"),
}
LONGEST_WORD = 200


class Said(NamedTuple):
    """A value: a number with its UCUM unit and bound, or else a word."""

    value: float | None = None
    unit: str = ""
    bound: str = ""
    code: str = ""


def value_of(holder: Resource) -> Said | None:
    """Read the value of an Observation or of a component; None when it has none.

    Raises:
        Unreadable: it has a value of the wrong shape, of a type not read, or several.
        Contradictory: its parts say different things.
    """
    if _TYPES.isdisjoint(holder):
        return None
    given = [name for name in _TYPES & holder.keys() if holder[name] is not None]
    if not given:
        return None
    if len(given) > 1:
        raise Unreadable(f"has more than one value: {', '.join(sorted(given))}")
    name = given[0]
    if name == "valueQuantity":
        return _quantity_of(obj(holder, name) or {})
    if name == "valueCodeableConcept":
        return _concept(obj(holder, name) or {})
    if name == "valueString":
        return _text(text(holder, name))
    if name == "valueInteger":
        return Said(number(holder, name))
    if name == "valueBoolean":
        return _boolean(holder)
    if name == "valueRange":
        return _range(holder)
    raise Unreadable(f"{name} is not read")


def absent_reason(holder: Resource) -> str:
    """Say that there is no value, and why if that is recorded."""
    why = words(obj(holder, "dataAbsentReason"))
    return f"has no value: {why[0][:80]}" if why else "has no value"


def yes_or_no(value: Said) -> str:
    """Give `true` or `false` if that is what the value says, else an empty text."""
    return YES_NO.get(value.code, "")


def unit_of(quantity: Resource) -> str:
    """Give the UCUM unit of a Quantity; the code goes before the spelling if it is a UCUM code."""
    code, system = text(quantity, "code"), text(quantity, "system")
    written = code if code and (not system or system in UCUM) else text(quantity, "unit")
    return canonical_unit(written) if written else ""


def _quantity_of(quantity: Resource) -> Said | None:
    value = number(quantity, "value")
    if value is None:
        return None
    bound = text(quantity, "comparator")
    if bound and bound not in BOUNDS:
        raise Unreadable(f"comparator {bound[:20]!r} is none of <, <=, >, >=")
    return Said(value, unit_of(quantity), bound)


def _boolean(holder: Resource) -> Said:
    given = holder["valueBoolean"]
    if not isinstance(given, bool):
        raise Unreadable(f"valueBoolean is {said(given)}, not true or false")
    return Said(code="true" if given else "false")


def _range(holder: Resource) -> Said | None:
    """Read a Range: open at one end it is a bound; a wider one is no number.

    Raises:
        Unreadable: it has two different ends.
        Contradictory: its lower end is above its upper one.
    """
    given = obj(holder, "valueRange") or {}
    ends = [obj(given, name) for name in ("low", "high")]
    low, high = (_quantity_of(one) if one else None for one in ends)
    if low is None or high is None:
        only = low or high
        return only and only._replace(bound=">=" if low else "<=")
    if low == high:
        return low
    shown = f"valueRange from {plain_number(low.value or 0)} to {plain_number(high.value or 0)}"
    if low.unit == high.unit and (low.value or 0) > (high.value or 0):
        raise Contradictory(f"{shown}: its lower end is above its upper one")
    raise Unreadable(f"{shown} is not one number")


def _concept(concept: Resource) -> Said | None:
    meaning, written = meanings(concept)
    if meaning:
        return Said(code=meaning)
    return _text(written[0]) if written else None


def _text(written: str) -> Said | None:
    folded = fold_word(written)
    if folded in RESULT_WORDS:
        return Said(code=RESULT_WORDS[folded])
    found = _NUMBER.match(written.strip())
    sign = (found[1] or "").strip().casefold() if found else ""
    unit = canonical_unit(found[3]) if found and found[3] else ""
    if found and (not sign or sign in _SIGNS) and (not unit or understood(unit)):
        return Said(float(found[2]), unit, _SIGNS.get(sign, ""))
    if len(folded) > LONGEST_WORD:
        raise Unreadable(f"valueString of {len(folded)} letters is no result")
    return Said(code=folded) if folded else None


def implausible(value: Said, element: Element) -> Text:
    """Say why a number cannot be true, or nothing.

    A number whose unit does not convert is left for the rules to report.
    """
    if element.plausible is None or value.value is None:
        return ""
    low, high = element.plausible
    number_: float | None = value.value
    if value.unit != element.unit:
        number_ = convert_for(element.analyte or None, value.value, value.unit, element.unit)
    if number_ is None or low <= number_ <= high:
        return ""
    shown = Quantity(value.value, value.unit, value.bound)
    unit = f" {element.unit}" if value.unit != element.unit else ""
    highest = Measure(f"{plain_number(high)}{unit}")
    return Doubt.IMPLAUSIBLE(quantity=shown, n=Number(low), amount=highest)
