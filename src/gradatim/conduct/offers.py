"""Which acts can be done now, as far as that does not depend on what is filled in.

A page offers no act that is sure to be refused, nor one that would say what holds already. What the
policies ask of an act that is filled in stands in `conduct.policies`; these are the same rules.
"""

from collections.abc import Callable, Mapping

from gradatim.conduct.access import Access
from gradatim.conduct.catalogue import NEXT, Act, offered_on
from gradatim.conduct.erasure import requested_erasure
from gradatim.conduct.events import participants as p
from gradatim.conduct.events import review as r
from gradatim.conduct.events import safety as s
from gradatim.conduct.events import trial as t
from gradatim.conduct.events.base import Event
from gradatim.conduct.policies.entry import place_can_be_freed
from gradatim.conduct.policies.review import data_are_complete
from gradatim.conduct.policies.verdicts import broken, either, holds
from gradatim.conduct.state import Participant, State
from gradatim.conduct.transitions import ENDED, next_steps
from gradatim.conduct.views.doses import first_dose_at
from gradatim.core.truth import TRUE
from gradatim.core.verdict import Verdict


def next_acts(status: str) -> tuple[Act, ...]:
    """Return the acts that come next for a participant of a status, as their page lists them.

    First what leads on, then what is done meanwhile, what leaves the status as it is, and at last
    what ends their way through the trial.
    """
    steps = dict(next_steps(status))
    found = [act for act in offered_on(NEXT) if act.name in steps or status in act.statuses]
    legal = list(steps)

    def place(act: Act) -> tuple[int, int]:
        if act.name not in steps:
            return 1, 0
        after = steps[act.name]
        return 3 if after in ENDED else 2 if after == status else 0, legal.index(act.name)

    return tuple(sorted(found, key=place))


def is_offered(
    access: Access, act: Act, site: str = "", participant: Participant | None = None
) -> bool:
    """Return whether a user is offered an act: who may record it there, while it can be done.

    What the committee signs is offered to whoever may propose it.
    """
    may = access.may(act.name, site) and (not act.by_committee or access.may("ProposalMade"))
    return may and can_be_done(access.state, act.event, site, participant).truth is TRUE


def can_be_done(
    state: State, event: type[Event], site: str = "", participant: Participant | None = None
) -> Verdict:
    """Return whether an act can be done now.

    Args:
        state: the trial.
        event: the type of the act's event.
        site: where it would be recorded; "" the trial as a whole.
        participant: whom it would be about, if anybody.

    Returns:
        TRUE where nothing stands against it that is known before it is filled in; else FALSE or
        UNKNOWN, with what stands against it.
    """
    asked = _CONDITIONS.get(event)
    return holds("nothing stands against it") if asked is None else asked(state, site, participant)


def _stopped(state: State, site: str, participant: Participant | None) -> Verdict:
    return either(state.stopped is None, "dosing goes on", "dosing has been stopped for good")


def _site_closed(state: State, site: str, participant: Participant | None) -> Verdict:
    return either(
        state.sites.get(site) == "open", f"site {site} is open", f"site {site} is not open"
    )


def _replaced(state: State, site: str, participant: Participant | None) -> Verdict:
    if participant is None:
        return holds("nobody is named yet")
    return place_can_be_freed(state, participant)


def _dosed(state: State, site: str, participant: Participant | None) -> Verdict:
    dosed = participant is None or first_dose_at(state, participant) is not None
    return either(dosed, "a dose was given", "no dose was given")


def _watched(state: State, site: str, participant: Participant | None) -> Verdict:
    dosed = _dosed(state, site, participant)
    if dosed.truth is not TRUE:
        return dosed
    asked = bool(state.versions) and state.governing("safety").safety.sentinel is not None
    return either(asked, "the protocol asks for a sentinel", "the protocol asks for no sentinel")


def _one_site(state: State, site: str, participant: Participant | None) -> Verdict:
    others = [name for name, status in state.sites.items() if status == "open" and name != site]
    return either(bool(others), "there is another site", "no other site is open")


def _held(state: State, site: str, participant: Participant | None) -> Verdict:
    """Whether there is something to erase that nobody has asked to be erased yet."""
    if participant is None:
        return holds("nobody is named yet")
    if requested_erasure(state, participant) is not None:
        return broken("it is asked for already")
    held = bool(participant.identity) and not participant.erased
    return either(held, "identifying data are held", "no identifying data are held")


def _asked_for(state: State, site: str, participant: Participant | None) -> Verdict:
    asked = participant is None or requested_erasure(state, participant) is not None
    return either(asked, "it is asked for", "nobody has asked for it")


def _locked(state: State, site: str, participant: Participant | None) -> Verdict:
    complete = data_are_complete(state)
    if complete.truth is not TRUE:
        return complete
    return either(not state.locked, "the data are not locked", "the data are locked")


def _unlocked(state: State, site: str, participant: Participant | None) -> Verdict:
    return either(state.locked, "the data are locked", "the data are not locked")


_CONDITIONS: Mapping[type[Event], Callable[[State, str, Participant | None], Verdict]] = {
    t.TrialStopped: _stopped,
    t.SiteClosed: _site_closed,
    p.ParticipantReplaced: _replaced,
    p.TransferProposed: _one_site,
    p.ErasureRequested: _held,
    p.PersonalDataErased: _asked_for,
    s.DosingAllowed: _dosed,
    s.EvaluabilityJudged: _dosed,
    s.SentinelObservationJudged: _watched,
    r.DataLocked: _locked,
    r.DataUnlocked: _unlocked,
}
