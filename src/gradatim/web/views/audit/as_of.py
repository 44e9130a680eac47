"""The trial as it was: after an entry, or on what had happened by a day."""

from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpResponse
from django.shortcuts import render

from gradatim.conduct.as_of import as_of as state_as_of
from gradatim.conduct.state import State
from gradatim.conduct.trial import Trial
from gradatim.web.access import Access, Request, page
from gradatim.web.clock import today
from gradatim.web.views.overview import advice_shown, enrolment, ladder
from gradatim.web.views.participant.pages import row_of

SHOWN = 200


@page("audit")
def as_of(request: Request) -> HttpResponse:
    """Show the trial as it was known after an entry, or at the end of a day."""
    access: Access = request.access
    last = access.state.position
    asked = request.GET.get("entry", "")
    position = min(int(asked), last) if asked.isdigit() and int(asked) else last
    day = _day(request.GET.get("day", ""))
    state = _state(request.trial, position, day)
    on = day or (state.recorded_at.date() if state.recorded_at else today())
    then = access._replace(state=state)
    content: dict[str, Any] = {"last": last, "asked": state.position, "day": day, "on": on,
                               "then": state}  # fmt: skip
    if state.versions:
        content |= {"ladder": ladder(then, on), "enrolment": enrolment(state),
                    **advice_shown(state, on)}  # fmt: skip
        content["rows"] = [
            row_of(then, one, on) for one in then.participants("participants")[:SHOWN]
        ]
    return render(request, "gradatim/audit/as_of.html", content)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _state(trial: Trial, position: int, day: date | None) -> State:
    if day is None and position == trial.state.position:
        return trial.state
    zone = ZoneInfo(settings.TIME_ZONE)
    until = None if day is None else datetime.combine(day, time.max, tzinfo=zone)
    return state_as_of(trial.name, trial.store.read(trial.name), position=position,
                       recorded_at=until)  # fmt: skip
