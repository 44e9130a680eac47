"""Answers in memory: one array for each query and for any record, from what an engine sends."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from gradatim.rules.population.leaf_queries import AnyRecord

Array = npt.NDArray[Any]
BLOCK = 65_536
"""People whose columns of states fit into a processor's cache while rules are combined."""


class Answers:
    """The answers about some people, in the order of `persons`.

    Args:
        persons: the columns of `Questions.persons`.
        queries: how many queries there are.

    Attributes:
        states: by query the states plus one (0: no record says anything), None if nobody has any.
        margins: by query the margins as they were packed; 0 for none.
        any_records: of what was asked for, whether there is such a record.
    """

    def __init__(self, persons: Mapping[str, Array], queries: int) -> None:
        order = np.argsort(persons["person"], kind="stable")
        self.persons = {name: values[order] for name, values in persons.items()}
        self.people = len(order)
        self.states: list[Array | None] = [None] * queries
        self.margins: dict[int, Array] = {}
        self.any_records: dict[AnyRecord, Array] = {}

    def blocks(self) -> Iterator[slice]:
        """Give the places of some people after others."""
        for first in range(0, max(self.people, 1), BLOCK):
            yield slice(first, min(first + BLOCK, self.people))

    def _at(self, person: Array) -> tuple[Array, Array]:
        """Give the places of people, and which of them are known here."""
        known = self.persons["person"]
        at = np.searchsorted(known, person)
        at[at == len(known)] = 0
        return at, known[at] == person if len(known) else np.zeros(len(person), bool)

    def add_states(self, rows: Mapping[str, Array]) -> None:
        """Take in rows of `person`, `query`, `state` and `margin`."""
        if not len(rows["query"]):
            return
        at, known = self._at(rows["person"])
        order = np.argsort(rows["query"], kind="stable")
        queries, starts = np.unique(rows["query"][order], return_index=True)
        for query, places in zip(queries, np.split(order, starts[1:]), strict=True):
            places = places[known[places]]
            states = self.states[query]
            if states is None:
                states = self.states[query] = np.zeros(self.people, np.int8)
            states[at[places]] = rows["state"][places]
            margins = rows["margin"][places]
            if margins.any():
                kept = self.margins.setdefault(int(query), np.zeros(self.people, np.int64))
                kept[at[places]] = margins

    def add_words(
        self, rows: Mapping[str, Array], places: Mapping[AnyRecord, tuple[str, int]]
    ) -> None:
        """Take in rows of `person` and the words of any record."""
        at, known = self._at(rows["person"])
        for record, (word, bit) in places.items():
            found = self.any_records.setdefault(record, np.zeros(self.people, bool))
            here = known & ((rows[word] >> bit) & 1).astype(bool)
            found[at[here]] = True


def columns_of(batch: "pa.RecordBatch | pa.Table") -> dict[str, Array]:
    """Give the columns of an Arrow batch as arrays; missing numbers are 0."""
    return {name: _array(batch.column(name)) for name in batch.schema.names}


def _array(column: "pa.Array | pa.ChunkedArray") -> Array:
    if pa.types.is_integer(column.type) and column.null_count:
        column = column.fill_null(0)
    return np.asarray(column.to_numpy(zero_copy_only=False))
