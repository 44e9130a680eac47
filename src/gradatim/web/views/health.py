"""Whether the application is well: for whoever watches over it, not for people."""

from django.http import HttpRequest, JsonResponse

from gradatim.conduct.event_store import Cause, StorageUnavailable
from gradatim.core.errors import UnusableInput
from gradatim.web.access import public
from gradatim.web.live_trial import running

_SAID = {
    Cause.FULL: "the disk of the database is full",
    Cause.READ_ONLY: "the database can only be read",
    Cause.BUSY: "others hold the database",
    Cause.SILENT: "the database does not answer",
}


@public
def healthz(request: HttpRequest) -> JsonResponse:
    """Say whether the ledger can be read and written to; nothing of what is in it."""
    try:
        now = running()
        now.store.head(now.trial.name)
        now.store.try_to_write()
    except StorageUnavailable as error:
        said = _SAID.get(error.cause, "the ledger cannot be read")
        return JsonResponse({"status": said}, status=503)
    except UnusableInput:
        return JsonResponse({"status": "the ledger cannot be read"}, status=503)
    return JsonResponse({"status": "ok"})
