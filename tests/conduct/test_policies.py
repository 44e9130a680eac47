"""Each policy refuses what it is there to refuse; a test holds that none is forgotten."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from hashlib import sha256
from typing import Any

import msgspec
import pytest

from gradatim.conduct.alterations import altered
from gradatim.conduct.escalation import advised
from gradatim.conduct.events import findings as f
from gradatim.conduct.events import logs as m
from gradatim.conduct.events import participants as p
from gradatim.conduct.events import product as x
from gradatim.conduct.events import records as d
from gradatim.conduct.events import review as r
from gradatim.conduct.events import safety as s
from gradatim.conduct.events import trial as t
from gradatim.conduct.events.base import SYSTEM, Event, Measured, Signature
from gradatim.conduct.fold import apply
from gradatim.conduct.folding.trial import study_of
from gradatim.conduct.policies import (
    AUTHORISATIONS,
    POLICIES,
    RULES,
    allowing,
    approvals,
    check,
    consent,
    dating,
    delegation,
    dosing,
    entry,
    logs,
    preparation,
    reports,
    review,
    signers,
    training,
    urgent,
)
from gradatim.conduct.policies import protocol as going_live
from gradatim.conduct.policies.verdicts import Policy
from gradatim.conduct.proposals import altered_since, holding
from gradatim.conduct.proposals import proposed as proposed_event
from gradatim.conduct.proposed_acts import act_of, can_agree
from gradatim.conduct.state import Participant, State
from gradatim.conduct.views.doses import first_dose_at
from gradatim.conduct.views.endorsement import not_endorsed
from gradatim.core.truth import TRUE
from gradatim.core.verdict import Verdict
from gradatim.protocol.base import Basis
from gradatim.protocol.questions import questions
from gradatim.protocol.treatment import ProhibitedMedication
from tests.conduct import erasure_cases, product_cases, transfer_cases
from tests.conduct.digest import digest
from tests.conduct.leveled import leveled, limiting
from tests.conduct.signing import adoption, person
from tests.conduct.trials import (
    START,
    TABLET,
    WHOLE_TRIALS,
    copied,
    event,
    finished,
    protocol,
    state_until,
)

pytestmark = WHOLE_TRIALS

Case = tuple[State, Event]
SIGNED: dict[str, Any] = {
    "reason": "seen together",
    "signers": ("committee.1", "committee.2"),
}
LATER = START + timedelta(days=60)


@lru_cache(maxsize=1)
def opened() -> State:
    """The trial on its first day: level 1 is open."""
    return state_until()


@lru_cache(maxsize=1)
def under_way() -> State:
    """The trial two months on: participants were treated, others wait."""
    return state_until(until=LATER)


def after(state: State, *events: Event) -> State:
    """Give a copy of a state with more events."""
    more = copied(state)
    for one in events:
        apply(more, more.position + 1, one)
    return more


def one_of(state: State, *statuses: str) -> Participant:
    """Give a participant of such a status."""
    return next(one for one in state.participants.values() if one.status in statuses)


def real(state: State | None = None) -> State:
    """A real trial, not yet active."""
    return after(State("real"), event(t.TrialCreated, "sponsor.1", mode="real"))


def document(**changes: str) -> t.ProtocolActivated:
    """The activation of the bundled protocol, its text changed."""
    text = protocol()[1]
    for old, new in changes.items():
        text = text.replace(old, new)
    return activation(text)


def activation(text: str, version: str = "1.0") -> t.ProtocolActivated:
    """The activation of a document."""
    made = event(
        t.ProtocolActivated,
        "sponsor.1",
        version=version,
        document=text,
        sha256=sha256(text.encode()).hexdigest(),
    )
    assert isinstance(made, t.ProtocolActivated)
    return made


def amended(
    old: str, new: str, *changes: t.Change, version: str = "2.0", urgent: bool = False
) -> Event:
    """An amendment of the bundled protocol."""
    text = protocol()[1].replace('version: "1.0"', f'version: "{version}"', 1)
    assert old in text
    text = text.replace(old, new, 1)
    return event(
        t.ProtocolAmended,
        "sponsor.1",
        version=version,
        document=text,
        changes=changes,
        sha256=sha256(text.encode()).hexdigest(),
        urgent_safety_measure=urgent,
    )


def ruling(
    key: str,
    answer: str = "so it is",
    outcome: str = "confirmed",
    value: str | None = None,
    text: str | None = None,
) -> t.RulingSigned:
    """A ruling on what the bundled protocol, or another text, says there."""
    study = protocol()[0].study if text is None else study_of(text)
    said = next((one.value for one in questions(study) if one.key == key), "")
    made = event(
        t.RulingSigned,
        "sponsor.1",
        question=key,
        answer=answer,
        signer="sponsor.1",
        outcome=outcome,
        value=said if value is None else value,
    )
    assert isinstance(made, t.RulingSigned)
    return made


def signed(state: State, one: Participant, items: dict[str, str] | None = None) -> Event:
    """A signed checklist of the first dose."""
    said = items or {item.id: "in order" for item in state.study.treatment.checklist}
    return about(
        x.PreDoseChecklistSigned, one, dose=1, items=said, signer=f"investigator.{one.site}.1"
    )


def given(one: Participant, minutes: int = 60, amount: float = 7e7) -> Event:
    """A first dose, given today."""
    at = datetime(LATER.year, LATER.month, LATER.day, 10, tzinfo=UTC)
    return about(
        x.DoseAdministered,
        one,
        "nurse",
        dose=1,
        started_at=at,
        amount=amount,
        ended_at=at + timedelta(minutes=minutes),
        unit="{cells}",
        volume_ml=14.0,
    )


def decision(**more: Any) -> Event:
    """The decision that the design advises two months on, changed."""
    state = under_way()
    now, version = advised(state, LATER), state.version
    assert version is not None
    fields: dict[str, Any] = {
        "action": "hold",
        "level": now.level,
        "head": state.position,
        "head_hash": "0" * 64,
        "protocol_sha256": version.sha256,
        "design": "three_plus_three",
        "advice_action": now.action,
        "advice_level": now.level,
        "outcomes": now.outcomes,
        "signers": ("committee.1", "committee.2"),
        **more,
    }
    return event(r.DoseDecision, "committee.1", on=LATER, **fields)


def about(kind: type[Event], one: Participant, by: str = "investigator", **more: Any) -> Event:
    """An event about a participant, recorded at their site."""
    return event(kind, f"{by}.{one.site}.1", one.site, on=LATER, participant=one.id, **more)


def consenting() -> Case:
    state = after(opened(), _registration())
    return state, about(
        p.EligibilityConfirmed, state.participants["N1"], signer="nobody", first_dose_on=LATER
    )


def _registration(**more: Any) -> Event:
    fields: dict[str, Any] = {"participant": "N1", "person_token": "0" * 64} | more
    return event(p.ParticipantRegistered, "coordinator.S01.1", "S01", **fields)


def _consent(**more: Any) -> Event:
    fields = {"version": "1.0", "language": "en", "obtained_by": "investigator.S01.1"} | more
    return about(p.InformedConsentObtained, new(), **fields)


def pregnant() -> Case:
    """A participant who is pregnant is to have another dose."""
    about_it = {"person": "participant", "detected_on": str(LATER)}
    state = after(under_way(), about(s.PregnancyReported, treated(), **about_it))
    return state, signed(state, treated())


def prohibited() -> Case:
    """Ibuprofen, where the protocol prohibits it."""
    rule = ProhibitedMedication(
        id="nsaid", label="anti-inflammatory drugs", elements=["nsaid"], basis=Basis.STATED
    )
    state = copied(under_way())
    for n, one in enumerate(state.versions):
        treatment = one.study.treatment.model_copy(update={"prohibited": [rule]})
        state.versions[n] = one._replace(
            study=one.study.model_copy(update={"treatment": treatment})
        )
    fields = {"medication": "M1", "drug": "ibuprofen", "indication": "pain", "start": str(LATER)}
    return state, about(m.ConcomitantMedicationRecorded, treated(), ongoing=True, **fields)


def agreed(**more: Any) -> Case:
    """Somebody registered, and a consent that is not as it should be."""
    return with_new(), _consent(**more)


def new() -> Participant:
    """A person who has only been registered."""
    return after(opened(), _registration()).participants["N1"]


def with_new() -> State:
    """The trial's first day, with a person registered."""
    return after(opened(), _registration())


