"""Policies of an erasure: two people of two houses, and not before the records may go.

The site has control of what names its participants, and the sponsor says when records are no longer
needed: so an investigator asks, and the sponsor confirms. Before the longest time that the protocol
names is over nobody erases, at a participant's demand neither: the law that gives the right takes
it back where records must be kept by law, for public health, or for research.

Source: ICH E6(R3), 2.12 and appendix C; GDPR, article 17(3)(b) to (d).
"""

from gradatim.conduct.erasure import requested_erasure
from gradatim.conduct.events.participants import ErasureRequested, PersonalDataErased
from gradatim.conduct.identification import list_with
from gradatim.conduct.policies.entry import person
from gradatim.conduct.policies.verdicts import broken, either, every, holds, unknown
from gradatim.conduct.state import State
from gradatim.conduct.views.retention import Kept, kept
from gradatim.core.verdict import Verdict


def nothing_is_erased_twice(state: State, event: ErasureRequested | PersonalDataErased) -> Verdict:
    """What was erased is not erased again."""
    one = person(state, event)
    return either(not one.erased, "nothing was erased", f"the data of {one.id} were erased")


def the_erasure_was_asked_for(state: State, event: PersonalDataErased) -> Verdict:
    """An investigator of the participant's site has asked for the erasure.

    In trials of made-up people one person may do it alone, as in earlier versions.
    """
    if _alone(state, event):
        return holds(f"this is a {state.mode or 'nameless'} trial")
    found = requested_erasure(state, person(state, event))
    return either(
        found is not None and found[0] == event.of,
        f"entry {event.of} asks for it",
        "no investigator of the participant's site has asked for it"
        if found is None
        else f"entry {found[0]} asks for it, which this does not name",
    )


def another_person_confirms(state: State, event: PersonalDataErased) -> Verdict:
    """Who confirms an erasure has not asked for it."""
    found = requested_erasure(state, person(state, event))
    return either(
        found is None or found[1].recorded_by != event.recorded_by,
        "it is another person",
        f"{event.recorded_by} has asked for it: another person confirms it",
    )


def the_site_has_the_list(state: State, event: ErasureRequested | PersonalDataErased) -> Verdict:
    """The site took its list of who is who since the participant is in it as they are.

    So that what the site has to keep does not hang on a key that is about to be destroyed.
    """
    one = person(state, event)
    if not one.identity or (isinstance(event, PersonalDataErased) and _alone(state, event)):
        return holds("there is nothing to be listed")
    found = list_with(state, one)
    return either(
        found is not None,
        f"entry {found} says so",
        f"site {one.site} has taken no identification list in which {one.id} is as they are now: "
        "its investigator or coordinator takes it first, from the page of the participants",
    )


def retention_has_ended(state: State, event: ErasureRequested | PersonalDataErased) -> Verdict:
    """Identifying data are erased only once nobody is bound to keep them.

    A real trial whose protocol names no time keeps them until an amendment names one.
    """
    if isinstance(event, PersonalDataErased) and _alone(state, event):
        ended = event.retention_ended_on
        return either(
            ended is not None and ended <= event.occurred_on,
            "they need not be kept",
            f"they must be kept until {ended}" if ended else "until when they must be kept is open",
        )
    terms = kept(state, person(state, event))
    if not terms:
        nothing = "the protocol names no time for which records are kept"
        return holds(nothing) if state.mode != "real" else unknown(f"{nothing}: amend it first")
    return every(*(_over(one, event) for one in terms))


def _over(one: Kept, event: ErasureRequested | PersonalDataErased) -> Verdict:
    after = one.term.after.replace("_", " ")
    told = f"{one.term.years} years after the {after}"
    if one.until is None:
        return unknown(f"they must be kept until {told}, and {one.lacks}")
    return (
        holds(f"{told} are over")
        if one.until < event.occurred_on
        else broken(f"they must be kept until {one.until}, {told}")
    )


def _alone(state: State, event: PersonalDataErased) -> bool:
    return event.of is None and state.mode != "real"
