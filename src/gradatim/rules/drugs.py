"""Leaves that look at drugs being taken: stable doses, total daily dose."""

from collections.abc import Sequence
from datetime import date, timedelta
from functools import partial

from gradatim.clinical.glucocorticoids import prednisone_equivalent
from gradatim.core.dates import Duration, step
from gradatim.core.quantity import compare_bounded, plain
from gradatim.core.truth import FALSE, TRUE, UNKNOWN, Truth, all_of, truth_of
from gradatim.core.verdict import Reason, Verdict
from gradatim.evidence.facts import Fact
from gradatim.protocol.nodes import DailyDose, Stable
from gradatim.rules.courses import Period, by_ingredient, merged, whichever
from gradatim.rules.known import absent, occurrences
from gradatim.rules.measurements import WORDS
from gradatim.rules.situation import Edge, Situation


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
        return Verdict(TRUE, f"not being taken on {at.day}: {none.text}", none.evidence,
                       element=node.stable)  # fmt: skip
    return Verdict(all_of(child.truth for child in taken), children=tuple(taken))


def ingredient_stable(node: Stable, name: str, facts: list[Fact], s: Situation) -> Verdict:
    """Say whether one ingredient, if being taken at the anchor, is stable; no text if it is not."""
    at = s.edge(node.before)
    _watch(s, facts, at, *(s.edge(node.before, -n) for n in (node.started, node.unchanged) if n))
    parts = {what: whichever(facts, partial(ask, node, s)) for what, ask in _STABLE.items()}
    taken, started, unchanged = (parts[what][0] for what in parts)
    if taken is FALSE:
        return Verdict(TRUE, "", tuple(facts), element=node.stable)
    truth = max(min(started, unchanged), ~taken)
    text = f"{name} taken on {at.day}"
    for what, length, found in (("started", node.started, started),
                                ("dose unchanged", node.unchanged, unchanged)):  # fmt: skip
        if length:
            said = {TRUE: "", FALSE: "not ", UNKNOWN: "perhaps not "}[found]
            text += f", {said}{what} for {length}"
    dates = any(blame for _, blame in parts.values())
    reason = None if truth is not UNKNOWN else Reason.PARTIAL_DATE if dates else Reason.NO_RECORD
    return Verdict(truth, text, tuple(facts), element=node.stable, reason=reason)


def _taken(node: Stable, s: Situation, periods: list[Period]) -> Truth:
    return truth_of(any(p.on(s.edge(node.before).day) for p in periods))


def _started(node: Stable, s: Situation, periods: list[Period]) -> Truth:
    at, limit = s.edge(node.before).day, s.edge(node.before, -(node.started or Duration())).day
    return truth_of(any(p.start <= limit for p in merged(periods, False) if p.on(at)))


def _unchanged(node: Stable, s: Situation, periods: list[Period]) -> Truth:
    """Say whether one dose covers the days; records without a dose may or may not be alike."""
    at, limit = s.edge(node.before).day, s.edge(node.before, -(node.unchanged or Duration())).day
    touching = [p for p in merged(periods, True) if p.start <= at and p.end >= limit]
    if len(touching) == 1:
        return truth_of(touching[0].start <= limit)
    doses = {p.dose for p in touching}
    gapless = any(p.start <= limit and p.end >= at for p in merged(periods, False))
    return UNKNOWN if None in doses and gapless and len(doses - {None}) <= 1 else FALSE


_STABLE = {"taken": _taken, "started": _started, "unchanged": _unchanged}


def _watch(s: Situation, facts: Sequence[Fact], *edges: Edge) -> None:
    """Note the days on which these edges pass a record's first or last day."""
    for fact in facts:
        for day in {*fact.start, *fact.end}:
            for edge in edges:
                s.reaches(edge, day)
                s.reaches(edge, day if day == date.max else day + timedelta(days=1))


def daily_dose(node: DailyDose, s: Situation) -> Verdict:
    """Evaluate the total daily dose at an anchor, or its mean over the days before it."""
    facts = occurrences(s, node.daily_dose)
    at = s.edge(node.on)
    low = at if node.mean_over is None else s.edge(node.on, -node.mean_over)
    _watch(s, facts, at, low)
    if node.mean_over and (known := [d for f in facts for d in (*f.start, *f.end) if d < date.max]):
        s.watch_daily(node.on, step(max(known), node.mean_over))
    now = [fact for fact in facts if fact.start.first <= at.day and fact.end.last >= low.day]
    none = absent(s, node.daily_dose, low, at)
    total, text = _total(node, now, at.day, low.day, s)
    if not now and none.truth is FALSE:
        text = none.text
    truth, dates = whichever(now, lambda p: _dose_truth(node, now, p, at.day, low.day, s))
    if none.truth is UNKNOWN and truth is TRUE:
        return none if not now else Verdict(UNKNOWN, children=(
            Verdict(UNKNOWN, f"{text}, but {none.text}", tuple(now), element=node.daily_dose,
                    reason=Reason.NO_RECORD),))  # fmt: skip
    said = "" if truth is TRUE else "not "
    reason = None if truth is not UNKNOWN else Reason.PARTIAL_DATE if dates else Reason.NO_RECORD
    tail = f", {said}{WORDS[node.is_.op]} {plain(node.is_.number)}" if total is not None else ""
    return Verdict(truth, text + tail, tuple(now), element=node.daily_dose, reason=reason)


def _dose_truth(node: DailyDose, facts: list[Fact], periods: list[Period], at: date, low: date,
                s: Situation) -> Truth:  # fmt: skip
    total = _sum(node, facts, periods, at, low, s)
    if total is None:
        return UNKNOWN
    return compare_bounded(total, "", node.is_.op, node.is_.number)


def _sum(node: DailyDose, facts: list[Fact], periods: list[Period], at: date, low: date,
         s: Situation) -> float | None:  # fmt: skip
    """Add up daily doses (mg/d or its equivalent) on `at`, or their mean over [low, at)."""
    days = [at] if node.mean_over is None else [
        low + timedelta(days=i) for i in range(max(1, (at - low).days))]  # fmt: skip
    total = 0.0
    for name in {fact.code for fact in facts}:
        own = merged([p for f, p in zip(facts, periods, strict=True) if f.code == name], True)
        for period in own:
            taken = sum(period.on(day) for day in days)
            dose = None if period.dose is None else _as(node, name, period.dose)
            if taken and dose is None:
                return None
            total += taken * (dose or 0.0)
    return total / len(days)


def _as(node: DailyDose, name: str, dose: float) -> float | None:
    return prednisone_equivalent(name, dose) if node.as_ == "prednisone" else dose


def _total(node: DailyDose, facts: list[Fact], at: date, low: date, s: Situation
           ) -> tuple[float | None, str]:  # fmt: skip
    periods = [Period(f.start.first, f.end.last, f.value) for f in facts]
    total = _sum(node, facts, periods, at, low, s)
    what = " prednisone equivalent" if node.as_ == "prednisone" else ""
    names = ", ".join(dict.fromkeys(f"{f.code} {plain(f.value)} mg/d" if f.value is not None else
                                    f"{f.code} (dose not recorded)" for f in facts))  # fmt: skip
    when = f"on {at}" if node.mean_over is None else f"on average from {low} to {at}"
    amount = "an unknown dose of" if total is None else f"{total:.4g} mg/d"
    return total, f"{names or 'none'}: {amount}{what} {when}"
