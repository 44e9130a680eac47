"""A server in a process of its own, for whoever made what it serves and will remove it again.

A worker of gunicorn ends by leaving every block that its parent was in when it forked: were the
demonstration served from inside the block of its folder, the first worker to end would remove it.
"""

import multiprocessing
import signal
import socket
from typing import Any, NoReturn

from django.conf import settings

from gradatim.core.errors import Defect

WORKERS = 2
STOPS_WITHIN = 40.0  # seconds


def end_on_sigterm() -> None:
    """Have SIGTERM end this process as Ctrl+C does: what was begun is ended, too."""
    signal.signal(signal.SIGTERM, _stopped)


def _stopped(_number: int, _frame: Any) -> NoReturn:
    raise SystemExit(128 + signal.SIGTERM)


class ServerProcess:
    """A server in a process of its own.

    Args:
        place: the socket it listens at; given away.
        quiet: whether requests are left out of the log.
    """

    def __init__(self, place: socket.socket, quiet: bool = False) -> None:
        host, port = place.getsockname()[:2]
        self.address = f"http://{host}:{port}"
        apart = multiprocessing.get_context("fork")
        self.process = apart.Process(target=_serve, args=(place, quiet))
        self.process.start()
        place.close()

    def wait(self) -> None:
        """Wait until it ends."""
        self.process.join()

    def stop(self) -> None:
        """Let it finish what it is at, and end it.

        Raises:
            Defect: it did not end, or not well.
        """
        if self.process.is_alive():
            self.process.terminate()
        self.process.join(STOPS_WITHIN)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()
            raise Defect(f"the server did not stop within {STOPS_WITHIN:g} seconds")
        if self.process.exitcode:
            raise Defect(f"the server ended with {self.process.exitcode}")


def _serve(place: socket.socket, quiet: bool) -> None:
    from gradatim.web.operations.server import serve

    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # until gunicorn takes it
    if quiet:  # the application sets its log up when it is loaded
        settings.LOGGING = {
            **settings.LOGGING,
            "root": {"handlers": ["stderr"], "level": "WARNING"},
        }
    serve(place, WORKERS)
