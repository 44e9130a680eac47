"""Say in plain English what a rule means."""

from collections.abc import Callable, Mapping
from typing import Any

from gradatim.core.dates import Duration
from gradatim.core.message import Number
from gradatim.core.quantity import Quantity, plain_number
from gradatim.core.truth import TRUE
from gradatim.protocol.base import Limit, Window
from gradatim.protocol.nodes import (
    Age,
    AllOf,
    AnyOf,
    Attested,
    Compare,
    Count,
    DailyDose,
    Days,
    Event,
    Measured,
    Node,
    Not,
    NotWashedOut,
    Result,
    Sex,
    Stable,
)
from gradatim.protocol.study import Study
from gradatim.rules.messages import COMPARISONS


def describe(rule: Node, study: Study) -> str:
    """Give a rule in words, using the labels of the study's elements and anchors."""
    return DESCRIPTIONS[type(rule)](rule, study)


def _all(node: AllOf, study: Study) -> str:
    return _joined(node.all, " and ", study) if node.all else "always true"


def _any(node: AnyOf, study: Study) -> str:
    return _joined(node.any, " or ", study) if node.any else "never true"


def _joined(parts: list[Any], word: str, study: Study) -> str:
    texts = [describe(part, study) for part in parts]
    if len(texts) == 1:
        return texts[0]
    compound = [isinstance(part, AllOf | AnyOf) and len(part.parts()) > 1 for part in parts]
    return word.join(f"({t})" if c else t for t, c in zip(texts, compound, strict=True))


def _not(node: Not, study: Study) -> str:
    inner = describe(node.not_, study)
    return f"not ({inner})" if isinstance(node.not_, AllOf | AnyOf) else f"not: {inner}"


def _compare(node: Compare, study: Study) -> str:
    element = study.elements[node.compare]
    said = f"{element.label}{_method(node)} {limit_words(node.is_)}{_when(node, study)}"
    return said + _spared(node, study)


def _spared(node: Compare, study: Study) -> str:
    return f", not while taking {study.elements[node.not_while].label}" if node.not_while else ""


def _result(node: Result, study: Study) -> str:
    return f"{study.elements[node.result].label}{_method(node)} {node.is_}{_when(node, study)}"


def _method(node: Measured) -> str:
    return f" by {node.method}" if node.method else ""


def limit_words(limit: Limit) -> str:
    """Write a limit in words: `above 2.5 x ULN`."""
    times = f" x {limit.times}" if limit.times else ""
    compared = COMPARISONS[limit.op, TRUE](quantity=Quantity(limit.number, limit.unit))
    return f"{compared}{times}"


def _when(node: Measured, study: Study) -> str:
    which = {"any": "any value", "latest": "latest value"}[node.value]
    if node.within:
        return f" ({which} {window_words(node.within, study)})"
    if not node.at:
        return f" ({which})"
    visits = [study.schedule.encounters[name].label for name in node.at]
    join = {"some": " or ", "every": " and ", "available": " or, if done, "}[node.across]
    return f" ({which} at {join.join(visits)})"


def window_words(window: Window, study: Study) -> str:
    """Write a window in words: `in the 3 months before first dose`."""
    anchor = study.schedule.anchors[window.anchor].label
    start, end = window.from_, window.to
    ends = {
        "[]": "",
        "[)": ", that day excluded",
        "(]": ", the first day excluded",
        "()": ", first and last day excluded",
    }[window.bounds]
    if start is None:
        return f"up to {_offset(end, anchor)}{ends}" if end is not None else "at any time"
    if end is None:
        return f"from {_offset(start, anchor)} on{ends}"
    if end == Duration() and start == Duration():
        return f"on the day of {anchor}"
    if end == Duration() and start < Duration():
        return f"in the {-start} before {anchor}{ends}"
    return f"from {_offset(start, anchor)} to {_offset(end, anchor)}{ends}"


def _offset(length: Duration, anchor: str) -> str:
    if length == Duration():
        return anchor
    return f"{-length} before {anchor}" if length < Duration() else f"{length} after {anchor}"


def _attested(node: Attested, study: Study) -> str:
    within = f" ({window_words(node.within, study)})" if node.within else ""
    return f"a person answers yes to: {study.elements[node.attested].label}{within}"


