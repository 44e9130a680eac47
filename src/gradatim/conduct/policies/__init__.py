"""May this be authorised now? Authorisations can be refused; facts cannot.

`POLICIES` lists, for every type of event, the questions asked of it. An authorisation, which the
catalogue of acts calls refusable, is refused unless every answer is yes: what is not known is no
ground to authorise. A fact is recorded whatever the answers; each that is not yes opens a protocol
deviation.
"""

from collections.abc import Mapping
from datetime import date, datetime

from gradatim.conduct.catalogue import ACTS
from gradatim.conduct.events import logs as l
from gradatim.conduct.events import participants as p
from gradatim.conduct.events import product as x
from gradatim.conduct.events import records as d
from gradatim.conduct.events import review as r
from gradatim.conduct.events import safety as s
from gradatim.conduct.events import trial as t
from gradatim.conduct.events.base import Event
from gradatim.conduct.events.findings import (
    EncounterDone,
    EncounterMissed,
    LaboratoryResultsRecorded,
    ScoresRecorded,
    VitalSignsRecorded,
)
from gradatim.conduct.policies import (
    account,
    allowing,
    approvals,
    bedside,
    consent,
    dating,
    delegation,
    dosing,
    entry,
    erasure,
    logs,
    preparation,
    protocol,
    reports,
    review,
    shipping,
    signers,
    training,
    transfers,
    urgent,
    verification,
)
from gradatim.conduct.policies.verdicts import Policy, rule, sentence
from gradatim.conduct.policies.ways import way_through
from gradatim.conduct.roles import SITE_STAFF
from gradatim.conduct.state import Participant, State
from gradatim.core.message import Text, clauses
from gradatim.core.truth import TRUE, all_of
from gradatim.core.verdict import Verdict

ACTIVE = protocol.a_version_is_active
GATES: tuple[Policy, ...] = (
    consent.consent_is_in_force,
    consent.consent_is_to_the_version_in_force,
    entry.eligibility_is_confirmed,
    dosing.a_place_is_held,
    dosing.treatment_goes_on,
    approvals.the_approvals_allow_the_dose,
    urgent.no_urgent_measure_holds,
    dosing.the_preparation_is_verified,
    entry.the_trial_goes_on,
    entry.dosing_is_not_paused,
    dosing.no_stopping_rule_has_fired,
    dosing.the_level_is_tolerated,
    dosing.no_toxicity_is_open,
    logs.no_pregnancy_is_open,
    dosing.the_sentinel_was_watched,
    dosing.the_dose_is_the_next,
    dosing.the_interval_has_passed,
    dosing.the_criteria_hold,
    dosing.the_records_show_it_in_order,
    dosing.no_severe_result_awaits_judgement,
)
"""What every dose must pass, before and after the fact."""
BEFORE_SIGNING: tuple[Policy, ...] = (*GATES, preparation.the_preparation_still_holds)
"""What must hold before a dose is signed for, whoever signs and whatever the items say."""

_UNLOCKED = (review.the_data_are_not_locked,)
_WITH_CONSENT = (consent.consent_is_in_force, entry.the_participant_lived, *_UNLOCKED)
_COLLECTED = (consent.collection_has_not_ended, *_UNLOCKED)
_OF_CONSENT = (
    consent.the_form_is_the_one_in_force,
    consent.the_language_is_one_of_the_form,
    consent.who_obtains_consent_may,
    consent.the_representative_is_foreseen,
    training.who_acts_is_trained,
    *_UNLOCKED,
)

