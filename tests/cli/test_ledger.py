"""`gradatim ledger`: verify, checkpoint, export, keys; documents, words, and bad input."""

import json
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest

from gradatim.conduct.stores import StoreMode, open_store
from tests.conduct.ledgers import TRIAL, SqliteLedger, body, fill

SCRIPT = Path(__file__).parents[2] / "scripts" / "verify_ledger.py"


@pytest.fixture
def trial(tmp_path):
    made = SqliteLedger(tmp_path)
    fill(made.store(), 12)
    made.close()
    return made


@pytest.fixture
def keys(run, tmp_path):
    """Folders of two signers' key pairs."""
    for name in ("site", "sponsor"):
        assert run("ledger", "keys", "-o", tmp_path / name).code == 0
    return {name: tmp_path / name for name in ("site", "sponsor")}


def verified(run, *arguments):
    ran = run("ledger", "verify", *arguments, "--json")
    assert ran.err == ""
    return ran.code, json.loads(ran.out)


def test_verify_writes_the_document_of_the_contract(run, trial):
    code, found = verified(run, trial.path)
    assert (code, found["schema"], found["events"]) == (0, "gradatim.verify/1", 12)
    assert found["head"] == "sha256:" + trial.store().head(TRIAL).hash.hex()
    assert (found["ok"], found["first_bad"], found["why"]) == (True, None, "")
    assert "a cut tail, a rewritten chain or an older copy cannot be seen" in found["knows"]


def test_a_tampered_ledger_ends_with_one_and_names_the_event(run, trial):
    with trial.tampered() as execute:
        execute("UPDATE ledger_event SET body = ? WHERE position = 5", (b"{}",))
    code, found = verified(run, trial.path)
    assert (code, found["ok"], found["first_bad"]) == (1, False, 5)
    assert "event 5" in found["why"]
    ran = run("ledger", "verify", trial.path)
    assert (ran.code, ran.err) == (1, "")
    assert "✘ event 5 does not fit its hash" in ran.out


def test_people_are_told_too(run, trial):
    ran = run("ledger", "verify", trial.url)
    assert (ran.code, ran.err) == (0, "")
    for part in (f"{TRIAL}: 12 events, head sha256:", "nothing is wrong", "without a checkpoint"):
        assert part in " ".join(ran.out.split())


def test_a_checkpoint_is_signed_cosigned_and_sees_a_cut_tail(run, trial, keys, tmp_path):
    file = tmp_path / "checkpoint.json"
    sign = ("ledger", "checkpoint", trial.path, "-o", file)
    assert run(*sign, "--key", keys["site"] / "private.pem", "--name", "site").code == 0
    with closing(trial.store().connection):
        head = trial.store().head(TRIAL)
        trial.store().append(TRIAL, [(body(13), "")], head)
    assert (
        run(
            *sign, "--key", keys["sponsor"] / "private.pem", "--name", "sponsor", "--cosign", file
        ).code
        == 0
    )
    written = json.loads(file.read_text())
    assert (written["schema"], written["position"]) == ("gradatim.checkpoint/1", 12)
    assert [one["name"] for one in written["signatures"]] == ["site", "sponsor"]
    trusted = ("--against", file, "--key", keys["sponsor"] / "public.pem")
    code, found = verified(run, trial.path, *trusted)
    assert (code, found["events"]) == (0, 13)
    assert "Unknown signer: 'site'" in found["knows"]
    with trial.tampered() as execute:
        execute("DELETE FROM ledger_event WHERE position > 9")
    code, found = verified(run, trial.path, *trusted)
    assert (code, found["first_bad"], found["events"]) == (1, 10, 9)


def test_a_checkpoint_goes_to_stdout_and_says_when(run, trial, keys):
    ran = run(
        "ledger", "checkpoint", trial.path, "--key", keys["site"] / "private.pem", "--name", "site"
    )
    assert json.loads(ran.out)["recorded_at"].endswith("Z")


