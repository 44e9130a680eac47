"""Laboratory results and scores of a participant: over time, graded, with limits and baseline."""

from typing import Any, NamedTuple

from django.http import HttpResponse, HttpResponseNotAllowed
from django.shortcuts import render
from django.utils.html import escape
from django.utils.translation import gettext as _

from gradatim.clinical.units import convert_for
from gradatim.conduct.access import Access
from gradatim.conduct.event_for_element import recorded_in
from gradatim.conduct.events.findings import (
    ClinicalSignificanceSigned,
    LaboratoryResultsRecorded,
    ScoresRecorded,
    VitalSignsRecorded,
)
from gradatim.conduct.state import Participant, State
from gradatim.conduct.views.doses import entries_of, first_dose_at
from gradatim.conduct.views.facts import facts_of, position_of
from gradatim.conduct.views.grades import Graded, analyte_of, baseline, grades
from gradatim.evidence.facts import Fact
from gradatim.protocol.elements import Element
from gradatim.reports.laboratory_chart import Point, value_over_time
from gradatim.web.access import Request, page, participant_or_404
from gradatim.web.forms.results import BOUNDS, number
from gradatim.web.views.participant.frame import framed
from gradatim.web.views.participant.questionnaire import items_of
from gradatim.web.views.participant.typed import Typed, grade_words

MOST_CHARTS = 24


class Series(NamedTuple):
    """The values of one element: the latest last."""

    name: str
    element: Element
    rows: list[tuple[Fact, list[Graded], Any]]
    worst: int
    open_: int


@page("participants")
def laboratory(request: Request, id: str) -> HttpResponse:
    """Show laboratory results and vital signs, each element with its chart."""
    return _page(request, id, "laboratory", (LaboratoryResultsRecorded, VitalSignsRecorded))


@page("participants")
def scores(request: Request, id: str) -> HttpResponse:
    """Show scores and examinations, each with its chart."""
    return _page(request, id, "scores", (ScoresRecorded,))


def _page(request: Request, id: str, tab: str, kinds: tuple[type, ...]) -> HttpResponse:
    access: Access = request.access
    one = participant_or_404(access, "participants", id)
    series = all_series(access.state, one, kinds)
    wanted = request.GET.get("element", "")
    shown = [one for one in series if wanted in ("", one.name)]
    charts = {
        s.name: chart_of(access.state, one, s)
        for s in shown[:MOST_CHARTS]
        if any(fact.value is not None for fact, _g, _s in s.rows)
    }
    return render(
        request,
        "gradatim/participant/laboratory.html",
        {
            **framed(request, one, tab),
            "series": shown,
            "all": series,
            "charts": charts,
            "wanted": wanted,
            "act": "ScoresRecorded" if tab == "scores" else "",
            "asks": tab == "scores" and items_of(access.state.governing("elements", one)),
        },
    )


def all_series(state: State, one: Participant, kinds: tuple[type, ...]) -> list[Series]:
    """Give the elements that have values, those with the worst grades first."""
    elements = state.governing("elements", one).elements
    by_fact: dict[str, list[Graded]] = {}
    for found in grades(state, one):
        by_fact.setdefault(found.fact.id, []).append(found)
    said = {
        (event.of, event.element): event
        for _, event in entries_of(state, one, ClinicalSignificanceSigned)
    }
    series = []
    for name, element in elements.items():
        facts = facts_of(state, one).of(name)
        if event_type_for(element) not in kinds or not facts:
            continue
        rows = [
            (fact, by_fact.get(fact.id, []), said.get((position_of(fact), name)))
            for fact in sorted(facts, key=lambda fact: fact.start.first)
        ]
        worst = max((g.by_numbers for _f, some, _s in rows for g in some), default=0)
        open_ = sum(
            bool(some) and any(g.by_numbers for g in some) and judged is None
            for _f, some, judged in rows
        )
        series.append(Series(name, element, rows, worst, open_))
    return sorted(series, key=lambda one: -one.worst)


def chart_of(state: State, one: Participant, series: Series) -> dict[str, Any]:
    """Give the chart of an element, all values in the protocol's unit; others are left out."""
    unit, analyte = series.element.unit, series.element.analyte or None
    points = []
    for fact, some, _said in series.rows:
        value = _in_unit(analyte, fact.value, fact.unit, unit)
        if value is not None:
            low = _in_unit(analyte, fact.low and fact.low.value, fact.unit, unit)
            high = _in_unit(analyte, fact.high and fact.high.value, fact.unit, unit)
            words = ", ".join(f"{g.grade.term} {g.by_numbers}" for g in some if g.by_numbers)
            points.append(Point(fact.start.first, value, low, high, words or _("grade 0")))
    first = first_dose_at(state, one)
    before = [
        fact for fact, _g, _s in series.rows if first is None or fact.start.first <= first.date()
    ]
    base = baseline(before) if first else None
    value = _in_unit(analyte, base.value, base.unit, unit) if base else None
    return value_over_time(points, value)


def _in_unit(analyte: str | None, value: float | None, unit: str, wanted: str) -> float | None:
    if value is None or unit == wanted:
        return value
    return convert_for(analyte, value, unit, wanted)


@page("participants")
def grade_typed(request: Request, id: str) -> HttpResponse:
    """Grade a value as it is typed; the page shows it beside the value.

    Posted, though it changes nothing: a value is health data and may stand in no address.
    """
    access: Access = request.access
    one = participant_or_404(access, "participants", id)
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    name = request.GET.get("element", "")
    element = access.state.governing("elements", one).elements.get(name)
    words = ""
    if element is not None and _typed(request, name, "value"):
        words = _graded_words(access.state, one, name, element, request)
    return HttpResponse(escape(words))


def _graded_words(
    state: State, one: Participant, name: str, element: Element, request: Request
) -> str:
    analyte = analyte_of(element)
    if analyte is None:
        return _("not graded by CTCAE")
    text = _typed(request, name, "value")
    bound = next((b for b in BOUNDS if text.startswith(b)), "")
    try:
        limits = [
            number(said) if (said := _typed(request, name, part)) else None
            for part in ("low", "high")
        ]
        unit = _typed(request, name, "unit") or element.unit
        typed = Typed(number(text.removeprefix(bound)), unit, bound, *limits)
    except ValueError as error:
        return str(error)
    return grade_words(state, one, name, analyte, typed)


def _typed(request: Request, element: str, part: str) -> str:
    """Give a part of a row as it stands in the form."""
    return request.POST.get(f"results-{element}-{part}", "").strip()
