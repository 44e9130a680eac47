"""Leaves that look at drugs being taken: stable doses, total daily dose."""

from collections.abc import Sequence
from datetime import date, timedelta

from gradatim.clinical.glucocorticoids import prednisone_equivalent
from gradatim.core.dates import Duration, step
from gradatim.core.quantity import compare_bounded, plain, same
from gradatim.core.truth import FALSE, TRUE, UNKNOWN, Truth, all_of
from gradatim.core.verdict import Reason, Verdict
from gradatim.evidence.facts import Fact
from gradatim.protocol.base import Limit
from gradatim.protocol.nodes import DailyDose, Stable
from gradatim.rules.courses import (
    DOSING_GAP,
    Period,
    blame,
    bridged,
    by_ingredient,
    covered,
    perhaps,
    surely,
)
from gradatim.rules.doses import Total, handed_over, totals, unchanged
from gradatim.rules.known import absent, occurrences
from gradatim.rules.measurements import WORDS
from gradatim.rules.situation import Edge, Situation

DOSE_UNIT = "mg/d"


def stable(node: Stable, s: Situation) -> Verdict:
    """Evaluate whether every drug being taken has been started and unchanged for long enough."""
    facts = occurrences(s, node.stable)
    children = [
        ingredient_stable(node, name, some, s) for name, some in by_ingredient(facts).items()
    ]
    taken = [child for child in children if child.text]
    at = s.edge(node.before)
    none = absent(s, node.stable, at, at)
    if none.truth is UNKNOWN and not any(child.truth is FALSE for child in taken):
        return Verdict(UNKNOWN, children=(*taken, none)) if taken else none
    if not taken:
        return Verdict(TRUE, none.text, none.evidence, element=node.stable)
    return Verdict(all_of(child.truth for child in taken), children=tuple(taken))


def ingredient_stable(node: Stable, name: str, facts: list[Fact], s: Situation) -> Verdict:
    """Say whether one ingredient, if being taken at the anchor, is stable; no text if it is not."""
    at = s.edge(node.before)
    _watch(s, facts, at, *(s.edge(node.before, -n) for n in (node.started, node.unchanged) if n))
    first, last = bridged(surely(facts)), bridged(perhaps(facts))
    taken = _between(_taken(node, s, first), _taken(node, s, last))
    started = _between(_started(node, s, first), _started(node, s, last))
    same_dose = _unchanged(node, s, first, last)
    if taken is FALSE:
        return Verdict(TRUE, "", tuple(facts), element=node.stable)
    truth = max(min(started, same_dose), ~taken)
    text = f"{name} taken on {at.day}"
    for what, length, found in (
        ("started", node.started, started),
        ("dose unchanged", node.unchanged, same_dose),
    ):
        if length:
            said = {TRUE: "", FALSE: "not ", UNKNOWN: "perhaps not "}[found]
            text += f", {said}{what} for {length}"
    doubts = "".join(f"; {why}" for why in dict.fromkeys(f.doubtful for f in facts) if why)
    reason = None if truth is not UNKNOWN else blame(facts) or _of_doses(facts)
    return Verdict(truth, text + doubts, tuple(facts), element=node.stable, reason=reason)


def _of_doses(facts: list[Fact]) -> Reason:
    """Say what about the doses leaves it open: that one is missing, or how they are meant."""
    return Reason.NO_RECORD if any(f.value is None for f in facts) else Reason.JUDGEMENT


def _between(least: bool, most: bool) -> Truth:
    """Settle what more days of taking can only make truer, from the fewest and the most days."""
    return TRUE if least else UNKNOWN if most else FALSE


def _taken(node: Stable, s: Situation, periods: list[Period]) -> bool:
    return any(p.on(s.edge(node.before).day) for p in periods)


def _started(node: Stable, s: Situation, periods: list[Period]) -> bool:
    at, limit = s.edge(node.before).day, s.edge(node.before, -(node.started or Duration())).day
    return covered(periods, limit, at)


def _unchanged(node: Stable, s: Situation, first: list[Period], last: list[Period]) -> Truth:
    """Say whether the total dose was the same on all days; one record is one dose, known or not."""
    at, limit = s.edge(node.before).day, s.edge(node.before, -(node.unchanged or Duration())).day
    told = {(p.course, p.dose, p.most) for p in last if p.start <= at and p.end >= limit}
    if len(told) == 1 and next(iter(told))[2] is None:
        return _between(covered(first, limit, at), covered(last, limit, at))
    return unchanged(first, last, limit, at)


