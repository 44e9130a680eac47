"""The second person sees the plan, and two people at the bedside hold person and product to it."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from gradatim.conduct.events import participants as p
from gradatim.conduct.events import product as x
from gradatim.conduct.trial import Recorded, Refused
from gradatim.conduct.views.bedside import checked_by
from gradatim.conduct.views.comparison import ComparedAmount, beside_the_plan
from gradatim.core.truth import FALSE, TRUE, UNKNOWN
from gradatim.dosing.labels import label_code, read_label
from tests.conduct.product_cases import asking
from tests.conduct.ready import DAY, LEAD, NURSE, SITE, Led, ready, refused

LABORATORY, SECOND = f"cell_lab.{SITE}.1", f"cell_lab.{SITE}.2"
AT = datetime.combine(DAY, time(9, 30), UTC)
THAWED = AT - timedelta(hours=2)


def recorded_as(amount: float, planned: float, ml: float = 14.0, weight: float = 70) -> Led:
    """Somebody whose dose is 70 million cells, and is recorded as prepared so."""
    return drawn(ready(), amount, planned, ml, weight)


def drawn(led: Led, amount: float, planned: float, ml: float = 14.0, weight: float = 70) -> Led:
    """Record a dose as prepared."""
    led.do(x.ProductAssigned, f"pharmacist.{SITE}.1", lot="L1", dose=1, bags=("B1", "B2"))
    led.do(
        x.DosePrepared,
        LABORATORY,
        lot="L1",
        dose=1,
        amount=amount,
        planned=planned,
        unit="{cells}",
        weight_kg=weight,
        drawn=(x.Drawn("B1", 10.0, 0.0, THAWED), x.Drawn("B2", ml - 10, 20 - ml, THAWED)),
    )
    return led


def verify(led: Led, **fields: Any) -> Any:
    return led.ask(x.PreparationVerified, SECOND, hour=9, dose=1, **fields)


@pytest.mark.parametrize(
    ("amount", "planned", "ml", "says"),
    [
        (7e7, 7e7, 14, ""),
        (7.5e7, 7e7, 15, ""),  # +7.1 %, within the protocol's 10 %
        (7e8, 7e7, 14, "700,000,000 cells are 10 times the 70,000,000 cells planned"),
        (7e8, 7e8, 14, "700,000,000 cells are 10 times the 70,000,000 cells planned"),
        (7e6, 7e7, 14, "7,000,000 cells are 0.1 times the 70,000,000 cells planned"),
        (8e7, 7e7, 16, "80,000,000 cells are +14.3% off the 70,000,000 cells planned"),
        (7e7, 7e7, 17, "85,000,000 cells are +21.4% off the 70,000,000 cells planned"),
    ],
)
def test_what_departs_from_the_plan_is_verified_by_whoever_names_it(amount, planned, ml, says):
    led = recorded_as(amount, planned, ml)
    found = refused(verify(led), bool(says))
    assert bool(found) is bool(says)
    assert says in found.get("the preparation is as planned", "")
    if says:
        assert isinstance(verify(led, difference="ok"), Refused)
        named = "Ten times too much was drawn; it is not to be given."
        assert isinstance(verify(led, difference=named), Recorded)
        assert isinstance(led.sign(), Refused)


def test_a_corrected_preparation_is_verified_without_words():
    led = recorded_as(7e8, 7e7)
    assert isinstance(verify(led), Refused)
    (entry,) = led.one.entries_of[x.DosePrepared]
    led.act(p.EntryCorrected, LABORATORY, of=entry, fields={"amount": 7e7}, reason="a zero")
    assert isinstance(verify(led, amount=7e7), Recorded)


def test_the_comparison_is_with_the_level_and_the_weights_recorded():
    lines = beside_the_plan(recorded_as(7e8, 7e8, weight=154).trial.state, "P1", 1)
    found = {one.what: one for one in lines}
    assert {what: one.truth for what, one in found.items()} == {
        ComparedAmount.PLANNED: FALSE,
        ComparedAmount.AMOUNT: FALSE,
        ComparedAmount.HELD: FALSE,
        ComparedAmount.WEIGHT: FALSE,
    }
    assert str(found[ComparedAmount.PLANNED].plan).startswith("70000000")
    assert found[ComparedAmount.AMOUNT].fold
    good = beside_the_plan(recorded_as(7e7, 7e7).trial.state, "P1", 1)
    assert {one.truth for one in good} == {TRUE}
    assert beside_the_plan(ready().trial.state, "P1", 1) == []


@pytest.mark.parametrize(
    ("baseline", "today", "says"),
    [
        (None, None, "no body weight of P1 is recorded"),
        (70, 154, "154 kg of 2027-01-24"),
        (None, 70, "the weight at baseline is not given"),
        (70, None, "no weight of the day is recorded"),
    ],
)
def test_what_nobody_knows_the_plan_of_is_not_verified_in_silence(baseline, today, says):
    """What was prepared is held against the plan, never against what was typed as planned."""
    led = ready(baseline, today)
    led = drawn(led, 7e7, 7e7)
    assert says in refused(verify(led))["the preparation is as planned"]
    assert {one.truth for one in beside_the_plan(led.trial.state, "P1", 1)[:2]} == {UNKNOWN}
    assert isinstance(verify(led, difference="the scale is broken; weighed at home"), Recorded)


# --- the bedside ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "key"),
    [
        ("L1/B1", ("L1", "B1")),
        (" L1 / B1 ", ("L1", "B1")),
        ("L1 B1", ("L1", "B1")),
        ("(01)09521234543213(10)L1(21)B1", ("L1", "B1")),
        ("(10)L1", None),
        ("B1", None),
        ("", None),
        ("L1/B1/7", None),
        (label_code("2026.4", "001"), ("2026.4", "001")),
    ],
)
def test_a_label_names_lot_and_bag(code, key):
    assert read_label(code) == key


def check(led: Led, by: str = NURSE, **fields: Any) -> Any:
    said: dict[str, Any] = {
        "identifiers": ("name", "birth date"),
        "person_code": "P1",
        "bag_codes": ("L1/B1", "L1/B2"),
        "how": "scanned",
        "hour": 9.2,
        **fields,
    }
    return led.ask(x.BedsideChecked, by, dose=1, **said)


def give(led: Led, **fields: Any) -> Recorded:
    said = {"amount": 7e7, "volume_ml": 14.0, "unit": "{cells}", "dose": 1, **fields}
    return led.do(
        x.DoseAdministered,
        NURSE,
        hour=10.5,
        started_at=AT,
        ended_at=AT + timedelta(hours=1),
        **said,
    )


def verified() -> Led:
    led = ready()
    led.prepare(7e7, 70)
    assert isinstance(led.sign(), Recorded)
    return led


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"person_code": "P2"}, "the code 'P2' is not that of P1"),
        ({"bag_codes": ("L1/B1",)}, "not checked: L1/B2"),
        ({"bag_codes": ("L1/B1", "L2/B2")}, "the label 'L2/B2' is of no bag that is prepared"),
        ({"bag_codes": ("L1/B1", "L1/B2", "L1/B3")}, "the label 'L1/B3' is of no bag"),
        ({"bag_codes": ("L1/B1", "scratched")}, "the label 'scratched' is of no bag"),
        ({"identifiers": ("name",)}, "1 identifiers of the person, and 2 are asked for"),
    ],
)
def test_what_does_not_match_is_refused(fields, why):
    led = verified()
    assert why in " / ".join(refused(check(led, **fields)).values())
    assert checked_by(led.trial.state, led.one, 1) == ()


def test_a_bag_that_is_not_fit_any_more_is_refused():
    led = verified()
    led.act(
        x.TemperatureExcursion, LABORATORY, lot="L1", bags=("B2",), worst_celsius=25, minutes=30
    )
    assert "bag B2 is held" in " / ".join(refused(check(led)).values())


def test_nothing_is_checked_before_it_is_verified_or_after_it_is_given():
    led = recorded_as(7e7, 7e7)
    assert "nobody has verified the preparation" in " / ".join(refused(check(led)).values())
    led = verified()
    give(led)
    assert "dose 1 has been given" in " / ".join(refused(check(led)).values())


@pytest.mark.parametrize(
    ("people", "open_"),
    [((), True), ((NURSE,), True), ((NURSE, NURSE), True), ((NURSE, LEAD), False)],
)
def test_where_the_protocol_is_silent_it_is_asked_who_checked(people, open_):
    led = verified()
    for who in people:
        assert isinstance(check(led, who), Recorded)
    done = give(led)
    asked = [led.trial.state.queries[one].question for one in done.queries]
    assert [one.split("?")[0] for one in asked] == (
        ["Who checked person and product of dose 1 at the bedside"] if open_ else []
    )
    assert done.deviations == ()


@pytest.mark.parametrize(
    ("rules", "people", "broken"),
    [
        ({}, (NURSE,), True),
        ({}, (NURSE, LEAD), False),
        ({"people": 1}, (NURSE,), False),
        ({"people": 0}, (), False),
    ],
)
def test_where_the_protocol_says_so_a_missing_check_is_a_deviation(rules, people, broken):
    led = asking(**rules)
    led.sign()
    for who in people:
        assert isinstance(check(led, who), Recorded)
    done = give(led)
    found = {led.trial.state.deviations[at].rule for at in done.deviations}
    assert ("person and product were checked" in found) is broken
    assert done.queries == ()


def test_a_new_preparation_is_checked_anew():
    led = verified()
    check(led)
    (entry,) = led.one.entries_of[x.DosePrepared]
    assert checked_by(led.trial.state, led.one, 1) == (NURSE,)
    led.act(p.EntryCorrected, LABORATORY, of=entry, fields={"weight_kg": 70.02}, reason="scale")
    assert checked_by(led.trial.state, led.one, 1) == ()


def test_a_code_that_must_be_scanned_is_not_read():
    led = asking(scanned=True)
    led.sign()
    why = " / ".join(refused(check(led, how="read")).values())
    assert "the protocol asks for codes to be scanned" in why
    assert isinstance(check(led), Recorded)


def test_who_checks_once_the_infusion_runs_did_not_check_before_it():
    """It is recorded as what it is, and does not stand in for the check."""
    led = asking()
    led.sign()
    assert isinstance(check(led), Recorded)
    assert isinstance(check(led, LEAD, hour=10), Recorded)
    done = give(led)
    found = {led.trial.state.deviations[at].rule for at in done.deviations}
    assert "person and product were checked" in found


def test_who_verifies_once_the_infusion_runs_did_not_verify_before_it():
    led = recorded_as(7e7, 7e7)
    verify(led)
    assert isinstance(led.sign(), Recorded)
    again = led.ask(x.PreparationVerified, SECOND, hour=10, dose=1)
    assert isinstance(again, Recorded)
    found = {
        one.rule: one.description
        for one in map(led.trial.state.deviations.__getitem__, give(led).deviations)
    }
    assert "10:00" in found["the preparation is verified"]


def test_what_bags_without_a_label_hold_is_not_known():
    """The dose is of cells, and nobody says how many a mL holds."""
    led = ready()
    bags = tuple(x.Bag(id=name, volume_ml=10.0) for name in ("X1", "X2"))
    led.act(x.ProductReceived, LABORATORY, hour=7, lot="X", bags=bags)
    led.act(x.ProductReleased, LABORATORY, hour=7, lot="X", bags=("X1", "X2"))
    led.do(x.ProductAssigned, f"pharmacist.{SITE}.1", lot="X", dose=1, bags=("X1", "X2"))
    drawn = (x.Drawn("X1", 10.0, 0.0, THAWED), x.Drawn("X2", 4.0, 6.0, THAWED))
    more: dict[str, Any] = {"planned": 7e7, "unit": "{cells}", "weight_kg": 70.0, "drawn": drawn}
    led.do(x.DosePrepared, LABORATORY, lot="X", dose=1, amount=7e7, **more)
    verify(led)
    assert "cells a bag holds is not known" in refused(led.sign())["the preparation still holds"]
