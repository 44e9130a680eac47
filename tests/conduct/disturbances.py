"""What a well-run trial does not see: chance mishaps in any number, each possibly at any time.

For tests and load. Deaths, toxicities that come to light late, corrections by whomever, doses given
as they should not be, recalls, weights that changed: recorded like everything else, where they are
not refused. The trial goes on around them as it may.
"""

import random
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from typing import Any

from gradatim.conduct.events import findings, participants, product, safety, trial
from gradatim.conduct.events.base import Event, Measured, Paper, Signature
from gradatim.conduct.permissions import who_may_correct, who_may_void
from gradatim.conduct.simulate.opening import CELLS_PER_ML
from gradatim.conduct.simulate.run import COMMITTEE, SITES, SPONSOR, Occasion, Run, staff
from gradatim.conduct.state import Participant
from gradatim.conduct.transfers import site_of
from gradatim.conduct.trial import Recorded
from gradatim.core.errors import UnusableInput

AT_A_SITE = ("investigator", "coordinator", "nurse", "pharmacist", "cell_lab")
TERMS = ("Anaphylaxis", "Thromboembolic event", "Fever", "Headache", "a strange feeling")
WATCHED = ("anaphylaxis", "thromboembolic_event")
RELATIONS = ("unrelated", "unlikely", "possible", "definite", None)


class Disturbances:
    """Mishaps drawn by chance, so many a day.

    Args:
        seed: of their chance, which is not that of the trial's own.
        rate: the mean number of mishaps on a day; before each infusion there is one as often.
    """

    def __init__(self, seed: int, rate: float) -> None:
        self.rng = random.Random(f"disturbances of {seed}")
        self.rate = rate
        self.number = 0

    def __call__(self, run: Run, moment: Occasion) -> None:
        """Let something happen, or nothing."""
        acts = _BEFORE_THE_INFUSION if moment == "before the infusion" else _ON_A_DAY
        while self.rng.random() < self.rate / (1 + self.rate):
            self.number += 1
            with suppress(UnusableInput):  # what cannot be meant is not recorded
                self.rng.choice(acts)(self, run)

    def person(self, run: Run, *statuses: str) -> Participant | None:
        """Draw a participant, of some statuses if they are named."""
        some = [
            one for one in run.state.participants.values() if not statuses or one.status in statuses
        ]
        return self.rng.choice(some) if some else None

    def somebody(self, one: Participant) -> str:
        """Draw a member of a participant's site."""
        return staff(one.site, self.rng.choice(AT_A_SITE))

    def member(self, site: str, entitled: Sequence[str]) -> str:
        """Draw a member of a site, most often one with a task of those that are entitled."""
        may = [role for role in AT_A_SITE if role in entitled]
        return staff(site, self.rng.choice(may if may and self.rng.random() < 0.8 else AT_A_SITE))

    def entry(self, run: Run, latest: int, fits: Callable[[int], bool]) -> int | None:
        """Draw one of the latest entries, each kind of them alike: most are results."""
        kinds: dict[str, list[int]] = {}
        last = run.state.position
        for at in filter(fits, range(max(1, last - latest), last + 1)):
            kinds.setdefault(type(run.state.events[at]).__name__, []).append(at)
        return self.rng.choice(kinds[self.rng.choice(sorted(kinds))]) if kinds else None

    def event_of(self, run: Run, one: Participant) -> str | None:
        """Draw one of a participant's adverse events."""
        some = [name for name, who in run.state.adverse_events.items() if who == one.id]
        return self.rng.choice(some) if some else None


def _toxicity_comes_to_light(by: Disturbances, run: Run) -> None:
    """An adverse event is reported, perhaps weeks after it began."""
    if (one := by.person(run, "treated", "completed", "withdrawn")) is None:
        return
    signature = Signature("A member of the site", "I have judged it")
    run.ask(
        safety.AdverseEventReported,
        staff(one.site, by.rng.choice(("investigator", "investigator", "nurse"))),
        one.site,
        participant=one.id,
        adverse_event=f"{one.id}-late{by.number}",
        term=by.rng.choice(TERMS),
        onset=str(run.today - timedelta(days=by.rng.choice((0, 1, 5, 20, 40)))),
        grade=by.rng.choice((None, 1, 2, 3, 3, 4)),
        relation=by.rng.choice(RELATIONS),
        serious=by.rng.choice(((), (), ("hospitalisation",))),
        signature=by.rng.choice((None, signature)),
    )


