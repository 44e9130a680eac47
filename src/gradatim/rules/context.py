"""The situation a rule is asked in: one person's facts, the anchor dates, and the day it is asked.

Every comparison of a date with an anchor goes through `Situation.reaches`. When asked to, it notes
the next first-dose day on which that comparison turns out otherwise; `horizon` walks from one such
day to the next, so that it can never disagree with `evaluate` about which days matter.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import NamedTuple

from gradatim.core.dates import Day, Duration, step
from gradatim.core.message import Label
from gradatim.core.truth import FALSE, TRUE, UNKNOWN, Truth
from gradatim.evidence.facts import Fact, Facts
from gradatim.protocol.base import Window
from gradatim.protocol.study import Study

FIRST_DOSE = "first_dose"


class Edge(NamedTuple):
    """A day counted from an anchor: `day` is `anchor` + `length`."""

    day: date
    anchor: date
    length: Duration
    moves: bool


Edges = dict[tuple[str, Duration], Edge]


@dataclass(frozen=True)
class Situation:
    """All that a rule's truth depends on.

    Args:
        study: the protocol.
        facts: the person's facts.
        anchors: every anchor of the protocol with its date.
        on: the day the question is asked; visits after it are not yet due.
        flips: where to note the first-dose days on which a comparison changes; None: nowhere.
        derived: facts derived so far by element and day, shared by all situations of one person.
        complete_days: for each derived element, the days that have every input; shared too.
        edges: edges counted so far for these anchors.
        days: for each first-dose day asked about, the anchors and edges; shared too.
    """

    study: Study
    facts: Facts
    anchors: Mapping[str, date]
    on: date
    flips: set[date] | None = None
    derived: dict[tuple[str, Day], tuple[Fact, ...]] = field(default_factory=dict)
    complete_days: dict[str, list[tuple[Day, Mapping[str, list[Fact]]]]] = field(
        default_factory=dict
    )
    edges: Edges = field(default_factory=dict)
    days: dict[date, tuple[dict[str, date], Edges]] = field(default_factory=dict)

    def label(self, element: str) -> Label:
        """Return what an element is called, for messages."""
        return Label(self.study.elements[element].label, element)

    def moved(self, first_dose: date, flips: set[date] | None = None) -> "Situation":
        """The same person with the first dose on another day, and what moves with it."""
        if first_dose not in self.days:
            distance = first_dose - self.anchors[FIRST_DOSE]
            anchors = {
                name: day + distance if self._moves(name) else day
                for name, day in self.anchors.items()
            }
            self.days[first_dose] = anchors, {}
        anchors, edges = self.days[first_dose]
        return Situation(
            self.study,
            self.facts,
            anchors,
            self.on,
            flips,
            self.derived,
            self.complete_days,
            edges,
            self.days,
        )

    def edge(self, anchor: str, length: Duration = Duration()) -> Edge:  # noqa: B008 (immutable)
        """Give the day at a distance from an anchor."""
        found = self.edges.get((anchor, length))
        if found is None:
            day = self.anchors[anchor]
            found = Edge(step(day, length), day, length, self._moves(anchor))
            self.edges[anchor, length] = found
        return found

    def reaches(self, edge: Edge, target: date) -> bool:
        """Whether the edge lies on or after `target`."""
        if edge.day >= target:
            return True
        if self.flips is not None and edge.moves and target < date.max:
            distance = _first_reaching(edge, target) - edge.anchor
            if (date.max - self.anchors[FIRST_DOSE]) > distance:
                self.flips.add(self.anchors[FIRST_DOSE] + distance)
        return False

    def not_before(self, day: Day, edge: Edge, strictly: bool = False) -> Truth:
        """Whether `day` is on or after the edge (strictly: after it)."""
        if not self.reaches(edge, _plus(day.first, not strictly)):
            return TRUE
        return FALSE if day.exact or self.reaches(edge, _plus(day.last, not strictly)) else UNKNOWN

    def not_after(self, day: Day, edge: Edge, strictly: bool = False) -> Truth:
        """Whether `day` is on or before the edge (strictly: before it)."""
        if self.reaches(edge, _plus(day.last, strictly)):
            return TRUE
        return FALSE if day.exact or not self.reaches(edge, _plus(day.first, strictly)) else UNKNOWN

    def in_window(self, window: Window | None, start: Day, end: Day) -> Truth:
        """Whether the days from `start` to `end` and the window have a day in common."""
        if window is None:
            return TRUE
        truth = TRUE
        if window.from_ is not None:
            edge = self.edge(window.anchor, window.from_)
            truth = self.not_before(end, edge, window.bounds[0] == "(")
        if window.to is not None and truth:
            edge = self.edge(window.anchor, window.to)
            truth = min(truth, self.not_after(start, edge, window.bounds[1] == ")"))
        return truth

    def opens(self, windows: Iterable[Window]) -> date:
        """Give the day before which nothing lies in all the windows, nor ever will.

        Edges never move back: what has dropped out of a window need not be looked at again.
        """
        starts = [self.edge(w.anchor, w.from_).day for w in windows if w.from_ is not None]
        return max(starts, default=date.min)

    def watch_daily(self, anchor: str, until: date) -> None:
        """Have `horizon` look at every day until a moving anchor has passed `until`.

        For truths that depend on how many days lie in a window, not only on which.
        """
        edge = self.edge(anchor)
        if self.flips is not None and edge.moves and edge.day <= until:
            self.flips.add(self.anchors[FIRST_DOSE] + timedelta(days=1))

    def watch_months(self, anchor: str) -> None:
        """Have `horizon` look, for good, at every day on which a window of months changes length.

        The days from a date of one month to the same date of another are as many for all dates but
        the last few, which are clamped.
        """
        edge = self.edge(anchor)
        if self.flips is not None and edge.moves:
            day = edge.anchor + timedelta(days=1)
            while 1 < day.day < 29:  # February has 28 days
                day += timedelta(days=1)
            self.flips.add(self.anchors[FIRST_DOSE] + (day - edge.anchor))

    def due(self, anchor: str) -> bool:
        """Whether a visit of that anchor has come."""
        return not self.reaches(self.edge(anchor), _plus(self.on, True))

    def _moves(self, anchor: str) -> bool:
        return anchor == FIRST_DOSE or self.study.schedule.anchors[anchor].moves_with_first_dose


def _plus(day: date, one: bool) -> date:
    return day + timedelta(days=1) if one and day < date.max else day


def _first_reaching(edge: Edge, target: date) -> date:
    """Give the first anchor day whose edge is on or after `target` (edges never move back)."""
    day = step(target, -edge.length)
    if step(day, edge.length) < target and day == date.max:
        return day  # beyond the calendar
    while step(day, edge.length) < target:
        day += timedelta(days=1)
    while day > date.min and step(day - timedelta(days=1), edge.length) >= target:
        day -= timedelta(days=1)
    return day
