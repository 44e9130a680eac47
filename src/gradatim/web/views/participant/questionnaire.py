"""A participant's questionnaires, filled in on a tablet: numbers from 0 to 10, large and plain.

The labels are our own short ones, marked unvalidated; a site supplies licensed wording.
"""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gradatim.conduct.access import Access
from gradatim.conduct.event_for_element import answered_by_participant
from gradatim.conduct.state import Participant
from gradatim.conduct.views.visits import visits
from gradatim.web.access import Request, page, participant_or_404
from gradatim.web.clock import today_at
from gradatim.web.forms.base import ActForm
from gradatim.web.forms.choices import FormContext
from gradatim.web.languages import in_asked_language
from gradatim.web.views.record import Filling, filled_in

SCALE = range(11)


class NumericRatingScale(forms.RadioSelect):
    """Eleven boxes, from 0 to 10."""

    template_name = "gradatim/nrs.html"


def questionnaire_form(items: Mapping[str, str]) -> type[ActForm]:
    """Make the form; every question may be left out, and none is answered beforehand."""
    fields: dict[str, Any] = {
        name: forms.TypedChoiceField(
            label=gettext_lazy(label),
            choices=[(str(n), str(n)) for n in SCALE],
            coerce=float,
            empty_value=None,
            required=False,
            widget=NumericRatingScale,
        )
        for name, label in items.items()
    }
    return type("QuestionnaireForm", (ActForm,), fields)


def _visit_asked(request: Request, access: Access, one: Participant) -> dict[str, str]:
    """Return the visit that the address names; without any, the one whose window is open today."""
    for name in ("encounter", "visit"):
        if value := request.GET.get(name):
            return {name: value}
    day = today_at(access.state, one.site)
    planned = [
        visit.encounter
        for visit in visits(access.state, one, day)
        if visit.status == "open" or visit.done_on == day
    ]
    return {"encounter": planned[-1]} if planned else {}


@page("participants")
@in_asked_language
def questionnaire(request: Request, id: str) -> HttpResponse:
    """Show the questions to the participant, and record the answers as scores."""
    access: Access = request.access
    one = participant_or_404(access, "participants", id)
    items = answered_by_participant(access.state.governing("elements", one))
    if not items or not access.may("ScoresRecorded", one.site):
        raise Http404(_("There is no such page."))
    given = {"participant": one.id}
    given |= _visit_asked(request, access, one)
    day = today_at(access.state, one.site)
    asked = FormContext("ScoresRecorded", access, one.site, one, given, day)

    def fields(form: ActForm) -> dict[str, Any]:
        said = form.fields_given()
        results = [
            {"element": name, "value": value, "unit": "{score}"} for name, value in said.items()
        ]
        return {**given, "occurred_on": day, "results": results}

    return filled_in(
        request,
        Filling(asked, questionnaire_form(items), fields),
        "gradatim/participant/questionnaire.html",
        day=day,
    )
