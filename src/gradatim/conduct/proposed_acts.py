"""The act that a proposal proposes: which it is, and that it has been recorded."""

from typing import Any

import msgspec

from gradatim.conduct.events.base import Event
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
