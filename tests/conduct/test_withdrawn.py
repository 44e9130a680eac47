"""Between signature and infusion: what comes to speak against a dose withdraws its authorisation.

Pages and tasks say so at once; a dose given all the same is recorded, with a deviation for each
rule.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gradatim.conduct.events import findings as f
from gradatim.conduct.events import participants as p
from gradatim.conduct.events import product as x
from gradatim.conduct.events import trial as t
from gradatim.conduct.events.base import Measured
from gradatim.conduct.snapshot import snapshot
from gradatim.conduct.trial import Recorded
from gradatim.conduct.views.doses import doses
from gradatim.conduct.views.tasks import Task, tasks
from gradatim.conduct.views.worksheet import Moment, withdrawn
from tests.conduct.ready import BAGS, DAY, NURSE, SITE, Led, ready, refused

CELLS = f"cell_lab.{SITE}.1"
BEFORE = DAY - timedelta(days=1)


def moment(hour: float, days: int = 0) -> Moment:
    """Give a moment of the day of the dose, or of a later day."""
    day = DAY + timedelta(days=days)
    return Moment(datetime.combine(day, time(), UTC) + timedelta(hours=hour), day, UTC)


def signed() -> Led:
    """Somebody whose checklist is signed at nine; the infusion is to begin at half past nine."""
    led = ready()
    led.prepare(7e7, 70)
    assert isinstance(led.sign(), Recorded)
    return led


def of_the_dose(led: Led, hour: float = 9.4) -> list[Task]:
    """Give the tasks of the dose."""
    at = moment(hour)
    found = tasks(led.trial.state, at.now, at.day)
    return [one for one in found if one.kind == "dose" and one.participant == led.name]


def against(led: Led, hour: float = 9.4, days: int = 0) -> str:
    """Say what stands against the dose now, as its pages show it."""
    dose = doses(led.trial.state, led.one)[1]
    return "; ".join(withdrawn(led.trial.state, led.one, dose, moment(hour, days)))


def recall(led: Led) -> None:
    """Take two bags back for the whole lot's sake."""
    led.act(x.ProductQuarantined, CELLS, hour=9.2, lot="L1", bags=BAGS[:2], reason="recalled")


def warmth(led: Led, hour: float = 9.2, on: date = DAY) -> None:
    """Leave a bag at room temperature."""
    more: dict[str, Any] = {"worst_celsius": 25.0, "minutes": 30.0}
    hour -= 24 * (on - DAY).days
    led.act(x.TemperatureExcursion, CELLS, on=on, hour=hour, lot="L1", bags=BAGS[:1], **more)


def diagnosis(led: Led) -> None:
    """Record a malignancy of yesterday."""
    fact = Measured(element="malignancy")
    led.do(p.FactRecorded, on=DAY, hour=9.2, fact=fact, start=str(BEFORE))


def heavier(led: Led) -> None:
    """Correct the weight at baseline from 70 to 76 kg: the dose was computed by another."""
    at = next(
        at
        for at in led.one.entries_of[f.VitalSignsRecorded]
        if led.trial.state.events[at].occurred_on == BEFORE
    )
    fields = {"results": [{"element": "body_weight", "value": 76, "unit": "kg"}]}
    led.act(p.EntryCorrected, NURSE, hour=9.2, of=at, fields=fields, reason="the other scale")


HAPPENED: dict[str, tuple[Callable[[Led], Any], str, str]] = {
    "a recall": (recall, "bag B1 is quarantined", "the product is still fit"),
    "an excursion": (warmth, "bag B1 is held", "the product is still fit"),
    "a fever": (
        lambda led: led.measured(hour=9.2, body_temperature=38.9),
        "38.9 °C",
        "the records show it in order",
    ),
    "a result": (
        lambda led: led.result("alt", 400, BEFORE, hour=9.2, high=40),
        "E11a",
        "the criteria hold",
    ),
    "a diagnosis": (diagnosis, "E3", "the criteria hold"),
    "a severe value": (
        lambda led: led.result("potassium", 7.2, hour=9.2, high=5.1),
        "grade 4",
        "no severe result awaits judgement",
    ),
    "a corrected weight": (heavier, "76000000", "the planned dose is that of the level"),
    "a pause": (
        lambda led: led.trial.record(
            t.TrialPaused(
                occurred_on=DAY,
                recorded_at=moment(9.2).now,
                recorded_by=NURSE,
                site=SITE,
                reason="a leak",
            )
        ),
        "dosing is paused",
        "dosing is not paused",
    ),
    "a withdrawal": (
        lambda led: led.do(p.InformedConsentWithdrawn, on=DAY, hour=9.2, scope="treatment"),
        "consent treatment withdrawn",
        "consent is in force",
    ),
}
"""What happens, what the pages say of it, and the rule that a dose given all the same breaks."""


