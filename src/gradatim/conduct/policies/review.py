"""Policies of the committee's decisions, of resuming and of locking."""

from collections.abc import Sequence

from gradatim.conduct.alterations import altered
from gradatim.conduct.catalogue import ACTS
from gradatim.conduct.escalation import Advised, advised, bolder
from gradatim.conduct.events.base import Event
from gradatim.conduct.events.review import (
    DataEndorsed,
    DataLocked,
    DataUnlocked,
    DoseDecision,
    ProposalDissented,
    ProposalMade,
    ProposalSigned,
    ProposalWithdrawn,
    QueryAnswered,
    SourceDataVerified,
)
from gradatim.conduct.events.safety import (
    AdverseEventClassified,
    DoseLimitingToxicityAdjudicated,
)
from gradatim.conduct.events.trial import TrialResumed
from gradatim.conduct.messages import Breach, listed
from gradatim.conduct.policies.protocol import duties_apart
from gradatim.conduct.policies.verdicts import broken, either, holds
from gradatim.conduct.proposals import (
    altered_since,
    holding,
    unsigned_signers,
)
from gradatim.conduct.proposed_acts import (
    act_of,
    committee_members,
    open_proposals,
    signatures_needed,
)
from gradatim.conduct.state import State
from gradatim.conduct.views.endorsement import sites_to_endorse, to_endorse, who_counts
from gradatim.conduct.views.open_items import OpenItem, may_stay_open, open_items
from gradatim.conduct.views.safety import possible_dlts
from gradatim.conduct.views.stopping_rules import unanswered_rules
from gradatim.core.message import Term
from gradatim.core.verdict import Verdict
from gradatim.protocol.questions import ruled_design
from gradatim.protocol.study import LockItem
from gradatim.safety.dlt import watched_elements

BY_COMMITTEE = frozenset(act.name for act in ACTS.values() if act.by_committee)
"""Acts that several members sign."""


def the_committee_signs(state: State, event: Event) -> Verdict:
    """Enough members of the safety committee sign, each once."""
    signers: tuple[str, ...] = event.signers  # type: ignore[attr-defined]
    least = signatures_needed(state)
    strange = [one for one in signers if not _sits(state, one)]
    if strange:
        return broken(f"{', '.join(strange)} is not of the safety committee")
    asked = state.mode == "real" or bool(open_proposals(state, event))
    if asked and (absent := unsigned_signers(state, event)):
        return broken(f"no signature of {', '.join(absent)} is recorded{_stale(state, event)}")
    return either(
        len(set(signers)) >= least,
        f"{', '.join(signers)} signed",
        f"{len(set(signers))} of at least {least} members signed",
    )


def _stale(state: State, event: Event) -> str:
    """Say what altered the subject of an act after it was first signed; empty if nothing did."""
    since = sorted({at for one in open_proposals(state, event) for at in altered_since(state, one)})
    return f" since {_entries(since)} altered what it is about" if since else ""


def _entries(positions: Sequence[int]) -> str:
    more = f" and {len(positions) - 5} more" if len(positions) > 5 else ""
    word = "entry" if len(positions) == 1 else "entries"
    return f"{word} {', '.join(map(str, positions[:5]))}{more}"


def _sits(state: State, user: str) -> bool:
    return user in committee_members(state)


def the_proposal_is_new(state: State, event: ProposalMade) -> Verdict:
    """A proposal has a number of its own, and proposes what the committee signs."""
    if event.proposal in state.proposals:
        return broken(f"there is a proposal {event.proposal} already")
    kind = event.act.get("event")
    return either(
        kind in BY_COMMITTEE, "the committee signs it", f"{kind} is not signed by the committee"
    )


def the_proposal_is_open(
    state: State, event: ProposalSigned | ProposalDissented | ProposalWithdrawn
) -> Verdict:
    """What is signed, dissented from or withdrawn has been proposed, and is still open."""
    one = state.proposals.get(event.proposal)
    if one is None:
        return broken(Breach.NO_SUCH_PROPOSAL(proposal=Term(event.proposal)))
    told = Breach.PROPOSAL(proposal=Term(one.id), status=Term(one.status))
    return either(one.status == "open", "it is open", told)


def nobody_signs_twice(state: State, event: ProposalSigned) -> Verdict:
    """Each member signs once, and once more where the subject was altered since."""
    one = state.proposals.get(event.proposal)
    return either(
        one is None or event.recorded_by not in holding(state, one),
        "it is a new signature",
        f"{event.recorded_by} has signed {event.proposal}",
    )


def who_dissented_does_not_sign(state: State, event: ProposalSigned | ProposalDissented) -> Verdict:
    """Who dissented from a proposal has said so once, and signs another proposal, not this one."""
    one = state.proposals.get(event.proposal)
    return either(
        one is None or event.recorded_by not in one.dissents,
        "it is the first word of this member, or they agreed",
        f"{event.recorded_by} has dissented from {event.proposal}; propose it anew",
    )


