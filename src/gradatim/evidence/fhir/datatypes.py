"""The parts resources are made of: texts, numbers, dates, periods, codings, as plain JSON values.

Bundles in the wild are looser than any model, so every part is looked at before it is believed; one
of the wrong shape makes its resource unreadable, with the reason. Absent and null are the same.

Source: HL7 FHIR R4 (4.0.1), section 2.24, Data Types.
"""

import marshal
import math
from datetime import timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any

from gradatim.core.codes import LABELS, SYSTEMS, system_of
from gradatim.core.dates import Day, Duration, parse_day, step
from gradatim.core.message import Text
from gradatim.evidence.facts import Coding

Resource = dict[str, Any]

_KINDS = {
    dict: "an object",
    list: "a list",
    str: "text",
    bool: "true or false",
    int: "a number",
    float: "a number",
    Decimal: "a number",
}
ABSENT_OR_UNKNOWN = "http://hl7.org/fhir/uv/ips/CodeSystem/absent-unknown-uv-ips"
"""Code system of the International Patient Summary for what is absent, or not known."""
_DAYS = {"s": 1 / 86400, "min": 1 / 1440, "h": 1 / 24, "d": 1.0, "wk": 7.0}
_MONTHS = {"mo": 1, "a": 12}
_LONGEST = 1_000_000
"""Of any unit; a longer length of time is a slip of the pen."""


_NUMBERS = (int, float, Decimal)


class Unreadable(ValueError):
    """A part of a resource that cannot be read.

    Args:
        message: which part, and why.
    """

    def __init__(self, message: Text) -> None:
        super().__init__(message)
        self.message = message


class Contradictory(Unreadable):
    """Parts of a resource that can each be read, and contradict each other."""


def said(value: Any) -> str:
    """Name the shape of a JSON value, for messages."""
    return _KINDS.get(type(value), "nothing" if value is None else type(value).__name__)


def content_of(part: Any) -> bytes | None:
    """Return what a part says, as bytes that are equal only for the same JSON.

    What is found out of a part alone can be remembered by it: the records of one person, and of
    many, repeat few ranges and drugs. `marshal.loads` returns the part.

    Returns:
        None of a part that is of other types than those of JSON, or very deep.
    """
    try:
        return marshal.dumps(part, 2)  # version 2 does not depend on which objects are shared
    except ValueError:
        return None


def obj(of: Resource, name: str) -> Resource | None:
    """Give a part that must be an object.

    Raises:
        Unreadable: it is something else.
    """
    value = of.get(name)
    if value is None or isinstance(value, dict):
        return value
    raise Unreadable(f"{name} is {said(value)}, not an object")


def items(of: Resource, name: str) -> list[Resource]:
    """Give a part that must be a list of objects; nothing there is an empty list.

    Raises:
        Unreadable: it is something else.
    """
    value = of.get(name)
    if value is None:
        return []
    if not isinstance(value, list):
        raise Unreadable(f"{name} is {said(value)}, not a list")
    for one in value:
        if not isinstance(one, dict):
            raise Unreadable(f"{name} holds {said(one)}, not an object")
    return value


def text(of: Resource, name: str) -> str:
    """Give a part that must be text; nothing there is an empty text.

    Raises:
        Unreadable: it is something else.
    """
    value = of.get(name)
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    raise Unreadable(f"{name} is {said(value)}, not text")


def number(of: Resource, name: str) -> float | None:
    """Give a part that must be a finite number.

    Raises:
        Unreadable: it is something else; a number written as text is not a number.
    """
    value = of.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, _NUMBERS):
        raise Unreadable(f"{name} is {said(value)}, not a number")
    try:
        given = float(value)
    except (OverflowError, ValueError):  # a signalling NaN is a Decimal that is no float
        given = math.inf
    if not math.isfinite(given):
        raise Unreadable(f"{name} is not a finite number")
    return given


_parse = lru_cache(maxsize=16_384)(parse_day)


def day(of: Resource, name: str) -> Day | None:
    """Give a part that must be a date or date-time, as precise as it is; the day as written there.

    Raises:
        Unreadable: it is something else.
    """
    value = of.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise Unreadable(f"{name} is {said(value)}, not a date")
    try:
        return _parse(value)
    except ValueError:
        raise Unreadable(f"{name} {value[:40]!r} is not a date") from None


def period(of: Resource, name: str) -> tuple[Day | None, Day | None] | None:
    """Give the start and end of a Period, each None where it is open.

    Raises:
        Unreadable: it is no Period.
        Contradictory: it ends before it starts.
    """
    value = obj(of, name)
    if value is None:
        return None
    start, end = day(value, "start"), day(value, "end")
    if start and end and end.last < start.first:
        raise Contradictory(f"{name} ends ({end}) before it starts ({start})")
    return start, end


def codes(concept: Resource | None) -> list[tuple[str, str]]:
    """Return the codes of a CodeableConcept, each with its system's short name or else its URI.

    Raises:
        Unreadable: it is not of the shape of a CodeableConcept.
    """
    found = []
    for one in items(concept, "coding") if concept else ():
        system, code = one.get("system"), one.get("code")
        if not isinstance(code, str):
            text(one, "code")
        elif short := _system(system):
            found.append((short, code))
    return found


def _system(uri: Any) -> str:
    """Return the short name of a code system, or its URI; an empty text where it is none."""
    if not isinstance(uri, str):
        return ""
    return SYSTEMS.get(uri) or _named_otherwise(uri)


_named_otherwise = lru_cache(maxsize=1024)(system_of)


