"""The columns of some people as arrays in memory, from which the rules' states are computed."""

from typing import Any

import numpy as np
import numpy.typing as npt

from gradatim.rules.population.answers import Answers
from gradatim.rules.population.combination import Term
from gradatim.rules.population.leaf_queries import AnyRecord
from gradatim.rules.population.states import STATES, negated

Array = npt.NDArray[Any]
_NEGATED = np.array([negated(state) for state in range(STATES)], np.int8)
"""The opposite of every state."""


class NumpyColumns:
    """The columns of some of the people about whom there are answers.

    Args:
        answers: the answers.
        places: which of the people.
    """

    def __init__(self, answers: Answers, places: "slice | Array") -> None:
        self._of, self._places = answers, places
        self.people = len(answers.persons["person"][places])
        self._states: dict[Term, Array] = {}

    def some(self, which: Array) -> "NumpyColumns":
        """Give some of these people: those of whom `which` holds."""
        own = self._places
        every = np.arange(own.start, own.stop) if isinstance(own, slice) else own
        return NumpyColumns(self._of, every[which])

    def answer(self, number: int) -> Array:
        """Give a query's state plus one; 0 where no record says anything."""
        found = self._of.states[number]
        return np.zeros(self.people, np.int8) if found is None else found[self._places]

    def margin(self, number: int) -> Array:
        """Give a query's margin as it was packed; 0 where it has none."""
        found = self._of.margins.get(number)
        return np.zeros(self.people, np.int64) if found is None else found[self._places]

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
        return (at - self.person("ymd_last")) // 10_000

    def any_record(self, record: AnyRecord) -> Array:
        """Give whether there is such a record."""
        found = self._of.any_records.get(record)
        return np.zeros(self.people, bool) if found is None else found[self._places]

    def since(self, kind: str) -> Array:
        """Give the first day observed."""
        return self.person(f"since_{kind}")

    def until(self, kind: str) -> Array:
        """Give the last day observed."""
        return self.person(f"until_{kind}")

    def person(self, name: str) -> Array:
        """Give a column of the person."""
        values: Array = self._of.persons[name][self._places]
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
        """Return the opposite states."""
        opposite: Array = _NEGATED[state]
        return opposite

    def constant(self, state: int) -> Array:
        """Give a column of one state."""
        return np.int8(state)  # type: ignore[return-value]

    def state(self, term: Term) -> Array:
        """Give the state of a term; each is computed once."""
        found = self._states.get(term)
        if found is None:
            found = self._states[term] = np.broadcast_to(term.state(self), (self.people,))
        return found
