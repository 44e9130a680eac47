"""The eligibility report says all that screening found, safely, and needs nothing else."""

import re
from dataclasses import replace
from datetime import date
from itertools import pairwise

import pytest

from gradatim.core.dates import NEVER_ENDED, parse_day
from gradatim.core.quantity import Quantity
from gradatim.evidence.facts import Fact, NotUsed
from gradatim.protocol.study import Ruling
from gradatim.reports.basis import open_questions
from gradatim.reports.eligibility import eligibility_html
from gradatim.reports.overview import overview_html
from gradatim.reports.pages import css_string
from gradatim.reports.words import limits_words, value_words, when_words
from gradatim.screening.readings import Reading
from tests.markup import tidied
from tests.reports.screened import Page, document, one_with, people, with_texts

HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)> & </style> {{ 7*7 }} \\22 "


def report(id: str) -> Page:
    return Page(eligibility_html(document(), *people()[id]))


@pytest.mark.parametrize("id", list(people()))
def test_every_criterion_is_there_with_its_words_and_its_verdict(id):
    page, (one, _) = report(id), people()[id]
    ids = [attributes.get("id") for attributes in page.all("tr")]
    for finding in one.findings:
        assert f"criterion-{finding.criterion.id}" in ids
        assert " ".join(finding.criterion.text.split()) in page.text
        assert " ".join(finding.criterion.reading.split()) in page.text
    rows = [str(attributes["class"]) for attributes in page.all("tr") if attributes.get("id")]
    outcomes = {True: "passes", False: "fails", None: "unknown"}
    expected = sorted(f"line {outcomes[finding.passes]}" for finding in one.findings)
    assert sorted(rows) == expected


