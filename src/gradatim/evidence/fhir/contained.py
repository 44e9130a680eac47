"""Contained resources: records that stand in another one, because they have no life of their own.

A contained record about the person is part of the person's record, as if it stood by itself: a
result in its report, a drug in the list that names it. It is not read where that which holds it
says nothing of what happened, is about nobody, or cannot be understood; then it keeps open what it
may be about.

Source: HL7 FHIR R4 (4.0.1), section 2.20 (contained resources).
"""

import json
from collections.abc import Iterator
from typing import Any

from gradatim.evidence.facts import NotUsed
from gradatim.evidence.fhir.bundles import Entry
from gradatim.evidence.fhir.datatypes import Resource
from gradatim.evidence.fhir.modifiers import modifier
from gradatim.evidence.fhir.reader_context import About
from gradatim.evidence.fhir.unread_records import OF_NOBODY, kept_open, says_nothing

ContainedTexts = dict[str, str]
"""What each record says, with its place: one that is told twice is one."""

_SUPPOSES = frozenset(
    {
        *("RiskAssessment", "Goal", "CarePlan", "RequestGroup", "Task", "GuidanceResponse"),
        *(
            "CommunicationRequest",
            "DetectedIssue",
            "Contract",
            "Coverage",
            "Provenance",
            "AuditEvent",
        ),
        *("ImmunizationRecommendation", "Linkage", "MessageHeader", "VerificationResult"),
    }
)
"""Types that speak of what may come, or of other records and not of the person."""
_NAMES = ("subject", "patient", "individual")
_NOT_SAID = ("id", "meta", "text", "contained")


def told_by(entries: list[Entry]) -> ContainedTexts:
    """Return what the entries of a Bundle say; nothing where none of them contains another."""
    if not any("contained" in entry.resource for entry in entries):
        return {}
    return {_content(entry.resource): entry.id for entry in entries if entry.kind}


def contained(entry: Entry, about: About, told: ContainedTexts) -> Iterator[Entry | NotUsed]:
    """Give the records that a record contains: those to be read, and why others are not.

    Args:
        entry: the record.
        about: whose records these are.
        told: what has been told already; each record that is to be read is added.
    """
    listed = entry.resource.get("contained")
    if not isinstance(listed, list) or entry.kind in OF_NOBODY:
        return
    if says_nothing(entry.resource, about):
        return
    why = _why_not(entry)
    for place, one in enumerate(listed):
        if not isinstance(one, dict):
            continue
        held = _held(entry, one, place, listed)
        if not held.kind:
            yield NotUsed(held.id, "has no resourceType", tuple(about.coverable()))
        elif same := _told_already(held, told):
            yield NotUsed(held.id, f"says the same as {same}")
        else:
            whose = _of_whom(one)
            nobody = {key: part for key, part in one.items() if key not in _NAMES}
            named = held._replace(resource=nobody) if whose else held
            yield kept_open(named, why or whose, about) if why or whose else held


def _told_already(held: Entry, told: ContainedTexts) -> str:
    """Return the place of the record that says the same; empty for the first to say it."""
    said = "" if held.kind in OF_NOBODY else _content(held.resource)
    if not said:
        return ""
    first = told.setdefault(said, held.id)
    return "" if first == held.id else first


def _held(entry: Entry, one: Resource, place: int, listed: list[Any]) -> Entry:
    kind, id_ = one.get("resourceType"), one.get("id")
    named = id_ if isinstance(id_, str) and id_ else str(place)
    drugs = [drug for drug in listed if isinstance(drug, dict) and drug is not one]
    drugs = [drug for drug in drugs if drug.get("resourceType") == "Medication"]
    resource = {**one, "contained": drugs} if drugs and "contained" not in one else one
    return Entry(
        f"{entry.id}#{named}",
        kind if isinstance(kind, str) else "",
        resource,
        modified=modifier(resource),
    )


def _why_not(entry: Entry) -> str:
    """Say why what a record contains is not read; nothing where it is."""
    if "#" in entry.id:
        return "is contained in what is contained itself"
    if entry.modified:
        return f"is contained in a record with {entry.modified}"
    if entry.kind in _SUPPOSES:
        return f"is contained in a {entry.kind}, which does not say that it happened"
    return ""


def _of_whom(resource: Resource) -> str:
    """Say that it cannot be told whom a record is about, who is contained beside it."""
    for name in _NAMES:
        named = resource.get(name)
        written = named.get("reference") if isinstance(named, dict) else None
        if isinstance(written, str) and written.startswith("#"):
            return f"is about {written[:40]}, and whether that is this person is not known"
    return ""


def _content(resource: Resource) -> str:
    """Return what a record says, as text; empty of one that cannot be written so."""
    said = {name: part for name, part in resource.items() if name not in _NOT_SAID}
    try:
        return json.dumps(said, sort_keys=True, default=str)
    except (RecursionError, TypeError, ValueError):
        return ""
