"""The visits of a participant: when each is due, and what became of it."""

from datetime import date
from typing import Literal, NamedTuple

from gradatim.conduct.events.findings import EncounterDone, EncounterMissed
from gradatim.conduct.state import Participant, State
from gradatim.conduct.transitions import ON_THE_WAY
from gradatim.conduct.views.anchors import anchors_of
from gradatim.conduct.views.doses import entries_of
from gradatim.conduct.views.facts import facts_of
from gradatim.protocol.base import Window
from gradatim.protocol.study import Study
from gradatim.rules.context import Situation

VisitStatus = Literal["done", "missed", "planned", "open", "overdue", "no date yet"]


class Visit(NamedTuple):
    """One encounter of the schedule, for one participant.

    Args:
        encounter: its name in the protocol.
        label: what people call it.
        first, last: its window, both days included; None where it has no such end, or no date.
        done_on: when it took place.
        position: the entry that says that it took place or was missed.
        status: `open` while its window is, `overdue` when that has passed without an entry.
    """

    encounter: str
    label: str
    first: date | None
    last: date | None
    done_on: date | None
    position: int | None
    status: VisitStatus


def window_days(window: Window, situation: Situation) -> tuple[date | None, date | None]:
    """Give the first and the last day that belong to a window; None where it is open."""
    first = situation.edge(window.anchor, window.from_).day if window.from_ else None
    last = situation.edge(window.anchor, window.to).day if window.to else None
    return first, last


def visits(state: State, participant: Participant, on: date) -> list[Visit]:
    """Give the visits of the schedule that applies to a participant, as of a day."""
    study = state.governing("schedule", participant)
    anchors = anchors_of(state, participant, study, None)
    said = {
        event.encounter: (at, event)
        for at, event in entries_of(state, participant, EncounterDone, EncounterMissed)
    }
    situation = anchors and Situation(study, facts_of(state, participant), anchors, on)
    return [
        _visit(study, name, said.get(name), situation or None, participant, on)
        for name in study.schedule.encounters
    ]


def _visit(
    study: Study,
    name: str,
    said: tuple[int, EncounterDone | EncounterMissed] | None,
    situation: Situation | None,
    participant: Participant,
    on: date,
) -> Visit:
    visit = study.schedule.encounters[name]
    first, last = (None, None) if situation is None else window_days(visit.window, situation)
    if said is not None:
        at, event = said
        done = isinstance(event, EncounterDone)
        return Visit(
            name,
            visit.label,
            first,
            last,
            event.occurred_on if done else None,
            at,
            "done" if done else "missed",
        )
    return Visit(name, visit.label, first, last, None, None, _status(first, last, participant, on))


def _status(
    first: date | None, last: date | None, participant: Participant, on: date
) -> VisitStatus:
    if first is None and last is None:
        return "no date yet"
    if last is not None and last < on:
        return "overdue" if participant.status in ON_THE_WAY else "planned"
    return "planned" if first is not None and on < first else "open"
