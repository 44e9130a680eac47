"""What all pages of a participant share: who it is, where they stand, what may be done."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from gradatim.conduct.access import Access
from gradatim.conduct.catalogue import ANY_STATUS, offered_on
from gradatim.conduct.identity import ERASED
from gradatim.conduct.offers import is_offered, next_acts
from gradatim.conduct.personal import open_identity
from gradatim.conduct.state import Participant
from gradatim.web.access import Request
from gradatim.web.keyring import keyring

TABS = (
    ("participant", _("Summary")),
    ("visits", _("Visits")),
    ("laboratory", _("Laboratory")),
    ("adverse-events", _("Adverse events")),
    ("scores", _("Scores")),
    ("logs", _("Medication, history")),
    ("doses", _("Doses")),
    ("eligibility", _("Eligibility")),
    ("records", _("Records")),
    ("history", _("History")),
)


def framed(request: Request, one: Participant, tab: str) -> dict[str, Any]:
    """Give the content that every page of a participant has."""
    access: Access = request.access
    first, other = (
        [act.name for act in acts if is_offered(access, act, one.site, one)]
        for acts in (next_acts(one.status), offered_on(ANY_STATUS))
    )
    return {
        "one": one,
        "tab": tab,
        "acts": first,
        "other_acts": other,
        "tabs": [
            (name, label)
            for name, label in TABS
            if access.sees("dosing" if name == "doses" else "participants")
        ],
        "identity": identity(access, one),
        "level": access.state.governing("treatment", one).treatment.dose_levels[one.level - 1]
        if one.level
        else None,
    }


def identity(access: Access, one: Participant) -> dict[str, str]:
    """Give who a participant is, for those who treat them; nothing for everybody else."""
    if not one.identity or not access.sees_participant("identity", one):
        return {}
    found = open_identity(keyring(), access.state, one)
    unreadable = not one.erased and ERASED in found.values()
    return {} if unreadable else found
