"""The verdicts, reasons and margins of some people, as tables to be written."""

import os
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from gradatim.protocol.eligibility import EligibilityCriterion
from gradatim.protocol.nodes import Node
from gradatim.protocol.study import Study
from gradatim.rules.population.answers import Answers, NumpyColumns
from gradatim.rules.population.combination import StateTerm
from gradatim.rules.population.margins import Margins, Numeric, numerics
from gradatim.rules.population.plan import Plan
from gradatim.rules.population.sql.evidence import used_queries
from gradatim.rules.population.states import NO, STATES, YES, unknown
from gradatim.screening.feasibility.reasons import KNOWN, NUMBERS
from gradatim.screening.readings import Plan as ReadingsPlan

_Array = npt.NDArray[Any]
THREADS = min(4, os.cpu_count() or 1)
_STATUSES = ("ineligible", "undetermined", "eligible")
_OF_STATE = {unknown(reason): number for reason, number in NUMBERS.items()}
REASON_NUMBERS = tuple(_OF_STATE.get(state, KNOWN) for state in range(STATES))
"""By state the number that stands for its reason in the files."""


class VerdictColumn(NamedTuple):
    """One column of verdicts.

    Args:
        name: `E7c`, of another reading `E7c@B`; what that reading makes of another criterion,
            `E7d@E7c@C`.
        criterion: the criterion it is a reading of.
        rule: its rule.
        counts: whether it decides the status: the reading that is used.
    """

    name: str
    criterion: EligibilityCriterion
    rule: Node
    counts: bool


def verdict_columns(study: Study, plan: ReadingsPlan) -> list[VerdictColumn]:
    """Give the columns of a protocol, the criteria first, in the protocol's order.

    Args:
        study: the protocol.
        plan: the reading that is used of each criterion; of several the first.
    """
    by_id = {one.id: one for one in study.criteria}
    used = [VerdictColumn(one.id, one, plan[one.id][0].rule, True) for one in study.criteria]
    return [*used, *_others(study, by_id)]


def _others(study: Study, by_id: Mapping[str, EligibilityCriterion]) -> list[VerdictColumn]:
    found = []
    for one in study.criteria:
        for other in one.alternatives:
            name = f"{one.id}@{other.name}"
            found.append(VerdictColumn(name, one, other.rule, False))
            found += [
                VerdictColumn(f"{id}@{name}", by_id[id], rule, False)
                for id, rule in other.also.items()
            ]
    return found


@dataclass(frozen=True)
class Compiled:
    """A protocol compiled into a plan.

    Args:
        id: the protocol's id.
        columns: its verdict columns.
        terms: the term of each column.
        plan: the plan that they share.
        originals: what the protocol calls elements that were renamed to share the plan.
    """

    id: str
    columns: tuple[VerdictColumn, ...]
    terms: tuple[StateTerm, ...]
    plan: Plan
    originals: Mapping[str, str] = field(default_factory=dict)

    def called(self, element: str) -> str:
        """Give the protocol's own name of an element."""
        return self.originals.get(element, element)

    def states(self, found: NumpyColumns) -> dict[str, _Array]:
        """Give the state of every person, by column."""
        return {
            column.name: found.state(term)
            for column, term in zip(self.columns, self.terms, strict=True)
        }

    def margin_queries(self) -> list[int]:
        """Give the queries of which the margin is needed."""
        found: list[int] = []
        for term, _ in self.limits.values():
            found += used_queries([term])
        return found

    @cached_property
    def limits(self) -> dict[str, tuple[StateTerm, tuple[Numeric, ...]]]:
        """Give for each column of margins the criterion's term, and the limits that move."""
        found: dict[str, tuple[StateTerm, tuple[Numeric, ...]]] = {}
        for column, term in zip(self.columns, self.terms, strict=True):
            if column.counts:
                found |= dict(self._limits(column.name, term))
        return found

    def _limits(
        self, id: str, term: StateTerm
    ) -> Iterator[tuple[str, tuple[StateTerm, tuple[Numeric, ...]]]]:
        every = numerics(self.plan, term)
        if every:
            yield id, (term, tuple(every))
        elements = [one.element for one in every]
        for one in every:
            name = f"{id}:{self.called(one.element)}"
            if elements.count(one.element) > 1:
                name = f"{name}:{one.limit.number:g}"
            yield name, (term, (one,))


