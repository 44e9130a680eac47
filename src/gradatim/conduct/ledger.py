"""The tamper-evident ledger: check a trial's whole chain, alone or against checkpoints.

The parts: `chain` (how entries hang together), `checkpoints` (what sites keep and co-sign),
`lines` (the export). What an event means is said elsewhere: here are bytes in and bytes out.
"""

from collections.abc import Collection, Iterable, Iterator, Sequence
from hashlib import sha256
from typing import NamedTuple

from gradatim.conduct.chain import Entry, chain, chained, genesis, prefix
from gradatim.conduct.checkpoints import (
    Checkpoint,
    checkpoint_text,
    parse_checkpoint,
    sign,
    signature_faults,
    words_on,
)
from gradatim.conduct.jsonl_export import export_lines, parse_lines

__all__ = [
    "Checkpoint",
    "Entry",
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
    """

    events: int
    head: bytes
    ok: bool
    first_bad: int | None
    why: str
    knows: str


class ChainFault(NamedTuple):
    """Where the chain first breaks, and how."""

    position: int
    why: str


def verify(
    entries: Iterable[Entry],
    trial: str,
    against: Sequence[Checkpoint] = (),
    keys: Collection[bytes] = (),
) -> Verification:
    """Check a trial's whole chain, and that it still holds what checkpoints saw.

    Args:
        entries: all entries of the trial, in order.
        trial: its identifier.
        against: checkpoints of this trial, kept elsewhere.
        keys: Ed25519 public keys (32 bytes each) whose signatures are trusted. When given, each
            checkpoint must bear a valid signature of one of them.

    Raises:
        UnusableInput: a checkpoint is of another trial.
    """
    marks = sorted(against, key=lambda one: one.position)
    signed = signature_faults(marks, trial, keys)
    walk = _Walk(trial, {one.position for one in marks})
    fault = walk.through(iter(entries))
    if not (fault or signed):  # an altered checkpoint says nothing about the ledger
        fault = _marked(walk, marks)
    knows = words_on(marks, keys, walk.events) if marks else ALONE
    if fault:
        return Verification(walk.events, walk.head, False, fault.position, fault.why, knows)
    return Verification(walk.events, walk.head, not signed, None, signed, knows)


class _Walk:
    """One pass over the chain: how many events, the last hash, the hashes at marked positions."""

    def __init__(self, trial: str, marked: set[int]) -> None:
        self.trial = trial
        self.events = 0
        self.head = genesis(trial)
        self.marks = sorted(marked)
        self.seen = {0: self.head}

    def through(self, entries: Iterator[Entry]) -> ChainFault | None:
        """Walk to the end; give the first fault of the chain itself."""
        fault = None
        for mark in [one for one in self.marks if one > 0]:
            fault = self._to(entries, mark)
            if fault or self.events < mark:
                break
            self.seen[mark] = self.head
        else:
            fault = self._to(entries, None)
        for entry in entries:  # after a fault: the rest is counted, no longer checked
            self.events, self.head = self.events + 1, entry.hash
        return fault

    def _to(self, entries: Iterator[Entry], last: int | None) -> ChainFault | None:
        """Check entries up to a position, or all; this is the loop that must be fast."""
        shared, trial, due, previous = prefix(self.trial), self.trial, self.events, self.head
        entry = None
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
                previous = stored
                if due == last:
                    break
        except (AttributeError, TypeError, UnicodeEncodeError):
            return self._stopped(due, entry, f"a column of event {due} is of another type")
        self.events, self.head = due, previous
        return None

    def _stopped(self, due: int, entry: Entry | None, why: str) -> ChainFault:
        self.events, self.head = due, entry.hash if entry else self.head
        return ChainFault(due, why)


def _why(trial: str, due: int, entry: Entry) -> str:
    if entry.trial != trial:
        return f"event {due} is of trial {entry.trial!r}, not of {trial!r}"
    if entry.position > due:
        return f"event {due} is missing: event {entry.position} stands in its place"
    if entry.position != due:
        return f"event {entry.position} stands in the place of event {due}"
    return f"event {due} does not fit its hash: it, its hash or the hash before it was altered"


def _marked(walk: _Walk, marks: Sequence[Checkpoint]) -> ChainFault | None:
    """Say where an unbroken chain departs from what the checkpoints saw."""
    good = 0
    for mark in marks:
        saw = f"the checkpoint of {mark.recorded_at} saw"
        if mark.position > walk.events:
            return ChainFault(
                walk.events + 1,
                f"{saw} {mark.position} events and here are {walk.events}: "
                "the tail was cut, or this is an older copy",
            )
        if walk.seen[mark.position] != mark.head:
            return ChainFault(
                mark.position,
                f"{saw} another event {mark.position}: the chain was rewritten "
                f"somewhere in events {good + 1} to {mark.position}",
            )
        good = mark.position
    return None
