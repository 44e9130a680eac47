"""Leaves that look at measurements and results: which values count, and what they say."""

from collections.abc import Callable
from functools import partial

from gradatim.clinical.units import convert_for
from gradatim.core.dates import Duration
from gradatim.core.message import (
    Argument,
    Label,
    Measure,
    Message,
    Number,
    Pair,
    Term,
    clauses,
    join,
)
from gradatim.core.quantity import Quantity, compare_bounded, compare_numbers
from gradatim.core.truth import FALSE, TRUE, UNKNOWN, Truth, all_of, any_of
from gradatim.core.verdict import Reason, Verdict
from gradatim.evidence.facts import Fact
from gradatim.protocol.base import Limit, Window
from gradatim.protocol.elements import Element
from gradatim.protocol.nodes import Compare, Measured, Result
from gradatim.protocol.schedule import Encounter
from gradatim.rules.absence import absent, occurrences
from gradatim.rules.context import Edge, Situation
from gradatim.rules.derive import derived, missing_inputs, not_computed
from gradatim.rules.messages import COMPARISONS, REFERENCES, Clause, Part
from gradatim.rules.value_selection import CandidateValue, ValueReading, pick, unsettled_reading

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
    node: Measured, element: str, s: Situation, ask: Callable[[Fact], ValueReading]
) -> Verdict:
    if not node.at:
        windows = [node.within] if node.within else []
        return _among(node, element, s, ask, windows, None)
    visits = [s.study.schedule.encounters[name] for name in node.at]
    found = [
        (s.due(v.window.anchor), _among(node, element, s, ask, _windows(v), Label(v.label, name)))
        for name, v in zip(node.at, visits, strict=True)
    ]
    asked = [verdict for due, verdict in found if due or verdict.evidence]
    if node.across == "available":
        asked = [verdict for verdict in asked if verdict.evidence] or asked
    if not asked:
        labels = [Label(v.label, name) for name, v in zip(node.at, visits, strict=True)]
        return Verdict(
            UNKNOWN,
            Clause.NOT_DUE(label=s.label(element), visits=join(labels, Pair.AND)),
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
    ask: Callable[[Fact], ValueReading],
    windows: list[Window],
    visit: Label | None,
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
    facts: list[Fact], windows: list[Window], s: Situation, ask: Callable[[Fact], ValueReading]
) -> list[CandidateValue]:
    candidates, opens = [], s.opens(windows)
    for fact in facts:
        if fact.end.last < opens:
            continue
        inside = all_of([s.in_window(window, fact.start, fact.end) for window in windows])
        if inside:
            candidates.append(CandidateValue(fact, inside is TRUE, ask(fact)))
    return candidates


def _computed(s: Situation, ask: Callable[[Fact], ValueReading], fact: Fact) -> ValueReading:
    """Say what a derived value says, or why there is none."""
    if fact.value is not None or fact.code:
        return ask(fact)
    reason, why = not_computed(s, fact)
    said = Clause.NOT_COMPUTED(label=s.label(fact.element), day=fact.start, why=why)
    return ValueReading(UNKNOWN, said, reason)


def _none(element: str, s: Situation, visit: Label | None, older: bool, method: str) -> Verdict:
    measured: Argument = s.label(element)
    if method:
        measured = Part.BY_METHOD(label=measured, method=Term(method))
    if older:
        said = _at(visit, measured, Clause.NOT_OF_THE_DATE, Clause.NOT_OF_THE_VISIT)
        return Verdict(UNKNOWN, said, element=element, reason=Reason.STALE)
    said = _at(visit, measured, Clause.NO_RECORD, Clause.NO_RECORD_AT_VISIT)
    if without := missing_inputs(s, element):
        said = Clause.NOR_COMPUTED(clause=said, labels=join(without, Pair.COMMA))
    return Verdict(UNKNOWN, said, element=element, reason=Reason.NO_RECORD)


def _at(visit: Label | None, measured: Argument, anyway: Clause, of_visit: Clause) -> Message:
    return of_visit(measured=measured, visit=visit) if visit else anyway(measured=measured)


def _not_while(
    drug: str, ask: Callable[[Fact], ValueReading], s: Situation, fact: Fact
) -> ValueReading:
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
            said = Clause.TAKEN_THEN(drug=Term(one.code or drug))
            taken = Verdict(at, said, (one,), reason=reason)
    if taken.truth is FALSE:
        return says
    truth = min(says.truth, ~taken.truth)
    both = clauses(says.message, taken.message)
    if truth is not UNKNOWN or says.truth is UNKNOWN:
        return ValueReading(truth, both, says.reason)
    return ValueReading(truth, both, taken.reason, drug)


