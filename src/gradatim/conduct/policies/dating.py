"""Policies of when an act is dated: an authorisation is of the day on which it is given.

A signature's time is when it is given (21 CFR 11.50(a)(2)): an act that authorises something is not
dated ahead, so that a wait seems over, nor back, to a day on which it would have been allowed.
"""

from gradatim.conduct.catalogue import ACTS
from gradatim.conduct.days import day_of, recorded_on
from gradatim.conduct.events.base import Event
from gradatim.conduct.events.participants import ParticipantEnrolled
from gradatim.conduct.messages import Breach
from gradatim.conduct.paper import is_transcribed
from gradatim.conduct.policies.verdicts import broken, either, holds
from gradatim.conduct.state import State
from gradatim.core.verdict import Verdict


def is_of_its_day(event: type[Event]) -> bool:
    """Whether an act has to be of the day on which it is recorded: what is signed, and a place."""
    return bool(ACTS[event].meaning) or event is ParticipantEnrolled


def the_act_is_of_the_day_it_is_given(state: State, event: Event) -> Verdict:
    """An authorisation is dated when it is given; what was signed on paper, when it was then."""
    if is_transcribed(event):
        then = day_of(state, event)
        told = Breach.PAPER_DATED(day=event.occurred_on, day2=then)
        return either(then == event.occurred_on, "it is of the day of the paper", told)
    if event.paper is not None:
        return broken(Breach.NOT_ON_PAPER())
    now = recorded_on(state, event)
    if event.occurred_on == now:
        return holds("it is of the day on which it is given")
    dated = Breach.DATED_AHEAD if event.occurred_on > now else Breach.DATED_BACK
    return broken(dated(day=event.occurred_on, day2=now))


def the_act_is_not_dated_ahead(state: State, event: Event) -> Verdict:
    """What is authorised is not dated ahead; it may have been done before it is entered."""
    now = recorded_on(state, event)
    told = Breach.DATED_AHEAD(day=event.occurred_on, day2=now)
    return either(event.occurred_on <= now, "it is not dated ahead", told)
