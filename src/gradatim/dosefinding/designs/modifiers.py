"""Rules that each change one thing of a design; they go around it, the last one outermost."""

from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal

import numpy as np

from gradatim.dosefinding.binomial import probability_above
from gradatim.dosefinding.designs.base import DecisionReason, Design
from gradatim.dosefinding.designs.table import TableDesign
from gradatim.dosefinding.trial_states import Decisions, Floats, Ints, StopReason, TrialStates

_SETTINGS = ("name", "source", "doses", "cohort", "maximum", "start", "target")


@dataclass(frozen=True)
class Modifier(Design):
    """A design that asks another one and may change its answer.

    Args:
        inner: the design that is asked.
    """

    inner: Design
    rule: ClassVar[str] = ""

    def __getattr__(self, name: str) -> Any:
        """Take the settings that a modifier does not have itself from the inner design."""
        if name in _SETTINGS:
            return getattr(self.inner, name)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def size(self, trials: TrialStates) -> Ints:
        """Leave the cohort's size."""
        return np.minimum(self.inner.size(trials), self.maximum - trials.total())

    def decide(self, trials: TrialStates) -> Decisions:
        """Ask the inner design, then change what must be changed."""
        return self.change(trials, self.inner.decide(trials))

    def change(self, trials: TrialStates, decisions: Decisions) -> Decisions:
        """Return the changed answer."""
        return decisions

    def select(self, trials: TrialStates) -> Ints:
        """Leave the selection."""
        return self.inner.select(trials)

    def reasons(self, trials: TrialStates, decisions: Decisions) -> list[DecisionReason]:
        """Return the inner design's reasons, and this rule where it replaced the advice."""
        asked = self.inner.decide(trials)
        grounds = self.inner.reasons(trials, asked)
        if (asked.dose[0], asked.stop_reason[0]) == (decisions.dose[0], decisions.stop_reason[0]):
            return grounds
        overridden = grounds[-1].rule if grounds else self.inner.name
        return [
            *grounds,
            DecisionReason(self.override_text(trials, decisions), self.rule, overrides=overridden),
        ]

    def override_text(self, trials: TrialStates, decisions: Decisions) -> str:
        """Say why the advice was replaced, of one trial."""
        return self.rule_text()

    def rule_text(self) -> str:
        """State the rule."""
        raise NotImplementedError

    def describe(self) -> list[str]:
        """State the inner design's settings and this rule."""
        return [*self.inner.describe(), self.rule_text()]


def layers(design: Design) -> list[Design]:
    """Return a design and what it is made from, the outermost modifier first."""
    found = [design]
    while isinstance(found[-1], Modifier):
        found.append(found[-1].inner)
    return found


def with_open_holds(design: Design) -> Design:
    """Return the design for a real trial: on HOLD the committee is asked and has not decided."""
    if isinstance(design, Modifier):
        return replace(design, inner=with_open_holds(design.inner))
    return replace(design, committee=None) if isinstance(design, TableDesign) else design


@dataclass(frozen=True)
class NoSkipping(Modifier):
    """Go up by one level at most.

    Args:
        over: counted from the highest level given so far, or from the present one (as dfcrm does).
    """

    over: Literal["highest", "present"] = "highest"
    rule: ClassVar[str] = "no skipping"

    def change(self, trials: TrialStates, decisions: Decisions) -> Decisions:
        """Lower what goes up by more."""
        base = trials.highest() if self.over == "highest" else trials.dose
        return decisions._replace(dose=np.minimum(decisions.dose, base + 1))

    def rule_text(self) -> str:
        """State the rule."""
        base = "highest level given so far" if self.over == "highest" else "present level"
        return f"goes up to one level above the {base} at most"


