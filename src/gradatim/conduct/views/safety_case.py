"""What is known of the case of an adverse event: action taken, treatment, causes, narrative.

Source: ICH E2A, attachment 1; CDASHIG 2.2, AE.
"""

from typing import Any, NamedTuple

from gradatim.conduct.events.safety import (
    AdverseEventReported,
    AdverseEventResolved,
    AdverseEventUpdated,
)
from gradatim.conduct.state import Participant, State
from gradatim.conduct.views.doses import entries_of
from gradatim.conduct.views.logs import LogLine, medications

CASE_FIELDS = (
    "onset_at",
    "resolved_at",
    "action_taken",
    "treated",
    "treatment_given",
    "relation_to_procedure",
    "relation_to_disease",
    "other_cause",
    "dechallenge",
    "rechallenge",
    "narrative",
)
"""What a case is made of, beside what the course of its event says."""


class SafetyCase(NamedTuple):
    """The case of an adverse event.

    Args:
        adverse_event: its number.
        said: what was said last, by the field of the events; what nobody has said is not in it.
        missing: the fields of which nobody has said anything.
        medication: what it was treated with, by the log.
    """

    adverse_event: str
    said: dict[str, Any]
    missing: tuple[str, ...]
    medication: tuple[LogLine, ...]


def safety_cases(state: State, participant: Participant) -> dict[str, SafetyCase]:
    """Return the cases of a participant's adverse events, by number."""
    said: dict[str, dict[str, Any]] = {}
    for _, event in entries_of(
        state, participant, AdverseEventReported, AdverseEventUpdated, AdverseEventResolved
    ):
        known = said.setdefault(event.adverse_event, {})
        for name in CASE_FIELDS:
            if value := getattr(event, name, None):
                known[name] = value
    treating: dict[str, list[LogLine]] = {}
    for line in medications(state, participant):
        treating.setdefault(getattr(line.event, "adverse_event", "") or "", []).append(line)
    return {
        number: SafetyCase(
            number,
            known,
            tuple(name for name in CASE_FIELDS if name not in known),
            tuple(treating.get(number, ())),
        )
        for number, known in said.items()
    }
