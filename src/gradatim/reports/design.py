"""The design report: a protocol's dose-escalation design, for its appendix, as one HTML page."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from gradatim.dosefinding.characteristics.exact import CompiledDesign, TooLarge, compile_design
from gradatim.dosefinding.characteristics.final_states import OperatingCharacteristics
from gradatim.dosefinding.characteristics.operating import Computation, operating_characteristics
from gradatim.dosefinding.characteristics.pathways import pathways
from gradatim.dosefinding.characteristics.scenarios import TOLERATED, Scenario, scenarios
from gradatim.dosefinding.characteristics.small_numbers import small_number_statements
from gradatim.dosefinding.characteristics.soundness import refuse_unsound
from gradatim.dosefinding.characteristics.worst_case import WorstCase, worst_cases
from gradatim.dosefinding.decision_table import MEANING, Action, Table
from gradatim.dosefinding.designs.base import Design
from gradatim.dosefinding.designs.modifiers import layers
from gradatim.dosefinding.designs.registry import build
from gradatim.dosefinding.designs.table import TableDesign
from gradatim.dosefinding.protocol_design import (
    alternatives,
    recommendation_criteria,
    settings_of,
    trial_timing,
)
from gradatim.protocol.load import Document
from gradatim.protocol.questions import ruled_design
from gradatim.protocol.study import Study
from gradatim.protocol.treatment import EscalationDesign
from gradatim.reports.basis import BASES
from gradatim.reports.compared_designs import compared_on
from gradatim.reports.design_charts import design_charts
from gradatim.reports.design_paths import drawing
from gradatim.reports.pages import charted_page

ARRIVALS = (7, 14, 28)
"""Mean days between arrivals for which the trial's length is shown; no protocol states one."""
LENGTH_TRIALS = 20_000
_COLUMNS = 10


def design_report(document: Document, name: str | None = None) -> str:
    """Write the design report of a protocol.

    Args:
        document: the protocol.
        name: one of its alternative designs; else the one in force.

    Returns:
        One HTML page without any reference to something outside it.

    Raises:
        UnusableInput: the protocol has no such design, or one that cannot be built or is not sound.
    """
    study, first = document.study, document.study.safety.escalation
    settings = settings_of(study, name)
    main, aim = refuse_unsound(build(settings), document.name), settings.target or TOLERATED
    curves = scenarios(main.doses, settings.target)
    shown = name or _name_of(study, ruled_design(study))
    compared = [compared_on(study, one, curves, aim) for one in _order(study, shown)]
    steps = pathways(main, [], 2)
    return charted_page(
        "design.html.j2",
        design_charts(compared, curves),
        study=study.study,
        sha256=document.sha256,
        escalation=first,
        bases=BASES,
        main=compared[0],
        compared=compared,
        curves=curves,
        aim=aim,
        stated=settings.target is not None,
        levels=study.treatment.dose_levels,
        table=decision_table(main),
        steps=steps,
        paths=drawing(steps),
        worst=_worst(main, aim),
        gap=aim / 3,
        lengths=_lengths(study, main, curves, aim),
        arrivals=ARRIVALS,
        conduct=trial_timing(study, ARRIVALS[0]),
        trials=LENGTH_TRIALS,
        needed=recommendation_criteria(study),
        small_number_statements=small_number_statements(main.doses),
        percent=_probability,
    )


def _name_of(study: Study, chosen: EscalationDesign) -> str:
    first = study.safety.escalation
    return next((one.name for one in first.alternatives if one is chosen), first.reading_name)


def _order(study: Study, shown: str) -> list[str]:
    """Return the protocol's designs, the one shown first."""
    return [shown, *(name for name in alternatives(study) if name != shown)]


class Cell(NamedTuple):
    """A cell of the decision table; empty where there cannot be so many DLTs."""

    sign: str
    kind: str


class DecisionTableView(NamedTuple):
    """A decision table as the page shows it.

    Args:
        sizes: participants, the columns.
        rows: for each number of DLTs its cells.
        legend: the signs used, with their kind and meaning.
    """

    sizes: list[int]
    rows: list[list[Cell]]
    legend: list[tuple[Cell, str]]


def decision_table(design: Design) -> DecisionTableView | None:
    """Return the decision table; None for a design that has none."""
    inner = layers(design)[-1]
    if not isinstance(inner, TableDesign):
        return None
    table = inner.table
    sizes = [n for n in table.sizes() if n % design.cohort == 0][:_COLUMNS]
    most = min(sizes[-1], _last_row(table, sizes))
    rows = [[_cell(table.of(n, y)) for n in sizes] for y in range(most + 1)]
    used = sorted({table.of(n, y) for n in sizes for y in range(n + 1)})
    return DecisionTableView(sizes, rows, [(_cell(one), MEANING[one]) for one in used])


def _last_row(table: Table, sizes: Sequence[int]) -> int:
    """Return the row after which every cell says the same as the row before."""
    n = sizes[-1]
    same = next(y for y in range(n + 1) if table.of(n, y) == table.of(n, n))
    return max(same, sizes[0])


def _cell(action: Action) -> Cell:
    return Cell(action.sign, action.name.lower())


def _worst(design: Design, aim: float) -> list[WorstCase]:
    """Return the worst curves; none where the design has too many states to enumerate."""
    try:
        compiled: CompiledDesign = compile_design(design, limit=200_000)
    except TooLarge:
        return []
    return worst_cases(compiled, aim, aim / 3)


def _lengths(
    study: Study, design: Design, curves: Sequence[Scenario], aim: float
) -> list[list[OperatingCharacteristics]]:
    """Simulate the trial's length: for each scenario, for each pace of arrivals."""
    by_pace = [
        operating_characteristics(
            design,
            [one.rates for one in curves],
            aim,
            Computation(trials=LENGTH_TRIALS, conduct=trial_timing(study, days)),
        )
        for days in ARRIVALS
    ]
    return [list(some) for some in zip(*by_pace, strict=True)]


def _probability(value: float) -> str:
    """Write a probability; what is not quite none or all does not look so."""
    if 0 < value < 5e-4:
        return "<0.1 %"
    if 1 > value > 1 - 5e-4:
        return ">99.9 %"
    return f"{np.round(100 * value, 1):.1f} %"