_OF_AUTHORISATIONS: Mapping[type[Event], tuple[Policy, ...]] = {
    t.TrialCreated: (protocol.the_ledger_begins_once,),
    t.ProtocolSubmitted: (protocol.the_document_is_sound, protocol.the_version_is_new),
    t.RulingSigned: (
        protocol.the_sponsor_signs,
        protocol.the_question_is_asked, protocol.the_ruling_is_about_what_stands_there,
        protocol.the_ruling_says_what_it_comes_to, protocol.the_change_can_be_made,
        protocol.the_ruling_changes_something,
    ),
    t.ProtocolActivated: (
        protocol.the_document_is_sound, protocol.no_version_is_active,
        protocol.the_approvals_are_there, protocol.no_safety_question_is_open,
    ),
    t.ProtocolAmended: (
        protocol.the_document_is_sound, protocol.the_version_is_new,
        protocol.every_change_says_when_it_applies, protocol.safety_measures_apply_at_once,
        protocol.the_approvals_are_there, protocol.no_safety_question_is_open,
    ),
    t.SiteOpened: (ACTIVE, protocol.the_site_is_not_open),
    t.UrgentSafetyMeasureEnded: (urgent.the_measure_stands,),
    t.RoleRevoked: (
        protocol.somebody_acts_for_the_sponsor, delegation.the_site_keeps_an_investigator,
    ),
    t.RoleGranted: (
        protocol.the_user_is_a_person, *delegation.GOES_TOGETHER,
        delegation.the_task_does_not_wait_already, delegation.what_is_urgent_is_so_at_a_site,
        delegation.what_was_urgent_was_seen_by_another,
    ),
    t.DelegationConfirmed: (
        delegation.a_second_person_confirms, delegation.the_tasks_still_go_together,
    ),
    t.PersonIdentified: (
        signers.the_key_is_theirs_now, signers.another_person_identifies,
        signers.who_identifies_is_identified,
    ),
    t.TrialResumed: (
        ACTIVE, review.the_committee_signs, review.every_fired_rule_is_named,
        review.no_rule_ends_the_trial,
    ),
    p.ParticipantRegistered: (
        ACTIVE, approvals.the_approvals_are_in_force, urgent.no_urgent_measure_holds,
        entry.the_site_is_open, entry.the_trial_goes_on, entry.the_number_is_new,
        entry.the_person_is_new,
    ),
    p.EligibilityConfirmed: (
        entry.the_trial_goes_on, entry.the_step_is_legal, entry.an_investigator_signs,
        consent.consent_is_in_force, entry.every_criterion_is_met,
    ),
    p.PlacedOnWaitingList: (entry.the_step_is_legal, consent.consent_is_in_force),
    p.ParticipantEnrolled: (
        approvals.the_approvals_are_in_force, urgent.no_urgent_measure_holds,
        entry.the_site_is_open, entry.the_trial_goes_on, entry.dosing_is_not_paused,
        entry.the_step_is_legal, consent.consent_is_in_force,
        consent.consent_is_to_the_version_in_force, entry.eligibility_is_confirmed,
        entry.the_criteria_still_hold, entry.the_level_is_open, dosing.the_level_is_tolerated,
        dosing.no_stopping_rule_has_fired,
        entry.a_place_is_free,
        entry.nobody_has_waited_longer,
    ),
    p.ParticipantReplaced: (review.the_committee_signs, entry.the_reason_is_unrelated),
    p.ErasureRequested: (
        erasure.nothing_is_erased_twice, erasure.the_site_has_the_list,
        erasure.retention_has_ended,
    ),
    p.PersonalDataErased: (
        erasure.nothing_is_erased_twice, erasure.the_erasure_was_asked_for,
        erasure.another_person_confirms, erasure.the_site_has_the_list,
        erasure.retention_has_ended,
    ),
    p.VoidConfirmed: (entry.another_person_signs,),
    p.TransferProposed: (
        transfers.the_number_is_a_participant_s, transfers.the_receiving_site_is_open,
        transfers.no_transfer_waits, review.the_data_are_not_locked,
    ),
    p.ParticipantTransferred: (
        transfers.the_transfer_is_proposed, transfers.the_receiving_site_is_open,
        transfers.another_person_takes_over, transfers.no_dose_is_under_way,
        review.the_data_are_not_locked,
    ),
    p.ParticipantsMerged: (entry.the_duplicate_was_not_treated,),
    d.RecordJudged: (
        entry.an_investigator_signs, entry.what_is_judged_has_a_history,
        review.the_data_are_not_locked,
    ),
    x.ProductReleased: (dosing.the_bags_may_be_released,),
    x.ProductAssigned: (
        dosing.a_place_is_held, dosing.treatment_goes_on, dosing.no_stopping_rule_has_fired,
        dosing.the_level_is_tolerated, dosing.no_criterion_fails, dosing.the_bags_are_free,
    ),
    x.ProductDifferenceExplained: (account.the_difference_is_that_of_the_account,),
    x.PreparationVerified: (
        dosing.a_second_person_verifies, verification.the_preparation_is_as_planned,
        verification.the_second_person_found_the_same, dosing.no_stopping_rule_has_fired,
        dosing.the_level_is_tolerated,
    ),
    x.BedsideChecked: (
        bedside.the_preparation_was_verified, bedside.enough_identifiers_are_checked,
        bedside.the_person_is_the_participant, bedside.the_bags_are_those_that_were_prepared,
        bedside.the_codes_are_scanned,
    ),
    x.PreDoseChecklistSigned: (
        *BEFORE_SIGNING, entry.an_investigator_signs,
        dosing.every_item_is_in_order,
    ),
    s.AdverseEventClassified: (entry.an_investigator_signs, review.the_answers_are_asked_for),
    s.DoseLimitingToxicityAdjudicated: (
        review.the_committee_signs, review.the_candidate_is_there,
    ),
    s.DosingAllowed: (
        review.the_committee_signs, entry.the_trial_goes_on,
        allowing.the_protocol_leaves_it_to_the_committee,
    ),
    s.EvaluabilityJudged: (
        review.the_committee_signs, allowing.no_toxicity_is_set_aside,
    ),
    s.SentinelObservationJudged: (
        review.the_committee_signs, entry.the_trial_goes_on,
        allowing.the_observation_can_be_judged,
    ),
    r.DoseDecision: (
        ACTIVE, approvals.the_approvals_are_in_force, urgent.no_urgent_measure_holds,
        entry.the_trial_goes_on, review.the_committee_signs,
        review.the_decision_saw_the_present, review.the_advice_is_that_of_the_design,
        review.the_decision_is_not_less_cautious, review.the_level_is_not_stopped,
        review.the_data_are_endorsed,
    ),
    r.ProposalMade: (review.the_proposal_is_new, review.the_signer_saw_the_present),
    r.ProposalSigned: (
        review.the_proposal_is_open, review.nobody_signs_twice,
        review.who_dissented_does_not_sign, review.the_signer_saw_the_present,
    ),
    r.ProposalDissented: (
        review.the_proposal_is_open, review.who_dissented_does_not_sign,
        review.the_signer_saw_the_present,
    ),
    r.DataEndorsed: (review.what_is_endorsed_is_recorded,),
    r.DataLocked: (
        review.the_data_are_not_locked, review.nothing_is_left_open,
        review.the_data_are_endorsed,
    ),
    r.DataUnlocked: (review.the_data_are_locked,),
}  # fmt: skip

