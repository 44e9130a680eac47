"""Conditions and procedures as streams: records that say that, and when, something happened."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import ibis

from gradatim.clinical import omop
from gradatim.evidence.omop import columns
from gradatim.evidence.omop.columns import a_day, one_of
from gradatim.evidence.omop.concepts import Concepts, key_of
from gradatim.evidence.omop.keys import KEY, DateRange, Scope, touching
from gradatim.evidence.omop.numbers import Numbers
from gradatim.evidence.omop.options import Warehouse
from gradatim.evidence.omop.people import person_of
from gradatim.evidence.omop.tables import CONDITIONS, SourceTable
from gradatim.evidence.relation import FIRST_DAY, LAST_DAY, Key, Stream

if TYPE_CHECKING:
    from ibis.expr import types as ir


DATED = ("condition", "exposure", "procedure")
"""Kinds of elements of which a question looks at no records but those of its days."""


def occurrences(of: Scope, days: Mapping[int, DateRange], words: Numbers) -> Stream:
    """Give the stream of conditions or procedures.

    A condition without an end ended on a day that is not known; a procedure, on the day it was
    done. A record without its first day, or that ends before it begins, is unreadable.

    Args:
        of: the table.
        days: the keys that are wanted, with their days.
        words: the numbers of words.
    """
    source, concepts, rows = of.source, of.concepts, of.rows(days)
    selected = {"person": person_of(rows), "key": rows[KEY], "id": record_of(rows, source)}
    selected |= span(rows, source, columns.day(rows, source.end), open_ended=source is CONDITIONS)
    if source is CONDITIONS and (doubtful := _unconfirmed(rows)) is not None:
        selected["doubtful"] = doubtful
    keys = {key: key_of(of.meanings[key]) for key in days}
    selected |= answering(rows[KEY], keys, concepts, words)
    return Stream(source.name, in_days(rows, days, selected), keys)


def in_days(
    rows: "ir.Table", days: "Mapping[int, DateRange]", selected: "dict[str, ir.Value]"
) -> "ir.Table":
    """Select of rows those that may touch the days of their keys, and those that are unreadable."""
    last = selected.get("end_last", selected.get("end", selected["start"]))
    here = touching(rows, days, selected["start"], last)
    if here is not None:
        rows = rows.filter(here | selected["unreadable"])
    return rows.select(**selected)


def occurring(warehouse: Warehouse, stream: Stream) -> Stream:
    """Leave out the keys that no record has, and `unreadable` if every record can be read."""
    table, told = (
        stream.table,
        [name for name in ("key", "unreadable") if name in stream.table.columns],
    )
    found = warehouse.fetch(table.select(told).distinct()).to_pydict()
    if "unreadable" in told and not any(found["unreadable"]):
        table = table.drop("unreadable")
    keys = {key: stream.keys[key] for key in sorted(set(found["key"])) if key in stream.keys}
    return replace(stream, table=table, keys=keys)


def record_of(table: "ir.Table", source: SourceTable) -> "ir.Value":
    """Give the number of a record."""
    column: ir.Value = table[source.id]
    return column if not column.type().is_floating() else column.cast("int64")


def span(
    rows: "ir.Table", source: SourceTable, end: "ir.Value | None", *, open_ended: bool
) -> "dict[str, ir.Value]":
    """Give the columns of when something happened, and whether that is unreadable.

    Args:
        rows: rows of the table.
        source: which table.
        end: the last day, if there is such a column.
        open_ended: whether no end means a day that is not known; else it is the day it began.
    """
    start, noted = columns.day(rows, source.start), columns.day(rows, source.end)
    assert start is not None
    found = {"start": start.coalesce(a_day(FIRST_DAY))}
    if end is not None:
        found["end"] = end.coalesce(found["start"])
    if open_ended:
        found["end_last"] = a_day(LAST_DAY) if end is None else end.coalesce(a_day(LAST_DAY))
        found.setdefault("end", found["start"])
    found["unreadable"] = start.isnull()
    if noted is not None:
        found["unreadable"] = start.isnull() | (noted < start).fill_null(False)
    return found


def _unconfirmed(table: "ir.Table") -> "ir.Value | None":
    status = columns.whole(table, "condition_status_concept_id")
    if status is None:
        return None
    return one_of(status, list(omop.UNCONFIRMED)).fill_null(False)


def answering(
    key: "ir.Value", keys: Mapping[int, Key], concepts: Concepts, words: Numbers
) -> "dict[str, ir.Value]":
    """Give the columns of records that answer a question with yes, read out of them."""
    answers = {
        k
        for k, one in keys.items()
        if any(concepts.elements[name].kind == "answer" for name in one.record)
    }
    if not answers:
        return {}
    yes = words.of("true")
    here = key.isin(sorted(answers)).fill_null(False)
    return {"word": ibis.ifelse(here, yes, 0).cast("int32"), "derived": here}
