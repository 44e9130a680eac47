"""The numbers that the system gives: to participants, and to what is told of them.

Two who record at one moment are given one number. Neither typed it, so the later of the two gets
the next: what happened is recorded, and not refused for a number that nobody was asked for.
"""

from collections.abc import Callable
from itertools import count

import msgspec

from gradatim.conduct.checks import query_numbers
from gradatim.conduct.events.base import Event
from gradatim.conduct.events.logs import ConcomitantMedicationRecorded
from gradatim.conduct.events.participants import ParticipantRegistered
from gradatim.conduct.events.review import ProposalMade, QueryOpened
from gradatim.conduct.events.safety import AdverseEventReported
from gradatim.conduct.log_validation import NUMBER_OF, Numbered, numbers_given
from gradatim.conduct.state import State

Reseal = Callable[[ParticipantRegistered, str], ParticipantRegistered]
"""Returns a registration under another number, with who it is sealed for that number."""


def next_participant(state: State, site: str) -> str:
    """Return the number of the next person registered at a site, such as S01-004."""
    taken = sum(one.site == site for one in state.participants.values())
    numbers = (f"{site}-{n:03}" for n in count(taken + 1))
    return next(one for one in numbers if one not in state.participants)


def next_adverse_event(state: State, participant: str) -> str:
    """Return the number of the next adverse event of a participant, such as S01-004-AE2."""
    known = state.adverse_events
    taken = sum(who == participant for who in known.values())
    numbers = (f"{participant}-AE{n}" for n in count(taken + 1))
    return next(one for one in numbers if one not in known)


def next_in_log(state: State, participant: str, kind: type[Numbered]) -> str:
    """Return the number of the next entry in a log, such as S01-004-CM2; of a visit S01-004-U1."""
    letters = "CM" if kind is ConcomitantMedicationRecorded else "U"
    given = numbers_given(state, participant, kind)
    numbers = (f"{participant}-{letters}{n}" for n in count(len(given) + 1))
    return next(one for one in numbers if one not in given)


def next_proposal(state: State) -> str:
    """Return the number of the next proposal of the committee, such as D3."""
    numbers = (f"D{n}" for n in count(len(state.proposals) + 1))
    return next(one for one in numbers if one not in state.proposals)


def with_free_number(state: State, event: Event, reseal: Reseal) -> Event:
    """Return an event under the number that the system gave it, or the next where that is taken.

    Args:
        state: the trial as it is when the event is recorded.
        event: what is recorded; its number was given by what was known before.
        reseal: see `Reseal`.
    """
    match event:
        case ParticipantRegistered() if event.participant in state.participants:
            return reseal(event, next_participant(state, event.site))
        case AdverseEventReported() if event.adverse_event in state.adverse_events:
            number = next_adverse_event(state, event.participant)
            return msgspec.structs.replace(event, adverse_event=number)
        case QueryOpened() if event.query in state.queries:
            return msgspec.structs.replace(event, query=next(query_numbers(state)))
        case ProposalMade() if event.proposal in state.proposals:
            return msgspec.structs.replace(event, proposal=next_proposal(state))
    if not isinstance(event, Numbered):
        return event
    kind, name = type(event), NUMBER_OF[type(event)]
    if getattr(event, name) not in numbers_given(state, event.participant, kind):
        return event
    return msgspec.structs.replace(event, **{name: next_in_log(state, event.participant, kind)})
