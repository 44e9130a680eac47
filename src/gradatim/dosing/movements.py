"""What happens to a container of the product, and the table of what may follow what.

A fact is kept even if it should not have happened: a movement that the table does not have is
reported as a fault, and the container is where the movement took it.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import NamedTuple

EXPECTED = "expected"
"""The state of a container that has not been received."""

PRODUCT_TRANSITIONS: Mapping[tuple[str, str], str] = {
    ("expected", "received"): "quarantined",
    ("quarantined", "released"): "released",
    ("quarantined", "excursion"): "excursion",
    ("quarantined", "returned"): "returned",
    ("quarantined", "destroyed"): "destroyed",
    ("released", "quarantined"): "quarantined",
    ("released", "prepared"): "prepared",
    ("released", "excursion"): "excursion",
    ("released", "returned"): "returned",
    ("released", "destroyed"): "destroyed",
    # A bag that was too warm or too cold waits for a person's judgement, then for a new release.
    ("excursion", "excursion"): "excursion",
    ("excursion", "assessed fit"): "quarantined",
    ("excursion", "assessed unfit"): "unfit",
    ("unfit", "returned"): "returned",
    ("unfit", "destroyed"): "destroyed",
    # A thawed bag cannot go back to the shelf: it is given, or discarded.
    ("prepared", "infused"): "infused",
    ("prepared", "discarded"): "discarded",
    ("prepared", "destroyed"): "destroyed",
    ("prepared", "excursion"): "held",
    ("held", "excursion"): "held",
    ("held", "assessed fit"): "prepared",
    ("held", "assessed unfit"): "unfit thawed",
    ("unfit thawed", "discarded"): "discarded",
    ("unfit thawed", "destroyed"): "destroyed",
    # What is given in parts is given from one container more than once, until nothing is left.
    ("infused", "infused"): "infused",
    ("infused", "discarded"): "used",
    ("infused", "returned"): "used",
    ("infused", "destroyed"): "used",
    # On its way to another site it is at none, and arrives into quarantine.
    ("quarantined", "shipped"): "in transit",
    ("released", "shipped"): "in transit",
    ("in transit", "quarantined"): "in transit",
    ("in transit", "arrived"): "quarantined",
    ("in transit", "missing"): "missing",
    ("in transit", "excursion"): "held in transit",
    ("held in transit", "excursion"): "held in transit",
    ("held in transit", "quarantined"): "held in transit",
    ("held in transit", "arrived"): "excursion",
    ("held in transit", "missing"): "missing",
    # Nobody knows how warm it was where nobody knew where it was.
    ("missing", "arrived"): "excursion",
}
"""(state, event) to state; of an `infused` container the rest is not yet accounted for."""

STATES = (EXPECTED, *dict.fromkeys(PRODUCT_TRANSITIONS.values()))
EVENTS = tuple(dict.fromkeys(event for _, event in PRODUCT_TRANSITIONS))
ON_HAND = ("quarantined", "released", "excursion", "unfit", "prepared", "held", "unfit thawed")
"""States in which the whole container is at the site."""
ON_ITS_WAY = ("in transit", "held in transit")
"""States in which the whole container is between two sites, and at neither."""
BETWEEN_SITES = (*ON_ITS_WAY, "missing")
"""States in which it has left one site, and nobody has received it at another."""

LEADS_TO: Mapping[str, str] = {
    "received": "quarantined",
    "quarantined": "quarantined",
    "released": "released",
    "excursion": "excursion",
    "assessed fit": "quarantined",
    "assessed unfit": "unfit",
    "prepared": "prepared",
    "infused": "infused",
    "discarded": "discarded",
    "returned": "returned",
    "destroyed": "destroyed",
    "shipped": "in transit",
    "arrived": "quarantined",
    "missing": "missing",
}
"""Where an event that should not have happened leads; of two states the cautious one."""


_FIT_TO_GO = (EXPECTED, "quarantined", "released", "in transit")
"""States in which nothing holds a container back that would have to go along with it."""
_ONLY_SAID = ("received", "quarantined", "released", "excursion", "assessed fit", "assessed unfit")
"""What is said of a container that is on its way brings it nowhere."""
HANDLED = ("prepared", "infused", "discarded", "returned", "destroyed")
"""What is done with a container in hand: it is where that is done."""


class Movement(NamedTuple):
    """Something that happened to a container.

    Args:
        lot: its lot; the number of a container is its own only within its lot.
        container: its number, as on its label.
        event: one of `EVENTS`.
        at: when it happened.
        by: who did it.
        amount: for `infused`, `discarded`, `returned` and `destroyed`, the mL, or the pieces of
            what is counted; None is all that is left.
        participant: for `prepared` and `infused`, for whom.
        dose: for which of their doses.
        site: where; empty where it is not known, or the act is of no site.
        to_site: for `shipped`, where it is sent.
    """

    lot: str
    container: str
    event: str
    at: datetime
    by: str
    amount: float | None = None
    participant: str = ""
    dose: int = 0
    site: str = ""
    to_site: str = ""


class ContainerFault(NamedTuple):
    """Something in the record of a container that does not fit."""

    lot: str
    container: str
    what: str

    def __str__(self) -> str:
        """Return it in words: which container, and what."""
        return f"{self.container}: {self.what}"


def after(state: str, event: str) -> tuple[str, bool]:
    """Give the state after an event, and whether the table allows it.

    Source: `PRODUCT_TRANSITIONS`; what it does not have ends where `LEADS_TO` says, and an event
    that nobody knows changes nothing. What was held back, opened or lost waits for a person's
    judgement wherever it is taken.
    """
    if (state, event) in PRODUCT_TRANSITIONS:
        return PRODUCT_TRANSITIONS[state, event], True
    if state in BETWEEN_SITES and event in _ONLY_SAID:
        return state, False
    if event in ("shipped", "arrived") and state not in _FIT_TO_GO:
        return ("held in transit" if event == "shipped" else "excursion"), False
    return LEADS_TO.get(event, state), False
