"""What queries, verification, decisions and locks add to the state."""

from gradatim.conduct.events import review
from gradatim.conduct.folding.handlers import Handlers
from gradatim.conduct.proposed_acts import can_agree, signatures_needed
from gradatim.conduct.state import Cohort, Proposal, Query, State
from gradatim.protocol.questions import ruled_design

OPENING = ("start", "escalate", "stay", "de_escalate")
"""Decisions that open a cohort."""


def _queried(state: State, position: int, event: review.QueryOpened) -> None:
    query = Query(event.query, event.of, event.question, opened_by=event.recorded_by)
    state.queries.setdefault(event.query, query)


def _answered(state: State, position: int, event: review.QueryAnswered) -> None:
    if (one := state.queries.get(event.query)) and one.status != "closed":
        one.status, one.answer, one.stands = "answered", event.answer, event.stands


def _closed(state: State, position: int, event: review.QueryClosed) -> None:
    if one := state.queries.get(event.query):
        one.status = "closed"


def _verified(state: State, position: int, event: review.SourceDataVerified) -> None:
    state.verified |= set(event.entries)


def _met(state: State, position: int, event: review.ReviewMeetingHeld) -> None:
    state.meetings.append(position)


def _decided(state: State, position: int, event: review.DoseDecision) -> None:
    state.decisions.append(position)
    if event.action == "hold":
        return
    for cohort in state.cohorts:
        cohort.status = "closed"
    if event.action in OPENING and event.level is not None and state.versions:
        places = places_at(state, event.level)
        state.cohorts.append(Cohort(len(state.cohorts) + 1, event.level, places, position))
    elif event.action == "stop":
        state.stopped = position


def places_at(state: State, level: int) -> int:
    """Give how many places a new cohort at a level has, by the design and its limits."""
    design = ruled_design(state.study)
    there = sum(one.level == level and not one.replaced for one in state.participants.values())
    everywhere = sum(
        one.level is not None and not one.replaced for one in state.participants.values()
    )
    left = design.maximum_per_level - there
    if design.maximum_participants is not None:
        left = min(left, design.maximum_participants - everywhere)
    return max(0, min(design.cohort_size, left))


def _proposed(state: State, position: int, event: review.ProposalMade) -> None:
    seen = {event.recorded_by: _seen(position, event)}
    state.proposals.setdefault(event.proposal, Proposal(event.proposal, position, event.act, seen))


def _signed(state: State, position: int, event: review.ProposalSigned) -> None:
    if one := state.proposals.get(event.proposal):
        one.seen[event.recorded_by] = _seen(position, event)


def _seen(position: int, event: review.ProposalMade | review.ProposalSigned) -> int:
    """Return what a signer had looked at; where an older entry does not say, all before it."""
    return position - 1 if event.seen is None else event.seen


def _dissented(state: State, position: int, event: review.ProposalDissented) -> None:
    one = state.proposals.get(event.proposal)
    if one is None or one.status != "open":
        return
    one.dissents[event.recorded_by] = position
    if can_agree(state, one) < signatures_needed(state):
        one.status = "not carried"


def _withdrawn(state: State, position: int, event: review.ProposalWithdrawn) -> None:
    if one := state.proposals.get(event.proposal):
        one.status = "withdrawn"


def _locked(state: State, position: int, event: review.DataLocked) -> None:
    state.locked = True


def _unlocked(state: State, position: int, event: review.DataUnlocked) -> None:
    state.locked = False


def _exported(state: State, position: int, event: review.ExportMade) -> None:
    state.exports.append(position)


HANDLERS: Handlers = {
    review.QueryOpened: _queried,
    review.QueryAnswered: _answered,
    review.QueryClosed: _closed,
    review.SourceDataVerified: _verified,
    review.ReviewMeetingHeld: _met,
    review.ProposalMade: _proposed,
    review.ProposalSigned: _signed,
    review.ProposalDissented: _dissented,
    review.ProposalWithdrawn: _withdrawn,
    review.DoseDecision: _decided,
    review.DataLocked: _locked,
    review.DataUnlocked: _unlocked,
    review.ExportMade: _exported,
}
