"""The product: lots and bags from receipt to the end, and their account in mL."""

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from gradatim.conduct.events import EVENTS
from gradatim.conduct.state import Lot
from gradatim.conduct.views.doses import doses
from gradatim.conduct.views.product import accounts
from gradatim.web.access import Access, Request, page
from gradatim.web.clock import today
from gradatim.web.references import sees_lot
from gradatim.web.telling import told_in_words

OF_PRODUCT = ("ProductReceived",)
OF_LOT = (
    "ProductReleased",
    "ProductQuarantined",
    "TemperatureExcursion",
    "TemperatureExcursionAssessed",
    "ProductReturned",
    "ProductDestroyed",
)
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
    balances = {one.lot: one for one in accounts(access.state)}
    lots = [
        (lot, _counts(lot), balances.get(lot.id))
        for lot in access.state.lots.values()
        if sees_lot(access, lot)
    ]
    return render(
        request,
        "gradatim/dosing/product.html",
        {
            "waiting": waiting,
            "lots": lots,
            "today": today(),
            "acts": [name for name in OF_PRODUCT if access.sites_for(name)],
        },
    )


def _counts(lot: Lot) -> dict[str, int]:
    found: dict[str, int] = {}
    for unit in lot.units.values():
        found[unit.status] = found.get(unit.status, 0) + 1
    return found


@page("dosing")
def lot(request: Request, id: str) -> HttpResponse:
    """Show a lot: where it came from, where every bag is, and all that was done with it."""
    access: Access = request.access
    one = access.state.lots.get(id)
    if one is None or not sees_lot(access, one):
        raise Http404(_("There is no such lot."))
    site = next((unit.site for unit in one.units.values() if unit.site), "")
    entries = [
        (at, event, told_in_words(access.state, event))
        for at, event in access.state.events.of(*WITH_LOT)
        if event.lot == id  # type: ignore[attr-defined]
    ]
    content: dict[str, Any] = {
        "lot": one,
        "site": site,
        "entries": entries,
        "balance": next((b for b in accounts(access.state) if b.lot == id), None),
        "acts": [name for name in OF_LOT if access.may(name, site)],
    }
    return render(request, "gradatim/dosing/lot.html", content)
