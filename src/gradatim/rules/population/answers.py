"""Answers in memory: asked of a source, one array for each query and for any record; as columns."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from ibis.expr import types as ir

from gradatim.evidence.relation import Keep, Relation
from gradatim.protocol.elements import Element
from gradatim.rules.population.combination import StateTerm
from gradatim.rules.population.leaf_queries import AnyRecord
from gradatim.rules.population.plan import Plan
from gradatim.rules.population.query import ask_population, extracted
from gradatim.rules.population.states import STATES, negated

_Array = npt.NDArray[Any]
_BLOCK = 65_536
"""People whose columns of states fit into a processor's cache while rules are combined."""
Fetch = Callable[[ir.Table], pa.Table]
_NEGATED = np.array([negated(state) for state in range(STATES)], np.int8)
"""The opposite of every state."""


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

    def __init__(self, persons: Mapping[str, _Array], queries: int) -> None:
        order = np.argsort(persons["person"], kind="stable")
        self.persons = {name: values[order] for name, values in persons.items()}
        self.people = len(order)
        self.states: list[_Array | None] = [None] * queries
        self.margins: dict[int, _Array] = {}
        self.any_records: dict[AnyRecord, _Array] = {}

    def blocks(self) -> Iterator[slice]:
        """Give the places of some people after others."""
        for first in range(0, max(self.people, 1), _BLOCK):
            yield slice(first, min(first + _BLOCK, self.people))

    def _at(self, person: _Array) -> tuple[_Array, _Array]:
        """Give the places of people, and which of them are known here."""
        known = self.persons["person"]
        at = np.searchsorted(known, person)
        at[at == len(known)] = 0
        return at, known[at] == person if len(known) else np.zeros(len(person), bool)

    def add_states(self, rows: Mapping[str, _Array]) -> None:
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
        self, rows: Mapping[str, _Array], places: Mapping[AnyRecord, tuple[str, int]]
    ) -> None:
        """Take in rows of `person` and the words of any record."""
        at, known = self._at(rows["person"])
        for record, (word, bit) in places.items():
            found = self.any_records.setdefault(record, np.zeros(self.people, bool))
            here = known & ((rows[word] >> bit) & 1).astype(bool)
            found[at[here]] = True


def columns_of(batch: "pa.RecordBatch | pa.Table") -> dict[str, _Array]:
    """Give the columns of an Arrow batch as arrays; missing numbers are 0."""
    return {name: _array(batch.column(name)) for name in batch.schema.names}


def _array(column: "pa.Array | pa.ChunkedArray") -> _Array:
    if pa.types.is_integer(column.type) and column.null_count:
        column = column.fill_null(0)
    return np.asarray(column.to_numpy(zero_copy_only=False))


def ask(
    plan: Plan,
    elements: Mapping[str, Element],
    relation: Relation,
    fetch: Fetch,
    keep: Keep,
    lap: Callable[[str], None],
) -> tuple[Answers, Relation]:
    """Ask the source about the people of a relation.

    Args:
        plan: the queries of every protocol.
        elements: the elements by name.
        relation: the people and their records; perhaps a part of the plan's.
        fetch: executes an expression and gives its rows.
        keep: materialises an expression while these people are looked at.
        lap: told when each part is done.

    Returns:
        The answers, and the records that were taken out for them.
    """
    queries = [query for _, query in plan.queries.items()]
    relation = replace(relation, persons=keep(relation.persons, "persons"))
    extract = extracted(relation, queries, elements, keep)
    lap("extract")
    asked = ask_population(plan, relation, extract, elements, keep)
    found = Answers(columns_of(fetch(asked.persons)), len(queries))
    lap("persons")
    for words in asked.any_records:
        found.add_words(columns_of(fetch(words.table)), words.places)
    lap("masks")
    for states in asked.states:
        found.add_states(columns_of(fetch(states)))
    lap("states")
    return found, extract


class NumpyColumns:
    """The columns of some of the people about whom there are answers.

    Args:
        answers: the answers.
        places: which of the people.
    """

    def __init__(self, answers: Answers, places: "slice | _Array") -> None:
        self._of, self._places = answers, places
        self.people = len(answers.persons["person"][places])
        self._states: dict[StateTerm, _Array] = {}

    def some(self, which: _Array) -> "NumpyColumns":
        """Give some of these people: those of whom `which` holds."""
        own = self._places
        every = np.arange(own.start, own.stop) if isinstance(own, slice) else own
        return NumpyColumns(self._of, every[which])

    def answer(self, number: int) -> _Array:
        """Give a query's state plus one; 0 where no record says anything."""
        found = self._of.states[number]
        return np.zeros(self.people, np.int8) if found is None else found[self._places]

    def margin(self, number: int) -> _Array:
        """Give a query's margin as it was packed; 0 where it has none."""
        found = self._of.margins.get(number)
        return np.zeros(self.people, np.int64) if found is None else found[self._places]

    @staticmethod
    def real(number: float) -> _Array:
        """Give a column of one number."""
        return np.float64(number)  # type: ignore[return-value]

    @staticmethod
    def missing() -> _Array:
        """Give a column without numbers."""
        return np.float64("nan")  # type: ignore[return-value]

    def years(self, at: int) -> _Array:
        """Give the age in completed years on a day such as 20261116, by the latest birth."""
        return (at - self.person("ymd_last")) // 10_000

    def any_record(self, record: AnyRecord) -> _Array:
        """Give whether there is such a record."""
        found = self._of.any_records.get(record)
        return np.zeros(self.people, bool) if found is None else found[self._places]

    def since(self, kind: str) -> _Array:
        """Give the first day observed."""
        return self.person(f"since_{kind}")

    def until(self, kind: str) -> _Array:
        """Give the last day observed."""
        return self.person(f"until_{kind}")

    def person(self, name: str) -> _Array:
        """Give a column of the person."""
        values: _Array = self._of.persons[name][self._places]
        return values.astype(bool) if name == "undated" else values

    @staticmethod
    def where(condition: _Array, then: _Array, otherwise: _Array) -> _Array:
        """Choose by a condition."""
        return np.where(condition, then, otherwise)

    @staticmethod
    def larger(a: _Array, b: _Array) -> _Array:
        """Give the larger of two columns."""
        return np.maximum(a, b)

    @staticmethod
    def negated(state: _Array) -> _Array:
        """Return the opposite states."""
        opposite: _Array = _NEGATED[state]
        return opposite

    def constant(self, state: int) -> _Array:
        """Give a column of one state."""
        return np.int8(state)  # type: ignore[return-value]

    def state(self, term: StateTerm) -> _Array:
        """Give the state of a term; each is computed once."""
        found = self._states.get(term)
        if found is None:
            found = self._states[term] = np.broadcast_to(term.state(self), (self.people,))
        return found