_OF_FACTS: Mapping[type[Event], tuple[Policy, ...]] = {
    t.UrgentSafetyMeasureNotified: (urgent.the_authority_is_told_in_time,),
    p.InformedConsentObtained: (
        approvals.the_approvals_are_in_force,
        entry.the_step_is_legal,
        consent.the_participant_agrees_before_any_procedure,
        *_OF_CONSENT,
    ),
    p.InformedConsentRenewed: (consent.a_new_consent_is_to_a_later_version, *_OF_CONSENT),
    p.FactRecorded: _COLLECTED,
    p.RecordNotUnderstood: _COLLECTED,
    p.EntryCorrected: _UNLOCKED,
    p.EntryVoided: _UNLOCKED,
    p.ParticipantFound: (entry.the_step_is_legal, *_UNLOCKED),
    d.RecordsRead: _COLLECTED,
    p.ScreenFailed: (entry.the_step_is_legal, *_UNLOCKED),
    p.Disposition: (entry.the_step_is_legal, *_UNLOCKED),
    x.DosePrepared: (
        preparation.the_bags_were_released,
        preparation.the_bags_were_assigned,
        preparation.the_planned_dose_is_that_of_the_level,
        preparation.the_amount_is_the_planned_one,
        preparation.the_amount_is_what_was_drawn,
        preparation.the_preparation_keeps_its_limits,
        account.the_dose_is_prepared_once,
        shipping.what_is_handled_is_here,
        dosing.no_stopping_rule_has_fired,
        dosing.the_level_is_tolerated,
        training.who_acts_is_trained,
    ),
    x.DoseAdministered: (
        *GATES,
        dosing.the_checklist_is_signed,
        preparation.the_amount_is_the_planned_one,
        preparation.the_planned_dose_is_that_of_the_level,
        preparation.the_infusion_keeps_its_limits,
        preparation.the_product_is_still_fit,
        account.the_bags_are_those_of_the_dose,
        account.no_more_is_given_than_was_drawn,
        account.the_amount_is_what_was_given,
        shipping.what_is_handled_is_here,
        bedside.person_and_product_were_checked,
        training.who_acts_is_trained,
    ),
    x.ProductReceived: (shipping.what_is_received_is_nowhere_else,),
    x.ProductShipped: (shipping.the_bags_may_be_shipped,),
    x.ShipmentReceived: (shipping.what_was_sent_arrived,),
    x.ProductReturned: (account.the_bags_are_known, shipping.what_is_handled_is_here),
    x.ProductDestroyed: (account.the_bags_are_known, shipping.what_is_handled_is_here),
    EncounterDone: (
        consent.consent_is_in_force,
        entry.the_participant_lived,
        entry.the_visit_is_in_its_window,
        *_UNLOCKED,
    ),
    EncounterMissed: (entry.no_visit_is_missed, *_UNLOCKED),
    l.ConcomitantMedicationRecorded: (logs.no_medication_is_prohibited, *_COLLECTED),
    l.MedicalHistoryRecorded: _COLLECTED,
    l.UnscheduledVisitDone: _WITH_CONSENT,
    s.PregnancyReported: (logs.the_pregnancy_is_reported_in_time, *_UNLOCKED),
    s.PregnancyOutcomeReported: (logs.an_anomaly_is_a_serious_event, *_UNLOCKED),
    VitalSignsRecorded: _WITH_CONSENT,
    LaboratoryResultsRecorded: _WITH_CONSENT,
    ScoresRecorded: _WITH_CONSENT,
    s.AdverseEventReported: (reports.an_investigator_judges_causality, *_UNLOCKED),
    s.AdverseEventUpdated: (reports.an_investigator_judges_what_is_less, *_UNLOCKED),
    r.SourceDataVerified: (review.who_verifies_did_not_record,),
    r.QueryAnswered: (review.who_answers_did_not_ask,),
    r.ProposalWithdrawn: (review.the_proposal_is_open,),
    s.SafetyReportSent: (reports.the_report_is_in_time,),
}


