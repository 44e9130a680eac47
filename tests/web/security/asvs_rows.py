"""Rows of docs/asvs.md, each verified anew by what a running application or its code says.

Beside the tests that the rows name: a check here knows nothing of how a row is met, only what the
standard asks. `tests/docs/test_asvs.py` compares this list with the page.
"""

import ast
import json
import logging
import re
import runpy
import secrets
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse

import gradatim
from gradatim.conduct import identity
from gradatim.conduct.access import SEES
from gradatim.core.errors import UnusableInput
from gradatim.web import settings as installed
from gradatim.web.accounts import second_factor
from gradatim.web.accounts.invitations import invite
from gradatim.web.accounts.models import (
    AccountAct,
    ApiToken,
    AppDevice,
    Invitation,
    RecoveryCode,
    User,
)
from gradatim.web.accounts.tokens import make_token
from gradatim.web.configuration import configuration
from gradatim.web.database import refuse_plain
from gradatim.web.live_trial import Running
from gradatim.web.logs import Json
from tests.web.conftest import BACKEND, PASSWORD, state
from tests.web.security.attacks import SCRIPT, event_form, treated

ROOT = Path(gradatim.__file__).parent
USER, ELSEWHERE = "nurse.S01.1", "nurse.S02.1"
PAGES = ("/", "/participants/", "/account/", "/protocol/", "/nothing/")
GOOD = {
    "DATABASE_URL": "postgresql://u:p@localhost/x",
    "GRADATIM_SECRET_KEY": "only-for-tests-R2m8vQxK4tZpWc7LhYb3NsJd9GfUe6Aa0PqT5",
    "GRADATIM_KEYS": "/keys",
    "GRADATIM_HOSTS": "trial.example",
}
Check = Callable[["Live"], None]
CHECKS: dict[str, Check] = {}


class Live:
    """The application as it answers, and what stands around it."""

    def __init__(self, app: Running, monkeypatch: Any) -> None:
        self.app, self.monkeypatch = app, monkeypatch

    def client(self, name: str = USER, **more: Any) -> Client:
        """Return a browser that is signed in."""
        client = Client(**more)
        client.force_login(User.objects.get(username=name), backend=BACKEND)
        return client

    def production(self) -> dict[str, Any]:
        """Return the settings of an installation behind a proxy, and let them hold here."""
        self.monkeypatch.setenv("GRADATIM_PLAIN_HTTP", "")
        self.monkeypatch.setenv("GRADATIM_BEHIND_PROXY", "1")
        found = runpy.run_path(str(Path(installed.__file__)))
        for name, value in found.items():
            if name.startswith(("SESSION_", "CSRF_", "THEME_", "SECURE_", "CONFIGURATION")):
                self.monkeypatch.setattr(settings, name, value)
        return found

    def cookies(self) -> dict[str, Any]:
        """Return the cookies of production, once somebody signed in and chose a theme."""
        self.production()
        client = Client()
        client.get("/sign-in/", secure=True)
        said = {"username": USER, "password": PASSWORD}
        assert client.post("/sign-in/", said, secure=True).status_code == 302
        client.post("/theme/", {"theme": "dark"}, secure=True)
        assert len(client.cookies) >= 3
        return dict(client.cookies)


def row(*ids: str) -> Callable[[Check], Check]:
    """Say which rows a check verifies."""

    def kept(check: Check) -> Check:
        assert not CHECKS.keys() & set(ids)
        CHECKS.update(dict.fromkeys(ids, check))
        return check

    return kept


@cache
def modules(folder: str = "web") -> dict[Path, ast.Module]:
    """Return the code of a package, parsed."""
    return {path: ast.parse(path.read_text()) for path in (ROOT / folder).rglob("*.py")}


def imported(folder: str = "web") -> set[str]:
    """Return the names of all modules that a package imports."""
    found = set()
    for tree in modules(folder).values():
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                found |= {one.name for one in node.names}
            if isinstance(node, ast.ImportFrom) and node.module:
                found |= {node.module, *(f"{node.module}.{one.name}" for one in node.names)}
    return found


