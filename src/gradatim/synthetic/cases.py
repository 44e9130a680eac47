"""Worked cases: made-up people, the day they are screened, and the verdicts a person worked out.

A file has one `base` person and many `cases`, each of which changes the base (or, with `like`, an
earlier case) in as little as its question needs:

    - id: ast-exactly-2.5-uln
      about: AST of exactly 2.5 x ULN does not exclude.
      change: {ast: [{value: 100, unit: U/L, high: 40, on: 2026-11-02}]}
      expect: {E11a: false, status: eligible}

`change` replaces all records of an element (`[]` removes them), `facts` all records there are;
`moved_to` moves the base with all its dates so that the first dose falls on that day, before
anything else changes. An answer without a date was given on the day of screening. `reading` chooses
another reading of a criterion: `expect` then holds under it and `default` under the usual one.
"""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import NamedTuple

from gradatim.core.errors import UnusableInput
from gradatim.evidence.coverage import declare
from gradatim.evidence.facts import Observed
from gradatim.protocol.elements import Element
from gradatim.synthetic.fhir import Resource, bundle
from gradatim.synthetic.people import Person
from gradatim.synthetic.written import Base, Expectation, ObservedDays, Written, read_file

FIRST_DOSE = "first_dose"


class Case(NamedTuple):
    """One person with the question asked of them and the verdicts expected.

    Args:
        id: also the person's identifier.
        about: what the case shows, in one sentence.
        person: what is recorded.
        anchors: the anchor dates given.
        on: the day of the question; None: the day it is run.
        exhaustive: kinds whose absence of a record means that it did not happen.
        observed: the days the source observed.
        readings: for a criterion, the alternative reading to use.
        expect: the verdicts, under `readings`.
        default: the verdicts under the default reading, where `readings` chooses another.
    """

    id: str
    about: str
    person: Person
    anchors: dict[str, date]
    on: date | None
    exhaustive: tuple[str, ...]
    observed: Observed
    readings: dict[str, str]
    expect: Expectation
    default: Expectation | None

    def bundle(self, elements: Mapping[str, Element]) -> Resource:
        """Give the person as a FHIR R4 Bundle."""
        return bundle(self.person, elements)

    def coverage(self) -> dict[str, Observed]:
        """Give what the source is declared to cover."""
        return declare(self.exhaustive, self.observed.since, self.observed.until)


class Cases(NamedTuple):
    """The cases of a file, in its order."""

    name: str
    about: str
    cases: tuple[Case, ...]

    def case(self, id: str) -> Case:
        """Give the case of that id.

        Raises:
            KeyError: there is none.
        """
        return {one.id: one for one in self.cases}[id]


def load_cases(path: str | Path) -> Cases:
    """Read a file of worked cases.

    Raises:
        UnusableInput: it cannot be read, is not YAML or does not follow the format.
    """
    name, file = str(path), read_file(path)
    built = {"": _basis(file.base)}
    for written in file.cases:
        if written.id in built:
            raise UnusableInput(f"the case {written.id!r} stands twice", name, todo="rename one")
        if (written.like or "") not in built:
            raise UnusableInput(
                f"there is no case {written.like!r} before {written.id!r}",
                name,
                todo="name an earlier case in `like`, or none",
            )
        built[written.id] = _case(written, built[written.like or ""])
    return Cases(name, file.about, tuple(built[written.id] for written in file.cases))


def _basis(base: Base) -> Case:
    days = base.observed or ObservedDays()
    person = Person(
        id="base",
        sex=base.person.sex,
        birth=base.person.birth,
        records=base.facts,
        allergies=base.allergies or (),
    )
    return Case(
        "base",
        "",
        person,
        base.anchors,
        base.on,
        tuple(base.exhaustive or ()),
        Observed(days.since, days.until),
        {},
        Expectation(),
        None,
    )


def _case(written: Written, basis: Case) -> Case:
    if written.moved_to:
        basis = _moved(basis, written.moved_to, written.id)
    anchors = {**basis.anchors, **written.anchors}
    on = written.on or basis.on
    exhaustive = basis.exhaustive if written.exhaustive is None else tuple(written.exhaustive)
    days = written.observed
    observed = Observed(days.since, days.until) if days else basis.observed
    person = _person(written, basis.person)
    asked = anchors.get("screening") or on
    return Case(
        written.id,
        written.about,
        person.answered(asked) if asked else person,
        anchors,
        on,
        exhaustive,
        observed,
        written.reading,
        written.expect,
        written.default,
    )


def _person(written: Written, person: Person) -> Person:
    basis = person.records if written.facts is None else written.facts
    records = {**basis, **written.change}
    allergies = person.allergies if written.allergies is None else written.allergies
    return Person(
        id=written.id,
        sex=written.person.sex or person.sex,
        birth=written.person.birth or person.birth,
        records={name: given for name, given in records.items() if given},
        allergies=allergies,
    )


def _moved(case: Case, first_dose: date, id: str) -> Case:
    """Move a case, with all its dates, to another day of the first dose."""
    if FIRST_DOSE not in case.anchors:
        raise UnusableInput(
            f"`moved_to` of the case {id!r} has nothing to move from",
            todo=f"give the base the anchor {FIRST_DOSE}",
        )
    distance = first_dose - case.anchors[FIRST_DOSE]
    observed = Observed(*(day and day + distance for day in case.observed))
    return case._replace(
        person=case.person.moved(distance.days),
        anchors={name: day + distance for name, day in case.anchors.items()},
        on=case.on and case.on + distance,
        observed=observed,
    )
