"""axe finds nothing on any page in either theme; the pages fit; script is not needed."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.urls import resolve

from gradatim.web.accounts.invitations import invite
from gradatim.web.accounts.models import User, What
from scripts.web_pages import NO_PAGES, PAGES, prescreened, spoken_of
from tests.web.accounts.people import code_of, fresh, with_device
from tests.web.browser import IN_BROWSER, Person, Stranger, launched
from tests.web.conftest import state
from tests.web.test_matrix import own_patterns

pytestmark = [*IN_BROWSER, pytest.mark.slow]
browser = pytest.fixture(scope="module")(launched)
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
NOWHERE = "/nothing/"
WIDTHS = (390, 820, 1280)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A folder with a prescreen run."""
    return prescreened(tmp_path_factory.mktemp("prescreen"))


@pytest.fixture
def whole(app, transactional_db, runs, settings):
    """The application with everything that its pages speak of; give how they are addressed."""
    settings.PRESCREEN = runs
    nurse = User.objects.get(username="nurse.S01.1")
    nurse.acts.create(what=What.LOCKED, by="gradatim")
    names = {**spoken_of(state(app)), "invitation": invite(nurse, "sponsor.1")}
    return lambda path: path.format(**names)


def somebody(browser, address: str, user: str, **options):
    """Give whoever looks at pages: signed in, or nobody."""
    return (Person if user else Stranger)(browser, address, user, **options)


def told(page) -> list[str]:
    """Give what axe has to say of a page."""
    found = Axe().run(page, options={"runOnly": {"type": "tag", "values": TAGS}})
    return [f"{one['id']}: {one['nodes'][0]['html'][:160]}" for one in found.response["violations"]]


def test_every_page_is_looked_at():
    """Each address with a name is in the list of pages, or said to be none, with a reason."""
    looked_at = {
        resolve(path.split("?")[0].format_map(Anything())).url_name
        for paths in PAGES.values()
        for path in paths
        if path != NOWHERE
    }
    names = {one.name for one in own_patterns()}
    assert looked_at | set(NO_PAGES) == names
    assert not looked_at & set(NO_PAGES)


class Anything(dict):
    """Whoever and whatever an address speaks of."""

    def __missing__(self, name: str) -> str:
        return "1"


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("user", PAGES)
def test_axe_finds_nothing(whole, browser, live_server, user, theme):
    """No page, of no role, in no theme, has a fault that axe knows."""
    person = somebody(browser, live_server.url, user, color_scheme=theme)
    for path in map(whole, PAGES[user]):
        person.go(path)
        person.page.wait_for_function("!document.querySelector('.htmx-request')")
        person.page.evaluate("document.fonts.ready.then(() => true)")
        assert not told(person.page), f"{path} ({theme}): {told(person.page)}"
    person.close()


@pytest.mark.parametrize("width", WIDTHS)
def test_pages_fit(whole, browser, live_server, width):
    """No page is wider than the screen; what is wide scrolls by itself."""
    for user, paths in PAGES.items():
        person = somebody(browser, live_server.url, user, viewport={"width": width, "height": 900})
        for path in map(whole, paths):
            person.go(path)
            wide = person.page.evaluate("document.documentElement.scrollWidth")
            assert wide <= width, f"{user}: {path}: {wide}"
        person.close()


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_on_the_way_of_a_second_factor(
    app, transactional_db, browser, live_server, theme
):
    """The page that asks for a code, and those behind it."""
    device = with_device("monitor.1")
    person = Person(browser, live_server.url, "monitor.1", color_scheme=theme)
    assert person.page.url.split("?")[0].endswith("/second-factor/")
    assert not told(person.page)
    person.fill(code=code_of(fresh(device)))
    person.press("Go on")
    for path in ("/account/recovery-codes/", "/account/second-factor/"):
        person.go(path)
        assert person.page.url.endswith(path)
        assert not told(person.page), path
    person.close()


def test_pages_work_without_script(app, transactional_db, browser, live_server):
    """An adverse event is reported with script switched off."""
    person = Person(browser, live_server.url, "nurse.S01.1", java_script_enabled=False)
    one = spoken_of(state(app))["treated"]
    text = person.record(
        "AdverseEventReported", f"participant={one}", term="Headache", onset="2026-09-20"
    )
    assert "Recorded as entry" in text
    person.context.close()
