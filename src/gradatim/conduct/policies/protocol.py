"""Policies of going live: the document, its open questions, its approvals, its amendments."""

from functools import lru_cache
from hashlib import sha256

from gradatim.conduct.events.base import SYSTEM
from gradatim.conduct.events.trial import (
    Part,
    ProtocolActivated,
    ProtocolAmended,
    ProtocolSubmitted,
    RoleGranted,
    RoleRevoked,
    RulingSigned,
    SiteOpened,
    TrialCreated,
)
from gradatim.conduct.folding.trial import (
    document_of,
    study_in_force,
    study_of,
    submitted_study,
    with_rulings,
)
from gradatim.conduct.policies.verdicts import broken, either, holds, unknown
from gradatim.conduct.roles import TRIAL_WIDE
from gradatim.conduct.state import State
from gradatim.conduct.views.approvals import AUTHORITIES, approved
from gradatim.conduct.views.requested_changes import (
    change_of,
    document_with_changes,
    requested_change,
)
from gradatim.core.errors import UnusableInput
from gradatim.core.truth import FALSE
from gradatim.core.verdict import Verdict
from gradatim.dosefinding.protocol_faults import MOST_FAULTS, placed
from gradatim.protocol.duties import SILENT_DUTIES, Duties
from gradatim.protocol.questions import Question, questions
from gradatim.protocol.study import Study

_PARTS: tuple[Part, ...] = (
    "eligibility",
    "treatment",
    "safety",
    "schedule",
    "endpoints",
    "elements",
)
_Versioned = ProtocolActivated | ProtocolAmended
_Held = ProtocolSubmitted | _Versioned


def the_ledger_begins_once(state: State, event: TrialCreated) -> Verdict:
    """A ledger is of one trial, and begins with its creation."""
    return either(not state.mode, "nothing is recorded yet", "the trial has been created already")


def asked_about(state: State, key: str) -> list[Question]:
    """Return the questions of that key: of the version that is submitted, and of that in force."""
    return [one for one in state.remembered("asked", lambda: _asked(state)) if one.key == key]


def _asked(state: State) -> list[Question]:
    studies = [submitted_study(state), state.study if state.versions else None]
    return [one for study in studies if study for one in questions(study)]


def the_question_is_asked(state: State, event: RulingSigned) -> Verdict:
    """A ruling is about a question of the protocol in force, or of the one that is submitted."""
    if not state.versions and state.submitted is None:
        return broken("there is no protocol to rule on: submit one first")
    return either(
        bool(asked_about(state, event.question)),
        "the protocol asks it",
        f"the protocol asks no question {event.question!r}",
    )


def the_ruling_is_about_what_stands_there(state: State, event: RulingSigned) -> Verdict:
    """A ruling holds the value that it is about, as the protocol has it; an amended one is not."""
    values = list(dict.fromkeys(one.value for one in asked_about(state, event.question)))
    if event.value in values:
        return holds("the protocol says so")
    now = " or ".join(values) or "nothing"
    return broken(f"it is about {event.value or 'no value'}; the protocol says {now}")


def the_ruling_says_what_it_comes_to(state: State, event: RulingSigned) -> Verdict:
    """A ruling confirms, requests a change or defers; to confirm a reading it names one."""
    if not event.outcome:
        return broken("it does not say whether it confirms, requests a change or defers")
    if event.outcome != "confirmed" and not event.answer.strip():
        return broken("it does not say in words what is to be changed, or what is awaited")
    about = asked_about(state, event.question)
    names = next((one.names for one in about if one.value == event.value), [])
    if event.outcome != "confirmed" or not names or event.answer in names:
        return holds(event.outcome)
    return broken(f"it confirms no reading: its readings are {', '.join(names)}")


