"""The gates of a dose: asked before it is authorised, and again of every dose that was given."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta

from gradatim.conduct.days import begun_at, day_of, done_by, happened_at
from gradatim.conduct.events.base import Event
from gradatim.conduct.events.participants import (
    ParticipantEnrolled,
    ParticipantReplaced,
)
from gradatim.conduct.events.product import (
    BedsideChecked,
    DoseAdministered,
    DosePrepared,
    PreDoseChecklistSigned,
    PreparationVerified,
    ProductAssigned,
    ProductReleased,
    ReleaseResult,
)
from gradatim.conduct.messages import Breach, Standing, listed, told_moment
from gradatim.conduct.paper import is_authorisation
from gradatim.conduct.policies.entry import person
from gradatim.conduct.policies.protocol import duties_apart
from gradatim.conduct.policies.verdicts import broken, either, every, holds, unknown
from gradatim.conduct.state import Participant, State
from gradatim.conduct.transfers import site_then
from gradatim.conduct.transitions import ENDED
from gradatim.conduct.views.adverse_events import died_on
from gradatim.conduct.views.allowances import (
    allowed_after,
    allowed_at_closed,
    level_of_dose,
    observed_by_judgement,
)
from gradatim.conduct.views.checklist import items_shown
from gradatim.conduct.views.doses import (
    Dose,
    doses,
    entries_of,
    first_dose_at,
    first_dose_on,
    given,
)
from gradatim.conduct.views.eligibility import before_dose, may_yet_be_dosed
from gradatim.conduct.views.grades import beside_zero, significance
from gradatim.conduct.views.levels import against
from gradatim.conduct.views.participants import ended_by
from gradatim.conduct.views.safety import (
    began_on,
    counting_dlts,
    reactions_while_watched,
    unobserved,
)
from gradatim.conduct.views.stopping_rules import (
    FiredRule,
    unanswered_rules,
    unanswered_then,
)
from gradatim.core.dates import step
from gradatim.core.message import Argument, Label, Term, clauses
from gradatim.core.quantity import Quantity
from gradatim.core.truth import TRUE, UNKNOWN
from gradatim.core.verdict import Verdict
from gradatim.dosing.limits import two_people
from gradatim.dosing.movements import PRODUCT_TRANSITIONS
from gradatim.dosing.release import SponsorDecision, release_check
from gradatim.protocol.treatment import PreDoseCheck, ReleaseTest, Sentinel

_Dosing = PreDoseChecklistSigned | DoseAdministered | PreparationVerified
_AtALevel = _Dosing | ProductAssigned | DosePrepared | ParticipantEnrolled


def this_dose(state: State, event: _Dosing | BedsideChecked | DosePrepared) -> Dose:
    """Give the dose that an event is about."""
    return doses(state, person(state, event)).get(event.dose, Dose(event.dose))


def a_place_is_held(state: State, event: _Dosing) -> Verdict:
    """The participant has a place in a cohort, and has not been replaced."""
    one = person(state, event)
    if one.cohort is None:
        return unknown(Breach.NO_PLACE(participant=Term(one.id)))
    entered = entries_of(state, one, ParticipantEnrolled)
    first = min((made.occurred_on for _, made in entered), default=event.occurred_on)
    if not is_authorisation(event) and event.occurred_on < first:
        return broken(Breach.PLACE_LATER(participant=Term(one.id), day=first))
    now = state.cohort
    if now is not None and (one.level or 0) > now.level and first_dose_at(state, one) is None:
        return broken(Breach.LEVEL_LEFT(level=one.level or 0, level2=now.level))
    return either(
        not one.replaced or _came_later(state, event, ParticipantReplaced),
        f"{one.id} has a place in cohort {one.cohort}",
        Breach.REPLACED(participant=Term(one.id)),
    )


def treatment_goes_on(state: State, event: _Dosing) -> Verdict:
    """The participant has not left the treatment, nor died."""
    one = person(state, event)
    died = died_on(state, one)
    if not is_authorisation(event) and one.level is not None:
        if died is not None and died < event.occurred_on:
            return broken(Breach.HAS_DIED(participant=Term(one.id)))
        if status := ended_by(state, one, moment(event)):
            who = Term(one.id)
            return broken(Breach.NOT_IN_TREATMENT(participant=who, status=Term(status)))
        if one.status in ENDED:
            return holds("it was not after the end of the treatment")
    elif one.status in ("enrolled", "treated") and died is not None:
        return broken(Breach.HAS_DIED(participant=Term(one.id)))
    return either(
        one.status in ("enrolled", "treated"),
        f"{one.id} is {one.status}",
        Breach.NOT_IN_TREATMENT(participant=Term(one.id), status=Term(one.status)),
    )


def _came_later(state: State, event: _Dosing, kind: type[Event]) -> bool:
    """Whether what is told of a dose was before every entry of a type: it says nothing of it."""
    found = [made for _, made in entries_of(state, person(state, event), kind)]
    if is_authorisation(event) or not found:
        return False
    return all(happened_at(state, made) > moment(event) for made in found)


def the_preparation_is_verified(state: State, event: _Dosing) -> Verdict:
    """A second person has verified the preparation of this dose."""
    dose = this_dose(state, event)
    if dose.prepared is None:
        return unknown(Breach.NO_PREPARATION(dose=event.dose))
    if dose.verified is None:
        return unknown(Breach.NOT_VERIFIED(dose=event.dose))
    then = moment(dose.verified)
    if not is_authorisation(event) and then > moment(event):
        return broken(Breach.VERIFIED_AT(moment=told_moment(then)))
    return two_people(done_by(dose.prepared), done_by(dose.verified))


def the_checklist_is_signed(state: State, event: _Dosing) -> Verdict:
    """The checklist of this dose was signed on the day of the dose, or the day before."""
    signed = this_dose(state, event).signed
    if signed is None:
        return unknown(Breach.CHECKLIST_NOT_SIGNED(dose=event.dose))
    age, then = event.occurred_on - signed.occurred_on, moment(signed)
    if not timedelta(0) <= age <= timedelta(days=1):
        return broken(Breach.CHECKLIST_SIGNED_ON(day=signed.occurred_on))
    if then > moment(event):
        return broken(Breach.CHECKLIST_SIGNED_AT(moment=told_moment(then)))
    if signed.paper is not None and signed.recorded_at <= moment(event):
        return broken(Breach.CHECKLIST_ON_PAPER(moment=told_moment(signed.recorded_at)))
    return holds(f"it was signed by {signed.signer}")


def every_item_is_in_order(state: State, event: PreDoseChecklistSigned) -> Verdict:
    """Every item of the protocol's checklist is answered, and none is out of order.

    Only what the protocol says may not apply, or what the records show in order, is set aside.
    """
    treatment = state.governing("treatment", person(state, event)).treatment
    asked = {one.id: one for one in treatment.checklist}
    found = []
    if missing := [name for name in asked if name not in event.items]:
        found.append(unknown(f"not answered: {', '.join(missing)}"))
    if wrong := [name for name, said in event.items.items() if said == "not in order"]:
        found.append(broken(f"not in order: {', '.join(wrong)}"))
    aside = [name for name, said in event.items.items() if said == "not applicable"]
    if asked and len(aside) == len(event.items) and not missing:
        found.append(broken("every item is said not to apply, so nothing was looked at"))
    shown = {one.id for one, now in _shown(state, event) if now.truth is TRUE}
    if bare := [
        one for one in aside if one in asked and not (asked[one].may_not_apply or one in shown)
    ]:
        found.append(broken(f"the protocol does not say that it may not apply: {', '.join(bare)}"))
    return every(*found) if found else holds("every item is in order")


def _shown(state: State, event: _Dosing) -> Iterator[tuple[PreDoseCheck, Verdict]]:
    """Give each item of the checklist that has a rule, with what the records say of it."""
    return items_shown(state, person(state, event), event.occurred_on, moment(event))


def the_records_show_it_in_order(state: State, event: _Dosing) -> Verdict:
    """What the checklist states as a rule is what the records of the day show."""
    children = []
    for item, found in _shown(state, event):
        if found.truth is UNKNOWN and item.without_record == "answered":
            continue
        told = Breach.ITEM(item=Label(item.label), why=clauses(*found.messages()))
        children.append(Verdict(found.truth, told, reason=found.reason))
    if not children:
        return holds("the checklist states no rule")
    return every(*children)


SEVERE = 3
"""The CTCAE grade from which a result is severe or medically significant (CTCAE v5.0, page 2)."""


def no_severe_result_awaits_judgement(state: State, event: _Dosing) -> Verdict:
    """A severe result of the day of the dose, or the day before, was judged by an investigator."""
    one = person(state, event)
    said = significance(state, one)
    first, last = event.occurred_on - timedelta(days=1), moment(event)
    children = []
    for found in beside_zero(state, one):  # a severe one is above 0
        day, at = found.fact.start, state.events[found.position]
        taken = getattr(at, "taken_at", None)
        near = first <= day.last and day.first <= event.occurred_on
        if found.by_numbers < SEVERE or not near or (taken is not None and taken > last):
            continue
        judged = said.get((found.position, found.element))
        graded = Standing.PERHAPS_GRADE if found.grade.grade is None else Standing.GRADE
        told: dict[str, Argument] = {
            "term": Term(found.grade.term),
            "grade": graded(n=found.by_numbers),
            "day": day,
            "entry": found.position,
        }
        if judged is None:
            children.append(unknown(Breach.RESULT_NOT_JUDGED(**told)))
        elif judged.significant:
            children.append(broken(Breach.RESULT_SIGNIFICANT(**told)))
    if not children:
        return holds("there is none")
    return every(*children)


def moment(event: _Dosing) -> datetime:
    """Give when a dose is, or was, given: of an authorisation, when it is signed."""
    return begun_at(event) or event.recorded_at


def the_criteria_hold(state: State, event: _Dosing) -> Verdict:
    """Every criterion passes on the day, as the ledger stands; before later doses those marked.

    A result that has grown stale, or is not there, does not pass; it is repeated, or a criterion is
    attested, and eligibility can be confirmed anew.
    """
    return before_dose(state, person(state, event), event.occurred_on)


def no_criterion_fails(state: State, event: ProductAssigned) -> Verdict:
    """No criterion is known to fail; what is not known yet is asked before the dose."""
    return may_yet_be_dosed(state, person(state, event), event.occurred_on)


def the_dose_is_the_next(state: State, event: PreDoseChecklistSigned) -> Verdict:
    """Doses are given in their order, once each, and as many as the protocol plans."""
    one = person(state, event)
    known = doses(state, one)
    planned = state.governing("treatment", one).treatment.administration.doses
    if planned is not None and event.dose > planned:
        return broken(Breach.DOSES_PLANNED(n=planned))
    if (this := known.get(event.dose)) and (this.given or this.withheld):
        done = Breach.DOSE_GIVEN if this.given else Breach.DOSE_WITHHELD
        return broken(done(dose=event.dose))
    if later := [n for n, dose in known.items() if n > event.dose and dose.given]:
        return broken(Breach.LATER_DOSE_GIVEN(dose=later[0]))
    early = [
        n
        for n in range(1, event.dose)
        if n not in known or not (known[n].given or known[n].withheld)
    ]
    if not early:
        return holds(f"dose {event.dose} is the next")
    return broken(Breach.EARLIER_DOSE_OPEN(doses=listed(early)))


def the_interval_has_passed(state: State, event: _Dosing) -> Verdict:
    """Between two doses of a participant lies at least the protocol's interval."""
    one = person(state, event)
    interval = state.governing("treatment", one).treatment.administration.interval
    before = [dose for dose in given(state, one) if dose.dose < event.dose]
    if interval is None or not before:
        return holds("no interval is asked for")
    last, day = before[-1].dose, day_of(state, before[-1])
    opens = step(day, interval)
    return either(
        event.occurred_on >= opens,
        f"dose {last} was given on {day}",
        Breach.INTERVAL(dose=last, day=day, day2=opens),
    )


