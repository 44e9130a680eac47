"""Which approvals are in force on a day, and which have lapsed or are about to.

An approval holds from the day on which it was given to its last: a renewal does not reach back over
the days between. It is asked of the version of the protocol in force; one of an earlier version
covers nothing any more.
"""

from datetime import date
from typing import Literal, NamedTuple

from gradatim.conduct.events.trial import ApprovalRecorded, Authority
from gradatim.conduct.state import State

AUTHORITIES: tuple[Authority, ...] = ("ethics", "regulator")
Scope = Literal["", "later doses"]


class Lapse(NamedTuple):
    """An authority without an approval in force.

    Args:
        authority: whose.
        until: the last day of its last approval; None where it had never approved.
    """

    authority: Authority
    until: date | None


def approved(state: State, authority: Authority, version: str, on: date, scope: Scope = "") -> bool:
    """Whether an approval of a version of the protocol is in force on a day."""
    given = _given(state, authority, version, scope)
    return _until(given, on) >= on


def last_day(state: State, authority: Authority, on: date) -> date | None:
    """Return the last day of the approval of the version in force on a day.

    None where it has no end, and where none had been given by then.
    """
    given = _given(state, authority, _version(state, authority, on), "")
    until = _until(given, on)
    return None if until in (date.min, date.max) else until


def lapsed(state: State, on: date) -> list[Lapse]:
    """Return the authorities whose approval is not in force on a day.

    A trial that is not real is asked for none; one that was recorded there can lapse as well.
    """
    found = []
    for authority in AUTHORITIES:
        until = _until(_given(state, authority, _version(state, authority, on), ""), on)
        if until < on and (until > date.min or state.mode == "real"):
            found.append(Lapse(authority, None if until == date.min else until))
    return found


def later_doses_agreed(state: State, on: date) -> bool:
    """Whether the ethics committee agreed that who is in treatment goes on though it lapsed."""
    return approved(state, "ethics", _version(state, "ethics", on), on, "later doses")


def _given(
    state: State, authority: Authority, version: str, scope: Scope
) -> list[ApprovalRecorded]:
    """Return the approvals of a version, in the order in which they were recorded."""
    recorded = (state.events[at] for at in state.approvals)
    return [
        one
        for one in recorded
        if isinstance(one, ApprovalRecorded)
        and (one.authority, one.version, one.scope) == (authority, version, scope)
    ]


def _until(given: list[ApprovalRecorded], on: date) -> date:
    """Return until when the last approval holds that had been given by a day.

    What was recorded since can end it earlier. The last day there is, where it has no end; the
    first, where none had been given.
    """
    last = max((n for n, one in enumerate(given) if one.occurred_on <= on), default=None)
    if last is None:
        return date.min
    return min(one.expires_on or date.max for one in given[last:])


def _version(state: State, authority: Authority, on: date) -> str:
    """Return the version whose approval is asked for on a day: the one in force.

    A version that was put into force as an urgent safety measure goes on under the approval before
    it, until the authority has approved it.
    """
    in_force = [one.version for one in state.versions if one.on <= on]
    known = (
        one
        for one in reversed(in_force)
        if _until(_given(state, authority, one, ""), on) > date.min
    )
    return next(known, in_force[-1] if in_force else "")
