"""The questions asked of every preparation: one function each, in a list."""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from gradatim.core.quantity import compare_numbers
from gradatim.core.truth import TRUE, UNKNOWN, Truth, all_of, truth_of
from gradatim.core.verdict import Reason, Verdict
from gradatim.dosing import counting, limits
from gradatim.dosing.inventory import Container, ContainerKey
from gradatim.dosing.prepared import Check, Prepared
from gradatim.dosing.steps import quantity_words, signed_percent
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
        checks += [Check(name, check(asked)) for name, check in _CHECKS.items()]
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


def _basis(asked: _OfCells) -> Verdict:
    """Whether the labels' counts can be turned into the cells that the dose counts."""
    prepared, rules = asked
    if not prepared.containers and prepared.label is not None:
        return counting.basis(prepared.label, rules.counts)
    return _each(
        prepared,
        prepared.containers,
        lambda one: counting.basis(one.concentration, rules.counts),
    )


def deviation(asked: _OfCells) -> Verdict:
    """Whether the cells infused are within the tolerance of the dose."""
    prepared, rules = asked
    off, infused = prepared.deviation, prepared.infused_cells
    if off is None or infused is None:
        why = "no unit is given" if not prepared.containers else "the cells cannot be computed"
        return Verdict(
            UNKNOWN, f"{why}, so there is nothing to compare with the dose", reason=Reason.NO_RECORD
        )
    within = compare_numbers(abs(off), "<=", rules.tolerance)
    dose = quantity_words(prepared.planned)
    text = (
        f"{signed_percent(off)}: {infused:,.0f} instead of {dose}, "
        f"{'within' if within else 'outside'} ±{100 * rules.tolerance:g} %"
    )
    return Verdict(truth_of(within), text)


def expiry(asked: _OfCells) -> Verdict:
    """Whether each opened container is in date at the end of the infusion."""
    prepared, end = asked.prepared, asked.prepared.intended.ends_at
    return _each(prepared, prepared.opened, lambda one: limits.in_date(one, end))


def thaw_clock(asked: _OfCells) -> Verdict:
    """Whether the infusion ends in time after the thaw of each opened container."""
    prepared, hours = asked.prepared, asked.rules.thaw_to_end
    end = prepared.intended.ends_at
    return _each(prepared, prepared.opened, lambda one: limits.thaw_clock(one, end, hours))


def viability(asked: _OfCells) -> Verdict:
    """Whether each opened container is viable enough."""
    prepared, minimum = asked.prepared, asked.rules.minimum_viability
    if not prepared.containers and prepared.label is not None:
        return limits.viability(prepared.label, minimum)
    return _each(
        prepared,
        prepared.opened,
        lambda one: limits.viability(one.concentration, minimum, one.certified_viability),
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


_CHECKS: dict[str, Callable[[_OfCells], Verdict]] = {
    "mode": mode,
    "basis": _basis,
    "deviation": deviation,
    "expiry": expiry,
    "thaw clock": thaw_clock,
    "viability": viability,
    "rate": rate,
    "dmso": dmso,
}
"""By name, what is asked of a dose of cells besides its weight."""


def _each(
    prepared: Prepared, containers: Iterable[Container], ask: Callable[[Container], Verdict]
) -> Verdict:
    """Ask of each container; those with one answer share a child that names them."""
    answers: dict[tuple[Truth, str, Reason | None], list[Container]] = {}
    for one in containers:
        verdict = ask(one)
        answers.setdefault((verdict.truth, verdict.text, verdict.reason), []).append(one)
    known = prepared.names
    children = tuple(
        Verdict(truth, f"{_named(known, some)}: {text}", tuple(some), reason=reason)
        for (truth, text, reason), some in answers.items()
    )
    if not children:
        return Verdict(UNKNOWN, "no unit is given", reason=Reason.NO_RECORD)
    return Verdict(all_of(one.truth for one in children), children=children)


def _named(known: Mapping[ContainerKey, str], containers: list[Container]) -> str:
    names = [known[one.key] for one in containers]
    return (
        ", ".join(names)
        if len(names) <= 2
        else f"{len(names)} units from {names[0]} to {names[-1]}"
    )
