"""Leaves that look at measurements and results: which values count, and what they say."""

from collections.abc import Callable
from functools import partial

from gradatim.clinical.units import convert_for
from gradatim.core.dates import Duration
from gradatim.core.quantity import Quantity, compare_bounded, plain
from gradatim.core.quantity import compare as compare_numbers
from gradatim.core.truth import FALSE, TRUE, UNKNOWN, all_of, any_of
from gradatim.core.verdict import Reason, Verdict
from gradatim.evidence.facts import Fact
from gradatim.protocol.base import Limit, Window
from gradatim.protocol.elements import Element
from gradatim.protocol.nodes import Compare, Measured, Result
from gradatim.protocol.schedule import Encounter
from gradatim.rules.derive import derived, missing_inputs, not_computed
from gradatim.rules.known import absent, occurrences
from gradatim.rules.pick import Candidate, Reading, pick, unsettled
from gradatim.rules.situation import Edge, Situation

WORDS = {">": "above", ">=": "at least", "<": "below", "<=": "at most", "=": "exactly"}
DEFINITE = ("positive", "negative")
"""Results that answer the question; any other that a laboratory may write leaves it open."""
INDECISIVE = ("borderline", "equivocal", "inconclusive", "indeterminate", "invalid")
"""Words that leave it open even where they are the protocol's own, from the bands of a number."""


def compare(node: Compare, s: Situation) -> Verdict:
    """Evaluate a comparison of a number with a limit."""
    ask = partial(_against, node.is_, s.study.elements[node.compare])
    if node.not_while:
        ask = partial(_not_while, node.not_while, ask, s)
    return _measured(node, node.compare, s, ask)


def result(node: Result, s: Situation) -> Verdict:
    """Evaluate the question whether a result is a given one."""
    return _measured(node, node.result, s, partial(_coded, node.is_, s.study.elements[node.result]))


def _measured(
    node: Measured, element: str, s: Situation, ask: Callable[[Fact], Reading]
) -> Verdict:
    if not node.at:
        windows = [node.within] if node.within else []
        return _among(node, element, s, ask, windows, "")
    visits = [s.study.schedule.encounters[name] for name in node.at]
    found = [
        (s.due(v.window.anchor), _among(node, element, s, ask, _windows(v), v.label))
        for v in visits
    ]
    asked = [verdict for due, verdict in found if due or verdict.evidence]
    if node.across == "available":
        asked = [verdict for verdict in asked if verdict.evidence] or asked
    if not asked:
        labels = " and ".join(visit.label for visit in visits)
        label = s.study.elements[element].label
        return Verdict(
            UNKNOWN,
            f"{label}: the {labels} visit is not yet due",
            element=element,
            reason=Reason.NO_RECORD,
        )
    combine = all_of if node.across == "every" else any_of
    return (
        asked[0]
        if len(asked) == 1
        else Verdict(combine(v.truth for v in asked), children=tuple(asked))
    )


def _windows(visit: Encounter) -> list[Window]:
    return [visit.window, visit.valid_within] if visit.valid_within else [visit.window]


def _among(
    node: Measured,
    element: str,
    s: Situation,
    ask: Callable[[Fact], Reading],
    windows: list[Window],
    visit: str,
) -> Verdict:
    recorded = [fact for fact in s.facts.of(element) if _is_by(node.method, fact)]
    candidates = _candidates(recorded, windows, s, ask)
    if not candidates and not node.method:
        computed = derived(s, element, s.opens(windows))
        candidates = _candidates(computed, windows, s, partial(_computed, s, ask))
    if not candidates:
        older = bool(recorded or (not node.method and derived(s, element)))
        return _none(element, s, visit, older, node.method)
    return pick(node.value, candidates, element)


def _is_by(method: str, fact: Fact) -> bool:
    """Whether a record is by a method, or may be: one that is not read does not say by which."""
    return method in ("", fact.method) or bool(fact.unsettled and not fact.method)


def _candidates(
    facts: list[Fact], windows: list[Window], s: Situation, ask: Callable[[Fact], Reading]
) -> list[Candidate]:
    candidates, opens = [], s.opens(windows)
    for fact in facts:
        if fact.end.last < opens:
            continue
        inside = all_of([s.in_window(window, fact.start, fact.end) for window in windows])
        if inside:
            candidates.append(Candidate(fact, inside is TRUE, ask(fact)))
    return candidates


def _computed(s: Situation, ask: Callable[[Fact], Reading], fact: Fact) -> Reading:
    """Say what a derived value says, or why there is none."""
    if fact.value is not None or fact.code:
        return ask(fact)
    reason, why = not_computed(s, fact)
    label = s.study.elements[fact.element].label
    return Reading(UNKNOWN, f"{label} on {fact.start} could not be computed: {why}", reason)


