"""What an investigator endorses of a site: all that is new since the last time, one signature."""

from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.utils.translation import gettext as _

from gradatim.conduct.access import Access
from gradatim.conduct.conflicts import conflicting_entries
from gradatim.conduct.events.review import DataEndorsed
from gradatim.conduct.narrative import narrated_entries
from gradatim.conduct.signatures import MEANINGS
from gradatim.conduct.trial import Recorded, RecordOutcome, Refused, Stale
from gradatim.conduct.views.endorsement import last_endorsement, to_endorse
from gradatim.web.access import Request, page
from gradatim.web.accounts.signing import SigningFields, signed_by
from gradatim.web.clock import now, today_at
from gradatim.web.forms.base import ActForm
from gradatim.web.recording import event_of, record


@page("participants")
def endorse(request: Request, site: str) -> HttpResponse:
    """List what is new of a site's participants, and have an investigator sign for it."""
    access: Access = request.access
    if site not in access.sites("participants"):
        raise Http404(_("There is no such site."))
    may = access.may("DataEndorsed", site)
    sent = request.POST if request.method == "POST" else None
    if sent is not None and not may:
        raise Http404(_("There is no such act for you."))
    signing = SigningFields(request, sent) if may else None
    form = ActForm(sent)
    outcome: RecordOutcome | None = None
    if signing is not None and signing.is_valid() and form.is_valid():
        outcome = _endorsed(request, site, form.cleaned_data, signing)
    if isinstance(outcome, Recorded):
        messages.success(request, _("Recorded as entry %(n)d.") % {"n": outcome.position})
        return HttpResponseRedirect(request.path)
    return _drawn(request, site, signing, outcome, sent is not None)


def _endorsed(
    request: Request, site: str, said: dict[str, Any], signing: Any
) -> RecordOutcome | None:
    """Record the endorsement of what the page showed; None where the signer was not recognised."""
    trial, seen = request.trial, said["seen"]
    fields = {"upto": seen, "occurred_on": today_at(trial.state, site)}
    event = event_of(request, "DataEndorsed", site, fields)
    if changed := conflicting_entries(trial.state, event, seen):
        return Stale(changed)
    if not signed_by(request, signing):
        return None
    return record(request, event, seen, said["request"])


def _drawn(
    request: Request, site: str, signing: Any, outcome: RecordOutcome | None, sent: bool
) -> HttpResponse:
    state = request.access.state
    found = to_endorse(state, site)
    changed = outcome.entries if isinstance(outcome, Stale) else ()
    refused = outcome if isinstance(outcome, Refused) else None
    return render(
        request,
        "gradatim/participant/endorse.html",
        {
            "site": site,
            "found": [(one.participant, narrated_entries(state, one.entries)) for one in found],
            "entries": sum(len(one.entries) for one in found),
            "form": ActForm(initial={"seen": state.position, "request": uuid4().hex}),
            "signing": signing if found else None,
            "meaning": MEANINGS[DataEndorsed],
            "changed": narrated_entries(state, changed),
            "refused": refused,
            "last": last_endorsement(state, site),
            "now": now(),
        },
        status=409 if changed else 422 if sent else 200,
    )
