"""BOIN, the Bayesian optimal interval design, as published and as the BOIN package has it.

Liu S, Yuan Y (2015), Bayesian optimal interval designs for phase I clinical trials, Journal of the
Royal Statistical Society C 64:507-523; equations (4) and (5) give the boundaries, section 2.3 the
elimination rule. Package: BOIN 2.7.2 (Yan, Zhang, Zhou, Pan, Liu and Yuan 2020, Journal of
Statistical Software 94(13)).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import ceil, floor, log

import numpy as np
from numpy.typing import NDArray

from gradatim.core.errors import UnusableInput
from gradatim.dosefinding.binomial import probability_above
from gradatim.dosefinding.decision_table import Action, Table, empty_actions
from gradatim.dosefinding.designs.settings import setting
from gradatim.dosefinding.designs.table import TableDesign, TableDesignSettings
from gradatim.dosefinding.isotonic import IsotonicSelection
from gradatim.dosefinding.trial_states import Decisions, StopReason, TrialStates

PAPER = "Liu and Yuan 2015, JRSS C 64:507-523"
PACKAGE = "BOIN package 2.7.2, after " + PAPER
EQUAL = 1e-12
"""Within so little of a whole number, the package takes lambda_d x n to be that number."""


@dataclass(frozen=True)
class BoinSettings(TableDesignSettings):
    """Settings of BOIN, by the names of the package's arguments.

    Args:
        p_saf, p_tox: rates deemed too low and too high.
        extra_safe: the stricter rule for the lowest dose.
        offset: how much stricter.
        bound_mtd: select no dose with a fitted rate above lambda_d.
    """

    p_saf: float | None = setting(None, "safe")
    p_tox: float | None = setting(None, "toxic")
    extra_safe: bool = setting(False, "safer")
    offset: float = 0.05
    bound_mtd: bool = setting(False, "bound")

    def check(self) -> None:
        """Check also that the stricter cutoff is a probability."""
        super().check()
        if not 0 <= self.offset < min(0.5, self.cutoff_eli):
            raise UnusableInput(
                f"{self.offset:g} is no offset of a cutoff of {self.cutoff_eli:g}",
                "--set offset",
                todo="give a small number, such as 0.05",
            )

    @classmethod
    def idle(
        cls, given: Mapping[str, object], cohort_size: int, target: float | None
    ) -> Iterator[tuple[str, str]]:
        """Yield an offset of a rule that is not on."""
        if "offset" in given and not given.get("safer"):
            yield "offset", "it is how much stricter safer=true makes level 1"
        yield from super().idle(given, cohort_size, target)


@dataclass(frozen=True)
class Boundaries:
    """Rates between which one stays at a dose.

    Args:
        target: the DLT rate aimed at.
        p_saf: the highest rate deemed so low that one should escalate; 0.6 x target by default.
        p_tox: the lowest rate deemed so high that one should de-escalate; 1.4 x target by default.
        cutoff_eli: a dose is eliminated where P(rate > target) exceeds it.
        fewest: participants needed before a dose can be eliminated.
    """

    target: float
    p_saf: float
    p_tox: float
    cutoff_eli: float = 0.95
    fewest: int = 3

    @property
    def escalate(self) -> float:
        """lambda_e, equation (4)."""
        t, s = self.target, self.p_saf
        return log((1 - s) / (1 - t)) / log(t * (1 - s) / (s * (1 - t)))

    @property
    def de_escalate(self) -> float:
        """lambda_d, equation (5)."""
        t, d = self.target, self.p_tox
        return log((1 - t) / (1 - d)) / log(d * (1 - t) / (t * (1 - d)))


def boundaries(
    target: float,
    p_saf: float | None = None,
    p_tox: float | None = None,
    cutoff_eli: float = 0.95,
) -> Boundaries:
    """Return the boundaries for a target, under the package's own conditions.

    Raises:
        UnusableInput: the target is outside 0.05 to 0.6, or a limit too close to it.
    """
    p_saf = 0.6 * target if p_saf is None else p_saf
    p_tox = 1.4 * target if p_tox is None else p_tox
    if not 0.05 <= target <= 0.6:
        raise UnusableInput(
            f"the target {target:g} is outside 0.05 to 0.6",
            "--target",
            "BOIN's boundaries are not meant for it",
            "choose another",
        )
    if not (0 < p_saf <= 0.9 * target and 1.1 * target <= p_tox < 1):
        raise UnusableInput(
            f"the limits {p_saf:g} and {p_tox:g} do not lie apart from the target {target:g}",
            "--set safe, --set toxic",
            "each must differ from it by a tenth of it or more",
            f"leave them out to have {0.6 * target:g} and {1.4 * target:g}",
        )
    return Boundaries(target, p_saf, p_tox, cutoff_eli)


def boundary_counts(by: Boundaries, most: int, equal_stays: bool) -> NDArray[np.int64]:
    """Return the boundaries as numbers of DLTs.

    Args:
        by: the boundaries.
        most: the greatest number of participants.
        equal_stays: whether a rate equal to lambda_d stays (the package) or de-escalates.

    Returns:
        (3, most + 1): escalate if at most, de-escalate if at least, eliminate if at least;
        `most + 1` where there is none.
    """
    found = np.full((3, most + 1), most + 1)
    exceeds = probability_above(by.target, most)
    for n in range(1, most + 1):
        limit = by.de_escalate * n
        whole = round(limit)
        up = whole + equal_stays if abs(whole - limit) < EQUAL else ceil(limit)
        toxic = (
            [y for y in range(1, n + 1) if exceeds[n, y] > by.cutoff_eli] if n >= by.fewest else []
        )
        eliminate = toxic[0] if toxic else most + 1
        found[:, n] = floor(by.escalate * n), min(up, eliminate), eliminate
    return found


def boin_table(by: Boundaries, most: int, equal_stays: bool) -> Table:
    """Return the decision table."""
    actions = empty_actions(most)
    for n, (low, high, eliminate) in enumerate(boundary_counts(by, most, equal_stays).T):
        if n == 0:
            continue
        for y in range(n + 1):
            actions[n, y] = (
                Action.ESCALATE
                if y <= low
                else Action.ELIMINATE
                if y >= eliminate
                else Action.DE_ESCALATE
                if y >= high
                else Action.STAY
            )
    return Table(actions)


@dataclass(frozen=True)
class Boin(TableDesign):
    """BOIN; what it adds to a table is the stricter rule for the lowest dose.

    Args:
        stop_lowest: DLTs at the lowest dose, by number treated there, from which the trial stops.
    """

    stop_lowest: tuple[int, ...] = ()

    def decide(self, trials: TrialStates) -> Decisions:
        """Look up, then stop where the lowest dose fails the stricter rule."""
        decisions = super().decide(trials)
        if not self.stop_lowest:
            return decisions
        n, y = trials.at_current_dose()
        unsafe = (trials.dose == 0) & (
            y >= np.array(self.stop_lowest)[np.minimum(n, self.table.most)]
        )
        return Decisions(
            decisions.dose,
            np.where(unsafe, 0, decisions.barred),
            np.where(unsafe, StopReason.TOO_TOXIC, decisions.stop_reason),
        )


def boin(settings: BoinSettings, *, published: bool = False) -> Boin:
    """Return BOIN as the package 2.7.2 has it, or as it was published.

    Of the package: a rate equal to lambda_d stays; `n_earlystop` ends a trial only where the
    decision is to stay; the selected dose has rates with 0.05 pseudo-events, 1/variance weights and
    its tie-break. Its last cohort skips elimination within the trial, which cannot be seen in the
    result because selection applies the rule again. Published: a rate equal to lambda_d
    de-escalates, observed rates are weighted by the number treated.

    Args:
        settings: what it is told.
        published: the paper instead of the package.

    Raises:
        UnusableInput: no target, or one that the boundaries are not meant for.
    """
    target = settings.required_target()
    by = boundaries(target, settings.p_saf, settings.p_tox, settings.cutoff_eli)
    most = settings.cohort_size * settings.cohorts
    return Boin(
        table=boin_table(by, most, equal_stays=not published),
        doses=settings.doses,
        cohort=settings.cohort_size,
        maximum=most,
        start=settings.start - 1,
        target=target,
        name="boin_published" if published else "boin",
        source=PAPER if published else PACKAGE,
        selection=_selection(settings, by, published),
        n_earlystop=settings.n_earlystop,
        settings=_lines(settings, by),
        clauses=_clauses(by),
        stop_lowest=_stop_lowest(by, most, settings.offset) if settings.extra_safe else (),
    )


def _selection(settings: BoinSettings, by: Boundaries, published: bool) -> IsotonicSelection:
    return IsotonicSelection(
        by.target,
        by.cutoff_eli,
        by.fewest,
        0.0 if published else 0.05,
        settings.extra_safe,
        settings.offset,
        by.de_escalate if settings.bound_mtd else None,
    )


def _stop_lowest(by: Boundaries, most: int, offset: float) -> tuple[int, ...]:
    """Return the DLTs that stop at the lowest dose; asked only where it could be eliminated."""
    exceeds = probability_above(by.target, most)
    eliminate = boundary_counts(by, most, equal_stays=True)[2]
    return tuple(
        next((y for y in range(1, n + 1) if exceeds[n, y] > by.cutoff_eli - offset), most + 1)
        if eliminate[n] <= most
        else most + 1
        for n in range(most + 1)
    )


def _lines(settings: BoinSettings, by: Boundaries) -> tuple[str, ...]:
    lines = [
        f"target DLT rate {by.target:g}; {by.p_saf:g} is deemed too low, {by.p_tox:g} too high",
        f"escalate at an observed rate of at most {by.escalate:.6f}, de-escalate from "
        f"{by.de_escalate:.6f}",
        f"never again a dose, or one above it, where P(DLT rate > {by.target:g}) > "
        f"{by.cutoff_eli:g} with {by.fewest} participants or more",
    ]
    if settings.extra_safe:
        stricter = by.cutoff_eli - settings.offset
        lines.append(f"stop when the lowest dose has P(DLT rate > {by.target:g}) > {stricter:g}")
    return tuple(lines)


def _clauses(by: Boundaries) -> dict[Action, str]:
    low, high = f"{by.escalate:.4f}", f"{by.de_escalate:.4f}"
    return {
        Action.ESCALATE: f"since the rate is at most lambda_e = {low}",
        Action.STAY: f"since the rate lies between lambda_e = {low} and lambda_d = {high}",
        Action.DE_ESCALATE: f"since the rate is above lambda_d = {high}",
        Action.ELIMINATE: f"since P(DLT rate > {by.target:g}) is above {by.cutoff_eli:g}",
    }
