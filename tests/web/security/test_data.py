"""ASVS V13 and V14: data stay where they belong; an unsafe installation does not begin."""

import random
import re
import string
from pathlib import Path

import pytest
from django.core.checks import Tags, run_checks
from django.db import connection
from django.test import Client
from hypothesis import given
from hypothesis import strategies as st

import gradatim.web as web
from gradatim.core.errors import UnusableInput
from gradatim.web.accounts.models import User
from gradatim.web.configuration import configuration
from gradatim.web.live_trial import Running
from tests.markup import markup
from tests.web.conftest import BACKEND, PASSWORD
from tests.web.security.attacks import event_form, pages, treated
from tests.web.security.test_frontend import production  # noqa: F401

ROOT = Path(__file__).parents[3]
ALPHABET = string.ascii_letters + string.digits + "-_"
SECRET = "only-for-tests-R2m8vQxK4tZpWc7LhYb3NsJd9GfUe6Aa0PqT5"
GOOD = {
    "DATABASE_URL": "postgresql://u:p@localhost/x",
    "GRADATIM_SECRET_KEY": SECRET,
    "GRADATIM_KEYS": "/keys",
    "GRADATIM_HOSTS": "trial.example",
}
FOREIGN = re.compile(r'<(script|img|link|form|iframe)[^>]+(src|href|action)="(https?:)?//')


def test_no_page_with_data_is_kept_by_browser_or_proxy(app: Running, signed_in):
    client = signed_in("data.1")
    for path in [*pages(app, treated(app).id), "/audit/checkpoint/"]:
        assert client.get(path)["Cache-Control"] == "no-store", path
    assert client.post("/audit/export/", {"recipient": "sponsor"})["Cache-Control"] == "no-store"
    assert Client().get("/sign-in/")["Cache-Control"] == "no-store"


def test_nothing_of_the_trial_stands_in_a_cookie(app: Running, signed_in):
    """Messages name entries and deviations: they wait on the server."""
    client = signed_in("nurse.S01.1")
    path, said = event_form(app)
    assert client.post(path, said).status_code == 302
    assert set(client.cookies) <= {"sessionid", "csrftoken", "theme"}
    assert "Recorded as entry" in markup(client.get("/"))


def test_the_browser_is_given_nothing_to_keep():
    """No script of ours stores anything; what htmx would keep of pages is switched off."""
    folder = Path(web.__file__).parent
    ours = [*(folder / "static/gradatim").glob("*.js"), folder.parent / "reports/vega/charts.js"]
    for script in ours:
        text = script.read_text()
        assert not re.search(
            r"localStorage|sessionStorage|indexedDB|document\.cookie|caches\.", text
        )
        assert not re.search(r"innerHTML|outerHTML|document\.write|eval\(|postMessage", text)
    assert '"historyCacheSize": 0' in (folder / "templates/gradatim/base.html").read_text()


def test_templates_escape_everything_but_the_code_to_scan():
    """`safe` stands once, for a picture that the program draws; nothing else is let through."""
    found = [
        (path.name, word)
        for path in Path(web.__file__).parent.rglob("*.html")
        for word in re.findall(
            r"\|\s*safe\b|autoescape|<script>|\son\w+=|style=\"|safeseq", path.read_text()
        )
    ]
    assert found == [("second_factor_setup.html", "|safe")]


def test_no_page_names_another_host(app: Running, signed_in):
    """Nothing is sent to anybody else: no script, picture, font or form of another host."""
    for user in ("investigator.S01.1", "data.1"):
        for path in pages(app, treated(app).id):
            text = markup(signed_in(user).get(path))
            assert not FOREIGN.search(text), path


@pytest.mark.parametrize(
    "change",
    [
        {"GRADATIM_SECRET_KEY": ""},
        {"GRADATIM_SECRET_KEY": "short"},
        {"GRADATIM_SECRET_KEY": "a" * 60},
        {"GRADATIM_SECRET_KEY": "a" * 50 + "bcdefgh"},
        {"GRADATIM_SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"},
        {"GRADATIM_SECRET_KEY_BEFORE": "a" * 60},
        {"GRADATIM_HOSTS": "*"},
        {"GRADATIM_HOSTS": ".org"},
        {"GRADATIM_HOSTS": "trial.example,.trial.example"},
        {"GRADATIM_HOSTS": "co.uk"},
        {"GRADATIM_HOSTS": "cn"},
        {"GRADATIM_HOSTS": "https://trial.example"},
        {"DATABASE_URL": ""},
        {"GRADATIM_KEYS": ""},
        {"GRADATIM_TIME_ZONE": "../../etc/passwd"},
    ],
)
def test_an_unsafe_installation_does_not_begin(change: dict):
    assert configuration(GOOD)
    with pytest.raises(UnusableInput):
        configuration(GOOD | change)


