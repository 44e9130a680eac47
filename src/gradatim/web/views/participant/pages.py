"""The participants, and the pages of one of them."""

from django.http import HttpResponse
from django.shortcuts import render

from gradatim.conduct.access import Access
from gradatim.conduct.corrections import signings
from gradatim.conduct.narrative import narrate_in_words
from gradatim.conduct.state import Participant
from gradatim.conduct.transfers import last_seen
from gradatim.conduct.views.adverse_events import courses
from gradatim.conduct.views.doses import doses
from gradatim.conduct.views.judgements import to_be_signed
from gradatim.conduct.views.logs import (
    medical_history,
    medications,
    pregnancies,
    unscheduled_visits,
)
from gradatim.conduct.views.participants import next_visit, summarise
from gradatim.conduct.views.reporting import reports
from gradatim.conduct.views.safety import possible_dlts
from gradatim.conduct.views.safety_case import safety_cases
from gradatim.conduct.views.visit_forms import visit_forms
from gradatim.conduct.views.visits import visits
from gradatim.safety.dlt import perhaps_of
from gradatim.web.access import Request, page, participant_or_404
from gradatim.web.clock import now, today_at
from gradatim.web.forms.labels import label_of
from gradatim.web.languages import why_broken
from gradatim.web.views.participant.frame import framed
from gradatim.web.views.participant.timeline import timeline_spec


def _access(request: Request) -> Access:
    access: Access = request.access
    return access


@page("participants")
def participants(request: Request) -> HttpResponse:
    """List the participants that the user sees."""
    access = _access(request)
    status = request.GET.get("status", "")
    people = [one for one in access.participants("participants") if status in ("", one.status)]
    state = access.state
    rows = [
        (summarise(state, one, day), next_visit(state, one, day))
        for one in people
        for day in [today_at(state, one.site)]
    ]
    statuses = sorted({one.status for one in access.participants("participants")})
    return render(
        request,
        "gradatim/participants.html",
        {
            "rows": rows,
            "statuses": statuses,
            "status": status,
            "left": _left(access),
            "lists": [one for one in access.sites_for("IdentificationListExported") if one],
            "endorsing": [one for one in access.sites_for("DataEndorsed") if one],
        },
    )


def _left(access: Access) -> list[Participant]:
    """Return the participants who went on at another site than the user's, as it knew them."""
    sites = access.sites("participants")
    return [
        one
        for one in access.state.participants.values()
        if one.site not in sites and last_seen(one, sites) is not None
    ]


@page("participants")
def summary(request: Request, id: str) -> HttpResponse:
    """Show how a participant stands, and what comes next."""
    access = _access(request)
    one = participant_or_404(access, "participants", id)
    state, day = access.state, today_at(access.state, one.site)
    spec, rows = timeline_spec(state, one, day)
    return render(
        request,
        "gradatim/participant/summary.html",
        {
            **framed(request, one, "participant"),
            "candidates": possible_dlts(state, one),
            "visits": visits(state, one, day),
            "doses": doses(state, one),
            "events": list(courses(state, one).values()),
            "charts": {"timeline": spec},
            "rows": rows,
            "queries": [
                q
                for q in state.queries.values()
                if getattr(state.events[q.of], "participant", None) == one.id
            ],
            "deviations": [
                (d, why_broken(state, d))
                for d in state.deviations.values()
                if d.participant == one.id
            ],
        },
    )


@page("participants")
def schedule(request: Request, id: str) -> HttpResponse:
    """Show the visits of a participant, each with its forms."""
    access = _access(request)
    one = participant_or_404(access, "participants", id)
    study = access.state.governing("schedule", one)
    rows = [
        (visit, visit_forms(access.state, study, one, visit))
        for visit in visits(access.state, one, today_at(access.state, one.site))
    ]
    return render(
        request,
        "gradatim/participant/visits.html",
        {
            **framed(request, one, "visits"),
            "rows": rows,
            "unscheduled": unscheduled_visits(access.state, one),
        },
    )


@page("participants")
def logs(request: Request, id: str) -> HttpResponse:
    """Show a participant's medication, medical history and pregnancies."""
    access = _access(request)
    one = participant_or_404(access, "participants", id)
    state = access.state
    elements = state.governing("elements", one).elements
    lines = [
        [
            (line, [elements[name].label for name in line.elements if name in elements])
            for line in some
        ]
        for some in (medications(state, one), medical_history(state, one))
    ]
    return render(
        request,
        "gradatim/participant/logs.html",
        {
            **framed(request, one, "logs"),
            "medication": lines[0],
            "conditions": lines[1],
            "pregnancies": pregnancies(state, one),
        },
    )


@page("participants")
def adverse_events(request: Request, id: str) -> HttpResponse:
    """Show a participant's adverse events, with the clocks of their reports."""
    access = _access(request)
    one = participant_or_404(access, "participants", id)
    state, at = access.state, now()
    clocks = [(due, due.status(at)) for due in reports(state, one)]
    counting = {found.id: found for found in possible_dlts(state, one)}
    changed: dict[str, list[int]] = {}
    for position, event in to_be_signed(state, one):
        changed.setdefault(getattr(event, "adverse_event", ""), []).append(position)
    study = state.governing("safety", one)
    rows = [
        (
            number,
            course,
            counting.get(number),
            changed.get(number, []),
            bool(perhaps_of(study, course.event)),
        )
        for number, course in courses(state, one).items()
    ]
    return render(
        request,
        "gradatim/participant/adverse_events.html",
        {
            **framed(request, one, "adverse-events"),
            "rows": rows,
            "cases": [
                (case, [(label_of(name), value) for name, value in case.said.items()])
                for case in safety_cases(state, one).values()
                if case.said or case.medication
            ],
            "clocks": clocks,
            "courses": courses(state, one),
        },
    )


@page("participants")
def history(request: Request, id: str) -> HttpResponse:
    """Show every entry about a participant, the latest first."""
    access = _access(request)
    one = participant_or_404(access, "participants", id)
    state = access.state
    rows = [
        (
            at,
            state.events[at],
            narrate_in_words(state, state.events[at]),
            state.corrected_by.get(at, ()),
            at in state.verified,
            signings(state, at),
            state.voids.get(at),
        )
        for at in sorted((*one.entries, *one.voided), reverse=True)
    ]
    return render(
        request,
        "gradatim/participant/history.html",
        {**framed(request, one, "history"), "rows": rows},
    )
