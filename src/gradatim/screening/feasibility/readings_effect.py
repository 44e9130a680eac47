"""What another reading of a criterion would change."""

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from gradatim.screening.feasibility.chunk import Truths
from gradatim.screening.feasibility.columns import CriterionColumn
from gradatim.screening.feasibility.patterns import Words, mask

TRUTH_WORDS = ("false", "unknown", "true")
STATUSES = ("eligible", "undetermined", "ineligible")


def _square() -> NDArray[np.int64]:
    return np.zeros((3, 3), np.int64)


@dataclass
class Effect:
    """One other reading, with everything that it replaces.

    Args:
        column: the reading's own column.
        replaced: each place whose verdicts change, with its new column; the own one among them.
        changes: people by the verdict of the criterion as it was (row) and would be (column).
        statuses: people by their status as it was and would be, in the order of `STATUSES`.
    """

    column: CriterionColumn
    replaced: list[tuple[int, CriterionColumn]]
    changes: NDArray[np.int64] = field(default_factory=_square)
    statuses: NDArray[np.int64] = field(default_factory=_square)

    def add(
        self,
        place: int,
        old: Truths,
        new: dict[int, Truths],
        failed: Words,
        open: Words,
        before: NDArray[np.int64],
    ) -> None:
        """Add people.

        Args:
            place: of the criterion among those counted.
            old: its verdicts as they were.
            new: the new verdicts by place.
            failed: what each fails as it was.
            open: what is open for each as it was.
            before: the status of each as it was.
        """
        self.changes += _pairs(old.astype(np.int64), new[place].astype(np.int64))
        gone = [at in new for at in range(max(new) + 1)]
        stays = ~mask([*gone, *[False] * (failed.shape[0] * 64 - len(gone))])[:, None]
        failed, open = failed & stays, open & stays
        for at, column in self.replaced:
            single = _single(at, failed.shape[0])
            failed |= single * (new[at] == column.fails)
            open |= single * (new[at] == 1)
        self.statuses += _pairs(before, statuses(failed, open))


def _single(place: int, words: int) -> Words:
    return mask([at == place for at in range(words * 64)])[:, None]


def _pairs(old: NDArray[np.int64], new: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.bincount(old * 3 + new, minlength=9).reshape(3, 3)


def statuses(failed: Words, open: Words) -> NDArray[np.int64]:
    """Give each person's place in `STATUSES`."""
    return np.where(failed.any(axis=0), 2, open.any(axis=0).astype(np.int64))
