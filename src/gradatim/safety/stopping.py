"""Stopping rules: rules of the protocol, asked of each participant of the trial.

What a rule says is true of one person: two results that stand together are those of one, and never
of two. A rule fires where it holds for as many participants as it asks for; only a count goes over
the records of all of them. A rule that has fired names every case that bears it out, not only the
first: one more is a new reason to stop, which nobody has answered yet.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import NamedTuple

from gradatim.core.dates import Day, on
from gradatim.core.truth import FALSE, UNKNOWN, Truth, all_of, any_of, truth_of
from gradatim.core.verdict import Verdict
from gradatim.evidence.facts import Fact, Facts
from gradatim.protocol.nodes import AllOf, AnyOf, Count, Event, Measured, Node, Not
from gradatim.protocol.study import Study
from gradatim.protocol.treatment import StoppingRule
from gradatim.rules.context import FIRST_DOSE, Situation
from gradatim.rules.evaluate import evaluate
from gradatim.safety.dlt import LIMITING, facts_of, with_any_value, with_results
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
        known: the events as facts, with results since the first dose, where they have been made by
            `facts_for_rules` already.
        limited: whether one of what they have surely is one, and not only may be.
        first_dose: the day of the first dose; None before there was one.
        answers: what each rule says of them, kept with the day of it.
    """

    participant: str
    level: int | None
    events: Sequence[AdverseEvent]
    limiting: date | None = None
    known: Facts | None = None
    limited: bool = True
    first_dose: date | None = None
    answers: "dict[tuple[str, date], _Answer] | None" = None

    def facts(self, study: Study) -> Facts:
        """Give the events as the facts that rules are evaluated on."""
        return self.known or facts_for_rules(study, self.participant, self.events)


def facts_for_rules(
    study: Study,
    participant: str,
    events: Iterable[AdverseEvent],
    results: Facts | None = None,
) -> Facts:
    """Return adverse events as facts: related until investigator and sponsor have excluded it.

    Args:
        study: the protocol.
        participant: whose they are.
        events: the adverse events.
        results: what else is known of them: values taken after the first dose.
    """
    return with_results(facts_of(study, participant, events, suspicion), results)


class Fired(NamedTuple):
    """A stopping rule that has fired, or may have: UNKNOWN is not no.

    Args:
        rule: the rule.
        level: the level, of a rule that stops a level.
        verdict: what it says.
        by: every event, every participant with a dose-limiting toxicity, and every participant
            whose results bear it out.
        perhaps: those of them that only may do so.
    """

    rule: StoppingRule
    level: int | None
    verdict: Verdict
    by: tuple[str, ...]
    perhaps: frozenset[str] = frozenset()

    @property
    def certain(self) -> bool:
        """Whether it has fired, and not only may have."""
        return self.verdict.truth is Truth.TRUE


class _Answer(NamedTuple):
    """What a rule says, and what bears it out: each case, and whether it surely does."""

    verdict: Verdict
    by: tuple[tuple[str, bool], ...] = ()


def fired(study: Study, watched: Sequence[Watched], as_of: date) -> Iterator[Fired]:
    """Give the stopping rules that have fired, or may have, as of a day.

    A window is counted from each participant's first dose. Of somebody without one it is left out,
    and the rule then may have fired, and no more: too wide is cautious, too narrow is not.
    """
    levels = sorted({one.level for one in watched if one.level is not None})
    for rule in study.safety.stopping_rules:
        of_levels: list[int | None] = [*levels] if rule.action == "stop level" else [None]
        for level in of_levels:
            some = [one for one in watched if level is None or one.level == level]
            found = _asked(_Question(study, rule, as_of), rule.rule, some)
            if found.verdict.truth is not FALSE:
                by = tuple(dict.fromkeys(case for case, _ in found.by))
                surely = {case for case, sure in found.by if sure}
                yield Fired(rule, level, found.verdict, by, frozenset(by) - surely)


class _Question(NamedTuple):
    """A rule that is asked as of a day."""

    study: Study
    rule: StoppingRule
    as_of: date


def _asked(ask: _Question, node: Node, some: Sequence[Watched]) -> _Answer:
    """Ask a part of a rule: of each participant, but for counts, which are over all of them."""
    if not is_pooled(node):
        return _of_each(ask, node, some)
    if isinstance(node, AllOf):
        alone = [part for part in node.all if not is_pooled(part)]
        parts = [part for part in node.all if is_pooled(part)]
        if alone:  # what is said of one person is said of the same one
            parts.append(alone[0] if len(alone) == 1 else node.model_copy(update={"all": alone}))
        return _joined([_asked(ask, part, some) for part in parts], all_of)
    if isinstance(node, AnyOf):
        return _joined([_asked(ask, part, some) for part in node.any], any_of)
    if isinstance(node, Not):
        found = _asked(ask, node.not_, some)
        return _Answer(Verdict(~found.verdict.truth, children=(found.verdict,)), found.by)
    situation = _pooled(ask, some)
    asked = _without_windows(node)
    verdict = evaluate(asked, situation)
    if asked != node and verdict.truth is not FALSE:
        verdict = Verdict(UNKNOWN, "whenever it was", children=(verdict,))
    return _Answer(verdict, _cases(asked, situation, "trial", verdict))


def is_pooled(node: Node) -> bool:
    """Whether a part of a rule counts the records of all participants together."""
    return any(isinstance(leaf, Count) for leaf in node.leaves())


def _joined(found: Sequence[_Answer], join: Callable[[Iterable[Truth]], Truth]) -> _Answer:
    verdicts = tuple(one.verdict for one in found)
    by = tuple(case for one in found if one.verdict.truth is not FALSE for case in one.by)
    return _Answer(Verdict(join(one.truth for one in verdicts), children=verdicts), by)


