"""Requests made from the OpenAPI documents, good and bad, against the application itself.

Nothing may be answered by a fault of the program, by a status or content that the document does not
have, or without a token. What the schemas allow is not always what can be: an event of somebody who
does not exist is refused, so that part of the requests is led to what is in the ledger.
"""

from collections.abc import Iterator
from typing import Any

import pytest
import schemathesis
from django.core.wsgi import get_wsgi_application
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi import checks

from gradatim.web.accounts.models import User
from gradatim.web.accounts.tokens import make_token
from gradatim.web.api.fhir import fhir
from gradatim.web.api.input_events import GIVEN
from gradatim.web.api.interface import api
from gradatim.web.live_trial import Running
from tests.web.api.test_matrix import example
from tests.web.conftest import PASSWORD

ROLES = {"investigator", "pharmacist", "monitor", "data_manager"}
HELD = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
    checks.response_headers_conformance,
    checks.ignored_auth,
    checks.unsupported_method,
]
READS, WRITES = 40, 800


@pytest.fixture
def token(app: Running, monkeypatch: pytest.MonkeyPatch) -> str:
    """Give the token of somebody with several roles, whose requests are not counted."""
    counted: list[Any] = [api.auth, fhir.auth]
    for (auth,) in counted:
        for throttle in (auth._by_address, auth._by_token):
            monkeypatch.setattr(throttle, "most", 1_000_000)
    app.trial.state.roles["several.1", ""] = set(ROLES)
    return make_token(User.objects.create_user("several.1", "Several", PASSWORD), "test", "")


def operations(path: str) -> Iterator[Any]:
    schema = schemathesis.openapi.from_wsgi(path, get_wsgi_application())
    found: Iterator[Any] = schema.get_all_operations()
    return (one.ok() for one in found)


def known(app: Running) -> dict[str, st.SearchStrategy[Any]]:
    """Give names that the ledger has, by the fields and parameters that hold them."""
    state = app.trial.state
    people = st.sampled_from([*state.participants, "S09-999"])
    return {
        "id": people,
        "participant": people,
        "after": people,
        "subject": people.map("Patient/{}".format),
        "patient": people,
        "site": st.sampled_from(["S01", "S02", ""]),
        "lot": st.sampled_from([*state.lots]),
        "occurred_on": st.sampled_from(["2026-09-20", "2026-09-21", "2026-05-01"]),
        "of": st.integers(1, state.position),
        "query": st.sampled_from([*state.queries]),
        "encounter": st.sampled_from([*state.study.schedule.encounters]),
        "element": st.sampled_from([*state.study.elements]),
        "dose": st.integers(1, 2),
        "level": st.integers(1, 3),
        "adverse_event": st.sampled_from([*state.adverse_events, "S09-AE1"]),
    }


def recorded(app: Running) -> st.SearchStrategy[Any]:
    """Give what was recorded, as a program sends it."""
    found = [example(app, name, site) for name in GIVEN for site in ("S01", "")]
    return st.sampled_from([one for one in found if one is not None])


def led(draw: Any, value: Any, names: dict[str, st.SearchStrategy[Any]]) -> Any:
    """Put names that the ledger has in the place of made-up ones, half of the time."""
    if isinstance(value, dict):
        return {
            key: draw(names[key]) if key in names and draw(st.booleans()) else led(draw, one, names)
            for key, one in value.items()
        }
    return [led(draw, one, names) for one in value] if isinstance(value, list) else value


def try_all(app: Running, operation: Any, token: str, examples: int) -> None:
    """Try an operation with requests that fit its document and with such that do not."""
    names, again = known(app), recorded(app)
    modes = schemathesis.GenerationMode
    cases = st.one_of(*(operation.as_strategy(generation_mode=mode) for mode in modes))

    @settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def tried(data: st.DataObject) -> None:
        case = data.draw(cases)
        if isinstance(case.body, dict) and data.draw(st.booleans()):
            case.body = data.draw(again)
        for part in ("path_parameters", "query", "body"):
            setattr(case, part, led(data.draw, getattr(case, part), names))
        case.call_and_validate(headers={"Authorization": f"Bearer {token}"}, checks=HELD)

    tried()


@pytest.mark.slow
@pytest.mark.parametrize("path", ["/api/openapi.json", "/api/fhir/openapi.json"])
def test_no_request_breaks_it(app: Running, token: str, path: str):
    """Each operation that reads."""
    tried = 0
    for operation in operations(path):
        if operation.method == "get":
            try_all(app, operation, token, READS)
            tried += 1
    assert tried == (10 if "fhir" in path else 9)


@pytest.mark.slow
def test_no_event_breaks_it(app: Running, token: str):
    """Recording, with every kind of event; some are recorded, and the ledger still folds."""
    before = app.trial.state.position
    (operation,) = [one for one in operations("/api/openapi.json") if one.method == "post"]
    try_all(app, operation, token, WRITES)
    assert app.trial.state.position > before
