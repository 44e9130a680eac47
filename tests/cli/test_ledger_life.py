"""What commands say of a ledger that is altered, of a later version, or made to fool a reader."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from gradatim.cli.output import escaped, json_bytes, one_line
from gradatim.cli.simulate import simulated
from gradatim.conduct.stores import StoreMode, open_store
from tests.cli.conftest import Ran

Run = Callable[..., Ran]
NAME = "NCT05962762"
HOSTILE = "Headache\x1b[2J\x1b]0;owned\x07\u202edna\x00\r\n  99  2027-01-01  S01  all is well"
COMMANDS = (("log",), ("log", "--json"), ("as-of",), ("as-of", "--json", "--whole"), ("export",))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A simulated trial, some weeks old."""
    path = tmp_path_factory.mktemp("life") / "trial.sqlite"
    simulated(NAME.lower(), str(path), 4, date(2027, 1, 4), date(2027, 2, 10))
    return path


@pytest.fixture
def ledger(made: Path, tmp_path: Path) -> Path:
    """A copy of it to go on with."""
    copy = tmp_path / "trial.sqlite"
    with closing(sqlite3.connect(made)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)  # what a connection that is still open has written, too
    return copy


def go_on(ledger: Path, **fields: Any) -> int:
    """Append an event as another program would, without asking anything; return its position."""
    store = open_store(str(ledger), StoreMode.WRITE)
    common = {
        "occurred_on": "2027-02-10",
        "recorded_at": "2027-02-10T10:00:00Z",
        "recorded_by": "sponsor.1",
    }
    body = json.dumps({"event": fields.pop("event"), **common, **fields}).encode()
    position = store.append(NAME, [(body, "")], store.head(NAME)).position
    store.close()
    return position


def alter(ledger: Path, position: int) -> None:
    """Alter an entry behind the back of the table's triggers."""
    database = sqlite3.connect(ledger)
    triggers = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"
    protections = list(database.execute(triggers))
    for name, _ in protections:
        database.execute(f"DROP TRIGGER {name}")
    said = database.execute("SELECT body FROM ledger_event WHERE position = ?", (position,))
    body = next(said)[0].replace(b'"recorded_by":"', b'"recorded_by":"x')
    database.execute("UPDATE ledger_event SET body = ? WHERE position = ?", (body, position))
    for _, statement in protections:
        database.execute(statement)
    database.commit()
    database.close()


def asked(run: Run, ledger: Path, command: tuple[str, ...]) -> Ran:
    more = ("-o", ledger.with_suffix(".jsonl")) if command[0] == "export" else ()
    return run("ledger", command[0], ledger, *command[1:], *more)


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_whoever_reads_an_altered_ledger_is_told(
    run: Run, ledger: Path, command: tuple[str, ...]
) -> None:
    assert "does not verify" not in asked(run, ledger, command).err
    alter(ledger, 20)
    ran = asked(run, ledger, command)
    assert ran.code == 0
    assert ran.err.count("this ledger does not verify: entry 20 ") == 1


def test_whoever_records_in_an_altered_ledger_is_told(run: Run, ledger: Path) -> None:
    alter(ledger, 20)
    events = ledger.with_suffix(".events")
    events.write_text("[1]\n")
    ran = run("ledger", "record", ledger, events, "--json")
    assert "this ledger does not verify: entry 20 " in ran.err
    assert json.loads(ran.out)["outcome"] == "unusable"


@pytest.mark.parametrize(
    "command", [*COMMANDS[:4], ("verify",), ("verify", "--json")], ids=" ".join
)
def test_what_a_later_version_wrote_is_named_and_the_rest_is_shown(
    run: Run, ledger: Path, command: tuple[str, ...]
) -> None:
    first = go_on(ledger, event="ScanRead", site="S01", finding="none")
    second = go_on(ledger, event="TrialPaused", reason="a signal", until="2027-03-01")
    ran = asked(run, ledger, command)
    assert ran.code == 0
    if "--json" in command:
        told = [(one["position"], one["why"]) for one in json.loads(ran.out)["unread"]]
        assert ran.err == ""
    else:
        said = ran.out if command[0] == "verify" else ran.err
        words = [line.split() for line in said.splitlines() if "cannot be read" in line]
        told = [(int(line[line.index("entry") + 1]), " ".join(line)) for line in words]
    assert [position for position, _ in told] == [first, second]
    assert "ScanRead" in told[0][1]
    assert "until" in told[1][1]
    if command[0] == "as-of" and "--json" in command:
        assert json.loads(ran.out)["paused"], "what is known of the entry counts"


def test_nothing_is_recorded_on_what_cannot_be_read(run: Run, ledger: Path) -> None:
    at = go_on(ledger, event="ScanRead", site="S01")
    events = ledger.with_suffix(".events")
    events.write_text("{}\n")
    ran = run("ledger", "record", ledger, events, "--json")
    assert (ran.code, ran.out) == (2, "")
    assert f"entry {at} cannot be read" in ran.err
    assert "Use the version of gradatim that wrote it" in ran.err


@pytest.mark.parametrize("command", COMMANDS[:4], ids=" ".join)
def test_what_a_terminal_would_obey_is_shown(
    run: Run, ledger: Path, command: tuple[str, ...]
) -> None:
    go_on(ledger, event="TrialStopped", reason=HOSTILE)
    go_on(ledger, event="SiteOpened", site=HOSTILE, name=HOSTILE, principal_investigator="i")
    ran = asked(run, ledger, command)
    assert not [one for one in ran.out + ran.err if one in "\x1b\x07\x00\r\u202e"]
    if command == ("log",):
        assert "\\x1b[2J" in ran.out
        assert not [line for line in ran.out.splitlines() if line.startswith("  99")]
    if "--json" in command:
        json.loads(ran.out)
    if command == ("log", "--json"):
        assert json.loads(ran.out)["entries"][-2]["reason"] == HOSTILE


def test_half_a_character_is_unusable_and_no_traceback(run: Run, ledger: Path) -> None:
    events = ledger.with_suffix(".events")
    events.write_text(
        '{"event":"TrialPaused","occurred_on":"2027-02-10","recorded_at":"2027-02-10T10:00:00Z",'
        '"recorded_by":"sponsor.1","reason":"a \\ud800 signal"}\n'
    )
    ran = run("ledger", "record", ledger, events, "--json")
    assert ran.code == 2
    assert json.loads(ran.out)["outcome"] == "unusable"


def test_text_is_escaped_and_nothing_else() -> None:
    assert escaped("µg/L – 体温\tok\n") == "µg/L – 体温\tok\n"
    assert escaped("a\x1b\x9b\u202e\ud800") == "a\\x1b\\x9b\\u202e\\ud800"
    assert one_line("a\nb\tc") == "a\\nb\\tc"
    assert json_bytes({"a": "\u202e\x7f体"}) == '{"a":"\\u202e\\u007f体"}'.encode()
    assert json.loads(json_bytes([HOSTILE])) == [HOSTILE]


def test_the_version_that_wrote_the_ledger_is_told(run: Run, ledger: Path) -> None:
    from gradatim import __version__

    found = json.loads(run("ledger", "as-of", ledger, "--json").out)
    assert found["software"] == [{"position": 1, "version": __version__}]
    assert f"written by gradatim {__version__} since entry 1" in run("ledger", "as-of", ledger).out