def with_malignancy() -> State:
    """The person registered has had a malignant tumour."""
    return after(
        with_new(),
        about(p.FactRecorded, new(), start="2026-12", fact=Measured(element="malignancy")),
    )


def with_potassium() -> State:
    """The person registered has a potassium of grade 4 on the day, which nobody has judged."""
    result = Measured(element="potassium", value=7.4, unit="mmol/L", low=3.5, high=5.1)
    return after(
        with_new(),
        about(
            f.LaboratoryResultsRecorded,
            new(),
            "nurse",
            results=(result,),
            laboratory="l",
            ranges_version="v",
            collected_on=str(LATER),
        ),
    )


def treated() -> Participant:
    """Somebody who was treated."""
    return one_of(under_way(), "treated", "completed")


def serious(grade: int = 4) -> State:
    """A treated participant has a related serious event."""
    one = treated()
    return after(
        under_way(),
        event(
            s.AdverseEventReported,
            "investigator.S01.1",
            one.site,
            on=LATER,
            participant=one.id,
            adverse_event="AE-x",
            term="Anaphylaxis",
            onset=str(_dosed(one)),
            grade=grade,
            relation="probable",
        ),
    )


def _dosed(one: Participant) -> date:
    at = first_dose_at(under_way(), one)
    assert at is not None
    return at.date()


def approval(until: date | None, authority: str = "ethics", **more: Any) -> Event:
    """An approval, which ends then."""
    fields = {"authority": authority, "version": "1.0", "reference": "no. 7"} | more
    return event(t.ApprovalRecorded, "sponsor.1", expires_on=until, **fields)


def lapsed_approval() -> State:
    """The trial's first day; the approval of the ethics committee ended on the day before."""
    return after(opened(), approval(START - timedelta(days=1)))


def held() -> State:
    """The trial's first day; an urgent safety measure holds enrolment."""
    fields: dict[str, Any] = {
        "hazard": "a bag leaks",
        "measure": "nobody enters",
        "holds": ("enrolment",),
    }
    return after(opened(), event(t.UrgentSafetyMeasureTaken, "sponsor.1", **fields))


LATER_AT = datetime(LATER.year, LATER.month, LATER.day, 12, tzinfo=UTC)


def dated(later: int, kind: type[Event] = p.EligibilityConfirmed) -> Case:
    """An act recorded on the trial's first day, dated so many days later."""
    more: dict[str, Any] = {}
    if kind is p.EligibilityConfirmed:
        more = {"signer": "investigator.S01.1", "first_dose_on": START}
    made = event(kind, "investigator.S01.1", "S01", participant="N1", **more)
    return with_new(), msgspec.structs.replace(made, occurred_on=START + timedelta(days=later))


def waiting_delegation() -> Event:
    """A delegation of the whole trial that waits for a second person."""
    fields: dict[str, Any] = {"user": "new", "role": "safety_committee"}
    return event(t.RoleGranted, "sponsor.1", needs_confirmation=True, **fields)


def urgent_delegation(on: date) -> Event:
    """A task that an investigator gives at their site before another confirms it."""
    fields: dict[str, Any] = {"user": "new", "role": "pharmacist", "urgent": "it is night"}
    return event(t.RoleGranted, "investigator.S01.1", "S01", on=on, **fields)


def confirming(by: str, *meanwhile: Event) -> Case:
    """A delegation that waits, what was given meanwhile, and its confirmation."""
    state = after(opened(), waiting_delegation())
    at = state.position
    return after(state, *meanwhile), event(t.DelegationConfirmed, by, of=at)


def leaves(user: str) -> dict[str, Any]:
    """What is said of an investigator who leaves."""
    return {"user": user, "role": "investigator", "reason": "leaves the hospital"}


