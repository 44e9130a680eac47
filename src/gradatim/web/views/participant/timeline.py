"""The timeline of a participant: doses, visits, laboratory, adverse events and scores by day."""

from datetime import date
from typing import Any

from django.utils.translation import gettext as _

from gradatim.conduct.days import day_of
from gradatim.conduct.events.findings import (
    LaboratoryResultsRecorded,
    ScoresRecorded,
    VitalSignsRecorded,
)
from gradatim.conduct.state import Participant, State
from gradatim.conduct.views.adverse_events import courses
from gradatim.conduct.views.doses import entries, given
from gradatim.conduct.views.visits import visits
from gradatim.reports.participant_chart import Mark, timeline


def timeline_spec(state: State, one: Participant, on: date) -> tuple[dict[str, Any], list[Mark]]:
    """Give the picture and, as its alternative, the rows it is drawn from."""
    marks = [
        *_doses(state, one),
        *_visits(state, one, on),
        *_events(state, one, on),
        *_results(state, one),
    ]
    return timeline(marks), sorted(marks, key=lambda mark: (mark.start, mark.lane))


def _doses(state: State, one: Participant) -> list[Mark]:
    return [
        Mark(_("dose"), day_of(state, dose), None, f"{_('dose')} {dose.dose}", "dose")
        for dose in given(state, one)
    ]


def _visits(state: State, one: Participant, on: date) -> list[Mark]:
    return [
        Mark(_("visit"), visit.done_on, None, visit.label, "visit")
        for visit in visits(state, one, on)
        if visit.done_on
    ]


def _events(state: State, one: Participant, on: date) -> list[Mark]:
    marks = []
    for course in courses(state, one).values():
        event = course.event
        start = event.onset.first
        end = event.resolved.last if event.resolved else on
        grade = _("grade %(n)s") % {"n": event.grade if event.grade is not None else "?"}
        marks.append(
            Mark(
                _("adverse event"),
                start,
                end,
                f"{event.term}, {grade}",
                "severe" if (event.grade or 3) >= 3 else "event",
            )
        )
    return marks


def _results(state: State, one: Participant) -> list[Mark]:
    lanes = {
        LaboratoryResultsRecorded: _("laboratory"),
        ScoresRecorded: _("scores"),
        VitalSignsRecorded: _("vital signs"),
    }
    days: dict[tuple[str, date], int] = {}
    for _at, event in entries(state, one):
        if isinstance(event, LaboratoryResultsRecorded | ScoresRecorded | VitalSignsRecorded):
            key = (lanes[type(event)], event.occurred_on)
            days[key] = days.get(key, 0) + len(event.results)
    return [
        Mark(lane, day, None, _("%(n)d results") % {"n": n}, "result")
        for (lane, day), n in days.items()
    ]
