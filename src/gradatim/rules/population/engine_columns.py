"""Answers in the engine: the same terms as expressions, so that nobody's answers are fetched."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import ibis
from ibis.expr import types as ir

from gradatim.rules.population.combination import StateTerm
from gradatim.rules.population.leaf_queries import AnyRecord
from gradatim.rules.population.margins import Distance, Margins
from gradatim.rules.population.plan import Plan
from gradatim.rules.population.query import Questions
from gradatim.rules.population.sql.any_record import BitPlace
from gradatim.rules.population.sql.portable import bit_or, int64, real, rounded_down
from gradatim.rules.population.sql.records import ColumnValue
from gradatim.rules.population.states import STATES, negated

STATES_IN_A_WORD = 15
"""States in a 64-bit word: four bits each, and the sign stays free."""
_NEGATED = sum(negated(state) << 4 * state for state in range(STATES))
"""The opposite of every state, packed, so that a state is written once to be negated."""


def answer_table(asked: Questions, queries: int, margins: list[int]) -> ir.Table:
    """Bring every answer about a person into one row.

    Args:
        asked: the questions.
        queries: how many queries there are.
        margins: the queries of which the margin is needed.

    Returns:
        The persons' columns, words `s<n>` of states, `m<query>` of margins, and those of records.
    """
    table = asked.persons
    parts = [words.table for words in asked.any_records]
    if asked.states:
        states = (
            ibis.union(*asked.states, distinct=False)
            if len(asked.states) > 1
            else (asked.states[0])
        )
        parts.append(_words(states, queries, margins))
    for part in parts:
        table = table.left_join(part, "person").drop("person_right")
    words = [name for name in table.columns if name not in asked.persons.columns]
    return table.mutate(**{name: table[name].fill_null(0) for name in words})


def _words(states: ir.Table, queries: int, margins: list[int]) -> ir.Table:
    query, state = states["query"], states["state"]
    found: dict[str, ColumnValue] = {}
    for word in range(-(-queries // STATES_IN_A_WORD)):
        shifts = ((query - word * STATES_IN_A_WORD) * 4).cast("int32")
        here = (query >= word * STATES_IN_A_WORD) & (query < (word + 1) * STATES_IN_A_WORD)
        found[f"s{word}"] = bit_or(ibis.ifelse(here, state << shifts, int64(0)))
    for number in margins:
        found[f"m{number}"] = ibis.ifelse(query == number, states["margin"], int64(0)).max()
    return states.group_by("person").agg(**found)


class EngineColumns:
    """The answers about people as columns of a table.

    Args:
        table: what `answer_table` gave.
        asked: the questions, for where the bit of any record is.
        margins: the queries of which the margin is there.
    """

    def __init__(self, table: ir.Table, asked: Questions, margins: list[int]) -> None:
        self.table = table
        self._places: dict[AnyRecord, list[BitPlace]] = {}
        for words in asked.any_records:
            for record, place in words.places.items():
                self._places.setdefault(record, []).append(place)
        self._has_states = bool(asked.states)
        self._margins = frozenset(margins)
        self._states: dict[StateTerm, ColumnValue] = {}

    def over(self, table: ir.Table, names: Mapping[StateTerm, str]) -> None:
        """Go on over a table in which some terms have been computed."""
        self.table = table
        self._states = {term: table[name] for term, name in names.items()}

    def answer(self, number: int) -> ColumnValue:
        """Give a query's state plus one; 0 where no record says anything."""
        if not self._has_states:
            return int64(0)
        return (
            self.table[f"s{number // STATES_IN_A_WORD}"] >> (number % STATES_IN_A_WORD * 4)
        ) & int64(15)

    def any_record(self, record: AnyRecord) -> ColumnValue:
        """Give whether there is such a record."""
        found: ColumnValue = ibis.literal(False)
        for word, bit in self._places.get(record, ()):
            found = found | (((self.table[word] >> bit) & int64(1)) == 1)
        return found

    def margin(self, number: int) -> ColumnValue:
        """Give a query's margin as it was packed; 0 where it has none."""
        known = number in self._margins and self._has_states
        return self.table[f"m{number}"] if known else int64(0)

    def since(self, kind: str) -> ColumnValue:
        """Give the first day observed."""
        return self.table[f"since_{kind}"]

    def until(self, kind: str) -> ColumnValue:
        """Give the last day observed."""
        return self.table[f"until_{kind}"]

    def person(self, name: str) -> ColumnValue:
        """Give a column of the person."""
        return self.table[name] == 1 if name == "undated" else self.table[name]

    @staticmethod
    def where(condition: ColumnValue, then: ColumnValue, otherwise: ColumnValue) -> ColumnValue:
        """Choose by a condition."""
        return ibis.ifelse(condition, then, otherwise)

    @staticmethod
    def larger(a: ColumnValue, b: ColumnValue) -> ColumnValue:
        """Give the larger of two columns."""
        return ibis.greatest(a, b)

    @staticmethod
    def negated(state: ColumnValue) -> ColumnValue:
        """Give the opposite states."""
        return (int64(_NEGATED) >> (state * 4).cast("int32")) & int64(15)

    @staticmethod
    def constant(state: int) -> ColumnValue:
        """Give a column of one state."""
        return int64(state)

    @staticmethod
    def real(number: float) -> ColumnValue:
        """Give a column of one number."""
        return real(number)

    @staticmethod
    def missing() -> ColumnValue:
        """Give a column without numbers."""
        return ibis.null("float64")

    def years(self, at: int) -> ColumnValue:
        """Give the age in completed years on a day such as 20261116, by the latest birth."""
        return rounded_down((at - self.table["ymd_last"]) / 10_000.0)

    def state(self, term: StateTerm) -> ColumnValue:
        """Give the state of a term; each is written once."""
        if term not in self._states:
            self._states[term] = term.state(self)
        return self._states[term]


class Settled(NamedTuple):
    """What the rules say of everybody.

    Args:
        states: of each rule, an expression over the columns' table.
        distances: of each leaf that compares with a limit, how far it is from flipping.
    """

    states: Mapping[StateTerm, ColumnValue]
    distances: Mapping[tuple[StateTerm, float], Distance]


def settled(
    columns: EngineColumns, plan: Plan, terms: list[StateTerm], step: Callable[[ir.Table], ir.Table]
) -> Settled:
    """Compute the leaves, and from them whole rules: what is used twice is written once.

    Args:
        columns: the answers; afterwards over the table of leaves.
        plan: what the queries ask.
        terms: the rules.
        step: materialises the leaves.
    """
    leaves = list(dict.fromkeys(leaf for term in terms for leaf in _leaves(term)))
    names = {leaf: f"l{n}" for n, leaf in enumerate(leaves)}
    computed = columns.table.mutate(**{names[leaf]: columns.state(leaf) for leaf in leaves})
    columns.over(step(computed), names)
    distances = Margins(plan, columns).leaves(leaves)
    places = {key: f"d{n}" for n, key in enumerate(distances)}
    computed = columns.table.mutate(**{places[key]: one.held for key, one in distances.items()})
    columns.over(step(computed), names)
    table = columns.table
    kept = {key: Distance(table[places[key]], one.sign) for key, one in distances.items()}
    return Settled({term: columns.state(term) for term in terms}, kept)


def _leaves(term: Any) -> list[StateTerm]:
    if hasattr(term, "parts"):
        return [leaf for part in term.parts for leaf in _leaves(part)]
    return _leaves(term.part) if hasattr(term, "part") else [term]
