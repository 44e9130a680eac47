"""Read the specification tables: small people and rules, with the truth each rule must have.

A table is a file of `tables/`: sections of rows. What a section gives (`rule`, `facts`, `birth`,
`asked`, ...) holds for each of its rows unless the row says otherwise. The docs page of the rule
language is rendered from the same files.

A fact is written as its parts, in any order, separated by commas:

    1.8 mg/dL, ULN 1.2, 2026-11-16        a measured value with its upper limit of normal
    <20 U/L, 2026-11                      a bound, at some day of a month
    positive, 2026-11-16, by PCR          a coded result, and how it was obtained
    no, 2026-11-16                        an answer
    naproxen, 1000 mg/d, 2026-01-01..     a drug that is still being taken
    2026-01-01..?                         something whose end is not known

Records that are not understood are written as their codes, by the element that they may be about.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from pydantic import TypeAdapter

from gradatim.core.dates import ANY_DAY, NEVER_ENDED, Day, parse_day
from gradatim.core.message import Term, Text
from gradatim.core.quantity import Quantity
from gradatim.core.truth import Truth
from gradatim.core.verdict import Reason
from gradatim.evidence.doubts import Doubt, read_doubt
from gradatim.evidence.facts import Coding, Fact, Facts, GradeSpell, NotUsed, Observed, Often
from gradatim.protocol.nodes import Node, Rule
from gradatim.protocol.study import Study
from gradatim.rules.context import Situation
from tests.yaml12 import Yaml12Loader

FOLDER = Path(__file__).parent / "tables"
RULE: TypeAdapter[Node] = TypeAdapter(Rule)
ASKED = "2026-11-16"
NO_PROVENANCE = {"basis": "stated"}
ONE_SUBJECT = {"value": "-", **NO_PROVENANCE}


@dataclass(frozen=True)
class Row:
    """One row: what is given, what is asked, and what must come out."""

    table: str
    section: str
    number: int
    spec: Mapping[str, Any]

    @property
    def id(self) -> str:
        return f"{self.table}-{self.section}-{self.number}".replace(" ", "_")

    @property
    def rule(self) -> Node:
        return RULE.validate_python(self.spec["rule"])

    @property
    def truth(self) -> Truth:
        return Truth[self.spec["truth"]]

    @property
    def reason(self) -> Reason | None:
        return Reason(self.spec["reason"]) if "reason" in self.spec else None

    def situation(self) -> Situation:
        """Give the person, the anchors and the day of the question."""
        given = {name: parse_day(day).first for name, day in self.spec.get("anchors", {}).items()}
        asked = parse_day(self.spec.get("asked", ASKED)).first
        facts = Facts(
            "p1",
            _period(self.spec.get("birth", "?"))[0],
            self.spec.get("sex", ""),
            {name: tuple(read_facts(name, some)) for name, some in self.spec["facts"].items()},
            dict(coverage(self.spec.get("exhaustive", []))),
            tuple(not_understood(self.spec.get("not_understood", {}))),
        )
        return Situation(study_with(self.spec.get("elements", {})), facts, anchors(given), asked)


def anchors(given: Mapping[str, date]) -> dict[str, date]:
    """Give every anchor a date: those not given as in the example study."""
    dose = given.get("first_dose", date(2026, 11, 16))
    usual = {
        "screening": date(2026, 11, 2),
        "baseline": dose - timedelta(days=1),
        "first_dose": dose,
    }
    return {**usual, **given}


def coverage(declared: Any) -> Iterator[tuple[str, Observed]]:
    """Read `[condition]`, or `{condition: 2024-01-01..2026-06-30}`."""
    for kind in declared:
        ends = (declared[kind] if isinstance(declared, dict) else "..").split("..")
        yield kind, Observed(*(parse_day(end).first if end else None for end in ends))


def not_understood(given: Mapping[str, str | list[str]]) -> Iterator[NotUsed]:
    """Read records that are not understood, by the element that they may be about."""
    for element, written in given.items():
        for number, code in enumerate([written] if isinstance(written, str) else written):
            codes = (Coding(code),)
            yield NotUsed(f"record/{number}", "its code is not known here", (element,), codes)


def read_facts(element: str, written: str | list[str]) -> Iterator[Fact]:
    """Read the facts of one element."""
    for number, text in enumerate([written] if isinstance(written, str) else written):
        yield Fact(element, **{"id": f"{element}/{number}", **_parts(text)})


def _parts(text: str) -> dict[str, Any]:
    found: dict[str, Any] = {"start": parse_day(ASKED), "end": parse_day(ASKED)}
    for part in filter(None, (one.strip() for one in str(text).split(","))):
        if not _of_the_course(part, found):
            _part(part, found)
    for limit in ("low", "high"):
        if limit in found and not found[limit].unit:
            found[limit] = found[limit]._replace(unit=found.get("unit", ""))
    return found


DOUBTS = {"doubtful": None, "unreadable": Reason.NOT_UNDERSTOOD, "contradicts": Reason.CONFLICT}
"""Words for a record that may not count, or does not settle what it says; after them, why."""


SAID_AS = {
    **{one: one for one in ("id", "course")},
    **dict.fromkeys(("by", "relation"), "method"),
}
"""Words for the fields of a fact that are texts, and the field of each."""


def _doubt(words: str) -> Text:
    """Return the doubt that a source has in these words."""
    if found := re.fullmatch(r"its clinical status is (\S+) although it ended \((\S+)\)", words):
        return Doubt.ACTIVE_AFTER_ITS_END(status=Term(found[1]), day=parse_day(found[2]))
    if found := re.fullmatch(r"abatement \((\S+)\) lies before onset \((\S+)\)", words):
        return Doubt.ENDS_BEFORE_IT_BEGINS(day=parse_day(found[1]), day2=parse_day(found[2]))
    return read_doubt(words)


def _of_the_course(part: str, found: dict[str, Any]) -> bool:
    """Read what only the ledger knows of an adverse event; say whether it was that."""
    word, _, rest = part.partition(" ")
    if word == "spell":  # `spell 4 2026-11-02..2026-11-09`
        grade, days = rest.split(" ")
        spell = GradeSpell(None if grade == "?" else float(grade), *_period(days))
        found["spells"] = (*found.get("spells", ()), spell)
    elif word == "serious":  # `serious disability+hospitalisation`; `serious no`
        found["serious"] = () if rest == "no" else tuple(rest.replace(" ", "_").split("+"))
    elif word == "outcome":
        found["outcome"] = rest
    return word in ("spell", "serious", "outcome")


def _part(part: str, found: dict[str, Any]) -> None:
    word, _, rest = part.partition(" ")
    number = re.match(r"([<>]=?)?(-?\d+(?:\.\d+)?)(?: (\S+))?\Z", part)
    if re.match(r"(\d{4}-|\d{4}\Z|\.\.|\?)", part) or ".." in part:
        found["start"], found["end"] = _period(part)
    elif number:
        found |= {"bound": number[1] or "", "value": float(number[2]), "unit": number[3] or ""}
    elif word in ("LLN", "ULN"):
        value, _, unit = rest.partition(" ")
        found["low" if word == "LLN" else "high"] = Quantity(float(value), unit)
    elif word == "grade":
        found["value"] = float(rest)
    elif word in SAID_AS:
        found[SAID_AS[word]] = rest
    elif word in DOUBTS:
        found |= {"doubtful": _doubt(rest), "unsettled": DOUBTS[word]}
    elif word == "up":  # a dose that lies between two: `5 mg/d, up to 10`
        found["most"] = float(rest.removeprefix("to "))
    elif often := re.match(r"(\d+) of (\d+) days\Z", part):
        found["often"] = Often(int(often[1]), int(often[2]))
    elif part == "derived":
        found["derived"] = True
    else:
        found["code"] = {"yes": "true", "no": "false"}.get(part, part)


def _period(text: str) -> tuple[Day, Day]:
    start, dots, end = text.partition("..")
    first = ANY_DAY if start in ("", "?") else parse_day(start)
    if not dots:
        return first, first
    if end == "?":
        return first, Day(first.first, date.max)
    return first, parse_day(end) if end else NEVER_ENDED


@cache
def example_study() -> Mapping[str, Any]:
    """Give the elements and the schedule that all tables share."""
    parsed: Mapping[str, Any] = yaml.load((FOLDER / "study.yaml").read_text("utf-8"), Yaml12Loader)
    return parsed


def study_with(elements: Mapping[str, Any]) -> Study:
    """Give the example study, with more elements."""
    return _study(yaml.safe_dump(dict(elements)))


@cache
def _study(more: str) -> Study:
    example = example_study()
    never: dict[str, Any] = {"any": []}
    return Study.model_validate(
        {
            "schema": "gradatim.protocol/1",
            "study": {
                "id": "EXAMPLE",
                "version": "1",
                "title": "Example",
                "phase": ONE_SUBJECT,
                "condition": ONE_SUBJECT,
            },
            "treatment": {
                "arms": [],
                "dose_levels": [],
                "product": {"name": "-", "type": "-", **NO_PROVENANCE},
                "administration": {"route": "-", **NO_PROVENANCE},
            },
            "safety": {
                "dose_limiting_toxicity": {
                    "definition": never,
                    "reading": "-",
                    "window": {"anchor": "first_dose", "bounds": "[]"},
                    **NO_PROVENANCE,
                },
                "stopping_rules": [],
                "escalation": {
                    "design": "boin",
                    "cohort_size": 1,
                    "maximum_per_level": 1,
                    "reading": "-",
                    **NO_PROVENANCE,
                },
            },
            "schedule": {"activities": {}, **example["schedule"]},
            "endpoints": [],
            "elements": {**example["elements"], **yaml.safe_load(more)},
            "eligibility": {
                "record_text": "",
                "criteria": [
                    {
                        "id": "C1",
                        "category": "exclusion",
                        "text": "",
                        "reading": "-",
                        "knowable_at": "screening",
                        "rule": never,
                        **NO_PROVENANCE,
                    }
                ],
            },
        }
    )


def table(name: str) -> Mapping[str, Any]:
    """Give one table as it is written."""
    text = (FOLDER / f"{name}.yaml").read_text("utf-8")
    parsed: Mapping[str, Any] = yaml.load(text, Yaml12Loader)
    return parsed


def names() -> list[str]:
    """Give the names of all tables of rules."""
    return sorted({path.stem for path in FOLDER.glob("*.yaml")} - {"study", "expression"})


def rows(name: str) -> Iterator[Row]:
    """Give the rows of a table, each with all that holds for it."""
    for section in table(name)["sections"]:
        shared = {key: section[key] for key in section if key not in ("title", "about", "rows")}
        for number, own in enumerate(section["rows"], 1):
            facts = {**shared.get("facts", {}), **own.get("facts", {})}
            yield Row(name, section["title"], number, {**shared, **own, "facts": facts})


ROWS = [row for name in names() for row in rows(name)]