CASES: dict[Policy, Callable[[], Case]] = {
    approvals.the_approvals_are_in_force: lambda: (lapsed_approval(), _registration()),
    approvals.the_approvals_allow_the_dose: lambda: (
        after(under_way(), approval(START)),
        signed(under_way(), treated()),
    ),
    going_live.somebody_acts_for_the_sponsor: lambda: (
        opened(),
        event(t.RoleRevoked, "sponsor.1", user="sponsor.1", role="sponsor", reason="leaves"),
    ),
    urgent.no_urgent_measure_holds: lambda: (held(), _registration()),
    urgent.the_measure_stands: lambda: (
        held(),
        event(t.UrgentSafetyMeasureEnded, "sponsor.1", of=1, reason="it is over"),
    ),
    urgent.the_authority_is_told_in_time: lambda: (
        held(),
        event(
            t.UrgentSafetyMeasureNotified,
            "sponsor.1",
            on=LATER,
            of=held().position,
            recipient="ethics",
            sent_at=LATER_AT,
        ),
    ),
    dating.the_act_is_of_the_day_it_is_given: lambda: dated(-120),
    dating.the_act_is_not_dated_ahead: lambda: dated(1, p.PlacedOnWaitingList),
    going_live.the_ledger_begins_once: lambda: (
        opened(),
        event(t.TrialCreated, "sponsor.1", mode="demo"),
    ),
    going_live.the_sponsor_signs: lambda: (
        opened(),
        msgspec.structs.replace(ruling("safety.sentinel"), signer="nobody.1"),
    ),
    going_live.the_question_is_asked: lambda: (opened(), ruling("treatment.nonsense")),
    going_live.the_ruling_is_about_what_stands_there: lambda: (
        opened(),
        ruling("safety.sentinel", value='{"wait": "1 day"}'),
    ),
    going_live.the_ruling_says_what_it_comes_to: lambda: (
        opened(),
        ruling("eligibility.E7c", "no such"),
    ),
    going_live.the_change_can_be_made: lambda: (
        opened(),
        msgspec.structs.replace(
            ruling("safety.follow_up", outcome="deferred"), requested_value="{}"
        ),
    ),
    going_live.the_ruling_changes_something: lambda: (
        after(opened(), ruling("safety.follow_up")),
        ruling("safety.follow_up"),
    ),
    going_live.the_document_is_sound: lambda: (real(), document(adverse_event="adverse_evnt")),
    going_live.no_version_is_active: lambda: (opened(), activation(protocol()[1])),
    going_live.the_approvals_are_there: lambda: (real(), activation(protocol()[1])),
    going_live.no_safety_question_is_open: lambda: (real(), activation(protocol()[1])),
    going_live.the_version_is_new: lambda: (
        opened(),
        amended("wait: 14 days", "wait: 15 days", version="1.0"),
    ),
    going_live.every_change_says_when_it_applies: lambda: (
        opened(),
        amended("wait: 14 days", "wait: 15 days"),
    ),
    going_live.safety_measures_apply_at_once: lambda: (
        opened(),
        amended(
            "wait: 14 days",
            "wait: 15 days",
            t.Change("safety", "next participant", "later"),
        ),
    ),
    going_live.a_version_is_active: lambda: (
        real(),
        event(t.SiteOpened, "sponsor.1", "S09", name="x", principal_investigator="i"),
    ),
    going_live.the_site_is_not_open: lambda: (
        opened(),
        event(t.SiteOpened, "sponsor.1", "S01", name="x", principal_investigator="i"),
    ),
    delegation.a_second_person_confirms: lambda: confirming("sponsor.1"),
    delegation.the_tasks_still_go_together: lambda: confirming(
        "sponsor.2", event(t.RoleGranted, "sponsor.1", "S01", user="new", role="nurse")
    ),
    delegation.the_task_does_not_wait_already: lambda: (
        confirming("sponsor.2")[0],
        waiting_delegation(),
    ),
    delegation.what_is_urgent_is_so_at_a_site: lambda: (
        opened(),
        event(t.RoleGranted, "sponsor.1", "S01", user="x", role="pharmacist", urgent="it is night"),
    ),
    delegation.what_was_urgent_was_seen_by_another: lambda: (
        after(opened(), urgent_delegation(START)),
        urgent_delegation(LATER),
    ),
    delegation.the_site_keeps_an_investigator: lambda: (
        after(
            with_new(),
            event(t.RoleRevoked, "sponsor.1", "S01", **leaves("investigator.S01.2")),
        ),
        event(t.RoleRevoked, "sponsor.1", "S01", **leaves("investigator.S01.1")),
    ),
    going_live.the_user_is_a_person: lambda: (
        opened(),
        event(t.RoleGranted, "sponsor.1", user=SYSTEM, role="nurse"),
    ),
    going_live.the_task_is_of_the_site: lambda: (
        opened(),
        event(t.RoleGranted, "investigator.S01.1", "S01", user="x", role="safety_committee"),
    ),
    going_live.the_tasks_go_together: lambda: (
        opened(),
        event(t.RoleGranted, "sponsor.1", "S01", user="committee.1", role="investigator"),
    ),
    entry.the_trial_goes_on: lambda: (
        finished(1).state,
        event(
            p.ParticipantRegistered,
            "coordinator.S01.1",
            "S01",
            participant="N1",
            person_token="0" * 64,
        ),
    ),
    entry.dosing_is_not_paused: lambda: (
        after(under_way(), event(t.TrialPaused, "nurse.S01.1", "S01", on=LATER, reason="a leak")),
        about(p.ParticipantEnrolled, treated(), level=1),
    ),
    entry.the_site_is_open: lambda: (
        opened(),
        event(
            p.ParticipantRegistered,
            "coordinator.S01.1",
            "S77",
            participant="N1",
            person_token="0" * 64,
        ),
    ),
    entry.the_number_is_new: lambda: (with_new(), _registration()),
    entry.the_person_is_new: lambda: (with_new(), _registration(participant="N2")),
    entry.the_step_is_legal: lambda: (with_new(), about(p.Disposition, new(), status="completed")),
    consent.consent_is_in_force: lambda: (
        with_new(),
        about(f.EncounterDone, new(), encounter="screening"),
    ),
    consent.consent_is_to_the_version_in_force: lambda: (
        after(
            under_way(),
            amended(
                "label: day 1\n",
                "label: day one\n",
                t.Change("schedule", "after re-consent", "a better name"),
            ),
        ),
        given(treated()),
    ),
    consent.a_new_consent_is_to_a_later_version: lambda: (
        with_new(),
        about(p.InformedConsentRenewed, new(), version="2", language="en", obtained_by="i"),
    ),
    consent.the_participant_agrees_before_any_procedure: lambda: (
        after(
            with_new(),
            event(f.VitalSignsRecorded, "nurse.S01.1", "S01", participant="N1", results=()),
        ),
        about(p.InformedConsentObtained, new(), version="1", language="en", obtained_by="i"),
    ),
    consent.the_form_is_the_one_in_force: lambda: agreed(version="0.1-draft"),
    consent.the_language_is_one_of_the_form: lambda: agreed(language="xx"),
    consent.who_obtains_consent_may: lambda: agreed(obtained_by="the.cleaner"),
    consent.the_representative_is_foreseen: lambda: agreed(given_by="representative"),
    consent.collection_has_not_ended: lambda: (
        after(with_new(), _consent(), about(p.InformedConsentWithdrawn, new(), scope="all")),
        about(
            p.FactRecorded,
            new(),
            start=str(LATER + timedelta(days=1)),
            fact=Measured(element="malignancy"),
        ),
    ),
    logs.no_medication_is_prohibited: lambda: prohibited(),
    logs.the_pregnancy_is_reported_in_time: lambda: (
        under_way(),
        about(
            s.PregnancyReported,
            treated(),
            person="partner",
            detected_on=str(LATER),
            site_aware_at=datetime(LATER.year, LATER.month, LATER.day, tzinfo=UTC)
            - timedelta(hours=30),
        ),
    ),
    logs.an_anomaly_is_a_serious_event: lambda: (
        under_way(),
        about(s.PregnancyOutcomeReported, treated(), of=1, outcome="live birth", anomaly=True),
    ),
    training.who_authorises_is_trained: consenting,
    training.who_acts_is_trained: lambda: agreed(obtained_by="the.cleaner"),
    entry.every_criterion_is_met: consenting,
    entry.an_investigator_signs: consenting,
    entry.eligibility_is_confirmed: lambda: (
        with_new(),
        about(p.ParticipantEnrolled, new(), level=1),
    ),
    entry.the_criteria_still_hold: lambda: (
        with_new(),
        about(p.ParticipantEnrolled, new(), level=1),
    ),
    entry.the_level_is_open: lambda: (
        under_way(),
        about(p.ParticipantEnrolled, treated(), level=3),
    ),
    entry.a_place_is_free: lambda: (full(), about(p.ParticipantEnrolled, new(), level=1)),
    entry.nobody_has_waited_longer: lambda: (
        waiting(),
        about(p.ParticipantEnrolled, treated(), level=1),
    ),
    entry.the_reason_is_unrelated: lambda: (
        serious(),
        about(
            p.ParticipantReplaced,
            treated(),
            reason="moved away",
            signers=("committee.1", "committee.2"),
        ),
    ),
    allowing.the_protocol_leaves_it_to_the_committee: lambda: (
        serious(),
        about(s.DosingAllowed, treated(), "committee", dose=2, level=1, **SIGNED),
    ),
    allowing.no_toxicity_is_set_aside: lambda: (
        serious(),
        about(s.EvaluabilityJudged, treated(), "committee", evaluable=False, **SIGNED),
    ),
    allowing.the_observation_can_be_judged: lambda: (
        with_new(),
        about(s.SentinelObservationJudged, new(), "committee", observed=True, **SIGNED),
    ),
    entry.the_visit_is_in_its_window: lambda: (
        under_way(),
        about(f.EncounterDone, treated(), encounter="day_1"),
    ),
    entry.no_visit_is_missed: lambda: (
        under_way(),
        about(f.EncounterMissed, treated(), encounter="day_28"),
    ),
    dosing.a_place_is_held: lambda: (with_new(), signed(with_new(), new())),
    dosing.treatment_goes_on: lambda: (with_new(), signed(with_new(), new())),
    dosing.the_preparation_is_verified: lambda: (with_new(), signed(with_new(), new())),
    dosing.no_stopping_rule_has_fired: lambda: (serious(), signed(serious(), treated())),
    dosing.the_level_is_tolerated: lambda: too_toxic(),
    dosing.no_toxicity_is_open: lambda: (serious(), signed(serious(), treated())),
    logs.no_pregnancy_is_open: lambda: pregnant(),
    dosing.the_sentinel_was_watched: lambda: sentinel(),
    dosing.the_interval_has_passed: lambda: second_dose_at_once(),
    preparation.the_preparation_still_holds: lambda: (
        under_way(),
        signed(under_way(), treated()),  # its bags are used
    ),
    preparation.the_bags_were_released: lambda: drawn(volume=10.0, amount=5e7),
    dosing.the_dose_is_the_next: lambda: (under_way(), signed(under_way(), treated())),
    dosing.every_item_is_in_order: lambda: (
        under_way(),
        signed(under_way(), treated(), items={"no_infection": "in order"}),
    ),
    dosing.the_criteria_hold: lambda: (with_new(), signed(with_new(), new())),
    dosing.no_criterion_fails: lambda: (
        with_malignancy(),
        about(x.ProductAssigned, new(), "pharmacist", dose=1, lot="L", bags=("B1",)),
    ),
    dosing.the_records_show_it_in_order: lambda: (with_new(), signed(with_new(), new())),
    dosing.no_severe_result_awaits_judgement: lambda: (with_potassium(), signed(with_new(), new())),
    dosing.the_checklist_is_signed: lambda: (with_new(), given(new())),
    preparation.the_amount_is_the_planned_one: lambda: (under_way(), given(treated(), amount=1.0)),
    preparation.the_infusion_keeps_its_limits: lambda: (under_way(), given(treated(), minutes=1)),
    preparation.the_product_is_still_fit: lambda: (with_new(), given(new())),
    dosing.the_bags_may_be_released: lambda: (
        under_way(),
        event(x.ProductReleased, "cell_lab.S01.1", "S01", lot=a_lot(), bags=("no",)),
    ),
    dosing.the_bags_are_free: lambda: (
        under_way(),
        about(x.ProductAssigned, treated(), "pharmacist", dose=1, lot=a_lot(), bags=(used_bag(),)),
    ),
    preparation.the_planned_dose_is_that_of_the_level: lambda: (
        under_way(),
        about(
            x.DosePrepared,
            treated(),
            "cell_lab",
            dose=1,
            lot=a_lot(),
            amount=9e7,
            planned=9e7,
            unit="{cells}",
            weight_kg=70.0,
        ),
    ),
    preparation.the_amount_is_what_was_drawn: lambda: drawn(volume=9.0, amount=7e7),
    preparation.the_preparation_keeps_its_limits: lambda: drawn(volume=10.0, amount=5e7, hours=1e5),
    preparation.the_bags_were_assigned: lambda: (
        under_way(),
        about(
            x.DosePrepared,
            treated(),
            "cell_lab",
            dose=1,
            lot=a_lot(),
            amount=1,
            planned=1,
            unit="{cells}",
            drawn=(x.Drawn("other", 1, 1),),
        ),
    ),
    dosing.a_second_person_verifies: lambda: (
        under_way(),
        about(x.PreparationVerified, treated(), "cell_lab", dose=1),
    ),
    review.the_answers_are_asked_for: lambda: (
        serious(),
        about(
            s.AdverseEventClassified,
            treated(),
            adverse_event="AE-x",
            answers={"alt": "no"},
            signer="investigator.S01.1",
        ),
    ),
    entry.what_is_judged_has_a_history: lambda: (
        under_way(),
        about(
            d.RecordJudged,
            treated(),
            of=1,
            record="Condition/1",
            answers={"alt": "no"},
            signer="investigator.S01.1",
            reason="asked",
        ),
    ),
    review.the_committee_signs: lambda: (under_way(), decision(signers=("me",))),
    review.the_decision_saw_the_present: lambda: (under_way(), decision(head=50)),
    review.the_advice_is_that_of_the_design: lambda: (
        under_way(),
        decision(advice_action="escalate", advice_level=3),
    ),
    review.the_decision_is_not_less_cautious: lambda: (
        under_way(),
        decision(action="escalate", level=3),
    ),
    review.the_level_is_not_stopped: lambda: (serious(5), decision(action="stay", level=1)),
    review.the_candidate_is_there: lambda: (
        under_way(),
        about(
            s.DoseLimitingToxicityAdjudicated,
            treated(),
            candidate="none",
            dose_limiting=True,
            reason="so it is",
            signers=("committee.1",),
        ),
    ),
    review.every_fired_rule_is_named: lambda: (
        serious(),
        event(
            t.TrialResumed,
            "committee.1",
            on=LATER,
            reason="all clear",
            signers=("committee.1", "committee.2"),
        ),
    ),
    review.no_rule_ends_the_trial: lambda: (
        serious(5),
        event(
            t.TrialResumed,
            "committee.1",
            on=LATER,
            reason="all clear",
            signers=("committee.1", "committee.2"),
        ),
    ),
    review.nothing_is_left_open: lambda: (under_way(), event(r.DataLocked, "data.1", on=LATER)),
    review.the_data_are_locked: lambda: (
        under_way(),
        event(r.DataUnlocked, "data.1", on=LATER, reason="a mistake"),
    ),
    review.the_data_are_not_locked: lambda: (
        finished(1).state,
        event(r.DataLocked, "data.1", on=LATER),
    ),
    reports.the_report_is_in_time: lambda: late_report(),
}


