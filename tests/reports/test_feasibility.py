"""The feasibility page says what was counted, safely, and needs nothing else."""

import base64
import copy
import hashlib
import json
import re
import shutil
from typing import Any

import pytest

from gradatim.reports.feasibility import feasibility_html
from gradatim.reports.feasibility_words import limit_signs, published_count, share_words
from gradatim.screening.feasibility.count import funnel
from gradatim.screening.feasibility.load import open_files
from gradatim.screening.feasibility.question import question
from tests.reports.screened import Page
from tests.screening import written

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(1)>\"' & {{ 7*7 }} <!--"


@pytest.fixture(scope="module")
def document():
    return written.trial()


@pytest.fixture(scope="module")
def files(tmp_path_factory, document):
    folder = tmp_path_factory.mktemp("run")
    return open_files(written.write(folder, document, written.truths(document, 3000), sites=6))


@pytest.fixture(scope="module")
def found(files, document):
    return funnel(files, document)


@pytest.fixture(scope="module")
def html(document, found, files):
    return feasibility_html(document, found, files.run)


def bare(html: str) -> str:
    """The page without its scripts."""
    return re.sub(r"<script.*?</script>", "", html, flags=re.DOTALL)


def charts_of(html: str) -> dict[str, Any]:
    (data,) = re.findall(r'id="charts">(.*?)</script>', html, re.DOTALL)
    return json.loads(data)


def test_every_part_is_there(html, found):
    text = Page(bare(html)).text
    for words in (
        "How open the people are",
        "What each criterion costs",
        "The best order",
        "What is unknown most often",
        "The one test that would settle most",
        "Leverage",
        "If a limit were relaxed",
        "If a criterion were read otherwise",
        "Sites",
        "What a warehouse cannot know",
        "The run",
    ):
        assert words in text
    for row in found["criteria"]:
        assert row["id"] in text
    assert f"{found['people']['not_excluded']:,}" in text
    assert "duckdb" in text
    assert "condition exhaustive over observation period" in text.replace("_", " ")


def test_each_chart_has_a_table_and_no_chart_is_empty(html):
    page = Page(bare(html))
    drawn = [str(one["data-chart"]) for _, one in page.tags if "data-chart" in one]
    specs = charts_of(html)
    assert sorted(drawn) == sorted(specs)
    assert len(drawn) > 10
    assert all(spec["data"]["values"] for spec in specs.values())
    for name in drawn:
        after = html[html.index(f'data-chart="{name}"') :]
        assert 0 < after.index("<table") < (after + "<h2").index("<h2")


def test_small_counts_are_shown_as_such(html, document, files):
    assert "&lt;5" in bare(html)
    assert "must not be shared" not in html
    exact = feasibility_html(document, funnel(files, document, suppress=0), files.run)
    assert "&lt;5" not in bare(exact)
    assert "must not be shared" in exact


def test_the_run_does_not_tell_exact_numbers_of_people(html):
    assert "1,203" not in bare(html)
    assert "deceased 1,200" in bare(html)
    assert "48,102,331" in bare(html)


def test_what_the_document_suppresses_is_in_no_chart(html):
    specs = charts_of(html)
    counts = {abs(row["people"]) for spec in specs.values() for row in spec["data"]["values"]}
    assert not counts & {1, 2, 3, 4}
    assert all(n % 5 == 0 for n in counts)


def test_a_password_in_the_source_is_not_shown(document, found):
    run = {"source": "postgresql://anna:secret@db.example/omop", "engine": {"name": "postgres"}}
    page = feasibility_html(document, found, run)
    assert "secret" not in bare(page)
    assert "postgresql://db.example/omop" in bare(page)


def test_what_was_asked_is_said(document, files):
    asked = question(document.study, {}, ["E3"], {"E7c": "B"}, {"E11b1": "2.0"})
    page = feasibility_html(document, funnel(files, document, asked), files.run)
    assert "without E3; E7c read as B" in page
    assert "from &gt; 1.5 × ULN to &gt; 2 × ULN" in page


