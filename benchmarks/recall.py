"""How much of real data is recognised, and who passes who must not.

    python -m benchmarks recall PATH [--vocabulary FILE] [--most N] [--write]

PATH holds R4 Bundles (*.json) or a bulk export (*.ndjson). Of each record whose words may be about
an element: was it recognised, kept open, or taken for something else? And of each record that
excludes, by a list of codes of its own: does the criterion still pass 20 days later, everything
declared complete? That must be nobody.
"""

import argparse
import subprocess
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from benchmarks.page import write_section
from benchmarks.recall_words import EXCLUDING, WORDS
from benchmarks.screening import book
from gradatim.core.errors import UnusableInput
from gradatim.core.truth import FALSE, TRUE
from gradatim.evidence.codebook import Codebook
from gradatim.evidence.coverage import declare
from gradatim.evidence.facts import Facts
from gradatim.evidence.fhir.bulk import ndjson
from gradatim.evidence.fhir.datatypes import codes, day, words
from gradatim.evidence.fhir.load import load_bundle
from gradatim.evidence.fhir.reader import read_facts
from gradatim.protocol.elements import COVERABLE
from gradatim.protocol.load import load
from gradatim.protocol.study import Study
from gradatim.rules.context import Situation
from gradatim.rules.evaluate import evaluate

LATER = timedelta(days=20)
LARGEST = 100_000_000
DATES = ("onsetDateTime", "recordedDate", "authoredOn", "effectiveDateTime", "performedDateTime")
Resource = dict[str, Any]


@dataclass
class Recall:
    """What became of the records whose words may be about a group of elements, by their codes."""

    outcomes: Counter[str] = field(default_factory=Counter)
    codes: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    taken: Counter[str] = field(default_factory=Counter)


@dataclass
class Found:
    """What was measured of everybody."""

    people: int = 0
    unusable: int = 0
    recall: dict[str, Recall] = field(default_factory=lambda: defaultdict(Recall))
    drugs: Counter[bool] = field(default_factory=Counter)
    drug_codes: dict[str, bool] = field(default_factory=dict)
    after: dict[str, Counter[str]] = field(default_factory=lambda: defaultdict(Counter))
    passed: list[str] = field(default_factory=list)


def main(arguments: list[str] | None = None) -> None:
    """Measure, print, and with --write put the tables into the documentation."""
    asked = argparse.ArgumentParser("python -m benchmarks recall", description=__doc__)
    asked.add_argument("path", type=Path)
    asked.add_argument("--vocabulary", type=Path)
    asked.add_argument("--most", type=int, help="people at most, for a quick look")
    asked.add_argument("--write", action="store_true", help="write docs/benchmarks.md")
    given = asked.parse_args(arguments)
    study = load("nct05962762").study
    found = measured(people(given.path, given.most), study, book(study, given.vocabulary))
    text = f"{_head(given.path, given.vocabulary, found)}\n\n{tables(found)}"
    print(text, *by_hand(found), sep="\n")
    if given.write:
        write_section("recall", text)


def people(path: Path, most: int | None) -> Iterator[Resource]:
    """Return the Bundle of each person, of files or of an export."""
    paths = sorted(path.glob("*.json"))
    bundles = (load_bundle(one, LARGEST) for one in paths) if paths else ndjson(path).bundles()
    for number, bundle in enumerate(bundles):
        if most is not None and number >= most:
            return
        yield bundle


def measured(bundles: Iterable[Resource], study: Study, codebook: Codebook) -> Found:
    """Read everybody, once for what is recognised and once after each record that excludes."""
    found = Found()
    coverage = declare(COVERABLE)
    for bundle in bundles:
        found.people += 1
        try:
            facts = read_facts(bundle, codebook, study.elements, on=date.today(), coverage=coverage)
        except UnusableInput:
            found.unusable += 1
            continue
        records = [one["resource"] for one in bundle["entry"] if "resource" in one]
        named = {
            ref: one.get("code")
            for one in records
            if one["resourceType"] == "Medication"
            for ref in (f"Medication/{one['id']}", f"urn:uuid:{one['id']}")
        }
        told = [(one, _concept(one, named)) for one in records]
        _recognised(told, facts, codebook, found)
        for record, concept in told:
            _afterwards(record, concept, bundle, study, codebook, found)
    return found


def _concept(record: Resource, medications: dict[str, Any]) -> Any:
    reference = str((record.get("medicationReference") or {}).get("reference"))
    return (
        record.get("code") or record.get("medicationCodeableConcept") or medications.get(reference)
    )


