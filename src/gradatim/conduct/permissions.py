"""Who may record what: the delegation log against a table of tasks.

Apart from the policies: a policy asks whether something may be done now, a permission whether this
user may. What follows by itself is recorded by `gradatim`.
"""

from collections.abc import Mapping

from gradatim.conduct.catalogue import ACTS
from gradatim.conduct.corrections import CORRECTABLE, is_signed
from gradatim.conduct.events.base import SYSTEM, Event
from gradatim.conduct.events.participants import EntryCorrected, RecordNotUnderstood
from gradatim.conduct.events.safety import AdverseEventUpdated
from gradatim.conduct.roles import SITE_STAFF
from gradatim.conduct.signatures import JUDGEMENT, MEANINGS, meaning_of_correction
from gradatim.conduct.state import State
from gradatim.conduct.views.judgements import INVESTIGATOR, JUDGEMENTS
from gradatim.conduct.views.safety import update_takes_signature, why_signed
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

_OF_A_SITE = ("SiteOpened", "SiteClosed")
OF_THE_WHOLE_TRIAL = frozenset(
    name
    for name, roles in MAY.items()
    if name not in _OF_A_SITE and not set(roles).intersection(SITE_STAFF)
)
"""Acts that belong to no site: those of the sponsor, the committee and the office alone."""


def roles_of(state: State, user: str, site: str) -> frozenset[str]:
    """Give a user's roles at a site, those of the whole trial included."""
    return frozenset(state.roles.get((user, site), set()) | state.roles.get((user, ""), set()))


def permitted(state: State, event: Event) -> Verdict:
    """Say whether the user who records an event may do so where it is recorded.

    The first act creates the trial and the first role is granted by whom created it; after that
    the delegation log decides.
    """
    if event.recorded_by == SYSTEM:
        return Verdict(FALSE, f"{SYSTEM} is the system itself, which nobody signs for")
    name = type(event).__name__
    if name == "TrialCreated" or (name == "RoleGranted" and not state.roles):
        return Verdict(TRUE, "the trial begins")
    if isinstance(event, EntryCorrected) and event.of in state.events:
        return _may_correct(state, event)
    return _holds(state, event, MAY[name])


def _holds(state: State, event: Event, may: tuple[str, ...]) -> Verdict:
    """Say whether who records an event has one of these tasks where it is recorded."""
    roles = roles_of(state, event.recorded_by, event.site)
    if roles.intersection(may):
        return Verdict(TRUE, f"{event.recorded_by} is {', '.join(sorted(roles))}")
    where = f" at site {event.site}" if event.site else ""
    held = f"is {', '.join(sorted(roles))}" if roles else "has no task"
    return Verdict(FALSE, f"{event.recorded_by} {held}{where}; this takes {' or '.join(may)}")


def who_may_correct(state: State, position: int) -> tuple[str, ...]:
    """Return the roles that may correct an entry: of signed content those that may sign it.

    Where the entry was recorded; empty where it cannot be corrected at all.
    """
    kind = type(state.events[position])
    if kind not in CORRECTABLE:
        return ()
    return SIGNED_BY[kind.__name__] if is_signed(state, position) else MAY[kind.__name__]


def _may_correct(state: State, event: EntryCorrected) -> Verdict:
    """Say whether a user may correct an entry: who may record it may, signed if it is signed."""
    name = type(state.events[event.of]).__name__
    found = _holds(state, event, MAY[name])
    why = why_signed(state, event)
    if found.truth is not TRUE or not why:
        return found
    signers = SIGNED_BY.get(name, MAY[name])
    may = _holds(state, event, signers)
    if event.signature is not None and may.truth is TRUE:
        return may
    who = " or ".join(one.replace("_", " ") for one in signers)
    return Verdict(FALSE, f"{why}: a change takes the signature of {who}, who records it")


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
        roles = roles_of(state, event.recorded_by, event.site)
        judges = INVESTIGATOR in roles and update_takes_signature(state, event)
        return JUDGEMENT if judges else None
    return MEANINGS.get(type(event))
