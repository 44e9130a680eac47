"""Setting up: the settings from the environment, and the tables of the application."""

import os
from pathlib import Path

import django
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.db.utils import DatabaseError

from gradatim.conduct.event_store import StoreMode
from gradatim.conduct.event_table import SEALS, TABLE
from gradatim.conduct.stores import open_store
from gradatim.core.errors import UnusableInput
from gradatim.core.stores import PRIVATE

_RIGHTS_OF_OTHERS = 0o077
COMMAND = "gradatim database migrate"


def read_settings(**more: str) -> None:
    """Read the settings from the environment, as it is and with what is given here.

    Raises:
        UnusableInput: something that is needed is missing there, or cannot be meant.
    """
    os.environ.update(more)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "gradatim.web.settings")
    django.setup()


def unapplied() -> list[str]:
    """Give the changes of the tables that this version needs and the database does not have yet.

    Raises:
        UnusableInput: the database does not answer.
    """
    try:
        executor = MigrationExecutor(connection)
        plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except DatabaseError as error:
        raise unreachable(error) from error
    return [f"{one.app_label}.{one.name}" for one, _backwards in plan]


def migrate() -> list[str]:
    """Make or change the tables as this version needs them, the ledger's too; give what was done.

    Raises:
        UnusableInput: the database does not answer, or does not let this user change it.
    """
    missing = unapplied()
    _keep_to_user()
    try:
        _take_time()
        call_command("migrate", verbosity=0, interactive=False)
        there = connection.introspection.table_names()
    except DatabaseError as error:
        raise unreachable(error) from error
    open_store(settings.LEDGER_URL, StoreMode.CREATE).close()
    return [*missing, *(one for one in (TABLE, SEALS) if one not in there)]


def _take_time() -> None:
    """Let a change of a large table take as long as it takes; for a lock it waits as usual."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET statement_timeout = 0")
        connection.connection.patience = None


def _keep_to_user() -> None:
    """Take the rights of others from a SQLite file; earlier versions made it as the umask said.

    Raises:
        UnusableInput: it is somebody else's.
    """
    path = Path(settings.DATABASES["default"]["NAME"])
    if connection.vendor == "sqlite" and path.is_file() and path.stat().st_mode & _RIGHTS_OF_OTHERS:
        try:
            path.chmod(PRIVATE)
        except OSError as error:
            raise UnusableInput(
                "others may read the database",
                str(path),
                str(error.strerror or error),
                f"let its owner run `chmod 600 {path}`",
            ) from error


def refuse_unmigrated() -> None:
    """Refuse tables that are not as this version needs them.

    Raises:
        UnusableInput: they are not; it says which command changes them.
    """
    if missing := unapplied():
        shown = ", ".join(missing[:3]) + (" ..." if len(missing) > 3 else "")
        raise UnusableInput(
            "the database is not set up for this version",
            "",
            f"{len(missing)} changes of its tables are missing: {shown}",
            f"back it up, then run `{COMMAND}`",
        )


def unreachable(error: DatabaseError) -> UnusableInput:
    """Say that the database does not answer or refuses; never with what it was asked."""
    said = str(error).strip().partition("\n")[0]
    return UnusableInput(
        "the database cannot be used",
        "DATABASE_URL",
        said,
        "check the address, the server and the user's rights",
    )
