"""Clocks of safety reports: what is due, from when, until when; the page shows the same table."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradatim.core.truth import FALSE, TRUE, UNKNOWN
from gradatim.safety.clocks import Clock, Times, clocks, is_susar, rules
from tests.safety.test_dlt import event

SITE = datetime(2027, 3, 5, 9, 30, tzinfo=UTC)
SPONSOR = SITE + timedelta(hours=20)
LATER = SPONSOR + timedelta(days=3)
SERIOUS: dict[str, Any] = {"serious": ("hospitalisation",), "expected": False,
           "reference_safety_information": "IB 2"}  # fmt: skip
FATAL = SERIOUS | {"serious": ("death",)}


def told(found: tuple[Clock, ...]) -> list[tuple[str, str, str]]:
    """Give recipient, report and the day it is due."""
    return [(one.recipient, one.report, str(one.due.date())) for one in found]


def test_not_serious_nothing_is_due() -> None:
    assert clocks(event(grade=3), Times(SITE, SPONSOR), "CN") == ()


def test_the_site_tells_the_sponsor_at_once() -> None:
    (first, *_) = clocks(event(**SERIOUS), Times(SITE), "CN")
    assert (first.recipient, first.due) == ("sponsor", SITE + timedelta(hours=24))


def test_special_interest_is_reported_like_serious() -> None:
    (first,) = clocks(event(grade=1), Times(SITE), "EU", special_interest=True)
    assert first.recipient == "sponsor"


def test_fifteen_days_from_the_day_the_sponsor_knew() -> None:
    found = clocks(event(**SERIOUS), Times(SITE, SPONSOR), "CN")
    assert told(found) == [("sponsor", "initial", "2027-03-06"),
                           ("regulator", "initial", "2027-03-21"),
                           ("ethics", "initial", "2027-03-21")]  # fmt: skip


def test_seven_days_and_eight_more_where_it_is_fatal() -> None:
    found = clocks(event(**FATAL), Times(SITE, SPONSOR), "CN")
    assert ("regulator", "initial", "2027-03-13") in told(found)
    assert ("regulator", "follow-up", "2027-03-21") in told(found)


def test_a_day_is_met_until_it_ends() -> None:
    found = next(one for one in clocks(event(**FATAL), Times(SITE, SPONSOR), "US")
                 if one.recipient == "regulator")  # fmt: skip
    end = datetime(2027, 3, 13, 23, 59, 59, tzinfo=UTC)
    after = end + timedelta(seconds=2)
    assert found.status(end, after) == "met"
    assert found.status(after, after) == "late"
    assert found.status(None, end) == "open"
    assert found.status(None, after) == "missed"
    assert found.status(after, end) == "open"  # not yet sent then


def test_an_upgrade_starts_its_own_clock_and_the_first_one_stays() -> None:
    found = clocks(event(**FATAL), Times(SITE, SPONSOR, LATER), "EU")
    assert ("regulator", "initial", "2027-03-21") in told(found)  # of the serious event it was
    assert ("regulator", "initial", "2027-03-16") in told(found)  # seven days from the upgrade


def test_an_event_that_qualifies_later_runs_from_then() -> None:
    """First judged unrelated, or not serious; the sponsor learns otherwise three days on."""
    found = clocks(event(**SERIOUS), Times(SITE, SPONSOR, qualified=LATER), "CN")
    assert told(found)[1:] == [("regulator", "initial", "2027-03-24"),
                               ("ethics", "initial", "2027-03-24")]  # fmt: skip
    assert {one.why for one in found[1:]} == {"qualified for reporting"}


def test_what_was_fatal_when_it_qualified_has_one_clock_only() -> None:
    found = clocks(event(**FATAL), Times(SITE, SPONSOR, LATER, LATER), "EU")
    assert told(found)[1:] == [("regulator", "initial", "2027-03-16"),
                               ("regulator", "follow-up", "2027-03-24")]  # fmt: skip


def test_in_the_united_states_investigators_hear_of_a_death_too() -> None:
    found = clocks(event(**FATAL), Times(SITE, SPONSOR), "US")
    assert told(found)[1:] == [("regulator", "initial", "2027-03-13"),
                               ("investigators", "initial", "2027-03-21")]  # fmt: skip


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        (SERIOUS, TRUE), (SERIOUS | {"expected": True}, FALSE),
        (SERIOUS | {"expected": None}, UNKNOWN), ({"expected": False}, FALSE),
        (SERIOUS | {"relation": "unrelated"}, FALSE), (SERIOUS | {"relation": ""}, UNKNOWN),
    ],
)  # fmt: skip
def test_suspected_unexpected_serious(more: dict[str, Any], expected: object) -> None:
    found = is_susar(event(**more))
    assert found.truth is expected
    runs = any(one.recipient == "regulator" for one in
               clocks(event(**more), Times(SITE, SPONSOR), "CN"))  # fmt: skip
    assert runs is (expected is not FALSE)  # what is not judged runs as if it were so


def test_every_row_of_the_table_is_reached() -> None:
    reached = set()
    for where in ("CN", "EU", "US"):
        for more in (SERIOUS, FATAL):
            reached |= {one.rule for one in clocks(event(**more), Times(SITE, SPONSOR), where)}
    assert reached == set(rules())


def test_every_row_has_its_source_and_how_far_it_was_checked() -> None:
    assert all(one.source and one.version for one in rules())
    assert {one.basis for one in rules()} <= {"published", "proposed", "unverified"}
    assert all(one.note for one in rules() if one.basis == "proposed")


def test_the_page_shows_the_same_table() -> None:
    page = (Path(__file__).parents[2] / "docs" / "safety.md").read_text(encoding="utf-8")
    for one in rules():
        length = f"{one.hours} h" if one.hours else f"{one.days} d"
        row = f"| {one.jurisdiction} | {one.recipient} | {one.report} | {one.severity} | {length} |"
        line = next((each for each in page.splitlines() if each.startswith(row)), "")
        assert one.source in line, row
        assert line.endswith(f"| {one.basis} |"), row
    assert page.count("| site aware |") + page.count("| sponsor aware |") == len(rules())


@given(st.integers(0, 40), st.integers(0, 40))
def test_a_later_report_never_turns_late_into_met(a: int, b: int) -> None:
    early, late = sorted((SPONSOR + timedelta(days=a), SPONSOR + timedelta(days=b)))
    end = SPONSOR + timedelta(days=60)
    for one in clocks(event(**FATAL), Times(SITE, SPONSOR), "CN"):
        if one.status(early, end) == "late":
            assert one.status(late, end) == "late"
