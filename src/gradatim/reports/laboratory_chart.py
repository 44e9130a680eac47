"""A laboratory value over time, with its reference limits and its baseline, as Vega-Lite."""

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

from gradatim.reports.feasibility_charts import Spec, base


class Point(NamedTuple):
    """One value: its day, the number, the limits it came with, and its grade in words."""

    day: date
    value: float
    low: float | None
    high: float | None
    grade: str


def value_over_time(points: Sequence[Point], baseline: float | None) -> Spec:
    """Draw the values as a line, the limits as steps, the baseline as a dashed line.

    Args:
        points: in the order of days, all in one unit; the heading over the chart says which.
        baseline: the value before the first dose; None if there is none.
    """
    values = [
        {"day": str(p.day), "value": p.value, "low": p.low, "high": p.high, "grade": p.grade}
        for p in points
    ]
    x: dict[str, Any] = {
        "field": "day",
        "type": "temporal",
        "title": None,
        "axis": {"format": "%m-%d", "labelOverlap": True},
    }
    y = {
        "field": "value",
        "type": "quantitative",
        "title": None,
        "axis": {"format": ".12~g"},
        "scale": {"zero": False},
    }
    layers: list[dict[str, Any]] = [
        {
            "mark": {
                "type": "line",
                "interpolate": "step",
                "color": "#8795a3",
                "strokeDash": [2, 2],
            },
            "encoding": {"x": x, "y": {**y, "field": limit}},
        }
        for limit in ("low", "high")
        if any(one[limit] is not None for one in values)
    ]
    if baseline is not None:
        layers.append(
            {
                "mark": {"type": "rule", "color": "#c98a1b", "strokeDash": [6, 4]},
                "encoding": {"y": {"datum": baseline}},
            }
        )
    layers.append(
        {
            "mark": {"type": "line", "point": {"filled": True, "size": 60}, "color": "#2f6da3"},
            "encoding": {
                "x": x,
                "y": y,
                "tooltip": [
                    {"field": "day", "type": "temporal"},
                    {"field": "value"},
                    {"field": "grade"},
                ],
            },
        }
    )
    return {**base(values), "height": 150, "layer": layers}
