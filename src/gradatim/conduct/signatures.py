"""Signatures: what each means, and how its signer makes it.

Source: 21 CFR 11.50: a signature shows the printed name of the signer, when it was made, and what
it means. The time is the record's own; name and meaning stand in it, under the ledger's hash. What
makes it the signer's own is said in `signing_keys`.
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import msgspec

from gradatim.conduct.catalogue import ACTS
from gradatim.conduct.chain import header_of
from gradatim.conduct.event_store import Head
from gradatim.conduct.events import encoded
from gradatim.conduct.events import safety as s
from gradatim.conduct.events.base import Event, Signature
from gradatim.conduct.signing_keys import SIGNATURE_DIGITS, signed_statement, without_digits
from gradatim.core.errors import Defect

MEANINGS: Mapping[type[Event], str] = {
    event: act.meaning for event, act in ACTS.items() if act.meaning
}
"""The acts that are always signed, and what it means to sign each of them."""


ALWAYS_SIGNED = frozenset(act.name for act in ACTS.values() if act.meaning and not act.by_committee)
"""Names of the acts whose own entry is signed; of the committee's the signatures are proposals'."""
JUDGEMENT = "I have judged this adverse event."
"""What an investigator signs who makes an adverse event less than was judged."""
CORRECTION = "I have seen this correction, and sign what the entry says now."
"""What is signed where signed content is corrected; the act's own meaning follows."""


TRANSCRIPTION = "I have entered this as it is written and signed on the paper that is named."
"""What is signed where what was written on paper is entered."""


def meaning_of(event: Event) -> str | None:
    """Return what it means to sign an event that is always signed; None for others."""
    meaning = MEANINGS.get(type(event))
    return meaning if meaning is None or event.paper is None else TRANSCRIPTION


def meaning_of_correction(kind: type[Event]) -> str:
    """Return what it means to sign a correction of an entry of this type."""
    own = JUDGEMENT if kind in _JUDGED else MEANINGS.get(kind, "")
    return f"{CORRECTION} {own}".rstrip()


_JUDGED = (s.AdverseEventReported, s.AdverseEventUpdated, s.AdverseEventResolved)


class Signer(NamedTuple):
    """A person who has just shown who they are, with the key that their password opened.

    Args:
        public: the Ed25519 public key, 32 bytes.
        sign: returns the signature of some bytes, 64 bytes.
    """

    public: bytes
    sign: Callable[[bytes], bytes]


def signed_entry(
    event: Event, trial: str, head: Head, signer: Signer, shown: int, request: str = ""
) -> Event:
    """Return a signed event under the signature of its signer, to be recorded after a head.

    Args:
        event: as it is to be recorded, signed in words.
        trial: its identifier.
        head: the last entry of the ledger, after which it is recorded.
        signer: whose signature it is.
        shown: the position of the ledger that the signer had before them.
        request: the idempotency key under which it is recorded.

    Raises:
        UnusableInput: a field holds what it may not hold.
    """
    words = event.signature
    assert words is not None

    def bearing(digits: str) -> Event:
        signature = Signature(words.printed_name, words.meaning, shown, digits)
        return msgspec.structs.replace(event, signature=signature)

    blank = "0" * SIGNATURE_DIGITS
    body, _ = encoded(bearing(blank))
    unsigned = without_digits(body, blank)
    if unsigned is None:
        raise Defect("an entry has two fields for a signature")
    header = header_of(trial, head.position + 1, request)
    made = signer.sign(signed_statement(head.hash, header, unsigned))
    return bearing(made.hex())
