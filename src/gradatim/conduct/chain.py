"""The chain of the ledger: every event's hash covers its own bytes and the hash before it.

    hash = SHA-256(previous hash | header | body)
    header = "<bytes of trial>:<trial><position>:<bytes of request>:<request>", UTF-8

The first predecessor is SHA-256("gradatim.ledger/1\\n" | trial). Lengths stand before texts, so no
two different rows have the same header, and altering any column alters the hash. Bytes in, bytes
out: what an event means is said elsewhere.
"""

from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import NamedTuple

DOMAIN = b"gradatim.ledger/1\n"


class Entry(NamedTuple):
    """One row of the ledger.

    Args:
        trial: the trial's identifier.
        position: from 1, without gaps.
        request: the idempotency key of the request that recorded it; "" when there is none.
        body: the event, canonical JSON as stored.
        hash: 32 bytes, SHA-256 over the previous hash, the columns before, and the body.
    """

    trial: str
    position: int
    request: str
    body: bytes
    hash: bytes


class LedgerFault(NamedTuple):
    """Where a ledger is first wrong, and how."""

    position: int
    why: str


def genesis(trial: str) -> bytes:
    """Give the hash before the first event of a trial."""
    return sha256(DOMAIN + trial.encode()).digest()


def chained(previous: bytes, trial: str, position: int, request: str, body: bytes) -> Entry:
    """Give the entry that follows the one whose hash is `previous`."""
    header = header_of(trial, position, request)
    return Entry(trial, position, request, body, sha256(previous + header + body).digest())


def header_of(trial: str, position: int, request: str) -> bytes:
    """Return the header of an entry: what its hash covers beside the hash before it and its body.

    Args:
        trial: its identifier.
        position: of the entry.
        request: the idempotency key under which it was recorded; as it is stored, which only
            tampering can leave as no text.
    """
    named = request.encode("utf-8", "surrogateescape")
    return b"%b%d:%d:%b" % (prefix(trial), position, len(named), named)


def walked(
    previous: bytes, trial: str, after: int, entries: Iterable[Entry]
) -> Iterator[tuple[Entry, bool]]:
    """Yield entries as they are read, each with whether it follows the one before it.

    Args:
        previous: the hash of the entry before the first.
        trial: its identifier.
        after: the position of that entry.
        entries: what is read.
    """
    shared, due = prefix(trial), after
    for entry in entries:
        due += 1
        try:
            key = entry.request.encode("utf-8", "surrogateescape")
            header = b"%b%d:%d:%b" % (shared, entry.position, len(key), key)
            fits = sha256(previous + header + entry.body).digest() == entry.hash
        except (AttributeError, TypeError, UnicodeEncodeError):
            fits = False
        yield entry, fits and entry.position == due and entry.trial == trial
        previous = entry.hash


def chain(
    previous: bytes, trial: str, after: int, bodies: Iterable[tuple[bytes, str]]
) -> Iterator[Entry]:
    """Give the entries of several (body, request) in a row, the first at `after` + 1."""
    for position, (body, request) in enumerate(bodies, after + 1):
        entry = chained(previous, trial, position, request, body)
        previous = entry.hash
        yield entry


def prefix(trial: str) -> bytes:
    """Give the part of the header that all entries of a trial share."""
    named = trial.encode()
    return b"%d:%b" % (len(named), named)
