"""What is missing: which elements would settle most, what grows stale, what is still to be done."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple

from gradatim.core.truth import UNKNOWN
from gradatim.core.verdict import Verdict
from gradatim.protocol.nodes import Measured, Node
from gradatim.rules.context import FIRST_DOSE, Situation
from gradatim.rules.evaluate import evaluate


class Missing(NamedTuple):
    """An element to obtain, and the undetermined criteria it bears on."""

    element: str
    settles: tuple[str, ...]
    rank: int


def rank_missing(undetermined: Iterable[tuple[str, Verdict]]) -> tuple[Missing, ...]:
    """Rank the elements that undetermined criteria wait for, by how many each bears on.

    Those that bear on equally many stand in the order in which the criteria ask for them.
    """
    waiting: dict[str, list[str]] = {}
    for criterion, verdict in undetermined:
        for leaf in verdict.deciding():
            if leaf.truth is UNKNOWN and leaf.element:
                settles = waiting.setdefault(leaf.element, [])
                if criterion not in settles:
                    settles.append(criterion)
    ordered = sorted(waiting.items(), key=lambda item: -len(item[1]))
    return tuple(Missing(name, tuple(ids), n) for n, (name, ids) in enumerate(ordered, 1))


def repeat(s: Situation, rules: Sequence[Node], start: date | None) -> tuple[str, ...]:
    """Give the elements of which a value that counts now would not on a later first dose."""
    if start is None or start == s.anchors[FIRST_DOSE]:
        return ()
    now, then = _counting(s, rules), _counting(s.moved(start), rules)
    return tuple(name for name in now if now[name] - then.get(name, set()))


def _counting(s: Situation, rules: Sequence[Node]) -> dict[str, set[str]]:
    """Give the values that count, by element and record."""
    found: dict[str, set[str]] = {}
    for rule in rules:
        for leaf in evaluate(rule, s).leaves():
            known = s.study.elements.get(leaf.element or "")
            if leaf.element and known and known.kind == "measurement":
                found.setdefault(leaf.element, set()).update(f.id for f in leaf.evidence)
    return found


def recheck(s: Situation, rules: Sequence[Node]) -> tuple[str, ...]:
    """Name what the rules look at in visits that are not yet due: `baseline laboratory`."""
    asked = {
        (visit, element)
        for rule in rules
        for leaf in rule.leaves()
        if isinstance(leaf, Measured)
        for visit in leaf.at
        if not s.due(s.study.schedule.encounters[visit].window.anchor)
        for element in leaf.elements()
    }
    return tuple(
        f"{s.study.schedule.encounters[visit].label} {activity.label}"
        for activity in s.study.schedule.activities.values()
        for visit in activity.encounters
        if any((visit, element) in asked for element in activity.elements)
    )
