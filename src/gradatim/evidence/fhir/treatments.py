"""Which medication records tell of one treatment, and what was given on one day in all.

An order, what was dispensed and given for it, and what was stated because of it are one course of
treatment. So are records that carry the same business identifier. Of all other records nobody says
whether they are of one treatment.

Source: HL7 FHIR R4 (4.0.1), sections 11.1 to 11.4 (basedOn, priorPrescription, request,
authorizingPrescription, derivedFrom, partOf) and 2.24.0.10 (Identifier).
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from gradatim.evidence.facts import Fact
from gradatim.evidence.fhir.bundles import Entry
from gradatim.evidence.fhir.datatypes import Resource

GIVEN = "given"
"""Course of the administrations that name no order: of one day they add up."""
_TIES = (
    *("basedOn", "priorPrescription", "request", "authorizingPrescription"),
    *("derivedFrom", "partOf"),
)
"""Elements that name the record a treatment began with, or is a part of."""
_TYING = frozenset({*_TIES, "identifier"})


def courses_of(entries: Iterable[Entry]) -> dict[str, str]:
    """Return by their places the course of the medication records that are tied to another.

    Records are tied by a reference, directly or through others, or by an identifier they share.
    """
    records: dict[str, Resource] = {}
    for entry in entries:  # most are neither, and there are many
        if "contained" in entry.resource or entry.kind.startswith("Medication"):
            records.update(_records(entry))
    tying = {id_: one for id_, one in records.items() if not _TYING.isdisjoint(one)}
    if not tying:
        return {}
    known = {entry.full_url: entry.id for entry in entries if entry.full_url}
    tied = _Tied()
    for id_, resource in tying.items():
        for identifier in _identifiers(resource.get("identifier")):
            tied.join(id_, identifier)
        for named in _named(resource):
            for other in _meant(named, id_.partition("#")[0]):
                place = known.get(other, other)
                if place in records or place.startswith(_BY_IDENTIFIER):
                    tied.join(id_, place)
    return tied.courses(records)


def _records(entry: Entry) -> Iterator[tuple[str, Resource]]:
    if entry.kind.startswith("Medication") and entry.kind != "Medication":
        yield entry.id, entry.resource
    held = entry.resource.get("contained")
    for one in held if isinstance(held, list) else ():
        kind = one.get("resourceType") if isinstance(one, dict) else None
        if isinstance(kind, str) and kind.startswith("Medication") and kind != "Medication":
            yield f"{entry.id}#{one.get('id')}", one


_BY_IDENTIFIER = "identifier "


def _identifiers(listed: object) -> Iterator[str]:
    """Give the business identifiers of a record; one without a system may be anybody's."""
    for one in listed if isinstance(listed, list) else [listed]:
        if isinstance(one, dict) and isinstance(one.get("system"), str) and one.get("value"):
            yield f"{_BY_IDENTIFIER}{one['system']}|{one['value']}"


def _named(resource: Resource) -> Iterator[Resource]:
    for name in _TIES:
        part = resource.get(name)
        for one in part if isinstance(part, list) else [part]:
            if isinstance(one, dict):
                yield one


def _meant(reference: Resource, within: str) -> Iterator[str]:
    """Give the places that a reference may mean."""
    yield from _identifiers(reference.get("identifier"))
    written = reference.get("reference")
    if not isinstance(written, str) or not written:
        return
    if written.startswith("#"):
        yield f"{within}{written}"
        return
    yield written
    yield "/".join(written.split("/_history/")[0].split("/")[-2:])


class _Tied:
    """Sets of places that belong together."""

    def __init__(self) -> None:
        self._under: dict[str, str] = {}

    def _first(self, one: str) -> str:
        while (above := self._under.setdefault(one, one)) != one:
            self._under[one] = one = self._under[above]
        return one

    def join(self, one: str, other: str) -> None:
        """Say that two belong together."""
        self._under[self._first(other)] = self._first(one)

    def courses(self, records: Iterable[str]) -> dict[str, str]:
        """Return a name of the set, of each record that shares it with another."""
        sets: dict[str, list[str]] = defaultdict(list)
        for one in records:
            sets[self._first(one)].append(one)
        return {one: min(some) for some in sets.values() if len(some) > 1 for one in some}


def as_courses(facts: Iterable[Fact], courses: Mapping[str, str]) -> tuple[Fact, ...]:
    """Say of the facts of one element which are of one course, and what was given on a day in all.

    Args:
        facts: as they were read, those of administrations with the course `GIVEN`.
        courses: the courses of records that are tied to others, by their places.
    """
    named = [
        one
        if one.course == GIVEN or one.course == (course := courses.get(one.id, ""))
        else one._replace(course=course)
        for one in facts
    ]
    given: dict[tuple[str, str, object], list[int]] = defaultdict(list)
    for at, one in enumerate(named):
        if one.course == GIVEN:
            given[courses.get(one.id, GIVEN), one.code, one.start].append(at)
    orders = [one for one in named if one.course and one.course != GIVEN]
    for (course, code, _), places in given.items():
        total = sum(named[at].value or 0.0 for at in places)
        ordered = [one for one in orders if (one.course, one.code) == (course, code)]
        for at in places:
            named[at] = _given(named[at]._replace(course=course), total, ordered)
    return tuple(named)


def _given(one: Fact, total: float, orders: list[Fact]) -> Fact:
    """Say what was given on a day in all; where that is not all of what was ordered, the order."""
    for order in orders:
        most = order.value if order.most is None else order.most
        if order.value is not None and most is not None and total <= most:
            return one._replace(value=order.value, most=order.most)
    return one._replace(value=total)