def _dated(kind: type[Event], asked: tuple[Policy, ...]) -> tuple[Policy, ...]:
    """Return the policies of an authorisation, when it has to be dated, and by whom it is given."""
    trained = (training.who_authorises_is_trained,) if set(ACTS[kind].roles) <= _AT_SITES else ()
    if dating.is_of_its_day(kind):
        return (dating.the_act_is_of_the_day_it_is_given, *asked, *trained)
    return (dating.the_act_is_not_dated_ahead, *asked, *trained)


_AT_SITES = frozenset(SITE_STAFF)


_FACTS = tuple(kind for kind, act in ACTS.items() if not act.refusable)
NOT_OF_THE_DATA: tuple[type[Event], ...] = (
    t.SiteClosed,
    t.SigningKeyAdopted,
    t.TrainingRecorded,
    r.ProposalWithdrawn,
    r.ExportMade,
    p.IdentificationListExported,
)
"""Facts that say nothing about the data: they are not flagged after the lock."""


def _flagged(kind: type[Event]) -> tuple[Policy, ...]:
    """Return the rules of a fact: whatever it says of the data is seen to come after the lock."""
    asked = _OF_FACTS.get(kind, ())
    late = () if kind in NOT_OF_THE_DATA or set(_UNLOCKED) <= set(asked) else _UNLOCKED
    return (*asked, *late)


POLICIES: Mapping[type[Event], tuple[Policy, ...]] = {
    **{kind: _dated(kind, asked) for kind, asked in _OF_AUTHORISATIONS.items()},
    **{kind: asked for kind in _FACTS if (asked := _flagged(kind))},
}
"""Each type of event of which anything is asked, and the policies."""
NOTED: Mapping[type[Event], tuple[Policy, ...]] = dict.fromkeys(
    (p.EligibilityConfirmed, x.PreparationVerified, x.PreDoseChecklistSigned),
    (training.who_acts_is_trained,),
)
"""Rules whose breach does not refuse an authorisation, but opens a deviation beside it."""
AUTHORISATIONS = {kind: asked for kind, asked in POLICIES.items() if ACTS[kind].refusable}
"""What can be refused, and the policies it must pass."""
RULES = {kind: asked for kind, asked in POLICIES.items() if not ACTS[kind].refusable}
"""Facts that can break a rule, and the rules."""


