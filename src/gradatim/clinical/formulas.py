"""Formulas: the scores and derived values of the clinical tables, as expression trees.

Each formula stands once, in `tables/formulas.yaml`, with its source; other engines compile the
same tree. A missing item gives no score: nothing is imputed. Zero is an answer like any other.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import Any, TypeGuard

from gradatim.clinical import load
from gradatim.core.documents import Steps
from gradatim.core.errors import UnusableInput
from gradatim.core.expression import Expression, NotAnExpression, Value, calculate, inputs
from gradatim.core.quantity import compare_numbers, plain_number

FORMULAS: Mapping[str, "Formula"]
SEXES = ("female", "male")
_LARGEST = 1e300


def is_number(value: object) -> TypeGuard[float]:
    """Whether a value is a number to calculate with: not NaN, not infinite, not a truth value."""
    # Written so that NaN fails; whole numbers too large for a float fail as well.
    return isinstance(value, float | int) and not isinstance(value, bool) and abs(value) < _LARGEST


@dataclass(frozen=True, slots=True)
class Score:
    """A result, or the reason why there is none.

    Args:
        value: the number (or word) in the formula's unit; None when it cannot be computed.
        why_missing: what is missing or out of range; empty when there is a value.
    """

    value: Value | None
    why_missing: str = ""


@dataclass(frozen=True, slots=True)
class Input:
    """One input of a formula.

    Args:
        unit: UCUM unit in which the formula expects it.
        label: a short name for people.
        minimum: lowest value the instrument can give, inclusive; None without a limit.
        maximum: highest value the instrument can give, inclusive; None without a limit.
    """

    unit: str
    label: str
    minimum: float | None = None
    maximum: float | None = None

    def fault(self, value: Value | None) -> str:
        """Say why a value cannot be an answer here; empty when it can."""
        if not is_number(value):
            return f"{self.label} is {value}, not a number"
        if self.minimum is not None and compare_numbers(value, "<", self.minimum):
            return f"{self.label} is {plain_number(value)}, below {plain_number(self.minimum)}"
        if self.maximum is not None and compare_numbers(value, ">", self.maximum):
            return f"{self.label} is {plain_number(value)}, above {plain_number(self.maximum)}"
        return ""


AGE = Input("a", "age in completed years", minimum=0)


# Two formulas are equal only if they are the same one: their trees cannot be hashed.
@dataclass(frozen=True, slots=True, eq=False)
class Formula:
    """A published formula as data.

    Args:
        name: its key in the table.
        title: what it is called.
        inputs: the inputs it is given, by name, with their units.
        unit: UCUM unit of the result; empty when the result is a word.
        expression: the tree (gradatim.core.expression).
        source: paper, page or table.
        version: which of several published versions this is; stored beside a score.
        implicit: those of `age` (completed years) and `sex` (female or male) that it needs.
    """

    name: str
    title: str
    inputs: Mapping[str, Input]
    unit: str
    expression: Expression
    source: str
    version: str
    implicit: tuple[str, ...] = ()

    def calculate(self, given: Mapping[str, Value | None]) -> Score:
        """Compute the score.

        Args:
            given: the value of each input in the input's unit, and `age` and `sex` where needed.

        Returns:
            The score unrounded; without a value, and with the reason, when an input is missing,
            is not a number, or lies outside the instrument's scale.
        """
        why = self._missing(given) or self._unusable(given)
        if why:
            return Score(None, why)
        value = calculate(self.expression, given)
        if value is None:
            told = ", ".join(f"{name} {given[name]}" for name in (*self.inputs, *self.implicit))
            return Score(None, f"the formula has no result for {told}")
        return Score(value)

    def _missing(self, given: Mapping[str, Value | None]) -> str:
        names = [name for name in (*self.inputs, *self.implicit) if given.get(name) is None]
        return f"no value for {', '.join(map(self._called, names))}" if names else ""

    def _unusable(self, given: Mapping[str, Value | None]) -> str:
        items = dict(self.inputs) | ({"age": AGE} if "age" in self.implicit else {})
        faults = [
            f"{name}: {fault}" for name, item in items.items() if (fault := item.fault(given[name]))
        ]
        if "sex" in self.implicit and given["sex"] not in SEXES:
            faults.append(f"sex is {given['sex']}, not {' or '.join(SEXES)}")
        return "; ".join(faults)

    def _called(self, name: str) -> str:
        return f"{name} ({self.inputs[name].label})" if name in self.inputs else name


def formula(name: str) -> Formula:
    """Give a formula of the table by its name.

    Raises:
        UnusableInput: there is no formula of that name; the message lists those there are.
    """
    known = _formulas()
    if name not in known:
        raise UnusableInput(
            f"there is no formula named {name!r}", todo=f"use one of {', '.join(known)}"
        )
    return known[name]


def __getattr__(name: str) -> Any:
    """Load `FORMULAS` when it is first asked for, so that importing this module stays quick."""
    if name == "FORMULAS":
        return _formulas()
    raise AttributeError(name)


@lru_cache(maxsize=1)
def _formulas() -> Mapping[str, Formula]:
    return MappingProxyType(formulas_of(load.entries("formulas.yaml")))


def formulas_of(table: load.Table) -> dict[str, Formula]:
    """Read every formula of a table that is written as `tables/formulas.yaml` is.

    Raises:
        UnusableInput: an entry does not follow that form; the message says at which line.
    """
    return table.read(_formula)


_PARTS = ("title", "version", "source", "unit", "inputs", "expression")


def _formula(table: load.Table, name: str) -> Formula:
    row = table.mapping((name,), f"formula {name}", _PARTS)
    names = table.names((name, "inputs"), f"'inputs' of formula {name}")
    declared = {key: _input(table, (name, "inputs", key)) for key in names}
    here = (name, "expression")
    try:
        used = dict.fromkeys(inputs(row["expression"]))
    except NotAnExpression as error:
        raise table.fault(here, f"formula {name} cannot be computed", str(error)) from error
    implicit = tuple(key for key in ("age", "sex") if key in used)
    if strange := set(used).symmetric_difference({*declared, *implicit}):
        raise table.fault(
            here,
            f"formula {name} declares or uses {', '.join(sorted(strange))}, not both",
            todo="let 'inputs' name what the expression uses",
        )
    return Formula(
        name,
        row["title"],
        MappingProxyType(declared),
        row["unit"],
        row["expression"],
        row["source"],
        row["version"],
        implicit,
    )


def _input(table: load.Table, path: Steps) -> Input:
    what = f"input {path[-1]} of formula {path[0]}"
    spec = table.mapping(path, what, ("unit", "label"), ("minimum", "maximum"))
    for key in ("minimum", "maximum"):
        if key in spec and not is_number(spec[key]):
            raise table.fault((*path, key), f"the {key} of {what} is not a number")
    return Input(**spec)
