"""Operating characteristics as tables for people."""

from collections.abc import Mapping, Sequence

from rich.padding import Padding
from rich.table import Table as Grid
from rich.text import Text

from gradatim.cli.design.tables import grid, print_design
from gradatim.cli.output import console
from gradatim.dosefinding.characteristics.final_states import Estimate, OperatingCharacteristics
from gradatim.dosefinding.characteristics.worst_case import WorstCase
from gradatim.dosefinding.designs.base import Design

METHOD = {
    "exact": "exact: all {states:,} states in which a trial can end",
    "bounded": "{states:,} states; no probability is off by more than {bound:.1e}",
    "simulate": "simulated: {states:,} trials, standard errors in brackets",
}


def print_oc(
    design: Design, found: OperatingCharacteristics, seconds: float, worst: Sequence[WorstCase]
) -> None:
    """Print what to expect of a design."""
    print_design(design)
    print_levels(found)
    sums = Grid(show_header=False, box=None, pad_edge=False)
    for row in _sums(found):
        sums.add_row(*row)
    console().print(Padding(sums, (0, 0, 0, 2)))
    console().print(Text(f"{how(found)}; {seconds:.2f} s", "dim"))
    if worst:
        _print_worst(worst)


def how(found: OperatingCharacteristics) -> str:
    """Say by which method, and how exactly."""
    return METHOD[found.method].format(states=found.states, bound=found.error_bound)


def print_levels(found: OperatingCharacteristics) -> None:
    """Print the figures of each level."""
    shown = grid("", "level", "true DLT rate", "selected", "participants", "DLTs")
    rows = zip(found.rates, found.selection, found.patients, found.dlts, strict=True)
    for level, (rate, selected, n, y) in enumerate(rows, 1):
        style = "red" if rate > found.limit * (1 + 1e-9) else ""
        shown.add_row(
            str(level),
            Text(f"{rate:g}", style),
            probability(selected),
            expected_number(n),
            expected_number(y),
        )
    shown.add_row("none", "", probability(found.none_selected), "", "")
    shown.add_row(
        "all", "", "", expected_number(found.expected_n), expected_number(found.expected_dlts)
    )
    console().print(shown)


def _sums(found: OperatingCharacteristics) -> list[tuple[str, str]]:
    limit = f"true rate above {found.limit:g}"
    rows = [
        (f"a level with a {limit} is selected", probability(found.too_toxic_selected)),
        ("share of participants at such levels", probability(found.overdosed)),
        ("over 60 % of the planned participants at such levels", probability(found.overdose_60)),
        ("over 80 %", probability(found.overdose_80)),
        ("the selected level can be called recommended", probability(found.recommended)),
        *((f"ends because {why.words}", f"{p:.1%}") for why, p in found.ends.items() if p > 5e-5),
    ]
    if found.days is not None:
        mean, low, half, high = found.days
        rows.append(
            (
                "trial length in days: mean; 10 %, 50 %, 90 % ended by",
                f"{expected_number(mean, 0)}; {low:.0f}, {half:.0f}, {high:.0f}",
            )
        )
    return rows


def _print_worst(worst: Sequence[WorstCase]) -> None:
    shown = grid(
        "The worst rising curves of true rates",
        "if level",
        "is ",
        "curve ",
        "probability",
        "of selecting ",
    )
    for one in worst:
        toxic = one.question == "too_toxic"
        shown.add_row(
            str(one.dose),
            "the first too toxic one" if toxic else "on target",
            ", ".join(f"{rate:.3f}" for rate in one.rates),
            f"{one.probability:.1%}",
            "a too toxic level" if toxic else "it",
        )
    console().print(shown)


def probability(one: Estimate) -> str:
    """Write a probability, with its standard error if it has one."""
    return f"{one.value:.2%}" + (f" ({one.error:.2%})" if one.error else "")


def expected_number(one: Estimate, digits: int = 2) -> str:
    """Write an expected number, with its standard error if it has one."""
    return f"{one.value:.{digits}f}" + (f" ({one.error:.{digits + 1}f})" if one.error else "")


def print_comparison(
    designs: Mapping[str, Design],
    scenarios: Sequence[str],
    found: Mapping[str, Sequence[OperatingCharacteristics]],
) -> None:
    """Print designs side by side, scenario by scenario."""
    for design in designs.values():
        print_design(design)
    for i, scenario in enumerate(scenarios):
        first = next(iter(found.values()))[i]
        rates = ", ".join(f"{rate:.3g}" for rate in first.rates)
        levels = [f"level {n}" for n in range(1, len(first.rates) + 1)]
        shown = grid(
            f"{scenario}: true DLT rates {rates}; % selected",
            "design",
            *levels,
            "none",
            "too toxic",
            "N",
            "DLTs",
        )
        for name in designs:
            one = found[name][i]
            selected = [f"{100 * p.value:.1f}" for p in (*one.selection, one.none_selected)]
            sums = (
                100 * one.too_toxic_selected.value,
                one.expected_n.value,
                one.expected_dlts.value,
            )
            shown.add_row(name, *selected, *(f"{value:.1f}" for value in sums))
        console().print(shown)
    methods = {how(one) for some in found.values() for one in some}
    console().print(Text("; ".join(sorted(methods)), "dim"))
