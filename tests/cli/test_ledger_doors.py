"""The two doors for other programs: record events line by line, and read everything that stands."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from gradatim.cli.simulate import simulated
from gradatim.conduct.stores import StoreMode, open_store
from gradatim.conduct.trial import Trial
from tests.cli.conftest import Ran

Run = Callable[..., Ran]
PART_WAY = date(2027, 4, 1)


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A simulated trial, part-way through."""
    path = tmp_path_factory.mktemp("doors") / "trial.sqlite"
    simulated("nct05962762", str(path), 4, date(2027, 1, 4), PART_WAY)
    return path


@pytest.fixture
def trial(ledger: Path, tmp_path: Path) -> Path:
    """A copy of it to record in."""
    copy = tmp_path / "trial.sqlite"
    with closing(sqlite3.connect(ledger)) as whole, closing(sqlite3.connect(copy)) as taken:
        whole.backup(taken)  # what is in the write-ahead log too
    return copy


def events_of(run: Run, ledger: Path, tmp_path: Path) -> list[dict[str, Any]]:
    """Read the bodies of a ledger's export."""
    export = tmp_path / "export.jsonl"
    assert run("ledger", "export", ledger, "-o", export).code == 0
    return [json.loads(json.loads(line)["body"]) for line in export.read_text().splitlines()[1:]]


def written(path: Path, *lines: object) -> Path:
    """Write lines, each JSON unless it is text already."""
    texts = [one if isinstance(one, str) else json.dumps(one) for one in lines]
    path.write_text("\n".join(texts) + "\n")
    return path


def answers(ran: Ran) -> list[dict[str, Any]]:
    return [json.loads(line) for line in ran.out.splitlines()]


@pytest.fixture(scope="module")
def treated(ledger: Path) -> dict[str, str]:
    """Where somebody is who has had a dose, and who records there."""
    state = Trial(open_store(str(ledger), StoreMode.READ), "NCT05962762").state
    one = next(one for one in state.participants.values() if one.status == "treated")
    who = f"investigator.{one.site}.1"
    return {"participant": one.id, "site": one.site, "recorded_by": who}


def adverse_event(about: dict[str, str], **fields: object) -> dict[str, Any]:
    return {
        "event": "AdverseEventReported",
        "occurred_on": "2027-04-01",
        "recorded_at": "2027-04-01T10:00:00Z",
        "adverse_event": f"{about['participant']}-AE9",
        "term": "Headache",
        "grade": 1,
        "onset": "2027-04-01",
        "relation": "unlikely",
        **about,
        **fields,
    }


def test_a_ledger_recorded_again_line_by_line_is_the_same(
    run: Run, ledger: Path, tmp_path: Path
) -> None:
    events = events_of(run, ledger, tmp_path)
    acts = [one for one in events if one["recorded_by"] != "gradatim"]
    lines = written(tmp_path / "events.jsonl", *acts)
    again = tmp_path / "again.sqlite"
    ran = run("ledger", "record", again, lines, "--trial", "NCT05962762", "--json")
    assert ran.code == 0
    assert {one["outcome"] for one in answers(ran)} == {"recorded"}
    assert events_of(run, again, tmp_path) == events


def test_every_line_is_answered_and_none_stops_the_next(
    run: Run, trial: Path, treated: dict[str, str], tmp_path: Path
) -> None:
    lines = written(
        tmp_path / "events.jsonl",
        adverse_event(treated, recorded_by="monitor.1"),
        "{not json",
        "[1]",
        adverse_event(treated, grade="high"),
        adverse_event(treated, participant="S09-999"),
        adverse_event(treated, event="Nothing"),
        "",
        adverse_event(treated),
    )
    ran = run("ledger", "record", trial, lines, "--json")
    found = answers(ran)
    assert ran.code == 2
    assert [one["outcome"] for one in found] == [
        "refused",
        "unusable",
        "unusable",
        "unusable",
        "unusable",
        "unusable",
        "recorded",
    ]
    assert found[0]["by"] == "permission"
    assert found[0]["reasons"][0][0] == "permission"
    assert "no JSON" in found[1]["reasons"][0][1]
    assert "S09-999" in found[4]["reasons"][0][1]
    assert found[6]["deviations"] == []
    told = run("ledger", "record", trial, lines)
    assert f"{lines}:8: unusable" in told.out  # its number is taken now
    assert f"there is an adverse event {treated['participant']}-AE9 already" in told.out


