"""The whole application as the trial was: an earlier state on every page, and no way to record.

Whoever sees the audit may choose an entry or a day; until they return, every page shows the trial
as it was known then, by the clock of then. What they may see is decided by their tasks of now.
"""

from collections.abc import Callable, Mapping
from datetime import date, datetime, time
from typing import Any, NamedTuple

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from gradatim.conduct.access import SEES, Access, ReadOnlyAccess
from gradatim.conduct.as_of import as_of
from gradatim.conduct.conflicts import participant_of
from gradatim.conduct.state import Participant, State
from gradatim.conduct.transfers import last_seen
from gradatim.conduct.trial import Trial
from gradatim.web import clock
from gradatim.web.middleware import match_of, page_of

Respond = Callable[[HttpRequest], HttpResponse]
CHOSEN = "as_of"
"""Where the session keeps what was chosen."""
API = "/api/"
OF_NOW = ("", "as-of", "look-back", "sign-in", "sign-out", "theme", "account")
"""Pages that are not of the trial, and those where what was chosen is changed."""
OF_A_PARTICIPANT = (
    "participant",
    "visits",
    "laboratory",
    "adverse-events",
    "scores",
    "logs",
    "doses",
    "eligibility",
    "emergency",
    "records",
    "history",
    "entry",
)
"""Pages of one participant, or an entry about one, that a former site of theirs goes on reading."""
SAFE = ("GET", "HEAD", "OPTIONS")


class Chosen(NamedTuple):
    """A point of the past: after an entry, or at the end of a day as it was known then."""

    position: int
    day: str = ""

    def until(self, state: State) -> datetime | None:
        """Return the end of the day, by the clock of the trial; None where an entry was chosen."""
        zone = clock.now_at(state, "").tzinfo
        return (
            datetime.combine(date.fromisoformat(self.day), time.max, tzinfo=zone)
            if self.day
            else None
        )


_kept: dict[tuple[str, Chosen], State] = {}
"""The last state that was asked for; one only, for it may be large."""


def state_then(trial: Trial, chosen: Chosen) -> State:
    """Give the state at a point of the past."""
    if not chosen.day and chosen.position >= trial.state.position:
        return trial.state
    if (trial.name, chosen) not in _kept:
        found = as_of(
            trial.name,
            trial.store.read(trial.name),
            position=chosen.position,
            recorded_at=chosen.until(trial.state),
        )
        _kept.clear()
        _kept[trial.name, chosen] = found
    return _kept[trial.name, chosen]


def look_back(respond: Respond) -> Respond:
    """Answer a request out of the past, where its user has chosen to look at that."""

    def answered(request: HttpRequest) -> HttpResponse:
        chosen = request.session.get(CHOSEN) if hasattr(request, "access") else None
        if chosen is None or not request.access.sees("audit"):  # type: ignore[attr-defined]
            left = _when_they_left(request)
            return respond(request) if left is None else _then(request, left, respond)
        return _then(request, Chosen(*chosen), respond)

    return answered


def _when_they_left(request: HttpRequest) -> Chosen | None:
    """Return when the participant of a page went on at another site than the user's.

    The former site goes on reading what it knew then, and learns and records nothing more.
    """
    access: Access | None = getattr(request, "access", None)
    match = match_of(request)
    if access is None or match is None or match.url_name not in OF_A_PARTICIPANT:
        return None
    one = _participant_of_page(access.state, match.kwargs)
    if one is None or not one.moves or any(access.sees_participant(area, one) for area in SEES):
        return None
    at = last_seen(one, access.sites("participants") | access.sites("dosing"))
    return None if at is None else Chosen(at)


def _participant_of_page(state: State, named: Mapping[str, Any]) -> Participant | None:
    """Return the participant whom a page is about, or the entry that it shows."""
    if "position" not in named:
        return state.participants.get(str(named.get("id", "")))
    event = state.events.get(named["position"])
    return state.participants.get(participant_of(state, event) or "") if event else None


def _then(request: HttpRequest, chosen: Chosen, respond: Respond) -> HttpResponse:
    now: Access = request.access  # type: ignore[attr-defined]
    state = state_then(request.trial, chosen)  # type: ignore[attr-defined]
    past = ReadOnlyAccess(now.user, state, now.held)
    request.past = past  # type: ignore[attr-defined]
    if request.path.startswith(API) or page_of(request) in OF_NOW:
        return respond(request)
    if request.method not in SAFE:
        return render(request, "gradatim/past.html", status=409)
    request.access = past  # type: ignore[attr-defined]
    with clock.standing_at(_moment(state, chosen)):
        return respond(request)


def _moment(state: State, chosen: Chosen) -> datetime:
    """Give the time then: the end of a day that was chosen, else when the entry was recorded."""
    return min(chosen.until(state) or state.recorded_at or clock.now(), clock.now())
