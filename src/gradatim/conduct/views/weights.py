"""The body weights of a participant that a dose is scaled by, as they are recorded.

The weight at the protocol's anchor (`weight_from`) is the latest one of the visit of that anchor;
the weight on the day is the latest one of the day of the dose. Weights that do not go together
count only once the query about each is answered that it is right, or a second weighing bears it
out, as the protocol has it (`treatment.gate`), or once one is corrected.
"""

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from gradatim.conduct.event_for_element import WEIGHT
from gradatim.conduct.events.base import Event
from gradatim.conduct.state import Participant, Query, State
from gradatim.conduct.views.anchors import anchors_of
from gradatim.conduct.views.facts import facts_in, facts_of, position_of
from gradatim.conduct.views.visits import window_days
from gradatim.core.dates import Day
from gradatim.core.quantity import convert
from gradatim.core.truth import TRUE
from gradatim.dosing.product import Weights
from gradatim.dosing.steps import KG
from gradatim.dosing.weight import agrees, in_doubt
from gradatim.evidence.facts import Fact
from gradatim.protocol.study import Study
from gradatim.rules.context import Situation

QUESTION = "Is this body weight right, and in kg?"
"""How a query about an implausible weight begins."""


class Weighed(NamedTuple):
    """A recorded weight.

    Args:
        kg: the weight.
        day: when it was taken.
        position: the entry that holds it.
        taken_at: the time at which it was taken; None is not known.
        recorded_at: when it was recorded.
    """

    kg: float
    day: Day
    position: int
    taken_at: datetime | None
    recorded_at: datetime


class RecordedWeights(NamedTuple):
    """The weights that a dose is scaled by, as far as they are recorded.

    Args:
        weights: None where no weight is recorded.
        doubt: why they cannot be relied on; empty where they can.
    """

    weights: Weights | None
    doubt: str = ""


def weight_elements(study: Study) -> list[str]:
    """Return the names of the elements that hold a body weight, known by their LOINC code."""
    return [name for name, element in study.elements.items() if WEIGHT in element.loinc]


def weighed(state: State, participant: Participant) -> list[Weighed]:
    """Return the recorded weights, in the order in which they were taken."""
    names = weight_elements(state.governing("elements", participant))
    known = facts_of(state, participant)
    found = [
        _weighed(fact, kg, state.events[position_of(fact)])
        for name in names
        for fact in known.of(name)
        if (kg := in_kg(fact)) is not None
    ]
    return sorted(found, key=_in_order)


def in_kg(fact: Fact) -> float | None:
    """Return a fact's value in kg; None where it is no number that converts to kg."""
    kg = None if fact.value is None or fact.bound else convert(fact.value, fact.unit, KG)
    return kg if kg is not None and kg > 0 else None


def _weighed(fact: Fact, kg: float, entry: Event) -> Weighed:
    at = position_of(fact)
    return Weighed(kg, fact.start, at, getattr(entry, "taken_at", None), entry.recorded_at)


def doubtful(state: State, participant: Participant, known: Sequence[Weighed]) -> dict[int, str]:
    """Return which of some weights, in the order of time, cannot be relied on, and why each.

    Of two that do not go together nobody knows which is right: both are in doubt.

    Returns:
        The reasons by the entries that hold the weights.
    """
    gate = state.governing("treatment", participant).treatment.gate

    def confirmed(places: Sequence[int]) -> bool:
        answered = any(_confirmed(state, known[n].position) for n in places)
        if gate.weight_outlier == "weighed again":  # what was there first cannot be weighed again
            return len(places) > 1 or (answered and 0 in places)
        return answered

    found = in_doubt([one.kg for one in known], confirmed, gate.weight_change)
    return {known[n].position: why for n, why in found.items()}


def doubts_with(
    state: State, participant: Participant, fact: Fact, entry: Event
) -> list[tuple[Weighed, str]]:
    """Return the weights that one to be entered brings into doubt, itself among them, and why.

    Args:
        state: the trial.
        participant: of whom.
        fact: the weight; the entry that it stands in for, if any, does not count.
        entry: what tells of it.

    Returns:
        The weights; the position of the new one is 0, as nobody was asked about it yet.
    """
    kg, position = in_kg(fact), position_of(fact)
    if kg is None:
        return []
    agreed = _agreed(state, participant) if position > state.position else None
    change = state.governing("treatment", participant).treatment.gate.weight_change
    if agreed is not None and (kg in agreed or agrees(kg, agreed, change)):
        return []
    known = [one for one in weighed(state, participant) if one.position != position]
    before = doubtful(state, participant, known)
    new = _weighed(fact, kg, entry)
    order = sorted([*known, new], key=_in_order)
    new = new._replace(position=0)
    together = [new if one.position == position else one for one in order]
    after = doubtful(state, participant, together)
    return [
        (one, after[one.position])
        for one in (new, *known)
        if one.position in after and one.position not in before
    ]


