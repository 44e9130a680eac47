"""What the events of participants, and the safety events about them, add to the state."""

from bisect import insort
from typing import Any

import msgspec

from gradatim.conduct.events import participants, safety
from gradatim.conduct.events.base import Event
from gradatim.conduct.folding.anew import (
    Consent,
    answer,
    as_registered,
    confirmed,
    consents,
    counted_anew,
    everything_anew,
    participant_named,
    places,
    take_step,
    withdraws,
)
from gradatim.conduct.folding.handlers import Handlers
from gradatim.conduct.folding.product import set_free
from gradatim.conduct.state import ConsentForm, Deviation, Move, Participant, State, plain_version
from gradatim.conduct.transitions import STEPS
from gradatim.core.dates import Day


def _registered(state: State, position: int, event: participants.ParticipantRegistered) -> None:
    if event.participant in state.participants:
        return
    one = Participant(event.participant, event.site, position)
    one.person_token = event.person_token or ""
    state.participants[event.participant] = one
    as_registered(one, event)
    for whose, at in list(state.namesakes.items()):
        if at in event.namesakes:
            del state.namesakes[whose]
    for token in event.tokens:
        known = state.tokens.setdefault(token, [])
        for alike in known:  # a statement that there is a namesake is of one registration
            state.namesakes.pop((alike, event.site), None)
        known.append(event.participant)


def _known_by(state: State, was: participants.ParticipantRegistered, now: Event) -> None:
    """Know a person by what their registration says now."""
    assert isinstance(now, participants.ParticipantRegistered)
    for token in was.tokens:
        state.tokens[token].remove(was.participant)
    for token in now.tokens:
        state.tokens.setdefault(token, []).append(now.participant)
    if one := state.participants.get(was.participant):
        one.person_token = now.person_token or ""


def _namesake(state: State, position: int, event: participants.NamesakeStated) -> None:
    state.namesakes[event.participant, event.at_site] = position


def _consented(state: State, position: int, event: Consent) -> None:
    if one := state.participants.get(event.participant):
        consents(one, position, event)


def _withdrew(state: State, position: int, event: participants.InformedConsentWithdrawn) -> None:
    if one := state.participants.get(event.participant):
        withdraws(one, position, event)


def _form_approved(state: State, position: int, event: participants.ConsentFormApproved) -> None:
    key = (plain_version(event.version), event.language.casefold())
    state.consent_forms = [
        *(
            one
            for one in state.consent_forms
            if (plain_version(one.version), one.language.casefold()) != key  # recorded anew
        ),
        ConsentForm(
            position,
            event.version,
            event.language,
            event.of_protocol,
            event.document_sha256,
            event.occurred_on,
            event.renewal,
        ),
    ]
    everything_anew(state)  # of which version who signed it was told, in the past too


FIXED = frozenset({"event", *Event.__struct_fields__} - {"occurred_on"}) | {
    "participant",
    "adverse_event",
    "dose",
    "signer",
    "signers",
    "sealed",
}
"""Fields that say whose entry it is: who recorded and signed it, where and when, and of whom."""


def _corrected(state: State, position: int, event: participants.EntryCorrected) -> None:
    was = state.events.get(event.of)
    if was is None:
        return
    state.earlier.setdefault(event.of, []).append(was)
    state.corrected_by.setdefault(event.of, []).append(position)
    state.events.correct(event.of, corrected(was, event.fields))
    state.verified.discard(event.of)
    for at in state.deviations_of.get(event.of, ()):  # what was reviewed is another thing now
        state.deviations[at] = state.deviations[at]._replace(action="")
    answer(state, event.answers, position)
    if isinstance(was, participants.ParticipantRegistered):
        _known_by(state, was, state.events[event.of])
    if one := participant_named(state, getattr(was, "participant", "") or ""):
        one.concerned(position, participants.EntryCorrected)
        if isinstance(was, participants.ParticipantRegistered):
            state.participants[was.participant].changed()
            one.changed()  # limits go by sex, in the past too
    counted_anew(state, event.of)


def corrected(event: Event, fields: dict[str, Any]) -> Event:
    """Return an event with other values in some fields.

    It carries no signature: one belongs to the record that was signed (21 CFR 11.70), and the new
    content to the correction. Fields that are never corrected stay, whatever an older ledger says.

    Raises:
        msgspec.ValidationError: a field is unknown, or its value of the wrong kind.
    """
    other = {name: value for name, value in fields.items() if name not in FIXED}
    plain = {**msgspec.to_builtins(event), **other}
    plain.pop("signature", None)
    return msgspec.convert(plain, type(event))


