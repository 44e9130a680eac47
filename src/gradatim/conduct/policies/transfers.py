"""Policies of a participant's transfer to another site: two people, two sites, and no open dose.

Source: ICH E6(R3), 2.7 and 2.8 (the investigator's care of participants, and their agreement).
"""

from gradatim.conduct.events.participants import ParticipantTransferred, TransferProposed
from gradatim.conduct.messages import Breach
from gradatim.conduct.policies.entry import person
from gradatim.conduct.policies.verdicts import broken, either, holds
from gradatim.conduct.state import State
from gradatim.conduct.transfers import proposed_transfer, said_by
from gradatim.conduct.transitions import NEVER_THERE
from gradatim.conduct.views.doses import doses
from gradatim.core.message import Term
from gradatim.core.verdict import Verdict


def the_receiving_site_is_open(
    state: State, event: TransferProposed | ParticipantTransferred
) -> Verdict:
    """The site that is to take a participant over is another, and open."""
    site = event.to_site if isinstance(event, TransferProposed) else event.site
    one = person(state, event)
    if site == one.site:
        return broken(Breach.AT_THAT_SITE(participant=Term(one.id), site=Term(site)))
    told = Breach.SITE_NOT_OPEN(site=Term(site))
    return either(state.sites.get(site) == "open", f"site {site} is open", told)


def the_number_is_a_participant_s(state: State, event: TransferProposed) -> Verdict:
    """Who is transferred is a participant: no number that was given in error or twice."""
    one = person(state, event)
    told = Breach.NOT_IN_TREATMENT(participant=Term(one.id), status=Term(one.status))
    return either(one.status not in NEVER_THERE, "it is a participant's", told)


def no_transfer_waits(state: State, event: TransferProposed) -> Verdict:
    """A participant is proposed to one site at a time."""
    found = proposed_transfer(state, person(state, event))
    if found is None:
        return holds("none waits")
    at, before = found
    return broken(Breach.TRANSFER_WAITS(site=Term(before.to_site), entry=at))


def the_transfer_is_proposed(state: State, event: ParticipantTransferred) -> Verdict:
    """A participant is taken over where the former site or the sponsor has proposed it."""
    one = person(state, event)
    found = proposed_transfer(state, one)
    if found is not None and found[1].to_site == event.site and event.from_site == one.site:
        return holds(f"entry {found[0]} proposes it")
    return broken(Breach.NO_TRANSFER(participant=Term(one.id), site=Term(event.site)))


def another_person_takes_over(state: State, event: ParticipantTransferred) -> Verdict:
    """Who proposes a transfer does not accept it as well."""
    found = proposed_transfer(state, person(state, event))
    if found is None or said_by(found[1]) != said_by(event):
        return holds("two people agree")
    return broken(Breach.OWN_TRANSFER(user=Term(said_by(event))))


def no_dose_is_under_way(state: State, event: ParticipantTransferred) -> Verdict:
    """No dose is prepared at the former site that is neither given nor withheld."""
    open_ = [
        one.number
        for one in doses(state, person(state, event)).values()
        if one.prepared is not None and not (one.administrations or one.withheld)
    ]
    return broken(Breach.DOSE_UNDER_WAY(dose=open_[0])) if open_ else holds("none is open")
