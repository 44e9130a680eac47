"""All worked participants have, in a database, the verdicts that the specification gives them.

Spark, of which each plan takes a minute, is asked each row of the specification tables, generated
rules, and a whole prescreen of this trial.
"""

from collections.abc import Mapping
from datetime import date

import pytest

from gradatim.evidence.facts import Facts
from gradatim.screening.prescreen.output_tables import verdict_columns
from gradatim.screening.readings import plan
from tests.engines import DATABASES
from tests.population.asking import Question, differences, renumbered, specified, told
from tests.trials.worked import Trial

When = tuple[date, tuple[tuple[str, date], ...]]


def groups(trial: Trial) -> Mapping[When, list[Facts]]:
    """Give the participants by when they are asked, the largest group first."""
    found: dict[When, list[Facts]] = {}
    for case in trial.cases.cases:
        if case.on is not None:
            anchors = {
                name: case.anchors.get(name, case.on) for name in trial.study.schedule.anchors
            }
            when = case.on, tuple(sorted(anchors.items()))
            found.setdefault(when, []).append(trial.facts(case))
    return dict(sorted(found.items(), key=lambda one: -len(one[1])))


@pytest.mark.parametrize("engine", DATABASES, indirect=True)
@pytest.mark.parametrize("name", ["nct05962762", "example_oncology_tablet"])
def test_worked_participants(engine, name):
    trial = Trial(name)
    columns = verdict_columns(trial.study, plan(trial.study, {}))
    asked = list(groups(trial).items())
    assert sum(len(people) for _, people in asked) > 80
    for (on, anchors), people in asked:
        questions = [Question(trial.study, one.rule, dict(anchors), on) for one in columns]
        everybody = renumbered(people)
        heard = told(engine, everybody, questions, trial.study.elements)
        found = list(differences(heard, questions, everybody, specified(questions, everybody)))
        assert not found, "\n\n".join([f"{len(found)} differ", *map(str, found[:5])])
