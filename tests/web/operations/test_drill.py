"""The drill of docs/operations.md: its commands as they stand there, and what it says is lost."""

import os
import re
import secrets
import shutil
import subprocess
import sys
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from gradatim.conduct.chain import Entry
from gradatim.conduct.events import encoded
from gradatim.conduct.events.participants import ParticipantRegistered
from gradatim.conduct.events.trial import SiteOpened
from gradatim.conduct.fold import fold
from gradatim.conduct.keyring.stores import Keyring
from gradatim.conduct.personal import open_identity, sealed
from gradatim.conduct.sealing.stores import SealingKeys
from gradatim.conduct.stores import StoreMode, open_store
from tests.web.operations.installed import (
    PASSPHRASE,
    SECRET,
    SPONSOR,
    TRIAL,
    Installation,
    Sender,
    entered,
)
from tests.web.operations.test_deployment import PAGE

pytestmark = pytest.mark.slow
WHO = {"name": "Wang Fang", "birth_date": "1990-02-01"}
LOST = re.compile(
    r"^\*\*(?P<what>[^*]+)\*\*.*?^```sh\n(?P<commands>.*?)^```", re.MULTILINE | re.DOTALL
)


def section() -> str:
    return PAGE.partition("### Drill\n")[2].partition("\n## ")[0]


def drill(what: str) -> str:
    """Return the commands of the page for something that is lost."""
    found = {one["what"].rstrip("."): one["commands"] for one in LOST.finditer(section())}
    return found[what]


def daily() -> tuple[str, str]:
    """Return what the page does every day, and what it does when a key is new."""
    first, second = re.findall(r"^```sh\n(.*?)^```", section(), re.MULTILINE | re.DOTALL)[:2]
    return first, second