def full() -> State:
    """A person wants to enter, and every place is taken."""
    state = with_new()
    assert state.cohort is not None
    state.cohort.places = 0
    return state


def waiting() -> State:
    """Somebody waits."""
    state = after(under_way(), _registration())
    state.participants["N1"].status = "waiting"
    return state


def sentinel() -> Case:
    """Somebody is to be dosed on the day of the first participant of the level."""
    state, first = copied(under_way()), treated()
    other = after(state, _registration())
    other.participants["N1"].level = first.level
    made = signed(other, other.participants["N1"])
    return other, msgspec.structs.replace(made, occurred_on=_dosed(first))


def too_toxic() -> Case:
    """One at level 1 is found late to have had a toxicity; somebody is to be dosed at level 2."""
    state = leveled()
    limiting(state, "P1")
    return state, about(
        x.PreDoseChecklistSigned,
        state.participants["P4"],
        dose=1,
        items={},
        signer="investigator.S01.1",
    )


def a_lot() -> str:
    """A lot from which somebody was treated."""
    return next(
        lot.id
        for lot in under_way().lots.values()
        if any(bag.reserved_for for bag in lot.containers.values())
    )


def used_bag() -> str:
    """A bag that is gone."""
    bags = under_way().lots[a_lot()].containers.values()
    return next(bag.id for bag in bags if bag.reserved_for)


