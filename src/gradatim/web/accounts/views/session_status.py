"""How long a session has left: for pages that stay open. Asking does not prolong it."""

from typing import Any

from django.http import HttpRequest, JsonResponse
from django.middleware.csrf import get_token
from django.views.decorators.http import require_http_methods

from gradatim.web.access import public
from gradatim.web.accounts.middleware import seconds_left


@public
@require_http_methods(["GET", "POST"])
def session(request: HttpRequest) -> JsonResponse:
    """Say how many seconds are left, and whose session it is; posting counts as use of it.

    The token is that of forms, for a page whose user has signed in again meanwhile.
    """
    left = seconds_left(request)
    said: dict[str, Any] = {"left": left}
    if left:
        said |= {"user": request.user.get_username(), "token": get_token(request)}
    return JsonResponse(said)


def staying(request: HttpRequest) -> dict[str, Any]:
    """Give every page the seconds that are left, for the script that watches over them."""
    user = getattr(request, "user", None)
    return {"seconds_left": seconds_left(request) if user is not None else 0}
