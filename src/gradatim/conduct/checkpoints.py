"""Checkpoints: what each site keeps and co-signs, so that a later ledger can be held against it.

A checkpoint states the trial, how many events it had, the hash of the last one, and when that was
seen. Signatures are Ed25519 over the canonical JSON of that statement (sorted keys, no spaces,
ASCII). Whoever holds a checkpoint can later see that the tail was cut or the chain rewritten.
"""

import json
from base64 import b64decode, b64encode
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from gradatim.core.errors import UnusableInput

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

SCHEMA = "gradatim.checkpoint/1"
HASHED = "sha256:"


class Signature(NamedTuple):
    """Who signed: a name of the signer's choice, the Ed25519 public key (32 bytes), the bytes."""

    name: str
    key: bytes
    signature: bytes


class Checkpoint(NamedTuple):
    """The head of a ledger as it was seen.

    Args:
        trial: the trial's identifier.
        position: how many events there were.
        head: the hash of the last one, 32 bytes.
        recorded_at: when this was seen, UTC, as 2026-11-02T09:30:00Z.
        signatures: of those who saw it.
    """

    trial: str
    position: int
    head: bytes
    recorded_at: str
    signatures: tuple[Signature, ...] = ()


def statement(checkpoint: Checkpoint) -> dict[str, Any]:
    """Give what is signed: the checkpoint without its signatures."""
    return {
        "schema": SCHEMA,
        "trial": checkpoint.trial,
        "position": checkpoint.position,
        "head": HASHED + checkpoint.head.hex(),
        "recorded_at": checkpoint.recorded_at,
    }


def signed_bytes(checkpoint: Checkpoint) -> bytes:
    """Give the bytes that signatures are made over."""
    return json.dumps(statement(checkpoint), sort_keys=True, separators=(",", ":")).encode()


def sign(checkpoint: Checkpoint, name: str, private_key: "Ed25519PrivateKey") -> Checkpoint:
    """Add a signature; the same key's earlier one is replaced."""
    key = private_key.public_key().public_bytes_raw()
    made = Signature(name, key, private_key.sign(signed_bytes(checkpoint)))
    others = tuple(one for one in checkpoint.signatures if one.key != key)
    return checkpoint._replace(signatures=(*others, made))


def checkpoint_text(checkpoint: Checkpoint) -> str:
    """Write a checkpoint as JSON."""
    signatures = [
        {
            "name": one.name,
            "key": b64encode(one.key).decode(),
            "signature": b64encode(one.signature).decode(),
        }
        for one in checkpoint.signatures
    ]
    return json.dumps({**statement(checkpoint), "signatures": signatures}, indent=1) + "\n"


def parse_checkpoint(text: str, where: str = "") -> Checkpoint:
    """Read a checkpoint from JSON.

    Args:
        text: what `checkpoint_text` wrote.
        where: the file it came from, for the message.

    Raises:
        UnusableInput: it is not a checkpoint.
    """
    try:
        given = json.loads(text)
        if given.pop("schema") != SCHEMA:
            raise ValueError(f"its schema is not {SCHEMA}")
        signatures = tuple(_signature(**one) for one in given.pop("signatures"))
        return _checkpoint(**given)._replace(signatures=signatures)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise UnusableInput(
            "this is not a checkpoint",
            where,
            str(error),
            "let `gradatim ledger checkpoint` write it",
        ) from error


def _checkpoint(trial: Any, position: Any, head: str, recorded_at: Any) -> Checkpoint:
    digest = bytes.fromhex(head.removeprefix(HASHED))
    texts = isinstance(trial, str) and isinstance(recorded_at, str)
    whole = len(digest) == 32 and head == HASHED + digest.hex()
    if not (texts and whole and type(position) is int and position >= 0):
        raise ValueError("trial, position, head and recorded_at are not a checkpoint's")
    return Checkpoint(trial, position, digest, recorded_at)


def _signature(name: Any, key: str, signature: str) -> Signature:
    raw, made = b64decode(key, validate=True), b64decode(signature, validate=True)
    if not isinstance(name, str) or len(raw) != 32:
        raise ValueError("a signature has no name, or its key is not 32 bytes")
    return Signature(name, raw, made)


def fits(checkpoint: Checkpoint, signature: Signature) -> bool:
    """Whether a signature is that of its key over this checkpoint."""
    return key_signed(signature.key, signature.signature, signed_bytes(checkpoint))


def key_signed(key: bytes, signature: bytes, signed: bytes) -> bool:
    """Whether a signature is that of an Ed25519 public key (32 bytes) over some bytes."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, signed)
    except (InvalidSignature, ValueError):
        return False
    return True


def signature_faults(
    checkpoints: Sequence[Checkpoint], trial: str, keys: Collection[bytes] = ()
) -> str:
    """Say what is wrong with the checkpoints themselves; empty when nothing is.

    Args:
        checkpoints: to be held against the ledger.
        trial: the ledger's trial.
        keys: trusted public keys; when given, each checkpoint needs a signature of one of them.

    Raises:
        UnusableInput: a checkpoint is of another trial.
    """
    for one in checkpoints:
        if one.trial != trial:
            raise UnusableInput(
                f"this checkpoint is of trial {one.trial!r}",
                "",
                f"the ledger is of trial {trial!r}",
                "give a checkpoint of the same trial",
            )
        for signature in one.signatures:
            if not fits(one, signature):
                return (
                    f"the signature of {signature.name!r} does not fit the checkpoint of "
                    f"{one.recorded_at}: the checkpoint was altered"
                )
        if keys and not any(signature.key in keys for signature in one.signatures):
            return f"the checkpoint of {one.recorded_at} bears no signature of a trusted key"
    return ""


def words_on(checkpoints: Sequence[Checkpoint], keys: Collection[bytes], events: int) -> str:
    """Say what checkpoints, ordered by position, let a check see, and who vouches for them."""
    last = checkpoints[-1]
    count = "a checkpoint" if len(checkpoints) == 1 else f"{len(checkpoints)} checkpoints"
    said = [f"Checked against {count}, the latest of event {last.position} at {last.recorded_at}."]
    if events > last.position:
        said.append(f"Events after {last.position} are checked only against themselves.")
    if any(not one.signatures for one in checkpoints):
        said.append("A checkpoint is not signed: anyone could have written it.")
    signers = {one.key: one.name for mark in checkpoints for one in mark.signatures}
    if signers and not keys:
        said.append(
            f"No trusted key was given: that {_names(signers.values())} signed is their own word."
        )
    unknown = [name for key, name in signers.items() if keys and key not in keys]
    if unknown:
        said.append(f"Unknown signer: {_names(unknown)}.")
    return " ".join(said)


def _names(names: Collection[str]) -> str:
    return ", ".join(repr(name) for name in names)
