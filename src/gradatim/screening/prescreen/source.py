"""A population wherever it is: a warehouse behind an engine, or a bulk export read into one."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

import pyarrow as pa
from ibis.expr import types as ir

from gradatim.evidence.facts import Facts, NotUsed
from gradatim.evidence.relation import Relation
from gradatim.protocol.study import Study


class Population(Protocol):
    """People of whom an engine can be asked."""

    def examine(self, study: Study) -> Mapping[str, Any]:
        """Look for faults of the data; say which there are, and what is not known for them.

        Raises:
            UnusableInput: one is such that nothing can be said of anybody.
        """

    def relation(self, study: Study) -> Relation:
        """Give what is known of them, as the protocol's elements."""

    def fetch(self, expr: ir.Table) -> pa.Table:
        """Execute an expression of some people and give its rows."""

    def stream(self, expr: ir.Table) -> Iterable[pa.RecordBatch]:
        """Execute an expression and give its rows, which may be more than fit into memory."""

    def keep(self, expr: ir.Table, name: str) -> ir.Table:
        """Materialise an expression; the same name again replaces it."""

    def write(self, expr: ir.Table, path: str) -> None:
        """Execute an expression and let the engine write its rows as a folder of Parquet files."""

    @property
    def many_machines(self) -> bool:
        """Whether the engine works on many machines, and shall combine and write by itself."""

    def facts(self, persons: Sequence[Any]) -> Iterator[Facts]:
        """Read some people one by one, for the specification."""

    def unclear(self) -> Iterable[tuple[Any, Sequence[NotUsed]]] | None:
        """Give everybody with records that are not understood; None if that is told by table."""

    def about(self) -> Mapping[str, Any]:
        """Say what it is: source, engine and versions, rows, what was left out."""
