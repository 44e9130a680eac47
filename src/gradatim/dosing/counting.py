"""Which cells a dose counts and which a label: viability is applied once, or not at all."""

from gradatim.core.truth import FALSE, TRUE, UNKNOWN
from gradatim.core.verdict import Reason, Verdict
from gradatim.dosing.inventory import Container
from gradatim.dosing.limits import WHEN
from gradatim.dosing.product import Concentration, Counted
from gradatim.dosing.steps import CELLS_PER_ML, Step, step


def basis(one: Concentration | None, counts: Counted) -> Verdict:
    """Say whether a label's count can be turned into cells that the dose counts.

    Args:
        one: the label's concentration; None where the label does not say all of it.
        counts: the cells that the dose counts.

    Returns:
        TRUE: it can. FALSE: it would be wrong, with the reason. UNKNOWN: something is missing.
    """
    if one is None:
        text = "the label does not say which cells a mL holds, and when they were counted"
        return Verdict(UNKNOWN, text, reason=Reason.NO_RECORD)
    if one.counted == "viable" and one.viability is not None:
        return Verdict(
            FALSE,
            "the label counts viable cells and a viability is given as well: it "
            "would be applied twice",
        )
    if one.counted == "viable" and counts == "total":
        return Verdict(
            FALSE,
            "the dose counts total cells and the label viable ones: the total count is needed",
        )
    if one.counted == "total" and counts == "viable" and one.viability is None:
        return Verdict(
            UNKNOWN,
            "the dose counts viable cells and the label total ones: the viability is missing",
            reason=Reason.NO_RECORD,
        )
    return Verdict(TRUE, f"the dose counts {counts} cells; the label {_described(one)}")


def _described(one: Concentration) -> str:
    text = f"counts {one.counted} cells, measured {WHEN[one.measured]}"
    if one.recovery == 1:
        return f"{text}, and no loss since is reckoned with"
    return f"{text}, of which {100 * one.recovery:g} % are recovered"


def cells_that_count(one: Concentration | None, counts: Counted) -> float | None:
    """Give the cells per mL that the dose counts; None unless `basis` is TRUE."""
    found = counting_step(one, counts)
    return found.result.value if found else None


def per_measure(bag: Container, counts: Counted | None) -> float | None:
    """Return what a mL or a piece of a container holds, in the unit of the dose.

    Args:
        bag: the container.
        counts: the cells that the dose counts; None where it is not of cells.

    Returns:
        None where its label does not say.
    """
    if bag.volume_ml is None:
        return bag.strength
    return None if counts is None else cells_that_count(bag.concentration, counts)


def counting_step(one: Concentration | None, counts: Counted) -> Step | None:
    """Give the step from the label's count to the cells per mL that the dose counts.

    A dose of viable cells: total cells × viability × recovery, or labelled viable cells × recovery.
    A dose of total cells: total cells × recovery.
    """
    if one is None or basis(one, counts).truth is not TRUE:
        return None
    name = "labelled viable cells" if one.counted == "viable" else "total cells"
    numbers = {name: (one.cells_per_ml, CELLS_PER_ML)}
    result = one.cells_per_ml
    if counts == "viable" and one.counted == "total" and one.viability is not None:
        numbers["viability"] = (one.viability, "1")
        result *= one.viability
    numbers["recovery"] = (one.recovery, "1")
    return step(
        f"{counts} cells per mL", " × ".join(numbers), numbers, result * one.recovery, CELLS_PER_ML
    )
