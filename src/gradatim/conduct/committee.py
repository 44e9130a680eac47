"""What the committee signs: proposed by one member, recorded by the last who has to sign.

Each signature is an entry of its own. With the last that is needed the act itself is recorded, with
all whose signatures hold as its signers.
"""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, NamedTuple, cast

from gradatim.conduct.alterations import altered
from gradatim.conduct.events.base import Event
from gradatim.conduct.events.review import ProposalMade
from gradatim.conduct.numbering import next_proposal
from gradatim.conduct.policies import check, unmet
from gradatim.conduct.policies.review import the_committee_signs
from gradatim.conduct.policies.verdicts import rule
from gradatim.conduct.proposals import holding, proposed
from gradatim.conduct.proposed_acts import act_of, signatures_needed
from gradatim.conduct.state import Proposal, State
from gradatim.conduct.trial import Recorded, RecordOutcome, Refused, Stale, Trial
from gradatim.core.truth import TRUE
from gradatim.core.verdict import Verdict


class Member(NamedTuple):
    """A member of the committee who has identified themselves, and how they record.

    Args:
        trial: the trial.
        event_of: returns an event by this member and under their signature: type and fields given.
        record: records an event: given the position that was looked at, and an idempotency key.
        new_key: returns an idempotency key that was never used.
    """

    trial: Trial
    event_of: Callable[[str, Mapping[str, Any]], Event]
    record: Callable[[Event, int, str], RecordOutcome]
    new_key: Callable[[], str]


class Signed(NamedTuple):
    """What came of a signature: the outcome, and whether it was the last, that recorded the act."""

    outcome: RecordOutcome
    is_decided: bool = False


def propose(member: Member, event: Event, seen: int, key: str) -> Signed:
    """Propose an act, unless something else than signatures stands against it.

    Args:
        member: who proposes it.
        event: the act.
        seen: position of the ledger that the member looked at.
        key: idempotency key of the proposal.
    """
    state, act = member.trial.state, act_of(event)
    if changed := altered(state, act, seen):
        return Signed(Stale(changed))
    alone = proposed(Proposal("", 0, act, {}), event, [event.recorded_by])
    if refused := _refused(state, alone):
        return Signed(refused)
    number = next_proposal(state)
    fields = {
        "proposal": number,
        "act": act,
        "seen": seen or None,
        "occurred_on": event.occurred_on,
    }
    outcome = member.record(member.event_of("ProposalMade", fields), seen, key)
    if isinstance(outcome, Recorded):  # sent twice, it is the proposal of the first time
        number = cast(ProposalMade, state.events[outcome.position]).proposal
    return _decided(member, outcome, number)


def overtaken(state: State, proposal: Proposal, seen: int) -> Stale | None:
    """Return what altered a proposal's subject since it was looked at; None where nothing did."""
    changed = altered(state, proposal.act, min(seen, state.position))
    return Stale(changed) if changed else None


def sign(member: Member, proposal: Proposal, seen: int, day: date) -> Signed:
    """Sign a proposal whose subject nothing altered since it was looked at: see `overtaken`.

    Args:
        member: who signs.
        proposal: what is signed.
        seen: position of the ledger that the member looked at.
        day: on which it is signed.
    """
    state = member.trial.state
    fields = {"proposal": proposal.id, "seen": seen or None, "occurred_on": day}
    event = member.event_of("ProposalSigned", fields)
    signers = [*holding(state, proposal), event.recorded_by]
    if refused := _refused(state, proposed(proposal, event, signers)):
        return Signed(refused)
    return _decided(member, member.record(event, seen, member.new_key()), proposal.id)


def dissent(member: Member, proposal: Proposal, reason: str, seen: int, day: date) -> RecordOutcome:
    """Record that a member does not agree with a proposal whose subject nothing altered.

    Args:
        member: who dissents.
        proposal: with what.
        reason: why.
        seen: position of the ledger that the member looked at.
        day: on which.
    """
    fields = {"proposal": proposal.id, "reason": reason, "seen": seen or None, "occurred_on": day}
    return member.record(member.event_of("ProposalDissented", fields), seen, member.new_key())


def _refused(state: State, event: Event) -> Refused | None:
    """Return what stands against an act, apart from signatures that are still to come."""
    verdict = check(state, event)
    if verdict.truth is TRUE:
        return None
    against = [one for one in unmet(event, verdict) if one[0] != rule(the_committee_signs)]
    return Refused("policy", Verdict(TRUE, ""), tuple(against)) if against else None


def _decided(member: Member, outcome: RecordOutcome, number: str) -> Signed:
    """Record the act of a proposal if enough have signed it now."""
    state = member.trial.state
    if not isinstance(outcome, Recorded):
        return Signed(outcome)
    proposal = state.proposals[number]
    signers = holding(state, proposal)
    if proposal.status != "open" or len(signers) < signatures_needed(state):
        return Signed(outcome)
    last = proposed(proposal, state.events[state.position], signers)
    decided = member.record(last, state.position, member.new_key())
    return Signed(decided, isinstance(decided, Recorded))
