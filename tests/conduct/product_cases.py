"""Of each policy of the product's account, of verification and of the bedside, what breaks it."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any

from gradatim.conduct.events import product as x
from gradatim.conduct.events.base import Event
from gradatim.conduct.policies import account, bedside, shipping, verification
from gradatim.conduct.policies.verdicts import Policy
from gradatim.conduct.state import State
from gradatim.protocol.base import Basis
from gradatim.protocol.treatment import BedsideCheck
from tests.conduct.ready import DAY, NURSE, PHARMACIST, SITE, Led, ready
from tests.conduct.trials import event

Case = tuple[State, Event]
LABORATORY, SECOND = f"cell_lab.{SITE}.1", f"cell_lab.{SITE}.2"
CODES = ("L1/B1", "L1/B2")
DOSE = 7e7


def prepared() -> Led:
    """Somebody whose dose is prepared and verified."""
    led = ready()
    led.prepare(DOSE, 70)
    return led


def about(kind: type[Event], by: str, **fields: Any) -> Event:
    """Return an act about the participant, on the day of the dose."""
    return event(kind, by, SITE, on=DAY, participant="P1", dose=1, **fields)


def given(**fields: Any) -> Event:
    """Return the dose as it was given, or as these fields say."""
    at = datetime.combine(DAY, time(9, 30), UTC)
    said = {
        "amount": DOSE,
        "unit": "{cells}",
        "volume_ml": 14.0,
        "started_at": at,
        "ended_at": at + timedelta(hours=1),
        **fields,
    }
    return about(x.DoseAdministered, NURSE, **said)


def checked(**fields: Any) -> Event:
    """Return a check at the bedside in which all is right, or as these fields say."""
    said = {
        "identifiers": ("name", "birth date"),
        "person_code": "P1",
        "bag_codes": CODES,
        "how": "scanned",
        **fields,
    }
    return about(x.BedsideChecked, NURSE, **said)


def again() -> Event:
    """Return a second preparation of the dose, of ten times as much."""
    rows = (x.Drawn("B3", 10.0, 0.0),)
    more = {"amount": 10 * DOSE, "planned": DOSE, "unit": "{cells}", "drawn": rows}
    return about(x.DosePrepared, LABORATORY, lot="L1", weight_kg=70.0, **more)


def tenfold() -> Led:
    """Somebody for whom ten times the dose is recorded as prepared."""
    led = ready()
    led.trial.record(again())
    return led


def asking(**rules: Any) -> Led:
    """Somebody in a trial whose protocol says who checks at the bedside."""
    led = prepared()
    version = led.trial.state.versions[-1]
    check = BedsideCheck(basis=Basis.STATED, **rules)
    treatment = version.study.treatment.model_copy(update={"bedside": check})
    study = version.study.model_copy(update={"treatment": treatment})
    led.trial.state.versions[-1] = version._replace(study=study)
    return led


def gone(**fields: Any) -> Event:
    """Return that bags went back."""
    return event(x.ProductReturned, PHARMACIST, SITE, on=DAY, lot="L1", reason="cracked", **fields)


def explained(difference: float) -> Event:
    """Return the explanation of a difference in bag B1."""
    return event(
        x.ProductDifferenceExplained,
        PHARMACIST,
        SITE,
        on=DAY,
        lot="L1",
        bag="B1",
        difference=difference,
        reason="spilt on the bench",
    )


def elsewhere() -> Case:
    """Bags that are on their way to another site, as they are returned."""
    led = prepared()
    led.trial.record(shipped())
    return led.trial.state, gone(bags=("B4",))


def shipped(**fields: Any) -> Event:
    """Return that a bag went to another site."""
    said = {"bags": ("B4",), "shipment": "AWB-7", "to_site": "S02", **fields}
    return event(x.ProductShipped, PHARMACIST, SITE, on=DAY, lot="L1", **said)


def short() -> Case:
    """A shipment of which nothing came."""
    led = prepared()
    led.trial.record(shipped())
    fields: dict[str, Any] = {"shipment": "AWB-7", "temperature": "in order", "seals": "in order"}
    came = event(x.ShipmentReceived, "pharmacist.S02.1", "S02", on=DAY, lot="L1", **fields)
    return led.trial.state, came


def twice() -> Case:
    """A bag that is received at a second site, and nobody has shipped it."""
    bags = (x.Bag(id="B4", volume_ml=10.0),)
    came = event(x.ProductReceived, "pharmacist.S02.1", "S02", on=DAY, lot="L1", bags=bags)
    return prepared().trial.state, came


CASES: dict[Policy, Callable[[], Case]] = {
    account.the_dose_is_prepared_once: lambda: (prepared().trial.state, again()),
    account.the_bags_are_those_of_the_dose: lambda: (
        prepared().trial.state,
        given(lot="L1", given=(x.BagUse(bag="B3", volume_ml=14.0),)),
    ),
    account.no_more_is_given_than_was_drawn: lambda: (
        prepared().trial.state,
        given(volume_ml=70.0),
    ),
    account.the_amount_is_what_was_given: lambda: (prepared().trial.state, given(volume_ml=7.0)),
    account.the_bags_are_known: lambda: (prepared().trial.state, gone(bags=("B9",))),
    account.the_difference_is_that_of_the_account: lambda: (
        prepared().trial.state,
        explained(1.0),
    ),
    shipping.the_bags_may_be_shipped: lambda: (prepared().trial.state, shipped(bags=("B1",))),
    shipping.what_was_sent_arrived: short,
    shipping.what_is_received_is_nowhere_else: twice,
    shipping.what_is_handled_is_here: elsewhere,
    verification.the_preparation_is_as_planned: lambda: (
        tenfold().trial.state,
        about(x.PreparationVerified, SECOND),
    ),
    verification.the_second_person_found_the_same: lambda: (
        prepared().trial.state,
        about(x.PreparationVerified, SECOND, amount=DOSE / 10),
    ),
    bedside.the_preparation_was_verified: lambda: (ready().trial.state, checked()),
    bedside.enough_identifiers_are_checked: lambda: (
        prepared().trial.state,
        checked(identifiers=("name", "name")),
    ),
    bedside.the_person_is_the_participant: lambda: (
        prepared().trial.state,
        checked(person_code="P2"),
    ),
    bedside.the_bags_are_those_that_were_prepared: lambda: (
        prepared().trial.state,
        checked(bag_codes=("L1/B1", "L2/B2")),
    ),
    bedside.the_codes_are_scanned: lambda: (asking(scanned=True).trial.state, checked(how="read")),
    bedside.person_and_product_were_checked: lambda: (asking().trial.state, given()),
}
