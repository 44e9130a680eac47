"""ASVS V3: headers, cookies, forged forms, methods, and where a browser is sent."""

import os
import runpy
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from gradatim.web import settings as installed
from gradatim.web.live_trial import Running
from tests.web.conftest import PASSWORD, state
from tests.web.security.attacks import event_form
from tests.web.test_matrix import arguments, own_patterns  # noqa: F401

ELSEWHERE = (
    "https://elsewhere.example/",
    "//elsewhere.example/",
    "/\\elsewhere.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "http:///elsewhere.example",
)
ANSWERS = {
    "/": 200,
    "/sign-in/": 200,
    "/participants/": 200,
    "/account/": 200,
    "/nothing/": 404,
    "/audit/checkpoint/": 404,
    "/theme/": 405,
    "/healthz": 200,
    "/sign-in": 301,
    "/static/gradatim/gradatim.css": 200,
    "/static/gradatim/icon.svg": 200,
    "/static/none.css": 404,
}


@pytest.fixture
def production(monkeypatch, settings):
    """Set everything about cookies and HTTPS as an installation behind a proxy has it."""
    monkeypatch.setenv("GRADATIM_PLAIN_HTTP", "")
    monkeypatch.setenv("GRADATIM_BEHIND_PROXY", "1")
    found = runpy.run_path(str(Path(installed.__file__)))
    for name, value in found.items():
        if name.startswith(("SESSION_", "CSRF_", "THEME_", "SECURE_", "CONFIGURATION")):
            setattr(settings, name, value)
    assert os.environ["GRADATIM_PLAIN_HTTP"] == ""
    return settings