def _agreed(state: State, participant: Participant) -> frozenset[float] | None:
    """Return the weights recorded, where all bear one another out in whatever order they came.

    None where one is in doubt, or would be in another order.
    """
    change = state.governing("treatment", participant).treatment.gate.weight_change

    def begin() -> frozenset[float] | None:
        known = {one.kg for one in weighed(state, participant)}
        if in_doubt(sorted(known), lambda places: False, change):
            return None  # a rise is the greater part of the lighter
        return frozenset(known)

    def grow(agreed: frozenset[float] | None, positions: list[int]) -> frozenset[float] | None:
        names = weight_elements(state.governing("elements", participant))
        for at in positions:
            for fact in facts_in(at, state.events[at], state):
                kg = in_kg(fact) if fact.element in names else None
                if kg is None or agreed is None or kg in agreed:
                    continue
                agreed = agreed | {kg} if agrees(kg, agreed, change) else None
        return agreed

    return participant.grown("weights that agree", begin, grow)


def _in_order(one: Weighed) -> tuple[date, datetime, int]:
    return one.day.first, one.taken_at or one.recorded_at, one.position


def is_questioned(state: State, position: int) -> bool:
    """Whether somebody is asked whether the weight of an entry is right, or has said that it is.

    A query that was closed without that answer asks nobody any more.
    """
    return any(one.stands or one.status != "closed" for one in _questions(state, position)[-1:])


def _confirmed(state: State, position: int) -> bool:
    """Whether the latest query about a weight has the answer that it is right as it stands."""
    asked = _questions(state, position)
    return bool(asked) and asked[-1].stands is True


def _questions(state: State, position: int) -> list[Query]:
    entries = {position, *state.corrected_by.get(position, ())}
    return [
        one
        for one in state.queries.values()
        if one.of in entries and one.question.startswith(QUESTION)
    ]


def weights_for_dose(
    state: State,
    participant: Participant,
    day: date,
    *,
    since: date | None = None,
    until: datetime | None = None,
) -> RecordedWeights:
    """Return the weights that a dose is scaled by, by the protocol's rule.

    Args:
        state: the trial.
        participant: whose dose.
        day: the day of the dose.
        since: the day of its preparation, if that is another one; its weights count as of the day.
        until: the moment of the dose; weights taken later do not count.
    """
    study = state.governing("treatment", participant)
    known = [
        one
        for one in weighed(state, participant)
        if one.day.last <= day and not (until and one.taken_at and one.taken_at > until)
    ]
    if not known:
        return RecordedWeights(None)
    today = [one for one in known if one.day.first >= (since or day)]
    anchor = study.treatment.administration.weight_from
    then = _of_visit(state, participant, anchor, day, known) if anchor else None
    last = today[-1] if today else known[-1]
    open_ = doubtful(state, participant, known)
    doubt = "; ".join(
        f"{one.kg:g} kg of {one.day} (entry {one.position}) is not plausible: "
        f"{open_[one.position]}. It counts once it is corrected, or {_way(state, one.position)}"
        for one in dict.fromkeys((then, last))
        if one is not None and one.position in open_
    )
    rules = study.treatment.preparation
    compared = anchor is None or (rules is not None and rules.redose_if_weight_changes_by)
    weights = Weights(
        last.kg, then.kg if then else None, meant=True, of_the_day=bool(today) or not compared
    )
    return RecordedWeights(weights, doubt)


def _way(state: State, position: int) -> str:
    """Say what lets a weight count as it stands."""
    if is_questioned(state, position):
        return "the query about it is answered that it is right"
    return f"a query about it that begins '{QUESTION}' is answered that it is right"


def _of_visit(
    state: State, participant: Participant, anchor: str, day: date, known: list[Weighed]
) -> Weighed | None:
    """Return the latest weight of the visits that are counted from an anchor.

    A weight belongs to the visit whose window holds its day. Where there is none, one counts that
    was recorded as of such a visit after its window, but not one from before it.
    """
    study = state.governing("schedule", participant)
    anchors = anchors_of(state, participant, study, day)
    if anchors is None or anchor not in anchors:
        return None
    situation = Situation(study, facts_of(state, participant), anchors, day)
    inside: list[Weighed] = []
    named: list[Weighed] = []
    for one in known:
        entry = state.events[one.position]
        for encounter, visit in study.schedule.encounters.items():
            if visit.window.anchor != anchor:
                continue
            if situation.in_window(visit.window, one.day, one.day) is TRUE:
                inside.append(one)
            first = window_days(visit.window, situation)[0]
            if getattr(entry, "encounter", None) == encounter and (
                first is None or one.day.first >= first
            ):
                named.append(one)
    found = inside or named
    return found[-1] if found else None
