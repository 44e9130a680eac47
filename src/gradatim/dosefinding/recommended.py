"""What a level that is selected may be called."""

from collections.abc import Sequence
from typing import NamedTuple

from gradatim.dosefinding.characteristics.final_states import AT_MOST, ENOUGH


class Recommendation(NamedTuple):
    """What the level that is selected may be called.

    Args:
        level: from 1; None if no level is selected.
        recommended: whether it had the participants the protocol asks for, and few enough DLTs.
        words: as a report says it.
    """

    level: int | None
    recommended: bool
    words: str


class RecommendationCriteria(NamedTuple):
    """What calling a level recommended asks for.

    Args:
        evaluable: at least so many evaluable participants.
        at_most: with at most so many DLTs.
    """

    evaluable: int = ENOUGH
    at_most: int = AT_MOST


DEFAULT_CRITERIA = RecommendationCriteria()


class LevelCounts(NamedTuple):
    """Who was treated at a level.

    Args:
        n: participants treated.
        dlts: those of them with a DLT.
        pending: those of them whose window is open.
        candidates: those of them with a DLT candidate that nobody has adjudicated.
        missing: who is still to be treated for the cohort to be complete; not counted in `n`.
    """

    n: int
    dlts: int
    pending: int = 0
    candidates: int = 0
    missing: int = 0

    @property
    def open(self) -> int:
        """How many may yet turn out to have had a DLT."""
        return self.pending + self.candidates + self.missing

    def fulfils(self, needed: RecommendationCriteria) -> bool:
        """Whether it has what is needed, however those who are open turn out.

        Who is pending may yet have a DLT, or leave before the window closes and not be evaluable.
        """
        worst = self.dlts + self.open
        return self.n - self.pending >= needed.evaluable and worst <= needed.at_most

    def __str__(self) -> str:
        """As a report says it."""
        parts = [f"n = {self.n}", f"{self.dlts} of them with a DLT"]
        parts += [f"{self.candidates} with a candidate not adjudicated"] * bool(self.candidates)
        parts += [f"{self.pending} pending"] * bool(self.pending)
        parts += [f"{self.missing} more still to be treated"] * bool(self.missing)
        return ", ".join(parts)


def recommendation(
    level: int | None,
    at: Sequence[LevelCounts],
    needed: RecommendationCriteria,
    settled: bool = True,
) -> Recommendation:
    """Say what the selected level may be called.

    Args:
        level: from 1; None if no level is selected.
        at: who was treated at each level.
        needed: what calling it recommended asks for.
        settled: whether this level is selected however everything that is open turns out, at the
            other levels as well.
    """
    if level is None:
        return Recommendation(None, False, "no level is tolerated as the design asks")
    here = at[level - 1]
    if settled and here.fulfils(needed):
        return Recommendation(level, True, f"recommended: level {level}, {here}")
    highest = max((i for i, counts in enumerate(at, 1) if counts.n), default=level)
    what = "highest administered" if level >= highest else "highest tolerated"
    if here.open or not settled:
        told, condition = f"level {level}, {here}", ", however everything that is open turns out"
    else:
        told, condition = f"level {level}, n = {here.n}", ""
    return Recommendation(
        level,
        False,
        f"{what}: {told}; not a recommended level, which takes {needed.evaluable} "
        f"evaluable participants with at most {needed.at_most} DLT{condition}",
    )
