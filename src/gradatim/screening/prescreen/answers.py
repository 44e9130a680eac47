"""What the source says of some people: every query fetched, every verdict combined."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import Any

import numpy.typing as npt
import pyarrow as pa
from ibis.expr import types as ir

from gradatim.evidence.relation import Relation
from gradatim.protocol.elements import Element
from gradatim.rules.population.answers import Answers, columns_of
from gradatim.rules.population.plan import Plan
from gradatim.rules.population.query import questions
from gradatim.rules.population.sql.extract import extracted

Array = npt.NDArray[Any]
Fetch = Callable[[ir.Table], pa.Table]
Keep = Callable[[ir.Table, str], ir.Table]


@dataclass
class Clock:
    """Adds up the seconds that each part of a run took."""

    seconds: dict[str, float] = field(default_factory=dict)
    _since: float = field(default_factory=perf_counter)

    def lap(self, part: str) -> None:
        """Count the time since the last lap for a part."""
        now = perf_counter()
        self.seconds[part] = self.seconds.get(part, 0.0) + now - self._since
        self._since = now


def answers(
    plan: Plan,
    elements: Mapping[str, Element],
    relation: Relation,
    fetch: Fetch,
    keep: Keep,
    clock: Clock,
) -> tuple[Answers, Relation]:
    """Ask the source about the people of a relation.

    Args:
        plan: the queries of every protocol.
        elements: the elements by name.
        relation: the people and their records; perhaps a part of the plan's.
        fetch: executes an expression and gives its rows.
        keep: materialises an expression while these people are looked at.
        clock: what the seconds of each part are added to.

    Returns:
        The answers, and the records that were taken out for them.
    """
    queries = [query for _, query in plan.queries.items()]
    relation = replace(relation, persons=keep(relation.persons, "persons"))
    extract = extracted(relation, queries, elements, keep)
    clock.lap("extract")
    asked = questions(plan, relation, extract, elements, keep)
    found = Answers(columns_of(fetch(asked.persons)), len(queries))
    clock.lap("persons")
    for words in asked.any_records:
        found.add_words(columns_of(fetch(words.table)), words.places)
    clock.lap("masks")
    for states in asked.states:
        found.add_states(columns_of(fetch(states)))
    clock.lap("states")
    return found, extract
