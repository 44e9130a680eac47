"""What moves from one site of a simulated trial to another."""

from typing import Any

from gradatim.conduct.events import participants, product
from gradatim.conduct.events.base import Event
from gradatim.conduct.simulate.opening import passed
from gradatim.conduct.simulate.run import SITES, Run, staff

_LOT, _SHIPMENT, _BACK = "SPARE-L1", "AWB-1", "AWB-2"
_BAGS = ("SPARE-1", "SPARE-2", "SPARE-3")
_ML = 10.0


def ship(run: Run) -> None:
    """A site sends spare bags to another: one never comes, one was too warm, one goes back."""
    first, second = list(SITES)[:2]

    def at(site: str, kind: type[Event], **fields: Any) -> None:
        run.do(kind, staff(site, "cell_lab"), site, at=run.at(run.minutes), lot=_LOT, **fields)

    at(first, product.ProductReceived, bags=tuple(_spare(run, one) for one in _BAGS))
    tests = tuple(map(passed, run.study.treatment.product.specification))
    at(first, product.ProductReleased, bags=_BAGS, test_results=tests)
    at(
        first,
        product.ProductShipped,
        bags=_BAGS,
        shipment=_SHIPMENT,
        to_site=second,
        expected_on=run.today,
        temperature="dry shipper 4, logger 17",
    )
    at(first, product.TemperatureExcursion, bags=_BAGS[:1], worst_celsius=-92.0, minutes=12)
    at(
        second,
        product.ShipmentReceived,
        bags=_BAGS[:2],
        shipment=_SHIPMENT,
        temperature="in order",
        seals="in order",
        comment="the logger of the first bag shows 12 minutes at -92 °C",
    )
    why = "viability of a retained vial is 90 %"
    at(second, product.TemperatureExcursionAssessed, bags=_BAGS[:1], fit=True, reason=why)
    at(second, product.ProductReleased, bags=_BAGS[1:2])
    at(second, product.ProductShipped, bags=_BAGS[1:2], shipment=_BACK, to_site=first)
    at(
        first,
        product.ShipmentReceived,
        bags=_BAGS[1:2],
        shipment=_BACK,
        temperature="in order",
        seals="in order",
    )
    at(first, product.ProductReturned, bags=_BAGS[1:2], reason="not needed")
    at(second, product.ProductDestroyed, bags=_BAGS[:1], reason="not needed")
    if run.study.treatment.preparation is not None:
        at(
            first,
            product.ProductDifferenceExplained,
            bag=_BAGS[2],
            difference=_ML,
            reason="the carrier has lost the box, and says so in writing",
        )


def transfer(run: Run) -> None:
    """Somebody moves house, and is followed at the other site."""
    first, second = list(SITES)[:2]
    some = [
        one
        for one in run.state.participants.values()
        if one.site == first and one.status in ("treated", "completed")
    ]
    if not some:
        return
    one, now = some[-1], run.at(run.minutes)
    run.do(
        participants.TransferProposed,
        staff(first, "investigator"),
        first,
        at=now,
        participant=one.id,
        to_site=second,
        agreed_on=run.today,
        reason="has moved to the other city",
    )
    run.do(
        participants.ParticipantTransferred,
        staff(second, "investigator"),
        second,
        at=now,
        participant=one.id,
        from_site=first,
    )


def _spare(run: Run, number: str) -> product.Bag:
    """Return a bag of the fluid; of tablets, a box."""
    cells = run.study.treatment.preparation is not None
    return product.Bag(id=number, volume_ml=_ML) if cells else product.Bag(id=number)
