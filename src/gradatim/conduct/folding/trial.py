"""What the events of the trial as a whole add to the state."""

from datetime import date, datetime
from functools import lru_cache
from typing import NamedTuple

from gradatim.conduct.days import day_at
from gradatim.conduct.delegations import delegation_of, has_lapsed, lapses_at, same_task
from gradatim.conduct.events import trial
from gradatim.conduct.folding.anew import everything_anew, trained
from gradatim.conduct.folding.handlers import Handlers
from gradatim.conduct.state import Delegation, SigningKey, State, UrgentMeasure, Version
from gradatim.core.errors import UnusableInput
from gradatim.dosefinding.protocol_design import as_before
from gradatim.protocol.load import Document, parse
from gradatim.protocol.questions import Question, as_ruled, questions, ruled_on
from gradatim.protocol.study import Ruling, RulingOutcome, Study

Activation = trial.ProtocolActivated | trial.ProtocolAmended
"""What brings a version of the protocol into force."""


@lru_cache(maxsize=16)
def document_of(text: str) -> Document:
    """Return the protocol document that an entry of the ledger holds.

    Raises:
        UnusableInput: it is not YAML, or does not follow the schema.
    """
    return parse(text.encode(), "protocol.yaml")


def uploaded(content: bytes, name: str) -> Document:
    """Return the protocol document of a file: the very one that its act is then judged and kept by.

    Args:
        content: the file.
        name: what it is called, for messages.

    Raises:
        UnusableInput: it is not YAML, or does not follow the schema.
    """
    try:
        return document_of(content.decode())._replace(name=name)
    except (UnusableInput, UnicodeDecodeError):
        return parse(content, name)  # raises, with the places in this file


def study_of(document: str) -> Study:
    """Return the protocol that a document holds; see `document_of`."""
    return document_of(document).study


def _created(state: State, position: int, event: trial.TrialCreated) -> None:
    state.mode, state.title = state.mode or event.mode, state.title or event.title
    state.endorsed = state.endorsed or event.endorsed
    _in_zone(state, "", event.time_zone)


def _in_zone(state: State, site: str, time_zone: str) -> None:
    """Note the time zone of a site, which tells the days of all that was recorded there."""
    if time_zone and state.zones.get(site) != time_zone:
        state.zones[site] = time_zone
        everything_anew(state)


def _ruled(state: State, position: int, event: trial.RulingSigned) -> None:
    state.rulings.append(position)
    state.versions = [one._replace(study=_ruled_anew(state, one)) for one in state.versions]
    everything_anew(state)


def _ruled_anew(state: State, version: Version) -> Study:
    event = _activation(state, version)
    return _read_as_then(with_rulings(state, event.document, version.position), event)


def study_in_force(state: State) -> Study:
    """Return the protocol in force as its document has it, without rulings signed on the ledger."""
    event = _activation(state, state.versions[-1])
    return _read_as_then(study_of(event.document), event)


def document_in_force(state: State) -> str:
    """Return the text of the version that is in force, as it was activated."""
    return _activation(state, state.versions[-1]).document


def _activation(state: State, version: Version) -> Activation:
    event = state.events[version.position]
    assert isinstance(event, trial.ProtocolActivated | trial.ProtocolAmended)
    return event


def _read_as_then(study: Study, event: Activation) -> Study:
    """Return the protocol of a version, with its silence read as on the day it went live."""
    return study if event.design_defaults > 1 else as_before(study)


def questions_of(document: str) -> tuple[Question, ...]:
    """Return the questions that a document asks, before any ruling on the ledger."""
    return questions(study_of(document))


