"""A simulated trial, read and asked about as its users do."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Ran

Run = Callable[..., Ran]


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A simulated trial, from its first event to the lock."""
    from datetime import date

    from gradatim.cli.simulate import simulated

    path = tmp_path_factory.mktemp("trial") / "trial.sqlite"
    simulated("nct05962762", str(path), 4, date(2027, 1, 4), None)
    return path


def test_simulate_and_read_the_story(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "trial.sqlite"
    done = run("simulate", "nct05962762", path, "--seed", 2, "--until", "2027-03-01")
    assert done.code == 0, done.err
    assert "participants" in done.out
    told = run("ledger", "log", path)
    assert "the trial begins (simulated)" in told.out
    assert "takes a place at level 1" in told.out
    again = run("simulate", "nct05962762", path)
    assert again.code == 2
    assert "has the trial NCT05962762 already" in again.err


def test_the_story_of_one_participant_and_of_one_kind(run: Run, ledger: Path) -> None:
    decisions = run("ledger", "log", ledger, "--event", "DoseDecision").out.strip().splitlines()
    assert "the committee decides: start, level 1" in decisions[0]
    assert "the committee decides: stop" in decisions[-1]
    document = json.loads(run("ledger", "log", ledger, "--event", "DoseAdministered", "--json").out)
    name = document["entries"][0]["participant"]
    told = run("ledger", "log", ledger, "--participant", name).out
    assert all(name in line for line in told.strip().splitlines() if "deviation" not in line)
    assert "is given dose 1" in told


def test_as_of_an_entry_a_time_and_a_day(run: Run, ledger: Path) -> None:
    early = json.loads(run("ledger", "as-of", ledger, "--entry", 50, "--json").out)
    assert early["entries"] == 50
    assert early["schema"] == "gradatim.state/1"
    summer = json.loads(run("ledger", "as-of", ledger, "--recorded-at", "2027-06-01", "--json").out)
    by_then = json.loads(
        run("ledger", "as-of", ledger, "--occurred-on", "2027-06-01", "--json").out
    )
    assert early["entries"] < summer["entries"]
    assert summer["outcomes"] == by_then["outcomes"]
    assert "simulated trial" in run("ledger", "as-of", ledger).out


def test_the_responses_to_the_endpoints(run: Run, ledger: Path) -> None:
    found = json.loads(run("ledger", "endpoints", ledger, "--json").out)
    assert (found["schema"], found["trial"]) == ("gradatim.endpoints/1", "NCT05962762")
    asas20 = next(one for one in found["endpoints"] if one["criterion"] == "asas20")
    assert asas20["answers"] == ["yes", "no", "unknown"]
    basdai50 = next(one for one in found["endpoints"] if one["criterion"] == "basdai50")
    dosed = sum(one["dosed"] for one in basdai50["groups"])
    assert basdai50["visits"]
    for visit in basdai50["visits"]:
        assert sum(visit["overall"]) == dosed
        assert sum(one["visit"] == visit["visit"] for one in basdai50["participants"]) == dosed
    shown = run("ledger", "endpoints", ledger).out
    assert "ASAS20 (ASAS20, ASAS40, ASAS5/6 and partial remission)" in shown
    assert "Anderson et al., Arthritis Rheum 2001;44:1876-86" in shown
    early = run("ledger", "endpoints", ledger, "--occurred-on", "2027-01-10", "--json").out
    assert all(one["visits"] == [] for one in json.loads(early)["endpoints"])


def test_the_ledger_verifies_and_its_export_too(run: Run, ledger: Path, tmp_path: Path) -> None:
    assert run("ledger", "verify", ledger).code == 0
    export = tmp_path / "trial.jsonl"
    assert run("ledger", "export", ledger, "-o", export).code == 0
    found = json.loads(run("ledger", "verify", export, "--json").out)
    assert found["ok"] is True
    assert json.loads(run("ledger", "as-of", export, "--json").out)["locked"] is True


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["log", "LEDGER", "--event", "NoSuch"], "there is no type of event 'NoSuch'"),
        (["as-of", "LEDGER", "--entry", "999999"], "there is no entry 999999"),
        (["as-of", "LEDGER", "--recorded-at", "soon"], "'soon' is not a time"),
        (["as-of", "LEDGER", "--occurred-on", "soon"], "'soon' is not a date"),
        (["log", "no-such.sqlite"], "no-such.sqlite"),
    ],
)
def test_bad_input_is_one_message(run: Run, ledger: Path, arguments: list[str], says: str) -> None:
    done = run("ledger", *(str(ledger) if one == "LEDGER" else one for one in arguments))
    assert done.code == 2
    assert says in done.err
    assert "Traceback" not in done.err


def test_a_protocol_without_worked_cases_cannot_be_simulated(run: Run, tmp_path: Path) -> None:
    from gradatim.protocol.load import bundled

    copy = tmp_path / "protocol.yaml"
    copy.write_bytes(bundled()["nct05962762"].read_bytes())
    done = run("simulate", copy, tmp_path / "x.sqlite")
    assert done.code == 2
    assert "there are no worked cases" in done.err
