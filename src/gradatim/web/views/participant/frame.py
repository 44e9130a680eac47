"""What all pages of a participant share: who it is, where they stand, what may be done."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from gradatim.conduct.identity import ERASED
from gradatim.conduct.personal import opened
from gradatim.conduct.state import Participant
from gradatim.web.access import Access, Request
from gradatim.web.keys import keyring

TABS = (
    ("participant", _("Summary")),
    ("visits", _("Visits")),
    ("laboratory", _("Laboratory")),
    ("adverse-events", _("Adverse events")),
    ("scores", _("Scores")),
    ("doses", _("Doses")),
    ("eligibility", _("Eligibility")),
    ("records", _("Records")),
    ("history", _("History")),
)
ALWAYS = (
    "FactRecorded",
    "PregnancyReported",
    "MedicationErrorReported",
    "ProtocolDeviation",
    "InformedConsentWithdrawn",
    "Disposition",
)
ACTS = {
    "registered": ("InformedConsentObtained", "ScreenFailed"),
    "consented": ("EligibilityConfirmed", "HistoryDeclaredComplete", "ScreenFailed"),
    "eligible": (
        "ParticipantEnrolled",
        "PlacedOnWaitingList",
        "EligibilityConfirmed",
        "ScreenFailed",
    ),
    "waiting": ("ParticipantEnrolled", "EligibilityConfirmed", "ScreenFailed"),
    "enrolled": (
        "InformedConsentRenewed",
        "ProductAssigned",
        "DoseWithheld",
        "EligibilityConfirmed",
    ),
    "treated": ("InformedConsentRenewed", "DoseWithheld"),
}
"""What comes next for whoever has a status."""


def framed(request: Request, one: Participant, tab: str) -> dict[str, Any]:
    """Give the content that every page of a participant has."""
    access: Access = request.access
    first = (
        *ACTS.get(one.status, ()),
        *(("AdverseEventReported",) if one.status != "registered" else ()),
    )
    names = (*first, *ALWAYS)
    return {
        "one": one,
        "tab": tab,
        "acts": [n for n in names if access.may(n, one.site)],
        "tabs": [
            (name, label)
            for name, label in TABS
            if access.sees("dosing" if name == "doses" else "participants")
        ],
        "first_acts": len([n for n in first if access.may(n, one.site)]),
        "identity": identity(access, one),
        "level": access.state.governing("treatment", one).treatment.dose_levels[one.level - 1]
        if one.level
        else None,
    }


def identity(access: Access, one: Participant) -> dict[str, str]:
    """Give who a participant is, for those who treat them; nothing for everybody else."""
    if not one.identity or not access.sees_participant("identity", one):
        return {}
    found = opened(keyring(), access.state, one)
    unreadable = not one.erased and ERASED in found.values()
    return {} if unreadable else found
