"""Observations: measurements, results and answers.

Source: HL7 FHIR R4 (4.0.1), section 10.1, Observation.
"""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import NamedTuple

from gradatim.core.dates import ANY_DAY, NEVER_ENDED, Day
from gradatim.core.message import Text
from gradatim.core.verdict import Reason
from gradatim.evidence.facts import Fact, NotUsed
from gradatim.evidence.fhir.datatypes import (
    Contradictory,
    Resource,
    Unreadable,
    day,
    items,
    obj,
    period,
    text,
    words,
)
from gradatim.evidence.fhir.observation_facts import (
    VALUES,
    DaySpan,
    ObservedPlace,
    PartFault,
    fact_or_fault,
    one_day,
)
from gradatim.evidence.fhir.patient import is_another
from gradatim.evidence.fhir.plain_numbers import read_plain_number
from gradatim.evidence.fhir.reader_context import (
    OCCURRENCES,
    About,
    Results,
    codes_of,
    not_understood,
    status_why,
)
from gradatim.evidence.fhir.statuses import OBSERVATION_USED, OBSERVATION_VOID
from gradatim.evidence.fhir.wordings import SEMANTIC_TAG
from gradatim.protocol.elements import COVERABLE

METHODS = {
    **dict.fromkeys(
        (
            "x-ray",
            "xray",
            "x ray",
            "radiography",
            "plain radiograph",
            "plain x-ray",
            "plain radiography",
            "radiograph",
            "plain film",
        ),
        "x-ray",
    ),
    **dict.fromkeys(
        (
            "ct",
            "computed tomography",
            "ct scan",
            "computed tomography scan",
            "computerized axial tomography",
        ),
        "CT",
    ),
}


class _ObservationPart(NamedTuple):
    """A part of an Observation that is of some elements; the whole has no name."""

    part: str
    holder: Resource
    elements: Iterable[str]


def observation(resource: Resource, id_: str, about: About) -> Results:
    """Read an Observation and its components.

    One that cannot be read, or contradicts itself, keeps its elements open on its days.
    """
    try:
        return read_plain_number(resource, id_, about) or read_in_full(resource, id_, about)
    except Unreadable as error:
        return [
            unsettled_elements(
                resource, id_, error.message, about, isinstance(error, Contradictory)
            )
        ]


def unsettled_elements(
    resource: Resource, id_: str, why: Text, about: About, conflict: bool = False
) -> NotUsed:
    """Say of an Observation that is not read which elements it keeps open, and on which days.

    Args:
        resource: the Observation.
        id_: its place.
        why: why it is not read.
        about: the questions and the person.
        conflict: whether it contradicts itself.
    """
    holders = [resource, *_objects(resource.get("component"))]
    names = {name: None for one in holders for name in _elements(one, about)}
    try:
        span = when(resource)
    except Unreadable:
        span = ANY_DAY, ANY_DAY
    try:
        method = _method(resource)
    except Unreadable:
        method = ""
    fault = PartFault(why, conflict=conflict)
    found = _not_used(id_, fault, names, span, method, about)
    return found._replace(codes=codes_of([_object(resource.get("code"))]))


def _object(value: object) -> Resource | None:
    return value if isinstance(value, dict) else None


def _objects(value: object) -> list[Resource]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _elements(holder: Resource, about: About) -> Iterator[str]:
    """Return the elements that those codings of a part mean which can be read."""
    concept = _object(holder.get("code")) or {}
    for coding in _objects(concept.get("coding")):
        try:
            yield from about.asked({"coding": [coding]})
        except Unreadable:
            continue


