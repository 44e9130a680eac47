"""The emergency page: what somebody has been given, by whom to be called, what to do. It prints."""

from django.http import HttpResponse
from django.shortcuts import render

from gradatim.conduct.access import Access
from gradatim.conduct.views.adverse_events import courses
from gradatim.conduct.views.participants import investigators_of, opening_of
from gradatim.conduct.views.traceability import administration_origins
from gradatim.web.access import Request, page, participant_or_404
from gradatim.web.accounts.models import User
from gradatim.web.clock import now
from gradatim.web.views.participant.frame import identity


@page("emergency")
def emergency(request: Request, id: str) -> HttpResponse:
    """Show it."""
    access: Access = request.access
    one = participant_or_404(access, "emergency", id)
    state = access.state
    study = state.governing("treatment", one)
    leads = investigators_of(state, one)
    names = dict(User.objects.filter(username__in=leads).values_list("username", "printed_name"))
    events = courses(state, one) if access.sees_participant("participants", one) else {}
    return render(
        request,
        "gradatim/participant/emergency.html",
        {
            "one": one,
            "study": study,
            "site": opening_of(state, one.site),
            "now": now(),
            "leads": [(user, names.get(user, "")) for user in leads],
            "identity": identity(access, one),
            "doses": administration_origins(state, one),
            "ongoing": [c for c in events.values() if c.status == "ongoing"],
            "watched": state.governing("safety", one).safety.special_interest,
            "level": study.treatment.dose_levels[one.level - 1] if one.level else None,
        },
    )
