"""The vocabulary that records are read by, where the installation names one."""

import os
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from gradatim.vocabulary.graph import Vocabulary


def vocabulary() -> Vocabulary | None:
    """Return the installation's vocabulary; None where it names none.

    A file that was put in the place of another is opened anew, and each process opens its own.

    Raises:
        UnusableInput: the file is missing, damaged, no vocabulary, or of a newer version. It is
            never taken for none.
    """
    path: Path | None = settings.VOCABULARY
    if path is None:
        return None
    try:
        stamp = path.stat().st_mtime_ns
    except OSError:
        stamp = 0
    return _opened(path, stamp, os.getpid())


@lru_cache(maxsize=1)
def _opened(path: Path, stamp: int, process: int) -> Vocabulary:
    return Vocabulary.open(path)