def drawn(volume: float, amount: float, hours: float = 12) -> Case:
    """A dose prepared from a bag of which so much was drawn, so many hours after the day began."""
    one = treated()
    made = about(
        x.DosePrepared,
        one,
        "cell_lab",
        dose=1,
        lot=a_lot(),
        amount=amount,
        weight_kg=70.0,
        planned=7e7,
        unit="{cells}",
        drawn=(x.Drawn(used_bag(), volume, 0.0),),
    )
    later = made.recorded_at + timedelta(hours=hours)
    return under_way(), msgspec.structs.replace(made, recorded_at=later, occurred_on=later.date())


def second_dose_at_once() -> Case:
    """The tablet's second dose, on the day of the first."""
    state = state_until(TABLET, LATER)
    one = one_of(state, "treated", "completed")
    at = first_dose_at(state, one)
    assert at is not None
    made = signed(state, one)
    return state, msgspec.structs.replace(made, dose=2, occurred_on=at.date())


def late_report() -> Case:
    """The sponsor reports a fatal unexpected event a month after knowing of it."""
    state, one = serious(5), treated()
    aware = event(t.TrialPaused, "x", on=START, reason="only for its time").recorded_at
    state = after(
        state,
        about(
            s.AdverseEventAssessed,
            one,
            adverse_event="AE-x",
            relation="probable",
            expected=False,
            reference_safety_information="IB 1",
            sponsor_aware_at=aware,
        ),
    )
    return state, about(
        s.SafetyReportSent,
        one,
        adverse_event="AE-x",
        recipient="regulator",
        report="initial",
        sent_at=aware + timedelta(days=30),
    )