def _event_changes(by: Disturbances, run: Run) -> None:
    """An adverse event becomes worse or less, or somebody thinks otherwise of its cause."""
    one = by.person(run)
    if one is None or (name := by.event_of(run, one)) is None:
        return
    signature = Signature("A member of the site", "I have judged it")
    run.ask(
        safety.AdverseEventUpdated,
        staff(one.site, by.rng.choice(("investigator", "nurse"))),
        one.site,
        participant=one.id,
        adverse_event=name,
        grade=by.rng.choice((None, 1, 3, 4)),
        relation=by.rng.choice(RELATIONS),
        signature=by.rng.choice((None, signature)),
    )


def _sponsor_judges(by: Disturbances, run: Run) -> None:
    one = by.person(run)
    if one is None or (name := by.event_of(run, one)) is None:
        return
    run.ask(
        safety.AdverseEventAssessed,
        SPONSOR,
        participant=one.id,
        adverse_event=name,
        relation=by.rng.choice(("unrelated", "possible")),
        expected=by.rng.random() < 0.5,
        reference_safety_information="Investigator's Brochure 2.0",
    )


def _death(by: Disturbances, run: Run) -> None:
    """Somebody dies, and one of the entries that can say so does."""
    one = by.person(run, "enrolled", "treated", "completed", "waiting")
    if one is None:
        return
    name, lead = by.event_of(run, one), staff(one.site, "investigator")
    about: dict[str, Any] = {"participant": one.id}
    way = by.rng.randrange(4) if name else 3
    if way == 0:
        fatal: dict[str, Any] = {"adverse_event": name, "serious": ("death",)}
        run.ask(safety.AdverseEventUpdated, lead, one.site, **about, **fatal)
    elif way == 1:
        run.ask(
            safety.AdverseEventResolved,
            lead,
            one.site,
            adverse_event=name,
            outcome="fatal",
            resolved_on=str(run.today),
            **about,
        )
    else:
        cause: dict[str, Any] = {"adverse_event": name if way == 2 else None}
        run.ask(participants.Disposition, lead, one.site, status="died", **about, **cause)


def _correction(by: Disturbances, run: Run) -> None:
    """Somebody, entitled or not, corrects one of the latest entries, of any kind alike."""
    at = by.entry(run, 150, lambda at: bool(who_may_correct(run.state, at)))
    if at is None:
        return
    entry = run.state.events[at]
    tries = [fields for name, fields in _CHANGES if name in entry.__struct_fields__]
    tries.append({"occurred_on": str(run.today)})
    site = site_of(run.state, entry)
    who = by.member(site or "S01", who_may_correct(run.state, at))
    signature = Signature("Somebody", "corrected and seen by me")
    run.ask(
        participants.EntryCorrected,
        who if by.rng.random() < 0.9 else SPONSOR,
        by.rng.choice((site, entry.site)),
        of=at,
        fields=dict(by.rng.choice(tries)),
        reason="a slip of the pen",
        signature=by.rng.choice((None, signature)),
    )


def _made_less(by: Disturbances, run: Run) -> None:
    """An investigator signs that an adverse event was less than it was recorded."""
    at = by.entry(
        run, 150, lambda at: isinstance(run.state.events[at], safety.AdverseEventReported)
    )
    if at is None:
        return
    site = site_of(run.state, run.state.events[at])
    run.ask(
        participants.EntryCorrected,
        staff(site, "investigator"),
        site,
        of=at,
        fields=by.rng.choice(({"grade": 1}, {"relation": "unrelated"}, {"onset": "2026-12-01"})),
        reason="the source says otherwise",
        signature=Signature("An investigator", "corrected and seen by me"),
    )


_CHANGES: tuple[tuple[str, Mapping[str, Any]], ...] = (
    ("grade", {"grade": 1}),
    ("grade", {"grade": 4}),
    ("relation", {"relation": "unrelated"}),
    ("relation", {"relation": "possible"}),
    ("serious", {"serious": []}),
    ("term", {"term": "Headache"}),
    ("amount", {"amount": 1e9}),
    ("amount", {"amount": 1e6}),
    ("results", {"results": []}),
    ("version", {"version": "0.1-draft"}),
    ("weight_kg", {"weight_kg": 140.0}),
)


