"""What a file of records adds to what is recorded of a participant: each record once, as it says.

A file that comes again adds nothing. A record that says something else than before, or is
understood otherwise, is added as it is now; what it was stays.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

import msgspec

from gradatim.conduct.corrections import as_recorded
from gradatim.conduct.events.base import Event
from gradatim.conduct.events.participants import FactRecorded, RecordNotUnderstood
from gradatim.conduct.events.records import RecordRead, RecordsRead, VocabularyUsed
from gradatim.conduct.sealed_records import RecordSeal
from gradatim.conduct.source_import import Arriving, arriving
from gradatim.conduct.state import Participant, State
from gradatim.conduct.views.doses import entries_of
from gradatim.conduct.views.records import Record, RecordKey, key_of, lasts, records_of
from gradatim.evidence.facts import Facts

LARGEST = 400_000
"""Bytes of records in one entry, well below what the ledger takes."""
_SAID = ("fact", "start", "end", "ongoing", "route", "source", "results", "record", "codes")


class SourceChanges(NamedTuple):
    """What a file of records adds to what is recorded of a participant.

    Args:
        entries: what the file says of the person.
        readings: fields of the entries that tell how its records were understood; they are sealed
            as they are taken out, which asks nothing of the state.
    """

    entries: list[Arriving]
    readings: Iterator[dict[str, Any]]


def source_changes(
    state: State,
    participant: Participant,
    source: str,
    facts: Facts,
    records: Mapping[str, RecordRead],
    vocabulary: VocabularyUsed | None,
    seal: RecordSeal,
) -> SourceChanges:
    """Return what a file of records adds: its new entries, and how its records were understood.

    Args:
        state: the trial.
        participant: whose records they are.
        source: what the source is called.
        facts: what the file says.
        records: how each record of it was understood, by its id, with a plain hash of what it says.
        vocabulary: by which they were read.
        seal: seals what the participant's records say.
    """
    elements = state.governing("elements", participant).elements
    plain = {id_: record.content for id_, record in records.items()}
    contents = kept_contents(state, participant, source, plain, seal)
    found = arriving(facts, elements, source, contents)
    read_as = (msgspec.structs.replace(one, content=contents[id_]) for id_, one in records.items())
    return SourceChanges(
        list(new_entries(state, participant, found)),
        new_readings(state, participant, source, read_as, vocabulary, seal),
    )


def new_entries(
    state: State, participant: Participant, found: Iterable[Arriving]
) -> Iterator[Arriving]:
    """Return those entries of a file that are not recorded yet.

    A record that is not understood is new as to the elements that it was not open to before: what
    was judged or corrected since is not asked again.
    """
    known: dict[str, list[_Recorded]] = {}
    for event in _first_said(state, participant):
        fields = {name: getattr(event, name, None) for name in (*_SAID, "content", "elements")}
        known.setdefault(_told(type(event), fields), []).append(_recorded(fields))
    for one in found:
        now = _recorded(one.fields)
        same = [
            before
            for before in known.get(_told(one.kind, one.fields), ())
            if before.content in (None, now.content)
            or (one.kind is FactRecorded and now.record == before.record and lasts(now.record))
        ]
        if not same:
            yield one
        elif one.kind is RecordNotUnderstood:
            asked = {name for before in same for name in before.elements}
            if left := tuple(name for name in now.elements if name not in asked):
                yield one._replace(fields={**one.fields, "elements": left})


class _Recorded(NamedTuple):
    """An entry of before: the record that it is of, what that said, and what it may be of.

    Entries of before that was kept have no content, and facts of then no record.
    """

    record: str
    content: str | None
    elements: tuple[str, ...]


def _recorded(fields: Mapping[str, Any]) -> _Recorded:
    return _Recorded(
        fields.get("record") or "", fields.get("content"), tuple(fields.get("elements") or ())
    )


def _first_said(state: State, participant: Participant) -> Iterator[Event]:
    """Return a participant's entries as they were recorded, whatever was corrected since."""
    for position in participant.entries:
        yield as_recorded(state, position)


def _told(kind: type[Event], fields: Mapping[str, Any]) -> str:
    """Return what tells one entry from another."""
    left_out = "record" if kind is FactRecorded else ""
    told = [
        (name, value)
        for name in _SAID
        if name != left_out and (value := fields.get(name)) not in (None, "", (), False)
    ]
    return f"{kind.__name__} {told!r}"


def kept_contents(
    state: State, participant: Participant, source: str, plain: Mapping[str, str], seal: RecordSeal
) -> dict[str, str]:
    """Return by what the ledger knows what records say: a keyed hash of it.

    A record that the ledger knows by a plain hash, from before it was keyed, and that still says
    the same, keeps that: it has not changed.

    Args:
        source: what the source is called.
        plain: SHA-256 of what each record says, by its id.
        seal: the participant's.
    """
    known = records_of(state, participant)
    contents = {}
    for id_, content in plain.items():
        before = known.get(key_of(source, id_, content))
        same = before is not None and content in before.contents
        contents[id_] = content if same else seal.content(content)
    return contents


def new_readings(
    state: State,
    participant: Participant,
    source: str,
    records: Iterable[RecordRead],
    vocabulary: VocabularyUsed | None,
    seal: RecordSeal,
) -> Iterator[dict[str, Any]]:
    """Return the fields of the entries that tell how the records of a file were understood.

    They are sealed one by one as they are taken out. Only records that are new, say something else
    or are understood otherwise are told of; in a file that comes again by the same vocabulary
    there are none, and nothing is to be recorded.

    Args:
        source: what the source is called.
        records: every record of the file.
        vocabulary: by which they were read.
        seal: seals what they say.
    """
    known = records_of(state, participant)
    listed = list(records)
    new = [one for one in listed if not _is_known(known, source, one)]
    last = [
        event.vocabulary
        for _, event in entries_of(state, participant, RecordsRead)
        if event.source == source
    ][-1:]
    if not new and last == [vocabulary]:
        return iter(())
    told = {"source": source, "read": len(listed), "vocabulary": vocabulary}
    return ({**told, "records": some} for some in _portions(map(seal.read, new)))


def _is_known(known: Mapping[RecordKey, Record], source: str, one: RecordRead) -> bool:
    before = known.get(key_of(source, one.record, one.content))
    return before is not None and before.read == one


def _portions(records: Iterable[RecordRead]) -> Iterator[tuple[RecordRead, ...]]:
    """Return records in portions that one entry can hold; of none, one empty portion."""
    portion: list[RecordRead] = []
    size = 0
    for one in records:
        bytes_ = len(msgspec.json.encode(one))
        if portion and size + bytes_ > LARGEST:
            yield tuple(portion)
            portion, size = [], 0
        portion.append(one)
        size += bytes_
    yield tuple(portion)
