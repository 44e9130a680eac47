"""The entries of the ledger: read one after another, and recorded one at a time."""

from typing import Annotated, Any

from django.http import HttpRequest
from ninja import Header, Query, Router, Status

from gradatim.conduct.corrections import signings
from gradatim.conduct.events.base import Event
from gradatim.conduct.narrative import narrate
from gradatim.conduct.sealed_records import opened_entry
from gradatim.conduct.state import State
from gradatim.web.api.operations.dependencies import FAULTS, USUAL, PageSize, access_to, trial_of
from gradatim.web.api.recording import Answer, asked_for, done
from gradatim.web.api.schemas.faults import Fault, Overtaken
from gradatim.web.api.schemas.trial import Entries, KeptInJournal, Recorded
from gradatim.web.api.serialise import plain_event

router = Router(tags=["ledger"])
Position = Annotated[int, Query(ge=0, le=2**53, description="The position to go on after")]
_Key = Annotated[
    str,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=200,
        description="Your own name of this act: one key is recorded once, however often it is sent",
    ),
]
Seen = Annotated[
    str,
    Header(
        alias="If-Match",
        pattern=r'^(\*|[0-9]{1,15}|"[0-9]{1,15}")$',
        description="Position of the ledger that was looked at; `*` or none for the present one",
    ),
]
BODY = {
    "required": True,
    "content": {"application/json": {"schema": {"$ref": "#/components/schemas/GivenEvent"}}},
}
"""What is sent: read with the classes of `given`, which the schema is made from."""


@router.get("/events", response={200: Entries, **FAULTS})
def events(request: HttpRequest, after: Position = 0, limit: PageSize = USUAL) -> Any:
    """List the entries that the audit trail shows, as they stand corrected."""
    access = access_to(request, "audit")
    items: list[dict[str, Any]] = []
    state = access.state
    for position in range(after + 1, state.position + 1):
        if access.sees_entry("audit", state.events[position]):
            if len(items) == limit:
                return {"items": items, "next": items[-1]["position"]}
            items.append(_entry(state, position, state.events[position]))
    return {"items": items, "next": None}


def _entry(state: State, position: int, event: Event) -> dict[str, Any]:
    return {
        "position": position,
        "event": plain_event(opened_entry(state, position, event)),
        "told": narrate(event),
        "earlier": [
            plain_event(opened_entry(state, position, one))
            for one in state.earlier.get(position, ())
        ],
        "corrected_by": list(state.corrected_by.get(position, ())),
        "verified": position in state.verified,
        "signatures": [
            {
                "entry": one.entry,
                "by": one.by,
                "printed_name": one.printed_name,
                "meaning": one.meaning,
                "at": one.at,
                "stands": one.stands,
            }
            for one in signings(state, position)
        ],
    }


@router.post(
    "/events",
    openapi_extra={"requestBody": BODY},
    response={
        201: Recorded,
        202: KeptInJournal,
        400: Fault,
        403: Fault,
        409: Overtaken,
        413: Fault,
        415: Fault,
        503: Fault,
        **FAULTS,
    },
)
def record(request: HttpRequest, key: _Key, seen: Seen = "*") -> Any:
    """Record an event.

    What the application fills in itself may not be given: who recorded it and when, the protocol's
    version, signatures, and numbers of participants, adverse events and queries. What has to be
    signed is signed by a person, on its page. While the ledger takes nothing, a fact of a site is
    kept in the downtime journal (202); what is not kept is answered with 503, to be sent again.
    """
    access_to(request, "overview")
    asked = asked_for(request, key, seen.strip('"'))
    answer: Answer = done(request, trial_of(request), asked)
    return Status(answer.status, answer.content)
