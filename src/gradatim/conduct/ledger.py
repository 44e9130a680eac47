"""The tamper-evident ledger: check a trial's whole chain, alone or against checkpoints.

The parts: `chain` (how entries hang together), `seals` (which the application made), `signing_keys`
(what people signed), `checkpoints` (what sites keep and co-sign), `jsonl_export` (the export). What
an event means is said elsewhere: here are bytes in and bytes out.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from hashlib import sha256
from typing import NamedTuple

from gradatim.conduct.chain import Entry, LedgerFault, chain, chained, genesis, prefix
from gradatim.conduct.checkpoints import (
    Checkpoint,
    checkpoint_text,
    parse_checkpoint,
    sign,
    signature_faults,
    words_on,
)
from gradatim.conduct.jsonl_export import export_lines, parse_lines
from gradatim.conduct.seals import ADOPTION, Seal, SealCheck
from gradatim.conduct.signing_keys import SignatureCheck

__all__ = [
    "Checkpoint",
    "Entry",
    "Seal",
    "Verification",
    "chain",
    "chained",
    "checkpoint_text",
    "export_lines",
    "genesis",
    "parse_checkpoint",
    "parse_lines",
    "sign",
    "verify",
]
ALONE = (
    "Checked against itself only: a cut tail, a rewritten chain or an older copy cannot be seen "
    "without a checkpoint kept elsewhere."
)


_NEVER = 2**63  # a position that no entry has


class Verification(NamedTuple):
    """What a check of the chain found.

    Args:
        events: how many events were read.
        head: the stored hash of the last one (of the genesis when there is none).
        ok: whether nothing is wrong.
        first_bad: the position of the first event that is missing, out of place or altered; none
            when nothing is wrong, or when what is wrong is no event.
        why: what is wrong with it; empty when nothing is.
        knows: what this check could see, and what it could not.
        sealed_from: the position of the entry that adopted the first key, from which on every
            append is sealed; none where nothing is.
        unendorsed: the entries that adopt a key that the one before did not endorse.
        signed_by_key: how many entries bear a signature by a key of their signer.
        signed_in_words: how many are of before their signer had one.
    """

    events: int
    head: bytes
    ok: bool
    first_bad: int | None
    why: str
    knows: str
    sealed_from: int | None = None
    unendorsed: tuple[int, ...] = ()
    signed_by_key: int = 0
    signed_in_words: int = 0


def verify(
    entries: Iterable[Entry],
    trial: str,
    against: Sequence[Checkpoint] = (),
    keys: Collection[bytes] = (),
    seals: Iterable[Seal] = (),
    vouched: int = 0,
    signed_acts: Collection[str] = (),
) -> Verification:
    """Check a trial's whole chain, and that it still holds what checkpoints saw.

    Args:
        entries: all entries of the trial, in order.
        trial: its identifier.
        against: checkpoints of this trial, kept elsewhere.
        keys: Ed25519 public keys (32 bytes each) whose signatures are trusted. When given, each
            checkpoint must bear a valid signature of one of them.
        seals: all seals of the trial, by position.
        vouched: up to which entry somebody who is trusted vouches for the ledger. Checkpoints do,
            where `keys` are given, and a key that the one before did not endorse counts then.
        signed_acts: names of the types of events that are always signed.

    Raises:
        UnusableInput: a checkpoint is of another trial.
    """
    marks = sorted(against, key=lambda one: one.position)
    signed = signature_faults(marks, trial, keys)
    checked = SignatureCheck(trial, signed_acts)
    walk = _Walk(trial, {one.position for one in marks}, SealCheck(trial, seals), checked)
    fault = walk.through(iter(entries))
    if not (fault or signed):  # an altered checkpoint says nothing about the ledger
        fault = _marked(walk, marks)
        upto = max(vouched, marks[-1].position if marks and keys else 0)
        fault = fault or _unvouched(walk.seals.unendorsed, upto)
    since = walk.seals.since
    knows = _words_on(since) + _words_on_signatures(walk.signatures)
    knows += words_on(marks, keys, walk.events) if marks else _alone(since)
    ok, why = not (fault or signed), fault.why if fault else signed
    at, loose = fault.position if fault else None, tuple(walk.seals.unendorsed)
    by_key, in_words = walk.signatures.by_key, walk.signatures.in_words
    return Verification(walk.events, walk.head, ok, at, why, knows, since, loose, by_key, in_words)


def _unvouched(unendorsed: Iterable[int], upto: int) -> LedgerFault | None:
    """Say which key was adopted without the one before, and nobody vouches for it."""
    for at in unendorsed:
        if at > upto:
            return LedgerFault(
                at,
                f"event {at} adopts a key that the one before did not endorse: the key was lost, "
                "or the event is forged; a checkpoint after it tells, with the key of its signer",
            )
    return None


def _words_on(since: int | None) -> str:
    if since is None:
        return "No event is sealed: one added by hand is not told from the application's own. "
    return f"Sealed from event {since} on by the application's own key. "


def _words_on_signatures(found: SignatureCheck) -> str:
    if not (found.by_key or found.in_words):
        return ""
    words = f"Signed by keys of their signers: {found.by_key}"
    return f"{words}; in words only, of before they had one: {found.in_words}. "


def _alone(since: int | None) -> str:
    if since is None:
        return ALONE
    return (
        "Checked against itself only: a cut tail, an older copy, or a chain rewritten from before "
        f"event {since} under another key cannot be seen without a checkpoint kept elsewhere."
    )


class _Walk:
    """One pass over the chain: how many events, the last hash, the hashes at marked positions."""

    def __init__(
        self, trial: str, marked: set[int], seals: SealCheck, signatures: SignatureCheck
    ) -> None:
        self.trial, self.seals, self.signatures = trial, seals, signatures
        self.events = 0
        self.head = genesis(trial)
        self.marked = marked
        self.marks = sorted((one for one in marked if one > 0), reverse=True)
        self.seen = {0: self.head}

    def through(self, entries: Iterator[Entry]) -> LedgerFault | None:
        """Walk to the end; give the first fault of the chain or of its seals."""
        fault = self._walked(entries)
        for entry in entries:  # after a fault: the rest is counted, no longer checked
            self.events, self.head = self.events + 1, entry.hash
        return fault

    def _walked(self, entries: Iterator[Entry]) -> LedgerFault | None:
        """Go from one entry that is marked or sealed to the next."""
        while True:
            stop = self._stop()
            before = self.events
            if fault := self._to(entries, stop):
                return self.seals.checked() or fault
            if self.events in self.marked:
                self.seen[self.events] = self.head
            if fault := self.seals.come_to(self.events, self.head):
                return fault
            if self.events == before:
                return self.seals.ended(self.events) or self.seals.stray(self.events)

    def _stop(self) -> int:
        """Return the position of the next entry that is marked or sealed."""
        while self.marks and self.marks[-1] <= self.events:
            self.marks.pop()
        seal = self.seals.next
        return min(self.marks[-1] if self.marks else _NEVER, seal.position if seal else _NEVER)

    def _to(self, entries: Iterator[Entry], last: int) -> LedgerFault | None:
        """Check entries up to a position, or all; this is the loop that must be fast."""
        shared, trial, due, previous = prefix(self.trial), self.trial, self.events, self.head
        entry = None
        if due >= last:
            return None
        try:
            for entry in entries:
                named, position, request, body, stored = entry
                due += 1
                key = request.encode("utf-8", "surrogateescape")
                header = b"%b%d:%d:%b" % (shared, position, len(key), key)
                if (
                    sha256(previous + header + body).digest() != stored
                    or position != due
                    or named != trial
                ):
                    return self._stopped(due, entry, _why(trial, due, entry))
                if body.startswith(ADOPTION) and (fault := self.seals.adopt(due, previous, body)):
                    self._stopped(due, entry, "")
                    return fault
                if fault := self.signatures.passed(due, previous, header, body):
                    self._stopped(due, entry, "")
                    return fault
                previous = stored
                if due == last:
                    break
        except (AttributeError, TypeError, UnicodeEncodeError):
            return self._stopped(due, entry, f"a column of event {due} is of another type")
        self.events, self.head = due, previous
        return None

    def _stopped(self, due: int, entry: Entry | None, why: str) -> LedgerFault:
        self.events, self.head = due, entry.hash if entry else self.head
        return LedgerFault(due, why)


def _why(trial: str, due: int, entry: Entry) -> str:
    if entry.trial != trial:
        return f"event {due} is of trial {entry.trial!r}, not of {trial!r}"
    if entry.position > due:
        return f"event {due} is missing: event {entry.position} stands in its place"
    if entry.position != due:
        return f"event {entry.position} stands in the place of event {due}"
    return f"event {due} does not fit its hash: it, its hash or the hash before it was altered"


def _marked(walk: _Walk, marks: Sequence[Checkpoint]) -> LedgerFault | None:
    """Say where an unbroken chain departs from what the checkpoints saw."""
    good = 0
    for mark in marks:
        saw = f"the checkpoint of {mark.recorded_at} saw"
        if mark.position > walk.events:
            return LedgerFault(
                walk.events + 1,
                f"{saw} {mark.position} events and here are {walk.events}: "
                "the tail was cut, or this is an older copy",
            )
        if walk.seen[mark.position] != mark.head:
            return LedgerFault(
                mark.position,
                f"{saw} another event {mark.position}: the chain was rewritten "
                f"somewhere in events {good + 1} to {mark.position}",
            )
        good = mark.position
    return None
