"""ASVS V6 to V8: lockouts by address, sessions, no account beforehand, no way around."""

import pytest
from axes.models import AccessAttempt
from django.test import Client

from gradatim.core.errors import UnusableInput
from gradatim.web.accounts.models import User
from gradatim.web.configuration import configuration
from gradatim.web.live_trial import Running
from tests.markup import markup
from tests.web.accounts.people import key_of
from tests.web.conftest import PASSWORD
from tests.web.security.attacks import WATCHERS, treated
from tests.web.security.test_data import GOOD
from tests.web.test_matrix import own_patterns

WRONG = {"username": "nurse.S01.1", "password": "not the right password"}
RIGHT = {"username": "nurse.S01.1", "password": PASSWORD}


def fail(times: int, **headers: str) -> int:
    return [Client(headers=headers).post("/sign-in/", WRONG).status_code for _n in range(times)][-1]


@pytest.fixture
def proxied(settings):
    settings.CONFIGURATION = settings.CONFIGURATION._replace(proxied=True)


def test_a_lockout_is_of_where_it_was_tried_from(app: Running, proxied):
    """Somebody elsewhere cannot lock a person out by failing under their name."""
    assert fail(5, **{"x-forwarded-for": "203.0.113.9"}) == 429
    here = Client(headers={"x-forwarded-for": "198.51.100.7"})
    assert here.post("/sign-in/", RIGHT).status_code == 302
    assert AccessAttempt.objects.get().ip_address == "203.0.113.9"


def test_another_address_cannot_be_claimed(app: Running, proxied):
    """Only what the proxy itself added counts, and nothing without a proxy."""
    for n in range(5):
        fail(1, **{"x-forwarded-for": f"10.0.0.{n}, 203.0.113.9"})
    late = Client(headers={"x-forwarded-for": "10.0.0.99, 203.0.113.9"})
    assert late.post("/sign-in/", RIGHT).status_code == 429


def test_without_a_proxy_its_headers_are_nothing(app: Running):
    for n in range(5):
        fail(1, **{"x-forwarded-for": f"10.0.0.{n}", "x-real-ip": f"10.0.0.{n}"})
    assert (
        Client(headers={"x-forwarded-for": "10.1.1.1"}).post("/sign-in/", RIGHT).status_code == 429
    )
    assert AccessAttempt.objects.get().ip_address == "127.0.0.1"


def test_no_account_is_there_beforehand(db):
    """Migrations make none; the first person is invited from the command line."""
    assert not User.objects.exists()
    assert not [one for one in own_patterns() if "admin" in str(one.pattern)]


def test_a_session_key_that_was_brought_along_is_not_taken(app: Running):
    """Neither an invented one nor one of before signing in stays the session's."""
    client = Client()
    client.cookies["sessionid"] = "a" * 32
    client.get("/sign-in/")
    assert client.post("/sign-in/", RIGHT).status_code == 302
    assert client.session.session_key != "a" * 32
    stranger = Client()
    stranger.cookies["sessionid"] = "a" * 32
    assert stranger.get("/participants/").status_code == 302
    inside = Client()
    inside.get("/sign-in/", {"sessionid": key_of(client)})
    assert inside.get("/participants/", {"sessionid": key_of(client)}).status_code == 302


@pytest.mark.parametrize("user", WATCHERS)
def test_every_page_offers_to_sign_out(app: Running, signed_in, user: str):
    """Also a page that is not there."""
    client = signed_in(user)
    for path in ("/", "/account/", "/protocol/", "/people/", "/nothing/", "/account/password/"):
        assert 'action="/sign-out/"' in markup(client.get(path))


def test_the_cookie_of_a_session_that_ended_opens_nothing(app: Running):
    client = Client()
    client.post("/sign-in/", RIGHT)
    key = key_of(client)
    client.post("/sign-out/")
    old = Client()
    old.cookies["sessionid"] = key
    assert old.get("/participants/").status_code == 302


def test_there_and_not_for_you_are_told_in_the_same_words(app: Running, signed_in):
    """A page of another site's participant does not tell that there is one."""
    client = signed_in("nurse.S01.1")
    there, never = treated(app, "S02").id, "S02-999"
    pages = [client.get(f"/participants/{id}/") for id in (there, never)]
    texts = [markup(page).partition("<main")[2] for page in pages]
    assert [page.status_code for page in pages] == [404, 404]
    assert texts[0] == texts[1]


def test_the_secret_is_changed_without_ending_sessions(app: Running, settings):
    """Those that are used while the one before is named go on; all others end."""
    used, rested = Client(), Client()
    for one in (used, rested):
        one.post("/sign-in/", RIGHT)
    before = settings.SECRET_KEY
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another-one-" * 5, [before]
    assert used.get("/participants/").status_code == 200
    settings.SECRET_KEY_FALLBACKS = []
    assert used.get("/participants/").status_code == 200
    assert rested.get("/participants/").status_code == 302


def test_the_secret_before_is_read_and_must_be_one():
    before = GOOD["GRADATIM_SECRET_KEY"][::-1]
    assert configuration(GOOD | {"GRADATIM_SECRET_KEY_BEFORE": before}).earlier == before
    assert configuration(GOOD).earlier == ""
    with pytest.raises(UnusableInput, match="GRADATIM_SECRET_KEY_BEFORE"):
        configuration(GOOD | {"GRADATIM_SECRET_KEY_BEFORE": "short"})
