"""Leaf queries: the questions that an engine answers for each person, one state each.

A rule's leaf becomes one query or a few. All anchors are constants in a prescreen, so windows are
dates and washouts are days counted before any engine is asked. Equal queries are one, whatever
criterion, reading or protocol asks.
"""

from datetime import date
from typing import NamedTuple

from gradatim.evidence.relation import FIRST_DAY, LAST_DAY
from gradatim.protocol.base import Limit


class Span(NamedTuple):
    """Closed days; those without limit are the calendar's ends."""

    since: date = FIRST_DAY
    until: date = LAST_DAY


class MeasurementQuery(NamedTuple):
    """What the values of one element in one window say.

    Args:
        element: the element.
        window: the days a value must lie in.
        limit: the limit compared with; None asks for a word.
        word: the word asked for.
        latest: whether the last value counts, else any.
        method: the only method that counts; empty for every one.
        attested: whether it is an answer: a yes or a no, and no doubtful one.
        derived: which facts count: True those computed or read out, False the recorded ones.
        not_while: values of days on which this drug was taken do not satisfy; with its kind and
            the day of the question.
        undated: whether an answer without any date lies in the window.
    """

    element: str
    window: Span
    limit: Limit | None = None
    word: str = ""
    latest: bool = True
    method: str = ""
    attested: bool = False
    derived: bool = False
    not_while: tuple[str, str, date] | None = None
    undated: bool = False


class HistoryQuery(NamedTuple):
    """Whether something happened in a window.

    Args:
        element: the element.
        window: the days asked about.
        by_start: whether it must have started in them.
        spared: records that are also of these elements do not count.
        grade: only of such a grade.
        related: only if (not) related; None asks nothing.
        denials: ask instead for a record that says it did not happen, until the window or later.
        washouts: by ingredient, since when a dose is too recent, instead of the window's first day;
            None as a day: the half-life is not established.
    """

    element: str
    window: Span
    by_start: bool = False
    spared: tuple[str, ...] = ()
    grade: Limit | None = None
    related: bool | None = None
    denials: bool = False
    washouts: tuple[tuple[str, date | None], ...] | None = None


class CountQuery(NamedTuple):
    """Whether at least so many different ingredients, or records, started in a window."""

    element: str
    window: Span
    at_least: int
    by_ingredient: bool


class ExposureDaysQuery(NamedTuple):
    """Whether exposure lasted at least so many days in a window.

    `per` is `union`, `sum` or `ingredient` (then in each of `ingredients` of them).
    """

    element: str
    window: Span
    at_least: int
    per: str
    ingredients: int


class StableDoseQuery(NamedTuple):
    """Whether each drug taken on `at` was started by `started` and unchanged since `unchanged`.

    With `washouts` it is a washout instead: whether a drug of `element` was taken too recently, in
    `window`, unless it is one of `spared` and stable.
    """

    element: str
    at: date
    started: date
    unchanged: date
    window: Span = Span()
    spared: str = ""
    washouts: tuple[tuple[str, date | None], ...] = ()


class DailyDoseQuery(NamedTuple):
    """Whether the mean daily dose on the days from `low` until `high` satisfies a limit.

    `records` are the days that a record must touch to be looked at. With `open_` there may be more
    than is recorded: the total has no upper end.
    """

    element: str
    low: date
    high: date
    records: Span
    prednisone: bool
    limit: Limit
    open_: bool = False


class AnyRecord(NamedTuple):
    """Whether there is any record of an element, of one kind.

    `what` is `any`, `said` (an answer that it happened) or `unreadable`; `method` and `derived`
    select as in MeasurementQuery.
    """

    element: str
    what: str = "any"
    method: str = ""
    derived: bool | None = None


LeafQuery = (
    MeasurementQuery
    | HistoryQuery
    | CountQuery
    | ExposureDaysQuery
    | StableDoseQuery
    | DailyDoseQuery
)
