"""The act that a proposal proposes: which it is, who may still agree, that it was recorded."""

from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from gradatim.conduct.events.base import Event
from gradatim.conduct.events.review import ProposalDissented
from gradatim.conduct.state import Proposal, State

OF_THE_RECORD = (
    "recorded_at",
    "recorded_by",
    "protocol",
    "signature",
    "signers",
    "occurred_on",
    "site",
    "software",
)
"""What belongs to the recording, and is not part of what is proposed."""


def act_of(event: Event) -> dict[str, Any]:
    """Give what is proposed: an event without who recorded it when, and without its signers."""
    plain: dict[str, Any] = msgspec.to_builtins(event)
    return {name: value for name, value in plain.items() if name not in OF_THE_RECORD}


def signatures_needed(state: State) -> int:
    """Give how many members must sign."""
    asked = state.study.safety.committee if state.versions else None
    return asked.signers if asked else 1


def committee_members(state: State) -> set[str]:
    """Return who sits in the safety committee."""
    return {name for (name, _), roles in state.roles.items() if "safety_committee" in roles}


def can_agree(state: State, proposal: Proposal) -> int:
    """Return how many may still sign a proposal, or have: seats that are not of who dissented."""
    asked = state.study.safety.committee if state.versions else None
    members = committee_members(state) | set(proposal.dissents)
    seats = max(len(members), asked.seats or 0) if asked else len(members)
    return seats - len(proposal.dissents)


class Dissent(NamedTuple):
    """That a member did not agree with a proposal: who, why, when, and by which entry."""

    by: str
    reason: str
    at: datetime
    position: int


def dissents_from(state: State, proposal: Proposal) -> list[Dissent]:
    """Return who did not agree with a proposal, and why."""
    made = ((position, state.events[position]) for position in proposal.dissents.values())
    return [
        Dissent(one.recorded_by, one.reason, one.recorded_at, position)
        for position, one in made
        if isinstance(one, ProposalDissented)
    ]


def dissents_on(state: State, act: Event) -> list[Dissent]:
    """Return who did not agree with an act that the committee signed, and why."""
    return [found for one in proposals_of(state, act) for found in dissents_from(state, one)]


def proposals_of(state: State, event: Event) -> list[Proposal]:
    """Return the proposals by which an act came about: recorded, with the same fields."""
    act = act_of(event)
    return [one for one in state.proposals.values() if one.status == "recorded" and one.act == act]


def open_proposals(state: State, event: Event) -> list[Proposal]:
    """Return the open proposals of an act."""
    if not any(one.status == "open" for one in state.proposals.values()):
        return []
    act = act_of(event)
    return [one for one in state.proposals.values() if one.status == "open" and one.act == act]


def settle(state: State, event: Event) -> None:
    """Mark the proposals of an act that has been recorded."""
    for one in open_proposals(state, event):
        one.status = "recorded"
