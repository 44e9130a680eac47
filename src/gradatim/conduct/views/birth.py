"""When a participant was born: one date, sealed, and what the ledger has of it in clear."""

import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import NamedTuple

import msgspec

from gradatim.conduct.events.participants import ParticipantRegistered
from gradatim.conduct.state import Participant, State
from gradatim.core.dates import ANY_DAY, Day, completed_years, parse_day
from gradatim.evidence.doubts import Doubt

CONFLICT = str(Doubt.BIRTH_CONFLICT())


class Birth(NamedTuple):
    """A date of birth, as exactly as it is known here.

    Args:
        day: the date; ANY_DAY where nothing of it is known, or what is known contradicts itself.
        conflict: what contradicts what; empty if nothing does.
    """

    day: Day
    conflict: str = ""


def birth_of(state: State, participant: Participant) -> Birth:
    """Return when a participant was born: the sealed date where it can be read.

    Where it cannot, because the state is one of an earlier time or the ledger is read without the
    keys, the ledger's own value stands; after an erasure what that kept, by which every age that
    was reckoned is as it was.
    """
    recorded = parse_day(participant.birth) if participant.birth else ANY_DAY
    sealed = sealed_birth(state, participant) or participant.born_within
    if sealed is None:
        return Birth(recorded)
    both = agreed(sealed, recorded)
    return Birth(ANY_DAY, CONFLICT) if both is None else Birth(both)


def sealed_birth(state: State, participant: Participant) -> Day | None:
    """Return the sealed date of birth, if there is one and it can be read here."""
    if participant.erased or state.unsealed_birth is None:
        return None
    return state.unsealed_birth(participant.id, participant.identity)


def agreed(one: Day, other: Day) -> Day | None:
    """Return the days that two dates of the same birth leave open; None if they contradict."""
    first, last = max(one.first, other.first), min(one.last, other.last)
    return Day(first, last) if first <= last else None


def birth_to_keep(state: State, participant: Participant, on: date) -> Day | None:
    """Return the days of birth that leave every age as it is that the records ask for.

    Of all days of the year of birth, which stands in clear, those on which somebody born then was
    as old in completed years on each day that stands in an entry about the participant. So grades,
    eligibility and reports are after an erasure what they were, and the birthday is told no more
    exactly than by ages.

    Args:
        state: the trial.
        participant: whose data are about to be erased.
        on: the day of the erasure.

    Returns:
        None where the sealed date cannot be read here, or contradicts the year in clear.
    """
    known = birth_of(state, participant)
    if sealed_birth(state, participant) is None or known.conflict or not known.day.exact:
        return None
    born = known.day.first
    days = {*_days_asked_for(state, participant), on}
    year = [date(born.year, 1, 1) + timedelta(days=n) for n in range(366)]
    ages = [(day, completed_years(born, day)) for day in days]
    same = [
        one
        for one in year
        if one.year == born.year and all(completed_years(one, day) == age for day, age in ages)
    ]
    return Day(same[0], same[-1])


def _days_asked_for(state: State, participant: Participant) -> Iterator[date]:
    """Yield the days that stand in the entries about a participant; of a month both its ends."""
    if participant.first_dose_planned is not None:
        yield participant.first_dose_planned
    for at in participant.entries:
        event = state.events[at]
        if isinstance(event, ParticipantRegistered):
            yield event.occurred_on
            continue
        for said in _PARTIAL.findall(msgspec.json.encode(event).decode()):
            try:
                yield from parse_day(said)
            except ValueError:  # it only looked like a date
                continue


_PARTIAL = re.compile(r'"(\d{4}-\d{2}(?:-\d{2})?)(?=["T])')
"""A date, or the date of a time, in JSON."""
