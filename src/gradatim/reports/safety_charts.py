"""The charts of the safety review as Vega-Lite specifications; the page draws them.

What has no number is in no chart: it stands in the tables beside them, and each chart's description
says how much that is. Nothing is told by colour alone: marks differ in shape, bars and their parts
in the words on them.
"""

from collections.abc import Callable, Collection, Sequence
from datetime import date
from functools import partial
from typing import Any

from gradatim.analysis.adverse_events import GRADES, AdverseEventTable, adverse_event_table
from gradatim.analysis.responses import (
    Course,
    EndpointElement,
    Responses,
    endpoint_elements,
    responses,
)
from gradatim.analysis.swimmer import Lane, swimmer
from gradatim.analysis.waterfall import Bar, Waterfall, waterfall
from gradatim.conduct.state import State
from gradatim.core.quantity import shown_unit
from gradatim.reports.feasibility_charts import (
    AMBER,
    BLUE,
    GREEN,
    GREY,
    MOST_BARS,
    PALE,
    RED,
    VIOLET,
    Spec,
    base,
)

LEVELS = (BLUE, AMBER, GREEN, VIOLET, RED, "#5aa9a0", GREY)
"""Colours of dose levels from the lowest; an eighth level takes the first again."""
SHAPES = ("circle", "square", "diamond", "triangle-up", "triangle-down", "cross", "stroke")
GRADE_COLOURS = (PALE, BLUE, AMBER, RED, VIOLET, GREY)
"""Grade 1 to 5, and unknown; black words can be read on each."""
SPANS = {"screening": GREY, "DLT window": BLUE, "follow-up": PALE}
MARKS = {
    "dose": (VIOLET, "triangle-up"),
    "dose withheld": (GREY, "triangle-up"),
    "DLT": (RED, "diamond"),
    "DLT candidate": (AMBER, "diamond"),
    "SAE": (RED, "square"),
    "AE grade 3 or more": (AMBER, "circle"),
    "AE not graded": (GREY, "circle"),
    "treatment stopped": (AMBER, "cross"),
    "discontinuation": (RED, "cross"),
    "death": (RED, "triangle-down"),
    "completed": (GREEN, "square"),
    "ongoing": (GREEN, "triangle-right"),
}
LANE, BAR = 22, 24
_PADDING = {"left": 24, "right": 12, "top": 5, "bottom": 5}
_TOP = {"orient": "top", "direction": "horizontal", "columns": 3}
_NARROW = {"direction": "horizontal", "columns": 2, "columnPadding": 8}
"""A legend that fits beside the names of lanes on a telephone."""
_OUTLINE = {"stroke": "white", "strokeWidth": 1}
"""Tells marks apart that share a day, and each from the span it lies on."""


def safety_charts(state: State, on: date, names: Collection[str] = ()) -> dict[str, Spec]:
    """Give the charts that have something to show, by the name of their place in the page.

    Args:
        state: the trial, already as of the data cut.
        on: the day of the cut.
        names: only these; all if none is named.
    """
    made: dict[str, Callable[[], Spec | None]] = {
        "swimmer": lambda: swimmer_chart(swimmer(state, on)),
        "events-by-level": lambda: events_by_group(adverse_event_table(state)),
        "events-by-lot": lambda: events_by_group(adverse_event_table(state, "lot")),
        "events-by-term": lambda: events_by_term(adverse_event_table(state)),
    }
    for one in endpoint_elements(state.study):
        made[f"waterfall-{one.element}"] = partial(_waterfall_of, state, one)
        made[f"responses-{one.element}"] = partial(_responses_of, state, one)
    drawn = {name: make() for name, make in made.items() if not names or name in names}
    return {name: spec for name, spec in drawn.items() if spec}


def _waterfall_of(state: State, one: EndpointElement) -> Spec | None:
    return waterfall_chart(waterfall(state, one))


def _responses_of(state: State, one: EndpointElement) -> Spec | None:
    return responses_chart(responses(state, one))


def swimmer_chart(lanes: Sequence[Lane]) -> Spec | None:
    """Draw a lane for each participant: spans as bars, and on them what happened."""
    if not lanes:
        return None
    spans = [
        {
            "lane": _lane(one),
            "what": span.kind,
            "first": span.first,
            "last": span.last,
            "end": span.last + 1,
        }
        for one in lanes
        for span in one.spans
    ]
    marks = [
        {
            "lane": _lane(one),
            "what": mark.kind,
            "day": mark.first,
            "until": mark.last,
            "label": mark.label,
        }
        for one in lanes
        for mark in one.marks
    ]
    return base(
        spans,
        height=len(lanes) * LANE,
        padding=_PADDING,
        layer=[_spans(), *_marks(marks)],
        description=f"{len(lanes)} participants, a lane each, in days from the first dose",
        encoding={
            "y": {
                "field": "lane",
                "type": "nominal",
                "sort": [_lane(one) for one in lanes],
                "title": None,
                "axis": {"ticks": False, "domain": False},
            }
        },
        resolve={"scale": {"color": "independent", "shape": "independent"}},
    )


