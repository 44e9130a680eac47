"""Of each policy of a participant's transfer, what breaks it."""

from collections.abc import Callable
from typing import Any

from gradatim.conduct.events import participants as p
from gradatim.conduct.events.base import Event
from gradatim.conduct.policies import transfers
from gradatim.conduct.policies.verdicts import Policy
from gradatim.conduct.state import State
from tests.conduct.ready import DAY, LEAD, NAME, SITE, ready
from tests.conduct.trials import event

Case = tuple[State, Event]
THERE = "S02"


def proposing(**fields: Any) -> Event:
    said = {"to_site": THERE, "agreed_on": DAY, "reason": "has moved", **fields}
    return event(p.TransferProposed, LEAD, SITE, on=DAY, participant=NAME, **said)


def taking(by: str = f"investigator.{THERE}.1") -> Event:
    return event(p.ParticipantTransferred, by, THERE, on=DAY, participant=NAME, from_site=SITE)


def proposed(prepared: bool = False) -> State:
    led = ready()
    if prepared:
        led.prepare(7e7, 70)
    led.trial.record(proposing())
    return led.trial.state


def duplicate() -> State:
    """Somebody whose number was given in error."""
    led = ready()
    led.one.status = "entered in error"
    return led.trial.state


CASES: dict[Policy, Callable[[], Case]] = {
    transfers.the_number_is_a_participant_s: lambda: (duplicate(), proposing()),
    transfers.the_receiving_site_is_open: lambda: (
        ready().trial.state,
        proposing(to_site="S09"),
    ),
    transfers.no_transfer_waits: lambda: (proposed(), proposing()),
    transfers.the_transfer_is_proposed: lambda: (ready().trial.state, taking()),
    transfers.another_person_takes_over: lambda: (proposed(), taking(LEAD)),
    transfers.no_dose_is_under_way: lambda: (proposed(prepared=True), taking()),
}