def the_signer_saw_the_present(
    state: State, event: ProposalMade | ProposalSigned | ProposalDissented
) -> Verdict:
    """Who signs a proposal has seen its subject as it stands: nothing altered it since."""
    if isinstance(event, ProposalMade):
        act = event.act
    elif (one := state.proposals.get(event.proposal)) is not None:
        act = one.act
    else:
        return holds("there is nothing to see")
    seen = state.position if event.seen is None else event.seen
    if seen > state.position:
        return broken(f"the ledger has {state.position} entries, not {seen}")
    since = altered(state, act, seen)
    return either(
        not since,
        "nothing altered it since",
        f"{_entries(since)} altered what is signed since entry {seen}; look at it once more",
    )


def the_candidate_is_there(state: State, event: DoseLimitingToxicityAdjudicated) -> Verdict:
    """What is adjudicated is a candidate of that participant."""
    one = state.participants[event.participant]
    known = [found.id for found in possible_dlts(state, one)]
    return either(
        event.candidate in known,
        "it is a candidate",
        f"{one.id} has no candidate {event.candidate}"
        + (f"; there are {', '.join(known)}" if known else ""),
    )


def the_answers_are_asked_for(state: State, event: AdverseEventClassified) -> Verdict:
    """What is answered is whether an adverse event is one of those that the protocol watches."""
    watched = watched_elements(state.governing("safety", state.participants[event.participant]))
    strange = [name for name in event.answers if name not in watched]
    if strange or not event.answers:
        said = ", ".join(strange) or "nothing"
        return broken(f"{said} is answered; the protocol watches {', '.join(watched)}")
    return holds("it is one of the watched events")


def who_verifies_did_not_record(state: State, event: SourceDataVerified) -> Verdict:
    """Who compares entries with their source did not record them."""
    if not duties_apart(state).asks_second_person("verify source data"):
        return holds("the protocol asks for no second person")
    own = [at for at in event.entries if state.events[at].recorded_by == event.recorded_by]
    told = Breach.OWN_ENTRIES(user=Term(event.recorded_by), entries=listed(own or ["-"]))
    return either(not own, "others recorded them", told)


def who_answers_did_not_ask(state: State, event: QueryAnswered) -> Verdict:
    """Who answers a query did not open it."""
    if not duties_apart(state).asks_second_person("answer a query"):
        return holds("the protocol asks for no second person")
    query = state.queries.get(event.query)
    own = query is not None and query.opened_by == event.recorded_by
    return either(not own, "another person asked", Breach.OWN_QUERY(user=Term(event.recorded_by)))


def the_decision_saw_the_present(state: State, event: DoseDecision) -> Verdict:
    """The decision was made on all that is recorded: nothing about a participant came since."""
    if event.head > state.position:
        return broken(f"the ledger has {state.position} entries, not {event.head}")
    since = altered(state, act_of(event), event.head)
    return either(not since, "nothing was recorded since", f"recorded since: {_entries(since)}")


def the_advice_is_that_of_the_design(state: State, event: DoseDecision) -> Verdict:
    """The advice that is stored is what the design says on the present ledger."""
    now = advised(state, event.occurred_on)
    said = (event.advice_action, event.advice_level, event.outcomes)
    version = state.version
    if version is None or event.protocol_sha256 != version.sha256:
        return broken("the decision names another version of the protocol")
    if event.design != ruled_design(state.study).design:
        return broken("the decision names another design than the protocol's")
    return either(
        said == (now.action, now.level, now.outcomes),
        f"the design advises {now}",
        f"the design advises {now} on {now.outcomes or 'nobody'}",
    )


def the_decision_is_not_less_cautious(state: State, event: DoseDecision) -> Verdict:
    """The committee may be more cautious than the design, with a reason; never less."""
    now = advised(state, event.occurred_on)
    if (event.action, event.level) == (now.action, now.level):
        return holds("it is what the design advises")
    if why := _too_bold(state, event, now):
        return broken(f"{why}: an approved amendment would have to be in force first")
    return either(
        bool(event.reason.strip()),
        "it is more cautious, and says why",
        "it is not what the design advises, and gives no reason",
    )


def _too_bold(state: State, event: DoseDecision, now: Advised) -> str:
    """Say why a decision is less cautious than the advice; empty if it is not."""
    here = state.cohorts[-1].level if state.cohorts else 0
    if event.action != "stop" and event.action != "hold" and event.level is None:
        return "it names no level"
    if event.action == "start" or now.action == "start":
        return "" if event.action in ("hold", "stop") else f"the design advises {now}"
    if bolder(event.action, now.action):
        return f"{event.action} is less cautious than {now}"
    level = event.level or 0
    if now.action == "hold" and now.level is not None and level > now.level + 1:
        return f"level {level} is more than one above level {now.level}, which the design holds"
    if event.action == "escalate":
        return "" if level == here + 1 else f"level {level} is not the next above level {here}"
    if event.action == "stay":
        return "" if level == here else f"level {level} is not the present one"
    if event.action == "de_escalate":
        most = min(here - 1, now.level or here) if now.action == "de_escalate" else here - 1
        return "" if level <= most else f"level {level} is above level {most}"
    return ""


