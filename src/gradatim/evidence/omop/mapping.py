"""A warehouse as the fact relation: which keys its records have, and how to take records out.

Little is executed for the keys: the vocabulary, and the source values without a concept. What
else there is to look up, units and results, is looked up of the records that were taken out.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import ibis

from gradatim.evidence.omop.columns import a_day
from gradatim.evidence.omop.concepts import MEASURED, Concepts, key_of
from gradatim.evidence.omop.exposures import exposures, keys_by_route
from gradatim.evidence.omop.keys import (
    ALWAYS,
    DateRange,
    Scope,
    scope,
    wanted,
)
from gradatim.evidence.omop.numbers import Numbers
from gradatim.evidence.omop.occurrences import DATED, occurrences, occurring
from gradatim.evidence.omop.options import Options, Warehouse
from gradatim.evidence.omop.people import person_of, persons
from gradatim.evidence.omop.protocol_codes import dosed
from gradatim.evidence.omop.tables import DRUGS, MEASUREMENTS, SOURCES, VALUES, SourceTable
from gradatim.evidence.omop.unresolved_rows import Unclear, unclear
from gradatim.evidence.omop.values import Texts, outlined, present, values
from gradatim.evidence.omop.vocabulary import concepts
from gradatim.evidence.relation import (
    FIRST_DAY,
    Keep,
    Key,
    Meaning,
    Records,
    Relation,
    Stream,
)
from gradatim.protocol.study import Study

if TYPE_CHECKING:
    from ibis.expr import types as ir


def relation(
    warehouse: Warehouse, study: Study, options: Options, known: Concepts | None = None
) -> Relation:
    """Give all that a warehouse knows of its people; its records are taken out later.

    Args:
        warehouse: the open warehouse.
        study: the protocol that asks.
        options: how the warehouse is to be read.
        known: what concepts mean, where that has been looked up already.

    Raises:
        UnusableInput: a table or column that everything depends on is missing or unusable.
    """
    meaning = known or concepts(warehouse, study, options.coverage)
    found = (scope(warehouse, source, meaning) for source in SOURCES)
    scopes = tuple(one for one in found if one is not None)
    open_ = (unclear(warehouse, source, meaning) for source in SOURCES)
    not_understood = tuple(one for one in open_ if one is not None)
    options = options.without(meaning.understood.unheld)
    people = persons(warehouse, options)
    unseen = frozenset(meaning.understood.unrecognised)
    records = OmopRecords(warehouse, study, options, scopes, not_understood, people, unseen)
    return Relation(
        people,
        tuple(records.outline()),
        covered=frozenset(options.coverage),
        records=records,
        unclear=tuple(_unclear(of, None) for of in not_understood),
        unrecognised=unseen,
    )


@dataclass(frozen=True)
class OmopRecords:
    """The records of a warehouse, in its tables.

    Args:
        warehouse: the open warehouse.
        study: the protocol that asks.
        options: how the warehouse is to be read.
        scopes: the tables, with what their rows mean.
        unclear: the rows that are not understood.
        people: the people.
        unrecognised: elements of which a record need not be seen.
    """

    warehouse: Warehouse
    study: Study
    options: Options
    scopes: tuple[Scope, ...]
    unclear: tuple[Unclear, ...]
    people: "ir.Table"
    unrecognised: frozenset[str] = frozenset()

    def outline(self) -> Iterator[Stream]:
        """Give the streams without any record: their keys, and the columns that some may have."""
        for of in self.scopes:
            for name, keys in _streams(of):
                told = "denies" if of.source in VALUES else "unreadable"
                table = ibis.table(
                    {
                        "person": "int64",
                        "key": "int64",
                        "id": "int64",
                        "start": "date",
                        told: "boolean",
                    },
                    name=name,
                )
                yield Stream(name, table, keys)

    def among(self, first: Any, last: Any) -> Records:
        """Give those of the people from one id to another, both included."""

        def own(table: "ir.Table") -> "ir.Table":
            person = person_of(table)
            return table.filter((person >= first) & (person <= last))

        return replace(
            self,
            scopes=tuple(one._replace(table=own(one.table)) for one in self.scopes),
            unclear=tuple(one._replace(table=own(one.table)) for one in self.unclear),
        )

    def take(self, days: Mapping[str, DateRange] | None, keep: Keep) -> Relation:
        """Take the records of some elements out; see `Records`."""
        texts = Texts(Numbers(), Numbers())
        streams: list[Stream] = []
        sure: list[Stream] = []
        for of in self.scopes:
            asked = wanted(of.meanings, days, self._dated(of.source))
            if not asked:
                continue
            dated = of.source is MEASUREMENTS and any(one != ALWAYS for one in asked.values())
            for one in self._mapped(of, asked, texts, keep):
                taken = replace(one, table=keep(one.table, one.name))
                if dated and one.name == of.source.name:
                    sure.append(taken)
                    taken = replace(taken, table=keep(_in_days(taken, asked), f"{one.name} asked"))
                streams.append(occurring(self.warehouse, taken))
            if dated:
                sure += present(of, asked)
        told = {one.name for one in sure}
        present_ = (*(one for one in streams if one.name not in told), *sure)
        unclear = tuple(_unclear(of, keep) for of in self.unclear)
        return Relation(
            self.people,
            tuple(streams),
            texts.units.texts,
            texts.words.texts,
            covered=frozenset(self.options.coverage),
            present=present_,
            unclear=unclear,
            unrecognised=self.unrecognised,
        )

    def _mapped(
        self, of: Scope, days: Mapping[int, DateRange], texts: Texts, keep: Keep
    ) -> list[Stream]:
        if of.source in VALUES:
            return values(self.warehouse, of, days, self.study, self.options, texts, keep)
        if of.source is DRUGS:
            return exposures(self.warehouse, of, days, texts.words, dosed(self.study))
        return [occurrences(of, days, texts.words)]

    def _dated(self, source: SourceTable) -> frozenset[str]:
        """Give the elements of which a question looks at no records but those of its days.

        Of the others it is asked whether there is any record, and all of them are taken out; but
        for measurements, of which those are counted that surely are some.
        """
        kinds: tuple[str, ...] = () if source in VALUES else DATED
        kinds = MEASURED if source is MEASUREMENTS else kinds
        return frozenset(n for n, one in self.study.elements.items() if one.kind in kinds)


def _unclear(of: Unclear, keep: Keep | None) -> Stream:
    """Give the rows of a table that are not understood; without `keep` no more than their keys."""
    name = f"{of.source.name} not understood"
    keys = {
        key: key_of(tuple(Meaning(one) for one in sorted(names))) for key, names in of.keys.items()
    }
    if keep is None:
        empty = ibis.table({"person": "int64", "key": "int64", "unreadable": "boolean"}, name=name)
        return Stream(name, empty, keys)
    return Stream(name, keep(of.rows(), name).mutate(unreadable=True), keys)


def _in_days(stream: Stream, days: Mapping[int, DateRange]) -> "ir.Table":
    """Leave out values of other days than any asked about, but of keys that have all days."""
    table, own = stream.table, {key: days.get(key, ALWAYS)[0] for key in stream.keys}
    since = min((day for day in own.values() if day > FIRST_DAY), default=FIRST_DAY)
    always = sorted(key for key, day in own.items() if day == FIRST_DAY)
    here = table["start"] >= a_day(since)
    return table.filter(here | table["key"].isin(always) if always else here)


def _streams(of: Scope) -> list[tuple[str, dict[int, Key]]]:
    if of.source in VALUES:
        return outlined(of)
    if of.source is DRUGS:
        return keys_by_route(of.meanings, of.concepts)
    return [(of.source.name, {key: key_of(some) for key, some in of.meanings.items()})]