def _lane(one: Lane) -> str:
    return _named(one.participant, one.level)


def _named(participant: str, level: int | None) -> str:
    return f"{participant} · {'no level' if level is None else f'level {level}'}"


def _spans() -> Spec:
    days = {"title": "days from the first dose", "type": "quantitative"}
    scale = {"domain": list(SPANS), "range": list(SPANS.values())}
    return {
        "mark": {"type": "bar", "height": 9, "opacity": 0.75},
        "encoding": {
            "x": {"field": "first", "scale": {"nice": False}, **days},
            "x2": {"field": "end"},
            "color": {
                "field": "what",
                "scale": scale,
                "title": None,
                "legend": {"orient": "top", **_NARROW},
            },
            "tooltip": [
                {"field": "lane", "title": "participant"},
                {"field": "what"},
                {"field": "first", "title": "from day"},
                {"field": "last", "title": "to day"},
            ],
        },
    }


def _marks(marks: Sequence[dict[str, Any]]) -> list[Spec]:
    """Draw what happened, and over a partial date a line of all the days it may have been."""
    used = [kind for kind in MARKS if any(one["what"] == kind for one in marks)]
    colour = {"domain": used, "range": [MARKS[kind][0] for kind in used]}
    shape = {"domain": used, "range": [MARKS[kind][1] for kind in used]}
    x = {"field": "day", "type": "quantitative"}
    below = {"orient": "bottom", "symbolStrokeWidth": 0, **_NARROW}
    coloured = {"field": "what", "scale": colour, "title": None, "legend": below}
    shaped = {"field": "what", "scale": shape, "title": None, "legend": below}
    told = [
        {"field": "lane", "title": "participant"},
        {"field": "what"},
        {"field": "label"},
        {"field": "day"},
        {"field": "until", "title": "at the latest"},
    ]
    point = {
        "data": {"values": list(marks)},
        "mark": {"type": "point", "filled": True, "size": 80, "opacity": 1, **_OUTLINE},
        "encoding": {"x": x, "color": coloured, "shape": shaped, "tooltip": told},
    }
    partial = [one for one in marks if one["until"] > one["day"]]
    line = {
        "data": {"values": partial},
        "mark": {"type": "rule", "strokeWidth": 2, "strokeDash": [3, 2], "color": GREY},
        "encoding": {"x": x, "x2": {"field": "until"}},
    }
    return [line, point] if partial else [point]


def waterfall_chart(found: Waterfall) -> Spec | None:
    """Draw a bar for each participant whose change is known, the worst first."""
    if not found.bars:
        return None
    values = [
        {
            "who": _named(one.participant, one.level),
            "level": one.label,
            "change": one.change,
            "baseline": one.baseline,
            "best": one.best,
            "days": one.days,
            "left_out": one.left_out,
        }
        for one in found.bars
    ]
    title = f"best change of {found.of.label} from baseline, %"
    return base(
        values,
        height=240,
        mark={"type": "bar"},
        description=f"{title}: {len(values)} participants, {len(found.without)} without a bar",
        encoding={
            "x": {
                "field": "who",
                "type": "nominal",
                "sort": None,
                "title": None,
                "axis": {"labelAngle": -60, "ticks": False},
            },
            "y": {
                "field": "change",
                "type": "quantitative",
                "title": title,
                "axis": {"tickCount": 6},
            },
            "color": {**_by_level(found.bars, LEVELS), "legend": _TOP},
            "tooltip": [
                {"field": "who", "title": "participant"},
                {"field": "level"},
                {"field": "baseline"},
                {"field": "best"},
                {"field": "change", "title": "change, %", "format": "+.1f"},
                {"field": "days", "title": "day of the best value"},
                {"field": "left_out", "title": "values without a number"},
            ],
        },
    )


