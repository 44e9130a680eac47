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
BY_TAG = {"type": "tag", "values": TAGS}
COLOURS = {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}
"""The rules of axe that ask of colours."""
NOWHERE = "/nothing/"
WIDTHS = (390, 820, 1280)
NEXT_FRAME = "new Promise((go) => requestAnimationFrame(() => requestAnimationFrame(go)))"
PLACES = """Array.from(document.querySelectorAll('body *'), (each) => {
  const { x, y, width, height } = each.getBoundingClientRect();
  return [each.tagName, x, y, width, height, getComputedStyle(each).visibility];
})"""
UNREADABLE = """() => {
  const title = document.querySelector('h1');
  title.style.color = '#777777';
  title.style.background = '#888888';
}"""


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


def told(page, run_only: dict = BY_TAG) -> list[str]:
    """Return what axe has to say of a page."""
    found = Axe().run(page, options={"runOnly": run_only, "resultTypes": ["violations"]})
    return [f"{one['id']}: {one['nodes'][0]['html'][:160]}" for one in found.response["violations"]]


def told_in_both_themes(page) -> dict[str, list[str]]:
    """Return what axe has to say of a page, by theme; in the dark one only its colours differ."""
    page.emulate_media(color_scheme="light")
    light = told(page)
    page.emulate_media(color_scheme="dark")
    return {name: some for name, some in (("light", light), ("dark", told(page, COLOURS))) if some}


def too_wide(page) -> dict[int, int]:
    """Return how wide a page is on the screens that it is wider than."""
    found = {}
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        page.wait_for_function(f"innerWidth === {width}")
        page.evaluate(NEXT_FRAME)
        found[width] = page.evaluate("document.documentElement.scrollWidth")
    return {width: wide for width, wide in found.items() if wide > width}


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


@pytest.mark.parametrize("user", PAGES)
def test_every_page_fits_and_axe_finds_nothing(whole, browser, live_server, user):
    """No page, of no role, in no theme, has a fault that axe knows, or is wider than the screen.

    What is wide scrolls by itself.
    """
    person = somebody(browser, live_server.url, user)
    for path in map(whole, PAGES[user]):
        person.go(path)
        person.page.wait_for_function("!document.querySelector('.htmx-request')")
        person.page.evaluate("document.fonts.ready.then(() => true)")
        assert not too_wide(person.page), path
        assert not told_in_both_themes(person.page), path
    person.close()


def test_the_dark_theme_differs_in_colours_alone(whole, browser, live_server):
    """What axe asks only in the light theme it need not ask again."""
    person = Person(browser, live_server.url, "investigator.S01.1")
    places = []
    for theme in ("light", "dark"):
        person.page.emulate_media(color_scheme=theme)
        places.append(person.page.evaluate(PLACES))
    assert len(places[0]) > 100
    assert places[0] == places[1]
    person.close()


def test_a_fault_of_each_theme_is_found(whole, browser, live_server):
    """The looks at a page can fail."""
    person = Person(browser, live_server.url, "investigator.S01.1")
    person.page.evaluate(UNREADABLE)
    assert set(told_in_both_themes(person.page)) == {"light", "dark"}
    person.page.evaluate("document.querySelector('h1').style.width = '1000px'")
    assert set(too_wide(person.page)) == {390, 820}


def test_axe_finds_nothing_on_the_way_of_a_second_factor(
    app, transactional_db, browser, live_server
):
    """The page that asks for a code, and those behind it."""
    device = with_device("monitor.1")
    person = Person(browser, live_server.url, "monitor.1")
    assert person.page.url.split("?")[0].endswith("/second-factor/")
    assert not told_in_both_themes(person.page)
    person.fill(code=code_of(fresh(device)))
    person.press("Go on")
    for path in ("/account/recovery-codes/", "/account/second-factor/"):
        person.go(path)
        assert person.page.url.endswith(path)
        assert not told_in_both_themes(person.page), path
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
