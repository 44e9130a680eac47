"""The design report: what it says, that it escapes, and how it opens in a browser."""

import re
import shutil

import pytest

from gradatim.protocol.load import bundled, load
from gradatim.reports.design import design_report
from tests.markup import tidied

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(scope="module")
def pages() -> dict[str, str]:
    """Every bundled trial's report."""
    return {name: design_report(load(name)) for name in bundled()}


def _text(page: str) -> str:
    page = re.sub(r"<(script|style).*?</\1>", " ", page, flags=re.DOTALL)
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_it_says_what_is_assumed_and_what_else_the_record_allows(pages):
    """The basis beside the choice, its source and note, and the readings of the alternatives."""
    text = _text(pages["nct05962762"])
    assert "the maximum tolerated dose is the level below" in text
    assert "assumed Source: most frequent design of comparable trials" in text
    assert "The record names no design." in text
    assert "three per group Three participants at each level and no more" in text
    assert "Low-dose group" in text


def test_it_gives_the_exact_figures(pages):
    """Of 3+3 with three levels; a level at 0.30 passes with probability 0.494 (Storer 1989)."""
    text = _text(pages["nct05962762"])
    assert "All figures are exact: they add up all 43 states" in text
    assert "level 1 on target true DLT rate 0.3" in text
    assert "50.6 %" in text  # none selected: 1 - (0.7^3 + 3 x 0.3 x 0.7^2 x 0.7^3)


def test_it_says_plainly_what_small_numbers_can_say(pages):
    """The figures of the section, and the word recommended."""
    text = _text(pages["nct05962762"])
    for words in (
        "0 of 3 excludes only true DLT rates above 63 %",
        "0 of 6 excludes only true DLT rates above 39 %",
        "still passes a 3+3 in 31 % of trials",
        "fewer than 6 evaluable participants is not called recommended",
    ):
        assert words in text


def test_every_chart_has_a_table_and_the_tree_has_words(pages):
    """Nothing is told by a picture alone."""
    for page in pages.values():
        assert page.count("data-chart=") >= 2
        sections = re.findall(r"<section.*?</section>", page, flags=re.DOTALL)
        for section in sections:
            if "data-chart=" in section or "<figure" in section:
                assert "<table" in section
        assert 'aria-label="A tree of the outcomes' in page


def test_another_design_of_the_protocol_can_be_reported():
    """With --reading, first and in the headline."""
    page = tidied(design_report(load("nct05962762"), "three_per_group"))
    assert "<h1>Three per group: 3 levels, cohorts of 3, at most 9 participants</h1>" in page
    assert '<td class="cell hold">H</td>' in page


def test_what_a_protocol_says_is_escaped():
    """No text of a document becomes markup, or ends a script."""
    document = load("nct05962762")
    evil = "</script><script>alert(1)</script>"
    safety = document.study.safety
    escalation = safety.escalation.model_copy(
        update={"reading": evil, "note": evil, "reading_name": "x"}
    )
    study = document.study.model_copy(
        update={"safety": safety.model_copy(update={"escalation": escalation})}
    )
    page = design_report(document._replace(study=study))
    assert "<script>alert" not in page
    assert "&lt;/script&gt;" in page


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this system")
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("name", bundled())
def test_it_opens_draws_asks_for_nothing_and_fits(pages, tmp_path, name, width):
    """In a real browser: charts are drawn, no request, no message, no sideways scrolling."""
    playwright = pytest.importorskip("playwright.sync_api")
    path = tmp_path / "design.html"
    path.write_text(pages[name], encoding="utf-8")
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": width, "height": 900})
        asked, said = [], []
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: said.append(message.text))
        page.goto(path.as_uri())
        page.wait_for_selector("[data-chart='selection'] svg")
        assert asked == [path.as_uri()]
        assert said == []
        assert page.locator("[data-chart]").count() == page.locator("[data-chart] svg").count()
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert b"/Type /Page" in page.pdf(prefer_css_page_size=True)
        browser.close()