def coded_as(concept: Resource | None) -> list[Coding]:
    """Return the codes of a CodeableConcept, fit to be shown.

    Raises:
        Unreadable: it is not of the shape of a CodeableConcept.
    """
    found = []
    for one in items(concept, "coding") if concept else ():
        code, display, system = (printable(text(one, name)) for name in _OF_A_CODING)
        if code:
            label = LABELS.get(_system(one.get("system")), "")
            found.append(Coding(code, system, display, label or ("" if system else NO_SYSTEM)))
    return found


_OF_A_CODING = ("code", "display", "system")
NO_SYSTEM = "no code system"


LONGEST_SHOWN = 120


def printable(written: str) -> str:
    """Return a text of a record fit to be shown: on one line, cut, and without control letters."""
    plain = "".join(letter if letter.isprintable() else " " for letter in written)
    plain = " ".join(plain.split())
    return plain if len(plain) <= LONGEST_SHOWN else f"{plain[: LONGEST_SHOWN - 1]}…"


def texts(concept: Resource | None) -> list[str]:
    """Return what a CodeableConcept says in words, as written: its text, then the displays.

    Raises:
        Unreadable: it is not of the shape of a CodeableConcept.
    """
    if concept is None:
        return []
    written = [text(concept, "text"), *(text(one, "display") for one in items(concept, "coding"))]
    return [one for one in written if one]


def words(concept: Resource | None) -> list[str]:
    """Give what a CodeableConcept says in words, folded to one case: text, displays, then codes."""
    if concept is None:
        return []
    coded = items(concept, "coding")
    said_there = [
        text(concept, "text"),
        *(text(one, "display") for one in coded),
        *(text(one, "code") for one in coded),
    ]
    return [one.strip().casefold() for one in said_there if one.strip()]


def raw_codes(concept: Resource | None) -> list[tuple[str, str]]:
    """Return the codes of a CodeableConcept with their systems as written, whatever these are.

    Raises:
        Unreadable: it is not of the shape of a CodeableConcept.
    """
    coded = items(concept, "coding") if concept else []
    return [(text(one, "system"), text(one, "code")) for one in coded if text(one, "code")]


UNSETTLED = "unsettled"
"""A status that is given, and whose codings do not settle which one it is."""
_CLINICAL = ("active", "recurrence", "relapse", "inactive", "remission", "resolved")
_VERIFIED = (
    "unconfirmed",
    "provisional",
    "differential",
    "presumed",
    "confirmed",
    "refuted",
    "entered-in-error",
)
_REQUIRED = {
    "clinicalStatus": (("condition-clinical", "allergyintolerance-clinical"), _CLINICAL),
    "verificationStatus": (
        ("condition-ver-status", "allergyintolerance-verification"),
        _VERIFIED,
    ),
    "scope": (("consentscope",), ("adr", "research", "patient-privacy", "treatment")),
}
"""Of each status the code systems that must say it, and the codes that these have."""
_TERMINOLOGY = ("http://terminology.hl7.org/CodeSystem/", "http://hl7.org/fhir/")


def state(of: Resource, name: str) -> str:
    """Return the code of a status that is a CodeableConcept, in lower case; empty if there is none.

    Codings of the code system that FHIR requires decide, wherever they stand among others. A status
    that no code system is required for has its first code, or else its text.

    Returns:
        UNSETTLED where something is given, but no such coding, or several that disagree.
    """
    concept = obj(of, name)
    if not concept:
        return ""
    if name not in _REQUIRED:
        coded = [code for _, code in raw_codes(concept)]
        return (coded[0] if coded else text(concept, "text")).casefold()
    systems, known = _REQUIRED[name]
    uris = {base + system for base in _TERMINOLOGY for system in systems}
    said_there = {
        code.casefold()
        for system, code in raw_codes(concept)
        if system.partition("|")[0].rstrip("/") in uris
    }
    return said_there.pop() if len(said_there) == 1 and said_there <= {*known} else UNSETTLED


def length(of: Resource, name: str) -> Duration | None:
    """Give a Duration or Age in calendar months and days; parts of a day count as a day.

    Raises:
        Unreadable: it has no number, or a unit that is no length of time.
    """
    quantity = obj(of, name)
    if quantity is None:
        return None
    value = number(quantity, "value")
    unit = text(quantity, "code") or text(quantity, "unit")
    unit = _LONG_UNITS.get(unit.casefold(), unit)
    if value is None or not 0 <= value <= _LONGEST or unit not in _DAYS | _MONTHS:
        raise Unreadable(f"{name} is not a length of time")
    if unit in _MONTHS and value * _MONTHS[unit] == int(value * _MONTHS[unit]):
        return Duration(int(value * _MONTHS[unit]))
    days = value * (_DAYS[unit] if unit in _DAYS else _MONTHS[unit] * 365.25 / 12)
    return Duration(0, math.ceil(days))


_LONG_UNITS = {
    **dict.fromkeys(("year", "years", "yr", "y"), "a"),
    **dict.fromkeys(("month", "months"), "mo"),
    **dict.fromkeys(("week", "weeks"), "wk"),
    **dict.fromkeys(("day", "days"), "d"),
    **dict.fromkeys(("hour", "hours"), "h"),
}


def last_day(start: Day, lasting: Duration) -> Day:
    """Give the last of so many days, the first of which is `start`: a day lasts until itself."""
    return Day(
        *(
            max(one, step(one, lasting) - timedelta(days=1)) if one > one.min else one
            for one in start
        )
    )