def no_toxicity_is_open(state: State, event: _Dosing) -> Verdict:
    """The participant has no dose-limiting toxicity, adjudicated or not.

    What began on a later day is none of a dose that is entered after it; what was cleared later is.
    """
    one, at = person(state, event), _done_at(state, event)
    standing = [
        found
        for found in counting_dlts(state, one, at)
        if at is None or began_on(state, one, found) <= event.occurred_on
    ]
    if not standing:
        return holds("there is none")
    if allowed_after(state, one, event.dose, (found.id for found in standing)):
        return holds("the committee allows the dose after what is known of it")
    return broken(Breach.LIMITING(candidates=listed(found.label for found in standing)))


def no_stopping_rule_has_fired(state: State, event: _AtALevel) -> Verdict:
    """No stopping rule has fired that the committee has not answered.

    What is entered later is asked of the rules that stood when it was done.
    """
    level, at, day = _level_of(state, event), _done_at(state, event), event.occurred_on
    standing = unanswered_rules(state, day) if at is None else unanswered_then(state, day, at)
    stops = [one for one in standing if one.closes(level) and not _is_allowed(state, event, one)]
    return either(not stops, "none has fired", clauses(*(one.message for one in stops)))


def the_level_is_tolerated(state: State, event: _AtALevel) -> Verdict:
    """The design lets a dose be given at the level, on all that is known, late or not.

    Of a dose that is entered later, what had not been cleared when it was given counts too.
    """
    one = person(state, event)
    level = _level_of(state, event)
    if level is None:
        return unknown(Breach.NO_LEVEL(participant=Term(one.id)))
    first = first_dose_at(state, one) is None
    at = _done_at(state, event)
    found = against(state, level, event.occurred_on, first=first, at=at)
    if found and not first and _may_be_closed(state, event):
        return holds(f"the committee allows a dose at level {level}")
    return either(not found, f"level {level} is tolerated so far", clauses(*found))


