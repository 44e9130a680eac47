"""Whose request it is: told by a token, and by nothing else."""

from typing import Any

from django.http import HttpRequest
from ninja.security import HttpBearer

from gradatim.conduct.access import limited_access_of
from gradatim.web import clock
from gradatim.web.accounts.tokens import hashed, user_of
from gradatim.web.api import limits


class Token(HttpBearer):
    """`Authorization: Bearer` and a token.

    The request then has the token's user, and the access that the token gives; who is signed in
    with a cookie does not count. Requests are counted before a token is looked at, so that nobody
    tries many.
    """

    def __init__(self) -> None:
        super().__init__()
        self._by_address, self._by_token = limits.by_address(), limits.by_token()

    def __call__(self, request: HttpRequest) -> Any | None:
        """Give the user, None without a valid token."""
        self._by_address.count(request)
        return super().__call__(request)

    def authenticate(self, request: HttpRequest, token: str) -> Any | None:
        """Give the user of a token, None if it is not valid."""
        found = user_of(token)
        if found is None:
            return None
        user, role = found
        request.api_token = hashed(token)  # type: ignore[attr-defined]
        self._by_token.count(request)
        request.user = user
        state = request.trial.state  # type: ignore[attr-defined]
        access = limited_access_of(state, user.get_username(), role, clock.now())
        request.access = access  # type: ignore[attr-defined]
        return user
