"""Pairs of criteria that nobody can pass together."""

import math
from collections.abc import Iterator
from itertools import combinations
from typing import NamedTuple

from gradatim.core.quantity import compare_numbers
from gradatim.protocol.base import Limit
from gradatim.protocol.nodes import (
    Age,
    AllOf,
    AnyOf,
    Attested,
    Compare,
    Node,
    Not,
    Result,
    Sex,
)
from gradatim.protocol.study import Study

_OPPOSITE = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}


class Literal(NamedTuple):
    """Something that must hold of a person who passes: a leaf, and the truth it must have."""

    leaf: Node
    holds: bool


def contradictions(study: Study) -> Iterator[tuple[str, str]]:
    """Give pairs of criterion ids that can never both be passed."""
    needed = {
        one.id: list(necessary(one.rule, one.category == "inclusion")) for one in study.criteria
    }
    for a, b in combinations(needed, 2):
        if any(clash(x, y) for x in needed[a] for y in needed[b]):
            yield a, b


def necessary(rule: Node, holds: bool) -> Iterator[Literal]:
    """Give the leaves that must come out one way for the rule to come out `holds`."""
    if isinstance(rule, Not):
        yield from necessary(rule.not_, not holds)
    elif isinstance(rule, AllOf | AnyOf):
        parts = rule.parts()
        if isinstance(rule, AllOf) is holds or len(parts) == 1:
            for part in parts:
                yield from necessary(part, holds)
    else:
        yield Literal(rule, holds)


def clash(a: Literal, b: Literal) -> bool:
    """Whether two literals can never both hold."""
    if a.leaf == b.leaf:
        return a.holds is not b.holds
    if isinstance(a.leaf, Sex) and isinstance(b.leaf, Sex):
        return a.holds and b.holds
    if isinstance(a.leaf, Age) and isinstance(b.leaf, Age):
        return a.leaf.age == b.leaf.age and _disjoint(a, b)
    if isinstance(a.leaf, Attested) and isinstance(b.leaf, Attested):
        same = a.leaf.attested == b.leaf.attested and a.leaf.within == b.leaf.within
        return same and a.holds is not b.holds
    if isinstance(a.leaf, Result) and isinstance(b.leaf, Result):
        return _same_values(a.leaf, b.leaf, a, b) and _results_clash(a, b)
    if isinstance(a.leaf, Compare) and isinstance(b.leaf, Compare):
        return _same_values(a.leaf, b.leaf, a, b) and _disjoint(a, b)
    return False


def _results_clash(a: Literal, b: Literal) -> bool:
    wants = [one.leaf.is_ for one in (a, b) if isinstance(one.leaf, Result)]
    return a.holds and b.holds and wants[0] != wants[1]


def _same_values(x: Compare | Result, y: Compare | Result, a: Literal, b: Literal) -> bool:
    """Whether both speak of the same values, at least one of them of all that there are."""
    if x.measurement != y.measurement or (x.at, x.within, x.method) != (y.at, y.within, y.method):
        return False
    one_value = len(x.at) <= 1 and x.value == y.value == "latest"
    return one_value or a.holds is not b.holds


def _disjoint(a: Literal, b: Literal) -> bool:
    x, y = _limit(a), _limit(b)
    if x is None or y is None or (x.unit, x.times) != (y.unit, y.times):
        return False
    (low_a, high_a), (low_b, high_b) = _interval(x), _interval(y)
    low, high = max(low_a, low_b), min(high_a, high_b)
    if low > high:
        return True
    return low == high and not all(compare_numbers(low, one.op, one.number) for one in (x, y))


def _limit(literal: Literal) -> Limit | None:
    if not isinstance(literal.leaf, Age | Compare):
        return None
    limit = literal.leaf.is_
    if literal.holds:
        return limit
    return limit._replace(op=_OPPOSITE[limit.op]) if limit.op in _OPPOSITE else None


def _interval(limit: Limit) -> tuple[float, float]:
    if limit.op == "=":
        return limit.number, limit.number
    return (limit.number, math.inf) if limit.op in (">", ">=") else (-math.inf, limit.number)
