"""The timeline agrees with the stretches it draws, day by day."""

from dataclasses import replace
from datetime import date, timedelta

from gradatim.core.truth import FALSE, TRUE, UNKNOWN
from gradatim.reports.eligibility import eligibility_html
from gradatim.reports.timeline import (
    LEFT,
    WIDTH,
    OutcomeSpan,
    criterion_spans,
    joint_outcome,
    outcome_on,
    timeline,
)
from gradatim.rules.context import FIRST_DOSE
from gradatim.rules.horizon import Stretch
from tests.reports.screened import Page, document, people

START = date(2026, 11, 16)


def one_changing(*stretches: Stretch):
    """An eligible person, except that the first exclusion has these stretches."""
    one, facts = people()["C-01"]
    fixed = [replace(f, stretches=(Stretch(START, None, f.verdict.truth),)) for f in one.findings]
    n = next(n for n, f in enumerate(fixed) if f.criterion.category == "exclusion")
    fixed[n] = replace(fixed[n], stretches=stretches)
    return replace(one, findings=tuple(fixed)), facts


def until(day: date) -> date:
    return day - timedelta(days=1)


def test_nothing_changes_no_chart():
    one, facts = one_changing(Stretch(START, None, FALSE))
    assert timeline(one) is None
    assert "When the first dose is put off" not in eligibility_html(document(), one, facts)


def test_only_what_changes_is_drawn_below_all_criteria_together():
    change = date(2027, 1, 10)
    one, _ = one_changing(Stretch(START, until(change), TRUE), Stretch(change, None, FALSE))
    chart = timeline(one)
    assert chart is not None
    assert [row.label for row in chart.rows] == ["all criteria", "E1"]
    assert [bar.outcome.word for bar in chart.rows[1].bars] == ["fails", "passes"]
    first, second = chart.rows[1].bars
    assert first.x == LEFT
    assert abs(first.x + first.width - second.x) < 0.2
    assert abs(second.x + second.width - LEFT - WIDTH) < 0.2
    assert second.label == "passes from 2027-01-10"
    assert "E1 fails from 2026-11-16 to 2027-01-09" in first.words


def test_a_change_after_the_days_shown_is_said_in_words():
    change = date(2029, 3, 1)
    one, facts = one_changing(Stretch(START, until(change), TRUE), Stretch(change, None, FALSE))
    chart = timeline(replace(one, eligible_from=change))
    assert chart is not None
    assert chart.later == ("E1 passes from 2029-03-01",)
    assert chart.marker is None
    page = Page(eligibility_html(document(), replace(one, eligible_from=change), facts))
    assert "Later changes: E1 passes from 2029-03-01" in page.text
    assert "No criterion fails from 2029-03-01, after the days shown." in page.text


def test_a_change_on_the_last_day_shown_still_is_on_the_chart():
    last = date(2027, 11, 16)
    one, _ = one_changing(Stretch(START, until(last), TRUE), Stretch(last, None, FALSE))
    chart = timeline(one)
    assert chart is not None
    assert len(chart.rows[1].bars) == 2
    assert chart.rows[1].bars[1].width >= 2


def test_all_criteria_together_fail_where_any_fails_and_are_unknown_where_any_is():
    early, late = date(2026, 12, 1), date(2027, 2, 1)
    lines = [
        [OutcomeSpan(START, until(late), False), OutcomeSpan(late, None, True)],
        [OutcomeSpan(START, until(early), True), OutcomeSpan(early, None, None)],
    ]
    assert joint_outcome(lines) == [
        OutcomeSpan(START, until(late), False),
        OutcomeSpan(late, None, None),
    ]


def test_truths_that_pass_alike_are_one_span():
    one, _ = one_changing(
        Stretch(START, date(2026, 12, 1), UNKNOWN), Stretch(date(2026, 12, 2), None, UNKNOWN)
    )
    finding = next(f for f in one.findings if f.criterion.id == "E1")
    assert criterion_spans(finding) == [OutcomeSpan(START, None, None)]


def test_the_marker_and_the_line_of_all_criteria_agree_with_the_verdicts():
    for one, _ in people().values():
        lines = [criterion_spans(finding) for finding in one.findings]
        everyone = joint_outcome(lines)
        planned = one.anchors[FIRST_DOSE]
        worst = {"eligible": True, "ineligible": False, "undetermined": None}[one.status]
        assert outcome_on(everyone, planned) is worst
        for finding, line in zip(one.findings, lines, strict=True):
            assert outcome_on(line, planned) is finding.passes
        if one.eligible_from:
            assert outcome_on(everyone, one.eligible_from) is not False
            if one.eligible_from > planned:
                assert outcome_on(everyone, until(one.eligible_from)) is False
