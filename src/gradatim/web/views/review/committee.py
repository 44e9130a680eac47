"""What the committee signs: proposed by one member, recorded when enough have signed."""

from typing import Any
from uuid import uuid4

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from gradatim.conduct.events import BY_NAME, built
from gradatim.conduct.events.base import Event
from gradatim.conduct.policies import check, unmet
from gradatim.conduct.policies.review import the_committee_signs
from gradatim.conduct.policies.verdicts import rule
from gradatim.conduct.proposals import act_of, needed, proposed
from gradatim.conduct.signatures import MEANINGS
from gradatim.conduct.state import Proposal, State
from gradatim.conduct.trial import Outcome, Recorded, Refused, Trial
from gradatim.core.truth import TRUE
from gradatim.core.verdict import Verdict
from gradatim.web.access import Access, Request, page
from gradatim.web.accounts.signing import SignatureFields, verify
from gradatim.web.acts import title
from gradatim.web.clock import now, today
from gradatim.web.entries import fields_shown
from gradatim.web.forms.act import ActForm
from gradatim.web.recording import event_of, record
from gradatim.web.telling import told_in_words


def propose(request: Request, event: Event, form: ActForm) -> Outcome:
    """Propose an act, unless something else than signatures stands against it."""
    trial: Trial = request.trial
    alone = built({**act_of(event), "signers": [event.recorded_by], "recorded_at": now(),
                   "occurred_on": event.occurred_on, "recorded_by": event.recorded_by})  # fmt: skip
    if against := _against(trial.state, alone):
        return Refused("policy", Verdict(TRUE, ""), tuple(against))
    number = _number(trial.state)
    fields = {"proposal": number, "act": act_of(event),
              "occurred_on": event.occurred_on}  # fmt: skip
    made = event_of(request, "ProposalMade", "", fields)
    outcome = record(trial, made, form.cleaned_data["seen"], form.cleaned_data["request"])
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
    signed = trial.state.events[trial.state.position]
    if len(proposal.signers) < needed(trial.state):
        return None
    outcome = record(trial, proposed(proposal, signed), trial.state.position, uuid4().hex)
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
    may = access.may("ProposalSigned") and access.user not in one.signers and one.status == "open"
    signing = SignatureFields(request.user, request.POST or None) if may else None
    refused: Any = None
    if request.method == "POST" and signing is not None and signing.is_valid():
        said = signing.cleaned_data
        if fault := verify(request, said["password"], said.get("code", "")):
            signing.add_error("password", fault)
        else:
            refused = _sign(request, one)
            if refused is None:
                return HttpResponseRedirect(reverse("proposal", args=[id]))
    return render(request, "gradatim/review/proposal.html", {
        **_shown(access.state, one), "signing": signing, "refused": refused, "now": now(),
        "meaning": MEANINGS[BY_NAME["ProposalSigned"]],
        "may_withdraw": access.may("ProposalWithdrawn") and one.status == "open",
    }, status=422 if refused or (signing and signing.errors) else 200)  # fmt: skip


def _sign(request: Request, one: Proposal) -> Refused | None:
    trial: Trial = request.trial
    event = event_of(request, "ProposalSigned", "", {"proposal": one.id, "occurred_on": today()})
    alone = built({**one.act, "signers": [*one.signers, event.recorded_by],
                   "recorded_at": event.recorded_at, "occurred_on": event.occurred_on,
                   "recorded_by": event.recorded_by})  # fmt: skip
    if against := _against(trial.state, alone):
        return Refused("policy", Verdict(TRUE, ""), tuple(against))
    outcome = record(trial, event, trial.state.position, uuid4().hex)
    if isinstance(outcome, Recorded):
        outcome = _finish(request, trial, one) or outcome
    return outcome if isinstance(outcome, Refused) else None


def _shown(state: State, one: Proposal) -> dict[str, Any]:
    event = proposed(one, state.events[one.position])
    return {"proposal": one, "text": told_in_words(state, event), "what": title(one.act["event"]),
            "fields": fields_shown(event), "needed": needed(state),
            "made": state.events[one.position]}  # fmt: skip
