"""Consent: whether a Consent is to this trial, and the day on which it was given.

Source: HL7 FHIR R4 (4.0.1), section 6.2 (Consent); HL7 consentcategorycodes and v3 ActCode for its
categories; the module Consent of the German Medical Informatics Initiative for broad consents.
"""

import re
from collections.abc import Iterator
from typing import Any

from gradatim.core.dates import ANY_DAY
from gradatim.core.message import Text
from gradatim.evidence.doubts import Doubt
from gradatim.evidence.facts import Fact, NotUsed
from gradatim.evidence.fhir.datatypes import (
    UNSETTLED,
    Resource,
    day,
    items,
    obj,
    raw_codes,
    state,
    text,
)
from gradatim.evidence.fhir.reader_context import About, Results, status_why
from gradatim.evidence.fhir.statuses import CONSENT_GIVEN

_OTHER_SCOPES = ("adr", "treatment", "patient-privacy")
_OTHER_CATEGORIES = {
    **dict.fromkeys(("acd", "dnr", "polst", "hcd"), "an advance directive"),
    **dict.fromkeys(("emrgonly", "npp"), "about privacy"),
    **dict.fromkeys(("rsdid", "rsreid", "infa", "idscl"), "to the use of information"),
}
"""Categories of consents to something else than taking part in a study."""
_BROAD = re.compile(
    r"2\.16\.840\.1\.113883\.3\.1937\.777\.24\b|\bbiobank|\bbroad[ -]consent|\bbiospecimen"
    r"|\bMII[ -](?:Konsent|Consent)|modul-consent|mii-cs-consent",
    re.IGNORECASE,
)
_REGISTERED = re.compile(
    r"\b(?:NCT\d{8}|ISRCTN\d{8}|DRKS\d{8}|ChiCTR[-A-Z]*\d{8,10}|ACTRN\d{14}|jRCT[s]?\d{9,10}"
    r"|20\d{2}-\d{6}-\d{2}(?:-\d{2})?)\b",
    re.IGNORECASE,
)
"""Numbers of public registers, by which a study is named."""
_SAYS_NOTHING = frozenset(
    {
        "text",
        "meta",
        "id",
        "patient",
        "performer",
        "organization",
        "dateTime",
        "verification",
        "resourceType",
        "status",
    }
)


def consent(resource: Resource, id_: str, about: About) -> Results:
    """Read a Consent: the day on which an active consent to this trial was given.

    One that names no study counts; one that names another, or is to something else, does not; one
    of which it is not known what it is to may count.

    Raises:
        Unreadable: a part is of the wrong shape.
    """
    status = text(resource, "status")
    if status != CONSENT_GIVEN:
        return [NotUsed(id_, status_why(status))]
    names = about.of_kind("consent")
    if not names:
        return [NotUsed(id_, "consent is not asked about")]
    told = list(_texts({key: resource[key] for key in resource if key not in _SAYS_NOTHING}))
    why = _to_something_else(resource, told, about.codebook.study) or _not_given(resource)
    if why:
        return [NotUsed(id_, why)]
    at = day(resource, "dateTime") or ANY_DAY
    doubtful = _doubt(resource, told, about.codebook.study)
    return [Fact(name, id_, at, at, doubtful=doubtful) for name in names]


def _texts(part: Any) -> Iterator[str]:
    """Return every text in a part of a record but its narrative."""
    if isinstance(part, str):
        yield part
    elif isinstance(part, list):
        for one in part:
            yield from _texts(one)
    elif isinstance(part, dict):
        for key, one in part.items():
            if key != "div":
                yield from _texts(one)


def _is_ours(told: list[str], study: str) -> bool:
    return bool(study) and any(study.casefold() in one.casefold() for one in told)


def _to_something_else(resource: Resource, told: list[str], study: str) -> str:
    """Say that a consent is to something else than this trial, or nothing."""
    scope = state(resource, "scope")
    if scope in _OTHER_SCOPES:
        return f"is a consent of scope {scope}, not to research"
    if _is_ours(told, study):
        return ""
    named = sorted({found[0] for one in told for found in _REGISTERED.finditer(one)})
    if study and named:
        return f"is a consent to another study ({', '.join(named)})"
    if any(_BROAD.search(one) for one in told):
        return "is a broad consent to research, not to this trial"
    categories = [
        code.casefold() for one in items(resource, "category") for _, code in raw_codes(one)
    ]
    kinds = [_OTHER_CATEGORIES[one] for one in categories if one in _OTHER_CATEGORIES]
    return f"is a consent of another kind ({kinds[0]})" if kinds else ""


def _not_given(resource: Resource) -> str:
    """Say that a consent is denied, or permits only parts, or nothing."""
    provision = obj(resource, "provision") or {}
    if text(provision, "type") != "deny":
        return ""
    if any(text(one, "type") == "permit" for one in items(provision, "provision")):
        return "permits only some uses, each by a provision of its own: no consent to this trial"
    return "denies consent"


def _doubt(resource: Resource, told: list[str], study: str) -> Text:
    """Return why it is not known whether a consent is to this trial, or nothing."""
    if _is_ours(told, study):
        return ""
    if state(resource, "scope") == UNSETTLED:
        return Doubt.NO_SCOPE()
    named = any("ResearchStudy/" in one for one in told)
    return Doubt.PERHAPS_ANOTHER_STUDY() if named else ""
