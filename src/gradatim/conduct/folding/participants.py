"""What the events of participants, and the safety events about them, add to the state."""

from typing import Any

import msgspec

from gradatim.conduct.events import participants, safety
from gradatim.conduct.events.base import Event
from gradatim.conduct.folding import product
from gradatim.conduct.folding.handlers import Handlers
from gradatim.conduct.state import Deviation, Participant, State


def _registered(state: State, position: int, event: participants.ParticipantRegistered) -> None:
    if event.participant in state.participants:
        return
    state.participants[event.participant] = Participant(
        event.participant,
        event.site,
        position,
        sex=event.sex,
        birth=event.birth or "",
        person_token=event.person_token,
        identity=dict(event.identity),
    )
    state.tokens.setdefault(event.person_token, event.participant)


_Consent = participants.InformedConsentObtained | participants.InformedConsentRenewed


def _consented(state: State, position: int, event: _Consent) -> None:
    if one := state.participants.get(event.participant):
        one.consents.append((position, event.version))
        one.consent = "given"


def _withdrew(state: State, position: int, event: participants.InformedConsentWithdrawn) -> None:
    if one := state.participants.get(event.participant):
        one.consent = "withdrawn" if event.scope == "all" else "treatment withdrawn"


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
    if one := state.participants.get(getattr(was, "participant", "") or ""):
        one.concerned(position, participants.EntryCorrected)
    if type(was) in product.HANDLERS:
        product.refold(state)


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
        one.eligible_at, one.first_dose_planned = position, event.first_dose_on


def _enrolled(state: State, position: int, event: participants.ParticipantEnrolled) -> None:
    one, cohort = state.participants.get(event.participant), state.cohort
    if one is None:
        return
    one.level = event.level
    if cohort is not None and cohort.level == event.level:
        one.cohort = cohort.number
        cohort.members.append(one.id)
        cohort.status = "open" if state.free_places(cohort) > 0 else "full"


def _replaced(state: State, position: int, event: participants.ParticipantReplaced) -> None:
    one = state.participants.get(event.participant)
    if one is None:
        return
    one.replaced = True
    if state.cohort is not None and one.id in state.cohort.members:
        state.cohort.status = "open"


def _erased(state: State, position: int, event: participants.PersonalDataErased) -> None:
    if one := state.participants.get(event.participant):
        one.erased = True


def _reported(state: State, position: int, event: safety.AdverseEventReported) -> None:
    state.adverse_events.setdefault(event.adverse_event, event.participant)


def _deviated(state: State, position: int, event: safety.ProtocolDeviation) -> None:
    state.deviations[position] = Deviation(
        position,
        event.rule,
        event.description,
        event.of,
        event.participant,
        event.important,
        "",
        event.message,
    )


def _reviewed(state: State, position: int, event: safety.ProtocolDeviationReviewed) -> None:
    if was := state.deviations.get(event.of):
        state.deviations[event.of] = was._replace(important=event.important, action=event.action)


HANDLERS: Handlers = {
    participants.ParticipantRegistered: _registered,
    participants.InformedConsentObtained: _consented,
    participants.InformedConsentRenewed: _consented,
    participants.InformedConsentWithdrawn: _withdrew,
    participants.EntryCorrected: _corrected,
    participants.EligibilityConfirmed: _eligible,
    participants.ParticipantEnrolled: _enrolled,
    participants.ParticipantReplaced: _replaced,
    participants.PersonalDataErased: _erased,
    safety.AdverseEventReported: _reported,
    safety.ProtocolDeviation: _deviated,
    safety.ProtocolDeviationReviewed: _reviewed,
}
