"""The product: lots and bags from receipt to the end, and their account in mL."""

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from gradatim.conduct.access import Access
from gradatim.conduct.catalogue import offered_on
from gradatim.conduct.events import EVENTS
from gradatim.conduct.events.base import Event
from gradatim.conduct.narrative import narrate_in_words
from gradatim.conduct.offers import is_offered
from gradatim.conduct.views.doses import doses
from gradatim.conduct.views.traceability import DoseOrigin, doses_of_lot
from gradatim.conduct.visibility import sees_lot
from gradatim.dosing.accountability import balance, balances
from gradatim.dosing.inventory import Container, Lot, Shipment
from gradatim.dosing.movements import BETWEEN_SITES
from gradatim.web.access import Request, page
from gradatim.web.clock import today_at

WITH_LOT = tuple(kind for kind in EVENTS if "lot" in kind.__struct_fields__)
PRESENT = ("enrolled", "treated")


@page("dosing")
def dosing(request: Request) -> HttpResponse:
    """Show who is to be dosed next, and the lots of the product."""
    access: Access = request.access
    people = [one for one in access.participants("dosing") if one.status in PRESENT]
    rows = [(one, list(doses(access.state, one).values())) for one in people]
    waiting = [
        (one, some)
        for one, some in rows
        if not all(dose.administrations or dose.withheld for dose in some) or not some
    ]
    receives = access.sites_for("ShipmentReceived")
    mine = access.sites("dosing")
    accounts = {one.lot: one for one in balances(access.state.inventory, mine)}
    lots = [
        (lot, _counts(access, lot), accounts[lot.id])
        for lot in access.state.lots.values()
        if sees_lot(access, lot)
    ]
    return render(
        request,
        "gradatim/dosing/product.html",
        {
            "waiting": waiting,
            "lots": lots,
            "shipments": [
                (
                    sent,
                    access.state.inventory.on_its_way(sent),
                    sent.to_site in receives,
                    sees_lot(access, access.state.lots[sent.lot]),
                )
                for sent in access.state.inventory.shipments.values()
                if _sees_shipment(access, sent)
            ],
            "today": today_at(access.state, ""),
            "acts": [act.name for act in offered_on("dosing") if access.sites_for(act.name)],
        },
    )


def _sees_shipment(access: Access, sent: Shipment) -> bool:
    return not access.sites("dosing").isdisjoint((sent.from_site, sent.to_site))


def _seen(access: Access, lot: Lot) -> list[Container]:
    """Return the bags of a lot that are where the user sees the product, or on their way there."""
    sites = access.sites("dosing")
    return [bag for bag in lot.containers.values() if bag.is_at(sites)]


def _counts(access: Access, lot: Lot) -> dict[str, int]:
    found: dict[str, int] = {}
    for bag in _seen(access, lot):
        found[bag.status] = found.get(bag.status, 0) + 1
    return found


@page("dosing")
def lot(request: Request, id: str) -> HttpResponse:
    """Show a lot: where it came from and went to, where every bag is, what was done with it."""
    access: Access = request.access
    one = access.state.lots.get(id)
    if one is None or not sees_lot(access, one):
        raise Http404(_("There is no such lot."))
    mine = access.sites("dosing")
    bags = _seen(access, one)
    sites = list(dict.fromkeys(site for bag in bags for site in bag.sites))
    numbers = {bag.id for bag in bags}
    entries = [
        (at, event, narrate_in_words(access.state, event))
        for at, event in access.state.events.of(*WITH_LOT)
        if event.lot == id  # type: ignore[attr-defined]
        and (
            event.site in ("", *mine)
            or (not numbers.isdisjoint(_named(event)) and _sees_whom(access, event))
        )
    ]
    content: dict[str, Any] = {
        "lot": one,
        "bags": bags,
        "elsewhere": len(one.containers) - len(bags),
        "sites": sites,
        "entries": entries,
        "given": _seen_recipients(access, id),
        "balance": balance(access.state.inventory, id, mine),
        "acts": [
            (site, acts) for site in sites if site in mine and (acts := _acts(access, one, site))
        ],
    }
    return render(request, "gradatim/dosing/lot.html", content)


def _sees_whom(access: Access, event: Event) -> bool:
    """Return whether an entry is about nobody, or somebody whom the user sees."""
    name = getattr(event, "participant", None)
    return name is None or access.find_participant("dosing", name) is not None


def _named(event: Event) -> list[str]:
    """Return the bags that an entry names."""
    rows = (*getattr(event, "bags", ()), *getattr(event, "drawn", ()), *getattr(event, "given", ()))
    named = [getattr(row, "id", getattr(row, "bag", row)) for row in rows]
    return [*named, *filter(None, [getattr(event, "bag", None)])]


def _acts(access: Access, lot: Lot, site: str) -> list[tuple[str, str]]:
    """Return what can be done of a lot at a site: an act, and the shipment it is about, if one."""
    offered = [act.name for act in offered_on("lot") if is_offered(access, act, site)]
    coming = dict.fromkeys(
        bag.shipment
        for bag in lot.containers.values()
        if bag.status in BETWEEN_SITES and site in bag.sites
    )
    others = len(access.state.sites) > 1
    return [
        (name, shipment)
        for name in offered
        for shipment in (coming if name == "ShipmentReceived" else ("",))
        if others or name != "ProductShipped"
    ]


def _seen_recipients(access: Access, lot: str) -> list[DoseOrigin]:
    """Return the doses that were given from a lot to participants whom the user sees."""
    seen = {one.id for one in access.participants("dosing")}
    return [one for one in doses_of_lot(access.state, lot) if one.participant in seen]
