"""Blank forms on paper, for when the network is down; entered later, with both times.

What is entered from paper says when it happened (`occurred_on`); the ledger says when it was
recorded. The two together show a late entry for what it is.
"""

from typing import Any, NamedTuple

from django import forms
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from gradatim.conduct.access import Access
from gradatim.conduct.catalogue import act_named, offered_on
from gradatim.conduct.events import BY_NAME
from gradatim.web.access import Request, page
from gradatim.web.acts import title
from gradatim.web.clock import today
from gradatim.web.forms.act import act_form
from gradatim.web.forms.base import ActForm
from gradatim.web.forms.checklist import ChecklistWidget
from gradatim.web.forms.choices import FormContext
from gradatim.web.forms.nested_rows import RowsWidget
from gradatim.web.forms.results import ResultsWidget

_ROWS = 6


class Blank(NamedTuple):
    """A field on paper: its label, what may be ticked, and the columns of a table to fill in."""

    label: Any
    help: Any
    ticked: list[Any]
    columns: list[Any]
    rows: list[list[Any]]


@page("paper")
def paper(request: Request) -> HttpResponse:
    """List the forms that can be printed, for the trial and for each visit."""
    access: Access = request.access
    study = access.state.study if access.state.versions else None
    visits = list(study.schedule.encounters.items()) if study else []
    offered = [act.name for act in offered_on("paper")]
    return render(request, "gradatim/paper/list.html", {"offered": offered, "visits": visits})


@page("paper")
def blank(request: Request, event: str) -> HttpResponse:
    """Show a blank form, to be printed."""
    access: Access = request.access
    if not _is_offered(event) or not access.state.versions:
        raise Http404(_("There is no such form."))
    visit = request.GET.get("encounter", "")
    known = access.state.study.schedule.encounters
    given = {"encounter": visit} if visit in known else {}
    form = act_form(FormContext(event, access, "", None, given, today()))()
    fields = [blank_of(form, name) for name in form.fields if name not in ActForm.base_fields]
    return render(
        request,
        "gradatim/paper/blank.html",
        {
            "title": title(event),
            "fields": fields,
            "version": access.state.versions[-1].version,
            "visit": known[visit].label if visit in known else "",
        },
    )


def _is_offered(event: str) -> bool:
    return event in BY_NAME and "paper" in act_named(event).offered_on


def blank_of(form: ActForm, name: str) -> Blank:
    """Give a field as it stands on paper."""
    field, widget = form.fields[name], form.fields[name].widget
    columns: list[Any] = []
    rows: list[list[Any]] = []
    ticked: list[Any] = []
    if isinstance(widget, ResultsWidget):
        columns = [_("Element"), _("Value"), _("Unit"), _("Taken at")]
        rows = [[row.element.label, "", row.element.unit, ""] for row in widget.rows]
    elif isinstance(widget, ChecklistWidget):
        columns = [_("Item"), _("in order"), _("not applicable"), _("not in order")]
        rows = [[label, "☐", "☐", "☐"] for _id, label, _reading, _basis in widget.items]
    elif isinstance(widget, RowsWidget):
        columns = [one.label for one in widget.fields.values()]
        rows = [[""] * len(columns) for _row in range(min(_ROWS, widget.most))]
    elif isinstance(field, forms.ChoiceField) and name not in ("participant", "lot", "bags"):
        offered: Any = field.choices
        ticked = [words for value, words in offered if value != ""]
    return Blank(field.label, field.help_text, ticked, columns, rows)
