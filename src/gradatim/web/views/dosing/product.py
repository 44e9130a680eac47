"""The product: lots and bags from receipt to the end, and their account in mL."""

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from gradatim.conduct.access import Access
from gradatim.conduct.catalogue import offered_on
from gradatim.conduct.events import EVENTS
from gradatim.conduct.narrative import narrate_in_words
from gradatim.conduct.offers import is_offered
from gradatim.conduct.views.doses import doses
from gradatim.conduct.views.traceability import DoseOrigin, doses_of_lot
from gradatim.conduct.visibility import sees_lot
from gradatim.dosing.accountability import balance, balances
from gradatim.dosing.inventory import Lot
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
    accounts = {one.lot: one for one in balances(access.state.inventory)}
    lots = [
        (lot, _counts(lot), accounts[lot.id])
        for lot in access.state.lots.values()
        if sees_lot(access, lot)
    ]
    return render(
        request,
        "gradatim/dosing/product.html",
        {
            "waiting": waiting,
            "lots": lots,
            "today": today_at(access.state, ""),
            "acts": [act.name for act in offered_on("dosing") if access.sites_for(act.name)],
        },
    )


def _counts(lot: Lot) -> dict[str, int]:
    found: dict[str, int] = {}
    for bag in lot.containers.values():
        found[bag.status] = found.get(bag.status, 0) + 1
    return found


@page("dosing")
def lot(request: Request, id: str) -> HttpResponse:
    """Show a lot: where it came from and went to, where every bag is, what was done with it."""
    access: Access = request.access
    one = access.state.lots.get(id)
    if one is None or not sees_lot(access, one):
        raise Http404(_("There is no such lot."))
    site = next((bag.site for bag in one.containers.values() if bag.site), "")
    entries = [
        (at, event, narrate_in_words(access.state, event))
        for at, event in access.state.events.of(*WITH_LOT)
        if event.lot == id  # type: ignore[attr-defined]
    ]
    content: dict[str, Any] = {
        "lot": one,
        "site": site,
        "entries": entries,
        "given": _seen_recipients(access, id),
        "balance": balance(access.state.inventory, id),
        "acts": [act.name for act in offered_on("lot") if is_offered(access, act, site)],
    }
    return render(request, "gradatim/dosing/lot.html", content)


def _seen_recipients(access: Access, lot: str) -> list[DoseOrigin]:
    """Return the doses that were given from a lot to participants whom the user sees."""
    seen = {one.id for one in access.participants("dosing")}
    return [one for one in doses_of_lot(access.state, lot) if one.participant in seen]