def _void(by: Disturbances, run: Run) -> None:
    """Somebody marks an entry as made in error; another signs that, or takes it back."""
    at = by.entry(run, 200, lambda at: bool(who_may_void(run.state, at)))
    if at is None:
        return
    site = site_of(run.state, run.state.events[at]) or "S01"
    signature = Signature("Somebody", "made in error, as I have seen")
    made = run.ask(
        participants.EntryVoided,
        by.member(site, who_may_void(run.state, at)),
        site,
        of=at,
        reason="of another person",
        signature=signature,
    )
    if not isinstance(made, Recorded) or by.rng.random() < 0.3:
        return
    again = participants.VoidConfirmed if by.rng.random() < 0.8 else participants.EntryVoided
    more: dict[str, Any] = {} if again is participants.VoidConfirmed else {"reason": "it was right"}
    run.ask(
        again,
        staff(site, "investigator", by.rng.choice((1, 2))),
        site,
        of=made.position,
        signature=signature,
        **more,
    )


def _weight_changes(by: Disturbances, run: Run) -> None:
    """Somebody gains or loses weight, or is weighed in pounds."""
    if (one := by.person(run, "registered", "consented", "eligible", "enrolled")) is not None:
        factor = by.rng.choice((0.88, 0.95, 1.05, 1.12, 2.2))
        run.weights[one.id] = round(run.weights.get(one.id, 70.0) * factor, 1)


def _news_of_a_result(by: Disturbances, run: Run) -> None:
    """A result arrives that speaks against a dose."""
    one = by.person(run, "eligible", "waiting", "enrolled", "treated")
    if one is None:
        return
    element, value, unit, high = by.rng.choice(
        (("alt", 400.0, "U/L", 40.0), ("platelets", 20.0, "10*9/L", None))
    )
    result = Measured(element=element, value=value, unit=unit, high=high)
    if element in run.study.elements:
        run.ask(
            findings.LaboratoryResultsRecorded,
            staff(one.site, "nurse"),
            one.site,
            participant=one.id,
            results=(result,),
            laboratory="central",
            ranges_version="2026-1",
            collected_on=str(run.today - timedelta(days=by.rng.choice((0, 1, 6)))),
        )


def _fever(by: Disturbances, run: Run) -> None:
    if (one := by.person(run, "enrolled")) is not None:
        fever = Measured(element="body_temperature", value=39.2, unit="Cel")
        at = run.now()
        run.ask(
            findings.VitalSignsRecorded,
            staff(one.site, "nurse"),
            one.site,
            participant=one.id,
            results=(fever,),
            taken_at=at,
        )


def _recall(by: Disturbances, run: Run) -> None:
    """A lot is recalled, or some of its bags became too warm."""
    lots = [one for one in run.state.lots.values() if one.containers]
    if not lots:
        return
    lot = by.rng.choice(lots)
    bags = tuple(lot.containers)
    site = next(iter(lot.containers.values())).site
    if by.rng.random() < 0.5:
        kind: type[Event] = product.ProductQuarantined
        fields: dict[str, Any] = {"bags": bags, "reason": "recalled by the maker"}
    else:
        kind = product.TemperatureExcursion
        fields = {"bags": bags[: by.rng.randint(1, len(bags))]}
        fields |= {"worst_celsius": 25.0, "minutes": 30.0}
    run.ask(kind, staff(site, "cell_lab"), site, lot=lot.id, **fields)


def _product_moves(by: Disturbances, run: Run) -> None:
    """Bags go to the other site, all of them or some, or are received there and nobody sent them.

    Some had been set aside, or thawed.
    """
    bags = [one for one in run.state.inventory.containers if one.site and not one.bound_for]
    if not bags:
        return
    first = by.rng.choice(bags)
    some = [one for one in bags if (one.lot, one.site) == (first.lot, first.site)]
    sent = tuple(one.id for one in by.rng.sample(some, min(len(some), by.rng.choice((1, 2, 12)))))
    there = next(site for site in SITES if site != first.site)
    about: dict[str, Any] = {"lot": first.lot, "shipment": f"W{by.number}"}
    if by.rng.random() < 0.2:
        label = tuple(product.Bag(id=one, volume_ml=10.0) for one in sent)
        run.ask(product.ProductReceived, staff(there, "cell_lab"), there, lot=first.lot, bags=label)
    else:
        laboratory = staff(first.site, "cell_lab")
        run.ask(product.ProductShipped, laboratory, first.site, bags=sent, to_site=there, **about)
        if by.rng.random() < 0.3:
            return
        came = sent[: by.rng.randint(0, len(sent))] if by.rng.random() < 0.3 else sent
        run.ask(
            product.ShipmentReceived,
            staff(there, "cell_lab"),
            there,
            bags=came,
            temperature=by.rng.choice(("in order", "in order", "not in order")),
            seals="in order",
            **about,
        )
    if by.rng.random() < 0.7:
        run.ask(product.ProductReleased, staff(there, "cell_lab"), there, lot=first.lot, bags=sent)


