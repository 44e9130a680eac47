"""What a participant's entries said before one of them was changed.

A change must not make a candidate for a dose-limiting toxicity vanish. What may take one away is
named here, each with what it can concern; the same views are then asked of the entries as they were
before it. The past does not change, so that each change is looked at once.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from gradatim.conduct.event_log import EventLog
from gradatim.conduct.events.base import Event, Measured
from gradatim.conduct.events.findings import (
    LaboratoryResultsRecorded,
    ScoresRecorded,
    VitalSignsRecorded,
)
from gradatim.conduct.events.participants import Disposition, EntryCorrected, FactRecorded
from gradatim.conduct.events.product import DoseAdministered
from gradatim.conduct.events.safety import (
    AdverseEventAssessed,
    AdverseEventClassified,
    AdverseEventReported,
    AdverseEventResolved,
    AdverseEventUpdated,
)
from gradatim.conduct.state import Participant, State
from gradatim.conduct.views.adverse_events import ABOUT, DIED, term_changes
from gradatim.conduct.views.doses import entries_of, first_dose_at
from gradatim.conduct.views.facts import facts_of, position_of
from gradatim.conduct.views.grades import before_dose
from gradatim.conduct.views.judgements import JUDGEMENTS
from gradatim.evidence.facts import Fact

RESULTS = (LaboratoryResultsRecorded, VitalSignsRecorded, ScoresRecorded, FactRecorded)


class LaterChange(NamedTuple):
    """An entry that may take a candidate away.

    Args:
        position: of the entry.
        adverse_event: whose candidate it may be; empty if of none.
        elements: whose results they may be.
        anything: whether it may be any adverse event and any result.
        as_answered: whether only what an investigator had answered by then counts, not what was
            answered later of the same words.
    """

    position: int
    adverse_event: str = ""
    elements: frozenset[str] = frozenset()
    anything: bool = False
    as_answered: bool = False


def first_after(state: State, at: datetime) -> int:
    """Return the position of the first entry that was recorded after a moment, or the next one."""
    positions = range(1, state.position + 1)
    return 1 + bisect_right(positions, at, key=lambda one: state.events[one].recorded_at)


def changes(state: State, participant: Participant) -> list[LaterChange]:
    """Return what may have taken a candidate of a participant away, in the order of the ledger."""
    return participant.remembered("changes", lambda: _changes(state, participant))


def _changes(state: State, participant: Participant) -> list[LaterChange]:
    found = [
        *_corrections(state, participant),
        *_follow_ups(state, participant),
        *_doses(state, participant),
        *_baselines(state, participant),
        *_since_death(state, participant),
    ]
    dosed = min(participant.entries_of.get(DoseAdministered, ()), default=None)
    if dosed is not None:
        found += [
            LaterChange(one.position, anything=True)
            for one in state.versions
            if one.position > dosed
        ]
    whole = {one.position for one in found if one.anything}
    found = [one for one in found if one.anything or one.position not in whole]
    return sorted(found, key=lambda one: one.position)


def _corrections(state: State, participant: Participant) -> Iterator[LaterChange]:
    seen: dict[int, int] = {}
    for position, made in entries_of(state, participant, EntryCorrected):
        versions = [*state.earlier[made.of], state.events[made.of]]
        number = seen[made.of] = seen.get(made.of, 0) + 1
        before, after = versions[number - 1], versions[number]
        if isinstance(before, DoseAdministered):
            yield LaterChange(position, anything=True)
        elif isinstance(before, RESULTS):
            same_day = _when(before) == _when(after)
            was, now = _measured(before), _measured(after)
            yield LaterChange(
                position,
                elements=frozenset(
                    name for name in {*was, *now} if not same_day or was.get(name) != now.get(name)
                ),
            )
        elif name := getattr(before, "adverse_event", None):
            yield LaterChange(position, name)


def _when(event: Event) -> list[Any]:
    """Return what an entry of results says besides its values: when they were taken, above all."""
    return [
        getattr(event, name)
        for name in event.__struct_fields__
        if name not in ("results", "fact", "signature")
    ]


def _measured(event: Event) -> dict[str, list[Measured]]:
    some = (event.fact,) if isinstance(event, FactRecorded) else getattr(event, "results", ())
    found: dict[str, list[Measured]] = {}
    for one in some:
        found.setdefault(one.element, []).append(one)
    return found


def _follow_ups(state: State, participant: Participant) -> Iterator[LaterChange]:
    kinds = (AdverseEventUpdated, AdverseEventAssessed, AdverseEventResolved)
    for position, event in entries_of(state, participant, *kinds):
        yield LaterChange(position, event.adverse_event)


def _doses(state: State, participant: Participant) -> Iterator[LaterChange]:
    """Return the doses recorded after a later one: the first dose is another since."""
    first = None
    for position, event in entries_of(state, participant, DoseAdministered):
        if first is not None and event.started_at < first:
            yield LaterChange(position, anything=True)
        first = event.started_at if first is None else min(first, event.started_at)


def _since_death(state: State, participant: Participant) -> Iterator[LaterChange]:
    """Return what may account for a death that was recorded without an adverse event."""
    died = [
        position
        for position, event in entries_of(state, participant, Disposition)
        if event.status == DIED
    ]
    if not died:
        return
    for position in participant.entries:
        kind = type(state.events[position])
        if position > died[0] and kind in (*JUDGEMENTS, EntryCorrected):
            yield LaterChange(position, anything=True)


def _baselines(state: State, participant: Participant) -> Iterator[LaterChange]:
    """Return the results recorded after the first dose that were taken before it."""
    dosed = min(participant.entries_of.get(DoseAdministered, ()), default=None)
    if dosed is None or first_dose_at(state, participant) is None:
        return
    corrected = _corrected_elements(state, participant)
    late: dict[int, set[str]] = {}
    for element, some in before_dose(state, participant).items():
        if max(map(position_of, some)) <= dosed:
            continue
        every = {*map(position_of, some)} if element in corrected else _other_baselines(some)
        for position in every:
            if position > dosed:
                late.setdefault(position, set()).add(element)
    for position, elements in late.items():
        yield LaterChange(position, elements=frozenset(elements))


def _corrected_elements(state: State, participant: Participant) -> set[str]:
    """Return the elements of which an entry that was corrected holds a value, or once held one."""
    return {
        name
        for _, made in entries_of(state, participant, EntryCorrected)
        for version in (*state.earlier[made.of], state.events[made.of])
        for name in _measured(version)
    }


def _other_baselines(taken_before: list[Fact]) -> Iterator[int]:
    """Yield the entries of an element that made another value its baseline, as it is now.

    One that was taken before the baseline of then, or says the same, leaves every grade as it was.

    Args:
        taken_before: the values that were taken before the first dose; none of them is corrected.
    """
    held: Fact | None = None
    facts = {(position_of(one), one.id): one for one in taken_before}
    for (position, _), fact in sorted(facts.items()):
        earlier = held is not None and fact.start.last < held.start.last
        if not (earlier or (held is not None and _same_value(fact, held))):
            yield position
        if not earlier:
            held = fact


def _same_value(one: Fact, other: Fact) -> bool:
    return all(
        getattr(one, name) == getattr(other, name)
        for name in ("value", "unit", "bound", "low", "high")
    )


def before(
    state: State, participant: Participant, change: LaterChange
) -> tuple[State, Participant]:
    """Return the trial and a participant as they were before a change, as far as it concerns them.

    Of what the change does not concern the entries are left out.
    """
    until = change.position
    past = State(state.trial, state.mode, position=until - 1)
    past.versions = [one for one in state.versions if one.position < until]
    past.delegations, past.zones, past.ranges = state.delegations, state.zones, state.ranges
    past.consent_forms = state.consent_forms  # which version governs goes by the form signed
    _as_corrected(state, participant, past, until)
    wanted = _wanted(state, participant, change)
    entries = {
        kind: [at for at in positions[: bisect_left(positions, until)] if wanted(kind, at)]
        for kind, positions in participant.entries_of.items()
    }
    if not change.as_answered:
        entries[AdverseEventClassified] = [
            at for at in _answers(state, participant, until) if wanted(AdverseEventClassified, at)
        ]
    elements = None if change.anything else change.elements
    past.events = _PastEvents(state, past, participant, elements)
    was = replace(
        participant,
        entries=sorted(at for some in entries.values() for at in some),
        entries_of=entries,
        consents=[one for one in participant.consents if one[0] < until],
        _known={},
        _past={},
    )
    # Of a number that was given up the entries stand here, and the sex stands there.
    past.participants = {**state.participants, participant.id: was}
    return past, was


def _answers(state: State, participant: Participant, until: int) -> Iterator[int]:
    """Return where an investigator said what an event was that stood in the same words then.

    Later answers count too: they are about what the event was all along.
    """
    reported = {
        event.adverse_event: position
        for position, event in entries_of(state, participant, AdverseEventReported)
    }
    for position, event in entries_of(state, participant, AdverseEventClassified):
        first = reported.get(event.adverse_event)
        if first is None:  # the event was made in error
            continue
        if not any(until <= at < position for at in term_changes(state, first)):
            yield position


def _as_corrected(state: State, participant: Participant, past: State, until: int) -> None:
    """Fill in which entries had been corrected by then."""
    of = {state.events[at].of for at in participant.entries_of.get(EntryCorrected, ())}  # type: ignore[attr-defined]
    for entry in of:
        made = [at for at in state.corrected_by[entry] if at < until]
        if made:
            past.corrected_by[entry] = made
            past.earlier[entry] = state.earlier[entry][: len(made)]


def _wanted(
    state: State, participant: Participant, change: LaterChange
) -> Callable[[type[Event], int], bool]:
    """Say which entries a change concerns."""
    if change.anything:
        return lambda kind, at: True
    holding = _holding(state, participant) if change.elements else {}
    positions = {at for name in change.elements for at in holding.get(name, ())}

    def wanted(kind: type[Event], at: int) -> bool:
        if kind in RESULTS:
            return at in positions
        if kind in ABOUT:
            name = getattr(state.events[at], "adverse_event", None)
            return bool(change.adverse_event) and name == change.adverse_event
        return True

    return wanted


def _holding(state: State, participant: Participant) -> Mapping[str, set[int]]:
    """Return the entries that hold, or once held, a value of each element."""
    return participant.remembered("holding", lambda: _held(state, participant))


def _held(state: State, participant: Participant) -> Mapping[str, set[int]]:
    found: dict[str, set[int]] = {}
    for name, facts in facts_of(state, participant).by_element.items():
        found[name] = {position_of(one) for one in facts}
    for _, made in entries_of(state, participant, EntryCorrected):
        for earlier in state.earlier[made.of]:
            for name in _measured(earlier) if isinstance(earlier, RESULTS) else ():
                found.setdefault(name, set()).add(made.of)
    return found


class _PastEvents(EventLog):
    """The events as they stood then; of results only those of some elements."""

    __slots__ = ("_elements", "_narrowed", "_now", "_until", "_versions")

    def __init__(
        self, state: State, past: State, participant: Participant, elements: frozenset[str] | None
    ) -> None:
        super().__init__()
        self._now, self._elements, self._until = state.events, elements, past.position
        self._versions: dict[int, Event] = {}
        self._narrowed: dict[int, Event] = {}
        for _, made in entries_of(state, participant, EntryCorrected):
            every = [*state.earlier[made.of], state.events[made.of]]
            self._versions[made.of] = every[len(past.corrected_by.get(made.of, ()))]

    def __getitem__(self, position: int) -> Event:
        """Return the event at a position as it stood then."""
        narrowed = self._narrowed.get(position)
        if narrowed is not None:
            return narrowed
        event = self._versions.get(position) or self._now[position]
        if (
            self._elements is None
            or not isinstance(event, RESULTS)
            or isinstance(event, FactRecorded)
        ):
            return event
        some = tuple(one for one in event.results if one.element in self._elements)
        found = self._narrowed[position] = msgspec.structs.replace(event, results=some)
        return found

    def of(self, /, *kinds: type[Event]) -> Iterator[tuple[int, Any]]:
        """Return the events of some types until then, of whomever they are."""
        for position, _ in self._now.of(*kinds):
            if position <= self._until:
                yield position, self[position]
