"""A Bundle as a list of entries, and what makes a Bundle unusable as a whole.

Source: HL7 FHIR R4 (4.0.1), section 2.36, Bundle.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from gradatim.core.errors import UnusableInput
from gradatim.evidence.fhir.datatypes import Resource, printable, said
from gradatim.evidence.fhir.modifiers import may_be_modified, modifier, refuse_modified
from gradatim.evidence.fhir.versions import refuse_other_versions

_EXPORT = "export one person as one FHIR R4 Bundle"
_DEEPEST = 4
"""How many Bundles may stand in each other: a batch of searches of histories needs three."""
_NOTHING_THERE = ("404", "410")
"""Answers to a request that say that there is nothing, or nothing any more."""


class Entry(NamedTuple):
    """One entry of a Bundle.

    Args:
        id: its place, such as `Observation/o7`; `Observation[3]` of a resource without an id.
        kind: resource type; empty when there is none.
        resource: the resource; empty when there is none.
        full_url: the entry's own address, or empty.
        fault: why there is nothing to read; empty where there is.
        holds: whether something stands there all the same, of which nothing can be told.
        opened: whether it is a Bundle whose own entries are listed after it.
        modified: which modifier of the entry or of its resource is not understood; empty where
            there is none.
    """

    id: str
    kind: str
    resource: Resource
    full_url: str = ""
    fault: str = ""
    holds: bool = False
    opened: bool = False
    modified: str = ""


def bundle_entries(bundle: Any) -> list[Entry]:
    """Return every entry of a Bundle, those of the Bundles in it among them.

    An answer to several searches holds a Bundle for each; so does what was joined from several.

    Raises:
        UnusableInput: it is no Bundle, or it or one in it is one page of several, of another FHIR
            release, or to be read by rules of its own; or one resource stands there twice.
    """
    if not isinstance(bundle, dict) or bundle.get("resourceType") != "Bundle":
        raise not_a_bundle(bundle)
    entries = list(_opened(bundle, _listed(bundle), "", may_be_modified(bundle)))
    _refuse_duplicates(entries)
    return entries


def _opened(
    bundle: Resource, listed: list[Any], within: str, modified: bool, depth: int = 1
) -> Iterator[Entry]:
    """Give the entries of a Bundle, each Bundle among them followed by its own."""
    _refuse_a_page(bundle)
    refuse_other_versions(bundle, "Bundle", "Bundle")
    refuse_modified(bundle)
    for number, one in enumerate(listed):
        entry = _entry(one, within, number, modified)
        if entry.kind != "Bundle" or depth == _DEEPEST:
            yield entry
            continue
        held = entry.resource.get("entry")
        held = [] if held is None else held
        if not isinstance(held, list):
            yield entry
        else:
            yield entry._replace(opened=True)
            yield from _opened(entry.resource, held, f"{within}{number}.", modified, depth + 1)


def the_patient(entries: list[Entry]) -> Entry:
    """Give the one entry that is the Patient.

    Raises:
        UnusableInput: there is none, or more than one.
    """
    patients = [entry for entry in entries if entry.kind == "Patient"]
    if len(patients) == 1:
        return patients[0]
    if not patients:
        raise UnusableInput(
            "there is no Patient in this Bundle",
            "Bundle.entry",
            f"none of its {len(entries)} entries is one",
            _EXPORT,
        )
    raise UnusableInput(
        f"there are {len(patients)} Patients in this Bundle",
        "Bundle.entry",
        f"it holds {', '.join(entry.id for entry in patients[:5])}",
        _EXPORT,
    )


def _listed(bundle: Resource) -> list[Any]:
    entries = bundle.get("entry")
    if not isinstance(entries, list):
        why = "is missing" if entries is None else f"is {said(entries)}, not a list"
        raise UnusableInput("this Bundle has no entries", "Bundle.entry", f"entry {why}", _EXPORT)
    return entries


def _refuse_a_page(bundle: Resource) -> None:
    links = bundle.get("link")
    for link in links if isinstance(links, list) else ():
        if isinstance(link, dict) and link.get("relation") == "next":
            raise UnusableInput(
                "this Bundle is one page of several",
                "Bundle.link",
                "it links to the next page",
                "join the pages into one Bundle and leave out its links",
            )


def not_a_bundle(content: Any, where: str = "") -> UnusableInput:
    """Say that JSON content is something other than a Bundle."""
    kind = content.get("resourceType") if isinstance(content, dict) else None
    if isinstance(kind, str):
        why = f"its resourceType is {kind[:40]!r}"
    else:
        why = "it has no resourceType" if isinstance(content, dict) else f"it is {said(content)}"
    return UnusableInput("this is not a FHIR Bundle", where, why, _EXPORT)


def _entry(entry: Any, within: str, number: int, modified: bool) -> Entry:
    if not isinstance(entry, dict):
        fault = f"is {said(entry)}, not an entry"
        return Entry(_at(within, number), "", {}, fault=fault, holds=entry is not None)
    resource = entry.get("resource")
    if not isinstance(resource, dict):
        refused = _refused(entry)
        fault = f"has no resource: its request was answered {refused!r}" if refused else ""
        holds = resource is not None or bool(refused)
        return Entry(_at(within, number), "", {}, fault=fault or "has no resource", holds=holds)
    kind = resource.get("resourceType")
    if not isinstance(kind, str) or not kind:
        fault = "its resource has no resourceType"
        return Entry(_at(within, number), "", {}, fault=fault, holds=True)
    id_ = resource.get("id")
    if isinstance(id_, str):
        named = id_ != ""
    else:
        named = isinstance(id_, int) and not isinstance(id_, bool)
    shown = f"{kind}/{id_}" if named else f"{kind}[{within}{number}]"
    refuse_other_versions(resource, kind, shown)
    if "fhirVersion" in entry:
        refuse_other_versions({"fhirVersion": entry["fhirVersion"]}, "", shown)
    full_url = entry.get("fullUrl")
    found = Entry(shown, kind, resource, full_url if isinstance(full_url, str) else "")
    if modified and (why := modifier(entry) or modifier(resource)):
        return found._replace(modified=why)
    return found


def _at(within: str, number: int) -> str:
    """Return the path of an entry that has no name of its own: `entry[3]`."""
    return "".join(f".entry[{one}]" for one in f"{within}{number}".split(".")).removeprefix(".")


def _refused(entry: Resource) -> str:
    """Return the status with which a request was refused, or failed; empty where it was not."""
    response = entry.get("response")
    status = response.get("status") if isinstance(response, dict) else None
    if not isinstance(status, str) or status[:1] not in ("4", "5"):
        return ""
    return "" if status[:3] in _NOTHING_THERE else printable(status)


def _refuse_duplicates(entries: list[Entry]) -> None:
    seen: set[str] = set()
    if len({entry.id for entry in entries}) == len(entries):
        return
    for entry in entries:
        if entry.id in seen and entry.kind != "Patient":
            raise UnusableInput(
                "two resources have the same id",
                entry.id,
                "it cannot be known which one counts",
                "keep the current version of each resource",
            )
        seen.add(entry.id)
