"""`gradatim demo` as somebody has it open: passwords, a worker that dies, an end without traces."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from gradatim.conduct.roles import ROLES
from gradatim.core.errors import Defect
from gradatim.web.operations.smoke_test import Visitor, visit
from tests.waiting import wait_until
from tests.web.operations.installed import Installation

pytestmark = pytest.mark.slow
ROW = re.compile(r"^ *(\S+) +(\S+(?: \S+)*?) {2,}(\S+(?: \S+)*) {2,}(\S+-\S+-\S+-\S+) *$", re.M)


class Open:
    """A demonstration in another process.

    Args:
        made: an installation whose environment it must not follow.
    """

    def __init__(self, made: Installation) -> None:
        self.folder = made.folder
        self.said = made.folder / "said.txt"
        real = {
            "GRADATIM_HOSTS": "trial.example.org",
            "GRADATIM_BEHIND_PROXY": "1",
            "GRADATIM_TRIAL": "NCT99999999",
            "GRADATIM_PLAIN_HTTP": "0",
        }
        with self.said.open("w") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "gradatim.cli.main", "demo", "--no-browser", "--port", "0"],
                env={**made.environment, **real, "TMPDIR": str(made.folder)},
                stdout=out,
                stderr=out,
                start_new_session=True,
            )

    def address(self) -> str:
        """Wait until it says where it is."""

        def said() -> re.Match[str] | None:
            found = re.search(r"^Open (http://\S+) ", self.said.read_text(), re.MULTILINE)
            if found is None and self.process.poll() is not None:
                raise AssertionError(self.said.read_text())
            return found

        found = wait_until(said, self.said.read_text)
        assert found
        return found[1]

    def folders(self) -> list[Path]:
        """Give the temporary folders that are there."""
        return list(self.folder.glob("gradatim-demo-*"))

    def workers(self) -> list[int]:
        """Give its processes that have no children."""
        listed = subprocess.run(
            ["ps", "-eo", "pid=,ppid=,sid="], text=True, capture_output=True, check=True
        )
        rows = [tuple(map(int, line.split())) for line in listed.stdout.splitlines()]
        parents = {parent for _pid, parent, _session in rows}
        return [
            pid
            for pid, _parent, session in rows
            if session == self.process.pid and pid not in parents
        ]


@pytest.fixture
def opened(small: Installation) -> Iterator[Open]:
    """A demonstration that is open."""
    one = Open(small)
    yield one
    if one.process.poll() is None:
        os.killpg(one.process.pid, signal.SIGKILL)
    one.process.wait()


def test_everybody_listed_can_sign_in_and_a_dead_worker_changes_nothing(opened: Open):
    """Each role's password works; the folder outlives a worker; in the end nothing is left."""
    address = opened.address()
    assert address.startswith("http://127.0.0.1:")
    rows = ROW.findall(opened.said.read_text())
    assert {role.replace(" ", "_") for _user, role, _site, _password in rows} == set(ROLES)
    assert len({password for *_rest, password in rows}) == len({user for user, *_rest in rows})
    (folder,) = opened.folders()
    assert folder.stat().st_mode & 0o077 == 0
    before = opened.workers()
    for worker in before:
        os.kill(worker, signal.SIGTERM)
    wait_until(
        lambda: (now := set(opened.workers())) and not now & set(before), "workers in their place"
    )
    assert opened.folders() == [folder]
    user, _role, _site, password = rows[0]
    assert visit(address, user, password) > 3
    opened.process.terminate()
    assert opened.process.wait(40) == 128 + signal.SIGTERM
    assert opened.folders() == []


def test_it_ends_with_the_terminal(opened: Open):
    """Ctrl+C reaches all processes at once."""
    opened.address()
    os.killpg(opened.process.pid, signal.SIGINT)
    assert opened.process.wait(40) == 0
    assert opened.folders() == []
    assert "Traceback" not in opened.said.read_text()


def test_ended_while_it_is_made_it_leaves_nothing(opened: Open):
    """SIGTERM before anything is served."""
    wait_until(lambda: any(any(one.iterdir()) for one in opened.folders()), "something made")
    opened.process.terminate()
    assert opened.process.wait(40) == 128 + signal.SIGTERM
    assert opened.folders() == []


def test_the_check_notices_what_is_wrong(opened: Open):
    """A wrong password, and a page that is not there, are defects."""
    address = opened.address()
    user, _role, _site, _password = ROW.findall(opened.said.read_text())[0]
    with pytest.raises(Defect, match="could not sign in"):
        visit(address, user, "not the password at all")
    with pytest.raises(Defect, match="answered with 404"):
        Visitor(address).page("/static/nothing.css")
    with pytest.raises(Defect, match="was not answered"):
        Visitor("http://127.0.0.1:1").page("/healthz")
