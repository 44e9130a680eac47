"""Stopping rules: rules of the protocol, asked of the whole trial's safety data."""

from collections.abc import Iterator, Sequence
from datetime import date
from typing import NamedTuple

from gradatim.core.dates import on
from gradatim.core.truth import FALSE, Truth
from gradatim.core.verdict import Verdict
from gradatim.evidence.facts import Fact, Facts
from gradatim.protocol.study import Study
from gradatim.protocol.treatment import StoppingRule
from gradatim.rules.evaluate import evaluate
from gradatim.rules.situation import FIRST_DOSE, Situation
from gradatim.safety.dlt import facts_of
from gradatim.safety.events import AdverseEvent

LIMITING = "dose_limiting_toxicity"


class Watched(NamedTuple):
    """A participant as the stopping rules see one.

    Args:
        participant: who.
        level: dose level; None of somebody not enrolled.
        events: adverse events.
        limiting: whether they have, or may have, a dose-limiting toxicity, and since when.
    """

    participant: str
    level: int | None
    events: Sequence[AdverseEvent]
    limiting: date | None = None


class Fired(NamedTuple):
    """A stopping rule that has fired, or may have: UNKNOWN is not no.

    Args:
        rule: the rule.
        level: the level, of a rule that stops a level.
        verdict: what it says.
        by: the events and participants that fired it, by id.
    """

    rule: StoppingRule
    level: int | None
    verdict: Verdict
    by: tuple[str, ...]

    @property
    def certain(self) -> bool:
        """Whether it has fired, and not only may have."""
        return self.verdict.truth is Truth.TRUE


def fired(study: Study, watched: Sequence[Watched], as_of: date) -> Iterator[Fired]:
    """Give the stopping rules that have fired, or may have, as of a day."""
    levels = sorted({one.level for one in watched if one.level is not None})
    for rule in study.safety.stopping_rules:
        of_levels: list[int | None] = [*levels] if rule.action == "stop level" else [None]
        for level in of_levels:
            some = [one for one in watched if level is None or one.level == level]
            verdict = evaluate(rule.rule, _situation(study, some, as_of))
            if verdict.truth is not FALSE:
                yield Fired(rule, level, verdict, tuple(_ids(verdict)))


def _ids(verdict: Verdict) -> Iterator[str]:
    found = {fact.id: None for one in verdict.leaves() for fact in one.evidence}
    yield from found


def _situation(study: Study, watched: Sequence[Watched], as_of: date) -> Situation:
    """Pool the safety data of several participants; each event is named with its participant."""
    pooled: dict[str, list[Fact]] = {}
    for one in watched:
        facts = facts_of(study, one.participant, one.events)
        for name, some in facts.by_element.items():
            pooled.setdefault(name, []).extend(some)
        if one.limiting is not None and LIMITING in study.elements:
            day = on(one.limiting)
            pooled.setdefault(LIMITING, []).append(Fact(LIMITING, one.participant, day, day))
    empty = facts_of(study, "", [])
    facts = Facts("trial", by_element={name: tuple(some) for name, some in pooled.items()},
                  coverage=empty.coverage)  # fmt: skip
    anchors = dict.fromkeys([*study.schedule.anchors, FIRST_DOSE], as_of)
    return Situation(study, facts, anchors, as_of)
