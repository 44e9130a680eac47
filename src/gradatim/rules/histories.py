"""Leaves that look at histories: events, counts, days of exposure."""

from collections import defaultdict
from datetime import date, timedelta
from typing import NamedTuple

from gradatim.core.dates import Duration, step
from gradatim.core.message import Argument, Label, Message, Pair, Series, Term, Text, clauses
from gradatim.core.quantity import compare_numbers
from gradatim.core.truth import FALSE, TRUE, UNKNOWN, Truth, all_of, any_of, truth_of
from gradatim.core.verdict import Reason, Verdict, foremost
from gradatim.evidence.facts import EVERY_DAY, RELATED, Fact, GradeSpell, Often
from gradatim.protocol.nodes import Count, Days, Event
from gradatim.rules.absence import absent, ends, occurrences, say_absent
from gradatim.rules.context import Situation
from gradatim.rules.courses import blame
from gradatim.rules.messages import Clause, Part


def event(node: Event, s: Situation) -> Verdict:
    """Evaluate whether something happened; one child for each element asked about."""
    named = [node.event] if isinstance(node.event, str) else node.event
    spared = {fact.id for name in node.except_ for fact in occurrences(s, name)}
    children = tuple(_event(node, name, spared, s) for name in named)
    if len(children) == 1:
        return children[0]
    truth = any_of(child.truth for child in children)
    told = [child for child in children if child.truth is truth]
    said: Text = ""
    if truth is not TRUE and not any(child.evidence for child in told):
        asked = [child.element or "" for child in told]
        reason = foremost(child.reason for child in told)
        said = say_absent(s, asked, reason, *ends(s, node.within))
    return Verdict(truth, said, children=children)


def _event(node: Event, element: str, spared: set[str], s: Situation) -> Verdict:
    start, end = ends(s, node.within)
    best = absent(s, element, start, end)
    for fact in occurrences(s, element):
        if fact.id in spared:
            continue
        found = _happened(node, element, fact, s)
        if found.truth > best.truth or (found.truth is best.truth and _clearer(found, best)):
            best = found
    return best


def _clearer(found: Verdict, best: Verdict) -> bool:
    """Whether of two UNKNOWN verdicts this one has a record, or the foremost reason."""
    if found.truth is not UNKNOWN or found.reason is best.reason:
        return False
    return not best.evidence or found.reason is foremost([found.reason, best.reason])


def _happened(node: Event, element: str, fact: Fact, s: Situation) -> Verdict:
    last = fact.start if node.counts == "start" else fact.end
    inside = s.in_window(node.within, fact.start, last)
    truth = all_of(
        [
            inside,
            _as_graded(node, fact),
            _as_its_course(node, fact, s),
            FALSE if inside is FALSE else UNKNOWN if fact.doubtful else TRUE,
        ]
    )
    said: Text = _when(fact, _which(fact, s.label(element)))
    reason = None
    if truth is UNKNOWN:
        dated = Reason.JUDGEMENT if inside is not UNKNOWN else Reason.PARTIAL_DATE
        reason = fact.unsettled or dated
        said = clauses(said, fact.doubtful or Clause.PERHAPS_COUNTS())
    return Verdict(truth, said, (fact,), element=element, reason=reason)


def _as_its_course(node: Event, fact: Fact, s: Situation) -> Truth:
    """Say whether an adverse event is serious, came out and lasted as the rule asks."""
    asked = [TRUE]
    if node.serious is not None:
        asked.append(_as_serious(node.serious, fact))
    if node.outcome is not None:
        told = fact.outcome not in ("", "unknown") or node.outcome == "unknown"
        asked.append(truth_of(fact.outcome == node.outcome) if told else UNKNOWN)
    if node.longer_than is not None:
        asked.append(_lasted(node, node.longer_than, fact, s))
    return all_of(asked)


def _as_serious(asked: bool | str, fact: Fact) -> Truth:
    if fact.serious is None:
        return UNKNOWN
    if isinstance(asked, bool):
        return truth_of(bool(fact.serious) is asked)
    return truth_of(asked in fact.serious)