def _none(element: str, s: Situation, visit: str, older: bool, method: str) -> Verdict:
    label = s.study.elements[element].label + (f" by {method}" if method else "")
    at = f" for the {visit} visit" if visit else ""
    if older:
        return Verdict(
            UNKNOWN,
            f"{label}: no value of the right date{at}",
            element=element,
            reason=Reason.STALE,
        )
    without = missing_inputs(s, element)
    why = f" (not computed either: no {', '.join(without)})" if without else ""
    return Verdict(
        UNKNOWN, f"{label}: no record{at}{why}", element=element, reason=Reason.NO_RECORD
    )


def _not_while(drug: str, ask: Callable[[Fact], Reading], s: Situation, fact: Fact) -> Reading:
    """Let a value of a day on which a drug was taken not satisfy."""
    says = ask(fact)
    if says.truth is FALSE:
        return says
    first, last = (Edge(day, day, Duration(), False) for day in fact.start)
    taken = absent(s, drug, first, last)
    for one in occurrences(s, drug):
        at = min(s.not_after(one.start, last), s.not_before(one.end, first))
        at = min(at, UNKNOWN) if one.doubtful or not fact.start.exact else at
        reason = Reason.JUDGEMENT if one.doubtful else Reason.PARTIAL_DATE
        clearer = not taken.evidence or (taken.reason is not reason is Reason.PARTIAL_DATE)
        if at > taken.truth or (at and at is taken.truth and clearer):
            taken = Verdict(at, f"{one.code or drug} was taken then", (one,), reason=reason)
    if taken.truth is FALSE:
        return says
    truth = min(says.truth, ~taken.truth)
    text = f"{says.text}; {taken.text}"
    if truth is not UNKNOWN or says.truth is UNKNOWN:
        return Reading(truth, text, says.reason)
    return Reading(truth, text, taken.reason, drug)


def _against(limit: Limit, element: Element, fact: Fact) -> Reading:
    """Say how one value compares with the limit."""
    if fact.unsettled:
        return unsettled(element, fact)
    if fact.value is None:
        return Reading(
            UNKNOWN, f"{element.label} on {fact.start} is not a number", Reason.JUDGEMENT
        )
    shown = float(f"{fact.value:.6g}") if fact.derived else fact.value
    measured = f"{element.label} {Quantity(shown, fact.unit, fact.bound)} on {fact.start}"
    if limit.times:
        return _against_reference(limit, element, fact, measured)
    value = convert_for(element.analyte or None, fact.value, fact.unit, limit.unit or element.unit)
    if value is None:
        want = limit.unit or element.unit
        return Reading(UNKNOWN, f"{measured} cannot be compared in {want}", Reason.UNIT_MISMATCH)
    return _compared(limit, value, fact.bound, f"{measured} is", limit.number)


def _against_reference(limit: Limit, element: Element, fact: Fact, measured: str) -> Reading:
    reference = fact.high if limit.times == "ULN" else fact.low
    if reference is None or fact.value is None:
        return Reading(
            UNKNOWN, f"{measured} came without its {limit.times}", Reason.NO_REFERENCE_RANGE
        )
    uln = convert_for(element.analyte or None, reference.value, reference.unit, fact.unit)
    if uln is None:
        return Reading(
            UNKNOWN, f"{measured}: its {limit.times} is in {reference.unit}", Reason.UNIT_MISMATCH
        )
    if uln <= 0:
        return Reading(
            UNKNOWN, f"{measured}: its {limit.times} is {plain(uln)}", Reason.NO_REFERENCE_RANGE
        )
    ratio = f"{_ratio(fact.value / uln, limit)} x {limit.times} ({plain(uln)})"
    return _compared(limit, fact.value, fact.bound, f"{measured} is {ratio},", limit.number * uln)


def _ratio(ratio: float, limit: Limit) -> str:
    """Write a ratio with as many digits as it takes to see on which side of the limit it lies."""
    truth = compare_numbers(ratio, limit.op, limit.number)
    texts = [f"{ratio:.{digits}g}" for digits in (3, 5, 7, 10)]
    seen = (t for t in texts if compare_numbers(float(t), limit.op, limit.number) is truth)
    return next(seen, texts[-1])


def _compared(limit: Limit, value: float, bound: str, said: str, against: float) -> Reading:
    truth = compare_bounded(value, bound, limit.op, against)
    if truth is UNKNOWN:
        return Reading(truth, f"{said} known only as a bound, against {limit}", Reason.JUDGEMENT)
    negation = "" if truth is TRUE else "not "
    limit_text = Quantity(limit.number, limit.unit)
    return Reading(truth, f"{said} {negation}{WORDS[limit.op]} {limit_text}")


def _coded(wanted: str, element: Element, fact: Fact) -> Reading:
    """Say whether one coded result is the one wanted."""
    if fact.unsettled:
        return unsettled(element, fact)
    said = f"{element.label} {fact.code or 'without a result'} on {fact.start}"
    if fact.code == wanted:
        return Reading(TRUE, said)
    if fact.code in DEFINITE or (fact.derived and fact.code not in INDECISIVE):
        return Reading(FALSE, said)
    return Reading(UNKNOWN, f"{said} is neither positive nor negative", Reason.JUDGEMENT)
