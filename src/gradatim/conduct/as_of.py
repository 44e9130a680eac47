"""The state of a trial as it was: after an entry, at a recorded time, or by a day of occurrence."""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, date, datetime
from typing import NamedTuple

from gradatim.conduct.event_log import decoded_at, peek
from gradatim.conduct.events import without_unknown_fields
from gradatim.conduct.events.base import Event
from gradatim.conduct.events.participants import EntryCorrected, EntryVoided, VoidConfirmed
from gradatim.conduct.fold import fold
from gradatim.conduct.folding.participants import corrected
from gradatim.conduct.ledger import Entry
from gradatim.conduct.state import State


def as_of(
    trial: str,
    entries: Iterable[Entry],
    *,
    position: int | None = None,
    recorded_at: datetime | None = None,
    occurred_on: date | None = None,
    leniently: bool = False,
) -> State:
    """Give the state of a trial at an earlier point.

    Args:
        trial: its name.
        entries: its ledger, from the first entry.
        position: after this entry.
        recorded_at: as it was known at this time. A clock that went backwards hides nothing: an
            entry counts as recorded no earlier than those before it.
        occurred_on: only what had happened by this day, as it is known at the point asked about.
        leniently: leave out what cannot be read, and note it in the state.

    Raises:
        UnreadableEntry: an entry is no event that is known here.
    """
    known = _known(entries, position, recorded_at)
    if occurred_on is None:
        bodies = ((one.position, one.body) for one in known)
        return fold(trial, bodies, leniently=leniently)
    events, unread = _read(known, leniently)
    state = fold(trial, _happened(events, occurred_on))
    state.unread = unread
    return state


def _read(
    entries: Iterable[Entry], leniently: bool
) -> tuple[list[tuple[int, Event]], dict[int, str]]:
    events, unread = [], {}
    for one in entries:
        if not leniently:
            events.append((one.position, decoded_at(one.position, one.body)))
            continue
        event, why = without_unknown_fields(one.body)
        if why:
            unread[one.position] = why
        if event is not None:
            events.append((one.position, event))
    return events, unread


class DataCut(NamedTuple):
    """A data cut: the trial as a review looks at it.

    Args:
        state: the trial as of it.
        on: the day that windows are looked at.
        day: the day of occurrence it was asked by; None where all that is recorded counts.
        present: whether it is all that is recorded until now.
    """

    state: State
    on: date
    day: date | None
    present: bool


def data_cut(
    now: State, entries: Callable[[], Iterable[Entry]], day: date | None, today: date
) -> DataCut:
    """Return the data cut by a day of occurrence; without an earlier day, all that is recorded.

    Args:
        now: the trial now.
        entries: reads its ledger from the first entry; called only where an earlier day is asked.
        day: what had happened by it counts.
        today: the day, by the clock of the sites.
    """
    if day is None or day >= today:
        return DataCut(now, today, None, True)
    return DataCut(as_of(now.trial, entries(), occurred_on=day), day, day, False)


def _happened(events: list[tuple[int, Event]], by: date) -> Iterator[tuple[int, Event]]:
    """Give what had happened by a day, told by the entries as they stand corrected.

    What was found to be in error since had not happened: that it was marked so is of its day.
    """
    now = dict(events)
    for _, event in events:
        if isinstance(event, EntryCorrected) and event.of in now:
            now[event.of] = corrected(now[event.of], event.fields)
    for at, event in events:
        about: Event | None = now[at]
        while isinstance(about, EntryCorrected | EntryVoided | VoidConfirmed):
            about = now.get(about.of)
        if about is not None and about.occurred_on <= by:
            yield at, event


def _known(
    entries: Iterable[Entry], position: int | None, recorded_at: datetime | None
) -> Iterator[Entry]:
    for entry in entries:
        if position is not None and entry.position > position:
            return
        if recorded_at is not None and _recorded_at(entry) > recorded_at:
            return
        yield entry


_NEVER = datetime.min.replace(tzinfo=UTC)


def _recorded_at(entry: Entry) -> datetime:
    """Return when an entry was recorded; of one that cannot be read, that is not known."""
    seen = peek(entry.body)
    event = None if seen else without_unknown_fields(entry.body)[0]
    return seen[1].recorded_at if seen else event.recorded_at if event else _NEVER
