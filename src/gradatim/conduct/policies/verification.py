"""Policies of the second person: what is verified is held against the plan, and not signed blind.

An independent double check compares what was prepared with what should have been (ISMP, Independent
double checks, 2019). A preparation that departs from the plan, or of which the plan is not known,
can be verified only by whoever names the difference; the checklist asks of the dose again.
"""

from gradatim.conduct.events.product import PreparationVerified
from gradatim.conduct.messages import Breach
from gradatim.conduct.policies.dosing import this_dose
from gradatim.conduct.policies.verdicts import broken, either, holds, unknown
from gradatim.conduct.state import State
from gradatim.conduct.views.comparison import beside_the_plan
from gradatim.core.message import Number, Pair, join
from gradatim.core.truth import FALSE, TRUE
from gradatim.core.verdict import Verdict
from gradatim.dosing.inventory import ROUNDING

LEAST_WORDS = 10
"""Characters in which a difference is named at least."""


def the_preparation_is_as_planned(state: State, event: PreparationVerified) -> Verdict:
    """What is verified is the plan, within the tolerance, or the second person names how not."""
    compared = beside_the_plan(state, event.participant, event.dose)
    off = [one for one in compared if one.truth is not TRUE]
    if not off or len(event.difference.strip()) >= LEAST_WORDS:
        return holds("it is as planned, or its difference is named")
    told = join([one.departs for one in off], Pair.SEMICOLON, distinct=True)
    some = any(one.truth is FALSE for one in off)
    return (broken if some else unknown)(Breach.DEPARTS(what=told))


def the_second_person_found_the_same(state: State, event: PreparationVerified) -> Verdict:
    """What the second person found themselves is what is recorded."""
    prepared = this_dose(state, event).prepared
    if event.amount is None or prepared is None:
        return holds("nothing else was found")
    return either(
        abs(event.amount - prepared.amount) <= ROUNDING * prepared.amount,
        "the second person found the same",
        Breach.FOUND_OTHER(n=Number(event.amount, ",.10g"), n2=Number(prepared.amount, ",.10g")),
    )
