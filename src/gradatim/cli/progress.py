"""A progress bar for what takes longer than a second."""

import sys
import time
from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")
SHOW_AFTER_SECONDS = 1.0


def tracked(items: Sequence[T], what: str, quiet: bool = False) -> Iterator[T]:
    """Give the items one by one; after a second, with a progress bar on stderr."""
    begun, done = time.monotonic(), 0
    for item in items:
        if time.monotonic() - begun > SHOW_AFTER_SECONDS and not quiet and sys.stderr.isatty():
            break
        yield item
        done += 1
    else:
        return
    from rich.console import Console
    from rich.progress import track

    yield from track(items[done:], what, console=Console(stderr=True))
