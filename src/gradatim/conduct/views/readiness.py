"""What stands between a version of the protocol and going live."""

from datetime import date
from typing import NamedTuple

from gradatim.conduct.events.trial import ApprovalRecorded
from gradatim.conduct.state import State
from gradatim.conduct.views.approvals import AUTHORITIES, approved
from gradatim.protocol.questions import Question, questions
from gradatim.protocol.study import Study


class Approval(NamedTuple):
    """An approval that is recorded, and whether it is the one that holds on the day."""

    event: ApprovalRecorded
    in_force: bool


class Readiness(NamedTuple):
    """What stands between a version and going live.

    Args:
        approvals: those recorded of it; of any version, without one.
        missing: the authorities without an approval of it in force.
        safety_items: how many questions of safety its document asks the sponsor.
        blocking: those of them that are not settled.
    """

    approvals: list[Approval]
    missing: list[str]
    safety_items: int
    blocking: list[Question]


def readiness(state: State, study: Study | None, on: date) -> Readiness:
    """Return what stands between a version and going live on a day: approvals, open safety items.

    Args:
        state: the trial.
        study: the version; None where there is none yet.
        on: the day, by the clock of the trial.
    """
    recorded = [
        one
        for one in (state.events[at] for at in state.approvals)
        if isinstance(one, ApprovalRecorded)
        and (study is None or one.version == study.study.version)
    ]
    last = {(one.authority, one.version, one.scope): one for one in recorded}
    approvals = [
        Approval(one, last[kind] is one and approved(state, *kind[:2], on, kind[2]))
        for one in recorded
        for kind in [(one.authority, one.version, one.scope)]
    ]
    safety = [one for one in questions(study) if one.safety] if study else []
    have = {one.event.authority for one in approvals if one.in_force and not one.event.scope}
    return Readiness(
        approvals,
        [who for who in AUTHORITIES if who not in have],
        len(safety),
        [one for one in safety if not one.settled],
    )
