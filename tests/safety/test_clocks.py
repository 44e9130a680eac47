"""Clocks of safety reports: what is due, from when, until when; the page shows the same table."""

from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradatim.core.truth import FALSE, TRUE, UNKNOWN
from gradatim.safety.clocks import Clock, ClockRule, Times, clocks, is_susar, rules
from tests.safety.test_dlt import event

SITE = datetime(2027, 3, 5, 9, 30, tzinfo=UTC)
SPONSOR = SITE + timedelta(hours=20)
LATER = SPONSOR + timedelta(days=3)
SERIOUS: dict[str, Any] = {
    "serious": ("hospitalisation",),
    "expected": False,
    "reference_safety_information": "IB 2",
}
FATAL = SERIOUS | {"serious": ("death",)}


def told(found: tuple[Clock, ...]) -> list[tuple[str, str, str]]:
    """Give recipient, report and the day it is due."""
    return [(one.recipient, one.report, str(one.due.date())) for one in found]


def test_not_serious_nothing_is_due() -> None:
    assert clocks(event(grade=3), Times(SITE, SPONSOR), "CN") == ()


def test_the_site_tells_the_sponsor_at_once() -> None:
    (first, *_) = clocks(event(**SERIOUS), Times(SITE), "CN")
    assert (first.recipient, first.due) == ("sponsor", SITE + timedelta(hours=24))


@pytest.mark.parametrize("where", ["CN", "EU", "US"])
def test_special_interest_is_reported_to_the_sponsor_like_serious(where: str) -> None:
    (first,) = clocks(event(grade=1), Times(SITE, SPONSOR), where, special_interest=True)
    assert (first.recipient, first.due) == ("sponsor", SITE + timedelta(hours=24))
    assert first.why == "of special interest, known to the site"


@pytest.mark.parametrize(
    "more",
    [
        {"grade": 5},
        {"grade": 1, "serious": ("death",)},
        {"grade": 4, "serious": ("life_threatening",)},
    ],
)
def test_fatal_and_life_threatening_are_due_in_seven_days(more: dict[str, Any]) -> None:
    found = clocks(event(**more), Times(SITE, SPONSOR), "EU")
    assert ("regulator", "initial", "2027-03-13") in told(found)


def test_grade_4_alone_is_not_serious() -> None:
    assert clocks(event(grade=4), Times(SITE, SPONSOR), "EU") == ()


def test_nothing_runs_before_somebody_knew() -> None:
    assert clocks(event(**FATAL), Times(), "CN") == ()
    assert {one.recipient for one in clocks(event(**FATAL), Times(SITE), "CN")} == {"sponsor"}


def test_fifteen_days_from_the_day_the_sponsor_knew() -> None:
    found = clocks(event(**SERIOUS), Times(SITE, SPONSOR), "CN")
    assert told(found) == [
        ("sponsor", "initial", "2027-03-06"),
        ("regulator", "initial", "2027-03-21"),
        ("ethics", "initial", "2027-03-21"),
    ]


def test_seven_days_and_eight_more_where_it_is_fatal() -> None:
    found = clocks(event(**FATAL), Times(SITE, SPONSOR), "CN")
    assert ("regulator", "initial", "2027-03-13") in told(found)
    assert ("regulator", "follow-up", "2027-03-21") in told(found)


def test_days_end_where_the_sponsor_is() -> None:
    """Day 0 is the day on the sponsor's calendar, and so is the last day."""
    late = datetime(2027, 3, 5, 23, 50, tzinfo=timezone(timedelta(hours=8)))
    (_, one, _) = clocks(event(**SERIOUS), Times(SITE, late), "CN")
    assert one.due == datetime(2027, 3, 20, 23, 59, 59, 999999, tzinfo=late.tzinfo)


def test_within_24_hours_is_to_the_minute() -> None:
    (first, *_) = clocks(event(**SERIOUS), Times(SITE), "EU")
    assert first.status(first.due, first.due) == "met"
    assert first.status(first.due + timedelta(minutes=1), LATER) == "late"
    assert first.status(None, first.due) == "open"
    assert first.status(None, first.due + timedelta(minutes=1)) == "missed"


