"""Medication records: statements, administrations, requests and dispenses.

Source: HL7 FHIR R4 (4.0.1), sections 11.1 (MedicationRequest), 11.2 (MedicationAdministration),
11.3 (MedicationDispense), 11.4 (MedicationStatement) and 11.5 (Medication); US Core 7.0.0,
"Medication List" (requests of intent plan that are reported medications).
"""

from collections.abc import Container, Iterable
from contextlib import suppress
from typing import NamedTuple

from gradatim.core.codes import PRODUCT
from gradatim.core.dates import NEVER_ENDED, Day, Duration, step
from gradatim.core.message import Text
from gradatim.evidence.doubts import Doubt
from gradatim.evidence.facts import EVERY_DAY, Fact, NotUsed, Often
from gradatim.evidence.fhir.datatypes import (
    Resource,
    Unreadable,
    content_of,
    items,
    obj,
    text,
    words,
)
from gradatim.evidence.fhir.dosages import (
    DAILY_DOSE_UNIT,
    DailyDose,
    daily_dose,
    milligrams,
    route_of,
)
from gradatim.evidence.fhir.medication_periods import is_reported, span_of
from gradatim.evidence.fhir.modifiers import modifier
from gradatim.evidence.fhir.reader_context import (
    MOST_REMEMBERED,
    About,
    Results,
    besides,
    codes_of,
    happened,
    not_understood,
    settle,
    status_why,
)
from gradatim.evidence.fhir.statuses import (
    MEDICATION_USED,
    NO_ORDER,
    NOT_HANDED_OVER,
    NOT_TAKEN,
    PLANNED,
)
from gradatim.evidence.fhir.timings import as_needed, often
from gradatim.evidence.fhir.treatments import GIVEN
from gradatim.protocol.elements import Element


class Named(NamedTuple):
    """What names a drug.

    Args:
        code: the product.
        parts: of a combination, what is in it; None: something that no concept names.
    """

    code: Resource | None
    parts: list[Resource | None]

    def concepts(self) -> list[Resource]:
        """Return every concept there is."""
        return [one for one in (self.code, *self.parts) if one is not None]


def medication(resource: Resource, id_: str, about: About) -> Results:
    """Read a MedicationStatement, -Administration, -Request or -Dispense.

    Raises:
        Unreadable: a part is of the wrong shape.
    """
    why = _excluded(resource)
    if why:
        return [NotUsed(id_, why)]
    named = named_drug(resource, about)
    concepts = named.concepts()
    if not concepts:
        return [NotUsed(id_, _no_drug(resource), tuple(about.of_kind("exposure")))]
    drug = _drug_of(named, about)
    if drug.is_own:
        return [NotUsed(id_, "is the product of this very trial")]
    asked = drug.asked
    open_to = _by_route(resource, drug.open_to, about)
    doubt = _doubted(resource)
    if doubt:
        return [NotUsed(id_, doubt, (*asked, *open_to), codes_of(concepts))]
    if not asked:
        if drug.otherwise is not None and open_to == drug.open_to:
            return [drug.otherwise._replace(id=id_)]
        return [not_understood(id_, concepts, open_to, about)]
    found = _read_all(resource, id_, asked, concepts, about)
    return [*found, *besides(id_, concepts, open_to, about)]


class Drug(NamedTuple):
    """What the protocol asks of a drug, whoever takes it.

    Args:
        is_own: whether it is the product of the trial that is asked about.
        asked: the elements it is of, each with the ingredients by which.
        open_to: the exposures that it is not known to lie outside of.
        otherwise: of a drug of no element, what a record of it is for which no route is recorded.
    """

    is_own: bool
    asked: dict[str, tuple[str, ...]]
    open_to: tuple[str, ...]
    otherwise: NotUsed | None


def _drug_of(named: Named, about: About) -> Drug:
    """Return what is asked of a drug; of what is named the same it is found out once."""
    content = content_of((named.code, named.parts))
    known: dict[bytes, Drug] = about.drugs_read
    if content is not None and (found := known.get(content)) is not None:
        return found
    concepts = named.concepts()
    asked = about.ingredients(concepts)
    open_to = open_to_drug(named, about, asked)
    own = any(_own_product(one, about) for one in concepts)
    otherwise = None
    if not asked:
        with suppress(Unreadable):  # a record that gets so far says it itself
            otherwise = not_understood("", concepts, open_to, about)
    drug = Drug(own, asked, open_to, otherwise)
    if content is not None and len(known) < MOST_REMEMBERED:
        known[content] = drug
    return drug


