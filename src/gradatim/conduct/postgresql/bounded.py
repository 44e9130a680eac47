"""Connections to PostgreSQL that give up: neither a lost network nor a hung server holds a caller.

A server that answers ends a long statement itself, and a wait for a lock. One that does not answer
is given up from this side: psycopg by itself waits for as long as the connection seems to be open.
"""

from collections.abc import Generator
from time import monotonic
from typing import Any, Self

import psycopg
from psycopg.conninfo import conninfo_to_dict

PATIENCE = 10.0
"""Seconds without a sign from the server."""
_LIMITS = """
SELECT set_config(name, given, false)
FROM (VALUES ('statement_timeout', %s), ('lock_timeout', %s)) AS limits (name, given)
WHERE current_setting(name) = '0'"""


class BoundedConnection(psycopg.Connection[Any]):
    """A connection that is closed when the server is silent for too long.

    `patience` is for how many seconds; None waits without end. `gave_up` says that it was so, and
    that the server did not close the connection itself.
    """

    patience: float | None = PATIENCE
    gave_up = False

    @classmethod
    def connect(cls, conninfo: str = "", *, patience: Any = PATIENCE, **given: Any) -> Self:
        """Connect; what the address or the server says of timeouts goes before what is set here.

        Args:
            conninfo: as for psycopg.
            patience: seconds after which a silent server is given up; half as long it may take to
                connect and to get a lock.
            given: as for psycopg.

        Raises:
            psycopg.Error: the server does not answer, or refuses.
        """
        named = conninfo_to_dict(conninfo)
        usual = {name: value for name, value in _network(patience).items() if name not in named}
        made = super().connect(conninfo, **{**usual, **given})
        made.patience = patience
        made.execute(_LIMITS, (f"{round(800 * patience)}ms", f"{round(500 * patience)}ms"))
        if not made.autocommit:
            made.commit()
        return made

    def wait(self, gen: Any, *args: Any, **given: Any) -> Any:
        """Wait for the server: see `psycopg.Connection.wait`.

        Raises:
            psycopg.OperationalError: it was silent for too long, and the connection is closed.
        """
        return super().wait(self._bounded(gen), *args, **given)

    def _bounded(self, gen: Any) -> Generator[Any, Any, Any]:
        """Yield what a generator of psycopg waits for, until the server is silent for too long."""
        try:
            wanted, since = next(gen), monotonic()
            while True:
                ready = yield wanted
                if ready:
                    since = monotonic()
                elif self.patience is not None and monotonic() - since > self.patience:
                    self._give_up()
                wanted = gen.send(ready)
        except StopIteration as end:
            return end.value

    def _give_up(self) -> None:
        self.gave_up = True
        self.pgconn.finish()
        raise psycopg.OperationalError(f"no answer within {self.patience:g} seconds")


def _network(patience: float) -> dict[str, str]:
    """Return settings of libpq, by which the machine's own network notices a lost one."""
    return {
        "connect_timeout": str(max(2, round(patience / 2))),
        "keepalives_idle": str(max(1, round(patience / 2))),
        "keepalives_interval": str(max(1, round(patience / 5))),
        "keepalives_count": "3",
        "tcp_user_timeout": str(round(1000 * patience)),
    }
