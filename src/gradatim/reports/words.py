"""Words of the reports: outcomes, statuses and values, so that no page says them its own way."""

from collections.abc import Mapping
from typing import NamedTuple

from gradatim.core.dates import NEVER_ENDED
from gradatim.core.message import Argument, Measure, Number, Term, Text
from gradatim.core.quantity import Quantity
from gradatim.evidence.facts import Fact
from gradatim.protocol.elements import Kind
from gradatim.protocol.eligibility import EligibilityCriterion
from gradatim.reports.messages import RecordPart
from gradatim.screening.assess import EligibilityStatus


class OutcomeStyle(NamedTuple):
    """How an outcome is shown: its style (which has a symbol of its own), and in words."""

    style: str
    word: str


OUTCOMES: Mapping[bool | None, OutcomeStyle] = {
    True: OutcomeStyle("passes", "passes"),
    False: OutcomeStyle("fails", "fails"),
    None: OutcomeStyle("unknown", "unknown"),
}
STATUSES: Mapping[EligibilityStatus, OutcomeStyle] = {
    "eligible": OutcomeStyle("passes", "Eligible"),
    "ineligible": OutcomeStyle("fails", "Not eligible"),
    "undetermined": OutcomeStyle("unknown", "Undetermined"),
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


def value_words(fact: Fact) -> Text:
    """Return the value of a fact: `< 5 mg/L`, `positive`, `yes`, `celecoxib 200 mg/d`."""
    answer = {"true": RecordPart.YES(), "false": RecordPart.NO()}.get(fact.code)
    if fact.value is None:
        return answer or (RecordPart.CODE(code=Term(fact.code)) if fact.code else "")
    amount = Measure(f"{fact.bound} {Quantity(fact.value, fact.unit)}".strip())
    if not fact.code:
        return RecordPart.AMOUNT(amount=amount)
    code: Argument = answer or Term(fact.code)
    return RecordPart.CODE_AMOUNT(code=code, amount=amount)


def limits_words(fact: Fact) -> Text:
    """Return the reference limits of a fact: `7 to 40`, `up to 40`; empty without any."""
    if fact.low and fact.high:
        return RecordPart.LIMITS(n=Number(fact.low.value), n2=Number(fact.high.value))
    if fact.high:
        return RecordPart.HIGHEST(n=Number(fact.high.value))
    return RecordPart.LOWEST(n=Number(fact.low.value)) if fact.low else ""


def when_words(fact: Fact) -> Text:
    """Return the day or the period of a fact."""
    if fact.start == fact.end:
        return RecordPart.ON(day=fact.start)
    if fact.end == NEVER_ENDED:
        return RecordPart.FROM(day=fact.start)
    return RecordPart.FROM_TO(day=fact.start, day2=fact.end)


def write_count(n: int, one: str, many: str = "") -> str:
    """Write a count: `1 criterion`, `3 criteria`."""
    return f"{n} {one if n == 1 else many or f'{one}s'}"
