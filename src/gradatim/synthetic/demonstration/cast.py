"""Who comes in the demonstration, and what is known of them: worked cases chosen for their part."""

import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from typing import Literal, NamedTuple

from gradatim.conduct.event_for_element import event_type_for
from gradatim.conduct.events.findings import LaboratoryResultsRecorded
from gradatim.evidence.facts import Facts
from gradatim.protocol.nodes import Attested
from gradatim.protocol.study import Study
from gradatim.screening.assess import Eligibility, assess
from gradatim.screening.readings import plan
from gradatim.synthetic.candidates import Candidates
from gradatim.synthetic.cases import FIRST_DOSE, Case
from gradatim.synthetic.demonstration.ordinary import Ordinary

_PersonKind = Literal["eligible", "fails", "washing out"]
Lack = Literal["", "laboratory", "judgement"]
YEARS = (-8, -4, 0, 4, 8)
"""By how much people's years of birth differ from the worked case; leap days stay what they are."""


class CastPart(NamedTuple):
    """A person's part in the demonstration.

    Args:
        coming: the day on which they come to be screened.
        kind: what the records say of them in the end.
        lacks: what is not recorded yet.
    """

    coming: date
    kind: _PersonKind = "eligible"
    lacks: Lack = ""


class Cast:
    """Gives the facts of one person after another; see `conduct.simulate.People`.

    Args:
        study: the protocol.
        people: the trial's worked cases.
        parts: in the order of their coming.
        ordinary: what results usually are.
    """

    def __init__(
        self, study: Study, people: Candidates, parts: list[CastPart], ordinary: Ordinary
    ) -> None:
        self.study, self.people, self.parts, self.ordinary = study, people, parts, ordinary

    def __call__(self, rng: random.Random, number: int, first_dose: date) -> Facts:
        """Give the facts of a person by number, from 1.

        Raises:
            StopIteration: no worked case fits the part on that day.
        """
        part = self.parts[number - 1]
        facts = self._facts(part, rng, number, first_dose)
        last = part.coming if part.kind == "fails" else first_dose
        return replace(
            facts,
            by_element={
                name: tuple(self.ordinary.limited(one) for one in found if one.start.first <= last)
                for name, found in facts.by_element.items()
                if not self._lacking(part.lacks, name)
            },
        )

    def _facts(self, part: CastPart, rng: random.Random, number: int, first_dose: date) -> Facts:
        if part.kind != "eligible":
            return self.people.facts(self._failing(part, first_dose), first_dose)
        fits = self._all(self.people.eligible, part, first_dose)
        case = [next(fits), next(fits)][number // 2 % 2]
        facts = self.people.facts(_of_another_age(case, rng.choice(YEARS)), first_dose)
        return replace(
            facts,
            by_element={
                name: tuple(self.ordinary.varied(one, rng) for one in found)
                for name, found in facts.by_element.items()
            },
        )

    def _failing(self, part: CastPart, first_dose: date) -> Case:
        """Give a case that is not eligible: one for good, or the one for whom it takes longest."""
        waits = sorted(
            self.people.ineligible,
            key=lambda one: one.expect.eligible_from or date.min,
            reverse=part.kind == "washing out",
        )
        return next(self._all(waits, part, first_dose))

    def _all(self, cases: list[Case], part: CastPart, first_dose: date) -> Iterator[Case]:
        """Give the cases that fit a part when they are judged by the days of the demonstration."""
        for case in cases:
            days = first_dose - case.anchors[FIRST_DOSE]
            anchors = dict.fromkeys(self.study.schedule.anchors, first_dose)
            # whatever the case says, consent is asked for on the day of coming
            anchors |= {name: max(day + days, part.coming) for name, day in case.anchors.items()}
            found = assess(
                self.study,
                self.people.facts(case, first_dose),
                anchors,
                first_dose,
                plan(self.study),
            )
            if _FITS[part.kind](found, first_dose):
                yield case

    def _lacking(self, lack: Lack, element: str) -> bool:
        if lack == "laboratory":
            return event_type_for(self.study.elements[element]) is LaboratoryResultsRecorded
        return lack == "judgement" and element == self._judged()

    def _judged(self) -> str:
        """Give what the last of the criteria that are a judgement asks."""
        asked = [
            one.rule.attested
            for one in self.study.criteria
            if isinstance(one.rule, Attested) and one.category == "exclusion"
        ]
        return asked[-1]


Fits = Callable[[Eligibility, date], bool]


def _eligible(found: Eligibility, first_dose: date) -> bool:
    return found.status == "eligible"


def _fails(found: Eligibility, first_dose: date) -> bool:
    return found.status == "ineligible" and found.eligible_from is None


def _washing_out(found: Eligibility, first_dose: date) -> bool:
    start = found.eligible_from
    return found.status == "ineligible" and start is not None and start > first_dose


_FITS: Mapping[_PersonKind, Fits] = {
    "eligible": _eligible,
    "fails": _fails,
    "washing out": _washing_out,
}


def _of_another_age(case: Case, years: int) -> Case:
    birth = case.person.birth or ""
    if not birth[:4].isdigit():
        return case
    moved = f"{int(birth[:4]) + years}{birth[4:]}"
    return case._replace(person=case.person.model_copy(update={"birth": moved}))
