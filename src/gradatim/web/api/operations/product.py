"""The product: lots and bags."""

from typing import Any

from django.http import HttpRequest
from ninja import Router

from gradatim.conduct.state import Lot, Unit
from gradatim.conduct.views.product import accounts
from gradatim.dosing.accountability import Balance
from gradatim.web.api.access import Held
from gradatim.web.api.operations.asked import FAULTS, access_to
from gradatim.web.api.schemas.product import Lots
from gradatim.web.references import sees_lot

router = Router(tags=["product"])


@router.get("/lots", response={200: Lots, **FAULTS})
def lots(request: HttpRequest) -> Any:
    """List the lots with the bags at the sites that are seen."""
    access = access_to(request, "dosing")
    balances = {one.lot: one for one in accounts(access.state)}
    seen = [lot for lot in access.state.lots.values() if sees_lot(access, lot)]
    return {"items": [_lot(access, lot, balances.get(lot.id)) for lot in seen]}


def _lot(access: Held, lot: Lot, balance: Balance | None) -> dict[str, Any]:
    sites = access.sites("dosing")
    units = [unit for unit in lot.units.values() if not unit.site or unit.site in sites]
    whole = balance if len(units) == len(lot.units) else None
    return {
        "id": lot.id,
        "donor": lot.donor,
        "cell_bank": lot.cell_bank,
        "bags": [_bag(unit) for unit in units],
        "account": _account(whole),
    }


def _bag(unit: Unit) -> dict[str, Any]:
    participant, dose = unit.held_for or (None, None)
    return {
        "id": unit.bag.id,
        "site": unit.site,
        "status": unit.status,
        "volume_ml": unit.bag.volume_ml,
        "drawn_ml": unit.drawn_ml,
        "expires_at": unit.bag.expires_at,
        "participant": participant,
        "dose": dose,
    }


def _account(balance: Balance | None) -> dict[str, Any] | None:
    if balance is None:
        return None
    return {**balance._asdict(), "faults": len(balance.faults)}
