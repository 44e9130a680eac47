"""From a dose level to what is drawn from each bag, with every step and every check.

Bags thawed are not cells infused: the exact volume is drawn and the rest recorded as discarded,
or whole units are given where that is within the protocol's tolerance.
"""

from collections.abc import Iterator, Sequence

from gradatim.core.errors import UnusableInput
from gradatim.core.quantity import Quantity, convert
from gradatim.dosing.arithmetic import drawing_steps, giving_steps, needed_step
from gradatim.dosing.checks import check_all
from gradatim.dosing.counting import cells_that_count, counting_step
from gradatim.dosing.draws import (
    Draw,
    LabelledContainer,
    drawn_exactly,
    drawn_whole,
    first_expiring_first,
)
from gradatim.dosing.inventory import Container, usable_containers
from gradatim.dosing.prepared import Prepared, RestsOn
from gradatim.dosing.product import (
    Concentration,
    Intended,
    Weights,
    usable_concentration,
)
from gradatim.dosing.steps import CELLS, KG, ML, Step, quantity_words, step
from gradatim.dosing.weight import WeightUsed, weight_used
from gradatim.protocol.study import Study
from gradatim.protocol.treatment import DoseLevel, Preparation

BODY_WEIGHT, PER_KG = "body weight", "/kg"
AS_PROTOCOL = Intended()


def prepare(
    study: Study,
    level: int,
    weights: Weights | None = None,
    containers: Sequence[Container] = (),
    *,
    label: Concentration | None = None,
    intended: Intended = AS_PROTOCOL,
) -> Prepared:
    """Prepare a dose.

    Args:
        study: the protocol.
        level: number of the dose level.
        weights: in kg; needed where the dose is scaled by body weight.
        containers: those at hand; what expires first is used first, unused ones stay closed.
        label: the concentration, where no container is at hand yet: gives the volume only.
        intended: duration and end of the infusion, and another mode to try.

    Returns:
        The dose with its steps and checks; refused or undetermined ones too.

    Raises:
        UnusableInput: the level is not in the protocol, a number cannot be used, or the protocol
            does not say how the dose is prepared.
    """
    dose_level = level_of(study, level)
    used = _weight(study, dose_level, weights)
    planned, steps = _planned(study, dose_level, used)
    prepared = Prepared(
        dose_level,
        study.treatment.preparation,
        weights,
        used.verdict if used else None,
        planned,
        intended=intended,
        steps=steps,
        rests_on=tuple(_rests_on(study, dose_level)),
    )
    if prepared.of_cells:
        prepared = _with_containers(
            prepared, _rules(study), usable_containers(tuple(containers)), label
        )
    return prepared._replace(checks=check_all(prepared))


def level_of(study: Study, number: int) -> DoseLevel:
    """Give the dose level of that number.

    Raises:
        UnusableInput: the protocol has none.
    """
    levels = study.treatment.dose_levels
    for one in levels:
        if one.number == number:
            return one
    known = ", ".join(f"{one.number} ({one.label})" for one in levels)
    raise UnusableInput(f"there is no dose level {number}", study.study.id, todo=f"use {known}")


def _weight(study: Study, level: DoseLevel, weights: Weights | None) -> WeightUsed | None:
    administration = study.treatment.administration
    per = administration.dose_per
    if per not in ("", BODY_WEIGHT) or (per == BODY_WEIGHT) != level.unit.endswith(PER_KG):
        raise UnusableInput(
            f"level {level.number} is {level.dose:g} {level.unit}, scaled by {per or 'nothing'}",
            study.study.id,
            "the two do not go together, and only body weight can be reckoned with",
            "correct the unit of the level or `dose_per` in the protocol",
        )
    if not per:
        return None
    if weights is None:
        raise UnusableInput(
            "there is no weight",
            study.study.id,
            "the dose is scaled by it",
            "give the weight on the day",
        )
    return weight_used(
        administration, study.treatment.preparation, weights, study.treatment.gate.weight_change
    )


