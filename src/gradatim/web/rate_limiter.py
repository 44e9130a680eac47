"""How often something was asked in the last minute, counted by all processes together.

The counts stand in memory that processes share because they are forked from one: no service, no
disk, and a few microseconds a request. They are gone when the application stops.
"""

import fcntl
import mmap
import secrets
import struct
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from hashlib import blake2b
from math import ceil
from typing import NamedTuple

MINUTE = 60.0  # seconds
SLOTS, PROBES = 16_384, 8
SLOT = struct.Struct("<QIII")


class Count(NamedTuple):
    """What is kept for a key: the minute it was last asked in, and how often in it and before."""

    key: int
    minute: int
    before: int
    during: int

    def at(self, minute: int) -> "Count":
        """Give it as it is in another minute."""
        if minute == self.minute:
            return self
        return Count(self.key, minute, self.during if minute == self.minute + 1 else 0, 0)

    def wait(self, most: int, gone: float) -> int:
        """Give the seconds until one more may be asked; 0 if it may now.

        The last minute is taken as the part that is still in it of the minute before, and this one.

        Args:
            most: that may be asked in a minute.
            gone: the part of this minute that is over, 0 to 1.
        """
        left = most - self.during - 1
        if self.before * (1 - gone) <= left:
            return 0
        if left >= 0:
            return _seconds(1 - left / self.before - gone)
        return _seconds(1 - gone + max(0.0, 1 - (most - 1) / self.during))


def _seconds(minutes: float) -> int:
    """Give whole seconds, rather one too many than too few."""
    return ceil(MINUTE * minutes + 0.001)


class Counts:
    """Counts by key. Made before processes are forked, it is one for all of them."""

    def __init__(self) -> None:
        self._table = mmap.mmap(-1, SLOTS * SLOT.size)
        self._guard = tempfile.TemporaryFile()  # noqa: SIM115  (open as long as the program runs)
        self._threads = threading.Lock()
        self._salt = secrets.token_bytes(16)

    def wait(self, key: str, most: int, now: float) -> int:
        """Count a request, unless there were too many; what is refused is not counted.

        Args:
            key: whose.
            most: how many there may be in a minute.
            now: seconds of a clock that all processes share and that is never set.

        Returns:
            Seconds to wait; 0 if it may go on.
        """
        digest = blake2b(key.encode(), key=self._salt, digest_size=8).digest()
        number, minute = int.from_bytes(digest, "little"), int(now // MINUTE)
        with self._kept():
            at, found = self._find(number)
            count = found.at(minute)
            if wait := count.wait(most, now / MINUTE - minute):
                return wait
            SLOT.pack_into(self._table, at, *count._replace(during=count.during + 1))
        return 0

    def forget(self) -> None:
        """Forget all counts."""
        with self._kept():
            self._table[:] = bytes(len(self._table))

    @contextmanager
    def _kept(self) -> Iterator[None]:
        """Keep others out, other processes too; one that is killed lets go of what it kept."""
        with self._threads:
            fcntl.lockf(self._guard, fcntl.LOCK_EX)
            try:
                yield
            finally:
                fcntl.lockf(self._guard, fcntl.LOCK_UN)

    def _find(self, number: int) -> tuple[int, Count]:
        """Give the place of a key: its own, else the one of its places that rested longest."""
        places = [(number + n) % SLOTS * SLOT.size for n in range(PROBES)]
        found = [(at, Count(*SLOT.unpack_from(self._table, at))) for at in places]
        for at, count in found:
            if count.key == number:
                return at, count
        at, _oldest = min(found, key=lambda one: one[1].minute)
        return at, Count(number, 0, 0, 0)


COUNTS = Counts()


def count_request(key: str, most: int) -> int:
    """Count one request of this minute; return the seconds to wait, 0 if it may go on."""
    return COUNTS.wait(key, most, time.monotonic())
