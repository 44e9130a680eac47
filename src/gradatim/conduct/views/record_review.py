"""The records of a participant under review: how each was read, and what was judged of it."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import NamedTuple

from gradatim.conduct.events.records import RecordJudged
from gradatim.conduct.state import Participant, State
from gradatim.conduct.views.facts import facts_of
from gradatim.conduct.views.records import Record, all_elements, records_of
from gradatim.conduct.views.screening import assess_participant
from gradatim.protocol.elements import COVERABLE
from gradatim.screening.not_known import NotKnown, open_criteria, rank_not_known


class RecordJudgement(NamedTuple):
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


class ReviewedRecord(NamedTuple):
    """A record with what was read of it and judged of it.

    Args:
        record: the record.
        used: labels of the elements that it was read to be of, each with the code that says so.
        open_: names of the elements that it may be of, with their labels.
        judged: the judgements of it that count, the latest last.
        waits_for: the undetermined criteria that it keeps open.
        judgeable: whether it may be of a history; values and answers are corrected instead.
    """

    record: Record
    used: list[tuple[str, str]]
    open_: list[tuple[str, str]]
    judged: list[RecordJudgement]
    waits_for: list[str]
    judgeable: bool

    @property
    def asked_anew(self) -> bool:
        """Whether the record has changed since it was judged."""
        return any(one.stale for one in self.judged)


def review_records(
    state: State,
    one: Participant,
    waiting: Mapping[str, Iterable[str]],
    say: Callable[[str], str] = str,
) -> list[ReviewedRecord]:
    """Return a participant's records, those first that keep most criteria open.

    Args:
        state: the trial.
        one: the participant.
        waiting: of each element the undetermined criteria that wait for it.
        say: says a label in the language of whoever asks.
    """
    found = [review_record(state, one, waiting, say) for one in records_of(state, one).values()]
    return sorted(found, key=lambda one: (-len(one.waits_for), -len(one.open_), not one.judged))


def review_record(
    state: State,
    record: Record,
    waiting: Mapping[str, Iterable[str]] = {},
    say: Callable[[str], str] = str,
) -> ReviewedRecord:
    """Return a record as it is reviewed: see `review_records`."""
    known = all_elements(state)

    def label(name: str) -> str:
        return say(known[name].label) if name in known else name

    return ReviewedRecord(
        record,
        [(label(name), code) for name, code in record.used.items()],
        [(name, label(name)) for name in record.open_],
        _judgements(record, label),
        sorted({id for name in record.open_ for id in waiting.get(name, ())}),
        bool(record.open_ or record.judged or (record.read and record.read.outside))
        or any(known[name].kind in COVERABLE for name in record.used if name in known),
    )


def _judgements(record: Record, label: Callable[[str], str]) -> list[RecordJudgement]:
    found: dict[int, RecordJudgement] = {}
    for name, one in sorted(record.judged.items(), key=lambda item: item[1].position):
        new = RecordJudgement(one.position, one.event, [], [], one.stale)
        judgement = found.setdefault(one.position, new)
        (judgement.yes if one.yes else judgement.no).append(label(name))
    return list(found.values())


def waiting_criteria(state: State, one: Participant, day: date) -> dict[str, list[str]]:
    """Return of each element the undetermined criteria of a participant that wait for it."""
    found = assess_participant(state, one, day).eligibility
    return open_criteria(found.findings) if found else {}


def codes_not_known(
    state: State, one: Participant, waiting: dict[str, list[str]]
) -> list[tuple[NotKnown, list[Record]]]:
    """Return the codes that nobody knows, with the records to be judged, the weightiest first."""
    listed = records_of(state, one).values()
    return [
        (code, [record for record in listed if record.open_ and _has(record, code)])
        for code in rank_not_known([(facts_of(state, one), waiting)])
    ]


def _has(record: Record, code: NotKnown) -> bool:
    codes = {(coding.system, coding.code) for coding in record.codes} or {("", record.id)}
    return (code.coding.system, code.coding.code) in codes
