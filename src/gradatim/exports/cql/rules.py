"""Rules in CQL: each leaf a definition in words, joined by CQL's own three-valued logic."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gradatim.exports.cql.answers import age, attested, sex
from gradatim.exports.cql.elements import RecordedElements
from gradatim.exports.cql.histories import count, days, event, washout
from gradatim.exports.cql.library import CannotExpress
from gradatim.exports.cql.measured import compare, result
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
from gradatim.rules.describe import describe

_Write = Callable[[Any, str, RecordedElements], str]


def write_rule(rule: Node, of: RecordedElements, closed_world: bool) -> str:
    """Write a rule as an expression; its leaves become definitions.

    Args:
        rule: the rule.
        of: where the definitions go.
        closed_world: whether what is not known is false, as it is with a plain `exists`.

    Raises:
        CannotExpress: it, or a part of it, cannot be said in CQL here.
    """
    if type(rule) in CONNECTIVES:
        return CONNECTIVES[type(rule)](rule, of, closed_world)
    if type(rule) in NOT_EXPRESSED:
        raise CannotExpress(NOT_EXPRESSED[type(rule)])
    title = describe(rule, of.study)
    expression = LEAVES[type(rule)](rule, title, of)
    if closed_world:
        expression = f"({expression}) is true"
    return of.library.define(title, expression)


def _not(node: Not, of: RecordedElements, closed_world: bool) -> str:
    return f"not {_inner(node.not_, of, closed_world)}"


def _all(node: AllOf, of: RecordedElements, closed_world: bool) -> str:
    return _joined(node.all, "and", of, closed_world) or "true"


def _any(node: AnyOf, of: RecordedElements, closed_world: bool) -> str:
    return _joined(node.any, "or", of, closed_world) or "false"


def _joined(parts: Sequence[Node], word: str, of: RecordedElements, closed_world: bool) -> str:
    return f"\n  {word} ".join(_inner(part, of, closed_world) for part in parts)


def _inner(part: Node, of: RecordedElements, closed_world: bool) -> str:
    text = write_rule(part, of, closed_world)
    return text if part.is_leaf else "(" + text.replace("\n", "\n  ") + ")"


CONNECTIVES: Mapping[type[Node], Callable[[Any, RecordedElements, bool], str]] = {
    AllOf: _all,
    AnyOf: _any,
    Not: _not,
}
"""How nodes that join others are written, in place."""
LEAVES: Mapping[type[Node], _Write] = {
    Compare: compare,
    Result: result,
    Attested: attested,
    Age: age,
    Sex: sex,
    Event: event,
    Count: count,
    Days: days,
    NotWashedOut: washout,
}
"""How each kind of leaf is written, as a definition."""
NOT_EXPRESSED: Mapping[type[Node], str] = {
    Stable: "a stable dose: periods joined over gaps and compared by their daily dose",
    DailyDose: "a total daily dose, which is summed over overlapping courses",
}
"""The kinds of node that cannot be said in CQL here, and why."""
