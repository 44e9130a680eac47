"""The doses of a participant: the worksheet with its arithmetic, and each step in its order."""

from urllib.parse import urlencode

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from gradatim.conduct.access import Access
from gradatim.conduct.state import Participant
from gradatim.conduct.views.doses import Dose, doses
from gradatim.conduct.views.worksheet import (
    Worksheet,
    WorksheetStep,
    withdrawn,
    worksheets,
)
from gradatim.core.truth import TRUE
from gradatim.dosing.prepared import Prepared
from gradatim.web.access import Request, page, participant_or_404
from gradatim.web.clock import now
from gradatim.web.forms.product import moment_at
from gradatim.web.views.participant.frame import framed


@page("dosing")
def worksheet(request: Request, id: str) -> HttpResponse:
    """Show the doses of a participant, done and to be done."""
    access: Access = request.access
    one = participant_or_404(access, "dosing", id)
    sheets = worksheets(access, one, moment_at(access.state, one.site))
    return render(
        request,
        "gradatim/dosing/worksheet.html",
        {
            **framed(request, one, "doses"),
            "sheets": [(sheet, _linked(one, sheet)) for sheet in sheets],
            "now": now(),
            "bare": not access.sees_participant("participants", one),
        },
    )


@page("dosing")
def standing(request: Request, id: str, number: int) -> HttpResponse:
    """Say whether the checklist of a dose is still in force: what pages left open ask for."""
    one = participant_or_404(request.access, "dosing", id)
    if number not in doses(request.access.state, one):
        raise Http404
    return render(
        request, "gradatim/dosing/standing.html", dose_standing(request.access, one, number)
    )


def dose_standing(access: Access, one: Participant, number: int) -> dict[str, object]:
    """Return what pages of a dose say of its authorisation, and whether they go on asking."""
    dose = doses(access.state, one).get(number) or Dose(number)
    moment = moment_at(access.state, one.site)
    return {
        "one": one,
        "number": number,
        "watched": dose.authorised,
        "withdrawn": withdrawn(access.state, one, dose, moment),
    }


def _linked(one: Participant, sheet: Worksheet) -> list[tuple[WorksheetStep, str]]:
    """Return the steps, each with the address of its form for whoever may do it."""
    return [(step, _url(one, sheet, step.event) if step.may else "") for step in sheet.steps]


def _url(one: Participant, sheet: Worksheet, event: str) -> str:
    """Return the address of the form of a step, with what the records say filled in."""
    dose = sheet.dose
    query = {
        "participant": one.id,
        "dose": str(sheet.number),
        "next": reverse("doses", args=[one.id]),
    }
    if event == "DosePrepared" and dose.assigned is not None:
        query |= {"lot": dose.assigned.lot, **initial_of_preparation(sheet.computed)}
    if event == "DoseAdministered" and dose.prepared is not None:
        query |= {"initial-amount": f"{dose.prepared.amount:.10g}", "unit": dose.prepared.unit}
    return f"{reverse('record', args=[event])}?{urlencode(query)}"


def initial_of_preparation(found: Prepared | None) -> dict[str, str]:
    """Return what the form of a preparation begins with, as far as the records say it."""
    if found is None or (found.weight is not None and found.weight.truth is not TRUE):
        return {}
    given = {
        "initial-planned": f"{found.planned.value:.10g}",
        "unit": found.planned.unit,
        "initial-amount": f"{found.planned.value:.10g}",
    }
    weights = found.weights
    return given | ({"initial-weight_kg": f"{weights.on_day:g}"} if weights else {})
