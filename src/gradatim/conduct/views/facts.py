"""A participant's entries as the facts that rules are evaluated on."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import lru_cache
from itertools import chain

import msgspec

from gradatim.clinical.units import convert_for
from gradatim.conduct.days import day_of, days_of
from gradatim.conduct.events.base import Event, Measured
from gradatim.conduct.events.findings import (
    LaboratoryResultsRecorded,
    ScoresRecorded,
    VitalSignsRecorded,
)
from gradatim.conduct.events.logs import ConcomitantMedicationRecorded, MedicalHistoryRecorded
from gradatim.conduct.events.participants import (
    Disposition,
    FactRecorded,
    HistoryDeclaredComplete,
    InformedConsentObtained,
    InformedConsentRenewed,
    RecordNotUnderstood,
)
from gradatim.conduct.events.trial import Range
from gradatim.conduct.state import Participant, State
from gradatim.conduct.views.birth import birth_of
from gradatim.conduct.views.doses import entries, entries_of
from gradatim.conduct.views.logs import history_facts, medication_facts
from gradatim.conduct.views.records import (
    Judged,
    answer_to,
    key_of,
    open_entries,
    records_of,
    study_of,
)
from gradatim.core.dates import ANY_DAY, Day, on, parse_day
from gradatim.core.quantity import Quantity
from gradatim.core.verdict import Reason
from gradatim.evidence.coverage import declare
from gradatim.evidence.doubts import Doubt, read_doubt, records_not_understood
from gradatim.evidence.facts import EVERY_DAY, Coding, Fact, Facts, NotUsed, Observed, Often
from gradatim.evidence.fhir.dosages import DAILY_DOSE_UNIT
from gradatim.protocol.elements import COVERABLE


@dataclass(slots=True)
class _Row:
    """The facts of an element so far.

    Args:
        held: those that entries hold; it is added to at its end alone.
        judged: those that investigators judged records to be, which follow them.
        made: all of them, once somebody asked.
    """

    held: list[Fact]
    judged: tuple[Fact, ...] = ()
    made: tuple[Fact, ...] | None = None

    def first(self, number: int) -> tuple[Fact, ...]:
        """Return as many of those held, and what was judged."""
        made = self.made
        if made is None or len(made) != number + len(self.judged):
            made = (*self.held[:number], *self.judged)
            if number == len(self.held):
                self.made = made
        return made


class _ByElement(Mapping[str, tuple[Fact, ...]]):
    """The facts of each element at one time, which those that come later leave as they are.

    Args:
        rows: the facts of each element, and perhaps later ones.
        numbers: how many of them there were.
    """

    __slots__ = ("_rows", "numbers")

    def __init__(self, rows: Mapping[str, _Row], numbers: dict[str, int]) -> None:
        self._rows, self.numbers = rows, numbers

    def __getitem__(self, name: str) -> tuple[Fact, ...]:
        """Return the facts of an element."""
        return self._rows[name].first(self.numbers[name])

    def __contains__(self, name: object) -> bool:
        """Whether an element has any."""
        return name in self.numbers

    def __iter__(self) -> Iterator[str]:
        """Yield the elements that have any."""
        return iter(self.numbers)

    def __len__(self) -> int:
        """Count the elements that have any."""
        return len(self.numbers)

    def __repr__(self) -> str:
        """Write all of them."""
        return repr(dict(self))


@dataclass(slots=True)
class _Read:
    """What is read of a participant's entries so far; it is added to in place.

    Args:
        facts: all that is known.
        rows: the facts of each element.
        numbers: how many of those entries hold, by element.
        of_day: the facts of an element that begin on a day; None until somebody asks.
    """

    facts: Facts
    rows: dict[str, _Row]
    numbers: dict[str, int]
    of_day: dict[tuple[str, Day], list[Fact]] | None = None


def facts_of(state: State, participant: Participant) -> Facts:
    """Give all that the ledger knows of a participant, as facts."""
    return _read(state, participant).facts


def facts_of_day(
    state: State, participant: Participant, elements: Iterable[str], day: Day
) -> Iterator[Fact]:
    """Yield the facts of some elements that begin on a day, as they are in `facts_of`."""
    read = _read(state, participant)
    if read.of_day is None:
        read.of_day = {}
        _by_day(read.of_day, chain.from_iterable(read.facts.by_element.values()))
    for name in elements:
        yield from read.of_day.get((name, day), ())


def _by_day(of_day: dict[tuple[str, Day], list[Fact]], facts: Iterable[Fact]) -> None:
    for fact in facts:
        of_day.setdefault((fact.element, fact.start), []).append(fact)


def _read(state: State, participant: Participant) -> _Read:
    return participant.grown(
        _name(state),
        lambda: _begun(state, participant),
        lambda read, positions: _further(state, participant, read, positions),
    )


def let_facts_go(state: State, participant: Participant) -> None:
    """Forget what the ledger knows of a participant, to spare memory; it can be read again."""
    participant.let_go(_name(state))


def _name(state: State) -> str:
    return f"facts by version {len(state.versions)}"


def _further(
    state: State, participant: Participant, read: _Read, positions: Sequence[int]
) -> _Read:
    """Add what entries hold that leave what the earlier ones say as it is."""
    new: list[Fact] = []
    for position in positions:
        event = state.events[position]
        if isinstance(event, FactRecorded) and event.record:
            return _begun(state, participant)  # a record that is known may say something else now
        new += facts_in(position, event, state)
    numbers = dict(read.numbers)
    judged = False
    for fact in new:
        row = read.rows.get(fact.element)
        if row is None:
            row = read.rows[fact.element] = _Row([])
        row.held.append(fact)
        numbers[fact.element] = len(row.held)
        judged = judged or bool(row.judged)
    if judged:
        read.of_day = None  # judged facts stand last in it
    elif read.of_day is not None:
        _by_day(read.of_day, new)
    read.numbers = numbers
    read.facts = replace(
        read.facts,
        by_element=_ByElement(read.rows, numbers),
        read=read.facts.read + len(new),
        died=death_of(state, participant),
    )
    return read


def _begun(state: State, participant: Participant) -> _Read:
    rows: dict[str, _Row] = {}
    coverage: dict[str, Observed] = {}
    for position, event in entries(state, participant):
        if _judged(state, participant, position, event):
            continue
        for fact in facts_in(position, event, state):
            row = rows.get(fact.element)
            if row is None:
                row = rows[fact.element] = _Row([])
            row.held.append(fact)
        if isinstance(event, HistoryDeclaredComplete):
            coverage.update(declare(event.kinds, event.since, event.until))
    for fact in _by_judgement(state, participant):
        row = rows.setdefault(fact.element, _Row([]))
        row.judged = (*row.judged, fact)
    not_used = [
        _not_understood(state, position, names, codes)
        for some in open_entries(state, participant).values()
        for position, names, codes in some
    ]
    birth = birth_of(state, participant)
    sex = participant.sex if participant.sex in ("female", "male") else ""
    numbers = {name: len(row.held) for name, row in rows.items()}
    number = sum(numbers.values()) + sum(len(row.judged) for row in rows.values())
    facts = Facts(
        participant.id,
        birth.day,
        sex,
        _ByElement(rows, numbers),
        coverage,
        tuple(not_used),
        read=number + len(not_used),
        died=death_of(state, participant),
        birth_conflict=read_doubt(birth.conflict),
    )
    return _Read(facts, rows, numbers)


def _not_understood(
    state: State, position: int, names: tuple[str, ...], codes: tuple[Coding, ...]
) -> NotUsed:
    """Return a record with the elements that it may be of.

    What nobody declares complete, such as a measurement, is open on the days of the record.
    """
    id, event = f"entry:{position}", state.events[position]
    then = study_of(state, event.protocol).elements
    # An element that the version of then did not have stays open whatever its kind.
    dated = [name for name in names if name in then and then[name].kind not in COVERABLE]
    start, end = days_of(event) if isinstance(event, RecordNotUnderstood) else (ANY_DAY, ANY_DAY)
    doubtful = records_not_understood(codes)
    instead = tuple(
        Fact(
            name, id, start, end, doubtful=doubtful, unsettled=Reason.NOT_UNDERSTOOD, entry=position
        )
        for name in dated
    )
    covered = tuple(name for name in names if name not in dated)
    return NotUsed(id, "it is not understood", covered, codes, instead, entry=position)


def _judged(state: State, participant: Participant, position: int, event: Event) -> bool:
    """Whether an investigator has judged since of what a record is that was read as a fact."""
    if not isinstance(event, FactRecorded) or not event.record:
        return False
    record = records_of(state, participant)[key_of(event.source, event.record, event.content)]
    return answer_to(record, event.fact.element, position) is not None


def _by_judgement(state: State, participant: Participant) -> Iterator[Fact]:
    """Give what investigators judged records to be; of one that has changed it is doubtful."""
    for record in records_of(state, participant).values():
        for name, said in record.judged.items():
            if said.yes:
                yield _as_judged(name, said)


def _as_judged(element: str, said: Judged) -> Fact:
    event, read = said.event, said.read
    given = event.start or event.end or event.ongoing
    start, end = days_of(event) if given or read is None else days_of(read)
    dose = event.daily_dose if event.daily_dose is not None or read is None else read.daily_dose
    return Fact(
        element,
        f"entry:{said.position}",
        start,
        end,
        dose,
        "" if dose is None else DAILY_DOSE_UNIT,
        code=event.drug,
        doubtful=Doubt.CHANGED_SINCE() if said.stale else "",
        entry=said.position,
    )


def death_of(state: State, participant: Participant) -> Day | None:
    """Return the day of a participant's death; ANY_DAY if it is not known when, None if alive."""
    if participant.status != "died":
        return None
    days = [
        event.occurred_on
        for _, event in entries_of(state, participant, Disposition)
        if event.status == "died"
    ]
    return on(days[-1]) if days else ANY_DAY


