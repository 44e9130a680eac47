"""Measurements and observations as streams: values with units and limits, results, answers."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

import ibis

from gradatim.evidence.fhir.reader_context import OCCURRENCES
from gradatim.evidence.omop import columns
from gradatim.evidence.omop.columns import case_when
from gradatim.evidence.omop.concepts import MEASURED, Concepts, Meanings, key_of
from gradatim.evidence.omop.keys import ALWAYS, KEY, DateRange, Scope
from gradatim.evidence.omop.limits import with_limits
from gradatim.evidence.omop.numbers import Numbers
from gradatim.evidence.omop.occurrences import record_of
from gradatim.evidence.omop.options import Options, Warehouse
from gradatim.evidence.omop.people import person_of
from gradatim.evidence.omop.protocol_codes import wanted_units
from gradatim.evidence.omop.tables import OBSERVATIONS, SourceTable
from gradatim.evidence.omop.value_parts import (
    bound_of,
    plausible,
    ranged,
    unit_of,
    word_of_row,
)
from gradatim.evidence.omop.vocabulary import value_concepts, with_results
from gradatim.evidence.relation import FIRST_DAY, Keep, Key, Stream
from gradatim.protocol.study import Study

if TYPE_CHECKING:
    from ibis.expr import types as ir

NOTHING, YES, NO, SOMETHING = range(4)
"""What a record says, where that decides of what it is a fact; part of its key."""


class Texts(NamedTuple):
    """The numbers of units and of words."""

    units: Numbers
    words: Numbers


class _Row(NamedTuple):
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


def values(
    warehouse: Warehouse,
    of: Scope,
    days: Mapping[int, DateRange],
    study: Study,
    options: Options,
    texts: Texts,
    keep: Keep,
) -> list[Stream]:
    """Give the streams of measurements or of observations.

    Measured elements of the table of measurements have the concept as their key. What else stands
    there, and observations, have keys that tell what the record says: yes, no, something, nothing.
    Rows are taken out as they are; all that is looked up and computed is so of what was taken.

    Args:
        warehouse: the open warehouse.
        of: the table.
        days: the concepts (and what else is a key) that are wanted, with their days.
        study: the protocol that asks.
        options: how the warehouse is to be read.
        texts: the numbers of units and of words.
        keep: how to materialise what was taken out.
    """
    source = of.source
    # What a source wrote is looked up for each row; of its keys all rows are looked at.
    days = {key: ALWAYS if key < 0 else one for key, one in days.items()}
    table = keep(_taken(of, days), f"{source.name} rows")
    occurring = set(warehouse.fetch(table.select(key=table[KEY]).distinct())["key"].to_pylist())
    meanings = {key: of.meanings[key] for key in days if key in occurring}
    if not meanings:
        return []
    concepts = with_results(warehouse, of.concepts, value_concepts(warehouse, table))
    row = _row(warehouse, table, source, study, concepts, meanings, texts, of.paired.keys())
    measured, said = parted(source, meanings, concepts)
    found: list[Stream] = []
    if measured:
        found.append(_measured(warehouse, source, concepts, options, row, measured))
    if keys := _by_answer(said, concepts):
        found.append(_answers(warehouse, source, concepts, options, row, keys, texts))
    return found


def parted(
    source: SourceTable, meanings: Mapping[int, Meanings], concepts: Concepts
) -> tuple[dict[int, Key], dict[int, Meanings]]:
    """Part what keys mean: the keys of measured elements, and what is said of the others."""
    if source is OBSERVATIONS:
        return {}, dict(meanings)
    measured = {
        key: tuple(m for m in some if concepts.kind(m) in MEASURED)
        for key, some in meanings.items()
    }
    rest = {key: tuple(m for m in some if m not in measured[key]) for key, some in meanings.items()}
    return (
        {key: key_of(some) for key, some in measured.items() if some},
        {key: some for key, some in rest.items() if some},
    )


def outlined(of: Scope) -> list[tuple[str, dict[int, Key]]]:
    """Give the names of the streams, each with its keys."""
    measured, said = parted(of.source, of.meanings, of.concepts)
    every = ((of.source.name, measured), (_answers_of(of.source), _by_answer(said, of.concepts)))
    return [(name, keys) for name, keys in every if keys]


def _answers_of(source: SourceTable) -> str:
    return source.name if source is OBSERVATIONS else f"{source.name} answers"


_COLUMNS = (
    "value_as_number",
    "value_as_concept_id",
    "unit_concept_id",
    "unit_source_value",
    "operator_concept_id",
    "range_low",
    "range_high",
)


def _taken(of: Scope, days: Mapping[int, DateRange]) -> "ir.Table":
    """Take the rows of their days; of others those of which only a closer look tells what they are.

    Whether a person has any value at all is then known by these, and by those that are one surely.
    """
    source, rows = of.source, of.rows(days, lambda rows: _looked_at(rows, of, days))
    start = columns.day(rows, source.start)
    assert start is not None
    kept = {name: rows[name] for name in (*_COLUMNS, source.text) if name in rows.columns}
    return rows.select(
        person=person_of(rows), id=record_of(rows, source), start=start, **{KEY: rows[KEY]}, **kept
    )


def _looked_at(rows: "ir.Table", of: Scope, days: Mapping[int, DateRange]) -> "ir.Table":
    """Leave out rows without a day, and those that surely are some value, but of other days."""
    start = columns.day(rows, of.source.start)
    assert start is not None
    rows = rows.filter(start.notnull())
    known = {key: one for key, one in days.items() if key >= 0}
    least = min((since for since, _ in known.values()), default=FIRST_DAY)
    if not known or max(since for since, _ in known.values()) == FIRST_DAY:
        return rows
    rows, sure = ranged(rows, of, known)
    here = start >= columns.a_day(least)
    cases = [(where, start >= since) for where, since in sure]
    return rows.filter(case_when(cases, here | _said(rows, of.source)))


def _said(rows: "ir.Table", source: SourceTable) -> "ir.Value":
    """Say whether a row may say anything at all."""
    value, result = (
        columns.number(rows, "value_as_number"),
        columns.whole(rows, "value_as_concept_id"),
    )
    text = columns.text(rows, source.text)
    found = [
        one
        for one in (
            None if value is None else value.notnull(),
            None if result is None else (result != 0).fill_null(False),
            None if text is None else text.notnull(),
        )
        if one is not None
    ]
    return ibis.or_(*found) if found else ibis.literal(False)


def present(of: Scope, keys: Iterable[int]) -> Iterator[Stream]:
    """Give `person` and `key` of the measured values, of any day, that surely are some."""
    measured, _ = parted(of.source, {key: of.meanings[key] for key in keys}, of.concepts)
    plain = {key: one for key, one in measured.items() if key >= 0}
    if plain:
        always = dict.fromkeys(plain, ALWAYS)
        rows = of.rows(always, lambda rows: _sure(rows, of, always))
        yield Stream(of.source.name, rows.select(person=person_of(rows), key=rows[KEY]), plain)


def _sure(rows: "ir.Table", of: Scope, days: Mapping[int, DateRange]) -> "ir.Table":
    start = columns.day(rows, of.source.start)
    assert start is not None
    rows, sure = ranged(rows.filter(start.notnull()), of, days)
    return rows.filter(case_when([(where, True) for where, _ in sure], False))


def _row(
    warehouse: Warehouse,
    table: "ir.Table",
    source: SourceTable,
    study: Study,
    concepts: Concepts,
    meanings: dict[int, Meanings],
    texts: Texts,
    paired: Collection[int],
) -> _Row:
    """Read the parts of each row, step by step: each step uses columns of the one before.

    Rows of keys that are `paired` say no more than that what the key means is so.
    """
    value = columns.number(table, "value_as_number")
    value = ibis.null("float64") if value is None else value
    names = {m.element for some in meanings.values() for m in some}
    names = {name for name in names if study.elements[name].kind == "measurement"}
    unit, units = unit_of(warehouse, table, wanted_units(study, names), concepts, texts.units)
    word = word_of_row(warehouse, table, source, value, concepts, texts.words)
    if paired:
        here = table[KEY].isin(sorted(paired))
        value = ibis.ifelse(here, ibis.null("float64"), value)
        word = ibis.ifelse(here, texts.words.of("true"), word).cast("int32")
    selected = {
        "person": table["person"],
        "base": table[KEY],
        "id": table["id"],
        "start": table["start"],
        "value": value,
        "unit": unit,
        "word": word,
    }
    low, high = columns.number(table, "range_low"), columns.number(table, "range_high")
    selected |= {name: limit for name, limit in (("low", low), ("high", high)) if limit is not None}
    return _Row(table.select(**selected, **bound_of(table)), meanings, units)


def _possible(row: _Row, concepts: Concepts, among: "ir.Table") -> "ir.Table":
    """Leave out values that cannot be true."""
    possible = plausible(row, among["base"], among["value"], among["unit"], concepts)
    return among if possible is None else among.filter(possible)


def _measured(
    warehouse: Warehouse,
    source: SourceTable,
    concepts: Concepts,
    options: Options,
    row: _Row,
    keys: dict[int, Key],
) -> Stream:
    """Give the stream of measured elements: rows with a number or a result."""
    rows = row.table.filter(row.table["base"].isin(sorted(keys)))
    rows = rows.filter(rows["value"].notnull() | (rows["word"] != 0))
    rows = with_limits(warehouse, _possible(row, concepts, rows), row, concepts, options)
    return Stream(source.name, rows.rename(key="base"), keys)


def _answers(
    warehouse: Warehouse,
    source: SourceTable,
    concepts: Concepts,
    options: Options,
    row: _Row,
    keys: dict[int, Key],
    texts: Texts,
) -> Stream:
    """Give the stream of rows whose keys tell what they say."""
    bases = sorted({key // 4 for key in keys})
    rows = row.table.filter(row.table["base"].isin(bases))
    rows = rows.mutate(says=_says(rows, texts.words))
    rows = rows.mutate(
        denies=rows["word"] == texts.words.of("false"),
        doubtful=_doubtful(rows, row.meanings, concepts),
    )
    rows = with_limits(warehouse, _possible(row, concepts, rows), row, concepts, options)
    rows = rows.mutate(key=rows["base"] * 4 + rows["says"])
    return Stream(_answers_of(source), rows.drop("base", "says"), keys)


def _says(rows: "ir.Table", words: Numbers) -> "ir.Value":
    word = rows["word"]
    something = rows["value"].notnull() | (word != 0)
    return case_when(
        [(word == words.of("true"), YES), (word == words.of("false"), NO), (something, SOMETHING)],
        NOTHING,
    )


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
    measured = [
        k for k, some in meanings.items() if any(concepts.kind(m) in MEASURED for m in some)
    ]
    doubtful = rows["says"] == SOMETHING
    return doubtful & ~rows["base"].isin(sorted(measured)) if measured else doubtful
