"""The trial as it stands on a day, as plain values for other programs.

What each participant is, what may be dose-limiting, which reports are due, what stands before the
next dose, which rules have fired, which levels are open, where the product is, and what is to be
done. Nothing is worked out here: every value is that of the view which the pages show.
"""

from datetime import UTC, date, datetime, time
from typing import Any

from gradatim.conduct.events.product import PreDoseChecklistSigned
from gradatim.conduct.policies import GATES
from gradatim.conduct.policies.verdicts import rule, sentence
from gradatim.conduct.state import Participant, State
from gradatim.conduct.views.adverse_events import courses
from gradatim.conduct.views.doses import doses, given
from gradatim.conduct.views.eligibility import eligibility
from gradatim.conduct.views.grades import Graded, grades
from gradatim.conduct.views.product import stock
from gradatim.conduct.views.reporting import Due, reports
from gradatim.conduct.views.safety import Candidate, candidates, letter, unanswered_rules
from gradatim.conduct.views.tasks import Task, tasks
from gradatim.core.errors import UnusableInput
from gradatim.core.truth import TRUE, UNKNOWN
from gradatim.core.verdict import Verdict
from gradatim.dosing.accountability import BagStatus

Values = dict[str, Any]


def snapshot(state: State, on: date) -> Values:
    """Return what stands at the end of a day.

    Args:
        state: the trial, as of the entries that are to be looked at.
        on: the day; windows, clocks and gates are looked at as of it.

    Returns:
        `participants` by their number, `stopping`, `levels`, `product` and `tasks`.
    """
    now = datetime.combine(on, time.max, UTC)
    return {
        "participants": {
            one.id: _participant(state, one, on, now) for one in state.participants.values()
        },
        "stopping": [
            {"rule": one.key, "state": "fired", "level": one.level, "why": one.text}
            for one in unanswered_rules(state, on)
        ],
        "levels": [],
        "product": [_bag(one) for one in stock(state).bags.values()],
        "tasks": [_task(one) for one in tasks(state, now, on)],
    }


def _participant(state: State, one: Participant, on: date, now: datetime) -> Values:
    return {
        "status": one.status,
        "level": one.level,
        "outcome": letter(state, one, on) if given(state, one) and one.level else "",
        "candidates": [_candidate(state, one, found) for found in candidates(state, one)],
        "grades": [_grade(found) for found in grades(state, one)],
        "clocks": [_clock(due, now) for due in reports(state, one)],
        "gates": [
            {
                "rule": rule(gate),
                "met": None if found.truth is UNKNOWN else found.truth is TRUE,
                "why": "; ".join(dict.fromkeys(found.clauses())) or sentence(gate),
            }
            for gate, found in _gates(state, one, on, now)
        ],
        "eligibility": _eligibility(state, one, on),
    }


def _candidate(state: State, one: Participant, found: Candidate) -> Values:
    course = courses(state, one).get(found.id)
    return {
        "id": found.id,
        "label": found.label,
        "grade": course.event.grade if course else None,
        "dose_limiting": found.dose_limiting,
        "why": "; ".join(dict.fromkeys(found.verdict.clauses())),
    }


def _grade(one: Graded) -> Values:
    found = one.grade
    return {
        "element": one.element,
        "on": str(one.fact.start),
        "term": found.term,
        "grade": found.grade,
        "possible": list(found.possible),
        "entry": one.position,
    }


def _clock(due: Due, now: datetime) -> Values:
    return {
        "adverse_event": due.adverse_event,
        "recipient": due.clock.recipient,
        "report": due.clock.report,
        "due": due.clock.due,
        "status": due.status(now),
    }


def _gates(state: State, one: Participant, on: date, now: datetime) -> list[tuple[Any, Verdict]]:
    """Ask what must hold before the next dose, as the signature of its checklist would be."""
    known = doses(state, one)
    number = next(
        n
        for n in range(1, len(known) + 2)
        if n not in known or not (known[n].given or known[n].withheld)
    )
    signature = PreDoseChecklistSigned(
        occurred_on=on,
        recorded_at=now,
        recorded_by="-",
        site=one.site,
        participant=one.id,
        dose=number,
        items={},
        signer="-",
    )
    return [(gate, gate(state, signature)) for gate in GATES]


def _eligibility(state: State, one: Participant, on: date) -> str | None:
    """Return the status on that day for a first dose on it, or as planned later; None if dead."""
    planned = one.first_dose_planned
    try:
        return eligibility(state, one, on, max(on, planned) if planned else on).status
    except UnusableInput:
        return None


def _bag(one: BagStatus) -> Values:
    return {
        "lot": one.bag.lot,
        "bag": one.bag.id,
        "state": one.state,
        "received": one.received_ml,
        "used": one.infused_ml,
        "discarded": one.discarded_ml,
        "returned": one.returned_ml,
        "left": one.on_hand_ml,
        "given_to": list(one.given_to),
    }


def _task(one: Task) -> Values:
    return {
        "kind": one.kind,
        "what": one.what,
        "participant": one.participant,
        "site": one.site,
        "roles": list(one.roles),
        "due": one.due,
    }
