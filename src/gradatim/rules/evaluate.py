"""Evaluate a rule: the specification of the rule language, slow, obvious and explaining.

Every other engine is proved equal to this one. A verdict carries the truth, the facts that were
looked at, and, where it is UNKNOWN, why. An exception in here is a defect and never a verdict.
"""

from collections.abc import Callable, Mapping
from typing import Any

from gradatim.core.truth import all_of, any_of
from gradatim.core.verdict import Verdict
from gradatim.protocol.nodes import (
    Age,
    AllOf,
    AnyOf,
    Attested,
    Compare,
    Count,
    DailyDose,
    Days,
    Event,
    Node,
    Not,
    NotWashedOut,
    Result,
    Sex,
    Stable,
)
from gradatim.rules.answers import age, attested, sex
from gradatim.rules.context import Situation
from gradatim.rules.drugs import daily_dose, stable
from gradatim.rules.histories import count, days, event
from gradatim.rules.measurements import compare, result
from gradatim.rules.messages import Clause
from gradatim.rules.washouts import not_washed_out


def evaluate(rule: Node, s: Situation) -> Verdict:
    """Give the truth of a rule about one person, with its reasons."""
    return EVALUATIONS[type(rule)](rule, s)


def _all(node: AllOf, s: Situation) -> Verdict:
    children = tuple(evaluate(part, s) for part in node.all)
    return Verdict(
        all_of(child.truth for child in children), "" if children else Clause.ALWAYS(), (), children
    )


def _any(node: AnyOf, s: Situation) -> Verdict:
    children = tuple(evaluate(part, s) for part in node.any)
    return Verdict(
        any_of(child.truth for child in children), "" if children else Clause.NEVER(), (), children
    )


def _not(node: Not, s: Situation) -> Verdict:
    child = evaluate(node.not_, s)
    return Verdict(~child.truth, children=(child,))


EVALUATIONS: Mapping[type[Node], Callable[[Any, Situation], Verdict]] = {
    AllOf: _all,
    AnyOf: _any,
    Not: _not,
    Compare: compare,
    Result: result,
    Attested: attested,
    Age: age,
    Sex: sex,
    Event: event,
    Count: count,
    Days: days,
    Stable: stable,
    DailyDose: daily_dose,
    NotWashedOut: not_washed_out,
}
"""What each kind of node means."""
