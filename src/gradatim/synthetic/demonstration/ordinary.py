"""What results usually are, by the bundled table of tests: found by LOINC, in a protocol's unit.

Source: `synthetic/omop/tables/measurements.csv`, with its means, spreads and reference ranges.
"""

import random
from collections.abc import Mapping
from math import exp
from typing import NamedTuple

from gradatim.clinical.units import convert_for
from gradatim.conduct.event_for_element import event_type_for
from gradatim.conduct.events.base import Measured
from gradatim.conduct.events.findings import LaboratoryResultsRecorded
from gradatim.conduct.events.trial import Range
from gradatim.core.quantity import Quantity
from gradatim.evidence.facts import Fact
from gradatim.protocol.elements import Element
from gradatim.protocol.study import Study
from gradatim.synthetic.omop.vocabulary import bundled_rows

BETWEEN, WITHIN = 0.5, 0.3
"""Spread between people and from visit to visit, as parts of the spread in the population."""
ILL = 4.0
"""By how much inflammation is above its usual value in somebody with active disease."""
_SCALE_END = 10
"""The upper end of the questionnaires' numeric rating scales."""


class Usual(NamedTuple):
    """What a test usually gives: mean and spread (of the logarithm if `log`), and its limits."""

    mean: float
    spread: float
    log: bool
    low: float | None
    high: float | None
    digits: int

    def around(self, value: float, deviation: float) -> float:
        """Give a value so many standard deviations from another, as laboratories round it.

        What has no reference range, the body weight, differs between people and hardly from visit
        to visit.
        """
        if self.low is None and self.high is None:
            deviation /= 6
        moved = (
            value * exp(deviation * self.spread) if self.log else (value + deviation * self.spread)
        )
        return round(moved, self.digits)


class Ordinary:
    """The usual results of a protocol's elements.

    Args:
        study: the protocol.
    """

    def __init__(self, study: Study) -> None:
        self.study = study
        table = {
            row["loinc"]: row
            for row in bundled_rows("measurements")
            if row["mean"] and (row["panel"] or row["high"])
        }
        self.usual: dict[str, Usual] = {}
        for name, element in study.elements.items():
            row = next((table[code] for code in element.loinc if code in table), None)
            if row is not None and (found := _usual(element, row)) is not None:
                self.usual[name] = found
        self.followed = _followed(study)

    def ranges(self) -> tuple[Range, ...]:
        """Give the laboratory's reference ranges."""
        return tuple(
            Range(element=name, unit=self.study.elements[name].unit, low=one.low, high=one.high)
            for name, one in self.usual.items()
            if self._of_laboratory(name)
        )

    def _of_laboratory(self, name: str) -> bool:
        return event_type_for(self.study.elements[name]) is LaboratoryResultsRecorded

    def varied(self, fact: Fact, rng: random.Random) -> Fact:
        """Give a fact with a value a little different."""
        usual = self._usual_of(fact)
        if fact.element in self.followed and fact.value is not None and usual is None:
            return fact._replace(value=round(fact.value * rng.uniform(0.9, 1.2), 1))
        if usual is None or fact.value is None:
            return fact
        return fact._replace(value=usual.around(fact.value, rng.uniform(-WITHIN, WITHIN)))

    def limited(self, fact: Fact) -> Fact:
        """Give a fact with the reference limits that it lacks."""
        usual = self._usual_of(fact)
        if usual is None or not self._of_laboratory(fact.element):
            return fact
        low = fact.low if fact.low or usual.low is None else Quantity(usual.low, fact.unit)
        high = fact.high if fact.high or usual.high is None else Quantity(usual.high, fact.unit)
        return fact._replace(low=low, high=high)

    def _usual_of(self, fact: Fact) -> Usual | None:
        """Give what is usual of a number in the element's own unit."""
        plain = fact.value is not None and not fact.bound
        same = fact.unit == self.study.elements[fact.element].unit
        return self.usual.get(fact.element) if plain and same else None

    def base(
        self, name: str, known: Mapping[str, tuple[Fact, ...]], rng: random.Random
    ) -> float | None:
        """Give what a person has before treatment; None where nothing says what it might be."""
        mine = next((one.value for one in known.get(name, ()) if one.value is not None), None)
        if mine is not None:
            return mine
        if (usual := self.usual.get(name)) is not None:
            value = usual.around(usual.mean, rng.uniform(-BETWEEN, BETWEEN))
            return value * ILL if name in self.followed else value
        return self._answered(name, known, rng)

    def _answered(
        self, name: str, known: Mapping[str, tuple[Fact, ...]], rng: random.Random
    ) -> float | None:
        """Give an item of a questionnaire, near its total where that is known."""
        totals = [
            one
            for one, element in self.study.elements.items()
            if element.derived and name in element.derived.inputs.values()
        ]
        if self.study.elements[name].unit != "{score}" or not (totals or name in self.followed):
            return None
        total = next(
            (fact.value for one in totals for fact in known.get(one, ()) if fact.value),
            _SCALE_END / 2,
        )
        return min(_SCALE_END, round(total) + rng.choice((0, 0, 1)))

    def measured(self, name: str, base: float, relief: float, rng: random.Random) -> Measured:
        """Give the result of a visit.

        Args:
            name: the element.
            base: what the person had before treatment.
            relief: the part by which disease activity has fallen, where an endpoint follows it.
            rng: of the chance from visit to visit.
        """
        element, usual = self.study.elements[name], self.usual.get(name)
        value = base * (1 - relief) if name in self.followed else base
        if usual is None:
            step = rng.choice((-1, 0, 0, 0, 1)) if name in self.followed else 0
            return Measured(element=name, value=max(0, round(value) + step), unit=element.unit)
        limits = (usual.low, usual.high) if self._of_laboratory(name) else (None, None)
        return Measured(
            element=name,
            value=usual.around(value, rng.uniform(-WITHIN, WITHIN)),
            unit=element.unit,
            low=limits[0],
            high=limits[1],
        )


def _followed(study: Study) -> frozenset[str]:
    """Give what the endpoints of efficacy are about, and what that is computed from."""
    named = {name for one in study.endpoints if one.level != "primary" for name in one.elements}
    derived = [study.elements[name].derived for name in named]
    return frozenset(named.union(*(one.inputs.values() for one in derived if one)))


def _usual(element: Element, row: dict[str, str]) -> Usual | None:
    """Give a row of the table in the element's unit; None where that measures something else."""
    log = row["shape"] == "log"

    def here(column: str) -> float | None:
        if not row[column]:
            return None
        found = convert_for(element.analyte or None, float(row[column]), row["unit"], element.unit)
        return None if found is None else round(found, 6)

    mean, spread = here("mean"), float(row["sd"]) if log else here("sd")
    if mean is None or spread is None:
        return None
    digits = (
        int(row["decimals"]) if element.unit == row["unit"] else max(0, 2 - len(str(int(mean))))
    )
    return Usual(mean, spread, log, here("low"), here("high"), digits)
