"""A simulated run: its clock, its people, and the one way in which it records."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from heapq import heappop, heappush
from typing import Any, Literal, TypeVar

from gradatim.conduct.events.base import Event, Sealed
from gradatim.conduct.state import Participant, State
from gradatim.conduct.trial import Recorded, RecordOutcome, Refused, Stale, Trial
from gradatim.core.errors import Defect, UnusableInput
from gradatim.evidence.facts import Facts
from gradatim.protocol.study import Study

People = Callable[[random.Random, int, date], Facts]
"""Gives a made-up person: number, and the day of the first dose planned for them."""
MORNING = 7  # UTC
SPONSOR, MONITOR, DATA_MANAGER, STATISTICIAN = "sponsor.1", "monitor.1", "data.1", "statistics.1"
CODER = "coder.1"
SECOND_SPONSOR = "sponsor.2"
"""Who confirms what the sponsor's first person gives; only a real trial has one."""
COMMITTEE = ("committee.1", "committee.2", "committee.3")
SITES = {"S01": "First university hospital", "S02": "Second university hospital"}
_Kind = TypeVar("_Kind", bound=Event)
Occasion = Literal["on a day", "before the infusion"]
"""When something may get in the way of a run: as a day begins, once a dose is authorised."""


class Stuck(Defect):
    """A simulated act that should have been possible was refused."""


@dataclass
class Run:
    """All that a simulated run needs while it goes on.

    Args:
        trial: the trial it is recorded in.
        study: the protocol it began with.
        document: that protocol's text.
        rng: where every chance comes from.
        people: gives the candidates.
        toxicity: the true probability of a dose-limiting toxicity at each level.
        today: the simulated day; `minutes` into it.
        due: what is to be done on which day: day, order, act.
        incidents: names of mishaps still to happen.
        leaked: lot and number of the bag that leaked, by whose dose it was prepared for.
        refusals: what was refused, with the reasons: some is asked for in vain on purpose.
        identify: gives the token and the sealed identity of a new participant; made up if None.
        follow: plans what comes after a first dose; the simulation's own plan if None.
        disturb: lets things happen that get in the way; what they make impossible is given up.
    """

    trial: Trial
    study: Study
    document: str
    rng: random.Random
    people: People
    toxicity: tuple[float, ...]
    today: date
    minutes: int = 0
    due: list[tuple[date, int, Callable[[], object]]] = field(default_factory=list)
    planned: int = 0
    people_seen: int = 0
    facts: dict[str, Facts] = field(default_factory=dict)
    weights: dict[str, float] = field(default_factory=dict)
    incidents: set[str] = field(default_factory=set)
    leaked: dict[str, tuple[str, str]] = field(default_factory=dict)
    refusals: list[tuple[str, Refused]] = field(default_factory=list)
    bags: int = 0
    identify: Callable[[str, Facts], tuple[str, dict[str, Sealed]]] | None = None
    follow: Callable[["Run", str], None] | None = None
    disturb: Callable[["Run", Occasion], None] | None = None

    @property
    def state(self) -> State:
        """The state now."""
        return self.trial.state

    def now(self) -> datetime:
        """Give the simulated time; each time it is asked some minutes have passed."""
        self.minutes += self.rng.randint(1, 5)
        if self.minutes > 120 and self.happens("the clock is set back"):
            self.minutes -= 90
        return self.at(self.minutes)

    def at(self, minutes: int) -> datetime:
        """Give a time of today, so many minutes into the working day."""
        start = datetime(self.today.year, self.today.month, self.today.day, MORNING, tzinfo=UTC)
        return start + timedelta(minutes=minutes)

    def later(self, days: int, act: Callable[[], object]) -> None:
        """Plan an act in so many days."""
        self.on(self.today + timedelta(days=days), act)

    def on(self, day: date, act: Callable[[], object]) -> None:
        """Plan an act on a day; one of a day gone by is done today."""
        self.planned += 1
        heappush(self.due, (max(day, self.today), self.planned, act))

    def through_today(self) -> None:
        """Do what is due today."""
        while self.due and self.due[0][0] <= self.today:
            self.attempt(heappop(self.due)[2])

    def attempt(self, act: Callable[[], object]) -> None:
        """Do something, and give it up where a disturbance has made it impossible."""
        try:
            act()
        except (Stuck, UnusableInput):
            if self.disturb is None:
                raise

    def disturbed(self, moment: Occasion) -> None:
        """Let happen whatever gets in the way now, if anything may."""
        if self.disturb is not None:
            self.disturb(self, moment)

    def ask(
        self,
        kind: type[Event],
        by: str,
        site: str = "",
        *,
        on: date | None = None,
        at: datetime | None = None,
        **fields: Any,
    ) -> RecordOutcome:
        """Record an act, or have it refused; what was overtaken is looked at again and repeated."""
        recorded_at = at or self.now()
        event = kind(
            occurred_on=on or self.today,
            recorded_at=recorded_at,
            recorded_by=by,
            site=site,
            **fields,
        )
        while True:
            outcome = self.trial.record(event)
            if isinstance(outcome, Refused):
                self.refusals.append((kind.__name__, outcome))
            if not isinstance(outcome, Stale):
                return outcome

    def do(self, kind: type[Event], by: str, site: str = "", **given: Any) -> int:
        """Record an act that must be possible; give its position.

        Raises:
            Stuck: it was refused.
        """
        outcome = self.ask(kind, by, site, **given)
        if not isinstance(outcome, Recorded):
            raise Stuck(f"{kind.__name__} on {self.today}: {outcome}")
        return outcome.position

    def participant(self, name: str) -> Participant:
        """Give a participant."""
        return self.state.participants[name]

    def happens(self, incident: str) -> bool:
        """Whether a mishap that was planned happens now, for the first and only time."""
        if incident in self.incidents:
            self.incidents.discard(incident)
            return True
        return False


def staff(site: str, role: str, number: int = 1) -> str:
    """Name a member of a site's staff."""
    return f"{role}.{site}.{number}"
