"""Which approvals are in force on a day, and which have lapsed or are about to."""

from datetime import date
from typing import NamedTuple

from gradatim.conduct.events.trial import ApprovalRecorded, Authority
from gradatim.conduct.state import State

AUTHORITIES: tuple[Authority, ...] = ("ethics", "regulator")


class Lapse(NamedTuple):
    """An authority without an approval in force.

    Args:
        authority: whose.
        until: the last day of its last approval; None where it never approved.
    """

    authority: Authority
    until: date | None


def expiries(state: State, authority: Authority, scope: str = "") -> list[date | None]:
    """Return until when the approvals of an authority hold; None is without an end.

    Of several for one version the last recorded counts: one that was shortened is shorter. Those of
    versions that were never in force do not count.
    """
    known = {one.version for one in state.versions}
    last = {
        one.version: one.expires_on
        for at in state.approvals
        if isinstance(one := state.events[at], ApprovalRecorded)
        and (one.authority, one.scope) == (authority, scope)
        and one.version in known
    }
    return list(last.values())


def in_force_until(state: State, authority: Authority) -> date | None:
    """Return the last day of the approvals of an authority; None where it has no end."""
    found = expiries(state, authority)
    return None if None in found else max(filter(None, found), default=None)


def lapsed(state: State, on: date) -> list[Lapse]:
    """Return the authorities whose approval is not in force on a day.

    A trial that is not real is asked for none; one that was recorded there can lapse as well.
    """
    found = []
    for authority in AUTHORITIES:
        known = expiries(state, authority)
        if not known and state.mode != "real":
            continue
        if all(until is not None and until < on for until in known):
            found.append(Lapse(authority, in_force_until(state, authority)))
    return found


def later_doses_agreed(state: State, on: date) -> bool:
    """Whether the ethics committee agreed that who is in treatment goes on though it lapsed."""
    known = expiries(state, "ethics", "later doses")
    return any(until is None or until >= on for until in known)