def read_in_full(resource: Resource, id_: str, about: About) -> Results:
    """Read an Observation of any shape.

    Raises:
        Unreadable: a part is of the wrong shape.
    """
    status = text(resource, "status")
    if status in OBSERVATION_VOID:
        return [NotUsed(id_, status_why(status))]
    holders = [("", resource), *_components(resource)]
    asked = [
        _ObservationPart(part, holder, about.asked(obj(holder, "code"))) for part, holder in holders
    ]
    asked = [one for one in asked if one.elements]
    if status not in OBSERVATION_USED:
        perhaps = (name for one in asked for name in one.elements)
        return [NotUsed(id_, status_why(status), _coverable(perhaps, about))]
    if not asked:
        return [not_understood(id_, [obj(resource, "code")], (), about)]
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


def _not_used(
    id_: str, fault: PartFault, names: Iterable[str], span: DaySpan, method: str, about: About
) -> NotUsed:
    """Say of a part that gives no fact which elements it keeps open.

    What may be covered is open for good; of all else something stands on the days of the record.
    """
    names = list(names)
    reason = Reason.CONFLICT if fault.conflict else Reason.NOT_UNDERSTOOD
    instead = tuple(
        Fact(
            name,
            id_,
            *_days(name, span, about),
            method=method if about.elements[name].kind in VALUES else "",
            doubtful=fault.why,
            unsettled=reason,
        )
        for name in names
        if fault.says and about.elements[name].kind not in COVERABLE
    )
    return NotUsed(id_, str(fault.why), _coverable(names, about), (), instead, fault.conflict)


def _days(name: str, span: DaySpan, about: About) -> DaySpan:
    return span if about.elements[name].kind in OCCURRENCES else (one_day(span),) * 2


def _components(resource: Resource) -> list[tuple[str, Resource]]:
    if "component" not in resource:
        return []
    return [(f"component{n}", one) for n, one in enumerate(items(resource, "component"), 1)]


def when(resource: Resource) -> DaySpan:
    """Return the first and the last day of what was observed; ANY_DAY for both without a date."""
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


def _read_all(
    asked: list[_ObservationPart], id_: str, span: DaySpan, method: str, about: About
) -> Results:
    facts: list[Fact] = []
    faults: list[tuple[str, str, PartFault]] = []
    for part, holder, elements in asked:
        whole = f"{id_}#{part}" if part else id_
        for name in elements:
            found = fact_or_fault(ObservedPlace(name, whole, span, method), holder, about)
            if isinstance(found, Fact):
                facts.append(found)
            # A panel such as a blood pressure has values only in its components.
            elif part or found.why != _NO_VALUE or len(asked) == 1:
                several = part and len(list(elements)) > 1
                faults.append((f"{part}#{name}" if several else part or name, name, found))
            else:
                faults.append(("", name, found))
    return _settled(id_, facts, faults, span, method, about)


_NO_VALUE = "has no value"


def _settled(
    id_: str,
    facts: list[Fact],
    faults: list[tuple[str, str, PartFault]],
    span: DaySpan,
    method: str,
    about: About,
) -> Results:
    """Join what one Observation gives with why parts of it, each of an element, give nothing."""
    if facts:
        parts = [
            _not_used(f"{id_}#{part}", fault, [name], span, method, about)
            for part, name, fault in faults
            if part
        ]
        return [*facts, *parts]
    told = [one for one in faults if one[0]] or faults
    whys = "; ".join(dict.fromkeys(str(fault.why) for _, _, fault in told))
    each = [_not_used(id_, fault, [name], span, method, about) for _, name, fault in faults]
    return [
        NotUsed(
            id_,
            whys,
            tuple(dict.fromkeys(name for one in each for name in one.elements)),
            instead=tuple(fact for one in each for fact in one.instead),
            conflict=any(one.conflict for one in each),
        )
    ]


def _method(resource: Resource) -> str:
    if resource.get("method") is None:
        return ""
    written = [_plain(one) for one in words(obj(resource, "method"))]
    return next((one for one in written if one in METHODS.values()), "".join(written[:1]))


@lru_cache(maxsize=1024)
def _plain(method: str) -> str:
    bare = SEMANTIC_TAG.sub("", method)
    return METHODS.get(bare, bare)
