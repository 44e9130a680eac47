"""Who is being screened and what their records say today; the log of everyone who was screened."""

from datetime import date, timedelta
from typing import NamedTuple

from gradatim.conduct.events.participants import ParticipantRegistered, ScreenFailed
from gradatim.conduct.state import Participant, State
from gradatim.conduct.views.doses import entries_of
from gradatim.conduct.views.eligibility import attestations, eligibility
from gradatim.core.errors import UnusableInput
from gradatim.screening.assess import Eligibility


class ScreeningAssessment(NamedTuple):
    """A person in screening, with what the records say on a day.

    Args:
        participant: the person.
        eligibility: the assessment; None where it cannot be made.
        fault: why not.
        open_criteria: how many criteria wait for a record.
        attested: how many criteria an investigator has attested.
        missing: labels of what to obtain, the most useful first.
    """

    participant: Participant
    eligibility: Eligibility | None
    fault: str = ""
    open_criteria: int = 0
    attested: int = 0
    missing: tuple[str, ...] = ()


def planned_first_dose(state: State, one: Participant, day: date) -> date:
    """Return the day of the first dose that somebody is screened for: as planned, or by schedule.

    Args:
        state: the trial.
        one: the person.
        day: the day of the assessment; the dose is never before it.
    """
    if one.first_dose_planned is not None and one.first_dose_planned >= day:
        return one.first_dose_planned
    anchors = state.governing("schedule", one).schedule.anchors
    offset = anchors["screening"].offset if "screening" in anchors else None
    ahead = -offset.days if offset is not None and offset.days < 0 else 14
    registered = state.events[one.position].occurred_on
    return max(day, registered + timedelta(days=ahead))


def assess_participant(state: State, one: Participant, day: date) -> ScreeningAssessment:
    """Return the assessment of a person on the records of a day."""
    return one.remembered(f"screened {day}", lambda: _assess(state, one, day))


def _assess(state: State, one: Participant, day: date) -> ScreeningAssessment:
    try:
        found = eligibility(state, one, day, planned_first_dose(state, one, day))
    except UnusableInput as error:
        return ScreeningAssessment(one, None, str(error))
    study = state.governing("eligibility", one)
    labels = (
        study.elements[item.element].label if item.element in study.elements else item.element
        for item in found.missing
    )
    still_open = sum(finding.passes is None for finding in found.findings)
    return ScreeningAssessment(
        one, found, "", still_open, len(attestations(state, one)), tuple(labels)
    )


class LogLine(NamedTuple):
    """A line of the screening log (ICH E6): who was screened, and why they did not enter.

    Args:
        participant: who was screened.
        registered: the day.
        registered_by: the user.
        failure: the last failure of their screening; None where there is none.
    """

    participant: Participant
    registered: date
    registered_by: str
    failure: ScreenFailed | None


def log_line(state: State, one: Participant) -> LogLine:
    """Return what the screening log says of a participant."""
    first = state.events[one.position]
    assert isinstance(first, ParticipantRegistered)
    failures = [event for _, event in entries_of(state, one, ScreenFailed)]
    return LogLine(one, first.occurred_on, first.recorded_by, failures[-1] if failures else None)
