"""What the laboratory itself says of a value: its interpretation, and whether it contradicts it.

Source: HL7 FHIR R4 (4.0.1), section 10.1, Observation.interpretation; HL7 v3
ObservationInterpretation and v2 table 0078 (terminology.hl7.org).
"""

from gradatim.core.quantity import Quantity, compare_numbers
from gradatim.evidence.fhir.datatypes import (
    Contradictory,
    Resource,
    Unreadable,
    raw_codes,
    said,
    words,
)
from gradatim.evidence.fhir.wordings import RESULT_WORDS, fold_word

_FLAGS = {
    **dict.fromkeys(("h", "hh", "hu", "hx", "high", "critical high", "significantly high"), "high"),
    **dict.fromkeys(("l", "ll", "lu", "lx", "low", "critical low", "significantly low"), "low"),
    **dict.fromkeys(("n", "normal"), "normal"),
    **dict.fromkeys(("pos", "det", "rr"), "positive"),
    **dict.fromkeys(("neg", "nd", "nr"), "negative"),
    **dict.fromkeys(("ind", "e", "wr"), "indeterminate"),
}
_SYSTEMS = ("ObservationInterpretation", "v2-0078", "v2/0078", "2.16.840.1.113883.5.83")
_LEVELS = ("high", "low", "normal")
_RESULTS = ("positive", "negative")


def interpretation(holder: Resource) -> tuple[str, str]:
    """Return what the laboratory says of a value.

    Returns:
        The level (`high`, `low`, `normal`) and the result (`positive`, `negative`, or a word that
        leaves it open), each empty where it says nothing.

    Raises:
        Unreadable: it is not of the shape of an interpretation.
        Contradictory: it says two things.
    """
    given = holder.get("interpretation")
    if not given:
        return "", ""
    listed = [given] if isinstance(given, dict) else given or []  # one, in earlier releases
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        raise Unreadable(f"interpretation is {said(given)}, not a list of objects")
    found = dict.fromkeys(flag for one in listed for flag in _flags(one))
    levels = [one for one in found if one in _LEVELS]
    results = [one for one in found if one not in _LEVELS]
    if len(levels) > 1 or len(results) > 1:
        raise Contradictory(f"its interpretation contradicts itself: {' and '.join(found)}")
    return "".join(levels), "".join(results)


def _flags(concept: Resource) -> list[str]:
    coded = [
        code.casefold()
        for system, code in raw_codes(concept)
        if not system or any(one in system for one in _SYSTEMS)
    ]
    known = [_FLAGS[code] for code in coded if code in _FLAGS]
    if known:
        return known
    written = [fold_word(one) for one in words(concept)]
    worded = [one for one in written if len(one) > 1]
    return [
        _FLAGS.get(one) or RESULT_WORDS[one]
        for one in worded
        if one in _FLAGS or one in RESULT_WORDS
    ]


def contradicts_word(word: str, result: str) -> str:
    """Say that a result in words and its interpretation contradict each other, or nothing."""
    if {word, result} == {*_RESULTS}:
        return f"its value says {word} and its interpretation {result}"
    return ""


def contradicts_range(
    value: Quantity, level: str, low: Quantity | None, high: Quantity | None
) -> str:
    """Say that a number, its range and its interpretation contradict each other, or nothing.

    Args:
        value: the number; one that is only a bound contradicts nothing.
        level: what its interpretation says.
        low, high: its reference limits; one in another unit says nothing.
    """
    if not level or value.bound:
        return ""
    low, high = (one if one and one.unit == value.unit else None for one in (low, high))
    under = low is not None and compare_numbers(value.value, "<", low.value)
    over = high is not None and compare_numbers(value.value, ">", high.value)
    inside_above = high is not None and compare_numbers(value.value, "<", high.value)
    inside_below = low is not None and compare_numbers(value.value, ">", low.value)
    wrong = {
        "high": inside_above or under,
        "low": inside_below or over,
        "normal": under or over,
    }[level]
    if not wrong:
        return ""
    limits = f"{low.value if low else ''} to {high.value if high else ''}".strip()
    return f"its interpretation says {level}, and {value} against its range {limits} is not"