def proposed(**more: Any) -> Event:
    """A decision that is proposed to the committee."""
    fields = {"proposal": "D-x", "act": act_of(decision()), **more}
    return event(r.ProposalMade, "committee.1", on=LATER, **fields)


def proposed_twice() -> Case:
    """Two proposals of one number."""
    return after(under_way(), proposed()), proposed()


def signing_nothing() -> Case:
    """A signature under a proposal that nobody made."""
    return under_way(), event(r.ProposalSigned, "committee.2", on=LATER, proposal="D-none")


def signing_twice() -> Case:
    """Whoever proposed has signed."""
    state = after(under_way(), proposed())
    return state, event(r.ProposalSigned, "committee.1", on=LATER, proposal="D-x")


def signing_after_dissent() -> Case:
    """Whoever dissented does not sign the same proposal."""
    state = after(under_way(), proposed())
    dissent = event(
        r.ProposalDissented, "committee.2", on=LATER, proposal="D-x", reason="too early"
    )
    return after(state, dissent), event(r.ProposalSigned, "committee.2", on=LATER, proposal="D-x")


def deciding_on_what_nobody_endorsed() -> Case:
    """A real trial two months on, whose investigators have endorsed nothing."""
    state = copied(under_way())
    state.endorsed = True
    return state, decision()


def endorsing_nothing_new() -> Case:
    """Whatever is recorded of the site was endorsed before."""
    state = after(under_way(), _endorsing(under_way()))
    return state, _endorsing(state)


def _endorsed(state: State, asks: Any) -> Verdict:
    return review.the_data_are_endorsed(state, asks)


def _endorsing(state: State, site: str = "S01") -> Event:
    said: dict[str, Any] = {"upto": state.position}
    return event(r.DataEndorsed, f"investigator.{site}.1", site, on=LATER, **said)


def test_a_decision_goes_on_once_every_site_has_endorsed_its_data() -> None:
    """And not before, nor after one value was corrected; in a simulated trial it is not asked."""
    state, made = deciding_on_what_nobody_endorsed()
    assert _endorsed(under_way(), made).truth is TRUE
    assert "S01: " in _endorsed(state, made).text
    for site in state.sites:
        assert _endorsed(state, made).truth is not TRUE
        state = after(state, _endorsing(state, site))
    assert _endorsed(state, made).truth is TRUE
    lock = event(r.DataLocked, "data.1", on=LATER)
    assert _endorsed(state, lock).truth is TRUE
    one = treated()
    of = one.entries_of[f.VitalSignsRecorded][-1]
    results = [{"element": "body_temperature", "value": 36.5, "unit": "Cel"}]
    slip: dict[str, Any] = {"of": of, "fields": {"results": results}, "reason": "a slip"}
    state = after(state, event(p.EntryCorrected, f"nurse.{one.site}.1", one.site, **slip))
    assert not_endorsed(state, state.participants[one.id]) == (of,)
    for asks in (made, lock):
        told = _endorsed(state, asks)
        assert told.text == f"not endorsed: {one.site}: 1 entry"
    assert _endorsed(after(state, _endorsing(state, one.site)), made).truth is TRUE


def test_the_data_of_whoever_has_no_place_do_not_hold_a_decision_back() -> None:
    state, made = deciding_on_what_nobody_endorsed()
    for site in state.sites:
        state = after(state, _endorsing(state, site))
    other = next(one for one in state.participants.values() if one.level is None)
    state = after(state, about(f.EncounterMissed, other, encounter="day_1"))
    assert not_endorsed(state, state.participants[other.id]) == (state.position,)
    assert _endorsed(state, made).truth is TRUE
    lock = event(r.DataLocked, "data.1", on=LATER)
    assert _endorsed(state, lock).truth is not TRUE


def one_seat_too_many() -> Case:
    """The protocol gives the committee three seats, and three members have them."""
    state = under_way()
    version = state.versions[-1]
    safety = version.study.safety
    asked = safety.committee.model_copy(update={"seats": 3})  # type: ignore[union-attr]
    study = version.study.model_copy(
        update={"safety": safety.model_copy(update={"committee": asked})}
    )
    state.versions[-1] = version._replace(study=study)
    return state, event(
        t.RoleGranted, "sponsor.1", on=LATER, user="committee.4", role="safety_committee"
    )


def test_a_proposal_that_too_few_can_still_sign_is_not_carried() -> None:
    """Two of three must sign: one dissent leaves two, the second ends it."""
    state = after(under_way(), proposed())
    said: dict[str, Any] = {"on": LATER, "proposal": "D-x", "reason": "too early"}
    state = after(state, event(r.ProposalDissented, "committee.2", **said))
    proposal = state.proposals["D-x"]
    assert (proposal.status, holding(state, proposal)) == ("open", ["committee.1"])
    state = after(state, event(r.ProposalDissented, "committee.1", **said))
    proposal = state.proposals["D-x"]
    assert (proposal.status, holding(state, proposal)) == ("not carried", [])
    third = event(r.ProposalSigned, "committee.3", on=LATER, proposal="D-x")
    assert "not carried" in "".join(check(state, third).clauses())


def test_seats_that_are_not_taken_may_still_agree() -> None:
    state, _ = one_seat_too_many()
    version = state.versions[-1]
    committee = version.study.safety.committee
    assert committee is not None
    five = committee.model_copy(update={"seats": 5})
    safety = version.study.safety.model_copy(update={"committee": five})
    study = version.study.model_copy(update={"safety": safety})
    state.versions[-1] = version._replace(study=study)
    state = after(state, proposed())
    for who in ("committee.1", "committee.2"):
        said: dict[str, Any] = {"proposal": "D-x", "reason": "too early"}
        state = after(state, event(r.ProposalDissented, who, on=LATER, **said))
    assert can_agree(state, state.proposals["D-x"]) == 3
    assert state.proposals["D-x"].status == "open"


