"""Records that arrive as a FHIR Bundle: looked at first, then recorded as facts."""

from collections import Counter
from collections.abc import Sequence
from typing import Any
from uuid import uuid4

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gradatim.conduct.arriving import Arriving, arriving
from gradatim.conduct.events.findings import LaboratoryResultsRecorded
from gradatim.conduct.events.participants import RecordNotUnderstood
from gradatim.conduct.state import Participant, State
from gradatim.conduct.trial import Recorded
from gradatim.conduct.views.birth import agreed, birth_of
from gradatim.conduct.views.doses import entries as recorded
from gradatim.core.errors import UnusableInput
from gradatim.evidence.codebook import Codebook
from gradatim.evidence.facts import Facts
from gradatim.evidence.sources.fhir import read
from gradatim.evidence.sources.fhir_load import decode
from gradatim.web.access import Access, Request, page
from gradatim.web.clock import today
from gradatim.web.recording import event_of, record

MOST = 5_000_000  # bytes


class UploadForm(forms.Form):
    """The file, and what to call its source."""

    bundle = forms.FileField(label=gettext_lazy("FHIR R4 Bundle (JSON)"))
    source = forms.CharField(
        label=gettext_lazy("Source"), max_length=200,
        help_text=gettext_lazy("Such as the hospital's record system."),
    )  # fmt: skip


@page("screening")
def upload(request: Request, id: str) -> HttpResponse:
    """Read a Bundle and record what it says of a person; what is there already is left out."""
    access: Access = request.access
    one = access.participant("screening", id)
    if not access.may("FactRecorded", one.site):
        raise Http404(_("There is no such page."))
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            facts = _facts(access, one, form.cleaned_data["bundle"])
            _check_person(access.state, one, facts)
            return _recorded(request, one, facts, form.cleaned_data["source"])
        except UnusableInput as error:
            form.add_error("bundle", str(error))
    return render(request, "gradatim/screening/upload.html", {"form": form, "one": one},
                  status=422 if form.errors else 200)  # fmt: skip


def _facts(access: Access, one: Participant, file: Any) -> Facts:
    study = access.state.governing("elements", one)
    bundle = decode(file.read(MOST + 1), file.name, MOST)
    return read(bundle, Codebook(study.elements, study.study.id), study.elements, on=today())


def _check_person(state: State, one: Participant, facts: Facts) -> None:
    """Refuse the records of somebody else, as far as sex and birth can tell."""
    if one.sex and facts.sex and one.sex != facts.sex:
        raise UnusableInput(_("these are somebody else's records"), one.id,
                            _("sex is %(theirs)s, not %(ours)s") % {"theirs": facts.sex,
                                                                   "ours": one.sex})  # fmt: skip
    ours = birth_of(state, one)
    if ours.conflict:
        raise UnusableInput(_("whose records these are cannot be told"), one.id, ours.conflict,
                            _("have the registration looked at"))  # fmt: skip
    if agreed(ours.day, facts.birth) is None:
        raise UnusableInput(_("these are somebody else's records"), one.id,
                            _("the birth date does not fit"))  # fmt: skip


def _recorded(request: Request, one: Participant, facts: Facts, source: str) -> HttpResponse:
    study = request.trial.state.governing("elements", one)
    known = _known(request, one)
    entries = [found for found in arriving(facts, study.elements, source)
               if _fingerprint(found.kind.__name__, found.fields) not in known]  # fmt: skip
    done = sum(_record(request, one, found, source) for found in entries)
    messages.success(request, _("%(n)d entries recorded.") % {"n": done})
    if unused := _reasons(facts.not_used):
        messages.warning(request, _("Not used: %(why)s") % {"why": unused})
    if unclear := sum(found.kind is RecordNotUnderstood for found in entries):
        messages.warning(request, _("Not understood: %(n)d. What they may be about stays unknown: "
                                    "find out what the codes listed beside each criterion mean, "
                                    "and record that.") % {"n": unclear})  # fmt: skip
    return HttpResponseRedirect(reverse("eligibility", args=[one.id]))


def _reasons(not_used: Sequence[Any]) -> str:
    """Count the records by why they are not used; what each is coded as stands in its entry."""
    whys = Counter(one.why.partition(": ")[0] for one in not_used)
    return "; ".join(f"{number} × {why}" for why, number in whys.items())


def _known(request: Request, one: Participant) -> set[tuple[str, str]]:
    """Give what is recorded already, so that the same file twice changes nothing."""
    found = set()
    for _at, event in recorded(request.trial.state, one):
        names = ("fact", "start", "end", "ongoing", "route", "source", "results", "record", "codes")
        fields = {name: getattr(event, name) for name in names if hasattr(event, name)}
        found.add(_fingerprint(type(event).__name__, fields))
    return found


def _fingerprint(kind: str, fields: dict[str, Any]) -> tuple[str, str]:
    """Return what tells one entry from another; of which elements a record may be is corrected."""
    told = (item for item in fields.items() if item[0] != "elements")
    return kind, repr(sorted(told, key=str))


def _record(request: Request, one: Participant, found: Arriving, source: str) -> bool:
    fields: dict[str, Any] = {"participant": one.id, "occurred_on": found.day or today(),
                              **found.fields}  # fmt: skip
    if found.kind is LaboratoryResultsRecorded:
        fields |= {"laboratory": _laboratory(source), "ranges_version": "as-reported",
                   "collected_on": str(found.day)}  # fmt: skip
    event = event_of(request, found.kind.__name__, one.site, fields)
    trial = request.trial
    return isinstance(record(trial, event, trial.state.position, uuid4().hex), Recorded)


def _laboratory(source: str) -> str:
    """Name the laboratory by the source, in the letters that an identifier may have."""
    kept = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "-" for c in source)
    return (kept.strip("-._") or "reported")[:64]
