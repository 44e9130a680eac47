"""The proof: the ledger verified, checkpoints to keep elsewhere, the export of all events."""

from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from uuid import uuid4

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST

from gradatim.conduct.access import Access
from gradatim.conduct.checkpoints import Checkpoint, checkpoint_text, parse_checkpoint
from gradatim.conduct.jsonl_export import export_lines
from gradatim.conduct.ledger import verify
from gradatim.conduct.policies.review import data_are_complete
from gradatim.conduct.signatures import ALWAYS_SIGNED
from gradatim.conduct.trial import Recorded, Trial
from gradatim.core.errors import UnusableInput
from gradatim.core.truth import TRUE
from gradatim.web.access import Request, page
from gradatim.web.clock import today_at
from gradatim.web.recording import event_of, record

_MOST_BYTES = 100_000  # bytes of a checkpoint


class CheckpointForm(forms.Form):
    """A checkpoint that was kept elsewhere."""

    checkpoint = forms.FileField(
        label=gettext_lazy("Checkpoint kept elsewhere"),
        required=False,
        help_text=gettext_lazy(
            "A cut tail, a rewritten chain or an older copy shows only against one."
        ),
    )


@page("audit")
def proof(request: Request) -> HttpResponse:
    """Verify the ledger, against a checkpoint if one is given."""
    trial: Trial = request.trial
    form = CheckpointForm(request.POST or None, request.FILES or None)
    content: dict[str, Any] = {
        "form": form,
        "head": trial.head.hash.hex(),
        "may_export": _may_export(request),
        "left_open": _left_open(request),
    }
    if request.method == "POST" and form.is_valid():
        try:
            kept = _kept(form.cleaned_data["checkpoint"])
            entries, seals = trial.store.contents(trial.name)
            content["found"] = verify(
                entries, trial.name, kept, seals=seals, signed_acts=ALWAYS_SIGNED
            )
            content["against"] = bool(kept)
        except UnusableInput as error:
            form.add_error("checkpoint", str(error))
    return render(request, "gradatim/audit/proof.html", content, status=422 if form.errors else 200)


def _left_open(request: Request) -> str:
    """Say what keeps the data from being locked; empty where nothing does, or they are."""
    state = request.access.state
    complete = data_are_complete(state)
    return "" if state.locked or complete.truth is TRUE else complete.text


def _kept(file: Any) -> list[Checkpoint]:
    if file is None:
        return []
    try:
        return [parse_checkpoint(file.read(_MOST_BYTES).decode(), file.name)]
    except UnicodeDecodeError as error:
        raise UnusableInput(_("this is not a checkpoint"), file.name, str(error)) from error


@page("audit")
def checkpoint(request: Request) -> HttpResponse:
    """Give the head of the ledger, unsigned: whoever keeps it signs it with a key of their own."""
    trial: Trial = request.trial
    at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    made = Checkpoint(trial.name, trial.head.position, trial.head.hash, at)
    return _file(checkpoint_text(made), f"{trial.name}-{trial.head.position}.checkpoint.json")


def _file(text: str, name: str) -> HttpResponse:
    safe = "".join(c for c in name if c.isalnum() or c in "._-")
    named = {"Content-Disposition": f'attachment; filename="{safe}"'}
    return HttpResponse(text, content_type="application/json; charset=utf-8", headers=named)


def _may_export(request: Request) -> bool:
    access: Access = request.access
    return access.may("ExportMade")


@page("audit")
@require_POST
def export(request: Request) -> HttpResponse:
    """Export every event as JSON Lines; that it was done is recorded first."""
    trial: Trial = request.trial
    recipient = request.POST.get("recipient", "").strip()
    if not _may_export(request):
        raise Http404(_("There is no such page."))
    if len(recipient) < 3:
        messages.error(request, _("Say who receives the export."))
        return HttpResponseRedirect(reverse("proof"))
    entries, seals = trial.store.contents(trial.name)
    text = "".join(export_lines(entries, trial.name, seals))
    fields = {
        "format": "gradatim.ledger/1",
        "recipient": recipient,
        "occurred_on": today_at(trial.state, ""),
        "sha256": sha256(text.encode()).hexdigest(),
        "head": trial.head.position,
    }
    event = event_of(request, "ExportMade", "", fields)
    outcome = record(request, event, trial.state.position, uuid4().hex)
    if not isinstance(outcome, Recorded):
        raise Http404(_("There is no such page."))
    name = f"{trial.name}-{outcome.position - 1}.jsonl"
    return _file(text, name)
