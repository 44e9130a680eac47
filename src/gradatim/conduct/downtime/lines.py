"""The lines of a downtime journal: what each says, and how an altered one is found.

A journal is JSON Lines. The first line says on which ledger it was begun; each later one keeps a
fact, or says who asked for those of a site to be merged:

    hash      = SHA-256(hash of the line before | what the line says, as JSON)
    signature = Ed25519 by the application's sealing key over "gradatim.downtime/1\\n" | hash

The first predecessor is SHA-256("gradatim.downtime/1\\n" | trial). Where the trial is not sealed
there is no signature. A line that is altered, left out or moved is named; lines that are cut off at
the end leave a shorter journal that is whole: `Journal.holds` tells them, by a hash known before.
"""

from collections.abc import Collection, Iterator
from datetime import datetime
from hashlib import sha256
from typing import NamedTuple

import msgspec
from msgspec import Struct

from gradatim.conduct.checkpoints import key_signed
from gradatim.conduct.events import decoded
from gradatim.conduct.events.base import Event
from gradatim.core.errors import UnusableInput

SCHEMA = "gradatim.downtime/1"
JOURNAL_DOMAIN = f"{SCHEMA}\n".encode()


class JournalBegun(
    Struct, frozen=True, kw_only=True, tag="begun", tag_field="line", forbid_unknown_fields=True
):
    """On which ledger a journal was begun.

    Args:
        trial: its identifier.
        position: of the last entry that was known.
        head: the hash of that entry, in hex.
        at: when.
        why: why nothing was recorded in the ledger.
        schema: of the journal.
    """

    trial: str
    position: int
    head: str
    at: datetime
    why: str
    schema: str = SCHEMA


class FactKept(
    Struct, frozen=True, kw_only=True, tag="kept", tag_field="line", forbid_unknown_fields=True
):
    """A fact, as its user would have recorded it.

    Args:
        number: from 1, without gaps.
        request: idempotency key: the same request is kept once.
        body: the event as the ledger would have it.
    """

    number: int
    request: str
    body: str

    @property
    def event(self) -> Event:
        """The event that is kept."""
        return decoded(self.body.encode())


class MergeAsked(
    Struct, frozen=True, kw_only=True, tag="asked", tag_field="line", forbid_unknown_fields=True
):
    """Somebody has looked at what is kept of a site, and asks a second person to merge it.

    Args:
        site: whose entries.
        by: who asks.
        at: when.
        last: the hash of the last fact of the site that they looked at, in hex.
    """

    site: str
    by: str
    at: datetime
    last: str


SaidInJournal = JournalBegun | FactKept | MergeAsked


class _Written(Struct, frozen=True, forbid_unknown_fields=True):
    said: SaidInJournal
    hash: str
    signature: str


class JournalLine(NamedTuple):
    """A line of a journal.

    Args:
        said: what it says.
        hash: 32 bytes, of it and of all lines before.
        text: the line as it stands in the file, with its end.
    """

    said: SaidInJournal
    hash: bytes
    text: bytes

    @property
    def sha256(self) -> str:
        """Return the SHA-256 of the line without its end, in hex: what an entry names it by."""
        return sha256(self.text.removesuffix(b"\n")).hexdigest()


class KeptFact(NamedTuple):
    """A fact that a journal keeps, with the line that keeps it."""

    said: FactKept
    line: JournalLine
    event: Event


class AlteredJournal(UnusableInput):
    """A downtime journal is not as the application wrote it; `line` is the first that is wrong."""

    def __init__(self, where: str, line: int, why: str) -> None:
        super().__init__(
            f"line {line} of the downtime journal is not as this application wrote it",
            where,
            why,
            "keep the file as it is, and find out who wrote to it; put it back from a copy, or "
            "move it away and enter what it keeps from paper",
        )
        self.line = line


