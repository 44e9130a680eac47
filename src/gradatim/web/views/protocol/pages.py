"""The protocol: the document, what is stated and what assumed, versions side by side, rulings."""

from difflib import unified_diff
from typing import Any, NamedTuple

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from gradatim.conduct.events.trial import ApprovalRecorded, ProtocolActivated, ProtocolAmended
from gradatim.conduct.state import State
from gradatim.protocol.questions import Question, questions
from gradatim.rules.describe import describe, window_words
from gradatim.web.access import Access, Request, page


class Criterion(NamedTuple):
    """A criterion as it is read."""

    criterion: Any
    rule: str


def _state(request: Request) -> State:
    access: Access = request.access
    return access.state


@page("protocol")
def document(request: Request) -> HttpResponse:
    """Show the version in force; before there is one, what is asked for."""
    state = _state(request)
    if not state.versions:
        return render(request, "gradatim/protocol/readiness.html", readiness(state))
    study = state.study
    return render(request, "gradatim/protocol/document.html", {
        "study": study, "version": state.version,
        "criteria": [Criterion(one, describe(one.rule, study)) for one in study.criteria],
        "visits": [(one, window_words(one.window, study))
                   for one in study.schedule.encounters.values()],
        "open_": sum(one.ruling is None for one in questions(study)), **readiness(state),
    })  # fmt: skip


def readiness(state: State) -> dict[str, Any]:
    """Give what stands between a trial and going live: approvals, and questions about safety."""
    approvals = [one for one in (state.events[at] for at in state.approvals)
                 if isinstance(one, ApprovalRecorded)]  # fmt: skip
    asked = questions(state.study) if state.versions else []
    blocking = [one for one in asked if one.safety and one.ruling is None]
    return {"approvals": approvals, "blocking": blocking, "has_version": bool(state.versions),
            "missing": [who for who in ("ethics", "regulator")
                        if not any(one.authority == who for one in approvals)]}  # fmt: skip


@page("protocol")
def open_questions(request: Request) -> HttpResponse:
    """Show the questions to the sponsor, each with its ruling or with what is done until then."""
    state = _state(request)
    if not state.versions:
        raise Http404(_("No protocol is active."))
    asked: list[Question] = questions(state.study)
    return render(request, "gradatim/protocol/questions.html", {
        "questions": asked, "open_": [one for one in asked if one.ruling is None],
    })  # fmt: skip


@page("protocol")
def versions(request: Request) -> HttpResponse:
    """Show the versions, and what differs between two of them."""
    state = _state(request)
    known = [(one, state.events[one.position]) for one in state.versions]
    first, second = (request.GET.get(name, "") for name in ("from", "to"))
    texts = {one.version: event.document for one, event in known
             if isinstance(event, ProtocolActivated | ProtocolAmended)}  # fmt: skip
    lines = []
    if first in texts and second in texts:
        lines = list(unified_diff(texts[first].splitlines(), texts[second].splitlines(), first,
                                  second, lineterm="", n=2))  # fmt: skip
    return render(request, "gradatim/protocol/versions.html", {
        "known": known, "lines": [(_kind(line), line) for line in lines], "first": first,
        "second": second, "same": bool(first and second and not lines),
    })  # fmt: skip


def _kind(line: str) -> str:
    if line.startswith(("+++", "---", "@@")):
        return "meta"
    return {"+": "added", "-": "removed"}.get(line[:1], "")
