"""`gradatim ledger` on a ledger that is sealed, and on one to which somebody else has added."""

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from gradatim.conduct.chain import chain
from gradatim.conduct.stores import StoreMode
from tests.conduct.ledgers import TRIAL, SqliteLedger
from tests.conduct.sealed import FORGED, keys_in, sealed

SCRIPT = Path(__file__).parents[2] / "scripts" / "verify_ledger.py"


@pytest.fixture
def ledger(tmp_path: Path) -> SqliteLedger:
    """Eleven entries, sealed from the third on."""
    made, keys = SqliteLedger(tmp_path), keys_in(tmp_path)
    sealed(made.store(sealing=keys), keys)
    made.close()
    return made


@pytest.fixture
def forged(ledger: SqliteLedger) -> SqliteLedger:
    """And a twelfth that others added, past the application."""
    store = ledger.store(StoreMode.READ)
    head = store.head(TRIAL)
    store.close()
    (row,) = chain(head.hash, TRIAL, head.position, [(FORGED, "")])
    with closing(sqlite3.connect(ledger.path, isolation_level=None)) as database:
        database.execute("INSERT INTO ledger_event VALUES (?, ?, ?, ?, ?)", row)
    return ledger


def verified(run, place):
    ran = run("ledger", "verify", place, "--json")
    return ran.code, json.loads(ran.out)


def exported(run, ledger: SqliteLedger, tmp_path: Path) -> Path:
    path = tmp_path / "export.jsonl"
    assert run("ledger", "export", ledger.url, "-o", path).code == 0
    return path


def test_verify_says_from_where_on_it_is_sealed(run, ledger, tmp_path: Path):
    for place in (ledger.url, exported(run, ledger, tmp_path)):
        code, found = verified(run, place)
        assert (code, found["ok"], found["sealed_from"]) == (0, True, 3)
        assert "Sealed from event 3 on" in found["knows"]


def test_verify_names_what_others_added(run, forged, tmp_path: Path):
    for place in (forged.url, exported(run, forged, tmp_path)):
        code, found = verified(run, place)
        assert (code, found["ok"], found["first_bad"]) == (1, False, 12)
        assert "event 12 is not sealed" in found["why"]


def test_the_file_that_stands_alone_does_too(run, forged, tmp_path: Path):
    export = exported(run, forged, tmp_path)
    ran = subprocess.run(
        [sys.executable, "-I", SCRIPT, export], capture_output=True, text=True, check=False
    )
    assert (ran.returncode, ran.stderr) == (1, "")
    assert "sealed from event 3 on" in ran.stdout
    assert "WRONG: event 12: it is not sealed" in ran.stdout


@pytest.mark.parametrize("command", ["log", "export"])
def test_who_reads_it_is_told(run, ledger, forged, command: str, tmp_path: Path):
    more = ("-o", tmp_path / "export.jsonl") if command == "export" else ()
    ran = run("ledger", command, forged.url, *more)
    assert ran.err.count("this ledger does not verify: event 12 is not sealed") == 1


def test_who_reads_a_sealed_one_is_told_nothing(run, ledger):
    assert "does not verify" not in run("ledger", "log", ledger.url).err


def test_what_is_not_sealed_is_not_signed_either(run, forged, tmp_path: Path):
    assert run("ledger", "keys", "-o", tmp_path / "site").code == 0
    key = tmp_path / "site" / "private.pem"
    ran = run("ledger", "checkpoint", forged.url, "--key", key, "--name", "site")
    assert (ran.code, "event 12 is not sealed" in ran.err) == (2, True)
