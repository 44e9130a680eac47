"""The designs that the conformance suite runs, and a slow enumerator of every path of a trial."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace
from math import comb
from typing import NamedTuple

import numpy as np

from gradatim.dosefinding.designs.base import Design
from gradatim.dosefinding.designs.boin import boin_table, boundaries
from gradatim.dosefinding.designs.registry import build, settings_for
from gradatim.dosefinding.designs.settings import DesignSettings
from gradatim.dosefinding.trial_states import Decisions, StopReason, TrialStates

RATES = (0.1, 0.25, 0.45)
OWN = boin_table(boundaries(0.25), 12, equal_stays=True)


def _of(name: str, **more: object) -> DesignSettings:
    return settings_for(name, 3, **{"target": 0.25, "cohorts": 4, **more})  # type: ignore[arg-type]


CASES: dict[str, DesignSettings] = {
    **{
        name: _of(name)
        for name in (
            "three_plus_three",
            "three_plus_three_korn",
            "i3_plus_3",
            "boin",
            "boin_published",
            "mtpi",
            "mtpi2",
            "keyboard",
            "crm",
            "blrm",
        )
    },
    "three_per_group": _of("three_per_group"),
    "three_per_group, committee escalates": _of("three_per_group", committee="escalate"),
    "table": _of("table", table=OWN, target=None),
    "table with target": _of("table", table=OWN),
    "boin from level 2": _of("boin", start=2),
    "boin one by one": _of("boin", cohort_size=1, cohorts=7),
    "boin in twos": _of("boin", cohort_size=2, cohorts=5),
    "boin safer": _of("boin", safer=True),
    "boin bound": _of("boin", bound=True),
    "boin stop_at": _of("boin", stop_at=6),
    "boin enough": _of("boin", enough=6),
    "boin titrated": _of("boin", titration=True),
    "boin not a multiple": _of("boin", maximum=10),
    "boin sizes": _of("boin", sizes=(2, 3, 4)),
    "boin stop_too_toxic": _of("boin", stop_too_toxic=0.8),
    "korn titrated": _of("three_plus_three_korn", titration=True),
    "korn from level 2": _of("three_plus_three_korn", start=2),
    "mtpi2 one by one": _of("mtpi2", cohort_size=1, cohorts=7),
    "keyboard run-in": _of("keyboard", run_in=3),
    "crm logistic": _of("crm", model="logistic"),
    "crm two parameters": _of("crm", model="logistic2", cohorts=3),
    "crm one by one": _of("crm", cohort_size=1, cohorts=7),
    "crm two stages": _of("crm", cohort_size=1, cohorts=7, run_in=1),
    "crm stops": _of("crm", stop_too_toxic=0.7),
    "crm titrated": _of("crm", titration=True),
    "crm from level 2": _of("crm", start=2),
    "blrm two stages": _of("blrm", run_in=3, cohorts=3),
    **{
        f"{name} with all modifiers": _of(
            name, titration=True, enough=6, stop_too_toxic=0.8, maximum=11
        )
        for name in ("i3_plus_3", "boin_published", "mtpi", "mtpi2", "keyboard", "crm")
    },
    "korn titrated, enough, stop_too_toxic": _of(
        "three_plus_three_korn", titration=True, enough=6, stop_too_toxic=0.8
    ),
    "3+3 from level 3": _of("three_plus_three", start=3),
    "3+3 stop_too_toxic": _of("three_plus_three", stop_too_toxic=0.5),
    "3+3 run-in": _of("three_plus_three", run_in=6),
    "korn enough": _of("three_plus_three_korn", enough=6),
    "three_per_group from level 2": _of("three_per_group", start=2),
    "three_per_group stop_too_toxic": _of("three_per_group", stop_too_toxic=0.5),
    "i3_plus_3 in twos from level 2": _of("i3_plus_3", cohort_size=2, cohorts=5, start=2),
    "boin titrated from level 2": _of("boin", titration=True, start=2),
    "boin titrated, sizes": _of("boin", titration=True, sizes=(2, 3, 4)),
    "boin one by one, run-in": _of("boin", cohort_size=1, cohorts=7, run_in=2),
    "boin_published stop_at": _of("boin_published", stop_at=6, bound=True, safer=True),
    "table titrated": _of("table", table=OWN, titration=True, target=None),
    "table with target titrated": _of("table", table=OWN, titration=True),
    "table sizes": _of("table", table=OWN, sizes=(1, 2, 3)),
    "table in twos, run-in": _of("table", table=OWN, cohort_size=2, cohorts=5, run_in=2),
    "table enough": _of("table", table=OWN, enough=6),
    "table not a multiple": _of("table", table=OWN, maximum=10),
    "crm sizes": _of("crm", sizes=(3, 2, 1)),
    "crm not a multiple": _of("crm", maximum=10),
    "crm logistic stops, run-in": _of("crm", model="logistic", stop_too_toxic=0.7, run_in=3),
    "crm two parameters, one by one": _of("crm", model="logistic2", cohort_size=1, cohorts=6),
    "crm two parameters from level 3": _of("crm", model="logistic2", start=3, cohorts=3),
    "blrm one by one": _of("blrm", cohort_size=1, cohorts=5),
    "blrm from level 2": _of("blrm", start=2, cohorts=3),
    "blrm titrated": _of("blrm", titration=True, cohorts=3),
    "blrm sizes, enough": _of("blrm", sizes=(1, 2, 3), enough=3, cohorts=3),
    "blrm stops": _of("blrm", stop_too_toxic=0.6, cohorts=2),
}
"""Small trials of every design, plain and with every modifier."""


def design(case: str) -> Design:
    """Build a case."""
    return build(CASES[case])


class Visit(NamedTuple):
    """A cohort of one path: the trial before and after it, what was decided, in how many ways."""

    before: TrialStates
    after: TrialStates
    decisions: Decisions
    ended: bool
    ways: float


def visits(of: Design) -> Iterator[Visit]:
    """Walk every path, one trial at a time, nothing merged."""
    yield from _walk(of, of.begin(), 1.0)


def _walk(of: Design, trials: TrialStates, ways: float) -> Iterator[Visit]:
    size = int(of.size(trials)[0])
    assert size > 0, "a trial that goes on treats somebody"
    for seen in range(size + 1):
        after = trials.after(np.array([size]), np.array([seen]))
        decisions = of.decide(after)
        ended = (
            decisions.stop_reason[0] != StopReason.GOING_ON or int(after.total()[0]) >= of.maximum
        )
        visit = Visit(trials, after, decisions, bool(ended), ways * comb(size, seen))
        yield visit
        if not ended:
            then = replace(after, dose=decisions.dose, barred=decisions.barred)
            yield from _walk(of, then, visit.ways)


def enumerated(of: Design, rates: tuple[float, ...]) -> dict[str, object]:
    """Return selection, participants and DLTs by adding up every path."""
    selection: dict[int, float] = defaultdict(float)
    n, y, mass = np.zeros(of.doses), np.zeros(of.doses), 0.0
    for one in visits(of):
        if not one.ended:
            continue
        last = replace(one.after, barred=one.decisions.barred)
        p = one.ways
        for dose, rate in enumerate(rates):
            p *= rate ** int(last.y[0, dose]) * (1 - rate) ** int(last.n[0, dose] - last.y[0, dose])
        selection[int(of.select(last)[0])] += p
        n, y, mass = n + p * last.n[0], y + p * last.y[0], mass + p
    return {"selection": selection, "n": n, "y": y, "mass": mass}
