"""The timeline of a person: over which first-dose days each criterion passes, fails or is unknown.

Only geometry and words; the template draws it.
"""

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from typing import NamedTuple

from gradatim.core.dates import Duration, step
from gradatim.reports.words import OUTCOMES, OutcomeStyle
from gradatim.rules.context import FIRST_DOSE
from gradatim.screening.assess import Eligibility, Finding, passing

_SHOWN = Duration(months=12)
LEFT, WIDTH, _ROW_HEIGHT, TOP, BOTTOM = 96, 900, 26, 46, 8
"""Sizes in the units of the drawing: label column, plot, row, axis above and space below."""
_CHARACTER = 6.4
"""Width of a character of a bar's label; a label that does not fit is left out."""


_TICK = 50
"""Room that a month's label needs."""


class OutcomeSpan(NamedTuple):
    """First-dose days `first` to `last` (None: for good) with one outcome."""

    first: date
    last: date | None
    passes: bool | None


class Bar(NamedTuple):
    """A span as it is drawn: place, width, outcome, label (may be empty) and words in full."""

    x: float
    width: float
    outcome: OutcomeStyle
    label: str
    words: str


class _Row(NamedTuple):
    """One line of the chart."""

    label: str
    category: str
    y: int
    bars: tuple[Bar, ...]


class Tick(NamedTuple):
    """The first day of a month on the axis."""

    x: float
    label: str


class Timeline(NamedTuple):
    """All that is drawn.

    Args:
        first: the planned first dose, where the chart begins.
        last: the last day shown.
        rows: all criteria together, then each criterion that changes within these days.
        later: changes after the days shown, in words.
        ticks: months.
        marker: place of the first day without a failure; None if it is not on the chart.
        height: of the drawing.
    """

    first: date
    last: date
    rows: tuple[_Row, ...]
    later: tuple[str, ...]
    ticks: tuple[Tick, ...]
    marker: float | None
    height: int


def timeline(one: Eligibility) -> Timeline | None:
    """Lay out the timeline; None when nothing changes with the day of the first dose."""
    first = one.anchors[FIRST_DOSE]
    last = step(first, _SHOWN)
    spans = {f.criterion.id: criterion_spans(f) for f in one.findings}
    changing = [f for f in one.findings if _changes(spans[f.criterion.id], last)]
    later = tuple(
        _later_words(f, spans[f.criterion.id], last)
        for f in one.findings
        if len(spans[f.criterion.id]) > 1 and f not in changing
    )
    if not changing and not later:
        return None
    lines = [("all criteria", "", joint_outcome(spans.values()))]
    lines += [(f.criterion.id, f.criterion.category, spans[f.criterion.id]) for f in changing]
    rows = tuple(
        _Row(label, category, TOP + n * _ROW_HEIGHT, _bars(label, line, first, last))
        for n, (label, category, line) in enumerate(lines)
    )
    start = one.eligible_from
    marker = _x(start, first, last) if start and first <= start <= last else None
    return Timeline(
        first,
        last,
        rows,
        later,
        _ticks(first, last),
        marker,
        TOP + len(rows) * _ROW_HEIGHT + BOTTOM,
    )


def criterion_spans(finding: Finding) -> list[OutcomeSpan]:
    """Give the outcomes of a criterion over the days; neighbours with one outcome are joined."""
    criterion = finding.criterion
    return _joined((one.first, passing(criterion, one.truth)) for one in finding.stretches)


def joint_outcome(lines: Iterable[Sequence[OutcomeSpan]]) -> list[OutcomeSpan]:
    """Give the outcome of all criteria taken together: it fails where any fails."""
    filled = [line for line in lines if line]
    days = sorted({span.first for line in filled for span in line})
    return _joined((day, _worst([outcome_on(line, day) for line in filled])) for day in days)


def _joined(starts: Iterable[tuple[date, bool | None]]) -> list[OutcomeSpan]:
    kept: list[tuple[date, bool | None]] = []
    for day, passes in starts:
        if not kept or kept[-1][1] is not passes:
            kept.append((day, passes))
    ends = [day - timedelta(days=1) for day, _ in kept[1:]] + [None]
    return [OutcomeSpan(day, end, passes) for (day, passes), end in zip(kept, ends, strict=True)]


def _worst(outcomes: Sequence[bool | None]) -> bool | None:
    return False if False in outcomes else None if None in outcomes else True


def outcome_on(line: Sequence[OutcomeSpan], day: date) -> bool | None:
    """Give the outcome of a line of spans on a day."""
    return next((span.passes for span in reversed(line) if span.first <= day), line[0].passes)


def _changes(line: Sequence[OutcomeSpan], last: date) -> bool:
    return len(line) > 1 and line[1].first <= last


def _later_words(finding: Finding, line: Sequence[OutcomeSpan], last: date) -> str:
    following = ", ".join(f"{OUTCOMES[s.passes].word} from {s.first}" for s in line[1:])
    return f"{finding.criterion.id} {following}"


def _bars(label: str, line: Sequence[OutcomeSpan], first: date, last: date) -> tuple[Bar, ...]:
    return tuple(_bar(label, span, first, last) for span in line if span.first <= last)


def _bar(label: str, span: OutcomeSpan, first: date, last: date) -> Bar:
    outcome = OUTCOMES[span.passes]
    left = _x(max(span.first, first), first, last)
    open_ended = span.last is None or span.last >= last
    right = (
        WIDTH + LEFT
        if open_ended or not span.last
        else _x(span.last + timedelta(days=1), first, last)
    )
    until = f"to {span.last}" if span.last else "on, for good"
    words = f"{label} {outcome.word} from {span.first} {until}"
    return Bar(
        round(left, 1),
        round(max(right - left, 2), 1),
        outcome,
        _label(outcome.word, span, right - left, span.first == first),
        words,
    )


def _label(word: str, span: OutcomeSpan, width: float, at_start: bool) -> str:
    until = f"{word} until {span.last}" if span.last else word
    fuller = until if at_start else f"{word} from {span.first}"
    return next((text for text in (fuller, word) if len(text) * _CHARACTER + 12 <= width), "")


def _x(day: date, first: date, last: date) -> float:
    days = (last - first).days + 1
    return round(LEFT + WIDTH * (day - first).days / days, 1)


def _ticks(first: date, last: date) -> tuple[Tick, ...]:
    days = (step(first.replace(day=1), Duration(months=n)) for n in range(1, 13))
    ticks = (Tick(_x(day, first, last), f"{day:%Y-%m}") for day in days)
    return tuple(tick for tick in ticks if tick.x < LEFT + WIDTH - _TICK)
