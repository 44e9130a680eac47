"""A progress bar for what takes longer than a second."""

import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
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


@contextmanager
def stages() -> Iterator[Callable[[str], None]]:
    """Give a function to be told what is being done; after a second it is shown on stderr."""
    if not sys.stderr.isatty():
        yield lambda what: None
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    progress = Progress(*columns, console=Console(stderr=True), transient=True)
    task = progress.add_task("", total=None)
    timer = threading.Timer(SHOW_AFTER_SECONDS, progress.start)
    timer.start()
    try:
        yield lambda what: progress.update(task, description=what)
    finally:
        timer.cancel()
        timer.join()
        progress.stop()
