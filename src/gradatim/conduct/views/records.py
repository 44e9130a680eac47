"""The records of a participant's sources: how each was read, what was judged of it, what is open.

Two readings stand beside each other. That of the program is kept with the codes that it went
through. That of an investigator is signed, and outranks it while the record says what it said.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from gradatim.conduct.events.participants import FactRecorded, RecordNotUnderstood
from gradatim.conduct.events.records import Coded, RecordJudged, RecordRead, RecordsRead
from gradatim.conduct.sealed_records import SEALED, is_sealed, opened_entry, sealed_word
from gradatim.conduct.state import Participant, State
from gradatim.conduct.views.doses import entries_of
from gradatim.core.codes import system_of
from gradatim.evidence.codebook import Codebook, CodeMeaning
from gradatim.evidence.facts import Coding
from gradatim.evidence.fhir.datatypes import NO_SYSTEM
from gradatim.evidence.fhir.record_resolution import named, whole_record_id
from gradatim.protocol.elements import COVERABLE, Element
from gradatim.protocol.study import Study

RecordKey = tuple[str, str, str]
"""What tells one record from another: its source, its id, and what it says where the id does not
last, as that of a resource which has none."""
Holding = RecordsRead | RecordNotUnderstood | FactRecorded
"""Entries that hold a record."""


class Judged(NamedTuple):
    """What an investigator said of a record and an element.

    Args:
        position, event: the judgement.
        yes: whether it is one.
        stale: whether the record has changed since.
        read: how it was read then; None where that is not kept.
    """

    position: int
    event: RecordJudged
    yes: bool
    stale: bool
    read: RecordRead | None


@dataclass
class Record:
    """A record of a source, as the ledger knows it.

    Args:
        source, id: what the source is called, and the record's id there.
        at: the last entry that holds it; a judgement names it.
        codes: what it is coded as; empty where that is sealed and cannot be opened here.
        sealed: `sealed`, or `erased`, where it is; else empty.
        read, read_at: how it was read last, and the entry that says so; None and 0 in ledgers of
            before that was kept.
        open_: the elements that it may be of, and nobody has judged.
        used: the elements that it was read to be of, each with the code that says so.
        judged: by element, what was judged last.
        contents: the entry with which each content was seen first.
    """

    source: str
    id: str
    at: int = 0
    codes: tuple[Coding, ...] = ()
    sealed: str = ""
    read: RecordRead | None = None
    read_at: int = 0
    open_: tuple[str, ...] = ()
    used: dict[str, str] = field(default_factory=dict)
    judged: dict[str, Judged] = field(default_factory=dict)
    contents: dict[str, int] = field(default_factory=dict)


def records_of(state: State, participant: Participant) -> Mapping[RecordKey, Record]:
    """Return the records of a participant's sources, in the order in which they came."""
    known = f"records by version {len(state.versions)}"
    return participant.remembered(known, lambda: _records(state, participant))


def _records(state: State, participant: Participant) -> Mapping[RecordKey, Record]:
    found: dict[RecordKey, Record] = {}
    for position, event in entries_of(state, participant, *_KINDS):
        if isinstance(event, RecordJudged):
            _judge(found, state, position, event)
        event = opened_entry(state, position, event)
        for key, read in held_records(event):
            record = found.setdefault(key, Record(key[0], key[1]))
            record.at = position
            _add(record, position, event, read)
    for record in found.values():
        record.sealed = record.sealed and sealed_word(participant)
        record.judged = {name: _as_it_says_now(record, one) for name, one in record.judged.items()}
    for key, by_element in _open(state, participant, found).items():
        found[key].open_ = tuple(dict.fromkeys(name for one in by_element for name in one[1]))
    return found


_KINDS = (RecordsRead, RecordNotUnderstood, FactRecorded, RecordJudged)


def record_in(state: State, participant: Participant, of: int, record: str) -> Record | None:
    """Return the record of a participant that an entry holds; None where it holds none of that id.

    Args:
        of: the entry's position.
        record: the record's id.
    """
    held = held_records(state.events[of]) if of in participant.entries else ()
    key = next((key for key, _ in held if key[1] == whole_record_id(record)), None)
    return records_of(state, participant)[key] if key else None


def key_of(source: str, record: str, content: str | None) -> RecordKey:
    """Return what tells a record of a source from others."""
    id_ = whole_record_id(record)
    return source, id_, "" if lasts(id_) else content or ""


def lasts(record: str) -> bool:
    """Whether the id of a record is its own, by which it is met again; else it is its place."""
    return "/" in record and "[" not in record


def held_records(event: object) -> Iterator[tuple[RecordKey, RecordRead | None]]:
    """Return the records that an entry holds, each with how it was read where that stands there."""
    if isinstance(event, RecordsRead):
        for one in event.records:
            yield key_of(event.source, one.record, one.content), one
    elif isinstance(event, RecordNotUnderstood) or (
        isinstance(event, FactRecorded) and event.record
    ):
        yield key_of(event.source, event.record, event.content), None


