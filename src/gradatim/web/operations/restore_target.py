"""Where a backup is restored to: an empty database, which stays empty unless all of it succeeds.

A SQLite file is made beside its place and then given its name. In PostgreSQL everything is one
transaction.
"""

import os
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote, unquote

from gradatim.core.errors import UnusableInput
from gradatim.web.configuration import configuration

SQLITE = "sqlite:///"
COMPANIONS = ("", "-wal", "-shm", "-journal")


class Target(NamedTuple):
    """A database to be made.

    Args:
        building: the address at which it is made.
        made, place: the file as it is made, and what it becomes; none for PostgreSQL.
    """

    building: str
    made: Path | None = None
    place: Path | None = None

    @classmethod
    def of_environment(cls) -> "Target":
        """Give the database that the environment names.

        Raises:
            UnusableInput: the environment is not complete, or there is a file already.
        """
        url = configuration(os.environ).database
        if not url.startswith(SQLITE):
            return cls(url)
        place = Path(unquote(url.removeprefix(SQLITE)))
        if any(place.with_name(place.name + end).exists() for end in COMPANIONS):
            raise UnusableInput(
                "there is a database already", str(place), todo="move it away, or name another file"
            )
        made = place.with_name(f".{place.name}.new")
        target = cls(SQLITE + quote(str(made)), made, place)
        target.discard()
        return target

    def discard(self) -> None:
        """Remove what was made in vain."""
        if self.made is not None:
            for end in COMPANIONS:
                self.made.with_name(self.made.name + end).unlink(missing_ok=True)

    def keep(self) -> None:
        """Give the file its name; only the user may read it.

        Raises:
            UnusableInput: it cannot be done.
        """
        if self.made is None or self.place is None:
            return
        try:
            self.made.chmod(0o600)
            with self.made.open("rb") as file:
                os.fsync(file.fileno())
            os.link(self.made, self.place)  # never over another's
            self.made.unlink()
            folder = os.open(self.place.parent, os.O_RDONLY)
            os.fsync(folder)
            os.close(folder)
        except OSError as error:
            raise UnusableInput(
                "this database cannot be put in its place",
                str(self.place),
                str(error.strerror or error),
            ) from error
