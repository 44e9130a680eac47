"""A report in a real browser: it asks for nothing, breaks no policy, and fits the page."""

import shutil

import pytest

from gradatim.cli.reports import write_overview, write_reports
from tests.reports.screened import document, people

playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this system"),
]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("reports")
    results = [people()[id] for id in ("C-01", "C-03", "C-12")]
    write_reports(folder, document(), results)
    write_overview(folder, document(), results)
    return folder


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.mark.parametrize("width", [390, 820, 1280])
@pytest.mark.parametrize("name", ["C-01", "C-03", "C-12", "index"])
def test_a_page_asks_for_nothing_and_fits(browser, folder, name, width):
    page = browser.new_page(viewport={"width": width, "height": 900})
    asked, said = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text))
    page.goto((folder / f"{name}.html").as_uri())
    assert asked == [(folder / f"{name}.html").as_uri()]
    assert said == []
    wide = page.evaluate("document.documentElement.scrollWidth")
    assert wide <= width
    page.close()


def test_a_report_prints_on_a_few_pages(browser, folder):
    page = browser.new_page()
    page.goto((folder / "C-03.html").as_uri())
    pdf = page.pdf(prefer_css_page_size=True)
    assert 3 <= pdf.count(b"/Type /Page\n") <= 14
    page.close()


def test_the_evidence_is_printed_and_the_rules_are_not(browser, folder):
    page = browser.new_page()
    page.goto((folder / "C-03.html").as_uri())
    page.emulate_media(media="print")
    assert page.locator(".criteria details.print .evidence").first.bounding_box()["height"] > 5
    assert page.locator(".criteria details:not(.print)").first.is_hidden()
    page.close()
