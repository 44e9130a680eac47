"""The fact relation in an engine's tables: what a population is evaluated on.

The columns say of many people what `Facts` says of one. Codes have become keys at the boundary, so
that an engine compares integers; what a key means is known here, outside the engine.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

from gradatim.core.verdict import Reason

if TYPE_CHECKING:
    from ibis.expr import types as ir

BOUNDS = ("", "<", "<=", ">", ">=")
"""Bounds by their number in the column `bound`."""
UNSETTLED = (None, Reason.NOT_UNDERSTOOD, Reason.CONFLICT)
"""Why a record is not settled, by its number in the column `unsettled`."""
FIRST_DAY, LAST_DAY = date.min, date.max
"""The days that stand for "without limit", as in `Day`."""
Keep = Callable[["ir.Table", str], "ir.Table"]
"""Materialises an expression under a name, for as long as the people are looked at."""


class Meaning(NamedTuple):
    """An element that a key stands for; `code` is the ingredient of a drug, else empty."""

    element: str
    code: str = ""


class Key(NamedTuple):
    """What the records of one key are about.

    Args:
        meanings: the elements each record is a fact of.
        record: every element that the same record is evidence of, for `except`.
    """

    meanings: tuple[Meaning, ...]
    record: frozenset[str]


@dataclass(frozen=True)
class Stream:
    """Records of one engine table.

    Args:
        name: what people call it: the name of the source table.
        table: the records. Columns, of which only the first four must be there:
            `person`; `key` (int64); `id` (of the record); `start` (DATE, the first day it may have
            begun);
            `start_last` (DATE; absent: begun on `start`), `end`, `end_last` (DATE, the first and
            last day it may have ended; absent `end`: on the day it began; absent `end_last`: `end`
            is known); none of these days is NULL;
            `value` (float64; a value, a daily dose in mg, a grade), `unit` (its number among the
            relation's `units`), `bound` (its number among BOUNDS), `low`, `high` (float64, the
            reference limits in the value's unit), `low_other`, `high_other` (whether the limit is
            in a unit that does not convert), `word` (the coded result or answer, its number among
            the relation's `words`; 0 for none), `method` (likewise among `methods`);
            `derived`, `doubtful`, `denies`, `unreadable` (boolean; `denies`: it says that it did
            not happen; `unreadable`: no fact, but it ends the coverage of its elements);
            `most` (float64; the larger of the two that a daily dose lies between, NULL where it is
            `value`), `course` (what tells records of one treatment from others; absent: `id`),
            `often`, `often_of` (on how many of so many days it is taken at the least; absent: 1 of
            1),
            `related` (1 yes, 0 no, -1 not recorded; of an adverse event); `unsettled` (of a record
            that does not settle what it says, why: its number in UNSETTLED). Of the streams in
            `Relation.unclear` only `person`, `key` and `unreadable`, which holds of all, are there.
        keys: what each key means. Records of other keys are not evidence.
    """

    name: str
    table: "ir.Table"
    keys: Mapping[int, Key]

    def has(self, column: str) -> bool:
        """Whether the table has a column; without it every record has the default."""
        return column in self.table.columns

    def keys_of(self, element: str) -> Iterator[tuple[int, Meaning]]:
        """Give the keys of an element, with what they mean for it."""
        for key, means in self.keys.items():
            for meaning in means.meanings:
                if meaning.element == element:
                    yield key, meaning


class Records(Protocol):
    """Records that are still in their source, in its own form."""

    def take(self, days: "Mapping[str, tuple[date, date]] | None", keep: Keep) -> "Relation":
        """Give the records of some elements that may touch some days, mapped.

        Args:
            days: of each element that is looked at the first and the last day, both included; None
                takes every record of every element.
            keep: how to materialise what was taken out.

        Returns:
            the records and, in `present`, of which elements people have any record at all.
        """

    def among(self, first: Any, last: Any) -> "Records":
        """Give those of the people from one id to another, both included."""


@dataclass(frozen=True)
class Relation:
    """All that is known of a population.

    Args:
        persons: one row for each living person: `person`; `birth_first`, `birth_last` (DATE);
            `sex` (`female`, `male` or empty); for each kind in `covered` the days observed,
            `since_<kind>` and `until_<kind>` (DATE); optionally `site`.
        streams: the records. With `records` their tables hold none: only the names of the keys and
            of the columns are known, until the records are taken out.
        units: UCUM units, by number.
        words: coded results and answers, by number; the first is empty.
        methods: methods, by number; the first is empty.
        covered: the kinds of which no record may mean that it did not happen.
        records: how to take the records out of their source; None: the streams hold them.
        present: records of any day, of which perhaps no more than `person` and `key` is told; for
            the question whether there is any. None: the streams are all there is.
        unclear: records of which it is not known what they mean; each keeps the elements that its
            key stands for from being absent, for its person.
        unrecognised: elements whose records the source could hold without its being seen: they are
            absent in nobody.
    """

    persons: "ir.Table"
    streams: tuple[Stream, ...]
    units: tuple[str, ...] = ("",)
    words: tuple[str, ...] = ("",)
    methods: tuple[str, ...] = ("",)
    covered: frozenset[str] = frozenset()
    records: Records | None = None
    present: tuple[Stream, ...] | None = None
    unclear: tuple[Stream, ...] = ()
    unrecognised: frozenset[str] = frozenset()

    def among(self, first: Any, last: Any) -> "Relation":
        """Give what is known of the people from one id to another, both included."""

        def own(table: "ir.Table") -> "ir.Table":
            return table.filter((table["person"] >= first) & (table["person"] <= last))

        if self.records is not None:
            records = self.records.among(first, last)
            return replace(self, persons=own(self.persons), records=records)
        streams, unclear = (
            tuple(replace(one, table=own(one.table)) for one in some)
            for some in (self.streams, self.unclear)
        )
        return replace(self, persons=own(self.persons), streams=streams, unclear=unclear)

    def whole(self) -> "Relation":
        """Give it with every record of every element in its streams, none of them materialised."""
        if self.records is None:
            return self
        found = self.records.take(None, lambda table, _: table)
        return replace(found, persons=self.persons, present=None)