def _own_product(concept: Resource, about: About) -> bool:
    """Whether a concept is the product of the trial that is asked about."""
    coded = items(concept, "coding")
    own = {"system": PRODUCT, "code": about.codebook.study}
    return any(own.items() <= one.items() for one in coded)


def open_to_drug(named: Named, about: About, asked: Container[str] = ()) -> tuple[str, ...]:
    """Return the exposures that a drug is not known to lie outside of, those asked about left out.

    Where the product is known to be something else, or everything in it, it is; unless a drug is
    named in words that is not.
    """
    names = about.of_kind("exposure")
    by_parts = about.open_to(named.parts, names, asked)
    by_code = by_parts if named.code is None else about.open_to([named.code], names, asked)
    in_words = about.named(named.concepts())
    either = dict.fromkeys((*by_parts, *by_code))
    both = set(by_parts).intersection(by_code)
    return tuple(name for name in either if name in both or name in in_words)


def _by_route(resource: Resource, names: Iterable[str], about: About) -> tuple[str, ...]:
    """Leave out elements to which the recorded route does not belong, whatever the drug is."""
    route = route_of(_dosages(resource))
    if not route:
        return tuple(names)
    return tuple(name for name in names if _counts_by(route, about.elements[name]))


def _counts_by(route: str, element: Element) -> bool:
    """Whether a drug given by a route (empty: not recorded) may count as of an element."""
    if route in element.not_routes:
        return False
    return not (route and element.routes and route not in element.routes)


def _excluded(resource: Resource) -> str:
    """Say why it is known that nothing was taken."""
    status = text(resource, "status")
    if status == "intended":
        return "intended, not taken"
    if status in NOT_TAKEN:
        return status_why(status)
    if resource["resourceType"] == "MedicationDispense" and status in NOT_HANDED_OVER:
        return status_why(status)
    intent = text(resource, "intent") if resource["resourceType"] == "MedicationRequest" else ""
    if intent in NO_ORDER:
        return f"intent {intent}, not an order"
    return "orders that it is not to be given" if resource.get("doNotPerform") is True else ""


def _doubted(resource: Resource) -> str:
    """Say why it cannot be told whether something was taken."""
    kind, status = resource["resourceType"], text(resource, "status")
    if status not in MEDICATION_USED[kind]:
        return status_why(status)
    plan = kind == "MedicationRequest" and text(resource, "intent") == PLANNED
    return "intent plan, not an order" if plan and not is_reported(resource) else ""


def named_drug(resource: Resource, about: About) -> Named:
    """Return what names the drug of a medication record."""
    named = obj(resource, "medicationCodeableConcept")
    if named is not None:
        return Named(named, [])
    found = _referenced(resource, about)
    if found is None:
        return Named(None, [])
    parts = [obj(one, "itemCodeableConcept") for one in items(found, "ingredient")]
    return Named(obj(found, "code"), parts)


def _referenced(resource: Resource, about: About) -> Resource | None:
    reference = text(obj(resource, "medicationReference") or {}, "reference")
    if reference.startswith("#"):
        contained = items(resource, "contained")
        found = next((one for one in contained if one.get("id") == reference[1:]), None)
        return None if found is None or modifier(found) else found
    path = reference.split("/_history/")[0].split("/")
    return about.medications.get(reference) or about.medications.get("/".join(path[-2:]))


def _no_drug(resource: Resource) -> str:
    reference = text(obj(resource, "medicationReference") or {}, "reference")
    return (
        f"its {reference[:80]} is not in the Bundle, or names no drug"
        if reference
        else "names no drug"
    )


