"""Make the person of a case: the base person, changed, as a FHIR R4 Bundle and as a file."""

import gzip
import json
from collections.abc import Iterator, Mapping
from copy import deepcopy
from datetime import date, timedelta
from functools import cache
from typing import Any

from tests.conformance.cases import FOLDER, Case

SUBJECTS = {
    **dict.fromkeys(("AllergyIntolerance", "Consent", "FamilyMemberHistory"), "patient"),
    **dict.fromkeys(("ExplanationOfBenefit", "Claim", "Immunization"), "patient"),
    "ResearchSubject": "individual",
}
OTHERS = ("Patient", "Medication", "OperationOutcome", "Bundle", "Practitioner", "Organization")
"""Resources that name no patient."""
ENDINGS = {"gzip": ".json.gz"}
SERVER = "http://example.org/fhir"


@cache
def base() -> Mapping[str, Any]:
    """Return the base person, who is eligible."""
    parsed: Mapping[str, Any] = json.loads((FOLDER / "base.json").read_text("utf-8"))
    return parsed


def resources(case: Case) -> list[Any]:
    """Return the resources of a person, each about that person unless it says otherwise."""
    removed = set(case.change.get("remove", ()))
    changes = case.change.get("change", {})
    unknown = (removed | set(changes)) - {one["resource"]["id"] for one in base()["entry"]}
    if unknown:
        raise ValueError(f"{case.id}: the base person has no {', '.join(sorted(unknown))}")
    kept = [
        merged(one["resource"], changes.get(one["resource"]["id"], {}))
        for one in base()["entry"]
        if one["resource"]["id"] not in removed
    ]
    added = [*case.change.get("add", ()), *_series(case)]
    return [_named(one, case.id) for one in [*kept, *map(_about, added)]]


def _about(resource: Any) -> Any:
    kind = resource.get("resourceType")
    given = _given(resource)
    subject = SUBJECTS.get(kind, "subject")
    if kind is None or kind in OTHERS or subject in resource:
        return given
    head = {name: given.pop(name) for name in ("resourceType", "id") if name in given}
    return {**head, subject: {"reference": "Patient/base"}, **given}


def _given(value: Any) -> Any:
    """Leave out the fields that are null; nulls in a list stay."""
    if isinstance(value, Mapping):
        return {name: _given(one) for name, one in value.items() if one is not None}
    return [_given(one) for one in value] if isinstance(value, list) else value


def _series(case: Case) -> Iterator[Any]:
    """Make one resource for each day of a series, `%day` and `%number` filled in."""
    for one in case.change.get("series", ()):
        day, last = date.fromisoformat(one["from"]), date.fromisoformat(one["to"])
        number = 0
        while day <= last:
            for at in one.get("at", [""]):
                text = json.dumps(one["resource"]).replace("%day", f"{day}{at}")
                yield json.loads(text.replace("%number", str(number)))
                number += 1
            day += timedelta(days=one.get("step", 1))


def merged(value: Any, change: Any) -> Any:
    """Apply a JSON merge patch (RFC 7396): null removes."""
    if not isinstance(change, Mapping):
        return deepcopy(change)
    found = dict(value) if isinstance(value, Mapping) else {}
    for name, one in change.items():
        if one is None:
            found.pop(name, None)
        else:
            found[name] = merged(found.get(name), one)
    return found


def _named(value: Any, person: str) -> Any:
    """Give the person their own id, and every reference to the base person that id."""
    if isinstance(value, Mapping):
        own = value.get("resourceType") == "Patient" and value.get("id") == "base"
        found = {name: _named(one, person) for name, one in value.items()}
        return {**found, "id": person} if own else found
    if isinstance(value, list):
        return [_named(one, person) for one in value]
    return f"Patient/{person}" if value == "Patient/base" else value


def bundle(case: Case) -> dict[str, Any]:
    """Return the person as a Bundle."""
    found = merged({"resourceType": "Bundle", "type": "collection"}, case.change.get("bundle", {}))
    each = case.change.get("each_entry", {})
    entries = [{**_url(one), "resource": one, **each} for one in resources(case)]
    whole = {**found, "entry": [*entries, *case.change.get("entries", ())]}
    urls = case.change.get("urls")
    return _addressed(whole, urls, case.id) if urls else whole


def _url(resource: Any) -> dict[str, str]:
    if "resourceType" not in resource or "id" not in resource:
        return {}
    return {"fullUrl": f"{SERVER}/{resource['resourceType']}/{resource['id']}"}


def _addressed(
    whole: dict[str, Any], urls: Mapping[str, str | None], person: str
) -> dict[str, Any]:
    """Write addresses of entries, and references to the person, in another way."""
    subject = str(urls["subject"]).replace("PERSON", person)
    text = json.dumps(whole["entry"]).replace(f'"Patient/{person}"', json.dumps(subject))
    entries = json.loads(text)
    for one in entries:
        patient = one["resource"]["resourceType"] == "Patient"
        url = urls.get("patient" if patient else "other")
        one.pop("fullUrl", None)
        if url:
            one["fullUrl"] = url.replace("PERSON", person).replace("ID", one["resource"]["id"])
    return {**whole, "entry": entries}


def file_name(case: Case) -> str:
    """Return the name of the person's file."""
    return case.id + ENDINGS.get(case.change.get("written", ""), ".json")


def content(case: Case) -> bytes:
    """Return the person's file."""
    written = case.change.get("written", "")
    if written == "ndjson":
        return "\n".join(json.dumps(one) for one in resources(case)).encode()
    text = json.dumps(bundle(case), indent=1, ensure_ascii=False)
    for old, new in case.change.get("text", {}).items():
        if old not in text:
            raise ValueError(f"{case.id}: there is no {old!r} in the person's text")
        text = text.replace(old, new, 1)
    if written == "gzip":
        return gzip.compress(text.encode(), mtime=0)
    return text.encode({"utf-16": "utf-16", "byte order mark": "utf-8-sig"}.get(written, "utf-8"))
