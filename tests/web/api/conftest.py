"""What the tests of the API share: programs with a token of a user, or of a role."""

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from gradatim.web.accounts.models import User
from gradatim.web.accounts.tokens import make_token
from gradatim.web.live_trial import Running
from gradatim.web.rate_limiter import COUNTS
from tests.web.conftest import PASSWORD


class Program:
    """A program with a token; it never has a cookie, and forged requests would be refused."""

    def __init__(self, token: str) -> None:
        self.client = Client(enforce_csrf_checks=True)
        self.headers = {"Authorization": f"Bearer {token}"} if token else {}

    def get(self, path: str, **query: Any) -> Any:
        return self.client.get(f"/api/{path}", query, headers=self.headers)

    def post(self, event: Any, key: str | None = None, seen: str | int | None = None) -> Any:
        headers = {**self.headers, "Idempotency-Key": key or uuid4().hex}
        if seen is not None:
            headers["If-Match"] = str(seen)
        return self.client.post("/api/events", event, "application/json", headers=headers)


@pytest.fixture(autouse=True)
def uncounted() -> None:
    """Begin with no request counted."""
    COUNTS.forget()


@pytest.fixture
def program(db: None) -> Callable[..., Program]:
    """Give a program of a user, limited to a role or not."""

    def of(user: str, role: str = "") -> Program:
        return Program(make_token(User.objects.get(username=user), "test", role))

    return of


def probe(app: Running, role: str, place: str) -> Program:
    """Give a program of somebody with one task at one place, or with none."""
    name = f"probe.{role or 'nobody'}.{place or 'all'}"
    if role:
        app.trial.state.roles[name, place] = {role}
    user = User.objects.create_user(name, name, PASSWORD)
    return Program(make_token(user, "test", ""))
