"""Product that moves from one site to another, by `Trial.record` alone."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import msgspec
import pytest

from gradatim.conduct.access import access_of
from gradatim.conduct.events import participants as p
from gradatim.conduct.events import product as x
from gradatim.conduct.events.base import Event, Signature
from gradatim.conduct.trial import Recorded, Refused
from gradatim.conduct.views.tasks import tasks
from gradatim.conduct.views.visible_tasks import visible_tasks
from gradatim.conduct.visibility import NotVisible, require_visible, sees_lot
from gradatim.core.errors import UnusableInput
from gradatim.dosing.accountability import balance
from gradatim.dosing.inventory import Container
from tests.conduct.ready import BAGS, DAY, LEAD, NURSE, SITE, Led, ready
from tests.conduct.trials import recorded

THERE = "S02"
THEIR_PHARMACIST, LABORATORY = f"pharmacist.{THERE}.1", f"cell_lab.{SITE}.1"
SIGNED = Signature("A", "It was made in error.")
DOSE = 7e7
AT = datetime.combine(DAY, time(9, 30), UTC)
LOT, SOME = "L1", ("B4", "B5")
WELL: dict[str, Any] = {"temperature": "in order", "seals": "in order"}


def at(led: Led, kind: type[Event], site: str = SITE, by: str = "", **fields: Any) -> Recorded:
    """Record an act of the product at a site."""
    return recorded(ask(led, kind, site, by, **fields))


def ask(led: Led, kind: type[Event], site: str = SITE, by: str = "", **fields: Any) -> Any:
    return led.trial.record(act(kind, site, by, **{"lot": LOT, **fields}))


def act(kind: type[Event], site: str, by: str = "", **fields: Any) -> Event:
    moment = datetime.combine(DAY, time(8, 30), UTC)
    who = by or f"pharmacist.{site}.1"
    return kind(occurred_on=DAY, recorded_at=moment, recorded_by=who, site=site, **fields)


def bag(led: Led, number: str = "B4") -> Container:
    (found,) = led.trial.state.inventory.find(LOT, (number,))
    return found


def broken(led: Led, done: Recorded) -> dict[str, str]:
    """Return the deviations beside an entry, by their rules."""
    found = [led.trial.state.deviations[one] for one in done.deviations]
    return {one.rule: one.description for one in found}


def sent(**fields: Any) -> Led:
    """Two bags are on their way from the first site to the second."""
    led = ready()
    said = {"bags": SOME, "shipment": "AWB-7", "to_site": THERE, **fields}
    assert broken(led, at(led, x.ProductShipped, **said)) == {}
    return led


def received(led: Led, **fields: Any) -> dict[str, str]:
    said: dict[str, Any] = {"bags": SOME, "shipment": "AWB-7", **WELL, **fields}
    return broken(led, at(led, x.ShipmentReceived, THERE, **said))


def test_between_two_sites_a_bag_is_at_neither_and_counts_in_the_account():
    led = sent()
    assert (bag(led).status, bag(led).site, bag(led).bound_for) == ("in transit", SITE, THERE)
    account = balance(led.trial.state.inventory, LOT)
    assert (account.in_transit, account.on_hand, account.closes) == (20, 30, True)
    assert received(led) == {}
    assert (bag(led).status, bag(led).site, bag(led).sites) == ("quarantined", THERE, (THERE,))
    account = balance(led.trial.state.inventory, LOT)
    assert (account.in_transit, account.on_hand, account.closes) == (0, 50, True)
    at(led, x.ProductReleased, THERE, bags=SOME)
    assert bag(led).status == "released"


@pytest.mark.parametrize("site", [SITE, THERE])
@pytest.mark.parametrize("kind", [x.ProductReturned, x.ProductDestroyed])
def test_what_is_on_its_way_is_neither_returned_nor_destroyed(kind, site):
    led = sent()
    found = broken(led, at(led, kind, site, bags=SOME[:1], reason="gone"))
    assert found["what is handled is here"] == "bag B4 is on its way to site S02"
    assert not balance(led.trial.state.inventory, LOT).closes


def test_what_is_on_its_way_is_neither_set_aside_nor_released_nor_shipped_on():
    led = sent()
    for asked in (
        ask(led, x.ProductAssigned, participant=led.name, dose=1, bags=SOME),
        ask(led, x.ProductReleased, bags=SOME),
        ask(led, x.ProductReleased, THERE, bags=SOME),
    ):
        assert isinstance(asked, Refused)
    again = at(led, x.ProductShipped, bags=SOME, shipment="AWB-8", to_site=THERE)
    assert "the bags may be shipped" in broken(led, again)


def test_a_dose_from_a_bag_on_its_way_is_a_deviation_and_stands_in_the_account():
    led = ready()
    led.prepare(DOSE, 70)
    led.sign()
    at(led, x.ProductShipped, bags=("B1",), shipment="AWB-7", to_site=THERE)
    done = led.do(
        x.DoseAdministered,
        NURSE,
        hour=10.5,
        dose=1,
        amount=DOSE,
        unit="{cells}",
        volume_ml=14.0,
        started_at=AT,
        ended_at=AT + timedelta(hours=1),
        lot=LOT,
        given=(x.BagUse(bag="B1", volume_ml=10.0), x.BagUse(bag="B2", volume_ml=4.0)),
    )
    assert broken(led, done)["what is handled is here"] == "bag B1 is on its way to site S02"
    assert any("infused while held in transit" in one.what for one in bag(led, "B1").open_faults)


def test_a_bag_given_at_one_site_that_stands_at_another_is_a_deviation():
    led = sent()
    received(led)
    at(led, x.ProductReleased, THERE, bags=SOME)
    rows = (x.Drawn("B4", 10.0, 0.0), x.Drawn("B5", 4.0, 6.0))
    done = led.do(
        x.DosePrepared,
        LABORATORY,
        lot=LOT,
        dose=1,
        drawn=rows,
        weight_kg=70.0,
        amount=DOSE,
        planned=DOSE,
        unit="{cells}",
    )
    says = "bag B4 is at site S02 by the account, bag B5 is at site S02 by the account"
    assert broken(led, done)["what is handled is here"] == says
    assert any("prepared at S01, though it is at S02" in one.what for one in bag(led).open_faults)


def test_what_does_not_arrive_is_missing_until_somebody_explains_it_and_signs():
    led = sent()
    found = received(led, bags=("B4",))
    assert found == {"what was sent arrived": "of shipment AWB-7 did not arrive: B5"}
    lost = bag(led, "B5")
    assert (lost.status, lost.difference) == ("missing", 10)
    asked = [one for one in tasks(led.trial.state, AT, DAY) if one.given.get("bag") == "B5"]
    assert {(one.event, one.site) for one in asked} == {
        ("ProductDifferenceExplained", SITE),
        ("ProductDifferenceExplained", THERE),
    }
    for user in ("sponsor.1", f"pharmacist.{SITE}.1", THEIR_PHARMACIST):
        shown = visible_tasks(access_of(led.trial.state, user), AT, DAY)
        assert [one.mine for one in shown if one.task.given.get("bag") == "B5"] == [True], user
    said: dict[str, Any] = {"bag": "B5", "difference": 10.0, "reason": "the carrier lost it"}
    at(led, x.ProductDifferenceExplained, THERE, **said)
    assert balance(led.trial.state.inventory, LOT).closes
    late = received(led, bags=("B5",))
    assert late == {}
    assert (bag(led, "B5").status, bag(led, "B5").unexplained) == ("excursion", -10)


def test_a_shipment_of_which_nothing_came_is_missing_as_a_whole():
    led = sent()
    assert "what was sent arrived" in received(led, bags=())
    assert {bag(led, one).status for one in SOME} == {"missing"}


@pytest.mark.parametrize("field", ["temperature", "seals"])
def test_what_did_not_come_in_order_waits_for_a_judgement(field):
    led = sent()
    received(led, **{field: "not in order"})
    assert bag(led).status == "excursion"
    assert isinstance(ask(led, x.ProductReleased, THERE, bags=SOME), Refused)


def test_an_excursion_on_the_way_is_kept_until_it_is_judged():
    led = sent()
    at(led, x.TemperatureExcursion, bags=("B4",), worst_celsius=-80.0, minutes=9)
    received(led)
    assert (bag(led, "B4").status, bag(led, "B5").status) == ("excursion", "quarantined")


def test_a_recall_reaches_a_bag_on_its_way_and_is_seen_at_both_ends():
    led = sent()
    at(led, x.ProductQuarantined, THERE, "sponsor.1", bags=SOME, reason="recall of the lot")
    assert bag(led).faults == ()
    for site in (SITE, THERE):
        access = access_of(led.trial.state, f"pharmacist.{site}.1")
        assert sees_lot(access, led.trial.state.lots[LOT])
    received(led)
    assert bag(led).status == "quarantined"


def test_a_bag_received_at_another_site_without_a_shipment_is_one_bag_and_a_deviation():
    led = ready()
    label = (x.Bag(id="B4", volume_ml=10.0),)
    done = at(led, x.ProductReceived, THERE, bags=label)
    says = {"what is received is nowhere else": "bag B4 is at site S01 by the account"}
    assert broken(led, done) == says
    assert (bag(led).site, bag(led).status, bag(led).received) == (THERE, "quarantined", 10)
    assert any("at S02, though it is at S01" in one.what for one in bag(led).open_faults)


def test_a_shipment_recorded_as_received_product_is_received():
    led = sent()
    done = at(led, x.ProductReceived, THERE, bags=(x.Bag(id="B4", volume_ml=10.0),))
    assert broken(led, done) == {}
    assert (bag(led).site, bag(led).status, bag(led).faults) == (THERE, "quarantined", ())


def test_a_shipment_may_come_back():
    led = sent()
    done = at(led, x.ShipmentReceived, SITE, bags=SOME, shipment="AWB-7", **WELL)
    assert broken(led, done) == {}
    assert (bag(led).site, bag(led).status, bag(led).faults) == (SITE, "quarantined", ())


def warm(led: Led) -> None:
    at(led, x.TemperatureExcursion, bags=("B4",), worst_celsius=-80.0, minutes=9)


def unfit(led: Led) -> None:
    warm(led)
    said: dict[str, Any] = {"bags": ("B4",), "fit": False, "reason": "too warm for too long"}
    at(led, x.TemperatureExcursionAssessed, by=LABORATORY, **said)


def warm_on_its_way(led: Led) -> None:
    at(led, x.ProductShipped, bags=("B4",), shipment="W0", to_site=THERE)
    warm(led)


def lost(led: Led) -> None:
    at(led, x.ProductShipped, bags=("B4",), shipment="W0", to_site=THERE)
    at(led, x.ShipmentReceived, THERE, bags=(), shipment="W0", **WELL)


def shipped(led: Led) -> None:
    at(led, x.ProductShipped, bags=("B4",), shipment="W1", to_site=THERE)
    at(led, x.ShipmentReceived, THERE, bags=("B4",), shipment="W1", **WELL)


def received_without_a_shipment(led: Led) -> None:
    at(led, x.ProductReceived, THERE, bags=(x.Bag(id="B4", volume_ml=10.0),))


@pytest.mark.parametrize("way", [shipped, received_without_a_shipment])
@pytest.mark.parametrize("held", [warm, unfit, warm_on_its_way, lost])
def test_what_waits_for_a_judgement_waits_for_it_at_another_site_too(held, way):
    led = ready()
    held(led)
    way(led)
    assert (bag(led).site, bag(led).status) == (THERE, "excursion")
    assert isinstance(ask(led, x.ProductReleased, THERE, bags=("B4",)), Refused)


def test_the_days_of_a_shipment_are_in_their_order():
    before = DAY - timedelta(days=2)
    with pytest.raises(UnusableInput, match=f"expected on {before}, before it was sent on {DAY}"):
        sent(expected_on=before)
    early = act(x.ShipmentReceived, THERE, lot=LOT, bags=SOME, shipment="AWB-7", **WELL)
    with pytest.raises(UnusableInput, match=f"shipment AWB-7 was sent on {DAY}"):
        sent().trial.record(msgspec.structs.replace(early, occurred_on=before))


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"to_site": "S99"}, "there is no site S99"),
        ({"to_site": SITE}, "to itself"),
        ({"bags": ()}, "no bag is shipped"),
        ({"bags": ("B4", "B4")}, "B4 is there twice"),
    ],
)
def test_a_shipment_that_cannot_be_meant(fields, says):
    said = {"bags": SOME, "shipment": "AWB-7", "to_site": THERE, **fields}
    with pytest.raises(UnusableInput, match=says):
        at(ready(), x.ProductShipped, **said)


def test_a_shipment_that_nobody_sent_is_not_received():
    with pytest.raises(UnusableInput, match="there is no shipment AWB-7 of lot L1"):
        received(ready())


@pytest.mark.parametrize(
    ("bags", "says"),
    [
        (("B1",), "bag B1 is prepared, bag B1 has been opened, bag B1 is held for P1, dose 1"),
        (("B9",), "lot L1 has no bag B9"),
    ],
)
def test_only_what_is_whole_and_nobody_s_is_shipped(bags, says):
    led = ready()
    led.prepare(DOSE, 70)
    done = at(led, x.ProductShipped, bags=bags, shipment="AWB-7", to_site=THERE)
    assert broken(led, done)["the bags may be shipped"] == says


def test_a_shipment_made_in_error_never_happened_once_two_have_signed():
    led = sent()
    of = led.trial.state.position
    said = act(p.EntryVoided, SITE, of=of, reason="another bag", bears_on=("dose",))
    done = recorded(led.trial.record(_signed(said)))
    assert bag(led).status == "in transit"
    confirmed = act(p.VoidConfirmed, SITE, LEAD, of=done.position)
    recorded(led.trial.record(_signed(confirmed)))
    assert (bag(led).status, bag(led).site, bag(led).sites) == ("released", SITE, (SITE,))
    assert led.trial.state.inventory.shipments == {}


def _signed(event: Event) -> Event:
    return msgspec.structs.replace(event, signature=SIGNED)


def test_a_site_names_only_bags_that_are_there_or_on_their_way_there():
    led = sent()
    access = access_of(led.trial.state, THEIR_PHARMACIST)
    fine = act(x.ShipmentReceived, THERE, lot=LOT, bags=SOME, shipment="AWB-7", **WELL)
    require_visible(access, "ShipmentReceived", fine)
    other = act(x.ProductReturned, THERE, lot=LOT, bags=BAGS[:1], reason="gone")
    with pytest.raises(NotVisible):
        require_visible(access, "ProductReturned", other)
    said: dict[str, Any] = {"difference": 1.0, "reason": "the carrier spilt it"}
    for number in (*SOME, BAGS[0]):
        explained = act(x.ProductDifferenceExplained, THERE, lot=LOT, bag=number, **said)
        if number in SOME:
            require_visible(access, "ProductDifferenceExplained", explained)
            continue
        with pytest.raises(NotVisible):
            require_visible(access, "ProductDifferenceExplained", explained)


def test_who_sent_all_of_a_lot_on_sees_it_and_names_it_no_more():
    led = sent(bags=BAGS)
    received(led, bags=BAGS)
    here = access_of(led.trial.state, "pharmacist.S01.1")
    lot = led.trial.state.lots[LOT]
    assert sees_lot(here, lot)
    assert not sees_lot(access_of(led.trial.state, "pharmacist.S03.1"), lot)
    released = act(x.ProductReleased, SITE, lot=LOT, bags=BAGS[:1])
    with pytest.raises(NotVisible):
        require_visible(here, "ProductReleased", released)


def test_whoever_is_to_receive_it_has_it_among_their_tasks():
    led = sent(expected_on=DAY)
    state = led.trial.state
    (task,) = [one for one in tasks(state, AT, DAY) if one.event == "ShipmentReceived"]
    assert (task.site, dict(task.given)) == (THERE, {"lot": LOT, "shipment": "AWB-7"})
    received(led)
    assert not [one for one in tasks(state, AT, DAY) if one.event == "ShipmentReceived"]