def called(folder: str = "web") -> set[str]:
    """Return the names of all that a package calls."""
    calls = (
        node.func
        for tree in modules(folder).values()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
    )
    return {ast.unparse(one) for one in calls}


def scripts() -> Iterator[str]:
    """Yield the scripts that are ours."""
    for path in (ROOT / "web/static/gradatim").glob("*.js"):
        if "htmx" not in path.name:
            yield path.read_text()
    yield (ROOT / "reports/vega/charts.js").read_text()


def policy(answer: Any) -> dict[str, str]:
    """Return the content security policy of an answer."""
    parts = (one.strip().split(" ", 1) for one in answer["Content-Security-Policy"].split(";"))
    return {one[0]: one[1] if len(one) > 1 else "" for one in parts}


def refused(password: str, name: str = USER) -> bool:
    try:
        validate_password(password, User.objects.get(username=name))
    except ValidationError:
        return True
    return False


def starts_with(**changed: str) -> bool:
    try:
        configuration(GOOD | changed)
    except UnusableInput:
        return False
    return True


# --- V1 to V5: input, browser, files --------------------------------------------------


@row("V1.2.1")
def markup_is_escaped(live: Live) -> None:
    assert live.client().post(*event_form(live.app, term=SCRIPT)).status_code == 302
    for path in (f"/participants/{treated(live.app).id}/adverse-events/", "/audit/"):
        page = live.client("investigator.S01.1").get(path).content.decode()
        assert "<script>alert" not in page


@row("V1.2.4")
def no_query_is_made_of_text(live: Live) -> None:
    for path in ("/participants/'%20OR%201=1--/", "/participants/?status=' OR '1'='1"):
        answer = live.client().get(path)
        assert answer.status_code in (200, 404)
        assert treated(live.app, "S02").id not in answer.content.decode()


@row("V1.2.5")
def no_command_is_run(live: Live) -> None:
    assert not {one for one in imported() if one.split(".")[0] in ("subprocess", "pty", "commands")}
    assert not {"os.system", "os.popen", "os.execv", "os.spawnv"} & called()


@row("V1.3.2")
def nothing_is_evaluated(live: Live) -> None:
    assert not {"eval", "exec", "compile"} & called()
    assert not any(re.search(r"\beval\(|new Function", one) for one in scripts())


@row("V1.3.3")
def what_is_typed_is_bounded(live: Live) -> None:
    """By a page and by a program: its length, and signs that nobody types."""
    at = state(live.app).position
    for term in ("a\0b", "x" * 100_000):
        path, said = event_form(live.app, term=term)
        assert live.client().post(path, said).status_code == 422
        token = make_token(User.objects.get(username=USER), "program", "")
        event = {"event": "AdverseEventReported", "site": "S01", "term": term}
        event |= {"participant": treated(live.app).id, "onset": "2026-09-20"}
        event |= {"scale": "CTCAE v5.0", "occurred_on": "2026-09-21"}
        headers = {"authorization": f"Bearer {token}", "idempotency-key": "one-key-of-sixteen"}
        answer = Client().post("/api/events", event, "application/json", headers=headers)
        assert answer.status_code == 422, answer.content.decode()
    assert state(live.app).position == at


@row("V1.3.6", "V15.3.2")
def no_request_is_made_to_others(live: Live) -> None:
    """But by the commands that ask the application itself whether it is well, and up."""
    clients = ("urllib.request", "http.client", "requests", "httpx", "aiohttp", "smtplib", "ftplib")
    found = {
        path.name
        for path, tree in modules().items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        and any(
            name.startswith(clients)
            for name in [getattr(node, "module", None) or "", *(one.name for one in node.names)]
        )
    }
    assert found <= {"healthcheck.py", "smoke_test.py"}


@row("V1.3.7")
def no_template_is_made_of_input(live: Live) -> None:
    assert not {one for one in called() if one.endswith(("from_string", "Template", "Engine"))}
    page = live.client().get("/participants/?status={{settings.SECRET_KEY}}{%debug%}")
    assert settings.SECRET_KEY not in page.content.decode()


