"""Writing files: whole or not at all, and for whose eyes."""

import contextlib
import os
from collections.abc import Callable
from pathlib import Path

from gradatim.core.errors import UnusableInput


def write_whole(
    path: Path, text: str, private: bool = False, first: Callable[[], None] | None = None
) -> None:
    """Write a file so that it appears whole or not at all.

    Args:
        path: where.
        text: its content, written as UTF-8.
        private: whether only the user may read it.
        first: what must have succeeded before the file appears.

    Raises:
        UnusableInput: it cannot be written.
    """
    new = path.with_name(f".{path.name}.new")
    try:
        new.touch(mode=0o600 if private else 0o666)
        new.write_text(text, encoding="utf-8", newline="")
        if first is not None:
            first()
        new.replace(path)
    except OSError as error:
        raise UnusableInput(
            "this file cannot be written",
            str(path),
            str(error.strerror or error),
            "give a place that can be written to",
        ) from error
    finally:
        with contextlib.suppress(OSError):
            new.unlink(missing_ok=True)


PRIVATE = 0o600


def make_private(path: Path) -> None:
    """Make an empty file that only the user may read, whatever the umask; leave one that is there.

    Where it cannot be made nothing is said: whoever opens it next finds out, and says so.
    """
    with contextlib.suppress(OSError):
        made = os.open(os.path.realpath(path), os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE)
        os.fchmod(made, PRIVATE)
        os.close(made)
