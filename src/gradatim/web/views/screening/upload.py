"""Records that arrive as a FHIR Bundle: looked at first, then recorded as facts."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any, NamedTuple
from uuid import uuid4

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gradatim.conduct.access import Access
from gradatim.conduct.event_store import CannotRecord
from gradatim.conduct.events.base import Event
from gradatim.conduct.events.participants import RecordNotUnderstood
from gradatim.conduct.events.records import RecordRead, RecordsRead, VocabularyUsed
from gradatim.conduct.sealed_records import record_seal
from gradatim.conduct.source_changes import source_changes
from gradatim.conduct.source_import import (
    Arriving,
    fields_to_record,
    identity_mismatch,
    record_read,
    vocabulary_used,
)
from gradatim.conduct.state import Participant, State
from gradatim.conduct.trial import Refused
from gradatim.conduct.views.birth import birth_of
from gradatim.conduct.views.record_review import codes_not_known, waiting_criteria
from gradatim.core.errors import UnusableInput
from gradatim.evidence.codebook import Codebook
from gradatim.evidence.facts import Facts
from gradatim.evidence.fhir.load import decode
from gradatim.evidence.fhir.reader import read_facts
from gradatim.evidence.fhir.record_resolution import received
from gradatim.protocol.study import Study
from gradatim.web.access import Request, page, participant_or_404
from gradatim.web.clock import today_at
from gradatim.web.keyring import keyring
from gradatim.web.live_trial import running
from gradatim.web.recording import event_of, record_together
from gradatim.web.trial_middleware import bring_up_to_date
from gradatim.web.vocabulary import vocabulary

MOST_BYTES = 5_000_000  # bytes


class UploadForm(forms.Form):
    """The file, and what to call its source."""

    bundle = forms.FileField(label=gettext_lazy("FHIR R4 Bundle (JSON)"))
    source = forms.CharField(
        label=gettext_lazy("Source"),
        max_length=200,
        help_text=gettext_lazy("Such as the hospital's record system."),
    )


class File(NamedTuple):
    """A file of records: what it says of the person, and how each record was understood.

    Args:
        facts: what it says.
        records: how each was understood, by its id.
        vocabulary: by which; None where the installation has none.
    """

    facts: Facts
    records: dict[str, RecordRead]
    vocabulary: VocabularyUsed | None


TOGETHER = 200
"""Entries of one append: others wait for as long as it takes, and no longer."""


@page("screening")
def upload(request: Request, id: str) -> HttpResponse:
    """Read a Bundle and record what it says of a person; what is there already is left out."""
    access: Access = request.access
    one = participant_or_404(access, "screening", id)
    if not access.may("FactRecorded", one.site):
        raise Http404(_("There is no such page."))
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            return _recorded(request, one, form.cleaned_data)
        except CannotRecord:
            raise
        except UnusableInput as error:
            form.add_error("bundle", str(error))
    access, one = request.access, request.access.state.participants[id]
    waiting = waiting_criteria(access.state, one, today_at(access.state, one.site))
    content = {
        "form": form,
        "one": one,
        **_read_by(),
        "not_known": codes_not_known(access.state, one, waiting),
    }
    return render(
        request, "gradatim/screening/upload.html", content, status=422 if form.errors else 200
    )


def _read_by() -> dict[str, Any]:
    """Return what records are read by today; of a file that cannot be used, what is wrong."""
    try:
        return {"vocabulary": vocabulary_used(vocabulary())}
    except UnusableInput as error:
        return {"vocabulary_fault": str(error)}


def _read(study: Study, day: date, file: Any) -> File:
    """Read a file; of a large one that takes seconds."""
    bundle = decode(file.read(MOST_BYTES + 1), file.name, MOST_BYTES)
    codes = vocabulary()
    codebook = Codebook(study.elements, study.study.id, codes)
    facts = read_facts(bundle, codebook, study.elements, on=day)
    each = received(bundle, facts, codebook, study.elements, on=day)
    records = {one.id: record_read(one) for one in each}
    return File(facts, records, vocabulary_used(codes))


def _check_person(state: State, one: Participant, facts: Facts) -> None:
    """Refuse the records of somebody else, as far as sex and birth can tell."""
    why = identity_mismatch(state, one, facts)
    if why == "birth unclear":
        raise UnusableInput(
            _("whose records these are cannot be told"),
            one.id,
            birth_of(state, one).conflict,
            _("have the registration looked at"),
        )
    if why is not None:
        said = {
            "sex": _("sex is %(theirs)s, not %(ours)s") % {"theirs": facts.sex, "ours": one.sex},
            "birth": _("the birth date does not fit"),
        }
        raise UnusableInput(_("these are somebody else's records"), one.id, said[why])


def _recorded(request: Request, one: Participant, given: Mapping[str, Any]) -> HttpResponse:
    """Read a file and record it, portion by portion; others have the trial in between.

    Where it breaks off, what was recorded stays: the same file adds the rest.
    """
    study = request.access.state.governing("elements", one)
    day = today_at(request.access.state, one.site)
    with _others_first(request):
        file = _read(study, day, given["bundle"])
    _check_person(request.access.state, _participant(request, one.id), file.facts)
    done, left, seen = list[Arriving](), list[Arriving](), 0
    while left or not seen:
        if _participant(request, one.id).entries[-1] > seen:  # at first, or others recorded
            seen = request.trial.state.position
            left = _changes(request, one.id, file, given["source"])
            continue
        some, left = left[:TOGETHER], left[TOGETHER:]
        seen = _record(request, one.id, some, given["source"])
        done += some
        with _others_first(request):
            pass
    return _told(request, one, file, [entry for entry in done if entry.kind is not RecordsRead])


def _participant(request: Request, id: str) -> Participant:
    """Return the participant as they are now, whatever was recorded since."""
    return participant_or_404(request.access, "screening", id)


def _changes(request: Request, id: str, file: File, source: str) -> list[Arriving]:
    """Return what a file adds to what is recorded of a participant by now."""
    state, one = request.access.state, _participant(request, id)
    seal = record_seal(keyring(), state, one)
    found = source_changes(state, one, source, file.facts, file.records, file.vocabulary, seal)
    with _others_first(request):
        readings = [Arriving(RecordsRead, None, fields) for fields in found.readings]
    return [*found.entries, *readings]


def _record(request: Request, id: str, some: Sequence[Arriving], source: str) -> int:
    """Record entries in one append; return the position of the ledger after it.

    Raises:
        UnusableInput: none of them is recorded.
    """
    one = _participant(request, id)
    events = [_event(request, one, each, source) for each in some]
    outcome = record_together(request.trial, events, uuid4().hex)
    if isinstance(outcome, Refused):
        raise UnusableInput(_("these records cannot be recorded"), id, outcome.verdict.text)
    return request.trial.state.position


@contextmanager
def _others_first(request: Request) -> Iterator[None]:
    """Let others have the trial meanwhile; the request sees what they did afterwards."""
    with running().let_others():
        yield
    bring_up_to_date(request, request.trial)


def _told(
    request: Request, one: Participant, file: File, entries: Sequence[Arriving]
) -> HttpResponse:
    """Say what was recorded, not used and not understood, and go on where it is looked at."""
    messages.success(request, _("%(n)d entries recorded.") % {"n": len(entries)})
    if unused := _reasons(file.facts.not_used):
        messages.warning(request, _("Not used: %(why)s") % {"why": unused})
    if unclear := sum(entry.kind is RecordNotUnderstood for entry in entries):
        messages.warning(
            request,
            _(
                "Not understood: %(n)d. What they may be about stays unknown: "
                "find out what their codes mean, and have an investigator "
                "judge what each record is."
            )
            % {"n": unclear},
        )
    return HttpResponseRedirect(reverse("records" if unclear else "eligibility", args=[one.id]))


def _reasons(not_used: Sequence[Any]) -> str:
    """Count the records by why they are not used; what each is coded as stands in its entry."""
    whys = Counter(one.why.partition(": ")[0] for one in not_used)
    return "; ".join(f"{number} × {why}" for why, number in whys.items())


def _event(request: Request, one: Participant, found: Arriving, source: str) -> Event:
    day = today_at(request.trial.state, one.site)
    fields = fields_to_record(one.id, found, source, day)
    return event_of(request, found.kind.__name__, one.site, fields)