def _done_at(state: State, event: _AtALevel) -> datetime | None:
    """Return when something was done that can no longer be refused; None of what is yet to be."""
    return None if is_authorisation(event) else happened_at(state, event)


def _level_of(state: State, event: _AtALevel) -> int | None:
    """Return the level that a dose is given at, or that a place is taken at; None without one."""
    if isinstance(event, ParticipantEnrolled):
        return event.level
    return level_of_dose(state, person(state, event), event.dose)


def _is_allowed(state: State, event: _AtALevel, rule: FiredRule) -> bool:
    """Whether the committee allows a dose at the level that a rule has closed; never all levels."""
    lowest = min(one.number for one in state.study.treatment.dose_levels)
    ends = rule.ends_the_trial(lowest)
    return rule.action == "stop level" and not ends and _may_be_closed(state, event)


def _may_be_closed(state: State, event: _AtALevel) -> bool:
    """Whether the committee allows a dose although its level is closed."""
    return not isinstance(event, ParticipantEnrolled) and allowed_at_closed(
        state, person(state, event), event.dose
    )


def the_sentinel_was_watched(state: State, event: _Dosing) -> Verdict:
    """The first participant of the level was watched before the next, and each before another.

    Who was not observed was not watched: the next one is, in that place, unless the committee has
    judged that what was seen is enough.
    """
    sentinel = state.governing("safety").safety.sentinel
    one = person(state, event)
    if sentinel is None or first_dose_at(state, one) is not None or one.level is None:
        return holds("no wait is asked for")
    before = _before(state, one)
    if not before:
        return holds(f"{one.id} is the first at level {one.level}")
    if open_ := [other.id for other, day in before if day is None]:
        who = Term(open_[0])
        return broken(Breach.SENTINEL_SIGNED_FOR(participant=who, level=one.level))
    dosed = [(other, day) for other, day in before if day is not None]
    place = next(
        (n for n, (other, _) in enumerate(dosed) if not unobserved(state, other, sentinel)), None
    )
    if place is None:  # nobody was: this one is watched next, when the last has been waited for
        return _waited(event.occurred_on, dosed, len(dosed) - 1, sentinel)
    first = dosed[place][0]
    seen = sum(dose.given is not None for dose in doses(state, first).values())
    reactions = reactions_while_watched(state, first, sentinel)
    enough = observed_by_judgement(state, first, reactions) is True
    if seen < sentinel.infusions and not enough:
        who = Term(first.id)
        return broken(Breach.SENTINEL_OBSERVED(participant=who, n=seen, n2=sentinel.infusions))
    return _waited(event.occurred_on, dosed, place, sentinel)


