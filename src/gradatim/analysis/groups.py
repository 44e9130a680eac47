"""Who is grouped with whom: by dose level or by lot, the one meaning of both for every table.

The groups are a partition of those who have had a dose. Nobody is left out: somebody dosed without
a level, or from a lot that no entry names, is in a group of their own, the last one. Somebody dosed
from several lots is in the group of just these lots, so that sums over groups are always totals.
"""

from collections.abc import Sequence
from typing import Literal, NamedTuple

from gradatim.conduct.state import Participant, State
from gradatim.conduct.views.doses import first_dose_at
from gradatim.conduct.views.traceability import lots_of
from gradatim.protocol.base import Basis
from gradatim.protocol.treatment import DoseLevel

By = Literal["level", "lot"]
NO_LEVEL, NO_LOT = "dosed without a level", "lot not recorded"


class Group(NamedTuple):
    """Participants that a table shows together; all of them have had a dose.

    Args:
        by: what they have in common.
        key: the number of the level, or the lots joined by ` + `; empty where it is not known.
        label: what people call it.
        participants: their numbers, in the order of first doses.
        basis: where the dose of a level comes from; None of lots.
    """

    by: By
    key: str
    label: str
    participants: tuple[str, ...]
    basis: Basis | None = None

    @property
    def dosed(self) -> int:
        """How many they are: the denominator of every table."""
        return len(self.participants)


def dosed(state: State) -> tuple[Participant, ...]:
    """Give who has had a dose, in the order of first doses, enrolled at a level or not."""
    times = [(first_dose_at(state, one), one) for one in state.participants.values()]
    known = [(at, one.position, one) for at, one in times if at is not None]
    return tuple(one for _, _, one in sorted(known, key=lambda item: item[:2]))


def people(state: State) -> tuple[Participant, ...]:
    """Give everybody in the order of every listing: by level, then by first dose."""
    place = {one.id: i for i, one in enumerate(dosed(state))}
    return tuple(
        sorted(
            state.participants.values(),
            key=lambda one: (one.level is None, one.level or 0, place.get(one.id, len(place))),
        )
    )


def level_of(state: State, number: int | None) -> DoseLevel | None:
    """Give a dose level of the protocol in force; None where it has none of that number."""
    levels = state.study.treatment.dose_levels if state.versions else ()
    return next((one for one in levels if one.number == number), None)


def level_label(state: State, number: int | None) -> str:
    """Give what people call a dose level."""
    if number is None:
        return NO_LEVEL
    level = level_of(state, number)
    return f"level {number}" if level is None else f"level {number}: {level.label}"


def groups(state: State, by: By) -> tuple[Group, ...]:
    """Give the groups of those dosed: levels from the lowest, lots in the order of their use."""
    found = _by_level(state) if by == "level" else _by_lot(state)
    return tuple(sorted(found, key=lambda one: not one.key))


def _by_level(state: State) -> list[Group]:
    members: dict[int | None, list[str]] = {}
    for one in dosed(state):
        members.setdefault(one.level, []).append(one.id)
    found = []
    for number in sorted(members, key=lambda number: number or 0):
        level = level_of(state, number)
        key = "" if number is None else str(number)
        found.append(
            Group(
                "level",
                key,
                level_label(state, number),
                tuple(members[number]),
                None if level is None else level.basis,
            )
        )
    return found


def _by_lot(state: State) -> list[Group]:
    members: dict[str, list[str]] = {}
    for one in dosed(state):
        lots = lots_of(state, one)
        key = " + ".join(lot or NO_LOT for lot in lots) if any(lots) else ""
        members.setdefault(key, []).append(one.id)
    return [Group("lot", key, key or NO_LOT, tuple(who)) for key, who in members.items()]


def group_of(found: Sequence[Group], participant: str) -> int | None:
    """Give the place of a participant's group among these; None of who has had no dose."""
    places = (i for i, one in enumerate(found) if participant in one.participants)
    return next(places, None)
