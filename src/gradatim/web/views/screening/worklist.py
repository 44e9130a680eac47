"""Who is being screened, and the log of everyone who was."""

from django.http import HttpResponse
from django.shortcuts import render

from gradatim.conduct.access import Access
from gradatim.conduct.transitions import IN_SCREENING
from gradatim.conduct.views.screening import assess_participant, log_line
from gradatim.web.access import Request, page
from gradatim.web.clock import today_at

_SHOWN = 4


@page("screening")
def worklist(request: Request) -> HttpResponse:
    """Show who is being screened, what is missing, and from when they could enter."""
    access: Access = request.access
    people = [one for one in access.participants("screening") if one.status in IN_SCREENING]
    state = access.state
    rows = [assess_participant(state, one, today_at(state, one.site)) for one in people]
    return render(request, "gradatim/screening/worklist.html", {"rows": rows, "shown": _SHOWN})


@page("screening")
def log(request: Request) -> HttpResponse:
    """Show everyone who was screened, with the reason of whoever did not enter."""
    access: Access = request.access
    rows = [log_line(access.state, one) for one in access.participants("screening")]
    return render(request, "gradatim/screening/log.html", {"rows": rows})
