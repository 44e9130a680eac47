"""The charts of the safety review: they say what the tables say, and a browser draws them."""

import json
import shutil
from datetime import timedelta
from functools import lru_cache
from typing import get_args

import pytest

from gradatim.analysis.adverse_events import GRADES, adverse_event_table
from gradatim.analysis.responses import endpoint_elements, responses
from gradatim.analysis.swimmer import MarkKind, SpanKind, swimmer
from gradatim.analysis.waterfall import waterfall
from gradatim.conduct.events import participants as p
from gradatim.conduct.events import product as x
from gradatim.conduct.events import safety as s
from gradatim.reports.pages import charted_page
from gradatim.reports.safety_charts import (
    GRADE_COLOURS,
    LEVELS,
    MARKS,
    SPANS,
    events_by_group,
    events_by_term,
    responses_chart,
    safety_charts,
    swimmer_chart,
    waterfall_chart,
)
from tests.analysis import small
from tests.conduct.trials import TABLET, UC_MSC

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ON = small.LATER


@lru_cache(maxsize=1)
def eventful():
    """A small trial in which every mark, grade and shape of date occurs."""
    state = small.opened()
    for number in range(1, 8):
        small.dosed(state, f"P{number}", 1 + number % 3 if number < 7 else None, number)
        for day, value in ((-2, 6.0), (14, 6.0 - number / 2), (30, 7.0 - number)):
            small.scores(state, f"P{number}", day + number, basdai=value)
    for number, grade in enumerate((1, 2, 3, 4, 5, None), 1):
        small.adverse(state, f"P{number}", f"A{number}", grade=grade, day=9, relation="unrelated")
    small.adverse(state, "P1", "B1", "Infusion related reaction", grade=3, day=9)
    small.adverse(state, "P2", "B2", "Anaphylaxis", grade=3, day=9)
    small.adverse(
        state,
        "P3",
        "B3",
        "</script><b>",
        grade=2,
        onset=f"{small.on(0):%Y}",
        day=9,
        serious=("hospitalisation",),
    )
    small.add(
        state,
        "P2",
        s.DoseLimitingToxicityAdjudicated,
        12,
        candidate="B2",
        dose_limiting=True,
        reason="all agree",
        signers=("c.1", "c.2"),
    )
    small.add(state, "P4", x.DoseWithheld, 20, dose=2, reason="fever")
    small.add(state, "P4", p.InformedConsentWithdrawn, 21, scope="treatment")
    small.add(state, "P1", p.Disposition, 40, status="withdrawn", reason="moved")
    small.add(state, "P6", p.Disposition, 50, status="completed")
    return state


def values(spec):
    return spec["data"]["values"]


def test_every_kind_of_span_and_mark_can_be_drawn_and_is() -> None:
    assert tuple(SPANS) == get_args(SpanKind)
    assert set(MARKS) == set(get_args(MarkKind))
    assert len(set(MARKS.values())) == len(MARKS)
    spec = swimmer_chart(swimmer(eventful(), ON))
    assert spec is not None
    drawn = {one["what"] for one in spec["layer"][-1]["data"]["values"]}
    assert drawn == set(MARKS)
    assert {one["what"] for one in values(spec)} == set(SPANS)


@pytest.mark.parametrize("name", [UC_MSC, TABLET])
def test_the_swimmer_draws_each_span_and_mark_of_each_lane(name) -> None:
    lanes = swimmer(small.under_way(name), ON)
    spec = swimmer_chart(lanes)
    assert spec is not None
    assert len(values(spec)) == sum(len(one.spans) for one in lanes)
    marks = spec["layer"][-1]["data"]["values"]
    assert len(marks) == sum(len(one.marks) for one in lanes)
    assert len(spec["encoding"]["y"]["sort"]) == len(lanes)
    assert all(one["end"] == one["last"] + 1 for one in values(spec))


@pytest.mark.parametrize("state", [eventful, lambda: small.under_way(UC_MSC)])
def test_bars_are_the_participants_of_the_table(state) -> None:
    table = adverse_event_table(state())
    spec = events_by_group(table)
    assert spec is not None
    drawn = {(one["row"], one["grade"]): one["participants"] for one in values(spec)}
    expected = {
        (f"{group.label} (n = {group.dosed})", grade): n
        for group, counts in zip(table.groups, table.total.counts, strict=True)
        for grade, n in zip(GRADES, counts.participants, strict=True)
        if n
    }
    assert drawn == expected
    assert len(spec["encoding"]["y"]["scale"]["domain"]) == len(table.groups)
    by_term = events_by_term(table)
    assert by_term is not None
    assert sum(one["participants"] for one in values(by_term)) == sum(
        row.overall.any for row in table.rows
    )
    assert all(0 < one["percent"] <= 100 for one in values(by_term))


def test_ungraded_events_have_a_colour_of_their_own() -> None:
    assert len(set(GRADE_COLOURS)) == len(GRADES)
    spec = events_by_group(adverse_event_table(eventful()))
    assert spec is not None
    assert "unknown" in {one["grade"] for one in values(spec)}


