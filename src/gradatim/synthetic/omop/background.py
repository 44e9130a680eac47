"""What is recorded of everybody: chronic conditions, their drugs, laboratory panels, procedures."""

import numpy as np
from numpy.typing import NDArray

from gradatim.synthetic.omop.arrays import Ints
from gradatim.synthetic.omop.forms import CONDITION_FORMS, DRUG_FORMS, CodedForms
from gradatim.synthetic.omop.labs import add_results
from gradatim.synthetic.omop.people import People, observed_days
from gradatim.synthetic.omop.rows import Rows
from gradatim.synthetic.omop.vocabulary import PANELS, OmopVocabulary

Rng = np.random.Generator
SHARES = {
    "measurement": 0.59,
    "drug_exposure": 0.15,
    "condition_occurrence": 0.14,
    "procedure_occurrence": 0.07,
    "observation": 0.05,
}
"""Which part of a person's records stands in each table."""
PERSONAL = 3
"""How many chronic conditions, and how many standing drugs, each person has."""


def add_background(
    rng: Rng, rows: Rows, people: People, words: OmopVocabulary, mean: float
) -> None:
    """Add the records of everyday care, `mean` of them a person."""
    _conditions(rng, rows, people, words.conditions, mean)
    _drugs(rng, rows, people, words, mean)
    _procedures(rng, rows, people, words.procedures, mean)
    _measurements(rng, rows, people, words, mean)
    _observations(rng, rows, people, words, mean)


def _drawn(rng: Rng, people: People, mean: float) -> Ints:
    """Give the person of each record; some people have many records, some none."""
    return np.repeat(np.arange(len(people)), rng.poisson(mean * people.activity))


def _things(rng: Rng, group: NDArray[np.int64], weights: NDArray[np.float64]) -> Ints:
    """Choose a thing for each, as often as it is seen in that age group."""
    chosen = np.zeros(len(group), dtype=np.int64)
    for n, row in enumerate(weights):
        here = np.flatnonzero(group == n)
        cumulative = np.cumsum(row) / row.sum()
        chosen[here] = np.searchsorted(cumulative, rng.random(len(here)), side="right")
    return chosen.clip(0, weights.shape[1] - 1)


def _personal(rng: Rng, people: People, person: Ints, coded: CodedForms, share: float) -> Ints:
    """Choose mostly what the person always has, else something new."""
    own = np.stack([_things(rng, people.group, coded.weights) for _ in range(PERSONAL)], axis=1)
    new = _things(rng, people.group[person], coded.weights)
    always = own[person, rng.integers(0, PERSONAL, len(person))]
    return np.where(rng.random(len(person)) < share, always, new)


def forms(rng: Rng, things: Ints, each: int, shares: list[float]) -> Ints:
    """Choose one of the forms of each thing."""
    drawn = np.searchsorted(np.cumsum(shares), rng.random(len(things)), side="right")
    chosen: Ints = things * each + np.minimum(drawn, each - 1)
    return chosen


CONDITION_SHARES = [0.7, 0.24, 0.03, 0.03]
DRUG_SHARES = [0.75, 0.13, 0.03, 0.09]


def _conditions(rng: Rng, rows: Rows, people: People, coded: CodedForms, mean: float) -> None:
    person = _drawn(rng, people, mean * SHARES["condition_occurrence"])
    things = _personal(rng, people, person, coded, 0.65)
    day = observed_days(rng, people, person)
    early = rng.random(len(person)) < 0.005  # told at the first visit, of the time before
    day = np.where(early, np.maximum(day - 3000, people.birth[person]), day)
    end = np.where(rng.random(len(person)) < 0.4, day + rng.integers(0, 60, len(person)), -1)
    rows.add(
        "condition_occurrence",
        person,
        day,
        end=end,
        form=forms(rng, things, CONDITION_FORMS, CONDITION_SHARES),
    )


def _drugs(rng: Rng, rows: Rows, people: People, words: OmopVocabulary, mean: float) -> None:
    person = _drawn(rng, people, mean * SHARES["drug_exposure"])
    things = _personal(rng, people, person, words.drugs, 0.7)
    day = observed_days(rng, people, person)
    supply = np.array([7, 10, 14, 28, 30, 30, 30, 90])[rng.integers(0, 8, len(person))]
    quantity = np.round(words.drugs.per_day[things] * supply, 3)
    unknown = rng.random(len(person))
    quantity[unknown < 0.1] = np.nan
    rows.add(
        "drug_exposure",
        person,
        day,
        end=day + supply - 1,
        quantity=quantity,
        supply=np.where(unknown > 0.93, -1, supply),
        form=forms(rng, things, DRUG_FORMS, DRUG_SHARES),
    )


def _procedures(rng: Rng, rows: Rows, people: People, coded: CodedForms, mean: float) -> None:
    person = _drawn(rng, people, mean * SHARES["procedure_occurrence"])
    things = _things(rng, people.group[person], coded.weights)
    rows.add(
        "procedure_occurrence",
        person,
        observed_days(rng, people, person),
        form=forms(rng, things, 2, [0.96, 0.04]),
    )


def _measurements(rng: Rng, rows: Rows, people: People, words: OmopVocabulary, mean: float) -> None:
    """Draw visits, and at each visit a panel; the values of a person hang together."""
    share = np.array(list(PANELS.values()))
    size = np.array([len(panel) for panel in words.labs.panels])
    visits = mean * SHARES["measurement"] / float((share * size).sum() / share.sum())
    visitor = _drawn(rng, people, visits)
    panel = np.searchsorted(np.cumsum(share) / share.sum(), rng.random(len(visitor)), side="right")
    panel = panel.clip(0, len(size) - 1)
    visit = np.repeat(np.arange(len(visitor)), size[panel])
    within = np.arange(len(visit)) - np.repeat(np.cumsum(size[panel]) - size[panel], size[panel])
    start = np.cumsum(size) - size
    tests = np.concatenate(words.labs.panels)[start[panel][visit] + within]
    day = observed_days(rng, people, visitor)
    add_results(rng, rows, people, words.labs, visitor[visit], tests, day[visit])


SMOKING, SMOKING_ANSWERS = 4275495, np.array([4144272, 4310250, 4298794])
ALLERGIES = np.array([438614, 4102123, 4302207, 4163874])


def _observations(rng: Rng, rows: Rows, people: People, words: OmopVocabulary, mean: float) -> None:
    person = _drawn(rng, people, mean * SHARES["observation"])
    allergy = rng.random(len(person)) < 0.12
    answer = SMOKING_ANSWERS[rng.choice(3, len(person), p=[0.6, 0.22, 0.18])]
    concept = np.where(allergy, ALLERGIES[rng.integers(0, len(ALLERGIES), len(person))], SMOKING)
    rows.add(
        "observation",
        person,
        observed_days(rng, people, person),
        concept=concept,
        result=np.where(allergy, -1, answer),
        text=np.where(allergy, 1, 0),
    )
