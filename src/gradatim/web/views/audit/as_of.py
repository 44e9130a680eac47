"""The trial as it was, after an entry or at the end of a day: here, and on every page."""

from datetime import date
from typing import Any

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.http import require_POST

from gradatim.conduct.access import Access
from gradatim.conduct.days import day_at
from gradatim.conduct.views.ladder import enrolment, ladder
from gradatim.conduct.views.participants import summarise
from gradatim.web.access import Request, page
from gradatim.web.as_of_middleware import CHOSEN, Chosen, state_then
from gradatim.web.clock import today_at
from gradatim.web.views.overview import advice_shown

_SHOWN = 200


@page("audit")
def as_of(request: Request) -> HttpResponse:
    """Show the trial as it was known after an entry, or at the end of a day."""
    access: Access = request.access
    chosen = _chosen(request.GET, access.state.position)
    state = state_then(request.trial, chosen)
    day = date.fromisoformat(chosen.day) if chosen.day else None
    on = day or (day_at(state, "", state.recorded_at) if state.recorded_at else today_at(state, ""))
    then = access._replace(state=state)
    content: dict[str, Any] = {
        "last": access.state.position,
        "asked": state.position,
        "day": day,
        "on": on,
        "then": state,
    }
    if state.versions:
        content |= {
            "ladder": ladder(then, on),
            "enrolment": enrolment(state),
            **advice_shown(state, on),
        }
        content["rows"] = [
            summarise(state, one, on) for one in then.participants("participants")[:_SHOWN]
        ]
    return render(request, "gradatim/audit/as_of.html", content)


@page("audit")
@require_POST
def look_back(request: Request) -> HttpResponse:
    """Look through the whole application as it was then; or return to now."""
    request.session.pop(CHOSEN, None)
    if "return" in request.POST:
        return HttpResponseRedirect(reverse("as-of"))
    request.session[CHOSEN] = list(_chosen(request.POST, request.access.state.position))
    return HttpResponseRedirect(reverse("overview"))


def _chosen(said: Any, last: int) -> Chosen:
    """Read what was asked for; what is no entry is the last one, what is no day is none."""
    entry, day = said.get("entry", ""), said.get("day", "")
    position = int(entry) if entry.isdecimal() and len(entry) < 12 else last
    try:
        date.fromisoformat(day)
    except ValueError:
        day = ""
    return Chosen(min(max(position, 1), last), day)