def the_level_is_not_stopped(state: State, event: DoseDecision) -> Verdict:
    """No level is opened at or above one that a stopping rule closes, until it is answered."""
    if event.action in ("hold", "stop"):
        return holds("no level is opened")
    rules = [one for one in unanswered_rules(state, event.occurred_on) if one.closes(event.level)]
    return either(not rules, "no rule has closed it", "; ".join(one.text for one in rules))


def every_fired_rule_is_named(state: State, event: TrialResumed) -> Verdict:
    """Who resumes dosing names every stopping rule that has fired, so that none is overlooked."""
    open_ = [one.key for one in unanswered_rules(state, event.occurred_on) if one.action == "pause"]
    if early := [one for one in event.stopping_rules if one not in open_]:
        return broken(f"not fired, or answered already: {', '.join(early)}")
    missing = [one for one in open_ if one not in event.stopping_rules]
    return either(not missing, "every fired rule is named", f"not named: {', '.join(missing)}")


def no_rule_ends_the_trial(state: State, event: TrialResumed) -> Verdict:
    """What a rule ends for good is not resumed; what it may have ended, once that is excluded."""
    if state.stopped is not None:
        return broken("dosing has been stopped for good")
    lowest = min(one.number for one in state.study.treatment.dose_levels)
    rules = [
        one
        for one in unanswered_rules(state, event.occurred_on)
        if one.action != "pause" and one.holds_everywhere(lowest)
    ]
    told = [
        one.text
        if one.certain
        else f"{one.text}; it lifts when that is excluded: as to the "
        "relation, by the investigator and the sponsor"
        for one in rules
    ]
    return either(not told, "no rule ends the trial", "; ".join(told))


_KINDS: dict[LockItem, str] = {
    "queries": "open queries",
    "candidates": "not adjudicated",
    "participants": "without an end",
    "reports": "reports not sent",
    "deviations": "deviations not reviewed",
    "signatures": "judgements not signed",
}
_MOST_NAMED = 5


def the_data_are_endorsed(state: State, event: DoseDecision | DataLocked) -> Verdict:
    """Investigators have endorsed the data that are decided on; at a lock those of everybody.

    In a real trial; those that an earlier version began go on without.
    """
    if not state.endorsed:
        return holds("endorsements are not asked for")
    counts = isinstance(event, DoseDecision)
    people = who_counts(state) if counts else state.participants.values()
    left = sites_to_endorse(state, people)
    told = [f"{site}: {n} {'entry' if n == 1 else 'entries'}" for site, n in left.items()]
    return either(not left, "the data are endorsed", f"not endorsed: {'; '.join(told)}")


def what_is_endorsed_is_recorded(state: State, event: DataEndorsed) -> Verdict:
    """What is endorsed is there, and something of it is new."""
    if event.upto > state.position:
        return broken(f"the ledger has {state.position} entries, not {event.upto}")
    found = to_endorse(state, event.site)
    new = any(at <= event.upto for one in found for at in one.entries)
    return either(new, "there is something new", "nothing is new since the last endorsement")


def nothing_is_left_open(state: State, event: DataLocked) -> Verdict:
    """Data are locked when nothing is open but what the protocol lets stay open, for a reason."""
    found = open_items(state)
    stays = may_stay_open(state)
    closed = [one for one in found if one.kind not in stays]
    if not event.reason.strip():
        closed = found
    if not closed:
        return holds(f"open for a reason: {_in_kinds(found)}" if found else "nothing is left open")
    most = [_in_kinds(closed)]
    if all(one.kind in stays for one in closed):
        most.append("say why that stays open")
    return broken("; ".join(most))


def _in_kinds(items: Sequence[OpenItem]) -> str:
    """Say what is open by its kinds, the first of each by name."""
    told = []
    for kind, words in _KINDS.items():
        some = [one.text for one in items if one.kind == kind]
        if some:
            more = f" and {len(some) - _MOST_NAMED} more" if len(some) > _MOST_NAMED else ""
            told.append(f"{words}: {', '.join(some[:_MOST_NAMED])}{more}")
    return "; ".join(told)


def data_are_complete(state: State) -> Verdict:
    """Return whether nothing is left open that keeps the data from being locked at all."""
    stays = may_stay_open(state)
    left = [one for one in open_items(state) if one.kind not in stays]
    return either(not left, "nothing is left open that may not be", _in_kinds(left))


def the_data_are_locked(state: State, event: DataUnlocked) -> Verdict:
    """Only locked data are unlocked."""
    return either(state.locked, "the data are locked", "the data are not locked")


def the_data_are_not_locked(state: State, event: Event) -> Verdict:
    """What is recorded after the lock is seen to be."""
    return either(not state.locked, "the data are not locked", Breach.LOCKED())
