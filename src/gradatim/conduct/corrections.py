"""What a correction may change, and what a signature covers once it has been corrected.

A correction obeys the rights of what it corrects. Who recorded an entry, where, when and under
whose signature is no part of what it says: none of that is corrected. A signature covers the
content that its signer saw: a correction of signed content is signed anew, and what was signed
before is shown as of what it signed.

Source: 21 CFR 11.10(e), 11.50(b), 11.70; EMA guideline on computerised systems and electronic data
in clinical trials (EMA/INS/GCP/112288/2023), annex 4; ICH E6(R3), 4.2.2.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from gradatim.conduct.catalogue import ACTS
from gradatim.conduct.event_for_element import answered_by_participant
from gradatim.conduct.events import built
from gradatim.conduct.events.base import Event
from gradatim.conduct.events.findings import ScoresRecorded
from gradatim.conduct.events.participants import EntryCorrected, ParticipantRegistered
from gradatim.conduct.events.review import SourceDataVerified
from gradatim.conduct.folding.participants import FIXED, corrected
from gradatim.conduct.log_validation import NUMBER_OF
from gradatim.conduct.sealed_records import opened_entry
from gradatim.conduct.signatures import MEANINGS
from gradatim.conduct.state import State

CORRECTABLE: tuple[type[Event], ...] = tuple(
    event for event, act in ACTS.items() if act.correctable
)
"""What can be corrected: facts. An authorisation is not corrected but followed by another act."""


_OF_THE_SYSTEM: Mapping[type[Event], frozenset[str]] = {
    ParticipantRegistered: frozenset({"screened_as", "namesakes"}),
    **{kind: frozenset({field}) for kind, field in NUMBER_OF.items()},
}
"""Fields by which other entries name an entry, or which the ledger fills in."""


def fixed_fields(was: Event, fields: dict[str, object]) -> list[str]:
    """Return which of these fields no correction of an entry may change, in alphabetical order."""
    return sorted((FIXED | _OF_THE_SYSTEM.get(type(was), frozenset())) & set(fields))


def unchanged_fields(was: Event, now: Event, fields: dict[str, object]) -> list[str]:
    """Return the named fields that say the same in both, in alphabetical order."""
    return sorted(name for name in fields if getattr(was, name) == getattr(now, name))


def own_answers(state: State, position: int) -> list[str]:
    """Return which values of an entry a participant answered themselves, as people call them.

    Nobody else knows better: they are corrected at the participant's request alone. Source: EMA
    guideline on computerised systems (EMA/INS/GCP/112288/2023), annex 5, A5.1.3.
    """
    entry = state.events[position]
    if not isinstance(entry, ScoresRecorded) or not state.versions:
        return []
    answered = answered_by_participant(state.study)
    return [answered[one.element] for one in entry.results if one.element in answered]


class Signing(NamedTuple):
    """A signature under an entry, with what it signed.

    Args:
        entry: the position of the record that carries the signature: the entry itself, or the
            correction that was signed.
        by: the user who signed.
        printed_name, meaning: as signed.
        at: when it was signed.
        content: what the entry said when it was signed.
        stands: whether the entry still says that.
        by_key: whether it is made by a key of the signer; else it is words in a record.
    """

    entry: int
    by: str
    printed_name: str
    meaning: str
    at: datetime
    content: Event
    stands: bool
    by_key: bool


def signings(state: State, position: int) -> tuple[Signing, ...]:
    """Return every signature under an entry, the earliest first, each as of what it signed."""
    first = state.earlier.get(position)
    versions = [*first, state.events[position]] if first else [state.events[position]]
    carriers = [position, *state.corrected_by.get(position, [])]
    found = []
    for i, (carrier, content) in enumerate(zip(carriers, versions, strict=True)):
        record = versions[0] if i == 0 else state.events[carrier]
        if (signature := record.signature) is not None:
            found.append(
                Signing(
                    carrier,
                    record.recorded_by,
                    signature.printed_name,
                    signature.meaning,
                    record.recorded_at,
                    content,
                    i == len(versions) - 1,
                    bool(signature.ed25519),
                )
            )
    return tuple(found)


def is_signed(state: State, position: int) -> bool:
    """Whether what an entry says is, or ever was, signed: to change it takes a signature."""
    return type(state.events[position]) in MEANINGS or bool(signings(state, position))


def changed_after_signature(state: State, position: int) -> bool:
    """Whether an entry was signed, and says something else since that nobody has signed."""
    if position not in state.corrected_by:
        return False
    found = signings(state, position)
    return bool(found) and not found[-1].stands


def correction_of(state: State, event: EntryCorrected) -> tuple[Event, Event]:
    """Return an entry as it stands, and as a correction would have it.

    Raises:
        msgspec.ValidationError: a field is unknown, or its value of the wrong kind.
    """
    was = state.events[event.of]
    return was, corrected(was, event.fields)


def changed_fields(event: Event, said: Mapping[str, Any], emptied: Iterable[str]) -> dict[str, Any]:
    """Return the fields by which an entry would say something else, as a correction names them.

    Args:
        event: the entry as it stands.
        said: fields that were filled in, as plain values.
        emptied: fields that were left empty.

    Raises:
        UnusableInput: a field cannot hold what it was given.
    """
    left = set(emptied)
    merged = {name: value for name, value in msgspec.to_builtins(event).items() if name not in left}
    now = built({**merged, **said, "recorded_at": event.recorded_at})
    return {
        name: msgspec.to_builtins(getattr(now, name))
        for name in now.__struct_fields__
        if name not in FIXED and getattr(now, name) != getattr(event, name)
    }


def as_recorded(state: State, position: int) -> Event:
    """Return an entry as it was recorded, whatever was corrected since, and opened."""
    was = state.earlier.get(position)
    return opened_entry(state, position, was[0] if was else state.events[position])


def verified_before_correction(state: State, position: int) -> bool:
    """Return whether an entry was compared with its source before it was corrected."""
    return position in state.corrected_by and any(
        position in one.entries for _, one in state.events.of(SourceDataVerified)
    )
