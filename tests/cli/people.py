"""People as files: worked participants of the first trial."""

import json
from datetime import date
from pathlib import Path
from typing import Any

from gradatim.synthetic.cases import Case
from tests.trials.worked import Trial

TRIAL = Trial("nct05962762")
ELIGIBLE = next(one for one in TRIAL.cases.cases if one.expect.status == "eligible")


def bundle(case: Case = ELIGIBLE, person: str = "") -> dict[str, Any]:
    """Give a worked participant as a Bundle, under another id if one is given."""
    content = json.dumps(case.bundle(TRIAL.study.elements))
    return json.loads(content.replace(case.person.id, person) if person else content)


def write(folder: Path, content: Any, name: str = "person.json") -> Path:
    """Write a Bundle, or any text, to a file."""
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
    return path


def options(case: Case = ELIGIBLE) -> list[str]:
    """Give the options under which a case was worked out."""
    days: dict[str, date] = dict(case.anchors)
    assert case.on is not None
    given = ["--on", case.on.isoformat()]
    for name, day in days.items():
        given += ["--anchor", f"{name}={day}"]
    for kind in case.exhaustive:
        given += ["--exhaustive", kind]
    return given
