"""The account of the product follows what was given, by `Trial.record` alone."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from gradatim.conduct.events import participants as p
from gradatim.conduct.events import product as x
from gradatim.conduct.snapshot import snapshot
from gradatim.conduct.state import Deviation
from gradatim.conduct.trial import Recorded, Refused
from gradatim.conduct.views.doses import doses, first_dose_at
from gradatim.conduct.views.traceability import dose_origins, doses_of_lot
from gradatim.core.errors import UnusableInput
from gradatim.dosing.accountability import balance
from tests.conduct.ready import BAGS, DAY, LEAD, NURSE, PHARMACIST, SITE, Led, ready

LABORATORY = f"cell_lab.{SITE}.1"
DOSE, ML = 7e7, 14.0
"""Cells of level 1 at 70 kg, and the mL that hold them: all of B1 and 4 of the 10 mL of B2."""
AT = datetime.combine(DAY, time(9, 30), UTC)
THAWED = AT - timedelta(hours=2)


def prepared() -> Led:
    """Somebody whose dose is prepared, verified and signed for."""
    led = ready()
    led.prepare(DOSE, 70)
    assert isinstance(led.sign(), Recorded)
    return led


def give(led: Led, **fields: Any) -> dict[str, str]:
    """Give the dose as these fields say, and return the deviations by their rules."""
    said = {
        "amount": DOSE,
        "volume_ml": ML,
        "started_at": AT,
        "ended_at": AT + timedelta(hours=1),
        "unit": "{cells}",
        "dose": 1,
        **fields,
    }
    done = led.do(x.DoseAdministered, NURSE, hour=10.5, **said)
    found: list[Deviation] = [led.trial.state.deviations[at] for at in done.deviations]
    return {one.rule: one.description for one in found}


def bags(led: Led) -> dict[str, dict[str, Any]]:
    """Return what other programs are told of each bag of the lot that was touched."""
    return {
        one["bag"]: one
        for one in snapshot(led.trial.state, DAY)["product"]
        if one["lot"] == "L1" and one["left"] != one["received"]
    }


def sums(led: Led) -> dict[str, float]:
    """Return the account of the lot in mL."""
    account = balance(led.trial.state.inventory, "L1")
    return {
        name: getattr(account, name)
        for name in ("used", "discarded", "returned", "destroyed", "difference")
        if getattr(account, name)
    }


def closes(led: Led) -> bool:
    return balance(led.trial.state.inventory, "L1").closes


def test_a_whole_dose_is_used_and_its_rest_discarded():
    led = prepared()
    assert give(led) == {}
    assert sums(led) == {"used": 14, "discarded": 6}
    assert closes(led)


@pytest.mark.parametrize(
    ("fields", "account", "fits"),
    [
        ({"volume_ml": 7.0}, {"used": 7, "discarded": 6, "difference": 7}, False),
        ({"volume_ml": 13.99}, {"used": 14, "discarded": 6}, True),
        ({"volume_ml": None}, {"used": 14, "discarded": 6}, True),
        ({"volume_ml": 0.0}, {"discarded": 6, "difference": 14}, False),
        (
            {
                "volume_ml": 7.0,
                "given": (
                    x.BagUse(bag="B1", volume_ml=7.0, discarded_ml=3.0),
                    x.BagUse(bag="B2", volume_ml=0.0, discarded_ml=4.0),
                ),
            },
            {"used": 7, "discarded": 13},
            True,
        ),
        (
            {
                "volume_ml": 7.0,
                "given": (
                    x.BagUse(bag="B1", volume_ml=7.0, returned_ml=3.0),
                    x.BagUse(bag="B2", volume_ml=0.0, returned_ml=4.0),
                ),
            },
            {"used": 7, "discarded": 6, "returned": 7},
            True,
        ),
        (
            {"volume_ml": 7.0, "given": (x.BagUse(bag="B1", volume_ml=7.0),)},
            {"used": 7, "difference": 3},
            False,
        ),
    ],
)
def test_what_was_not_given_is_not_used(fields, account, fits):
    led = prepared()
    part = {"amount": DOSE * (fields["volume_ml"] or ML) / ML if fields["volume_ml"] != 0 else 0}
    assert "no more is given than was drawn" not in give(led, **{**part, **fields})
    assert sums(led) == pytest.approx(account)
    assert closes(led) is fits


def test_more_than_was_drawn_is_a_deviation_and_stands_in_the_account():
    led = prepared()
    found = give(led, volume_ml=70.0)
    assert found["no more is given than was drawn"] == "bag B2: 60 mL given, and 4 drawn from it"
    assert "the amount is what was given" in found
    assert sums(led) == {"used": 70, "discarded": 6, "difference": -56}
    assert not closes(led)


def test_an_amount_that_the_volume_does_not_hold_is_a_deviation():
    led = prepared()
    found = give(led, amount=DOSE, volume_ml=7.0)
    assert (
        found["the amount is what was given"]
        == "what was given of the bags held 3.5e+07, not 7e+07"
    )


NOT_NAMED = "the bags given for dose 1 are not those that were prepared for it, and not named"


def test_a_dose_of_another_lot_that_names_no_bags_is_of_none_that_is_known():
    led = prepared()
    led.act(x.ProductReceived, LABORATORY, lot="L2", bags=(x.Bag(id="B1", volume_ml=20.0),))
    assert give(led, lot="L2")["the bags are those of the dose"] == NOT_NAMED
    assert sums(led) == {}
    assert [one.lot for one in dose_origins(led.trial.state, led.one)] == ["L2"]


def another(led: Led) -> Led:
    """Register somebody else, who has consented; the acts are about them."""
    other = Led(led.trial, "P2")
    other.do(p.ParticipantRegistered, f"coordinator.{SITE}.1", person_token="1" * 64, sex="male")
    other.do(p.InformedConsentObtained, version="1", language="en", obtained_by=LEAD)
    return other


def test_a_dose_is_of_whom_it_was_given_to():
    led = prepared()
    other = another(led)
    rows = (x.BagUse(bag="B1", volume_ml=10.0), x.BagUse(bag="B2", volume_ml=4.0))
    found = give(other, lot="L1", given=rows)
    assert found["the bags are those of the dose"] == (
        "bag B1 of lot L1 was prepared for P1, dose 1, bag B2 of lot L1 was prepared for P1, dose 1"
    )
    state = led.trial.state
    assert {one["bag"]: one["given_to"] for one in snapshot(state, DAY)["product"]} == {
        "B1": ["P2"],
        "B2": ["P2"],
        "B3": [],
        "B4": [],
        "B5": [],
    }
    assert sums(led) == {"used": 14, "discarded": 6}
    assert first_dose_at(state, other.one) is not None
    assert first_dose_at(state, led.one) is None
    assert [(one.participant, one.bags) for one in doses_of_lot(state, "L1")] == [
        ("P2", ("B1", "B2"))
    ]
    # The first has no bags any more: a new signature is refused, and a dose says which were given.
    assert isinstance(led.sign(), Refused)
    late = give(led)
    assert late["the bags are those of the dose"] == NOT_NAMED
    assert sums(led) == {"used": 14, "discarded": 6}


def test_a_second_preparation_does_not_make_the_dose_larger():
    led = prepared()
    led.do(x.ProductAssigned, PHARMACIST, lot="L1", dose=1, bags=("B3", "B4"))
    again = led.do(
        x.DosePrepared,
        LABORATORY,
        hour=9.2,
        lot="L1",
        dose=1,
        amount=DOSE,
        planned=DOSE,
        unit="{cells}",
        weight_kg=70,
        drawn=(x.Drawn("B3", 10.0, 0.0, THAWED), x.Drawn("B4", 4.0, 6.0, THAWED)),
    )
    rules = [led.trial.state.deviations[at].rule for at in again.deviations]
    assert rules == ["the dose is prepared once"]
    give(led)
    found = bags(led)
    assert {name: one["used"] for name, one in found.items()} == {"B3": 10, "B4": 4}
    states = {one.id: one.status for one in led.trial.state.inventory.containers}
    assert states["B1"] == states["B2"] == "prepared"
    led.act(x.ProductDestroyed, PHARMACIST, lot="L1", bags=("B1", "B2"), reason="drawn twice")
    assert sums(led) == {"used": 14, "discarded": 6, "destroyed": 20}
    assert closes(led)


def test_of_two_lots_with_a_bag_of_one_number_that_which_was_given_is_used():
    led = ready()
    bag = x.Bag(id="B1", volume_ml=20.0)
    led.act(x.ProductReceived, LABORATORY, lot="L2", bags=(bag,))
    led.prepare(DOSE, 70)
    give(led, lot="L2", given=(x.BagUse(bag="B1", volume_ml=14.0, discarded_ml=6.0),))
    found = {(one["lot"], one["bag"]): one for one in snapshot(led.trial.state, DAY)["product"]}
    assert found["L2", "B1"]["used"] == 14
    assert found["L1", "B1"]["used"] == 0
    assert dose_origins(led.trial.state, led.one)[0].lot == "L2"


def test_a_correction_moves_the_account():
    led = prepared()
    give(led)
    at = doses(led.trial.state, led.one)[1]
    (entry,) = led.one.entries_of[x.DoseAdministered]
    assert at.given is not None
    led.act(
        p.EntryCorrected, NURSE, of=entry, fields={"volume_ml": 7.0, "amount": 3.5e7}, reason="slip"
    )
    assert sums(led) == {"used": 7, "discarded": 6, "difference": 7}
    (made,) = led.one.entries_of[x.DosePrepared]
    rows = [
        {"bag": "B1", "volume_ml": 7.0, "discarded_ml": 3.0},
        {"bag": "B2", "volume_ml": 0.0, "discarded_ml": 10.0},
    ]
    led.act(p.EntryCorrected, LABORATORY, of=made, fields={"drawn": rows}, reason="slip")
    assert sums(led) == {"used": 7, "discarded": 13}
    assert closes(led)


def test_a_preparation_that_is_entered_after_the_dose_is_what_was_given():
    led = ready()
    give(led)
    assert sums(led) == {}
    led.prepare(DOSE, 70)
    assert sums(led) == {"used": 14, "discarded": 6}
    assert closes(led)


def test_a_dose_that_is_entered_twice_is_too_much():
    led = prepared()
    give(led)
    give(led)
    assert sums(led) == {"used": 28, "discarded": 6, "difference": -14}
    assert not closes(led)


def test_a_dose_given_in_two_parts_adds_up():
    led = prepared()
    give(led, volume_ml=10.0, amount=5e7, given=(x.BagUse(bag="B1", volume_ml=10.0),))
    give(led, volume_ml=4.0, amount=2e7, given=(x.BagUse(bag="B2", volume_ml=4.0),))
    assert sums(led) == {"used": 14, "discarded": 6}
    assert closes(led)


def explain(led: Led, difference: float, bag: str = "B1", hours: float = 3, **more: Any) -> Any:
    event = x.ProductDifferenceExplained(
        occurred_on=DAY,
        recorded_at=AT + timedelta(hours=hours),
        recorded_by=PHARMACIST,
        site=SITE,
        lot="L1",
        bag=bag,
        difference=difference,
        reason="the line was disconnected, and what was in it thrown away",
        **more,
    )
    return led.trial.record(event)


def test_a_difference_is_explained_as_it_stands_and_signed():
    led = prepared()
    give(led, volume_ml=10.0, amount=5e7)
    assert [str(one) for one in balance(led.trial.state.inventory, "L1").faults] == [
        "B2: 10 mL received and 6 mL accounted for: 4 mL missing"
    ]
    wrong = explain(led, 3.0, "B2")
    assert isinstance(wrong, Refused)
    assert wrong.reasons[0][1] == "bag B2: 4 mL are not accounted for now, not 3"
    assert isinstance(explain(led, 0.0, "B1"), Refused)
    with pytest.raises(UnusableInput, match="has no bag B9"):
        explain(led, 4.0, "B9")
    assert isinstance(explain(led, 4.0, "B2"), Recorded)
    assert closes(led)
    assert bags(led)["B2"]["explained"] == 4
    # What is told later makes a difference of its own.
    (entry,) = led.one.entries_of[x.DoseAdministered]
    led.act(p.EntryCorrected, NURSE, of=entry, fields={"volume_ml": 12.0}, reason="read again")
    assert not closes(led)
    assert isinstance(explain(led, -2.0, "B2"), Recorded)
    assert closes(led)


def test_an_explanation_covers_no_fault_that_came_to_light_later():
    """The preparation is corrected: the explained bag was none of it, and was given from."""
    led = prepared()
    used = (x.BagUse(bag="B1", volume_ml=10.0), x.BagUse(bag="B2", volume_ml=1.0))
    give(led, volume_ml=11.0, amount=5.5e7, given=used)
    assert isinstance(explain(led, 3.0, "B2"), Recorded)
    (bag,) = led.trial.state.inventory.find("L1", ("B2",))
    assert bag.open_faults == ()
    (entry,) = led.one.entries_of[x.DosePrepared]
    fixed = {"drawn": [{"bag": "B1", "volume_ml": 10.0}, {"bag": "B3", "volume_ml": 4.0}]}
    led.act(p.EntryCorrected, LABORATORY, hour=13, of=entry, fields=fixed, reason="another bag")
    (bag,) = led.trial.state.inventory.find("L1", ("B2",))
    assert "infused while released" in bag.open_faults[0].what
    assert isinstance(explain(led, bag.unexplained, "B2", hours=5), Recorded)
    (bag,) = led.trial.state.inventory.find("L1", ("B2",))
    assert bag.open_faults == ()


def test_a_corrected_preparation_is_asked_of_the_bags_as_they_were_before_it():
    """Its own drawing is no reason to find that its bags were not released."""
    led = prepared()
    (entry,) = led.one.entries_of[x.DosePrepared]
    fixed = {"drawn": [{"bag": "B5", "volume_ml": 10.0}, {"bag": "B2", "volume_ml": 4.0}]}
    warm: dict[str, Any] = {"worst_celsius": 25.0, "minutes": 30.0}
    led.act(x.TemperatureExcursion, LABORATORY, hour=9.2, lot="L1", bags=("B5",), **warm)
    done = led.act(
        p.EntryCorrected, LABORATORY, hour=9.3, of=entry, fields=fixed, reason="another bag"
    )
    broken = {led.trial.state.deviations[at].rule for at in done.deviations}
    assert "the bags were released" in broken
    told = {led.trial.state.deviations[at].description for at in done.deviations}
    assert not any("B2 is" in one for one in told)


def test_what_is_left_over_can_go_back_or_be_destroyed():
    led = prepared()
    give(led, volume_ml=12.0, amount=6e7)
    led.act(x.ProductDestroyed, PHARMACIST, lot="L1", bags=("B2",), reason="left in the line")
    assert sums(led) == {"used": 12, "discarded": 6, "destroyed": 2}
    assert closes(led)
    led.act(x.ProductReturned, PHARMACIST, lot="L1", bags=("B5",), reason="short-dated")
    assert sums(led)["returned"] == 10
    gone = led.act(
        x.ProductReturned, PHARMACIST, lot="L1", bags=("B4", "B9"), reason="cracked", amount=11.0
    )
    rules = [led.trial.state.deviations[at].rule for at in gone.deviations]
    assert rules == ["the bags are known"]


def test_withholding_discards_what_was_thawed_and_frees_the_rest():
    led = prepared()
    led.do(x.ProductAssigned, PHARMACIST, lot="L1", dose=1, bags=("B3",))
    led.do(x.DoseWithheld, LEAD, hour=10, dose=1, reason="fever")
    assert sums(led) == {"discarded": 20}
    free = {one.id for one in led.trial.state.inventory.containers if one.reserved_for is None}
    assert free == set(BAGS) - {"B1", "B2"}
    assert closes(led)


# --- tablets ----------------------------------------------------------------------


NO_VOLUME = "there is no volume to infuse"
"""What the rate is asked of: this is no protocol of tablets."""


def box(led: Led, pieces: int = 30, strength: float = 35e6) -> None:
    """Receive and release a box of tablets of half the dose each."""
    one = x.Bag(id="X1", pieces=pieces, strength=strength, container="box")
    led.act(x.ProductReceived, LABORATORY, lot="T1", bags=(one,))
    led.act(x.ProductReleased, LABORATORY, lot="T1", bags=("X1",))


def test_tablets_are_counted_in_pieces_and_a_box_stays_on_its_shelf():
    led = ready()
    box(led)
    led.do(x.ProductAssigned, PHARMACIST, lot="T1", dose=1, bags=("X1",))
    made = led.do(
        x.DosePrepared,
        LABORATORY,
        lot="T1",
        dose=1,
        amount=DOSE,
        planned=DOSE,
        unit="{cells}",
        weight_kg=70,
        drawn=(x.Drawn("X1", pieces=2),),
    )
    assert made.deviations == ()
    led.do(x.PreparationVerified, f"cell_lab.{SITE}.2", hour=8.8, dose=1)
    assert isinstance(led.sign(), Recorded)
    assert give(led, volume_ml=None) == {"the infusion keeps its limits": NO_VOLUME}
    (account,) = [one for one in snapshot(led.trial.state, DAY)["product"] if one["lot"] == "T1"]
    assert (account["received"], account["used"], account["left"]) == (30, 2, 28)
    assert account["measure"] == "pieces"
    assert account["state"] == "released"
    led.act(
        x.ProductReturned,
        PHARMACIST,
        lot="T1",
        bags=("X1",),
        participant="P1",
        amount=3.0,
        reason="brought back",
    )
    account = balance(led.trial.state.inventory, "T1")
    assert (account.returned, account.on_hand, account.closes) == (3, 25, True)


def test_too_many_tablets_are_a_deviation():
    led = ready()
    box(led)
    led.do(x.ProductAssigned, PHARMACIST, lot="T1", dose=1, bags=("X1",))
    led.do(
        x.DosePrepared,
        LABORATORY,
        lot="T1",
        dose=1,
        amount=DOSE,
        planned=DOSE,
        unit="{cells}",
        weight_kg=70,
        drawn=(x.Drawn("X1", pieces=2),),
    )
    found = give(led, volume_ml=None, given=(x.BagUse(bag="X1", pieces=20),))
    assert found["no more is given than was drawn"] == (
        "bag X1: 20 pieces given, and 2 drawn from it"
    )


# --- interruptions ----------------------------------------------------------------


def pause(first: float, last: float) -> x.Interruption:
    return x.Interruption(AT + timedelta(minutes=first), AT + timedelta(minutes=last))


@pytest.mark.parametrize("pauses", [(30, 20), (70, 80), (-5, 5)])
def test_an_interruption_ends_after_it_began_and_lies_within_the_dose(pauses):
    led = prepared()
    with pytest.raises(UnusableInput, match="interrupt"):
        give(led, interruptions=(pause(*pauses),))


@pytest.mark.parametrize(
    ("pauses", "fast"),
    [
        ((), False),
        ((pause(0, 57),), False),  # 14 mL in 3 min
        ((pause(0, 58),), True),  # in 2 min
        ((pause(0, 40), pause(10, 55)), False),  # what stood still at once counts once
        ((pause(0, 40), pause(40, 58)), True),
    ],
)
def test_the_rate_is_that_of_the_time_in_which_it_ran(pauses, fast):
    led = prepared()
    found = give(led, interruptions=pauses)
    assert ("the infusion keeps its limits" in found) is fast


@pytest.mark.parametrize(
    "first", [x.BagUse(bag="B1", discarded_ml=3.0), x.BagUse(bag="B1", returned_ml=3.0)]
)
def test_what_went_elsewhere_was_not_given_as_well(first: x.BagUse):
    """Of 10 mL drawn 3 are thrown away, or go back; how much was given is not said."""
    led = prepared()
    rows = (first, x.BagUse(bag="B2", volume_ml=4.0))
    give(led, volume_ml=None, given=rows)
    (bag,) = led.trial.state.inventory.find("L1", ("B1",))
    assert (bag.used, bag.discarded + bag.returned, bag.difference) == (7, 3, 0)


def test_a_bag_that_was_never_opened_is_none_of_the_infusion():
    """A third bag was set aside in case, and stays frozen."""
    led = ready()
    led.do(x.ProductAssigned, PHARMACIST, lot="L1", dose=1, bags=("B1", "B2", "B3"))
    drawn = (x.Drawn("B1", 10.0, 0.0, THAWED), x.Drawn("B2", 4.0, 6.0, THAWED))
    more: dict[str, Any] = {"planned": DOSE, "unit": "{cells}", "weight_kg": 70.0, "drawn": drawn}
    led.do(x.DosePrepared, LABORATORY, lot="L1", dose=1, amount=DOSE, **more)
    led.do(x.PreparationVerified, f"cell_lab.{SITE}.2", hour=8.8, dose=1)
    assert isinstance(led.sign(), Recorded)
    assert give(led) == {}
