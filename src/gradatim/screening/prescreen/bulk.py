"""A FHIR bulk export as a population: read person by person into an engine in memory."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import ibis
import pyarrow as pa
from ibis.expr import types as ir

from gradatim.core.errors import UnusableInput
from gradatim.evidence.codebook import Codebook
from gradatim.evidence.fact_table_writer import tabulate
from gradatim.evidence.facts import Facts, NotUsed
from gradatim.evidence.fhir.bulk import ndjson
from gradatim.evidence.fhir.reader import read_facts
from gradatim.evidence.laboratory_limits import with_limits
from gradatim.evidence.omop.options import Options
from gradatim.evidence.relation import Relation
from gradatim.protocol.study import Study
from gradatim.screening.document import vocabulary_told

_Watch = Callable[[int, int], None]


class BulkPopulation:
    """The people of a folder of FHIR R4 NDJSON.

    Args:
        folder: the export.
        options: how it is to be read.
        watch: told of the people read, and of how many there are.
    """

    def __init__(self, folder: str, options: Options, watch: _Watch | None = None) -> None:
        self.folder, self.options, self.watch = folder, options, watch
        self._con = ibis.duckdb.connect()
        self._people: dict[str, Facts] = {}
        self._deceased = 0
        self._unusable: list[NotUsed] = []
        self._records: dict[str, Counter[str]] = {}

    def examine(self, study: Study) -> Mapping[str, Any]:
        """Say nothing: faults are found while reading, and listed."""
        return {}

    def relation(self, study: Study) -> Relation:
        """Read everybody, and give what is known of them."""
        export = ndjson(self.folder)
        self._unusable = list(export.not_used)
        codebook = Codebook(study.elements, study.study.id, self.options.vocabulary)
        for number, bundle in enumerate(export.bundles(), 1):
            self._read(bundle, codebook, study)
            if self.watch:
                self.watch(number, len(export.people))
        if not self._people:
            why = self._unusable[0].why if self._unusable else "everybody in it has died"
            raise UnusableInput("nobody in this bulk export can be screened", self.folder, why)
        return tabulate(self._people.values(), study.elements).relation(self._registered)

    def _read(self, bundle: dict[str, Any], codebook: Codebook, study: Study) -> None:
        try:
            one = read_facts(
                bundle,
                codebook,
                study.elements,
                on=self.options.on,
                coverage=self.options.coverage,
            )
        except UnusableInput as error:
            self._unusable.append(NotUsed(str(bundle.get("id", "Patient")), str(error)))
            return
        if one.died is not None and one.died.first <= self.options.on:
            self._deceased += 1
            return
        self._people[one.person] = with_limits(one, self.options.reference_ranges, study.elements)
        self._count(one, study)

    def _count(self, one: Facts, study: Study) -> None:
        """Count the records of each kind, and those of them that are understood."""
        for kind, records in one.recorded.items():
            names = [name for name in one.not_understood if study.elements[name].kind == kind]
            counted = self._records.setdefault(kind, Counter())
            counted["records"] += records
            counted["understood"] += max(0, records - one.open_records(names))

    def unclear(self) -> Iterator[tuple[str, Sequence[NotUsed]]]:
        """Give everybody with records that are not understood, and these."""
        for person, one in self._people.items():
            if records := [record for record in one.not_used if record.elements]:
                yield person, records

    def _registered(self, name: str, table: pa.Table) -> ir.Table:
        self._con.con.register(f"read_{name}", table)
        return self._con.table(f"read_{name}")

    def fetch(self, expr: ir.Table) -> pa.Table:
        """Execute an expression of some people and give its rows."""
        return pa.Table.from_batches(self.stream(expr), expr.schema().to_pyarrow())

    def stream(self, expr: ir.Table) -> Iterable[pa.RecordBatch]:
        """Execute an expression and give its rows, which may be more than fit into memory."""
        schema = expr.schema().to_pyarrow()
        return (batch.cast(schema) for batch in self._con.to_pyarrow_batches(expr))

    def keep(self, expr: ir.Table, name: str) -> ir.Table:
        """Materialise an expression; the same name again replaces it."""
        kept = self.fetch(expr)
        return self._registered(f"kept_{name}".replace(" ", "_"), kept)

    def write(self, expr: ir.Table, path: str) -> None:
        """Execute an expression and write its rows."""
        self._con.to_parquet(expr, path)

    @property
    def many_machines(self) -> bool:
        """No: it is read into this process."""
        return False

    def facts(self, persons: Sequence[Any]) -> Iterator[Facts]:
        """Give some people as they were read."""
        yield from (self._people[person] for person in persons)

    def about(self) -> Mapping[str, Any]:
        """Say what it is."""
        return {
            "source": f"fhir:{self.folder}",
            "engine": {"name": "duckdb", "version": self._con.version, "ibis": ibis.__version__},
            "coverage": {
                kind: {
                    "since": seen.since and seen.since.isoformat(),
                    "until": seen.until and seen.until.isoformat(),
                }
                for kind, seen in self.options.coverage.items()
            },
            "records": {kind: dict(counted) for kind, counted in self._records.items()},
            **vocabulary_told(self.options.vocabulary),
            "deceased": self._deceased,
            "unusable": [{"input": one.id, "why": one.why} for one in self._unusable[:1000]],
        }