class Journal(NamedTuple):
    """A journal that is whole.

    Args:
        begun: its first line.
        lines: those after it.
    """

    begun: JournalBegun
    lines: tuple[JournalLine, ...]
    last: bytes

    def facts(self, site: str | None = None) -> list[KeptFact]:
        """Return the facts that are kept, of one site or of all."""
        found = (
            KeptFact(one.said, one, one.said.event)
            for one in self.lines
            if isinstance(one.said, FactKept)
        )
        return [one for one in found if site in (None, one.event.site)]

    def under(self, request: str) -> KeptFact | None:
        """Return the fact that a request made, if there is one."""
        return next((one for one in self.facts() if one.said.request == request), None)

    def asked(self, site: str) -> list[MergeAsked]:
        """Return who asked for all the facts of a site to be merged, as they are now."""
        facts = self.facts(site)
        last = facts[-1].line.hash.hex() if facts else ""
        said = (one.said for one in self.lines)
        return [
            one
            for one in said
            if isinstance(one, MergeAsked) and (one.site, one.last) == (site, last)
        ]

    def holds(self, hash_: bytes) -> bool:
        """Whether a line of this hash is in it."""
        return any(one.hash == hash_ for one in self.lines)


def written(said: SaidInJournal, before: bytes, signature: bytes | None) -> JournalLine:
    """Return the line that says something.

    Args:
        said: what.
        before: the hash of the line before.
        signature: over `signed_of` its hash; None where the trial is not sealed.
    """
    hash_ = hash_of(said, before)
    whole = _Written(said, hash_.hex(), "" if signature is None else signature.hex())
    return JournalLine(said, hash_, msgspec.json.encode(whole) + b"\n")


def hash_of(said: SaidInJournal, before: bytes) -> bytes:
    """Return the hash of a line, over what it says and the hash before."""
    return sha256(before + msgspec.json.encode(said)).digest()


def signed_of(hash_: bytes) -> bytes:
    """Return what is signed of a line with this hash."""
    return JOURNAL_DOMAIN + hash_


def first_hash(trial: str) -> bytes:
    """Return the hash before the first line."""
    return sha256(JOURNAL_DOMAIN + trial.encode()).digest()


def read_journal(trial: str, content: bytes, keys: Collection[bytes], where: str) -> Journal:
    """Read a journal, every line of it held against those before.

    Args:
        trial: its identifier.
        content: of the file.
        keys: the public sealing keys that the ledger names; none where the trial is not sealed.
        where: the file, for messages.

    Raises:
        AlteredJournal: a line is not as the application wrote it.
    """
    lines = list(_lines(trial, content, keys, where))
    begun = lines[0].said if lines else None
    if not isinstance(begun, JournalBegun) or (begun.trial, begun.schema) != (trial, SCHEMA):
        raise AlteredJournal(where, 1, f"it does not begin a journal of {trial}")
    numbers = 0
    for at, one in enumerate(lines[1:], 2):
        if isinstance(one.said, JournalBegun):
            raise AlteredJournal(where, at, "it begins another journal")
        if isinstance(one.said, FactKept):
            numbers += 1
            if one.said.number != numbers:
                raise AlteredJournal(where, at, f"it is number {one.said.number}, not {numbers}")
    return Journal(begun, tuple(lines[1:]), lines[-1].hash)


def _lines(
    trial: str, content: bytes, keys: Collection[bytes], where: str
) -> Iterator[JournalLine]:
    before = first_hash(trial)
    for at, text in enumerate(content.splitlines(keepends=True), 1):
        try:
            one = msgspec.json.decode(text, type=_Written)
            signature = bytes.fromhex(one.signature)
        except (msgspec.ValidationError, msgspec.DecodeError, ValueError) as error:
            raise AlteredJournal(where, at, f"it cannot be read: {error}") from error
        line = written(one.said, before, signature)
        if line.text != text:
            raise AlteredJournal(where, at, "it does not fit the lines before it, or is cut")
        if not _is_signed(line.hash, signature, keys):
            raise AlteredJournal(where, at, "its signature is not this application's")
        yield line
        before = line.hash


def _is_signed(hash_: bytes, signature: bytes, keys: Collection[bytes]) -> bool:
    if not keys:
        return not signature
    return any(key_signed(key, signature, signed_of(hash_)) for key in keys)