@pytest.mark.parametrize("id", list(people()))
def test_links_lead_somewhere_and_ids_are_used_once(id):
    page = report(id)
    ids = [attributes["id"] for _, attributes in page.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    for attributes in page.all("a", "use"):
        assert str(attributes["href"]).removeprefix("#") in ids
    for _, attributes in page.tags:
        for name in str(attributes.get("aria-labelledby") or "").split():
            assert name in ids


def test_status_is_said_in_words_with_a_symbol():
    for status, words in (
        ("eligible", "Eligible"),
        ("ineligible", "Not eligible"),
        ("undetermined", "Undetermined"),
    ):
        html = eligibility_html(document(), *one_with(status))
        assert f"<strong>{words}</strong>" in html
        assert re.search(r'<div class="status \w+">\s*<svg class="icon"', html)


def test_the_symbol_of_each_outcome_is_another_one():
    html = tidied(eligibility_html(document(), *one_with("eligible")))
    symbols = re.findall(r'<symbol id="icon-\w+".*?>(.*?)</symbol>', html)
    assert len(symbols) == len(set(symbols)) == 3


def test_what_fails_comes_first_with_its_reason_and_the_day_it_passes():
    page, (one, _) = report("C-03"), people()["C-03"]
    failing = next(finding for finding in one.findings if finding.passes is False)
    decides = page.text.split("What decides")[1].split("All criteria")[0]
    assert failing.because in decides
    assert f"Passes from {failing.passes_from}" in decides
    assert (
        f"The earliest first dose on which no criterion fails is {one.eligible_from}" in page.text
    )
    assert f"too old by {one.eligible_from} BASDAI, HBsAg" in page.text


def test_failing_now_and_unknown_later_is_not_sold_as_passing():
    """Values that exclude grow too old: no criterion fails then, and none of them passes."""
    text, (one, _) = report("C-02").text, people()["C-02"]
    failing = sum(finding.passes is False for finding in one.findings)
    assert f"unknown, among them {failing} that fail now: values are too old" in text


def test_what_is_missing_is_ranked():
    page, (one, _) = report("C-12"), people()["C-12"]
    missing = page.text.split("What is missing")[1].split("All criteria")[0]
    labels = [document().study.elements[item.element].label for item in one.missing]
    places = [missing.index(f"{n}. {label} ") for n, label in enumerate(labels, 1)]
    assert places == sorted(places)
    assert "answer by a person" in missing


def test_everyone_passing_is_said():
    page = report("C-01")
    assert "Every one of the 47 criteria passes." in page.text
    assert "What is missing" not in page.text


def test_a_basis_other_than_stated_is_shown_and_explained():
    page, (one, _) = report("C-01"), people()["C-01"]
    badges = sum(attributes.get("class") == "badge" for attributes in page.all("span"))
    unstated = [f.criterion for f in one.findings if f.criterion.basis != "stated"]
    assert badges == len(unstated) + len({criterion.basis for criterion in unstated})
    assert "found in other copies of the registration" in page.text


def test_the_footer_counts_what_awaits_a_ruling():
    asked = open_questions(document().study)
    assert asked.items
    assert asked.criteria
    assert f"on {asked.items} items of the protocol" in report("C-01").text
    assert f"on {asked.criteria} criteria whose reading or basis is open" in report("C-01").text


def test_a_ruling_takes_a_question_off_the_count_and_closes_the_other_readings():
    ruling = Ruling(question="eligibility.I0", answer="literal", by="sponsor", on=date(2026, 10, 1))
    ruled = document().study.model_copy(update={"rulings": [ruling]})
    assert open_questions(ruled).criteria == open_questions(document().study).criteria - 1
    html = eligibility_html(document()._replace(study=ruled), *people()["C-01"])
    assert "not enforced" in report("C-01").text
    assert "not enforced" not in Page(html).text


def test_another_reading_is_named():
    one, facts = people()["C-01"]
    other = one.findings[0].criterion.alternatives[0]
    first = replace(one.findings[0], reading=Reading(other.name, other.rule))
    html = eligibility_html(document(), replace(one, findings=(first, *one.findings[1:])), facts)
    assert f"Read as ({other.name}):" in Page(html).text
    assert other.reading in Page(html).text


def test_records_not_used_are_counted_by_reason():
    one, facts = people()["C-01"]
    unused = tuple(NotUsed(f"Observation/{n}", "entered in error") for n in range(3))
    odd = NotUsed("Media/1", "resource type Media is not read")
    facts = replace(facts, not_used=(odd, *unused), read=50)
    page = Page(eligibility_html(document(), one, facts))
    assert "50 records were read, 46 used, 4 not used." in page.text
    assert "3 not used: entered in error Observation/0, Observation/1" in page.text
    assert page.text.index("3 not used:") < page.text.index("1 not used:")


def test_nothing_that_is_put_in_can_become_markup():
    one, facts = people()["C-12"]
    study = document().study
    title = study.study.model_copy(update={"title": HOSTILE, "id": HOSTILE, "version": HOSTILE})
    elements = {
        name: element.model_copy(update={"label": HOSTILE})
        for name, element in study.elements.items()
    }
    hostile = document()._replace(
        study=study.model_copy(update={"study": title, "elements": elements}), sha256=HOSTILE
    )
    facts = replace(facts, sex=HOSTILE, not_used=(NotUsed(HOSTILE, HOSTILE),))
    html = eligibility_html(hostile, with_texts(one, HOSTILE), facts)
    for page in (Page(html), Page(overview_html(hostile, [(with_texts(one, HOSTILE), "a.html")]))):
        assert page.all("script", "img", "iframe", "object", "link", "base", "form") == []
        assert not [name for _, attributes in page.tags for name in attributes if name[:2] == "on"]
        assert len(page.all("style")) == 1
        assert "<script>alert(1)</script>" in page.text
        assert "{{ 7*7 }}" in page.text


def test_text_in_the_style_sheet_is_code_points_only():
    assert css_string('"}</style>') == r"\000022\00007d\00003c\00002f\000073\000074\000079" + (
        r"\00006c\000065\00003e"
    )


@pytest.mark.parametrize("id", list(people()))
def test_nothing_outside_is_referred_to(id):
    html = eligibility_html(document(), *people()[id])
    page = Page(html)
    policy = page.all("meta")[1]
    assert policy["http-equiv"] == "Content-Security-Policy"
    assert str(policy["content"]).startswith("default-src 'none'; style-src 'unsafe-inline'")
    for _, attributes in page.tags:
        assert not {"src", "srcset", "data", "action", "background"} & attributes.keys()
        assert str(attributes.get("href") or "#").startswith("#")
    assert not re.search(r"https?:|@import|//[a-z]", html)
    assert set(re.findall(r"url\(([^)]*)\)", html)) <= {
        "#fill-passes",
        "#fill-fails",
        "#fill-unknown",
    }


def test_the_page_is_well_formed_and_readable_by_any_reader():
    html = eligibility_html(document(), *people()["C-12"])
    page = Page(html)
    assert page.open == []
    assert page.all("html")[0]["lang"] == "en"
    levels = [int(tag[1]) for tag, _ in page.tags if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(later - earlier <= 1 for earlier, later in pairwise(levels))
    assert len(page.all("caption")) == len(page.all("table"))
    assert all("scope" in attributes for attributes in page.all("th"))
    assert len(page.all("main")) == len(page.all("footer")) == 1


def test_the_colours_of_words_stand_out_from_their_ground():
    html = eligibility_html(document(), *people()["C-01"])
    colours = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", html)) | {"white": "#ffffff"}
    pairs = [(f"{name}", f"{name}-ground") for name in ("passes", "fails", "unknown")]
    pairs += [(name, "white") for name in ("ink", "soft", "brand", "passes", "fails", "unknown")]
    pairs += [("ink", f"{name}-ground") for name in ("passes", "fails", "unknown")]
    pairs += [("brand", "faint"), ("soft", "faint")]
    for word, ground in pairs:
        assert contrast(colours[word], colours[ground]) >= 4.5, (word, ground)


def contrast(one: str, other: str) -> float:
    """Contrast ratio. Source: WCAG 2.2, definition of relative luminance."""

    def luminance(colour: str) -> float:
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_the_same_input_gives_the_same_page():
    assert eligibility_html(document(), *people()["C-02"]) == eligibility_html(
        document(), *people()["C-02"]
    )


def test_values_as_people_write_them():
    on_first = Fact("any", "o1", parse_day("2026-03"), parse_day("2026-03"))
    value = on_first._replace
    assert str(value_words(value(value=5.0, bound="<", unit="mg/L"))) == "< 5 mg/L"
    drug = value(value=200, unit="mg/d", code="celecoxib")
    assert str(value_words(drug)) == "celecoxib 200 mg/d"
    assert str(value_words(value(code="false"))) == "no"
    assert str(value_words(value(value=0, unit="{score}"))) == "0"
    rate = value(value=60, unit="mL/min/{1.73_m2}")
    assert str(value_words(rate)) == "60 mL/min/1.73 m2"
    low, high = Quantity(7, "U/L"), Quantity(40, "U/L")
    assert str(limits_words(value(high=high))) == "up to 40"
    assert str(limits_words(value(low=low, high=high))) == "7 to 40"
    assert str(limits_words(value(low=low))) == "from 7"
    assert limits_words(on_first) == ""
    assert str(when_words(on_first)) == "on 2026-03"
    assert str(when_words(value(end=parse_day("2026-04")))) == "from 2026-03 to 2026-04"
    assert str(when_words(value(end=NEVER_ENDED))) == "from 2026-03 on"


def test_the_overview_lists_everyone_with_status_and_link():
    results = [(one, f"{id}.html") for id, (one, _) in people().items()]
    page = Page(overview_html(document(), results))
    assert [a["href"] for a in page.all("a")] == [href for _, href in results]
    for one, _ in results:
        assert one.person in page.text
    assert "12 people screened" in page.text
