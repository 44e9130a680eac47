"""Stopping rules: rules of the protocol, asked of the whole trial's safety data.

A rule that has fired names every event that bears it out, not only the first: one more is a new
reason to stop, which nobody has answered yet.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import NamedTuple

from gradatim.core.dates import Day, on
from gradatim.core.truth import FALSE, UNKNOWN, Truth
from gradatim.core.verdict import Verdict
from gradatim.evidence.facts import Fact, Facts
from gradatim.protocol.nodes import Event, Node, Not
from gradatim.protocol.study import Study
from gradatim.protocol.treatment import StoppingRule
from gradatim.rules.context import FIRST_DOSE, Situation
from gradatim.rules.evaluate import evaluate
from gradatim.safety.dlt import LIMITING, facts_of
from gradatim.safety.events import AdverseEvent, suspicion

NOT_JUDGED = "nobody has judged whether it is dose-limiting"
"""Why somebody may, and may not, have a dose-limiting toxicity."""


class Watched(NamedTuple):
    """A participant as the stopping rules see one.

    Args:
        participant: who.
        level: dose level; None of somebody not enrolled.
        events: adverse events.
        limiting: whether they have, or may have, a dose-limiting toxicity, and since when.
        known: the events as facts, where they have been made by `facts_for_rules` already.
        limited: whether one of what they have surely is one, and not only may be.
    """

    participant: str
    level: int | None
    events: Sequence[AdverseEvent]
    limiting: date | None = None
    known: Facts | None = None
    limited: bool = True

    def facts(self, study: Study) -> Facts:
        """Give the events as the facts that rules are evaluated on."""
        return self.known or facts_for_rules(study, self.participant, self.events)


def facts_for_rules(study: Study, participant: str, events: Sequence[AdverseEvent]) -> Facts:
    """Return adverse events as facts: related until investigator and sponsor have excluded it."""
    return facts_of(study, participant, events, suspicion)


class Fired(NamedTuple):
    """A stopping rule that has fired, or may have: UNKNOWN is not no.

    Args:
        rule: the rule.
        level: the level, of a rule that stops a level.
        verdict: what it says.
        by: every event, and every participant with a dose-limiting toxicity, that bears it out.
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
    """Give the stopping rules that have fired, or may have, as of a day.

    A window in such a rule is one of each participant; over all of them it is left out, and the
    rule then may have fired, and no more: too wide is cautious, too narrow is not.
    """
    levels = sorted({one.level for one in watched if one.level is not None})
    told = [(one, one.facts(study)) for one in watched]
    for rule in study.safety.stopping_rules:
        of_levels: list[int | None] = [*levels] if rule.action == "stop level" else [None]
        asked = _without_windows(rule.rule)
        for level in of_levels:
            some = [(one, facts) for one, facts in told if level is None or one.level == level]
            situation = _situation(study, some, as_of)
            verdict = evaluate(asked, situation)
            if verdict.truth is not FALSE:
                if asked != rule.rule:
                    verdict = Verdict(UNKNOWN, "whenever it was", children=(verdict,))
                by = tuple(dict.fromkeys(_bearing_out(asked, situation)))
                yield Fired(rule, level, verdict, by)


def _without_windows(rule: Node) -> Node:
    if isinstance(rule, Not):  # under a negation too wide would be too narrow
        return rule
    return rule.with_parts(_without_windows).model_copy(update=dict.fromkeys(rule.windows()))


def _bearing_out(rule: Node, s: Situation) -> Iterator[str]:
    """Give the id of each fact for which a leaf of the rule holds, or may, by itself."""
    by_id = _by_id(s.facts.by_element)
    for leaf in rule.leaves():
        if not isinstance(leaf, Event):
            yield from (fact.id for fact in evaluate(leaf, s).evidence)
            continue
        ids = dict.fromkeys(fact.id for name in leaf.elements() for fact in s.facts.of(name))
        for id in ids:
            alone = replace(s, facts=replace(s.facts, by_element=by_id[id]))
            if evaluate(leaf, alone).truth is not FALSE:
                yield id


def _by_id(by_element: Mapping[str, tuple[Fact, ...]]) -> dict[str, dict[str, tuple[Fact, ...]]]:
    found: dict[str, dict[str, tuple[Fact, ...]]] = {}
    for name, facts in by_element.items():
        for fact in facts:
            found.setdefault(fact.id, {})[name] = (fact,)
    return found


def _situation(study: Study, watched: Sequence[tuple[Watched, Facts]], as_of: date) -> Situation:
    """Pool the safety data of several participants; no two events of a trial share a number."""
    pooled: dict[str, list[Fact]] = {}
    for one, facts in watched:
        for name, some in facts.by_element.items():
            if name != LIMITING:
                pooled.setdefault(name, []).extend(some)
        day = _limited_since(one, facts)
        if day is not None and LIMITING in study.elements:
            doubt = "" if one.limited else NOT_JUDGED
            fact = Fact(LIMITING, one.participant, day, day, doubtful=doubt)
            pooled.setdefault(LIMITING, []).append(fact)
    empty = facts_of(study, "", [])
    whole = Facts(
        "trial",
        by_element={name: tuple(some) for name, some in pooled.items()},
        coverage=empty.coverage,
    )
    anchors = dict.fromkeys([*study.schedule.anchors, FIRST_DOSE], as_of)
    return Situation(study, whole, anchors, as_of)


def _limited_since(one: Watched, facts: Facts) -> Day | None:
    """Give since when a participant has a dose-limiting toxicity: one record, however many."""
    if one.limiting is not None:
        return on(one.limiting)
    return next((fact.start for fact in facts.of(LIMITING)), None)
