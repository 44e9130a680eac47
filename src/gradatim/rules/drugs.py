"""Leaves that look at drugs being taken: stable doses, total daily dose."""

from collections.abc import Callable, Sequence
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
    merged,
    perhaps,
    surely,
)  # fmt: skip
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
        return Verdict(TRUE, none.text, none.evidence,
                       element=node.stable)  # fmt: skip
    return Verdict(all_of(child.truth for child in taken), children=tuple(taken))


def ingredient_stable(node: Stable, name: str, facts: list[Fact], s: Situation) -> Verdict:
    """Say whether one ingredient, if being taken at the anchor, is stable; no text if it is not."""
    at = s.edge(node.before)
    _watch(s, facts, at, *(s.edge(node.before, -n) for n in (node.started, node.unchanged) if n))
    first, last = bridged(surely(facts)), bridged(perhaps(facts))
    taken = _between(_taken(node, s, first), _taken(node, s, last))
    started = _between(_started(node, s, first), _started(node, s, last))
    unchanged = _unchanged(node, s, first, last)
    if taken is FALSE:
        return Verdict(TRUE, "", tuple(facts), element=node.stable)
    truth = max(min(started, unchanged), ~taken)
    text = f"{name} taken on {at.day}"
    for what, length, found in (("started", node.started, started),
                                ("dose unchanged", node.unchanged, unchanged)):  # fmt: skip
        if length:
            said = {TRUE: "", FALSE: "not ", UNKNOWN: "perhaps not "}[found]
            text += f", {said}{what} for {length}"
    doubts = "".join(f"; {why}" for why in dict.fromkeys(f.doubtful for f in facts) if why)
    reason = None if truth is not UNKNOWN else blame(facts) or Reason.NO_RECORD
    return Verdict(truth, text + doubts, tuple(facts), element=node.stable, reason=reason)


def _between(least: bool, most: bool) -> Truth:
    """Settle what more days of taking can only make truer, from the fewest and the most days."""
    return TRUE if least else UNKNOWN if most else FALSE


def _taken(node: Stable, s: Situation, periods: list[Period]) -> bool:
    return any(p.on(s.edge(node.before).day) for p in periods)


def _started(node: Stable, s: Situation, periods: list[Period]) -> bool:
    at, limit = s.edge(node.before).day, s.edge(node.before, -(node.started or Duration())).day
    return _covered(periods, limit, at)


def _unchanged(node: Stable, s: Situation, first: list[Period], last: list[Period]) -> Truth:
    """Say whether one dose covers the days; records without a dose may or may not be alike."""
    at, limit = s.edge(node.before).day, s.edge(node.before, -(node.unchanged or Duration())).day
    sure, maybe = ([p for p in some if p.start <= at and p.end >= limit] for some in (first, last))
    if len({p.dose for p in maybe}) == 1 and (len(maybe) == 1 or maybe[0].dose is not None):
        return _between(_covered(first, limit, at), _covered(last, limit, at))
    known = {p.dose for p in sure} - {None}
    alike = [[p for p in last if p.dose in (dose, None)] for dose in {p.dose for p in maybe}
             if known <= {dose}]  # fmt: skip
    return UNKNOWN if any(_covered(some, limit, at) for some in alike) else FALSE


def _covered(periods: list[Period], first: date, last: date) -> bool:
    """Whether drugs were taken on every day from `first` to `last`."""
    return any(p.start <= first and p.end >= last for p in merged(periods, False))


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
    least, _ = _sum(node, now, surely, days)
    known, unknown = _sum(node, now, perhaps, days)
    most = None if unknown else known
    truth = total_against(node.is_, least, None if none.truth is UNKNOWN else most)
    said = {TRUE: "", FALSE: "not ", UNKNOWN: "perhaps "}[truth]
    text = f"{_taking(node, now, at.day, low.day, known, most)}, {said}{WORDS[node.is_.op]}"
    text += f" {plain(node.is_.number)}"
    if none.truth is FALSE and not now:
        return Verdict(truth, none.text, none.evidence, element=node.daily_dose)
    if truth is not UNKNOWN:
        return Verdict(truth, text, tuple(now), element=node.daily_dose)
    if total_against(node.is_, least, most) is not UNKNOWN:
        text = f"{text}; {none.text}" if now else none.text
        return Verdict(truth, text, tuple(now), element=node.daily_dose, reason=none.reason)
    reason = Reason.NO_RECORD if most is None else blame(now)
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


def _sum(node: DailyDose, facts: list[Fact], spans: Callable[[list[Fact]], list[Period]],
         days: list[date]) -> tuple[float, bool]:  # fmt: skip
    """Give the mean of the known daily doses (mg/d or its equivalent), and if any is not known."""
    total, unknown = 0.0, False
    for name, own in by_ingredient(facts).items():
        for period in merged(spans(own), True):
            dose = None if period.dose is None else _as(node, name, period.dose)
            taken = sum(period.on(day) for day in days)
            total += taken * (dose or 0.0)
            unknown = unknown or (taken > 0 and dose is None)
    return total / len(days), unknown


def _taking(node: DailyDose, facts: list[Fact], at: date, low: date, known: float,
            most: float | None) -> str:  # fmt: skip
    what = " prednisone equivalent" if node.as_ == "prednisone" else ""
    names = ", ".join(dict.fromkeys(f"{f.code} {plain(f.value)} mg/d" if f.value is not None else
                                    f"{f.code} (dose not recorded)" for f in facts))  # fmt: skip
    doubts = "".join(f", {why}" for why in dict.fromkeys(f.doubtful for f in facts) if why)
    when = f"on {at}" if node.mean_over is None else f"on average from {low} to {at}"
    amount = f"{known:.4g} mg/d" if most is not None else (
        f"more than {known:.4g} mg/d" if known else "an unknown dose")  # fmt: skip
    return f"{names or 'none'}{doubts}: {amount}{what} {when}"


def _as(node: DailyDose, name: str, dose: float) -> float | None:
    return prednisone_equivalent(name, dose) if node.as_ == "prednisone" else dose
