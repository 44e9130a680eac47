"""A ledger filled with what another has: the same bytes after each other give the same hashes."""

from collections.abc import Iterator
from itertools import islice

from gradatim.conduct.chain import Entry
from gradatim.conduct.event_store import Head, Store
from gradatim.core.errors import UnusableInput

TOGETHER = 1_000  # events appended at a time


def fill(store: Store, trial: str, entries: Iterator[Entry], until: Head) -> None:
    """Append a trial's events as they are; no policy is asked again about what was recorded.

    Args:
        store: where nothing of the trial is yet.
        trial: its identifier.
        entries: all its events in their order.
        until: the position and hash that its last one must have here.

    Raises:
        UnusableInput: the last event here is another; the store cannot be written to.
    """
    head = store.head(trial)
    while some := list(islice(entries, TOGETHER)):
        head = store.append(trial, [(one.body, one.request) for one in some], head)
    if head != until:
        raise UnusableInput(
            "the copied ledger has another head than it should",
            trial,
            f"it ends with event {head.position}, or differs before",
        )
