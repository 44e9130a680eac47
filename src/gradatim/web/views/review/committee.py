"""What the committee signs: proposed by one member, recorded when enough have signed."""

from typing import Any
from uuid import uuid4

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from gradatim.conduct.access import Access
from gradatim.conduct.conflicts import altered
from gradatim.conduct.events import BY_NAME
from gradatim.conduct.events.base import Event
from gradatim.conduct.policies import check, unmet
from gradatim.conduct.policies.review import the_committee_signs
from gradatim.conduct.policies.verdicts import rule
from gradatim.conduct.proposals import act_of, altered_since, holding, needed, proposed
from gradatim.conduct.signatures import MEANINGS
from gradatim.conduct.state import Proposal, State
from gradatim.conduct.trial import Outcome, Recorded, Refused, Stale, Trial
from gradatim.core.truth import TRUE
from gradatim.core.verdict import Verdict
from gradatim.web.access import Request, page
from gradatim.web.accounts.signing import SignatureFields, verify
from gradatim.web.acts import title
from gradatim.web.clock import now, today
from gradatim.web.entries import fields_shown
from gradatim.web.recording import Told, event_of, record, shown
from gradatim.web.telling import told_in_words


def propose(request: Request, event: Event, seen: int, key: str) -> Outcome:
    """Propose an act, unless something else than signatures stands against it.

    Args:
        request: of the member who proposes it.
        event: the act.
        seen: position of the ledger that the member's page was made from.
        key: idempotency key of the form.
    """
    trial: Trial = request.trial
    act = act_of(event)
    if changed := altered(trial.state, act, seen):
        return Stale(changed)
    alone = proposed(Proposal("", 0, act, {}), event, [event.recorded_by])
    if against := _against(trial.state, alone):
        return Refused("policy", Verdict(TRUE, ""), tuple(against))
    number = _number(trial.state)
    fields = {
        "proposal": number,
        "act": act,
        "seen": seen or None,
        "occurred_on": event.occurred_on,
    }
    outcome = record(trial, event_of(request, "ProposalMade", "", fields), seen, key)
    if isinstance(outcome, Recorded):
        finished = _finish(request, trial, trial.state.proposals[number])
        return finished or outcome
    return outcome


def _against(state: State, event: Event) -> list[tuple[str, str]]:
    """Give what stands against an act, apart from signatures that are still to come."""
    verdict = check(state, event)
    if verdict.truth is TRUE:
        return []
    return [one for one in unmet(event, verdict) if one[0] != rule(the_committee_signs)]


def _number(state: State) -> str:
    return f"D{len(state.proposals) + 1}"


def _finish(request: Request, trial: Trial, proposal: Proposal) -> Outcome | None:
    """Record the act if enough have signed; None if more have to."""
    state = trial.state
    signers = holding(state, proposal)
    if proposal.status != "open" or len(signers) < needed(state):
        return None
    last = proposed(proposal, state.events[state.position], signers)
    outcome = record(trial, last, state.position, uuid4().hex)
    if isinstance(outcome, Recorded):
        messages.success(request, _("Enough members have signed: the act is recorded."))
    return outcome


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
    signing = SignatureFields(request.user, request.POST or None) if may else None
    outcome: Outcome | None = None
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


def _signed(request: Request, one: Proposal, seen: int, signing: Any) -> Outcome | None:
    """Sign a proposal as its page showed it; None where the signer was not recognised."""
    trial: Trial = request.trial
    if changed := altered(trial.state, one.act, min(seen, trial.state.position)):
        return Stale(changed)
    said = signing.cleaned_data
    if fault := verify(request, said["password"], said.get("code", "")):
        signing.add_error("password", fault)
        return None
    fields = {"proposal": one.id, "seen": seen or None, "occurred_on": today()}
    event = event_of(request, "ProposalSigned", "", fields)
    signers = [*holding(trial.state, one), event.recorded_by]
    if against := _against(trial.state, proposed(one, event, signers)):
        return Refused("policy", Verdict(TRUE, ""), tuple(against))
    outcome = record(trial, event, seen, uuid4().hex)
    if isinstance(outcome, Recorded):
        return _finish(request, trial, one) or outcome
    return outcome


def _drawn(request: Request, one: Proposal, signing: Any, outcome: Outcome | None) -> HttpResponse:
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
            **_shown(state, one),
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


def _altering(trial: Trial, positions: tuple[int, ...]) -> list[tuple[Told, Any]]:
    """Return entries that altered a proposal's subject, each with what it says."""
    return [
        (one, fields_shown(trial.state.events[one.position])) for one in shown(trial, positions)
    ]


def _shown(state: State, one: Proposal) -> dict[str, Any]:
    event = proposed(one, state.events[one.position], holding(state, one))
    return {
        "proposal": one,
        "text": told_in_words(state, event),
        "what": title(one.act["event"]),
        "fields": fields_shown(event),
        "needed": needed(state),
        "made": state.events[one.position],
    }
