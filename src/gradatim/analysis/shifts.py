"""Shift tables: the grade at baseline against the worst grade after the first dose, by CTCAE term.

Every participant dosed is in each table once. A term that goes the other way (hypokalaemia,
hyperkalaemia) is another table. `unknown` is a value that numbers do not grade, such as one without
its reference range; `missing` is that there is no value. A participant whose worst grade depends on
an ungraded value is unknown, and so never counts as unchanged.
"""

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from gradatim.analysis.groups import By, Group, groups
from gradatim.clinical.ctcae.grade import Grade
from gradatim.conduct.state import State
from gradatim.conduct.views.grades import Graded, baseline, grades

Category = Literal["0", "1", "2", "3", "4", "unknown", "missing"]
CATEGORIES: tuple[Category, ...] = ("0", "1", "2", "3", "4", "unknown", "missing")
"""Rows and columns. Grade 5 is a death and never comes from a measurement."""
_UNKNOWN, _MISSING = CATEGORIES.index("unknown"), CATEGORIES.index("missing")
_ShiftTerm = tuple[str, str]
"""An element of the protocol and a CTCAE term of it."""


class Shift(NamedTuple):
    """One participant's grades of one term.

    Args:
        baseline, worst: the grade before the first dose and the worst one after it.
    """

    participant: str
    baseline: Category
    worst: Category

    @property
    def worse(self) -> bool | None:
        """Whether it became worse; None where one of the two is not known."""
        known = self.baseline.isdigit() and self.worst.isdigit()
        return int(self.worst) > int(self.baseline) if known else None


class ShiftTable(NamedTuple):
    """The shifts of one term in one group (None: everybody dosed).

    Args:
        element, label, term: what was measured, what people call it, and the term it is graded by.
        shifts: of each participant of the group.
    """

    element: str
    label: str
    term: str
    group: Group | None
    shifts: tuple[Shift, ...]

    @property
    def cells(self) -> tuple[tuple[int, ...], ...]:
        """Participants by baseline (rows) and worst grade (columns), both as `CATEGORIES`."""
        pairs = [(one.baseline, one.worst) for one in self.shifts]
        return tuple(
            tuple(pairs.count((row, column)) for column in CATEGORIES) for row in CATEGORIES
        )

    @property
    def worse(self) -> tuple[int, int]:
        """How many became worse, and of how many it is not known."""
        told = [one.worse for one in self.shifts]
        return told.count(True), told.count(None)


def shift_tables(state: State, by: By | None = "level") -> tuple[ShiftTable, ...]:
    """Give a table for each group and each term by which a value of somebody dosed was graded.

    Args:
        state: the trial, already as of the data cut.
        by: what the groups are; None for one table of everybody dosed.
    """
    found = groups(state, by or "level")
    people = [name for group in found for name in group.participants]
    rows = {name: _by_term(grades(state, state.participants[name])) for name in people}
    terms = sorted({term for of in rows.values() for term in of})
    columns: list[tuple[Group | None, Sequence[str]]] = (
        [(None, people)] if by is None else [(one, one.participants) for one in found]
    )
    return tuple(
        ShiftTable(
            *_named(state, term),
            group,
            tuple(_shift(name, rows[name].get(term, ())) for name in who),
        )
        for term in terms
        for group, who in columns
    )


def _named(state: State, term: _ShiftTerm) -> tuple[str, str, str]:
    element = state.study.elements.get(term[0])
    return term[0], element.label if element else term[0], term[1]


def _by_term(found: Iterable[Graded]) -> dict[_ShiftTerm, list[Graded]]:
    told: dict[_ShiftTerm, list[Graded]] = {}
    for one in found:
        told.setdefault((one.element, one.grade.term), []).append(one)
    return told


def _shift(participant: str, found: Sequence[Graded]) -> Shift:
    before = [one for one in found if not one.after_dose]
    fact = baseline([one.fact for one in before])
    first = [possible(one.grade) for one in before if one.fact is fact]
    later = [possible(one.grade) for one in found if one.after_dose]
    return Shift(participant, _category(first), _category(later))


def possible(grade: Grade) -> tuple[int, int]:
    """Give the least and the worst grade that a value may have, as far as numbers tell.

    What only a clinician can add (symptoms, bleeding) is reported as an adverse event: there it is
    the grade that the numbers alone make certain, as in `Graded.by_numbers`.
    """
    least, most = min(grade.possible, default=0), max(grade.possible, default=4)
    return (least, least) if grade.needs_observation else (least, most)


def _category(found: Sequence[tuple[int, int]]) -> Category:
    """Give the worst grade of several values; unknown where they leave it open."""
    if not found:
        return CATEGORIES[_MISSING]
    least, most = (max(one[i] for one in found) for i in (0, 1))
    return CATEGORIES[least if least == most else _UNKNOWN]
