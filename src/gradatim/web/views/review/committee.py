"""What the committee signs: proposed by one member, recorded when enough have signed."""

from typing import Any, NamedTuple
from uuid import uuid4

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gradatim.conduct import committee
from gradatim.conduct.access import Access
from gradatim.conduct.events import BY_NAME
from gradatim.conduct.events.base import Event
from gradatim.conduct.narrative import NarratedEntry, narrate_in_words, narrated_entries
from gradatim.conduct.proposals import altered_since, holding, proposed
from gradatim.conduct.proposed_acts import can_agree, dissents_from, signatures_needed
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


class SigningForm(forms.Form):
    """What a signature is bound to: the position of the ledger that its page was made from."""

    seen = forms.IntegerField(widget=forms.HiddenInput, min_value=0)


class DissentForm(SigningForm):
    """The same for who does not agree, with the reason."""

    reason = forms.CharField(
        label=gettext_lazy("Why do you not agree?"),
        min_length=3,
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class Forms(NamedTuple):
    """What a member can send on the page of a proposal: a signature, or a dissent and its own."""

    signing: SigningFields
    dissent: DissentForm
    dissenting: SigningFields


@page("review")
def proposal(request: Request, id: str) -> HttpResponse:
    """Show a proposal, and let a member sign it, or dissent."""
    access: Access = request.access
    one = access.state.proposals.get(id)
    if one is None:
        raise Http404(_("There is no such proposal."))
    sent = request.POST if request.method == "POST" else None
    says_no = sent is not None and "dissent" in sent
    may = access.may("ProposalSigned") and one.status == "open"
    if not may or access.user in (*holding(access.state, one), *one.dissents):
        return _drawn(request, one, None, None, too_late=sent is not None)
    forms_ = Forms(
        SigningFields(request, None if says_no else sent),
        DissentForm(sent if says_no else None, auto_id="id_dissent-%s"),
        SigningFields(request, sent if says_no else None, prefix="dissent"),
    )
    outcome = None if sent is None else _sent(request, one, forms_, says_no)
    if isinstance(outcome, Recorded):
        return HttpResponseRedirect(reverse("proposal", args=[id]))
    return _drawn(request, one, forms_, outcome)


def _sent(request: Request, one: Proposal, forms_: Forms, says_no: bool) -> RecordOutcome | None:
    """Record what a member says of a proposal as its page showed it; None where a form is wrong."""
    said: forms.Form = forms_.dissent if says_no else SigningForm(request.POST)
    signing = forms_.dissenting if says_no else forms_.signing
    if not signing.is_valid() or not said.is_valid():
        if "seen" in said.errors:
            signing.add_error(None, _("Open this page anew: it does not say what you looked at."))
        return None
    seen, state = said.cleaned_data["seen"], request.trial.state
    if changed := committee.overtaken(state, one, seen):
        return changed
    if not signed_by(request, signing):
        return None
    member, day = _member(request), today_at(state, "")
    if says_no:
        return committee.dissent(member, one, said.cleaned_data["reason"], seen, day)
    return _told(request, committee.sign(member, one, seen, day))


def _drawn(
    request: Request,
    one: Proposal,
    forms_: Forms | None,
    outcome: RecordOutcome | None,
    too_late: bool = False,
) -> HttpResponse:
    """Draw a proposal: what it says, whose signatures hold, and what altered its subject since."""
    access: Access = request.access
    state, trial = access.state, request.trial
    refused = outcome if isinstance(outcome, Refused) else None
    changed = outcome.entries if isinstance(outcome, Stale) else ()
    wrong = forms_ is not None and any(one.errors for one in forms_)
    status = 409 if changed or too_late else 422 if refused or wrong else 200
    holds = holding(state, one)
    return render(
        request,
        "gradatim/review/proposal.html",
        {
            **_shown(access, one),
            "signing": forms_ and forms_.signing,
            "dissent": forms_ and forms_.dissent,
            "dissenting": forms_ and forms_.dissenting,
            "dissents": dissents_from(state, one),
            "still": can_agree(state, one),
            "refused": refused,
            "now": now(),
            "meaning": MEANINGS[BY_NAME["ProposalSigned"]],
            "dissent_meaning": MEANINGS[BY_NAME["ProposalDissented"]],
            "seen": state.position,
            "changed": _altering(trial, changed),
            "holding": holds,
            "anew": [user for user in one.seen if user not in (*holds, *one.dissents)],
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
