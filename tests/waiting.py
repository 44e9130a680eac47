"""Waiting for a condition: the one place where tests look at a clock and sleep.

A test that sleeps for as long as something usually takes fails on a busy machine and wastes time on
an idle one; a test that waits for what it needs does neither.
"""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")
LIMIT = 120.0
"""Seconds after which a condition will not be met any more; no machine is as slow as that."""
PAUSE = 0.02
"""Seconds between two times of asking."""


def wait_until(condition: Callable[[], T], what: Callable[[], str] | str) -> T:
    """Return what a condition gives once that is true.

    Args:
        condition: asked again and again; it may raise to say that it will never be met.
        what: what is waited for, or a function that says how things are, for the message.

    Raises:
        AssertionError: it was not met within `LIMIT` seconds.
    """
    until = time.monotonic() + LIMIT
    while not (found := condition()):
        if time.monotonic() > until:
            raise AssertionError(f"waited in vain: {what if isinstance(what, str) else what()}")
        time.sleep(PAUSE)
    return found