def responses_chart(found: Responses) -> Spec | None:
    """Draw a line for each participant over the days from the first dose."""
    every = [(one, value) for one in found.courses for value in one.measures]
    values = [
        {
            "who": _named(one.participant, one.level),
            "level": one.label,
            "day": at.days,
            "value": at.value,
            "visit": at.encounter.replace("_", " "),
        }
        for one, at in every
        if at.value is not None and at.days is not None
    ]
    if not values:
        return None
    unit = shown_unit(found.of.unit)
    title = f"{found.of.label}{f', {unit}' if unit else ''}"
    return base(
        values,
        height=240,
        mark={"type": "line", "point": {"size": 34}, "strokeWidth": 1.5},
        description=f"{title}: {len(values)} values, {len(every) - len(values)} not drawn",
        encoding={
            "x": {"field": "day", "type": "quantitative", "title": "days from the first dose"},
            "y": {"field": "value", "type": "quantitative", "title": title},
            "detail": {"field": "who"},
            "color": {**_by_level(found.courses, LEVELS), "legend": _TOP},
            "shape": _by_level(found.courses, SHAPES),
            "tooltip": [
                {"field": "who", "title": "participant"},
                {"field": "level"},
                {"field": "day"},
                {"field": "value", "title": title},
                {"field": "visit"},
            ],
        },
    )


def _by_level(of: Sequence[Course] | Sequence[Bar], among: Sequence[str]) -> Spec:
    """Give each level its own of some colours or shapes, the same in every chart."""
    levels = sorted({(one.level is None, one.level or 0, one.label) for one in of})
    picked = [among[(number - 1) % len(among)] for _, number, _ in levels]
    return {
        "field": "level",
        "type": "nominal",
        "title": None,
        "scale": {"domain": [label for *_, label in levels], "range": picked},
    }


def events_by_group(table: AdverseEventTable) -> Spec | None:
    """Draw a bar for each group: of those dosed, how many had which worst grade."""
    rows = [
        (f"{group.label} (n = {group.dosed})", counts.participants, group.dosed)
        for group, counts in zip(table.groups, table.total.counts, strict=True)
    ]
    return _stacked(rows, "group")


def events_by_term(table: AdverseEventTable) -> Spec | None:
    """Draw a bar for each of the most frequent terms; the others are left to the table."""
    rows = [
        (
            one.term if _names_one(table, one.term) else f"{one.term} ({one.scale})",
            one.overall.participants,
            table.dosed,
        )
        for one in table.rows[:MOST_BARS]
    ]
    return _stacked(rows, "term")


def _names_one(table: AdverseEventTable, term: str) -> bool:
    """Whether a term is in one row only, and not in one for each of two scales."""
    return sum(one.term == term for one in table.rows) == 1


_GRADE_INSIDE = {
    "transform": [
        {"filter": "datum.percent >= 5"},
        {"calculate": "datum.grade == 'unknown' ? '?' : datum.grade", "as": "short"},
    ],
    "mark": {"type": "text", "fontSize": 11},
    "encoding": {
        "text": {"field": "short"},
        "color": {"value": "black"},
        "x": {"field": "middle", "stack": None},
    },
}
"""The grade in each part of a bar that is wide enough: nothing is told by colour alone."""


def _stacked(rows: Sequence[tuple[str, Sequence[int], int]], what: str) -> Spec | None:
    values = [
        {
            "row": name,
            "grade": grade,
            "participants": n,
            "percent": 100 * n / dosed,
            "order": place,
            "middle": 100 * (sum(counts[:place]) + n / 2) / dosed,
        }
        for name, counts, dosed in rows
        for place, (grade, n) in enumerate(zip(GRADES, counts, strict=True))
        if n
    ]
    if not values:
        return None
    scale = {"domain": list(GRADES), "range": list(GRADE_COLOURS)}
    return base(
        values,
        height=len(rows) * BAR,
        padding=_PADDING,
        layer=[{"mark": "bar"}, _GRADE_INSIDE],
        description=f"participants by worst grade of adverse events, for each {what}",
        encoding={
            "y": {
                "field": "row",
                "type": "nominal",
                "sort": None,
                "title": None,
                "scale": {"domain": [name for name, _, _ in rows]},
                "axis": {"ticks": False, "domain": False, "labelLimit": 260},
            },
            "x": {
                "field": "percent",
                "type": "quantitative",
                "stack": True,
                "title": "% of those dosed, by worst grade",
                "axis": {"tickCount": 5, "titleAnchor": "end"},
                "scale": {"domain": [0, 100], "nice": False},
            },
            "color": {
                "field": "grade",
                "scale": scale,
                "title": None,
                "legend": {**_TOP, "columns": 6},
            },
            "order": {"field": "order", "type": "quantitative"},
            "tooltip": [
                {"field": "row", "title": what},
                {"field": "grade"},
                {"field": "participants"},
                {"field": "percent", "title": "% of those dosed", "format": ".1f"},
            ],
        },
    )
