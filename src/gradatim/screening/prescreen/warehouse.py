"""An OMOP warehouse as a population."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa
from ibis.expr import types as ir

from gradatim.core.codes import WIRE_NAMES, omop_system
from gradatim.core.errors import Defect
from gradatim.evidence.facts import Facts
from gradatim.evidence.omop.check import check
from gradatim.evidence.omop.facts import facts
from gradatim.evidence.omop.mapping import relation
from gradatim.evidence.omop.not_known import NotKnown
from gradatim.evidence.omop.options import Options
from gradatim.evidence.omop.vocabulary import concepts
from gradatim.evidence.relation import Relation
from gradatim.evidence.warehouse.base import Warehouse
from gradatim.protocol.study import Study
from gradatim.screening.document import vocabulary_told


def _not_known(one: NotKnown) -> dict[str, Any]:
    system = omop_system(one.vocabulary) if one.vocabulary else ""
    return {
        "system": WIRE_NAMES.get(system, system) or None,
        "code": one.code or str(one.concept or ""),
        "display": one.name or None,
        "concept_id": one.concept,
        "records": one.rows,
        "people": one.people,
        "elements": sorted(one.elements),
    }


class OmopPopulation:
    """The people of an OMOP CDM 5.3 or 5.4 warehouse.

    Args:
        warehouse: the open warehouse.
        options: how it is to be read.
    """

    def __init__(self, warehouse: Warehouse, options: Options) -> None:
        self.warehouse, self.options = warehouse, options
        self._study: Study | None = None
        self._concepts: Any = None

    def examine(self, study: Study) -> Mapping[str, Any]:
        """Look for faults of the warehouse."""
        self._study = study
        self._concepts = concepts(
            self.warehouse, study, self.options.coverage, self.options.vocabulary
        )
        found = check(self.warehouse, study, self.options, self._concepts)
        return {
            "rows": found.rows,
            "without_concept": dict(found.without_concept),
            "notes": [*self.warehouse.notes, *found.notes],
            "not_used": dict(found.not_used),
            "missing_tables": {name: list(some) for name, some in found.missing.items()},
            "empty_tables": {name: list(some) for name, some in found.empty.items()},
            "unmapped": list(found.unmapped),
            "not_recognised": dict(found.unrecognised),
            "not_understood": {
                table: {
                    "people": some.people,
                    "codes": {str(one): one.rows for one in some.codes},
                    "not_known": [_not_known(one) for one in some.codes],
                }
                for table, some in found.not_understood.items()
            },
        }

    def relation(self, study: Study) -> Relation:
        """Give what is known of them, as the protocol's elements."""
        if self._concepts is None:
            self._study = study
            self._concepts = concepts(
                self.warehouse, study, self.options.coverage, self.options.vocabulary
            )
        return relation(self.warehouse, study, self.options, self._concepts)

    def fetch(self, expr: ir.Table) -> pa.Table:
        """Execute an expression of some people and give its rows."""
        return self.warehouse.fetch(expr)

    def stream(self, expr: ir.Table) -> Iterable[pa.RecordBatch]:
        """Execute an expression and give its rows, which may be more than fit into memory."""
        return self.warehouse.batches(expr)

    def keep(self, expr: ir.Table, name: str) -> ir.Table:
        """Materialise an expression; the same name again replaces it."""
        return self.warehouse.keep(expr, name)

    def write(self, expr: ir.Table, path: str) -> None:
        """Execute an expression and let the engine write its rows."""
        self.warehouse.write(expr, path)

    @property
    def many_machines(self) -> bool:
        """Whether the engine is Spark."""
        return self.warehouse.engine == "spark"

    def facts(self, persons: Sequence[Any]) -> Iterator[Facts]:
        """Read some people one by one, for the specification."""
        if self._study is None:
            raise Defect("people are read before it is known what is asked of them")
        return facts(self.warehouse, self._study, self.options, persons, self._concepts)

    def unclear(self) -> None:
        """Give nobody: which codes are not understood is told by table."""

    def about(self) -> Mapping[str, Any]:
        """Say what it is."""
        return {
            "source": self.warehouse.source,
            "engine": {
                "name": self.warehouse.engine,
                "version": self.warehouse.versions[self.warehouse.engine],
                "ibis": self.warehouse.versions["ibis"],
            },
            "coverage": {
                kind: {"since": _day(seen.since), "until": _day(seen.until)}
                for kind, seen in self.options.coverage.items()
            },
            "observation_period": self.options.observation_period,
            **vocabulary_told(self.options.vocabulary),
        }


def _day(day: Any) -> str | None:
    return None if day is None else day.isoformat()
