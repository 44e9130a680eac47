"""What a table rests on: items of the protocol with their basis, to be shown beside the table."""

from typing import NamedTuple

from gradatim.protocol.base import Basis, Sourced


class RestsOn(NamedTuple):
    """An item of the protocol that a table was worked out by, and where it comes from."""

    what: str
    basis: Basis
    source: str
    note: str


def rests_on(*items: tuple[str, Sourced | None]) -> tuple[RestsOn, ...]:
    """Give the basis of each item that the protocol has."""
    return tuple(
        RestsOn(what, one.basis, one.source, one.note) for what, one in items if one is not None
    )
