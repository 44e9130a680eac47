"""Answers in memory: one array for each slot, from which the rules' states are computed."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from gradatim.rules.compile.slots import Mask
from gradatim.rules.compile.states import STATES, negated
from gradatim.rules.compile.terms import Term

Array = npt.NDArray[Any]
_NEGATED = np.array([negated(state) for state in range(STATES)], np.int8)


class Arrays:
    """The answers about some people, in the order of `persons`.

    Args:
        persons: the columns of `Questions.persons`.
        slots: how many slots there are.
    """

    def __init__(self, persons: Mapping[str, Array], slots: int) -> None:
        order = np.argsort(persons["person"], kind="stable")
        self.persons = {name: values[order] for name, values in persons.items()}
        self.people = len(order)
        self._slots: list[Array | None] = [None] * slots
        self._margins: dict[int, Array] = {}
        self._masks: dict[Mask, Array] = {}
        self._states: dict[Term, Array] = {}
        self._nobody = np.zeros(self.people, bool)
        self._nothing = np.zeros(self.people, np.int8)
        self._no_margin = np.zeros(self.people, np.int64)

    def _at(self, person: Array) -> tuple[Array, Array]:
        """Give the places of people, and which of them are known here."""
        known = self.persons["person"]
        at = np.searchsorted(known, person)
        at[at == len(known)] = 0
        return at, known[at] == person if len(known) else np.zeros(len(person), bool)

    def add_states(self, rows: Mapping[str, Array]) -> None:
        """Take in rows of `person`, `slot`, `state` and `margin`."""
        at, known = self._at(rows["person"])
        order = np.argsort(rows["slot"], kind="stable")
        slots, starts = np.unique(rows["slot"][order], return_index=True)
        for slot, places in zip(slots, np.split(order, starts[1:]), strict=True):
            places = places[known[places]]
            states = self._slots[slot]
            if states is None:
                states = self._slots[slot] = np.zeros(self.people, np.int8)
            states[at[places]] = rows["state"][places]
            margins = rows["margin"][places]
            if margins.any():
                kept = self._margins.setdefault(int(slot), np.zeros(self.people, np.int64))
                kept[at[places]] = margins

    def add_words(self, rows: Mapping[str, Array], places: Mapping[Mask, tuple[str, int]]) -> None:
        """Take in rows of `person` and the words of masks."""
        at, known = self._at(rows["person"])
        for mask, (word, bit) in places.items():
            found = self._masks.setdefault(mask, np.zeros(self.people, bool))
            here = known & ((rows[word] >> bit) & 1).astype(bool)
            found[at[here]] = True

    # --- the Kit of terms -------------------------------------------------------------------------

    def slot(self, number: int) -> Array:
        """Give a slot's state plus one; 0 where no record says anything."""
        found = self._slots[number]
        return self._nothing if found is None else found

    def margin(self, number: int) -> Array:
        """Give a slot's margin as it was packed; 0 where it has none."""
        return self._margins.get(number, self._no_margin)

    @staticmethod
    def real(number: float) -> Array:
        """Give a column of one number."""
        return np.float64(number)  # type: ignore[return-value]

    @staticmethod
    def missing() -> Array:
        """Give a column without numbers."""
        return np.float64("nan")  # type: ignore[return-value]

    def years(self, at: int) -> Array:
        """Give the age in completed years on a day such as 20261116, by the latest birth."""
        return (at - self.persons["ymd_last"]) // 10_000

    def mask(self, mask: Mask) -> Array:
        """Give whether there is such a record."""
        return self._masks.get(mask, self._nobody)

    def since(self, kind: str) -> Array:
        """Give the first day observed."""
        return self.persons[f"since_{kind}"]

    def until(self, kind: str) -> Array:
        """Give the last day observed."""
        return self.persons[f"until_{kind}"]

    def person(self, name: str) -> Array:
        """Give a column of the person."""
        values = self.persons[name]
        return values.astype(bool) if name == "undated" else values

    @staticmethod
    def where(condition: Array, then: Array, otherwise: Array) -> Array:
        """Choose by a condition."""
        return np.where(condition, then, otherwise)

    @staticmethod
    def larger(a: Array, b: Array) -> Array:
        """Give the larger of two columns."""
        return np.maximum(a, b)

    @staticmethod
    def negated(state: Array) -> Array:
        """Give the opposite states."""
        return _NEGATED[state]

    def constant(self, state: int) -> Array:
        """Give a column of one state."""
        return np.int8(state)  # type: ignore[return-value]

    def state(self, term: Term) -> Array:
        """Give the state of a term; each is computed once."""
        found = self._states.get(term)
        if found is None:
            found = self._states[term] = np.broadcast_to(term.state(self), (self.people,))
        return found


def columns_of(batch: "pa.RecordBatch | pa.Table") -> dict[str, Array]:
    """Give the columns of an Arrow batch as arrays; missing numbers are 0."""
    return {name: _array(batch.column(name)) for name in batch.schema.names}


def _array(column: "pa.Array | pa.ChunkedArray") -> Array:
    if pa.types.is_integer(column.type) and column.null_count:
        column = column.fill_null(0)
    return np.asarray(column.to_numpy(zero_copy_only=False))
