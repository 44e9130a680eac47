"""The forms in which warehouses write things down.

A form is one way of writing one thing: its concept, its source code, its unit. Records carry the
number of a form while they are made, and are spelled out when they are written.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from gradatim.synthetic.omop.arrays import Ints, Numbers

CONDITION_FORMS = 4
"""Of a condition: mapped; mapped, source not; unmapped with its code as text; as a concept."""
DRUG_FORMS = 4
"""Of a drug: the clinical drug; the ingredient; unmapped with its name as text; the clinical drug
without a route."""
LAB_FORMS = 7
"""Of a test: as usual; unit as text only; another unit (and code); an impossible unit; unmapped
with its code as text; without unit; another unit under the usual code."""


@dataclass(frozen=True)
class CodedForms:
    """The forms of one table's things.

    Args:
        names: name of each thing, in order; a thing's forms stand together.
        columns: for each column of the table that a form decides, its value by form; -1 is NULL.
        texts: what the numbers of text columns stand for.
        weights: how often each thing is recorded in children, adults and the old.
    """

    names: tuple[str, ...]
    columns: Mapping[str, Ints]
    texts: Mapping[str, tuple[str, ...]]
    weights: Numbers

    def thing(self, *names: str) -> Ints:
        """Give the numbers of things by their names."""
        return np.array([self.names.index(name) for name in names])


@dataclass(frozen=True)
class Labs(CodedForms):
    """Tests.

    Args:
        numbers: `mean`, `sd`, `kind` (0 normal, 1 log-normal, 2 a result), `decimals`, `low` and
            `high` limit by test; `factor` and `offset` of the unit by form.
        panels: which tests are done together.
    """

    numbers: Mapping[str, Numbers]
    panels: tuple[Ints, ...]


@dataclass(frozen=True)
class Drugs(CodedForms):
    """Drugs: `per_day` is the usual quantity a day, by drug."""

    per_day: Numbers


class Forms:
    """Collects forms, and numbers their texts."""

    def __init__(self) -> None:
        self.columns: dict[str, list[int]] = {}
        self.texts: dict[str, list[str]] = {}

    def add(self, **values: int | str | None) -> None:
        """Add a form: the value of each column, None for NULL."""
        for column, value in values.items():
            if isinstance(value, str):
                known = self.texts.setdefault(column, [])
                if value not in known:
                    known.append(value)
                number = known.index(value)
            else:
                number = -1 if value is None else value
            self.columns.setdefault(column, []).append(number)

    def arrays(self) -> tuple[dict[str, Ints], dict[str, tuple[str, ...]]]:
        """Give the columns by form, and the texts that numbers stand for."""
        return (
            {name: np.array(column) for name, column in self.columns.items()},
            {name: tuple(texts) for name, texts in self.texts.items()},
        )
