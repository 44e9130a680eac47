"""Measurements and observations as streams: values with units and limits, results, answers."""

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

import ibis

from gradatim.evidence.relation import Key, Stream
from gradatim.evidence.sources.about import OCCURRENCES
from gradatim.evidence.sources.omop import columns
from gradatim.evidence.sources.omop.asked import wanted_units
from gradatim.evidence.sources.omop.columns import chosen
from gradatim.evidence.sources.omop.concepts import MEASURED, Concepts, Meanings, key_of
from gradatim.evidence.sources.omop.keys import keyed
from gradatim.evidence.sources.omop.limits import with_limits
from gradatim.evidence.sources.omop.numbers import Numbers
from gradatim.evidence.sources.omop.occurrences import record_of
from gradatim.evidence.sources.omop.options import Options, Warehouse
from gradatim.evidence.sources.omop.persons import person_of
from gradatim.evidence.sources.omop.tables import OBSERVATIONS, Source
from gradatim.evidence.sources.omop.value_parts import bound_of, plausible, unit_of, word_of_row
from gradatim.protocol.study import Study

if TYPE_CHECKING:
    from ibis.expr import types as ir

NOTHING, YES, NO, SOMETHING = range(4)
"""What a record says, where that decides of what it is a fact; part of its key."""


class Texts(NamedTuple):
    """The numbers of units and of words."""

    units: Numbers
    words: Numbers


class Row(NamedTuple):
    """The rows that mean something, with the parts that several columns are made of.

    Args:
        table: `person`, `base` (what the concept, or else the source, says), `id`, `start`,
            `value`, `unit` and `word` by their numbers, perhaps `bound`, `low`, `high`.
        meanings: what each base means.
        units: the texts of the units that occur, by number.
    """

    table: "ir.Table"
    meanings: dict[int, Meanings]
    units: dict[int, str]


def values(warehouse: Warehouse, source: Source, study: Study, concepts: Concepts,
           options: Options, texts: Texts) -> list[Stream]:  # fmt: skip
    """Give the streams of measurements or of observations; none if there is no such table.

    Measured elements of the table of measurements have the concept as their key. What else stands
    there, and observations, have keys that tell what the record says: yes, no, something, nothing.
    """
    table = warehouse.table(source.name)
    if table is None:
        return []
    table, key, meanings = keyed(warehouse, table, source, concepts)
    if not meanings:
        return []
    row = _row(warehouse, table, source, study, concepts, key, meanings, texts)
    found: list[Stream] = []
    if source is not OBSERVATIONS:
        measured = {k: tuple(m for m in some if concepts.kind(m) in MEASURED)
                    for k, some in meanings.items()}  # fmt: skip
        keys = {k: key_of(some) for k, some in measured.items() if some}
        found.append(_measured(warehouse, source, concepts, options, row, keys))
        meanings = {k: rest for k, some in meanings.items()
                    if (rest := tuple(m for m in some if m not in measured[k]))}  # fmt: skip
    keys = _by_answer(meanings, concepts)
    found.append(_answers(warehouse, source, concepts, options, row, keys, texts))
    return [one for one in found if one.keys]


def _row(warehouse: Warehouse, table: "ir.Table", source: Source, study: Study,
         concepts: Concepts, key: "ir.Value", meanings: dict[int, Meanings], texts: Texts
         ) -> Row:  # fmt: skip
    """Read the parts of each row, step by step: each step uses columns of the one before."""
    value = columns.number(table, "value_as_number")
    value = ibis.null("float64") if value is None else value
    names = {m.element for some in meanings.values() for m in some}
    names = {name for name in names if study.elements[name].kind == "measurement"}
    unit, units = unit_of(
        warehouse, table, key, meanings, wanted_units(study, names), concepts, texts.units
    )
    word = word_of_row(warehouse, table, source, key, meanings, value, concepts, texts.words)
    start = columns.day(table, source.start)
    assert start is not None
    selected = {"person": person_of(table), "base": key, "id": record_of(table, source),
                "start": start, "value": value, "unit": unit, "word": word}  # fmt: skip
    low, high = columns.number(table, "range_low"), columns.number(table, "range_high")
    selected |= {name: limit for name, limit in (("low", low), ("high", high)) if limit is not None}
    rows = table.select(**selected, **bound_of(table))
    return Row(rows.filter(rows["start"].notnull()), meanings, units)


def _possible(row: Row, concepts: Concepts, among: "ir.Table") -> "ir.Table":
    """Leave out values that cannot be true."""
    possible = plausible(row, among["base"], among["value"], among["unit"], concepts)
    return among if possible is None else among.filter(possible)


def _measured(warehouse: Warehouse, source: Source, concepts: Concepts, options: Options, row: Row,
              keys: dict[int, Key]) -> Stream:  # fmt: skip
    """Give the stream of measured elements: rows with a number or a result."""
    rows = row.table.filter(row.table["base"].isin(sorted(keys)))
    rows = rows.filter(rows["value"].notnull() | (rows["word"] != 0))
    rows = with_limits(warehouse, _possible(row, concepts, rows), row, concepts, options)
    return Stream(source.name, rows.rename(key="base"), keys)


def _answers(warehouse: Warehouse, source: Source, concepts: Concepts, options: Options, row: Row,
             keys: dict[int, Key], texts: Texts) -> Stream:  # fmt: skip
    """Give the stream of rows whose keys tell what they say."""
    name = source.name if source is OBSERVATIONS else f"{source.name} answers"
    bases = sorted({key // 4 for key in keys})
    rows = row.table.filter(row.table["base"].isin(bases))
    rows = rows.mutate(says=_says(rows, texts.words))
    rows = rows.mutate(denies=rows["word"] == texts.words.of("false"),
                       doubtful=_doubtful(rows, row.meanings, concepts))  # fmt: skip
    rows = with_limits(warehouse, _possible(row, concepts, rows), row, concepts, options)
    rows = rows.mutate(key=rows["base"] * 4 + rows["says"])
    return Stream(name, rows.drop("base", "says"), keys)


def _says(rows: "ir.Table", words: Numbers) -> "ir.Value":
    word = rows["word"]
    something = rows["value"].notnull() | (word != 0)
    return chosen([(word == words.of("true"), YES), (word == words.of("false"), NO),
                   (something, SOMETHING)], NOTHING)  # fmt: skip


def _by_answer(meanings: dict[int, Meanings], concepts: Concepts) -> dict[int, Key]:
    """Give the keys of records by what they say.

    A measured value is a fact if it says anything, an answer only if it is yes or no. That
    something happened is said by a yes and by a record that says nothing else.
    """
    read: dict[int, Callable[[str], bool]] = {
        NOTHING: lambda kind: kind in OCCURRENCES and kind not in MEASURED,
        YES: lambda kind: True,
        NO: lambda kind: True,
        SOMETHING: lambda kind: kind in MEASURED or kind in OCCURRENCES,
    }
    found = {}
    for base, every in meanings.items():
        for says, reads in read.items():
            own = tuple(m for m in every if reads(concepts.kind(m)))
            if own:
                found[base * 4 + says] = key_of(own)
    return found


def _doubtful(rows: "ir.Table", meanings: dict[int, Meanings], concepts: Concepts) -> "ir.Value":
    """Say whether it is open what a record says; one that is measured has a value by its nature."""
    measured = [k for k, some in meanings.items()
                if any(concepts.kind(m) in MEASURED for m in some)]  # fmt: skip
    doubtful = rows["says"] == SOMETHING
    return doubtful & ~rows["base"].isin(sorted(measured)) if measured else doubtful