class Site(Installation):
    """An installation whose commands are run as a page prints them, in a shell.

    Args:
        folder: for all of it.
        apart: the folders `/apart` and `/backups` of the page.
    """

    def __init__(self, folder: Path, apart: Path) -> None:
        folder.mkdir()
        super().__init__(folder, f"sqlite:///{folder / 'trial.sqlite'}")
        self.apart = apart
        self.more["GRADATIM_SEALING_KEYS"] = str(folder / "keys-sealing")
        command = folder / "bin" / "gradatim"
        command.parent.mkdir()
        command.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m gradatim.cli.main "$@"\n')
        command.chmod(0o700)

    def shell(self, commands: str) -> subprocess.CompletedProcess[str]:
        """Run what the page prints; the first that fails ends it."""
        here = commands.replace("/apart", f"{self.apart}/apart").replace(
            "/backups", f"{self.apart}/backups"
        )
        here = here.replace("NCT05962762", TRIAL)
        path = f"{self.folder / 'bin'}{os.pathsep}{os.environ['PATH']}"
        return subprocess.run(
            ["sh", "-e", "-c", here],
            env={**self.environment, "PATH": path},
            text=True,
            capture_output=True,
            timeout=120,
            check=False,
        )

    def must(self, commands: str) -> str:
        """Run commands of the page that have to succeed; return what they say."""
        ran = self.shell(commands)
        assert ran.returncode == 0, ran.stderr
        return ran.stdout

    def entries(self) -> list[Entry]:
        with closing(open_store(self.url, StoreMode.READ)) as store:
            return list(store.read(TRIAL))

    def who(self) -> dict[str, str]:
        """Return who the participant is, as far as the keys that are here tell."""
        state = fold(TRIAL, [(one.position, one.body) for one in self.entries()])
        one = state.participants["S01-001"]
        assert one.birth == "1990"
        return open_identity(Keyring(self.folder / "keys", secrets.token_bytes), state, one)

    def goes_on(self) -> None:
        """It is served, and the sponsor gets as far as the second factor by their password."""
        with self.served() as server:
            person = Sender(server.address)
            page = person.page("/sign-in/")
            came = person.send("/sign-in/", page, username=SPONSOR, password=PASSPHRASE)
            assert came.status == 200
            assert "/second-factor/" in came.address


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a trial that somebody takes part in, its copies and backups."""
    folder = tmp_path_factory.mktemp("drill")
    made = Site(folder / "server", folder)
    link = made.begin()
    with made.served() as server:
        entered(Sender(server.address), link)
    register(made)
    (folder / "apart").mkdir()
    (folder / "backups").mkdir()
    made.done("ledger", "keys", "-o", folder / "apart" / "site")
    every_day, when_new = daily()
    made.must(every_day)
    made.must(when_new)
    return folder


def register(made: Site) -> None:
    """Record a site and a participant, as the application would, sealed."""
    keys = Keyring(made.folder / "keys", secrets.token_bytes)
    identity = sealed(keys, TRIAL, "S01-001", WHO, secrets.token_bytes)
    now = datetime.now(UTC)
    by: dict[str, Any] = {"occurred_on": now.date(), "recorded_at": now, "recorded_by": SPONSOR}
    events = [
        SiteOpened(**by, site="S01", name="First", principal_investigator="lead.S01"),
        ParticipantRegistered(
            **by, site="S01", participant="S01-001", identity=identity, birth="1990"
        ),
    ]
    sealing = SealingKeys(made.folder / "keys-sealing", secrets.token_bytes)
    with closing(open_store(made.url, StoreMode.WRITE, sealing)) as store:
        store.append(TRIAL, [(encoded(one)[0], "") for one in events], store.head(TRIAL))


@pytest.fixture
def site(begun: Path, tmp_path: Path) -> Site:
    """A copy of all of it, to lose something of."""
    shutil.copytree(begun / "apart", tmp_path / "apart")
    shutil.copytree(begun / "backups", tmp_path / "backups")
    made = Site(tmp_path / "server", tmp_path)
    shutil.copytree(begun / "server", made.folder, dirs_exist_ok=True)
    return made


def lose_database(site: Site) -> None:
    for one in site.folder.glob("trial.sqlite*"):
        one.unlink()


def test_the_database_is_lost(site: Site):
    """Every entry is back, proved by the checkpoint; what came after the backup is gone."""
    before = site.entries()
    site.done("user", "invite", "late.comer", "--name", "Late")
    lose_database(site)
    site.must(drill("The database is lost"))
    assert site.entries() == before
    assert site.who() == WHO
    site.goes_on()
    text = (site.apart / "backups" / "2026-11-26" / "accounts.jsonl").read_text()
    assert "sessions.session" not in text
    assert "late.comer" not in text


def test_a_backup_older_than_the_checkpoint_is_refused(site: Site):
    """It lacks what the checkpoint has seen: nothing is restored without a word."""
    kept = site.apart / "apart"
    (kept / "checkpoint.json").rename(kept / "older.json")
    before = site.entries()
    register_more(site)
    site.must(daily()[0].splitlines()[1])
    lose_database(site)
    restore = drill("The database is lost")
    ran = site.shell(restore)
    assert ran.returncode == 2, ran.stdout
    assert not list(site.folder.glob("trial.sqlite*"))
    site.must(restore.replace("checkpoint.json", "older.json"))
    assert site.entries() == before


def register_more(site: Site) -> None:
    sealing = SealingKeys(site.folder / "keys-sealing", secrets.token_bytes)
    now = datetime.now(UTC)
    by: dict[str, Any] = {"occurred_on": now.date(), "recorded_at": now, "recorded_by": SPONSOR}
    with closing(open_store(site.url, StoreMode.WRITE, sealing)) as store:
        body = encoded(
            SiteOpened(**by, site="S02", name="Second", principal_investigator="lead.S02")
        )[0]
        store.append(TRIAL, [(body, "")], store.head(TRIAL))


def test_the_server_is_lost_and_its_copies_bring_all_of_it_back(site: Site):
    before = site.entries()
    lose_database(site)
    for name in ("keys", "keys-sealing"):
        shutil.rmtree(site.folder / name)
    site.must(drill("The server is lost"))
    site.must(drill("The database is lost"))
    assert site.entries() == before
    assert site.who() == WHO
    assert (site.folder / "keys").stat().st_mode & 0o777 == 0o700
    site.goes_on()


def test_without_the_secret_second_factors_are_lost_and_the_log_says_so(site: Site):
    lose_database(site)
    site.must(drill("The database is lost"))
    site.more["GRADATIM_SECRET_KEY"] = SECRET[::-1]
    site.goes_on()
    assert "second factors are sealed under another secret" in site.log.read_text()


def test_the_participants_keys_are_lost(site: Site):
    """With a copy all is back; without one only who people are, and what hangs on it, is gone."""
    shutil.rmtree(site.folder / "keys")
    site.goes_on()
    assert set(site.who().values()) == {"erased"}
    site.must('gradatim ledger verify "$DATABASE_URL" --against /apart/checkpoint.json')
    site.done("backup", "-o", site.folder / "still")
    shutil.rmtree(site.folder / "keys", ignore_errors=True)
    site.must(drill("The folder of the participants' keys is lost"))
    assert site.who() == WHO


def test_the_sealing_key_is_lost(site: Site):
    """The word of a site is what the new key is worth; without it nothing verifies."""
    before = site.entries()
    shutil.rmtree(site.folder / "keys-sealing")
    ran = site.run("serve", "--port", "0")
    assert (ran.returncode, "there is no key in" in ran.stderr) == (2, True)
    commands = drill("The sealing key is lost").splitlines()
    site.must("\n".join(commands[:2]))
    assert site.entries()[: len(before)] == before
    without = site.shell('gradatim ledger verify "$DATABASE_URL"')
    assert without.returncode == 1
    assert site.run("backup", "-o", site.folder / "refused").returncode == 2
    site.must("\n".join(commands[2:]))
    site.goes_on()


def test_every_line_of_the_table_has_its_drill():
    """What the page says is lost is what is tried here."""
    rows = re.findall(r"^\| ([^|]+) \| [^|]+ \| [^|]+ \|$", section(), re.MULTILINE)
    assert rows[-5:] == [
        "the database",
        "the server, both folders of keys copied",
        "the server, and the `GRADATIM_SECRET_KEY`",
        "the participants' keys, with every copy",
        "the sealing key, with every copy",
    ]
