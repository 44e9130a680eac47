"""The product: lots, bags, and their account."""

from datetime import datetime

from ninja import Schema


class LotBag(Schema):
    """A bag, where it is, and whom it is set aside for."""

    id: str
    site: str
    bound_for: str
    status: str
    volume_ml: float | None
    drawn_ml: float | None
    pieces: float | None
    expires_at: datetime | None
    participant: str | None
    dose: int | None


class Account(Schema):
    """Where all of a whole lot is, in its measure; the fields in mL are 0 for what is counted."""

    measure: str
    received: float
    in_transit: float
    on_hand: float
    used: float
    discarded: float
    returned: float
    destroyed: float
    explained: float
    received_ml: float
    on_hand_ml: float
    used_ml: float
    discarded_ml: float
    returned_ml: float
    destroyed_ml: float
    faults: int


class Lot(Schema):
    """A lot with the bags that are seen; the account only where all of them are."""

    id: str
    donor: str
    cell_bank: str
    bags: list[LotBag]
    account: Account | None


class Lots(Schema):
    """The lots of the product."""

    items: list[Lot]