def _eligible(state: State, position: int, event: participants.EligibilityConfirmed) -> None:
    if one := state.participants.get(event.participant):
        confirmed(one, position, event)


def _enrolled(state: State, position: int, event: participants.ParticipantEnrolled) -> None:
    one, cohort = state.participants.get(event.participant), state.cohort
    if one is None:
        return
    one.level = event.level
    if cohort is not None and cohort.level == event.level:
        one.cohort = cohort.number
        cohort.members.append(one.id)
        places(state, cohort)


def _replaced(state: State, position: int, event: participants.ParticipantReplaced) -> None:
    one = state.participants.get(event.participant)
    if one is None:
        return
    one.replaced = True
    if state.cohort is not None and one.id in state.cohort.members:
        state.cohort.status = "open"


def _merged(state: State, position: int, event: participants.ParticipantsMerged) -> None:
    """Let what is recorded under one number be of the other; how each was screened stays."""
    one, other = state.participants.get(event.participant), participant_named(state, event.into)
    if one is None or other is None or one is other or one.merged_into:
        return
    take_step(one, event)
    one.merged_into = other.id
    for at in [at for at in one.entries if _goes_along(type(state.events[at]))]:
        one.entries.remove(at)
        kind = type(state.events[at])
        one.entries_of[kind].remove(at)
        insort(other.entries, at)
        insort(other.entries_of[kind], at)
    for at in [at for at in one.voided if _goes_along(type(state.events[at]))]:
        one.voided.remove(at)  # it may count again, and a report of it is to be nullified
        insort(other.voided, at)
    for name, who in state.adverse_events.items():
        if who == one.id:
            state.adverse_events[name] = other.id
    one.changed()
    other.changed()


def _transferred(state: State, position: int, event: participants.ParticipantTransferred) -> None:
    """Let everything about a participant be recorded at the other site, under any number."""
    for one in state.participants.values():
        named = participant_named(state, one.id)
        if named is not None and named.id == event.participant and one.site != event.site:
            one.moves.append(Move(position, one.site))
            one.site = event.site
    set_free(state, position, event)


def _goes_along(kind: type[Event]) -> bool:
    return kind not in STEPS and kind not in _OWN


_OWN = (participants.ParticipantRegistered, participants.InformedConsentRenewed)


def _erased(state: State, position: int, event: participants.PersonalDataErased) -> None:
    if one := state.participants.get(event.participant):
        one.erased = True
        if event.born is not None and event.born.first and event.born.last:
            one.born_within = Day(event.born.first, event.born.last)


def _reported(state: State, position: int, event: safety.AdverseEventReported) -> None:
    state.adverse_events.setdefault(event.adverse_event, event.participant)


def _deviated(state: State, position: int, event: safety.ProtocolDeviation) -> None:
    if event.of is not None:
        state.deviations_of.setdefault(event.of, []).append(position)
    state.deviations[position] = Deviation(
        position,
        event.rule,
        event.description,
        event.of,
        event.participant,
        event.important,
        "",
        event.message,
        measure=event.measure,
    )


def _reviewed(state: State, position: int, event: safety.ProtocolDeviationReviewed) -> None:
    if was := state.deviations.get(event.of):
        state.deviations[event.of] = was._replace(important=event.important, action=event.action)


HANDLERS: Handlers = {
    participants.ParticipantRegistered: _registered,
    participants.ConsentFormApproved: _form_approved,
    participants.InformedConsentObtained: _consented,
    participants.InformedConsentRenewed: _consented,
    participants.InformedConsentWithdrawn: _withdrew,
    participants.EntryCorrected: _corrected,
    participants.NamesakeStated: _namesake,
    participants.ParticipantsMerged: _merged,
    participants.ParticipantTransferred: _transferred,
    participants.EligibilityConfirmed: _eligible,
    participants.ParticipantEnrolled: _enrolled,
    participants.ParticipantReplaced: _replaced,
    participants.PersonalDataErased: _erased,
    safety.AdverseEventReported: _reported,
    safety.ProtocolDeviation: _deviated,
    safety.ProtocolDeviationReviewed: _reviewed,
}
