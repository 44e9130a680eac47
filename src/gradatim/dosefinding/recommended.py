"""What a level that is selected may be called."""

from typing import NamedTuple

from gradatim.dosefinding.finals import AT_MOST, ENOUGH
from gradatim.dosefinding.trials import Trials


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


class Needed(NamedTuple):
    """What calling a level recommended asks for.

    Args:
        evaluable: at least so many evaluable participants.
        at_most: with at most so many DLTs.
    """

    evaluable: int = ENOUGH
    at_most: int = AT_MOST


NEEDED = Needed()


def recommendation(level: int | None, trials: Trials, needed: Needed) -> Recommendation:
    """Say what the selected level of one trial may be called.

    Args:
        level: from 1; None if no level is selected.
        trials: the trial.
        needed: what calling it recommended asks for.
    """
    if level is None:
        return Recommendation(None, False, "no level is tolerated as the design asks")
    n, y = int(trials.n[0, level - 1]), int(trials.y[0, level - 1])
    asked = f"{needed.evaluable} evaluable participants with at most {needed.at_most} DLT"
    if n >= needed.evaluable and y <= needed.at_most:
        return Recommendation(
            level, True, f"recommended: level {level}, n = {n}, {y} of them with a DLT"
        )
    highest = int(trials.highest()[0]) + 1
    what = "highest administered" if level == highest else "highest tolerated"
    return Recommendation(level, False, f"{what}: level {level}, n = {n}; not a recommended level, "
                                        f"which takes {asked}")  # fmt: skip
