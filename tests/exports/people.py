"""People to be judged twice: every worked case of the trial, and a seeded random population."""

import random
from collections.abc import Iterator

from gradatim.evidence.coverage import declare
from gradatim.protocol.elements import COVERABLE
from gradatim.synthetic.fhir_population import Population
from tests.exports.judging import Asked, asked_of, asked_of_case
from tests.trials.worked import Trial

TRIAL, SECOND = Trial("nct05962762"), Trial("example_oncology_tablet")
SEED = 7


def worked(trial: Trial = TRIAL) -> list[Asked]:
    """Give every worked case that says on which day it is asked."""
    return [asked_of_case(trial, case) for case in trial.cases.cases if case.on]


def generated(count: int, seed: int = SEED, trial: Trial = TRIAL) -> Iterator[Asked]:
    """Give random people; of each a random part of the source is declared complete."""
    base = next(case for case in trial.cases.cases if case.on)
    assert base.on is not None
    anchors = {name: base.anchors.get(name, base.on) for name in trial.study.schedule.anchors}
    rng = random.Random(seed)
    for person in Population(trial.study, anchors, seed).people(count):
        complete = [kind for kind in COVERABLE if rng.random() < 0.5]
        yield asked_of(trial, person, anchors, base.on, declare(complete))
