"""Restoring: an empty database is filled from a backup, and what stands there is verified."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import Any

from django.conf import settings
from django.core.management import CommandError, call_command
from django.core.serializers.base import DeserializationError
from django.db import connection, connections, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.utils import DatabaseError

from gradatim.conduct.copying import fill
from gradatim.conduct.event_store import Head, Store, StoreMode
from gradatim.conduct.stores import PostgresStore, open_store
from gradatim.core.errors import UnusableInput
from gradatim.web.operations.backup_format import ACCOUNTS, Backup, Kept, refuse_unsound
from gradatim.web.operations.migrate import unreachable
from gradatim.web.operations.restore_target import Target


def restore(backup: Backup, kept: Kept, target: Target) -> None:
    """Fill the database with a backup that was verified.

    One of an earlier version is put into the tables of then, which are changed afterwards as they
    are by an upgrade.

    Raises:
        UnusableInput: the database is not empty, the backup is of a later version, or what stands
            there afterwards does not verify; the database is then as it was.
    """
    _refuse_later_version(backup)
    try:
        _refuse_filled()
        with _whole():
            _migrate_to(backup.migrations)
            _load_accounts(backup)
            call_command("migrate", verbosity=0, interactive=False)
            with _ledgers() as store:
                for ledger in backup.ledgers:
                    last = ledger.checkpoint
                    fill(store, last.trial, ledger.export, Head(last.position, last.head))
                    refuse_unsound(store, last, kept)
        connections.close_all()
        _settle(target)
        target.keep()
    except DatabaseError as error:
        raise unreachable(error) from error
    finally:
        connections.close_all()
        target.discard()


def _refuse_later_version(backup: Backup) -> None:
    """Refuse a backup whose tables this version does not know."""
    here = {f"{app}.{name}" for app, name in MigrationLoader(None).disk_migrations}
    if not here.issuperset(backup.migrations):
        raise UnusableInput(
            f"this backup was made by version {backup.version}",
            str(backup.folder),
            "its tables are not those of this version, nor of one before",
            "restore it with that version or a later one",
        )


def _migrate_to(migrations: list[str]) -> None:
    """Make the tables as they were when so many of their changes had been made."""
    executor = MigrationExecutor(connection)
    made = {(app, name) for app, _dot, name in (one.partition(".") for one in migrations)}
    followed = {
        parent.key
        for one in made
        for parent in executor.loader.graph.node_map[one].parents
        if parent.key[0] == one[0]
    }
    executor.migrate(sorted(made - followed))


def _refuse_filled() -> None:
    if tables := connection.introspection.table_names():
        shown = ", ".join(sorted(tables)[:3])
        raise UnusableInput(
            "the database is not empty",
            "DATABASE_URL",
            f"it has {len(tables)} tables: {shown}, ...",
            "name an empty one; nothing is ever overwritten",
        )


def _load_accounts(backup: Backup) -> None:
    """Fill the tables of the accounts.

    Raises:
        UnusableInput: a record is not one of this version.
    """
    path = str(backup.folder / ACCOUNTS)
    try:
        call_command("loaddata", path, verbosity=0)
    except (DeserializationError, CommandError) as error:
        raise UnusableInput(
            "these accounts cannot be read", path, str(error).partition(":")[0]
        ) from error


@contextmanager
def _whole() -> Iterator[None]:
    """Make one transaction of it in PostgreSQL; a SQLite file has no name until it is whole."""
    if connection.vendor == "postgresql":
        with transaction.atomic():
            yield
    else:
        yield


@contextmanager
def _ledgers() -> Iterator[Store]:
    """Give the ledger: in PostgreSQL through Django's connection, within its transaction."""
    raw: Any = connection.connection
    if connection.vendor != "postgresql":
        with closing(open_store(settings.LEDGER_URL, StoreMode.CREATE)) as store:
            yield store
        return
    import psycopg

    usual, raw.cursor_factory = raw.cursor_factory, psycopg.Cursor
    try:
        yield PostgresStore(raw, StoreMode.CREATE)
    finally:
        raw.cursor_factory = usual


def _settle(target: Target) -> None:
    """Bring everything into the one file, so that it can be renamed."""
    if target.made is not None:
        opened = sqlite3.connect(target.made)
        opened.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        opened.close()