def _policies_of(kind: type[Event]) -> tuple[Policy, ...]:
    """Give the policies asked of a type of event."""
    return POLICIES.get(kind, ())


def check(state: State, event: Event) -> Verdict:
    """Ask every policy of an event, each one child of the verdict.

    Returns:
        TRUE where every answer is yes; else FALSE or UNKNOWN, with the reasons.
    """
    children = tuple(policy(state, event) for policy in _policies_of(type(event)))
    return Verdict(all_of(one.truth for one in children), "", (), children)


SINCE_SIGNED: tuple[Policy, ...] = (*BEFORE_SIGNING, dosing.the_checklist_is_signed)
"""What must still hold when a dose that was signed for is given."""


def withdrawn_since(
    state: State, participant: Participant, dose: int, on: date, at: datetime
) -> list[tuple[str, Text]]:
    """Return what has come to speak against a dose since its checklist was signed.

    Args:
        state: the trial.
        participant: who is to have the dose.
        dose: its number; its checklist is signed, and it is neither given nor withheld.
        on: the day by the clock of the site.
        at: the moment.

    Returns:
        Each rule that no longer holds, with its reason; empty while the signature stands.
    """
    event = _signature(participant, dose, on, at)
    answers = ((asked, asked(state, event)) for asked in SINCE_SIGNED)
    return [
        (rule(asked), clauses(*found.messages()) or sentence(asked))
        for asked, found in answers
        if found.truth is not TRUE
    ]


def noted(state: State, event: Event) -> list[tuple[str, Text]]:
    """Return the rules that an authorisation breaks without being refused, each with why."""
    asked = ((policy, policy(state, event)) for policy in NOTED.get(type(event), ()))
    return [
        (rule(policy), clauses(*one.messages())) for policy, one in asked if one.truth is not TRUE
    ]


def gates(
    state: State, participant: Participant, dose: int, on: date, at: datetime
) -> list[tuple[Policy, Verdict]]:
    """Ask what must hold before a dose, as the signature of its checklist would be asked.

    Args:
        state: the trial.
        participant: who is to have the dose.
        dose: its number.
        on: the day by the clock of the site.
        at: the moment.
    """
    signature = _signature(participant, dose, on, at)
    return [(gate, gate(state, signature)) for gate in BEFORE_SIGNING]


def _signature(
    participant: Participant, dose: int, on: date, at: datetime
) -> x.PreDoseChecklistSigned:
    """Return the signature that would be given at a moment, to ask what stands against it."""
    return x.PreDoseChecklistSigned(
        occurred_on=on,
        recorded_at=at,
        recorded_by="-",
        site=participant.site,
        participant=participant.id,
        dose=dose,
        items={},
        signer="-",
    )


def unmet(event: Event, verdict: Verdict) -> list[tuple[str, str]]:
    """Return the rules that an event does not meet: the rule's name, and why in English."""
    return [(name, str(why)) for name, why in unmet_rules(event, verdict)]


def refusals(state: State, event: Event, verdict: Verdict) -> tuple[tuple[str, str], ...]:
    """Return every rule that an authorisation does not meet: why, and the way through there is."""
    ways = {rule(one): way_through(state, event, one) for one in _policies_of(type(event))}
    return tuple(
        (name, f"{why} (the way through: {ways[name]})" if ways[name] else str(why))
        for name, why in unmet_rules(event, verdict)
    )


def unmet_rules(event: Event, verdict: Verdict) -> list[tuple[str, Text]]:
    """Return the rules that an event does not meet: the rule's name, and why."""
    pairs = zip(_policies_of(type(event)), verdict.children, strict=True)
    return [
        (rule(policy), clauses(*one.messages()) or sentence(policy))
        for policy, one in pairs
        if one.truth is not TRUE
    ]
