"""Reads one person: when born, whether dead, and when observed."""

from datetime import date, timedelta

from gradatim.core.dates import ANY_DAY, Day, on
from gradatim.evidence.facts import Observed
from gradatim.evidence.omop.options import Options
from gradatim.evidence.omop.person_rows import RecordRow

ONE_DAY = timedelta(days=1)


def born(person: RecordRow, options: Options) -> Day:
    """Give the days a person can have been born on; ANY_DAY if that is not known."""
    parts = _by_parts(person["year"], person["month"], person["day"])
    exact: date | None = person["birth"]
    birth = parts
    if exact is not None:
        placeholder = parts is not None and not parts.exact and exact == parts.first
        birth = parts if placeholder else on(exact)
    return birth if birth is not None and birth.first <= options.on else ANY_DAY


def _by_parts(year: int | None, month: int | None, day: int | None) -> Day | None:
    if year is None or not 1 <= year <= 9999:
        return None
    if month is None or not 1 <= month <= 12:
        return Day(date(year, 1, 1), date(year, 12, 31))
    try:
        return on(date(year, month, day or 0))
    except ValueError:
        after = date(year + month // 12, month % 12 + 1, 1) if (year, month) < (9999, 12) else None
        return Day(date(year, month, 1), after - ONE_DAY if after else date.max)


def died(deaths: list[date | None], day: date) -> Day | None:
    """Give the day somebody died, up to a day; ANY_DAY if it is not recorded, None if they live."""
    happened = [one for one in deaths if one is None or one <= day]
    if not happened:
        return None
    dated = [one for one in happened if one]
    return on(min(dated)) if dated else ANY_DAY


def coverage(periods: list[tuple[date, date]], options: Options) -> dict[str, Observed]:
    """Give the days observed of each kind; a person without a period is not covered."""
    if not options.observation_period:
        return dict(options.coverage)
    last = _last_period(sorted(periods), options.on)
    found = {}
    for kind, seen in options.coverage.items():
        if last is None:
            continue
        since = max(last[0], seen.since) if seen.since else last[0]
        until = min(last[1], seen.until) if seen.until else last[1]
        if since <= until:
            found[kind] = Observed(since, until)
    return found


def _last_period(periods: list[tuple[date, date]], day: date) -> tuple[date, date] | None:
    """Give the last period that began by the day, joined with those it follows on."""
    last = None
    for start, end in periods:
        if start > end or start > day:
            continue
        if last and (start - last[1]).days <= 1:
            last = last[0], max(last[1], end)
        else:
            last = start, end
    return last
