"""The weight that a dose is scaled by: the anchor's, unless it changed too much; and a cap.

A weight in pounds, or with a slipped decimal point, looks like any other number. So each is held
against the others of the same person, and counts only once somebody has confirmed that it is meant
(ISMP Canada Safety Bulletin 16(9), 2016; PSNet, A Weighty Mistake).
"""

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from gradatim.core.errors import UnusableInput
from gradatim.core.quantity import compare_numbers
from gradatim.core.truth import TRUE, UNKNOWN
from gradatim.core.verdict import Reason, Verdict
from gradatim.dosing.product import Weights, usable_weights
from gradatim.dosing.steps import KG, Step, signed_percent, step
from gradatim.protocol.treatment import CAUTIOUS, Administration, Preparation

LIGHTEST_PLAUSIBLE, HEAVIEST_PLAUSIBLE = 22.7, 340.2
"""kg; 50 and 750 pounds, outside which the weight of an adult is implausible.

Source: Chan and Raffa 2017, one of the algorithms compared by Evans et al., JMIR Medical
Informatics 2022;10(3):e30328.
"""
PLAUSIBLE_CHANGE = CAUTIOUS.weight_change
"""Part by which two weights of one person may differ before the later one is questioned, where the
protocol does not say (`treatment.gate`)."""


class WeightUsed(NamedTuple):
    """The weight that counts, in kg, with the steps to it and whether it is the right one."""

    kg: float
    steps: tuple[Step, ...]
    verdict: Verdict


def weight_used(
    administration: Administration,
    rules: Preparation | None,
    weights: Weights,
    change: float = PLAUSIBLE_CHANGE,
) -> WeightUsed:
    """Choose the weight that counts.

    It is the weight at the protocol's anchor (`weight_from`). If the weight on the day differs
    from it by more than the protocol allows, the dose is computed anew from the weight on the
    day. Without an anchor it is the weight on the day. A cap comes last.

    Args:
        administration, rules: what the protocol says of it.
        weights: those known.
        change: part by which they may differ before one is questioned.

    Raises:
        UnusableInput: a weight is not one of a person, or is implausible and not confirmed as
            meant.
    """
    chosen = _chosen(administration.weight_from, rules, _plausible(usable_weights(weights), change))
    if doubts(weights, change):
        text = f"{chosen.verdict.text}; implausible, and confirmed as meant"
        chosen = chosen._replace(verdict=chosen.verdict._replace(message=text))
    if not weights.of_the_day:
        text = f"no weight of the day is recorded; an older one, {weights.on_day:g} kg, stands in"
        open_ = Verdict(UNKNOWN, text, reason=Reason.NO_RECORD)
        chosen = chosen._replace(verdict=open_)
    cap = rules.weight_cap if rules else None
    if cap is None:
        return chosen
    kg = min(chosen.kg, cap)
    capped = step(
        "weight that counts",
        "min(weight, cap)",
        {"weight": (chosen.kg, KG), "cap": (cap, KG)},
        kg,
        KG,
    )
    text = f"{chosen.verdict.text}; capped at {cap:g} kg" if kg < chosen.kg else chosen.verdict.text
    return WeightUsed(kg, (*chosen.steps, capped), chosen.verdict._replace(message=text))


def implausible(kg: float, others: Iterable[float], change: float = PLAUSIBLE_CHANGE) -> str:
    """Say why a weight is implausible beside a person's other weights; empty where it is not.

    Any other weight that differs by no more than `change` makes it plausible. Where there is no
    other, it is held against the weights of adults.

    Args:
        kg: the weight.
        others: weights of the same person that are not in doubt, in kg.
        change: part by which it may differ.
    """
    known = tuple(others)
    if not known:
        outside = not LIGHTEST_PLAUSIBLE <= kg <= HEAVIEST_PLAUSIBLE
        return f"adults weigh {LIGHTEST_PLAUSIBLE:g} to {HEAVIEST_PLAUSIBLE:g} kg" * outside
    nearest = _nearest(kg, known)
    if not compare_numbers(abs(kg / nearest - 1), ">", change):
        return ""
    return _beside(kg, nearest, change)


def in_doubt(
    taken: Sequence[float],
    confirmed: Callable[[Sequence[int]], bool],
    change: float = PLAUSIBLE_CHANGE,
) -> dict[int, str]:
    """Return which weights of a person cannot be relied on, by their place, and why.

    Weights that follow from one another by plausible changes bear one another out. Where others do
    not, nobody knows which are right: all are in doubt until they are confirmed, but those that
    were there first and are more, of which nothing else is confirmed.

    Args:
        taken: the weights in kg, in the order in which they were taken.
        confirmed: whether weights at some places, which bear one another out, are known to be
            right.
        change: part by which two may differ.
    """
    groups = _bearing_out(taken, change)
    if len(groups) == 1 and not all(implausible(taken[n], (), change) for n in groups[0]):
        return {}
    sure = {at for at, group in enumerate(groups) if confirmed(group)}
    found: dict[int, str] = {}
    rivals: list[int] = []
    for at, group in enumerate(groups):
        outside = [implausible(taken[n], (), change) for n in group]
        if at not in sure and all(outside):  # of no adult: it speaks against no other weight
            found |= dict(zip(group, outside, strict=True))
        else:
            rivals.append(at)
    for at in rivals:
        against = [
            n
            for other in rivals
            if other != at
            and (other in sure or len(groups[other]) >= len(groups[at]) or other < at)
            for n in groups[other]
        ]
        if at not in sure and against:
            others = {taken[n] for n in against}
            found |= {n: _beside(taken[n], _nearest(taken[n], others), change) for n in groups[at]}
    return found


