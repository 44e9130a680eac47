"""What an Observation says: a number with its unit, or a word; and its reference range.

Source: HL7 FHIR R4 (4.0.1), sections 10.1 (Observation.value[x], referenceRange) and 2.24.0.6
(Quantity, comparator).
"""

import re
from typing import NamedTuple

from gradatim.clinical.units import canonical_unit, convert_for
from gradatim.core.quantity import Quantity, plain
from gradatim.evidence.sources.datatypes import (
    Resource,
    Unreadable,
    codes,
    items,
    number,
    obj,
    said,
    text,
    words,
)
from gradatim.protocol.elements import Element

_TYPES = frozenset(
    f"value{kind}" for kind in (
        "Quantity", "CodeableConcept", "String", "Boolean", "Integer", "Range", "Ratio",
        "SampledData", "Time", "DateTime", "Period",
    )
)  # fmt: skip
UCUM = ("http://unitsofmeasure.org", "urn:oid:2.16.840.1.113883.6.8")
BOUNDS = ("<", "<=", ">", ">=")
CODES = {
    ("snomed", "10828004"): "positive", ("snomed", "260385009"): "negative",
    ("snomed", "419984006"): "inconclusive", ("snomed", "260373001"): "positive",
    ("snomed", "260415000"): "negative", ("snomed", "82334004"): "indeterminate",
    ("snomed", "455371000124106"): "invalid", ("snomed", "373066001"): "true",
    ("snomed", "373067005"): "false", ("loinc", "LA6576-8"): "positive",
    ("loinc", "LA6577-6"): "negative", ("loinc", "LA11882-0"): "positive",
    ("loinc", "LA11883-8"): "negative", ("loinc", "LA33-6"): "true", ("loinc", "LA32-8"): "false",
}  # fmt: skip
# A lone "-" is not here: as often as "negative" it means that nothing was written.
WORDS = {
    **dict.fromkeys(("positive", "pos", "+", "(+)", "reactive", "detected", "阳性"), "positive"),
    **dict.fromkeys(("negative", "neg", "non-reactive", "nonreactive", "non reactive", "(-)",
                     "not reactive", "not detected", "undetected", "阴性"), "negative"),
    **dict.fromkeys(("borderline", "equivocal"), "borderline"),
    **dict.fromkeys(("indeterminate", "ind"), "indeterminate"),
    **dict.fromkeys(("inconclusive",), "inconclusive"),
    **dict.fromkeys(("invalid",), "invalid"),
}  # fmt: skip
YES_NO = {
    **dict.fromkeys(("true", "yes", "y"), "true"),
    **dict.fromkeys(("false", "no", "n"), "false"),
}
_NUMBER = re.compile(r"(<=|>=|<|>|≤|≥)?\s*([+-]?\d{1,15}(?:\.\d{1,15})?)\Z", re.ASCII)
_SIGNS = {"≤": "<=", "≥": ">="}
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
    """
    given = [name for name in _TYPES & holder.keys() if holder[name] is not None]
    if not given:
        return None
    if len(given) > 1:
        raise Unreadable(f"has more than one value: {', '.join(sorted(given))}")
    name = given[0]
    if name == "valueQuantity":
        return _quantity(holder)
    if name == "valueCodeableConcept":
        return _concept(obj(holder, name) or {})
    if name == "valueString":
        return _text(text(holder, name))
    if name == "valueInteger":
        return Said(number(holder, name))
    if name == "valueBoolean":
        return _boolean(holder)
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


def _quantity(holder: Resource) -> Said | None:
    quantity = obj(holder, "valueQuantity") or {}
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


def _concept(concept: Resource) -> Said | None:
    for code in codes(concept):
        if code in CODES:
            return Said(code=CODES[code])
    written = words(concept)
    known = next((WORDS[one] for one in written if one in WORDS), "")
    if known:
        return Said(code=known)
    return _text(written[0]) if written else None


def _text(written: str) -> Said | None:
    folded = written.strip().casefold()
    found = _NUMBER.match(folded)
    if found:
        sign = found[1] or ""
        return Said(float(found[2]), "", _SIGNS.get(sign, sign))
    if len(folded) > LONGEST_WORD:
        raise Unreadable(f"valueString of {len(folded)} letters is no result")
    return Said(code=WORDS.get(folded, folded)) if folded else None


def reference_range(
    holder: Resource, unit: str, element: Element
) -> tuple[Quantity | None, Quantity | None]:
    """Read the limits of the normal range, in the value's unit where they convert to it.

    Args:
        holder: the Observation or component.
        unit: the value's unit, which a limit without one shares.
        element: the element, for its analyte.

    Raises:
        Unreadable: the range is not of the shape of one.
    """
    for one in items(holder, "referenceRange"):
        kind = obj(one, "type")
        if kind is None or "normal" in words(kind) or "normal range" in words(kind):
            return _limit(one, "low", unit, element), _limit(one, "high", unit, element)
    return None, None


def _limit(of: Resource, name: str, unit: str, element: Element) -> Quantity | None:
    limit = obj(of, name)
    value = number(limit, "value") if limit else None
    if limit is None or value is None:
        return None
    own = unit_of(limit) or unit
    converted = value if own == unit else convert_for(element.analyte or None, value, own, unit)
    return Quantity(value, own) if converted is None else Quantity(converted, unit)


def implausible(value: Said, element: Element) -> str:
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
    return f"value {shown} is outside the plausible range {plain(low)} to {plain(high)}" + (
        f" {element.unit}" if value.unit != element.unit else "")  # fmt: skip