def test_each_part_of_a_bar_names_its_grade_in_its_middle() -> None:
    spec = events_by_term(adverse_event_table(eventful()))
    assert spec is not None
    assert spec["layer"][1]["encoding"]["x"]["field"] == "middle"
    ends: dict[str, float] = {}
    for one in sorted(values(spec), key=lambda one: (one["row"], one["order"])):
        start = ends.get(one["row"], 0)
        ends[one["row"]] = start + one["percent"]
        assert one["middle"] == pytest.approx((start + ends[one["row"]]) / 2)
    assert len(ends) > 1


def test_one_term_by_two_scales_is_two_bars() -> None:
    state = small.opened()
    small.dosed(state, "P1")
    small.adverse(state, "P1", "A1", "Cytokine release syndrome", scale="ASTCT 2019")
    small.adverse(state, "P1", "A2", "Cytokine release syndrome")
    spec = events_by_term(adverse_event_table(state))
    assert spec is not None
    assert {one["row"] for one in values(spec)} == {
        "Cytokine release syndrome (ASTCT 2019)",
        "Cytokine release syndrome (CTCAE v5.0)",
    }


def test_the_waterfall_has_the_bars_of_the_table_and_none_for_what_is_not_known() -> None:
    state = eventful()
    (basdai,) = (one for one in endpoint_elements(state.study) if one.element == "basdai")
    found = waterfall(state, basdai)
    spec = waterfall_chart(found)
    assert spec is not None
    assert [one["change"] for one in values(spec)] == [one.change for one in found.bars]
    assert spec["description"].endswith(f"{len(found.without)} without a bar")
    other = next(one for one in endpoint_elements(state.study) if one.element == "basfi")
    assert waterfall_chart(waterfall(state, other)) is None
    assert responses_chart(responses(state, other)) is None


@pytest.mark.parametrize("name", [UC_MSC, TABLET])
def test_lines_are_the_values_of_the_table(name) -> None:
    state = small.under_way(name)
    drawn = 0
    for one in endpoint_elements(state.study):
        found = responses(state, one)
        spec = responses_chart(found)
        known = [
            at.value for course in found.courses for at in course.measures if at.value is not None
        ]
        if spec is None:
            assert known == []
            continue
        assert [at["value"] for at in values(spec)] == known
        drawn += 1
    assert drawn


def test_a_level_has_one_colour_in_every_chart() -> None:
    state = eventful()
    (basdai,) = (one for one in endpoint_elements(state.study) if one.element == "basdai")
    colours = {}
    specs = waterfall_chart(waterfall(state, basdai)), responses_chart(responses(state, basdai))
    for spec in specs:
        assert spec is not None
        scale = spec["encoding"]["color"]["scale"]
        colours[spec["description"]] = dict(zip(scale["domain"], scale["range"], strict=True))
    first, second = colours.values()
    assert first == second
    assert first["level 1: Low-dose group"] == LEVELS[0]
    assert len(set(first.values())) == len(first) == 4
    assert list(first)[-1] == "dosed without a level"


def test_an_empty_trial_has_no_chart() -> None:
    assert safety_charts(small.opened(), ON) == {}


def test_specifications_are_plain_json() -> None:
    specs = safety_charts(eventful(), ON)
    assert json.loads(json.dumps(specs)) == specs
    assert len(specs) == 6


def page(specs) -> str:
    """The least page that draws every chart."""
    places = "".join(
        f'<div class="drawn" hidden><div data-chart="{name}"></div></div>' for name in specs
    )
    html = charted_page("charted.html.j2", specs, title="Charts", running="Charts")
    return html.replace('<div class="sheet">', f'<div class="sheet">{places}', 1)


CUT_OFF = """[...document.querySelectorAll('[data-chart]')].flatMap(chart => {
  const whole = chart.querySelector('svg').getBoundingClientRect();
  return [...chart.querySelectorAll('svg text')].filter(text => {
    const box = text.getBoundingClientRect();
    return text.textContent && (box.left < whole.left - 1 || box.right > whole.right + 1);
  }).map(text => `${chart.dataset.chart}: ${text.textContent}`);
})"""
"""The words that are not whole within their chart."""


@pytest.mark.browser
@pytest.mark.skipif(CHROMIUM is None, reason="there is no Chromium on this system")
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
def test_a_browser_draws_every_chart(tmp_path, width, scheme) -> None:
    driver = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    specs = {
        f"{name}-{i}": spec
        for i, state in enumerate((eventful(), small.under_way(TABLET)))
        for name, spec in safety_charts(state, ON + timedelta(days=60)).items()
    }
    path = tmp_path / "page.html"
    path.write_text(page(specs), encoding="utf-8")
    with driver.sync_playwright() as running:
        browser = running.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        shown = browser.new_page(viewport={"width": width, "height": 900}, color_scheme=scheme)
        said = []
        shown.on("console", lambda message: said.append(message.text))
        shown.on("pageerror", lambda error: said.append(str(error)))
        shown.goto(path.as_uri())
        shown.wait_for_function(
            f"document.querySelectorAll('[data-chart] svg').length == {len(specs)}"
        )
        assert said == []
        assert shown.evaluate("document.documentElement.scrollWidth") <= width
        for name in specs:
            inside = f"[data-chart='{name}'] svg"
            assert shown.locator(f"{inside} .mark-rect path, {inside} .mark-symbol path").count()
        assert shown.evaluate(CUT_OFF) == []
        inside = "[data-chart='events-by-lot-0'] svg .mark-text.role-mark text"
        assert shown.locator(inside).all_text_contents() == ["3", "4", "5", "?"]
        browser.close()
