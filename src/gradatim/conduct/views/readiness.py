"""What stands between a version of the protocol and going live."""

from typing import NamedTuple

from gradatim.conduct.events.trial import ApprovalRecorded
from gradatim.conduct.state import State
from gradatim.protocol.questions import Question, questions
from gradatim.protocol.study import Study

AUTHORITIES = ("ethics", "regulator")
"""Whose approval a version takes."""


class Readiness(NamedTuple):
    """What stands between a version and going live.

    Args:
        approvals: those recorded of it; of any version, without one.
        missing: the authorities that have not approved it.
        safety_items: how many questions of safety its document asks the sponsor.
        blocking: those of them that are not settled.
    """

    approvals: list[ApprovalRecorded]
    missing: list[str]
    safety_items: int
    blocking: list[Question]


def readiness(state: State, study: Study | None) -> Readiness:
    """Return what stands between a version and going live: approvals, and open safety items."""
    approvals = [
        one
        for one in (state.events[at] for at in state.approvals)
        if isinstance(one, ApprovalRecorded)
        and (study is None or one.version == study.study.version)
    ]
    safety = [one for one in questions(study) if one.safety] if study else []
    approved = {one.authority for one in approvals}
    return Readiness(
        approvals,
        [who for who in AUTHORITIES if who not in approved],
        len(safety),
        [one for one in safety if not one.settled],
    )
