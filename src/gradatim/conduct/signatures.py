"""What each signature means, of the acts that are always signed and of corrections.

Source: 21 CFR 11.50: a signature shows the printed name of the signer, when it was made, and what
it means. The time is the record's own; name and meaning stand in it, under the ledger's hash.
"""

from collections.abc import Mapping

from gradatim.conduct.catalogue import ACTS
from gradatim.conduct.events import safety as s
from gradatim.conduct.events.base import Event

MEANINGS: Mapping[type[Event], str] = {
    event: act.meaning for event, act in ACTS.items() if act.meaning
}
"""The acts that are always signed, and what it means to sign each of them."""


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
