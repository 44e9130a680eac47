"""Verdicts combined and written by the engine itself: nothing of anybody is fetched.

For engines that work on many machines. The files are folders of parts, in the order of people.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import ibis
import pyarrow as pa
import pyarrow.dataset as ds
from ibis.expr import types as ir

from gradatim.evidence.relation import Keep
from gradatim.protocol.elements import Element
from gradatim.rules.population.engine_columns import EngineColumns, answer_table, settled
from gradatim.rules.population.margins import Margins
from gradatim.rules.population.plan import Plan
from gradatim.rules.population.query import ask_population, extracted
from gradatim.rules.population.sql.portable import int64
from gradatim.rules.population.states import NO, YES
from gradatim.screening.prescreen.output_tables import REASON_NUMBERS, Compiled, passing_state

FILES = ("verdicts", "reasons", "margins")
_NUMBERS = sum(number << 4 * state for state, number in enumerate(REASON_NUMBERS))
"""The numbers of the reasons by state, packed four bits each."""
_Write = Callable[[ir.Table, str], None]


class EngineSide:
    """The answers about everybody, in the engine.

    Args:
        plan: the queries of every protocol.
        elements: the elements by name.
        protocols: the protocols, compiled.
        keep: materialises an expression under a name.
    """

    def __init__(
        self, plan: Plan, elements: Mapping[str, Element], protocols: list[Compiled], keep: Keep
    ) -> None:
        queries = [query for _, query in plan.queries.items()]
        relation = replace(plan.relation, persons=keep(plan.relation.persons, "persons"))
        self.extract = extracted(relation, queries, elements, keep)
        asked = ask_population(plan, relation, self.extract, elements, keep)
        margins = sorted({query for one in protocols for query in one.margin_queries()})
        table = keep(answer_table(asked, len(queries), margins), "answers")
        self._columns = EngineColumns(table, asked, margins)
        terms = [term for one in protocols for term in one.terms]
        numbers = count()
        found = settled(
            self._columns, plan, terms, lambda leaves: keep(leaves, f"leaves {next(numbers)}")
        )
        self._states, self._distances = found.states, found.distances

    def tables(self, protocol: Compiled) -> dict[str, ir.Table]:
        """Give the tables of verdicts, reasons and margins."""
        table = self._columns.table
        terms = zip(protocol.columns, protocol.terms, strict=True)
        states = {column.name: self._states[term] for column, term in terms}
        person = {"person_id": table["person"]}
        site = {"site": table["site"]} if "site" in table.columns else {}
        truths = {name: _truth(state).cast("int8") for name, state in states.items()}
        passes = [
            passing_state(column, _truth(states[column.name]))
            for column in protocol.columns
            if column.counts
        ]
        worst = ibis.least(*passes) if len(passes) > 1 else passes[0]
        status = ibis.cases(
            (worst == 0, "ineligible"), (worst == 2, "eligible"), else_="undetermined"
        )
        reasons = {name: _reason(state).cast("int8") for name, state in states.items()}
        verdicts = table.select(
            **person, **site, **truths, status=status, open=_open(protocol, states).cast("int16")
        )
        found = {
            "verdicts": verdicts,
            "reasons": table.select(**person, **reasons),
            "margins": table.select(**person, **self._margins(protocol)),
        }
        return {name: one.order_by("person_id") for name, one in found.items()}

    def _margins(self, protocol: Compiled) -> dict[str, Any]:
        computed = Margins(protocol.plan, self._columns, self._distances)
        return {
            name: computed.of(term, moved).cast("float32")
            for name, (term, moved) in protocol.limits.items()
        }


def _truth(state: Any) -> Any:
    return ibis.cases((state == NO, int64(0)), (state == YES, int64(2)), else_=int64(1))


def _reason(state: Any) -> Any:
    return (int64(_NUMBERS) >> (state * 4).cast("int32")) & int64(15)


def _open(protocol: Compiled, states: Mapping[str, Any]) -> Any:
    found: Any = int64(0)
    for column in protocol.columns:
        if column.counts and column.criterion.knowable_at == "warehouse":
            state = states[column.name]
            found = found + ibis.ifelse((state == NO) | (state == YES), int64(0), int64(1))
    return found


def people_in(folder: Path) -> pa.Array:
    """Give the persons of whom there are verdicts."""
    persons = ds.dataset(folder / "verdicts.parquet", format="parquet").to_table(["person_id"])
    return persons.column("person_id").combine_chunks()


def of_some(folder: Path, file: str, persons: pa.Array) -> pa.Table:
    """Give the rows of some people."""
    where = ds.field("person_id").isin(persons)
    return ds.dataset(folder / f"{file}.parquet", format="parquet").to_table(filter=where)