@row("V1.3.11")
def no_mail_is_sent(live: Live) -> None:
    assert not {one for one in imported() if one.startswith(("smtplib", "django.core.mail"))}


@row("V1.5.1")
def no_xml_is_read(live: Live) -> None:
    assert not {one for one in imported() if one.split(".")[0] in ("xml", "lxml", "defusedxml")}


@row("V1.5.2")
def nothing_is_unpickled(live: Live) -> None:
    everywhere = imported("web") | imported("conduct") | imported("core") | imported("protocol")
    assert not {"pickle", "shelve", "dill", "marshal", "jsonpickle"} & everywhere
    assert not {"yaml.load", "yaml.unsafe_load", "yaml.full_load"} & (called("core") | called())
    assert settings.SESSION_SERIALIZER.endswith("JSONSerializer")


@row("V2.2.1", "V2.2.2")
def input_is_checked_on_the_server(live: Live) -> None:
    at = state(live.app).position
    for wrong in ({"onset": "never"}, {"term": ""}, {"term": "x" * 5_000}, {"occurred_on": "1-2"}):
        assert live.client().post(*event_form(live.app, **wrong)).status_code == 422, wrong
    assert state(live.app).position == at


@row("V2.3.4")
def a_form_sent_twice_is_recorded_once(live: Live) -> None:
    client, form = live.client(), event_form(live.app)
    assert client.post(*form).status_code == 302
    at = state(live.app).position
    assert client.post(*form).status_code == 302
    assert state(live.app).position == at


@row("V3.2.1", "V3.4.4")
def no_answer_is_taken_for_something_else(live: Live) -> None:
    for path in (*PAGES, "/static/gradatim/gradatim.css", "/healthz", "/api/trial"):
        assert live.client().get(path)["X-Content-Type-Options"] == "nosniff", path


@row("V3.2.2")
def text_is_set_as_text(live: Live) -> None:
    for script in scripts():
        assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write", script)


@row("V3.3.1")
def cookies_are_secure(live: Live) -> None:
    assert all(one["secure"] for one in live.cookies().values())


@row("V3.3.2")
def cookies_stay_on_the_site(live: Live) -> None:
    assert {one["samesite"] for one in live.cookies().values()} <= {"Lax", "Strict"}


@row("V3.3.3")
def cookies_are_of_this_host(live: Live) -> None:
    for name, one in live.cookies().items():
        assert name.startswith("__Host-")
        assert (one["path"], one["domain"]) == ("/", "")


@row("V3.3.4")
def cookies_are_kept_from_scripts(live: Live) -> None:
    assert all(one["httponly"] for one in live.cookies().values())


@row("V3.4.1", "V12.2.1")
def https_is_kept_to(live: Live) -> None:
    live.production()
    assert Client().get("/sign-in/")["Location"].startswith("https://")
    said = Client().get("/sign-in/", secure=True)["Strict-Transport-Security"]
    age = re.search(r"max-age=(\d+)", said)
    assert age
    assert int(age[1]) >= 31_536_000
    assert "includeSubDomains" in said


@row("V3.4.2")
def no_other_origin_reads_an_answer(live: Live) -> None:
    other = {"origin": "https://elsewhere.example"}
    for path in (*PAGES, "/api/trial", "/static/gradatim/gradatim.css"):
        answer = live.client(headers=other).get(path)
        assert "Access-Control-Allow-Origin" not in answer
        assert "Access-Control-Allow-Credentials" not in answer


@row("V3.4.3")
def the_policy_forbids_what_nobody_needs(live: Live) -> None:
    for path in (*PAGES, "/sign-in/", "/static/gradatim/gradatim.css"):
        said = policy(live.client().get(path))
        assert said["object-src"] == said["base-uri"] == "'none'", path
        assert said["script-src"] == "'self'"
        assert said["default-src"] == "'none'"


