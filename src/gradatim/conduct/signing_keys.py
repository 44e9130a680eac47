"""Signatures of people: each by a key of their own, over the very entry that they sign.

Whoever runs the application can have it record anything under anybody's name. So what a person
signs bears an Ed25519 signature by a key that only that person's password opens:

    statement = "gradatim.signature/1\\n" | before | header | body

That is what the hash of the entry covers: `before` the hash of the entry before, `header` trial,
position and idempotency key (`chain`), and `body` the entry as it is stored, with the digits of the
signature itself left out. It covers the act, what it means to sign it, the printed
name, the time and the position of the ledger that the signer had before them; by the hash before,
all that was recorded until then: a signature that is moved, repeated or put under other content
does not fit.

The public key is told by an entry of its owner, `SigningKeyAdopted`, with the proof that they hold
the private one:

    proof = signature over "gradatim.signing-key/1\\n" | "<bytes of trial>:<trial><person>:" | key

From there on every entry that this person signs bears a signature by the key that they adopted
last. What they signed before is text in a sealed entry, and is counted as that.
"""

import json
from collections.abc import Collection
from typing import Any

from gradatim.conduct.chain import LedgerFault, prefix
from gradatim.conduct.checkpoints import key_signed

SIGNATURE_DOMAIN = b"gradatim.signature/1\n"
KEY_DOMAIN = b"gradatim.signing-key/1\n"
KEY_ADOPTION = b'{"event":"SigningKeyAdopted",'
"""How the bytes of an entry begin by which a person adopts a key."""
SIGNED = b'"signature":{'
"""What stands in the bytes of every signed entry; in a text its quotes would be escaped."""
SIGNATURE_DIGITS = 128
_VALUE = b'"ed25519":"'


def possession(trial: str, person: str, key: bytes) -> bytes:
    """Return what a person signs by a new key to prove that they hold it."""
    named = person.encode()
    return b"%b%b%d:%b%b" % (KEY_DOMAIN, prefix(trial), len(named), named, key)


def is_held(trial: str, person: str, public_key: Any, proof: Any) -> bool:
    """Whether a proof shows that a person holds the private part of a key.

    Args:
        trial: its identifier.
        person: who says so.
        public_key: 32 bytes in hex; anything else is no key.
        proof: 64 bytes in hex.
    """
    key, made = _from_hex(public_key), _from_hex(proof)
    return len(key) == 32 and key_signed(key, made, possession(trial, person, key))


def signed_statement(before: bytes, header: bytes, body: bytes) -> bytes:
    """Return what a signature is made over.

    Args:
        before: the hash of the entry before it, 32 bytes.
        header: of the entry: see `chain.header_of`.
        body: the bytes of the entry, without the digits of the signature.
    """
    return SIGNATURE_DOMAIN + before + header + body


def without_digits(body: bytes, digits: str) -> bytes | None:
    """Return the bytes of an entry without its signature's digits; None where they are not there.

    Args:
        body: the bytes of a signed entry.
        digits: of its signature, in hex.
    """
    first, found, rest = body.partition(_VALUE + digits.encode())
    if not found or body.count(_VALUE) != 1:
        return None
    return first + _VALUE + rest


class SignatureCheck:
    """The signatures of people in a trial, as a walk over the chain comes to them.

    Args:
        trial: its identifier.
        signed_acts: names of the types of events that are always signed; whoever has adopted a key
            signs them by it.

    `by_key` and `in_words` count the signed entries that bear a signature by a key of their signer,
    and those that bear none, since their signer had adopted no key yet.
    """

    def __init__(self, trial: str, signed_acts: Collection[str] = ()) -> None:
        self.trial = trial
        self.signed_acts = frozenset(b'{"event":"%b",' % one.encode() for one in signed_acts)
        self.keys: dict[str, bytes] = {}
        self.by_key = self.in_words = 0

    def passed(
        self, position: int, before: bytes, header: bytes, body: bytes
    ) -> LedgerFault | None:
        """Look at the next entry of a chain that hangs together.

        Args:
            position: of the entry.
            before: the hash of the one before it.
            header: see `chain.header_of`.
            body: its bytes.
        """
        adopts = body.startswith(KEY_ADOPTION)
        if not (adopts or SIGNED in body or self.is_signed_act(body)):
            return None
        try:
            said = json.loads(body)
            person, signature = str(said["recorded_by"]), said.get("signature")
            person.encode()
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return LedgerFault(position, f"event {position} is signed and cannot be read")
        if adopts and not self._adopt(person, said):
            why = f"event {position} adopts a key of which it does not prove that {person} holds it"
            return LedgerFault(position, why)
        if not isinstance(signature, dict):
            bare = person in self.keys and not adopts and self.is_signed_act(body)
            why = f"event {position} is not signed, and what it says takes {person}'s signature"
            return LedgerFault(position, why) if bare else None
        digits = signature.get("ed25519")
        made = _from_hex(digits)
        unsigned = without_digits(body, made.hex())
        over = None if unsigned is None else signed_statement(before, header, unsigned)
        return self._signed(position, person, digits is not None, made, over)

    def is_signed_act(self, body: bytes) -> bool:
        """Whether an entry is of a type that is always signed, once anybody has a key."""
        return bool(self.keys) and body[: body.find(b",") + 1] in self.signed_acts

    def _adopt(self, person: str, said: dict[str, Any]) -> bool:
        if not is_held(self.trial, person, said.get("public_key"), said.get("proof")):
            return False
        self.keys[person] = _from_hex(said["public_key"])
        return True

    def _signed(
        self, position: int, person: str, by_key: bool, made: bytes, over: bytes | None
    ) -> LedgerFault | None:
        """Look at a signature: whether it is by a key, its bytes, and what it has to be over."""
        key = self.keys.get(person)
        if not by_key and key is None:
            self.in_words += 1
            return None
        if not by_key or key is None:
            lacks = f"{person} has adopted no key" if key is None else "it bears none by it"
            return LedgerFault(
                position, f"event {position} is not signed by a key of {person}: {lacks}"
            )
        if over is None or not key_signed(key, made, over):
            return LedgerFault(
                position,
                f"the signature of event {position} is not {person}'s: it is by another key, or "
                "of other content or another place",
            )
        self.by_key += 1
        return None


def _from_hex(text: Any) -> bytes:
    """Return bytes from lower-case hexadecimal; none where it is something else."""
    try:
        found = bytes.fromhex(text)
    except (ValueError, TypeError):
        return b""
    return found if found.hex() == text else b""
