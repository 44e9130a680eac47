"""`gradatim dose`: from a dose level and a weight to cells, volume and bags, with every step."""

import math
from typing import TYPE_CHECKING, Any, NamedTuple

from gradatim.cli.dose.options import (
    Bags,
    BagVolume,
    Baseline,
    Certified,
    Counted,
    Dmso,
    EndsAt,
    Expiry,
    Level,
    MeasuredAtOption,
    Minutes,
    PerMl,
    Recovery,
    ThawedAt,
    Viability,
    Weight,
    WeightIsMeant,
    WholeBags,
    expiry_option,
    label_option,
    moment_option,
    positive_option,
)
from gradatim.cli.options import AsJson, Protocol
from gradatim.core.errors import UnusableInput

if TYPE_CHECKING:
    from datetime import datetime

    from gradatim.dosing.inventory import Container
    from gradatim.dosing.prepared import Prepared
    from gradatim.dosing.product import Concentration, Intended, Weights
    from gradatim.protocol.study import Study

MOST_BAGS = 1000


class BagOptions(NamedTuple):
    """What the options say of each bag."""

    volume_ml: float | None
    number: int | None
    expiry: "datetime | None"
    thawed_at: "datetime | None"
    dmso: float | None
    certified: float | None


def dose(
    protocol: Protocol,
    level: Level,
    weight: Weight = None,
    cells_per_ml: PerMl = None,
    counted: Counted = "",
    measured: MeasuredAtOption = "",
    viability: Viability = None,
    certified_viability: Certified = None,
    recovery: Recovery = 1.0,
    baseline_weight: Baseline = None,
    bag_volume: BagVolume = None,
    bags: Bags = None,
    whole_bags: WholeBags = False,
    dmso: Dmso = None,
    thawed_at: ThawedAt = "",
    ends_at: EndsAt = "",
    expiry: Expiry = "",
    duration: Minutes = None,
    weight_is_meant: WeightIsMeant = False,
    json: AsJson = False,
) -> None:
    """Compute a dose: cells, volume and bags, with every step, every limit and what it rests on.

    What counts as a cell (viable or total) and when it was counted must be said. A preparation
    that breaks a limit is shown as refused; one that lacks something as undetermined. A weight
    that the other one, or the weights of adults, make implausible is not computed with until
    --weight-is-meant confirms it.
    """
    from gradatim.dosing.product import Intended, Weights
    from gradatim.protocol.load import load

    document = load(protocol)
    weights = None if weight is None else Weights(weight, baseline_weight, weight_is_meant)
    if weights is None and baseline_weight is not None:
        raise UnusableInput(
            "there is no weight on the day",
            "--baseline-weight",
            "it is compared with that",
            "give --weight KG",
        )
    thaw, end = moment_option(thawed_at, "--thawed-at"), moment_option(ends_at, "--ends-at")
    bag = BagOptions(bag_volume, bags, expiry_option(expiry), thaw, dmso, certified_viability)
    minutes = positive_option(duration, "--duration")
    intended = Intended(minutes, end, "whole units" if whole_bags else None)
    label = label_option(
        document.study, level, cells_per_ml, counted, measured, viability, recovery
    )
    _print(document, _prepared(document.study, level, weights, bag, label, intended), json)


def _prepared(
    study: "Study",
    level: int,
    weights: "Weights | None",
    bag: BagOptions,
    label: "Concentration | None",
    intended: "Intended",
) -> "Prepared":
    """Prepare from the bags, as many as are at hand or as it takes."""
    from gradatim.dosing.preparation import prepare

    planned = prepare(study, level, weights, label=label, intended=intended)
    if label is None:
        return planned
    if bag.volume_ml is None:
        if bag.number is not None or intended.mode:
            raise UnusableInput(
                "there is no volume of a bag",
                "--bags" if bag.number else "--whole-bags",
                todo="give --bag-volume ML",
            )
        return planned
    volume = positive_option(bag.volume_ml, "--bag-volume") or 0
    number = bag.number or math.ceil((planned.needed_ml or 0) / volume * (1 - 1e-9)) or 1
    if number > MOST_BAGS:
        raise UnusableInput(
            f"this would take {number:,} bags",
            "--bag-volume",
            todo="check the units: mL, and cells per mL",
        )
    return prepare(study, level, weights, _bags(label, bag, volume, number), intended=intended)


def _bags(label: "Concentration", bag: BagOptions, volume: float, number: int) -> "list[Container]":
    from gradatim.dosing.inventory import Container

    width = len(str(number))
    return [
        Container(
            f"bag {n:0{width}}",
            volume_ml=volume,
            **label._asdict(),
            expiry=bag.expiry,
            dmso_fraction=bag.dmso,
            thawed_at=bag.thawed_at,
            certified_viability=bag.certified,
        )
        for n in range(1, number + 1)
    ]


def _print(document: Any, prepared: "Prepared", json: bool) -> None:
    if json:
        from gradatim.cli.output import print_json
        from gradatim.dosing.document import dose_document

        print_json(dose_document(document, prepared))
        return
    from gradatim.cli.dose.tables import print_dose

    print_dose(document, prepared)