def test_a_refusal_names_each_policy_and_a_fact_opens_its_deviations(
    run: Run, trial: Path, treated: dict[str, str], tmp_path: Path
) -> None:
    base = {"occurred_on": "2027-04-01", "recorded_at": "2027-04-01T10:00:00Z", "dose": 7}
    signature = {"event": "PreDoseChecklistSigned", "items": {}, "signer": treated["recorded_by"]}
    given = {
        "event": "DoseAdministered",
        "started_at": "2027-04-01T09:00:00Z",
        "ended_at": "2027-04-01T09:30:00Z",
        "amount": 1e6,
        "unit": "{cells}",
    }
    lines = [{**base, **treated, **one} for one in (signature, given)]
    ran = run("ledger", "record", trial, written(tmp_path / "e.jsonl", *lines), "--json")
    refused, recorded = answers(ran)
    assert (refused["outcome"], refused["by"]) == ("refused", "policy")
    assert "the dose is the next" in {rule for rule, _ in refused["reasons"]}
    assert recorded["outcome"] == "recorded"
    assert "the checklist is signed" in {one["rule"] for one in recorded["deviations"]}
    assert all(one["why"] for one in recorded["deviations"])


def test_a_real_trial_is_refused_before_anything_is_made(
    run: Run, treated: dict[str, str], tmp_path: Path
) -> None:
    created = {
        "event": "TrialCreated",
        "mode": "real",
        "occurred_on": "2027-01-04",
        "recorded_at": "2027-01-04T08:00:00Z",
        "recorded_by": "sponsor.1",
    }
    lines = written(tmp_path / "events.jsonl", created)
    ledger = tmp_path / "new.sqlite"
    real = run("ledger", "record", ledger, lines, "--trial", "T1", "--json")
    assert (real.code, real.out) == (2, "")
    assert "this is a real trial" in real.err
    assert not ledger.exists()
    nothing = run(
        "ledger", "record", ledger, written(lines, adverse_event(treated)), "--trial", "T1"
    )
    assert (nothing.code, nothing.out) == (2, "")
    assert not ledger.exists()


def test_a_ledger_without_that_trial_is_refused(
    run: Run, trial: Path, treated: dict[str, str], tmp_path: Path
) -> None:
    lines = written(tmp_path / "events.jsonl", adverse_event(treated))
    ran = run("ledger", "record", trial, lines, "--trial", "T1")
    assert (ran.code, ran.out) == (2, "")
    assert "Begin with TrialCreated and --trial" in ran.err


def test_everything_that_stands_is_told(run: Run, ledger: Path) -> None:
    ran = run("ledger", "as-of", ledger, "--json", "--whole", "--on", PART_WAY)
    found = json.loads(ran.out)
    plain = json.loads(run("ledger", "as-of", ledger, "--json", "--on", PART_WAY).out)
    assert found["schema"] == "gradatim.state-whole/1"
    for name in ("outcomes", "advice", "cohorts", "entries"):
        assert found[name] == plain[name]
    assert list(found["participants"]) == [one["id"] for one in plain["participants"]]
    treated = [one for one in found["participants"].values() if one["doses"]]
    told = "".join(one["outcome"] for one in treated if one["outcome"])
    assert sorted(told) == sorted(letter for letter in plain["outcomes"] if letter.isalpha())
    assert all(one["grades"] and one["gates"] for one in treated)
    assert {"rule", "met", "why"} == set(treated[0]["gates"][0])
    assert found["product"]
    assert {"kind", "what", "participant", "site", "roles", "due"} == set(found["tasks"][0])
    assert [one["number"] for one in found["levels"]] == [1, 2, 3]
