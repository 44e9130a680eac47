"""The engine, by the name that Django asks for: its `ENGINE` in the settings is this package."""

from types import ModuleType

import psycopg
from django.db.backends.postgresql import base

from gradatim.conduct.postgresql.bounded import BoundedConnection

_driver = ModuleType("psycopg")
vars(_driver).update(vars(psycopg), connect=BoundedConnection.connect)


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection as the ledger has them: see `BoundedConnection`."""

    Database = _driver