def _lasted(node: Event, length: Duration, fact: Fact, s: Situation) -> Truth:
    """Say whether it lasted for more than a length, at the grade that is asked for.

    What goes on has lasted until the day that the question is asked.
    """
    spells = fact.spells or (GradeSpell(fact.value, fact.start, fact.end),)
    truth = FALSE
    sure: list[GradeSpell] = []
    perhaps: list[GradeSpell] = []
    for one in spells:
        graded = _of_grade(node, one.grade)
        sure = [*sure, one] if graded is TRUE else []
        perhaps = [*perhaps, one] if graded is not FALSE else []
        if sure:
            truth = max(truth, _long_enough(sure, length, s))
        if perhaps:
            truth = max(truth, min(UNKNOWN, _long_enough(perhaps, length, s)))
    return truth


def _long_enough(run: list[GradeSpell], length: Duration, s: Situation) -> Truth:
    first, last = run[0].first, run[-1].last
    sure = run[-1].sure_until or last
    end, surely = min(last.last, s.on), min(sure.first, s.on)
    if first.last < date.max and surely > step(first.last, length):
        return TRUE
    return UNKNOWN if first.first == date.min or end > step(first.first, length) else FALSE


def _of_grade(node: Event, value: float | None) -> Truth:
    if node.grade is None:
        return TRUE
    if value is None:
        return UNKNOWN
    return truth_of(compare_numbers(value, node.grade.op, node.grade.number))


def _as_graded(node: Event, fact: Fact) -> Truth:
    graded = _of_grade(node, fact.value)
    if node.related is None:
        return graded
    known = None if not fact.method else (fact.method in RELATED) == node.related
    return min(graded, truth_of(known))


def _which(fact: Fact, label: Label) -> Argument:
    if fact.code in ("", "true", label.name):
        return label
    return Part.EVENT(label=label, code=Term(fact.code))


def _when(fact: Fact, event: Argument) -> Message:
    if fact.start == fact.end:
        return Clause.ON(event=event, day=fact.start)
    if not fact.end.exact and fact.end.first <= fact.start.first:
        return Clause.SINCE_OPEN(event=event, day=fact.start)
    if fact.end.first == date.max:
        return Clause.SINCE(event=event, day=fact.start)
    return Clause.FROM_TO(event=event, day=fact.start, day2=fact.end)


def count(node: Count, s: Situation) -> Verdict:
    """Evaluate whether there are at least so many different ingredients, or records."""
    surely, maybe, used = set(), set(), []
    for fact in occurrences(s, node.count):
        inside = s.in_window(node.within, fact.start, fact.start)
        if inside:
            key = fact.code if node.distinct == "ingredient" else fact.id
            maybe.add(key)
            used.append(fact)
            if inside is TRUE and not fact.doubtful:
                surely.add(key)
    label = s.label(node.count)
    told = sorted(filter(None, maybe)) if node.distinct == "ingredient" else []
    said = Clause.COUNT(n=len(surely), n2=node.at_least, label=label)
    if told:
        drugs = Series(tuple(map(Term, told)), Pair.COMMA)
        said = Clause.COUNT_OF(n=len(surely), n2=node.at_least, label=label, drugs=drugs)
    return _enough(
        node.count,
        len(surely) >= node.at_least,
        len(maybe) >= node.at_least,
        said,
        tuple(used),
        absent(s, node.count, *ends(s, node.within)),
    )


def _enough(
    element: str,
    surely: bool,
    maybe: bool,
    said: Message,
    used: tuple[Fact, ...],
    otherwise: Verdict,
) -> Verdict:
    """Settle a quantity: enough, perhaps enough, or as little as the records show."""
    if surely:
        return Verdict(TRUE, said, used, element=element)
    if maybe:
        reason = blame(used)
        doubts = tuple(fact.doubtful for fact in used if fact.doubtful)
        if doubts:
            row = Series(doubts, Pair.COMMA, distinct=True)
            open_ = Clause.BY_DOUBTS(clause=said, doubts=row)
        else:
            open_ = (Clause.BY_DATES if reason else Clause.BY_DAYS_TAKEN)(clause=said)
        reason = reason or Reason.JUDGEMENT
        return Verdict(UNKNOWN, open_, used, element=element, reason=reason)
    more = Clause.PERHAPS_MORE() if otherwise.truth is UNKNOWN else ""
    text = clauses(said, more)
    return Verdict(otherwise.truth, text, used, element=element, reason=otherwise.reason)


