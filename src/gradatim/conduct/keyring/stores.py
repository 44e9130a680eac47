"""A folder of key files, which only the user may read.

A participant has one for who they are, and one for what the records of their sources say.
"""

import os
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path

from gradatim.conduct.identity import KEY
from gradatim.core.errors import UnusableInput

PEPPER = "pepper"


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
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            open_to_others = folder.stat().st_mode & 0o077
        except OSError as error:
            raise _unusable(folder, error) from error
        if open_to_others:
            raise UnusableInput(
                "others may read these keys", str(folder), todo=f"chmod 700 {folder}"
            )

    def key(self, participant: str) -> bytes | None:
        """Give a participant's key; none when it was erased or never made."""
        return self._read(self._path(participant))

    def make(self, participant: str) -> bytes:
        """Make a participant's key; the one that is there if there is one."""
        return self.key(participant) or self._write(self._path(participant))

    def pepper(self) -> bytes:
        """Give the trial's secret for `person_token`, made on first use."""
        path = self.folder / PEPPER
        return self._read(path) or self._write(path)

    def erase(self, participant: str) -> bool:
        """Overwrite and remove a participant's key; say whether there was one."""
        path = self._path(participant)
        try:
            with path.open("r+b") as file:
                file.write(bytes(KEY))
                file.flush()
                os.fsync(file.fileno())
            path.unlink()
            self._sync_folder()
        except FileNotFoundError:
            return False
        except OSError as error:
            raise _unusable(path, error) from error
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
            raise _unusable(path, error) from error
        if len(found) != KEY:
            raise UnusableInput("this is not a key", str(path), f"it has {len(found)} bytes")
        return found

    def _write(self, path: Path) -> bytes:
        """Write a new key whole, on the disk before it is used; the first of two writers wins."""
        new = path.with_name(f".{self.random(8).hex()}.new")
        try:
            file = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(file, "wb") as opened:
                opened.write(self.random(KEY))
                opened.flush()
                os.fsync(opened.fileno())
            self._place(new, path)
        except OSError as error:
            raise _unusable(path, error) from error
        made = self._read(path)
        if made is None:
            raise UnusableInput("this key was erased while it was made", str(path))
        return made

    def _place(self, new: Path, path: Path) -> None:
        try:
            os.link(new, path)  # unlike a rename, never over another's
        except FileExistsError:
            pass
        finally:
            new.unlink()
        self._sync_folder()

    def _sync_folder(self) -> None:
        folder = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _unusable(path: Path, error: OSError) -> UnusableInput:
    return UnusableInput("this key cannot be kept or read", str(path), str(error.strerror or error))