def adjudicating(**more: Any) -> Event:
    """A proposal to adjudicate the event of the treated participant."""
    act = {
        "event": "DoseLimitingToxicityAdjudicated",
        "participant": treated().id,
        "candidate": "AE-x",
        "dose_limiting": False,
        "reason": "another cause",
    }
    return event(r.ProposalMade, "committee.1", on=LATER, proposal="D-y", act=act, **more)


def worse(by: str = "nurse", **more: Any) -> Event:
    """More is known of that event."""
    return about(s.AdverseEventUpdated, treated(), by, adverse_event="AE-x", **more)


def signing_unseen() -> Case:
    """The event becomes worse while a member has the page of the proposal open."""
    state = after(serious(), adjudicating())
    state = after(state, worse(grade=5))
    return state, event(
        r.ProposalSigned, "committee.2", on=LATER, proposal="D-y", seen=state.position - 1
    )


CASES |= product_cases.CASES
CASES |= transfer_cases.CASES
CASES |= erasure_cases.CASES


def confirming_twice() -> Case:
    """A nurse marks what bears on a dose as made in error, and confirms that themselves."""
    slip = about(s.MedicationErrorReported, treated(), "nurse", description="of another ward")
    state = after(serious(), slip)
    nurse, site = slip.recorded_by, slip.site
    seal: dict[str, Any] = {"on": LATER, "signature": Signature("Nurse", "made in error")}
    marked = event(
        p.EntryVoided,
        nurse,
        site,
        of=state.position,
        reason="another person",
        bears_on=("a dose",),
        **seal,
    )
    state = after(state, marked)
    return state, event(p.VoidConfirmed, nurse, site, of=state.position, **seal)


def with_keys(*identified: str) -> State:
    """A real trial in which three have adopted keys, of whom some are identified."""
    people = {
        user: person(n) for n, user in enumerate(("sponsor.1", "sponsor.2", "nurse.S01.1"), 1)
    }
    keys = [adoption("T", user, signer, "sponsor.2") for user, signer in people.items()]
    state = after(opened(), *keys)
    state.mode = "real"
    return after(state, *(identifying(state, user, "the server") for user in identified))


def identifying(state: State, user: str, by: str) -> Event:
    """Somebody says who somebody is, by the key that they adopted last."""
    keys = state.signing_keys.get(user)
    key = keys[-1].public_key if keys else "0" * 64
    return event(t.PersonIdentified, by, user=user, identity_document="passport", public_key=key)


CASES |= {
    signers.the_key_is_theirs_now: lambda: (
        opened(),
        identifying(opened(), "sponsor.1", "sponsor.2"),
    ),
    signers.another_person_identifies: lambda: (
        with_keys(),
        identifying(with_keys(), "nurse.S01.1", "sponsor.2"),
    ),
    signers.who_identifies_is_identified: lambda: (
        with_keys("sponsor.2"),
        identifying(with_keys(), "nurse.S01.1", "sponsor.1"),
    ),
    entry.another_person_signs: confirming_twice,
    entry.the_participant_lived: lambda: (
        after(with_new(), about(p.Disposition, new(), status="died")),
        event(
            f.VitalSignsRecorded,
            "nurse.S01.1",
            "S01",
            on=LATER + timedelta(days=1),
            participant="N1",
            results=(),
        ),
    ),
    review.who_verifies_did_not_record: lambda: (
        opened(),
        event(r.SourceDataVerified, "sponsor.1", entries=(1,)),
    ),
    review.who_answers_did_not_ask: lambda: (
        after(
            opened(),
            event(r.QueryOpened, "monitor.1", query="Q-x", of=1, question="is it so?"),
        ),
        event(r.QueryAnswered, "monitor.1", query="Q-x", answer="it is so"),
    ),
    entry.the_duplicate_was_not_treated: lambda: (
        after(under_way(), _registration()),
        about(
            p.ParticipantsMerged,
            treated(),
            into="N1",
            reason="one person",
        ),
    ),
    reports.an_investigator_judges_causality: lambda: (
        with_new(),
        about(
            s.AdverseEventReported,
            new(),
            "nurse",
            adverse_event="AE-y",
            term="Headache",
            onset=str(LATER),
            relation="unrelated",
        ),
    ),
    review.the_signer_saw_the_present: signing_unseen,
    reports.an_investigator_judges_what_is_less: lambda: (serious(), worse(relation="unrelated")),
    review.the_proposal_is_new: proposed_twice,
    review.the_proposal_is_open: signing_nothing,
    review.nobody_signs_twice: signing_twice,
    review.who_dissented_does_not_sign: signing_after_dissent,
    delegation.a_seat_is_free: one_seat_too_many,
    review.the_data_are_endorsed: deciding_on_what_nobody_endorsed,
    review.what_is_endorsed_is_recorded: endorsing_nothing_new,
}


def test_in_a_real_trial_nobody_is_believed_to_have_signed() -> None:
    """A signer needs a signature of their own in the ledger; a proposal recorded is settled."""
    state = under_way()
    now = decision()
    assert review.the_committee_signs(state, now).truth is TRUE
    state.mode = "real"
    found = review.the_committee_signs(state, now)
    assert found.truth is not TRUE
    assert "no signature of committee.1, committee.2 is recorded" in "".join(found.clauses())
    state = after(
        state, event(r.ProposalMade, "committee.1", on=LATER, proposal="D-x", act=act_of(now))
    )
    found = review.the_committee_signs(state, now)
    assert "no signature of committee.2 is recorded" in "".join(found.clauses())
    state = after(state, event(r.ProposalSigned, "committee.2", on=LATER, proposal="D-x"))
    assert review.the_committee_signs(state, now).truth is TRUE
    other = decision(action="stop", level=None)
    assert review.the_committee_signs(state, other).truth is not TRUE, "another act was signed"
    state = after(state, now)
    assert state.proposals["D-x"].status == "recorded"
    assert review.the_committee_signs(state, now).truth is not TRUE, "a signature is used once"


