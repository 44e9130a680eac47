"""What earlier versions left behind, opened as copies: each test takes every folder in turn."""

import gzip
import json
import shutil
import subprocess
import tarfile
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest

from gradatim.cli import main
from tests.earlier.make import programs

HERE = Path(__file__).parent
FOLDERS = sorted(one.parent for one in HERE.glob("*/facts.json"))
_NUMBERS = count()
Command = Callable[..., tuple[int, str]]


class Earlier:
    """What one version left behind.

    Args:
        folder: where it is kept; nothing is written there.
        work: where copies are made.
    """

    def __init__(self, folder: Path, work: Path) -> None:
        self.folder, self.work = folder, work
        self.facts: dict[str, Any] = json.loads((folder / "facts.json").read_text("utf-8"))

    def file(self, name: str) -> Path:
        """Return a copy of a compressed file of a ledger, such as `corrected.sqlite`."""
        copy = self.work / name
        with gzip.open(self.folder / "ledgers" / f"{name}.gz") as source, copy.open("wb") as to:
            shutil.copyfileobj(source, to)
        return copy

    def unpacked(self, archive: str) -> Path:
        """Return the folder that an archive holds, copied."""
        with tarfile.open(self.folder / f"{archive}.tar.gz") as source:
            (top,) = {one.name.partition("/")[0] for one in source.getmembers()}
            place = self.work / Path(archive).name
            source.extractall(place, filter="data")
        for one in place.rglob("*"):
            one.chmod(0o700 if one.is_dir() else 0o600)
        return place / top

    def keys(self, ledger: str) -> Path:
        """Return the folder of the keys of a ledger's participants, copied."""
        return self.unpacked(f"ledgers/{ledger}-keys")

    def in_postgres(self, ledger: str, server: str) -> str:
        """Load the dump of a ledger into a new database; return its address."""
        name = f"earlier_{next(_NUMBERS)}"
        with psycopg.connect(
            host=server, user="postgres", dbname="postgres", autocommit=True
        ) as owner:
            owner.execute(f"CREATE DATABASE {name}")
        subprocess.run(
            [
                programs() / "psql",
                "-q",
                "-v",
                "ON_ERROR_STOP=1",
                "-h",
                server,
                "-U",
                "postgres",
                "-d",
                name,
                "-f",
                self.file(f"{ledger}.sql"),
            ],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        return f"postgresql://postgres@/{name}?host={server}"


@pytest.fixture
def earlier(request: pytest.FixtureRequest, tmp_path: Path) -> Earlier:
    """What an earlier version left behind; each version in turn."""
    return Earlier(request.param, tmp_path)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Return a test every earlier version, and with `ledger` every ledger of each."""
    if "ledger" in metafunc.fixturenames:
        pairs = [(folder, name) for folder in FOLDERS for name in _ledgers(folder)]
        names = [f"{folder.name}-{name}" for folder, name in pairs]
        metafunc.parametrize(("earlier", "ledger"), pairs, indirect=["earlier"], ids=names)
    elif "earlier" in metafunc.fixturenames:
        names = [folder.name for folder in FOLDERS]
        metafunc.parametrize("earlier", FOLDERS, indirect=True, ids=names)


def _ledgers(folder: Path) -> list[str]:
    return list(json.loads((folder / "facts.json").read_text("utf-8"))["ledgers"])


@pytest.fixture
def gradatim(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Run a command in this process; give its exit code and what it printed."""

    def run(*words: object) -> tuple[int, str]:
        monkeypatch.setattr("sys.argv", ["gradatim", *map(str, words)])
        with pytest.raises(SystemExit) as ended:
            main.main()
        output = capsys.readouterr()
        return int(ended.value.code or 0), output.out + output.err

    return run
