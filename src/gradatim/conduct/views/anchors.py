"""The dates that a participant's windows are counted from, as far as they are known."""

from datetime import date

from gradatim.conduct.events.findings import EncounterDone
from gradatim.conduct.events.participants import (
    InformedConsentObtained,
    InformedConsentRenewed,
    ParticipantEnrolled,
)
from gradatim.conduct.state import Participant, State
from gradatim.conduct.views.doses import entries_of, first_dose_on
from gradatim.core.dates import step
from gradatim.protocol.study import Study
from gradatim.rules.context import FIRST_DOSE

SCREENING = "screening"


def anchors_of(
    state: State, participant: Participant, study: Study, first_dose: date | None = None
) -> dict[str, date] | None:
    """Give a date for every anchor of the protocol.

    What has happened has its own date; the rest follows the schedule's offsets. The day of
    screening is that of the latest screening visit before the first dose: who is screened again is
    judged by that screening. Until there is a visit it is the day of registration.

    Args:
        state: the trial.
        participant: of whom.
        study: the version of the protocol that applies.
        first_dose: the first dose if it has not been given; else the planned one is taken.

    Returns:
        None where neither a first dose nor a plan for it is known.
    """
    given = first_dose_on(state, participant)
    day = given or first_dose or participant.first_dose_planned
    if day is None:
        return None
    known = {**_happened(state, participant, study), FIRST_DOSE: day}
    return {name: _date(name, study, known) for name in study.schedule.anchors}


def _happened(state: State, participant: Participant, study: Study) -> dict[str, date]:
    known = {SCREENING: screened_on(state, participant, study)}
    for _, event in entries_of(state, participant, InformedConsentObtained, InformedConsentRenewed):
        known.setdefault("consent", event.occurred_on)
    for _, enrolled in entries_of(state, participant, ParticipantEnrolled):
        known["enrolment"] = enrolled.occurred_on
    return known


def screened_on(state: State, participant: Participant, study: Study) -> date:
    """Return the day of screening: of the latest screening visit before the first dose.

    Without a visit, that of registration; who is registered after the visit, was screened then.
    """
    dosed = first_dose_on(state, participant)
    visits = [
        done.occurred_on
        for _, done in entries_of(state, participant, EncounterDone)
        if is_screening(study, done.encounter) and (dosed is None or done.occurred_on <= dosed)
    ]
    return max(visits, default=state.events[participant.position].occurred_on)


def is_screening(study: Study, encounter: str) -> bool:
    """Whether a visit is one of screening: its window is counted from that day."""
    visit = study.schedule.encounters.get(encounter)
    return visit is not None and visit.window.anchor == SCREENING


def _date(name: str, study: Study, known: dict[str, date]) -> date:
    if name in known:
        return known[name]
    anchor = study.schedule.anchors[name]
    if anchor.offset is None or anchor.relative_to is None:
        return known[FIRST_DOSE]
    return step(_date(anchor.relative_to, study, known), anchor.offset)
