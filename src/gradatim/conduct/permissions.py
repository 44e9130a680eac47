"""Who may record what: the delegation log against a table of tasks.

Apart from the policies: a policy asks whether something may be done now, a permission whether this
user may. What follows by itself is recorded by `gradatim`.
"""

from collections.abc import Mapping
from datetime import date, datetime

from gradatim.conduct.catalogue import ACTS
from gradatim.conduct.corrections import CORRECTABLE, is_signed, own_answers
from gradatim.conduct.days import day_at
from gradatim.conduct.delegations import held_at, settled_roles
from gradatim.conduct.events import BY_NAME
from gradatim.conduct.events.base import SYSTEM, Event, Paper
from gradatim.conduct.events.participants import (
    CriterionAttested,
    EntryCorrected,
    EntryVoided,
    FactRecorded,
    RecordNotUnderstood,
    VoidConfirmed,
)
from gradatim.conduct.events.safety import AdverseEventUpdated
from gradatim.conduct.events.trial import DelegationConfirmed, RoleGranted, RoleRevoked
from gradatim.conduct.paper import may_be_on_paper, who_signs_on_paper
from gradatim.conduct.roles import SITE_STAFF
from gradatim.conduct.signatures import JUDGEMENT, MEANINGS, meaning_of_correction
from gradatim.conduct.state import State
from gradatim.conduct.views.judgements import INVESTIGATOR, JUDGEMENTS
from gradatim.conduct.views.signed_changes import update_takes_signature, why_signed
from gradatim.conduct.voids import SUPERSEDED
from gradatim.core.truth import FALSE, TRUE
from gradatim.core.verdict import Verdict

MAY: Mapping[str, tuple[str, ...]] = {act.name: act.roles for act in ACTS.values()}
"""The roles that may record each type of event. Who may correct depends on what is corrected: those
who may correct anything at all stand here, `permitted` asks the entry."""

SIGNED_BY: Mapping[str, tuple[str, ...]] = {
    **{kind.__name__: MAY[kind.__name__] for kind in CORRECTABLE},
    **{kind.__name__: ("investigator",) for kind in (*JUDGEMENTS, RecordNotUnderstood)},
}
"""The roles whose signature a correction takes, by type of the entry corrected.

An adverse event may be recorded by others; it is judged by an investigator. So is what a record
means that a source did not tell. Source: ICH E6(R3), 2.7.1; ICH E2A, III.A.1.
"""

OF_DELEGATION = frozenset({"RoleGranted", "DelegationConfirmed", "RoleRevoked"})
"""Acts by which somebody gives tasks out, takes them back and confirms them."""
_OF_A_SITE = ("SiteOpened", "SiteClosed")
OF_THE_WHOLE_TRIAL = frozenset(
    name
    for name, roles in MAY.items()
    if name not in _OF_A_SITE and not set(roles).intersection(SITE_STAFF)
)
"""Acts that belong to no site: those of the sponsor, the committee and the office alone."""


def roles_of(state: State, user: str, site: str, at: datetime | None = None) -> frozenset[str]:
    """Return a user's roles at a site, those of the whole trial included.

    Args:
        state: the trial.
        user: who.
        site: where.
        at: the moment, by which urgent delegations may have lapsed; None when the last entry was
            recorded.
    """
    return held_at(state, user, site, at) | held_at(state, user, "", at)


def roles_on(state: State, user: str, site: str, day: date) -> frozenset[str]:
    """Return the roles that a user held at a site on a day, those of the whole trial included."""
    held: dict[tuple[str, str], bool] = {}
    for one in state.delegations:
        begun = one.on <= day if one.held else one.on < day
        if one.user == user and one.site in (site, "") and begun:
            held[one.site, one.role] = one.held
    return frozenset(role for (_, role), still in held.items() if still)


