"""What a user says of a source that the source does not say itself."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import TYPE_CHECKING, NamedTuple, Protocol

from gradatim.evidence.facts import Observed
from gradatim.vocabulary.graph import Vocabulary

if TYPE_CHECKING:
    import pyarrow as pa
    from ibis.expr import types as ir


class Warehouse(Protocol):
    """What is needed of an open warehouse; column names are in lower case."""

    @property
    def tables(self) -> frozenset[str]:
        """The names of all tables."""
        ...

    def table(self, name: str) -> "ir.Table | None":
        """Give a table, or None if there is none of that name."""
        ...

    def fetch(self, expr: "ir.Table") -> "pa.Table":
        """Execute an expression whose rows fit into memory."""
        ...


class ReferenceRange(NamedTuple):
    """Limits of a laboratory for some people, for values that came without their own.

    Args:
        unit: UCUM unit of the limits.
        low: lower limit of normal, None if there is none.
        high: upper limit of normal, None if there is none.
        sex: `female`, `male`, or empty for both.
        age_from: youngest age in completed years on the day of the value.
        age_to: oldest age in completed years.
    """

    unit: str
    low: float | None = None
    high: float | None = None
    sex: str = ""
    age_from: int = 0
    age_to: int = 999

    @property
    def for_all(self) -> bool:
        """Whether it holds for people of any sex and age."""
        return not self.sex and self.age_from <= 0 and self.age_to >= _OLDEST


_OLDEST = 150
ReferenceRanges = Mapping[str, tuple[ReferenceRange, ...]]
"""Of each element, its ranges; the first that surely holds for a person counts."""


@dataclass(frozen=True)
class Options:
    """How a warehouse, or a bulk export, is to be read.

    Args:
        on: the day of the evaluation; who died up to then is left out.
        coverage: for each kind declared exhaustive, the days observed.
        observation_period: whether people are observed only in their `observation_period`.
        reference_ranges: a laboratory's limits, for values without their own.
        vocabulary: what a code is beside itself, where the source does not tell.
    """

    on: date
    coverage: Mapping[str, Observed] = field(default_factory=dict)
    observation_period: bool = False
    reference_ranges: ReferenceRanges = field(default_factory=dict)
    vocabulary: Vocabulary | None = None

    def without(self, kinds: Collection[str]) -> "Options":
        """Return them without the declaration that some kinds are held completely."""
        return replace(
            self, coverage={kind: seen for kind, seen in self.coverage.items() if kind not in kinds}
        )
