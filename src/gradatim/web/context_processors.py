"""What every page has: the trial, its user, and where they may go."""

from typing import Any, NamedTuple

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from gradatim.conduct.access import Access
from gradatim.web.live_trial import running
from gradatim.web.views.downtime import waiting_for

AREAS = (
    ("overview", _("Overview")),
    ("screening", _("Screening")),
    ("participants", _("Participants")),
    ("dosing", _("Dosing")),
    ("review", _("Safety review")),
    ("design", _("Design")),
    ("feasibility", _("Feasibility")),
    ("protocol", _("Protocol")),
    ("audit", _("Audit")),
    ("people", _("People and rights")),
)
BEFORE = ("sign-in", "second-factor", "second-factor-setup", "invitation")
"""Pages on which nothing of the trial is shown: nobody is fully signed in yet."""
THEMES = ("light", "dark")


class _NavigationEntry(NamedTuple):
    """An entry of the navigation."""

    url: str
    label: Any
    here: bool


def everywhere(request: HttpRequest) -> dict[str, Any]:
    """Give what the frame of every page shows."""
    access: Access | None = getattr(request, "access", None)
    theme = request.COOKIES.get(settings.THEME_COOKIE_NAME, "")
    found = {
        "zone": settings.TIME_ZONE,
        "demo": settings.DEMO,
        "theme": theme if theme in THEMES else "",
    }
    match = request.resolver_match
    if access is None or (match is not None and match.url_name in BEFORE):
        return found
    state, trial = access.state, running().trial
    waiting, journal_fault = waiting_for(access, trial)
    return {
        **found,
        "state": state,
        "access": access,
        "places": _places(request, access),
        "trial_title": state.title or state.trial,
        "mode": state.mode,
        "position": state.position,
        "ledger_fault": trial.fault,
        "not_sealed": trial.not_sealed,
        "rewritten": trial.rewritten,
        "unusable": trial.unusable,
        "downtime_waiting": waiting,
        "downtime_fault": journal_fault,
        "past": getattr(request, "past", None),
    }


def _places(request: HttpRequest, access: Access) -> list[_NavigationEntry]:
    return [
        _NavigationEntry(
            reverse(name),
            label,
            request.path.startswith(reverse(name))
            and (name != "overview" or request.path == reverse(name)),
        )
        for name, label in AREAS
        if access.sees(name)
    ]
