"""Dose-limiting toxicity: who may have one, by the protocol's definition and over its window.

An adverse event for which the definition is TRUE or UNKNOWN is a candidate: missing is never
harmless. The ledger holds every adverse event there is, so an event that is not recorded has not
happened; a grade or a relation that nobody has given is unknown.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date, timedelta
from functools import lru_cache
from typing import NamedTuple

from gradatim.clinical.ctcae.terms import folded, is_ctcae_term, system_organ_classes
from gradatim.core.codes import is_pattern, matches, normalised
from gradatim.core.dates import NEVER_ENDED, Day, step
from gradatim.core.same import Same
from gradatim.core.truth import FALSE, TRUE, UNKNOWN, Truth, all_of, any_of
from gradatim.core.verdict import Verdict
from gradatim.evidence.facts import Fact, Facts, Observed
from gradatim.protocol.base import Window
from gradatim.protocol.elements import Element
from gradatim.protocol.nodes import AnyOf, Event, Measured, Node, Not
from gradatim.protocol.study import Study
from gradatim.rules.context import FIRST_DOSE, Situation
from gradatim.rules.evaluate import evaluate
from gradatim.safety.events import (
    DEATH,
    FATAL_OUTCOME,
    AdverseEvent,
    fatal,
    graded,
    relation,
)

ADVERSE_EVENT, LIMITING = "adverse_event", "dose_limiting_toxicity"
NOT_SAID = "its term does not say whether it is one"
"""Why an event may, and may not, be one of a watched element."""
_RELATION = {Truth.TRUE: "related", Truth.FALSE: "unrelated", Truth.UNKNOWN: ""}


class DltCandidate(NamedTuple):
    """An adverse event that may be dose-limiting, with what the definition says of it."""

    event: AdverseEvent
    verdict: Verdict


def elements_of(study: Study, event: AdverseEvent) -> tuple[str, ...]:
    """Return the protocol's elements that an adverse event is an event of, as far as is known."""
    by_term = _of_term(Same(study), folded(event.term))
    by_list = _of_list(Same(study), event.also_called, event.codes)
    known = (ADVERSE_EVENT, *by_term, *by_list, *event.elements)
    return tuple(dict.fromkeys(name for name in known if name in study.elements))


def perhaps_of(study: Study, event: AdverseEvent) -> tuple[str, ...]:
    """Return the watched elements that an adverse event may be an event of: nobody has said.

    A term that neither the protocol nor CTCAE knows may stand for any of them, until an
    investigator has answered for each. The list that it was picked from may say which it is, and
    excludes none: a synonym may be narrower than the term. What is worked out of a result has a
    term of the table.
    """
    if event.lab or _recognised(Same(study), folded(event.term)):
        return ()
    settled = {*elements_of(study, event), *event.not_elements}
    return tuple(name for name in watched_elements(study) if name not in settled)


def watched_elements(study: Study) -> tuple[str, ...]:
    """Return the elements whose events the safety rules of a protocol look out for.

    Those that the definition of a dose-limiting toxicity or a stopping rule names, and the adverse
    events of special interest; not those that a rule spares, nor those made of all other terms.
    """
    return _watched(Same(study))


def of_special_interest(study: Study, event: AdverseEvent) -> Truth:
    """Say whether an adverse event is of special interest; UNKNOWN while its term leaves it open.

    FALSE where the protocol names no such events.
    """
    named = study.safety.special_interest
    if named is None:
        return FALSE
    if any(name in named.elements for name in elements_of(study, event)):
        return TRUE
    return UNKNOWN if any(name in named.elements for name in perhaps_of(study, event)) else FALSE


@lru_cache(maxsize=4096)
def _of_term(of: Same[Study], written: str) -> tuple[str, ...]:
    return tuple(
        name
        for name, one in of.it.elements.items()
        if one.kind == "adverse_event" and _by_term(of, name, one, written)
    )


@lru_cache(maxsize=4096)
def _of_list(
    of: Same[Study], names: tuple[str, ...], codes: tuple[tuple[str, str], ...]
) -> tuple[str, ...]:
    """Return the elements that have a list's names or codes of a term as their own."""
    written = {folded(one) for one in names}
    return tuple(
        name
        for name, one in of.it.elements.items()
        if one.kind == "adverse_event"
        and (any(_named(of, name, one, each) for each in written) or _by_code(one, codes))
    )