def _against(limit: Limit, element: Element, fact: Fact) -> ValueReading:
    """Return how one value compares with the limit."""
    if fact.unsettled:
        return unsettled_reading(element, fact)
    label = Label(element.label, fact.element)
    if fact.value is None:
        return ValueReading(
            UNKNOWN, Clause.NO_NUMBER(label=label, day=fact.start), Reason.JUDGEMENT
        )
    shown = float(f"{fact.value:.6g}") if fact.derived else fact.value
    quantity = Quantity(shown, fact.unit, fact.bound)
    measured = Part.VALUE(label=label, quantity=quantity, day=fact.start)
    if limit.times:
        return _against_reference(limit, element, fact, measured)
    value = convert_for(element.analyte or None, fact.value, fact.unit, limit.unit or element.unit)
    if value is None:
        want = Measure(limit.unit or element.unit)
        said = Clause.NOT_IN_UNIT(value=measured, unit=want)
        return ValueReading(UNKNOWN, said, Reason.UNIT_MISMATCH)
    truth = compare_bounded(value, fact.bound, limit.op, limit.number)
    if truth is UNKNOWN:
        said = Clause.BOUND(value=measured, limit=Term(str(limit)))
        return ValueReading(truth, said, Reason.JUDGEMENT)
    return ValueReading(
        truth, Clause.COMPARED(value=measured, comparison=_comparison(limit, truth))
    )


def _comparison(limit: Limit, truth: Truth) -> Message:
    return COMPARISONS[limit.op, truth](quantity=Quantity(limit.number, limit.unit))


def _against_reference(
    limit: Limit, element: Element, fact: Fact, measured: Message
) -> ValueReading:
    named = REFERENCES[limit.times]
    reference = fact.high if limit.times == "ULN" else fact.low
    if reference is None or fact.value is None:
        said = Clause.NO_REFERENCE(value=measured, reference=named)
        return ValueReading(UNKNOWN, said, Reason.NO_REFERENCE_RANGE)
    uln = convert_for(element.analyte or None, reference.value, reference.unit, fact.unit)
    if uln is None:
        unit = Measure(reference.unit)
        said = Clause.REFERENCE_IN(value=measured, reference=named, unit=unit)
        return ValueReading(UNKNOWN, said, Reason.UNIT_MISMATCH)
    if uln <= 0:
        said = Clause.REFERENCE_IS(value=measured, reference=named, n=Number(uln))
        return ValueReading(UNKNOWN, said, Reason.NO_REFERENCE_RANGE)
    of: dict[str, Argument] = {
        "value": measured,
        "n": _ratio(fact.value / uln, limit),
        "reference": named,
        "n2": Number(uln),
    }
    truth = compare_bounded(fact.value, fact.bound, limit.op, limit.number * uln)
    if truth is UNKNOWN:
        said = Clause.RATIO_BOUND(**of, limit=Term(str(limit)))
        return ValueReading(truth, said, Reason.JUDGEMENT)
    return ValueReading(truth, Clause.RATIO(**of, comparison=_comparison(limit, truth)))


def _ratio(ratio: float, limit: Limit) -> Number:
    """Return a ratio in as many digits as it takes to see on which side of the limit it lies."""
    truth = compare_numbers(ratio, limit.op, limit.number)
    shown = [Number(ratio, f".{digits}g") for digits in (3, 5, 7, 10)]
    seen = (n for n in shown if compare_numbers(float(str(n)), limit.op, limit.number) is truth)
    return next(seen, shown[-1])


def _coded(wanted: str, element: Element, fact: Fact) -> ValueReading:
    """Say whether one coded result is the one wanted."""
    if fact.unsettled:
        return unsettled_reading(element, fact)
    label = Label(element.label, fact.element)
    if fact.code:
        said = Clause.RESULT(label=label, code=Term(fact.code), day=fact.start)
    else:
        said = Clause.NO_RESULT(label=label, day=fact.start)
    if fact.code == wanted:
        return ValueReading(TRUE, said)
    if fact.code in DEFINITE or (fact.derived and fact.code not in INDECISIVE):
        return ValueReading(FALSE, said)
    return ValueReading(UNKNOWN, Clause.INDECISIVE(clause=said), Reason.JUDGEMENT)