def _watch(s: Situation, facts: Sequence[Fact], *edges: Edge) -> None:
    """Note the days on which these edges pass a record's first or last day, or leave its week."""
    for fact in facts:
        for day in {*fact.start, *fact.end}:
            for days in (0, 1, DOSING_GAP, DOSING_GAP + 1):
                target = day if (date.max - day).days < days else day + timedelta(days=days)
                for edge in edges:
                    s.reaches(edge, target)


def daily_dose(node: DailyDose, s: Situation) -> Verdict:
    """Evaluate the total daily dose at an anchor, or its mean over the days before it."""
    facts = occurrences(s, node.daily_dose)
    at = s.edge(node.on)
    low = at if node.mean_over is None else s.edge(node.on, -node.mean_over)
    _watch(s, facts, at, low)
    if node.mean_over and (told := [d for f in facts for d in (*f.start, *f.end) if d < date.max]):
        s.watch_daily(node.on, step(max(told), node.mean_over))
    now = [fact for fact in facts if fact.start.first <= at.day and fact.end.last >= low.day]
    none = absent(s, node.daily_dose, low, at)
    days = _days(node, low.day, at.day)
    least, most = _total(node, now, days)
    truth = total_against(node.is_, least, None if none.truth is UNKNOWN else most)
    said = {TRUE: "", FALSE: "not ", UNKNOWN: "perhaps "}[truth]
    text = f"{_taking(node, now, at.day, low.day, Total(least, most))}, {said}{WORDS[node.is_.op]}"
    text += f" {plain(node.is_.number)}"
    if none.truth is FALSE and not now:
        return Verdict(truth, none.text, none.evidence, element=node.daily_dose)
    if truth is not UNKNOWN:
        return Verdict(truth, text, tuple(now), element=node.daily_dose)
    if total_against(node.is_, least, most) is not UNKNOWN:
        text = f"{text}; {none.text}" if now else none.text
        return Verdict(truth, text, tuple(now), element=node.daily_dose, reason=none.reason)
    reason = Reason.NO_RECORD if most is None else blame(now) or Reason.JUDGEMENT
    return Verdict(truth, text, tuple(now), element=node.daily_dose, reason=reason)


def _days(node: DailyDose, low: date, at: date) -> list[date]:
    """Give the days whose doses count: `at`, or for a mean the days before it."""
    if node.mean_over is None:
        return [at]
    return [low + timedelta(days=i) for i in range(max(1, (at - low).days))]


def total_against(limit: Limit, least: float, most: float | None) -> Truth:
    """Compare a total that lies between `least` and `most` (None: without limit)."""
    truth = compare_bounded(least, ">=", limit.op, limit.number)
    if truth is UNKNOWN and most is not None:
        truth = compare_bounded(most, "<=", limit.op, limit.number)
        if truth is UNKNOWN and same(least, most):
            return compare_bounded(least, "", limit.op, limit.number)
    return truth


def _total(node: DailyDose, facts: list[Fact], days: list[date]) -> Total:
    """Return the mean over some days of the total daily dose (mg/d, or its equivalent)."""
    least, most = 0.0, 0.0
    unlimited = False
    for name, own in by_ingredient(facts).items():
        sure, maybe = handed_over(surely(own)), handed_over(perhaps(own))
        factor = _as(node, name, 1.0)
        for day in days:
            found = totals(sure, maybe, day)
            if found is None:
                continue
            dose = found.between()
            if factor is None or dose.most is None:
                unlimited = True
            least += dose.least * (factor or 0.0)
            most += (dose.most or 0.0) * (factor or 0.0)
    return Total(least / len(days), None if unlimited else most / len(days))


def _taking(node: DailyDose, facts: list[Fact], at: date, low: date, total: Total) -> str:
    what = " prednisone equivalent" if node.as_ == "prednisone" else ""
    names = ", ".join(dict.fromkeys(f"{f.code} {_dose(f)}" for f in facts))
    doubts = "".join(f", {why}" for why in dict.fromkeys(f.doubtful for f in facts) if why)
    when = f"on {at}" if node.mean_over is None else f"on average from {low} to {at}"
    return f"{names or 'none'}{doubts}: {_amount(total)}{what} {when}"


def _dose(fact: Fact) -> str:
    if fact.value is None:
        return "(dose not recorded)"
    more = "" if fact.most is None else f" to {plain(fact.most)}"
    return f"{plain(fact.value)}{more} mg/d"


def _amount(total: Total) -> str:
    least, most = total
    if most is None:
        return f"more than {least:.4g} mg/d" if least else "an unknown dose"
    return f"{most:.4g} mg/d" if same(least, most) else f"{least:.4g} to {most:.4g} mg/d"


def _as(node: DailyDose, name: str, dose: float) -> float | None:
    return prednisone_equivalent(name, dose) if node.as_ == "prednisone" else dose
