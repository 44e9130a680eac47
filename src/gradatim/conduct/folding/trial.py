"""What the events of the trial as a whole add to the state."""

from functools import lru_cache

from gradatim.conduct.events import trial
from gradatim.conduct.folding.handlers import Handlers
from gradatim.conduct.state import Delegation, State, Version
from gradatim.dosefinding.protocol_design import as_before
from gradatim.protocol.load import parse
from gradatim.protocol.study import Ruling, Study


@lru_cache(maxsize=16)
def study_of(document: str) -> Study:
    """Give the protocol that a document holds."""
    return parse(document.encode(), "the ledger's protocol").study


def _in_force(state: State, event: trial.ProtocolActivated | trial.ProtocolAmended) -> Study:
    """Give the protocol of a version, with its silence read as on the day it went live."""
    study = study_of(event.document)
    return with_rulings(state, study if event.design_defaults > 1 else as_before(study))


def _created(state: State, position: int, event: trial.TrialCreated) -> None:
    state.mode, state.title = state.mode or event.mode, state.title or event.title


def _ruled(state: State, position: int, event: trial.RulingSigned) -> None:
    state.rulings.append(position)
    state.versions = [one._replace(study=with_rulings(state, one.study)) for one in state.versions]
    _everything_anew(state)


def with_rulings(state: State, study: Study) -> Study:
    """Give a protocol with the rulings that the sponsor has signed on the ledger."""
    signed = []
    for position in state.rulings:
        event = state.events[position]
        assert isinstance(event, trial.RulingSigned)
        signed.append(Ruling(question=event.question, answer=event.answer, by=event.signer,
                             on=event.occurred_on))  # fmt: skip
    keys = {one.question for one in signed}
    own = [one for one in study.rulings if one.question not in keys]
    return study.model_copy(update={"rulings": [*own, *signed]})


def _activated(state: State, position: int, event: trial.ProtocolActivated) -> None:
    study = _in_force(state, event)
    state.versions.append(
        Version(event.version, event.sha256, study, {}, position, event.occurred_on)
    )
    _everything_anew(state)


def _amended(state: State, position: int, event: trial.ProtocolAmended) -> None:
    study = _in_force(state, event)
    applies = {one.part: one.applies for one in event.changes}
    state.versions.append(
        Version(event.version, event.sha256, study, applies, position, event.occurred_on)
    )
    _everything_anew(state)


def _everything_anew(state: State) -> None:
    """What was worked out under an earlier version is worked out again."""
    for one in state.participants.values():
        one.revision += 1


def _approved(state: State, position: int, event: trial.ApprovalRecorded) -> None:
    state.approvals.append(position)


def _site_opened(state: State, position: int, event: trial.SiteOpened) -> None:
    state.sites[event.site] = "open"


def _site_closed(state: State, position: int, event: trial.SiteClosed) -> None:
    state.sites[event.site] = "closed"


def _granted(state: State, position: int, event: trial.RoleGranted) -> None:
    state.roles.setdefault((event.user, event.site), set()).add(event.role)
    state.delegations.append(Delegation(position, event.user, event.site, event.role, True))


def _revoked(state: State, position: int, event: trial.RoleRevoked) -> None:
    state.roles.get((event.user, event.site), set()).discard(event.role)
    state.delegations.append(Delegation(position, event.user, event.site, event.role, False))


def _trained(state: State, position: int, event: trial.TrainingRecorded) -> None:
    state.training.setdefault(event.user, set()).add(event.version)


def _ranges(state: State, position: int, event: trial.ReferenceRangesRecorded) -> None:
    state.ranges[event.laboratory, event.version] = position


def _paused(state: State, position: int, event: trial.TrialPaused) -> None:
    state.pauses.append(position)


def _resumed(state: State, position: int, event: trial.TrialResumed) -> None:
    state.pauses.clear()
    state.resumed_rules |= set(event.stopping_rules)


def _stopped(state: State, position: int, event: trial.TrialStopped) -> None:
    state.stopped = position
    for cohort in state.cohorts:
        cohort.status = "closed"


HANDLERS: Handlers = {
    trial.TrialCreated: _created, trial.RulingSigned: _ruled, trial.ApprovalRecorded: _approved,
    trial.ProtocolActivated: _activated, trial.ProtocolAmended: _amended,
    trial.SiteOpened: _site_opened, trial.SiteClosed: _site_closed, trial.RoleGranted: _granted,
    trial.RoleRevoked: _revoked, trial.TrainingRecorded: _trained,
    trial.ReferenceRangesRecorded: _ranges, trial.TrialPaused: _paused,
    trial.TrialResumed: _resumed, trial.TrialStopped: _stopped,
}  # fmt: skip
