"""The page of the design: settings with faults beside them, exact figures, advice and tables."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from playwright.sync_api import expect

from gradatim.dosefinding.characteristics.operating import Computation, operating_characteristics
from gradatim.dosefinding.designs.registry import build, settings_for
from gradatim.dosefinding.protocol_design import alternatives, recommendation_criteria, settings_of
from gradatim.protocol.load import load
from gradatim.reports.design import decision_table
from gradatim.web.live_trial import Running
from gradatim.web.views.design import MOST_STATES, compiled, expected_of
from gradatim.web.views.design_asked import (
    MOST_COHORT,
    MOST_DESIGNS,
    MOST_PARTICIPANTS,
    OTHER,
    DesignForm,
    offered,
)
from tests.markup import markup
from tests.web.browser import IN_BROWSER, Person, launched
from tests.web.conftest import state

browser = pytest.fixture(scope="module")(launched)


def query(**said):
    """Make the query of an address."""
    from django.http import QueryDict

    made = QueryDict(mutable=True)
    for name, value in said.items():
        made.setlist(name, [str(one) for one in value] if isinstance(value, list) else [str(value)])
    return made


def page(client, **said) -> str:
    return markup(client.get("/design/", said))


def test_the_figures_of_another_design_are_those_of_the_engine(app: Running, signed_in):
    """Target, cohort size and maximum reach the designs that the protocol does not hold."""
    said = {
        "design": "other-boin",
        "target": 25,
        "cohort": 2,
        "maximum": 12,
        "r1": 5,
        "r2": 25,
        "r3": 45,
        "asked": 1,
    }
    text = page(signed_in("statistics.1"), **said)
    design = build(settings_for("boin", 3, target=0.25, cohort_size=2, cohorts=6, maximum=12))
    study = state(app).governing("safety")
    how = Computation(method="exact", needed=recommendation_criteria(study))
    found = operating_characteristics(design, [[0.05, 0.25, 0.45]], 0.25, how)[0]
    for figure in (
        *found.selection,
        found.none_selected,
        found.too_toxic_selected,
        found.recommended,
        found.overdosed,
    ):
        assert f">{100 * figure.value:.3g} %<" in text
    assert f">{found.expected_dlts.value:.2f}<" in text
    assert "not in the protocol" in text


def rates(app: Running) -> dict[str, str]:
    levels = state(app).study.treatment.dose_levels
    return {f"r{one.number}": str(10 * one.number) for one in levels}


def test_figures_are_those_of_the_exact_computation(either_app: Running, signed_in):
    """What the page says is what the command says."""
    study = state(either_app).study
    asked = rates(either_app)
    text = markup(signed_in("statistics.1").get("/design/", asked))
    settings = settings_of(study)
    truth = [int(one) / 100 for one in asked.values()]
    found = operating_characteristics(build(settings), [truth], settings.target or 0.3)[0]
    first = found.selection[0].value
    assert f"{100 * first:.3g} %" in text


@pytest.mark.parametrize("said", ["", "-5", "1000", "abc", "95", "1e3", "<b>"])
def test_a_slider_cannot_be_set_to_anything_else(app: Running, signed_in, said):
    """What is sent is kept to what a slider can be."""
    response = signed_in("statistics.1").get("/design/", {"r1": said, "design": "no such design"})
    assert response.status_code == 200
    shown = re.search(r'name="r1"[^>]*value="(\d+)"', markup(response))
    assert shown
    assert 1 <= int(shown[1]) <= 95


def test_a_falling_curve_is_told(app: Running, signed_in):
    """Rates do not fall with the dose; the page says what it took."""
    asked = dict.fromkeys(rates(app), "5") | {"r1": "40"}
    text = markup(signed_in("statistics.1").get("/design/", asked))
    assert "taken as equal" in text


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("target", "61"),
        ("target", "9"),
        ("cohort", "13"),
        ("cohort", "0"),
        ("maximum", "61"),
        ("maximum", "-1"),
        ("maximum", "1e1"),
        ("cohort", "3.5"),
        ("target", "'\"><script>"),
        ("r2", "96"),
        ("r2", "0"),
        ("r2", "x"),
    ],
)
def test_a_setting_out_of_bounds_is_refused_at_its_field(app: Running, signed_in, name, value):
    """Nothing is computed, and the words stand at the field; the slider stands where it began."""
    text = page(signed_in("statistics.1"), **{name: value})
    field = re.search(rf'<div id="{name}-fault" class="fault">(.*?)</div>', text, re.DOTALL)
    assert field
    assert "A whole number from" in field[1]
    assert "Nothing was computed" in text
    assert "<script>" not in text.split('id="rates"')[1].split("</form>")[0]


@pytest.mark.parametrize(
    ("designs", "words"),
    [
        ([], "Choose at least one design."),
        (["no such design"], "no such design"),
    ],
)
def test_what_cannot_be_chosen_is_refused(app: Running, signed_in, designs, words):
    text = page(signed_in("statistics.1"), asked=1, design=designs)
    field = re.search(r'<div id="design-fault" class="fault">(.*?)</div>', text, re.DOTALL)
    assert field
    assert words in field[1]


def test_a_maximum_below_one_cohort_is_refused(app: Running, signed_in):
    text = page(signed_in("statistics.1"), cohort=12, maximum=11)
    field = re.search(r'<div id="maximum-fault" class="fault">(.*?)</div>', text, re.DOTALL)
    assert field
    assert "less than one cohort" in field[1]


def test_no_more_designs_than_can_be_compared():
    """One more than the most is refused at the field of the designs."""
    study = load("nct05962762").study
    names = list(offered(study))
    assert DesignForm(study, query(design=names[:MOST_DESIGNS])).is_valid()
    more = DesignForm(study, query(design=[*names, *names][: MOST_DESIGNS + 1]))
    assert not more.is_valid()
    assert "at most" in more.errors["design"][0]


@pytest.mark.parametrize("name", ["nct05962762", "example_oncology_tablet"])
def test_without_a_question_the_page_shows_what_the_protocol_says(name):
    """Where the sliders start is the protocol's design, and all of its designs are compared."""
    study = load(name).study
    asked = DesignForm(study, query())
    assert asked.is_valid()
    force = settings_of(study)
    assert asked.shown("cohort") == force.cohort_size
    assert asked.shown("maximum") == force.maximum
    assert [one.settings for one in asked.designs()] == list(alternatives(study).values())


