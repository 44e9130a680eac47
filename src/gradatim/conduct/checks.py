"""Edit checks: values that were entered together and do not go together are questioned.

A check is a rule of the latest version of the protocol: it is about what is entered now, whichever
version a participant is treated by. It is asked of the values of one day, and only when one of the
values that it is about has been entered; what is not known does not question anything.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from itertools import count

from gradatim.conduct.events.base import SYSTEM, Event
from gradatim.conduct.events.findings import (
    LaboratoryResultsRecorded,
    ScoresRecorded,
    VitalSignsRecorded,
)
from gradatim.conduct.events.participants import EntryCorrected
from gradatim.conduct.events.review import QueryOpened
from gradatim.conduct.folding.participants import corrected
from gradatim.conduct.state import Participant, State
from gradatim.conduct.views.facts import facts_in, facts_of
from gradatim.conduct.views.grades import position_of
from gradatim.core.truth import FALSE
from gradatim.evidence.facts import Fact, Facts
from gradatim.protocol.nodes import elements_of, leaves
from gradatim.protocol.study import Check, Study
from gradatim.rules.evaluate import evaluate
from gradatim.rules.situation import FIRST_DOSE, Situation

Results = LaboratoryResultsRecorded | VitalSignsRecorded | ScoresRecorded


def unfulfilled(state: State, event: Event) -> list[Check]:
    """Give the edit checks that an entry of results does not fulfil, with those of its day."""
    position, meant = _meant(state, event)
    if not isinstance(meant, Results) or not state.versions:
        return []
    participant, study = state.participants[meant.participant], state.study
    entered = list(facts_in(position, meant, state))
    named = {fact.element for fact in entered}
    situation = _of_the_day(state, participant, study, entered)
    return [one for one in study.checks if named & about(study, one)
            and evaluate(one.rule, situation).truth is FALSE]  # fmt: skip


def _meant(state: State, event: Event) -> tuple[int, Event]:
    """Give the entry that an event is, with its position; of a correction, the entry corrected."""
    was = state.events.get(event.of) if isinstance(event, EntryCorrected) else None
    if isinstance(event, EntryCorrected) and isinstance(was, Results):
        return event.of, corrected(was, event.fields)
    return state.position + 1, event


def about(study: Study, check: Check) -> set[str]:
    """Give the elements that a check is about, with those that they are derived from."""
    found = {name for leaf in leaves(check.rule) for name in elements_of(leaf)}
    waiting = list(found)
    while waiting:
        derived = study.elements[waiting.pop()].derived
        new = set(derived.inputs.values()) - found if derived else set()
        found |= new
        waiting += new
    return found


def questions(state: State, event: Event) -> Iterator[QueryOpened]:
    """Open a query for each edit check that an entry, which comes next, does not fulfil."""
    for check, number in zip(unfulfilled(state, event), query_numbers(state), strict=False):
        yield QueryOpened(
            query=number, of=state.position + 1, question=check.text,
            occurred_on=event.occurred_on, recorded_at=event.recorded_at, recorded_by=SYSTEM,
            site=event.site, protocol=event.protocol,
        )  # fmt: skip


def query_numbers(state: State) -> Iterator[str]:
    """Give the numbers of the next queries, such as Q12, without end."""
    numbers = (f"Q{n}" for n in count(len(state.queries) + 1))
    return (one for one in numbers if one not in state.queries)


def _of_the_day(state: State, participant: Participant, study: Study, entered: list[Fact]
                ) -> Situation:  # fmt: skip
    """Give what rules ask: the values entered, and those of the same day."""
    day = entered[0].start if entered else None
    known = facts_of(state, participant)
    values: dict[str, list[Fact]] = {}
    anew = {position_of(fact) for fact in entered}
    before = (fact for some in known.by_element.values() for fact in some
              if fact.start == day and position_of(fact) not in anew)  # fmt: skip
    for fact in (*before, *entered):
        values.setdefault(fact.element, []).append(fact)
    facts: Facts = replace(known, by_element={name: tuple(some) for name, some in values.items()})
    on: date = day.last if day else date.max
    anchors = dict.fromkeys([*study.schedule.anchors, FIRST_DOSE], on)
    return Situation(study, facts, anchors, on)