def _planned(
    study: Study, level: DoseLevel, used: WeightUsed | None
) -> tuple[Quantity, tuple[Step, ...]]:
    """Give the dose, in cells where it counts cells, and the steps to it."""
    dose, unit = level.dose, level.unit.removesuffix(PER_KG)
    if CELLS in unit:
        cells = convert(dose, unit, CELLS)
        if cells is None:
            raise UnusableInput(
                f"the unit {level.unit} is not understood",
                study.study.id,
                todo="write it as {cells}/kg or {cells}",
            )
        dose, unit = cells, CELLS
    if used is None:
        return Quantity(dose, unit), ()
    scaled = step(
        "dose",
        "dose level × weight",
        {"dose level": (dose, f"{unit}{PER_KG}"), "weight": (used.kg, KG)},
        dose * used.kg,
        unit,
    )
    return scaled.result, (*used.steps, scaled)


def _rules(study: Study) -> Preparation:
    if study.treatment.preparation is None:
        raise UnusableInput(
            "the protocol does not say how a dose is prepared",
            study.study.id,
            "cells that count, tolerance and limits are not the program's to say",
            "add `treatment.preparation`",
        )
    return study.treatment.preparation


def _with_containers(
    prepared: Prepared,
    rules: Preparation,
    containers: tuple[Container, ...],
    label: Concentration | None,
) -> Prepared:
    """Add the volumes, where they can be computed."""
    one = label if label is None else usable_concentration(label)
    ordered = tuple(first_expiring_first(containers))
    if ordered:
        concentrations = {each.concentration for each in ordered}
        one = concentrations.pop() if len(concentrations) == 1 else None
    prepared = prepared._replace(containers=ordered, label=label, needed_ml=_needed(prepared, one))
    prepared = prepared._replace(draws=_draws(prepared, rules))
    return prepared._replace(steps=(*prepared.steps, *_steps(prepared, rules, one)))


def _needed(prepared: Prepared, one: Concentration | None) -> float | None:
    rules = prepared.rules
    per_ml = cells_that_count(one, rules.counts) if one and rules else None
    return prepared.planned.value / per_ml + rules.filter_and_hold_up if per_ml and rules else None


def _draws(prepared: Prepared, rules: Preparation) -> tuple[Draw, ...]:
    sources = []
    for one in prepared.containers:
        per_ml = cells_that_count(one.concentration, rules.counts)
        if per_ml is None or one.volume_ml is None or one.concentration is None:
            return ()
        sources.append(LabelledContainer(one, one.volume_ml, one.concentration, per_ml))
    dose, hold_up = prepared.planned.value, rules.filter_and_hold_up
    if not sources:
        return ()
    if prepared.mode == "whole units":
        return drawn_whole(sources, dose, hold_up, rules.tolerance)
    return drawn_exactly(sources, dose, hold_up)


def _steps(prepared: Prepared, rules: Preparation, one: Concentration | None) -> Iterator[Step]:
    if prepared.draws:
        yield from drawing_steps(prepared, rules)
    elif one and (counted := counting_step(one, rules.counts)):
        yield counted
        needed = needed_step(prepared.planned.value, counted.result.value)
        yield needed
        volume, held = needed.result.value, rules.filter_and_hold_up
        if held:
            yield step(
                "volume to draw",
                "volume + what stays in filter and line",
                {"volume": (volume, ML), "what stays in filter and line": (held, ML)},
                volume + held,
                ML,
            )
    yield from giving_steps(prepared, rules)


def _rests_on(study: Study, level: DoseLevel) -> Iterator[RestsOn]:
    treatment = study.treatment
    dose = quantity_words(Quantity(level.dose, level.unit))
    yield RestsOn(f"dose of level {level.number}", dose, level.basis, level.source)
    given = treatment.administration
    for what, value in (("dose per", given.dose_per), ("weight from", given.weight_from)):
        if value:
            yield RestsOn(what, value, given.basis, given.source)
    rules = treatment.preparation
    if rules is None or CELLS not in level.unit:
        return
    for name, value in rules.model_dump(exclude={"basis", "source", "note"}).items():
        yield RestsOn(name.replace("_", " "), _said(name, value), rules.basis, rules.source)


def _said(name: str, value: str | float | None) -> str:
    if value is None:
        return "no limit"
    unit = _UNITS.get(name, "")
    return value if isinstance(value, str) else f"{value:g} {unit}".rstrip()


_UNITS = {
    "weight_cap": "kg",
    "thaw_to_end": "h",
    "filter_and_hold_up": "mL",
    "maximum_rate": "mL/min",
    "maximum_dmso": "g/kg",
}
