"""Installations on SQLite and on PostgreSQL."""

from pathlib import Path

import pytest

from tests.conduct.ledgers import PostgresLedger
from tests.engines import POSTGRES, PostgresSchema
from tests.web.operations.installed import Installation


@pytest.fixture
def small(tmp_path: Path) -> Installation:
    """An installation on SQLite."""
    return Installation(tmp_path, f"sqlite:///{tmp_path / 'trial.sqlite'}")


@pytest.fixture
def large(tmp_path: Path, postgres: PostgresSchema) -> Installation:
    """An installation on PostgreSQL; mark the test."""
    folder = tmp_path / "large"
    folder.mkdir()
    return Installation(folder, PostgresLedger(postgres).url)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=POSTGRES)])
def either(request: pytest.FixtureRequest) -> Installation:
    """An installation on each database in turn."""
    made: Installation = request.getfixturevalue("small" if request.param == "sqlite" else "large")
    return made