@row("V3.4.5")
def addresses_are_not_told_to_others(live: Live) -> None:
    strict = ("no-referrer", "same-origin", "strict-origin-when-cross-origin")
    assert all(live.client().get(path)["Referrer-Policy"] in strict for path in PAGES)


@row("V3.4.6")
def nobody_frames_it(live: Live) -> None:
    for path in (*PAGES, "/sign-in/"):
        assert policy(live.client().get(path))["frame-ancestors"] == "'none'", path


@row("V3.5.1")
def no_form_is_taken_without_its_token(live: Live) -> None:
    client = live.client(enforce_csrf_checks=True)
    for path in ("/theme/", "/account/password/", event_form(live.app)[0], "/sign-out/"):
        assert client.post(path, {}).status_code in (403, 404), path
    assert client.post(event_form(live.app)[0], event_form(live.app)[1]).status_code == 403


@row("V3.5.3")
def looking_changes_nothing(live: Live) -> None:
    client = live.client()
    paths = [*PAGES, "/second-factor/set-up/", "/people/", event_form(live.app)[0]]
    client.get("/")
    before = _rows()
    for path in paths:
        client.get(path)
    assert _rows() == before


def _rows() -> dict[str, int]:
    """Return how many rows each table has; a session notes when it was used last."""
    return {
        one._meta.label: one._default_manager.count()
        for one in apps.get_models()
        if one._meta.label != "sessions.Session"
    }


@row("V3.5.5")
def no_messages_between_windows(live: Live) -> None:
    assert not any("postMessage" in one for one in scripts())


@row("V3.7.2")
def nobody_is_sent_elsewhere(live: Live) -> None:
    for there in ("https://elsewhere.example/", "//elsewhere.example", "/\\elsewhere.example"):
        said = {"username": USER, "password": PASSWORD, "next": there}
        assert "elsewhere" not in Client().post("/sign-in/", said)["Location"]


@row("V4.1.1")
def the_type_is_said_with_its_charset(live: Live) -> None:
    for path in (*PAGES, "/sign-in/"):
        assert live.client().get(path)["Content-Type"] == "text/html; charset=utf-8"


@row("V4.1.2")
def programs_are_not_redirected(live: Live) -> None:
    live.production()
    assert Client().get("/api/trial").status_code == 403
    assert Client().get("/sign-in/").status_code == 301


@row("V4.1.3")
def headers_of_a_proxy_are_not_believed(live: Live) -> None:
    claimed = {"x-forwarded-host": "elsewhere.example", "x-forwarded-proto": "https"}
    answer = live.client(headers=claimed).get("/sign-in", follow=False)
    assert "elsewhere" not in answer.get("Location", "")


@row("V5.3.2")
def no_path_leads_out_of_its_folder(live: Live) -> None:
    for path in ("/static/../settings.py", "/static/%2e%2e/settings.py", "/static//etc/passwd"):
        assert Client().get(path).status_code == 404, path


# --- V6 and V7: signing in, sessions ---------------------------------------------------


@row("V6.2.1")
def a_password_is_long(live: Live) -> None:
    assert refused("kestrel marsh!"), "14 signs"
    assert not refused("kestrel marsh!7"), "15 signs"


@row("V6.2.3", "V6.2.2")
def a_password_is_changed_with_the_present_one(live: Live) -> None:
    new, path = "another marsh kestrel 88", reverse("password")
    client = live.client()
    client.post(path, {"present": "wrong", "password": new, "again": new})
    assert User.objects.get(username=USER).check_password(PASSWORD)
    client.post(path, {"present": PASSWORD, "password": new, "again": new})
    assert User.objects.get(username=USER).check_password(new)


@row("V6.2.4")
def common_passwords_are_refused(live: Live) -> None:
    for common in ("passwordpassword", "123456789012345", "qwertyuiopasdfgh", "iloveyouiloveyou"):
        assert refused(common), common


@row("V6.2.5")
def any_signs_are_taken(live: Live) -> None:
    for one in (
        "ondas verdes quiet lark",
        "葡萄園の夜明けと静かな湖水のほとり",
        "🦊 winter 🐚 lantern oak",
    ):
        assert not refused(one), one


