"""Several questions to the sponsor confirmed under one signature, each by a mark of its own."""

from hashlib import sha256
from typing import Any, NamedTuple
from uuid import uuid4

import msgspec
from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from gradatim.conduct.conflicts import conflicting_entries
from gradatim.conduct.event_validation import validate
from gradatim.conduct.events.base import Event
from gradatim.conduct.events.trial import RulingSigned
from gradatim.conduct.narrative import NarratedEntry, narrated_entries
from gradatim.conduct.policies import check, refusals
from gradatim.conduct.signatures import MEANINGS
from gradatim.conduct.state import State
from gradatim.conduct.system_fields import with_system_fields
from gradatim.conduct.trial import Recorded
from gradatim.core.errors import UnusableInput
from gradatim.core.truth import TRUE
from gradatim.protocol.questions import Question, questions
from gradatim.web.access import Request, page
from gradatim.web.accounts.signing import SigningFields, signed_by
from gradatim.web.clock import now, today_at
from gradatim.web.forms.base import ActForm
from gradatim.web.recording import circumstances_of, event_of, record
from gradatim.web.views.protocol.pages import question_row, study_asked

_ACT = "RulingSigned"


class _Asked(NamedTuple):
    """A question as the page shows it, and the field that confirms it."""

    row: Any
    field: Any


@page("protocol")
def confirmations(request: Request) -> HttpResponse:
    """Show open questions, and record a confirmation of each that is marked.

    Those without which no trial goes live are a page, the others another.
    """
    state: State = request.access.state
    study = study_asked(request)
    if study is None or not request.access.may(_ACT):
        raise Http404(_("There is no such act for you."))
    all_open = [one for one in questions(study) if not one.settled]
    safety = "other" not in request.GET
    open_ = [one for one in all_open if one.safety == safety]
    sent = request.POST if request.method == "POST" else None
    form = _form(open_)(sent, initial=_initial(state, open_))
    signing = SigningFields(request, sent)
    if sent is not None and sent.get("shown_sha256") != _shown(open_):
        messages.error(request, _("The open questions have changed: look at them anew."))
        return HttpResponseRedirect(request.get_full_path())
    changed: list[NarratedEntry] = []
    if sent is not None and form.is_valid() and signing.is_valid():
        marked = _marked(request, form, open_)
        changed = _changed(state, marked, form.cleaned_data["seen"])
        if changed:
            form = _form(open_)({**sent.dict(), **_initial(state, open_)})
        elif marked and not form.errors and signed_by(request, signing):
            _record_all(request, form, marked)
            return HttpResponseRedirect(reverse("questions"))
    return render(
        request,
        "gradatim/protocol/confirmations.html",
        {
            "asked": [_Asked(question_row(state, study, one), form[_name(one)]) for one in open_],
            "form": form,
            "changed": changed,
            "signing": signing,
            "meaning": MEANINGS[RulingSigned],
            "version": study.study.version,
            "safety": safety,
            "in_force": "&in-force" if "in-force" in request.GET else "",
            "elsewhere": len(all_open) - len(open_),
            "now": now(),
        },
        status=200 if sent is None else 409 if changed else 422,
    )


def _changed(state: State, rulings: list[Event], seen: int) -> list[NarratedEntry]:
    """Return what touched the questions that are ruled on since the page was opened."""
    at = {at for one in rulings for at in conflicting_entries(state, one, seen)}
    return narrated_entries(state, tuple(sorted(at)))


def _initial(state: State, open_: list[Question]) -> dict[str, Any]:
    return {"seen": state.position, "request": uuid4().hex, "shown_sha256": _shown(open_)}


def _shown(open_: list[Question]) -> str:
    """Return the fingerprint of what the page shows: nothing else is what was read."""
    return sha256(msgspec.json.encode([(one.key, one.value) for one in open_])).hexdigest()


def _name(question: Question) -> str:
    return f"question-{question.number}"


def _form(open_: list[Question]) -> type[ActForm]:
    """Return the form, in which nothing is marked: each question is confirmed for itself."""
    fields: dict[str, forms.Field] = {_name(one): _field(one) for one in open_}
    fields["shown_sha256"] = forms.CharField(widget=forms.HiddenInput, max_length=64)
    return type("ConfirmationsForm", (ActForm,), fields)


def _field(question: Question) -> forms.Field:
    """Return the field that confirms a question: a mark, or one of its readings."""
    if not question.choices:
        return forms.BooleanField(required=False, label=gettext_lazy("I confirm it"))
    readings = [(name, name.replace("_", " ")) for name in question.names]
    return forms.ChoiceField(
        required=False,
        choices=[("", gettext_lazy("not confirmed")), *readings],
        widget=forms.RadioSelect,
        label=gettext_lazy("Which reading is confirmed?"),
    )


def _marked(request: Request, form: ActForm, open_: list[Question]) -> list[Event]:
    """Return a ruling on each question that is marked; what stands against one is said beside it.

    All are asked before any is recorded, so that one that is refused leaves none half done.
    """
    made = []
    state = request.trial.state
    for one in open_:
        said = form.cleaned_data.get(_name(one))
        if not said:
            continue
        ruling = _ruling(request, one, "" if said is True else said)
        for why in _against(state, ruling):
            form.add_error(_name(one), why)
        made.append(ruling)
    if not made:
        form.add_error(None, _("No question is marked: mark each that you confirm."))
    return made


def _against(state: State, ruling: Event) -> list[str]:
    """Return why a ruling cannot be recorded: it cannot be meant, or a rule is not met."""
    try:
        validate(state, ruling)
    except UnusableInput as error:
        return [str(error)]
    verdict = check(state, ruling)
    return [] if verdict.truth is TRUE else [why for _, why in refusals(state, ruling, verdict)]


def _ruling(request: Request, question: Question, reading: str) -> Event:
    trial = request.trial
    fields = {
        "question": question.key,
        "value": question.value,
        "outcome": "confirmed",
        "reading": reading,
        "occurred_on": today_at(trial.state, ""),
    }
    around = circumstances_of(request.access, "", trial.head.hash.hex())
    return event_of(request, _ACT, "", with_system_fields(_ACT, fields, around))


def _record_all(request: Request, form: ActForm, rulings: list[Event]) -> None:
    """Record each ruling; say of how many it was done, and of one that it was not."""
    seen, key = form.cleaned_data["seen"], form.cleaned_data["request"]
    outcomes = [record(request, one, seen, f"{key}-{n}") for n, one in enumerate(rulings, 1)]
    done = sum(isinstance(one, Recorded) for one in outcomes)
    if done:
        told = ngettext("%(n)d question is confirmed.", "%(n)d questions are confirmed.", done)
        messages.success(request, told % {"n": done})
    if left := len(rulings) - done:
        told = ngettext(
            "%(n)d was changed by somebody else meanwhile: look at it anew.",
            "%(n)d were changed by somebody else meanwhile: look at them anew.",
            left,
        )
        messages.warning(request, told % {"n": left})
