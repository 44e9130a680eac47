"""What the ledger's commands read: keys, checkpoints, and entries with a progress bar."""

import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gradatim.cli.progress import SHOW_AFTER_SECONDS
from gradatim.core.errors import UnusableInput

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

    from gradatim.conduct.ledger import Checkpoint, Entry, Seal
    from gradatim.conduct.stores import Store

PRIVATE, PUBLIC = "private.pem", "public.pem"


def read_bytes(path: Path) -> bytes:
    """Read a small file.

    Raises:
        UnusableInput: it cannot be read.
    """
    try:
        return path.read_bytes()
    except OSError as error:
        raise UnusableInput(
            "this file cannot be read", str(path), str(error.strerror or error)
        ) from error


def read_checkpoint(path: Path) -> "Checkpoint":
    """Read a checkpoint's file.

    Raises:
        UnusableInput: it is not one.
    """
    from gradatim.conduct.ledger import parse_checkpoint

    return parse_checkpoint(read_bytes(path).decode("utf-8", "replace"), str(path))


def public_key(path: Path) -> bytes:
    """Read an Ed25519 public key from PEM; 32 bytes.

    Raises:
        UnusableInput: it is not one.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_pem_public_key

    try:
        key = load_pem_public_key(read_bytes(path))
    except ValueError as error:
        raise _no_key(path, "public", PUBLIC) from error
    if not isinstance(key, Ed25519PublicKey):
        raise _no_key(path, "public", PUBLIC)
    return key.public_bytes_raw()


def private_key(path: Path) -> "Ed25519PrivateKey":
    """Read an Ed25519 private key from PEM.

    Raises:
        UnusableInput: it is not one, or is protected by a password.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    try:
        key = load_pem_private_key(read_bytes(path), password=None)
    except (ValueError, TypeError) as error:
        raise _no_key(path, "private", PRIVATE) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise _no_key(path, "private", PRIVATE)
    return key


def _no_key(path: Path, which: str, name: str) -> UnusableInput:
    return UnusableInput(
        f"this is not an Ed25519 {which} key",
        str(path),
        todo=f"give the {name} that `gradatim ledger keys` wrote",
    )


def write_key_pair(folder: Path) -> tuple[Path, Path]:
    """Make an Ed25519 key pair: the private key readable by the user only.

    Raises:
        UnusableInput: a key is there already, or the folder cannot be written to.
    """
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
        PublicFormat,
    )

    from gradatim.core.stores import write_whole

    private, public = folder / PRIVATE, folder / PUBLIC
    _refuse_existing(folder, private, public)
    key = Ed25519PrivateKey.generate()
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    open_part = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    write_whole(private, secret.decode(), private=True)
    write_whole(public, open_part.decode())
    return private, public


def _refuse_existing(folder: Path, *keys: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UnusableInput(
            "this folder cannot be made", str(folder), str(error.strerror or error)
        ) from error
    for key in keys:
        if key.exists():
            raise UnusableInput("there is a key already", str(key), todo="give another folder")


def chosen_trial(store: "Store", given: str, checkpoints: list["Checkpoint"]) -> str:
    """Give the trial asked about: the one named, the checkpoint's, or the only one there is.

    Raises:
        UnusableInput: the ledger has several, or none.
    """
    if given or checkpoints:
        return given or checkpoints[0].trial
    trials = store.trials()
    if not trials:
        raise UnusableInput("the ledger has no events")
    if len(trials) > 1:
        raise UnusableInput(
            "the ledger has several trials", "--trial", todo=f"use one of {', '.join(trials)}"
        )
    return trials[0]


def told_entries(
    store: "Store",
    trial: str,
    quiet: bool = False,
    contents: "tuple[Iterator[Entry], Iterator[Seal]] | None" = None,
) -> Iterator["Entry"]:
    """Yield a trial's entries; say on stderr where they do not fit the chain, or are not sealed.

    What cannot be trusted can still be read: whoever reads it is told.

    Args:
        store: where they are.
        trial: its identifier.
        quiet: without a progress bar.
        contents: its entries and seals, where they have been asked for already.
    """
    from gradatim.conduct.chain import genesis, walked
    from gradatim.conduct.seals import SealCheck

    entries, seals = contents or store.contents(trial)
    check, before, why, at = SealCheck(trial, seals), genesis(trial), "", 0
    for entry, fits in walked(before, trial, 0, progressing(entries, store, trial, quiet)):
        if not (why or fits):
            why = f"entry {entry.position} does not fit the chain of hashes"
            _warn_unverified(why)
        elif not why and (fault := check.passed(entry, before)):
            why = fault.why
            _warn_unverified(why)
        before, at = entry.hash, entry.position
        yield entry
    if not why and (fault := check.ended(at) or check.stray(at)):
        _warn_unverified(fault.why)


def _warn_unverified(why: str) -> None:
    warn(f"this ledger does not verify: {why}; see `gradatim ledger verify`")


def warn(what: str) -> None:
    """Say on stderr what whoever reads stdout has to know."""
    from gradatim.cli.output import escaped

    print(f"gradatim: {escaped(what)}", file=sys.stderr)


_TOLD_AT_MOST = 5


def warn_unread(unread: Mapping[int, str]) -> None:
    """Say on stderr which entries could not be read, and why."""
    for line in unread_lines(unread):
        warn(line)


def unread_rows(unread: Mapping[int, str]) -> list[dict[str, Any]]:
    """Return which entries could not be read, and why, as the documents in JSON have it."""
    return [{"position": position, "why": why} for position, why in unread.items()]


def unread_lines(unread: Mapping[int, str]) -> Iterator[str]:
    """Yield in words which entries could not be read, and why."""
    for position, why in list(unread.items())[:_TOLD_AT_MOST]:
        yield f"entry {position} cannot be read, or not wholly: {why}"
    if len(unread) > _TOLD_AT_MOST:
        yield f"nor can {len(unread) - _TOLD_AT_MOST} more; --json names each"
    if unread:
        yield "a later version of gradatim may have written them; it reads them"


def entries_of(store: "Store", trial: str, quiet: bool = False) -> Iterator["Entry"]:
    """Give a trial's entries; after a second, with a progress bar on stderr."""
    return progressing(store.read(trial), store, trial, quiet)


def progressing(
    entries: Iterator["Entry"], store: "Store", trial: str, quiet: bool = False
) -> Iterator["Entry"]:
    """Yield a trial's entries; after a second, with a progress bar on stderr."""
    begun, done = time.monotonic(), 0
    for entry in entries:
        yield entry
        done += 1
        if time.monotonic() - begun > SHOW_AFTER_SECONDS and not quiet and sys.stderr.isatty():
            break
    else:
        return
    from rich.console import Console
    from rich.progress import track

    left = max(store.head(trial).position - done, 0)
    yield from track(entries, "Reading events", total=left, console=Console(stderr=True))
