"""The product: lots and bags."""

from typing import Any

from django.http import HttpRequest
from ninja import Router

from gradatim.conduct.access import LimitedAccess
from gradatim.conduct.visibility import sees_lot
from gradatim.dosing.accountability import Balance, balances
from gradatim.dosing.inventory import Container, Lot
from gradatim.web.api.operations.dependencies import FAULTS, access_to
from gradatim.web.api.schemas.product import Lots

router = Router(tags=["product"])


@router.get("/lots", response={200: Lots, **FAULTS})
def lots(request: HttpRequest) -> Any:
    """List the lots with the bags at the sites that are seen."""
    access = access_to(request, "dosing")
    accounts = {one.lot: one for one in balances(access.state.inventory)}
    seen = [lot for lot in access.state.lots.values() if sees_lot(access, lot)]
    return {"items": [_lot(access, lot, accounts[lot.id]) for lot in seen]}


def _lot(access: LimitedAccess, lot: Lot, balance: Balance) -> dict[str, Any]:
    sites = access.sites("dosing")
    bags = [one for one in lot.containers.values() if one.is_at(sites)]
    whole = balance if len(bags) == len(lot.containers) else None
    return {
        "id": lot.id,
        "donor": lot.donor,
        "cell_bank": lot.cell_bank,
        "bags": [_bag(one) for one in bags],
        "account": _account(whole),
    }


def _bag(one: Container) -> dict[str, Any]:
    participant, dose = one.reserved_for or (None, None)
    return {
        "id": one.id,
        "site": one.site,
        "bound_for": one.bound_for,
        "status": one.status,
        "volume_ml": one.volume_ml,
        "drawn_ml": None if one.volume_ml is None else one.drawn,
        "pieces": one.pieces,
        "expires_at": one.expiry,
        "participant": participant,
        "dose": dose,
    }


def _account(balance: Balance | None) -> dict[str, Any] | None:
    if balance is None:
        return None
    fluid = balance.measure == "mL"
    amounts = {
        name: getattr(balance, name)
        for name in ("received", "on_hand", "used", "discarded", "returned", "destroyed")
    }
    return {
        **{f"{name}_ml": value if fluid else 0.0 for name, value in amounts.items()},
        **amounts,
        "measure": balance.measure,
        "in_transit": balance.in_transit,
        "explained": balance.explained,
        "faults": len(balance.faults),
    }
