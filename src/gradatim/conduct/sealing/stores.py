"""The application's own keys, a file for each trial, by which it seals what it records.

NAME.pem       the key in force: Ed25519, PKCS 8
NAME.pem.next  one that is being adopted; in force once the ledger says so, then NAME.pem
"""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from gradatim.conduct.event_store import Head, NotSealed
from gradatim.conduct.keyring.stores import (
    key_unusable,
    place_secret,
    private_folder,
    sync_folder,
)
from gradatim.conduct.seals import Seal, endorsed, first_link, next_link, statement
from gradatim.core.errors import UnusableInput

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


class SealingKeys:
    """The keys of the trials of one installation: see `event_store.Sealing`.

    A trial of which there is no key is not sealed. A key that another process has taken over since
    is found by the seal that it made.

    Args:
        folder: mode 0700, made with the first key; outside the database and its backups.
        random: gives that many unpredictable bytes, as `secrets.token_bytes`.
    """

    def __init__(self, folder: Path, random: Callable[[int], bytes]) -> None:
        self.folder, self.random = folder, random
        self._keys: dict[str, _Key] = {}
        self._made: dict[str, tuple[Head, Seal]] = {}
        self._lost: set[str] = set()

    def path(self, trial: str) -> Path:
        """Return the file of a trial's key."""
        return self.folder / f"{quote(trial, safe='')}.pem"

    def has(self, trial: str) -> bool:
        """Whether a trial's key is here."""
        return self.path(trial).exists()

    def seal(
        self, trial: str, head: Head, last: Seal | None, new: Head, adopted: bytes | None
    ) -> Seal | None:
        """Return the seal of a new head; None of a trial that is not sealed.

        Raises:
            NotSealed: the head before is not sealed by this trial's key, or the key is not here.
            UnusableInput: the key cannot be read.
        """
        if last is None:
            if self.has(trial):
                raise self._none_left(trial, head)
            if adopted is None:
                return None
            key, link = None, first_link(trial)
        else:
            key = self._fitting(trial, head, last)
            replaced = adopted is not None and trial in self._lost
            replaced = replaced and last.position == head.position
            if key is None and not replaced:
                raise self._unfit(trial, head, last)
            link = next_link(statement(trial, last.position, head.hash, last.link), last.signature)
        if adopted is not None or key is None:
            key = self._next(trial, adopted)
        made = Seal(new.position, link, key.sign(statement(trial, *new, link)))
        self._made[trial] = new, made
        return made

    def sealed(self, trial: str, head: Head, seal: Seal | None) -> bool:
        """Whether a seal is this installation's own, of this head.

        Of a trial of which no key is here, nothing has to be.
        """
        if seal is None:
            return not self.has(trial)
        return self._fitting(trial, head, seal) is not None or not self.has(trial)

    def signature(self, trial: str, signed: bytes) -> bytes | None:
        """Return a trial's signature of what is kept beside its ledger; None where it has no key.

        Raises:
            UnusableInput: the key cannot be read.
        """
        return self._read(self.path(trial)).sign(signed) if self.has(trial) else None

    def begin(self, trial: str) -> bytes:
        """Make a key that is to be adopted, or go on with one that was not; return its public part.

        Raises:
            UnusableInput: it cannot be written.
        """
        private_folder(self.folder)
        path = self._next_path(trial)
        try:
            place_secret(path, _pem(self.random(32)), self.random)
        except OSError as error:
            raise key_unusable(path, error) from error
        return self._next(trial).public

    def give_up(self, trial: str) -> None:
        """Let a key be adopted that the one in force does not endorse, since that is lost.

        Raises:
            UnusableInput: it is not lost.
        """
        if self.has(trial):
            raise UnusableInput(
                "this key is not lost", str(self.path(trial)), todo="leave --lost out"
            )
        self._lost.add(trial)

    def endorsement(self, trial: str, head: Head, key: bytes) -> bytes:
        """Return the signature by the key in force under which another is adopted after a head.

        Raises:
            UnusableInput: the key cannot be read, or is not here.
        """
        return self._read(self.path(trial)).sign(endorsed(trial, *head, key))

    def adopted(self, trial: str) -> None:
        """Put the key in the place of the one before, which is gone: the ledger names it now.

        Raises:
            UnusableInput: it cannot be done.
        """
        path = self._next_path(trial)
        try:
            path.replace(self.path(trial))
            sync_folder(self.folder)
        except FileNotFoundError:
            pass  # another process has done it
        except OSError as error:
            raise key_unusable(path, error) from error
        self._keys.pop(trial, None)
        self._lost.discard(trial)

    def _fitting(self, trial: str, head: Head, seal: Seal) -> "_Key | None":
        """Return the key by which a seal is of a head: the one known, in force, or just adopted."""
        if seal.position != head.position:
            return None
        known = self._keys.get(trial)
        if known is not None and self._made.get(trial) == (head, seal):
            return known
        signed = statement(trial, *head, seal.link)
        if known is not None and known.made(seal.signature, signed):
            return known
        for path in (self.path(trial), self._next_path(trial)):
            key = self._read(path) if path.exists() else None
            if key is not None and key.made(seal.signature, signed):
                if path != self.path(trial):
                    self.adopted(trial)
                self._keys[trial] = key
                return key
        return None

    def _next(self, trial: str, public: bytes | None = None) -> "_Key":
        """Return the key that is being adopted."""
        path = self._next_path(trial)
        key = self._read(path)
        if public not in (None, key.public):
            raise UnusableInput("another key is being adopted already", str(path))
        return key

    def _next_path(self, trial: str) -> Path:
        path = self.path(trial)
        return path.with_name(f"{path.name}.next")

    def _read(self, path: Path) -> "_Key":
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.serialization import load_pem_private_key

        try:
            if path.stat().st_mode & 0o077:
                raise UnusableInput("others may read this key", str(path), todo=f"chmod 600 {path}")
            key = load_pem_private_key(path.read_bytes(), password=None)
        except OSError as error:
            raise key_unusable(path, error) from error
        except (ValueError, TypeError) as error:
            raise UnusableInput("this is not a sealing key", str(path), str(error)) from error
        if not isinstance(key, Ed25519PrivateKey):
            raise UnusableInput("this is not a sealing key", str(path), "it is not of Ed25519")
        return _Key(key)

    def _none_left(self, trial: str, head: Head) -> NotSealed:
        return NotSealed(
            head.position,
            f"the key in {self.path(trial)} has sealed entries, and this ledger has no seal",
            "find out what happened to the seals; where this is a backup of before the first key "
            "was adopted, move the key away, and another is adopted",
        )

    def _unfit(self, trial: str, head: Head, last: Seal) -> NotSealed:
        path = self.path(trial)
        if not self.has(trial):
            return NotSealed(
                head.position,
                f"there is no key in {path}",
                "put the key there that seals this ledger",
            )
        if last.position != head.position:
            why = f"the last seal is of entry {last.position}: what follows was added by others"
        else:
            why = f"its seal is not of the key in {path}: the entry was added or altered by others"
        return NotSealed(
            head.position,
            why,
            "keep the database as it is, verify it with `gradatim ledger verify`, and find out "
            "who wrote to it",
        )


class _Key:
    """A private key, and what it has signed."""

    def __init__(self, private: "Ed25519PrivateKey") -> None:
        self._private, self._public = private, private.public_key()
        self.public = self._public.public_bytes_raw()

    def sign(self, signed: bytes) -> bytes:
        return self._private.sign(signed)

    def made(self, signature: bytes, signed: bytes) -> bool:
        from cryptography.exceptions import InvalidSignature

        try:
            self._public.verify(signature, signed)
        except InvalidSignature:
            return False
        return True


def _pem(secret: bytes) -> bytes:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = Ed25519PrivateKey.from_private_bytes(secret)
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