def test_a_signature_is_of_the_subject_as_its_signer_saw_it() -> None:
    """What alters it afterwards is signed anew; what is about somebody else is not."""
    state = after(serious(), adjudicating())
    proposal = state.proposals["D-y"]
    assert holding(state, proposal) == ["committee.1"]
    other = one_of(state, "registered", "consented", "eligible", "waiting", "enrolled")
    elsewhere = after(state, about(f.EncounterMissed, other, encounter="day_1"))
    assert holding(elsewhere, elsewhere.proposals["D-y"]) == ["committee.1"]
    state = after(state, worse(grade=5))
    assert holding(state, state.proposals["D-y"]) == []
    assert altered_since(state, state.proposals["D-y"]) == (state.position,)
    signed = event(r.ProposalSigned, "committee.2", on=LATER, proposal="D-y", seen=state.position)
    assert check(state, signed).truth is TRUE
    state = after(state, signed)
    assert holding(state, state.proposals["D-y"]) == ["committee.2"]
    last = proposed_event(state.proposals["D-y"], signed, ["committee.1", "committee.2"])
    found = review.the_committee_signs(state, last)
    assert found.truth is not TRUE
    assert "no signature of committee.1 is recorded" in found.text
    again = event(r.ProposalSigned, "committee.1", on=LATER, proposal="D-y", seen=state.position)
    assert check(state, again).truth is TRUE, "once more, on what stands now"
    state = after(state, again)
    assert review.the_committee_signs(state, last).truth is TRUE


@pytest.mark.parametrize(
    ("act", "alters"),
    [
        ({"event": "TrialResumed"}, True),
        ({"event": "DoseDecision"}, True),
        ({"event": "ParticipantReplaced", "participant": "mine"}, True),
        ({"event": "ParticipantReplaced", "participant": "another"}, False),
        (
            {"event": "DoseLimitingToxicityAdjudicated", "participant": "mine", "candidate": "x"},
            True,
        ),
        (
            {
                "event": "DoseLimitingToxicityAdjudicated",
                "participant": "another",
                "candidate": "x",
            },
            False,
        ),
    ],
)
def test_what_alters_the_subject_of_each_kind_of_proposal(
    act: dict[str, str], alters: bool
) -> None:
    state = serious()
    named = {name: treated().id if value == "mine" else value for name, value in act.items()}
    assert bool(altered(state, named, state.position - 1)) is alters
    assert altered(state, named, state.position) == ()


RANGES = t.Range(element="alt", unit="U/L", high=40)
MEASURE: dict[str, Any] = {
    "hazard": "sets leak",
    "measure": "nobody is dosed",
    "holds": ("dosing",),
}


@pytest.mark.parametrize("act", ["TrialResumed", "DoseDecision"])
@pytest.mark.parametrize(
    ("kind", "fields"),
    [
        (t.UrgentSafetyMeasureTaken, MEASURE),
        (t.UrgentSafetyMeasureEnded, {"of": 1, "reason": "it is over"}),
        (t.ReferenceRangesRecorded, {"laboratory": "l", "version": "v", "ranges": (RANGES,)}),
    ],
)
def test_a_measure_or_other_limits_alter_what_is_decided_on_the_whole(
    act: str, kind: type[Event], fields: dict[str, Any]
) -> None:
    state = after(opened(), event(kind, "sponsor.1", on=LATER, **fields))
    assert altered(state, {"event": act}, state.position - 1) == (state.position,)


def test_other_limits_alter_what_is_said_of_a_result() -> None:
    ranges: dict[str, Any] = {"laboratory": "l", "version": "v", "ranges": (RANGES,)}
    state = after(opened(), event(t.ReferenceRangesRecorded, "i", on=LATER, **ranges))
    error: dict[str, Any] = {"of": state.position, "reason": "another's"}
    state = after(state, event(p.EntryVoided, "i", on=LATER, **error))
    act = {"event": "DoseLimitingToxicityAdjudicated", "participant": "P1", "candidate": "x"}
    assert altered(state, act, state.position - 2) == (state.position - 1, state.position)


ALL = {policy for table in (AUTHORISATIONS, RULES) for some in table.values() for policy in some}


def test_no_policy_is_forgotten() -> None:
    assert set(CASES) == ALL


@pytest.mark.parametrize("policy", CASES, ids=lambda one: one.__name__)
def test_it_refuses_what_it_is_there_to_refuse(policy: Policy) -> None:
    state, made = CASES[policy]()
    found = policy(state, made)
    assert found.truth is not TRUE
    assert "".join(found.clauses()), "it must say why"


@pytest.mark.parametrize("policy", CASES, ids=lambda one: one.__name__)
def test_it_is_asked_of_such_an_event(policy: Policy) -> None:
    state, made = CASES[policy]()
    assert policy in (*AUTHORISATIONS.get(type(made), ()), *RULES.get(type(made), ()))
    check(state, made)  # and all its policies can be asked together


@pytest.mark.parametrize("policy", CASES, ids=lambda one: one.__name__)
def test_it_changes_nothing(policy: Policy) -> None:
    state, made = CASES[policy]()
    before = digest(state)
    check(state, made)
    assert digest(state) == before


def test_every_policy_lets_something_pass() -> None:
    """In simulated trials each policy is met, so that none refuses everything."""
    passed = set()
    for run in (*map(finished, (1, 2, 3, 4, 5)), finished(2, TABLET)):
        state = State("again")
        for position, made in raw_events(run.trial.store, run.trial.name):
            kind = type(made)
            for policy in (*AUTHORISATIONS.get(kind, ()), *RULES.get(kind, ())):
                if policy not in passed and policy(state, made).truth is TRUE:
                    passed.add(policy)
            apply(state, position, made)
    of_keys = set(POLICIES[t.PersonIdentified])  # nobody simulated has one: test_signing_keys.py
    assert {one.__name__ for one in ALL - passed - of_keys} <= {"no_visit_is_missed"}


def raw_events(store: object, name: str) -> list[tuple[int, Event]]:
    """Give the events as they were recorded, not as they stand corrected."""
    from gradatim.conduct.events import decoded

    return [(one.position, decoded(one.body)) for one in store.read(name)]  # type: ignore[attr-defined]
