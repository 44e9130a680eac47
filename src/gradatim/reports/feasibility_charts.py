"""The charts of the feasibility page as Vega-Lite specifications; the page draws them."""

from collections.abc import Mapping, Sequence
from typing import Any

Spec = dict[str, Any]
_Row = Mapping[str, Any]
BLUE, PALE, AMBER, RED, GREEN, VIOLET, GREY = (
    "#2f78b7",
    "#a9c4dc",
    "#d0912b",
    "#c4505a",
    "#35906a",
    "#8268b0",
    "#8795a3",
)
"""Colours that hold on white and on the dark ground."""
_REASON_COLOURS = (AMBER, "#e0bd7a", BLUE, VIOLET, "#5aa9a0", RED, GREY)
_ROW_HEIGHT = 17
MOST_BARS = 24
"""Bars beyond so many are left to the table."""
_ZERO = "datum.value == 0 ? '0' : datum.label"


def charts(found: _Row) -> dict[str, Spec]:
    """Give the charts that have something to show, by the name of their place in the page.

    Args:
        found: a funnel document; what is suppressed in it is not drawn.
    """
    made = {
        "open": _open(found["people"]["open"]),
        "funnel": _funnel(found["sequential"]),
        "unknown": _unknown(found["criteria"]),
        "leverage": _leverage(found["criteria"]),
        "readings": _readings(found["readings"]),
        "sites": _sites(found["sites"]),
    }
    made |= {f"curve-{n}": _curve(one) for n, one in enumerate(found["relaxation"]) if drawn(one)}
    return {name: spec for name, spec in made.items() if spec}


def drawn(curve: _Row) -> bool:
    """Say whether a relaxation curve rises at all, as far as may be shown."""
    return any(point["passing"] for point in curve["points"])


def base(values: Sequence[_Row], **rest: Any) -> Spec:
    """Give what every chart has; it is as wide as its place in the page."""
    return {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "data": {"values": list(values)},
        "width": "container",
        "autosize": {"type": "fit-x", "contains": "padding"},
        **rest,
    }


def _people(field: str, title: str = "people", ticks: int = 5, **more: Any) -> Spec:
    axis = {"format": "~s", "tickCount": ticks, "labelExpr": _ZERO}
    return {"field": field, "type": "quantitative", "title": title, "axis": axis, **more}


def _criteria(field: str = "id", **more: Any) -> Spec:
    return {
        "field": field,
        "type": "nominal",
        "sort": None,
        "title": None,
        "axis": {"ticks": False, "domain": False},
        **more,
    }


def _open(rows: Sequence[_Row]) -> Spec | None:
    shown = [row for row in rows if row["people"]]
    if not shown:
        return None
    colour = {"condition": {"test": "datum.open == 0", "value": GREEN}, "value": AMBER}
    return base(
        shown,
        height=190,
        mark={"type": "bar", "cornerRadiusEnd": 2},
        encoding={
            "x": {
                "field": "open",
                "type": "ordinal",
                "title": "warehouse-knowable criteria open",
                "axis": {"labelAngle": 0, "ticks": False},
                "scale": {"paddingInner": 0.25},
            },
            "y": _people("people"),
            "color": colour,
            "tooltip": [
                {"field": "open", "title": "open"},
                {"field": "people", "title": "people", "format": ","},
            ],
        },
    )


def _funnel(rows: Sequence[_Row]) -> Spec:
    series = {
        "remaining": ("not excluded so far", PALE),
        "passing_warehouse": ("of these, passing all a warehouse can know", BLUE),
    }
    values = [
        {"id": row["id"], "people": row[name] or 0, "series": title}
        for name, (title, _) in series.items()
        for row in rows
    ]
    return _layered(values, list(series.values()), len(rows))


def _layered(values: Sequence[_Row], series: Sequence[tuple[str, str]], rows: int) -> Spec:
    """Draw bars in front of one another, the longest behind."""
    scale = {"domain": [title for title, _ in series], "range": [colour for _, colour in series]}
    return base(
        values,
        height=rows * _ROW_HEIGHT,
        mark={"type": "bar"},
        encoding={
            "y": _criteria(),
            "x": _people("people", stack=None),
            "color": {
                "field": "series",
                "scale": scale,
                "title": None,
                "legend": {"orient": "top", "direction": "horizontal", "columns": 3},
            },
            "tooltip": [
                {"field": "id", "title": "criterion"},
                {"field": "series", "title": "what"},
                {"field": "people", "title": "people", "format": ","},
            ],
        },
    )