def permitted(state: State, event: Event) -> Verdict:
    """Say whether the user who records an event may do so where it is recorded.

    The first act creates the trial and the first role is granted by whom created it; after that
    the delegation log decides.
    """
    if event.recorded_by == SYSTEM:
        return Verdict(FALSE, f"{SYSTEM} is the system itself, which nobody signs for")
    name = type(event).__name__
    if not MAY[name]:
        return Verdict(FALSE, "the system does this by itself, and nobody records it")
    if event.paper is not None:
        return _may_transcribe(state, event, event.paper)
    if name == "TrialCreated" or (name == "RoleGranted" and not state.roles):
        return Verdict(TRUE, "the trial begins")
    if isinstance(event, EntryCorrected) and event.of in state.events:
        return _may_correct(state, event)
    if isinstance(event, EntryVoided) and event.of in state.events:
        return _may_void(state, event)
    if isinstance(event, VoidConfirmed) and event.signature is None:
        return Verdict(FALSE, "that an entry was made in error is signed")
    if isinstance(event, RoleGranted | RoleRevoked | DelegationConfirmed):
        return _may_delegate(state, event)
    if is_judgement(state, event):
        return _judges(event.recorded_by, _roles_then(state, event))
    return _holds(state, event, MAY[name])


def is_judgement(state: State, event: Event) -> bool:
    """Whether a fact is an answer that the protocol leaves to an investigator.

    What a source holds (`record`) is no answer of whoever read it in; it counts where an
    investigator did.
    """
    if not isinstance(event, FactRecorded) or event.record or not state.versions:
        return False
    element = state.study.elements.get(event.fact.element)
    return element is not None and element.judged_by == INVESTIGATOR


def _judges(who: str, roles: frozenset[str]) -> Verdict:
    """Say whether who answers, or signed on paper, is an investigator."""
    if INVESTIGATOR in roles:
        return Verdict(TRUE, f"{who} is an investigator")
    return Verdict(FALSE, f"{who} is no investigator: this answer is an investigator's")


def _may_transcribe(state: State, event: Event, paper: Paper) -> Verdict:
    """Say whether an act on paper may be entered: by staff of the site, of who held its task.

    They held it on the day on which they signed, whatever became of it since.
    """
    kind = BY_NAME[type(event).__name__]
    if not may_be_on_paper(kind):
        why = "only what a site records unsigned, and the steps of a dose, are entered from paper"
        return Verdict(FALSE, f"{why}: it is recorded here by whoever does it")
    found = _holds(state, event, SITE_STAFF)
    if found.truth is not TRUE:
        return found
    day = day_at(state, event.site, paper.signed_at)
    roles = frozenset[str]().union(
        *(roles_on(state, paper.signed_by, site, day) for site in _sites_on(state, event, day))
    )
    if is_judgement(state, event):
        return _judges(paper.signed_by, roles)
    may = who_signs_on_paper(kind)
    if roles.intersection(may):
        return Verdict(TRUE, f"{paper.signed_by} was {', '.join(sorted(roles))} on {day}")
    where = f" at site {event.site}" if event.site else ""
    who = f"{paper.signed_by}, who signed on paper{where}"
    return Verdict(FALSE, f"{who}, was not {' or '.join(may)} on {day}")


def _sites_on(state: State, event: Event, day: date) -> set[str]:
    """Return the sites that can have had the participant of an event on a day, and its own."""
    one = state.participants.get(getattr(event, "participant", None) or "")
    moves = one.moves if one is not None else []
    left = {at.from_site for at in moves if state.events[at.position].occurred_on >= day}
    return {event.site, *left}


def _may_delegate(state: State, event: Event) -> Verdict:
    """Say whether a user may give a task, confirm it or take it back."""
    who = event.recorded_by
    found = _holds(state, event, MAY[type(event).__name__])
    if found.truth is not TRUE:
        return found
    if not delegates(state, who, event.site):
        return Verdict(FALSE, f"the task of {who} waits for a second person: they give no other")
    if isinstance(event, DelegationConfirmed) and event.signature is None:
        return Verdict(FALSE, "that a delegation is right is signed")
    return found


def delegates(state: State, user: str, site: str) -> bool:
    """Whether a user gives tasks out at a site: by a task of their own that waits for nobody."""
    return not settled_roles(state, user, site).isdisjoint(MAY["RoleGranted"])


def _roles_then(state: State, event: Event) -> frozenset[str]:
    """Return the roles of who records an event, where and when it is recorded."""
    return roles_of(state, event.recorded_by, event.site, event.recorded_at)