def with_rulings(state: State, document: str, since: int | None = None) -> Study:
    """Return the protocol of a document with the rulings that the sponsor has signed on the ledger.

    Args:
        state: the trial.
        document: its text.
        since: where it came into force. A ruling signed later is on it only if it is on a value
            that stands there; else it is on an amendment that is not in force yet. None while it
            is not in force.

    Raises:
        UnusableInput: the document cannot be read.
    """
    values = {(one.key, one.value) for one in questions_of(document)}
    signed = []
    for position in state.rulings:
        event = state.events[position]
        assert isinstance(event, trial.RulingSigned)
        on_it = not event.value or (event.question, event.value) in values
        if on_it or since is None or position < since:
            signed.append(_SignedRuling(*(getattr(event, name) for name in _SignedRuling._fields)))
    return _as_signed(document, tuple(signed))


class _SignedRuling(NamedTuple):
    """What a protocol takes over of a ruling that was signed on the ledger; see `RulingSigned`."""

    question: str
    answer: str
    signer: str
    occurred_on: date
    outcome: RulingOutcome
    value: str


@lru_cache(maxsize=16)
def _as_signed(document: str, signed: tuple[_SignedRuling, ...]) -> Study:
    """Return a protocol with signed rulings: the same object each time a ledger is folded.

    What is worked out of a protocol once is kept by that object.
    """
    study, asked = study_of(document), questions_of(document)
    safety = {one.key for one in asked if one.safety}
    rulings = [_unsigned(one) if one.question in safety else one for one in study.rulings]
    rulings += map(_as_written_down, signed)
    now = study.model_copy(update={"rulings": rulings})
    return as_ruled(now, ruled_on(asked, rulings))


def _unsigned(ruling: Ruling) -> Ruling:
    """Return a ruling that only the document has: it may choose a design, but nobody signed it."""
    return ruling.model_copy(update={"outcome": ""})


def _as_written_down(signed: _SignedRuling) -> Ruling:
    """Return a signed ruling as a document has it; what was checked when it was signed is taken."""
    return Ruling.model_construct(
        question=signed.question,
        answer=signed.answer,
        by=signed.signer,
        on=signed.occurred_on,
        outcome=signed.outcome,
        value=signed.value,
    )


def submitted(state: State) -> trial.ProtocolSubmitted | None:
    """Return the version of the protocol that is submitted and not in force yet."""
    event = None if state.submitted is None else state.events[state.submitted]
    return event if isinstance(event, trial.ProtocolSubmitted) else None


def submitted_study(state: State) -> Study | None:
    """Return the protocol that is submitted and not in force yet, with the rulings on it."""
    if (held := submitted(state)) is None:
        return None
    return state.remembered("submitted", lambda: with_rulings(state, held.document))


def _submitted(state: State, position: int, event: trial.ProtocolSubmitted) -> None:
    state.submitted = position


def _activated(state: State, position: int, event: trial.ProtocolActivated) -> None:
    _in_force(state, position, event, {})


def _amended(state: State, position: int, event: trial.ProtocolAmended) -> None:
    _in_force(state, position, event, {one.part: one.applies for one in event.changes})


def _in_force(
    state: State, position: int, event: Activation, applies: dict[trial.Part, trial.Applies]
) -> None:
    study = _read_as_then(with_rulings(state, event.document, position), event)
    state.versions.append(
        Version(event.version, event.sha256, study, applies, position, event.occurred_on)
    )
    state.submitted = None
    everything_anew(state)


def _approved(state: State, position: int, event: trial.ApprovalRecorded) -> None:
    state.approvals.append(position)


def _site_opened(state: State, position: int, event: trial.SiteOpened) -> None:
    state.sites[event.site] = "open"
    _in_zone(state, event.site, event.time_zone)


def _site_closed(state: State, position: int, event: trial.SiteClosed) -> None:
    state.sites[event.site] = "closed"


def _granted(state: State, position: int, event: trial.RoleGranted) -> None:
    if event.needs_confirmation:
        state.unconfirmed.append(position)
    if event.urgent or not event.needs_confirmation:
        _holds(state, position, event, event.occurred_on)


def _confirmed(state: State, position: int, event: trial.DelegationConfirmed) -> None:
    if event.of in state.unconfirmed:
        state.unconfirmed.remove(event.of)
        _holds(state, position, delegation_of(state, event.of), event.occurred_on)


