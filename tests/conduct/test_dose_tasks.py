"""A dose wakes pharmacy and cell laboratory, and an account that does not add up has a task."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from gradatim.conduct.events import product as x
from gradatim.conduct.roles import PRODUCT_STAFF
from gradatim.conduct.views.tasks import Task, tasks
from tests.conduct.ready import DAY, LEAD, NURSE, PHARMACIST, SITE, Led, enrolled, ready

LABORATORY = f"cell_lab.{SITE}.1"
AT = datetime.combine(DAY, time(9, 30), UTC)


def found(led: Led, kind: str = "dose", days: int = 0) -> list[Task]:
    day = DAY + timedelta(days=days)
    now = datetime.combine(day, time(9, 15), UTC)
    return [one for one in tasks(led.trial.state, now, day) if one.kind == kind]


def given(led: Led, **fields: Any) -> None:
    said = {"amount": 7e7, "volume_ml": 14.0, "unit": "{cells}", "dose": 1, **fields}
    led.do(
        x.DoseAdministered,
        NURSE,
        hour=10.5,
        started_at=AT,
        ended_at=AT + timedelta(hours=1),
        **said,
    )


@pytest.mark.parametrize(("days", "open_"), [(-2, False), (-1, True), (0, True), (3, True)])
def test_who_prepares_a_dose_hears_of_it_the_day_before(days, open_):
    led = enrolled()
    some = found(led, days=days)
    assert [one.event for one in some] == (["ProductAssigned"] if open_ else [])
    for one in some:
        assert set(PRODUCT_STAFF) <= set(one.roles)
        assert one.due is not None
        assert one.due.date() == DAY
        assert one.late(datetime.combine(DAY + timedelta(days=days), time(8), UTC)) is (days > 0)


def test_the_task_names_the_bags():
    (one,) = found(ready())
    assert one.what == "P1, dose 1: set aside B1, B2 of lot L1 (70,000,000 cells)"
    assert one.given == {"dose": "1"}


def test_each_step_is_a_task_until_it_is_done():
    led = ready()
    led.do(x.ProductAssigned, PHARMACIST, lot="L1", dose=1, bags=("B1", "B2"))
    assert [(one.event, one.what) for one in found(led)] == [
        ("DosePrepared", "P1, dose 1: prepare it from B1, B2")
    ]
    led = ready()
    led.prepare(7e7, 70)
    assert [one.event for one in found(led)] == ["PreDoseChecklistSigned"]
    led.sign()
    assert [one.event for one in found(led)] == ["BedsideChecked", "DoseAdministered"]
    for who in (NURSE, LEAD):
        led.do(
            x.BedsideChecked,
            who,
            hour=9.2,
            dose=1,
            identifiers=("name", "birth date"),
            person_code="P1",
            bag_codes=("L1/B1", "L1/B2"),
            how="scanned",
        )
    assert [one.event for one in found(led)] == ["DoseAdministered"]
    given(led)
    assert found(led) == []
    assert found(led, "product") == []


def test_a_difference_is_a_task_until_it_is_explained():
    led = ready()
    led.prepare(7e7, 70)
    given(led, volume_ml=12.0, amount=6e7)
    (one,) = found(led, "product")
    assert one.what == ("lot L1, bag B2: 10 mL received and 8 mL accounted for: 2 mL missing")
    assert (one.event, one.given) == ("ProductDifferenceExplained", {"lot": "L1", "bag": "B2"})
    assert {"pharmacist", "cell_lab"} <= set(one.roles)
    assert one.site == SITE
    led.act(
        x.ProductDifferenceExplained,
        PHARMACIST,
        hour=12,
        lot="L1",
        bag="B2",
        difference=2.0,
        reason="left in the line",
    )
    assert found(led, "product") == []


def test_a_bag_that_was_drawn_for_nothing_is_a_task():
    led = ready()
    led.prepare(7e7, 70)
    led.do(
        x.DosePrepared,
        LABORATORY,
        hour=9.2,
        lot="L1",
        dose=1,
        amount=7e7,
        planned=7e7,
        unit="{cells}",
        weight_kg=70,
        drawn=(x.Drawn("B3", 10.0), x.Drawn("B4", 4.0, 6.0)),
    )
    given(led)
    assert [(one.event, one.what[:14]) for one in found(led, "product")] == [
        ("ProductDestroyed", "lot L1, bag B1"),
        ("ProductDestroyed", "lot L1, bag B2"),
    ]


def test_a_bag_that_was_thawed_the_day_before_is_a_task():
    led = ready()
    led.prepare(7e7, 70)
    assert found(led, "product") == []
    assert [one.event for one in found(led, "product", days=1)] == ["ProductDestroyed"] * 2


def test_nobody_is_woken_for_whoever_has_left():
    led = enrolled()
    led.one.status = "withdrawn"
    assert found(led) == []
    led = enrolled()
    led.trial.state.stopped = 1
    assert found(led) == []
