"""Policies of going live: the document, its open questions, its approvals, its amendments."""

from hashlib import sha256

from gradatim.conduct.events.base import SYSTEM
from gradatim.conduct.events.trial import (
    ApprovalRecorded,
    Part,
    ProtocolActivated,
    ProtocolAmended,
    RoleGranted,
    RulingSigned,
    SiteOpened,
    TrialCreated,
)
from gradatim.conduct.folding.trial import study_of, with_rulings
from gradatim.conduct.policies.verdicts import broken, either, holds, unknown
from gradatim.conduct.state import State
from gradatim.core.errors import UnusableInput
from gradatim.core.verdict import Verdict
from gradatim.protocol.questions import questions
from gradatim.protocol.references import dangling
from gradatim.protocol.study import Study

PARTS: tuple[Part, ...] = ("eligibility", "treatment", "safety", "schedule", "endpoints",
                           "elements")  # fmt: skip
_Versioned = ProtocolActivated | ProtocolAmended


def the_ledger_begins_once(state: State, event: TrialCreated) -> Verdict:
    """A ledger is of one trial, and begins with its creation."""
    return either(not state.mode, "nothing is recorded yet", "the trial has been created already")


def the_question_is_open(state: State, event: RulingSigned) -> Verdict:
    """A ruling answers a question of the protocol, with one of its readings if it has any."""
    if not state.versions:
        return holds("it is checked when the protocol is activated")
    asked = {one.key: one for one in questions(state.study)}
    if event.question not in asked:
        return broken(f"the protocol asks no question {event.question!r}")
    names = [one.split(":")[0] for one in asked[event.question].choices]
    return either(not names or event.answer in names, "the protocol asks it",
                  f"its readings are {', '.join(names)}")  # fmt: skip


def the_document_is_sound(state: State, event: _Versioned) -> Verdict:
    """The document is the one with that fingerprint, can be read, and refers to nothing missing."""
    if sha256(event.document.encode()).hexdigest() != event.sha256:
        return broken("the document's SHA-256 is not the one stated")
    try:
        study = study_of(event.document)
    except UnusableInput as error:
        return broken(str(error))
    if study.study.version != event.version:
        return broken(f"the document says that it is version {study.study.version}")
    faults = list(dangling(study))
    return broken(faults[0].what) if faults else holds("the document is sound")


def no_version_is_active(state: State, event: ProtocolActivated) -> Verdict:
    """A protocol is activated once; what follows are amendments."""
    now = state.version
    return holds() if now is None else broken(f"version {now.version} is active: amend it")


def a_version_is_active(state: State, event: object) -> Verdict:
    """A version of the protocol is active."""
    return either(bool(state.versions), "a protocol is active", "no protocol is active yet")


def no_safety_question_is_open(state: State, event: _Versioned) -> Verdict:
    """A real trial goes live only when the sponsor has ruled on every open safety item."""
    if state.mode != "real":
        return holds(f"this is a {state.mode or 'nameless'} trial")
    try:
        study = with_rulings(state, study_of(event.document))
    except UnusableInput:
        return broken("the document cannot be read")
    open_ = [one.key for one in questions(study) if one.safety and one.ruling is None]
    if not open_:
        return holds("every safety item is settled")
    more = f" and {len(open_) - 5} more" if len(open_) > 5 else ""
    return broken(f"{len(open_)} safety items are assumed or proposed and not ruled on: "
                  f"{', '.join(open_[:5])}{more}")  # fmt: skip


def the_approvals_are_there(state: State, event: _Versioned) -> Verdict:
    """A real trial has the approval of the ethics committee and of the regulator."""
    if state.mode != "real" or getattr(event, "urgent_safety_measure", False):
        return holds("no approval is asked for")
    approved = [state.events[one] for one in state.approvals]
    have = {one.authority for one in approved if isinstance(one, ApprovalRecorded)
            and one.version == event.version
            and (one.expires_on is None or one.expires_on >= event.occurred_on)}  # fmt: skip
    lacks = [one for one in ("ethics", "regulator") if one not in have]
    return unknown(f"no approval in force is recorded: {', '.join(lacks)}") if lacks else holds(
        "both approvals are recorded")  # fmt: skip


def changed(before: Study, after: Study) -> list[Part]:
    """Give the parts that differ between two versions."""
    return [part for part in PARTS if getattr(before, part) != getattr(after, part)]


def every_change_says_when_it_applies(state: State, event: ProtocolAmended) -> Verdict:
    """An amendment states, for each part that it changes, when that applies; for no other part."""
    if not state.versions:
        return broken("there is no protocol to amend")
    try:
        parts = changed(state.study, with_rulings(state, study_of(event.document)))
    except UnusableInput:
        return broken("the document cannot be read")
    stated = [one.part for one in event.changes]
    if missing := [one for one in parts if one not in stated]:
        return broken(f"it does not say when the changes of {', '.join(missing)} apply")
    if idle := [one for one in stated if one not in parts]:
        return broken(f"{', '.join(idle)} did not change")
    return holds("every change says when it applies")


def safety_measures_apply_at_once(state: State, event: ProtocolAmended) -> Verdict:
    """Changed safety rules apply to everyone at once; an urgent measure changes nothing else."""
    late = [one for one in event.changes if one.part == "safety" and one.applies != "at once"]
    if late:
        return broken("changed safety rules apply at once")
    if event.urgent_safety_measure and any(
        one.part not in ("safety", "schedule") for one in event.changes
    ):
        return broken("an urgent safety measure changes safety rules and the schedule only")
    return holds("safety rules apply at once")


def the_version_is_new(state: State, event: ProtocolAmended) -> Verdict:
    """An amendment has a version of its own."""
    known = {one.version for one in state.versions}
    return either(event.version not in known, "the version is new",
                  f"there is a version {event.version} already")  # fmt: skip


def the_site_is_not_open(state: State, event: SiteOpened) -> Verdict:
    """A site is opened once, and by its name."""
    if not event.site:
        return broken("it names no site")
    return either(state.sites.get(event.site) != "open", "the site is not open yet",
                  f"site {event.site} is open")  # fmt: skip


def the_user_is_a_person(state: State, event: RoleGranted) -> Verdict:
    """Tasks are given to people; the system records under a name of its own."""
    return either(event.user != SYSTEM, "it is a person's", f"{SYSTEM} is the system itself")


OFFICE = ("sponsor", "safety_committee", "data_manager", "statistician", "auditor")
"""Tasks that are of the whole trial and not of a site: who may grant at a site grants none."""


def the_task_is_of_the_site(state: State, event: RoleGranted) -> Verdict:
    """At a site only the tasks of a site are given out."""
    told = f"{event.role} is a task of the whole trial, not of site {event.site}"
    return either(not event.site or event.role not in OFFICE, "the task fits the place", told)


def the_committee_is_independent(state: State, event: RoleGranted) -> Verdict:
    """Who sits on the safety committee treats nobody, and the sponsor's people do not sit there."""
    has = {role for (user, _), roles in state.roles.items() for role in roles
           if user == event.user}  # fmt: skip
    theirs = has | {event.role}
    others = theirs & {"investigator", "coordinator", "nurse", "sponsor", "pharmacist", "cell_lab"}
    named = ", ".join(sorted(others))
    return either("safety_committee" not in theirs or not others, "the tasks go together",
                  f"safety committee and {named} do not go together")  # fmt: skip
