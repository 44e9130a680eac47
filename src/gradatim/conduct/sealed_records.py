"""What a participant's records say: sealed with a key of their own, as who they are is.

What a record is coded as tells of illnesses that no trial asks about, and rare codes tell who
somebody is. The ledger keeps in clear of which elements a record is, or may be; its words are
opened for whoever has that key, and gone with it. Each is bound to the participant,
the kind of entry, the record and its content, so that none can be moved. It is padded, so that its
length says little. Entries of before that was sealed have the words in clear, and read as they are.

Source: RFC 2104 (HMAC); Regulation (EU) 2016/679, articles 17 and 32.
"""

import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from hashlib import sha256
from typing import NamedTuple

import msgspec

from gradatim.conduct.events.base import Event, Sealed
from gradatim.conduct.events.participants import RecordNotUnderstood
from gradatim.conduct.events.records import Coded, RecordRead, RecordsRead
from gradatim.conduct.identity import ERASED, Whose, seal
from gradatim.conduct.keyring.stores import Keyring, records_key
from gradatim.conduct.state import Participant, State, UnsealedWords
from gradatim.core.errors import UnusableInput

SEALED = "sealed"
_BLOCK = 256
"""Words are padded to a multiple of so many bytes."""
_OF_CONTENTS = b"contents of records"
_RecordWords = RecordRead | RecordNotUnderstood
"""What has words of a record."""


class _Said(msgspec.Struct, frozen=True, omit_defaults=True):
    """The words that are sealed: what a record is coded as, and all that quotes it."""

    codes: tuple[Coded, ...] = ()
    named: tuple[str, ...] = ()
    used: dict[str, str] = {}
    why: str = ""
    route: str = ""