@row("V6.2.6", "V6.2.7")
def a_password_is_masked_and_may_be_pasted(live: Live) -> None:
    page = Client().get("/sign-in/").content.decode()
    field = re.search(r'<input[^>]*name="password"[^>]*>', page)
    assert field
    assert 'type="password"' in field[0]
    assert 'autocomplete="current-password"' in field[0]
    assert "onpaste" not in page


@row("V6.2.9")
def a_password_may_be_very_long(live: Live) -> None:
    assert not refused(secrets.token_urlsafe(48)[:64])


@row("V6.2.11")
def words_of_the_context_are_refused(live: Live) -> None:
    for one in (f"{USER}{USER}", "gradatim gradatim 1", "NCT05962762NCT05962762"):
        assert refused(one), one


@row("V6.3.1")
def guessing_is_held_back(live: Live) -> None:
    client = Client()
    for _n in range(5):
        client.post("/sign-in/", {"username": USER, "password": "wrong"})
    right = client.post("/sign-in/", {"username": USER, "password": PASSWORD})
    assert right.status_code != 302


@row("V6.3.3")
def a_second_factor_is_asked_of_everybody(live: Live) -> None:
    live.monkeypatch.setattr(settings, "SECOND_FACTOR_REQUIRED", True)
    client = Client()
    client.post("/sign-in/", {"username": USER, "password": PASSWORD})
    for path in ("/", "/participants/", "/account/password/"):
        answer = client.get(path)
        assert answer.status_code == 302, path
        assert "second-factor" in answer["Location"]


@row("V6.5.2", "V6.5.4")
def recovery_codes_are_random_and_hashed(live: Live) -> None:
    codes = second_factor.make_recovery_codes(User.objects.get(username=USER))
    assert len(set(codes)) == len(codes)
    assert all(len(re.sub(r"\W", "", one)) * 5 >= 112 for one in codes)
    kept = str(list(RecoveryCode.objects.values()))
    assert not [one for one in codes if one in kept or re.sub(r"\W", "", one) in kept]


@row("V6.5.5")
def a_one_time_code_is_short_lived(live: Live) -> None:
    device = AppDevice(user=User.objects.get(username=USER))
    assert device.step <= 30
    assert device.tolerance <= 1


@row("V7.2.3", "V7.2.4")
def a_session_has_a_new_key_that_nobody_guesses(live: Live) -> None:
    client = Client()
    client.get("/sign-in/")
    client.cookies["sessionid"] = "a" * 32
    client.post("/sign-in/", {"username": USER, "password": PASSWORD})
    key = client.cookies["sessionid"].value
    assert key != "a" * 32
    assert re.fullmatch(r"[a-z0-9]{32,}", key)


@row("V7.3.1", "V7.3.2")
def sessions_end(live: Live) -> None:
    assert settings.SESSION_IDLE_SECONDS <= 30 * 60
    assert settings.SESSION_COOKIE_AGE <= 12 * 3600
    page = (ROOT.parents[1] / "docs/asvs.md").read_text()
    assert "ends after 30 minutes without use and after 12 hours" in page


@row("V7.4.1")
def what_was_ended_opens_nothing(live: Live) -> None:
    client = live.client()
    key = client.cookies["sessionid"].value
    client.post("/sign-out/")
    again = Client()
    again.cookies["sessionid"] = key
    assert again.get("/participants/").status_code == 302


@row("V7.4.2")
def a_deactivated_account_is_out(live: Live) -> None:
    client = live.client()
    User.objects.filter(username=USER).update(is_active=False)
    assert client.get("/participants/").status_code == 302


@row("V7.4.4")
def every_page_offers_to_sign_out(live: Live) -> None:
    for path in ("/", "/participants/", "/account/", "/protocol/"):
        assert f'action="{reverse("sign-out")}"' in live.client().get(path).content.decode(), path


# --- V8 and V11 to V16: rights, keys, configuration, data, logs ---------------------------


