"""Leaves that look at drugs being taken: stable doses, total daily dose."""

from collections.abc import Sequence
from datetime import date, timedelta

from gradatim.clinical.glucocorticoids import prednisone_equivalent
from gradatim.core.dates import Duration, step
from gradatim.core.message import (
    Argument,
    Message,
    Number,
    Pair,
    Series,
    Term,
    clauses,
)
from gradatim.core.quantity import compare_bounded, same
from gradatim.core.truth import FALSE, TRUE, UNKNOWN, Truth, all_of
from gradatim.core.verdict import Reason, Verdict
from gradatim.evidence.facts import Fact
from gradatim.protocol.base import Limit
from gradatim.protocol.nodes import DailyDose, Stable
from gradatim.rules.absence import absent, occurrences
from gradatim.rules.context import Edge, Situation
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
from gradatim.rules.messages import (
    COMPARISONS,
    TIME_ON_DOSE,
    TIME_ON_DRUG,
    Clause,
    Dose,
    Part,
    PrednisoneDose,
)

DOSE_UNIT = "mg/d"


def stable(node: Stable, s: Situation) -> Verdict:
    """Evaluate whether every drug being taken has been started and unchanged for long enough."""
    facts = occurrences(s, node.stable)
    children = [
        ingredient_stable(node, name, some, s) for name, some in by_ingredient(facts).items()
    ]
    taken = [child for child in children if child.message]
    at = s.edge(node.before)
    none = absent(s, node.stable, at, at)
    if none.truth is UNKNOWN and not any(child.truth is FALSE for child in taken):
        return Verdict(UNKNOWN, children=(*taken, none)) if taken else none
    if not taken:
        return Verdict(TRUE, none.message, none.evidence, element=node.stable)
    return Verdict(all_of(child.truth for child in taken), children=tuple(taken))


def ingredient_stable(node: Stable, name: str, facts: list[Fact], s: Situation) -> Verdict:
    """Return whether an ingredient, if taken at the anchor, is stable; no message if it is not."""
    at = s.edge(node.before)
    _watch(s, facts, at, *(s.edge(node.before, -n) for n in (node.started, node.unchanged) if n))
    first, last = bridged(surely(facts)), bridged(perhaps(facts))
    taken = _between(_taken(node, s, first), _taken(node, s, last))
    started = _between(_started(node, s, first), _started(node, s, last))
    same_dose = _unchanged(node, s, first, last)
    if taken is FALSE:
        return Verdict(TRUE, "", tuple(facts), element=node.stable)
    truth = max(min(started, same_dose), ~taken)
    said = Clause.TAKEN(drug=Term(name), day=at.day)
    if node.started:
        said = TIME_ON_DRUG[started](clause=said, length=node.started)
    if node.unchanged:
        said = TIME_ON_DOSE[same_dose](clause=said, length=node.unchanged)
    reason = None if truth is not UNKNOWN else blame(facts) or _of_doses(facts)
    all_said = clauses(said, *(f.doubtful for f in facts))
    return Verdict(truth, all_said, tuple(facts), element=node.stable, reason=reason)


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
    if none.truth is FALSE and not now:
        return Verdict(truth, none.message, none.evidence, element=node.daily_dose)
    said = _taking(node, now, at.day, low.day, Total(least, most), truth)
    if truth is not UNKNOWN:
        return Verdict(truth, said, tuple(now), element=node.daily_dose)
    if total_against(node.is_, least, most) is not UNKNOWN:
        both = clauses(said, none.message) if now else none.message
        return Verdict(truth, both, tuple(now), element=node.daily_dose, reason=none.reason)
    reason = Reason.NO_RECORD if most is None else blame(now) or Reason.JUDGEMENT
    return Verdict(truth, said, tuple(now), element=node.daily_dose, reason=reason)


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


def _taking(
    node: DailyDose, facts: list[Fact], at: date, low: date, total: Total, truth: Truth
) -> Message:
    doubts = (f.doubtful for f in facts if f.doubtful)
    doses: Argument = Part.NO_DRUG()
    if facts:
        doses = Series((*map(_drug, facts), *doubts), Pair.COMMA, distinct=True)
    dose = _dose(total, PrednisoneDose if node.as_ == "prednisone" else Dose)
    comparison = COMPARISONS[node.is_.op, truth](quantity=Number(node.is_.number))
    if node.mean_over is None:
        return Clause.DOSE(doses=doses, dose=dose, day=at, comparison=comparison)
    return Clause.MEAN_DOSE(doses=doses, dose=dose, day=low, day2=at, comparison=comparison)


def _drug(fact: Fact) -> Message:
    drug = Term(fact.code)
    if fact.value is None:
        return Part.DRUG_ALONE(drug=drug)
    if fact.most is None:
        return Part.DRUG(drug=drug, n=Number(fact.value))
    return Part.DRUG_BETWEEN(drug=drug, n=Number(fact.value), n2=Number(fact.most))


def _dose(total: Total, of: type[Dose] | type[PrednisoneDose]) -> Message:
    least, most = total
    if most is None:
        return of.MORE(n=Number(least, ".4g")) if least else of.UNKNOWN()
    if same(least, most):
        return of.IS(n=Number(most, ".4g"))
    return of.BETWEEN(n=Number(least, ".4g"), n2=Number(most, ".4g"))


def _as(node: DailyDose, name: str, dose: float) -> float | None:
    return prednisone_equivalent(name, dose) if node.as_ == "prednisone" else dose