def _unknown(rows: Sequence[_Row]) -> Spec | None:
    asked = sorted(
        (row for row in rows if row["knowable_at"] == "warehouse" and row["open"]),
        key=lambda row: -row["open"],
    )
    values = [
        {"id": row["id"], "reason": why, "people": n, "order": place}
        for row in asked
        for place, (why, n) in enumerate(_reasons(row).items())
        if n
    ]
    if not values:
        return None
    reasons = list(dict.fromkeys(why for row in asked for why in _reasons(row)))
    reasons = [why for why in reasons if any(one["reason"] == why for one in values)]
    return base(
        values,
        height=len(asked) * _ROW_HEIGHT,
        mark={"type": "bar"},
        encoding={
            "y": _criteria(),
            "x": _people("people"),
            "color": {
                "field": "reason",
                "title": None,
                "scale": {"domain": reasons, "range": list(_REASON_COLOURS[: len(reasons)])},
                "legend": {"orient": "top", "direction": "horizontal", "columns": 4},
            },
            "order": {"field": "order", "type": "quantitative"},
            "tooltip": [
                {"field": "id", "title": "criterion"},
                {"field": "reason"},
                {"field": "people", "title": "people", "format": ","},
            ],
        },
    )


def _reasons(row: _Row) -> dict[str, int | None]:
    """Give the reasons of a criterion; where none are known, that."""
    known = {why: n for why, n in row["reasons"].items() if why != "suppressed"}
    return known or {"reason not kept": row["open"]}


def _leverage(rows: Sequence[_Row]) -> Spec | None:
    failing = sorted(
        (row for row in rows if row["failed"]), key=lambda row: -(row["shapley"] or 0)
    )[:MOST_BARS]
    if not failing:
        return None
    series = [
        ("failed", "fail it", PALE),
        ("shapley", "Shapley value", BLUE),
        ("only", "fail nothing else", VIOLET),
    ]
    values = [
        {"id": row["id"], "people": row[name] or 0, "series": title}
        for name, title, _ in series
        for row in failing
    ]
    return _layered(values, [(title, colour) for _, title, colour in series], len(failing))


def _readings(rows: Sequence[_Row]) -> Spec | None:
    ways = (
        ("newly_excluded", "newly excluded", -1, RED),
        ("no_longer_excluded", "no longer excluded", 1, GREEN),
    )
    most = sorted(rows, key=lambda row: -max(row["people"][way[0]] or 0 for way in ways))[
        :MOST_BARS
    ]
    values = [
        {
            "id": f"{row['criterion']} {row['reading']}".replace("_", " "),
            "what": title,
            "people": sign * row["people"][name],
            "shown": row["people"][name],
        }
        for row in most
        for name, title, sign, _ in ways
        if row["people"][name]
    ]
    if not values:
        return None
    scale = {"domain": [way[1] for way in ways], "range": [way[3] for way in ways]}
    return base(
        values,
        height=len({one["id"] for one in values}) * _ROW_HEIGHT,
        mark={"type": "bar"},
        encoding={
            "y": _criteria(axis={"ticks": False, "domain": False, "labelLimit": 150}),
            "x": _people("people", "people: to the left newly excluded, to the right no longer"),
            "color": {
                "field": "what",
                "scale": scale,
                "title": None,
                "legend": {"orient": "top", "direction": "horizontal"},
            },
            "tooltip": [
                {"field": "id", "title": "reading"},
                {"field": "what"},
                {"field": "shown", "title": "people", "format": ","},
            ],
        },
    )


def _sites(rows: Sequence[_Row]) -> Spec | None:
    series = [("not excluded", PALE), ("nothing open that a warehouse can know", GREEN)]
    names = ("not_excluded", "none_open")
    values = [
        {"id": row["site"], "people": row[name] or 0, "series": title}
        for name, (title, _) in zip(names, series, strict=True)
        for row in rows[:MOST_BARS]
    ]
    return _layered(values, series, len(rows[:MOST_BARS])) if values else None


def _curve(one: _Row) -> Spec:
    series = {
        "passing": ("passing this criterion", PALE),
        "not_excluded": ("not excluded at all", BLUE),
    }
    points = one["points"]
    values = [
        {"limit": point["limit"], "people": point[name] or 0, "series": title}
        for name, (title, _) in series.items()
        for point in points
    ]
    down = points[-1]["limit"] < points[0]["limit"]
    ends = sorted((points[0]["limit"], points[-1]["limit"]))
    scale = {
        "domain": [title for title, _ in series.values()],
        "range": [colour for _, colour in series.values()],
    }
    return base(
        values,
        height=150,
        mark={
            "type": "line",
            "interpolate": "step-after",
            "strokeWidth": 2.5,
            "point": {"size": 26, "filled": True},
        },
        encoding={
            "x": {
                "field": "limit",
                "type": "quantitative",
                "title": None,
                "scale": {"domain": ends, "zero": False, "nice": False, "reverse": down},
                "axis": {
                    "tickCount": 5,
                    "grid": False,
                    "labelOverlap": "greedy",
                    "labelFlush": False,
                },
            },
            "y": _people("people", "more people", ticks=4),
            "color": {"field": "series", "scale": scale, "legend": None},
            "order": {"field": "limit", "sort": "descending" if down else "ascending"},
            "tooltip": [
                {"field": "limit"},
                {"field": "series", "title": "what"},
                {"field": "people", "title": "people", "format": ","},
            ],
        },
    )