def test_a_day_is_met_until_it_ends() -> None:
    found = next(
        one
        for one in clocks(event(**FATAL), Times(SITE, SPONSOR), "US")
        if one.recipient == "regulator"
    )
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


def test_a_death_at_first_is_no_upgrade() -> None:
    found = clocks(event(**FATAL), Times(SITE, SPONSOR), "EU")
    assert ("regulator", "initial", "2027-03-13") in told(found)
    assert ("regulator", "initial", "2027-03-21") not in told(found)


def test_an_upgrade_that_the_sponsor_is_not_known_to_know_runs_from_the_sites_knowledge() -> None:
    found = clocks(event(**FATAL), Times(SITE, SPONSOR, site_upgraded=LATER), "EU")
    assert ("sponsor", "initial", str((LATER + timedelta(hours=24)).date())) in told(found)
    assert ("regulator", "initial", "2027-03-21") in told(found)  # the first clock stays
    assert ("regulator", "initial", "2027-03-16") in told(found)


def test_what_the_site_knew_before_it_told_the_sponsor_runs_from_day_0() -> None:
    """A follow-up sent later does not put the seven days off."""
    times = Times(SITE, SPONSOR, LATER, site_upgraded=SITE + timedelta(hours=5))
    found = clocks(event(**FATAL), times, "EU")
    assert ("regulator", "initial", "2027-03-13") in told(found)
    assert ("regulator", "initial", "2027-03-16") not in told(found)


def test_an_event_that_qualifies_later_runs_from_then() -> None:
    """First judged unrelated, or not serious; the sponsor learns otherwise three days on."""
    found = clocks(event(**SERIOUS), Times(SITE, SPONSOR, qualified=LATER), "CN")
    assert told(found)[1:] == [
        ("regulator", "initial", "2027-03-24"),
        ("ethics", "initial", "2027-03-24"),
    ]
    assert {one.why for one in found[1:]} == {"qualified for reporting"}


def test_what_was_fatal_when_it_qualified_has_one_clock_only() -> None:
    found = clocks(event(**FATAL), Times(SITE, SPONSOR, LATER, LATER), "EU")
    assert told(found)[1:] == [
        ("regulator", "initial", "2027-03-16"),
        ("regulator", "follow-up", "2027-03-24"),
    ]


def test_in_the_united_states_investigators_hear_of_a_death_too() -> None:
    found = clocks(event(**FATAL), Times(SITE, SPONSOR), "US")
    assert told(found)[1:] == [
        ("regulator", "initial", "2027-03-13"),
        ("investigators", "initial", "2027-03-21"),
    ]


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        (SERIOUS, TRUE),
        (SERIOUS | {"expected": True}, FALSE),
        (SERIOUS | {"expected": None}, UNKNOWN),
        ({"expected": False}, FALSE),
        (SERIOUS | {"relation": "unrelated"}, FALSE),
        (SERIOUS | {"relation": ""}, UNKNOWN),
    ],
)
def test_suspected_unexpected_serious(more: dict[str, Any], expected: object) -> None:
    found = is_susar(event(**more))
    assert found.truth is expected
    runs = any(
        one.recipient == "regulator" for one in clocks(event(**more), Times(SITE, SPONSOR), "CN")
    )
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
    shown = [line for line in page.splitlines() if line.startswith(("| CN |", "| EU |", "| US |"))]
    assert shown == [_row(one) for one in rules()]


def _row(one: ClockRule) -> str:
    length = f"{one.hours} h" if one.hours is not None else f"{one.days} d"
    source = f"{one.source} ({one.version})" + (f". {one.note}" if one.note else "")
    cells = (
        one.jurisdiction,
        one.recipient,
        one.report,
        one.severity,
        length,
        one.starts.replace("_", " "),
        source,
        one.basis,
    )
    return f"| {' | '.join(cells)} |"


@given(st.integers(0, 40), st.integers(0, 40))
def test_a_later_report_never_turns_late_into_met(a: int, b: int) -> None:
    early, late = sorted((SPONSOR + timedelta(days=a), SPONSOR + timedelta(days=b)))
    end = SPONSOR + timedelta(days=60)
    for where in ("CN", "EU", "US"):
        for one in clocks(event(**FATAL), Times(SITE, SPONSOR, LATER), where):
            if one.status(early, end) == "late":
                assert one.status(late, end) == "late"
