"""Write the suite out for any engine, and compare what the engine says.

python -m tests.conformance materialise DIR
python -m tests.conformance judge ANSWERS.json...
"""

import argparse
import json
import sys
from collections.abc import Iterable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from tests.conformance.bundles import content, file_name
from tests.conformance.cases import CASES, Case, arguments
from tests.conformance.judge import differences

SCHEMA = "gradatim.conformance/1"


def main() -> int:
    """Do what the command line says; 1 where an answer is not right."""
    asked = argparse.ArgumentParser("python -m tests.conformance", description=__doc__)
    commands = asked.add_subparsers(dest="command", required=True)
    commands.add_parser("materialise").add_argument("folder", type=Path)
    commands.add_parser("judge").add_argument("answers", type=Path, nargs="+")
    given = asked.parse_args()
    if given.command == "materialise":
        materialise(given.folder, CASES)
        return 0
    return judge(json.loads(path.read_text("utf-8")) for path in given.answers)


def materialise(folder: Path, some: Iterable[Case]) -> None:
    """Write each person to `people/`, and what is right to `expected.json`."""
    people = folder / "people"
    people.mkdir(parents=True, exist_ok=True)
    for case in some:
        (people / file_name(case)).write_bytes(content(case))
    expected = {"schema": SCHEMA, "cases": [described(case) for case in some]}
    text = json.dumps(expected, indent=1, ensure_ascii=False)
    (folder / "expected.json").write_text(text + "\n", "utf-8")


def described(case: Case) -> dict[str, Any]:
    """Return a case without its change: what to ask, and what is right."""
    told = {name: one for name, one in asdict(case).items() if name != "change"}
    return {**told, "file": f"people/{file_name(case)}", "arguments": arguments(case)}


def judge(documents: Iterable[dict[str, Any]]) -> int:
    """Compare documents of `gradatim.screening/1` with what is right; print each difference."""
    people: dict[str, Any] = {}
    refused: dict[str, str] = {}
    for document in documents:
        people |= {one["person"]: one for one in document.get("people", ())}
        refused |= {Path(one["input"]).name: one["why"] for one in document.get("unusable", ())}
    wrong = 0
    for case in CASES:
        found = differences(case, people.get(case.id), refused.get(file_name(case), ""))
        wrong += bool(found)
        for text in found:
            print(f"{case.id} ({case.title}): {text}")
    print(f"{len(CASES) - wrong} of {len(CASES)} cases as they must be")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