def _before(state: State, one: Participant) -> list[tuple[Participant, date | None]]:
    """Give who was dosed at the level before, first to last; None for one signed for."""
    found: list[tuple[Participant, date | None]] = []
    for other in state.participants.values():
        if other.level != one.level or other.id == one.id:
            continue
        dosed = first_dose_on(state, other)
        if dosed is not None:
            found.append((other, dosed))
        elif any(dose.authorised for dose in doses(state, other).values()):
            found.append((other, None))
    mine = first_dose_on(state, one)
    if mine is not None:  # asked of a dose that was given: who came later does not matter
        found = [pair for pair in found if pair[1] is not None and pair[1] <= mine]
    return sorted(found, key=lambda pair: pair[1] or date.max)


def _waited(
    today: date, before: list[tuple[Participant, date]], place: int, sentinel: Sentinel
) -> Verdict:
    """Say whether who is watched has been, and the last who was dosed.

    Args:
        today: the day.
        before: who was dosed at the level before, and when, first to last.
        place: which of them is watched.
        sentinel: for how long.
    """
    (first, day), (last, after) = before[place], before[-1]
    if today < (opens := step(day, sentinel.wait)):
        if not place:
            return broken(Breach.SENTINEL_WATCHED(participant=Term(first.id), day=opens))
        others = listed(one.id for one, _ in before[:place])
        return broken(
            Breach.SENTINEL_IN_PLACE(participant=Term(first.id), day=opens, others=others)
        )
    between = sentinel.between_participants
    if between is not None and today < (opens := step(after, between)):
        return broken(Breach.DOSED_ON(participant=Term(last.id), day=after, day2=opens))
    return holds(f"{first.id} was dosed on {day}")


