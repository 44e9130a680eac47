"""A person's dated facts: one relation for every source, and what the source covers.

fact(element, id, start, end, value, unit, low, high, code, ...): a measurement has a value or a
code, a condition, exposure or procedure a period, an answer the code `true` or `false`.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import NamedTuple

from gradatim.core.dates import ANY_DAY, Day
from gradatim.core.message import Text
from gradatim.core.quantity import Quantity
from gradatim.core.verdict import Reason

RELATED = ("possible", "probable", "definite", "related")
"""Relations of an adverse event to the product (`method`) that count as related."""


class Often(NamedTuple):
    """On how many days a drug is taken while a record of it lasts, at the least.

    Args:
        days: of every so many days in a row, this many at least; 0 where it may be none.
        of: so many days.
    """

    days: int = 1
    of: int = 1

    @property
    def daily(self) -> bool:
        """Whether it is taken every day."""
        return self.days >= self.of

    def least(self, lasting: int) -> int:
        """Return on how many days it is taken at least in so many days in a row."""
        rest = lasting % self.of - (self.of - self.days)
        return self.days * (lasting // self.of) + max(0, rest)


EVERY_DAY = Often()


class GradeSpell(NamedTuple):
    """A time in which an adverse event had one grade.

    Args:
        grade: the grade; None where nobody has graded it.
        first: the day on which it began.
        last: the last day of it; NEVER_ENDED while it goes on.
        sure_until: the last day on which it surely had it, as of a value that is measured now and
            then; None: until the last.
    """

    grade: float | None
    first: Day
    last: Day
    sure_until: Day | None = None


class Fact(NamedTuple):
    """One fact of one element.

    Args:
        element: the protocol element it is about.
        id: where it comes from, such as `Observation/o7`.
        start: first day; of a measurement or an answer, its day.
        end: last day; NEVER_ENDED while it goes on; unknown ends are intervals.
        value: a measured value, a total daily dose (unit `mg/d`), or an adverse event's grade. The
            lesser of two doses that a dose is known to lie between.
        unit: UCUM unit of the value.
        bound: `<`, `<=`, `>` or `>=` when the value is only a bound.
        low: lower reference limit.
        high: upper reference limit (ULN).
        code: a coded result (`positive`), an answer (`true`), or an ingredient's name.
        method: how it was obtained.
        route: route of administration (SNOMED CT code); empty if not recorded.
        derived: computed, or read out of an allergy; anything recorded outranks it.
        doubtful: why it may not count, such as `unconfirmed`; else empty.
        sources: the facts it was derived from.
        unsettled: of a record that says something, but not what: why (NOT_UNDERSTOOD: it cannot be
            read; CONFLICT: it contradicts itself). It is doubtful and has neither value nor code.
        most: the larger of the two doses that a daily dose lies between; None where it is `value`.
        course: the course of treatment that a drug record tells of, as others of the same course
            do; empty if it does not say. Records of one course tell of the same doses.
        often: on how many days of its period a drug was taken at the least.
        entry: the entry of the ledger that holds it; None of what is in none.
        serious: criteria of seriousness that an adverse event meets; None where nobody can tell.
        outcome: of an adverse event, as last known; empty where nobody has told.
        spells: the grades that an adverse event had, one after another; none where its value is
            the grade all along.
    """

    element: str
    id: str
    start: Day
    end: Day
    value: float | None = None
    unit: str = ""
    bound: str = ""
    low: Quantity | None = None
    high: Quantity | None = None
    code: str = ""
    method: str = ""
    route: str = ""
    derived: bool = False
    doubtful: Text = ""
    sources: tuple["Fact", ...] = ()
    unsettled: Reason | None = None
    most: float | None = None
    course: str = ""
    often: Often = EVERY_DAY
    entry: int | None = None
    serious: tuple[str, ...] | None = None
    outcome: str = ""
    spells: tuple["GradeSpell", ...] = ()

    @property
    def entries(self) -> tuple[int, ...]:
        """The entries of the ledger that hold it, or what it was derived from."""
        own = () if self.entry is None else (self.entry,)
        return (*own, *(entry for one in self.sources for entry in one.entries))


class Coding(NamedTuple):
    """One code of a record.

    Args:
        code: the code; of a record that is told of in words alone, these words.
        system: the code system: its wire name (URI), or empty where none is given.
        display: what the record calls it.
        label: what people call the system; empty where it has no name here.
    """

    code: str
    system: str = ""
    display: str = ""
    label: str = ""

    def __str__(self) -> str:
        """Write it as people do: `SNOMED CT 254837009 (Malignant neoplasm of breast)`."""
        named = self.label or self.system
        return f"{named} {self.code}".strip() + (f" ({self.display})" if self.display else "")


class NotUsed(NamedTuple):
    """A record that is not evidence.

    Args:
        id: where it comes from, such as `Condition/c7`.
        why: why it is not used.
        elements: of a record that is not understood, the elements that it may be about: while
            there is one, nothing declared complete covers them.
        codes: what it is coded as; empty where it has no code, or is not understood for another
            reason.
        instead: what stands for it among the facts, each `unsettled`: it is known of which element
            and which days it is, and not what it says.
        conflict: whether it contradicts itself.
        entry: the entry of the ledger that holds it; None of what is in none.
    """

    id: str
    why: str
    elements: tuple[str, ...] = ()
    codes: tuple[Coding, ...] = ()
    instead: tuple[Fact, ...] = ()
    conflict: bool = False
    entry: int | None = None

    @property
    def entries(self) -> tuple[int, ...]:
        """The entry of the ledger that holds it, if one does."""
        return () if self.entry is None else (self.entry,)


class Observed(NamedTuple):
    """The days a source observed; None where it has no limit."""

    since: date | None = None
    until: date | None = None


@dataclass(frozen=True)
class Facts:
    """All that is known of one person.

    Args:
        person: identifier.
        birth: date of birth, possibly partial.
        sex: `female`, `male`, or empty if not recorded as one of these.
        by_element: facts of each element, as read.
        coverage: for each kind declared exhaustive, the days observed: no record within them
            means that it did not happen. Other kinds are never covered.
        not_used: records read that are no evidence, with the reason.
        read: number of records read.
        died: day of death; ANY_DAY if it is not known when, None of the living.
        birth_conflict: how what is known of the date of birth contradicts itself; empty if it does
            not. Then `birth` is ANY_DAY.
        recorded: of each kind that a declaration may cover, how many records tell of it, whatever
            they are about; empty where the source does not tell.
    """

    person: str
    birth: Day = ANY_DAY
    sex: str = ""
    by_element: Mapping[str, tuple[Fact, ...]] = field(default_factory=dict)
    coverage: Mapping[str, Observed] = field(default_factory=dict)
    not_used: tuple[NotUsed, ...] = ()
    read: int = 0
    died: Day | None = None
    birth_conflict: Text = ""
    recorded: Mapping[str, int] = field(default_factory=dict)

    @cached_property
    def not_understood(self) -> Mapping[str, tuple[NotUsed, ...]]:
        """By element the records that may be about it and are not understood."""
        found: dict[str, list[NotUsed]] = {}
        for one in self.not_used:
            for name in one.elements:
                found.setdefault(name, []).append(one)
        return {name: tuple(some) for name, some in found.items()}

    @property
    def unreadable(self) -> frozenset[str]:
        """Elements that nothing declared complete covers: a record of them is not understood."""
        return frozenset(self.not_understood)

    @cached_property
    def every(self) -> Mapping[str, tuple[Fact, ...]]:
        """By element what is recorded, and what stands for records that are not settled."""
        instead = [fact for one in self.not_used for fact in one.instead]
        if not instead:
            return self.by_element
        found = dict(self.by_element)
        for fact in instead:
            found[fact.element] = (*found.get(fact.element, ()), fact)
        return found

    @property
    def conflicts(self) -> tuple[NotUsed, ...]:
        """Records, or parts of them, that contradict themselves."""
        return tuple(one for one in self.not_used if one.conflict)

    def open_records(self, elements: Iterable[str]) -> int:
        """Return how many records are not known to lie outside of some elements."""
        records = (one for name in elements for one in self.not_understood.get(name, ()))
        return len({one.id.split("#")[0] for one in records})

    def of(self, element: str) -> tuple[Fact, ...]:
        """Return the facts recorded of an element, with those that are not settled."""
        return self.every.get(element, ())
