"""A real trial in memory, in which two people give tasks: for tests of who may give what."""

from datetime import date
from typing import Any

from gradatim.conduct.event_store import Store
from gradatim.conduct.events import trial as t
from gradatim.conduct.events.base import SYSTEM, Signature
from gradatim.conduct.signatures import MEANINGS
from gradatim.conduct.trial import Recorded, RecordOutcome, Trial
from tests.conduct.memory import ListStore
from tests.conduct.trials import START, event, recorded

SPONSOR, SECOND = "sponsor.1", "sponsor.2"
SITE, LEAD = "S01", "investigator.S01.1"


def two_sponsors(store: Store | None = None, mode: str = "real") -> Trial:
    """Begin a trial as the command line begins a real one, with two sponsors."""
    trial = Trial(store or ListStore(), "t")
    recorded(trial.record(event(t.TrialCreated, SPONSOR, mode=mode)))
    recorded(trial.record(event(t.RoleGranted, SPONSOR, user=SPONSOR, role="sponsor")))
    given = event(t.RoleGranted, SYSTEM, user=SECOND, role="sponsor")
    trial.record_own(lambda head: given)
    return trial


def with_site() -> Trial:
    """A real trial with two sponsors, and an investigator whom the second has confirmed."""
    trial = two_sponsors()
    confirmed(trial, LEAD, "investigator", SITE)
    return trial


def give(trial: Trial, by: str, user: str, role: str, site: str = "", **more: Any) -> RecordOutcome:
    """Have somebody give a task."""
    return trial.record(event(t.RoleGranted, by, site, user=user, role=role, **more))


def confirm(trial: Trial, by: str, of: int, *, on: date = START, hour: float = 12) -> RecordOutcome:
    """Have somebody confirm a delegation, and sign."""
    given = trial.state.events[of]
    signed = Signature(by, MEANINGS[t.DelegationConfirmed])
    made = event(t.DelegationConfirmed, by, given.site, on=on, hour=hour, of=of, signature=signed)
    return trial.record(made)


def confirmed(trial: Trial, user: str, role: str, site: str = "") -> int:
    """Have the first sponsor give a task, and the second confirm it; return the first entry."""
    given = recorded(give(trial, SPONSOR, user, role, site)).position
    if given in trial.state.unconfirmed:
        assert isinstance(confirm(trial, SECOND, given), Recorded)
    return given


def revoke(trial: Trial, by: str, user: str, role: str, site: str = "") -> RecordOutcome:
    """Have somebody take a task back."""
    fields: dict[str, Any] = {"user": user, "role": role, "reason": "it is over"}
    return trial.record(event(t.RoleRevoked, by, site, **fields))
