"""The acts of the catalogue as pages have them: their names in words, what addresses may give."""

from typing import Any

from django.utils.translation import gettext_lazy

from gradatim.conduct.catalogue import act_named

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
        "bag",
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
        "shipment",
    }
)
"""Fields that the address of a form may give: what it is about, beside the participant."""


def title(name: str) -> Any:
    """Return what an act is called, in the language of the page."""
    return gettext_lazy(act_named(name).title)
