"""What the absence of a record means: covered by a declaration, denied, or simply not known."""

from collections.abc import Iterable, Sequence

from gradatim.core.dates import on
from gradatim.core.message import Message, Pair, Text, clauses, join
from gradatim.core.truth import FALSE, TRUE, UNKNOWN
from gradatim.core.verdict import Reason, Verdict
from gradatim.evidence.doubts import records_not_understood
from gradatim.evidence.facts import Fact
from gradatim.protocol.base import Window
from gradatim.protocol.elements import COVERABLE
from gradatim.rules.context import Edge, Situation
from gradatim.rules.messages import Clause, Part


def occurrences(s: Situation, element: str) -> tuple[Fact, ...]:
    """Give the facts that say it happened (a denial says it did not)."""
    return tuple(fact for fact in s.facts.of(element) if fact.code != "false")


def ends(s: Situation, window: Window | None) -> tuple[Edge | None, Edge | None]:
    """Give the first and last day of a window; None where it is open."""
    if window is None:
        return None, None
    start = None if window.from_ is None else s.edge(window.anchor, window.from_)
    return start, None if window.to is None else s.edge(window.anchor, window.to)


def absent(s: Situation, element: str, start: Edge | None, end: Edge | None) -> Verdict:
    """Say what it means that nothing (more) is recorded of an element between two days.

    Returns:
        FALSE where the source is exhaustive for it over those days and every record of it is
        understood, or it was denied; else UNKNOWN.
    """
    denial = _denied(s, element, start)
    if denial:
        denied = Clause.DENIED(label=s.label(element), day=denial.start)
        return Verdict(FALSE, denied, (denial,), element=element)
    reason = _why_open(s, element, start, end)
    said = say_absent(s, [element], reason, start, end)
    return Verdict(UNKNOWN if reason else FALSE, said, element=element, reason=reason)


def _why_open(s: Situation, element: str, start: Edge | None, end: Edge | None) -> Reason | None:
    """Return why the absence of records settles nothing; None where it means that none is."""
    if not _covered(s, element, start, end):
        return Reason.NO_RECORD
    declared = s.study.elements[element].kind in COVERABLE
    return Reason.NOT_UNDERSTOOD if declared and element in s.facts.not_understood else None


_MOST_SHOWN = 3


def _not_understood(s: Situation, elements: Iterable[str]) -> Message | None:
    """Return that records which may be about some elements are not understood; None of none.

    A few are named, the rest counted.
    """
    records = (one for name in elements for one in s.facts.not_understood.get(name, ()))
    named = dict.fromkeys(code for one in records for code in one.codes or (one.id,))
    shown = list(dict.fromkeys(str(code).replace(";", ",") for code in named))
    return records_not_understood(shown, _MOST_SHOWN) if shown else None


def say_absent(
    s: Situation,
    elements: Sequence[str],
    reason: Reason | None,
    start: Edge | None,
    end: Edge | None,
) -> Text:
    """Return that nothing is recorded of some elements, and whether that means that none happened.

    Args:
        s: the situation.
        elements: the elements.
        reason: why that is not known; None where none happened.
        start, end: the days asked about.
    """
    named = join([s.label(one) for one in elements], Pair.COMMA, last=Pair.OR)
    over = _span(start, end)
    always, within = _ABSENT.get(reason, (Clause.NOT_KNOWN, Clause.NOT_KNOWN_OVER))
    said = within(labels=named, over=over) if over else always(labels=named)
    return said if reason is None else clauses(said, _not_understood(s, elements) or "")


_ABSENT = {
    None: (Clause.NONE, Clause.NONE_OVER),
    Reason.NOT_UNDERSTOOD: (Clause.PERHAPS, Clause.PERHAPS_OVER),
}


def _denied(s: Situation, element: str, start: Edge | None) -> Fact | None:
    """Give the answer that it never happened, unless it is older than the days asked about."""
    for fact in s.facts.of(element):
        if fact.code == "false" and (start is None or s.not_before(fact.end, start) is TRUE):
            return fact
    return None


def _covered(s: Situation, element: str, start: Edge | None, end: Edge | None) -> bool:
    kind = s.study.elements[element].kind
    if kind == "consent":  # who has signed has been asked
        return bool(s.facts.of(element))
    if kind == "participation":  # likewise who gave the days of one; a mere record tells of itself
        return any(fact.code == "true" for fact in s.facts.of(element))
    observed = s.facts.coverage.get(kind)
    if observed is None:
        return False
    if observed.since is not None:
        since = observed.since
        begun = since <= s.facts.birth.first if start is None else s.reaches(start, since)
        if not begun:
            return False
    if observed.until is None or observed.until >= s.on:
        return True
    return end is not None and s.not_before(on(observed.until), end) is TRUE


def _span(start: Edge | None, end: Edge | None) -> Message | None:
    if start and end and start.day == end.day:
        return Part.ON(day=start.day)
    if start is None:
        return None if end is None else Part.UP_TO(day=end.day)
    if end is None:
        return Part.FROM(day=start.day)
    return Part.FROM_TO(day=start.day, day2=end.day)