def the_bags_are_free(state: State, event: ProductAssigned) -> Verdict:
    """Bags set aside are at the site, released, of one lot, not expired, and nobody else's."""
    bags = state.inventory.find(event.lot, event.bags)
    of = site_then(state, event) or person(state, event).site
    known, found = {one.id for one in bags}, []
    if missing := [one for one in event.bags if one not in known]:
        found.append(f"lot {event.lot} has no bag {', '.join(missing)}")
    for bag in bags:
        if bag.site != of:
            found.append(f"{bag.name} is at site {bag.site}, not at {of}")
        if bag.status != "released":
            found.append(f"{bag.name} is {bag.status}")
        if bag.reserved_for is not None:
            found.append(f"{bag.name} is held for {bag.reserved_for[0]}")
        if bag.expiry is not None and bag.expiry <= happened_at(state, event):
            found.append(f"{bag.name} expired at {bag.expiry}")
    return every(*map(broken, found)) if found else holds(f"{len(bags)} bags are free")


def the_bags_may_be_released(state: State, event: ProductReleased) -> Verdict:
    """What is released is here; out of specification, only by the sponsor's decision."""
    bags = state.inventory.find(event.lot, event.bags)
    if len(bags) < len(event.bags) or not bags:
        return broken(f"lot {event.lot} does not have all of these bags")
    for bag in bags:
        if event.site and bag.site != event.site:
            return broken(f"{bag.name} is at site {bag.site}, not at {event.site}")
        if (bag.status, "released") not in PRODUCT_TRANSITIONS:
            return broken(f"{bag.name} is {bag.status}")
        if bag.volume_ml is not None and bag.prepared_for:  # wherever it has been since
            return broken(f"{bag.name} was opened for {bag.prepared_for}")
    if event.out_of_specification and not _is(state, event.decided_by or "", "sponsor"):
        return broken("out of specification, and no one of the sponsor is named who decided")
    tests = state.governing("treatment").treatment.product.specification if state.versions else []
    return _within(state, tests, event) if tests else holds("they are here")


def _within(state: State, tests: Sequence[ReleaseTest], event: ProductReleased) -> Verdict:
    """Hold the results of a lot against the specification, and the sponsor's exception to it.

    Bags that are released anew, after a quarantine, are of a lot whose results were recorded.
    """
    labels = {one.name: one.label for one in tests}
    for one in event.test_results:
        if one.test not in labels:
            return broken(f"the specification has no test {one.test}")
    releases = [one for _, one in state.events.of(ProductReleased) if one.lot == event.lot]
    results = {
        labels[one.test]: _result(one)
        for release in (*releases, event)
        for one in release.test_results
        if one.test in labels
    }
    wanted = {one.label: one.limit or one.answer for one in tests}
    found = release_check(results, wanted, _decision(event, tuple(wanted)))
    if found.truth is TRUE and event.out_of_specification == "":
        return holds("the lot is within its specification")
    return found._replace(message="; ".join(found.clauses()))


def _result(one: ReleaseResult) -> Quantity | str:
    return one.answer if one.value is None else Quantity(one.value, one.unit, one.bound)


def _decision(event: ProductReleased, covers: tuple[str, ...]) -> SponsorDecision | None:
    """Return the sponsor's decision; it is signed beside the results, and covers each of them."""
    if not event.out_of_specification or event.decided_by is None:
        return None
    return SponsorDecision(event.decided_by, event.occurred_on, event.out_of_specification, covers)


def _is(state: State, user: str, role: str) -> bool:
    return any(role in roles for (name, _), roles in state.roles.items() if name == user)


def a_second_person_verifies(state: State, event: PreparationVerified) -> Verdict:
    """Two different people prepare and verify, one after the other, where the protocol asks it."""
    prepared = this_dose(state, event).prepared
    if prepared is None:
        return unknown(Breach.NO_PREPARATION(dose=event.dose))
    then = begun_at(prepared)
    if then is not None and then > moment(event):
        return broken(Breach.PREPARED_AT(moment=told_moment(then)))
    if not duties_apart(state).asks_second_person("verify a preparation"):
        return holds("the protocol asks for no second person")
    return two_people(done_by(prepared), done_by(event))
