"""Urgent safety measures: which stand, what they hold and cover, and whom they are told to by when.

Source: Reg. (EU) No 536/2014, art. 54(2): the sponsor notifies the Member States concerned of the
event and of the measures taken, without undue delay and no later than seven days from the date on
which they were taken. 21 CFR 56.108(a)(4) and ICH E6(R3), 2.6.3, ask for the ethics committee to be
told promptly; as no number of days stands there, the same seven are taken: `assumed`.
"""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from typing import NamedTuple

from gradatim.conduct.conflicts import participant_of
from gradatim.conduct.days import happened_at, holds_from, zone_of
from gradatim.conduct.events.base import Event
from gradatim.conduct.events.trial import Authority, UrgentSafetyMeasureNotified
from gradatim.conduct.folding.anew import participant_named
from gradatim.conduct.state import State, UrgentMeasure
from gradatim.conduct.views.approvals import AUTHORITIES

DAYS = 7
"""Days from that on which a measure was taken until the authorities have to know of it."""


class Notification(NamedTuple):
    """An authority that is, or was, to be told of an urgent safety measure.

    Args:
        measure: the entry that took it.
        recipient: whom.
        due: until when: the end of the last day, by the clock of the trial.
        sent: when it was told first; None while it was not.
    """

    measure: int
    recipient: Authority
    due: datetime
    sent: datetime | None


def standing(state: State, site: str, participant: str | None) -> list[UrgentMeasure]:
    """Return the measures that stand now at a site for a participant; None: for nobody.

    Where no site is named, those of all sites count.
    """
    return [one for one in _about(state, site, participant) if one.ended is None]


def stood(
    state: State, site: str, participant: str | None, moment: datetime
) -> list[UrgentMeasure]:
    """Return the measures that stood, or may have stood, at a moment, ended since or not."""
    return [
        one
        for one in _about(state, site, participant)
        if holds_from(state, state.events[one.position]) <= moment and not _over(state, one, moment)
    ]


def covering(state: State, event: Event, rule: str) -> int | None:
    """Return the entry of the measure because of which an event does not keep a rule, if any.

    It stood when that happened: a measure says nothing of what was before it.
    """
    moment = happened_at(state, event)
    found = [
        one.position
        for one in _about(state, event.site, participant_of(state, event))
        if rule in one.departs_from
        and happened_at(state, state.events[one.position]) <= moment
        and not _over(state, one, moment)
    ]
    return found[-1] if found else None


def _about(state: State, site: str, participant: str | None) -> Iterator[UrgentMeasure]:
    """Yield the measures of a site, or of a participant, by whatever number they go on."""
    named = participant_named(state, participant or "")
    for one in state.urgent.values():
        if one.participant is None:
            if not one.site or not site or one.site == site:
                yield one
        elif named is not None and named is participant_named(state, one.participant):
            yield one


def _over(state: State, one: UrgentMeasure, moment: datetime) -> bool:
    """Whether a measure had ended by a moment."""
    return one.ended is not None and happened_at(state, state.events[one.ended]) <= moment


def notifications(state: State) -> Iterator[Notification]:
    """Yield whom each measure is told to, the measures that have ended included."""
    zone = zone_of(state) or UTC
    for one in state.urgent.values():
        last = state.events[one.position].occurred_on + timedelta(days=DAYS)
        due = datetime.combine(last, time.max, zone)
        for authority in AUTHORITIES:
            yield Notification(one.position, authority, due, _sent(state, one, authority))


def _sent(state: State, one: UrgentMeasure, authority: Authority) -> datetime | None:
    told = (state.events[position] for position in one.told if state.counts(position))
    times = [
        event.sent_at
        for event in told
        if isinstance(event, UrgentSafetyMeasureNotified) and event.recipient == authority
    ]
    return min(times, default=None)
