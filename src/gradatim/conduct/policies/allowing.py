"""Policies of what the committee allows of a dose, and whom it calls evaluable or observed."""

from gradatim.conduct.events.safety import (
    DosingAllowed,
    EvaluabilityJudged,
    SentinelObservationJudged,
)
from gradatim.conduct.policies.entry import person
from gradatim.conduct.policies.verdicts import broken, every, holds
from gradatim.conduct.state import State
from gradatim.conduct.views.doses import given
from gradatim.conduct.views.safety import possible_dlts, reactions_while_watched
from gradatim.core.verdict import Verdict


def the_protocol_leaves_it_to_the_committee(state: State, event: DosingAllowed) -> Verdict:
    """The committee allows what the protocol leaves to it, of what stands in the way now."""
    one = person(state, event)
    gate = state.governing("treatment", one).treatment.gate
    found: list[str] = []
    if not (event.candidates or event.closed_level or event.level is not None):
        found.append("nothing is named that is to be allowed")
    known = {other.id for other in possible_dlts(state, one) if other.counts}
    if strange := [name for name in event.candidates if name not in known]:
        found.append(f"{', '.join(strange)} is no candidate that counts")
    asked = (
        (bool(event.candidates), gate.after_dose_limiting_toxicity, "a dose-limiting toxicity"),
        (event.closed_level, gate.under_closed_level, "the closing of its level"),
    )
    found += [
        f"the protocol allows no dose after {what}"
        for wanted, said, what in asked
        if wanted and said != "committee"
    ]
    if event.level is not None and gate.dose_reduction != "committee":
        found.append("the protocol allows no dose at a lower level")
    if event.level is not None and event.level >= (one.level or 0):
        found.append(f"level {event.level} is not below level {one.level}, which was assigned")
    if not given(state, one):
        found.append(f"{one.id} has had no dose; only later doses can be allowed")
    return every(*map(broken, found)) if found else holds("the protocol leaves it to the committee")


def the_observation_can_be_judged(state: State, event: SentinelObservationJudged) -> Verdict:
    """The committee judges how somebody was observed after a dose, and knows what they had."""
    one, sentinel = person(state, event), state.governing("safety").safety.sentinel
    if sentinel is None:
        return broken("the protocol asks for no sentinel")
    if not given(state, one):
        return broken(f"{one.id} has had no dose")
    had, named = reactions_while_watched(state, one, sentinel), set(event.candidates)
    found = [f"{name} is no candidate that counts and began then" for name in named.difference(had)]
    if event.observed and (unnamed := [name for name in had if name not in named]):
        found.append(f"{', '.join(unnamed)} began while {one.id} was watched: it is to be named")
    return every(*map(broken, sorted(found))) if found else holds(f"{one.id} has been dosed")


def no_toxicity_is_set_aside(state: State, event: EvaluabilityJudged) -> Verdict:
    """Who has been dosed is judged; one with a candidate that counts is evaluable in any case."""
    one = person(state, event)
    if not given(state, one):
        return broken(f"{one.id} has not been dosed")
    standing = [
        f"{found.label} ({found.id})" for found in possible_dlts(state, one) if found.counts
    ]
    if standing and not event.evaluable:
        return broken(f"{one.id} counts for {', '.join(standing)}")
    return holds(f"{one.id} has been dosed")
