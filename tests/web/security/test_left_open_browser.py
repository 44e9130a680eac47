"""ASVS V14.3.1 in a browser: the warning, the empty screen, and what was typed coming back."""

from collections.abc import Callable

import pytest
from django.contrib.sessions.models import Session

from gradatim.web.live_trial import Running
from tests.web.browser import IN_BROWSER, Person, launched
from tests.web.conftest import PASSWORD, SessionClock, state
from tests.web.security.attacks import treated

pytestmark = [*IN_BROWSER, pytest.mark.slow]
browser = pytest.fixture(scope="module")(launched)
NURSE = "nurse.S01.1"
REST = 600
"""Seconds that a session may rest in these tests; the warning comes 120 before the end."""
SOON, OVER = REST - 60, REST + 1
Passes = Callable[[float], None]


@pytest.fixture
def person(app: Running, transactional_db, browser, live_server, settings, session_clock):
    settings.SESSION_IDLE_SECONDS = REST
    made = Person(browser, live_server.url, NURSE)
    made.page.clock.install()
    yield made
    made.close()


@pytest.fixture
def passes(person: Person, session_clock: SessionClock) -> Passes:
    """Let seconds pass, in the browser and on the server, without waiting for them."""

    def forward(seconds: float) -> None:
        session_clock.advance(seconds)
        person.page.clock.fast_forward(int(1000 * seconds))

    return forward


def form_of(app: Running) -> str:
    return f"/record/AdverseEventReported/?participant={treated(app).id}"


def typed(app: Running, person: Person) -> None:
    """Type half a form."""
    person.go(form_of(app))
    person.page.fill("[name=term]", "Cough after the walk")


def asks_what_is_left(answer) -> bool:
    """Whether an answer is the one to a page that asks how much of its session is left."""
    return answer.url.endswith("/session/") and answer.request.method == "GET"


def sign_in(page, user: str) -> None:
    page.fill("[name=username]", user)
    page.fill("[name=password]", PASSWORD)
    page.locator("main button").last.click()
    page.wait_for_url(lambda url: "/sign-in/" not in url)


def test_a_page_with_nothing_typed_is_left(app: Running, person: Person, passes: Passes):
    """For the page of signing in, which leads back to it."""
    one = treated(app).id
    person.go(f"/participants/{one}/")
    passes(SOON)
    person.page.get_by_role("dialog", name="Your session ends soon").wait_for()
    passes(OVER - SOON)
    person.page.wait_for_url("**/sign-in/?ended=1&next=*")
    assert one not in person.text()
    assert f"next=%2Fparticipants%2F{one}%2F" in person.page.url


def test_whoever_is_warned_can_stay(app: Running, person: Person, passes: Passes):
    """Past the end that there would have been; then the next warning comes."""
    person.go("/participants/")
    for _n in range(2):
        passes(SOON)
        person.page.get_by_role("button", name="Stay signed in").click()
        # Hidden at once; it leaves the page when the server has said how much is left now.
        person.page.get_by_role("dialog", include_hidden=True).wait_for(state="detached")
    assert "/participants/" in person.page.url


def test_typing_is_use(app: Running, person: Person, passes: Passes):
    """For as long as somebody types, nothing ends and nothing is in the way."""
    typed(app, person)
    for n in range(12):
        passes(REST / 8)
        with person.page.expect_response(asks_what_is_left):
            person.page.locator("[name=term]").press_sequentially(f" {n}")
        assert not person.page.get_by_role("dialog").is_visible()
    assert Session.objects.count() == 1
    person.go("/participants/")


def test_what_was_typed_comes_back_to_who_typed_it(app: Running, person: Person, passes: Passes):
    """Nothing of it is on the screen meanwhile; afterwards it is sent as if nothing had been."""
    typed(app, person)
    passes(OVER)
    page, before = person.page, state(app).position
    page.get_by_role("heading", name="Your session has ended").wait_for()
    assert treated(app).id not in page.locator("html").inner_html()
    assert "Cough" not in page.locator("html").inner_html()
    assert page.title() == "Your session has ended"
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Sign in (in another tab)").click()
    sign_in(opened.value, NURSE)
    page.bring_to_front()
    page.get_by_role("button", name="Go on").click()
    assert page.locator("[name=term]").input_value() == "Cough after the walk"
    person.fill(onset="2026-09-20", scale="CTCAE v5.0", grade="1")
    person.press("Record")
    assert state(app).position == before + 1
    assert getattr(state(app).events[before + 1], "term", "") == "Cough after the walk"


def test_and_to_nobody_else(app: Running, person: Person, passes: Passes):
    typed(app, person)
    passes(OVER)
    page = person.page
    page.get_by_role("heading", name="Your session has ended").wait_for()
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Sign in (in another tab)").click()
    sign_in(opened.value, "monitor.1")
    page.on("dialog", lambda asked: asked.accept())
    page.get_by_role("button", name="Go on").click()
    page.wait_for_url(lambda url: "/record/" not in url)
    assert "Cough" not in page.content()


def test_a_session_that_was_ended_elsewhere_ends_the_page(
    app: Running, person: Person, passes: Passes
):
    """As soon as it is used, before it can be sent."""
    typed(app, person)
    Session.objects.all().delete()
    passes(REST / 8)
    person.page.locator("[name=term]").press("End")
    person.page.get_by_role("heading", name="Your session has ended").wait_for()
    person.page.on("dialog", lambda asked: asked.accept())
    person.go("/sign-in/")
