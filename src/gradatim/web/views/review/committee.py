"""What the committee signs: proposed by one member, recorded when enough have signed."""

from typing import Any
from uuid import uuid4

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from gradatim.conduct import committee
from gradatim.conduct.access import Access
from gradatim.conduct.events import BY_NAME
from gradatim.conduct.events.base import Event
from gradatim.conduct.narrative import NarratedEntry, narrate_in_words, narrated_entries
from gradatim.conduct.proposals import altered_since, holding, proposed, signatures_needed
from gradatim.conduct.signatures import MEANINGS
from gradatim.conduct.state import Proposal
from gradatim.conduct.trial import Recorded, RecordOutcome, Refused, Stale, Trial
from gradatim.conduct.views.subject import subject_of
from gradatim.web.access import Request, page
from gradatim.web.accounts.signing import SigningFields, signed_by
from gradatim.web.acts import title
from gradatim.web.clock import now, today_at
from gradatim.web.entries import Card, fields_shown, shown_card
from gradatim.web.recording import event_of, record


def propose(request: Request, event: Event, seen: int, key: str) -> RecordOutcome:
    """Propose an act by the member of a request: see `committee.propose`.

    Args:
        request: of the member who proposes it.
        event: the act.
        seen: position of the ledger that the member's page was made from.
        key: idempotency key of the form.
    """
    return _told(request, committee.propose(_member(request), event, seen, key))


def _member(request: Request) -> committee.Member:
    trial: Trial = request.trial
    return committee.Member(
        trial,
        lambda name, fields: event_of(request, name, "", dict(fields)),
        lambda event, seen, key: record(request, event, seen, key),
        lambda: uuid4().hex,
    )


def _told(request: Request, signed: committee.Signed) -> RecordOutcome:
    """Return what came of a signature; that it was the last is said on the next page."""
    if signed.is_decided:
        messages.success(request, _("Enough members have signed: the act is recorded."))
    return signed.outcome


@page("review")
def proposal(request: Request, id: str) -> HttpResponse:
    """Show a proposal, and let a member sign it."""
    access: Access = request.access
    one = access.state.proposals.get(id)
    if one is None:
        raise Http404(_("There is no such proposal."))
    state = access.state
    may = (
        access.may("ProposalSigned")
        and one.status == "open"
        and (access.user not in holding(state, one))
    )
    form = SigningForm(request.POST or None) if may else None
    signing = SigningFields(request, request.POST or None) if may else None
    outcome: RecordOutcome | None = None
    if form is not None and signing is not None and signing.is_valid():
        if not form.is_valid():
            signing.add_error(None, _("Open this page anew: it does not say what you looked at."))
        else:
            outcome = _signed(request, one, form.cleaned_data["seen"], signing)
        if isinstance(outcome, Recorded):
            return HttpResponseRedirect(reverse("proposal", args=[id]))
    return _drawn(request, one, signing, outcome)


class SigningForm(forms.Form):
    """What a signature is bound to: the position of the ledger that its page was made from."""

    seen = forms.IntegerField(widget=forms.HiddenInput, min_value=0)


def _signed(request: Request, one: Proposal, seen: int, signing: Any) -> RecordOutcome | None:
    """Sign a proposal as its page showed it; None where the signer was not recognised."""
    if changed := committee.overtaken(request.trial.state, one, seen):
        return changed
    if not signed_by(request, signing):
        return None
    day = today_at(request.trial.state, "")
    return _told(request, committee.sign(_member(request), one, seen, day))


def _drawn(
    request: Request, one: Proposal, signing: Any, outcome: RecordOutcome | None
) -> HttpResponse:
    """Draw a proposal: what it says, whose signatures hold, and what altered its subject since."""
    access: Access = request.access
    state, trial = access.state, request.trial
    refused = outcome if isinstance(outcome, Refused) else None
    changed = outcome.entries if isinstance(outcome, Stale) else ()
    status = 409 if changed else 422 if refused or (signing and signing.errors) else 200
    holds = holding(state, one)
    return render(
        request,
        "gradatim/review/proposal.html",
        {
            **_shown(access, one),
            "signing": signing,
            "refused": refused,
            "now": now(),
            "meaning": MEANINGS[BY_NAME["ProposalSigned"]],
            "seen": state.position,
            "changed": _altering(trial, changed),
            "holding": holds,
            "anew": [user for user in one.seen if user not in holds],
            "altered": _altering(trial, () if changed else altered_since(state, one)),
            "may_withdraw": access.may("ProposalWithdrawn") and one.status == "open",
        },
        status=status,
    )


def _altering(trial: Trial, positions: tuple[int, ...]) -> list[tuple[NarratedEntry, Any]]:
    """Return entries that altered a proposal's subject, each with what it says."""
    return [
        (one, fields_shown(trial.state.events[one.position]))
        for one in narrated_entries(trial.state, positions)
    ]


def _shown(access: Access, one: Proposal) -> dict[str, Any]:
    state = access.state
    event = proposed(one, state.events[one.position], holding(state, one))
    return {
        "proposal": one,
        "text": narrate_in_words(state, event),
        "what": title(one.act["event"]),
        "fields": fields_shown(event),
        "needed": signatures_needed(state),
        "made": state.events[one.position],
        "card": _card(access, one),
    }


def _card(access: Access, one: Proposal) -> Card | None:
    """Return what the proposed act is about, as it stands now."""
    state = access.state
    given = {name: str(value) for name, value in one.act.items()}
    about = state.participants.get(given.get("participant", ""))
    subject = subject_of(state, one.act["event"], about, given, today_at(state, ""), now())
    return shown_card(access, subject)
