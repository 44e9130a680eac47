"""Made-up candidates for a simulated trial, drawn from a bundled trial's worked cases."""

import random
from datetime import date, timedelta
from pathlib import Path

from gradatim.evidence.codebook import Codebook
from gradatim.evidence.facts import Facts
from gradatim.evidence.fhir import reader as fhir
from gradatim.protocol.study import Study
from gradatim.synthetic.cases import FIRST_DOSE, Case, load_cases
from gradatim.synthetic.fhir import bundle

INELIGIBLE = 0.2
"""The part of the candidates who do not meet a criterion, as people in trials often do not."""


class Candidates:
    """Gives one made-up candidate after another; see `conduct.simulate.People`.

    Each is a worked case, moved to the planned first dose, of another age, with values that vary.

    Args:
        study: the protocol.
        path: the trial's worked cases (`participants.yaml`).
    """

    def __init__(self, study: Study, path: Path) -> None:
        self.study, self.codebook = study, Codebook(study.elements, study.study.id)
        cases = [
            one for one in load_cases(path).cases if FIRST_DOSE in one.anchors and not one.readings
        ]
        self.eligible = [one for one in cases if one.expect.status == "eligible"]
        self.ineligible = [one for one in cases if one.expect.status == "ineligible"]

    def __call__(self, rng: random.Random, number: int, first_dose: date) -> Facts:
        """Give the facts of a candidate, screened two weeks before that first dose."""
        some = self.ineligible if rng.random() < INELIGIBLE and self.ineligible else self.eligible
        return self.facts(rng.choice(some[:12]), first_dose)

    def facts(self, case: Case, first_dose: date) -> Facts:
        """Give the facts of a worked case, moved to that first dose."""
        days = (first_dose - case.anchors[FIRST_DOSE]).days
        person = case.person.moved(days)
        observed = case.coverage()
        moved = {kind: seen._replace(until=None) for kind, seen in observed.items()}
        return fhir.read_facts(
            bundle(person, self.study.elements),
            self.codebook,
            self.study.elements,
            on=first_dose - timedelta(days=2),
            coverage=moved,
        )
