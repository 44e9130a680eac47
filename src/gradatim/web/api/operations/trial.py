"""How the trial stands, what is advised, and what waits for somebody."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from ninja import Router

from gradatim.conduct.access import LimitedAccess
from gradatim.conduct.conflicts import participant_of
from gradatim.conduct.escalation import advised
from gradatim.conduct.state import Query
from gradatim.conduct.transfers import site_of
from gradatim.conduct.views.levels import levels
from gradatim.conduct.views.stopping_rules import unanswered_rules
from gradatim.conduct.views.visible_tasks import VisibleTask, visible_tasks
from gradatim.protocol.questions import ruled_design
from gradatim.web.api.operations.dependencies import FAULTS, access_to, trial_of
from gradatim.web.api.schemas import trial as schemas
from gradatim.web.clock import now_at, today_at

router = Router(tags=["trial"])


@router.get("/trial", response={200: schemas.TrialState, **FAULTS})
def trial(request: HttpRequest, response: HttpResponse) -> Any:
    """Say how the trial stands; the position is also the ETag, for If-Match."""
    state = access_to(request, "overview").state
    response["ETag"] = f'"{state.position}"'
    version = state.version
    return {
        "trial": state.trial,
        "title": state.title,
        "mode": state.mode,
        "version": version.version if version else None,
        "sha256": version.sha256 if version else None,
        "position": state.position,
        "head": trial_of(request).head.hash.hex(),
        "recorded_at": state.recorded_at,
        "status": state.status,
        "sites": [{"id": site, "status": status} for site, status in state.sites.items()],
    }


@router.get("/next-dose", response={200: schemas.NextDose, **FAULTS})
def next_dose(request: HttpRequest) -> Any:
    """Say what the design advises on the present data, and what could still change it."""
    state = access_to(request, "review").state
    day = today_at(state, "")
    if not state.versions:
        raise Http404(_("No protocol is active yet."))
    found = advised(state, day)
    study = state.governing("safety")
    return {
        "as_of": day,
        "design": ruled_design(study).design,
        "basis": str(study.safety.escalation.basis),
        "action": found.action,
        "level": found.level,
        "outcomes": found.outcomes,
        "reasons": [one._asdict() for one in found.decision.reasons],
        "notes": list(found.decision.notes),
        "outlook": [
            {
                "outcomes": " ".join(map(str, one.cohorts)),
                "action": one.advice.action,
                "level": one.advice.dose,
            }
            for one in found.decision.resolutions
        ],
        "stopping_rules": [rule.text for rule in unanswered_rules(state, day)],
        "levels": [
            {"number": one.number, "open": one.open, "why": list(one.closed)}
            for one in levels(state, day)
        ],
    }


@router.get("/tasks", response={200: schemas.Tasks, **FAULTS})
def tasks(request: HttpRequest) -> Any:
    """List what waits for somebody, what is due first."""
    access = access_to(request, "overview")
    day = today_at(access.state, "")
    return {"items": [_task(one) for one in visible_tasks(access, now_at(access.state, ""), day)]}


def _task(one: VisibleTask) -> dict[str, Any]:
    task = one.task
    return {
        "kind": task.kind,
        "what": task.what,
        "event": task.event,
        "site": task.site,
        "participant": task.participant,
        "due": task.due,
        "late": one.late,
        "mine": one.mine,
        "roles": list(task.roles),
        "given": dict(task.given),
    }


@router.get("/queries", response={200: schemas.Queries, **FAULTS})
def queries(request: HttpRequest) -> Any:
    """List the questions about entries of the participants that are seen."""
    access = access_to(request, "participants")
    state = access.state
    found = [
        one
        for one in state.queries.values()
        if access.sees_entry("participants", state.events[one.of])
    ]
    return {"items": [_query(access, one) for one in found]}


def _query(access: LimitedAccess, one: Query) -> dict[str, Any]:
    entry = access.state.events[one.of]
    return {
        "id": one.id,
        "of": one.of,
        "site": site_of(access.state, entry),
        "participant": participant_of(access.state, entry),
        "question": one.question,
        "status": one.status,
        "answer": one.answer,
    }
