"""From enrolment to an adverse event with the keyboard alone, from the front page on."""

import pytest

from gradatim.protocol.load import load
from tests.web.browser import IN_BROWSER, launched
from tests.web.conftest import state
from tests.web.keyboard import Typist
from tests.web.story import (
    BAGS,
    COORDINATOR,
    INVESTIGATOR,
    NAME,
    NUMBER,
    NURSE,
    Cast,
    at_site,
    fresh,
    registered,
    screened,
)

__all__ = ["fresh"]
pytestmark = [*IN_BROWSER, pytest.mark.slow]
browser = pytest.fixture(scope="module")(launched)
DAY = "2026-11-16"
DRAWN = ((BAGS[0], "10", "0"), (BAGS[1], "3.8", "6.2"))
"""Bag, millilitres drawn, millilitres discarded."""


@pytest.fixture
def eligible(fresh, browser, live_server, at, tmp_path):
    """Somebody whose eligibility an investigator has signed."""
    cast = Cast(browser, live_server.url)
    at(at_site("2026-11-02"))
    registered(cast, tmp_path)
    at(at_site(DAY))
    screened(cast, fresh, tmp_path)
    cast.leave()
    return fresh


def test_from_enrolment_to_an_adverse_event(eligible, browser, live_server, at):
    """Enrol, weigh, set bags aside, prepare, verify, sign the checklist, dose, report."""

    def sits_down(user: str) -> Typist:
        return Typist(browser, live_server.url, user)

    enrolled(sits_down(COORDINATOR))
    nurse, laboratory = sits_down(NURSE), sits_down("cell_lab.S01.1")
    weighed(nurse)
    set_aside(sits_down("pharmacist.S01.1"))
    at(at_site(DAY, "09:30"))
    prepared(laboratory)
    verified(sits_down("cell_lab.S01.2"))
    lead = sits_down(INVESTIGATOR)
    checked(lead)
    at(at_site(DAY, "09:35"))
    for one in (nurse, lead):
        held_together(one)
    at(at_site(DAY, "10:30"))
    given(nurse)
    assert state(eligible).participants[NUMBER].status == "treated"
    at(at_site("2026-11-17"))
    reported(lead)


def recorded(text: str) -> None:
    """It was recorded, and broke no rule."""
    assert "Recorded as entry" in text, text
    assert "protocol deviation" not in text, text


def person(one: Typist) -> None:
    """Go to the participant's page by its area."""
    one.home()
    one.follow("Participants")
    one.skip()
    one.follow(NUMBER)


def doses(one: Typist) -> None:
    """Go to the worksheet of the participant's doses."""
    one.home()
    one.follow("Dosing")
    one.skip()
    one.follow(NUMBER)


def enrolled(one: Typist) -> None:
    """The person takes a place at the level that is open."""
    person(one)
    one.follow("Enrol")
    recorded(one.follow("Record"))


def weighed(one: Typist) -> None:
    """The weight at baseline, and weight and temperature of the day, from the visits' forms."""
    person(one)
    one.follow("Visits")
    one.follow("vital signs, baseline")
    one.type("body weight", "69")
    one.day("Taken at", "2026-11-15", "10:00")
    one.day("Day it happened", "2026-11-15")
    recorded(one.follow("Record"))
    person(one)
    one.follow("Visits")
    one.follow("vital signs, infusion")
    one.type("body temperature", "36.6")
    one.type("body weight", "70")
    one.day("Taken at", DAY, "09:05")
    recorded(one.follow("Record"))


def set_aside(one: Typist) -> None:
    """A pharmacist sets two bags aside for the first dose: those that the page proposes."""
    doses(one)
    one.follow("Set bags aside for a dose, dose 1")
    one.mark("Lot", "S01-L1")
    for bag in BAGS:
        assert one.reach(f"Bags {bag}", ("input.checkbox",))["checked"]
    recorded(one.follow("Record"))


def prepared(one: Typist) -> None:
    """The laboratory says what was drawn from each bag."""
    doses(one)
    one.follow("Record the preparation, dose 1")
    for n, (bag, drawn, discarded) in enumerate(DRAWN, 1):
        one.type(f"Bag, {n}", bag)
        one.type(f"Drawn, mL, {n}", drawn)
        one.type(f"Discarded, mL, {n}", discarded)
        one.day(f"Thawed at, {n}", DAY, "09:20")
    one.type("Body weight", "70")
    recorded(one.follow("Record"))


def verified(one: Typist) -> None:
    """A second person of the laboratory verifies."""
    doses(one)
    one.follow("Verify the preparation, dose 1")
    recorded(one.sign())


def checked(one: Typist) -> None:
    """The investigator signs the checklist before the dose."""
    doses(one)
    one.follow("Sign the pre-dose checklist, dose 1")
    for item in load(NAME).study.treatment.checklist:
        one.mark(item.label, "not applicable" if item.id == "not_pregnant" else "in order")
    recorded(one.sign())


def held_together(one: Typist) -> None:
    """One of two people holds person and bags against the preparation."""
    doses(one)
    one.follow("Check person and product at the bedside, dose 1")
    for by in ("name", "birth date"):
        one.tick(f"Identifiers that were checked {by}")
    one.type("Code of the person", NUMBER)
    one.type("Codes of the bags", "\n".join(f"S01-L1/{bag}" for bag in BAGS))
    one.reach("Scanned, or read aloud?", ("input.radio",))
    one.keys.press("Space")
    recorded(one.sign())


def given(one: Typist) -> None:
    """A nurse says when the dose began and ended, and how much ran in."""
    doses(one)
    one.follow("Record the dose given, dose 1")
    one.day("Started", DAY, "09:40")
    one.day("Ended", DAY, "10:20")
    one.type("Volume", "13.8")
    recorded(one.follow("Record"))


def reported(one: Typist) -> None:
    """The investigator reports a serious adverse event; its clocks run."""
    person(one)
    one.follow("Report an adverse event")
    one.type("Term", "Alanine aminotransferase increased")
    one.type("Began on", "2026-11-17")
    one.mark("Grade", "3 severe")
    one.choose("Relation", "possible")
    one.tick("Serious because of optional important")
    one.day("The site became aware at", "2026-11-17", "08:30")
    recorded(one.follow("Record"))
    assert "Alanine aminotransferase increased" in one.follow("Adverse events")
    assert "initial to sponsor" in one.text()


def test_the_skip_link_goes_past_the_areas(app, transactional_db, browser, live_server):
    """The first thing that Tab reaches is the way to the content."""
    one = Typist(browser, live_server.url, INVESTIGATOR)
    one.skip()
    assert one.here()["id"] == "main"
    one.keys.press("Tab")
    assert one.page.evaluate("document.activeElement.closest('main') !== null")


def test_a_time_typed_in_part_is_not_lost(app, transactional_db, browser, live_server):
    """It is not sent as nothing: the field asks for the rest, and has the focus."""
    one = Typist(browser, live_server.url, INVESTIGATOR)
    one.follow("Participants")
    one.skip()
    one.follow("S01-0")
    one.follow("Report an adverse event")
    one.reach("The site became aware at")
    one.keys.type("1117")
    one.reach("Record", ("button",))
    one.keys.press("Enter")
    assert one.here()["id"] == "id_site_aware_at"
    assert "/record/" in one.page.url
    assert "field is required" not in one.text()