def _bearing_out(taken: Sequence[float], change: float) -> list[list[int]]:
    """Return the places of the weights that bear one another out, what was first taken first."""
    groups: list[tuple[list[int], set[float]]] = []
    for place, kg in enumerate(taken):
        near = [one for one in groups if kg in one[1]]
        near = near or [one for one in groups if not implausible(kg, one[1], change)]
        if len(near) == 1:
            near[0][0].append(place)
            near[0][1].add(kg)
            continue
        groups = [one for one in groups if one not in near]
        places = sorted([place, *(n for one in near for n in one[0])])
        groups.append((places, {kg, *(each for one in near for each in one[1])}))
    return sorted(places for places, _ in groups)


def agrees(kg: float, others: Iterable[float], change: float = PLAUSIBLE_CHANGE) -> bool:
    """Whether a weight goes with one of others of its person, whichever of the two came first.

    A change is a part of the weight before it: 100 kg after 82 is more of one than 82 after 100.
    Where there is no other, whether it can be of an adult.
    """
    known = tuple(others)
    if not known:
        return not implausible(kg, (), change)
    return any(not implausible(max(kg, one), (min(kg, one),), change) for one in known)


def _nearest(kg: float, others: Iterable[float]) -> float:
    return min(others, key=lambda other: abs(kg / other - 1))


def _beside(kg: float, nearest: float, change: float) -> str:
    """Say how far a weight is from another; where it came before that, how far that is from it."""
    off, told = kg / nearest - 1, f"it is {{}} against {nearest:g} kg"
    if not compare_numbers(abs(off), ">", change):
        off, told = nearest / kg - 1, f"{nearest:g} kg is {{}} against it"
    return (
        f"{told.format(signed_percent(off))}, and more than ±{100 * change:g} % is not expected of "
        "one person"
    )


def doubts(weights: Weights, change: float = PLAUSIBLE_CHANGE) -> list[tuple[str, float, str]]:
    """Return what is implausible about weights: which, in kg, and why."""
    day, then = weights.on_day, weights.at_anchor
    asked: list[tuple[str, float, tuple[float, ...]]] = [("weight on the day", day, ())]
    if then is not None:
        asked = [("weight at the anchor", then, ()), *asked, ("weight on the day", day, (then,))]
    return [
        (where, kg, why) for where, kg, others in asked if (why := implausible(kg, others, change))
    ]


def _plausible(weights: Weights, change: float) -> Weights:
    """Return the weights, if each is plausible beside the other, or confirmed as meant.

    Raises:
        UnusableInput: one is implausible and not confirmed.
    """
    for where, kg, why in () if weights.meant else doubts(weights, change):
        raise UnusableInput(
            f"{kg:g} kg is not plausible",
            where,
            why,
            "check the unit (kg, not pounds) and the decimal point; if it is "
            "right, confirm it with --weight-is-meant",
        )
    return weights


def _chosen(anchor: str | None, rules: Preparation | None, weights: Weights) -> WeightUsed:
    day, then = weights.on_day, weights.at_anchor
    if anchor is None:
        return WeightUsed(day, (), Verdict(TRUE, f"the weight on the day, {day:g} kg"))
    if then is None:
        text = f"the weight at {anchor} is not given; that of the day, {day:g} kg, stands in"
        return WeightUsed(day, (), Verdict(UNKNOWN, text, reason=Reason.NO_RECORD))
    change = (day - then) / then
    steps = (_change_step(anchor, day, then, 100 * change),)
    limit = rules.redose_if_weight_changes_by if rules else None
    since = f"{signed_percent(change)} since {anchor}"
    if limit is None:
        text = f"the weight at {anchor}, {then:g} kg ({since}; the protocol sets no limit)"
        return WeightUsed(then, steps, Verdict(TRUE, text))
    if compare_numbers(abs(change), ">", limit):
        text = f"{since}, more than ±{100 * limit:g} %: dosed anew by the weight on the day"
        return WeightUsed(day, steps, Verdict(TRUE, f"{text}, {day:g} kg"))
    text = f"the weight at {anchor}, {then:g} kg ({since}, within ±{100 * limit:g} %)"
    return WeightUsed(then, steps, Verdict(TRUE, text))


def _change_step(anchor: str, day: float, then: float, change: float) -> Step:
    at_anchor = f"weight at {anchor}"
    return step(
        "change of weight",
        f"100 % × (weight on the day − {at_anchor}) ÷ {at_anchor}",
        {"100 %": (100, "%"), "weight on the day": (day, KG), at_anchor: (then, KG)},
        change,
        "%",
    )