def the_change_can_be_made(state: State, event: RulingSigned) -> Verdict:
    """What a ruling puts in the place of a value makes a document that is sound with it."""
    if not event.requested_value:
        return holds("it puts nothing in the place of the value")
    if event.outcome != "change requested":
        return broken("only a change that is requested says what is to stand there")
    try:
        made = document_with_changes(state, [change_of(event)], event.question, event.value)
    except UnusableInput as error:
        return broken(str(error))
    return _sound(made)


def the_ruling_changes_something(state: State, event: RulingSigned) -> Verdict:
    """A ruling supersedes an earlier one by saying something else; the same again is none."""
    for one in asked_about(state, event.question):
        last, change = one.ruling, requested_change(state, one)
        if event.requested_value != (change.value if change else ""):
            continue
        if last is None or (last.value, last.outcome) != (event.value, event.outcome):
            continue
        if last.answer == event.answer or (last.outcome == "confirmed" and not one.choices):
            return broken(f"nothing is to be ruled: {last.outcome} by {last.by} on {last.on}")
    return holds("it was not ruled so before")


def the_sponsor_signs(state: State, event: RulingSigned) -> Verdict:
    """Who signs a ruling acts for the sponsor, whoever records it."""
    acts = "sponsor" in state.roles.get((event.signer, ""), set())
    return either(
        acts, f"{event.signer} acts for the sponsor", f"{event.signer} does not act for the sponsor"
    )


def the_document_is_sound(state: State, event: _Held) -> Verdict:
    """The document is the one with that fingerprint, and `gradatim protocol check` faults nothing.

    What the check only warns of stands in nobody's way.
    """
    if sha256(event.document.encode()).hexdigest() != event.sha256:
        return broken("the document's SHA-256 is not the one stated")
    try:
        document = document_of(event.document)
    except UnusableInput as error:
        return broken(str(error))
    if document.study.study.version != event.version:
        return broken(f"the document says that it is version {document.study.study.version}")
    return _sound(event.document)


def _sound(text: str) -> Verdict:
    wrong = _faults_of(text)
    if not wrong:
        return holds("the document is sound")
    more = [f"... and {len(wrong) - MOST_FAULTS} more"] if len(wrong) > MOST_FAULTS else []
    return Verdict(FALSE, "", (), tuple(map(broken, (*wrong[:MOST_FAULTS], *more))))


@lru_cache(maxsize=16)
def _faults_of(text: str) -> tuple[str, ...]:
    """Return what is wrong with a document: it is checked once, however often it is asked about."""
    return tuple(str(one) for one in placed(document_of(text)) if not one.warning)


def no_version_is_active(state: State, event: ProtocolActivated) -> Verdict:
    """A protocol is activated once; what follows are amendments."""
    now = state.version
    return holds() if now is None else broken(f"version {now.version} is active: amend it")


def a_version_is_active(state: State, event: object) -> Verdict:
    """A version of the protocol is active."""
    return either(bool(state.versions), "a protocol is active", "no protocol is active yet")


def no_safety_question_is_open(state: State, event: _Versioned) -> Verdict:
    """A real trial goes live only when the sponsor has confirmed every open safety item.

    Each counts as confirmed only if the last ruling on the value that stands there confirms it. An
    urgent safety measure is asked for what it changes only: the rest is in force already.
    """
    if state.mode != "real":
        return holds(f"this is a {state.mode or 'nameless'} trial")
    try:
        study = with_rulings(state, event.document)
    except UnusableInput:
        return broken("the document cannot be read")
    open_ = [one for one in questions(study) if one.safety and not one.settled]
    if getattr(event, "urgent_safety_measure", False) and state.versions:
        stands = {(one.key, one.value) for one in questions(state.study)}
        open_ = [one for one in open_ if (one.key, one.value) not in stands]
    if not open_:
        return holds("every safety item is settled")
    more = f" and {len(open_) - 5} more" if len(open_) > 5 else ""
    return broken(
        f"{len(open_)} safety items are assumed or proposed and not confirmed: "
        f"{', '.join(map(_left_open, open_[:5]))}{more}"
    )


