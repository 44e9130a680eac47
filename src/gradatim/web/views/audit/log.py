"""The audit trail: every entry that the user sees, by filters."""

from collections.abc import Iterator
from datetime import date
from typing import Any, NamedTuple
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render

from gradatim.conduct.access import Access
from gradatim.conduct.conflicts import participant_of
from gradatim.conduct.days import recorded_on
from gradatim.conduct.events import BY_NAME
from gradatim.conduct.events.base import Event
from gradatim.conduct.narrative import narrate_in_words
from gradatim.web.access import Request, page
from gradatim.web.acts import title

PAGE, MOST_TOLD = 100, 20


class Filter(NamedTuple):
    """What is looked for; empty is anything."""

    by: str = ""
    act: str = ""
    participant: str = ""
    site: str = ""
    since: str = ""
    until: str = ""
    text: str = ""

    def fits(self, access: Access, event: Event) -> bool:
        """Whether an entry is looked for."""
        return (
            self.by in ("", event.recorded_by)
            and self.act in ("", type(event).__name__)
            and self.site in ("", event.site)
            and self.participant in ("", participant_of(access.state, event) or "")
            and (_day(self.since) is None or recorded_on(access.state, event) >= _day(self.since))
            and (_day(self.until) is None or recorded_on(access.state, event) <= _day(self.until))
            and (
                not self.text
                or self.text.casefold() in narrate_in_words(access.state, event).casefold()
            )
        )


def _day(text: str) -> Any:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


@page("audit")
def audit(request: Request) -> HttpResponse:
    """Show the trail, the latest first."""
    access: Access = request.access
    asked = Filter(**{name: request.GET.get(name, "").strip() for name in Filter._fields})
    before = request.GET.get("before", "")
    start = int(before) if before.isdigit() else access.state.position + 1
    rows: list[tuple[int, Event, str]] = []
    more = None
    for position, event in _backwards(access, start):
        if not asked.fits(access, event):
            continue
        if len(rows) == PAGE:
            more = "?" + urlencode({**asked._asdict(), "before": rows[-1][0]})
            break
        rows.append((position, event, narrate_in_words(access.state, event)))
    state = access.state
    people = sorted({user for user, _ in state.roles})
    acts = [(name, title(name)) for name in BY_NAME]
    return render(
        request,
        "gradatim/audit/log.html",
        {
            "rows": rows,
            "more": more,
            "asked": asked,
            "people": people,
            "acts": acts,
            "sites": sorted(access.sites("audit")),
            "clock": state.clock_went_back[-MOST_TOLD:],
        },
    )


def _backwards(access: Access, start: int) -> Iterator[tuple[int, Event]]:
    events = access.state.events
    for position in range(min(start, access.state.position + 1) - 1, 0, -1):
        event = events[position]
        if access.sees_entry("audit", event):
            yield position, event
