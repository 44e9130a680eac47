"""A folder of key files, which only the user may read.

A participant has one for who they are, and one for what the records of their sources say.
"""

import os
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from gradatim.conduct.event_store import Cause, StorageUnavailable
from gradatim.conduct.identity import KEY
from gradatim.core.errors import UnusableInput

PEPPER = "pepper"
"""The file of the secret by which earlier versions met a person again."""


def records_key(participant: str) -> str:
    """Return the name of the key to what a participant's records say; no participant has it.

    It is not the key to who they are: that may be lost, and records go on to arrive.
    """
    return f"{participant} records"


class Keyring:
    """The keys of one trial's participants.

    Keep the folder out of the database's backups: a key that is erased must be gone everywhere.

    Args:
        folder: made if it is not there, with mode 0700.
        random: gives that many unpredictable bytes, as `secrets.token_bytes`.

    Raises:
        UnusableInput: the folder cannot be made, or others may read it.
    """

    def __init__(self, folder: Path, random: Callable[[int], bytes]) -> None:
        self.folder, self.random = folder, random
        private_folder(folder)

    def key(self, participant: str) -> bytes | None:
        """Give a participant's key; none when it was erased or never made."""
        return self._read(self._path(participant))

    def make(self, participant: str) -> bytes:
        """Make a participant's key; the one that is there if there is one."""
        return self.key(participant) or self._write(self._path(participant))

    def erase_pepper(self) -> bool:
        """Overwrite and remove the secret of earlier versions; say whether there was one."""
        return self._erase(self.folder / PEPPER)

    def erase(self, participant: str) -> bool:
        """Overwrite and remove a participant's key; say whether there was one."""
        return self._erase(self._path(participant))

    def _erase(self, path: Path) -> bool:
        try:
            with path.open("r+b") as file:
                file.write(bytes(KEY))
                file.flush()
                os.fsync(file.fileno())
            path.unlink()
            sync_folder(self.folder)
        except FileNotFoundError:
            return False
        except OSError as error:
            raise key_unusable(path, error) from error
        return True

    def _path(self, participant: str) -> Path:
        """Give the file; its name says nothing and cannot leave the folder."""
        return self.folder / f"{sha256(participant.encode()).hexdigest()}.key"

    def _read(self, path: Path) -> bytes | None:
        try:
            found = path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise key_unusable(path, error) from error
        if len(found) != KEY:
            raise UnusableInput("this is not a key", str(path), f"it has {len(found)} bytes")
        return found

    def _write(self, path: Path) -> bytes:
        """Write a new key; the first of two writers wins."""
        try:
            place_secret(path, self.random(KEY), self.random)
        except OSError as error:
            raise key_unusable(path, error) from error
        made = self._read(path)
        if made is None:
            raise UnusableInput("this key was erased while it was made", str(path))
        return made


def place_secret(path: Path, content: bytes, random: Callable[[int], bytes]) -> None:
    """Write a file that only its user may read: whole, and on the disk before it has its name.

    The first of two writers wins: what is there already stays.

    Args:
        path: where.
        content: all of it.
        random: gives that many unpredictable bytes.

    Raises:
        OSError: it cannot be written.
    """
    new = path.with_name(f".{random(8).hex()}.new")
    file = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(file, "wb") as opened:
            opened.write(content)
            opened.flush()
            os.fsync(opened.fileno())
        os.link(new, path)  # unlike a rename, never over another's
    except FileExistsError:
        pass
    finally:
        new.unlink()
    sync_folder(path.parent)


def sync_folder(path: Path) -> None:
    """Have the names in a folder on the disk."""
    folder = os.open(path, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def private_folder(folder: Path) -> None:
    """Make a folder that only its user may read, where there is none.

    Raises:
        UnusableInput: it cannot be made, or others may read it.
    """
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        open_to_others = folder.stat().st_mode & 0o077
    except OSError as error:
        raise key_unusable(folder, error) from error
    if open_to_others:
        raise UnusableInput("others may read these keys", str(folder), todo=f"chmod 700 {folder}")


def key_unusable(path: Path, error: OSError) -> StorageUnavailable:
    """Return what is said of the file of a key, or its folder, that cannot be written or read."""
    return StorageUnavailable(
        Cause.KEYS,
        "this key cannot be kept or read",
        str(error.strerror or error),
        "see to the disk that the keys are on, and to the rights to their folder",
        str(path),
    )
