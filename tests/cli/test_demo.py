"""`gradatim demo --check` signs in as every role and visits every page; `serve` refuses it."""

import json
import os
import subprocess
import sys
from datetime import date
from pathlib import Path

from gradatim.conduct.roles import ROLES

SECRET = "only-for-tests-R2m8vQxK4tZpWc7LhYb3NsJd9GfUe6Aa0PqT5"
SETTINGS = ("DATABASE_URL", "DJANGO_SETTINGS_MODULE", "DJANGO_ALLOW_ASYNC_UNSAFE")


def ran(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run a command as a user would, with an environment of its own."""
    inherited = {
        name: value
        for name, value in os.environ.items()
        if name not in SETTINGS and not name.startswith("GRADATIM_")
    }
    return subprocess.run(
        [sys.executable, "-m", "gradatim.cli.main", *words],
        text=True,
        capture_output=True,
        env={**inherited, **environment},
        timeout=120,
        check=False,
    )


def test_the_demonstration_checks_itself():
    """Every role finds its pages; nothing is left behind, and the log names nobody."""
    found = ran("demo", "--check")
    assert found.returncode == 0, found.stderr[-2_000:]
    assert f"signed in as {len(ROLES)} roles" in found.stdout
    lines = [json.loads(line) for line in found.stderr.splitlines() if line.startswith("{")]
    assert lines
    assert all("S01-0" not in json.dumps(line) for line in lines)


def test_serve_refuses_a_made_up_trial(tmp_path: Path):
    """A demonstration asks for no second factor: it is never served to a hospital."""
    url = f"sqlite:///{tmp_path / 'made.sqlite'}"
    until = date(2027, 1, 6).isoformat()
    assert ran("simulate", "nct05962762", url, "--until", until).returncode == 0
    environment = {"DATABASE_URL": url, "GRADATIM_SECRET_KEY": SECRET}
    assert ran("database", "migrate", **environment).returncode == 0
    found = ran("serve", "--port", "0", **environment)
    assert found.returncode == 2
    assert "simulated trial" in found.stderr


def test_a_real_trial_begins_with_its_sponsor(tmp_path: Path):
    """Tables, trial, first person: three commands; a second beginning is refused."""
    environment = {
        "DATABASE_URL": f"sqlite:///{tmp_path / 'real.sqlite'}",
        "GRADATIM_SECRET_KEY": SECRET,
    }
    assert ran("database", "migrate", **environment).returncode == 0
    begun = ran("trial", "begin", "NCT00000001", "--sponsor", "sponsor.1", **environment)
    assert begun.returncode == 0, begun.stderr
    invited = ran("user", "invite", "sponsor.1", "--name", "Sponsor One", **environment)
    assert invited.returncode == 0, invited.stderr
    assert "/invitation/" in invited.stdout
    again = ran("trial", "begin", "NCT00000001", "--sponsor", "sponsor.1", **environment)
    assert again.returncode == 2
    told = ran("ledger", "log", environment["DATABASE_URL"])
    assert "sponsor.1 is given the task sponsor" in told.stdout


def test_serve_says_what_is_missing():
    """One message: what, where, and what to do."""
    found = ran("serve")
    assert found.returncode == 2
    assert "DATABASE_URL is not set" in found.stderr
    assert "Traceback" not in found.stderr
