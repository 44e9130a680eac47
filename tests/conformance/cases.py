"""Read the tables: each case is a person, as a change to the one of `base.json`, and the verdicts.

A table is a file of `tables/`: sections of rows. What a section gives holds for each of its rows;
`across` makes the rows once for each set of variables. `$name` stands for a variable of the row.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.conformance.short_forms import TableLoader, filled

FOLDER = Path(__file__).parent
TABLES = FOLDER / "tables"
TRUTHS = ("true", "false", "unknown")
USUAL_ANCHORS = {
    "consent": "2026-11-02",
    "screening": "2026-11-02",
    "enrolment": "2026-11-14",
    "baseline": "2026-11-15",
    "first_dose": "2026-11-16",
}
USUAL: Mapping[str, Any] = {
    "on": "2026-11-16",
    "anchors": USUAL_ANCHORS,
    "exhaustive": ["condition", "exposure", "procedure"],
    "observed": "",
    "readings": {},
}
"""How a case is asked unless it says otherwise."""
JOINED = ("add", "remove", "entries", "series")
MERGED = ("change", "options", "bundle", "each_entry", "text")
KEPT = ("urls", "written")


@dataclass(frozen=True)
class Expected:
    """What an engine must say of a person.

    Args:
        criteria: for each criterion named, the truths that are right: more than one where an engine
            may know more, as by a vocabulary, or where the record can be read in two ways.
        status: the statuses that are right; none: any.
        not_used: records that must be listed as not used, with a pattern for the reason.
        unusable: a pattern for the message with which the person is refused; none: is screened.
        horizon: `eligible_from`, or `CRITERION.passes_from` and the like, and the day.
    """

    criteria: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    status: tuple[str, ...] = ()
    not_used: Mapping[str, str] = field(default_factory=dict)
    unusable: str = ""
    horizon: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Case:
    """One person, and what is right.

    Args:
        id: the case's own name, which is the person's too.
        table, section: where it is written.
        title: what is special about this person.
        authority: what makes the answer right: a section of FHIR, or the text of a criterion.
        source: a public report of the trap; none for most.
        options: how it is asked.
        change: what differs from the base person.
        expected: what an engine must say.
    """

    id: str
    table: str
    section: str
    title: str
    authority: str
    source: str
    options: Mapping[str, Any]
    change: Mapping[str, Any]
    expected: Expected


def table(name: str) -> Mapping[str, Any]:
    """Return one table as it is written."""
    text = (TABLES / f"{name}.yaml").read_text("utf-8")
    parsed: Mapping[str, Any] = yaml.load(text, TableLoader)
    return parsed


def names() -> list[str]:
    """Return the names of all tables."""
    return sorted(path.stem for path in TABLES.glob("*.yaml"))


def cases(name: str) -> Iterator[Case]:
    """Return the cases of a table."""
    for section in table(name)["sections"]:
        for across in section.get("across", [{}]):
            for row in section["rows"]:
                yield _case(name, section, across, row)


def _case(
    name: str, section: Mapping[str, Any], across: Mapping[str, Any], row: Mapping[str, Any]
) -> Case:
    parts = (section["id"], across.get("case"), row["case"])
    given = {**section.get("given", {}), **across, **row}
    layers = (section, across, row)
    whole: dict[str, Any] = {key: _joined(key, layers) for key in JOINED}
    whole |= {key: _merged(key, layers) for key in (*MERGED, "expect", "not_used", "horizon")}
    whole |= {key: given.get(key, section.get(key)) for key in (*KEPT, "outcome", "unusable")}
    made = filled(whole, given)
    return Case(
        ".".join(str(part) for part in parts if part is not None),
        name,
        section["id"],
        filled(row.get("says", section.get("says", row["case"])), given),
        filled(given.get("authority", section.get("authority", "")), given),
        given.get("source", section.get("source", "")),
        _options(made["options"]),
        {key: made[key] for key in (*JOINED, *MERGED, *KEPT) if key != "options" and made.get(key)},
        _expected(made),
    )


def _joined(key: str, layers: tuple[Mapping[str, Any], ...]) -> list[Any]:
    return [one for layer in layers for one in layer.get(key, [])]


def _merged(key: str, layers: tuple[Mapping[str, Any], ...]) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for layer in layers:
        for name, value in layer.get(key, {}).items():
            both = isinstance(value, dict) and isinstance(merged.get(name), dict)
            merged[name] = {**merged[name], **value} if both else value
    return merged


def _options(given: Mapping[str, Any]) -> dict[str, Any]:
    anchors = given.get("anchors", {})
    merged = {**USUAL, **given}
    # Another day of the question is the date of every anchor that is not given.
    merged["anchors"] = anchors if "on" in given else {**USUAL_ANCHORS, **anchors}
    return merged


def _expected(made: Mapping[str, Any]) -> Expected:
    return Expected(
        {name: tuple(_words(truth)) for name, truth in made["expect"].items()},
        tuple(_words(made["outcome"])) if made["outcome"] else (),
        made["not_used"],
        made["unusable"] or "",
        made["horizon"],
    )


def _words(given: Any) -> Iterator[str]:
    for one in given if isinstance(given, list) else [given]:
        yield str(one).lower() if isinstance(one, bool) else one


def arguments(case: Case) -> list[str]:
    """Return the options of a case as `gradatim screen` takes them."""
    options = case.options
    found = ["--on", options["on"]]
    for name, day in options["anchors"].items():
        found += ["--anchor", f"{name}={day}"]
    for kind in options["exhaustive"]:
        found += ["--exhaustive", kind]
    if options["observed"]:
        found += ["--observed", options["observed"]]
    for name, reading in options["readings"].items():
        found += ["--reading", f"{name}={reading}"]
    return found


CASES = [case for name in names() for case in cases(name)]
