"""Policies of the bedside: two people hold the person and the product against the preparation.

Source: WHO, Patient identification, Patient Safety Solutions 2 (2007): at least two identifiers,
and of two people; FACT-JACIE International Standards for Hematopoietic Cellular Therapy, 8th
edition, B7.6 and D8.4 (the identity of recipient and product is verified by two persons).
"""

from collections.abc import Iterator

from gradatim.conduct.days import happened_at
from gradatim.conduct.events.product import BedsideChecked, DoseAdministered
from gradatim.conduct.messages import Breach, listed, told_moment
from gradatim.conduct.paper import is_transcribed
from gradatim.conduct.policies.dosing import moment, this_dose
from gradatim.conduct.policies.entry import person
from gradatim.conduct.policies.verdicts import broken, either, every, holds, unknown
from gradatim.conduct.state import State
from gradatim.conduct.views.bedside import bags_of_dose, bedside_rules, checked_by
from gradatim.core.message import Term
from gradatim.core.verdict import Verdict
from gradatim.dosing.inventory import Container
from gradatim.dosing.labels import label_code, read_label


def the_preparation_was_verified(state: State, event: BedsideChecked) -> Verdict:
    """What is checked at the bedside was prepared and verified, and is not given yet.

    What was checked on paper may be entered once the dose is; it was done before that began.
    """
    dose = this_dose(state, event)
    if dose.prepared is None:
        return unknown(Breach.NO_PREPARATION(dose=event.dose))
    if dose.verified is None:
        return unknown(Breach.NOT_VERIFIED(dose=event.dose))
    then = moment(dose.verified)
    if is_transcribed(event) and then > happened_at(state, event):
        return broken(Breach.VERIFIED_AT(moment=told_moment(then)))
    given = dose.given
    if given is not None and not (
        is_transcribed(event) and happened_at(state, event) <= given.started_at
    ):
        return broken(Breach.DOSE_GIVEN(dose=event.dose))
    if dose.withheld is not None:
        return broken(Breach.DOSE_WITHHELD(dose=event.dose))
    return holds("it is verified")


def enough_identifiers_are_checked(state: State, event: BedsideChecked) -> Verdict:
    """The person is known by as many identifiers as the protocol asks for, two without it."""
    asked, seen = bedside_rules(state, person(state, event)).identifiers, set(event.identifiers)
    return either(
        len(seen) >= asked,
        f"{len(seen)} identifiers were checked",
        Breach.TOO_FEW_IDENTIFIERS(n=len(seen), n2=asked),
    )


def the_person_is_the_participant(state: State, event: BedsideChecked) -> Verdict:
    """What the wristband or card of the person says is the number of the participant."""
    said = event.person_code.strip()
    told = Breach.ANOTHER_PERSON(code=Term(said), participant=Term(event.participant))
    return either(said.casefold() == event.participant.casefold(), "it is the participant", told)


def the_bags_are_those_that_were_prepared(state: State, event: BedsideChecked) -> Verdict:
    """The labels are those of the bags that were prepared for this dose: of each, and no other."""
    bags = {one.key: one for one in bags_of_dose(state, event.participant, event.dose)}
    children = [*_of_codes(event, bags)]
    seen = {read_label(code) for code in event.bag_codes}
    if left := [label_code(*key) for key in bags if key not in seen]:
        children.append(broken(Breach.BAG_NOT_SCANNED(bags=listed(left))))
    if not bags:
        children.append(unknown(Breach.NO_PREPARATION(dose=event.dose)))
    return every(*children)


def _of_codes(event: BedsideChecked, bags: dict[tuple[str, str], Container]) -> Iterator[Verdict]:
    for code in event.bag_codes:
        key = read_label(code)
        bag = bags.get(key) if key else None
        if bag is None:
            yield broken(Breach.ANOTHER_BAG(code=Term(code), dose=event.dose))
            continue
        fit = bag.status == "prepared" or bag.on_its_shelf
        told = Breach.BAG_NOT_FIT(bag=Term(bag.id), status=Term(bag.status))
        yield either(fit, f"{bag.name} is prepared", told)


def the_codes_are_scanned(state: State, event: BedsideChecked) -> Verdict:
    """Codes are scanned where the protocol says so."""
    rules = bedside_rules(state, person(state, event))
    return either(
        event.how == "scanned" or not rules.scanned,
        f"they are {event.how}",
        "the protocol asks for codes to be scanned",
    )


def person_and_product_were_checked(state: State, event: DoseAdministered) -> Verdict:
    """Before the dose as many people as the protocol says checked person and product.

    A protocol that says nothing of it has a question asked instead: see `conduct.checks`.
    """
    one = person(state, event)
    if state.governing("treatment", one).treatment.bedside is None:
        return holds("the protocol does not say who checks at the bedside")
    return checked_at_the_bedside(state, event)


def checked_at_the_bedside(state: State, event: DoseAdministered) -> Verdict:
    """Say whether enough different people had checked at the bedside when the dose began."""
    rules = bedside_rules(state, person(state, event))
    seen = checked_by(state, person(state, event), event.dose, event.started_at)
    return either(
        len(seen) >= rules.people,
        f"{len(seen)} people checked",
        Breach.NOT_CHECKED_BY_TWO(n=len(seen), n2=rules.people),
    )