def _recognised(
    told: list[tuple[Resource, Any]], facts: Facts, codebook: Codebook, found: Found
) -> None:
    used: dict[str, set[str]] = defaultdict(set)
    for element, some in facts.by_element.items():
        for one in some:
            used[one.id.split("#")[0]].add(element)
    kept: dict[str, set[str]] = defaultdict(set)
    for unused in facts.not_used:
        kept[unused.id.split("#")[0]].update(unused.elements)
    for record, concept in told:
        name = f"{record['resourceType']}/{record.get('id')}"
        if "medication" in str(record.keys()).lower():
            _resolved(concept, codebook, found)
        for group in WORDS:
            if record["resourceType"] not in group.kinds:
                continue
            said = next((text for text in words(concept) if group.pattern.search(text)), None)
            if said is not None:
                outcome = (
                    "recognised"
                    if used[name] & set(group.elements)
                    else "not known"
                    if kept[name] & set(group.elements)
                    else "taken for something else"
                )
                _count(found.recall[group.name], outcome, concept, said)


def _count(recall: Recall, outcome: str, concept: Any, said: str) -> None:
    recall.outcomes[outcome] += 1
    recall.codes[outcome].add(str(concept.get("coding") or said))
    if outcome == "taken for something else":
        recall.taken[f"{said} ({', '.join(code for _, code in codes(concept)) or 'no code'})"] += 1


def _resolved(concept: Any, codebook: Codebook, found: Found) -> None:
    known = any(codebook.lookup(*one)[1] for one in codes(concept))
    found.drugs[known] += 1
    found.drug_codes[str((concept or {}).get("coding") or (concept or {}).get("text"))] = known


def _afterwards(
    record: Resource, concept: Any, bundle: Resource, study: Study, codebook: Codebook, found: Found
) -> None:
    when = next(
        (start for name in DATES if record.get(name) and (start := day(record, name))), None
    )
    period = record.get("performedPeriod") or record.get("effectivePeriod")
    if when is None and period:
        when = day(period, "start")
    if when is None or not concept or _withdrawn(record):
        return
    for one in EXCLUDING:
        if one.told_by(codes(concept)):
            asked = when.last + LATER
            facts = read_facts(
                bundle, codebook, study.elements, on=asked, coverage=declare(COVERABLE)
            )
            anchors = dict.fromkeys(study.schedule.anchors, asked)
            rule = next(c.rule for c in study.criteria if c.id == one.criterion)
            truth = evaluate(rule, Situation(study, facts, anchors, asked)).truth
            said = {TRUE: "fails", FALSE: "passes"}.get(truth, "unknown")
            found.after[f"{one.criterion} {one.what}"][said] += 1
            if said == "passes":
                name = f"{record['resourceType']}/{record.get('id')}"
                found.passed.append(f"{one.criterion}: {facts.person}, {name}, {when.last}")


def _withdrawn(record: Resource) -> bool:
    """Whether a record says that it is wrong, or that what it tells of did not happen."""
    told = record.get("verificationStatus") or {}
    stated = {record.get("status"), *(code.get("code") for code in told.get("coding", ()))}
    return bool(stated & {"entered-in-error", "refuted", "cancelled", "draft", "not-done"})


def tables(found: Found) -> str:
    """Return the tables as they stand in the documentation."""
    lines = [
        "| element | codes recognised | records recognised | kept open | taken for else |",
        "|---|---|---|---|---|",
    ]
    for group in WORDS:
        one = found.recall.get(group.name)
        if one is None:
            continue
        every = set().union(*one.codes.values())
        good, total = one.outcomes["recognised"], one.outcomes.total()
        lines.append(
            f"| {group.name} | {len(one.codes['recognised'])} of {len(every)} | {good:,} of "
            f"{total:,} | {one.outcomes['not known']:,} | "
            f"{one.outcomes['taken for something else']:,} |"
        )
    coded = found.drug_codes
    lines.append(
        f"| any drug, to its ingredient | {sum(coded.values())} of {len(coded)} | "
        f"{found.drugs[True]:,} of {found.drugs.total():,} | | |"
    )
    lines += [
        "",
        "| 20 days after | events | fails | unknown | wrong: passes |",
        "|---|---|---|---|---|",
    ]
    for name in sorted(found.after):
        lines.append(_row(name, found.after[name]))
    lines.append(_row("all", sum(found.after.values(), Counter())))
    return "\n".join(lines)


def _row(name: str, some: Counter[str]) -> str:
    return (
        f"| {name} | {some.total():,} | {some['fails']:,} | {some['unknown']:,} "
        f"| {some['passes']:,} |"
    )


def by_hand(found: Found) -> Iterator[str]:
    """Return what is to be judged by a person: whether these are something else indeed."""
    for name, one in found.recall.items():
        for said, number in one.taken.most_common(20):
            yield f"taken for something else than {name}: {number} x {said}"
    yield from (f"passes wrongly: {one}" for one in found.passed)


def _head(path: Path, vocabulary: Path | None, found: Found) -> str:
    where = Path(__file__).parent
    told = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--abbrev=10"],
        cwd=where,
        capture_output=True,
        text=True,
    )
    held = f"vocabulary {vocabulary.name}" if vocabulary else "no vocabulary"
    return (
        f"{date.today()}, commit {told.stdout.strip() or 'unknown'}; {path.name}: "
        f"{found.people:,} people, {found.unusable} of them unusable; {held}."
    )


if __name__ == "__main__":
    main()
