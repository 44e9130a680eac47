"""Comparisons and results in CQL: which values count at which visit, and what they say."""

from collections.abc import Callable

from gradatim.exports.cql.derived import computed
from gradatim.exports.cql.elements import RecordedElements
from gradatim.exports.cql.functions import comparison
from gradatim.exports.cql.histories import taken_on
from gradatim.exports.cql.library import Library, decimal, string
from gradatim.exports.cql.units import converted
from gradatim.exports.cql.windows import anchor, inside
from gradatim.protocol.base import Limit, Window
from gradatim.protocol.elements import Element
from gradatim.protocol.nodes import Compare, Measured, Result
from gradatim.protocol.schedule import Encounter
from gradatim.rules.measurements import INDECISIVE

Says = Callable[[bool], str]
"""Writes what a row `V` says; of a computed one any decided word settles a result."""


def compare(node: Compare, title: str, of: RecordedElements) -> str:
    """Write a comparison of a number with a limit."""

    def says(derived: bool) -> str:
        told = _against(node.is_, of.study.elements[node.compare], of.library)
        if node.not_while:
            told = f"{told}\n      and not ({taken_on(node.not_while, of)})"
        return told

    return _measured(node, node.compare, title, of, says)


def result(node: Result, title: str, of: RecordedElements) -> str:
    """Write the question whether a result is a given one."""

    def says(derived: bool) -> str:
        wanted = string(node.is_)
        if derived:
            open_ = ", ".join(map(string, INDECISIVE))
            undecided = f"V.word is null or V.word in {{ {open_} }}"
            return (
                f"case when V.word = {wanted} then true when {undecided} then null else false end"
            )
        decided = "V.word in { 'positive', 'negative' }"
        return f"case when V.word = {wanted} then true when {decided} then false else null end"

    return _measured(node, node.result, title, of, says)


def _against(limit: Limit, element: Element, library: Library) -> str:
    is_so, order = library.function(comparison(limit.op)), library.function("Order of")
    if not limit.times:
        unit = limit.unit or element.unit
        amount = converted(library, element.analyte, unit, "V.value", "V.unit")
        return f"{is_so}({order}({amount}, {decimal(limit.number)}), V.bound)"
    side = "high" if limit.times == "ULN" else "low"
    against = _reference(side, element, library)
    return f"{is_so}({order}(V.value, {decimal(limit.number)} * {against}), V.bound)"


def _reference(side: str, element: Element, library: Library) -> str:
    """Write a limit of the normal range in the value's unit; null if there is none above zero."""
    to = element.unit
    own = converted(library, element.analyte, to, f"V.{side}", f"V.{side}_unit")
    one = converted(library, element.analyte, to, "1.0", "V.unit")
    return (
        f"(case when (V.{side} > 0.0) is not true then null"
        f" when V.{side}_unit = V.unit then V.{side} else {own} / {one} end)"
    )


def _measured(node: Measured, element: str, title: str, of: RecordedElements, says: Says) -> str:
    pick = of.library.function("Any of" if node.value == "any" else "Latest of")
    if not node.at:
        windows = [node.within] if node.within else []
        return f"{pick}({_candidates(node, element, f'{title}: values', of, windows, says)})"
    visits = [of.study.schedule.encounters[name] for name in node.at]
    found = [
        _candidates(node, element, f"{title}: values at {visit.label}", of, _windows(visit), says)
        for visit in visits
    ]
    truths = [f"{pick}({one})" for one in found]
    return truths[0] if len(truths) == 1 else _across(node, visits, found, truths, of.library)


def _windows(visit: Encounter) -> list[Window]:
    return [visit.window, visit.valid_within] if visit.valid_within else [visit.window]


def _across(
    node: Measured, visits: list[Encounter], found: list[str], truths: list[str], library: Library
) -> str:
    """Join visits; one that is not yet due and has no value contributes nothing."""
    library.parameter("on", "Date")
    asked = [f"exists {one}" for one in found]
    if node.across != "available":
        asked = [
            f'({one} or {anchor(library, visit.window.anchor)} <= "on")'
            for one, visit in zip(asked, visits, strict=True)
        ]
    neutral, join = ("true", "and") if node.across == "every" else ("false", "or")
    parts = [f"(if {a} then {t} else {neutral})" for a, t in zip(asked, truths, strict=True)]
    none = " or ".join(asked)
    return f"if not ({none}) then null\nelse " + f"\n  {join} ".join(parts)


def _candidates(
    node: Measured,
    element: str,
    title: str,
    of: RecordedElements,
    windows: list[Window],
    says: Says,
) -> str:
    values = of.values(element)
    method = f" and V.method = {string(node.method)}" if node.method else ""
    query = _query(values, inside(of.library, windows, "V"), says(False), method)
    other = None if node.method else computed(element, of)
    if other is None:
        return of.library.define(title, query)
    recorded = of.library.define(f"{title}, recorded", query)
    reckoned = of.library.define(
        f"{title}, computed", _query(other, inside(of.library, windows, "V"), says(True), "")
    )
    return of.library.define(title, f"if exists {recorded} then {recorded} else {reckoned}")


def _query(values: str, within: str, says: str, method: str) -> str:
    within = within.replace("\n", "\n    ")
    return (
        f"{values} V\n  let inside: {within}\n  where inside is not false{method}\n"
        f"  return Tuple {{ first: V.first, last: V.last, inside: inside,\n"
        f"    says: {says} }}"
    )
