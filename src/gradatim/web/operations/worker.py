"""The server's worker: whoever sends or takes slowly holds none of its threads for long.

gunicorn by itself waits without end for the rest of a request that has begun.
"""

import errno
import socket
from time import monotonic
from typing import Any

from gunicorn.workers.gthread import ThreadWorker

BODY = 3
"""A body may take so many times as long as what comes before it."""


class TimedSocket:
    """A client's connection, whose reads end at a time that is set; all else is the socket's.

    Args:
        own: the socket.
        seconds: for which a piece of an answer waits for the client to take it.
    """

    def __init__(self, own: socket.socket, seconds: float) -> None:
        self._own, self._seconds, self._until = own, seconds, monotonic() + seconds

    def __getattr__(self, name: str) -> Any:
        return getattr(self._own, name)

    def allow(self, seconds: float) -> None:
        """Let reads end so many seconds from now."""
        self._until = monotonic() + seconds

    def recv(self, size: int) -> bytes:
        """Read what has come, waiting for it as long as there is time.

        Raises:
            ConnectionResetError: there is none left.
        """
        left = self._until - monotonic()
        return bytes(self._within(left, self._own.recv, size))

    def sendall(self, content: bytes) -> None:
        """Send all of it.

        Raises:
            ConnectionResetError: the client does not take it.
        """
        self._within(self._seconds, self._own.sendall, content)

    def _within(self, seconds: float, act: Any, given: Any) -> Any:
        before = self._own.gettimeout()
        try:
            self._own.settimeout(max(seconds, 0.001))
            return act(given)
        except TimeoutError as error:
            raise ConnectionResetError(errno.ECONNRESET, "the client is too slow") from error
        finally:
            self._own.settimeout(before)


class PatientWorker(ThreadWorker):
    """A worker with threads; `seconds` is how long a client has to say what it asks for."""

    seconds = 10.0

    def enqueue_req(self, conn: Any) -> None:
        """Have a request answered by one of the threads."""
        if not isinstance(conn.sock, TimedSocket):
            conn.sock = TimedSocket(conn.sock, BODY * self.seconds)
        super().enqueue_req(conn)

    def handle(self, conn: Any) -> Any:
        """Read a request and answer it."""
        conn.sock.allow(self.seconds)
        return super().handle(conn)

    def handle_request(self, req: Any, conn: Any) -> Any:
        """Answer a request that has said what it asks for; its body may still be on its way."""
        conn.sock.allow(BODY * self.seconds)
        return super().handle_request(req, conn)
