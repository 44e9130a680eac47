"""Observations: measurements, results and answers.

Source: HL7 FHIR R4 (4.0.1), section 10.1, Observation.
"""

import re
from collections.abc import Iterable
from functools import lru_cache

from gradatim.core.dates import ANY_DAY, NEVER_ENDED, Day
from gradatim.evidence.facts import Fact, NotUsed
from gradatim.evidence.sources.about import (
    OCCURRENCES,
    About,
    Results,
    not_understood,
    settle,
    status_why,
)
from gradatim.evidence.sources.datatypes import (
    Resource,
    Unreadable,
    day,
    items,
    obj,
    period,
    text,
    words,
)
from gradatim.evidence.sources.patient import is_another
from gradatim.evidence.sources.results import (
    Said,
    absent_reason,
    implausible,
    reference_range,
    value_of,
    yes_or_no,
)
from gradatim.protocol.elements import COVERABLE

USED = frozenset({"final", "amended", "corrected"})
_NONE = ("entered-in-error", "cancelled")
_VALUES = ("measurement", "adverse_event")
_SEMANTIC_TAG = re.compile(r"\s*\([a-z/ ]+\)\Z")
METHODS = {
    **dict.fromkeys(("x-ray", "xray", "x ray", "radiography", "plain radiograph", "plain x-ray",
                     "plain radiography", "radiograph", "plain film"), "x-ray"),
    **dict.fromkeys(("ct", "computed tomography", "ct scan", "computed tomography scan",
                     "computerized axial tomography"), "CT"),
}  # fmt: skip


def observation(resource: Resource, id_: str, about: About) -> Results:
    """Read an Observation and its components.

    Raises:
        Unreadable: a part that every fact of it needs is of the wrong shape.
    """
    status = text(resource, "status")
    if status in _NONE:
        return [NotUsed(id_, status_why(status))]
    holders = [("", resource), *_components(resource)]
    asked = [(part, holder, about.asked(obj(holder, "code"))) for part, holder in holders]
    asked = [one for one in asked if one[2]]
    if status not in USED:
        perhaps = (name for _, _, names in asked for name in names)
        return [NotUsed(id_, status_why(status), _coverable(perhaps, about))]
    if not asked:
        return [not_understood(id_, [obj(resource, "code")], ())]
    if "focus" in resource and any(
        is_another({"focus": one}, "focus", about.person) for one in items(resource, "focus")
    ):
        return [NotUsed(id_, "is about something other than this person (focus)")]
    start, end = when(resource)
    if end.last < about.person.birth.first:
        return [NotUsed(id_, f"is dated {start}, before this person was born")]
    return _read_all(asked, id_, (start, end), _method(resource), about)


def _coverable(names: Iterable[str], about: About) -> tuple[str, ...]:
    """Return those of some elements that a declaration of completeness may cover."""
    return tuple(dict.fromkeys(one for one in names if about.elements[one].kind in COVERABLE))


def _components(resource: Resource) -> list[tuple[str, Resource]]:
    if "component" not in resource:
        return []
    return [(f"component{n}", one) for n, one in enumerate(items(resource, "component"), 1)]


def when(resource: Resource) -> tuple[Day, Day]:
    """Give the first and the last day of what was observed; ANY_DAY for both without a date."""
    at = day(resource, "effectiveDateTime") or day(resource, "effectiveInstant")
    if at:
        return at, at
    span = period(resource, "effectivePeriod")
    if resource.get("effectiveTiming") is not None:
        raise Unreadable("effectiveTiming is not read")
    if span is None:
        return ANY_DAY, ANY_DAY
    start, end = span
    return start or Day(ANY_DAY.first, (end or ANY_DAY).last), end or NEVER_ENDED


def _read_all(asked: list[tuple[str, Resource, dict[str, str]]], id_: str, span: tuple[Day, Day],
              method: str, about: About) -> Results:  # fmt: skip
    facts: list[Fact] = []
    faults: dict[str, str] = {}
    unanswered: list[str] = []
    for part, holder, elements in asked:
        whole = f"{id_}#{part}" if part else id_
        for name in elements:
            try:
                found = _fact(name, whole, holder, span, method, about)
            except Unreadable as error:
                found = str(error)
            if isinstance(found, Fact):
                facts.append(found)
                continue
            unanswered.append(name)
            if part or found != "has no value" or len(asked) == 1:
                # A panel such as a blood pressure has values only in its components.
                faults[f"{part}#{name}" if part and len(elements) > 1 else part or name] = found
    return settle(id_, facts, faults, _coverable(unanswered, about))


def _fact(name: str, id_: str, holder: Resource, span: tuple[Day, Day], method: str, about: About
          ) -> Fact | str:  # fmt: skip
    value = value_of(holder)
    if value is None:
        return absent_reason(holder)
    element = about.elements[name]
    if element.kind not in _VALUES:
        return _yes_or_no(name, id_, value, span, element.kind in OCCURRENCES)
    at = _one_day(span)
    if value.value is None:
        return Fact(name, id_, at, at, code=value.code, method=method)
    why = implausible(value, element)
    if why:
        return why
    low, high = None, None
    if "referenceRange" in holder:
        low, high = reference_range(holder, value.unit, element)
    return Fact(name, id_, at, at, value.value, value.unit, value.bound, low, high, "", method)


def _yes_or_no(
    name: str, id_: str, value: Said, span: tuple[Day, Day], lasting: bool
) -> Fact | str:
    """Read an explicit answer; of what can last, its days are those on which it happened or not."""
    answer = yes_or_no(value)
    if not answer:
        return f"its value is neither yes nor no, which is what {name} asks"
    start, end = span if lasting else (_one_day(span),) * 2
    return Fact(name, id_, start, end, code=answer)


def _one_day(span: tuple[Day, Day]) -> Day:
    """Give the day of a value; of one observed over several days, which of them is not known."""
    start, end = span
    if start is end:
        return start
    return start if end is NEVER_ENDED else Day(start.first, max(end.last, start.first))


def _method(resource: Resource) -> str:
    if resource.get("method") is None:
        return ""
    written = [_plain(one) for one in words(obj(resource, "method"))]
    return next((one for one in written if one in METHODS.values()), "".join(written[:1]))


@lru_cache(maxsize=1024)
def _plain(method: str) -> str:
    bare = _SEMANTIC_TAG.sub("", method)
    return METHODS.get(bare, bare)