def _read_all(
    resource: Resource,
    id_: str,
    asked: dict[str, tuple[str, ...]],
    concepts: list[Resource],
    about: About,
) -> Results:
    dosages = _dosages(resource)
    start, end = span_of(resource, about)
    # Of a combination it cannot be told whose dose it is.
    dose = _dose(resource, dosages, start == end != NEVER_ENDED)
    alone = len(concepts) == 1 and not about.combines(concepts[0])
    dose = dose if alone else None
    given = resource["resourceType"] == "MedicationAdministration"
    counted = resource["resourceType"] != "MedicationStatement"
    taken = Taken(
        (start, end),
        route_of(dosages),
        dose,
        EVERY_DAY if given else often(dosages, counted),
        _doubtful(resource, dosages),
        given,
        _is_depot(concepts, dosages),
    )
    facts: list[Fact] = []
    faults: dict[str, str] = {}
    for name, drug in ((name, drug) for name, some in asked.items() for drug in some):
        found = _fact(name, id_, drug, taken, about)
        later = _afterwards(name, id_, drug, taken, about)
        facts += [one for one in (found, later) if isinstance(one, Fact)]
        if isinstance(found, str) and later is None:
            faults[name] = found
    return settle(id_, facts, faults)


class Taken(NamedTuple):
    """What one record says of how a drug was taken."""

    span: tuple[Day, Day]
    route: str
    dose: DailyDose | None
    often: Often
    doubtful: Text
    given: bool
    depot: bool


def _fact(name: str, id_: str, drug: str, taken: Taken, about: About) -> Fact | str:
    element, route = about.elements[name], taken.route
    if not _counts_by(route, element):
        return f"its route {route} does not count"
    doubtful = Doubt.NO_ROUTE() if element.routes and not route else taken.doubtful
    if element.kind != "exposure":
        return happened(name, id_, *taken.span, about, doubtful)
    fact = Fact(
        name, id_, *taken.span, code=drug, route=route, doubtful=doubtful, often=taken.often
    )
    if taken.dose is None:
        return fact
    least, most = taken.dose
    course = GIVEN if taken.given and not doubtful else ""
    return fact._replace(
        value=least, unit=DAILY_DOSE_UNIT, course=course, most=None if least == most else most
    )


def _afterwards(name: str, id_: str, drug: str, taken: Taken, about: About) -> Fact | None:
    """Say that an injection may still act on the days after it, where the protocol asks of that."""
    lasting = about.elements[name].lasting
    if lasting is None or not (taken.depot or taken.route in lasting.routes):
        return None
    start, end = taken.span
    more = Duration(0, lasting.days)
    return Fact(
        name,
        id_,
        start,
        Day(step(end.first, more), step(end.last, more)),
        code=drug,
        route=taken.route,
        doubtful=Doubt.DEPOT(),
    )


def _is_depot(concepts: Iterable[Resource], dosages: list[Resource]) -> bool:
    """Whether it is called a depot, by its name or by how it is given."""
    methods = [obj(one, name) for one in dosages for name in ("method", "route")]
    said = (one for concept in (*concepts, *methods) for one in words(concept))
    return any("depot" in one for one in said)


def _doubtful(resource: Resource, dosages: list[Resource]) -> Text:
    """Return why something may not have been taken at all, though it was ordered or handed over."""
    if dosages and all(as_needed(one) for one in dosages):
        return Doubt.AS_NEEDED()
    handed_over = resource["resourceType"] != "MedicationDispense" or any(
        (text(resource, "status") == "completed", resource.get("whenHandedOver") is not None)
    )
    return "" if handed_over else Doubt.NOT_HANDED_OVER()


def _dosages(resource: Resource) -> list[Resource]:
    kind = resource["resourceType"]
    if kind == "MedicationAdministration":
        given = obj(resource, "dosage")
        return [] if given is None else [given]
    return items(resource, "dosage" if kind == "MedicationStatement" else "dosageInstruction")


def _dose(resource: Resource, dosages: list[Resource], one_day: bool) -> DailyDose | None:
    """Return the daily dose.

    The dose of an administration is what was given in all, so it is a daily one only on one day.
    """
    if resource["resourceType"] != "MedicationAdministration":
        return daily_dose(dosages)
    dose = milligrams(obj(dosages[0], "dose")) if dosages and one_day else None
    return None if dose is None else DailyDose(dose, dose)
