"""The steps from a dose in cells to volumes, durations and excipients, each with its numbers."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

from gradatim.core.quantity import compare_numbers
from gradatim.dosing.counting import counting_step
from gradatim.dosing.draws import Draw
from gradatim.dosing.inventory import ContainerKey
from gradatim.dosing.limits import DMSO_DENSITY
from gradatim.dosing.prepared import Prepared
from gradatim.dosing.steps import CELLS, CELLS_PER_ML, MINUTES, ML, Step, step
from gradatim.protocol.treatment import Preparation

RATE, GRAMS, PER_KG = "mL/min", "g", "g/kg"


class Batch(NamedTuple):
    """Containers opened in a row, alike in concentration and DMSO, and what to call each."""

    draws: tuple[Draw, ...]
    names: Mapping[ContainerKey, str]

    @property
    def name(self) -> str:
        """The names of the first and the last container."""
        first, last = (self.names[self.draws[n].container.key] for n in (0, -1))
        return first if first == last else f"{first} to {last}"

    @property
    def volume_ml(self) -> float:
        """The mL in its containers."""
        return sum(one.source.volume_ml for one in self.draws)

    @property
    def infused_ml(self) -> float:
        """The mL infused of it."""
        return sum(one.infused_ml for one in self.draws)

    @property
    def held_ml(self) -> float:
        """The mL of it that stay in filter and line."""
        return sum(one.held_ml for one in self.draws)


def batches(prepared: Prepared) -> list[Batch]:
    """Put together what is alike and drawn in a row."""
    alike = groupby(
        prepared.draws, lambda one: (one.source.concentration, one.container.dmso_fraction)
    )
    return [Batch(tuple(some), prepared.names) for _, some in alike]


def drawing_steps(prepared: Prepared, rules: Preparation) -> Iterator[Step]:
    """Give the steps from the dose to what is infused and how far that is from the dose."""
    still, cells = prepared.planned.value, list[float]()
    for batch in batches(prepared):
        found = counting_step(batch.draws[0].source.concentration, rules.counts)
        if found is None or not batch.infused_ml:
            continue
        if cells:
            yield step(
                "cells still needed",
                "needed − infused",
                {"needed": (still, CELLS), "infused": (cells[-1], CELLS)},
                still - cells[-1],
                CELLS,
            )
            still -= cells[-1]
        yield found
        yield from _infused(prepared, batch, still, found.result.value)
        cells.append(batch.infused_ml * found.result.value)
    if len(cells) > 1:
        yield _sum("cells infused", cells, CELLS)
    yield from _compared(prepared)
    yield from _volumes(prepared, rules)


def _infused(prepared: Prepared, batch: Batch, still: float, per_ml: float) -> Iterator[Step]:
    needed = still / per_ml
    yield needed_step(still, per_ml)
    if prepared.mode == "whole units" or compare_numbers(batch.infused_ml, "<", needed):
        yield step(
            f"volume infused from {batch.name}",
            "volume of the units − what stays in filter and line",
            {
                "volume of the units": (batch.volume_ml, ML),
                "what stays in filter and line": (batch.held_ml, ML),
            },
            batch.infused_ml,
            ML,
        )
    yield step(
        f"cells infused from {batch.name}",
        "volume × cells per mL",
        {"volume": (batch.infused_ml, ML), "cells per mL": (per_ml, CELLS_PER_ML)},
        batch.infused_ml * per_ml,
        CELLS,
    )


def needed_step(cells: float, per_ml: float) -> Step:
    """Give the step from cells to the mL that hold them."""
    return step(
        "volume for the dose",
        "cells ÷ cells per mL",
        {"cells": (cells, CELLS), "cells per mL": (per_ml, CELLS_PER_ML)},
        cells / per_ml,
        ML,
    )


def _compared(prepared: Prepared) -> Iterator[Step]:
    infused, off = prepared.infused_cells, prepared.deviation
    if infused is not None and off is not None:
        yield step(
            "deviation",
            "100 % × (infused − dose) ÷ dose",
            {
                "100 %": (100, "%"),
                "infused": (infused, CELLS),
                "dose": (prepared.planned.value, CELLS),
            },
            100 * off,
            "%",
        )


def _volumes(prepared: Prepared, rules: Preparation) -> Iterator[Step]:
    infused, rest = prepared.infused_ml or 0, prepared.discarded_ml or 0
    opened = sum(one.source.volume_ml for one in prepared.draws)
    if rules.filter_and_hold_up:
        held = sum(one.held_ml for one in prepared.draws)
        yield step(
            "volume drawn",
            "infused + what stays in filter and line",
            {"infused": (infused, ML), "what stays in filter and line": (held, ML)},
            infused + held,
            ML,
        )
    yield step(
        "volume discarded",
        "opened − infused",
        {"opened": (opened, ML), "infused": (infused, ML)},
        rest,
        ML,
    )


def giving_steps(prepared: Prepared, rules: Preparation) -> Iterator[Step]:
    """Give the steps to the rate and the duration of the infusion, and to its excipients."""
    volume, minutes = prepared.infused_ml, prepared.intended.duration_min
    if volume is not None and rules.maximum_rate is not None:
        yield step(
            "least duration",
            "volume ÷ greatest rate",
            {"volume": (volume, ML), "greatest rate": (rules.maximum_rate, RATE)},
            volume / rules.maximum_rate,
            MINUTES,
        )
    if volume is not None and minutes:
        yield step(
            "rate",
            "volume ÷ duration",
            {"volume": (volume, ML), "duration": (minutes, MINUTES)},
            volume / minutes,
            RATE,
        )
    if prepared.dmso_per_kg is not None and prepared.weights is not None:
        yield from _dmso(prepared, prepared.weights.on_day, prepared.dmso_per_kg)


def _dmso(prepared: Prepared, kg: float, per_kg: float) -> Iterator[Step]:
    grams = []
    for batch in batches(prepared):
        fraction = batch.draws[0].container.dmso_fraction or 0
        grams.append(batch.infused_ml * fraction * DMSO_DENSITY)
        yield step(
            f"DMSO from {batch.name}",
            "volume × fraction × density",
            {
                "volume": (batch.infused_ml, ML),
                "fraction": (fraction, "1"),
                "density": (DMSO_DENSITY, "g/mL"),
            },
            grams[-1],
            GRAMS,
        )
    if len(grams) > 1:
        yield _sum("DMSO", grams, GRAMS)
    yield step(
        "DMSO per kg",
        "DMSO ÷ weight on the day",
        {"DMSO": (sum(grams), GRAMS), "weight on the day": (kg, "kg")},
        per_kg,
        PER_KG,
    )


def _sum(label: str, parts: Sequence[float], unit: str) -> Step:
    numbers = {f"part {n}": (value, unit) for n, value in enumerate(parts, 1)}
    return step(label, " + ".join(numbers), numbers, sum(parts), unit)
