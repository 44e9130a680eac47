"""Which limits of a protocol can be moved, in which direction that lets people in."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from gradatim.core.quantity import plain_number
from gradatim.protocol.base import Limit
from gradatim.protocol.nodes import Age, AllOf, AnyOf, Compare, DailyDose, Node, Not
from gradatim.screening.feasibility.columns import CriterionColumn


@dataclass(frozen=True)
class Movable:
    """A limit with a column of margins.

    Args:
        column: the column's name, `E11b1:creatinine`; a criterion's own where all its limits move.
        criterion: the criterion's id.
        element: what is compared; empty where several are.
        limit: the limit as the rule states it.
        upward: whether raising it lets people in.
        inclusive: whether a value equal to the moved limit passes.
        others: the columns of margins that must be known for a person to pass once it moved; None
            where something that has no margin must be known too.
    """

    column: str
    criterion: str
    element: str
    limit: Limit
    upward: bool
    inclusive: bool
    others: tuple[str, ...] | None

    def stated(self, number: float) -> str:
        """Write the limit with another number."""
        return str(self.limit._replace(number=number))


_Numeric = Compare | Age | DailyDose
_Placed = tuple[_Numeric, bool, list[Node]]
"""A comparison, whether its being TRUE lets people in, and what must be known beside it."""


def movable(column: CriterionColumn) -> list[Movable]:
    """Give the limits of one criterion that can be moved, each by its own column of margins.

    Limits of equality have no permissive direction, and those of zero no multiples: neither can be
    moved; nor can a limit that stands on both sides.
    """
    placed = list(_placed(column.reading.rule, column.criterion.category == "inclusion", []))
    names = _names(column.criterion.id, [leaf for leaf, _, _ in placed])
    found: dict[str, list[_Placed]] = {}
    for one in placed:
        found.setdefault(names[id(one[0])], []).append(one)
    tried = (_one(column, name, same, names) for name, same in found.items())
    each = [limit for limit in tried if limit is not None]
    return [*each, *_together(column, each, found)]


def _placed(rule: Node, wanted: bool, beside: list[Node]) -> Iterator[_Placed]:
    if isinstance(rule, Not):
        yield from _placed(rule.not_, not wanted, beside)
    elif isinstance(rule, AllOf | AnyOf):
        parts = rule.parts()
        for part in parts:
            others = [leaf for other in parts if other is not part for leaf in other.leaves()]
            # A conjunction becomes TRUE, or a disjunction FALSE, only with all of its parts.
            more = others if isinstance(rule, AllOf) is wanted else []
            yield from _placed(part, wanted, [*beside, *more])
    elif isinstance(rule, _Numeric):
        yield rule, wanted, beside


def _names(criterion: str, compared: Sequence[_Numeric]) -> dict[int, str]:
    """Give the name of each comparison's column, by identity: with its limit if there are more."""
    numbers: dict[str, set[float]] = {}
    for leaf in compared:
        numbers.setdefault(element_of(leaf), set()).add(leaf.is_.number)
    names = {}
    for leaf in compared:
        element = element_of(leaf)
        more = f":{plain_number(leaf.is_.number)}" if len(numbers[element]) > 1 else ""
        names[id(leaf)] = f"{criterion}:{element}{more}"
    return names


def element_of(leaf: _Numeric) -> str:
    """Name what a comparison compares."""
    if isinstance(leaf, Age):
        return "age"
    return leaf.compare if isinstance(leaf, Compare) else leaf.daily_dose


def _one(
    column: CriterionColumn, name: str, same: list[_Placed], names: dict[int, str]
) -> Movable | None:
    leaf, wanted, _ = same[0]
    limit = leaf.is_
    if any((one.is_, want) != (limit, wanted) for one, want, _ in same):
        return None
    if limit.op == "=" or not limit.number:
        return None
    beside = [other for _, _, others in same for other in others]
    needed = {name} | {names.get(id(other), "") for other in beside}
    return Movable(
        name,
        column.criterion.id,
        element_of(leaf),
        limit,
        upward=(limit.op[0] == "<") is wanted,
        inclusive=("=" in limit.op) is wanted,
        others=None if "" in needed else tuple(sorted(needed)),
    )


def _together(
    column: CriterionColumn, each: list[Movable], found: dict[str, list[_Placed]]
) -> Iterable[Movable]:
    """Give the criterion's own column where it states one limit for several elements."""
    limits = {(one.limit, one.upward) for one in each}
    if len(each) > 1 and len(each) == len(found) and len(limits) == 1:
        first = each[0]
        others = None if any(one.others is None for one in each) else tuple(found)
        yield Movable(
            column.criterion.id,
            column.criterion.id,
            "",
            first.limit,
            first.upward,
            first.inclusive,
            others,
        )


def grid(limit: Movable) -> list[float]:
    """Give a sensible series of limits: up to twice the limit, or down to half of it.

    The steps are round numbers of the limit's own scale; an age moves by single years, a
    grade by single grades.
    """
    number, way = limit.limit.number, 1 if limit.upward else -1
    if limit.element == "age" or limit.limit.unit == "{grade}":
        steps = range(11 if limit.upward else min(10, int(number)) + 1)
        return [number + way * k for k in steps]
    step = _round(number / (10 if limit.upward else 20))
    steps = range(round((number if limit.upward else number / 2) / step) + 1)
    return [round(number + way * k * step, 10) for k in steps]


def _round(step: float) -> float:
    """Give the greatest of 1, 2, 2.5 and 5 times a power of ten that is not above the step."""
    size = 10.0 ** (len(f"{int(step)}") - 1) if step >= 1 else 0.1
    while size > step * (1 + 1e-9):
        size /= 10
    return max(m * size for m in (1, 2, 2.5, 5) if m * size <= step * (1 + 1e-9))