def _left_open(one: Question) -> str:
    """Name an open question, and the ruling that does not settle it."""
    if one.ruling is None:
        return one.key
    if not one.ruling.outcome:
        return f"{one.key} (ruled without a signed confirmation)"
    if one.ruling.value != one.value:
        return f"{one.key} (amended since the ruling)"
    return f"{one.key} ({one.ruling.outcome})"


def the_approvals_are_there(state: State, event: _Versioned) -> Verdict:
    """A real trial has the approval of the ethics committee and of the regulator."""
    if state.mode != "real" or getattr(event, "urgent_safety_measure", False):
        return holds("no approval is asked for")
    day, version = event.occurred_on, event.version
    lacks = [one for one in AUTHORITIES if not approved(state, one, version, day)]
    return (
        unknown(f"no approval in force is recorded: {', '.join(lacks)}")
        if lacks
        else holds("both approvals are recorded")
    )


def changed(before: Study, after: Study) -> list[Part]:
    """Give the parts that differ between two versions."""
    return [part for part in _PARTS if getattr(before, part) != getattr(after, part)]


def every_change_says_when_it_applies(state: State, event: ProtocolAmended) -> Verdict:
    """An amendment states, for each part that it changes, when that applies; for no other part."""
    if not state.versions:
        return broken("there is no protocol to amend")
    try:
        parts = changed(study_in_force(state), study_of(event.document))
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


def the_version_is_new(state: State, event: ProtocolSubmitted | ProtocolAmended) -> Verdict:
    """What is to follow a version that was in force has a version of its own."""
    known = {one.version for one in state.versions}
    return either(
        event.version not in known,
        "the version is new",
        f"there is a version {event.version} already",
    )


def the_site_is_not_open(state: State, event: SiteOpened) -> Verdict:
    """A site is opened once, and by its name."""
    if not event.site:
        return broken("it names no site")
    return either(
        state.sites.get(event.site) != "open",
        "the site is not open yet",
        f"site {event.site} is open",
    )


def somebody_acts_for_the_sponsor(state: State, event: RoleRevoked) -> Verdict:
    """The last who acts for the sponsor keeps the task: nobody else could give it out again."""
    if event.role != "sponsor" or event.site:
        return holds("the sponsor's tasks stay as they are")
    others = [
        user
        for (user, site), roles in state.roles.items()
        if not site and "sponsor" in roles and user != event.user
    ]
    told = f"{event.user} is the only one who acts for the sponsor: give the task to another first"
    return either(bool(others), f"{', '.join(others)} acts for the sponsor", told)


def the_user_is_a_person(state: State, event: RoleGranted) -> Verdict:
    """Tasks are given to people; the system records under a name of its own."""
    return either(event.user != SYSTEM, "it is a person's", f"{SYSTEM} is the system itself")


def the_task_is_of_the_site(state: State, event: RoleGranted) -> Verdict:
    """At a site only the tasks of a site are given out."""
    told = f"{event.role} is a task of the whole trial, not of site {event.site}"
    return either(not event.site or event.role not in TRIAL_WIDE, "the task fits the place", told)


def the_tasks_go_together(state: State, event: RoleGranted) -> Verdict:
    """Nobody holds tasks that the protocol keeps apart: who watches over a trial treats nobody."""
    has = {role for (user, _), roles in state.roles.items() for role in roles if user == event.user}
    theirs = has | {event.role}
    for one in duties_apart(state).tasks:
        first = [role for role in one.tasks if role in theirs]
        second = [role for role in one.never_with if role in theirs]
        if first and second:
            named = (", ".join(some).replace("_", " ") for some in (first, second))
            return broken(f"{' and '.join(named)} do not go together ({one.source})")
    return holds("the tasks go together")


def duties_apart(state: State) -> Duties:
    """Return which duties the protocol in force keeps apart; before one is, the cautious table."""
    return state.study.duties_apart if state.versions else SILENT_DUTIES
