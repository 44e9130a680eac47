"""The acts of the catalogue as pages have them: their names in words, and for whom they are."""

from typing import Any

from django.utils.translation import gettext_lazy

from gradatim.conduct.access import Access
from gradatim.conduct.catalogue import Act, act_named
from gradatim.conduct.offers import can_be_done
from gradatim.conduct.state import Participant
from gradatim.core.truth import TRUE

ADDRESSED = frozenset(
    {
        "encounter",
        "adverse_event",
        "recipient",
        "report",
        "candidate",
        "criterion",
        "dose",
        "lot",
        "level",
        "of",
        "element",
        "query",
        "entries",
        "question",
        "user",
        "role",
        "unit",
        "proposal",
        "record",
    }
)
"""Fields that the address of a form may give: what it is about, beside the participant."""


def title(name: str) -> Any:
    """Return what an act is called, in the language of the page."""
    return gettext_lazy(act_named(name).title)


def is_offered(
    access: Access, act: Act, site: str = "", participant: Participant | None = None
) -> bool:
    """Return whether a page offers an act: to whoever may record it there, while it can be done.

    What the committee signs is offered to whoever may propose it.
    """
    may = access.may(act.name, site) and (not act.by_committee or access.may("ProposalMade"))
    return may and can_be_done(access.state, act.event, site, participant).truth is TRUE
