"""Rest for the garbage collector while much is made that stays."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager

_MANY = 20_000
"""Of fewer new objects nobody notices that they are looked through."""

_kept = False


@contextmanager
def collector_paused() -> Iterator[None]:
    """Keep the collector from looking through everything again and again; reference counts go on.

    Folding 200,000 events makes millions of objects, none of which is garbage: the collector took
    half of the time. Where that was much, it counts as old afterwards; else whoever asks next would
    wait while all of it is looked through, once for each generation. Where it was little it does
    not: all that waits to be collected would grow old with it, and would never be.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            made, *_ = gc.get_count()
            if made > _MANY and not _kept:  # to and fro, it is of the oldest generation, unread
                gc.freeze()
                gc.unfreeze()
            gc.enable()


def keep_for_good() -> None:
    """Let the collector never look again through what there is: it stays as long as the process."""
    global _kept
    _kept = True
    gc.freeze()
