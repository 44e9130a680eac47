"""How the steps of a CTCAE term are judged where not everything is known.

From the highest grade down, the first step that holds is the grade. A step that may hold leaves its
grade possible, and the search goes on: what comes out is every grade that the facts allow. A
missing limit, baseline or judgement is UNKNOWN; it is never a grade 0.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, product
from typing import NamedTuple

from gradatim.clinical.ctcae.table import Comparison, GradeStep
from gradatim.core.quantity import compare_bounded
from gradatim.core.truth import FALSE, TRUE, UNKNOWN, Truth


class Need(NamedTuple):
    """What is missing to grade a value.

    Args:
        words: what.
        observed: whether somebody who sees the person has to say it; else a record lacks it.
    """

    words: str
    observed: bool = False

    def __str__(self) -> str:
        """Return it as a grade says it."""
        return f"needs {self.words}" if self.observed else self.words


NO_NEED = Need("")
ONLY_A_BOUND = Need("only a bound of the value is known")
LACKING: Mapping[str, Need] = {
    "ULN": Need("no reference range"),
    "LLN": Need("no reference range"),
    "baseline": Need("no baseline"),
    "symptomatic": Need("clinician: symptoms", observed=True),
    "bleeding": Need("clinician: bleeding", observed=True),
    "life_threatening": Need("clinician: life-threatening consequences", observed=True),
    "clinician": Need("clinician", observed=True),
    "over_24_h": Need("the hours above 40 °C", observed=True),
    "repeated": Need("a repeated reading"),
    "at_rest": Need("whether at rest"),
    "infarction_level": Need("the manufacturer's level of myocardial infarction"),
}
_WORDS = {
    "symptomatic": "with symptoms",
    "bleeding": "with bleeding",
    "life_threatening": "life-threatening",
    "clinician": "by treatment and consequences",
    "over_24_h": "for more than 24 h",
    "repeated": "in repeated readings",
    "at_rest": "at rest",
    "infarction_level": "at the manufacturer's level of myocardial infarction",
}


class Amount(NamedTuple):
    """A number in the unit of the comparison; with a bound it lies below or above that number."""

    number: float
    bound: str = ""


class Known(NamedTuple):
    """What is known when steps are judged.

    Args:
        value: the measured value, in `unit`.
        anchors: `ULN`, `LLN` and `baseline` in `unit`; None where not known.
        conditions: the truth of what a measurement cannot tell, by name.
        unit: the printed unit that is used; empty when none is needed.
        lacking: what is missing when an anchor or a condition is not known.
    """

    value: Amount
    anchors: Mapping[str, Amount | None]
    conditions: Mapping[str, Truth]
    unit: str
    lacking: Mapping[str, Need] = LACKING


class Possible(NamedTuple):
    """The grades that the facts allow.

    Args:
        rules: by grade, the words of the rule that gives it.
        needs: what is missing to tell them apart.
    """

    rules: dict[int, str]
    needs: list[Need]


def judge(steps: Sequence[GradeStep], known: Known) -> Possible:
    """Find the grades that steps allow.

    Args:
        steps: from the highest grade down.
        known: the value and what it is compared with.

    Returns:
        One grade where the facts settle it, else every grade they allow, and what is missing.
    """
    rules: dict[int, str] = {}
    needs: list[Need] = []
    for at, step in enumerate(steps):
        truth, lacking = _holds(step, known)
        if truth is FALSE:
            continue
        rules.setdefault(step.grade, _words(step, _worse(steps[:at], step), known.unit))
        if truth is TRUE:
            return Possible(rules, needs)
        needs += lacking
    rules[0] = _none(steps[-1], known.unit)
    return Possible(rules, needs)


def compared_numbers(steps: Sequence[GradeStep], known: Known) -> tuple[float, ...]:
    """Give the numbers that steps compare a value with, ascending; what is not known is left out.

    The truth of each comparison, and so what `judge` finds, is the same for all values between two
    of them.
    """
    found = [_limit(one, known) for step in steps for one in step.comparisons]
    return tuple(sorted({one.number for one in found if one is not None}))


def join_possible(those: Sequence[Possible]) -> Possible:
    """Join what is possible where it is not known which list of steps applies."""
    rules: dict[int, str] = {}
    for one in those:
        for grade, words in one.rules.items():
            rules[grade] = f"{rules[grade]}; or {words}" if grade in rules else words
    return Possible(rules, [*chain.from_iterable(one.needs for one in those)])


def worst(those: Sequence[Possible]) -> Possible:
    """Join what is possible where every list of steps applies and the worst grade counts."""
    rules: dict[int, str] = {}
    for grades in product(*(one.rules for one in those)):
        top = max(grades)
        told = [one.rules[grade] for one, grade in zip(those, grades, strict=True) if grade == top]
        rules.setdefault(top, "; ".join(told))
    return Possible(rules, [*chain.from_iterable(one.needs for one in those)])


def _holds(step: GradeStep, known: Known) -> tuple[Truth, list[Need]]:
    """Judge a step; beside its truth, what is missing where that is UNKNOWN."""
    lacking: list[Need] = []
    for truth, lack in _parts(step, known):
        if truth is FALSE:
            return FALSE, []
        if truth is UNKNOWN:
            lacking.append(lack)
    return (UNKNOWN if lacking else TRUE), lacking


def _parts(step: GradeStep, known: Known) -> Iterator[tuple[Truth, Need]]:
    """Judge each thing that a step asks, with what is missing where it is UNKNOWN."""
    for one in step.comparisons:
        yield _compared(one, known)
    for name in step.conditions:
        yield known.conditions[name], known.lacking[name]


def _compared(one: Comparison, known: Known) -> tuple[Truth, Need]:
    limit = _limit(one, known)
    if limit is None:
        return UNKNOWN, known.lacking[one.anchor]
    truth = compare_bounded(*known.value, one.op, limit.number)
    if truth is UNKNOWN:
        return UNKNOWN, ONLY_A_BOUND
    if limit.bound and truth is not _settled(limit.bound, one.op):
        return UNKNOWN, known.lacking[one.anchor]
    return truth, NO_NEED


def _settled(bound: str, op: str) -> Truth:
    """The truth that stays when a limit known as a bound moves away from its number."""
    return FALSE if bound[0] == op[0] else TRUE


def _limit(one: Comparison, known: Known) -> Amount | None:
    """Give the number that a comparison compares with; None where its anchor is not known."""
    away = one.cuts.get(known.unit, 0.0)
    if not one.anchor:
        return Amount(away)
    anchor = known.anchors[one.anchor]
    if anchor is None:
        return None
    moved = anchor.number - away if one.below else anchor.number + away
    return Amount(moved * one.times, anchor.bound)


def _worse(above: Sequence[GradeStep], step: GradeStep) -> GradeStep | None:
    """Find the step at which a higher grade begins whatever a clinician says; None if none does."""
    asked = {"repeated"} if "repeated" in step.conditions else set()
    return next(
        (
            one
            for one in reversed(above)
            if one.grade > step.grade and asked.issuperset(one.conditions)
        ),
        None,
    )


def _words(step: GradeStep, worse: GradeStep | None, unit: str) -> str:
    """Write a step as the range up to the next worse one, such as `> 3 to 5 x ULN`."""
    said = [one.said(unit) for one in step.comparisons]
    if worse is not None:
        said[0] = _range(said[0], worse.comparisons[0].said(unit))
    return ", ".join([*said, *(_WORDS[name] for name in step.conditions)])


def _none(mildest: GradeStep, unit: str) -> str:
    """Write what grade 0 means: not even the mildest step."""
    said = " and ".join(one.said(unit) for one in mildest.comparisons)
    return f"not ({said})" if len(mildest.comparisons) > 1 else f"not {said}"


def _range(nearer: str, further: str) -> str:
    """Join `> 3 x ULN` and `> 5 x ULN` to `> 3 to 5 x ULN`."""
    if nearer == further:
        return nearer
    op, number, *rest = nearer.split(" ")
    beyond = further.split(" ")[1:]
    same = rest and rest == beyond[1:]
    return " ".join([op, number, "to", *beyond] if same else [nearer, "to", *beyond])
