"""People who sign by keys of their own, and ledgers that hold what they signed."""

import random
from collections.abc import Sequence
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gradatim.conduct.chain import Entry, chain, chained, genesis
from gradatim.conduct.event_store import Head
from gradatim.conduct.events import encoded
from gradatim.conduct.events.base import Event, Signature
from gradatim.conduct.events.review import ProposalWithdrawn
from gradatim.conduct.events.trial import SigningKeyAdopted, TrainingRecorded
from gradatim.conduct.seals import Seal
from gradatim.conduct.signatures import Signer, signed_entry
from gradatim.conduct.signing_keys import possession
from gradatim.conduct.trial import Trial
from tests.conduct.sealed import (
    body_altered,
    entries_swapped,
    entry_inserted,
    entry_removed,
    request_altered,
)
from tests.conduct.trials import event


def person(seed: int) -> Signer:
    """Return somebody with a key, the same for the same seed."""
    private = Ed25519PrivateKey.from_private_bytes(seed.to_bytes(32, "big"))
    return Signer(private.public_key().public_bytes_raw(), private.sign)


def adoption(trial: str, user: str, signer: Signer, by: str = "", **more: Any) -> Event:
    """Return the entry by which a person adopts a key."""
    proof = signer.sign(possession(trial, user, signer.public)).hex()
    fields = {"public_key": signer.public.hex(), "proof": proof, "invited_by": by, **more}
    return event(SigningKeyAdopted, user, **fields)


def adopt(trial: Trial, user: str, signer: Signer, by: str = "", **more: Any) -> int:
    """Have a trial know the key of a person, as the application does."""
    made = adoption(trial.name, user, signer, by, **more)
    return trial.record_own(lambda _head: made)


def signed(user: str, proposal: str, **more: Any) -> Event:
    """Return an event that bears a signature in words."""
    made = event(ProposalWithdrawn, user, proposal=proposal, reason="it was overtaken", **more)
    words = Signature(f"Dr {user}", "I have withdrawn this.")
    return msgspec.structs.replace(made, signature=words)


def rechained(trial: str, entries: Sequence[Entry]) -> list[Entry]:
    """Return entries in a chain that is whole, as whoever has the sealing key can make them."""
    return list(chain(genesis(trial), trial, 0, [(one.body, one.request) for one in entries]))


def head_of(trial: str, entries: Sequence[Entry]) -> Head:
    """Return the last entry of some."""
    return Head(entries[-1].position, entries[-1].hash) if entries else Head(0, genesis(trial))


# --- a ledger that two people signed ---


NAME = "T1"
ANN, BEN, MALLORY = person(1), person(2), person(3)
KEYS = {"ann": ANN, "ben": BEN}


def add_signed(entries: list[Entry], made: Event, signer: Signer | None = None) -> None:
    """Add an event to a ledger, under somebody's signature where one is given."""
    head = head_of(NAME, entries)
    if signer is not None:
        made = signed_entry(made, NAME, head, signer, head.position)
    entries.append(chained(head.hash, NAME, head.position + 1, "", encoded(made)[0]))


def signed_by_two() -> list[Entry]:
    """Return a ledger that two people signed, in words and then by keys, one by two of them."""
    entries: list[Entry] = []
    add_signed(entries, signed("ann", "P0"))
    add_signed(entries, adoption(NAME, "ann", person(9)))
    add_signed(entries, signed("ann", "P1"), person(9))
    add_signed(entries, adoption(NAME, "ann", ANN))
    add_signed(entries, signed("ben", "P2"))
    add_signed(entries, adoption(NAME, "ben", BEN))
    add_signed(entries, signed("ann", "P3"), ANN)
    add_signed(entries, event(TrainingRecorded, "ann", user="cat", version="1"))
    add_signed(entries, signed("ben", "P4"), BEN)
    add_signed(entries, signed("ann", "P5"), ANN)
    return entries


def alter_with_the_sealing_key(entries: list[Entry], rng: random.Random) -> list[Entry]:
    """Return entries after one to three alterations, in a chain that is whole again.

    As by whoever has the database and the sealing key: every seal can be made anew as well.
    """
    rows, seals = list(entries), list[Seal]()
    for one in rng.choices(OF_ENTRIES, k=rng.randint(1, 3)):
        if rows:
            one(rows, seals, rng)
    return rechained(NAME, rows)


def only_a_checkpoint_tells(rows: list[Entry], of: list[Entry]) -> bool:
    """Whether nothing that somebody signed stands from the first alteration on: a cut tail."""
    altered = (n for n, (one, was) in enumerate(zip(rows, of, strict=False)) if one != was)
    first = next(altered, min(len(rows), len(of)))
    return not any(b'"ed25519"' in one.body for one in rows[first:])


OF_ENTRIES = (body_altered, request_altered, entry_removed, entry_inserted, entries_swapped)
