"""Opening a warehouse by its source: which engine reads it.

    with connect("duckdb:warehouse.db") as warehouse:
        person = warehouse.table("person")
        for batch in warehouse.batches(person.select("person_id")): ...

Five forms name a source; `fhir:DIR` is a bulk export and read elsewhere.
"""

from gradatim.core.errors import UnusableInput
from gradatim.evidence.warehouse.base import Warehouse
from gradatim.evidence.warehouse.duckdb import open_database, open_files
from gradatim.evidence.warehouse.errors import speaking
from gradatim.evidence.warehouse.postgres import open_server, without_password
from gradatim.evidence.warehouse.spark import open_folder

FORMS = (
    "duckdb:FILE, parquet:DIR, postgresql://USER:PASSWORD@HOST/DATABASE?schema=NAME, spark:DIR "
    "or fhir:DIR"
)
_LOCAL = {"duckdb": open_database, "parquet": open_files, "spark": open_folder}
"""Engines that work here, with the memory and the threads they are given."""
_SERVERS = ("postgresql", "postgres")


def connect(source: str, *, memory: int | None = None, threads: int | None = None) -> Warehouse:
    """Open a source.

    Args:
        source: one of FORMS, but for `fhir:`.
        memory: the most bytes the engine may use here; a PostgreSQL server sees to its own.
        threads: how many the engine may use here; default: all.

    Raises:
        UnusableInput: no such form, or it cannot be opened.
    """
    kind, _, rest = source.partition(":")
    if rest and kind in _SERVERS:
        with speaking(kind):  # the source itself has the password
            return open_server(source)
    if not rest or kind not in _LOCAL:
        shown, why = without_password(source), f"a source is one of {FORMS}"
        raise UnusableInput("this source cannot be read", shown, why, "put the form first")
    with speaking(source):
        return _LOCAL[kind](source, rest, memory, threads)
