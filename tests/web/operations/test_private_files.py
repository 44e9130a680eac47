"""A SQLite file, and what SQLite puts beside it, is for its user alone, whatever the umask."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db.utils import ConnectionHandler

from gradatim.conduct.event_store import StoreMode
from gradatim.conduct.stores import open_store
from gradatim.web.database import django_database
from tests.web.operations.installed import SPONSOR, TRIAL, Installation


@pytest.fixture(params=[0o000, 0o022, 0o277], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    """Whatever the system takes from the rights of new files."""
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def rights(folder: Path) -> dict[str, int]:
    """Return the rights of every file of a folder that belongs to a database."""
    return {one.name: one.stat().st_mode & 0o777 for one in folder.glob("trial.sqlite*")}


def test_a_ledger_is_for_its_user_alone(tmp_path: Path, umask: int):
    store = open_store(f"sqlite:///{tmp_path / 'trial.sqlite'}", StoreMode.CREATE)
    found = rights(tmp_path)
    store.close()
    assert set(found) == {"trial.sqlite", "trial.sqlite-wal", "trial.sqlite-shm"}
    assert set(found.values()) == {0o600}


def test_the_accounts_are_for_their_user_alone(tmp_path: Path, umask: int):
    """Also where nothing is asked of a database that is not there yet."""
    entry = django_database(f"sqlite:///{tmp_path / 'trial.sqlite'}")
    connection = ConnectionHandler({"default": entry})["default"]
    opened = connection.get_new_connection(connection.get_connection_params())
    opened.execute("CREATE TABLE made (n int)")
    opened.close()
    assert rights(tmp_path) == {"trial.sqlite": 0o600}


def test_the_rights_of_a_link_are_those_of_what_it_names(tmp_path: Path, umask: int):
    (tmp_path / "link").symlink_to(tmp_path / "trial.sqlite")
    open_store(f"sqlite:///{tmp_path / 'link'}", StoreMode.CREATE).close()
    assert rights(tmp_path) == {"trial.sqlite": 0o600}


@pytest.mark.slow
def test_every_command_makes_and_keeps_it_so(tmp_path: Path):
    """Made by `migrate`; a file of an earlier version, which all could read, is taken back."""
    path = tmp_path / "trial.sqlite"
    installation = Installation(tmp_path, f"sqlite:///{path}")
    before = os.umask(0)
    try:
        installation.done("database", "migrate")
        assert rights(tmp_path) == {"trial.sqlite": 0o600}
        path.chmod(0o644)
        installation.done("database", "migrate")
        installation.done("trial", "begin", TRIAL, "--sponsor", SPONSOR)
        assert set(rights(tmp_path).values()) == {0o600}
    finally:
        os.umask(before)
