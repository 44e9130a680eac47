"""What is worked out of a participant's entries, as plain values."""

from typing import Any

from gradatim.conduct.state import Participant, State
from gradatim.conduct.views.adverse_events import Course, courses
from gradatim.conduct.views.doses import Dose, doses
from gradatim.conduct.views.grades import Graded, grades
from gradatim.conduct.views.reporting import Due, reports
from gradatim.conduct.views.safety import DltCandidate, possible_dlts
from gradatim.conduct.views.visits import visits
from gradatim.safety.events import graded
from gradatim.web.clock import now, today_at


def detail(state: State, one: Participant) -> dict[str, Any]:
    """Give the visits, doses, adverse events, candidates and grades of a participant."""
    due = reports(state, one)
    return {
        "visits": [visit._asdict() for visit in visits(state, one, today_at(state, one.site))],
        "dosing": [_dose(dose) for dose in doses(state, one).values()],
        "events": [_adverse_event(course, due) for course in courses(state, one).values()],
        "candidates": [_candidate(found) for found in possible_dlts(state, one)],
        "grades": [_grade(found) for found in grades(state, one)],
    }


def _dose(dose: Dose) -> dict[str, Any]:
    prepared, assigned = dose.prepared, dose.assigned
    return {
        "number": dose.number,
        "lot": assigned.lot if assigned else "",
        "bags": list(assigned.bags) if assigned else [],
        "prepared": prepared.amount if prepared else None,
        "planned": prepared.planned if prepared else None,
        "unit": prepared.unit if prepared else "",
        "verified": dose.verified is not None,
        "signed": dose.signed is not None,
        "fraction": dose.fraction,
        "withheld": dose.withheld.reason if dose.withheld else "",
        "given": [
            {
                "started_at": one.started_at,
                "ended_at": one.ended_at,
                "amount": one.amount,
                "unit": one.unit,
                "volume_ml": one.volume_ml,
            }
            for one in dose.administrations
        ],
    }


def _adverse_event(course: Course, due: tuple[Due, ...]) -> dict[str, Any]:
    event = course.event
    return {
        "id": event.id,
        "position": course.position,
        "term": event.term,
        "scale": event.scale,
        "grade": graded(event),
        "onset": str(event.onset),
        "resolved": str(event.resolved or ""),
        "status": course.status,
        "outcome": course.outcome,
        "serious": list(event.serious),
        "investigator_relation": event.investigator_relation,
        "sponsor_relation": event.sponsor_relation,
        "expected": event.expected,
        "reports": [_report(one) for one in due if one.adverse_event == event.id],
    }


def _report(one: Due) -> dict[str, Any]:
    clock = one.clock
    return {
        "recipient": clock.recipient,
        "report": clock.report,
        "why": clock.why,
        "due": clock.due,
        "sent": one.sent,
        "status": one.status(now()),
    }


def _candidate(one: DltCandidate) -> dict[str, Any]:
    return {
        "id": one.id,
        "label": one.label,
        "why": "; ".join(one.verdict.clauses()),
        "dose_limiting": one.dose_limiting,
        "counts": one.counts,
        "changed_by": one.changed_by,
    }


def _grade(one: Graded) -> dict[str, Any]:
    fact, grade = one.fact, one.grade
    return {
        "position": one.position,
        "element": one.element,
        "on": str(fact.start),
        "value": fact.value,
        "bound": fact.bound,
        "unit": fact.unit,
        "term": grade.term,
        "version": grade.version,
        "grade": grade.grade,
        "possible": list(grade.possible),
        "needs": grade.needs,
        "rule": grade.rule,
        "because": grade.because,
        "baseline": one.baseline.grade if one.baseline else None,
        "after_dose": one.after_dose,
    }
