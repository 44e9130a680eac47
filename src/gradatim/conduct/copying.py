"""A ledger filled with what another has: the same bytes after each other give the same hashes."""

from itertools import islice

from gradatim.conduct.event_store import Head, Store
from gradatim.core.errors import UnusableInput

TOGETHER = 1_000  # events copied at a time


def fill(to: Store, trial: str, source: Store, until: Head) -> None:
    """Copy a trial's events and seals as they are; no policy is asked again, and no key.

    Args:
        to: where nothing of the trial is yet.
        trial: its identifier.
        source: has all its events.
        until: the position and hash that its last one must have here.

    Raises:
        UnusableInput: the last event here is another; the store cannot be written to.
    """
    entries, seals = source.contents(trial)
    head = to.head(trial)
    seal = next(seals, None)
    while some := list(islice(entries, TOGETHER)):
        beside = []
        while seal is not None and seal.position <= some[-1].position:
            beside.append(seal)
            seal = next(seals, None)
        head = to.copy(trial, some, beside, head)
    if head != until:
        raise UnusableInput(
            "the copied ledger has another head than it should",
            trial,
            f"it ends with event {head.position}, or differs before",
        )