def _holds(state: State, event: Event, may: tuple[str, ...]) -> Verdict:
    """Say whether who records an event has one of these tasks where it is recorded."""
    roles = _roles_then(state, event)
    if roles.intersection(may):
        return Verdict(TRUE, f"{event.recorded_by} is {', '.join(sorted(roles))}")
    where = f" at site {event.site}" if event.site else ""
    held = f"is {', '.join(sorted(roles))}" if roles else "has no task"
    return Verdict(FALSE, f"{event.recorded_by} {held}{where}; this takes {' or '.join(may)}")


def _owners(state: State, position: int) -> tuple[str, ...]:
    """Return the roles whose entry it is: who recorded it for the sponsor, or those of the site.

    What a site recorded the sponsor does not change. Source: ICH E6(R3), 3.16.1(x)(v).
    """
    entry = state.events[position]
    may = MAY[type(entry).__name__]
    of_sponsor = tuple(role for role in may if role not in SITE_STAFF)
    of_site = tuple(role for role in may if role in SITE_STAFF)
    if not of_sponsor or not of_site:
        return may
    held = state.roles_at(entry.recorded_by, entry.site, position)
    return of_site if held.intersection(of_site) or not held else of_sponsor


def who_may_correct(state: State, position: int) -> tuple[str, ...]:
    """Return the roles that may correct an entry: of signed content those that may sign it.

    Where the entry was recorded; empty where it cannot be corrected at all.
    """
    kind = type(state.events[position])
    if kind not in CORRECTABLE or not state.counts(position):
        return ()
    return SIGNED_BY[kind.__name__] if is_signed(state, position) else _owners(state, position)


def who_may_void(state: State, position: int) -> tuple[str, ...]:
    """Return the roles that may mark an entry as made in error; empty where nobody may."""
    entry = state.events[position]
    if type(entry) in SUPERSEDED:
        return ()
    if isinstance(entry, EntryVoided):
        return (*who_may_void(state, entry.of), *MAY["VoidConfirmed"])
    return _owners(state, position)


def _may_correct(state: State, event: EntryCorrected) -> Verdict:
    """Say whether a user may correct an entry: who may record it may, signed if it is signed."""
    name = type(state.events[event.of]).__name__
    found = _holds(state, event, _owners(state, event.of))
    if found.truth is TRUE and not event.asked_for and (own := own_answers(state, event.of)):
        asked = "they are corrected at the participant's request, and the correction says so"
        return Verdict(FALSE, f"{', '.join(own)} are the participant's own answers: {asked}")
    why = why_signed(state, event)
    if found.truth is not TRUE or not why:
        return found
    signers = SIGNED_BY.get(name, MAY[name])
    may = _holds(state, event, signers)
    if event.signature is not None and may.truth is TRUE:
        return may
    who = " or ".join(one.replace("_", " ") for one in signers)
    return Verdict(FALSE, f"{why}: a change takes the signature of {who}, who records it")


def _may_void(state: State, event: EntryVoided) -> Verdict:
    """Say whether a user may mark an entry as made in error: whoever may record it, and signs."""
    found = _holds(state, event, who_may_void(state, event.of))
    if found.truth is TRUE and event.signature is None:
        return Verdict(FALSE, "that an entry was made in error is signed")
    return found


def signature_meaning(state: State, event: Event) -> str | None:
    """Return what the signature means that an event takes in this state; None where it takes none.

    Beside the acts that are always signed these are corrections of signed content, and whatever
    makes an adverse event less than was judged. Who is no investigator is not asked to sign that:
    what they record is kept, and counts once an investigator has signed it.
    """
    if isinstance(event, EntryCorrected):
        kind = type(state.events[event.of])
        return meaning_of_correction(kind) if why_signed(state, event) else None
    if isinstance(event, AdverseEventUpdated):
        roles = _roles_then(state, event)
        judges = INVESTIGATOR in roles and update_takes_signature(state, event)
        return JUDGEMENT if judges else None
    if is_judgement(state, event):
        return MEANINGS[CriterionAttested]
    return MEANINGS.get(type(event))