def position_of(fact: Fact) -> int:
    """Return the entry that a fact of the ledger comes from; the first, where it is derived."""
    return fact.entries[0] if fact.entry is None else fact.entry


def facts_in(position: int, event: Event, state: State) -> Iterable[Fact]:
    """Give the facts that one entry holds; of most kinds of entry there are none."""
    match event:
        case FactRecorded():
            return (_as_answered(state, position, event),)
        case LaboratoryResultsRecorded():
            day, ranges = parse_day(event.collected_on), _ranges_of(state, event)
            if not ranges:
                return [measured(position, one, day) for one in event.results]
            return [
                measured(position, _with_limits(state, ranges.get(one.element), one), day)
                for one in event.results
            ]
        case VitalSignsRecorded() | ScoresRecorded():
            day = on(day_of(state, event))
            return [measured(position, one, day) for one in event.results]
        case ConcomitantMedicationRecorded():
            return medication_facts(state, position, event)
        case MedicalHistoryRecorded():
            return history_facts(state, position, event)
        case InformedConsentObtained() | InformedConsentRenewed():
            return _consents(position, event.occurred_on, state)
    return ()


def _ranges_of(state: State, event: LaboratoryResultsRecorded) -> Mapping[str, Range]:
    """Return the ranges of a sample's version for its participant, by element."""
    position = state.ranges.get((event.laboratory, event.ranges_version))
    if position is None:
        return {}
    person = state.participants.get(event.participant)
    sex = person.sex if person else ""
    return state.remembered(f"ranges {position} {sex}", lambda: _for_sex(state, position, sex))