@given(st.text(ALPHABET, min_size=1, max_size=12), st.integers(50, 500))
def test_a_pattern_over_and_over_is_no_secret(pattern: str, length: int):
    secret = (pattern * length)[:length]
    with pytest.raises(UnusableInput, match="GRADATIM_SECRET_KEY is not random"):
        configuration(GOOD | {"GRADATIM_SECRET_KEY": secret})


@given(st.integers(), st.sampled_from([ALPHABET, "0123456789abcdef", "0123456789"]))
def test_what_was_drawn_at_random_is_a_secret(seed: int, signs: str):
    secret = "".join(random.Random(seed).choices(signs, k=50))
    assert configuration(GOOD | {"GRADATIM_SECRET_KEY": secret}).secret == secret


@pytest.mark.parametrize("host", ["trial", "trial.example.org", "x.co.uk", "10.1.2.3", "[::1]"])
def test_the_name_of_one_host_is_taken(host: str):
    assert configuration(GOOD | {"GRADATIM_HOSTS": f"{host}, other.example"}).hosts[0] == host


@pytest.mark.parametrize("secret", ["hunter2", "hunter2" * 10])
def test_a_secret_that_is_wrong_is_not_repeated(secret: str):
    with pytest.raises(UnusableInput) as found:
        configuration(GOOD | {"GRADATIM_SECRET_KEY": secret})
    assert "hunter2" not in str(found.value)


def test_the_checks_of_a_deployment_find_nothing(app: Running, production):  # noqa: F811
    """Django's own, with the settings of an installation."""
    assert run_checks(tags=[Tags.security], include_deployment_checks=True) == []


def test_every_table_is_in_the_inventory(db):
    """What is kept of whom, and for how long, is written down for each: docs/operations.md."""
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    part = page.partition("## What is kept of whom")[2].partition("\n## ")[0]
    written = set(re.findall(r"`(\w+)`", part))
    assert {*connection.introspection.table_names(), "ledger_event"} <= written


def test_tracing_tells_nothing_of_a_request(app: Running):
    answer = Client(headers={"x-secret": "told-by-mistake"}).trace("/sign-in/")
    assert answer.status_code == 405
    assert "told-by-mistake" not in markup(answer) + str(answer.headers)


def test_the_health_of_the_application_tells_nothing_else(app: Running):
    assert Client().get("/healthz").json() == {"status": "ok"}


def test_the_type_of_each_answer_is_said(app: Running, signed_in):
    client = signed_in("data.1")
    for path in ("/", "/audit/", "/nothing/", "/audit/proof/"):
        assert client.get(path)["Content-Type"] == "text/html; charset=utf-8"
    kept = client.get("/audit/checkpoint/")
    assert kept["Content-Type"].startswith("application/json")
    assert kept["Content-Disposition"].startswith("attachment; filename=")
    assert client.get("/healthz")["Content-Type"] == "application/json"


def test_whoever_signed_out_leaves_no_message_behind(app: Running):
    client = Client()
    client.post("/sign-in/", {"username": "nurse.S01.1", "password": PASSWORD})
    path, said = event_form(app)
    client.post(path, said)
    client.post("/sign-out/")
    client.post("/sign-in/", {"username": "nurse.S02.1", "password": PASSWORD})
    assert "Recorded as entry" not in markup(client.get("/"))


def test_what_is_typed_stands_in_no_address(app: Running, signed_in):
    """A laboratory value is graded as it is typed: posted, with the token of its page."""
    one, client = treated(app), signed_in("nurse.S01.1")
    path = f"/participants/{one.id}/grade/?element=alt"
    said = {"results-alt-value": "200", "results-alt-unit": "U/L", "results-alt-high": "40"}
    assert "grade" in markup(client.post(path, said))
    assert (
        client.get(f"/participants/{one.id}/grade/", {"element": "alt", **said}).status_code == 405
    )
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(User.objects.get(username="nurse.S01.1"), backend=BACKEND)
    assert strict.post(path, said).status_code == 403
    page = markup(client.get(f"/record/LaboratoryResultsRecorded/?participant={one.id}"))
    asks = re.findall(r'hx-(get|post)="[^"]+/grade/[^"]*" hx-params="([^"]+)"', page)
    assert asks
    for method, sent in asks:
        assert method == "post"
        assert all(name.startswith("results-") for name in sent.split(","))
