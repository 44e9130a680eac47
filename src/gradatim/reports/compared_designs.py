"""A protocol's designs, each with what to expect of it on the same curves."""

from collections.abc import Sequence
from typing import NamedTuple

from gradatim.dosefinding.characteristics.final_states import OperatingCharacteristics
from gradatim.dosefinding.characteristics.operating import Computation, operating_characteristics
from gradatim.dosefinding.characteristics.scenarios import Scenario
from gradatim.dosefinding.designs.base import Design
from gradatim.dosefinding.designs.registry import build
from gradatim.dosefinding.protocol_design import recommendation_criteria, settings_of
from gradatim.protocol.study import Study


class DesignComparison(NamedTuple):
    """A design with what to expect of it.

    Args:
        name: as the protocol calls it.
        design: the design.
        reading: the protocol's words for it.
        found: operating characteristics, one for each scenario.
    """

    name: str
    design: Design
    reading: str
    found: list[OperatingCharacteristics]


def compared_on(
    study: Study, name: str, curves: Sequence[Scenario], aim: float
) -> DesignComparison:
    """Return a protocol's design by its name, with what to expect of it on these curves.

    Args:
        study: the protocol.
        name: of the design, as the protocol calls it.
        curves: true rates, each of one rate a level.
        aim: the rate that a level is not to be above.
    """
    first = study.safety.escalation
    readings = {
        first.reading_name: first.reading,
        **{one.name: one.reading for one in first.alternatives},
    }
    design = build(settings_of(study, name))
    found = operating_characteristics(
        design,
        [one.rates for one in curves],
        aim,
        Computation(needed=recommendation_criteria(study)),
    )
    return DesignComparison(name, design, readings[name], found)
