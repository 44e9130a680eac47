"""Answers to searches: Bundles of what was found, and OperationOutcomes of what went wrong.

Source: HL7 FHIR R4 (4.0.1), sections 2.36 (Bundle) and 2.1.0 (RESTful API).
"""

from collections.abc import Iterable, Iterator

from gradatim.conduct.state import Participant, State
from gradatim.evidence.fhir.datatypes import Resource
from gradatim.exports.fhir.facts import recorded
from gradatim.exports.fhir.people import consents, patient, research_subject
from gradatim.exports.fhir.treatment import administrations, adverse_events


def everything(state: State, one: Participant) -> Iterator[Resource]:
    """Give all resources of a participant, the Patient first."""
    yield patient(state, one)
    yield research_subject(state, one)
    yield from consents(state, one)
    yield from recorded(state, one)
    yield from administrations(state, one)
    yield from adverse_events(state, one)


def searchset(resources: Iterable[Resource], base: str, asked: str) -> Resource:
    """Give resources as the answer to a search, all on one page.

    Args:
        resources: what was found.
        base: address of the server, with a slash at its end.
        asked: address of the search.
    """
    entries = [
        {
            "fullUrl": f"{base}{one['resourceType']}/{one['id']}",
            "resource": one,
            "search": {"mode": "match"},
        }
        for one in resources
    ]
    found: Resource = {
        "resourceType": "Bundle",
        "type": "searchset",
        "total": len(entries),
        "link": [{"relation": "self", "url": asked}],
    }
    return {**found, "entry": entries} if entries else found


def outcome(code: str, diagnostics: str) -> Resource:
    """Say what went wrong.

    Args:
        code: of issue-type, such as `not-found`.
        diagnostics: in words.
    """
    return {
        "resourceType": "OperationOutcome",
        "issue": [{"severity": "error", "code": code, "diagnostics": diagnostics}],
    }
