"""HL7's CQL engine beside `evaluate`, on the same criteria of the same 5,000 FHIR people.

Every verdict is compared. The engine runs in Node.js, ours in Python, both from decoded bundles to
verdicts; processor seconds of each, in turns of a block of people. The engine's source of FHIR
objects is told to remember what it has built, without which it is about ten times slower.
"""

import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from gradatim.core.verdict import Reason, Verdict
from tests.exports.judging import Difference, differences, execute, export, translate, unavailable
from tests.exports.judging import verdicts_of as evaluated
from tests.exports.people import TRIAL, generated, worked

PEOPLE, BLOCK = 5000, 500


class Outcome(NamedTuple):
    """What came of judging everybody."""

    criteria: int
    people: int
    verdicts: int
    ours: float
    theirs: float
    found: list[Difference]
    closed: list[Difference]


def judge(people: int = PEOPLE) -> Outcome:
    """Judge so many random people and every worked case by both, in both worlds."""
    library = export(TRIAL)
    total, ours, theirs, found, closed = 0, 0.0, 0.0, list[Difference](), list[Difference]()
    with tempfile.TemporaryDirectory() as folder:
        elm = translate(
            Path(folder), open_world=library, closed_world=export(TRIAL, closed_world=True)
        )
        everybody = [*worked(), *generated(people)]
        for start in range(0, len(everybody), BLOCK):
            block = everybody[start : start + BLOCK]
            begun = time.process_time()
            verdicts = [evaluated(TRIAL, one, library.criteria) for one in block]
            ours += time.process_time() - begun
            judged = execute(elm["open_world"], block)
            theirs += judged.seconds
            found += _differing(verdicts, judged.verdicts)
            closed += _differing(verdicts, execute(elm["closed_world"], block).verdicts)
            total += len(block)
            print(f"{total} people", file=sys.stderr)
    criteria = len(library.criteria)
    return Outcome(criteria, total, total * criteria, ours, theirs, found, closed)


def _differing(
    ours: list[dict[str, Verdict]], theirs: list[dict[str, bool | str | None]]
) -> list[Difference]:
    pairs = zip(ours, theirs, strict=True)
    return [one for pair in pairs for one in differences(*pair)]


def rows(people: int = PEOPLE) -> Iterator[tuple[str, str, str]]:
    """Give what was measured: title, figures, ratio."""
    if unavailable():
        return
    one = judge(people)
    yield (
        f"{one.criteria} criteria of {one.people} FHIR people by cql-execution",
        f"{one.people / one.theirs:.1f} people/s; evaluate: {one.people / one.ours:.1f} people/s",
        f"evaluate is {one.theirs / one.ours:.1f} x as fast",
    )
    yield (
        "verdicts that differ, open world",
        f"{len(one.found)} of {one.verdicts}",
        "0 expected",
    )
    by_cause = Counter(difference.cause for difference in one.closed)
    causes = ", ".join(f"{cause} {by_cause[cause]}" for cause in Reason)
    yield (
        "verdicts that differ, closed world (plain `exists`)",
        f"{len(one.closed)} of {one.verdicts}: {causes}",
        f"{len(one.closed) / one.verdicts:.1%}",
    )


if __name__ == "__main__":
    for row in rows(int(sys.argv[1]) if len(sys.argv) > 1 else PEOPLE):
        print(*row, sep="\n  ")