def _transfer(by: Disturbances, run: Run) -> None:
    """Somebody goes on at the other site; or it is proposed, and nobody there takes them over."""
    if (one := by.person(run)) is None:
        return
    here, there = one.site, next(site for site in SITES if site != one.site)
    run.ask(
        participants.TransferProposed,
        by.rng.choice((staff(here, "investigator"), SPONSOR)),
        here,
        participant=one.id,
        to_site=there,
        agreed_on=run.today,
        reason="has moved",
        signature=Signature("An investigator", "they have agreed"),
    )
    if by.rng.random() < 0.8:
        run.ask(
            participants.ParticipantTransferred,
            staff(there, "investigator"),
            there,
            participant=one.id,
            from_site=here,
            signature=Signature("An investigator", "I take them over"),
        )


def _dose_out_of_order(by: Disturbances, run: Run) -> None:
    """A dose is given that nobody has authorised, or once more, or too fast."""
    if (one := by.person(run, "enrolled", "treated", "withdrawn")) is None:
        return
    start = run.now()
    amount = 70e6 * by.rng.choice((1, 1, 0.3, 10))
    run.ask(
        product.DoseAdministered,
        staff(one.site, "nurse"),
        one.site,
        participant=one.id,
        dose=by.rng.choice((1, 1, 2)),
        started_at=start,
        ended_at=start + timedelta(minutes=by.rng.choice((1, 60))),
        amount=amount,
        unit="{cells}",
        volume_ml=amount / CELLS_PER_ML,
    )
    run.minutes += 60


def _leaves(by: Disturbances, run: Run) -> None:
    """Somebody withdraws, from treatment or from everything, or is lost."""
    if (one := by.person(run, "enrolled", "treated", "waiting")) is None:
        return
    lead, about = staff(one.site, "investigator"), dict[str, Any](participant=one.id)
    if by.rng.random() < 0.5:
        scope = by.rng.choice(("treatment", "all"))
        run.ask(participants.InformedConsentWithdrawn, lead, one.site, scope=scope, **about)
    else:
        status = by.rng.choice(("withdrawn", "lost to follow-up"))
        name = by.rng.choice((None, by.event_of(run, one)))
        run.ask(
            participants.Disposition, lead, one.site, status=status, adverse_event=name, **about
        )


def _old_form(by: Disturbances, run: Run) -> None:
    """Somebody signs a form that is not the one in force."""
    if (one := by.person(run)) is not None:
        run.ask(
            participants.InformedConsentRenewed,
            staff(one.site, "investigator"),
            one.site,
            participant=one.id,
            version=by.rng.choice(("0.9", "1.0", "1.1")),
            language=by.rng.choice(("zh-CN", "xx")),
            obtained_by=by.somebody(one),
        )


def _urgent_measure(by: Disturbances, run: Run) -> None:
    """Somebody protects participants at once; or a measure that was taken ends."""
    for position, one in list(run.state.urgent.items()):
        if one.ended is None and by.rng.random() < 0.5:
            signature = Signature("The sponsor", "the hazard is over")
            run.ask(
                trial.UrgentSafetyMeasureEnded,
                SPONSOR,
                of=position,
                reason="the pumps were replaced",
                signature=signature,
            )
            return
    if (one_of := by.person(run)) is not None:
        run.ask(
            trial.UrgentSafetyMeasureTaken,
            staff(one_of.site, "investigator"),
            one_of.site,
            hazard="a pump runs too fast",
            measure="nobody is given anything by it",
            holds=by.rng.choice((("dosing",), ("enrolment",), ("dosing", "enrolment"))),
            signature=Signature("An investigator", "taken at once"),
        )


def _comes_back(by: Disturbances, run: Run) -> None:
    """Who was lost is found again; who failed screening is screened again."""
    if (one := by.person(run, "lost to follow-up")) is not None:
        run.ask(
            participants.ParticipantFound,
            staff(one.site, "investigator"),
            one.site,
            participant=one.id,
            reason="had moved, and has called",
        )
    if (failed := by.person(run, "screen failed")) is not None:
        first = run.state.events.of(participants.ParticipantRegistered)
        token = next(each.person_token for _, each in first if each.participant == failed.id)
        run.ask(
            participants.ParticipantRegistered,
            staff(failed.site, "coordinator"),
            failed.site,
            participant=f"{failed.id}.{by.number}",
            person_token=token,
            screened_as=failed.id,
            sex=failed.sex if failed.sex in ("female", "male") else "",
        )


