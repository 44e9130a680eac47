"""Seals: the application's own signature over every head that it makes.

Whoever may add rows to the event table can add one that fits the chain and bears anybody's name. So
each append seals the head that it leaves, with an Ed25519 key that is not in the database:

    statement = "gradatim.seal/1\\n" | "<bytes of trial>:<trial><position>:" | hash | link
    link      = SHA-256(statement before | signature before)

The first link is SHA-256("gradatim.seal/1\\n" | trial). As a seal covers the hash of its entry, and
by its link every seal before it, one signature that fits proves all entries and seals up to its own
to be those that the application made. The public key is told by an entry, `SealingKeyAdopted`; each
later key is endorsed by the one before it, over the head on which it is adopted:

    endorsement = "gradatim.sealing-key/1\\n" | "<bytes of trial>:<trial><position>:" | hash | key

Where a key was lost, the next has no endorsement: it counts once somebody vouches for it by a
checkpoint after it.
"""

import json
from collections.abc import Iterable, Iterator
from hashlib import sha256
from typing import Any, NamedTuple

from gradatim.conduct.chain import Entry, LedgerFault, prefix
from gradatim.conduct.checkpoints import key_signed

DOMAIN = b"gradatim.seal/1\n"
KEY_DOMAIN = b"gradatim.sealing-key/1\n"
ADOPTION = b'{"event":"SealingKeyAdopted",'
"""How the bytes of an entry begin that adopts a key; only bytes as the ledger writes them count."""
CHECKED_TOGETHER = 1_000
"""Seals of which one signature is checked for all while nothing is wrong."""


class Seal(NamedTuple):
    """What stands beside the last entry of an append.

    Args:
        position: of that entry.
        link: 32 bytes, what the seals before it come to.
        signature: 64 bytes, Ed25519 by the key that was adopted last.
    """

    position: int
    link: bytes
    signature: bytes


def first_link(trial: str) -> bytes:
    """Return the link of a trial's first seal."""
    return sha256(DOMAIN + trial.encode()).digest()


def statement(trial: str, position: int, head: bytes, link: bytes) -> bytes:
    """Return what a seal signs: that the entry at a position has this hash."""
    return b"%b%b%d:%b%b" % (DOMAIN, prefix(trial), position, head, link)


def next_link(signed: bytes, signature: bytes) -> bytes:
    """Return the link of the seal that follows one of this statement and signature."""
    return sha256(signed + signature).digest()


def endorsed(trial: str, position: int, head: bytes, key: bytes) -> bytes:
    """Return what the key before signs: that a new one is adopted after the entry at a position.

    Args:
        trial: its identifier.
        position: of the last entry before the new key is adopted.
        head: the hash of that entry, 32 bytes.
        key: the new public key, 32 bytes.
    """
    return b"%b%b%d:%b%b" % (KEY_DOMAIN, prefix(trial), position, head, key)


def adopted_key(bodies: Iterable[bytes]) -> bytes | None:
    """Return the public key that the last of some entries adopts; None where none does."""
    found = [_adoption(one) for one in bodies if one.startswith(ADOPTION)]
    return found[-1][0] if found and found[-1] else None


def _adoption(body: bytes) -> tuple[bytes, bytes] | None:
    """Read the key and its endorsement from an entry; None where it holds none."""
    try:
        said: dict[str, Any] = json.loads(body)
        key = bytes.fromhex(said["public_key"])
        endorsement = bytes.fromhex(said.get("endorsement", ""))
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    return (key, endorsement) if len(key) == 32 else None


class _Unchecked(NamedTuple):
    """A seal whose signature nothing has been proved of yet."""

    position: int
    signed: bytes
    signature: bytes


