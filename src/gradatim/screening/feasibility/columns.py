"""The columns of a prescreen's files: what they are named, and which value of one excludes."""

from collections.abc import Mapping
from dataclasses import dataclass

from gradatim.core.truth import FALSE, TRUE
from gradatim.protocol.eligibility import EligibilityCriterion
from gradatim.protocol.study import Study
from gradatim.screening.readings import Reading, plan


@dataclass(frozen=True)
class CriterionColumn:
    """One criterion under one reading, as a column of verdicts.

    Args:
        criterion: the criterion.
        reading: the reading whose verdicts the column holds.
        name: the column's name: `E7c`, `E7c@B`, or `E7d@E7c@C` where C of E7c replaces E7d.
    """

    criterion: EligibilityCriterion
    reading: Reading
    name: str

    @property
    def fails(self) -> int:
        """The truth that excludes: an inclusion that is FALSE, an exclusion that is TRUE."""
        return int(FALSE if self.criterion.category == "inclusion" else TRUE)

    @property
    def passes(self) -> int:
        """The truth that passes."""
        return 2 - self.fails

    @property
    def warehouse(self) -> bool:
        """Whether a warehouse can know the criterion."""
        return self.criterion.knowable_at == "warehouse"

    @property
    def elements(self) -> frozenset[str]:
        """The elements the reading asks about."""
        return frozenset(self.reading.rule.elements())


def columns(
    study: Study, run: Mapping[str, str], chosen: Mapping[str, str] | None = None
) -> list[CriterionColumn]:
    """Give the column of each criterion, in the protocol's order.

    Args:
        study: the protocol.
        run: the readings the prescreen was run with, by criterion; their columns have the
            criterion's own name.
        chosen: readings asked for now, by criterion.

    Raises:
        UnusableInput: there is no such criterion, or it has no such reading.
    """
    base, wanted = plan(study, run), plan(study, {**run, **(chosen or {})})
    found = []
    for criterion in study.criteria:
        reading = wanted[criterion.id][0]
        same = reading.name == base[criterion.id][0].name
        name = criterion.id if same else f"{criterion.id}@{reading.name}"
        found.append(CriterionColumn(criterion, reading, name))
    return found


def alternatives(
    study: Study, run: Mapping[str, str], chosen: Mapping[str, str] | None = None
) -> list[tuple[CriterionColumn, list[CriterionColumn]]]:
    """Give every reading other than the one used: its own column, and all that change with it.

    Args:
        study: the protocol.
        run: the readings the prescreen was run with, by criterion.
        chosen: readings asked for now, by criterion; the others are alternatives to these.
    """
    base = {one.criterion.id: one for one in columns(study, run, chosen)}
    found = []
    for criterion in study.criteria:
        names = [criterion.reading_name, *(one.name for one in criterion.alternatives)]
        for name in names:
            if name == base[criterion.id].reading.name:
                continue
            new = columns(study, run, {**(chosen or {}), criterion.id: name})
            changed = [one for one in new if one.name != base[one.criterion.id].name]
            found += [(one, changed) for one in changed if one.criterion is criterion]
    return found
