"""An installation as a hospital has it: commands in processes of their own, and a real server."""

import atexit
import base64
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from http.cookiejar import CookieJar
from pathlib import Path
from typing import NamedTuple
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import (
    BaseHandler,
    HTTPCookieProcessor,
    HTTPRedirectHandler,
    ProxyHandler,
    build_opener,
)

from django_otp.oath import TOTP

from gradatim.web.operations.smoke_test import TOKEN, Answer, Visitor, wait_until_up
from tests.markup import tidied
from tests.waiting import wait_until

TRIAL, SPONSOR = "NCT00000001", "sponsor.1"
SECRET = "only-for-tests-R2m8vQxK4tZpWc7LhYb3NsJd9GfUe6Aa0PqT5"
PASSPHRASE = "seven quiet otters under ivy"
LISTENING = re.compile(r"Listening at: (http://[^ ]+) \((\d+)\)")
OURS = ("DATABASE_URL", "DJANGO_SETTINGS_MODULE", "DJANGO_ALLOW_ASYNC_UNSAFE")


class Installation:
    """A database and a folder of keys, and the environment that names them.

    Args:
        folder: for the keys and the log.
        url: of the database.
    """

    def __init__(self, folder: Path, url: str) -> None:
        self.folder, self.url = folder, url
        self.log = folder / "serve.log"
        self.more = {
            "DATABASE_URL": url,
            "GRADATIM_KEYS": str(folder / "keys"),
            "GRADATIM_SECRET_KEY": SECRET,
            "GRADATIM_PLAIN_HTTP": "1",
            "GRADATIM_REQUESTS_PER_MINUTE": "100000",
            "GRADATIM_WRITES_PER_MINUTE": "100000",
        }

    @property
    def environment(self) -> dict[str, str]:
        """What the processes are started with: nothing of the tests' own settings."""
        inherited = {
            name: value
            for name, value in os.environ.items()
            if name not in OURS and not name.startswith("GRADATIM_")
        }
        return {**inherited, **self.more}

    def run(self, *words: object, **more: str) -> subprocess.CompletedProcess[str]:
        """Run `gradatim` with arguments."""
        return self.python("-m", "gradatim.cli.main", *words, **more)

    def python(self, *words: object, **more: str) -> subprocess.CompletedProcess[str]:
        """Run Python with arguments, in the environment of the installation."""
        return subprocess.run(
            [sys.executable, *map(str, words)],
            text=True,
            capture_output=True,
            env={**self.environment, **more},
            timeout=120,
            check=False,
        )

    def done(self, *words: object) -> str:
        """Run a command that has to succeed; give what it says."""
        ran = self.run(*words)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    def begin(self) -> str:
        """Set up a real trial; return the address of the sponsor's invitation.

        On SQLite it is a copy of one that was set up once: four commands for each test are many.
        """
        if not self.url.startswith("sqlite:///"):
            return self.begin_anew()
        folder, link = _begun()
        shutil.copytree(folder / "home", self.folder, dirs_exist_ok=True)
        shutil.copy(folder / "trial.sqlite", self.url.removeprefix("sqlite:///"))
        return link

    def begin_anew(self) -> str:
        """Set up a real trial by the commands of the manual; return the invitation's address."""
        self.done("database", "migrate")
        self.done("trial", "begin", TRIAL, "--sponsor", SPONSOR)
        return self.done("user", "invite", SPONSOR, "--name", "Sponsor One").split()[0]

    @contextmanager
    def served(self, workers: int = 2) -> Iterator["Serving"]:
        """Serve, until the block ends."""
        with self.log.open("w") as log:
            process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "gradatim.cli.main",
                    "serve",
                    "--port",
                    "0",
                    "--workers",
                    str(workers),
                ],
                env=self.environment,
                stderr=log,
                start_new_session=True,
            )
        try:
            address = self._listening(process)
            wait_until_up(address)
            yield Serving(process, address)
        finally:
            if process.poll() is None:
                process.terminate()
            process.wait(40)

    def _listening(self, process: subprocess.Popen[bytes]) -> str:
        def listening() -> re.Match[str] | None:
            found = LISTENING.search(self.log.read_text())
            if found is None and process.poll() is not None:
                raise AssertionError(self.log.read_text())
            return found

        found = wait_until(listening, self.log.read_text)
        assert found
        return found[1]


