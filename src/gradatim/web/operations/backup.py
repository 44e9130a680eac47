"""Backing up: a copy of the database while it is in use, verified before it is called one."""

import json
import os
import shutil
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import NamedTuple

from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction
from django.db.migrations.recorder import MigrationRecorder

from gradatim.conduct.event_store import Store, StoreMode
from gradatim.conduct.exported.stores import ExportStore, write_export
from gradatim.conduct.ledger import Checkpoint, checkpoint_text
from gradatim.conduct.stores import open_store
from gradatim.core.errors import UnusableInput
from gradatim.core.stores import write_whole
from gradatim.web.operations.backup_format import (
    ACCOUNTS,
    CHECKPOINT,
    LEDGER,
    MANIFEST,
    SCHEMA,
    Kept,
    file_hash,
    read_backup,
    refuse_unknown,
)
from gradatim.web.operations.migrate import refuse_unmigrated

NOT_KEPT = ("sessions", "axes", "contenttypes", "auth.permission")
"""Sessions end with the database, failures are kept a day; the other two Django makes itself."""


class BackupSummary(NamedTuple):
    """What was backed up.

    Args:
        ledgers: trial -> number of events.
        accounts: number of records.
        keys, sealing: the folders of keys that are not part of it.
    """

    ledgers: dict[str, int]
    accounts: int
    keys: Path
    sealing: Path


def back_up(folder: Path, kept: Kept) -> BackupSummary:
    """Back up into a new folder, which appears when everything in it is verified.

    Raises:
        UnusableInput: a ledger does not verify, the folder is there, or cannot be written to.
    """
    refuse_unmigrated()
    if folder.exists():
        raise UnusableInput("this is there already", str(folder), todo="give a new folder")
    new = folder.with_name(f".{folder.name}.new")
    try:
        shutil.rmtree(new, ignore_errors=True)
        new.mkdir(mode=0o700, parents=True)
        saved = _written(new, kept)
        _to_disk(new)
        new.rename(folder)
        _sync(folder.parent)
    except OSError as error:
        raise UnusableInput(
            "the backup cannot be written",
            str(folder),
            str(error.strerror or error),
            "make room, or give another place",
        ) from error
    finally:
        shutil.rmtree(new, ignore_errors=True)
    return saved


def _written(folder: Path, kept: Kept) -> BackupSummary:
    store = open_store(settings.LEDGER_URL, StoreMode.READ)
    trials = store.trials()
    refuse_unknown(kept, trials, "DATABASE_URL")
    ledgers = {trial: _ledger(store, trial, folder, n) for n, trial in enumerate(trials, 1)}
    store.close()
    accounts = _accounts(folder / ACCOUNTS)
    _manifest(folder)
    read_backup(folder, kept)
    return BackupSummary(ledgers, accounts, settings.KEYS_FOLDER, settings.SEALING_FOLDER)


def _ledger(store: Store, trial: str, folder: Path, number: int) -> int:
    """Write a trial's events up to the head as it is now; what comes later is in the next one."""
    at = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    path = folder / LEDGER.format(number)
    entries, seals = store.contents(trial)
    write_export(path, entries, trial, seals)
    head = ExportStore(path).head(trial)
    seen = Checkpoint(trial, head.position, head.hash, at)
    write_whole(folder / CHECKPOINT.format(number), checkpoint_text(seen))
    return head.position


def _accounts(path: Path) -> int:
    """Write the accounts as they were at one moment."""
    with transaction.atomic():
        if connection.vendor == "postgresql":
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        call_command("dumpdata", format="jsonl", exclude=NOT_KEPT, output=str(path), verbosity=0)
    with path.open("rb") as lines:
        return sum(1 for _line in lines)


def _manifest(folder: Path) -> None:
    applied = MigrationRecorder(connection).applied_migrations()
    said = {
        "schema": SCHEMA,
        "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
        "version": version("gradatim"),
        "migrations": sorted(f"{app}.{name}" for app, name in applied),
        "files": {one.name: file_hash(one) for one in sorted(folder.iterdir())},
    }
    write_whole(folder / MANIFEST, json.dumps(said, indent=1) + "\n")


def _to_disk(folder: Path) -> None:
    """Have everything on the disk, readable by its user only, before the folder gets its name."""
    for one in folder.iterdir():
        one.chmod(0o600)
        _sync(one)
    _sync(folder)


def _sync(path: Path) -> None:
    opened = os.open(path, os.O_RDONLY)
    try:
        os.fsync(opened)
    finally:
        os.close(opened)
