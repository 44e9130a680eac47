"""The FHIR R4 interface: reading and searching, with every answer a FHIR resource.

Source: HL7 FHIR R4 (4.0.1), section 2.21 (RESTful API).
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any, Literal

import msgspec
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from ninja import NinjaAPI, Path, Query, Schema
from ninja.renderers import BaseRenderer

from gradatim import __version__
from gradatim.conduct.access import LimitedAccess
from gradatim.conduct.state import Participant, State
from gradatim.evidence.fhir.datatypes import Resource
from gradatim.exports.fhir.bundles import everything, outcome, searchset
from gradatim.exports.fhir.capability import MEDIA_TYPE, capability
from gradatim.exports.fhir.datatypes import fhir_id
from gradatim.exports.fhir.facts import observations
from gradatim.exports.fhir.people import consents, patient, research_subject
from gradatim.exports.fhir.study import research_study
from gradatim.exports.fhir.treatment import administrations, adverse_events
from gradatim.web.api.authentication import Token
from gradatim.web.api.faults import AnsweredFault, Refusal, tell_faults
from gradatim.web.api.operations.dependencies import access_to
from gradatim.web.clock import today

ISSUES = {400: "invalid", 401: "login", 404: "not-found", 405: "not-supported", 429: "throttled"}
"""Status to the code of the issue. Source: FHIR R4, issue-type."""
Id = Annotated[str, Path(max_length=64)]
Subject = Annotated[str, Query(max_length=72, description="Such as Patient/S01-001, or its id")]


class Answered(Schema):
    """A FHIR R4 resource; hl7.org/fhir/R4 says what each type has."""

    resourceType: str  # noqa: N815
    model_config = {"extra": "allow"}


class Issue(Schema):
    """What went wrong."""

    severity: Literal["error"]
    code: str
    diagnostics: str


class OperationOutcome(Schema):
    """What went wrong, as FHIR says it."""

    resourceType: Literal["OperationOutcome"]  # noqa: N815
    issue: list[Issue]


class Renderer(BaseRenderer):
    """Resources as JSON, under their own media type."""

    media_type = MEDIA_TYPE

    def render(self, request: HttpRequest, data: Any, *, response_status: int) -> bytes:
        """Give the bytes of a resource."""
        return msgspec.json.encode(data)


def write(request: HttpRequest, told: AnsweredFault) -> HttpResponse:
    """Write a fault as an OperationOutcome; what FHIR cannot process is an invalid request."""
    status = 400 if told.status == 422 else told.status
    return _sent(outcome(ISSUES.get(status, "processing"), str(told)), status)


def _sent(resource: Resource, status: int = 200) -> HttpResponse:
    return HttpResponse(msgspec.json.encode(resource), status=status, content_type=MEDIA_TYPE)


FAULTS: Mapping[int, Any] = dict.fromkeys((400, 401, 404, 429), OperationOutcome)
ANSWERS: Any = {200: Answered, **FAULTS}
fhir = NinjaAPI(
    title="gradatim FHIR R4",
    version="4.0.1",
    docs_url=None,
    auth=Token(),
    urls_namespace="fhir",
    renderer=Renderer(),
)
tell_faults(fhir, write)


@fhir.get("/metadata", auth=None, response={200: Answered})
def metadata(request: HttpRequest) -> Any:
    """Say what this interface can do; open to everybody, and about no trial."""
    return _sent(capability("gradatim", __version__, today()))


@fhir.get("/ResearchStudy/{id}", response=ANSWERS)
def read_study(request: HttpRequest, id: Id) -> Any:
    """Give the trial."""
    state = access_to(request, "overview").state
    if id != fhir_id(state.trial):
        raise Http404(_("There is no such study."))
    return _sent(research_study(state))


@fhir.get("/ResearchSubject", response=ANSWERS)
def search_subjects(request: HttpRequest) -> Any:
    """List the participants that are seen."""
    access = access_to(request, "participants")
    people = access.participants("participants")
    return _found(request, (research_subject(access.state, one) for one in people))


@fhir.get("/ResearchSubject/{id}", response=ANSWERS)
def read_subject(request: HttpRequest, id: Id) -> Any:
    """Give a participant's way through the trial."""
    access = access_to(request, "participants")
    return _sent(research_subject(access.state, _participant(access, id)))


@fhir.get("/Patient/{id}", response=ANSWERS)
def read_patient(request: HttpRequest, id: Id) -> Any:
    """Give the pseudonymous person: number, sex, year of birth."""
    access = access_to(request, "participants")
    return _sent(patient(access.state, _participant(access, id)))


@fhir.get("/Patient/{id}/$everything", response=ANSWERS)
def read_everything(request: HttpRequest, id: Id) -> Any:
    """Give all resources of a participant."""
    access = access_to(request, "participants")
    return _found(request, everything(access.state, _participant(access, id)))


@fhir.get("/Observation", response=ANSWERS)
def search_observations(request: HttpRequest, subject: Subject = "", patient: Subject = "") -> Any:
    """List measurements and answers of a participant."""
    return _of(request, subject or patient, observations)


@fhir.get("/AdverseEvent", response=ANSWERS)
def search_adverse_events(
    request: HttpRequest, subject: Subject = "", patient: Subject = ""
) -> Any:
    """List the adverse events of a participant."""
    return _of(request, subject or patient, adverse_events)


@fhir.get("/MedicationAdministration", response=ANSWERS)
def search_administrations(
    request: HttpRequest, subject: Subject = "", patient: Subject = ""
) -> Any:
    """List the doses of a participant, given and withheld."""
    return _of(request, subject or patient, administrations, "dosing")


@fhir.get("/Consent", response=ANSWERS)
def search_consents(request: HttpRequest, subject: Subject = "", patient: Subject = "") -> Any:
    """List the consents of a participant."""
    return _of(request, subject or patient, consents)


def _of(
    request: HttpRequest,
    subject: str,
    of: Callable[[State, Participant], Iterable[Resource]],
    area: str = "participants",
) -> HttpResponse:
    """Answer a search for what is recorded of one participant."""
    access = access_to(request, area)
    if not subject:
        raise Refusal(
            400,
            _("a search names a participant"),
            "subject",
            todo=_("give subject=Patient/ and the id"),
        )
    one = _participant(access, subject.removeprefix("Patient/"), area)
    return _found(request, of(access.state, one))


def _participant(access: LimitedAccess, id: str, area: str = "participants") -> Participant:
    seen = access.participants(area)
    one = next((one for one in seen if fhir_id(one.id) == id), None)
    if one is None:
        raise Http404(_("There is no such participant."))
    return one


def _found(request: HttpRequest, resources: Iterable[Resource]) -> HttpResponse:
    base = request.build_absolute_uri(reverse("fhir:api-root"))
    return _sent(searchset(resources, base, request.build_absolute_uri()))
