"""A Bundle as a list of entries, and what makes a Bundle unusable as a whole.

Source: HL7 FHIR R4 (4.0.1), section 2.36, Bundle.
"""

from typing import Any, NamedTuple

from gradatim.core.errors import UnusableInput
from gradatim.evidence.sources.datatypes import Resource, said
from gradatim.evidence.sources.versions import refuse_other_versions

_EXPORT = "export one person as one FHIR R4 Bundle"


class Entry(NamedTuple):
    """One entry of a Bundle.

    Args:
        id: its place, such as `Observation/o7`; `Observation[3]` of a resource without an id.
        kind: resource type; empty when there is none.
        resource: the resource; empty when there is none.
        full_url: the entry's own address, or empty.
        fault: why there is nothing to read; empty where there is.
        holds: whether something stands there all the same, of which nothing can be told.
    """

    id: str
    kind: str
    resource: Resource
    full_url: str = ""
    fault: str = ""
    holds: bool = False


def entries_of(bundle: Any) -> list[Entry]:
    """Give every entry of a Bundle.

    Raises:
        UnusableInput: it is no Bundle, one page of several, of another FHIR release, or it holds
            two versions of one resource.
    """
    listed = _listed(bundle)
    refuse_other_versions(bundle, "Bundle", "Bundle")
    entries = [_entry(one, place) for place, one in enumerate(listed)]
    _refuse_duplicates(entries)
    return entries


def the_patient(entries: list[Entry]) -> Entry:
    """Give the one entry that is the Patient.

    Raises:
        UnusableInput: there is none, or more than one.
    """
    patients = [entry for entry in entries if entry.kind == "Patient"]
    if len(patients) == 1:
        return patients[0]
    if not patients:
        raise UnusableInput("there is no Patient in this Bundle", "Bundle.entry",
                            f"none of its {len(entries)} entries is one", _EXPORT)  # fmt: skip
    raise UnusableInput(
        f"there are {len(patients)} Patients in this Bundle", "Bundle.entry",
        f"it holds {', '.join(entry.id for entry in patients[:5])}", _EXPORT,
    )  # fmt: skip


def _listed(bundle: Any) -> list[Any]:
    if not isinstance(bundle, dict) or bundle.get("resourceType") != "Bundle":
        raise not_a_bundle(bundle)
    entries = bundle.get("entry")
    if not isinstance(entries, list):
        why = "is missing" if entries is None else f"is {said(entries)}, not a list"
        raise UnusableInput("this Bundle has no entries", "Bundle.entry", f"entry {why}", _EXPORT)
    links = bundle.get("link")
    for link in links if isinstance(links, list) else ():
        if isinstance(link, dict) and link.get("relation") == "next":
            raise UnusableInput(
                "this Bundle is one page of several", "Bundle.link", "it links to the next page",
                "join the pages into one Bundle and leave out its links",
            )  # fmt: skip
    return entries


def not_a_bundle(content: Any, where: str = "") -> UnusableInput:
    """Say that JSON content is something other than a Bundle."""
    kind = content.get("resourceType") if isinstance(content, dict) else None
    if isinstance(kind, str):
        why = f"its resourceType is {kind[:40]!r}"
    else:
        why = "it has no resourceType" if isinstance(content, dict) else f"it is {said(content)}"
    return UnusableInput("this is not a FHIR Bundle", where, why, _EXPORT)


def _entry(entry: Any, place: int) -> Entry:
    if not isinstance(entry, dict):
        fault = f"is {said(entry)}, not an entry"
        return Entry(f"entry[{place}]", "", {}, fault=fault, holds=entry is not None)
    resource = entry.get("resource")
    if not isinstance(resource, dict):
        holds = resource is not None
        return Entry(f"entry[{place}]", "", {}, fault="has no resource", holds=holds)
    kind = resource.get("resourceType")
    if not isinstance(kind, str) or not kind:
        fault = "its resource has no resourceType"
        return Entry(f"entry[{place}]", "", {}, fault=fault, holds=True)
    id_ = resource.get("id")
    named = isinstance(id_, str) or (isinstance(id_, int) and not isinstance(id_, bool))
    named = named and id_ != ""
    shown = f"{kind}/{id_}" if named else f"{kind}[{place}]"
    refuse_other_versions(resource, kind, shown)
    if "fhirVersion" in entry:
        refuse_other_versions({"fhirVersion": entry["fhirVersion"]}, "", shown)
    full_url = entry.get("fullUrl")
    return Entry(shown, kind, resource, full_url if isinstance(full_url, str) else "")


def _refuse_duplicates(entries: list[Entry]) -> None:
    seen: set[str] = set()
    if len({entry.id for entry in entries}) == len(entries):
        return
    for entry in entries:
        if entry.id in seen and entry.kind != "Patient":
            raise UnusableInput(
                "two resources have the same id", entry.id, "it cannot be known which one counts",
                "keep the current version of each resource",
            )  # fmt: skip
        seen.add(entry.id)