def _age(node: Age, study: Study) -> str:
    compared = COMPARISONS[node.is_.op, TRUE](quantity=Number(node.is_.number))
    return f"{compared} completed years old at {study.schedule.anchors[node.age].label}"


def _sex(node: Sex, study: Study) -> str:
    return f"sex is {node.sex}"


def _event(node: Event, study: Study) -> str:
    names = [node.event] if isinstance(node.event, str) else node.event
    said = _or(study.elements[name].label for name in names)
    if node.grade:
        said += f" of grade {limit_words(node.grade)}"
    if node.related is not None:
        said += " related to the product" if node.related else " not related to the product"
    said += _course(node)
    if node.except_:
        said += f" (except {_or(study.elements[name].label for name in node.except_)})"
    verb = "beginning" if node.counts == "start" else "present"
    return f"{said} {verb} {window_words(node.within, study)}" if node.within else f"{said}, ever"


def _course(node: Event) -> str:
    said = ""
    if node.serious is not None:
        words = "" if isinstance(node.serious, bool) else f" ({node.serious.replace('_', ' ')})"
        said += ", not serious" if node.serious is False else f", serious{words}"
    if node.outcome is not None:
        said += f", of outcome {node.outcome}"
    if node.longer_than is not None:
        said += f", for more than {node.longer_than}"
    return said


def _or(words: Any) -> str:
    listed = list(words)
    return listed[0] if len(listed) == 1 else f"{', '.join(listed[:-1])} or {listed[-1]}"


def _count(node: Count, study: Study) -> str:
    what = "different ingredients" if node.distinct == "ingredient" else "records"
    within = f", begun {window_words(node.within, study)}" if node.within else ""
    return f"at least {node.at_least} {what} of {study.elements[node.count].label}{within}"


def _days(node: Days, study: Study) -> str:
    how = {
        "union": "calendar days of",
        "sum": "days, added up over drugs, of",
        "ingredient": f"days of each of {node.ingredients} ingredients of",
    }[node.per]
    label = study.elements[node.days].label
    return f"at least {node.at_least} {how} {label} {window_words(node.within, study)}"


def _stable(node: Stable, study: Study) -> str:
    asked = []
    if node.started:
        asked.append(f"begun at least {node.started} before")
    if node.unchanged:
        asked.append(f"dose unchanged for at least {node.unchanged}")
    at = study.schedule.anchors[node.before].label
    return f"every {study.elements[node.stable].label} taken at {at}: {' and '.join(asked)}"


def _daily_dose(node: DailyDose, study: Study) -> str:
    at = study.schedule.anchors[node.on].label
    how = " as prednisone equivalent" if node.as_ == "prednisone" else ""
    mean = f", averaged over {node.mean_over} before {at}," if node.mean_over else f" at {at}"
    return (
        f"daily dose of {study.elements[node.daily_dose].label}{how}{mean} {limit_words(node.is_)}"
    )


def _not_washed_out(node: NotWashedOut, study: Study) -> str:
    waits = [_requirement(one) for one in node.longest_of]
    longest = f"the longest of {_or(waits)}" if len(waits) > 1 else waits[0]
    at = study.schedule.anchors[node.before].label
    equal = "" if node.bounds[0] == "(" else ", or exactly that,"
    spare = f", unless {describe(node.exempt, study)}" if node.exempt else ""
    label = study.elements[node.not_washed_out].label
    return f"{label} taken less than {longest}{equal} before {at}{spare}"


def _requirement(one: Any) -> str:
    wait = str(one.length) if one.length else f"{plain_number(one.half_lives)} half-lives"
    return f"{wait} ({', '.join(one.only)})" if one.only else wait


DESCRIPTIONS: Mapping[type[Node], Callable[[Any, Study], str]] = {
    AllOf: _all,
    AnyOf: _any,
    Not: _not,
    Compare: _compare,
    Result: _result,
    Attested: _attested,
    Age: _age,
    Sex: _sex,
    Event: _event,
    Count: _count,
    Days: _days,
    Stable: _stable,
    DailyDose: _daily_dose,
    NotWashedOut: _not_washed_out,
}
"""How each kind of node is said in words."""
