"""What is recorded of a participant as Observations, MedicationStatements and histories.

One fact is one resource. It is coded by the protocol's own element, and by a code of a public
system only where that code means this element and no other. A drug of the drug table carries its
ATC and RxNorm codes.

Source: HL7 FHIR R4 (4.0.1), sections 10.1 (Observation), 11.4 (MedicationStatement),
9.2 (Condition) and 9.3 (Procedure).
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from typing import NamedTuple

from gradatim.clinical.drugs import find_drug
from gradatim.conduct.events.findings import LaboratoryResultsRecorded, VitalSignsRecorded
from gradatim.conduct.state import Participant, State
from gradatim.conduct.views.facts import facts_of, position_of
from gradatim.core.codes import matches
from gradatim.core.dates import NEVER_ENDED
from gradatim.evidence.codebook import Codebook
from gradatim.evidence.facts import Fact, NotUsed
from gradatim.evidence.fhir.datatypes import Resource
from gradatim.evidence.fhir.dosages import DAILY_DOSE_UNIT
from gradatim.evidence.fhir.wordings import CODES, YES_NO
from gradatim.exports.fhir.datatypes import (
    TERMINOLOGY,
    concept,
    iso_date,
    present,
    quantity,
    reference,
    wire,
)
from gradatim.protocol.elements import Element

_SNOMED = {word: code for (system, code), word in reversed(CODES.items()) if system == "snomed"}
_CATEGORIES = {LaboratoryResultsRecorded: "laboratory", VitalSignsRecorded: "vital-signs"}


class _FactSource(NamedTuple):
    """A fact with all that its resource says besides it.

    Args:
        id: of the resource.
        fact: the fact.
        element: the protocol's element.
        code: the element as a CodeableConcept.
        position: of the entry that holds it.
        state: the trial.
        person: the participant.
    """

    id: str
    fact: Fact
    element: Element
    code: Resource
    position: int
    state: State
    person: Participant


def recorded(state: State, one: Participant) -> Iterator[Resource]:
    """Give every fact of a participant as a resource, apart from consents.

    A record that is not understood is given in words, as what it may have been.
    """
    for source in _sources(state, one):
        yield _MAKERS.get(_kind(source), _observation)(source)
    for record in facts_of(state, one).not_used:
        yield from _not_understood(state, one, record)


def _not_understood(state: State, one: Participant, record: NotUsed) -> Iterator[Resource]:
    elements = state.governing("elements", one).elements
    kinds = {(elements.get(name) or _elsewhere(state, name)).kind for name in record.elements}
    said = concept(", ".join(map(str, record.codes)))
    for kind in sorted(kinds & _IN_WORDS.keys()):
        of, fields = _IN_WORDS[kind](said)
        id_ = f"{record.id.rpartition(':')[2]}-{kind}"
        yield {"resourceType": of, "id": id_, "subject": reference("Patient", one.id), **fields}


_IN_WORDS: Mapping[str, Callable[[Resource], tuple[str, Resource]]] = {
    "condition": lambda said: ("Condition", {"code": said}),
    "exposure": lambda said: (
        "MedicationStatement",
        {"status": "unknown", "medicationCodeableConcept": said},
    ),
    "procedure": lambda said: ("Procedure", {"status": "unknown", "code": said}),
}


def observations(state: State, one: Participant) -> Iterator[Resource]:
    """Give a participant's measurements and answers."""
    return (_observation(source) for source in _sources(state, one) if not _kind(source))


def _sources(state: State, one: Participant) -> Iterator[_FactSource]:
    study = state.governing("elements", one) if state.versions else None
    if study is None:
        return
    codebook = Codebook(study.elements, study.study.id)
    seen: dict[int, int] = {}
    for name, facts in facts_of(state, one).by_element.items():
        element = study.elements.get(name) or _elsewhere(state, name)
        code = _code(name, element, codebook)
        for fact in facts if element.kind != "consent" else ():
            at = position_of(fact)
            seen[at] = seen.get(at, 0) + 1
            yield _FactSource(f"{at}-{seen[at]}", fact, element, code, at, state, one)


def _elsewhere(state: State, name: str) -> Element:
    """Give an element that only another version of the protocol has."""
    return next(
        version.study.elements[name] for version in state.versions if name in version.study.elements
    )


def _kind(source: _FactSource) -> str:
    """Give the kind of history that a fact is; empty for what is measured, asked or denied."""
    kind = source.element.kind
    return kind if kind in _MAKERS and source.fact.code not in YES_NO.values() else ""


def _code(name: str, element: Element, codebook: Codebook) -> Resource:
    public = [(group.system, code) for group in element.codes for code in group.codes]
    systems = [system for system, _ in public]
    own = [
        wire(system, code)
        for system, code in public
        if systems.count(system) == 1 and codebook.lookup(system, code)[0] == (name,)
    ]
    return concept(element.label, wire("local", name), *own)


