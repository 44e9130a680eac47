"""Decision tables: what to do with y DLTs in n participants, as data.

Interval designs compile to one, 3+3 is one, and a user may bring any other.
"""

from enum import IntEnum
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from gradatim.core.errors import UnusableInput


class Action(IntEnum):
    """What a table says; from the most daring to the most careful."""

    NONE = 0
    ESCALATE = 1
    STAY = 2
    HOLD = 3
    DE_ESCALATE = 4
    ELIMINATE = 5
    STOP = 6

    @property
    def sign(self) -> str:
        """As tables print it."""
        return SIGNS[self]


SIGNS = {
    Action.NONE: "",
    Action.ESCALATE: "E",
    Action.STAY: "S",
    Action.HOLD: "H",
    Action.DE_ESCALATE: "D",
    Action.ELIMINATE: "DU",
    Action.STOP: "X",
}
MEANING = {
    Action.ESCALATE: "escalate to the next dose",
    Action.STAY: "stay at this dose",
    Action.HOLD: "hold: the committee decides",
    Action.DE_ESCALATE: "de-escalate to the dose below",
    Action.ELIMINATE: "de-escalate and never give this dose or a higher one again",
    Action.STOP: "stop the trial; this dose is too toxic",
}


class Table(NamedTuple):
    """A decision table.

    Args:
        actions: element [n, y] is an `Action`; NONE where the table has no entry.
    """

    actions: NDArray[np.int8]

    @property
    def most(self) -> int:
        """The greatest n that the table has an entry for."""
        return int(np.flatnonzero(self.actions.any(axis=1)).max(initial=0))

    def of(self, n: int, y: int) -> Action:
        """Return the action for y DLTs in n participants; NONE beyond the table."""
        if not 0 <= y <= n <= self.most:
            return Action.NONE
        return Action(self.actions[n, y])

    def sizes(self) -> list[int]:
        """Return the numbers of participants that the table has entries for."""
        return [int(n) for n in np.flatnonzero(self.actions.any(axis=1))]

    def limits(self, n: int) -> dict[Action, tuple[int, int]]:
        """Return for each action at n participants its fewest and most DLTs."""
        row = [Action(action) for action in self.actions[n, : n + 1]]
        return {
            action: (row.index(action), n - row[::-1].index(action))
            for action in dict.fromkeys(row)
            if action
        }


def empty_actions(most: int) -> NDArray[np.int8]:
    """Return a table's array without any entry, for up to so many participants."""
    return np.zeros((most + 1, most + 1), dtype=np.int8)


def check_table(table: Table, where: str = "", cohort: int | None = None) -> Table:
    """Return the table if it is whole and does not contradict itself.

    Args:
        table: to be checked.
        where: the file, for the message.
        cohort: if given, every multiple of it up to the table's last must be there.

    Raises:
        UnusableInput: a hole; a second DLT that makes the advice more daring; no entry at all.
    """
    sizes = table.sizes()
    if not sizes:
        raise UnusableInput(
            "the table has no entry",
            where,
            todo="give a column for each number of participants and a row for each number of DLTs",
        )
    for n in sizes:
        _whole(table, n, where)
        _monotone(table, n, where)
    missing = [n for n in range(cohort or 1, table.most + 1, cohort or 1) if n not in sizes]
    if cohort and (missing or table.most < cohort):
        raise UnusableInput(
            f"the table has nothing for {(missing or [cohort])[0]} participants",
            where,
            f"cohorts are of {cohort}, and it has entries for {', '.join(map(str, sizes))}",
            "add the column, or choose a cohort size that fits the table",
        )
    return table


def _whole(table: Table, n: int, where: str) -> None:
    for y in range(n + 1):
        if table.of(n, y) is Action.NONE:
            raise UnusableInput(
                f"the table says nothing for {y} DLTs in {n} participants",
                where,
                "every number of DLTs from none to all must have an action",
                "fill the cell with E, S, H, D, DU or X",
            )


def _monotone(table: Table, n: int, where: str) -> None:
    for y in range(1, n + 1):
        fewer, more = table.of(n, y - 1), table.of(n, y)
        if more < fewer:
            raise UnusableInput(
                f"the table contradicts itself at {n} participants",
                where,
                f"{y - 1} DLTs give {fewer.sign} and {y} give {more.sign}, which is more daring",
                "correct one of the two cells",
            )