def guarded(response) -> None:
    """See that a response says what a browser may do with it."""
    policy = response["Content-Security-Policy"]
    for said in (
        "default-src 'none'",
        "object-src 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "form-action 'self'",
    ):
        assert said in policy
    assert "unsafe" not in policy
    assert "*" not in policy
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Referrer-Policy"] == "same-origin"
    assert response["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "Access-Control-Allow-Origin" not in response


@pytest.mark.parametrize("path", ANSWERS)
def test_every_answer_is_guarded(app: Running, signed_in, path: str):
    """Pages, faults, redirects and files alike."""
    response = signed_in("nurse.S01.1").get(path)
    assert response.status_code == ANSWERS[path]
    guarded(response)


def test_refusals_are_guarded(app: Running, signed_in):
    """A host of another name, a forged form, a form with faults, a lockout."""
    for response in (
        Client(headers={"host": "elsewhere.example"}).get("/"),
        Client(enforce_csrf_checks=True).post("/sign-in/", {}),
        Client().post("/sign-in/", {"username": "nobody", "password": "x"}),
        signed_in("nurse.S01.1").post(*event_form(app, onset="never")),
    ):
        assert response.status_code in (400, 403, 422)
        guarded(response)


def test_production_keeps_to_https(app: Running, production):
    response = Client().get("/sign-in/")
    assert response["Location"] == "https://testserver/sign-in/"
    guarded(response)
    for path in ("/sign-in/", "/static/gradatim/gradatim.css", "/nothing/"):
        said = Client().get(path, secure=True)["Strict-Transport-Security"]
        assert said == "max-age=31536000; includeSubDomains; preload"
    proxied = Client(headers={"x-forwarded-proto": "https"}).get("/sign-in/")
    assert proxied.status_code == 200


def test_cookies_of_production(app: Running, production):
    """Sent by HTTPS only, kept from scripts and other hosts."""
    client = Client()
    client.get("/sign-in/", secure=True)
    said = {"username": "nurse.S01.1", "password": PASSWORD}
    assert client.post("/sign-in/", said, secure=True).status_code == 302
    client.post("/theme/", {"theme": "dark"}, secure=True)
    assert set(client.cookies) == {"__Host-sessionid", "__Host-csrftoken", "__Host-theme"}
    for cookie in client.cookies.values():
        assert (cookie["secure"], cookie["httponly"], cookie["samesite"]) == (True, True, "Lax")
        assert (cookie["path"], cookie["domain"]) == ("/", "")
    assert 'data-theme="dark"' in client.get("/", secure=True).content.decode()


@pytest.mark.parametrize("path", ["trial", "events", "fhir/Patient/x", "nothing", "openapi.json"])
def test_a_program_is_refused_without_https(app: Running, production, path: str):
    """Not redirected, for it would go on sending its token in the open; in its own words."""
    for method in (Client().get, Client().post):
        response = method(f"/api/{path}", headers={"authorization": "Bearer gradatim_x"})
        assert response.status_code == 403
        assert "Location" not in response
        assert "HTTPS" in response.content.decode()
        kind = "fhir+json" if path.startswith("fhir") else "json"
        assert response["Content-Type"] == f"application/{kind}"
        guarded(response)
    assert Client().get(f"/api/{path}", secure=True).status_code != 403


@pytest.mark.parametrize("method", ["TRACE", "CONNECT", "TRACK", "DEBUG", "PROPFIND"])
def test_methods_that_nothing_has_are_refused(app: Running, signed_in, method: str):
    """By pages, files and the interface for programs alike."""
    for path in ("/", "/sign-in/", "/static/gradatim/gradatim.css", "/api/trial", "/nothing/"):
        response = signed_in("nurse.S01.1").generic(method, path)
        assert response.status_code == 405, path
        assert method not in response["Allow"]
        assert not response.content
        guarded(response)


def test_every_form_is_refused_without_its_token(app: Running, arguments):  # noqa: F811
    """Every address, whatever is posted to it, before anything else looks at it."""
    from gradatim.web.accounts.models import User
    from tests.web.conftest import BACKEND

    before = state(app).position
    for user in ("sponsor.1", "data.1", "investigator.S01.1"):
        client = Client(enforce_csrf_checks=True)
        client.force_login(User.objects.get(username=user), backend=BACKEND)
        for one in own_patterns():
            args = arguments.get(one.name, ["1"] if "<" in str(one.pattern) else [])
            path = reverse(one.name, args=args)
            for method in (client.post, client.put, client.patch, client.delete):
                assert method(path).status_code == 403, path
            foreign = client.post(path, headers={"origin": "https://elsewhere.example"})
            assert foreign.status_code == 403
    assert state(app).position == before


def test_what_changes_something_is_not_done_by_a_link(app: Running, signed_in):
    client = signed_in("data.1")
    for path in (
        "/sign-out/",
        "/theme/",
        "/audit/export/",
        "/account/sessions/x/end/",
        "/account/tokens/1/revoke/",
    ):
        assert client.get(path).status_code == 405
        assert client.head(path).status_code == 405
    path, said = event_form(app)
    before = state(app).position
    response = signed_in("nurse.S01.1").get(path, {**said, "site": "S01"})
    assert response.status_code == 200
    override = {"x-http-method-override": "POST"}
    assert signed_in("data.1").get("/audit/export/", headers=override).status_code == 405
    assert state(app).position == before


@pytest.mark.parametrize("wanted", ELSEWHERE)
def test_nobody_is_sent_elsewhere(app: Running, signed_in, wanted: str):
    """By the theme, by a form, by its way back."""
    client = signed_in("nurse.S01.1")
    assert client.post("/theme/", {"theme": "dark", "next": wanted})["Location"] == "/"
    path, said = event_form(app)
    page = client.get(path, {"participant": path.rpartition("=")[2], "next": wanted})
    assert f'href="{wanted}' not in page.content.decode()
    gone = client.post(f"{path}&next={wanted}", said)
    assert gone.status_code == 302
    assert gone["Location"].startswith("/participants/")


def test_another_name_of_the_host_is_refused(app: Running, signed_in):
    assert Client(headers={"host": "elsewhere.example"}).get("/sign-in/").status_code == 400
    said = {"username": "guest.1", "printed_name": "Guest"}
    forwarded = {"x-forwarded-host": "elsewhere.example"}
    page = signed_in("sponsor.1").post("/people/invite/", said, headers=forwarded)
    assert "http://testserver/invitation/" in page.content.decode()
    assert "elsewhere.example" not in page.content.decode()
