"""From observed cohorts to a design's state: the same steps as in exact enumeration."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from gradatim.core.errors import UnusableInput
from gradatim.dosefinding.designs.base import Design
from gradatim.dosefinding.outcomes import Cohort
from gradatim.dosefinding.trial_states import Decisions, Ints, StopReason, TrialStates


class Replay(NamedTuple):
    """A trial so far.

    Args:
        trials: its state after the last cohort and before the decision on it, one trial.
        decisions: what the design decides there; None before the first participant.
        missing: participants of the last cohort still to be treated.
        notes: where the trial was led otherwise than the design advised.
    """

    trials: TrialStates
    decisions: Decisions | None
    missing: int
    notes: tuple[str, ...]


def replay(design: Design, cohorts: Sequence[Cohort], complete: bool = False) -> Replay:
    """Lead a trial through its cohorts; what is pending counts as no DLT.

    Participants beyond the design's maximum are counted as they were treated, and noted.

    Args:
        design: the design.
        cohorts: what was observed, neighbours of one level joined.
        complete: whether the last cohort is complete although it is smaller than planned.

    Raises:
        UnusableInput: the design has no advice for such counts.
    """
    walk, notes = _Walk(design, [cohorts]), list[str]()
    for part in walk:
        note = _deviation(design, part)
        notes += [note] if note else []
        if part.last and part.missing and not complete:
            return Replay(walk.trials, None, part.missing, tuple(notes))
        if not walk.decide(part):
            notes.append(
                f"{part.cohort} was left before its cohort was complete, at counts on which the "
                "design has no advice"
            )
    return Replay(walk.trials, walk.decisions, 0, tuple(notes))


def replay_each(design: Design, ways: Sequence[Sequence[Cohort]]) -> tuple[TrialStates, Decisions]:
    """Lead several trials at once, whose cohorts have the same levels and sizes in turn.

    Args:
        design: the design.
        ways: for each trial its cohorts, at least one; the last one is taken as complete.

    Returns:
        the trials after the last cohort, and what the design decides for each.

    Raises:
        UnusableInput: the design has no advice for some of the counts.
    """
    walk = _Walk(design, ways)
    for part in walk:
        walk.decide(part)
    assert walk.decisions is not None
    return walk.trials, walk.decisions


def states_before_decision(design: Design, ways: Sequence[Sequence[Cohort]]) -> TrialStates:
    """Return several trials as they stand, without a decision on the last cohort.

    Args:
        design: the design.
        ways: as for `replay_each`.

    Raises:
        UnusableInput: the design has no advice for some of the counts before the last cohort.
    """
    walk = _Walk(design, ways)
    for part in walk:
        if not part.last:
            walk.decide(part)
    return walk.trials


class _Part(NamedTuple):
    """So many participants on whom the design decides at once, of the first of the trials led.

    Args:
        before: the trial as it goes on at their level.
        decisions: what the design had decided before them; None at the start.
        cohort: their outcomes.
        missing: how many more the design planned.
        last: whether nobody was treated after them, in any of the trials.
    """

    before: TrialStates
    decisions: Decisions | None
    cohort: Cohort
    missing: int
    last: bool


class _Walk:
    """Trials led through their cohorts, cohort by cohort as the design plans them.

    Iterating gives each part once it has been treated; `decide` then asks the design. Every part
    has a participant at least, so that a walk has no more parts than participants.

    Args:
        design: the design.
        ways: for each trial its cohorts; those of all trials have the same levels and sizes.
    """

    def __init__(self, design: Design, ways: Sequence[Sequence[Cohort]]) -> None:
        self.design, self.ways = design, ways
        begun = design.begin(len(ways))
        # A history can be longer than the plan, for which the design's own counters are made.
        self.trials = TrialStates(*(part.astype(np.int64) for part in begun.arrays()))
        self.decisions: Decisions | None = None
        self._led = np.arange(len(ways))

    def __iter__(self) -> Iterator[_Part]:
        """Treat part after part."""
        for i, cohort in enumerate(self.ways[0]):
            toxic = np.array(
                [[outcome.counts_as_dlt for outcome in way[i].outcomes] for way in self.ways]
            )
            dlts = np.pad(np.cumsum(toxic, axis=1), ((0, 0), (1, 0)))
            size, done = cohort.size, np.zeros(len(self.ways), dtype=np.int64)
            while len(led := np.flatnonzero(done < size)):
                before = self._at(led, cohort.level)
                planned = np.asarray(self.design.size(before), dtype=np.int64)
                left = size - done[led]
                given = np.where(planned > 0, np.minimum(planned, left), left)
                seen = dlts[led, done[led] + given] - dlts[led, done[led]]
                part = Cohort(cohort.level, cohort.outcomes[done[0] : done[0] + int(given[0])])
                done[led] += given
                self.trials, self._led = _put(self.trials, led, before.after(given, seen)), led
                last = cohort is self.ways[0][-1] and bool((done == size).all())
                yield _Part(before, self.decisions, part, max(int(planned[0] - given[0]), 0), last)

    def _at(self, led: Ints, level: int) -> TrialStates:
        """Return the trials as they go on at a level, whatever was advised."""
        some = self.trials.take(led)
        barred = some.barred if self.decisions is None else self.decisions.barred[led]
        return replace(some, dose=np.full(len(led), level - 1), barred=barred)

    def decide(self, part: _Part) -> bool:
        """Ask the design about the trials in which the last part was treated.

        Returns:
            Whether it has advice. Of a cohort that was left before it was complete it may have
            none: then what it decided before stands.

        Raises:
            UnusableInput: it has no advice on the last cohort, or on a complete one.
        """
        try:
            asked = self.design.decide(self.trials.take(self._led))
        except UnusableInput:
            if part.last or not part.missing:
                raise
            return False
        if self.decisions is None:
            self.decisions = asked
        else:
            whole = [values.copy() for values in self.decisions]
            for values, new in zip(whole, asked, strict=True):
                values[self._led] = new
            self.decisions = Decisions(*whole)
        return True


def _put(trials: TrialStates, places: Ints, some: TrialStates) -> TrialStates:
    """Return the trials with some of them replaced."""
    whole = [part.copy() for part in trials.arrays()]
    for part, new in zip(whole, some.arrays(), strict=True):
        part[places] = new
    return TrialStates(*whole)


def _deviation(design: Design, part: _Part) -> str:
    """Say where a cohort was not given what the design advised."""
    decisions, cohort = part.decisions, part.cohort
    if decisions is not None:
        full = part.before.total()[0] >= design.maximum
        why = (
            StopReason.MAXIMUM
            if decisions.stop_reason[0] == StopReason.GOING_ON and full
            else StopReason(decisions.stop_reason[0])
        )
        if why is not StopReason.GOING_ON:
            return f"{cohort} was treated although the design had ended ({why.words})"
    advised = int(design.start if decisions is None else decisions.dose[0]) + 1
    if cohort.level == advised:
        return ""
    how = "more cautious" if cohort.level < advised else "LESS cautious"
    return f"{cohort} was treated where the design advised level {advised}: {how} than the design"