def in_force(led: Led) -> dict[str, Any]:
    """Give what another program is told of the signature."""
    told = snapshot(led.trial.state, DAY)["participants"][led.name]["gates"]
    (found,) = [one for one in told if one["rule"] == "the checklist is in force"]
    return dict(found)


def test_another_program_is_told_that_a_signature_is_withdrawn():
    led = signed()
    assert in_force(led)["met"]
    recall(led)
    assert not in_force(led)["met"]
    assert "bag B1 is quarantined" in in_force(led)["why"]


def test_while_nothing_happens_the_dose_may_be_given():
    led = signed()
    assert against(led) == ""
    checks = "P1, dose 1: check person and product at the bedside"
    assert [one.what for one in of_the_dose(led)] == [checks, "P1, dose 1: give"]
    assert led.give(7e7) == {}
    assert against(led) == "", "once it is given there is nothing left to withdraw"


@pytest.mark.parametrize("case", HAPPENED)
def test_what_happens_after_the_signature_withdraws_it(case: str):
    happens, words, rule = HAPPENED[case]
    led = signed()
    happens(led)
    assert words in against(led)
    found = of_the_dose(led)
    assert {one.event for one in found} == {"PreDoseChecklistSigned", "DoseWithheld"}
    assert all(words in one.what for one in found)
    assert "nurse" in {role for one in found for role in one.roles}, "who would give it is told"
    assert words in led.give(7e7)[rule], "a dose given all the same is a deviation"


def test_the_day_and_the_thaw_withdraw_a_signature_too():
    """It holds on its day and the next; and the bags, thawed at 8:15, until 11:15."""
    led = signed()
    assert "3 h" in against(led, hour=12)
    assert "it was signed on" in against(led, days=2)


def test_once_it_is_settled_the_signature_is_given_anew():
    led = signed()
    led.measured(hour=9.2, body_temperature=38.9)
    assert "38.9" in refused(led.sign(hour=9.3))["the records show it in order"]
    led.measured(hour=9.35, body_temperature=37.1)
    assert isinstance(led.sign(hour=9.4), Recorded)
    assert led.give(7e7) == {}


def test_a_bag_that_turns_out_bad_after_the_infusion_is_none_of_the_gate():
    """It happened on a later day; an excursion of yesterday told late counts."""
    led = signed()
    warmth(led, hour=25, on=DAY + timedelta(days=1))
    assert "the product is still fit" not in given_later(led)
    late = signed()
    more: dict[str, Any] = {"worst_celsius": 25.0, "minutes": 30.0}
    late.act(x.TemperatureExcursion, CELLS, on=BEFORE, hour=35, lot="L1", bags=BAGS[:1], **more)
    assert "bag B1 is held" in late.give(7e7)["the product is still fit"]


def test_of_an_excursion_told_after_the_infusion_of_its_day_nobody_knows_when_it_was():
    """Half an hour, told half an hour after the end; that a bag went back is told as it is done."""
    led = signed()
    warmth(led, hour=11)
    assert "is not recorded" in given_later(led)["the product is still fit"]
    back = signed()
    back.act(x.ProductReturned, CELLS, hour=11, lot="L1", bags=BAGS[:1], reason="empty bags")
    assert "the product is still fit" not in given_later(back)


def given_later(led: Led) -> dict[str, str]:
    """Record on the next day the dose of half past nine; give the deviations by their rules."""
    at = moment(9.5).now
    done = led.do(
        x.DoseAdministered,
        NURSE,
        hour=26,
        dose=1,
        amount=7e7,
        started_at=at,
        ended_at=at + timedelta(hours=1),
        unit="{cells}",
        volume_ml=14.0,
    )
    found = [led.trial.state.deviations[at] for at in done.deviations]
    return {one.rule: one.description for one in found}


@settings(max_examples=12, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(st.sampled_from(sorted(HAPPENED)), max_size=3, unique=True))
def test_a_signature_is_withdrawn_by_whatever_would_refuse_it_now(cases: list[str]):
    """The page says it if and only if the same signature would be refused; so does a deviation."""
    led = signed()
    for case in cases:
        HAPPENED[case][0](led)
    withdrawn_now = against(led)
    outcome = led.sign(hour=9.4)
    assert bool(withdrawn_now) is bool(refused(outcome, some=False)) is bool(cases)
    broken = led.give(7e7)
    assert {HAPPENED[case][2] for case in cases} <= set(broken)
    assert bool(broken) is bool(cases)
