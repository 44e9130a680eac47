"""Participants, and what is worked out of their entries."""

from typing import Annotated, Any

import msgspec
from django.http import HttpRequest, HttpResponse
from ninja import Query, Router

from gradatim.conduct.state import Participant, State
from gradatim.conduct.views.participants import summarise
from gradatim.conduct.views.screening import assess_participant
from gradatim.conduct.visibility import tells_birthday
from gradatim.evidence.facts import Facts
from gradatim.protocol.load import Document
from gradatim.screening.document import screening_document
from gradatim.web.access import participant_or_404
from gradatim.web.api.operations.dependencies import (
    FAULTS,
    USUAL,
    PageSize,
    ParticipantNumber,
    access_to,
)
from gradatim.web.api.operations.derived import detail
from gradatim.web.api.schemas import participants as schemas
from gradatim.web.api.schemas.screening import Screening
from gradatim.web.clock import today_at

router = Router(tags=["participants"])
After = Annotated[str, Query(max_length=64, description="The number to go on after")]


@router.get("/participants", response={200: schemas.Participants, **FAULTS})
def participants(request: HttpRequest, after: After = "", limit: PageSize = USUAL) -> Any:
    """List the participants that are seen, in the order of registration."""
    access = access_to(request, "participants")
    first = participant_or_404(access, "participants", after).position if after else 0
    people = [one for one in access.participants("participants") if one.position > first]
    items = [summary(access.state, one) for one in people[:limit]]
    return {"items": items, "next": items[-1]["id"] if len(people) > limit else None}


def summary(state: State, one: Participant) -> dict[str, Any]:
    """Give how a participant stands."""
    found = summarise(state, one, today_at(state, one.site))
    return {
        "id": one.id,
        "site": one.site,
        "status": one.status,
        "sex": one.sex,
        "consent": one.consent,
        "registered_on": state.events[one.position].occurred_on,
        "level": one.level,
        "cohort": one.cohort,
        "replaced": one.replaced,
        "doses": found.doses,
        "adverse_events": found.adverse_events,
        "letter": found.outcome,
    }


@router.get("/participants/{id}", response={200: schemas.ParticipantDetail, **FAULTS})
def participant(request: HttpRequest, id: ParticipantNumber) -> Any:
    """Give a participant with visits, doses, adverse events, candidates and grades."""
    access = access_to(request, "participants")
    one = participant_or_404(access, "participants", id)
    return {**summary(access.state, one), **detail(access.state, one)}


@router.get("/participants/{id}/eligibility", response={200: Screening, **FAULTS}, by_alias=True)
def eligibility(request: HttpRequest, id: ParticipantNumber) -> Any:
    """Give the screening document of a participant on today's records."""
    access = access_to(request, "participants")
    one = participant_or_404(access, "participants", id)
    state = access.state
    found = assess_participant(state, one, today_at(state, one.site))
    study = state.governing("eligibility", one)
    sha256 = next(version.sha256 for version in state.versions if version.study is study)
    protocol = Document(study, sha256, study.study.id, {})
    people = [] if found.eligibility is None else [(found.eligibility, Facts(one.id))]
    unusable = [] if found.eligibility is not None else [{"input": one.id, "why": found.fault}]
    document = screening_document(protocol, people, unusable)
    private = {each.id for each in study.criteria if tells_birthday(access, one, each)}
    for shown in (line for person in document["people"] for line in person["criteria"]):
        if shown["id"] in private:
            shown |= {"passes_from": None, "passes_until": None}
    return HttpResponse(msgspec.json.encode(document), content_type="application/json")
