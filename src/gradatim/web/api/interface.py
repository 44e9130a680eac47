"""The JSON interface: its operations, its OpenAPI document, and how it writes faults."""

from typing import Any

import msgspec
from django.http import HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.openapi.schema import OpenAPISchema

from gradatim.web.api.authentication import Token
from gradatim.web.api.faults import AnsweredFault, tell_faults
from gradatim.web.api.input_events import components
from gradatim.web.api.operations import ledger, participants, product, trial

DESCRIPTION = (
    "One trial, read from and recorded in its ledger. Every request has a token of a user, "
    "`Authorization: Bearer`; it sees and records what that user may, or what the one role may "
    "that it is limited to. What may not be seen is not found. FHIR R4 is at /api/fhir/."
)


class Interface(NinjaAPI):
    """The JSON interface; its document holds the schemas of every type of event."""

    _document: OpenAPISchema | None = None

    def get_openapi_schema(self, **asked: Any) -> OpenAPISchema:
        """Give the document, with events in place of plain objects; made once."""
        if self._document is None:
            self._document = self._made(super().get_openapi_schema(**asked))
        return self._document

    def _made(self, document: OpenAPISchema) -> OpenAPISchema:
        schemas = document["components"]["schemas"]
        recorded = {"$ref": "#/components/schemas/RecordedEvent"}
        for name in ("Entry", "Recorded"):
            schemas[name]["properties"]["event"] = recorded
        schemas["Entry"]["properties"]["earlier"] = {"type": "array", "items": recorded}
        schemas.update(components())
        return document


def write(request: HttpRequest, told: AnsweredFault) -> HttpResponse:
    """Write a fault as JSON."""
    return HttpResponse(
        msgspec.json.encode(told.content()), status=told.status, content_type="application/json"
    )


api = Interface(
    title="gradatim",
    version="1",
    description=DESCRIPTION,
    docs_url=None,
    auth=Token(),
    urls_namespace="api",
)
for router in (trial.router, participants.router, product.router, ledger.router):
    api.add_router("", router)
tell_faults(api, write)
