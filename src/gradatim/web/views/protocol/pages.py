"""The protocol: the document, what is stated and what assumed, versions side by side, rulings."""

from difflib import unified_diff
from typing import Any, NamedTuple

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from gradatim.conduct.access import Access
from gradatim.conduct.events.trial import ProtocolActivated, ProtocolAmended
from gradatim.conduct.folding.trial import document_in_force, submitted, submitted_study
from gradatim.conduct.state import State
from gradatim.conduct.views.readiness import readiness
from gradatim.conduct.views.requested_changes import (
    changed_document,
    requested_change,
    requested_changes,
)
from gradatim.core.errors import UnusableInput
from gradatim.protocol.questions import Question, questions
from gradatim.protocol.revision import value_in_lines
from gradatim.protocol.study import Ruling, Study
from gradatim.rules.describe import describe, window_words
from gradatim.web.access import Request, page
from gradatim.web.clock import today_at


class Criterion(NamedTuple):
    """A criterion as it is read."""

    criterion: Any
    rule: str


class _QuestionRow(NamedTuple):
    """A question to the sponsor as its page shows it.

    Args:
        question: what is asked.
        value: what is ruled on, in lines.
        earlier: the rulings on it before the last, the latest first.
        requested: what a requested change puts in its place; empty without one.
    """

    question: Question
    value: str
    earlier: list[Ruling]
    requested: str


def _state(request: Request) -> State:
    access: Access = request.access
    return access.state


@page("protocol")
def document(request: Request) -> HttpResponse:
    """Show the version in force; before there is one, the one submitted, or what is needed."""
    state = _state(request)
    if not state.versions:
        return submitted_document(request)
    now = state.versions[-1]
    return render(
        request,
        "gradatim/protocol/document.html",
        {
            **as_read(state.study),
            "version": now.version,
            "sha256": now.sha256,
            "tab": "protocol",
            "submitted": submitted(state),
            **_readiness(state, state.study),
        },
    )


@page("protocol")
def submitted_document(request: Request) -> HttpResponse:
    """Show the version that is submitted, and what stands between it and going live."""
    state = _state(request)
    held, study = submitted(state), submitted_study(state)
    if held is None or study is None:
        return render(request, "gradatim/protocol/readiness.html", _readiness(state, None))
    return render(
        request,
        "gradatim/protocol/document.html",
        {
            **as_read(study),
            "version": held.version,
            "sha256": held.sha256,
            "tab": "submitted",
            "not_in_force": True,
            "submitted": held,
            **_readiness(state, study),
        },
    )


def as_read(study: Study) -> dict[str, Any]:
    """Return what the document's own page shows of it."""
    return {
        "study": study,
        "criteria": [Criterion(one, describe(one.rule, study)) for one in study.criteria],
        "visits": [
            (one, window_words(one.window, study)) for one in study.schedule.encounters.values()
        ],
        "open_": sum(not one.settled for one in questions(study)),
    }


def _readiness(state: State, study: Study | None) -> dict[str, Any]:
    return {
        **readiness(state, study, today_at(state, ""))._asdict(),
        "has_version": bool(state.versions),
        "submitted": submitted(state),
    }


@page("protocol")
def open_questions(request: Request) -> HttpResponse:
    """Show the questions to the sponsor, of the version submitted, else of the one in force."""
    state, study = _state(request), study_asked(request)
    if study is None:
        raise Http404(_("No protocol is submitted or active."))
    of_submitted = study is submitted_study(state)
    found = questions(study)
    safety = [one for one in found if one.safety]
    return render(
        request,
        "gradatim/protocol/questions.html",
        {
            "asked": [question_row(state, study, one) for one in found],
            "changes": requested_changes(state),
            "of_submitted": of_submitted,
            "version": study.study.version,
            "both": bool(state.versions) and submitted(state),
            "submitted": submitted(state),
            "open_": sum(not one.settled for one in found),
            "safety": safety,
            "settled": sum(one.settled for one in safety),
        },
    )


def study_asked(request: Request) -> Study | None:
    """Return the protocol whose questions a page is about; None where there is none.

    That is the version submitted, else or where it is asked for the one in force.
    """
    state = _state(request)
    held = None if "in-force" in request.GET else submitted_study(state)
    return held or (state.study if state.versions else None)


@page("protocol")
def revision(request: Request) -> HttpResponse:
    """Return the document with the changes that rulings ask for, as the version that is named."""
    state, version = _state(request), request.GET.get("version", "").strip()
    try:
        text = changed_document(state, version)
    except UnusableInput as error:
        messages.error(request, str(error))
        return HttpResponseRedirect(reverse("questions"))
    named = {"Content-Disposition": 'attachment; filename="protocol.yaml"'}
    return HttpResponse(text, content_type="application/yaml; charset=utf-8", headers=named)


def question_row(state: State, study: Study, question: Question) -> _QuestionRow:
    """Return a question as it is shown: with its value in lines, and with all rulings on it."""
    rulings = [one for one in study.rulings if one.question == question.key]
    asks = requested_change(state, question)
    return _QuestionRow(
        question,
        value_in_lines(question.value),
        [one for one in reversed(rulings) if one is not question.ruling],
        asks.value if asks else "",
    )


def of_state(state: State, question: Question) -> _QuestionRow:
    """Return a question of the version submitted, else of the one in force, as it is shown."""
    return question_row(state, submitted_study(state) or state.study, question)


def put_into_force(state: State) -> dict[str, Any]:
    """Return what is read before a version is put into force: all of it, and what is new in it."""
    held, study = submitted(state), submitted_study(state)
    if held is None or study is None:
        return {"held": None}
    lines = []
    if state.versions:
        before = document_in_force(state)
        lines = differences(before, held.document, state.versions[-1].version, held.version)
    return {**as_read(study), **_readiness(state, study), "held": held, "lines": lines}


@page("protocol")
def versions(request: Request) -> HttpResponse:
    """Show the versions, and what differs between two of them."""
    state = _state(request)
    known = [(one, state.events[one.position]) for one in state.versions]
    first, second = (request.GET.get(name, "") for name in ("from", "to"))
    texts = {
        one.version: event.document
        for one, event in known
        if isinstance(event, ProtocolActivated | ProtocolAmended)
    }
    lines = []
    if first in texts and second in texts:
        lines = differences(texts[first], texts[second], first, second)
    return render(
        request,
        "gradatim/protocol/versions.html",
        {
            "known": known,
            "lines": lines,
            "first": first,
            "second": second,
            "same": bool(first and second and not lines),
            "submitted": submitted(state),
        },
    )


def differences(before: str, after: str, first: str, second: str) -> list[tuple[str, str]]:
    """Return the lines in which two documents differ, each with its kind."""
    lines = unified_diff(before.splitlines(), after.splitlines(), first, second, lineterm="", n=2)
    return [(_kind(line), line) for line in lines]


def _kind(line: str) -> str:
    if line.startswith(("+++", "---", "@@")):
        return "meta"
    return {"+": "added", "-": "removed"}.get(line[:1], "")
