"""Policies of the product between sites: only what is whole goes, and what was sent arrives.

Source: ICH E6(R3) 2.10 and 3.15.3; 21 CFR 312.62(a). What went or came is a fact: it is recorded as
it was, and what does not fit is a deviation, and stands in the account until it is explained.
"""

from collections.abc import Iterable, Iterator

from gradatim.conduct.events.product import (
    DoseAdministered,
    DosePrepared,
    ProductDestroyed,
    ProductReceived,
    ProductReturned,
    ProductShipped,
    ShipmentReceived,
)
from gradatim.conduct.folding.product import bags_given
from gradatim.conduct.messages import Breach, Standing, listed
from gradatim.conduct.policies.verdicts import broken, holds
from gradatim.conduct.state import State
from gradatim.conduct.transfers import site_then
from gradatim.core.message import Argument, Message, Pair, Term, join
from gradatim.core.verdict import Verdict
from gradatim.dosing.inventory import Container
from gradatim.dosing.movements import BETWEEN_SITES

_Handled = DosePrepared | DoseAdministered | ProductReturned | ProductDestroyed


def the_bags_may_be_shipped(state: State, event: ProductShipped) -> Verdict:
    """What is shipped is here, whole and unopened, in quarantine or released, and nobody's."""
    bags = state.inventory.find(event.lot, event.bags)
    known = {one.id for one in bags}
    found: list[Message] = [part for bag in bags for part in _against_shipping(bag, event.site)]
    if missing := [one for one in event.bags if one not in known]:
        found.append(Standing.NO_BAG(bags=listed(missing), lot=Term(event.lot)))
    if state.sites.get(event.to_site) != "open":
        found.append(Breach.SITE_NOT_OPEN(site=Term(event.to_site)))
    return broken(Breach.BAGS_SHIPPED(bags=join(found, Pair.COMMA))) if found else holds("they may")


def _against_shipping(bag: Container, site: str) -> Iterator[Message]:
    if bag.site != site and bag.status not in BETWEEN_SITES:
        yield Standing.AT_SITE(bag=Term(bag.id), site=Term(bag.site or "–"))
    if bag.status not in ("quarantined", "released"):
        yield Breach.BAG_NOT_FIT(bag=Term(bag.id), status=Term(bag.status))
    if bag.gone or bag.thawed_at is not None:
        yield Standing.OPENED(bag=Term(bag.id))
    if bag.reserved_for is not None:
        who, dose = bag.reserved_for
        yield Standing.HELD_FOR(bag=Term(bag.id), participant=Term(who), dose=dose)


def what_was_sent_arrived(state: State, event: ShipmentReceived) -> Verdict:
    """Of a shipment all arrives that was sent, and nothing else."""
    sent = state.inventory.shipments.get((event.shipment, event.lot))
    waited = [one.id for one in state.inventory.on_its_way(sent)] if sent else []
    late = {
        one.id
        for one in state.inventory.find(event.lot, event.bags)
        if one.shipment == event.shipment and one.status in BETWEEN_SITES
    }
    if short := [one for one in waited if one not in event.bags]:
        return broken(Breach.NOT_ARRIVED(shipment=Term(event.shipment), bags=listed(short)))
    if strange := [one for one in event.bags if one not in late]:
        return broken(Breach.NOT_SENT(shipment=Term(event.shipment), bags=listed(strange)))
    return holds("all of it arrived")


def what_is_received_is_nowhere_else(state: State, event: ProductReceived) -> Verdict:
    """A bag that is received is at no other site by the account, nor on its way to another."""
    bags = state.inventory.find(event.lot, (one.id for one in event.bags))
    wrong = [one for one in bags if event.site and event.site not in _expected_at(one)]
    if not wrong:
        return holds("they are at no other site")
    return broken(Breach.BAGS_ELSEWHERE(bags=_whereabouts(wrong)))


def _expected_at(bag: Container) -> tuple[str, ...]:
    """Return the sites at which a bag may be received: those of its way, or where it is."""
    return bag.sites or ("",)


def what_is_handled_is_here(state: State, event: _Handled) -> Verdict:
    """What is prepared, given, returned or destroyed is at the site where that is done."""
    wrong = [one for one in _handled(state, event) if _elsewhere(one, site_then(state, event))]
    if not wrong or (isinstance(event, ProductReturned) and event.participant is not None):
        return holds("it is here")
    return broken(Breach.BAGS_ELSEWHERE(bags=_whereabouts(wrong)))


def _handled(state: State, event: _Handled) -> Iterable[Container]:
    if isinstance(event, DoseAdministered):
        return [one.container for one in bags_given(state, event)]
    if isinstance(event, DosePrepared):
        return state.inventory.find(event.lot, (one.bag for one in event.drawn))
    return state.inventory.find(event.lot, event.bags)


def _elsewhere(bag: Container, site: str) -> bool:
    return bag.status in BETWEEN_SITES or (bool(site and bag.site) and bag.site != site)


def _whereabouts(bags: list[Container]) -> Argument:
    parts = [
        Standing.ON_ITS_WAY(bag=Term(one.id), site=Term(one.bound_for or "–"))
        if one.status in BETWEEN_SITES
        else Standing.AT_SITE(bag=Term(one.id), site=Term(one.site or "–"))
        for one in bags
    ]
    return join(parts, Pair.COMMA)