def _registered_twice(by: Disturbances, run: Run) -> None:
    """Somebody has a second number for a while, under which something happens to them."""
    if (one := by.person(run, "enrolled", "treated", "eligible", "completed")) is None:
        return
    second = f"{one.id}.twice{by.number}"
    about: dict[str, Any] = {"participant": second}
    lead = staff(one.site, "investigator")
    run.ask(
        participants.ParticipantRegistered,
        staff(one.site, "coordinator"),
        one.site,
        person_token=f"{by.rng.getrandbits(256):064x}",
        **about,
    )
    if second not in run.state.participants:
        return
    happened = by.rng.randrange(4)
    if happened == 0:
        run.ask(participants.Disposition, lead, one.site, status="died", **about)
    elif happened == 1:
        run.ask(participants.InformedConsentWithdrawn, lead, one.site, scope="all", **about)
    else:
        run.ask(
            safety.AdverseEventReported,
            lead,
            one.site,
            adverse_event=f"{second}-event",
            term=by.rng.choice(TERMS),
            onset=str(run.today),
            grade=by.rng.choice((1, 3, 4)),
            relation=by.rng.choice(RELATIONS),
            **about,
        )
    run.ask(
        participants.ParticipantsMerged,
        lead,
        one.site,
        into=one.id,
        reason="one passport",
        signature=Signature("An investigator", "one person"),
        **about,
    )


def _classified(by: Disturbances, run: Run) -> None:
    """An investigator says whether an event is one that the protocol watches."""
    one = by.person(run, "treated", "completed", "withdrawn")
    if one is None or (name := by.event_of(run, one)) is None:
        return
    run.ask(
        safety.AdverseEventClassified,
        staff(one.site, "investigator"),
        one.site,
        participant=one.id,
        adverse_event=name,
        answers={by.rng.choice(WATCHED): by.rng.choice(("yes", "yes", "no"))},
        signer=staff(one.site, "investigator"),
        signature=Signature("An investigator", "I have judged it"),
    )


def _paper(by: Disturbances, run: Run) -> None:
    """A dose that was given during an outage is entered days later, from the paper."""
    if (one := by.person(run, "enrolled")) is None:
        return
    ago = timedelta(days=by.rng.choice((1, 2, 4)))
    start = run.now() - ago
    run.ask(
        product.DoseAdministered,
        staff(one.site, "nurse"),
        one.site,
        on=run.today - ago,
        participant=one.id,
        dose=1,
        started_at=start,
        ended_at=start + timedelta(minutes=60),
        amount=70e6,
        unit="{cells}",
        volume_ml=70e6 / CELLS_PER_ML,
        paper=Paper(
            signed_by=staff(one.site, "investigator"), signed_at=start, image_sha256="0" * 64
        ),
    )


def _pause(by: Disturbances, run: Run) -> None:
    if (one := by.person(run)) is not None:
        nurse = staff(one.site, "nurse")
        run.ask(trial.TrialPaused, nurse, one.site, reason="something is odd")


def _replaced(by: Disturbances, run: Run) -> None:
    if (one := by.person(run, "treated", "withdrawn", "enrolled")) is not None:
        run.ask(
            participants.ParticipantReplaced,
            COMMITTEE[0],
            participant=one.id,
            reason="left before the window ended",
            signers=COMMITTEE[:2],
        )


_Mishap = Callable[[Disturbances, Run], None]
_BEFORE_THE_INFUSION: tuple[_Mishap, ...] = (
    _fever,
    _recall,
    _news_of_a_result,
    _toxicity_comes_to_light,
    _product_moves,
    _pause,
)
_ON_A_DAY: tuple[_Mishap, ...] = (
    _toxicity_comes_to_light,
    _toxicity_comes_to_light,
    _event_changes,
    _sponsor_judges,
    _death,
    _correction,
    _correction,
    _made_less,
    _void,
    _void,
    _weight_changes,
    _news_of_a_result,
    _fever,
    _recall,
    _product_moves,
    _transfer,
    _dose_out_of_order,
    _leaves,
    _old_form,
    _pause,
    _replaced,
    _urgent_measure,
    _comes_back,
    _registered_twice,
    _classified,
    _classified,
    _paper,
)