def _common(source: _FactSource, kind: str) -> Resource:
    return {
        "resourceType": kind,
        "id": source.id,
        "subject": reference("Patient", source.person.id),
    }


def _dated(name: str, fact: Fact) -> Resource:
    """Give when it was: a DateTime of one day, else a Period that is open where it goes on."""
    if fact.start == fact.end:
        return present(**{f"{name}DateTime": iso_date(fact.start)})
    return present(**{f"{name}Period": _period(fact)})


def _period(fact: Fact) -> Resource:
    end = "" if fact.end == NEVER_ENDED else iso_date(fact.end)
    return present(start=iso_date(fact.start), end=end)


def _observation(source: _FactSource) -> Resource:
    fact, state = source.fact, source.state
    event = state.events[source.position]
    category = _CATEGORIES.get(type(event), "survey" if fact.id.count("#") else "")
    coded = (f"{TERMINOLOGY}/observation-category", category)
    return {
        **_common(source, "Observation"),
        "status": "corrected" if source.position in state.corrected_by else "final",
        "code": source.code,
        **_dated("effective", fact),
        **_value(fact),
        "issued": event.recorded_at.isoformat(),
        **present(
            category=[concept("", coded)] if category else None,
            method=concept(fact.method),
            referenceRange=_limits(fact),
        ),
    }


def _value(fact: Fact) -> Resource:
    if fact.value is not None:
        note = [{"text": fact.code}] if fact.code else None
        return present(valueQuantity=quantity(fact.value, fact.unit, fact.bound), note=note)
    if fact.code in YES_NO.values():
        return {"valueBoolean": fact.code == "true"}
    if not fact.code:
        return {"dataAbsentReason": concept("", (f"{TERMINOLOGY}/data-absent-reason", "unknown"))}
    known = _SNOMED.get(fact.code)
    return {"valueCodeableConcept": concept(fact.code, *([wire("snomed", known)] if known else []))}


def _limits(fact: Fact) -> list[Resource]:
    ends = {"low": fact.low, "high": fact.high}
    found = {name: quantity(one.value, one.unit) for name, one in ends.items() if one is not None}
    return [found] if found else []


def _medication_statement(source: _FactSource) -> Resource:
    fact = source.fact
    own = [(one["system"], one["code"]) for one in source.code["coding"]]
    ended = "active" if fact.end == NEVER_ENDED else "completed"
    return {
        **_common(source, "MedicationStatement"),
        "status": ended,
        "medicationCodeableConcept": concept(
            fact.code or source.element.label, *_drug(source), *own
        ),
        **present(effectivePeriod=_period(fact), dosage=_dosage(fact)),
    }


def _drug(source: _FactSource) -> list[tuple[str, str]]:
    """Give the public codes of a drug: by its name, or the code that it was recorded by."""
    said = source.fact.code
    known = find_drug(said) if said else None
    if known is not None:
        found = [("atc", code) for code in known.atc[:1]]
        found += [("rxnorm", known.rxnorm)] if known.rxnorm else []
    else:
        found = [
            (group.system, said)
            for group in source.element.codes
            if any(matches(pattern, said) for pattern in group.codes)
        ]
    return [wire(system, code) for system, code in dict.fromkeys(found)]


def _dosage(fact: Fact) -> list[Resource]:
    route = concept("", wire("snomed", fact.route)) if fact.route else None
    if fact.value is None or fact.unit != DAILY_DOSE_UNIT:
        said = "" if fact.value is None else f"{fact.value:g} {fact.unit}"
        return [present(text=said, route=route)] if said or route else []
    return [
        present(
            timing={"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}},
            route=route,
            doseAndRate=[{"doseQuantity": quantity(fact.value, "mg")}],
        )
    ]


def _condition(source: _FactSource) -> Resource:
    fact = source.fact
    goes_on = fact.end == NEVER_ENDED
    known = goes_on or fact.end.last < date.max
    status = (f"{TERMINOLOGY}/condition-clinical", "active" if goes_on else "resolved")
    said = "unconfirmed" if fact.doubtful else "confirmed"
    verified = (f"{TERMINOLOGY}/condition-ver-status", said)
    return {
        **_common(source, "Condition"),
        "verificationStatus": concept("", verified),
        "code": source.code,
        **present(
            clinicalStatus=concept("", status) if known else None,
            onsetDateTime=iso_date(fact.start),
            abatementDateTime="" if goes_on else iso_date(fact.end),
        ),
    }


def _procedure(source: _FactSource) -> Resource:
    goes_on = source.fact.end == NEVER_ENDED
    status = "unknown" if source.fact.doubtful else "in-progress" if goes_on else "completed"
    return {
        **_common(source, "Procedure"),
        "status": status,
        "code": source.code,
        **_dated("performed", source.fact),
    }


_MAKERS: Mapping[str, Callable[[_FactSource], Resource]] = {
    "exposure": _medication_statement,
    "condition": _condition,
    "procedure": _procedure,
}
