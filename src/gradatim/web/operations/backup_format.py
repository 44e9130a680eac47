"""What a backup is: files that any later version can read and verify, on any database.

    backup.json         what made it and when, the state of the tables, the hash of each file
    ledger-1.jsonl      a trial's events, as `gradatim ledger export` writes them
    checkpoint-1.json   the head of that ledger
    accounts.jsonl      the records of the accounts, as Django writes them; no sessions

It is the same for SQLite and PostgreSQL, so that a backup of the one can be restored into the
other, and no tool of the database's has to fit its version.
"""

import json
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from gradatim.conduct.checkpoints import signature_faults
from gradatim.conduct.event_store import Store
from gradatim.conduct.exported.stores import ExportStore
from gradatim.conduct.ledger import Checkpoint, parse_checkpoint, verify
from gradatim.core.errors import UnusableInput

SCHEMA = "gradatim.backup/1"
MANIFEST, ACCOUNTS = "backup.json", "accounts.jsonl"
LEDGER, CHECKPOINT = "ledger-{}.jsonl", "checkpoint-{}.json"


class Kept(NamedTuple):
    """What was kept elsewhere: checkpoints, and public keys of trusted signers."""

    checkpoints: list[Checkpoint]
    keys: list[bytes]

    def of(self, trial: str) -> list[Checkpoint]:
        """Give the checkpoints of a trial."""
        return [one for one in self.checkpoints if one.trial == trial]


class _Ledger(NamedTuple):
    """A trial's events in a backup, and their head."""

    export: ExportStore
    checkpoint: Checkpoint


class Backup(NamedTuple):
    """A backup that was read and verified.

    Args:
        folder: where it is.
        version: of gradatim, that made it.
        migrations: the changes of the tables that had been made.
        ledgers: every trial's.
    """

    folder: Path
    version: str
    migrations: list[str]
    ledgers: list[_Ledger]


def refuse_unsound(store: Store, checkpoint: Checkpoint, kept: Kept) -> None:
    """Refuse a ledger that does not hold against its checkpoint, or against those kept elsewhere.

    Raises:
        UnusableInput: it does not.
    """
    trial, elsewhere = checkpoint.trial, kept.of(checkpoint.trial)
    if kept.keys and not elsewhere:
        raise UnusableInput(
            "a key was given, but no checkpoint of this trial", trial, todo="give it with --against"
        )
    marks = [checkpoint, *elsewhere]
    entries, seals = store.contents(trial)
    vouched = max((one.position for one in elsewhere if kept.keys), default=0)
    found = verify(entries, trial, marks, seals=seals, vouched=vouched)
    why = found.why or signature_faults(elsewhere, trial, kept.keys)
    if why:
        raise UnusableInput(
            "this ledger does not verify",
            trial,
            why,
            "keep everything as it is and find out what happened",
        )


def refuse_unknown(kept: Kept, trials: Iterable[str], where: str) -> None:
    """Refuse a checkpoint of a trial that is not there: it may have been removed whole.

    Raises:
        UnusableInput: there is one.
    """
    if missing := {one.trial for one in kept.checkpoints} - set(trials):
        raise UnusableInput(
            f"there is no ledger of {', '.join(sorted(missing))}",
            where,
            "a checkpoint of it was given",
            "find out what happened to it",
        )


def file_hash(path: Path) -> str:
    """Give the SHA-256 of a file."""
    digest = sha256()
    with path.open("rb") as file:
        while part := file.read(1 << 20):
            digest.update(part)
    return digest.hexdigest()


def read_backup(folder: Path, kept: Kept) -> Backup:
    """Read a backup and verify all of it.

    Raises:
        UnusableInput: it is none, a file is missing or was altered, or a ledger does not verify.
    """
    said = _manifest(folder)
    _refuse_altered(folder, said["files"])
    numbers = range(1, 1 + sum(name.startswith("ledger-") for name in said["files"]))
    ledgers = [_ledger(folder, number, kept) for number in numbers]
    refuse_unknown(kept, [one.checkpoint.trial for one in ledgers], str(folder))
    return Backup(folder, said["version"], said["migrations"], ledgers)


def _manifest(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST
    try:
        said: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if said["schema"] != SCHEMA:
            raise ValueError(f"its schema is not {SCHEMA}")
        said["version"], said["migrations"], said["files"][ACCOUNTS]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UnusableInput(
            "this is not a whole backup",
            str(path),
            str(error),
            "give a folder that `gradatim backup` wrote",
        ) from error
    return said


def _refuse_altered(folder: Path, files: dict[str, str]) -> None:
    for name, expected in files.items():
        path = folder / Path(name).name
        try:
            found = file_hash(path)
        except OSError as error:
            raise UnusableInput(
                "a file of the backup cannot be read", str(path), str(error.strerror)
            ) from error
        if found != expected:
            raise UnusableInput(
                "a file of the backup was altered",
                str(path),
                f"its hash is not the one in {MANIFEST}",
                "use another backup, and find out what happened",
            )


def _ledger(folder: Path, number: int, kept: Kept) -> _Ledger:
    path = folder / CHECKPOINT.format(number)
    checkpoint = parse_checkpoint(path.read_text(encoding="utf-8", errors="replace"), str(path))
    export = ExportStore(folder / LEDGER.format(number))
    refuse_unsound(export, checkpoint, kept)
    if export.head(checkpoint.trial).position != checkpoint.position:
        raise UnusableInput(
            "the ledger has more events than its checkpoint", str(path), todo="use another backup"
        )
    return _Ledger(export, checkpoint)
