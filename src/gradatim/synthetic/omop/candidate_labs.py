"""Results of candidates around screening and baseline, many exactly at a limit."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gradatim.synthetic.omop.arrays import Column, Ints, Numbers
from gradatim.synthetic.omop.candidates import Scene
from gradatim.synthetic.omop.days import day_number, edges
from gradatim.synthetic.omop.labs import (
    OPERATORS,
    add_doubles,
    in_unit,
    lab_forms,
    reference_range,
    results,
)


@dataclass(frozen=True)
class _CriterionLimit:
    """At which value a criterion turns: a number, or a multiple of the upper limit of normal."""

    test: str
    tested: float
    times: float = 0
    number: float = 0
    step: float = 1
    past: int = 1


LIMITS = (
    _CriterionLimit("ast", 0.9, times=2.5),
    _CriterionLimit("alt", 0.9, times=2.5),
    _CriterionLimit("creatinine", 0.9, times=1.5, step=0.01),
    _CriterionLimit("egfr", 0.4, number=60, past=-1),
    _CriterionLimit("aptt", 0.75, times=1.5, step=0.1),
    _CriterionLimit("pt", 0.75, times=2.5, step=0.1),
    _CriterionLimit("inr", 0.5, number=1.5, step=0.1),
    _CriterionLimit("lvef", 0.5, number=45, past=-1),
    _CriterionLimit("hbv_dna", 0.25, number=1000),
)
"""The limits of E7d and E11, and how often each test was done."""
SEROLOGY = (
    ("hbsag", 0.8, 0.05),
    ("anti_hbc", 0.7, 0.15),
    ("anti_hcv", 0.75, 0.03),
    ("hiv_ab", 0.75, 0.02),
    ("tspot", 0.6, 0.1),
)
"""Tests of infection: how often done, how often positive."""


def add_labs(scene: Scene) -> None:
    """Add the results of each test, at screening and for some at baseline."""
    for limit in LIMITS:
        who = scene.some(limit.tested)
        _measure(scene, limit, who, _screening_days(scene, len(who)))
        again = who[scene.rng.random(len(who)) < 0.5]
        first = day_number(scene.visit.first_dose)
        day = first - scene.rng.integers(1, 9, len(again))
        _measure(scene, limit, again, edges(scene.rng, day, [first - 8, first - 1], 0.2))
    for test, tested, positive in SEROLOGY:
        _test(scene, test, scene.some(tested), positive)
    women = scene.some(0.7)
    _test(scene, "hcg", women[scene.people.female[women]], 0.06)


def _screening_days(scene: Scene, size: int) -> NDArray[np.int32]:
    """Most in the 28 days around screening, some at the edges of that, some long before."""
    screening = day_number(scene.visit.screening)
    day = screening - scene.rng.integers(-7, 29, size)
    old = scene.rng.random(size) < 0.12
    day[old] = screening - scene.rng.integers(30, 500, int(old.sum()))
    return edges(scene.rng, day, [screening - 28, screening + 7, screening - 14], 0.15)


def _measure(scene: Scene, limit: _CriterionLimit, who: Ints, day: NDArray[np.int32]) -> None:
    rng, labs = scene.rng, scene.words.labs
    tests = np.repeat(labs.thing(limit.test), len(who))
    form = lab_forms(rng, scene.people, who, tests)
    low, high = reference_range(rng, scene.people, labs, who, tests, form)
    at = labs.numbers["high"][tests] if limit.times else np.full(len(who), limit.number)
    at = in_unit(labs, at, tests, form) * (limit.times or 1)
    step = limit.step * np.where(labs.numbers["factor"][form] > 10, 10, 1)
    value = in_unit(labs, _usual(scene, tests), tests, form)
    where = rng.choice(6, len(who), p=[0.78, 0.05, 0.04, 0.04, 0.05, 0.04])
    past = limit.past * at * rng.uniform(0.02, 0.6, len(who))
    value = np.select(
        [where == 1, where == 2, where == 3, where == 4],
        [at, at - step, at + step, at + past],
        value,
    )
    value = np.round(value, 4)
    value[rng.random(len(who)) < 0.02] = np.nan
    operator, none = _operators(scene, limit, value), np.full(len(who), -1)
    columns: dict[str, Column] = {
        "form": form,
        "value": value,
        "low": low,
        "high": high,
        "operator": operator,
        "result": none,
        "text": none,
    }
    scene.rows.add("measurement", who, day, **columns)
    add_doubles(rng, scene.rows, who, day, columns, 0.02)


def _usual(scene: Scene, tests: Ints) -> Numbers:
    numbers = scene.words.labs.numbers
    z = numbers["sd"][tests] * scene.rng.standard_normal(len(tests))
    mean = numbers["mean"][tests]
    return np.where(numbers["kind"][tests] == 0, mean + z, mean * np.exp(z))


def _operators(scene: Scene, limit: _CriterionLimit, value: Numbers) -> Ints:
    """Some results are bounds: below 20 IU/mL, above 55 %; most have `=` or no operator."""
    drawn = scene.rng.random(len(value))
    operator = np.where(drawn < 0.3, OPERATORS["="], -1)
    if limit.test == "hbv_dna":
        value[drawn > 0.75] = 20
        operator[drawn > 0.75] = OPERATORS["<"]
    if limit.test in ("lvef", "egfr"):
        operator[drawn > 0.96] = OPERATORS[">"]
        operator[(drawn > 0.94) & (drawn <= 0.96)] = OPERATORS["<"]
    return operator


def _test(scene: Scene, test: str, who: Ints, positive: float) -> None:
    rng = scene.rng
    tests = np.repeat(scene.words.labs.thing(test), len(who))
    result, text = results(rng, np.ones(len(who), bool), rng.random(len(who)) < positive)
    columns = {"form": lab_forms(rng, scene.people, who, tests), "result": result, "text": text}
    day = _screening_days(scene, len(who))
    scene.rows.add("measurement", who, day, **columns)
    other = np.flatnonzero(rng.random(len(who)) < 0.02)  # another result on the same day
    opposite, words = results(rng, np.ones(len(other), bool), rng.random(len(other)) < 0.5)
    scene.rows.add(
        "measurement",
        who[other],
        day[other],
        form=columns["form"][other],
        result=opposite,
        text=words,
    )
