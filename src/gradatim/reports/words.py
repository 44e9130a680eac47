"""Words of the reports: outcomes, statuses and values, so that no page says them its own way."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from gradatim.core.quantity import plain
from gradatim.protocol.elements import Kind
from gradatim.protocol.eligibility import EligibilityCriterion
from gradatim.screening.assess import Status


class Outcome(NamedTuple):
    """How an outcome is shown: its style (which has a symbol of its own), and in words."""

    style: str
    word: str


OUTCOMES: Mapping[bool | None, Outcome] = {
    True: Outcome("passes", "passes"),
    False: Outcome("fails", "fails"),
    None: Outcome("unknown", "unknown"),
}
STATUSES: Mapping[Status, Outcome] = {
    "eligible": Outcome("passes", "Eligible"),
    "ineligible": Outcome("fails", "Not eligible"),
    "undetermined": Outcome("unknown", "Undetermined"),
}
KINDS: Mapping[Kind, str] = {
    "measurement": "measurement",
    "condition": "medical history",
    "exposure": "medication history",
    "procedure": "procedure history",
    "answer": "answer by a person",
    "consent": "consent",
    "participation": "trial participation",
    "adverse_event": "adverse events",
}
_MEANINGS = {
    ("inclusion", True): "requirement met",
    ("inclusion", False): "requirement not met",
    ("inclusion", None): "requirement not settled",
    ("exclusion", True): "does not apply",
    ("exclusion", False): "excludes",
    ("exclusion", None): "not ruled out",
}


def meaning(criterion: EligibilityCriterion, passes: bool | None) -> str:
    """Say what passing or failing means for a requirement, or for an exclusion."""
    return _MEANINGS[criterion.category, passes]


def value_words(fact: Mapping[str, Any]) -> str:
    """Write the value of a fact: `< 5 mg/L`, `positive`, `yes`, `celecoxib 200 mg/d`."""
    code = str(fact.get("code", ""))
    said = [{"true": "yes", "false": "no"}.get(code, code)]
    if fact.get("value") is not None:
        said += [str(fact.get("bound", "")), number(fact["value"], str(fact.get("unit", "")))]
    return " ".join(word for word in said if word)


def limits_words(fact: Mapping[str, Any]) -> str:
    """Write the reference limits of a fact: `7 to 40`, `up to 40`; empty without any."""
    low, high = fact.get("lln"), fact.get("uln")
    if low is not None and high is not None:
        return f"{plain(low)} to {plain(high)}"
    if high is not None:
        return f"up to {plain(high)}"
    return f"from {plain(low)}" if low is not None else ""


def number(value: float, unit: str) -> str:
    """Write a number with its unit as people write it.

    UCUM's annotations lose their braces (`mL/min/{1.73_m2}`); a unit that is nothing else is left
    out.
    """
    annotated = re.sub(r"\{([^}]*)\}", lambda found: found[1].replace("_", " "), unit)
    return f"{plain(value)} {'' if unit[:1] == '{' else annotated}".strip()


def when_words(fact: Mapping[str, Any]) -> str:
    """Write the day or the period of a fact."""
    if "on" in fact:
        return f"on {fact['on']}"
    return f"from {fact.get('from', 'an unknown date')} {_end_words(fact.get('to'))}"


def _end_words(end: object) -> str:
    return f"to {end}" if end else "on"


def counted(n: int, one: str, many: str = "") -> str:
    """Write a count: `1 criterion`, `3 criteria`."""
    return f"{n} {one if n == 1 else many or f'{one}s'}"
