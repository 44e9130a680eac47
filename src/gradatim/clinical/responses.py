"""Response criteria of axial spondyloarthritis: ASAS 20, 40, 5/6, partial remission, BASDAI 50.

Each gives a three-valued verdict: a missing domain leaves it UNKNOWN unless the others settle it.
A percentage of a baseline of 0 is undefined: such a domain cannot improve, and a rise counts as
worsening by its size in units alone.
"""

from collections.abc import Callable
from typing import Literal

from gradatim.clinical.domains import (
    BASDAI,
    FOUR,
    SIX,
    DomainChange,
    Domains,
    at_least,
    compared,
    each,
    level,
)
from gradatim.core.truth import all_of, any_of
from gradatim.core.verdict import Verdict

__all__ = [
    "Domains",
    "asas20",
    "asas40",
    "asas56",
    "basdai50",
    "basdai50_or_2_units",
    "partial_remission",
]


def asas20(baseline: Domains, followup: Domains) -> Verdict:
    """Whether at least three of four domains improved by 20 % and 1 unit, and none worsened so.

    Args:
        baseline: the domains before treatment.
        followup: the domains now.

    Source: Anderson et al., Arthritis Rheum 2001;44:1876-86.
    """
    return _improved_and_none_worse(
        "ASAS20", baseline, followup, percent=20, units=1, worse_percent=20, worse_units=1
    )


def asas40(baseline: Domains, followup: Domains) -> Verdict:
    """Whether at least three of four domains improved by 40 % and 2 units, and none worsened.

    Args:
        baseline: the domains before treatment.
        followup: the domains now.

    Source: Brandt et al., Ann Rheum Dis 2004;63:1438-44.
    """
    return _improved_and_none_worse(
        "ASAS40", baseline, followup, percent=40, units=2, worse_percent=0, worse_units=0
    )


def asas56(baseline: Domains, followup: Domains) -> Verdict:
    """ASAS 5/6: whether at least five of six domains improved by 20 %.

    Args:
        baseline: the domains before treatment, with CRP and lateral flexion.
        followup: the domains now.

    Source: Brandt et al., Ann Rheum Dis 2004;63:1438-44.
    """
    better = each(SIX, baseline, followup, lambda change: change.improved(20, 0))
    return at_least(5, better, "ASAS 5/6: 20 % better in at least five of six domains")


def partial_remission(followup: Domains, operator: Literal["<=", "<"] = "<=") -> Verdict:
    """ASAS partial remission: whether each of four domains is at 2 or less.

    Args:
        followup: the domains now.
        operator: `<=`, as in the ASAS handbook, or `<`, since sources differ on a value of 2.

    Source: Sieper et al., Ann Rheum Dis 2009;68 Suppl 2:ii1-44 (2 or less); Machado et al., Ann
    Rheum Dis 2011;70:47-53, Table 3 (below 2).
    """
    domains = tuple(level(domain, followup, operator, 2) for domain in FOUR)
    text = f"ASAS partial remission: every domain {operator} 2"
    return Verdict(all_of(one.truth for one in domains), text, children=domains)


def basdai50(baseline: float | None, followup: float | None) -> Verdict:
    """Whether BASDAI fell by at least 50 %.

    Args:
        baseline: BASDAI before treatment, 0 to 10.
        followup: BASDAI now, 0 to 10.

    Source: Braun et al., Lancet 2002;359:1187-93.
    """
    return _basdai("better by 50 %", baseline, followup, lambda change: change.improved(50, 0))


def basdai50_or_2_units(baseline: float | None, followup: float | None) -> Verdict:
    """Whether BASDAI fell by at least 50 % or by at least 2 units.

    Args:
        baseline: BASDAI before treatment, 0 to 10.
        followup: BASDAI now, 0 to 10.

    Source: Braun et al., Ann Rheum Dis 2006;65:316-20 (ASAS recommendations on continuation).
    """
    half = basdai50(baseline, followup)
    two = _basdai("better by 2 units", baseline, followup, lambda change: change.improved(0, 2))
    text = "BASDAI better by 50 % or by 2 units"
    return Verdict(any_of((half.truth, two.truth)), text, children=(half, two))


def _improved_and_none_worse(
    name: str,
    baseline: Domains,
    followup: Domains,
    *,
    percent: int,
    units: int,
    worse_percent: int,
    worse_units: int,
) -> Verdict:
    # "The remaining domain not worse" equals "no domain worse": an improved one is not worse.
    better = each(FOUR, baseline, followup, lambda change: change.improved(percent, units))
    kept = each(
        FOUR, baseline, followup, lambda change: not change.worsened(worse_percent, worse_units)
    )
    limit = f"by {worse_percent} % and {worse_units} unit" if worse_units else "at all"
    enough = f"at least three domains better by {percent} % and {units} units"
    parts = (
        at_least(3, better, enough),
        Verdict(all_of(one.truth for one in kept), f"no domain worse {limit}", children=kept),
    )
    return Verdict(all_of(part.truth for part in parts), name, children=parts)


def _basdai(
    text: str, before: float | None, after: float | None, holds: Callable[[DomainChange], bool]
) -> Verdict:
    found = compared(BASDAI, before, after, holds)
    return Verdict(found.truth, f"{text}: {found.text}", reason=found.reason)
