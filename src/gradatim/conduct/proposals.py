"""Proposals: an act that several members of the committee sign, each for themselves.

The act is recorded by the last who signs, with all who signed as its signers. In a real trial no
signer is believed without their own signature in the ledger.
"""

from typing import Any

import msgspec

from gradatim.conduct.events import built
from gradatim.conduct.events.base import Event
from gradatim.conduct.state import Proposal, State

OF_THE_RECORD = ("recorded_at", "recorded_by", "protocol", "signature", "signers", "occurred_on",
                 "site")  # fmt: skip
"""What belongs to the recording, and is not part of what is proposed."""


def act_of(event: Event) -> dict[str, Any]:
    """Give what is proposed: an event without who recorded it when, and without its signers."""
    plain: dict[str, Any] = msgspec.to_builtins(event)
    return {name: value for name, value in plain.items() if name not in OF_THE_RECORD}


def proposed(proposal: Proposal, by: Event) -> Event:
    """Give the proposed event as it would be recorded now, signed by all who have signed.

    Args:
        proposal: what was proposed.
        by: the last signature; its day, time and user are those of the act.
    """
    return built({**proposal.act, "signers": proposal.signers, "occurred_on": by.occurred_on,
                  "recorded_at": by.recorded_at, "recorded_by": by.recorded_by})  # fmt: skip


def needed(state: State) -> int:
    """Give how many members must sign."""
    asked = state.study.safety.committee if state.versions else None
    return asked.signers if asked else 1


def unsigned_signers(state: State, event: Event) -> list[str]:
    """Give who is named as a signer of an act without having signed a proposal of it."""
    act = act_of(event)
    signed = {user for one in state.proposals.values() if one.act == act and one.status == "open"
              for user in one.signers}  # fmt: skip
    signers: tuple[str, ...] = getattr(event, "signers", ())
    return [user for user in signers if user not in signed]


def settle(state: State, event: Event) -> None:
    """Mark the proposals of an act that has been recorded."""
    if not any(one.status == "open" for one in state.proposals.values()):
        return
    act = act_of(event)
    for one in state.proposals.values():
        if one.status == "open" and one.act == act:
            one.status = "recorded"