@cache
def _begun() -> tuple[Path, str]:
    """Set up a real trial on SQLite, once; return its folder and the sponsor's invitation.

    The folder holds the database and, in `home`, what else the commands made.
    """
    folder = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, folder)
    (folder / "home").mkdir()
    made = Installation(folder / "home", f"sqlite:///{folder / 'trial.sqlite'}")
    return folder, made.begin_anew()


class Serving(NamedTuple):
    """A server that answers."""

    process: "subprocess.Popen[bytes]"
    address: str

    def kill(self) -> None:
        """End all its processes at once: no handler, no clean-up."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(10)

    def stop(self) -> int:
        """Have it stop as a service is stopped; give how it ended."""
        self.process.terminate()
        return self.process.wait(40)


def code(key: bytes) -> str:
    """Give the code that an app for one-time codes shows."""
    return f"{TOTP(key).token():06}"


def entered(person: "Sender", link: str) -> "Sender":
    """Follow an invitation to the end: a password, a second factor, in."""
    came = person.send(link, person.page(link), password=PASSPHRASE, again=PASSPHRASE)
    assert came.status == 200, came.text
    page = person.page("/second-factor/set-up/")
    said = re.search(r'Or type: <span class="mono">([A-Z2-7 ]+)</span>', tidied(page))
    shown = re.search(r'name="shown" value="([^"]+)"', page)
    assert said, page
    assert shown, page
    came = person.send(
        "/second-factor/set-up/",
        page,
        code=code(base64.b32decode(said[1].replace(" ", ""))),
        shown=shown[1],
    )
    assert came.status == 200, came.text
    return person


class _Stay(HTTPRedirectHandler):
    def redirect_request(self, *_given: object) -> None:
        """Follow nothing: that it was recorded is said by the redirection itself."""


class Sender(Visitor):
    """Somebody signed in, who records what can be counted."""

    def __init__(self, address: str, *handlers: BaseHandler) -> None:
        super().__init__(address)
        self.cookies = CookieJar()
        self.opener = build_opener(ProxyHandler({}), HTTPCookieProcessor(self.cookies), *handlers)

    def acknowledged(self, form: str, reference: str) -> bool:
        """Record an approval; say whether the server acknowledged it."""
        try:
            return self.sent_approval(form, reference).status == 302
        except OSError:
            return False

    def sent_approval(self, form: str, reference: str) -> Answer:
        """Send the form of an approval; its reference is its idempotency key too.

        Raises:
            OSError: nothing came.
        """
        fields = dict(
            re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', tidied(form))
        )
        token = TOKEN.search(form)
        assert token
        said = {
            **fields,
            "csrfmiddlewaretoken": token[1],
            "authority": "ethics",
            "version": "1",
            "reference": reference,
            "request": reference,
            "occurred_on": _today(form),
        }
        opener = build_opener(ProxyHandler({}), HTTPCookieProcessor(self.cookies), _Stay)
        address = f"{self.address}/record/ApprovalRecorded/"
        try:
            with opener.open(address, urlencode(said).encode(), 20) as came:
                return Answer(came.status, address, came.read().decode())
        except HTTPError as error:
            return Answer(error.code, address, error.read().decode())

    def approval_form(self) -> str:
        """Give the form of an approval."""
        return self.page("/record/ApprovalRecorded/")


def _today(form: str) -> str:
    found = re.search(r'name="occurred_on"[^>]*value="([\d-]+)"', form)
    assert found, form
    return found[1]


__all__ = ["Answer", "Installation", "Sender", "Serving", "entered"]