class SealCheck:
    """The seals of a trial against its entries, as a walk over the chain comes to them.

    While nothing is wrong, one signature in a thousand is checked, the last before each new key and
    the last of all: by their links these cover every other. Where one does not fit, those before it
    are checked one by one, and the first that does not fit is named.

    Args:
        trial: its identifier.
        seals: by position, as they are stored.
    """

    def __init__(self, trial: str, seals: Iterable[Seal]) -> None:
        self.trial, self.seals = trial, iter(seals)
        self.next: Seal | None = next(self.seals, None)
        self.since: int | None = None
        self.key = b""
        self.link = first_link(trial)
        self.sealed = 0  # position of the last seal that was come to
        self.sound = 0  # and of the last of which the signature fits
        self.unendorsed: list[int] = []  # entries that adopt a key after one that was lost
        self.unchecked: list[_Unchecked] = []

    def passed(self, entry: Entry, before: bytes) -> LedgerFault | None:
        """Look at the next entry of a chain that hangs together, and at its seal.

        Args:
            entry: the entry.
            before: the hash of the one before it.
        """
        adopts = entry.body.startswith(ADOPTION)
        fault = self.adopt(entry.position, before, entry.body) if adopts else None
        return fault or self.come_to(entry.position, entry.hash)

    def adopt(self, position: int, before: bytes, body: bytes) -> LedgerFault | None:
        """Take over the key that the entry at a position adopts, where it may.

        Args:
            position: of the entry.
            before: the hash of the entry before it.
            body: its bytes.
        """
        found = _adoption(body)
        if found is None:
            return LedgerFault(position, f"event {position} adopts a key that cannot be read")
        key, endorsement = found
        if self.since is None:
            self.since = position
        else:
            if fault := self.ended(position - 1):
                return fault
            statement_ = endorsed(self.trial, position - 1, before, key)
            if not endorsement:
                self.unendorsed.append(position)
            elif not key_signed(self.key, endorsement, statement_):
                return LedgerFault(
                    position,
                    f"event {position} adopts a key that the one before it did not endorse",
                )
        self.key = key
        return None

    def come_to(self, position: int, head: bytes) -> LedgerFault | None:
        """Look at the next seal, once the walk has come to its entry.

        Args:
            position: of the entry that the walk has come to.
            head: its hash.
        """
        seal = self.next
        if seal is None or seal.position > position:
            return None
        self.next = next(self.seals, None)
        if self.since is None:
            at = max(position, 1)
            return LedgerFault(at, f"event {at} is sealed, and no key was adopted")
        if seal.position != position:
            why = f"event {seal.position} is sealed out of order or twice"
            return self.checked() or LedgerFault(self.sound + 1, why)
        signed = statement(self.trial, position, head, self.link)
        if seal.link != self.link:
            return self.checked() or self._unlinked(seal, head)
        self.unchecked.append(_Unchecked(position, signed, seal.signature))
        self.link, self.sealed = next_link(signed, seal.signature), position
        return self.checked() if len(self.unchecked) >= CHECKED_TOGETHER else None

    def _unlinked(self, seal: Seal, head: bytes) -> LedgerFault:
        """Say what is wrong where a seal does not follow the one before it, which is sound."""
        at = seal.position
        own = statement(self.trial, at, head, seal.link)
        if key_signed(self.key, seal.signature, own):
            why = "it does not follow the seal before it: one between them was removed or replaced"
        else:
            why = "it was altered, or is of another event, trial or key"
        return LedgerFault(self.sound + 1, f"the seal of event {at} is wrong: {why}")

    def checked(self) -> LedgerFault | None:
        """Check the signature of the last seal come to; where it does not fit, find the first."""
        some, self.unchecked = self.unchecked, []
        if some and self._fits(some[-1]):
            self.sound = some[-1].position
        elif some:
            for one in some:
                if not self._fits(one):
                    break
                self.sound = one.position
            return LedgerFault(
                self.sound + 1,
                f"the seal of event {one.position} is not of the key in force: an event after "
                f"{self.sound} was forged or rewritten, or the seal was altered, or is of another "
                "event, trial or key",
            )
        return None

    def _fits(self, one: _Unchecked) -> bool:
        return key_signed(self.key, one.signature, one.signed)

    def ended(self, position: int) -> LedgerFault | None:
        """Say what is wrong with the seals up to a position, which is the last or before a key."""
        if fault := self.checked():
            return fault
        if self.since is not None and self.sealed < position:
            at = self.sealed + 1 if self.sealed else self.since
            return LedgerFault(
                at, f"event {at} is not sealed: it was forged, or its seal was removed"
            )
        return None

    def stray(self, position: int) -> LedgerFault | None:
        """Say where a seal is of an entry that is not there; the last is at a position."""
        if self.next is None:
            return None
        at = self.next.position
        return LedgerFault(position + 1, f"event {at} was sealed and is not here: the tail was cut")


def seals_within(seals: Iterable[Seal], after: int, upto: int | None) -> Iterator[Seal]:
    """Yield the seals of the entries with positions in after + 1 .. upto."""
    return (one for one in seals if after < one.position and (upto is None or one.position <= upto))
