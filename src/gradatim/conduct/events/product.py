"""Events of the product, from its receipt to the end of an infusion."""

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
    cells_per_ml: Positive | None = None
    counted: Literal["viable", "total", ""] = ""
    measured: Literal["release", "post-thaw", ""] = ""
    viability: Fraction | None = None
    dmso: Fraction | None = None
    expires_at: Moment | None = None
    container: Literal["bag", "bottle", "vial"] = "bag"


class ProductReceived(Event, frozen=True):
    """Bags of a lot arrived; the chain begins with donor and cell bank."""

    lot: Id
    bags: tuple[Bag, ...]
    donor: Id | None = None
    cell_bank: Id | None = None
    temperature: Text = ""


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
    """Bags went back."""

    lot: Id
    bags: tuple[Id, ...]
    reason: Reason


class ProductDestroyed(Event, frozen=True):
    """Bags were destroyed."""

    lot: Id
    bags: tuple[Id, ...]
    reason: Reason


class ProductAssigned(Event, frozen=True):
    """Bags are set aside for one dose of one participant."""

    participant: Id
    dose: Number
    lot: Id
    bags: tuple[Id, ...]


class Drawn(Struct, frozen=True):
    """What was taken from a bag, and what was left and discarded, in mL."""

    bag: Id
    volume_ml: NotNegative
    discarded_ml: NotNegative
    thawed_at: Moment | None = None


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
    """A second person checked the preparation."""

    participant: Id
    dose: Number


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


class DoseAdministered(Event, frozen=True):
    """A dose was given, as it was given."""

    participant: Id
    dose: Number
    started_at: Moment
    ended_at: Moment
    amount: NotNegative
    unit: Annotated[str, Meta(max_length=40)]
    volume_ml: NotNegative | None = None
    interruptions: tuple[Interruption, ...] = ()


class DoseWithheld(Event, frozen=True):
    """A planned dose was not given; `adverse_event` is the one that led to it, if one did."""

    participant: Id
    dose: Number
    reason: Reason
    adverse_event: Id | None = None


EVENTS = (
    ProductReceived,
    ProductQuarantined,
    TemperatureExcursion,
    TemperatureExcursionAssessed,
    ProductReleased,
    ProductReturned,
    ProductDestroyed,
    ProductAssigned,
    DosePrepared,
    PreparationVerified,
    PreDoseChecklistSigned,
    DoseAdministered,
    DoseWithheld,
)
