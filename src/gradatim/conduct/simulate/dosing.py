"""From the assigned bags to the end of the infusion."""

from collections.abc import Collection
from datetime import timedelta
from math import ceil

from gradatim.conduct.events import findings, participants, product, safety, trial
from gradatim.conduct.events.base import Measured
from gradatim.conduct.policies import GATES
from gradatim.conduct.policies.dosing import (
    no_severe_result_awaits_judgement,
    the_criteria_hold,
    the_preparation_is_verified,
    the_records_show_it_in_order,
)
from gradatim.conduct.policies.verdicts import Policy
from gradatim.conduct.simulate.opening import BAG_ML, CELLS_PER_ML, receive
from gradatim.conduct.simulate.repeating import judge_severe_results, made_ready
from gradatim.conduct.simulate.run import COMMITTEE, Run, staff
from gradatim.conduct.simulate.visits import plan_visits
from gradatim.conduct.trial import Recorded
from gradatim.conduct.views.bedside import bags_of_dose
from gradatim.conduct.views.eligibility import may_yet_be_dosed
from gradatim.conduct.views.weights import weights_for_dose
from gradatim.core.truth import FALSE, TRUE
from gradatim.dosing.inventory import Lot
from gradatim.dosing.labels import label_code
from gradatim.dosing.preparation import prepare
from gradatim.dosing.product import Weights

READINESS: tuple[Policy, ...] = (
    the_criteria_hold,
    the_records_show_it_in_order,
    no_severe_result_awaits_judgement,
)
"""Gates that a site can open itself, by doing again what has grown stale."""
UNAUTHORISED = "a dose is given without authorisation"
SPILT = 0.5
"""mL that leak out of a bag, once."""
PATIENCE = 60
"""Days for which a participant waits for the gates to open before they leave."""


def plan_dose(run: Run, name: str, waited: int = 0) -> None:
    """Give the first dose as soon as the gates allow; each day somebody asks again."""
    one = run.participant(name)
    if one.status != "enrolled" or one.replaced:
        return
    if waited == 0 and _may_have_bags(run, name) and run.happens(UNAUTHORISED):
        _prepare(run, name)
        _infuse(run, name)
        return
    if waited == 0 and run.happens("a participant changes their mind"):
        run.do(
            participants.InformedConsentWithdrawn,
            staff(one.site, "coordinator"),
            one.site,
            participant=name,
            scope="all",
            reason="moved to another town",
        )
        _replace(run, name)
        return
    if waited > PATIENCE or run.state.stopped is not None:
        _withhold(run, name, "the gates did not open in time")
        return
    if not _authorised(run, name):
        run.later(1, lambda: plan_dose(run, name, waited + 1))
        return
    run.disturbed("before the infusion")
    _infuse(run, name)


def _may_have_bags(run: Run, name: str) -> bool:
    """Whether bags may be set aside for somebody: no criterion is known to fail."""
    return may_yet_be_dosed(run.state, run.participant(name), run.today).truth is TRUE


def _prepared_in_vain(run: Run, name: str) -> bool:
    """Sometimes a prepared dose is withheld, for a reason that has nothing to do with it."""
    if not run.happens("a dose is withheld"):
        return False
    _prepare(run, name)
    _withhold(run, name, "fever of a cold on the morning of the infusion")
    return True


def _withhold(run: Run, name: str, why: str) -> None:
    one = run.participant(name)
    lead = staff(one.site, "investigator")
    run.do(product.DoseWithheld, lead, one.site, participant=name, dose=1, reason=why)
    run.do(
        participants.Disposition, lead, one.site, participant=name, status="withdrawn", reason=why
    )
    _replace(run, name)


def _replace(run: Run, name: str) -> None:
    run.ask(
        participants.ParticipantReplaced,
        COMMITTEE[0],
        participant=name,
        reason="left before the first dose",
        signers=COMMITTEE,
    )


