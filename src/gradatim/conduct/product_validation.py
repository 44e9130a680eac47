"""Entries of the product that cannot be meant: a bag twice, a shipment that nobody sent."""

from datetime import timedelta

from gradatim.conduct.events.base import Event
from gradatim.conduct.events.product import (
    ProductDifferenceExplained,
    ProductReceived,
    ProductShipped,
    ShipmentReceived,
)
from gradatim.conduct.state import State
from gradatim.core.errors import UnusableInput

_CLOCKS_APART = timedelta(days=1)
"""By how much the days of two sites may be apart at one moment."""


def validate_product(state: State, event: Event) -> None:
    """Refuse an entry of the product that cannot be meant.

    Raises:
        UnusableInput: it names a lot, bag, site or shipment that is none, or a bag twice.
    """
    lot = getattr(event, "lot", None)
    if lot is not None and lot not in state.lots and type(event) is not ProductReceived:
        raise _unusable(event, f"there is no lot {lot}", todo="record its receipt first")
    match event:
        case ProductDifferenceExplained() if not state.inventory.find(event.lot, (event.bag,)):
            raise _unusable(event, f"lot {event.lot} has no bag {event.bag}")
        case ProductReceived():
            _received(event)
        case ProductShipped():
            _shipped(state, event)
        case ShipmentReceived():
            _shipment_received(state, event)


def _unusable(event: Event, what: str, why: str = "", todo: str = "") -> UnusableInput:
    return UnusableInput(what, type(event).__name__, why, todo)


def _each_once(event: Event, numbers: list[str]) -> None:
    if twice := sorted({one for one in numbers if numbers.count(one) > 1}):
        raise _unusable(event, f"bag {twice[0]} is there twice", todo="give each bag once")


def _received(event: ProductReceived) -> None:
    """Bags that come together each have a number of their own, and are a fluid or counted."""
    _each_once(event, [one.id for one in event.bags])
    for one in event.bags:
        if one.volume_ml is not None and one.pieces is not None:
            raise _unusable(
                event,
                f"{one.id} holds {one.volume_ml:g} mL and {one.pieces} pieces",
                todo="give the mL of a fluid, or the pieces of what is counted",
            )


def _shipped(state: State, event: ProductShipped) -> None:
    """A shipment has bags, goes from one site to another, and its number is no other's."""
    _each_once(event, list(event.bags))
    if not event.bags:
        raise _unusable(event, "no bag is shipped", todo="name the bags")
    if not event.site:
        raise _unusable(
            event, "no site is named that sends it", todo="record it at the site, or the depot"
        )
    if event.to_site not in state.sites:
        raise _unusable(
            event,
            f"there is no site {event.to_site}",
            todo="name a site of the trial; a depot is opened as one",
        )
    if event.to_site == event.site:
        raise _unusable(event, f"it is shipped from site {event.site} to itself")
    if event.expected_on is not None and event.expected_on < event.occurred_on - _CLOCKS_APART:
        raise _unusable(
            event,
            f"it is expected on {event.expected_on}, before it was sent on {event.occurred_on}",
            todo="correct one of the days",
        )
    for one in state.inventory.shipments.values():
        if one.number == event.shipment and (one.from_site, one.to_site) != (
            event.site,
            event.to_site,
        ):
            raise _unusable(
                event,
                f"shipment {event.shipment} went from site {one.from_site} to {one.to_site}",
                todo="give this one another number",
            )


def _shipment_received(state: State, event: ShipmentReceived) -> None:
    """What is received was sent there, or comes back to who sent it."""
    _each_once(event, list(event.bags))
    sent = state.inventory.shipments.get((event.shipment, event.lot))
    if sent is None:
        raise _unusable(
            event,
            f"there is no shipment {event.shipment} of lot {event.lot}",
            todo="have it recorded where it was sent, or record the bags as received product",
        )
    if event.site not in (sent.to_site, sent.from_site):
        raise _unusable(
            event,
            f"shipment {event.shipment} went to site {sent.to_site}, not to "
            f"{event.site or 'the trial as a whole'}",
            todo="record the bags that came as received product",
        )
    if event.occurred_on < sent.sent_on - _CLOCKS_APART:
        raise _unusable(
            event,
            f"shipment {event.shipment} was sent on {sent.sent_on}",
            f"it cannot have been received on {event.occurred_on}",
            "correct the day",
        )
    known = {one.id for one in state.inventory.find(event.lot, event.bags)}
    if strange := [one for one in event.bags if one not in known]:
        raise _unusable(
            event,
            f"lot {event.lot} has no bag {strange[0]}",
            todo="record it as received product, with its label",
        )
