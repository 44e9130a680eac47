"""The modified New York criteria of 1984 for ankylosing spondylitis.

Radiological: sacroiliitis of grade 2 or more on both sides, or of grade 3 or 4 on one. Clinical:
inflammatory low back pain, limited lumbar motion, limited chest expansion. Definite: radiological
and at least one clinical. Probable: all three clinical alone, or the radiological alone.

Missing findings are tried in every way they may turn out; what all ways agree on is known.

Source: van der Linden et al., Arthritis Rheum 1984;27:361-8.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import product

from gradatim.core.truth import FALSE, TRUE, UNKNOWN, Truth, any_of, truth_of
from gradatim.core.verdict import Reason, Verdict

GRADES = range(5)


class Classification(StrEnum):
    """What the criteria say; UNKNOWN where missing findings could still change it."""

    DEFINITE = "definite"
    PROBABLE = "probable"
    NOT_MET = "not met"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Findings:
    """The findings; None where one was not made.

    Args:
        left: grade of sacroiliitis on the left, 0 to 4; any other number counts as not made.
        right: grade of sacroiliitis on the right, 0 to 4.
        back_pain: low back pain and stiffness for more than 3 months, better with exercise and
            not relieved by rest.
        lumbar_motion: lumbar motion limited in both the sagittal and the frontal plane.
        chest_expansion: chest expansion limited for age and sex.
    """

    left: int | None
    right: int | None
    back_pain: bool | None
    lumbar_motion: bool | None
    chest_expansion: bool | None


def classify(findings: Findings) -> Classification:
    """Classify by the modified New York criteria.

    Source: van der Linden et al., Arthritis Rheum 1984;27:361-8.
    """
    possible = set(_possible(findings))
    return possible.pop() if len(possible) == 1 else Classification.UNKNOWN


def definite(findings: Findings) -> Verdict:
    """Whether the criteria for definite ankylosing spondylitis are met.

    Returns:
        A verdict whose children are the radiological and the clinical part.

    Source: van der Linden et al., Arthritis Rheum 1984;27:361-8.
    """
    possible = set(_possible(findings))
    met = Classification.DEFINITE in possible
    truth = UNKNOWN if met and len(possible) > 1 else truth_of(met)
    text = "definite ankylosing spondylitis by the modified New York criteria"
    return Verdict(truth, text, children=(_radiological(findings), _clinical(findings)))


def _possible(findings: Findings) -> Iterator[Classification]:
    """Give the class for every way in which the missing findings may turn out."""
    clinical = (findings.back_pain, findings.lumbar_motion, findings.chest_expansion)
    ways = [(False, True) if item is None else (bool(item),) for item in clinical]
    for left, right, *items in product(_grades(findings.left), _grades(findings.right), *ways):
        yield _class(_sacroiliitis(left, right), sum(items))


def _class(radiological: bool, clinical: int) -> Classification:
    if radiological:
        return Classification.DEFINITE if clinical else Classification.PROBABLE
    return Classification.PROBABLE if clinical == 3 else Classification.NOT_MET


def _sacroiliitis(left: int, right: int) -> bool:
    return min(left, right) >= 2 or max(left, right) >= 3


def _grades(grade: int | None) -> tuple[int, ...]:
    return (grade,) if grade in GRADES and grade is not None else tuple(GRADES)


def _radiological(findings: Findings) -> Verdict:
    sides = product(_grades(findings.left), _grades(findings.right))
    possible = {_sacroiliitis(left, right) for left, right in sides}
    truth = UNKNOWN if len(possible) > 1 else truth_of(possible.pop())
    text = f"sacroiliitis grade {_told(findings.left)} left, {_told(findings.right)} right"
    return Verdict(truth, text, reason=_reason(truth))


def _clinical(findings: Findings) -> Verdict:
    items = tuple(
        _item(label, value)
        for label, value in (
            ("inflammatory low back pain", findings.back_pain),
            ("limited lumbar motion", findings.lumbar_motion),
            ("limited chest expansion", findings.chest_expansion),
        )
    )
    return Verdict(any_of(item.truth for item in items), "a clinical criterion", children=items)


def _item(label: str, value: bool | None) -> Verdict:
    truth = truth_of(value)
    words = {TRUE: "present", FALSE: "absent", UNKNOWN: "not recorded"}
    return Verdict(truth, f"{label}: {words[truth]}", reason=_reason(truth))


def _told(grade: int | None) -> str:
    return str(grade) if grade in GRADES else "unknown"


def _reason(truth: Truth) -> Reason | None:
    return Reason.NO_RECORD if truth is UNKNOWN else None