def test_only_the_page_s_own_scripts_may_run(html):
    page = Page(bare(html))
    policy = str(page.all("meta")[1]["content"])
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-")
    allowed = re.findall(r"'sha256-([^']+)'", policy)
    scripts = re.findall(r"<script>(.*?)</script>", html, re.DOTALL)
    hashes = [base64.b64encode(hashlib.sha256(s.encode()).digest()).decode() for s in scripts]
    assert hashes == allowed
    assert len(scripts) == 4
    for _, attributes in page.tags:
        assert not {"src", "srcset", "data", "action"} & attributes.keys()
        assert str(attributes.get("href") or "#").startswith("#")
    assert not re.search(r"https?:|@import", bare(html))
    assert "sourceMappingURL" not in html


def test_links_lead_somewhere_and_ids_are_used_once(html):
    page = Page(bare(html))
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    for attributes in page.all("a"):
        assert str(attributes["href"]).removeprefix("#") in ids
    assert page.open == []


def test_nothing_that_is_put_in_can_become_markup(document, found, files):
    hostile = copy.deepcopy(found)
    for row in hostile["sites"]:
        row["site"] = HOSTILE
    for row in hostile["tests"]:
        row["label"] = HOSTILE
    study = document.study
    title = study.study.model_copy(update={"title": HOSTILE, "id": HOSTILE, "version": HOSTILE})
    elements = {
        name: one.model_copy(update={"label": HOSTILE}) for name, one in study.elements.items()
    }
    study = study.model_copy(update={"study": title, "elements": elements})
    run = {**files.run, "source": HOSTILE, HOSTILE: {HOSTILE: HOSTILE}}
    html = feasibility_html(document._replace(study=study), hostile, run)
    assert len(re.findall("<script", html)) == len(re.findall("</script", html)) == 5
    page = Page(bare(html))
    assert page.all("img", "iframe", "object", "link", "base", "form") == []
    assert not [name for _, attributes in page.tags for name in attributes if name[:2] == "on"]
    assert "{{ 7*7 }}" in page.text


def test_a_run_that_says_nothing_and_finds_nobody(tmp_path, document):
    nobody = {name: values[:0] for name, values in written.truths(document, 5).items()}
    files = open_files(written.write(tmp_path, document, nobody, with_margins=False))
    for suppress in (0, 5):
        page = Page(bare(feasibility_html(document, funnel(files, document, None, suppress), {})))
        assert "are not excluded" in page.text
        assert page.open == []


def test_words():
    assert [published_count(n, 5) for n in (None, 0, 1234)] == ["<5", "0", "1,234"]
    assert [share_words(*pair) for pair in ((1, 4), (None, 4), (1, 0), (1, 5000), (1, 50))] == [
        "25 %",
        "",
        "",
        "under 0.1 %",
        "2.0 %",
    ]
    assert limit_signs(">= 4 {score}") == "≥ 4"
    assert limit_signs("< 60 mL/min/{1.73_m2}") == "< 60 mL/min/1.73 m2"


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this system")
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_in_a_browser(tmp_path, html, width, scheme):
    """It draws every chart, asks for nothing, breaks no policy, and fits the page."""
    driver = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = tmp_path / "page.html"
    path.write_text(html, encoding="utf-8")
    with driver.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        asked, said = [], []
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto(path.as_uri())
        charts = page.locator("[data-chart]").count()
        page.wait_for_function(f"document.querySelectorAll('[data-chart] svg').length == {charts}")
        assert [url for url in asked if not url.startswith("data:")] == [path.as_uri()]
        assert said == []
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        browser.close()


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this system")
def test_it_can_be_read_without_scripts_and_printed(tmp_path, html):
    driver = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    path = tmp_path / "page.html"
    path.write_text(html, encoding="utf-8")
    with driver.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_context(java_script_enabled=False).new_page()
        page.goto(path.as_uri())
        assert page.locator("figure.drawn").first.is_hidden()
        page.locator("details.numbers > summary").first.click()
        assert page.locator("details.numbers table").first.is_visible()
        page.emulate_media(media="print")
        assert page.locator("details.numbers table").nth(1).bounding_box()["height"] > 100
        browser.close()
