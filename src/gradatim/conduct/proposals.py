"""Proposals: an act that several members of the committee sign, each for themselves.

The act is recorded by the last who signs, with all who signed as its signers. In a real trial no
signer is believed without their own signature in the ledger. A signature is of the subject as its
signer saw it: what alters the subject afterwards is signed anew.
"""

from collections.abc import Sequence

from gradatim.conduct.alterations import altered
from gradatim.conduct.events import built
from gradatim.conduct.events.base import Event
from gradatim.conduct.proposed_acts import open_proposals
from gradatim.conduct.state import Proposal, State


def proposed(proposal: Proposal, by: Event, signers: Sequence[str]) -> Event:
    """Return the proposed event as it would be recorded now.

    Args:
        proposal: what was proposed.
        by: the last signature; its day, time and user are those of the act.
        signers: whose signatures it carries.
    """
    return built(
        {
            **proposal.act,
            "signers": list(signers),
            "occurred_on": by.occurred_on,
            "recorded_at": by.recorded_at,
            "recorded_by": by.recorded_by,
        }
    )


def altered_since(state: State, proposal: Proposal) -> tuple[int, ...]:
    """Return what altered the subject of an open proposal after somebody had signed it."""
    if proposal.status != "open":
        return ()
    return state.remembered(
        f"altered {proposal.id}",
        lambda: altered(state, proposal.act, min(proposal.seen.values())),
    )


def holding(state: State, proposal: Proposal) -> list[str]:
    """Return whose signatures hold: who signed a proposal's subject as it stands now.

    A signature is of what its signer saw (21 CFR 11.70). Of a proposal that was recorded or
    withdrawn every signature is returned: what came after did not alter what was decided. Whoever
    dissented signs no more.
    """
    last = max(altered_since(state, proposal), default=0)
    return [
        user
        for user, seen in proposal.seen.items()
        if seen >= last and user not in proposal.dissents
    ]


def unsigned_signers(state: State, event: Event) -> list[str]:
    """Return who is named as a signer of an act and has signed no proposal of it as it stands."""
    signed = {user for one in open_proposals(state, event) for user in holding(state, one)}
    signers: tuple[str, ...] = getattr(event, "signers", ())
    return [user for user in signers if user not in signed]