def _by_code(element: Element, codes: tuple[tuple[str, str], ...]) -> bool:
    return any(
        system == group.system
        and matches(
            listed if is_pattern(system, listed) else normalised(system, listed),
            normalised(system, code),
        )
        for group in element.codes
        for system, code in codes
        for listed in group.codes
    )


def _by_term(of: Same[Study], name: str, element: Element, written: str) -> bool:
    spared = {folded(one) for one in element.ctcae_terms_except}
    if _named(of, name, element, written) or (bool(spared) and written not in spared):
        return True
    return system_organ_classes().get(written) in element.ctcae_classes


def _named(of: Same[Study], name: str, element: Element, written: str) -> bool:
    """Whether a term is one of an element's own: a term or synonym of it, or its label."""
    if written in {folded(one) for one in (*element.ctcae_terms, *element.synonyms)}:
        return True
    return written == folded(element.label) and name in _watched(of)


def _rules(study: Study) -> list[Node]:
    """Return the safety rules of a protocol: what is dose-limiting, and what stops the trial."""
    safety = study.safety
    return [safety.dose_limiting_toxicity.definition, *(one.rule for one in safety.stopping_rules)]


@lru_cache(maxsize=64)
def _watched(of: Same[Study]) -> tuple[str, ...]:
    study = of.it
    rules = _rules(study)
    named = [name for rule in rules for name in rule.elements()]
    if study.safety.special_interest is not None:
        named += study.safety.special_interest.elements
    asked = (leaf for rule in rules for leaf in rule.leaves())
    spared = {name for leaf in asked if isinstance(leaf, Event) for name in leaf.except_}
    return tuple(
        dict.fromkeys(
            name
            for name in named
            if name not in {ADVERSE_EVENT, LIMITING, *spared}
            and name in study.elements
            and study.elements[name].kind == "adverse_event"
            and not study.elements[name].ctcae_terms_except
        )
    )


@lru_cache(maxsize=4096)
def _recognised(of: Same[Study], written: str) -> bool:
    """Whether a term says what happened: one of CTCAE, or a watched element's own."""
    return is_ctcae_term(written) or any(name in _watched(of) for name in _of_term(of, written))


def facts_of(
    study: Study,
    person: str,
    events: Iterable[AdverseEvent],
    related: Callable[[AdverseEvent], Truth] = relation,
) -> Facts:
    """Give adverse events as the facts that rules are evaluated on.

    Args:
        study: the protocol.
        person: whose they are.
        events: the adverse events.
        related: whose judgement of the relation counts.
    """
    found: dict[str, list[Fact]] = {}
    for event in events:
        end = event.resolved or NEVER_ENDED
        grade = graded(event)
        told = [(name, "") for name in elements_of(study, event)]
        open_ = [(name, NOT_SAID) for name in perhaps_of(study, event)]
        for name, doubt in (*told, *open_):
            found.setdefault(name, []).append(
                Fact(
                    name,
                    event.id,
                    event.onset,
                    end,
                    None if grade is None else float(grade),
                    method=_RELATION[related(event)],
                    code=_code(event.term),
                    doubtful=doubt,
                    serious=_criteria(event),
                    outcome=FATAL_OUTCOME if fatal(event) else event.outcome,
                    spells=event.spells,
                )
            )
    return Facts(
        person,
        by_element={name: tuple(some) for name, some in found.items()},
        coverage={ADVERSE_EVENT: Observed()},
    )


def _criteria(event: AdverseEvent) -> tuple[str, ...] | None:
    """Return the criteria of seriousness; of a result that nobody has judged nobody can tell."""
    if fatal(event):
        return tuple(dict.fromkeys((DEATH, *event.serious)))
    return None if event.lab else event.serious


def asks_how_long(study: Study) -> bool:
    """Whether a safety rule of a protocol asks how long an adverse event lasted."""
    return _asks_how_long(Same(study))


