"""The trial as it stands on a day, as plain values for other programs.

What each participant is, what may be dose-limiting, which reports are due, what stands before the
next dose, which rules have fired, which levels are open, where the product is, and what is to be
done. Nothing is worked out here: every value is that of the view which the pages show.
"""

from datetime import UTC, date, datetime, time
from typing import Any

from gradatim.conduct.policies import gates, withdrawn_since
from gradatim.conduct.policies.verdicts import rule, sentence
from gradatim.conduct.state import Participant, State
from gradatim.conduct.views.doses import doses, given
from gradatim.conduct.views.eligibility import eligibility
from gradatim.conduct.views.grades import Graded, grades
from gradatim.conduct.views.levels import levels
from gradatim.conduct.views.reporting import Due, reports
from gradatim.conduct.views.safety import DltCandidate, dlt_outcome, possible_dlts
from gradatim.conduct.views.stopping_rules import FiredRule, fired_rules
from gradatim.conduct.views.tasks import Task, tasks
from gradatim.core.errors import UnusableInput
from gradatim.core.truth import TRUE, UNKNOWN
from gradatim.dosefinding.outcomes import letter_of
from gradatim.dosing.inventory import Container
from gradatim.safety.events import graded

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
        "stopping": [_rule(one) for one in fired_rules(state, on)],
        "levels": [
            {"number": one.number, "open": one.open, "enrolling": one.enrolling, "why": one.closed}
            for one in (levels(state, on) if state.versions else ())
        ],
        "product": [_bag(one) for one in state.inventory.containers if one.content is not None],
        "tasks": [_task(one) for one in tasks(state, now, on)],
    }


def _participant(state: State, one: Participant, on: date, now: datetime) -> Values:
    treated = given(state, one) and one.level
    return {
        "status": one.status,
        "level": one.level,
        "outcome": letter_of(dlt_outcome(state, one, on) if treated else None),
        "candidates": [_candidate(found) for found in possible_dlts(state, one)],
        "grades": [_grade(found) for found in grades(state, one)],
        "clocks": [_clock(due, now) for due in reports(state, one)],
        "gates": [
            {
                "rule": rule(gate),
                "met": None if found.truth is UNKNOWN else found.truth is TRUE,
                "why": "; ".join(dict.fromkeys(found.clauses())) or sentence(gate),
            }
            for gate, found in gates(state, one, _next_dose(state, one), on, now)
        ]
        + _since_signed(state, one, on, now),
        "eligibility": _eligibility(state, one, on),
    }


def _since_signed(state: State, one: Participant, on: date, now: datetime) -> list[Values]:
    """Return whether the checklist of the next dose, where it is signed, is still in force.

    It is asked of the moment of the last entry, where that is of the day: a thaw runs on.
    """
    number = _next_dose(state, one)
    dose = doses(state, one).get(number)
    if dose is None or not dose.authorised:
        return []
    at = now if state.recorded_at is None else min(now, state.recorded_at)
    reasons = [str(why) for _, why in withdrawn_since(state, one, number, on, at)]
    why = "; ".join(dict.fromkeys(reasons)) or "its checklist is in force"
    return [{"rule": "the checklist is in force", "met": not reasons, "why": why}]


def _candidate(found: DltCandidate) -> Values:
    return {
        "id": found.id,
        "label": found.label,
        "grade": graded(found.event) if found.event else None,
        "changed_by": found.changed_by,
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


def _next_dose(state: State, one: Participant) -> int:
    """Return the number of the first dose that is neither given nor withheld."""
    known = doses(state, one)
    done = {number for number, dose in known.items() if dose.given or dose.withheld}
    return next(number for number in range(1, len(known) + 2) if number not in done)


def _eligibility(state: State, one: Participant, on: date) -> str | None:
    """Return the status on that day for a first dose on it, or as planned later; None if dead."""
    planned = one.first_dose_planned
    try:
        return eligibility(state, one, on, max(on, planned) if planned else on).status
    except UnusableInput:
        return None


def _rule(one: FiredRule) -> Values:
    standing = "fired" if one.certain else "possibly"
    return {
        "rule": one.key,
        "action": one.action,
        "state": "answered" if one.answered else standing,
        "level": one.level,
        "text": one.text,
    }


def _bag(one: Container) -> Values:
    return {
        "lot": one.lot,
        "bag": one.id,
        "site": one.site,
        "bound_for": one.bound_for,
        "state": one.status,
        "received": one.received,
        "used": one.used,
        "discarded": one.discarded + one.destroyed,
        "returned": one.returned,
        "left": one.on_hand,
        "in_transit": one.in_transit,
        "difference": one.difference,
        "explained": one.explained,
        "measure": one.measure,
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
