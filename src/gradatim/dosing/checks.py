"""The questions asked of every preparation: one function each, in a list."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from gradatim.core.quantity import compare
from gradatim.core.truth import TRUE, UNKNOWN, Truth, all_of, truth_of
from gradatim.core.verdict import Reason, Verdict
from gradatim.dosing import counting, limits
from gradatim.dosing.prepared import Check, Prepared
from gradatim.dosing.product import Unit
from gradatim.dosing.steps import percent, shown
from gradatim.protocol.treatment import Preparation


class _OfCells(NamedTuple):
    """A preparation of cells, with the protocol's rules at hand."""

    prepared: Prepared
    rules: Preparation


def check_all(prepared: Prepared) -> tuple[Check, ...]:
    """Ask every question; of a dose that is not of cells, only the weight."""
    checks = [Check("weight", weight(prepared))]
    if prepared.of_cells and prepared.rules is not None:
        asked = _OfCells(prepared, prepared.rules)
        checks += [Check(name, check(asked)) for name, check in CHECKS.items()]
    return tuple(checks)


def weight(prepared: Prepared) -> Verdict:
    """Whether the weight that scales the dose is the one the protocol wants."""
    return prepared.weight or Verdict(TRUE, "the dose is not scaled by weight")


def mode(asked: _OfCells) -> Verdict:
    """Whether the mode is the protocol's; another may be tried while the protocol's is open."""
    prepared, rules = asked
    if prepared.mode == rules.mode:
        return Verdict(TRUE, f"{rules.mode}, as the protocol has it")
    text = f"{prepared.mode} asked for; the protocol has {rules.mode} ({rules.basis})"
    return Verdict(truth_of(not rules.basis.settled), text)


def basis(asked: _OfCells) -> Verdict:
    """Whether the labels' counts can be turned into the cells that the dose counts."""
    prepared, rules = asked
    if not prepared.units and prepared.label is not None:
        return counting.basis(prepared.label, rules.counts)
    return _each(prepared.units, lambda unit: counting.basis(unit.concentration, rules.counts))


def deviation(asked: _OfCells) -> Verdict:
    """Whether the cells infused are within the tolerance of the dose."""
    prepared, rules = asked
    off, infused = prepared.deviation, prepared.infused_cells
    if off is None or infused is None:
        why = "no unit is given" if not prepared.units else "the cells cannot be computed"
        return Verdict(
            UNKNOWN, f"{why}, so there is nothing to compare with the dose", reason=Reason.NO_RECORD
        )
    within = compare(abs(off), "<=", rules.tolerance)
    dose = shown(prepared.planned)
    text = (
        f"{percent(off)}: {infused:,.0f} instead of {dose}, "
        f"{'within' if within else 'outside'} ±{100 * rules.tolerance:g} %"
    )
    return Verdict(truth_of(within), text)


def expiry(asked: _OfCells) -> Verdict:
    """Whether each opened unit is in date at the end of the infusion."""
    end = asked.prepared.intended.ends_at
    return _each(asked.prepared.opened, lambda unit: limits.in_date(unit, end))


def thaw_clock(asked: _OfCells) -> Verdict:
    """Whether the infusion ends in time after the thaw of each opened unit."""
    end, hours = asked.prepared.intended.ends_at, asked.rules.thaw_to_end
    return _each(asked.prepared.opened, lambda unit: limits.thaw_clock(unit, end, hours))


def viability(asked: _OfCells) -> Verdict:
    """Whether each opened unit is viable enough."""
    prepared, minimum = asked.prepared, asked.rules.minimum_viability
    if not prepared.units and prepared.label is not None:
        return limits.viability(prepared.label, minimum)
    return _each(
        prepared.opened,
        lambda unit: limits.viability(unit.concentration, minimum, unit.certified_viability),
    )


def rate(asked: _OfCells) -> Verdict:
    """Whether the infusion is slow enough."""
    prepared = asked.prepared
    return limits.rate(
        prepared.infused_ml, prepared.intended.duration_min, asked.rules.maximum_rate
    )


def dmso(asked: _OfCells) -> Verdict:
    """Whether the infusion brings little enough dimethyl sulfoxide."""
    return limits.dmso(asked.prepared.dmso_per_kg, asked.rules.maximum_dmso)


CHECKS: dict[str, Callable[[_OfCells], Verdict]] = {
    "mode": mode,
    "basis": basis,
    "deviation": deviation,
    "expiry": expiry,
    "thaw clock": thaw_clock,
    "viability": viability,
    "rate": rate,
    "dmso": dmso,
}
"""By name, what is asked of a dose of cells besides its weight."""


def _each(units: Iterable[Unit], ask: Callable[[Unit], Verdict]) -> Verdict:
    """Ask of each unit; units with one answer share a child that names them."""
    answers: dict[tuple[Truth, str, Reason | None], list[Unit]] = {}
    for unit in units:
        verdict = ask(unit)
        answers.setdefault((verdict.truth, verdict.text, verdict.reason), []).append(unit)
    children = tuple(
        Verdict(truth, f"{_named(some)}: {text}", tuple(some), reason=reason)
        for (truth, text, reason), some in answers.items()
    )
    if not children:
        return Verdict(UNKNOWN, "no unit is given", reason=Reason.NO_RECORD)
    return Verdict(all_of(one.truth for one in children), children=children)


def _named(units: list[Unit]) -> str:
    if len(units) <= 2:
        return ", ".join(unit.id for unit in units)
    return f"{len(units)} units from {units[0].id} to {units[-1].id}"