@settings(max_examples=25)
@given(st.data())
def test_every_question_within_bounds_is_answered_or_said_to_be_too_large(data):
    """Chances add up to 1 whatever is asked; rates never fall."""
    study = load("nct05962762").study
    cohort = data.draw(st.integers(3, MOST_COHORT))
    asked = DesignForm(
        study,
        query(
            **{f"r{n}": data.draw(st.integers(1, 95)) for n in (1, 2, 3)},
            target=data.draw(st.integers(10, 60)),
            cohort=cohort,
            maximum=data.draw(st.integers(cohort, MOST_PARTICIPANTS)),
            design=data.draw(
                st.lists(st.sampled_from([*offered(study)]), min_size=1, max_size=4, unique=True)
            ),
        ),
    )
    assert asked.is_valid(), asked.errors
    found = expected_of(asked)
    assert list(found["curve"].rates) == sorted(found["curve"].rates)
    for one in found["expected"]:
        if one.found is None:
            assert one.why
        else:
            chances = [one.found.none_selected, *one.found.selection]
            assert sum(figure.value for figure in chances) == pytest.approx(1)


def test_what_would_take_too_long_is_said_and_not_waited_for(app: Running, signed_in):
    text = page(signed_in("statistics.1"), design="other-boin", cohort=1, maximum=60)
    assert "Too many ways" in text
    assert isinstance(
        compiled(settings_for("boin", 8, target=0.3, cohort_size=1, cohorts=60, maximum=60)), str
    )


def test_what_no_slider_changes_is_computed_once():
    """The rates are answered from the states of the designs, which are walked through once."""
    study = load("example_oncology_tablet").study
    names = ["default", *(name for name in offered(study) if name.startswith(OTHER))][:MOST_DESIGNS]
    compiled.cache_clear()
    for rate in range(5, 16):
        found = expected_of(_valid(DesignForm(study, query(design=names, r1=rate))))
        assert all(one.found.states <= MOST_STATES for one in found["expected"] if one.found)
    assert compiled.cache_info().misses == len(found["expected"])