def _add(record: Record, position: int, event: object, read: RecordRead | None) -> None:
    content = read.content if read else getattr(event, "content", None) or ""
    record.contents.setdefault(content, position)
    if read is not None:
        record.read, record.read_at, record.used = read, position, dict(read.used)
        record.codes = tuple(_coding(one) for one in read.codes)
        record.sealed = SEALED if is_sealed(read) else ""
    elif isinstance(event, RecordNotUnderstood):
        record.codes = record.codes or tuple(map(Coding, event.codes))
        if is_sealed(event) and record.read is None:
            record.sealed = SEALED
    elif isinstance(event, FactRecorded):
        record.used.setdefault(event.fact.element, "")


def _coding(one: Coded) -> Coding:
    label = named(system_of(one.system)) or ("" if one.system else NO_SYSTEM)
    return Coding(one.code, one.system, one.display, label)


def _judge(
    found: dict[RecordKey, Record], state: State, position: int, event: RecordJudged
) -> None:
    held = held_records(state.events[event.of])
    key = next((key for key, _ in held if key[1] == whole_record_id(event.record)), None)
    record = found.get(key) if key else None
    if record is not None:
        for name, said in event.answers.items():
            record.judged[name] = Judged(
                position, event, said == "yes", stale=False, read=record.read
            )


def _as_it_says_now(record: Record, one: Judged) -> Judged:
    """Return a judgement with whether the record has come to say something else since."""
    return one._replace(stale=any(first > one.position for first in record.contents.values()))


def answer_to(record: Record, element: str, position: int) -> Judged | None:
    """Return the judgement of a record that an entry falls under; None where there is none.

    That is one of a later entry, while the record says what it said: else it is judged anew.
    """
    said = record.judged.get(element)
    return said if said and position < said.position and not said.stale else None


def taken_out_at(state: State, participant: Participant, element: str) -> int:
    """Return the last judgement by which a record that was used is not of an element; 0: none."""
    found = (
        record.judged[element].position
        for record in records_of(state, participant).values()
        if element in record.used and element in record.judged and not record.judged[element].yes
    )
    return max(found, default=0)


Open = dict[RecordKey, list[tuple[int, tuple[str, ...], tuple[Coding, ...]]]]
"""Of records the entries that leave elements open, with these elements and its codes."""


def open_entries(state: State, participant: Participant) -> Open:
    """Return what the records of a participant leave open, by the entry that says so."""
    return _open(state, participant, records_of(state, participant))


def _open(state: State, participant: Participant, records: Mapping[RecordKey, Record]) -> Open:
    found: Open = {}
    for position, event in entries_of(state, participant, RecordNotUnderstood):
        key = key_of(event.source, event.record, event.content)
        names = _left(state, event, records[key])
        left = tuple(one for one in names if answer_to(records[key], one, position) is None)
        found.setdefault(key, []).append(
            (position, left, records[key].codes or (Coding(event.record),))
        )
    for key, record in records.items():
        if record.read is not None and (new := _of_later_versions(state, record)):
            found.setdefault(key, []).append(
                (record.read_at, new, record.codes or (Coding(record.id),))
            )
    return found


def _left(state: State, event: RecordNotUnderstood, record: Record) -> tuple[str, ...]:
    """Return the elements that a record may be of, those that came with an amendment too.

    One that was read again, and said the same, may be of fewer: those it was last read to be of.
    """
    then = study_of(state, event.protocol)
    kinds = {then.elements[name].kind for name in event.elements if name in then.elements}
    kinds &= {*COVERABLE}
    names = (*event.elements, *(name for name, kind in _later(state, then) if kind in kinds))
    read = record.read
    if read is None or not event.content or read.content != event.content:
        return tuple(dict.fromkeys(names))
    return tuple(
        name for name in dict.fromkeys(names) if name in read.perhaps or name not in then.elements
    )


def _of_later_versions(state: State, record: Record) -> tuple[str, ...]:
    """Return the elements that came with an amendment since, and that a record may be of.

    The codes of the amended protocol may say that it is not; nothing else is asked. Of a record
    whose codes are sealed, and cannot be opened here, nothing says so.
    """
    read = record.read
    assert read is not None
    then = study_of(state, state.events[record.read_at].protocol)
    codebook = None
    found = []
    for name, kind in _later(state, then):
        if kind not in read.outside or answer_to(record, name, record.read_at):
            continue
        codebook = codebook or Codebook(all_elements(state))
        codes = [(system_of(one.system), one.code) for one in read.codes]
        if is_sealed(read) or codebook.outcome(codes, name) is not CodeMeaning.SOMETHING_ELSE:
            found.append(name)
    return tuple(found)


def study_of(state: State, version: str) -> Study:
    """Return the protocol by which an entry was recorded; that of now where it names none."""
    return next((one.study for one in state.versions if one.version == version), state.study)


def _later(state: State, then: Study) -> Iterator[tuple[str, str]]:
    """Return the elements, with their kinds, that the protocol did not have then."""
    for name, element in all_elements(state).items():
        if name not in then.elements:
            yield name, element.kind


def all_elements(state: State) -> Mapping[str, Element]:
    """Return the elements of all versions of the protocol, by name, as the latest has them."""
    return state.of_version(
        "elements",
        lambda: {name: one for held in state.versions for name, one in held.study.elements.items()},
    )
