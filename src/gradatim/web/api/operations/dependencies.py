"""What every operation begins with: the request's access, and what is answered beside 200."""

from collections.abc import Mapping
from typing import Annotated, Any, cast

from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _
from ninja import Path, Query

from gradatim.conduct.access import LimitedAccess
from gradatim.conduct.trial import Trial
from gradatim.web.api.schemas.faults import Fault

FAULTS: Mapping[int, Any] = {401: Fault, 404: Fault, 422: Fault, 429: Fault}
"""What every operation may answer instead."""
MOST, USUAL = 500, 100
PageSize = Annotated[int, Query(ge=1, le=MOST, description="How many at most")]
ParticipantNumber = Annotated[str, Path(max_length=64, description="A participant's number")]


def access_to(request: HttpRequest, area: str) -> LimitedAccess:
    """Give the access of a request whose user sees an area.

    Raises:
        Http404: they do not: what may not be seen is not found.
    """
    access = cast(LimitedAccess, request.access)  # type: ignore[attr-defined]
    if not access.sees(area):
        raise Http404(_("It does not exist, or it is not for you to see."))
    return access


def trial_of(request: HttpRequest) -> Trial:
    """Give the trial of a request."""
    return cast(Trial, request.trial)  # type: ignore[attr-defined]
