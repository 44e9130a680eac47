"""ASVS V1: what people enter is shown as text, wherever and to whomever it is shown."""

from html import escape

import pytest

from gradatim.web.accounts.models import User
from gradatim.web.live_trial import Running
from gradatim.web.views.audit.proof import _file
from tests.web.conftest import PASSWORD, state
from tests.web.security.attacks import MARK, NEVER, SCRIPT, WATCHERS, event_form, pages, treated
from tests.web.test_matrix import arguments, own_patterns  # noqa: F401

ASKED = (
    "cut",
    "part",
    "by",
    "from",
    "to",
    "entry",
    "day",
    "before",
    "act",
    "participant",
    "site",
    "since",
    "until",
    "text",
    "status",
    "next",
    "language",
    "user",
    "encounter",
    "element",
    "initial-term",
    "results-alt-value",
    "ended",
    "lot",
    "query",
    "question",
)


def clean(text: str, where: str) -> None:
    """See that nothing of an attack came to life."""
    assert not [one for one in NEVER if one in text], where


def attacked(app: Running, signed_in) -> str:
    """Enter the attack wherever words are asked for; give whom it is about."""
    one = treated(app)
    path, said = event_form(app, term=MARK, description=MARK)
    assert signed_in("investigator.S01.1").post(path, said).status_code == 302
    at = state(app).position
    asked = {"of": at, "question": MARK, "occurred_on": "2026-09-21", "seen": at, "request": "q"}
    path = f"/record/QueryOpened/?of={at}"
    assert signed_in("monitor.1").post(path, asked).status_code == 302
    told = {"answer": "true", "start": "2026-09-01", "source": MARK, "seen": at + 1, "request": "f"}
    path = f"/participants/{one.id}/answer/willing_to_comply/"
    assert signed_in("investigator.S01.1").post(path, told).status_code == 302
    data = signed_in("data.1").post("/audit/export/", {"recipient": MARK})
    assert data.status_code == 200
    User.objects.filter(username="investigator.S01.1").update(printed_name=MARK)
    return one.id


def test_stored_script_is_text_on_every_page(app: Running, signed_in):
    """Term, description, question, source, recipient and a printed name: for every role."""
    about, shown = attacked(app, signed_in), 0
    for user in WATCHERS:
        client = signed_in(user)
        for path in pages(app, about):
            response = client.get(path)
            assert response.status_code in (200, 404), path
            text = response.content.decode()
            clean(text, f"{user}: {path}")
            shown += escape(SCRIPT) in text or "\\u003Cscript\\u003E" in text
    assert shown > 20


def test_what_an_address_says_is_text_on_every_page(app: Running, signed_in, arguments):  # noqa: F811
    """Every parameter that a page asks of its address, at once, on every page."""
    from django.urls import reverse

    clients = [signed_in(user) for user in ("investigator.S01.1", "data.1", "sponsor.1")]
    for one in own_patterns():
        path = reverse(
            one.name, args=arguments.get(one.name, ["1"] if "<" in str(one.pattern) else [])
        )
        for client in clients:
            for asked in (ASKED, [name for name in ASKED if name not in ("site", "participant")]):
                response = client.get(path, dict.fromkeys(asked, MARK))
                assert response.status_code < 500, path
                clean(response.content.decode(), path)


def test_markup_in_an_address_that_leads_nowhere(app: Running, signed_in):
    for path in (f"/{SCRIPT}/", f"/participants/{SCRIPT}/", f"/record/{SCRIPT}/", "/%7B%7B7*7%7D/"):
        response = signed_in("sponsor.1").get(path)
        assert response.status_code == 404
        clean(response.content.decode(), path)


def test_a_fault_of_a_file_name_is_text(app: Running, signed_in):
    from django.core.files.uploadedfile import SimpleUploadedFile

    file = SimpleUploadedFile(f"{MARK}.json", b"{}", "application/json")
    response = signed_in("data.1").post("/audit/proof/", {"checkpoint": file})
    assert response.status_code == 422
    clean(response.content.decode(), "proof")


@pytest.mark.parametrize(
    "name", ['x"\r\nSet-Cookie: a=b', "x\n\ny", 'a";filename=b', "../../x", "试"]
)
def test_the_name_of_an_export_cannot_leave_its_header(name: str):
    """No line break, quote or slash of a trial's name comes into the header."""
    said = _file("{}", f"{name}.jsonl")["Content-Disposition"]
    assert not {"\r", "\n", "/", ";filename"} & set(said)
    assert said.count('"') in (0, 2)


def test_names_of_people_and_tokens_are_text(app: Running, signed_in):
    client = signed_in("sponsor.1")
    said = {"username": "guest.1", "printed_name": MARK, "email": ""}
    clean(client.post("/people/invite/", said).content.decode(), "invited")
    said = {"name": MARK, "role": "", "password": PASSWORD}
    clean(client.post("/account/tokens/", said).content.decode(), "token")
    clean(client.get("/account/").content.decode(), "account")
