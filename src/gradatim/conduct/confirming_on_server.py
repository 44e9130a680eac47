"""A delegation is confirmed on the server where nobody is left in the trial who could.

Whoever does it has the server and the sealing key, and no account: the ledger names them and why.
"""

from datetime import datetime

from gradatim.conduct.days import day_at
from gradatim.conduct.delegations import delegation_of
from gradatim.conduct.event_store import Head
from gradatim.conduct.event_validation import validate
from gradatim.conduct.events.base import SYSTEM
from gradatim.conduct.events.trial import DelegationConfirmed, RoleGranted
from gradatim.conduct.policies import check, refusals
from gradatim.conduct.state import State
from gradatim.conduct.trial import Trial
from gradatim.core.errors import UnusableInput
from gradatim.core.truth import TRUE


def confirm_on_server(
    trial: Trial, position: int, administrator: str, reason: str, now: datetime
) -> tuple[RoleGranted, int]:
    """Confirm a delegation outside the application.

    Args:
        trial: the trial, on a store that seals.
        position: the entry that gives the task.
        administrator: who confirms it, by name.
        reason: why it is confirmed here.
        now: the time.

    Returns:
        What was confirmed, and the entry that says so.

    Raises:
        UnusableInput: nothing waits there, or a rule speaks against the task; a name or a reason is
            missing.
    """
    for name, said in (("--by", administrator), ("--reason", reason)):
        if len(said.strip()) < _LEAST:
            raise UnusableInput(f"{name} says nothing", name, todo="say who confirms it, and why")

    def confirmation(_head: Head) -> DelegationConfirmed:
        return _checked(trial.state, position, administrator, reason, now)

    at = trial.record_own(confirmation)
    return delegation_of(trial.state, position), at


def _checked(
    state: State, position: int, administrator: str, reason: str, now: datetime
) -> DelegationConfirmed:
    site = delegation_of(state, position).site if position in state.unconfirmed else ""
    event = DelegationConfirmed(
        occurred_on=day_at(state, site, now),
        recorded_at=now,
        recorded_by=SYSTEM,
        site=site,
        of=position,
        administrator=administrator,
        reason=reason,
    )
    validate(state, event)
    verdict = check(state, event)
    if verdict.truth is not TRUE:
        why = "; ".join(text for _, text in refusals(state, event, verdict))
        raise UnusableInput(f"entry {position} is not confirmed", "DelegationConfirmed", why)
    return event


_LEAST = 3  # characters
