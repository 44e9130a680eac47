"""The weight that a dose is scaled by: the anchor's, unless it changed too much; and a cap."""

from typing import NamedTuple

from gradatim.core.quantity import compare
from gradatim.core.truth import TRUE, UNKNOWN
from gradatim.core.verdict import Reason, Verdict
from gradatim.dosing.product import Weights, usable_weights
from gradatim.dosing.steps import KG, Step, percent, step
from gradatim.protocol.treatment import Administration, Preparation


class WeightUsed(NamedTuple):
    """The weight that counts, in kg, with the steps to it and whether it is the right one."""

    kg: float
    steps: tuple[Step, ...]
    verdict: Verdict


def weight_used(administration: Administration, rules: Preparation | None, weights: Weights
                ) -> WeightUsed:  # fmt: skip
    """Choose the weight that counts.

    It is the weight at the protocol's anchor (`weight_from`). If the weight on the day differs
    from it by more than the protocol allows, the dose is computed anew from the weight on the
    day. Without an anchor it is the weight on the day. A cap comes last.

    Raises:
        UnusableInput: a weight is not one of a person.
    """
    chosen = _chosen(administration.weight_from, rules, usable_weights(weights))
    cap = rules.weight_cap if rules else None
    if cap is None:
        return chosen
    kg = min(chosen.kg, cap)
    capped = step("weight that counts", "min(weight, cap)",
                  {"weight": (chosen.kg, KG), "cap": (cap, KG)}, kg, KG)  # fmt: skip
    text = f"{chosen.verdict.text}; capped at {cap:g} kg" if kg < chosen.kg else chosen.verdict.text
    return WeightUsed(kg, (*chosen.steps, capped), chosen.verdict._replace(text=text))


def _chosen(anchor: str | None, rules: Preparation | None, weights: Weights) -> WeightUsed:
    day, then = weights
    if anchor is None:
        return WeightUsed(day, (), Verdict(TRUE, f"the weight on the day, {day:g} kg"))
    if then is None:
        text = f"the weight at {anchor} is not given; that of the day, {day:g} kg, stands in"
        return WeightUsed(day, (), Verdict(UNKNOWN, text, reason=Reason.NO_RECORD))
    change = (day - then) / then
    steps = (_change_step(anchor, day, then, 100 * change),)
    limit = rules.redose_if_weight_changes_by if rules else None
    since = f"{percent(change)} since {anchor}"
    if limit is None:
        text = f"the weight at {anchor}, {then:g} kg ({since}; the protocol sets no limit)"
        return WeightUsed(then, steps, Verdict(TRUE, text))
    if compare(abs(change), ">", limit):
        text = f"{since}, more than ±{100 * limit:g} %: dosed anew by the weight on the day"
        return WeightUsed(day, steps, Verdict(TRUE, f"{text}, {day:g} kg"))
    text = f"the weight at {anchor}, {then:g} kg ({since}, within ±{100 * limit:g} %)"
    return WeightUsed(then, steps, Verdict(TRUE, text))


def _change_step(anchor: str, day: float, then: float, change: float) -> Step:
    at_anchor = f"weight at {anchor}"
    return step(
        "change of weight", f"100 % × (weight on the day − {at_anchor}) ÷ {at_anchor}",
        {"100 %": (100, "%"), "weight on the day": (day, KG), at_anchor: (then, KG)}, change, "%",
    )  # fmt: skip
