"""Any decision table as a design."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from gradatim.core.errors import UnusableInput
from gradatim.dosefinding.decision_table import MEANING, Action, Table, check_table
from gradatim.dosefinding.designs.base import DecisionReason, Design
from gradatim.dosefinding.designs.settings import (
    MOST_PARTICIPANTS,
    DesignSettings,
    refuse_unless_rate,
    refuse_unless_whole,
    setting,
)
from gradatim.dosefinding.isotonic import IsotonicSelection
from gradatim.dosefinding.trial_states import Bools, Decisions, Ints, StopReason, TrialStates

COMMITTEES = ("stop", "escalate")
"""What a committee can be taken to do on HOLD where a computation has to go on."""


def refuse_unless_committee(committee: str) -> None:
    """Refuse what a committee cannot be taken to do."""
    if committee not in COMMITTEES:
        raise UnusableInput(
            f"the committee cannot be taken to {committee!r}",
            "--set committee",
            todo=f"say {' or '.join(COMMITTEES)}",
        )


@dataclass(frozen=True)
class TableDesignSettings(DesignSettings):
    """Settings of designs that select by isotonic regression, by the BOIN package's names.

    Args:
        cutoff_eli: eliminate a dose where P(rate > target) is above it.
        n_earlystop: participants at which staying at a level ends the trial.
    """

    cutoff_eli: float = setting(0.95, "cutoff")
    n_earlystop: int | None = setting(None, "stop_at")

    def check(self) -> None:
        """Check also the cutoff and the number of participants."""
        super().check()
        refuse_unless_whole("--set stop_at", MOST_PARTICIPANTS, self.n_earlystop)
        refuse_unless_rate("--set cutoff", self.cutoff_eli)


@dataclass(frozen=True)
class UserTableSettings(TableDesignSettings):
    """Settings of a decision table of the user's.

    Args:
        table: the table; it has no default.
        committee: what the committee is taken to do on hold, one of `COMMITTEES`.
    """

    table: Table | None = None
    committee: str = "stop"

    def check(self) -> None:
        """Check also what the committee is taken to do."""
        super().check()
        refuse_unless_committee(self.committee)

    @classmethod
    def idle(
        cls, given: Mapping[str, object], cohort_size: int, target: float | None
    ) -> Iterator[tuple[str, str]]:
        """Yield a cutoff that nothing is compared with."""
        if "cutoff" in given and target is None:
            yield (
                "cutoff",
                "a table eliminates as its cells say, and without a target it selects by them too",
            )
        yield from super().idle(given, cohort_size, target)

    def changed(self) -> dict[str, object]:
        """Return the settings not at their defaults; the table always is one."""
        return {name: value for name, value in super().changed().items() if name != "table"}


def no_advice(name: str, n: int, y: int, sizes: list[int]) -> UnusableInput:
    """Say that a table has no entry for these counts."""
    known = ", ".join(map(str, sizes))
    return UnusableInput(
        f"{name} says nothing of {y} DLTs in {n} participants at one level",
        "",
        f"it has advice for {known} participants",
        "complete the cohort, or choose a design whose table has such counts",
    )


@dataclass(frozen=True)
class TableDesign(Design):
    """A design that looks up the present dose's counts in a table.

    Args:
        table: what to do with y DLTs in n participants.
        doses, cohort, maximum, start, target: as for every design.
        name, source: what it is called and where it was published.
        selection: how the dose is selected at the end from all counts; None for rule-based designs,
            which select the highest dose whose counts say ESCALATE.
        per_level: the most participants at one dose; None for no limit but the table's.
        n_earlystop: stop when the advice is to stay at a dose with so many participants.
        largest: the most participants that a cohort can have, if not `cohort`; a dose is full when
            another such cohort would go beyond its limit or the table.
        expand_top: whether ESCALATE at the top dose, or below a barred one, means more participants
            there; otherwise the trial ends.
        committee: what the committee is taken to do on HOLD where a computation has to go on; None
            where a real one is asked.
        clauses: for the reasons, what each action means in the design's own terms.
    """

    table: Table
    doses: int
    cohort: int
    maximum: int
    start: int = 0
    target: float | None = None
    name: str = "table"
    source: str = ""
    selection: IsotonicSelection | None = None
    per_level: int | None = None
    n_earlystop: int | None = None
    largest: int | None = None
    expand_top: bool = True
    committee: str | None = "stop"
    settings: tuple[str, ...] = ()
    clauses: dict[Action, str] = field(default_factory=dict, hash=False)

    def decide(self, trials: TrialStates) -> Decisions:
        """Look the present dose's counts up, and say what follows."""
        action, here = self._found(trials), trials.dose
        too_much = (action == Action.ELIMINATE) | (action == Action.STOP)
        barred = np.where(too_much, np.minimum(trials.barred, here), trials.barred)
        up = action == Action.ESCALATE
        blocked = up & (here + 1 >= barred)
        down = (action == Action.DE_ESCALATE) | (action == Action.ELIMINATE)
        dose = np.where(up & ~blocked, here + 1, np.where(down, here - 1, here))
        dose = np.maximum(
            np.minimum(dose, barred - 1), 0
        )  # a trial may have been led to a barred one
        why = np.full(len(trials), int(StopReason.GOING_ON), dtype=np.int8)
        why[self._full(trials, dose)] = StopReason.SETTLED
        if not self.expand_top:
            why[blocked] = StopReason.SETTLED
        why[action == Action.STOP] = StopReason.TOO_TOXIC
        why[barred == 0] = StopReason.TOO_TOXIC
        why[action == Action.HOLD] = StopReason.HOLD
        return Decisions(dose, barred, why)

    def _found(self, trials: TrialStates) -> Ints:
        """Look the present dose's counts up; a hole is never taken for advice.

        A trial that was led beyond its maximum has ended, whatever the table says; what more it
        had at a dose than the table knows is read as its last column, where as many DLTs are a
        higher rate.
        """
        n, y = trials.at_current_dose()
        action = self._actions(n, y)
        beyond = (n > self.table.most) & (trials.total() <= self.maximum)
        holes = np.flatnonzero((action == Action.NONE) | beyond)
        if len(holes):
            raise no_advice(self.name, int(n[holes[0]]), int(y[holes[0]]), self.table.sizes())
        return action

    def _actions(self, n: Ints, y: Ints) -> Ints:
        """Look up; in computations HOLD becomes what the committee is taken to do."""
        most = self.table.most
        found = self.table.actions[np.minimum(n, most), np.minimum(y, most)]
        if self.committee == "escalate":
            found = np.where(found == Action.HOLD, Action.ESCALATE, found)
        return found

    def _full(self, trials: TrialStates, dose: Ints) -> Bools:
        """Whether the dose that would be next has had all the participants it may have."""
        n, _ = trials.at(dose)
        cohort = self.largest or self.cohort
        full = n.astype(np.int64) + cohort > self.last()
        if self.n_earlystop is not None:
            full = full | ((dose == trials.dose) & (n >= self.n_earlystop))
        return np.asarray(full)

    def last(self) -> int:
        """Return the most participants one dose may have; far too many where there is no limit."""
        unlimited = 2 * self.maximum + (self.largest or self.cohort)
        table = self.table.most if self.table.most < self.maximum else unlimited
        return min(self.per_level or unlimited, table)

    def select(self, trials: TrialStates) -> Ints:
        """Select by isotonic regression, or the highest dose whose counts say ESCALATE."""
        if self.selection is not None:
            return self.selection.select(trials)
        tolerated = self.tolerated(trials)
        last = trials.doses - 1 - np.argmax(tolerated[:, ::-1], axis=1)
        return np.where(tolerated.any(axis=1), last, -1)

    def tolerated(self, trials: TrialStates) -> Bools:
        """Whether each dose's own counts allow going higher, and it is not barred: (S, D)."""
        seen = self._actions(trials.n, trials.y) == Action.ESCALATE
        allowed = np.arange(trials.doses) < trials.barred[:, None]
        return np.asarray(seen & allowed & (trials.n > 0))

    def reasons(self, trials: TrialStates, decisions: Decisions) -> list[DecisionReason]:
        """Say the counts, what the table says of them, and what limited it."""
        n, y = (int(count[0]) for count in trials.at_current_dose())
        most = self.table.most
        here, action = int(trials.dose[0]), self.table.of(min(n, most), min(y, most))
        grounds = [DecisionReason(self._said(n, y, here, action), self.name, self.source)]
        text = self._limited(trials, decisions, action)
        return (
            [*grounds, DecisionReason(text, "limits of the trial", overrides=self.name)]
            if text
            else grounds
        )

    def _said(self, n: int, y: int, here: int, action: Action) -> str:
        rate = f"{y} of {n} participants at level {here + 1} had a DLT ({y / n:.1%})"
        clause = self.clauses.get(action, "").format(n=n)
        return f"{rate}: {MEANING[action]}{f', {clause}' if clause else ''}"

    def _limited(self, trials: TrialStates, decisions: Decisions, action: Action) -> str:
        here, why = int(trials.dose[0]), StopReason(decisions.stop_reason[0])
        if trials.barred[0] <= here:
            return (
                "this level may not be given again: it, or one below it, was found too toxic before"
            )
        if (
            why is StopReason.SETTLED
            and action is Action.ESCALATE
            and here + 1 >= decisions.barred[0]
        ):
            above = "level above" if here + 1 < self.doses else "higher level"
            return f"there is no {above} that may be given, so the trial ends at this one"
        if why is StopReason.SETTLED:
            n = int(trials.n[0, decisions.dose[0]])
            level = int(decisions.dose[0]) + 1
            return f"level {level} has had {n} participants, and more are not planned"
        if why is StopReason.TOO_TOXIC and action is Action.ELIMINATE:
            return "this is the lowest level, so the trial stops"
        if action is Action.ESCALATE and decisions.dose[0] == here:
            return "there is no higher level that may be given, so more are treated at this one"
        if action is Action.DE_ESCALATE and here == 0:
            return "there is no level below, so more are treated at this one"
        return ""

    def describe(self) -> list[str]:
        """State the settings."""
        lines = [self.plan(), *self.settings]
        if self.per_level:
            lines.append(f"at most {self.per_level} participants at one level")
        if self.n_earlystop:
            lines.append(
                f"stops when it would stay at a level with {self.n_earlystop} participants"
            )
        return lines


def user_table(settings: UserTableSettings) -> TableDesign:
    """Return a table of the user's as a design.

    Raises:
        UnusableInput: it is not given, or has nothing for cohorts of the size that is asked for.
    """
    if settings.table is None:
        raise UnusableInput("the table is not given", "--table", todo="name its file")
    other_sizes = settings.cohort_sizes or settings.titration
    check_table(settings.table, cohort=None if other_sizes else settings.cohort_size)
    target = settings.target
    selection = None if target is None else IsotonicSelection(target, settings.cutoff_eli)
    how = (
        "selects the highest level whose counts say E"
        if target is None
        else f"selects by isotonic regression, target {target:g}"
    )
    return TableDesign(
        table=settings.table,
        doses=settings.doses,
        cohort=settings.cohort_size,
        maximum=settings.cohort_size * settings.cohorts,
        start=settings.start - 1,
        target=target,
        name="table",
        source="a table of the user's",
        selection=selection,
        n_earlystop=settings.n_earlystop,
        expand_top=selection is not None,
        committee=settings.committee,
        settings=(how,),
    )
