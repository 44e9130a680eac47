"""Policies of informed consent: in force, to the right version and form, before any procedure."""

from gradatim.conduct.events.base import Event
from gradatim.conduct.events.findings import (
    EncounterDone,
    EncounterMissed,
    LaboratoryResultsRecorded,
    ScoresRecorded,
    VitalSignsRecorded,
)
from gradatim.conduct.events.logs import UnscheduledVisitDone
from gradatim.conduct.events.participants import (
    InformedConsentObtained,
    InformedConsentRenewed,
)
from gradatim.conduct.events.product import DoseAdministered
from gradatim.conduct.messages import Breach, any_of, listed
from gradatim.conduct.paper import is_authorisation
from gradatim.conduct.permissions import roles_of
from gradatim.conduct.policies.entry import person
from gradatim.conduct.policies.verdicts import broken, either, holds, unknown
from gradatim.conduct.state import State
from gradatim.conduct.views.consent import (
    Consenting,
    asked_for,
    demanded_on,
    is_known_language,
    is_to_version_in_force,
    withdrawn_then,
)
from gradatim.conduct.views.doses import entries_of
from gradatim.core.message import Term
from gradatim.core.truth import FALSE, TRUE
from gradatim.core.verdict import Verdict

_PROCEDURES = (VitalSignsRecorded, LaboratoryResultsRecorded, ScoresRecorded, DoseAdministered)
FOLLOW_UP = (
    EncounterDone,
    EncounterMissed,
    VitalSignsRecorded,
    LaboratoryResultsRecorded,
    ScoresRecorded,
    UnscheduledVisitDone,
)
"""What goes on after a withdrawal from treatment only."""


def consent_is_in_force(state: State, event: Event) -> Verdict:
    """Informed consent was given, before, and not withdrawn.

    Who withdrew from treatment only is followed as before. What was done is asked of when it was:
    of who withdrew since, what was taken until then may still be entered.
    """
    one = person(state, event)
    if not one.consents:
        return unknown(Breach.NO_CONSENT(participant=Term(one.id)))
    first = min(state.events[at].occurred_on for at, _ in one.consents)
    if first > event.occurred_on:
        return broken(Breach.CONSENT_LATER(day=first))
    if is_authorisation(event):
        told = Breach.CONSENT(participant=Term(one.id), status=Term(one.consent))
        return either(one.consent == "given", f"consent was given on {first}", told)
    scope = "all" if isinstance(event, FOLLOW_UP) else "treatment"
    ended, of = withdrawn_then(state, one, event, scope)
    if ended is FALSE:
        return holds(f"consent was given on {first}")
    status = Term("withdrawn" if of == "all" else "treatment withdrawn")
    why = Breach.CONSENT(participant=Term(one.id), status=status)
    return broken(why) if ended is TRUE else unknown(why)


def collection_has_not_ended(state: State, event: Event) -> Verdict:
    """Nothing is collected of who withdrew from everything, but what is of before that."""
    one = person(state, event)
    ended, _ = withdrawn_then(state, one, event, "all")
    if ended is FALSE:
        return holds("consent was not withdrawn from everything")
    why = Breach.CONSENT(participant=Term(one.id), status=Term("withdrawn"))
    return broken(why) if ended is TRUE else unknown(why)


def consent_is_to_the_version_in_force(state: State, event: Event) -> Verdict:
    """Consent is to the form that was in force, and to one that tells of what has changed since."""
    one = person(state, event)
    found = asked_for(state, one, None if is_authorisation(event) else event)
    if found.met or not one.consents:  # without any, `consent_is_in_force` says so
        return holds("consent is up to date")
    if found.since:
        version = Term(found.since)
        return broken(Breach.CONSENT_OUTDATED(participant=Term(one.id), version=version))
    if not found.form:
        return broken(Breach.NO_CONSENT(participant=Term(one.id)))
    return broken(Breach.CONSENT_TO_FORM(participant=Term(one.id), version=Term(found.form)))


def a_new_consent_is_to_a_later_version(state: State, event: InformedConsentRenewed) -> Verdict:
    """Consent is renewed after it was first given."""
    one = person(state, event)
    return either(bool(one.consents), "consent was given before", Breach.NOTHING_TO_RENEW())


def the_form_is_the_one_in_force(state: State, event: Consenting) -> Verdict:
    """Consent is to an approved form: the one that is in force on that day, or asked for since."""
    found = is_to_version_in_force(state, event)
    version = Term(event.version)
    if found is None:
        return unknown(Breach.NO_SUCH_FORM(version=version))
    demanded = Term(demanded_on(state, event.occurred_on))
    return either(
        found, "the form is in force", Breach.OLD_FORM(version=version, version2=demanded)
    )


def the_language_is_one_of_the_form(state: State, event: Consenting) -> Verdict:
    """The form was signed in a language in which it is approved."""
    told = Breach.NO_SUCH_LANGUAGE(version=Term(event.version), language=Term(event.language))
    return either(is_known_language(state, event), "the form is in that language", told)


def who_obtains_consent_may(state: State, event: Consenting) -> Verdict:
    """Whoever obtains consent has a task at the site that the protocol gives it to."""
    held = roles_of(state, event.obtained_by, event.site, event.recorded_at)
    may = state.study.consenting.obtained_by
    told = Breach.MAY_NOT_OBTAIN_CONSENT(user=Term(event.obtained_by), task=any_of(may))
    return either(not held.isdisjoint(may), "it is among their tasks", told)


def the_representative_is_foreseen(state: State, event: Consenting) -> Verdict:
    """Another consents for a participant only where the protocol says so, and by a stated right."""
    if event.given_by == "participant":
        return holds("the participant consents")
    if not state.study.consenting.representative:
        return broken(Breach.NO_REPRESENTATIVE(participant=Term(event.participant)))
    return either(bool(event.capacity.strip()), "a representative consents", Breach.NO_CAPACITY())


def the_participant_agrees_before_any_procedure(
    state: State, event: InformedConsentObtained
) -> Verdict:
    """Nothing is measured or given before consent."""
    one = person(state, event)
    early = [
        at
        for at, done in entries_of(state, one, *_PROCEDURES)
        if done.occurred_on < event.occurred_on
        or (
            event.consented_at is not None
            and (began := getattr(done, "taken_at", None) or getattr(done, "started_at", None))
            and began < event.consented_at
        )
    ]
    if not early:
        return holds("no procedure came before")
    return broken(Breach.BEFORE_CONSENT(entries=listed(early[:5])))
