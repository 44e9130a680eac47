"""The package for the safety committee: what happened, at which dose, and what is advised."""

from datetime import date
from typing import Any, NamedTuple

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from gradatim.analysis.adverse_events import GRADES, adverse_event_table
from gradatim.analysis.conduct_listings import deviations, lots, unsigned_results
from gradatim.analysis.endpoint_responses import response_tables
from gradatim.analysis.exposure import exposure
from gradatim.analysis.groups import By
from gradatim.analysis.listings import deaths, dispositions, dlt_candidates, serious_adverse_events
from gradatim.analysis.responses import endpoint_elements
from gradatim.analysis.shifts import CATEGORIES, shift_tables
from gradatim.analysis.waterfall import waterfall
from gradatim.conduct.access import Access
from gradatim.conduct.as_of import DataCut, data_cut
from gradatim.conduct.escalation import advice_or_why
from gradatim.conduct.narrative import narrate_in_words
from gradatim.conduct.proposed_acts import dissents_from, dissents_on
from gradatim.conduct.state import State
from gradatim.dosefinding.decision import Resolution
from gradatim.reports.safety_charts import safety_charts
from gradatim.web.access import Request, page
from gradatim.web.clock import now, today_at
from gradatim.web.languages import why_broken
from gradatim.web.views.overview import advice_shown, advice_words

_PARTS = (
    ("advice", _("Advice and decisions")),
    ("exposure", _("Exposure")),
    ("toxicity", _("Dose-limiting toxicity")),
    ("events", _("Adverse events")),
    ("shifts", _("Laboratory")),
    ("courses", _("Courses and responses")),
    ("listings", _("Listings")),
)
MOST_SHIFTS, MOST_ROWS = 60, 200
SUBSETS = ("all", "related", "serious", "special interest")


def cut_of(request: Request) -> DataCut:
    """Return the cut that a page asks for by `cut`, a day; without one, all that is recorded."""
    trial, state = request.trial, request.access.state
    try:
        day = date.fromisoformat(request.GET.get("cut", ""))
    except ValueError:
        day = None
    today = today_at(state, "")
    return data_cut(state, lambda: trial.store.read(trial.name, 0, state.position), day, today)


@page("review")
def review(request: Request) -> HttpResponse:
    """Show one part of the package, as of the cut."""
    access: Access = request.access
    if not access.state.versions:
        return render(request, "gradatim/not_active.html")
    cut = cut_of(request)
    part = request.GET.get("part", "advice")
    if part not in dict(_PARTS):
        part = "advice"
    by: By = "lot" if request.GET.get("by") == "lot" else "level"
    content = _CONTENT[part](access, cut.state, cut.on, by) if cut.state.versions else {}
    return render(
        request,
        f"gradatim/review/{part}.html",
        {
            "cut": cut,
            "parts": _PARTS,
            "part": part,
            "by": by,
            "empty": not cut.state.versions,
            **content,
        },
    )


class Outlook(NamedTuple):
    """What the advice becomes if those who are pending turn out so."""

    outcomes: str
    words: Any


def _advice(access: Access, state: State, on: Any, by: By) -> dict[str, Any]:
    found, _why = advice_or_why(state, on)
    present = state is access.state
    return {
        **advice_shown(state, on),
        "charts": {},
        "outlooks": [_outlook(one) for one in (found.decision.resolutions if found else ())],
        "decisions": [
            (at, state.events[at], dissents_on(state, state.events[at]))
            for at in reversed(state.decisions)
        ],
        "not_carried": [
            (one, dissents_from(state, one))
            for one in state.proposals.values()
            if one.status == "not carried"
        ],
        "meetings": [(at, state.events[at]) for at in reversed(state.meetings)],
        "proposals": [one for one in access.state.proposals.values() if one.status == "open"],
        "may_decide": present and access.may("DoseDecision"),
    }


def _outlook(one: Resolution) -> Outlook:
    return Outlook(" ".join(map(str, one.cohorts)), advice_words(*one.advice))


def _exposure(access: Access, state: State, on: Any, by: By) -> dict[str, Any]:
    return {
        "table": exposure(state, on, by),
        "lots": lots(state),
        "charts": _some(state, on, "swimmer"),
    }


def _toxicity(access: Access, state: State, on: Any, by: By) -> dict[str, Any]:
    rule = state.governing("safety").safety.dose_limiting_toxicity
    return {
        "candidates": dlt_candidates(state),
        "rule": rule,
        "charts": {},
        "in_error": [
            (one, state.events[one.of], narrate_in_words(state, state.events[one.of]))
            for one in state.voids.values()
            if one.bears_on
        ],
        "may_adjudicate": state is access.state and access.may("DoseLimitingToxicityAdjudicated"),
    }


def _events(access: Access, state: State, on: Any, by: By) -> dict[str, Any]:
    tables = [adverse_event_table(state, by, subset) for subset in SUBSETS]  # type: ignore[arg-type]
    chart = "events-by-lot" if by == "lot" else "events-by-level"
    return {
        "tables": tables,
        "grades": GRADES,
        "serious": serious_adverse_events(state, now()),
        "charts": _some(state, on, chart, "events-by-term"),
        "chart": chart,
    }


def _shifts(access: Access, state: State, on: Any, by: By) -> dict[str, Any]:
    tables = [one for one in shift_tables(state, None) if any(one.worse)][:MOST_SHIFTS]
    unsigned = unsigned_results(state)[:MOST_ROWS]
    return {"shifts": tables, "categories": CATEGORIES, "unsigned": unsigned, "charts": {}}


def _courses(access: Access, state: State, on: Any, by: By) -> dict[str, Any]:
    elements = endpoint_elements(state.study)
    falls = [waterfall(state, one) for one in elements]
    names = [f"{kind}-{one.element}" for one in elements for kind in ("waterfall", "responses")]
    return {
        "falls": falls,
        "responses": response_tables(state),
        "charts": _some(state, on, "swimmer", *names),
    }


def _listings(access: Access, state: State, on: Any, by: By) -> dict[str, Any]:
    return {
        "deaths": deaths(state),
        "dispositions": dispositions(state, on),
        "deviations": [
            (row, why_broken(state, state.deviations[row.position])) for row in deviations(state)
        ],
        "charts": {},
    }


def _some(state: State, on: Any, *names: str) -> dict[str, Any]:
    return safety_charts(state, on, names)


_CONTENT = {
    "advice": _advice,
    "exposure": _exposure,
    "toxicity": _toxicity,
    "events": _events,
    "shifts": _shifts,
    "courses": _courses,
    "listings": _listings,
}
