"""The trial as a ResearchStudy.

Source: HL7 FHIR R4 (4.0.1), section 7.4 (ResearchStudy).
"""

from typing import Any

from gradatim.conduct.state import State
from gradatim.evidence.fhir.datatypes import Resource
from gradatim.exports.fhir.datatypes import TERMINOLOGY, based, concept, fhir_id, present

_REGISTRY = "https://clinicaltrials.gov"


def research_study(state: State) -> Resource:
    """Give the trial; what the protocol does not state carries its basis."""
    found = present(
        resourceType="ResearchStudy",
        id=fhir_id(state.trial),
        title=state.title,
        status=_STATUSES[state.status],
        identifier=[_identifier(state.trial)],
        site=[{"display": site} for site in state.sites],
    )
    return {**found, **_protocol(state)} if state.versions else found


def _identifier(trial: str) -> Resource:
    registered = trial.startswith("NCT")
    return present(system=_REGISTRY if registered else None, value=trial)


_STATUSES = {
    "not active": "in-review",
    "active": "active",
    "paused": "temporarily-closed-to-accrual-and-intervention",
    "stopped": "closed-to-accrual-and-intervention",
    "locked": "closed-to-accrual-and-intervention",
}
"""Source: FHIR R4, research-study-status."""


def _protocol(state: State) -> Resource:
    about, treatment = state.study.study, state.study.treatment
    phase = f"phase-{about.phase.value}"
    coded = (
        [(f"{TERMINOLOGY}/research-study-phase", phase)] if about.phase.value in range(1, 5) else []
    )
    return present(
        title=about.title,
        phase={**concept(f"Phase {about.phase.value}", *coded), "extension": based(about.phase)},
        condition=[_stated(about.condition)],
        sponsor=None
        if about.sponsor is None
        else {"display": str(about.sponsor.value), "extension": based(about.sponsor)},
        arm=[
            {"name": one.label, "extension": based(one), "description": f"{one.dose:g} {one.unit}"}
            for one in treatment.dose_levels
        ],
        objective=[{"name": str(one.value), "extension": based(one)} for one in about.objectives],
    )


def _stated(fact: Any) -> Resource:
    return {**concept(str(fact.value)), "extension": based(fact)}
