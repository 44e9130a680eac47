"""The server: gunicorn, run from here rather than by its own command.

One process folds the trial and forks the workers; each answers several requests at a time. SIGTERM
lets them finish what they are at. Every line of the log is of the application's own form.
"""

import logging
import os
import socket
from collections.abc import Callable
from ipaddress import ip_address
from pathlib import Path
from typing import Any, NoReturn

from django.conf import settings
from gunicorn.app.base import BaseApplication
from gunicorn.glogging import Logger

from gradatim.core.collecting import keep_for_good
from gradatim.core.errors import UnusableInput
from gradatim.web.operations.application import load_application, prepare_to_fork
from gradatim.web.operations.worker import PatientWorker

LOG = logging.getLogger("gradatim.serve")
THREADS = 4
MOST_WORKERS = 64
SHARED_MEMORY = Path("/dev/shm")
FINISH_WITHIN = 30  # seconds for requests under way when the server stops


class Log(Logger):
    """Gunicorn's log, written by the application's."""

    def setup(self, cfg: Any) -> None:
        """Hand everything on; requests are logged by the application, without addresses."""
        self.cfg, self.loglevel = cfg, logging.INFO
        self._access_log_enabled = False
        self.error_log.propagate = True
        self.access_log.propagate = False


class Server(BaseApplication):
    """The application on a socket.

    Args:
        options: gunicorn's settings.
    """

    def __init__(self, options: dict[str, Any]) -> None:
        self.options = options
        self.application = load_application()
        super().__init__()

    def load_config(self) -> None:
        """Give gunicorn its settings; nothing of it comes from files or the environment."""
        for name, value in self.options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """Give the application."""
        return self.application


def listening(host: str, port: int) -> socket.socket:
    """Give a socket that listens; port 0 is any that is free.

    Raises:
        UnusableInput: the address is another's or not of this machine; or it could be reached from
            elsewhere while passwords would travel in the open.
    """
    if settings.PLAIN_HTTP and not is_loopback(host):
        raise UnusableInput(
            "without HTTPS only this machine may connect",
            host,
            "GRADATIM_PLAIN_HTTP or GRADATIM_DEMO is set",
            "use --host 127.0.0.1, or unset it",
        )
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except (OSError, OverflowError) as error:
        said = getattr(error, "strerror", None) or str(error)
        raise UnusableInput(
            "this address cannot be listened at",
            f"{host}:{port}",
            said,
            "give another --host or --port",
        ) from error


def is_loopback(host: str) -> bool:
    """Whether an address can be reached from this machine only."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def default_workers() -> int:
    """Give the number of workers for this machine: one a core, two at least."""
    return min(
        max(
            len(os.sched_getaffinity(0))
            if hasattr(os, "sched_getaffinity")
            else os.cpu_count() or 1,
            2,
        ),
        MOST_WORKERS,
    )


def serve(place: socket.socket, workers: int, ready: Callable[[], None] | None = None) -> NoReturn:
    """Serve until told to stop; ends the process.

    Args:
        place: the socket, given away.
        workers: how many processes.
        ready: called once, when requests can come.

    Raises:
        UnusableInput: the trial may not be served.
    """
    shared = SHARED_MEMORY.is_dir() and os.access(SHARED_MEMORY, os.W_OK)
    server = Server(
        {
            "bind": f"fd://{place.fileno()}",
            "workers": workers,
            "worker_class": type("Worker", (PatientWorker,), {"seconds": settings.CLIENT_SECONDS}),
            "threads": THREADS,
            "preload_app": True,
            "graceful_timeout": FINISH_WITHIN,
            "accesslog": None,
            "logger_class": Log,
            "control_socket_disable": True,
            "proc_name": "gradatim",
            "worker_tmp_dir": str(SHARED_MEMORY) if shared else None,
            "pre_fork": _before_fork,
            "when_ready": lambda _arbiter: ready() if ready else None,
        }
    )
    place.detach()  # gunicorn closes it
    server.run()
    raise SystemExit(0)


def _before_fork(_arbiter: Any, _worker: Any) -> None:
    """Give a new worker a state that is up to date, in memory that it shares."""
    try:
        prepare_to_fork()
    except UnusableInput:  # the worker reads for itself what is missing here, or says so
        LOG.warning("the ledger could not be read before a worker was started")
    keep_for_good()
