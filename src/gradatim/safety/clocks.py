"""Clocks of safety reports: what is due to whom and when, by the rules of a jurisdiction.

Onset, the site's awareness, the sponsor's awareness (day 0) and an upgrade to fatal or
life-threatening are separate times. What is not yet known runs as if it were so: an event whose
expectedness nobody has judged is treated as unexpected. Source of each row: its own.
"""

from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime, time, timedelta, tzinfo
from functools import lru_cache
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from gradatim.core.truth import FALSE, TRUE, UNKNOWN, all_of, truth_of
from gradatim.core.verdict import Verdict
from gradatim.safety import load
from gradatim.safety.events import AdverseEvent, grave, is_serious, relation

ReportStatus = Literal["open", "met", "late", "missed"]
SEATS: Mapping[str, str] = {
    "CN": "Asia/Shanghai",
    "EU": "Europe/Amsterdam",
    "US": "America/New_York",
}
"""The zone of an authority's seat (NMPA, EMA, FDA), by jurisdiction."""


def sponsor_zone(jurisdiction: str, named: str = "") -> tzinfo:
    """Return the zone whose days a sponsor's deadlines count.

    Args:
        jurisdiction: CN, EU or US.
        named: the sponsor's zone, where the protocol names it; else the authority's is assumed.
    """
    return ZoneInfo(named or SEATS[jurisdiction])


class ClockRule(NamedTuple):
    """A row of the table.

    Args:
        jurisdiction: CN, EU or US.
        recipient: to whom.
        report: `initial` or `follow-up`.
        severity: `any` serious event, or of suspected unexpected ones `fatal` (fatal or
            life-threatening) and `other`.
        starts: the time it counts from, `site_aware` or `sponsor_aware`.
        hours, days: how long; days end with the day.
        source, version: of the rule, and the date it is of.
        basis: `published` as read or quoted; `proposed` our reading; `unverified` from memory.
        note: what else to know.
    """

    jurisdiction: str
    recipient: str
    report: str
    severity: str
    starts: str
    hours: int | None
    days: int | None
    source: str
    version: str
    basis: str
    note: str


class Times(NamedTuple):
    """When who knew; None is not recorded.

    Args:
        site_aware: the site, of the event as one that is reported at once.
        sponsor_aware: the sponsor, of the event: day 0.
        upgraded: the sponsor, of its having become fatal or life-threatening later.
        qualified: the sponsor, of its being serious, suspected and unexpected, where it had first
            been judged not to be; None where it was so, or may have been, from the beginning.
        site_upgraded: the site, of its having become fatal or life-threatening later.
        presumed: the sponsor, at the latest, as long as it is not recorded when it knew.
    """

    site_aware: datetime | None = None
    sponsor_aware: datetime | None = None
    upgraded: datetime | None = None
    qualified: datetime | None = None
    site_upgraded: datetime | None = None
    presumed: datetime | None = None

    def at(self, zone: tzinfo | None) -> "Times":
        """Return the same moments by the clock of a zone; as they are, without one."""
        if zone is None:
            return self
        return Times(*(one and one.astimezone(zone) for one in self))

    @property
    def day_0(self) -> datetime | None:
        """When the clocks of the sponsor's reports start, but for those of an upgrade."""
        if self.sponsor_aware is None or self.qualified is None:
            return self.sponsor_aware
        return max(self.sponsor_aware, self.qualified)

    @property
    def upgrade(self) -> datetime | None:
        """When the clocks of an upgrade start.

        What the site knew when the sponsor first heard of the event, the sponsor heard then. As
        long as nobody recorded when the sponsor knew of the upgrade, the site's knowledge counts.
        """
        if self.site_upgraded is None or self.upgraded is None:
            return self.upgraded or self.site_upgraded
        known_at_first = self.sponsor_aware is not None and self.site_upgraded <= self.sponsor_aware
        return self.site_upgraded if known_at_first else self.upgraded


class Clock(NamedTuple):
    """A report that is due. `why` says what started it."""

    recipient: str
    report: str
    starts: datetime
    due: datetime
    why: str
    rule: ClockRule

    def status(self, sent: datetime | None, as_of: datetime) -> ReportStatus:
        """Say how the clock stands: `late` is sent after it was due, `missed` not sent by then."""
        if sent is not None and sent <= as_of:
            return "met" if sent <= self.due else "late"
        return "open" if as_of <= self.due else "missed"