@lru_cache(maxsize=64)
def _asks_how_long(of: Same[Study]) -> bool:
    leaves = (leaf for rule in _rules(of.it) for leaf in rule.leaves())
    return any(isinstance(leaf, Event) and leaf.longer_than is not None for leaf in leaves)


def _code(term: str) -> str:
    """Give a term as a fact's code, where the word `false` would say that it did not happen."""
    return "" if term == "false" else term


def window(study: Study, first_dose: date, last_dose: date) -> tuple[date, date | None]:
    """Give the first and the last day that belong to the window.

    It runs on from the last dose given; but where treatment goes on, at an interval and without a
    number of doses, such as a tablet a day, it is counted from the first.

    Returns:
        The last day is None where the window never ends.
    """
    span = study.safety.dose_limiting_toxicity.window
    first = first_dose if span.from_ is None else step(first_dose, span.from_)
    if span.from_ is not None and span.bounds[0] == "(":
        first += timedelta(days=1)
    if span.to is None:
        return first, None
    last = step(_counted_from(study, first_dose, last_dose), span.to)
    return first, last - timedelta(days=1) if span.bounds[1] == ")" else last


def _counted_from(study: Study, first_dose: date, last_dose: date) -> date:
    given = study.treatment.administration
    goes_on = given.doses is None and given.interval is not None
    return first_dose if goes_on else last_dose


def within(study: Study, onset: Day, first_dose: date, last_dose: date) -> Truth:
    """Say whether an onset, possibly known only in part, lies in the window."""
    before, after = _ends(Same(study))
    last = _counted_from(study, first_dose, last_dose)
    return all_of([_inside(study, before, onset, first_dose), _inside(study, after, onset, last)])


@lru_cache(maxsize=64)
def _ends(of: Same[Study]) -> tuple[Window, Window]:
    """Give the window's two ends, each as a window that is open on the other side."""
    span = of.it.safety.dose_limiting_toxicity.window
    return (
        Window(anchor=FIRST_DOSE, from_=span.from_, to=None, bounds=span.bounds),
        Window(anchor=FIRST_DOSE, from_=None, to=span.to, bounds=span.bounds),
    )


def _inside(study: Study, span: Window, onset: Day, anchor: date) -> Truth:
    anchors = {**dict.fromkeys(study.schedule.anchors, anchor), FIRST_DOSE: anchor}
    situation = Situation(study, Facts(""), anchors, anchor)
    return situation.in_window(span, onset, onset)


def with_results(known: Facts, results: Facts | None) -> Facts:
    """Return adverse events as facts, with values of the same person beside them."""
    if results is None or not results.by_element:
        return known
    both = {**results.by_element, **known.by_element}
    return replace(results, by_element=both, coverage=known.coverage)


def with_any_value(rule: Node) -> Node:
    """Return a rule of safety as it is asked: of any value since the first dose, not the latest.

    That a value is normal again takes back nothing that has happened. What is denied stays as it
    is written.
    """
    if isinstance(rule, Not):
        return rule
    if isinstance(rule, Measured):
        return rule.model_copy(update={"value": "any"})
    return rule.with_parts(with_any_value)


def measured_elements(study: Study) -> frozenset[str]:
    """Return the elements whose values the safety rules ask about, and what those come from."""
    return _measured_elements(Same(study))


@lru_cache(maxsize=64)
def _measured_elements(of: Same[Study]) -> frozenset[str]:
    study = of.it
    rules = _rules(study)
    waiting = [
        leaf.measurement
        for rule in rules
        for leaf in rule.leaves()
        if isinstance(leaf, Measured) and leaf.measurement in study.elements
    ]
    found: set[str] = set()
    while waiting:
        name = waiting.pop()
        if name not in found and name in study.elements:
            found.add(name)
            derived = study.elements[name].derived
            waiting += derived.inputs.values() if derived else ()
    return frozenset(found)


def _parts_of(rule: Node) -> tuple[Node, ...]:
    """Return what a definition lists, any of which is enough."""
    if isinstance(rule, AnyOf):
        return tuple(one for part in rule.any for one in _parts_of(part))
    return (rule,)