def tables(protocol: Compiled, found: Answers) -> dict[str, pa.Table]:
    """Give the tables of verdicts, reasons and margins, by the names of their files.

    Blocks of people are combined beside each other: numpy lets other threads go on.
    """
    sites = "site" in found.persons

    def of(places: slice) -> tuple[pa.Table, ...]:
        people = NumpyColumns(found, places)
        return *_verdicts(protocol, people, sites), _margins(protocol, people)

    with ThreadPoolExecutor(THREADS) as pool:
        parts = zip(*pool.map(of, found.blocks()), strict=True)
    return dict(zip(("verdicts", "reasons", "margins"), map(pa.concat_tables, parts), strict=True))


def _verdicts(protocol: Compiled, found: NumpyColumns, sites: bool) -> tuple[pa.Table, pa.Table]:
    truths: dict[str, Any] = {"person_id": pa.array(found.person("person"))}
    if sites:
        truths["site"] = pa.array(found.person("site"), pa.string())
    reasons: dict[str, Any] = {"person_id": truths["person_id"]}
    for name, states in protocol.states(found).items():
        truths[name] = pa.array(_truths(states))
        reasons[name] = pa.array(_reasons(states))
    passes = [
        passing_state(column, truths[column.name].to_numpy())
        for column in protocol.columns
        if column.counts
    ]
    worst = np.minimum.reduce(passes) if passes else np.full(found.people, 2, np.int8)
    truths["status"] = pa.DictionaryArray.from_arrays(pa.array(worst), pa.array(_STATUSES))
    truths["open"] = pa.array(_open(protocol, truths, found.people))
    return pa.table(truths), pa.table(reasons)


def _truths(states: _Array) -> _Array:
    """Give 0 for FALSE, 1 for UNKNOWN, 2 for TRUE."""
    truths: _Array = (states > NO).view(np.int8) + (states == YES).view(np.int8)
    return truths


def _reasons(states: _Array) -> _Array:
    """Return the number of the reason; 0 is not unknown."""
    numbers: _Array = np.array(REASON_NUMBERS, np.int8)[states]
    return numbers


def passing_state(column: VerdictColumn, truth: Any) -> Any:
    """Give 0 where it excludes, 1 where it is open, 2 where it passes."""
    return truth if column.criterion.category == "inclusion" else 2 - truth


def _open(protocol: Compiled, truths: Mapping[str, Any], people: int) -> _Array:
    """Count the criteria that a warehouse can know and that are open."""
    found = np.zeros(people, np.int16)
    for column in protocol.columns:
        if column.counts and column.criterion.knowable_at == "warehouse":
            found += truths[column.name].to_numpy() == 1
    return found


def _margins(protocol: Compiled, found: NumpyColumns) -> pa.Table:
    """Give the margins; of most people most criteria are unknown, and nothing is computed."""
    table: dict[str, Any] = {"person_id": pa.array(found.person("person"))}
    settled: dict[StateTerm, tuple[_Array, Margins]] = {}
    for name, (term, moved) in protocol.limits.items():
        if term not in settled:
            state = found.state(term)
            which = (state == NO) | (state == YES)
            settled[term] = which, Margins(protocol.plan, found.some(which))
        which, computed = settled[term]
        numbers = np.full(found.people, np.nan, np.float32)
        numbers[which] = computed.of(term, moved)
        table[name] = pa.array(numbers, mask=~which)
    return pa.table(table)
