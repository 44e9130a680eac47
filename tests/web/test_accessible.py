"""axe finds nothing on any page in either theme; the pages fit; the keyboard alone suffices."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from tests.web.browser import IN_BROWSER, Person, launched
from tests.web.conftest import state

pytestmark = [*IN_BROWSER, pytest.mark.slow]
browser = pytest.fixture(scope="module")(launched)
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PAGES = {
    "investigator.S01.1": (
        "/", "/screening/", "/screening/log/", "/participants/", "/participants/{treated}/",
        "/participants/{treated}/visits/", "/participants/{treated}/laboratory/",
        "/participants/{treated}/adverse-events/", "/participants/{treated}/scores/",
        "/participants/{treated}/doses/", "/participants/{treated}/history/",
        "/participants/{screening}/eligibility/", "/participants/{treated}/emergency/",
        "/participants/{treated}/questionnaire/", "/participants/{screening}/records/",
        "/participants/{screening}/answer/willing_to_comply/", "/account/", "/account/password/",
        "/record/AdverseEventReported/?participant={treated}", "/protocol/", "/protocol/questions/",
        "/record/LaboratoryResultsRecorded/?participant={treated}&encounter=day_28",
        "/record/PreDoseChecklistSigned/?participant={treated}&dose=1", "/people/",
        "/record/TrialPaused/", "/nothing/", "/paper/", "/paper/DosePrepared/",
        "/paper/LaboratoryResultsRecorded/?encounter=day_28",
    ),
    "pharmacist.S01.1": ("/dosing/", "/dosing/lots/{lot}/", "/participants/{treated}/doses/",
                         "/record/ProductReceived/"),
    "committee.1": tuple(f"/review/?part={part}" for part in (
        "advice", "exposure", "toxicity", "events", "shifts", "courses", "listings")),
    "data.1": ("/audit/", "/audit/proof/", "/audit/as-of/?entry=400", "/protocol/versions/",
               "/entries/30/"),
    "sponsor.1": ("/people/", "/people/invite/", "/record/RulingSigned/?question=x"),
}  # fmt: skip


def addresses(app, paths) -> list[str]:
    """Fill in who and what the addresses speak of."""
    now = state(app)
    names = {
        "treated": next(p.id for p in now.participants.values()
                        if p.site == "S01" and p.status == "treated"),
        "screening": next(p.id for p in now.participants.values() if p.site == "S01"),
        "lot": next(iter(now.lots)),
    }  # fmt: skip
    return [path.format(**names) for path in paths]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("user", PAGES)
def test_axe_finds_nothing(app, transactional_db, browser, live_server, user, theme):
    """No page, of no role, in no theme, has a fault that axe knows."""
    person = Person(browser, live_server.url, user, color_scheme=theme)
    for path in addresses(app, PAGES[user]):
        person.go(path)
        person.page.wait_for_timeout(250)
        found = Axe().run(person.page, options={"runOnly": {"type": "tag", "values": TAGS}})
        told = [f"{one['id']}: {one['nodes'][0]['html'][:160]}"
                for one in found.response["violations"]]  # fmt: skip
        assert not told, f"{path} ({theme}): {told}"
    person.context.close()


@pytest.mark.parametrize("width", [390, 820, 1280])
def test_pages_fit(app, transactional_db, browser, live_server, width):
    """No page is wider than the screen; what is wide scrolls by itself."""
    for user, paths in PAGES.items():
        person = Person(browser, live_server.url, user, viewport={"width": width, "height": 900})
        for path in addresses(app, paths):
            person.go(path)
            wide = person.page.evaluate("document.documentElement.scrollWidth")
            assert wide <= width, f"{user}: {path}: {wide}"
        person.close()


def test_pages_work_without_script(app, transactional_db, browser, live_server):
    """An adverse event is reported with script switched off."""
    person = Person(browser, live_server.url, "nurse.S01.1", java_script_enabled=False)
    one = addresses(app, ["{treated}"])[0]
    text = person.record("AdverseEventReported", f"participant={one}", term="Headache",
                         onset="2026-09-20")  # fmt: skip
    assert "Recorded as entry" in text
    person.context.close()
