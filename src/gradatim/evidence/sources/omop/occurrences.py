"""Conditions and procedures as streams: records that say that, and when, something happened."""

from typing import TYPE_CHECKING

import ibis

from gradatim.clinical import omop
from gradatim.evidence.relation import FIRST_DAY, LAST_DAY, Stream
from gradatim.evidence.sources.omop import columns
from gradatim.evidence.sources.omop.columns import a_day, one_of
from gradatim.evidence.sources.omop.concepts import Concepts, key_of
from gradatim.evidence.sources.omop.keys import keyed
from gradatim.evidence.sources.omop.numbers import Numbers
from gradatim.evidence.sources.omop.options import Warehouse
from gradatim.evidence.sources.omop.persons import person_of
from gradatim.evidence.sources.omop.tables import CONDITIONS, Source

if TYPE_CHECKING:
    from ibis.expr import types as ir


def occurrences(
    warehouse: Warehouse, source: Source, concepts: Concepts, words: Numbers
) -> list[Stream]:
    """Give the stream of conditions or procedures; none if there is no such table.

    A condition without an end ended on a day that is not known; a procedure, on the day it was
    done. A record without its first day, or that ends before it begins, is unreadable.
    """
    table = warehouse.table(source.name)
    if table is None:
        return []
    table, key, meanings = keyed(warehouse, table, source, concepts)
    if not meanings:
        return []
    start, end = columns.day(table, source.start), columns.day(table, source.end)
    selected = {"person": person_of(table), "key": key, "id": record_of(table, source)}
    selected |= span(warehouse, table, start, end, open_ended=source is CONDITIONS)
    if source is CONDITIONS and (doubtful := _unconfirmed(table)) is not None:
        selected["doubtful"] = doubtful
    selected |= answering(key, {k: {m.element for m in some} for k, some in meanings.items()},
                          concepts, words)  # fmt: skip
    keys = {one: key_of(found) for one, found in meanings.items()}
    return [Stream(source.name, table.select(**selected), keys)]


def record_of(table: "ir.Table", source: Source) -> "ir.Value":
    """Give the number of a record."""
    column: ir.Value = table[source.id]
    return column if not column.type().is_floating() else column.cast("int64")


def span(warehouse: Warehouse, table: "ir.Table", start: "ir.Value | None",
         end: "ir.Value | None", *, open_ended: bool) -> "dict[str, ir.Value]":  # fmt: skip
    """Give the columns of when something happened.

    Args:
        warehouse: the open warehouse.
        table: the table.
        start: its first day.
        end: its last day, if there is such a column.
        open_ended: whether no end means a day that is not known; else it is the day it began.
    """
    assert start is not None
    found = {"start": start}
    missing, wrong = faults(warehouse, table, start, end)
    if missing:
        found["start"] = start.coalesce(a_day(FIRST_DAY))
    if end is not None:
        found["end"] = end.coalesce(found["start"])
    if open_ended:
        found["end_last"] = a_day(LAST_DAY) if end is None else end.coalesce(a_day(LAST_DAY))
        found.setdefault("end", found["start"])
    if missing or wrong:
        unreadable = start.isnull()
        if end is not None:
            unreadable = unreadable | (end < start).fill_null(False)
        found["unreadable"] = unreadable
    return found


def faults(warehouse: Warehouse, table: "ir.Table", start: "ir.Value", end: "ir.Value | None"
           ) -> tuple[int, int]:  # fmt: skip
    """Count the rows without a first day, and those that end before they begin."""
    counts = {"missing": start.isnull().sum()}
    if end is not None:
        counts["wrong"] = (end < start).sum()
    found = warehouse.fetch(table.aggregate(**counts)).to_pylist()[0]
    return found["missing"] or 0, found.get("wrong") or 0


def _unconfirmed(table: "ir.Table") -> "ir.Value | None":
    status = columns.whole(table, "condition_status_concept_id")
    if status is None:
        return None
    return one_of(status, list(omop.UNCONFIRMED)).fill_null(False)


def answering(key: "ir.Value", elements: dict[int, set[str]], concepts: Concepts, words: Numbers
              ) -> "dict[str, ir.Value]":  # fmt: skip
    """Give the columns of records that answer a question with yes, read out of them."""
    answers = {k for k, names in elements.items()
               if any(concepts.elements[name].kind == "answer" for name in names)}  # fmt: skip
    if not answers:
        return {}
    yes = words.of("true")
    here = key.isin(sorted(answers)).fill_null(False)
    return {"word": ibis.ifelse(here, yes, 0).cast("int32"), "derived": here}
