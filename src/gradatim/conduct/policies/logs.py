"""Policies of the logs: medication that is prohibited, pregnancies before a dose and after."""

from datetime import timedelta

from gradatim.conduct.events.logs import ConcomitantMedicationRecorded
from gradatim.conduct.events.product import DoseAdministered, PreDoseChecklistSigned
from gradatim.conduct.events.safety import PregnancyOutcomeReported, PregnancyReported
from gradatim.conduct.messages import Breach, listed, told_moment
from gradatim.conduct.policies.verdicts import broken, either, holds, unknown
from gradatim.conduct.state import Participant, State
from gradatim.conduct.views.adverse_events import courses
from gradatim.conduct.views.anchors import anchors_of
from gradatim.conduct.views.facts import facts_of
from gradatim.conduct.views.logs import drug_elements, logged_days, pregnant_on
from gradatim.core.message import Term
from gradatim.core.truth import FALSE, TRUE, UNKNOWN, Truth
from gradatim.core.verdict import Reason, Verdict
from gradatim.protocol.treatment import ProhibitedMedication
from gradatim.rules.context import Situation


def no_medication_is_prohibited(state: State, event: ConcomitantMedicationRecorded) -> Verdict:
    """No drug is taken on days on which the protocol prohibits it.

    Which drug it is, where its name does not tell, is asked as a query.
    """
    one = state.participants[event.participant]
    study = state.governing("treatment", one)
    of = drug_elements(study, event)
    denied = set(of.perhaps) if event.none_of_these else set[str]()  # its name says otherwise
    found = [
        (rule, min(taken, UNKNOWN) if denied.intersection(rule.elements) else taken)
        for rule in study.treatment.prohibited
        if not denied.union(of.surely).isdisjoint(rule.elements)
        and (taken := _on_prohibited_days(state, one, event, rule)) is not FALSE
    ]
    if not found:
        return holds("it is not prohibited")
    drug = Term(event.drug)
    truth = FALSE if any(taken is TRUE for _, taken in found) else UNKNOWN
    rules = listed(rule.label for rule, _ in found)
    return Verdict(
        truth,
        Breach.PROHIBITED_MEDICATION(drug=drug, rules=rules),
        reason=Reason.PARTIAL_DATE if truth is UNKNOWN else None,
    )


def _on_prohibited_days(
    state: State, one: Participant, event: ConcomitantMedicationRecorded, rule: ProhibitedMedication
) -> Truth:
    start, end = logged_days(event)
    consents = [state.events[at].occurred_on for at, _ in one.consents]
    study = state.governing("schedule", one)
    anchors = anchors_of(state, one, study, None)
    if rule.window is None or anchors is None:
        first = min(consents, default=event.occurred_on)
        if end.last < first:
            return FALSE
        return TRUE if end.first >= first or start.first >= first else UNKNOWN
    situation = Situation(study, facts_of(state, one), anchors, event.occurred_on)
    return situation.in_window(rule.window, start, end)


def no_pregnancy_is_open(state: State, event: PreDoseChecklistSigned | DoseAdministered) -> Verdict:
    """The participant is not pregnant, unless the protocol lets the dose be given all the same."""
    one = state.participants[event.participant]
    if state.governing("safety", one).safety.of_pregnancies.doses == "given":
        return holds("the protocol lets it be given")
    found = list(pregnant_on(state, one, event.occurred_on))
    if not found:
        return holds("no pregnancy is known")
    who = Term(one.id)
    if sure := [at for at, truth in found if truth is TRUE]:
        return broken(Breach.PREGNANT(participant=who, entry=sure[0]))
    return unknown(Breach.PERHAPS_PREGNANT(participant=who, entry=found[0][0]))


def the_pregnancy_is_reported_in_time(state: State, event: PregnancyReported) -> Verdict:
    """A pregnancy is reported within the protocol's time from the site's knowledge of it."""
    if event.site_aware_at is None:
        return holds("since when the site knew of it is not said")
    one = state.participants[event.participant]
    hours = state.governing("safety", one).safety.of_pregnancies.report_within_hours
    due = event.site_aware_at + timedelta(hours=hours)
    return either(
        event.recorded_at <= due,
        "it was reported in time",
        Breach.REPORTED_LATE(moment=told_moment(due)),
    )


def an_anomaly_is_a_serious_event(state: State, event: PregnancyOutcomeReported) -> Verdict:
    """A congenital anomaly is reported as a serious adverse event as well."""
    if not event.anomaly:
        return holds("no anomaly is known")
    one = state.participants[event.participant]
    course = courses(state, one).get(event.adverse_event or "")
    serious = course is not None and "congenital_anomaly" in course.event.serious
    return either(serious, "it is reported", Breach.ANOMALY_NOT_REPORTED(participant=Term(one.id)))