def _of_each(ask: _Question, node: Node, some: Sequence[Watched]) -> _Answer:
    """Ask each participant; whom nothing bears it out of counts as one of whom it does not hold."""
    found = [_kept(ask, node, one) for one in some]
    found = [one for one in found if one.verdict.truth is not FALSE and one.by]
    surely = sum(one.verdict.truth is Truth.TRUE for one in found)
    wanted = ask.rule.participants
    truth = truth_of(True if surely >= wanted else None if len(found) >= wanted else False)
    by = tuple(case for one in found for case in one.by) if truth is not FALSE else ()
    return _Answer(Verdict(truth, children=tuple(one.verdict for one in found)), by)


def _kept(ask: _Question, node: Node, one: Watched) -> _Answer:
    """Return what a rule says of somebody; until their entries or the day change it says so."""
    if one.answers is None or node is not ask.rule.rule:
        return _of_one(ask, node, one)
    key = (ask.rule.id, ask.as_of)
    if key not in one.answers:
        for other in [other for other in one.answers if other[1] != ask.as_of]:
            del one.answers[other]
        one.answers[key] = _of_one(ask, node, one)
    return one.answers[key]


def _of_one(ask: _Question, node: Node, one: Watched) -> _Answer:
    asked = with_any_value(node)
    if one.first_dose is None:
        asked = _without_windows(asked)
    anchors = dict.fromkeys([*ask.study.schedule.anchors, FIRST_DOSE], one.first_dose or ask.as_of)
    situation = Situation(ask.study, _with_limiting(ask.study, one), anchors, ask.as_of)
    verdict = evaluate(asked, situation)
    if verdict.truth is FALSE:
        return _Answer(verdict)
    if one.first_dose is None and asked != with_any_value(node):
        verdict = Verdict(UNKNOWN, "whenever it was", children=(verdict,))
    return _Answer(verdict, _cases(asked, situation, one.participant, verdict))


def _cases(rule: Node, s: Situation, whose: str, verdict: Verdict) -> tuple[tuple[str, bool], ...]:
    """Return what bears a rule out; of what it says perhaps nothing does so surely."""
    sure = verdict.truth is Truth.TRUE
    return tuple(
        (case, sure and truth is Truth.TRUE) for case, truth in _bearing_out(rule, s, whose)
    )


def _without_windows(rule: Node) -> Node:
    if isinstance(rule, Not):  # under a negation too wide would be too narrow
        return rule
    return rule.with_parts(_without_windows).model_copy(update=dict.fromkeys(rule.windows()))


def _bearing_out(rule: Node, s: Situation, whose: str) -> Iterator[tuple[str, Truth]]:
    """Give what each leaf of the rule rests on that holds, or may, by itself, and which of them.

    Of adverse events their numbers; of results the participant: the next value is no new case.
    """
    by_id = _by_id(s.facts.by_element)
    for leaf in rule.leaves():
        if isinstance(leaf, Measured):
            found = evaluate(leaf, s)
            if found.truth is not FALSE and any(one.evidence for one in found.leaves()):
                yield whose, found.truth
            continue
        if not isinstance(leaf, Event):
            found = evaluate(leaf, s)
            yield from ((fact.id, found.truth) for fact in found.evidence)
            continue
        ids = dict.fromkeys(fact.id for name in leaf.elements() for fact in s.facts.of(name))
        for id in ids:
            alone = replace(s, facts=replace(s.facts, by_element=by_id[id]))
            truth = evaluate(leaf, alone).truth
            if truth is not FALSE:
                yield id, truth


def _by_id(by_element: Mapping[str, tuple[Fact, ...]]) -> dict[str, dict[str, tuple[Fact, ...]]]:
    found: dict[str, dict[str, tuple[Fact, ...]]] = {}
    for name, facts in by_element.items():
        for fact in facts:
            of = found.setdefault(fact.id, {})
            of[name] = (*of.get(name, ()), fact)
    return found


def _pooled(ask: _Question, watched: Sequence[Watched]) -> Situation:
    """Pool the safety data of several participants; no two events of a trial share a number."""
    study = ask.study
    pooled: dict[str, list[Fact]] = {}
    for one in watched:
        for name, some in _with_limiting(study, one).by_element.items():
            if study.elements[name].kind == "adverse_event":
                pooled.setdefault(name, []).extend(some)
    whole = Facts(
        "trial",
        by_element={name: tuple(some) for name, some in pooled.items()},
        coverage=facts_of(study, "", []).coverage,
    )
    anchors = dict.fromkeys([*study.schedule.anchors, FIRST_DOSE], ask.as_of)
    return Situation(study, whole, anchors, ask.as_of)


def _with_limiting(study: Study, one: Watched) -> Facts:
    """Return what is known of somebody, with one record of a dose-limiting toxicity at most."""
    facts = one.facts(study)
    known = {name: some for name, some in facts.by_element.items() if name != LIMITING}
    day = _limited_since(one, facts)
    if day is not None and LIMITING in study.elements:
        doubt = "" if one.limited else NOT_JUDGED
        known[LIMITING] = (Fact(LIMITING, one.participant, day, day, doubtful=doubt),)
    return replace(facts, by_element=known)


def _limited_since(one: Watched, facts: Facts) -> Day | None:
    """Give since when a participant has a dose-limiting toxicity: one record, however many."""
    if one.limiting is not None:
        return on(one.limiting)
    return next((fact.start for fact in facts.of(LIMITING)), None)