@dataclass(frozen=True)
class Coherent(Modifier):
    """Do not go up after a cohort whose DLT rate is at or above the target.

    Cheung YK (2005), Coherence principles in dose-finding studies, Biometrika 92:863-873; for
    cohorts as `restrict` in dfcrm's crmsim.
    """

    rule: ClassVar[str] = "coherence"

    def change(self, trials: TrialStates, decisions: Decisions) -> Decisions:
        """Stay where it would go up."""
        target = self.target or 0.0
        hit = trials.cohort_y >= target * trials.cohort_n * (1 - 1e-9)
        up = hit & (trials.cohort_n > 0) & (decisions.dose > trials.dose)
        return decisions._replace(dose=np.where(up, trials.dose, decisions.dose))

    def rule_text(self) -> str:
        """State the rule."""
        return f"does not go up right after a cohort with a DLT rate of {self.target:g} or more"


@dataclass(frozen=True)
class StopAt(Modifier):
    """Stop when the dose that would be next has had enough participants.

    Args:
        enough: how many.
    """

    enough: int
    rule: ClassVar[str] = "enough participants"

    def change(self, trials: TrialStates, decisions: Decisions) -> Decisions:
        """End the trials that have enough."""
        n, _ = trials.at(decisions.dose)
        full = (n >= self.enough) & (decisions.stop_reason == StopReason.GOING_ON)
        return decisions._replace(
            stop_reason=np.where(full, StopReason.SETTLED, decisions.stop_reason)
        )

    def rule_text(self) -> str:
        """State the rule."""
        return f"stops when the level that would be next has had {self.enough} participants"


@dataclass(frozen=True)
class StopTooToxic(Modifier):
    """Stop when the lowest dose is too toxic.

    Args:
        threshold: the rate that is too high.
        confidence: stop when P(rate of the lowest dose > threshold) is above this.
        fewest: participants at the lowest dose before the rule applies.
    """

    threshold: float
    confidence: float
    fewest: int = 1
    rule: ClassVar[str] = "too toxic"

    def change(self, trials: TrialStates, decisions: Decisions) -> Decisions:
        """End the trials whose lowest dose is too toxic."""
        toxic = (self.risk(trials) > self.confidence) & (trials.n[:, 0] >= self.fewest)
        return Decisions(
            decisions.dose,
            np.where(toxic, 0, decisions.barred),
            np.where(toxic, StopReason.TOO_TOXIC, decisions.stop_reason),
        )

    def risk(self, trials: TrialStates) -> Floats:
        """Return P(rate of the lowest dose > threshold): by the model, or from its own counts."""
        model = getattr(layers(self)[-1], "model", None)
        if model is not None:
            return np.asarray(model.exceeding(trials.n, trials.y, self.threshold)[:, 0])
        table = probability_above(self.threshold, int(trials.n[:, 0].max(initial=1)))
        return np.asarray(table[trials.n[:, 0], trials.y[:, 0]])

    def override_text(self, trials: TrialStates, decisions: Decisions) -> str:
        """Say how toxic."""
        return (
            f"P(DLT rate of level 1 > {self.threshold:g}) is {self.risk(trials)[0]:.1%}, "
            f"above {self.confidence:.0%}: the trial stops"
        )

    def rule_text(self) -> str:
        """State the rule."""
        return (
            f"stops when P(DLT rate of level 1 > {self.threshold:g}) is above {self.confidence:g}"
        )