def _of_results(rule: Node) -> bool:
    """Whether a part asks of results alone, and of no adverse event."""
    leaves = list(rule.leaves())
    return bool(leaves) and all(isinstance(leaf, Measured) for leaf in leaves)


@lru_cache(maxsize=64)
def _definition(of: Same[Study]) -> tuple[tuple[Node, ...], tuple[Node, ...]]:
    """Return the parts of the definition that ask of an event, and those that ask of results."""
    parts = _parts_of(with_any_value(of.it.safety.dose_limiting_toxicity.definition))
    events = tuple(part for part in parts if not _of_results(part))
    return events, tuple(part for part in parts if _of_results(part))


def candidates(
    study: Study,
    events: Iterable[AdverseEvent],
    first_dose: date,
    last_dose: date,
    results: Facts | None = None,
) -> tuple[DltCandidate, ...]:
    """Give the adverse events in the window that may be dose-limiting.

    Args:
        study: the protocol.
        events: one participant's.
        first_dose: the day of the first dose given.
        last_dose: that of the last one.
        results: values of the same participant since the first dose.
    """
    found = []
    for event in events:
        verdict = defined(study, event, first_dose, last_dose, results)
        if verdict.truth is not FALSE:
            found.append(DltCandidate(event, verdict))
    return tuple(found)


def defined(
    study: Study,
    event: AdverseEvent,
    first_dose: date,
    last_dose: date,
    results: Facts | None = None,
) -> Verdict:
    """Say whether an adverse event is dose-limiting by the protocol's definition and window."""
    inside = within(study, event.onset, first_dose, last_dose)
    if inside is FALSE:
        return Verdict(FALSE, f"onset {event.onset}, outside the window")
    facts = with_results(facts_of(study, event.participant, [event]), results)
    asked, _ = _definition(Same(study))
    situation = _situation(study, facts, first_dose, last_dose)
    children = tuple(evaluate(part, situation) for part in asked)
    verdict = Verdict(any_of(one.truth for one in children), "", (), children)
    if inside is TRUE or verdict.truth is FALSE:
        return verdict
    text = f"onset {event.onset}, which may lie in the window"
    return Verdict(min(inside, verdict.truth), text, children=(verdict,))


class DltResults(NamedTuple):
    """Results of one participant that may together be dose-limiting, by a part of the definition.

    Args:
        elements: whose values they are.
        verdict: what the definition says of them.
        facts: the values that bear it out.
    """

    elements: tuple[str, ...]
    verdict: Verdict
    facts: tuple[Fact, ...]


def limiting_results(
    study: Study, results: Facts, first_dose: date, last_dose: date
) -> Iterator[DltResults]:
    """Yield the parts of the definition that the results of a participant may bear out.

    Args:
        study: the protocol.
        results: values of one participant since the first dose.
        first_dose, last_dose: the days of the first and the last dose given.
    """
    _, parts = _definition(Same(study))
    if not parts:
        return
    inside = {
        name: tuple(
            one for one in some if within(study, one.start, first_dose, last_dose) is not FALSE
        )
        for name, some in results.by_element.items()
    }
    situation = _situation(study, replace(results, by_element=inside), first_dose, last_dose)
    for part in parts:
        verdict = evaluate(part, situation)
        found = [evaluate(leaf, situation) for leaf in part.leaves()]
        facts = tuple(
            dict.fromkeys(
                fact
                for one in found
                if one.truth is not FALSE
                for leaf in one.leaves()
                for fact in leaf.evidence
            )
        )
        if verdict.truth is not FALSE and facts:
            names = tuple(dict.fromkeys(part.elements()))
            yield DltResults(names, verdict, facts)


def _situation(study: Study, facts: Facts, first_dose: date, last_dose: date) -> Situation:
    anchors: Mapping[str, date] = dict.fromkeys([*study.schedule.anchors, FIRST_DOSE], first_dose)
    return Situation(study, facts, anchors, last_dose)


def complete(study: Study, first_dose: date, last_dose: date, as_of: date) -> bool:
    """Whether the window has closed by a day: its last day has passed."""
    _, last = window(study, first_dose, last_dose)
    return last is not None and as_of > last