def _valid(asked: DesignForm) -> DesignForm:
    assert asked.is_valid(), asked.errors
    return asked


def test_the_design_in_force_is_told_with_its_table_and_basis(either_app: Running, signed_in):
    """The advice with its reasons, the decision table cell by cell, and whose reading it is."""
    study = state(either_app).governing("safety")
    text = page(signed_in("statistics.1"))
    rule = text.split('id="rule"')[1].split("</section>")[0]
    assert study.safety.escalation.basis.value in rule
    table = decision_table(build(settings_of(study)))
    assert table is not None
    signs = re.findall(r'<td class="n"><span class="tag \w*">(\w+)</span></td>', rule)
    assert signs == [cell.sign for row in table.rows for cell in row if cell.sign]
    advice = text.split('id="advice"')[1].split("</section>")[0]
    assert "<li>" in advice


def test_what_is_pending_is_played_through(app: Running, signed_in):
    """Each way in which those who are pending can turn out is a row with its advice."""
    from gradatim.conduct.escalation import advised
    from gradatim.web.clock import today

    found = advised(state(app), today())
    text = page(signed_in("statistics.1")).split('id="advice"')[1].split("</section>")[0]
    ways = [" ".join(map(str, one.cohorts)) for one in found.decision.resolutions]
    assert re.findall(r'<tr><td class="mono">([^<]*)</td>', text) == ways


def test_the_worst_curves_are_searched_for_when_asked(app: Running, signed_in):
    client = signed_in("statistics.1")
    assert "Set the sliders so" not in page(client)
    text = page(client, worst=1)
    way = re.search(r'<a href="\?(r1=[^"]*)">Set the sliders so', text.replace("&amp;", "&"))
    assert way
    assert client.get(f"/design/?{way[1]}").status_code == 200


@pytest.mark.parametrize("user", ["nurse.S01.1", "committee.1"])
def test_every_role_sees_it(app: Running, signed_in, user):
    assert signed_in(user).get("/design/").status_code == 200


class TestInABrowser:
    """Sliders moved by the keyboard; figures and pictures follow without another page."""

    pytestmark = IN_BROWSER

    def test_figures_and_pictures_follow(self, app, transactional_db, browser, live_server):
        person = Person(browser, live_server.url, "statistics.1")
        person.go("/design/")
        page = person.page
        page.wait_for_selector(".chart svg")
        before = page.inner_text("#said")
        page.focus("#r1")
        for _ in range(40):
            page.keyboard.press("ArrowRight")
        page.wait_for_selector(f"#said:not(:text-is('{before}'))")
        rate = page.input_value("#r1")
        assert page.inner_text("#r1-out") == rate
        page.wait_for_url(lambda url: f"r1={rate}" in url)
        expect(page.locator(".chart svg")).to_have_count(2)
        for box in page.locator("[name=design]:checked").element_handles():
            box.uncheck()
        page.wait_for_selector("#design-fault p")
        page.check("[name=design][value=other-boin]")
        expect(page.locator("#said")).to_have_text(re.compile("^BOIN"))
        assert page.locator("#expected td").count() > 0
        assert page.locator("#design-fault p").count() == 0
        person.close()

    def test_it_works_without_script(self, app, transactional_db, browser, live_server):
        person = Person(browser, live_server.url, "statistics.1", java_script_enabled=False)
        person.go("/design/")
        person.page.check("[name=design][value=other-keyboard]")
        assert "Keyboard" in person.press("Compute")
        assert person.page.locator("#expected tbody tr", has_text="Keyboard").count() == 2
        person.close()

    @pytest.mark.parametrize("width", [390, 1280])
    def test_it_fits(self, app, transactional_db, browser, live_server, width):
        person = Person(
            browser, live_server.url, "statistics.1", viewport={"width": width, "height": 900}
        )
        person.go("/design/?worst=1")
        assert person.page.evaluate("document.documentElement.scrollWidth") <= width
        person.close()
