"""The leaf that looks at washouts: was a drug taken too recently?"""

import math
from collections.abc import Iterator
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from gradatim.clinical.drugs import drugs, find_drug
from gradatim.clinical.half_life import washout_days
from gradatim.core.dates import Duration
from gradatim.core.message import Argument, Message, Number, Term, clauses
from gradatim.core.quantity import RELATIVE_TOLERANCE
from gradatim.core.truth import FALSE, TRUE, UNKNOWN, Truth, any_of
from gradatim.core.verdict import Reason, Verdict, foremost
from gradatim.evidence.facts import Fact
from gradatim.protocol.nodes import NotWashedOut, Requirement, Stable
from gradatim.rules.absence import absent, occurrences
from gradatim.rules.context import Edge, Situation
from gradatim.rules.courses import by_ingredient
from gradatim.rules.drugs import ingredient_stable
from gradatim.rules.messages import Clause, Part


class Wait(NamedTuple):
    """One length a washout must last, for one ingredient; no edge if its half-life is unknown."""

    edge: Edge | None
    message: Message


def not_washed_out(node: NotWashedOut, s: Situation) -> Verdict:
    """Evaluate whether a drug was taken too recently before the anchor."""
    facts = occurrences(s, node.not_washed_out)
    children = [_recent(node, name, some, s) for name, some in by_ingredient(facts).items()]
    longest = longest_wait(node, s)
    none = absent(s, node.not_washed_out, longest, s.edge(node.before))
    told = [child for child in children if child.message or child.children]
    truth = max(any_of(child.truth for child in told), none.truth)
    if not told:
        return none
    kept = (*told, none) if none.truth is truth and truth is UNKNOWN else tuple(told)
    return Verdict(truth, children=kept) if len(kept) > 1 else kept[0]


def _recent(node: NotWashedOut, name: str, facts: list[Fact], s: Situation) -> Verdict:
    at = s.edge(node.before)
    excluded = node.bounds[1] == ")"
    taken = [(fact, s.not_after(fact.start, at, strictly=excluded)) for fact in facts]
    waits = list(waits_of(node, name, s))
    truth, reason, worst = FALSE, None, None
    for fact, begun in taken:
        for wait in waits:
            recent = (
                UNKNOWN
                if wait.edge is None
                else s.not_before(fact.end, wait.edge, strictly=node.bounds[0] == "(")
            )
            found = min(recent, begun, UNKNOWN if fact.doubtful else TRUE)
            why = _why(fact, found, begun, None if wait.edge is None else recent)
            if worst is None or found > truth or (found is truth and _clearer(why, reason)):
                truth, reason, worst = found, why, (fact, wait)
    if worst is None:
        return Verdict(FALSE, element=node.not_washed_out)
    fact, wait = worst
    said = clauses(_last(fact, Term(name)), wait.message)
    recently = Verdict(truth, said, tuple(facts), element=node.not_washed_out, reason=reason)
    if truth is not FALSE and node.exempt:
        spared = _spared(node.exempt, name, facts, s)
        if spared is not None:
            return Verdict(min(recently.truth, spared.truth), children=(recently, spared))
    return recently


def _why(fact: Fact, truth: Truth, begun: Truth, recent: Truth | None) -> Reason | None:
    """Say what leaves it open: the dates, or the record or the half-life (`recent` is None)."""
    if truth is not UNKNOWN:
        return None
    if fact.unsettled:
        return fact.unsettled
    return Reason.PARTIAL_DATE if UNKNOWN in (begun, recent) else Reason.JUDGEMENT


def _clearer(why: Reason | None, than: Reason | None) -> bool:
    return why is not than and foremost([why, than]) is why


def _spared(exempt: Stable, name: str, facts: list[Fact], s: Situation) -> Verdict | None:
    """Say that an ingredient is not spared, or perhaps not; None if it never could be."""
    if not any(fact.code == name for fact in s.facts.of(exempt.stable)):
        return None
    found = ingredient_stable(exempt, name, facts, s)
    if not found.message:  # not being taken at that anchor: there is no stable treatment to spare
        return None
    said = Clause.UNLESS_STABLE(clause=found.message)
    return Verdict(~found.truth, said, found.evidence, element=exempt.stable, reason=found.reason)


def _last(fact: Fact, drug: Term) -> Message:
    going_on = fact.end.first == date.max
    said = Clause.BEING_TAKEN(drug=drug)
    if not going_on:
        said = Clause.LAST_TAKEN(drug=drug, day=fact.end)
    return Clause.DOUBTED(clause=said, doubt=fact.doubtful) if fact.doubtful else said


def waits_of(node: NotWashedOut, name: str, s: Situation) -> Iterator[Wait]:
    """Give each length one ingredient must be stopped for, the longest first."""
    waits = []
    for requirement in node.longest_of:
        if requirement.only and name not in requirement.only:
            continue
        length, wait = _length(requirement, name)
        edge = None if length is None else s.edge(node.before, -length)
        day = s.edge(node.before).day
        if edge is None:
            waits.append(Wait(edge, Clause.WAIT(wait=wait, day=day)))
        else:
            waits.append(Wait(edge, Clause.WAIT_FROM(wait=wait, day=day, day2=edge.day)))
    yield from sorted(waits, key=lambda wait: wait.edge.day if wait.edge else date.max)


def _length(requirement: Requirement, name: str) -> tuple[Duration | None, Argument]:
    if requirement.length is not None:
        return requirement.length, requirement.length
    half_lives = requirement.half_lives or 0.0
    found = find_drug(name)
    known = washout_days(found, half_lives) if found else None
    if known is None:
        return None, Part.HALF_LIVES(n=Number(half_lives), drug=Term(name))
    days = math.ceil(known * (1 - RELATIVE_TOLERANCE))
    return Duration(0, days), Part.DAYS(n=days, n2=Number(half_lives))


def longest_wait(node: NotWashedOut, s: Situation) -> Edge:
    """Give the earliest day on which a drug of the element could still matter."""
    element = s.study.elements[node.not_washed_out]
    lengths = _lengths(node.longest_of, tuple(element.drugs), tuple(element.drug_classes))
    edges = [s.edge(node.before, -length) for length in lengths]
    return min(edges, key=lambda edge: edge.day, default=s.edge(node.before))


@lru_cache(maxsize=256)
def _lengths(
    requirements: tuple[Requirement, ...], names: tuple[str, ...], classes: tuple[str, ...]
) -> frozenset[Duration]:
    """Give every length that any ingredient must be stopped for."""
    listed = [*names, *(one.name for one in drugs() if one.drug_class in classes)] or [""]
    found = {_length(one, name)[0] for one in requirements for name in listed}
    return frozenset(length for length in found if length is not None)
