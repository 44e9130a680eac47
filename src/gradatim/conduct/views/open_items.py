"""What is still open of the data, before they are locked: by kind, each in words."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from gradatim.conduct.state import Participant, State
from gradatim.conduct.transitions import ENDED
from gradatim.conduct.views.adverse_events import courses
from gradatim.conduct.views.grades import unsigned
from gradatim.conduct.views.judgements import to_be_signed
from gradatim.conduct.views.reporting import reports, to_nullify
from gradatim.conduct.views.safety import possible_dlts
from gradatim.conduct.views.urgent import notifications
from gradatim.protocol.study import LockItem

MAY_STAY_OPEN: tuple[LockItem, ...] = ("reports", "deviations", "signatures")
"""What may stay open at a lock, for a reason, where the protocol does not say: `assumed`."""


class OpenItem(NamedTuple):
    """Something that is open.

    Args:
        kind: as the protocol names what may stay open.
        text: what it is, in words.
    """

    kind: LockItem
    text: str


def may_stay_open(state: State) -> Sequence[LockItem]:
    """Return the kinds of what may stay open at a lock, if a reason is signed."""
    lock = state.study.lock if state.versions else None
    return MAY_STAY_OPEN if lock is None else lock.may_stay_open


def open_items(state: State) -> list[OpenItem]:
    """Return all that is open, in the order in which it is to be settled."""
    return state.remembered("open items", lambda: list(_open_items(state)))


def _open_items(state: State) -> Iterator[OpenItem]:
    yield from _queries(state)
    for of_participant in (_candidates, _without_end, _reports):
        for one in state.participants.values():
            yield from of_participant(state, one)
    yield from _notices(state)
    yield from _deviations(state)
    yield from _voids(state)
    for one in state.participants.values():
        yield from _signatures(state, one)


def _queries(state: State) -> Iterator[OpenItem]:
    for query in state.queries.values():
        if query.status != "closed":
            yield OpenItem("queries", f"query {query.id} is {query.status}")


def _candidates(state: State, one: Participant) -> Iterator[OpenItem]:
    for found in possible_dlts(state, one):
        if found.dose_limiting is None:
            yield OpenItem("candidates", f"{one.id}: {found.label} is not adjudicated")


def _without_end(state: State, one: Participant) -> Iterator[OpenItem]:
    if one.status not in ENDED:
        yield OpenItem("participants", f"{one.id} is {one.status}, without an end")


def _reports(state: State, one: Participant) -> Iterator[OpenItem]:
    for due in reports(state, one):
        if due.sent is None:
            told = f"{due.clock.report} report to {due.clock.recipient}"
            yield OpenItem("reports", f"{due.adverse_event}: {told} is not sent")
    for number, recipient in to_nullify(state, one):
        yield OpenItem("reports", f"{number}: its report to {recipient} is not nullified")


def _notices(state: State) -> Iterator[OpenItem]:
    for notice in notifications(state):
        if notice.sent is None:
            what = f"the urgent safety measure of entry {notice.measure}"
            yield OpenItem("reports", f"{notice.recipient} is not told of {what}")


def _voids(state: State) -> Iterator[OpenItem]:
    for void in state.voids.values():
        if void.since is None:
            what = f"that entry {void.of} was made in error"
            yield OpenItem("signatures", f"{what} waits for a second signature")


def _deviations(state: State) -> Iterator[OpenItem]:
    for position, deviation in state.deviations.items():
        if deviation.open:
            important = "important deviation" if deviation.important else "deviation"
            yield OpenItem("deviations", f"{important} {position} is not reviewed")


def _signatures(state: State, one: Participant) -> Iterator[OpenItem]:
    for graded in unsigned(state, one):
        told = f"{graded.element} of entry {graded.position}"
        yield OpenItem("signatures", f"{one.id}: {told} is not judged")
    for position, _event in to_be_signed(state, one):
        yield OpenItem("signatures", f"entry {position} is not signed anew")
    for number, course in courses(state, one).items():
        if course.unsigned:
            yield OpenItem("signatures", f"{number}: what makes it less is not signed")
