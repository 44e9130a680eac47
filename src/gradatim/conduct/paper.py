"""What may be written on paper while the system cannot be reached, and entered later.

A paper tells what a site did: its facts, and the steps of a dose that cannot wait. What the
sponsor, the monitor and the committee do is of no site, and can wait; what somebody signs is signed
by themselves.
"""

from gradatim.conduct.catalogue import ACTS
from gradatim.conduct.events.base import Event
from gradatim.conduct.events.participants import EntryCorrected
from gradatim.conduct.events.product import (
    BedsideChecked,
    PreDoseChecklistSigned,
    PreparationVerified,
    ProductAssigned,
)
from gradatim.conduct.roles import SITE_STAFF

TRANSCRIBED: tuple[type[Event], ...] = (
    ProductAssigned,
    PreparationVerified,
    BedsideChecked,
    PreDoseChecklistSigned,
)
"""Authorisations of a dose that may be entered later from paper, as what happened then."""


def is_transcribed(event: Event) -> bool:
    """Whether an event says what was signed on paper: a fact, which authorises nothing now."""
    return event.paper is not None and isinstance(event, TRANSCRIBED)


def is_authorisation(event: Event) -> bool:
    """Whether an event can be refused; what was signed on paper has happened, and cannot."""
    return ACTS[type(event)].refusable and not is_transcribed(event)


def may_be_on_paper(kind: type[Event]) -> bool:
    """Whether an act may be entered from paper: a step of a dose, or an unsigned fact of a site.

    A correction says what an entry is to say now, in the words of whoever makes it.
    """
    act = ACTS[kind]
    is_fact = not act.refusable and not act.meaning and kind is not EntryCorrected
    return kind in TRANSCRIBED or (is_fact and bool(who_signs_on_paper(kind)))


def who_signs_on_paper(kind: type[Event]) -> tuple[str, ...]:
    """Return the roles of a site whose act it is."""
    return tuple(role for role in ACTS[kind].roles if role in SITE_STAFF)
