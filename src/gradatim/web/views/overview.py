"""The first page: the ladder of doses, what needs doing now, and how far enrolment is."""

from collections import Counter
from datetime import date
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gradatim.conduct.escalation import advice_or_why
from gradatim.conduct.state import Cohort, Participant, State
from gradatim.conduct.transitions import ENDED, ON_THE_WAY
from gradatim.conduct.views.doses import first_dose_at, given
from gradatim.conduct.views.levels import levels
from gradatim.conduct.views.safety import dlt_outcome, unanswered_rules
from gradatim.conduct.views.tasks import Task, tasks
from gradatim.dosefinding.outcomes import DoseOutcome
from gradatim.safety import dlt
from gradatim.web.access import Access, Request, page
from gradatim.web.clock import now, today

SHOWN = 60
SLOTS: dict[DoseOutcome | None, tuple[str, Any]] = {
    DoseOutcome.DLT: ("toxic", gettext_lazy("DLT")),
    DoseOutcome.CANDIDATE: ("toxic", gettext_lazy("DLT candidate")),
    DoseOutcome.PENDING: ("waiting", ""),
    DoseOutcome.NO_DLT: ("clear", gettext_lazy("no DLT")),
    None: ("", gettext_lazy("not evaluable")),
}

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


class Slot(NamedTuple):
    """A place on the ladder: who has it, and how it stands."""

    participant: str
    seen: bool
    kind: str
    words: str
    until: date | None = None


class Rung(NamedTuple):
    """A dose level: its places, its toxicities, whether it is the present one, and closed."""

    level: Any
    slots: list[Slot]
    free: int
    toxic: int
    treated: int
    here: bool
    closed: tuple[str, ...] = ()


class Doing(NamedTuple):
    """A task as its user sees it: with the way to do it, if it is for them."""

    task: Task
    late: bool
    mine: bool
    url: str
    seen: bool


@page("overview")
def overview(request: Request) -> HttpResponse:
    """Show the trial at a glance."""
    access: Access = request.access
    state, day = access.state, today()
    if not state.versions:
        return render(request, "gradatim/not_active.html")
    doing = doing_of(access, localtime(now()), day)
    mine = [one for one in doing if one.mine]
    return render(
        request,
        "gradatim/overview.html",
        {
            "ladder": ladder(access, day),
            "mine": mine[:SHOWN],
            "others": [one for one in doing if not one.mine][:SHOWN],
            "more": max(0, len(mine) - SHOWN),
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


def ladder(access: Access, day: date) -> list[Rung]:
    """Give the dose levels, the lowest first, each with its places."""
    state = access.state
    cohort = state.cohort
    closed = {one.number: one.closed for one in levels(state, day)}
    rungs = []
    for level in state.study.treatment.dose_levels:
        members = [
            state.participants[id]
            for one in state.cohorts
            if one.level == level.number
            for id in one.members
        ]
        slots = [_slot(access, one, day) for one in members]
        here = cohort is not None and cohort.level == level.number
        open_ = here and not closed[level.number]
        rungs.append(
            Rung(
                level,
                slots,
                _free(state, cohort) if open_ else 0,
                sum(slot.kind == "toxic" for slot in slots),
                sum(bool(given(state, one)) for one in members),
                here,
                closed[level.number],
            )
        )
    return rungs


def _free(state: State, cohort: Cohort | None) -> int:
    return state.free_places(cohort) if cohort is not None else 0


def _slot(access: Access, one: Participant, day: date) -> Slot:
    state, seen = access.state, access.sees_participant("participants", one)
    if first_dose_at(state, one) is None:
        return Slot(one.id, seen, "", _("replaced") if one.replaced else _("not yet dosed"))
    outcome = dlt_outcome(state, one, day)
    kind, words = SLOTS[outcome]
    if outcome is not DoseOutcome.PENDING:
        return Slot(one.id, seen, kind, words)
    times = given(state, one)
    study = state.governing("safety", one)
    _opens, closes = dlt.window(study, times[0].started_at.date(), times[-1].started_at.date())
    return Slot(one.id, seen, kind, _("window open"), closes)


def doing_of(access: Access, at: Any, day: date) -> list[Doing]:
    """Give the tasks of what the user sees; those that are theirs are marked."""
    found = []
    for one in tasks(access.state, at, day):
        about = access.state.participants.get(one.participant or "")
        if about is not None and not _visible(access, about):
            continue
        if about is None and one.site and one.site not in access.sites("overview"):
            continue
        mine = access.has_any(one.roles, one.site)
        found.append(
            Doing(
                one,
                one.late(at),
                mine,
                _url(one) if mine else "",
                about is not None and access.sees_participant("participants", about),
            )
        )
    return found


def _visible(access: Access, about: Participant) -> bool:
    return any(access.sees_participant(area, about) for area in ("participants", "dosing"))


def _url(one: Task) -> str:
    if one.event == "ProposalSigned":
        return reverse("proposal", args=[one.given["proposal"]])
    query = {"site": one.site, **one.given, "next": reverse("overview")}
    if one.participant:
        query["participant"] = one.participant
    return f"{reverse('record', args=[one.event])}?{urlencode(query)}"


def enrolment(state: State) -> list[tuple[str, int]]:
    """Give how many people stand where on their way."""
    counts = Counter(one.status for one in state.participants.values())
    return [(status, counts[status]) for status in (*ON_THE_WAY, *ENDED) if counts[status]]
