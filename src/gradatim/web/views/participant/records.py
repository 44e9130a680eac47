"""The records that came from a participant's sources: how each was read, and what was judged of it.

Both readings are shown. Whoever may judge finds the way to it beside each record.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from gradatim.conduct.access import Access
from gradatim.conduct.days import days_of
from gradatim.conduct.events.records import RecordJudged, RecordRead, RecordsRead
from gradatim.conduct.state import Participant, State
from gradatim.conduct.views.doses import entries_of
from gradatim.conduct.views.facts import facts_of
from gradatim.conduct.views.records import Record, all_elements, records_of
from gradatim.conduct.views.screening import assess_participant
from gradatim.core.dates import NEVER_ENDED
from gradatim.protocol.elements import COVERABLE
from gradatim.screening.not_known import NotKnown, open_criteria, rank_not_known
from gradatim.web.access import Request, page, participant_or_404
from gradatim.web.clock import today
from gradatim.web.views.participant.frame import framed


class Saying(NamedTuple):
    """What one judgement says of a record, where no later one says otherwise.

    Args:
        position, event: the judgement.
        yes, no: labels of what the record is, and of what it is not.
        stale: whether the record has changed since.
    """

    position: int
    event: RecordJudged
    yes: list[str]
    no: list[str]
    stale: bool


def sayings(record: Record, label: Callable[[str], str]) -> list[Saying]:
    """Return what was judged of a record, by judgement."""
    found: dict[int, Saying] = {}
    for name, one in sorted(record.judged.items(), key=lambda item: item[1].position):
        new = Saying(one.position, one.event, [], [], one.stale)
        said = found.setdefault(one.position, new)
        (said.yes if one.yes else said.no).append(label(name))
    return list(found.values())


class Shown(NamedTuple):
    """A record as the pages show it.

    Args:
        record: the record.
        days: from when to when, in words; empty where that is not known.
        used: labels of the elements that it was read to be of, each with the code that says so.
        open_: names of the elements that it may be of, with their labels.
        judged: the judgements of it that count, the latest last.
        waits_for: the undetermined criteria that it keeps open.
        judgeable: whether it may be of a history; values and answers are corrected instead.
    """

    record: Record
    days: str
    used: list[tuple[str, str]]
    open_: list[tuple[str, str]]
    judged: list[Saying]
    waits_for: list[str]
    judgeable: bool

    @property
    def asked_anew(self) -> bool:
        """Whether the record has changed since it was judged."""
        return any(one.stale for one in self.judged)


def shown_records(
    state: State,
    one: Participant,
    waiting: Mapping[str, Iterable[str]],
    say: Callable[[str], str] = str,
) -> list[Shown]:
    """Return a participant's records, those first that keep most criteria open.

    Args:
        waiting: of each element the undetermined criteria that wait for it.
        say: says a label in the language of the page.
    """
    found = [shown_record(state, one, waiting, say) for one in records_of(state, one).values()]
    return sorted(found, key=lambda one: (-len(one.waits_for), -len(one.open_), not one.judged))


def shown_record(
    state: State,
    record: Record,
    waiting: Mapping[str, Iterable[str]] = {},
    say: Callable[[str], str] = str,
) -> Shown:
    """Return a record as the pages show it: see `shown_records`."""
    known = all_elements(state)

    def label(name: str) -> str:
        return say(known[name].label) if name in known else name

    return Shown(
        record,
        days_in_words(record.read),
        [(label(name), code) for name, code in record.used.items()],
        [(name, label(name)) for name in record.open_],
        sayings(record, label),
        sorted({id for name in record.open_ for id in waiting.get(name, ())}),
        bool(record.open_ or record.judged or (record.read and record.read.outside))
        or any(known[name].kind in COVERABLE for name in record.used if name in known),
    )


def days_in_words(read: RecordRead | None) -> str:
    """Return the days of a record in words; empty where they are not known."""
    if read is None or not (read.start or read.start_within or read.end or read.ongoing):
        return ""
    start, end = days_of(read)
    if start == end:
        return str(start)
    if end == NEVER_ENDED:
        return _("since %(start)s, ongoing") % {"start": start}
    if len(str(end)) > len("2026-11-16"):
        return _("since %(start)s, its end is not known") % {"start": start}
    return _("%(start)s to %(end)s") % {"start": start, "end": end}


def waiting_for(state: State, one: Participant) -> dict[str, list[str]]:
    """Return of each element the undetermined criteria of a participant that wait for it."""
    found = assess_participant(state, one, today()).eligibility
    return open_criteria(found.findings) if found else {}


def not_known(
    state: State, one: Participant, waiting: dict[str, list[str]]
) -> list[tuple[NotKnown, list[Record]]]:
    """Return the codes that nobody knows, with the records to be judged, the weightiest first."""
    listed = records_of(state, one).values()
    return [
        (code, [record for record in listed if record.open_ and _has(record, code)])
        for code in rank_not_known([(facts_of(state, one), waiting)])
    ]


def _has(record: Record, code: NotKnown) -> bool:
    told = {(coding.system, coding.code) for coding in record.codes} or {("", record.id)}
    return (code.coding.system, code.coding.code) in told


@page("participants")
def records(request: Request, id: str) -> HttpResponse:
    """Show every record, those that wait for a judgement first."""
    access: Access = request.access
    one = participant_or_404(access, "participants", id)
    state = access.state
    waiting = waiting_for(state, one)
    rows = shown_records(state, one, waiting)
    content: dict[str, Any] = {
        **framed(request, one, "records"),
        "not_known": not_known(state, one, waiting),
        "open": [row for row in rows if row.open_ or row.asked_anew],
        "others": [row for row in rows if not (row.open_ or row.asked_anew) and row.judgeable],
        "values": [row for row in rows if not row.judgeable],
        "files": list(entries_of(state, one, RecordsRead)),
    }
    return render(request, "gradatim/participant/records.html", content)
