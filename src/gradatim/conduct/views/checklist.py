"""The checklist before a dose, held against the records: what they show of items with a rule.

The rule of an item is asked of what was recorded until the dose; of several values of one day, the
one that was taken last counts, since a value is measured again to see whether it still stands.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime

from gradatim.conduct.state import Participant, State
from gradatim.conduct.views.anchors import anchors_of
from gradatim.conduct.views.facts import facts_of, position_of
from gradatim.core.verdict import Verdict
from gradatim.evidence.facts import Fact, Facts
from gradatim.protocol.treatment import PreDoseCheck
from gradatim.rules.context import Situation
from gradatim.rules.evaluate import evaluate


def items_shown(
    state: State, participant: Participant, day: date, until: datetime
) -> Iterator[tuple[PreDoseCheck, Verdict]]:
    """Give each item of the checklist that has a rule, with what the records say of it.

    Args:
        state: the trial.
        participant: whose dose.
        day: the day of the dose.
        until: the moment of the dose; what was taken later does not count.
    """
    study = state.governing("treatment", participant)
    asked = [item for item in study.treatment.checklist if item.rule is not None]
    anchors = anchors_of(state, participant, study, day)
    if not asked or anchors is None:
        return
    facts = _until(state, facts_of(state, participant), until)
    situation = Situation(study, facts, anchors, day).moved(day)
    for item in asked:
        assert item.rule is not None
        yield item, evaluate(item.rule, situation)


def _until(state: State, facts: Facts, until: datetime) -> Facts:
    """Give what was known until a moment; of values taken at known times of a day, the last."""
    known = {name: _last_of_each_day(state, some, until) for name, some in facts.by_element.items()}
    return replace(facts, by_element=known)


def _last_of_each_day(state: State, facts: tuple[Fact, ...], until: datetime) -> tuple[Fact, ...]:
    found, last = [], dict[object, tuple[datetime, Fact]]()
    for fact in facts:
        at: datetime | None = getattr(state.events[position_of(fact)], "taken_at", None)
        if at is None:
            found.append(fact)
        elif at <= until and (fact.start not in last or last[fact.start][0] <= at):
            last[fact.start] = at, fact
    return (*found, *(fact for _, fact in last.values()))
