"""The columns of a prescreen's files: one for each criterion and for each other reading."""

from collections.abc import Mapping
from typing import NamedTuple

from gradatim.protocol.eligibility import EligibilityCriterion
from gradatim.protocol.nodes import Node
from gradatim.protocol.study import Study
from gradatim.screening.readings import Plan


class VerdictColumn(NamedTuple):
    """One column of verdicts.

    Args:
        name: `E7c`, of another reading `E7c@B`; what that reading makes of another criterion,
            `E7d@E7c@C`.
        criterion: the criterion it is a reading of.
        rule: its rule.
        counts: whether it decides the status: the reading that is used.
    """

    name: str
    criterion: EligibilityCriterion
    rule: Node
    counts: bool


def verdict_columns(study: Study, plan: Plan) -> list[VerdictColumn]:
    """Give the columns of a protocol, the criteria first, in the protocol's order.

    Args:
        study: the protocol.
        plan: the reading that is used of each criterion; of several the first.
    """
    by_id = {one.id: one for one in study.criteria}
    used = [VerdictColumn(one.id, one, plan[one.id][0].rule, True) for one in study.criteria]
    return [*used, *_others(study, by_id)]


def _others(study: Study, by_id: Mapping[str, EligibilityCriterion]) -> list[VerdictColumn]:
    found = []
    for one in study.criteria:
        for other in one.alternatives:
            name = f"{one.id}@{other.name}"
            found.append(VerdictColumn(name, one, other.rule, False))
            found += [
                VerdictColumn(f"{id}@{name}", by_id[id], rule, False)
                for id, rule in other.also.items()
            ]
    return found