class RecordSeal(NamedTuple):
    """Seals what the records of one participant say.

    Args:
        whose: the trial and the participant.
        key: to the participant's records, 32 bytes.
        random: gives that many unpredictable bytes, as `secrets.token_bytes`.
    """

    whose: Whose
    key: bytes
    random: Callable[[int], bytes]

    def content(self, plain: str) -> str:
        """Return a hash of what a record says that nobody without the key can try words against.

        It is the same for the same content of the same participant.

        Args:
            plain: SHA-256 of what it says, in hex.

        Returns:
            HMAC-SHA-256, in hex.
        """
        own = hmac.new(self.key, _OF_CONTENTS, sha256).digest()  # a key has one use
        return hmac.new(own, json.dumps([*self.whose, plain]).encode(), sha256).hexdigest()

    def read(self, one: RecordRead) -> RecordRead:
        """Return how a record was read, with its words sealed."""
        said = _Said(codes=one.codes, used=one.used, why=one.why, route=one.route)
        return msgspec.structs.replace(
            one,
            codes=(),
            used=dict.fromkeys(one.used, ""),
            why="",
            route="",
            sealed=self._sealed(one, said),
        )

    def entry(self, event: Event) -> Event:
        """Return an entry with the words of its records sealed, as far as they are in clear."""
        if isinstance(event, RecordNotUnderstood) and has_clear_words(event):
            sealed = self._sealed(event, _Said(named=event.codes))
            return msgspec.structs.replace(event, codes=(), sealed=sealed)
        if isinstance(event, RecordsRead):
            records = (self.read(one) if _in_clear(one) else one for one in event.records)
            return msgspec.structs.replace(event, records=tuple(records))
        return event

    def _sealed(self, one: _RecordWords, said: _Said) -> Sealed:
        text = msgspec.json.encode(said)
        padded = text.ljust(-(-len(text) // _BLOCK) * _BLOCK).decode()
        field = _bound(one)
        return seal(self.whose, {field: padded}, self.key, self.random)[field]


def record_seal(keyring: Keyring, state: State, participant: Participant) -> RecordSeal:
    """Return what seals the records of a participant; the first make the key.

    Raises:
        UnusableInput: the key was destroyed, or is not here.
    """
    name = records_key(participant.id)
    key = keyring.key(name)
    if participant.erased or (key is None and _has_sealed(state, participant)):
        why = "their data were erased" if participant.erased else "the key is not here"
        todo = "" if participant.erased else "restore the folder of the keys"
        raise UnusableInput("records can no longer be sealed", participant.id, why, todo)
    key = key or keyring.make(name)
    return RecordSeal(Whose(state.trial, participant.id), key, keyring.random)


def _has_sealed(state: State, participant: Participant) -> bool:
    """Whether records of a participant are sealed already, with a key that there was."""
    kinds = (RecordsRead, RecordNotUnderstood)
    positions = (at for kind in kinds for at in participant.entries_of.get(kind, ()))
    return any(is_sealed(one) for at in positions for one in _words_of(state.events[at]))


def opened_entry(state: State, position: int, event: Event) -> Event:
    """Return an entry with the words of its records, where these can be opened here.

    Where they cannot, because the ledger is read without the keys, the state is one of an earlier
    time, or the key was destroyed, they stay sealed: see `is_sealed`.

    Args:
        position: of the entry.
        event: the entry, or a version of it.
    """
    one = state.participants.get(getattr(event, "participant", None) or "")
    if one is None or one.erased or state.unsealed_words is None:
        return event
    sealed = [each for each in _words_of(event) if is_sealed(each)]
    if not sealed:
        return event
    if isinstance(event, RecordsRead):
        texts = _texts(state.unsealed_words, one, {_bound(each): each for each in sealed})
        records = tuple(_opened(each, texts.get(_bound(each))) for each in event.records)
        return msgspec.structs.replace(event, records=records)
    assert isinstance(event, RecordNotUnderstood)
    first = state.earlier.get(position, [event])[0]  # a correction may name another record
    assert isinstance(first, RecordNotUnderstood)
    texts = _texts(state.unsealed_words, one, {_bound(first): event})
    said = _read(texts.get(_bound(first)))
    if said is None:
        return event
    codes = event.codes or said.named  # what was corrected since outranks them
    return msgspec.structs.replace(event, codes=codes, sealed=None)


def has_clear_words(event: Event) -> bool:
    """Whether an entry holds words of a record in clear."""
    return any(map(_in_clear, _words_of(event)))


def _in_clear(one: _RecordWords) -> bool:
    if isinstance(one, RecordNotUnderstood):
        return bool(one.codes)
    return bool(one.codes or any(one.used.values()) or one.why or one.route)


def is_sealed(one: _RecordWords) -> bool:
    """Whether the words of a record are sealed, and not opened."""
    return one.sealed is not None


def sealed_word(participant: Participant) -> str:
    """Return what is said in the place of words that cannot be opened: `sealed`, or `erased`."""
    return ERASED if participant.erased else SEALED


def without_words(state: State, about: str) -> State:
    """Return a state in which the words of a participant's records stay sealed.

    For texts that the ledger keeps: they name such a record by its id.
    """
    one = state.participants.get(about)
    if one is None or state.unsealed_words is None or not _has_sealed(state, one):
        return state
    unread = replace(one, _known={}, _past={})
    people = {**state.participants, about: unread}
    return replace(state, unsealed_words=None, participants=people, _known={})


def _words_of(event: Event) -> tuple[_RecordWords, ...]:
    if isinstance(event, RecordsRead):
        return event.records
    return (event,) if isinstance(event, RecordNotUnderstood) else ()


def _bound(one: _RecordWords) -> str:
    """Return what the words of a record are bound to, besides whose they are."""
    return json.dumps([type(one).__name__, one.record, one.content])


def _texts(
    unsealed: UnsealedWords, participant: Participant, held: Mapping[str, _RecordWords]
) -> Mapping[str, str]:
    sealed = {name: one.sealed for name, one in held.items() if one.sealed is not None}
    return unsealed(participant.id, sealed)


def _read(text: str | None) -> _Said | None:
    try:
        return None if text is None else msgspec.json.decode(text, type=_Said)
    except msgspec.DecodeError:
        return None


def _opened(one: RecordRead, text: str | None) -> RecordRead:
    """Return how a record was read, with its words if these are known."""
    said = _read(text)
    if said is None:
        return one
    return msgspec.structs.replace(
        one, codes=said.codes, used=said.used, why=said.why, route=said.route, sealed=None
    )