@row("V8.2.1", "V8.3.1")
def functions_are_for_those_who_may(live: Live) -> None:
    assert live.client().get("/record/DataLocked/").status_code == 404
    answer = live.client().post("/record/DataLocked/", {"reason": "because", "seen": 1})
    assert answer.status_code == 404


@row("V8.2.2", "V8.4.1")
def sites_are_kept_apart(live: Live) -> None:
    there = [one.id for one in state(live.app).participants.values() if one.site == "S02"]
    client = live.client()
    for path in ("/", "/participants/", "/screening/", "/dosing/", "/coding/"):
        page = client.get(path).content.decode()
        assert not [one for one in there if re.search(rf"\b{one}\b", page)], path
    for one in there:
        assert client.get(f"/participants/{one}/").status_code == 404


@row("V8.2.3")
def who_somebody_is_is_for_those_who_treat_them(live: Live) -> None:
    assert not {"sponsor", "monitor", "data_manager", "auditor", "pharmacist"} & {*SEES["identity"]}


@row("V11.2.3", "V11.3.1")
def ciphers_are_authenticated_and_strong(live: Live) -> None:
    used = imported("conduct") | imported("web")
    ciphers = {one for one in used if one.startswith("cryptography.hazmat.primitives.ciphers")}
    assert ciphers
    assert all(".aead" in one for one in ciphers)
    assert identity.KEY * 8 >= 256
    assert identity.NONCE * 8 == 96


@row("V11.4.1")
def no_weak_hash_is_used(live: Live) -> None:
    """SHA-1 only to look a password up in the list of stolen ones, which is of SHA-1."""
    weak = {
        path.name
        for folder in ("web", "conduct")
        for path, tree in modules(folder).items()
        if re.search(r"\b(md5|sha1|MD5|SHA1)\b", _code_of(tree))
    }
    assert weak <= {"breached.py"}


def _code_of(tree: ast.Module) -> str:
    """Return the names that a module uses, without its words."""
    names = (one for one in ast.walk(tree) if isinstance(one, ast.Attribute | ast.Name | ast.alias))
    return " ".join(one.name if isinstance(one, ast.alias) else ast.unparse(one) for one in names)


@row("V11.4.2")
def passwords_are_costly(live: Live) -> None:
    hasher = runpy.run_path(str(Path(installed.__file__)))["PASSWORD_HASHERS"]
    assert [one.rsplit(".", 1)[1] for one in hasher] == ["Argon2PasswordHasher"]


@row("V11.5.1", "V6.4.1")
def links_and_tokens_are_random_and_hashed(live: Live) -> None:
    user = User.objects.get(username=USER)
    made = [invite(user, "sponsor.1"), make_token(user, "export", "")]
    assert all(len(re.sub(r"^gradatim_", "", one)) * 6 >= 128 for one in made)
    kept = str([*Invitation.objects.values(), *ApiToken.objects.values()])
    assert not [one for one in made if one in kept]


@row("V12.3.1", "V12.3.2")
def a_database_elsewhere_is_spoken_to_by_tls(live: Live) -> None:
    for url, environment in (
        ("postgresql://u@db/x", {}),
        ("postgresql://u@db/x?sslmode=require", {}),
        ("postgresql://u@localhost/x?hostaddr=10.0.0.9", {}),
        ("postgresql:///x", {"PGHOSTADDR": "10.0.0.9"}),
    ):
        try:
            refuse_plain(url, environment)
        except UnusableInput:
            continue
        raise AssertionError(url)


@row("V13.2.3")
def weak_secrets_do_not_begin(live: Live) -> None:
    assert starts_with()
    for weak in ("", "short", "a" * 60, "abcdefghij" * 6, "1234567890" * 6):
        assert not starts_with(GRADATIM_SECRET_KEY=weak), weak
    for hosts in ("*", ".example.org", "org", ""):
        assert not starts_with(GRADATIM_HOSTS=hosts) or not hosts, hosts


