"""Policies of the product's account: what was given is what was prepared, for whom it was prepared.

Source: ICH E6(R3) 2.10; 21 CFR 312.62(a). What is given is a fact: it is recorded as it was, and
what does not fit is a deviation, and stands in the account until it is explained.
"""

from collections.abc import Iterator

from gradatim.conduct.events.product import (
    DoseAdministered,
    DosePrepared,
    ProductDestroyed,
    ProductDifferenceExplained,
    ProductReturned,
)
from gradatim.conduct.folding.product import BagGiven, bags_given
from gradatim.conduct.messages import Breach, Standing, listed
from gradatim.conduct.policies.dosing import this_dose
from gradatim.conduct.policies.entry import person
from gradatim.conduct.policies.verdicts import broken, either, every, holds
from gradatim.conduct.state import State
from gradatim.core.message import Message, Number, Pair, Term, join
from gradatim.core.quantity import compare_numbers, same
from gradatim.core.verdict import Verdict
from gradatim.dosing.accountability import adds_up
from gradatim.dosing.counting import per_measure
from gradatim.dosing.inventory import ROUNDING, Container
from gradatim.dosing.product import Counted


def the_dose_is_prepared_once(state: State, event: DosePrepared) -> Verdict:
    """A dose is prepared once; what was prepared before it has to be accounted for."""
    before = this_dose(state, event)
    at = before.at.get("prepared")
    if at is None or before.prepared is None:
        return holds("it is the first preparation")
    return broken(Breach.PREPARED_BEFORE(dose=event.dose, entry=at))


def the_bags_are_those_of_the_dose(state: State, event: DoseAdministered) -> Verdict:
    """What is given was prepared for this dose of this participant, and nothing else."""
    found = bags_given(state, event)
    known = {one.container.id for one in found}
    wrong = [_whose(one, event) for one in _of_others(found, event)]
    if missing := [row.bag for row in event.given if row.bag not in known]:
        wrong.append(Standing.NO_BAG(bags=listed(missing), lot=Term(event.lot or "–")))
    if wrong:
        return broken(Breach.BAGS_GIVEN(bags=join(wrong, Pair.COMMA)))
    if not event.given and _bags_went_elsewhere(state, event):
        return broken(Breach.BAGS_NOT_NAMED(dose=event.dose))
    return holds("the bags were prepared for it")


def _of_others(found: list[BagGiven], event: DoseAdministered) -> Iterator[Container]:
    for one in found:
        bag = one.container
        if bag.reserved_for != (event.participant, event.dose) or (
            bag.drawn is None and bag.content is not None
        ):
            yield bag


def _whose(bag: Container, event: DoseAdministered) -> Message:
    if bag.reserved_for is None or bag.reserved_for == (event.participant, event.dose):
        return Standing.NOT_PREPARED(bag=Term(bag.id), lot=Term(bag.lot))
    who, dose = bag.reserved_for
    return Standing.PREPARED_FOR(
        bag=Term(bag.id), lot=Term(bag.lot), participant=Term(who), dose=dose
    )


def _bags_went_elsewhere(state: State, event: DoseAdministered) -> bool:
    """Whether the bags that were prepared for a dose are not those of which it was given."""
    whom = (event.participant, event.dose)
    keys = state.inventory.prepared.get(whom, ())
    if event.lot is not None and event.lot not in {lot for lot, _ in keys}:
        return True
    bags = [one for lot, bag in keys for one in state.inventory.find(lot, (bag,))]
    return bool(bags) and all(one.reserved_for != whom and one.pieces is None for one in bags)


def no_more_is_given_than_was_drawn(state: State, event: DoseAdministered) -> Verdict:
    """Of no bag more is given than was drawn from it, and of the dose not more than of its bags."""
    children = [_within_drawn(one) for one in bags_given(state, event)]
    named = [row.volume_ml for row in event.given if row.volume_ml is not None]
    if event.volume_ml is not None and named and len(named) == len(event.given):
        total = sum(named)
        children.append(
            either(
                abs(total - event.volume_ml) <= ROUNDING * max(total, event.volume_ml),
                "the volumes of the bags are that of the dose",
                Breach.VOLUMES_DIFFER(ml=Number(event.volume_ml, ".4g"), ml2=Number(total, ".4g")),
            )
        )
    if not children:
        return holds("no volume is known")
    return every(*children)


