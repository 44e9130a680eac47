"""The legal ways of participants, cohorts and adverse events, as tables.

A fact that fits no row is recorded all the same: it leaves the status as it is and opens a
deviation. The product's table stands in `dosing.movements`. Diagrams are drawn from these.
"""

from collections.abc import Mapping

from gradatim.conduct.events import BY_NAME, participants, safety
from gradatim.conduct.events.base import Event

_Table = Mapping[tuple[str, str], str]
"""From a status, by an act, to a status."""

SCREEN_FAILED = "screen failed"
_LEAVING = {
    "Disposition: withdrawn": "withdrawn",
    "Disposition: lost to follow-up": "lost to follow-up",
    "Disposition: died": "died",
    "InformedConsentWithdrawn: all": "withdrawn",
}
IN_SCREENING = ("registered", "consented", "eligible", "waiting")
"""Statuses of a participant before they have a place, in their order."""
_WITHIN = ("enrolled", "treated")
ON_THE_WAY = (*IN_SCREENING, *_WITHIN)
"""Statuses of a participant who may still be treated or followed, in their order."""
NEVER_THERE = ("entered in error", "duplicate")
"""Statuses of a number that is no participant's: it was given in error, or to somebody twice."""
ENDED = ("completed", "withdrawn", "lost to follow-up", "died", SCREEN_FAILED, *NEVER_THERE)
"""Statuses of a participant whose way through the trial has an end."""

AS_BEFORE = "as before"
"""Where an act leads back to the status that somebody had before their way ended."""

_NOT_TREATED = (*IN_SCREENING, "withdrawn", "lost to follow-up", SCREEN_FAILED)

PARTICIPANT: _Table = {
    ("registered", "InformedConsentObtained"): "consented",
    ("consented", "EligibilityConfirmed"): "eligible",
    ("eligible", "EligibilityConfirmed"): "eligible",
    ("waiting", "EligibilityConfirmed"): "waiting",
    ("enrolled", "EligibilityConfirmed"): "enrolled",
    ("eligible", "ParticipantEnrolled"): "enrolled",
    ("eligible", "PlacedOnWaitingList"): "waiting",
    ("waiting", "ParticipantEnrolled"): "enrolled",
    ("enrolled", "DoseAdministered"): "treated",
    ("treated", "DoseAdministered"): "treated",
    ("treated", "Disposition: completed"): "completed",
    ("lost to follow-up", "ParticipantFound"): AS_BEFORE,
    **{(status, "ScreenFailed"): SCREEN_FAILED for status in IN_SCREENING},
    **{(status, act): end for status in ON_THE_WAY for act, end in _LEAVING.items()},
    **{(status, "EntryVoided: registration"): "entered in error" for status in _NOT_TREATED},
    **{(status, "ParticipantsMerged"): "duplicate" for status in (*_NOT_TREATED, "died")},
    **{
        (status, "Disposition: died"): "died"
        for status in ("completed", "withdrawn", "lost to follow-up")
    },
}

COHORT: _Table = {
    ("open", "a participant is enrolled"): "open",
    ("open", "the last place is taken"): "full",
    ("full", "a participant is replaced"): "open",
    ("open", "the committee decides"): "closed",
    ("full", "the committee decides"): "closed",
    ("open", "the trial is stopped"): "closed",
    ("full", "the trial is stopped"): "closed",
}

ADVERSE_EVENT: _Table = {
    ("ongoing", "AdverseEventUpdated"): "ongoing",
    ("ongoing", "AdverseEventAssessed"): "ongoing",
    ("ongoing", "Disposition: died"): "fatal",
    ("ongoing", "AdverseEventResolved: not recovered"): "ongoing",
    ("ongoing", "AdverseEventResolved: recovering"): "ongoing",
    ("ongoing", "AdverseEventResolved: unknown"): "ongoing",
    ("ongoing", "AdverseEventResolved: recovered"): "resolved",
    ("ongoing", "AdverseEventResolved: recovered with sequelae"): "resolved",
    ("ongoing", "AdverseEventResolved: fatal"): "fatal",
    ("resolved", "AdverseEventAssessed"): "resolved",
    ("resolved", "Disposition: died"): "fatal",
    ("resolved", "AdverseEventUpdated"): "ongoing",
    ("fatal", "AdverseEventAssessed"): "fatal",
    ("fatal", "Disposition: died"): "fatal",
    ("fatal", "AdverseEventUpdated"): "fatal",
}


def act(event: Event) -> str:
    """Name an event as the tables do: its type, and what it says where that decides."""
    name = type(event).__name__
    match event:
        case participants.Disposition(status=said) | safety.AdverseEventResolved(outcome=said):
            return f"{name}: {said}"
        case participants.InformedConsentWithdrawn(scope=said):
            return f"{name}: {said}"
    return name


_LEADS_TO = {name: after for (_status, name), after in PARTICIPANT.items()}


def end_of(event: Event) -> str:
    """Return the status in which an event ends somebody's way; empty where it ends none."""
    after = _LEADS_TO.get(act(event), "")
    return after if after in ENDED else ""


STEPS = frozenset(BY_NAME[name.partition(":")[0]] for _status, name in PARTICIPANT)
"""The events that move a participant along."""


def next_steps(status: str) -> tuple[tuple[str, str], ...]:
    """Return the acts that are legal in a participant's status, each with where it leads.

    An act that says where it leads, such as `Disposition: died`, is named as in the table.
    """
    return tuple((name, after) for (before, name), after in PARTICIPANT.items() if before == status)
