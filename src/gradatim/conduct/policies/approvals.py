"""Policies of approvals in force: what stops when one has lapsed, and what never does.

Without the approval of the ethics committee or of the regulator nobody enters, nobody is dosed for
the first time and no level is opened. Who is in treatment goes on only if the ethics committee has
agreed to that; follow-up and safety go on whatever lapses.

Sources: 21 CFR 56.109(f) (continuing review at least once a year); OHRP, Guidance on Continuing
Review (2010), section G: when approval lapses research stops, unless it is found that it is in the
best interests of individual subjects to continue.
"""

from gradatim.conduct.catalogue import ACTS
from gradatim.conduct.days import day_of, recorded_on
from gradatim.conduct.events.base import Event
from gradatim.conduct.events.product import DoseAdministered, PreDoseChecklistSigned
from gradatim.conduct.events.review import DoseDecision
from gradatim.conduct.folding.review import OPENING
from gradatim.conduct.messages import Breach
from gradatim.conduct.policies.entry import person
from gradatim.conduct.policies.verdicts import broken, every, holds
from gradatim.conduct.state import State
from gradatim.conduct.views.approvals import Lapse, lapsed, later_doses_agreed
from gradatim.conduct.views.doses import given
from gradatim.core.message import Term
from gradatim.core.verdict import Verdict


def the_approvals_are_in_force(state: State, event: Event) -> Verdict:
    """The approvals of the ethics committee and of the regulator have not lapsed."""
    if isinstance(event, DoseDecision) and event.action not in OPENING:
        return holds("no level is opened")
    days = {event.occurred_on}
    if ACTS[type(event)].refusable:  # dated back, it would still be authorised now
        days.add(recorded_on(state, event))
    found = {lapse: None for day in sorted(days) for lapse in lapsed(state, day)}
    return every(*map(_told, found)) if found else holds("the approvals are in force")


def the_approvals_allow_the_dose(
    state: State, event: PreDoseChecklistSigned | DoseAdministered
) -> Verdict:
    """A first dose has every approval; for a later one the ethics committee can agree alone."""
    day = day_of(state, event)
    found = lapsed(state, day)
    if not found:
        return holds("the approvals are in force")
    before = any(one.dose < event.dose for one in given(state, person(state, event)))
    if not before:
        return every(*map(_told, found))
    if later_doses_agreed(state, day):
        return holds("the ethics committee agreed that treatment goes on")
    return every(*map(_told, found), broken(Breach.NO_AGREEMENT()))


def _told(lapse: Lapse) -> Verdict:
    authority = Term(lapse.authority)
    if lapse.until is None:
        return broken(Breach.NO_APPROVAL(authority=authority))
    return broken(Breach.APPROVAL_LAPSED(authority=authority, day=lapse.until))