def _for_sex(state: State, position: int, sex: str | None) -> dict[str, Range]:
    """Return by element the first range of a sex, or else the first of both."""
    ranges: tuple[Range, ...] = getattr(state.events[position], "ranges", ())
    own = [one for one in ranges if one.sex and one.sex == sex]
    of_both = [one for one in ranges if not one.sex]
    return {one.element: one for one in reversed([*own, *of_both])}


def _with_limits(state: State, range_: Range | None, one: Measured) -> Measured:
    """Return a result with the limits that its sample's version of the ranges gives it.

    Limits of its own come first; without any, and without ranges in a unit that converts, it has
    none.
    """
    if range_ is None or one.low is not None or one.high is not None or one.value is None:
        return one
    low, high = (
        None if limit is None else _in_unit(state, one, range_.unit, limit)
        for limit in (range_.low, range_.high)
    )
    return msgspec.structs.replace(one, low=low, high=high)


def _in_unit(state: State, one: Measured, unit: str, limit: float) -> float | None:
    element = state.study.elements.get(one.element) if state.versions else None
    return convert_for((element and element.analyte) or None, limit, unit, one.unit)


def _consents(position: int, day: date, state: State) -> Iterator[Fact]:
    for name, element in state.study.elements.items() if state.versions else ():
        if element.kind == "consent":
            yield Fact(name, f"entry:{position}", on(day), on(day), entry=position)


_DEFAULTS = [Fact._field_defaults.get(name) for name in Fact._fields]
_ENTRY = Fact._fields.index("entry")
_BEFORE_ENTRY = _DEFAULTS[Fact._fields.index("route") : _ENTRY]
_AFTER_ENTRY = _DEFAULTS[_ENTRY + 1 :]
"""What a measured value leaves as it is: of a hundred thousand facts, half of the time to make."""


def measured(position: int, one: Measured, day: Day) -> Fact:
    """Give a measured value as a fact."""
    fields = (
        one.element,
        f"entry:{position}#{one.element}",
        day,
        day,
        one.value,
        one.unit,
        one.bound,
        None if one.low is None else _limit(one.low, one.unit),
        None if one.high is None else _limit(one.high, one.unit),
        one.code,
        one.method,
        *_BEFORE_ENTRY,
        position,
        *_AFTER_ENTRY,
    )
    return tuple.__new__(Fact, fields)


@lru_cache(maxsize=4096, typed=True)
def _limit(value: float, unit: str) -> Quantity:
    """Return a limit: a laboratory has few, which thousands of results share."""
    return Quantity(value, unit)


def _as_answered(state: State, position: int, event: FactRecorded) -> Fact:
    """Give a fact; an answer that is an investigator's is doubtful where none gave it."""
    found = _recorded(position, event)
    element = state.study.elements.get(event.fact.element) if state.versions else None
    if element is None or element.judged_by is None:
        return found
    who = event.recorded_by if event.paper is None else event.paper.signed_by
    answered = element.judged_by in state.roles_at(who, event.site, position)
    return found if answered else found._replace(doubtful=Doubt.UNCONFIRMED())


def _recorded(position: int, event: FactRecorded) -> Fact:
    start, end = days_of(event)
    return measured(position, event.fact, start)._replace(
        id=f"entry:{position}",
        end=end,
        route=event.route,
        doubtful=read_doubt(event.doubtful),
        derived=event.derived,
        course=event.course,
        often=EVERY_DAY if event.often is None else Often(*event.often),
    )
