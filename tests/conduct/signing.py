"""People who sign by keys of their own, and ledgers that hold what they signed."""

from collections.abc import Sequence
from typing import Any

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gradatim.conduct.chain import Entry, chain, genesis
from gradatim.conduct.event_store import Head
from gradatim.conduct.events.base import Event, Signature
from gradatim.conduct.events.review import ProposalWithdrawn
from gradatim.conduct.events.trial import SigningKeyAdopted
from gradatim.conduct.signatures import Signer
from gradatim.conduct.signing_keys import possession
from gradatim.conduct.trial import Trial
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
