"""Where sessions stand: in the database, and read on where nothing can be written to it."""

import logging

from django.contrib.sessions.backends import db
from django.contrib.sessions.backends.base import UpdateError

from gradatim.web.database import unavailable

LOG = logging.getLogger("gradatim.database")


class SessionStore(db.SessionStore):
    """A session that stays as it was where it cannot be saved: its user reads on."""

    def save(self, must_create: bool = False) -> None:
        """Save it; that its use could not be written down keeps nobody from reading.

        Raises:
            DatabaseError: it is a new one, and cannot be made.
        """
        try:
            super().save(must_create)
        except UpdateError as error:
            found = unavailable(error.__context__)
            if found is None:
                raise
            LOG.warning("a session could not be saved: %s", found)