def test_what_does_not_verify_is_not_signed(run, trial, keys, tmp_path):
    file = tmp_path / "checkpoint.json"
    sign = (
        "ledger",
        "checkpoint",
        trial.path,
        "--key",
        keys["site"] / "private.pem",
        "--name",
        "site",
        "-o",
        file,
    )
    assert run(*sign).code == 0
    with trial.tampered() as execute:
        execute("DELETE FROM ledger_event WHERE position > 9")
    ran = run(*sign, "--cosign", file)
    assert (ran.code, "is not signed" in ran.err, "the tail was cut" in ran.err) == (2, True, True)
    with trial.tampered() as execute:
        execute("DELETE FROM ledger_event WHERE position = 2")
    ran = run(*sign)
    assert (ran.code, "is not signed" in ran.err, "event 2" in ran.err) == (2, True, True)


def test_a_checkpoint_that_no_trusted_key_signed_ends_with_one(run, trial, keys, tmp_path):
    file = tmp_path / "checkpoint.json"
    run(
        "ledger",
        "checkpoint",
        trial.path,
        "-o",
        file,
        "--name",
        "site",
        "--key",
        keys["site"] / "private.pem",
    )
    code, found = verified(
        run, trial.path, "--against", file, "--key", keys["sponsor"] / "public.pem"
    )
    assert (code, found["first_bad"]) == (1, None)
    assert "no signature of a trusted key" in found["why"]


def test_an_export_is_verified_by_both_verifiers(run, trial, tmp_path):
    export = tmp_path / "export.jsonl"
    ran = run("ledger", "export", trial.path, "-o", export)
    assert (ran.code, ran.out) == (0, f"{export}: 12 events\n")
    assert verified(run, export) == verified(run, trial.path)
    other = subprocess.run([sys.executable, "-I", SCRIPT, export], capture_output=True, text=True)
    assert (other.returncode, "12 events" in other.stdout) == (0, True)


def test_of_several_trials_one_is_asked_for(run, trial):
    fill(trial.store(), 3, "NCT00000000")
    ran = run("ledger", "verify", trial.path)
    assert (ran.code, f"NCT00000000, {TRIAL}" in ran.err) == (2, True)
    assert verified(run, trial.path, "--trial", "NCT00000000")[1]["events"] == 3


def test_keys_are_the_signers_alone_and_never_replaced(run, keys):
    assert (keys["site"] / "private.pem").stat().st_mode & 0o777 == 0o600
    ran = run("ledger", "keys", "-o", keys["site"])
    assert (ran.code, "there is a key already" in ran.err) == (2, True)


def test_verify_leaves_the_ledger_as_it_is(run, trial):
    before = trial.path.read_bytes()
    verified(run, trial.path)
    assert trial.path.read_bytes() == before


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("verify", "missing.sqlite"), "there is no such ledger"),
        (("verify", "text.txt"), "not a ledger"),
        (("verify", "empty.sqlite"), "the ledger has no events"),
        (("verify", "mysql://x"), "not the address of a ledger"),
        (("verify", "trial.sqlite", "--against", "text.txt"), "text.txt: this is not a checkpoint"),
        (("verify", "trial.sqlite", "--against", "none.json"), "this file cannot be read"),
        (("verify", "trial.sqlite", "--key", "text.txt"), "not an Ed25519 public key"),
        (("verify", "trial.sqlite", "--key", "site/private.pem"), "not an Ed25519 public key"),
        (
            ("checkpoint", "trial.sqlite", "--name", "n", "--key", "site/public.pem"),
            "not an Ed25519 private key",
        ),
        (("checkpoint", "empty.sqlite", "--name", "n", "--key", "site/private.pem"), "no events"),
        (("export", "trial.sqlite", "-o", "no/where.jsonl"), "cannot be written"),
        (("keys", "-o", "text.txt"), "cannot be made"),
    ],
)
def test_bad_input_is_one_message(run, trial, keys, tmp_path, monkeypatch, arguments, says):
    monkeypatch.chdir(tmp_path)
    Path("text.txt").write_text("neither a ledger nor a key nor a checkpoint")
    open_store("empty.sqlite", StoreMode.CREATE).close()
    ran = run("ledger", *arguments)
    assert (ran.code, ran.out) == (2, "")
    assert says in ran.err
    assert "Traceback" not in ran.err
