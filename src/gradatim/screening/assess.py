"""Assess one person against every criterion: verdicts, reasons, and from when they may enter."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from gradatim.core.errors import Defect, UnusableInput
from gradatim.core.truth import FALSE, TRUE, UNKNOWN, Truth
from gradatim.core.verdict import Reason, Verdict, foremost
from gradatim.evidence.facts import Facts
from gradatim.protocol.eligibility import EligibilityCriterion
from gradatim.protocol.study import Study
from gradatim.rules.context import FIRST_DOSE, Situation
from gradatim.rules.horizon import Stretch, horizon
from gradatim.screening.missing import Missing, rank_missing, recheck, repeat
from gradatim.screening.readings import Plan, Reading

EligibilityStatus = Literal["eligible", "ineligible", "undetermined"]


@dataclass(frozen=True)
class Finding:
    """What one criterion says of one person.

    Args:
        criterion: the criterion.
        reading: the reading that was used.
        verdict: the truth of what the text says, with its reasons.
        stretches: the truth for every first-dose day from the planned one on.
    """

    criterion: EligibilityCriterion
    reading: Reading
    verdict: Verdict
    stretches: tuple[Stretch, ...]

    @property
    def passes(self) -> bool | None:
        """Whether the person passes; None while undetermined."""
        return passing(self.criterion, self.verdict.truth)

    @property
    def because(self) -> str:
        """The clauses that settle the verdict, or leave it open."""
        return "; ".join(dict.fromkeys(self.verdict.clauses()))

    @property
    def unknown_because(self) -> Reason | None:
        """Why it is undetermined: of several reasons the foremost."""
        if self.verdict.truth is not UNKNOWN:
            return None
        leaves = self.verdict.deciding()
        return foremost(one.reason or Reason.JUDGEMENT for one in leaves if one.truth is UNKNOWN)

    @property
    def passes_from(self) -> date | None:
        """The first day on which one who does not pass now would; None if there is none."""
        if self.passes:
            return None
        return next(
            (one.first for one in self.stretches if passing(self.criterion, one.truth)), None
        )

    @property
    def passes_until(self) -> date | None:
        """The last day on which one who passes now still would; None if for good."""
        return self.stretches[0].last if self.passes and self.stretches else None


@dataclass(frozen=True)
class Eligibility:
    """Whether one person may enter, and why.

    Args:
        person: identifier.
        anchors: the dates asked about.
        on: the day the question was asked.
        status: eligible when every criterion passes, ineligible when one fails, else undetermined.
        findings: one for each criterion, in the protocol's order.
        eligible_from: the earliest first dose on which no criterion fails; None if there is none.
        repeat: elements whose values would be stale by then.
        recheck: what is still to be done at visits not yet due.
        missing: elements that would settle undetermined criteria, the most useful first.
    """

    person: str
    anchors: Mapping[str, date]
    on: date
    status: EligibilityStatus
    findings: tuple[Finding, ...]
    eligible_from: date | None
    repeat: tuple[str, ...]
    recheck: tuple[str, ...]
    missing: tuple[Missing, ...]


def anchors_used(study: Study, one: Eligibility) -> dict[str, date]:
    """Give the dates that the rules look at, the first dose included, in the order of days."""
    rules = [finding.reading.rule for finding in one.findings]
    visits = {name for rule in rules for name in rule.encounters()}
    used = {FIRST_DOSE, *(name for rule in rules for name in rule.anchors())}
    used |= {study.schedule.encounters[name].window.anchor for name in visits}
    named = [(name, day) for name, day in one.anchors.items() if name in used]
    return dict(sorted(named, key=lambda item: item[1]))


def passing(criterion: EligibilityCriterion, truth: Truth) -> bool | None:
    """Whether a truth lets a person pass: an inclusion must be TRUE, an exclusion FALSE."""
    if truth is UNKNOWN:
        return None
    return truth is (TRUE if criterion.category == "inclusion" else FALSE)


def assess(
    study: Study, facts: Facts, anchors: Mapping[str, date], on: date, plan: Plan
) -> Eligibility:
    """Assess one person.

    Args:
        study: the protocol.
        facts: what is known of the person.
        anchors: a date for every anchor of the protocol.
        on: the day the question is asked.
        plan: the reading, or readings, of every criterion.

    Raises:
        UnusableInput: the person has died.
        Defect: a rule could not be evaluated; no verdict is ever made of that.
    """
    if facts.died is not None and facts.died.first <= on:
        raise UnusableInput(
            f"person {facts.person} has died",
            why=f"on {facts.died}",
            todo="correct the record, or leave this person out",
        )
    situation = Situation(study, facts, anchors, on)
    findings = tuple(_finding(one, situation, plan[one.id]) for one in study.criteria)
    passes = [finding.passes for finding in findings]
    status: EligibilityStatus = (
        "ineligible" if False in passes else "undetermined" if None in passes else "eligible"
    )
    start = eligible_from(findings)
    stale = repeat(situation, [finding.reading.rule for finding in findings], start)
    asked = [finding.reading.rule for finding in findings if not _settled_by_sex(finding)]
    return Eligibility(
        facts.person,
        anchors,
        on,
        status,
        findings,
        start,
        stale,
        recheck(situation, asked),
        rank_missing([(f.criterion.id, f.verdict) for f in findings if f.passes is None]),
    )


def _settled_by_sex(finding: Finding) -> bool:
    """Whether no visit can change the verdict: a man need not come for a pregnancy test."""
    return any(leaf.element == "sex" for leaf in finding.verdict.deciding())


def _finding(
    criterion: EligibilityCriterion, s: Situation, readings: tuple[Reading, ...]
) -> Finding:
    """Evaluate the readings of a criterion and keep the one that excludes most."""
    found = []
    for reading in readings:
        try:
            verdict, stretches = horizon(reading.rule, s)
        except Exception as error:
            raise Defect(
                f"criterion {criterion.id} could not be evaluated for person {s.facts.person}: "
                f"{type(error).__name__}: {error}. No verdict was given; please report this"
            ) from error
        found.append(Finding(criterion, reading, verdict, tuple(stretches)))
    sign = 1 if criterion.category == "inclusion" else -1
    return min(found, key=lambda finding: sign * finding.verdict.truth)


def eligible_from(findings: tuple[Finding, ...]) -> date | None:
    """Give the earliest first-dose day on which no criterion fails."""
    days = sorted({stretch.first for finding in findings for stretch in finding.stretches})
    for day in days:
        if all(_truth_on(finding, day) is not False for finding in findings):
            return day
    return None


def _truth_on(finding: Finding, day: date) -> bool | None:
    stretch = next(one for one in reversed(finding.stretches) if one.first <= day)
    return passing(finding.criterion, stretch.truth)