def _holds(state: State, position: int, given: trial.RoleGranted, on: date) -> None:
    """Let somebody hold a task from an entry and a day on."""
    state.roles.setdefault((given.user, given.site), set()).add(given.role)
    state.delegations.append(Delegation(position, given.user, given.site, given.role, True, on))


def _holds_no_more(
    state: State, position: int, given: trial.RoleGranted | trial.RoleRevoked, on: date
) -> None:
    state.roles.get((given.user, given.site), set()).discard(given.role)
    state.delegations.append(Delegation(position, given.user, given.site, given.role, False, on))


def _revoked(state: State, position: int, event: trial.RoleRevoked) -> None:
    _holds_no_more(state, position, event, event.occurred_on)
    state.unconfirmed = [
        of for of in state.unconfirmed if not same_task(delegation_of(state, of), event)
    ]


def let_lapse(state: State, position: int, at: datetime) -> None:
    """Take away what was given urgently and nobody confirmed by the time of an entry."""
    for of in state.unconfirmed:
        given = delegation_of(state, of)
        held = given.role in state.roles.get((given.user, given.site), ())
        if held and has_lapsed(given, at):
            day = day_at(state, given.site, lapses_at(given))
            _holds_no_more(state, position, given, day)


def _key_adopted(state: State, position: int, event: trial.SigningKeyAdopted) -> None:
    key = SigningKey(position, event.public_key, event.invited_by)
    state.signing_keys.setdefault(event.recorded_by, []).append(key)


def _identified(state: State, position: int, event: trial.PersonIdentified) -> None:
    state.identified[event.public_key] = position


def _trained(state: State, position: int, event: trial.TrainingRecorded) -> None:
    trained(state, event)


def _ranges(state: State, position: int, event: trial.ReferenceRangesRecorded) -> None:
    state.ranges[event.laboratory, event.version] = position
    everything_anew(state)  # samples of this version have limits now


def _paused(state: State, position: int, event: trial.TrialPaused) -> None:
    state.pauses.append(position)


def _resumed(state: State, position: int, event: trial.TrialResumed) -> None:
    state.pauses.clear()
    state.resumed_rules |= set(event.stopping_rules)


def _measure_taken(state: State, position: int, event: trial.UrgentSafetyMeasureTaken) -> None:
    state.urgent[position] = UrgentMeasure(
        position, event.site, event.participant, event.holds, event.departs_from
    )


def _measure_told(state: State, position: int, event: trial.UrgentSafetyMeasureNotified) -> None:
    if one := state.urgent.get(event.of):
        one.told.append(position)


def _measure_ended(state: State, position: int, event: trial.UrgentSafetyMeasureEnded) -> None:
    if one := state.urgent.get(event.of):
        one.ended = one.ended or position


def _stopped(state: State, position: int, event: trial.TrialStopped) -> None:
    state.stopped = position
    for cohort in state.cohorts:
        cohort.status = "closed"


HANDLERS: Handlers = {
    trial.TrialCreated: _created,
    trial.RulingSigned: _ruled,
    trial.ApprovalRecorded: _approved,
    trial.ProtocolSubmitted: _submitted,
    trial.ProtocolActivated: _activated,
    trial.ProtocolAmended: _amended,
    trial.SiteOpened: _site_opened,
    trial.SiteClosed: _site_closed,
    trial.RoleGranted: _granted,
    trial.DelegationConfirmed: _confirmed,
    trial.RoleRevoked: _revoked,
    trial.SigningKeyAdopted: _key_adopted,
    trial.PersonIdentified: _identified,
    trial.TrainingRecorded: _trained,
    trial.ReferenceRangesRecorded: _ranges,
    trial.TrialPaused: _paused,
    trial.TrialResumed: _resumed,
    trial.UrgentSafetyMeasureTaken: _measure_taken,
    trial.UrgentSafetyMeasureNotified: _measure_told,
    trial.UrgentSafetyMeasureEnded: _measure_ended,
    trial.TrialStopped: _stopped,
}