def planned_amount(run: Run, name: str) -> tuple[float, str]:
    """Give the planned dose: by the weight that counts where the protocol scales it."""
    one = run.participant(name)
    weights = None
    if run.study.treatment.administration.dose_per:
        recorded = weights_for_dose(run.state, one, run.today).weights
        weights = recorded or Weights(run.weights[name], meant=True)
    planned = prepare(run.study, one.level or 1, weights).planned
    return planned.value, planned.unit


def _prepare(run: Run, name: str) -> None:
    """Set bags aside, draw the dose, have it verified."""
    one = run.participant(name)
    amount, unit = planned_amount(run, name)
    cells = run.study.treatment.preparation is not None
    needed = ceil(amount / (BAG_ML * CELLS_PER_ML)) if cells else 1
    lot, bags = _bags(run, one.site, needed)
    site, laboratory = one.site, staff(one.site, "cell_lab")
    run.do(
        product.ProductAssigned,
        staff(site, "pharmacist"),
        site,
        participant=name,
        dose=1,
        lot=lot,
        bags=bags,
    )
    thawed, left, drawn, leaked = run.now(), amount / CELLS_PER_ML, [], ""
    for bag in bags:
        take = round(min(left, BAG_ML), 3) if cells else 0.0
        left -= take
        rest = round(BAG_ML - take, 3) if cells else 0.0
        if rest > SPILT and run.happens("a bag leaks"):
            rest, leaked = round(rest - SPILT, 3), bag
        drawn.append(product.Drawn(bag, take, rest, thawed if cells else None))
    run.do(
        product.DosePrepared,
        laboratory,
        site,
        participant=name,
        dose=1,
        lot=lot,
        amount=amount,
        planned=amount,
        unit=unit,
        drawn=tuple(drawn),
        weight_kg=run.weights[name],
    )
    if run.happens("one person prepares and verifies"):
        run.ask(product.PreparationVerified, laboratory, site, participant=name, dose=1)
    run.do(
        product.PreparationVerified,
        staff(site, "cell_lab", 2),
        site,
        participant=name,
        dose=1,
        difference="no weight is recorded to go by" if planned_on_doubt(run, name) else "",
    )
    if leaked:
        run.leaked[name] = (lot, leaked)


def _check_at_the_bedside(run: Run, name: str) -> None:
    """Have two people hold person and bags against the preparation."""
    one = run.participant(name)
    bags = bags_of_dose(run.state, name, 1)
    if not bags:
        return
    for who in (staff(one.site, "nurse"), staff(one.site, "investigator")):
        run.ask(
            product.BedsideChecked,
            who,
            one.site,
            at=run.at(run.minutes),
            participant=name,
            dose=1,
            identifiers=("name", "birth date"),
            person_code=name,
            bag_codes=tuple(label_code(*bag.key) for bag in bags),
            how="scanned",
        )


def _explain(run: Run, name: str) -> None:
    """Say what became of what leaked out of a bag."""
    if name in run.leaked:
        one, (lot, bag) = run.participant(name), run.leaked.pop(name)
        run.ask(
            product.ProductDifferenceExplained,
            staff(one.site, "pharmacist"),
            one.site,
            at=run.at(run.minutes),
            lot=lot,
            bag=bag,
            difference=SPILT,
            reason="leaked at the port; the bench was cleaned",
        )


def _bags(run: Run, site: str, needed: int) -> tuple[str, tuple[str, ...]]:
    """Find enough free bags of one lot of the site; receive another lot if there are not."""
    for lot in run.state.lots.values():
        free = free_bags(lot)
        if lot.id.startswith(site) and len(free) >= needed:
            return lot.id, tuple(free[:needed])
    number = sum(one.startswith(site) for one in run.state.lots) + 1
    receive(run, site, f"{site}-L{number}", max(needed, 12))
    return _bags(run, site, needed)


def free_bags(lot: Lot) -> list[str]:
    """Give the bags of a lot that are released and held for nobody."""
    return [
        one.id
        for one in lot.containers.values()
        if one.status == "released" and one.reserved_for is None
    ]


