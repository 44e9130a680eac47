"""The timeline of a participant as a Vega-Lite specification; the page draws it."""

from collections.abc import Sequence
from datetime import date
from typing import Any, NamedTuple

from gradatim.reports.feasibility_charts import Spec, base

COLOURS = {
    "dose": "#17406b",
    "visit": "#5a6b7a",
    "event": "#c98a1b",
    "severe": "#a0161f",
    "result": "#3d8a63",
}


LANE = 26


class Mark(NamedTuple):
    """Something on the timeline: one day, or the days from `start` to `end`."""

    lane: str
    start: date
    end: date | None
    words: str
    kind: str


def timeline(marks: Sequence[Mark]) -> Spec:
    """Draw a lane for each sort of thing, days from left to right."""
    lanes = list(dict.fromkeys(mark.lane for mark in marks))
    values = [
        {
            "lane": one.lane,
            "start": str(one.start),
            "end": str(one.end or one.start),
            "words": one.words,
            "kind": one.kind,
        }
        for one in marks
    ]
    x: dict[str, Any] = {
        "field": "start",
        "type": "temporal",
        "title": None,
        "axis": {"format": "%Y-%m-%d", "labelOverlap": True, "labelSeparation": 8},
    }
    y = {"field": "lane", "type": "nominal", "title": None, "sort": lanes}
    colour = {
        "field": "kind",
        "type": "nominal",
        "legend": None,
        "scale": {"domain": list(COLOURS), "range": list(COLOURS.values())},
    }
    tooltip = [
        {"field": "words", "title": "what"},
        {"field": "start", "type": "temporal"},
        {"field": "end", "type": "temporal"},
    ]
    spans = {
        "transform": [{"filter": "datum.start !== datum.end"}],
        "mark": {"type": "bar", "height": 8, "cornerRadius": 3},
        "encoding": {"x": x, "x2": {"field": "end"}, "y": y, "color": colour, "tooltip": tooltip},
    }
    points = {
        "transform": [{"filter": "datum.start === datum.end"}],
        "mark": {"type": "point", "filled": True, "size": 80},
        "encoding": {"x": x, "y": y, "color": colour, "tooltip": tooltip},
    }
    layers = [
        layer
        for layer, long in ((spans, True), (points, False))
        if any((one["start"] != one["end"]) is long for one in values)
    ]
    return {**base(values), "height": LANE * max(len(lanes), 1), "layer": layers}
