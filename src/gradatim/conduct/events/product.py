"""Events of the product, from its receipt to the end of an infusion."""

from datetime import date
from typing import Annotated, Literal

from msgspec import Meta, Struct

from gradatim.conduct.events.base import (
    Event,
    Fraction,
    Id,
    Moment,
    Name,
    NotNegative,
    Number,
    Positive,
    Reason,
    Text,
)

Checked = Literal["in order", "not applicable", "not in order"]


class Bag(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """One container of the product, as it is labelled.

    Args:
        id: its own number.
        volume_ml: mL in it; None for what is not a fluid, such as a box of tablets.
        pieces: how many tablets or the like are in it.
        strength: what one piece holds, in the unit of the dose, such as mg.
        cells_per_ml: cells per mL.
        counted: whether these are viable or total cells.
        measured: when they were counted, at release or after thawing.
        viability: viable part of the cells.
        dmso: dimethyl sulfoxide, volume per volume.
        expires_at: when it expires.
        container: what it is.
    """

    id: Id
    volume_ml: Positive | None = None
    pieces: Number | None = None
    strength: Positive | None = None
    cells_per_ml: Positive | None = None
    counted: Literal["viable", "total", ""] = ""
    measured: Literal["release", "post-thaw", ""] = ""
    viability: Fraction | None = None
    dmso: Fraction | None = None
    expires_at: Moment | None = None
    container: Literal["bag", "bottle", "vial", "box"] = "bag"


class ProductReceived(Event, frozen=True):
    """Bags of a lot arrived; the chain begins with donor and cell bank."""

    lot: Id
    bags: tuple[Bag, ...]
    donor: Id | None = None
    cell_bank: Id | None = None
    temperature: Text = ""


class ProductShipped(Event, frozen=True):
    """Bags of a lot went to another site; until they are received there they are at none.

    Args:
        shipment: its number, as on its papers and on the box.
        lot, bags: which.
        to_site: where it is sent; a depot is a site that treats nobody.
        expected_on: the day on which it is to arrive.
        temperature: how it is kept and recorded on the way: the container, the device.
    """

    shipment: Id
    lot: Id
    bags: tuple[Id, ...]
    to_site: Annotated[str, Meta(min_length=1, max_length=64)]
    expected_on: date | None = None
    temperature: Text = ""


class ShipmentReceived(Event, frozen=True):
    """A shipment of another site came, or what of it came; what did not come is missing.

    What was too warm or too cold on the way, or whose seals are not intact, waits for a person's
    judgement; all else waits in quarantine for its release.

    Args:
        shipment, lot: which; a shipment of several lots is received lot by lot.
        bags: those that came; none where none did.
        temperature: how the record of the temperature on the way looks.
        seals: how seals and container look.
        comment: what was seen.
    """

    shipment: Id
    lot: Id
    temperature: Checked
    seals: Checked
    bags: tuple[Id, ...] = ()
    comment: Text = ""


class ProductQuarantined(Event, frozen=True):
    """Bags must not be used until they are released."""

    lot: Id
    bags: tuple[Id, ...]
    reason: Reason


class TemperatureExcursion(Event, frozen=True):
    """Bags were outside their temperature; they are quarantined by this."""

    lot: Id
    bags: tuple[Id, ...]
    worst_celsius: float
    minutes: NotNegative


class TemperatureExcursionAssessed(Event, frozen=True):
    """A person judged whether bags are still fit; they still have to be released."""

    lot: Id
    bags: tuple[Id, ...]
    fit: bool
    reason: Reason


class ReleaseResult(
    Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True
):
    """The result of one test of the specification: a number with its UCUM unit, or an answer."""

    test: Name
    value: float | None = None
    unit: Annotated[str, Meta(max_length=40)] = ""
    bound: Literal["", "<", "<=", ">", ">="] = ""
    answer: Annotated[str, Meta(max_length=200)] = ""


class ProductReleased(Event, frozen=True):
    """Bags may be used. Out of specification, only by the sponsor's named decision.

    `test_results` are those of the lot, where the protocol has a specification.
    """

    lot: Id
    bags: tuple[Id, ...]
    out_of_specification: Text = ""
    decided_by: Id | None = None
    test_results: tuple[ReleaseResult, ...] = ()


class ProductReturned(Event, frozen=True):
    """Bags went back, with all that is left in them.

    Args:
        lot, bags: which.
        reason: why.
        participant: who brought them back, where a participant did.
        amount: of each, mL or pieces, where it is not all that is left.
    """

    lot: Id
    bags: tuple[Id, ...]
    reason: Reason
    participant: Id | None = None
    amount: NotNegative | None = None


class ProductDestroyed(Event, frozen=True):
    """Bags were destroyed, with all that was left in them, or `amount` of each (mL or pieces)."""

    lot: Id
    bags: tuple[Id, ...]
    reason: Reason
    amount: NotNegative | None = None


class ProductDifferenceExplained(Event, frozen=True):
    """What a bag's account does not account for was looked into; a person signs what is known.

    It covers the difference as it stands, and what should not have happened to the bag until then.

    Args:
        lot, bag: which.
        difference: what is missing, in mL or pieces; negative if more is accounted for.
        reason: what became of it, or what was done to find out.
    """

    lot: Id
    bag: Id
    difference: float
    reason: Reason


class ProductAssigned(Event, frozen=True):
    """Bags are set aside for one dose of one participant."""

    participant: Id
    dose: Number
    lot: Id
    bags: tuple[Id, ...]


class Drawn(Struct, frozen=True):
    """What was taken from a bag, and what was left and discarded, in mL; of tablets, how many."""

    bag: Id
    volume_ml: NotNegative = 0.0
    discarded_ml: NotNegative = 0.0
    thawed_at: Moment | None = None
    pieces: Number | None = None


class DosePrepared(Event, frozen=True):
    """A dose was prepared: by whom, from which bags, and how much is in it.

    `amount` and `planned` are in the unit of the dose, such as cells or mg.
    """

    participant: Id
    dose: Number
    lot: Id
    amount: Positive
    planned: Positive
    unit: Annotated[str, Meta(max_length=40)]
    drawn: tuple[Drawn, ...] = ()
    weight_kg: Positive | None = None


class PreparationVerified(Event, frozen=True):
    """A second person checked the preparation.

    Args:
        participant, dose: whose, and which.
        amount: what the second person found themselves, in the unit of the dose.
        difference: how what was prepared departs from the plan, in the words of the second person,
            who verifies it all the same.
    """

    participant: Id
    dose: Number
    amount: Positive | None = None
    difference: Text = ""


Identifier = Literal["name", "birth date", "participant number", "hospital number", "photograph"]
"""What a person at the bedside is known by."""


class BedsideChecked(Event, frozen=True):
    """One of those at the bedside held the person and the product against the preparation.

    Each of two people records it, before the dose begins.

    Args:
        participant, dose: whose dose, and which.
        identifiers: by what the person was known.
        person_code: what the wristband or the card says, as scanned or read: their number.
        bag_codes: what the label of each bag says, as scanned or read: lot and bag.
        how: scanned, or read aloud.
    """

    participant: Id
    dose: Number
    identifiers: tuple[Identifier, ...]
    person_code: Annotated[str, Meta(min_length=1, max_length=200)]
    bag_codes: tuple[Annotated[str, Meta(min_length=1, max_length=200)], ...]
    how: Literal["scanned", "read"]


class PreDoseChecklistSigned(Event, frozen=True):
    """The investigator signs the checklist: this dose may be given now."""

    participant: Id
    dose: Number
    items: dict[str, Checked]
    signer: Id


class Interruption(Struct, frozen=True):
    """An infusion stopped for a while."""

    from_: Moment
    to: Moment
    reason: Text = ""


class BagUse(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What became of what was drawn from one bag: in mL, or in pieces of what is counted.

    Args:
        bag: its number.
        volume_ml: mL given.
        discarded_ml: mL drawn, not given, and discarded.
        returned_ml: mL drawn, not given, and kept for return.
        pieces: tablets or the like that were given.
    """

    bag: Id
    volume_ml: NotNegative | None = None
    discarded_ml: NotNegative | None = None
    returned_ml: NotNegative | None = None
    pieces: Number | None = None


class DoseAdministered(Event, frozen=True):
    """A dose was given, as it was given, to whom it was given.

    Args:
        participant: who received it, whoever it was prepared for.
        dose: which of their doses.
        started_at, ended_at: when it began and ended.
        amount, unit: how much, such as cells or mg.
        volume_ml: mL given.
        interruptions: within that time.
        lot: of the bags given; None is that of the preparation.
        given: what became of each bag; empty is the bags of the preparation, as drawn.
    """

    participant: Id
    dose: Number
    started_at: Moment
    ended_at: Moment
    amount: NotNegative
    unit: Annotated[str, Meta(max_length=40)]
    volume_ml: NotNegative | None = None
    interruptions: tuple[Interruption, ...] = ()
    lot: Id | None = None
    given: tuple[BagUse, ...] = ()


class DoseWithheld(Event, frozen=True):
    """A planned dose was not given; `adverse_event` is the one that led to it, if one did."""

    participant: Id
    dose: Number
    reason: Reason
    adverse_event: Id | None = None


EVENTS = (
    ProductReceived,
    ProductShipped,
    ShipmentReceived,
    ProductQuarantined,
    TemperatureExcursion,
    TemperatureExcursionAssessed,
    ProductReleased,
    ProductReturned,
    ProductDestroyed,
    ProductDifferenceExplained,
    ProductAssigned,
    DosePrepared,
    PreparationVerified,
    BedsideChecked,
    PreDoseChecklistSigned,
    DoseAdministered,
    DoseWithheld,
)
