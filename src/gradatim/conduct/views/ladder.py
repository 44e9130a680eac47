"""The ladder: the dose levels with who has a place at each; how many participants stand where."""

from collections import Counter
from datetime import date
from typing import Literal, NamedTuple

from gradatim.conduct.access import Access
from gradatim.conduct.state import Cohort, Participant, State
from gradatim.conduct.transitions import ENDED, ON_THE_WAY
from gradatim.conduct.views.doses import dose_days, first_dose_at, given
from gradatim.conduct.views.levels import levels
from gradatim.conduct.views.safety import dlt_outcome
from gradatim.dosefinding.outcomes import DoseOutcome
from gradatim.protocol.treatment import DoseLevel
from gradatim.safety import dlt

Standing = Literal[
    "not dosed", "replaced", "DLT", "DLT candidate", "pending", "no DLT", "not evaluable"
]
_STANDINGS: dict[DoseOutcome | None, Standing] = {
    DoseOutcome.DLT: "DLT",
    DoseOutcome.CANDIDATE: "DLT candidate",
    DoseOutcome.PENDING: "pending",
    DoseOutcome.NO_DLT: "no DLT",
    None: "not evaluable",
}
TOXIC: frozenset[Standing] = frozenset({"DLT", "DLT candidate"})


class LadderPlace(NamedTuple):
    """A place at a dose level: who has it, and how they stand.

    Args:
        participant: their number; empty where the viewer does not see them.
        standing: as to dose-limiting toxicity.
        window_closes: the last day of the window that is open; None where none is.
    """

    participant: str
    standing: Standing
    window_closes: date | None = None


class Rung(NamedTuple):
    """A dose level of the ladder.

    Args:
        level: as the protocol has it.
        places: those that are taken.
        free: how many of the open cohort are free.
        toxic: how many participants have a dose-limiting toxicity, or a candidate for one.
        treated: how many have been given a dose.
        is_current: whether the last cohort is at it.
        closed: why nobody is given a dose at it; empty where somebody may be.
    """

    level: DoseLevel
    places: list[LadderPlace]
    free: int
    toxic: int
    treated: int
    is_current: bool
    closed: tuple[str, ...] = ()


def ladder(access: Access, day: date) -> list[Rung]:
    """Return the dose levels as of a day, the lowest first, each with its places."""
    state, cohort = access.state, access.state.cohort
    closed = {one.number: one.closed for one in levels(state, day)}
    return [
        _rung(access, level, cohort, closed[level.number], day)
        for level in state.study.treatment.dose_levels
    ]


def _rung(
    access: Access, level: DoseLevel, cohort: Cohort | None, closed: tuple[str, ...], day: date
) -> Rung:
    state = access.state
    members = [
        state.participants[id]
        for one in state.cohorts
        if one.level == level.number
        for id in one.members
    ]
    places = [_place(access, one, day) for one in members]
    current = cohort if cohort is not None and cohort.level == level.number else None
    return Rung(
        level,
        places,
        state.free_places(current) if current is not None and not closed else 0,
        sum(one.standing in TOXIC for one in places),
        sum(bool(given(state, one)) for one in members),
        current is not None,
        closed,
    )


def _place(access: Access, one: Participant, day: date) -> LadderPlace:
    state = access.state
    name = one.id if access.sees_participant("participants", one) else ""
    if first_dose_at(state, one) is None:
        return LadderPlace(name, "replaced" if one.replaced else "not dosed")
    standing = _STANDINGS[dlt_outcome(state, one, day)]
    if standing != "pending":
        return LadderPlace(name, standing)
    days = dose_days(state, one)
    study = state.governing("safety", one)
    _opens, closes = dlt.window(study, days[0], days[-1])
    return LadderPlace(name, standing, closes)


def enrolment(state: State) -> list[tuple[str, int]]:
    """Return how many participants have each status, in the order of their way."""
    counts = Counter(one.status for one in state.participants.values())
    return [(status, counts[status]) for status in (*ON_THE_WAY, *ENDED) if counts[status]]