def days(node: Days, s: Situation) -> Verdict:
    """Evaluate whether exposure lasted at least so many days."""
    start, end = ends(s, node.within)
    low = date.min if start is None else start.day + timedelta(days=node.within.bounds[0] == "(")
    high = date.max if end is None else end.day - timedelta(days=node.within.bounds[1] == ")")
    facts = occurrences(s, node.days)
    _watch_every_day(node, s, facts)
    surely = _longest(
        node,
        [
            _Span(f.code, max(f.start.last, low), min(f.end.first, high), f.often)
            for f in facts
            if not f.doubtful
        ],
    )
    maybe = _longest(
        node, [_Span(f.code, max(f.start.first, low), min(f.end.last, high)) for f in facts]
    )
    said = Clause.DAYS(n=surely, n2=node.at_least, label=s.label(node.days))
    if node.per == "ingredient":
        said = Clause.DAYS_EACH(**said.arguments, n3=node.ingredients)
    return _enough(
        node.days,
        surely >= node.at_least,
        maybe >= node.at_least,
        said,
        facts,
        absent(s, node.days, start, end),
    )


class _Span(NamedTuple):
    """The days of one drug, from one to another, and on how many of them it was taken."""

    code: str
    first: date
    last: date
    often: Often = EVERY_DAY


def _longest(node: Days, spans: list[_Span]) -> int:
    """Give the days that count: of all together, or of the ingredient that is n-th longest."""
    by_code: dict[str, list[_Span]] = defaultdict(list)
    for one in spans:
        by_code["" if node.per == "union" else one.code].append(one)
    totals = sorted((_taken(some) for some in by_code.values()), reverse=True)
    if node.per == "ingredient":
        return totals[node.ingredients - 1] if len(totals) >= node.ingredients else 0
    return sum(totals)


def _taken(spans: list[_Span]) -> int:
    """Return on how many days something was taken: the days of what is taken daily are known.

    Which days those of the rest are is not: they may be the same ones.
    """
    daily = _union([(one.first, one.last) for one in spans if one.often.daily])
    lasting = ((max(0, (one.last - one.first).days + 1), one.often) for one in spans)
    return max([daily, *(often.least(days) for days, often in lasting)])


def _union(spans: list[tuple[date, date]]) -> int:
    total, reached = 0, date.min.toordinal() - 1
    for first, last in sorted(spans):
        low, high = max(first.toordinal(), reached + 1), last.toordinal()
        total += max(0, high - low + 1)
        reached = max(reached, high)
    return total


def _watch_every_day(node: Days, s: Situation, facts: tuple[Fact, ...]) -> None:
    """Look at each day on which the number of days can change.

    That is until the last known date has left the window, and for drugs that go on until the
    window, or the number asked for, is full; of a window of months, for good if some months are
    too short for that number.
    """
    known = [day for f in facts for day in (*f.start, *f.end) if day < date.max]
    if known:
        back = node.within.from_ or node.within.to or Duration()
        full = node.at_least * max(f.often.of for f in facts) + 1
        s.watch_daily(node.within.anchor, step(step(max(known), -back), Duration(0, full)))
    if _depends_on_the_month(node, [f for f in facts if f.end.last == date.max]):
        s.watch_months(node.within.anchor)


def _depends_on_the_month(node: Days, going_on: list[Fact]) -> bool:
    """Whether drugs that go on fill a window of some lengths only."""
    start, end = node.within.from_, node.within.to
    if start is None or end is None or not going_on:
        return False
    months, more = end.months - start.months, end.days - start.days
    daily = all(fact.often.daily for fact in going_on)
    shortest, longest = 28 * months + more - 1 if daily else 0, 31 * months + more + 1
    return months > 0 and shortest <= node.at_least <= longest * len({f.code for f in going_on})
