"""Records on their way to a table: collected in any order, then put in order of person and day."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from gradatim.synthetic.omop.arrays import Column

RAW: dict[str, dict[str, float]] = {
    "condition_occurrence": {"form": -1, "end": -1},
    "drug_exposure": {"form": -1, "end": -1, "quantity": np.nan, "supply": -1},
    "procedure_occurrence": {"form": -1},
    "measurement": {
        "form": -1,
        "value": np.nan,
        "low": np.nan,
        "high": np.nan,
        "operator": -1,
        "result": -1,
        "text": -1,
    },
    "observation": {"concept": -1, "result": -1, "text": -1},
}
"""What a record holds beside its person and day, and what stands for nothing."""
_DAY_BITS, _ROW_BITS, _EARLIEST = 17, 26, -40_000


@dataclass(frozen=True)
class TextColumn:
    """A column of text: for each row which of the texts, -1 for NULL."""

    numbers: Column
    texts: tuple[str, ...]


class Rows:
    """The records of a block of people, by table. Days count from 1970-01-01."""

    def __init__(self) -> None:
        self._parts: dict[str, list[dict[str, Column]]] = {table: [] for table in RAW}

    def add(self, table: str, person: Column, day: ArrayLike, **columns: ArrayLike) -> None:
        """Add records of a table; people are counted from the block's first."""
        part: dict[str, Column] = {"person": person, "day": _filled(day, len(person), -1)}
        for name, nothing in RAW[table].items():
            part[name] = _filled(columns.get(name, nothing), len(person), nothing)
        self._parts[table].append(part)

    def sorted(self, table: str) -> dict[str, Column]:
        """Give a table's records by person, then day, then order of arrival."""
        parts = self._parts[table]
        whole = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        order, person, day = _order(whole.pop("person"), whole.pop("day"))
        return {"person": person, "day": day} | {
            name: column[order] for name, column in whole.items()
        }


@dataclass(frozen=True)
class Lives:
    """Adds records of people to `rows` that lie between their `first` and `last` days."""

    rows: Rows
    first: NDArray[np.int32]
    last: NDArray[np.int32]

    def add(self, table: str, person: Column, day: ArrayLike, **columns: ArrayLike) -> None:
        """Add the records of a table that fall in people's lives, as `Rows.add`."""
        days = np.asarray(day)
        keep = np.flatnonzero((self.first[person] <= days) & (days <= self.last[person]))
        self.rows.add(
            table,
            person[keep],
            days[keep],
            **{
                name: _filled(column, len(person), RAW[table][name])[keep]
                for name, column in columns.items()
            },
        )


def _filled(value: ArrayLike, rows: int, nothing: float) -> Column:
    """Give one value for each row; whole numbers are 32 bits wide."""
    kind = np.float64 if np.isnan(nothing) else np.int32
    return np.broadcast_to(np.asarray(value, dtype=kind), (rows,))


def _order(person: Column, day: Column) -> tuple[Column, Column, Column]:
    """Sort one packed key: unlike a sort of indices it is the same on every processor, and fast."""
    key = person.astype(np.int64) << (_DAY_BITS + _ROW_BITS)
    key |= (day.astype(np.int64) - _EARLIEST) << _ROW_BITS
    key |= np.arange(len(key))
    key.sort()
    order = key & ((1 << _ROW_BITS) - 1)
    sorted_day = ((key >> _ROW_BITS) & ((1 << _DAY_BITS) - 1)) + _EARLIEST
    return order, key >> (_DAY_BITS + _ROW_BITS), sorted_day.astype(np.int32)