def _within_drawn(one: BagGiven) -> Verdict:
    bag = one.container
    if bag.drawn is None or one.used is None:
        return holds("nothing was drawn from it")
    return either(
        compare_numbers(one.used, "<=", bag.drawn * (1 + ROUNDING)),
        f"{one.used:.4g} of {bag.drawn:.4g} {bag.measure} drawn are given",
        Breach.MORE_THAN_DRAWN(
            bag=Term(bag.id),
            n=Number(one.used, ".4g"),
            n2=Number(bag.drawn, ".4g"),
            measure=Term(bag.measure),
        ),
    )


def the_amount_is_what_was_given(state: State, event: DoseAdministered) -> Verdict:
    """The dose is what the volume, or the pieces, given of the bags hold."""
    found = [one for one in bags_given(state, event) if one.used is not None]
    rules = state.governing("treatment", person(state, event)).treatment.preparation
    held = [_amount_in(one, rules.counts if rules else None) for one in found]
    known = [one for one in held if one is not None]
    if not found or len(known) < len(held):
        return holds("what the bags hold is not labelled")
    total = sum(known)
    return either(
        abs(event.amount - total) <= _SLACK * max(total, event.amount),
        f"the bags given held {total:.4g}",
        Breach.AMOUNT_GIVEN_OTHER(n=Number(total, ".4g"), n2=Number(event.amount, ".4g")),
    )


_SLACK = 0.05
"""Part by which an amount given may differ from what the volume holds: the line keeps some."""


def _amount_in(one: BagGiven, counts: Counted | None) -> float | None:
    """Return what was given of a bag, in the unit of the dose; None where the label is silent."""
    each = per_measure(one.container, counts)
    return None if each is None else (one.used or 0.0) * each


_Gone = ProductReturned | ProductDestroyed


def the_bags_are_known(state: State, event: _Gone) -> Verdict:
    """What goes back or is destroyed is here, and not more of it than there is."""
    found = state.inventory.find(event.lot, event.bags)
    if missing := sorted(set(event.bags) - {one.id for one in found}):
        return broken(Standing.NO_BAG(bags=listed(missing), lot=Term(event.lot)))
    for one in found:
        if event.amount is not None and compare_numbers(event.amount, ">", one.left):
            return broken(
                Breach.MORE_THAN_LEFT(
                    bag=Term(one.id),
                    n=Number(event.amount, ".4g"),
                    n2=Number(one.left, ".4g"),
                    measure=Term(one.measure),
                )
            )
    return holds("they are here")


def the_difference_is_that_of_the_account(
    state: State, event: ProductDifferenceExplained
) -> Verdict:
    """What is explained is the difference that the account of the bag has now."""
    found = state.inventory.find(event.lot, (event.bag,))
    if not found:
        return broken(Standing.NO_BAG(bags=Term(event.bag), lot=Term(event.lot)))
    (bag,) = found
    if adds_up(bag) and not bag.open_faults:
        return broken(Breach.NOTHING_TO_EXPLAIN(bag=Term(bag.id)))
    off = 0.0 if adds_up(bag) else bag.unexplained
    right = same(event.difference, off) or abs(event.difference - off) < 0.5 * _LEAST
    told = Breach.ANOTHER_DIFFERENCE(
        bag=Term(bag.id),
        n=Number(off, ".4g"),
        measure=Term(bag.measure),
        n2=Number(event.difference, ".4g"),
    )
    return either(right, f"{off:.4g} {bag.measure} are not accounted for", told)


_LEAST = 0.01
"""mL or pieces: to so many a difference is written."""
