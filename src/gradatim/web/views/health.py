"""Whether the application is well: for whoever watches over it, not for people."""

from django.http import HttpRequest, JsonResponse

from gradatim.core.errors import UnusableInput
from gradatim.web.access import public
from gradatim.web.live_trial import running


@public
def healthz(request: HttpRequest) -> JsonResponse:
    """Say whether the ledger can be read; nothing of what is in it."""
    try:
        now = running()
        now.store.head(now.trial.name)
    except UnusableInput:
        return JsonResponse({"status": "the ledger cannot be read"}, status=503)
    return JsonResponse({"status": "ok"})