@lru_cache(maxsize=1)
def rules() -> tuple[ClockRule, ...]:
    """Give every row of the table."""

    def number(text: str) -> int | None:
        return int(text) if text else None

    return tuple(
        ClockRule(
            row["jurisdiction"],
            row["recipient"],
            row["report"],
            row["severity"],
            row["starts"],
            number(row["hours"]),
            number(row["days"]),
            row["source"],
            row["version"],
            row["basis"],
            row["note"],
        )
        for row in load.csv_rows("reporting_clocks.csv")
    )


def is_susar(event: AdverseEvent) -> Verdict:
    """Say whether an adverse event is a suspected unexpected serious adverse reaction.

    UNKNOWN while relation or expectedness is not judged; its clock runs all the same.
    Source: ICH E2A (1994), sections II and III.A.1.
    """
    serious = Verdict(
        truth_of(is_serious(event)), "serious" if is_serious(event) else "not serious"
    )
    related = {
        TRUE: "related cannot be excluded",
        FALSE: "not related",
        UNKNOWN: "nobody has judged the relation",
    }[relation(event)]
    unexpected = truth_of(None if event.expected is None else not event.expected)
    by = event.reference_safety_information or "no reference safety information named"
    told = {
        TRUE: f"unexpected ({by})",
        FALSE: f"expected ({by})",
        UNKNOWN: "nobody has judged whether it is expected",
    }[unexpected]
    children = (serious, Verdict(relation(event), related), Verdict(unexpected, told))
    return Verdict(all_of(one.truth for one in children), "", (), children)


def clocks(
    event: AdverseEvent,
    times: Times,
    jurisdiction: str,
    special_interest: bool = False,
    zone: tzinfo | None = None,
) -> tuple[Clock, ...]:
    """Give every report that an adverse event makes due.

    Args:
        event: what is known of it.
        times: when who knew.
        jurisdiction: CN, EU or US.
        special_interest: whether the protocol has the site report it as if it were serious.
        zone: that of the sponsor, whose days count, however a time is written; None: the zone in
            which each time is written.
    """
    found = [one for one in rules() if one.jurisdiction == jurisdiction]
    times = times.at(zone)
    return tuple(
        sorted(
            [*_to_sponsor(event, times, found, special_interest), *_expedited(event, times, found)],
            key=lambda clock: clock.due,
        )
    )


def _to_sponsor(
    event: AdverseEvent, times: Times, found: Collection[ClockRule], watched: bool
) -> Iterator[Clock]:
    if times.site_aware is None or not (is_serious(event) or watched):
        return
    why = "serious" if is_serious(event) else "of special interest"
    for rule in found:
        if rule.severity == "any":
            yield _clock(rule, times.site_aware, f"{why}, known to the site")
            if times.site_upgraded is not None:
                yield _clock(rule, times.site_upgraded, "upgrade known to the site")


def _expedited(event: AdverseEvent, times: Times, found: Collection[ClockRule]) -> Iterator[Clock]:
    day_0 = times.day_0
    why = "known to the sponsor" if day_0 == times.sponsor_aware else "qualified for reporting"
    if day_0 is None and times.presumed is not None:
        day_0, why = times.presumed, "known to the site; when the sponsor knew is not recorded"
    if day_0 is None or is_susar(event).truth is FALSE:
        return
    later = times.upgrade if grave(event) else None
    if later is None or later <= day_0:
        yield from _of(found, "fatal" if grave(event) else "other", day_0, why)
        return
    yield from _of(found, "other", day_0, why)  # first it was of the other kind
    yield from _of(found, "fatal", later, "upgrade to fatal or life-threatening")


def _of(found: Collection[ClockRule], severity: str, starts: datetime, why: str) -> Iterator[Clock]:
    yield from (_clock(rule, starts, why) for rule in found if rule.severity == severity)


def _clock(rule: ClockRule, starts: datetime, why: str) -> Clock:
    zone = starts.tzinfo or UTC
    if rule.hours is not None:  # hours that pass: on a day of changing clocks it has 23 or 25
        due = (starts.astimezone(UTC) + timedelta(hours=rule.hours)).astimezone(zone)
        return Clock(rule.recipient, rule.report, starts, due, why, rule)
    last = starts.date() + timedelta(days=rule.days or 0)
    return Clock(
        rule.recipient, rule.report, starts, datetime.combine(last, time.max, zone), why, rule
    )
