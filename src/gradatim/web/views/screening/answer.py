"""Answering a question of the protocol about a person, in place: yes or no, asked on a day."""

from typing import Any

from django import forms
from django.http import Http404, HttpResponse
from django.utils.translation import gettext_lazy as _

from gradatim.conduct.access import Access
from gradatim.protocol.elements import Element
from gradatim.web.access import Request, page, participant_or_404
from gradatim.web.clock import today_at
from gradatim.web.forms.base import ActForm
from gradatim.web.forms.choices import FormContext
from gradatim.web.forms.field_factory import day_field
from gradatim.web.views.record import Filling, filled_in


class AnswerForm(ActForm):
    """The answer, the day it was asked, and who or what says so."""

    answer = forms.ChoiceField(
        label=_("Answer"),
        widget=forms.RadioSelect,
        choices=[("true", _("yes")), ("false", _("no"))],
    )
    start = day_field(label=_("Asked on"))
    source = forms.CharField(
        label=_("Source"),
        max_length=200,
        required=False,
        help_text=_("Such as the interview, or a letter."),
    )


def may_answer(access: Access, element: Element, site: str) -> bool:
    """Return whether a user is asked a question: some are for an investigator to judge."""
    return element.judged_by is None or access.may("CriterionAttested", site)


@page("screening")
def answer(request: Request, id: str, element: str) -> HttpResponse:
    """Ask one question, and record its answer as a fact."""
    access: Access = request.access
    one = participant_or_404(access, "screening", id)
    study = access.state.governing("elements", one)
    if (
        element not in study.elements
        or study.elements[element].kind != "answer"
        or (not access.may("FactRecorded", one.site))
        or not may_answer(access, study.elements[element], one.site)
    ):
        raise Http404(_("There is no such question."))
    day = today_at(access.state, one.site)
    asked = FormContext("FactRecorded", access, one.site, one, {"participant": one.id}, day)

    def fields(form: AnswerForm) -> dict[str, Any]:
        said = form.cleaned_data
        fact = {"element": element, "code": said["answer"]}
        return {
            "participant": one.id,
            "source": said["source"],
            "start": str(said["start"]),
            "occurred_on": day,
            "fact": fact,
        }

    return filled_in(
        request,
        Filling(asked, AnswerForm, fields, {"start": day}),
        title=study.elements[element].label,
    )
