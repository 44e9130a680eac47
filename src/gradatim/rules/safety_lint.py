"""What a safety rule asks must be known where it is asked: checks of stopping rules and DLTs.

The ledger answers such a rule from adverse events, and from values since the first dose. What it
asks of anything else would never be answered, so that the rule would hold for ever, or never.
"""

from collections.abc import Iterator

from gradatim.clinical.ctcae.terms import highest_grade
from gradatim.core.documents import Steps
from gradatim.core.quantity import compare_numbers
from gradatim.protocol.nodes import (
    AllOf,
    AnyOf,
    Compare,
    Count,
    Event,
    Measured,
    Node,
    Not,
    Result,
    kind_of,
)
from gradatim.protocol.references import Fault, rules_of
from gradatim.protocol.study import Study
from gradatim.rules.context import FIRST_DOSE

_ASKED = (AllOf, AnyOf, Not, Event, Count, Compare, Result)
_LIMITING = "dose_limiting_toxicity"
_GRADES = range(1, 6)


def safety_rules_can_be_asked(study: Study) -> Iterator[Fault]:
    """Every stopping rule, and the definition of a DLT, can be answered where it is asked."""
    for path, rule in rules_of(study):
        if path[:2] == ("safety", "stopping_rules"):
            index = path[2]
            assert isinstance(index, int)
            one = study.safety.stopping_rules[index]
            told = [*_of_any_rule(study, rule), *_of_stopping(rule, one.participants)]
        elif path[0] == "safety":
            told = [*_of_any_rule(study, rule), *_of_definition(rule)]
        else:
            told = list(_elsewhere(rule))
        yield from (Fault(path, what) for what in dict.fromkeys(told))


def grades_that_can_be_reached(study: Study) -> Iterator[Fault]:
    """Every grade that a rule asks for is one that an event of its elements can have."""
    for path, rule in rules_of(study):
        for leaf in rule.leaves():
            if isinstance(leaf, Event) and leaf.grade is not None:
                yield from _unreachable(study, path, leaf)


def _unreachable(study: Study, path: Steps, leaf: Event) -> Iterator[Fault]:
    limit = leaf.grade
    assert limit is not None
    if limit.times or limit.unit:
        yield Fault(path, f"a grade is a bare number from 1 to 5, and not '{limit}'")
        return
    asked = [one for one in _GRADES if compare_numbers(one, limit.op, limit.number)]
    if not asked:
        yield Fault(path, f"no adverse event has grade {limit}")
        return
    for name in [leaf.event] if isinstance(leaf.event, str) else leaf.event:
        element = study.elements[name]
        if element.ctcae_classes or element.synonyms or element.ctcae_terms_except:
            continue
        known = [highest_grade(one) for one in element.ctcae_terms]
        most = max((one or 5 for one in known), default=5)
        if min(asked) > most:
            terms = ", ".join(element.ctcae_terms)
            yield Fault(path, f"CTCAE v5.0 has no grade {limit} of {terms}; {most} at most")


def _of_any_rule(study: Study, rule: Node) -> Iterator[str]:
    for part in _every(rule):
        if not isinstance(part, _ASKED):
            yield f"a safety rule cannot ask for {_kind(part)}: nothing answers it there"
    for leaf in rule.leaves():
        for name in leaf.elements():
            kind = study.elements[name].kind
            if isinstance(leaf, Event | Count) and kind != "adverse_event":
                yield f"a safety rule asks about adverse events, and {name} is of kind {kind}"
        for window in leaf.windows().values():
            if window.anchor != FIRST_DOSE:
                yield f"a window of a safety rule counts from first_dose, not from {window.anchor}"
        if isinstance(leaf, Measured):
            yield from _of_values(leaf)
    yield from _denied(rule)


def _of_values(leaf: Measured) -> Iterator[str]:
    if leaf.at:
        yield (
            "a safety rule looks at every value since the first dose: give a window (`within`), "
            "or nothing, and no visits (`at`)"
        )
    if isinstance(leaf, Compare) and leaf.not_while:
        yield f"a safety rule cannot leave out the days of {leaf.not_while} (`not_while`)"


def _denied(rule: Node) -> Iterator[str]:
    """Find what would hold as long as nothing has happened."""
    if _holds_of_nothing(rule):
        yield (
            "a safety rule must not hold where nothing has happened: put the `not` beside "
            "what has, in an `all`"
        )


def _holds_of_nothing(rule: Node) -> bool:
    if isinstance(rule, Not):
        return not _holds_of_nothing(rule.not_)
    if isinstance(rule, AnyOf):
        return any(map(_holds_of_nothing, rule.any))
    return isinstance(rule, AllOf) and all(map(_holds_of_nothing, rule.all))


def _of_stopping(rule: Node, participants: int) -> Iterator[str]:
    counts = [leaf for leaf in rule.leaves() if isinstance(leaf, Count)]
    if counts and participants > 1:
        yield "a count goes over all participants: it cannot hold of one, as `participants` asks"
    if any(one.distinct == "ingredient" for one in counts):
        yield "adverse events have no ingredients to be counted: give `distinct: record`"


def _of_definition(rule: Node) -> Iterator[str]:
    for leaf in rule.leaves():
        if isinstance(leaf, Count):
            yield "the definition is asked of one adverse event at a time, and cannot count them"
        if _LIMITING in leaf.elements():
            yield f"the definition of {_LIMITING} asks for itself"


def _elsewhere(rule: Node) -> Iterator[str]:
    for leaf in rule.leaves():
        if isinstance(leaf, Event) and leaf.asks_of_the_course:
            yield (
                "seriousness, outcome and duration (`serious`, `outcome`, `longer_than`) are known "
                "of the trial's adverse events: ask for them in the safety rules only"
            )


def _every(rule: Node) -> Iterator[Node]:
    yield rule
    for part in rule.parts():
        yield from _every(part)


def _kind(part: Node) -> str:
    return f"`{kind_of(part)}`"
