"""Laboratory results and scores of a participant: over time, graded, with limits and baseline."""

from typing import Any

from django.http import HttpResponse, HttpResponseNotAllowed
from django.shortcuts import render
from django.utils.html import escape
from django.utils.translation import gettext as _

from gradatim.clinical.ctcae.grade import Grade, MeasuredValue
from gradatim.clinical.units import convert_for
from gradatim.conduct.access import Access
from gradatim.conduct.event_for_element import answered_by_participant
from gradatim.conduct.events.findings import (
    LaboratoryResultsRecorded,
    ScoresRecorded,
    VitalSignsRecorded,
)
from gradatim.conduct.state import Participant, State
from gradatim.conduct.views.doses import first_dose_on
from gradatim.conduct.views.grades import baseline, grade_value
from gradatim.conduct.views.grading_context import analyte_of
from gradatim.conduct.views.results import ElementResults, results_by_element
from gradatim.core.errors import UnusableInput
from gradatim.protocol.elements import Element
from gradatim.reports.laboratory_chart import Point, value_over_time
from gradatim.web.access import Request, page, participant_or_404
from gradatim.web.clock import today_at
from gradatim.web.forms.results import BOUND_CHOICES, parse_number
from gradatim.web.views.participant.frame import framed

MOST_CHARTS = 24


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
    series = results_by_element(access.state, one, kinds)
    wanted = request.GET.get("element", "")
    shown = [one for one in series if wanted in ("", one.name)]
    charts = {
        s.name: chart_of(access.state, one, s)
        for s in shown[:MOST_CHARTS]
        if any(fact.value is not None for fact, _grades, _judgement in s.rows)
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
            "asks": tab == "scores"
            and answered_by_participant(access.state.governing("elements", one)),
        },
    )


def chart_of(state: State, one: Participant, series: ElementResults) -> dict[str, Any]:
    """Give the chart of an element, all values in the protocol's unit; others are left out."""
    unit, analyte = series.element.unit, series.element.analyte or None
    points = []
    for fact, some, _judgement in series.rows:
        value = _in_unit(analyte, fact.value, fact.unit, unit)
        if value is not None:
            low = _in_unit(analyte, fact.low and fact.low.value, fact.unit, unit)
            high = _in_unit(analyte, fact.high and fact.high.value, fact.unit, unit)
            words = ", ".join(f"{g.grade.term} {g.by_numbers}" for g in some if g.by_numbers)
            points.append(Point(fact.start.first, value, low, high, words or _("grade 0")))
    first = first_dose_on(state, one)
    before = [row.fact for row in series.rows if first is None or row.fact.start.first <= first]
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
    bound = next((b for b in BOUND_CHOICES if text.startswith(b)), "")
    try:
        limits = [
            parse_number(said) if (said := _typed(request, name, part)) else None
            for part in ("low", "high")
        ]
        unit = _typed(request, name, "unit") or element.unit
        value = MeasuredValue(parse_number(text.removeprefix(bound)), unit, bound, *limits)
    except ValueError as error:
        return str(error)
    try:
        found = grade_value(state, one, name, analyte, value, today_at(state, one.site))
    except UnusableInput as error:
        return str(error)
    return "; ".join(_grade_words(term) for term in found if term.grade != 0) or _("grade 0")


def _grade_words(term: Grade) -> str:
    if term.grade is not None:
        return f"{term.term}: {_('grade')} {term.grade}"
    possible = "/".join(map(str, term.possible))
    return f"{term.term}: {_('grade')} {possible} ({term.needs})"


def _typed(request: Request, element: str, part: str) -> str:
    """Give a part of a row as it stands in the form."""
    return request.POST.get(f"results-{element}-{part}", "").strip()