@dataclass(frozen=True)
class HardSafety(Modifier):
    """Never again a dose, or one above it, whose own counts make it too toxic.

    A model borrows strength across doses, so that with a wrong skeleton or prior it may prefer a
    dose at which everybody had a DLT. This rule looks at each dose alone, with a uniform prior, as
    the elimination rule of BOIN does (Liu and Yuan 2015, JRSS C 64:507-523, section 2.3); crmPack
    has it as IncrementsHSRBeta and StoppingLowestDoseHSRBeta.

    Args:
        threshold: the rate that is too high.
        confidence: a dose is closed where P(its rate > threshold) is above this.
        fewest: participants that a dose needs before it can be closed.
    """

    threshold: float
    confidence: float
    fewest: int = 3
    rule: ClassVar[str] = "hard safety rule"

    def closed(self, trials: TrialStates) -> Ints:
        """Return the lowest dose that may not be given again; D where there is none: (S,)."""
        toxic = (self.risk(trials) > self.confidence) & (trials.n >= self.fewest)
        own = np.where(toxic.any(axis=1), np.argmax(toxic, axis=1), trials.doses)
        return np.minimum(own.astype(trials.barred.dtype), trials.barred)

    def risk(self, trials: TrialStates) -> Floats:
        """Return P(rate > threshold) of each dose from its own counts: (S, D)."""
        most = max(self.maximum, int(trials.n.max(initial=1)))
        return np.asarray(probability_above(self.threshold, most)[trials.n, trials.y])

    def change(self, trials: TrialStates, decisions: Decisions) -> Decisions:
        """Go below what is closed; stop where that is the lowest dose."""
        barred = np.minimum(decisions.barred, self.closed(trials))
        dose = np.maximum(np.minimum(decisions.dose, barred - 1), 0)
        return Decisions(
            dose, barred, np.where(barred == 0, StopReason.TOO_TOXIC, decisions.stop_reason)
        )

    def select(self, trials: TrialStates) -> Ints:
        """Select nothing that is closed."""
        return np.minimum(self.inner.select(trials), self.closed(trials) - 1)

    def override_text(self, trials: TrialStates, decisions: Decisions) -> str:
        """Say which dose is closed by which counts."""
        level = int(decisions.barred[0])
        n, y = int(trials.n[0, level]), int(trials.y[0, level])
        risk = self.risk(trials)[0, level]
        if risk <= self.confidence or n < self.fewest:
            return f"level {level + 1} was closed before, and those above it"
        what = "the trial stops" if level == 0 else "it is closed, and those above it"
        return (
            f"{y} of {n} participants at level {level + 1} had a DLT: P(DLT rate > "
            f"{self.threshold:g}) from them alone is {risk:.1%}, above "
            f"{self.confidence:.0%}: {what}"
        )

    def rule_text(self) -> str:
        """State the rule."""
        return (
            f"hard safety rule: never again a dose, or one above it, where P(DLT rate > "
            f"{self.threshold:g}) > {self.confidence:g} from its own counts, with "
            f"{self.fewest} participants or more; at the lowest level the trial stops"
        )


@dataclass(frozen=True)
class GivenOnly(Modifier):
    """Select no dose that nobody was given: the highest one given that is not above the advice."""

    rule: ClassVar[str] = "only levels given"

    def select(self, trials: TrialStates) -> Ints:
        """Lower the selection to a dose that was given; none if there is none."""
        wanted = self.inner.select(trials)
        tried = (trials.n > 0) & (np.arange(trials.doses) <= wanted[:, None])
        last = trials.doses - 1 - np.argmax(tried[:, ::-1], axis=1)
        return np.where(tried.any(axis=1), last, -1)

    def rule_text(self) -> str:
        """State the rule."""
        return "selects no level that nobody was given"


@dataclass(frozen=True)
class CohortSizes(Modifier):
    """Cohorts of another size at each level.

    Args:
        sizes: for each level, the lowest first.
    """

    sizes: tuple[int, ...]
    rule: ClassVar[str] = "cohort sizes"

    def size(self, trials: TrialStates) -> Ints:
        """Return the level's size."""
        sizes = np.array(self.sizes)[trials.dose]
        return np.asarray(np.minimum(sizes, self.maximum - trials.total()))

    def rule_text(self) -> str:
        """State the rule."""
        return f"cohorts of {', '.join(map(str, self.sizes))} at levels 1 to {len(self.sizes)}"


@dataclass(frozen=True)
class AtMost(Modifier):
    """End the trial after so many participants.

    Args:
        maximum: how many in all.
    """

    maximum: int
    rule: ClassVar[str] = "maximum"

    def rule_text(self) -> str:
        """State the rule."""
        return f"at most {self.maximum} participants in all"
