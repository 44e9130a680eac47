"""The people of a block: who they are, and when the warehouse saw them."""

from dataclasses import dataclass
from datetime import date

import numpy as np
from numpy.typing import NDArray

from gradatim.synthetic.omop.arrays import Days
from gradatim.synthetic.omop.days import day_number, edges, shifted

SITES = 12
DEAD = 0.02
_AGES = ([0, 5, 18, 35, 50, 65, 80, 101], [0, 0.06, 0.2, 0.43, 0.64, 0.84, 0.96, 1])
"""Roughly the age pyramid of an ageing country: ages, and the share of people below."""


@dataclass(frozen=True)
class People:
    """A block of people; days count from 1970-01-01.

    Args:
        female: whether each is a woman.
        birth: day of birth.
        group: 0 child, 1 adult, 2 old, at the end of what was observed.
        periods: first and last day of the observation periods, shape (people, 2, 2); a second
            period that does not exist starts at -1.
        death: day of death, -1 while alive.
        site: care site, counted from 0.
        activity: how much is recorded of each; the mean is 1.
        candidate: indices of the trial's candidates.
        as_of: the last day of which anything is known.
    """

    female: NDArray[np.bool_]
    birth: Days
    group: NDArray[np.int64]
    periods: NDArray[np.int32]
    death: Days
    site: NDArray[np.int64]
    activity: NDArray[np.float64]
    candidate: NDArray[np.int64]
    as_of: int

    def __len__(self) -> int:
        """Give the number of people."""
        return len(self.birth)

    @property
    def last(self) -> Days:
        """Give the last day on which anything can have been recorded of each."""
        latest: Days = self.periods[:, :, 1].max(axis=1)
        return latest


def draw_people(rng: np.random.Generator, size: int, share: float, as_of: date) -> People:
    """Draw people, a share of them candidates of the bundled trial."""
    candidate = np.flatnonzero(rng.random(size) < share)
    female, birth = rng.random(size) < 0.51, _births(rng, size, as_of)
    female[candidate] = rng.random(len(candidate)) < 1 / 3.5
    birth[candidate] = _candidate_births(rng, len(candidate), as_of)
    age = (day_number(as_of) - birth) / 365.25
    dies = rng.random(size) < DEAD * np.interp(age, [0, 50, 90], [0.1, 0.6, 5.4]) / _MEAN_RISK
    end = _ends(rng, size, as_of, candidate, dies)
    end = np.maximum(end, birth + 1).astype(np.int32)
    periods = _periods(rng, birth, end)
    old = (end - birth) / 365.25
    activity = rng.gamma(2.0, 0.5, size) * np.interp(
        old, [0, 5, 20, 50, 90], [1.2, 0.8, 0.5, 1.0, 1.8]
    )
    return People(
        female,
        birth,
        np.digitize(old, [18, 65]),
        periods,
        np.where(dies, end, -1).astype(np.int32),
        rng.integers(0, SITES, size),
        activity / activity.mean(),
        candidate,
        day_number(as_of),
    )


_MEAN_RISK = 1.13
"""Mean of the risk of death over the age pyramid, so that the share of the dead is as stated."""


def _births(rng: np.random.Generator, size: int, as_of: date) -> Days:
    age = np.interp(rng.random(size), _AGES[1], _AGES[0])
    return (day_number(as_of) - age * 365.25 - 1).astype(np.int32)


def _candidate_births(rng: np.random.Generator, size: int, as_of: date) -> Days:
    """Mostly 18 to 65 years old; one in eighteen has a birthday at an age limit at screening."""
    age = np.where(
        rng.random(size) < 0.94,
        rng.normal(39, 11, size).clip(18.2, 64.8),
        rng.uniform(12, 80, size),
    )
    birth = day_number(as_of) - age * 365.25
    screening = shifted(as_of, days=-14)
    limits = [day_number(shifted(screening, years=-years)) for years in (18, 65, 66)]
    return edges(rng, birth, limits, 1 / 18)


def _ends(
    rng: np.random.Generator,
    size: int,
    as_of: date,
    candidate: NDArray[np.int64],
    dies: NDArray[np.bool_],
) -> Days:
    """Most are observed until lately; a fifth left earlier, the dead at some time."""
    ended = rng.random(size) < 0.2
    ended[candidate] = rng.random(len(candidate)) < 0.06
    before = np.where(ended | dies, rng.integers(20, 2000, size), rng.integers(0, 21, size))
    before[candidate] *= ended[candidate] | dies[candidate]
    return (day_number(as_of) - before).astype(np.int32)


def _periods(rng: np.random.Generator, birth: Days, end: Days) -> NDArray[np.int32]:
    """Give one period of 1 to 12 years, or two with a gap for one person in ten."""
    size = len(birth)
    start = np.maximum(end - rng.integers(365, 365 * 12, size), birth)
    length = end - start
    gap = (rng.random(size) < 0.1) & (length > 500)
    first_end = start + (length * rng.uniform(0.2, 0.5, size)).astype(np.int32)
    second = first_end + (length * rng.uniform(0.1, 0.3, size)).astype(np.int32) + 30
    periods = np.full((size, 2, 2), -1, dtype=np.int32)
    periods[:, 0, 0], periods[:, 0, 1] = start, np.where(gap, first_end, end)
    periods[gap, 1, 0], periods[gap, 1, 1] = second[gap], end[gap]
    return periods


def observed_days(rng: np.random.Generator, people: People, person: NDArray[np.int64]) -> Days:
    """Draw for each record a day on which its person was observed."""
    first = people.periods[:, 0, 1] - people.periods[:, 0, 0] + 1
    second = np.where(
        people.periods[:, 1, 0] < 0, 0, people.periods[:, 1, 1] - people.periods[:, 1, 0] + 1
    )
    place = (rng.random(len(person)) * (first + second)[person]).astype(np.int32)
    shift = np.where(second > 0, people.periods[:, 1, 0] - people.periods[:, 0, 1] - 1, 0)
    later = place >= first[person]
    day: Days = people.periods[:, 0, 0][person] + place + np.where(later, shift[person], 0)
    return day.astype(np.int32)
