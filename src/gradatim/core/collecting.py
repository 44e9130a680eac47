"""Rest for the garbage collector while much is made that stays."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_kept = False


@contextmanager
def collector_paused() -> Iterator[None]:
    """Keep the collector from looking through everything again and again; reference counts go on.

    Folding 200,000 events makes millions of objects, none of which is garbage: the collector took
    half of the time. What was made counts as old afterwards; else whoever asks next would wait
    while all of it is looked through, once for each generation.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            if not _kept:  # to and fro, all of it is of the oldest generation, unread
                gc.freeze()
                gc.unfreeze()
            gc.enable()


def keep_for_good() -> None:
    """Let the collector never look again through what there is: it stays as long as the process."""
    global _kept
    _kept = True
    gc.freeze()
