"""The first page: the ladder of doses, what needs doing now, and how far enrolment is."""

from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gradatim.conduct.access import Access
from gradatim.conduct.escalation import advice_or_why
from gradatim.conduct.state import State
from gradatim.conduct.views.delegation_log import confirmed_on_server
from gradatim.conduct.views.ladder import enrolment, ladder
from gradatim.conduct.views.stopping_rules import unanswered_rules
from gradatim.conduct.views.tasks import Task
from gradatim.conduct.views.visible_tasks import visible_tasks
from gradatim.web.access import Request, page
from gradatim.web.clock import now, now_at, today_at

_SHOWN = 60
ACTIONS = {
    "pending": gettext_lazy("wait: outcomes are open"),
    "continue_cohort": gettext_lazy("go on with this cohort"),
    "escalate": gettext_lazy("escalate"),
    "stay": gettext_lazy("stay"),
    "de_escalate": gettext_lazy("de-escalate"),
    "stop": gettext_lazy("stop"),
    "hold": gettext_lazy("hold: the committee decides"),
    "start": gettext_lazy("start"),
}


@page("overview")
def overview(request: Request) -> HttpResponse:
    """Show the trial at a glance."""
    access: Access = request.access
    state, day = access.state, today_at(access.state, "")
    rows = [
        (one, _url(one.task) if one.mine else "")
        for one in visible_tasks(access, now_at(state, ""), day)
    ]
    mine = [row for row in rows if row[0].mine]
    on_server = confirmed_on_server(access)
    if not state.versions:
        found = {"mine": mine, "on_server": on_server}
        return render(request, "gradatim/not_active.html", found)
    return render(
        request,
        "gradatim/overview.html",
        {
            "ladder": ladder(access, day),
            "mine": mine[:_SHOWN],
            "others": [row for row in rows if not row[0].mine][:_SHOWN],
            "more": max(0, len(mine) - _SHOWN),
            "on_server": on_server,
            **advice_shown(state, day),
            "enrolment": enrolment(state),
            "planned": state.study.study.planned_enrolment,
            "sentinel": state.study.safety.sentinel,
            "now": now(),
        },
    )


def advice_shown(state: State, day: date) -> dict[str, Any]:
    """Give the design's advice as pages show it, or why there is none, and the rules that stand."""
    found, why = advice_or_why(state, day)
    words = advice_words(found.action, found.level) if found else why
    return {"advice": found, "advice_words": words, "rules": unanswered_rules(state, day)}


def advice_words(action: str, level: int | None) -> Any:
    """Write what a design advises; of a stop, which level it selects."""
    if action == "stop" and level is None:
        return _("stop the trial; no level is selected")
    if action == "stop":
        return _("stop the trial; level %(level)s is selected") % {"level": level}
    said = ACTIONS.get(action, action)
    return f"{said}, {_('level')} {level}" if level is not None else said


def _url(one: Task) -> str:
    """Return the address of the form that settles a task."""
    if one.event == "ProposalSigned":
        return reverse("proposal", args=[one.given["proposal"]])
    if one.event == "DataEndorsed":
        return reverse("endorse", args=[one.site])
    query = {"site": one.site, **one.given, "next": reverse("overview")}
    if one.participant:
        query["participant"] = one.participant
    return f"{reverse('record', args=[one.event])}?{urlencode(query)}"
