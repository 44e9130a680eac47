"""Domains of the ASAS criteria, and how two visits compare in one of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from gradatim.clinical.formulas import is_number
from gradatim.core.quantity import compare_numbers, plain_number
from gradatim.core.truth import UNKNOWN, truth_of
from gradatim.core.verdict import Reason, Verdict


@dataclass(frozen=True, slots=True)
class Domains:
    """What the ASAS criteria ask about at one visit; None where there is no value.

    Args:
        patient_global: patient's global assessment, 0 (best) to 10.
        pain: patient's assessment of pain, 0 (best) to 10.
        function: BASFI, 0 (best) to 10.
        inflammation: mean of BASDAI items 5 and 6, 0 (best) to 10.
        crp: C-reactive protein, mg/L; for ASAS 5/6 only.
        lateral_flexion: lateral spinal flexion, cm, where more is better; for ASAS 5/6 only.
    """

    patient_global: float | None
    pain: float | None
    function: float | None
    inflammation: float | None
    crp: float | None = None
    lateral_flexion: float | None = None


class DomainChange(NamedTuple):
    """One domain at baseline, and by how many units it has become better since (or worse)."""

    baseline: float
    gain: float

    def improved(self, percent: float, units: float) -> bool:
        """Whether it is better by `percent` of baseline and `units`; not from a baseline of 0."""
        return self.baseline > 0 and self._reaches(self.gain, percent, units)

    def worsened(self, percent: float, units: float) -> bool:
        """Whether it is worse, by `percent` of baseline and `units`; both 0 means at all."""
        return self.gain < 0 and self._reaches(-self.gain, percent, units)

    def _reaches(self, change: float, percent: float, units: float) -> bool:
        relative = self.baseline * percent / 100
        return compare_numbers(change, ">=", relative) and compare_numbers(change, ">=", units)


class Domain(NamedTuple):
    """A field of Domains: its label, the top of its scale, which way is better, its UCUM unit."""

    name: str
    label: str
    maximum: float
    more_is_better: bool = False
    unit: str = "{score}"


FOUR = (
    Domain("patient_global", "patient global", 10),
    Domain("pain", "pain", 10),
    Domain("function", "function", 10),
    Domain("inflammation", "inflammation", 10),
)
_UNBOUNDED = float("inf")
SIX = (
    *FOUR,
    Domain("crp", "CRP", _UNBOUNDED, unit="mg/L"),
    Domain("lateral_flexion", "lateral flexion", _UNBOUNDED, more_is_better=True, unit="cm"),
)
BASDAI = Domain("basdai", "BASDAI", 10)
ASDAS = Domain("asdas", "ASDAS", _UNBOUNDED)


def at_least(count: int, children: Sequence[Verdict], text: str) -> Verdict:
    """Say whether at least `count` hold: the count-th best truth, as FALSE < UNKNOWN < TRUE."""
    ordered = sorted((one.truth for one in children), reverse=True)
    return Verdict(ordered[count - 1], text, children=tuple(children))


def each(
    domains: Sequence[Domain],
    baseline: Domains,
    followup: Domains,
    holds: Callable[[DomainChange], bool],
) -> tuple[Verdict, ...]:
    """Give, for each domain, the verdict whether its change holds."""
    return tuple(
        compared(domain, getattr(baseline, domain.name), getattr(followup, domain.name), holds)
        for domain in domains
    )


def compared(
    domain: Domain, before: float | None, after: float | None, holds: Callable[[DomainChange], bool]
) -> Verdict:
    """Give the verdict whether the change of one domain holds; UNKNOWN without both values."""
    if before is None or off_scale(domain, before):
        return unknown_domain(domain, before, "at baseline")
    if after is None or off_scale(domain, after):
        return unknown_domain(domain, after, "at follow-up")
    gain = after - before if domain.more_is_better else before - after
    text = f"{domain.label} {plain_number(before)} to {plain_number(after)}"
    return Verdict(truth_of(holds(DomainChange(before, gain))), text)


def level(domain: Domain, now: Domains, operator: str, limit: float) -> Verdict:
    """Give the verdict whether one domain's value stands in that relation to a limit."""
    value: float | None = getattr(now, domain.name)
    if value is None or off_scale(domain, value):
        return unknown_domain(domain, value, "at follow-up")
    return Verdict(
        truth_of(compare_numbers(value, operator, limit)), f"{domain.label} {plain_number(value)}"
    )


def off_scale(domain: Domain, value: float) -> bool:
    """Whether a value cannot be one of its domain: no number, or outside the scale."""
    return (
        not is_number(value)
        or compare_numbers(value, "<", 0)
        or compare_numbers(value, ">", domain.maximum)
    )


def unknown_domain(domain: Domain, value: float | None, when: str) -> Verdict:
    """Return the verdict on a domain whose value is missing or cannot be one."""
    if value is None:
        return Verdict(UNKNOWN, f"{domain.label} has no value {when}", reason=Reason.NO_RECORD)
    text = f"{domain.label} {value} {when} is off its scale"
    return Verdict(UNKNOWN, text, reason=Reason.JUDGEMENT)
