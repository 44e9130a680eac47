"""A prepared dose: what was planned, what is drawn, every step, every check."""

from datetime import datetime
from typing import NamedTuple

from gradatim.core.quantity import Quantity
from gradatim.core.truth import FALSE, TRUE, UNKNOWN, all_of
from gradatim.core.verdict import Verdict
from gradatim.dosing.draws import Draw
from gradatim.dosing.inventory import Container, ContainerKey, names
from gradatim.dosing.limits import DMSO_DENSITY, end_before
from gradatim.dosing.product import Concentration, DoseMode, Intended, Weights
from gradatim.dosing.steps import CELLS, Step
from gradatim.protocol.base import Basis
from gradatim.protocol.treatment import DoseLevel, Preparation

_STATUS = {TRUE: "accepted", FALSE: "refused", UNKNOWN: "undetermined"}


class RestsOn(NamedTuple):
    """A value of the protocol that was used, and where it comes from."""

    what: str
    value: str
    basis: Basis
    source: str


class Check(NamedTuple):
    """One question asked of a preparation, by name, with its answer."""

    name: str
    verdict: Verdict


class Prepared(NamedTuple):
    """A dose as it is, or would be, prepared.

    Args:
        level: the dose level.
        rules: what the protocol says of the preparation; None for a dose that is not of cells.
        weights: as given, in kg; None for a dose that is not scaled by weight.
        weight: whether the weight that counts is the right one.
        planned: the dose: cells of the kind that counts, or an amount such as 20 mg.
        containers: those at hand, in the order in which they are used.
        label: the concentration, where no container is at hand yet.
        intended: how it is to be given.
        draws: what each opened container gives; empty where nothing can be computed.
        needed_ml: the mL that hold the dose, with what stays in filter and line; None if unknown,
            or if the containers differ.
        steps: the computation.
        rests_on: the values of the protocol that were used.
        checks: the answers.
    """

    level: DoseLevel
    rules: Preparation | None
    weights: Weights | None
    weight: Verdict | None
    planned: Quantity
    containers: tuple[Container, ...] = ()
    label: Concentration | None = None
    intended: Intended = Intended()
    draws: tuple[Draw, ...] = ()
    needed_ml: float | None = None
    steps: tuple[Step, ...] = ()
    rests_on: tuple[RestsOn, ...] = ()
    checks: tuple[Check, ...] = ()

    @property
    def of_cells(self) -> bool:
        """Whether the dose is a number of cells."""
        return self.planned.unit == CELLS

    @property
    def mode(self) -> DoseMode | None:
        """The mode asked for, else the protocol's; None where the dose is not of cells."""
        return (self.intended.mode or self.rules.mode) if self.rules else None

    @property
    def opened(self) -> tuple[Container, ...]:
        """The containers that are drawn from; all at hand where nothing could be computed."""
        return tuple(one.container for one in self.draws) or self.containers

    @property
    def names(self) -> dict[ContainerKey, str]:
        """What to call each container at hand, so that no two have one name."""
        return names(self.containers)

    @property
    def named_draws(self) -> list[tuple[str, Draw]]:
        """What each opened container gives, with what to call it."""
        known = self.names
        return [(known[one.container.key], one) for one in self.draws]

    @property
    def infused_ml(self) -> float | None:
        """The mL infused; where no container is at hand, those that hold the dose."""
        if self.draws:
            return sum(one.infused_ml for one in self.draws)
        if self.needed_ml is None or self.rules is None:
            return None
        return self.needed_ml - self.rules.filter_and_hold_up

    @property
    def drawn_ml(self) -> float | None:
        """The mL drawn: infused, or held in filter and line."""
        return sum(one.drawn_ml for one in self.draws) if self.draws else self.needed_ml

    @property
    def discarded_ml(self) -> float | None:
        """The mL of opened containers that are not infused."""
        return sum(one.discarded_ml for one in self.draws) if self.draws else None

    @property
    def infused_cells(self) -> float | None:
        """The cells infused, of those that the dose counts."""
        return sum(one.infused_cells for one in self.draws) if self.draws else None

    @property
    def discarded_cells(self) -> float | None:
        """The cells in opened containers that are not infused, of those that the dose counts."""
        return sum(one.discarded_cells for one in self.draws) if self.draws else None

    @property
    def deviation(self) -> float | None:
        """How far the cells infused are from the dose, as a signed fraction of it."""
        if self.infused_cells is None:
            return None
        return (self.infused_cells - self.planned.value) / self.planned.value

    @property
    def minimum_duration(self) -> float | None:
        """The minutes that the infusion takes at least, at the protocol's greatest rate."""
        if self.infused_ml is None or self.rules is None or self.rules.maximum_rate is None:
            return None
        return self.infused_ml / self.rules.maximum_rate

    @property
    def dmso_per_kg(self) -> float | None:
        """Dimethyl sulfoxide infused, in g per kg of the weight on the day; None if unknown."""
        fractions = [one.container.dmso_fraction for one in self.draws]
        if not self.draws or self.weights is None or None in fractions:
            return None
        grams = [
            d.infused_ml * f * DMSO_DENSITY for d, f in zip(self.draws, fractions, strict=True) if f
        ]
        return sum(grams) / self.weights.on_day

    @property
    def end_before(self) -> dict[ContainerKey, datetime | None]:
        """For each opened container, the moment by which its infusion must have ended."""
        hours = self.rules.thaw_to_end if self.rules else None
        return {one.key: end_before(one, hours) for one in self.opened}

    @property
    def verdict(self) -> Verdict:
        """TRUE when every check holds; FALSE is refused, UNKNOWN lacks something."""
        children = tuple(one.verdict for one in self.checks)
        return Verdict(all_of(one.truth for one in children), children=children)

    @property
    def status(self) -> str:
        """Accepted, refused or undetermined."""
        return _STATUS[self.verdict.truth]
