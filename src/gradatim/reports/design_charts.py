"""The charts of the design report as Vega-Lite specifications; the page draws them."""

from collections.abc import Sequence
from typing import Any

from gradatim.dosefinding.characteristics.final_states import OperatingCharacteristics
from gradatim.dosefinding.characteristics.scenarios import Scenario
from gradatim.reports.compared_designs import DesignComparison
from gradatim.reports.feasibility_charts import GREY, Spec, base

BLUES = ("#c6d9ea", "#8fb4d3", "#5a90bf", "#2f6da3", "#17406b")
"""From the lowest level to the highest; more levels repeat the darkest."""
BAR = 26


def design_charts(
    compared: Sequence[DesignComparison], curves: Sequence[Scenario]
) -> dict[str, Spec]:
    """Return the charts by the name of their place in the page."""
    rows = [(curve.name, one) for curve, one in zip(curves, compared[0].found, strict=True)]
    made = charts_of(rows)
    if len(compared) > 1:
        for i in range(len(curves)):
            beside = [(one.name.replace("_", " "), one.found[i]) for one in compared]
            made[f"side-{i}"] = _stacked(beside, legend=i == 0)
    return made


def charts_of(rows: Sequence[tuple[str, OperatingCharacteristics]]) -> dict[str, Spec]:
    """Return the two charts of some rows, each a scenario or a design, by the names of places.

    Args:
        rows: at least one, each with its name and what to expect, of the same number of levels.
    """
    return {"selection": _stacked(rows), "patients": _patients(rows)}


def _stacked(rows: Sequence[tuple[str, OperatingCharacteristics]], legend: bool = True) -> Spec:
    """Draw a bar for each row: none selected, then each level, together 100 %."""
    values = [
        {"row": name, "what": what, "p": 100 * figure.value, "order": place}
        for name, one in rows
        for place, (what, figure) in enumerate(
            [
                ("none", one.none_selected),
                *((f"level {i}", figure) for i, figure in enumerate(one.selection, 1)),
            ]
        )
        if figure.value > 0
    ]
    return _bars(values, len(rows), _levels(rows), "selected in % of trials", [0, 100], legend)


def _patients(rows: Sequence[tuple[str, OperatingCharacteristics]]) -> Spec:
    """Draw a bar for each row: expected participants at each level."""
    values = [
        {"row": name, "what": f"level {i}", "p": figure.value, "order": i}
        for name, one in rows
        for i, figure in enumerate(one.patients, 1)
    ]
    return _bars(values, len(rows), _levels(rows)[1:], "expected participants", None, True)


def _levels(rows: Sequence[tuple[str, OperatingCharacteristics]]) -> list[tuple[str, str]]:
    """Give what a bar is made of, with its colour."""
    levels = len(rows[0][1].selection)
    picked = [
        BLUES[min(round(i * (len(BLUES) - 1) / max(levels - 1, 1)), len(BLUES) - 1)]
        for i in range(levels)
    ]
    return [("none", GREY), *((f"level {i}", colour) for i, colour in enumerate(picked, 1))]


def _bars(
    values: Sequence[dict[str, Any]],
    rows: int,
    parts: Sequence[tuple[str, str]],
    title: str,
    domain: list[int] | None,
    legend: bool,
) -> Spec:
    scale = {"domain": [name for name, _ in parts], "range": [colour for _, colour in parts]}
    top = {"orient": "top", "direction": "horizontal", "columns": 6} if legend else None
    return base(
        values,
        height=rows * BAR,
        mark={"type": "bar"},
        padding={"left": 20, "right": 12, "top": 5, "bottom": 5},
        encoding={
            "y": {
                "field": "row",
                "type": "nominal",
                "sort": None,
                "title": None,
                "axis": {"ticks": False, "domain": False, "labelLimit": 210},
            },
            "x": {
                "field": "p",
                "type": "quantitative",
                "title": title,
                "stack": True,
                "axis": {"tickCount": 5},
                "scale": {"domain": domain, "nice": False} if domain else {},
            },
            "color": {"field": "what", "scale": scale, "title": None, "legend": top},
            "order": {"field": "order", "type": "quantitative"},
            "tooltip": [
                {"field": "row", "title": "scenario or design"},
                {"field": "what"},
                {"field": "p", "title": title, "format": ".1f"},
            ],
        },
    )
