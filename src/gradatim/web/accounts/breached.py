"""Passwords that were stolen elsewhere: looked up in a file on this machine, never at a service.

The file is as the downloader of Have I Been Pwned writes it: a line for each password, the SHA-1 of
its UTF-8 in capitals, a colon, and how often it was seen; sorted. All of it has some 40 GB; it is
not read but searched, in about thirty steps. SHA-1 is what the list is made of; nothing of ours is
kept by it.

Source: haveibeenpwned.com/API/v3#PwnedPasswords.
"""

import os
from hashlib import sha1
from pathlib import Path
from typing import BinaryIO

from gradatim.core.errors import UnusableInput

SETTING = "GRADATIM_BREACHED_PASSWORDS"
DIGITS = 40
LINE = 128  # bytes, longer than any line


def seen(path: Path, password: str) -> bool:
    """Whether a password is in a list.

    Raises:
        UnusableInput: the list cannot be read, or is no such list.
    """
    wanted = _hash(password.encode(errors="replace"))
    try:
        with path.open("rb") as file:
            return _search(file, wanted)
    except OSError as error:
        raise UnusableInput(
            "the list of stolen passwords cannot be read", SETTING, str(error.strerror)
        ) from error


def _hash(password: bytes) -> bytes:
    return sha1(password, usedforsecurity=False).hexdigest().upper().encode()


def _search(file: BinaryIO, wanted: bytes) -> bool:
    """Search between two places, of which the first begins a line that is not after the wanted."""
    low, high = 0, file.seek(0, os.SEEK_END)
    while low < high:
        middle = (low + high) // 2
        begin, found = _line(file, middle)
        if begin >= high or not found:
            high = middle
        elif found == wanted:
            return True
        elif found < wanted:
            low = begin + DIGITS
        else:
            high = middle
    return False


def _line(file: BinaryIO, at: int) -> tuple[int, bytes]:
    """Give the first line that begins at a place or after it: where, and its hash; none: empty."""
    file.seek(max(0, at - 1))
    begin = max(0, at - 1) + len(file.readline(LINE)) if at else file.seek(0)
    line = file.readline(LINE)
    digest = line[:DIGITS]
    if line and not (len(digest) == DIGITS and digest.isalnum() and line[DIGITS:][:1] == b":"):
        raise UnusableInput(
            "this is no list of stolen passwords",
            SETTING,
            "a line of it is not HASH:COUNT",
            "give the file of SHA-1 hashes, ordered by hash",
        )
    return begin, digest
