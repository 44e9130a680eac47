"""Rules in CQL: each leaf a definition in words, joined by CQL's own three-valued logic."""

from collections.abc import Callable
from typing import Any

from gradatim.exports.cql.answers import age, attested, sex
from gradatim.exports.cql.elements import Recorded
from gradatim.exports.cql.histories import count, days, event, washout
from gradatim.exports.cql.library import CannotExpress
from gradatim.exports.cql.measured import compare, result
from gradatim.protocol.base import Model
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
    Not,
    NotWashedOut,
    Result,
    Sex,
    Stable,
)
from gradatim.rules.describe import describe

Write = Callable[[Any, str, Recorded], str]


def written(rule: Model, of: Recorded, closed_world: bool) -> str:
    """Write a rule as an expression; its leaves become definitions.

    Args:
        rule: the rule.
        of: where the definitions go.
        closed_world: whether what is not known is false, as it is with a plain `exists`.

    Raises:
        CannotExpress: it, or a part of it, cannot be said in CQL here.
    """
    if isinstance(rule, Not):
        return f"not {_inner(rule.not_, of, closed_world)}"
    if isinstance(rule, AllOf):
        return _joined(rule.all, "and", of, closed_world) or "true"
    if isinstance(rule, AnyOf):
        return _joined(rule.any, "or", of, closed_world) or "false"
    return _leaf(rule, of, closed_world)


def _joined(parts: list[Any], word: str, of: Recorded, closed_world: bool) -> str:
    return f"\n  {word} ".join(_inner(part, of, closed_world) for part in parts)


def _inner(part: Model, of: Recorded, closed_world: bool) -> str:
    text = written(part, of, closed_world)
    joined = isinstance(part, AllOf | AnyOf | Not)
    return "(" + text.replace("\n", "\n  ") + ")" if joined else text


def _leaf(rule: Model, of: Recorded, closed_world: bool) -> str:
    write = _LEAVES.get(type(rule))
    if write is None:
        raise CannotExpress(_WHY_NOT[type(rule)])
    title = describe(rule, of.study)
    expression = write(rule, title, of)
    if closed_world:
        expression = f"({expression}) is true"
    return of.library.define(title, expression)


_LEAVES: dict[type[Model], Write] = {
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
_WHY_NOT: dict[type[Model], str] = {
    Stable: "a stable dose: periods joined over gaps and compared by their daily dose",
    DailyDose: "a total daily dose, which is summed over overlapping courses",
}
