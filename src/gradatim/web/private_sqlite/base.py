"""The engine, by the name that Django asks for: its `ENGINE` in the settings is this package."""

from pathlib import Path
from typing import Any

from django.db.backends.sqlite3 import base

from gradatim.core.stores import make_private


class DatabaseWrapper(base.DatabaseWrapper):
    """A connection to a SQLite file, which is made for the user alone where there is none.

    It holds hashes of passwords and seeds of one-time codes. What SQLite puts beside it (its log)
    has the rights of the file.
    """

    def get_new_connection(self, conn_params: dict[str, Any]) -> Any:
        """Connect; before, make the file that SQLite would make as the umask says."""
        if not self.is_in_memory_db():
            make_private(Path(conn_params["database"]))
        return super().get_new_connection(conn_params)