@row("V13.4.1", "V13.4.3")
def no_folder_is_listed(live: Live) -> None:
    for path in ("/.git/HEAD", "/.env", "/static/", "/static/gradatim/", "/static/.git/config"):
        assert live.client().get(path).status_code == 404, path


@row("V13.4.2")
def debugging_is_off(live: Live) -> None:
    live.monkeypatch.setenv("DEBUG", "1")
    live.monkeypatch.setenv("DJANGO_DEBUG", "1")
    assert runpy.run_path(str(Path(installed.__file__)))["DEBUG"] is False
    assert "Using the URLconf" not in live.client().get("/nothing/").content.decode()


@row("V13.4.4")
def nothing_is_traced(live: Live) -> None:
    assert live.client().generic("TRACE", "/").status_code == 405


@row("V13.4.5")
def what_watches_tells_no_more_than_it_is_for(live: Live) -> None:
    """The health, and the documents of the interface, which are of the program, not of a trial."""
    assert set(json.loads(Client().get("/healthz").content)) <= {"status", "why"}
    for path in ("/api/openapi.json", "/api/fhir/openapi.json"):
        said = Client().get(path).content.decode()
        known = [*state(live.app).participants, state(live.app).title, "sponsor.1"]
        assert not [one for one in known if one and one in said]
    for path in ("/api/docs", "/admin/", "/metrics", "/debug/", "/__debug__/"):
        assert Client().get(path).status_code == 404, path


@row("V14.2.2", "V14.3.2")
def nothing_is_cached(live: Live) -> None:
    for path in ("/", "/participants/", f"/participants/{treated(live.app).id}/", "/account/"):
        assert "no-store" in live.client().get(path)["Cache-Control"], path


@row("V14.2.3", "V13.2.4")
def nothing_is_loaded_from_others(live: Live) -> None:
    outside = re.compile(
        r'<(?:script|img|link|iframe|form)[^>]+(?:src|href|action)="(?:https?:)?//'
    )
    for path in PAGES:
        assert not outside.search(live.client().get(path).content.decode()), path


@row("V14.3.3")
def the_browser_keeps_nothing(live: Live) -> None:
    assert not any(re.search(r"localStorage|sessionStorage|indexedDB", one) for one in scripts())


@row("V16.2.1", "V16.2.2", "V16.2.4", "V16.4.1")
def a_line_of_the_log_is_whole(live: Live) -> None:
    made = logging.LogRecord("gradatim.x", 20, "", 1, 'a\n{"forged": "line"}', None, None)
    made.user = "somebody"
    line = Json().format(made)
    assert "\n" not in line
    said = json.loads(line)
    assert said["at"].endswith("+00:00")
    assert "forged" not in said
    assert {"at", "level", "logger", "message"} <= said.keys()


@row("V16.2.3")
def logs_go_nowhere_else(live: Live) -> None:
    found = runpy.run_path(str(Path(installed.__file__)))
    classes = {one["class"] for one in found["LOGGING"]["handlers"].values()}
    assert classes == {"logging.StreamHandler"}
    assert found["AXES_DISABLE_ACCESS_LOG"] is True
    Client().post("/sign-in/", {"username": USER, "password": PASSWORD})
    for label in ("axes.AccessLog", "axes.AccessFailureLog"):
        assert apps.get_model(label)._default_manager.count() == 0


@row("V16.3.1")
def signing_in_is_written_down(live: Live) -> None:
    Client().post("/sign-in/", {"username": USER, "password": PASSWORD})
    assert AccountAct.objects.filter(user__username=USER, what="signed in").count() == 1


@row("V16.5.1", "V16.5.3")
def a_fault_tells_nothing_and_records_nothing(live: Live) -> None:
    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("secret words of the program")

    at = state(live.app).position
    live.monkeypatch.setattr("gradatim.web.views.record.record_or_keep", broken)
    answer = live.client(raise_request_exception=False).post(*event_form(live.app))
    assert answer.status_code == 500
    assert "secret words" not in answer.content.decode()
    assert state(live.app).position == at