def _authorised(run: Run, name: str) -> bool:
    """Ask the gates with a signed checklist; a preparation is made once, when it may be needed."""
    one = run.participant(name)
    site, lead = one.site, staff(one.site, "investigator")
    _vital_signs(run, name, "before", 36.6)
    if _closed(run, name, [gate for gate in GATES if gate not in READINESS]):
        return False
    if _closed(run, name, READINESS) or planned_on_doubt(run, name):
        judge_severe_results(run, name)
        if made_ready(run, name) is FALSE:
            _withhold(run, name, "a criterion is no longer met")
        return False
    if _prepared_in_vain(run, name):
        return False
    _prepare(run, name)
    items = {one.id: "in order" for one in run.study.treatment.checklist}
    outcome = run.ask(
        product.PreDoseChecklistSigned,
        lead,
        site,
        participant=name,
        dose=1,
        items=items,
        signer=lead,
    )
    return isinstance(outcome, Recorded)


def planned_on_doubt(run: Run, name: str) -> bool:
    """Whether the weight that the dose is scaled by is not the one that the protocol wants."""
    if not run.study.treatment.administration.dose_per:
        return False
    found = weights_for_dose(run.state, run.participant(name), run.today)
    if found.weights is None or found.doubt:
        return True
    weight = prepare(run.study, run.participant(name).level or 1, found.weights).weight
    return weight is not None and weight.truth is not TRUE


def _closed(run: Run, name: str, gates: Collection[Policy]) -> bool:
    """Look whether a gate is closed, as a coordinator does before anything is thawed."""
    one = run.participant(name)
    lead = staff(one.site, "investigator")
    asked = product.PreDoseChecklistSigned(
        occurred_on=run.today,
        recorded_at=run.now(),
        recorded_by=lead,
        site=one.site,
        participant=name,
        dose=1,
        items={},
        signer=lead,
    )
    return any(
        gate(run.state, asked).truth is not TRUE
        for gate in gates
        if gate is not the_preparation_is_verified
    )


def _infuse(run: Run, name: str) -> None:
    one = run.participant(name)
    nurse, (amount, unit) = staff(one.site, "nurse"), planned_amount(run, name)
    _check_at_the_bedside(run, name)
    started = run.now()
    cells = run.study.treatment.preparation is not None
    volume = round(amount / CELLS_PER_ML, 3) if cells else None
    minutes = 60 if cells else 1
    pauses: tuple[product.Interruption, ...] = ()
    if cells and run.happens("an infusion is interrupted"):
        pauses = (
            product.Interruption(
                started + timedelta(minutes=20), started + timedelta(minutes=30), "shivering"
            ),
        )
    run.minutes += minutes
    run.do(
        product.DoseAdministered,
        nurse,
        one.site,
        participant=name,
        dose=1,
        started_at=started,
        ended_at=started + timedelta(minutes=minutes),
        amount=amount,
        unit=unit,
        volume_ml=volume,
        interruptions=pauses,
    )
    _explain(run, name)
    if run.happens("the dose was too fast"):
        run.do(
            safety.MedicationErrorReported,
            nurse,
            one.site,
            participant=name,
            dose=1,
            description="the pump ran at another patient's rate for five minutes",
        )
    _vital_signs(run, name, "2 h after", round(run.rng.gauss(37.2, 0.7), 1))
    if run.happens("dosing is paused"):
        run.do(trial.TrialPaused, nurse, one.site, reason="a bag leaked; all bags are looked at")
    (run.follow or plan_visits)(run, name)


def _vital_signs(run: Run, name: str, timepoint: str, temperature: float) -> None:
    one = run.participant(name)
    known = {
        "body_temperature": (min(temperature, 39.4), "Cel"),
        "body_weight": (run.weights[name], "kg"),
    }
    results = tuple(
        Measured(element=element, value=value, unit=unit)
        for element, (value, unit) in known.items()
        if element in run.study.elements
    )
    if results:
        run.do(
            findings.VitalSignsRecorded,
            staff(one.site, "nurse"),
            one.site,
            participant=name,
            results=results,
            timepoint=timepoint,
            taken_at=run.now(),
        )
