"""A participant's entries as the facts that rules are evaluated on."""

from collections.abc import Iterator
from datetime import date

from gradatim.conduct.events.base import Event, Measured
from gradatim.conduct.events.findings import (
    LaboratoryResultsRecorded,
    ScoresRecorded,
    VitalSignsRecorded,
)
from gradatim.conduct.events.participants import (
    Disposition,
    FactRecorded,
    HistoryDeclaredComplete,
    InformedConsentObtained,
    InformedConsentRenewed,
    RecordNotUnderstood,
)
from gradatim.conduct.state import Participant, State
from gradatim.conduct.views.birth import birth_of
from gradatim.conduct.views.doses import entries, entries_of
from gradatim.core.dates import ANY_DAY, NEVER_ENDED, Day, on, parse_day
from gradatim.core.quantity import Quantity
from gradatim.core.verdict import Reason
from gradatim.evidence.coverage import declare
from gradatim.evidence.facts import Coding, Fact, Facts, NotUsed, Observed
from gradatim.protocol.elements import COVERABLE


def facts_of(state: State, participant: Participant) -> Facts:
    """Give all that the ledger knows of a participant, as facts."""
    known = f"facts by version {len(state.versions)}"
    return participant.remembered(known, lambda: _facts(state, participant))


def _facts(state: State, participant: Participant) -> Facts:
    found: dict[str, list[Fact]] = {}
    coverage: dict[str, Observed] = {}
    not_used: list[NotUsed] = []
    read = 0
    for position, event in entries(state, participant):
        for fact in facts_in(position, event, state):
            found.setdefault(fact.element, []).append(fact)
            read += 1
        if isinstance(event, HistoryDeclaredComplete):
            coverage.update(declare(event.kinds, event.since, event.until))
        if isinstance(event, RecordNotUnderstood):
            not_used.append(_not_understood(f"entry:{position}", event, state))
    birth = birth_of(state, participant)
    sex = participant.sex if participant.sex in ("female", "male") else ""
    died = _died(state, participant)
    return Facts(
        participant.id,
        birth.day,
        sex,
        {name: tuple(some) for name, some in found.items()},
        coverage,
        tuple(not_used),
        read=read + len(not_used),
        died=died,
        birth_conflict=birth.conflict,
    )


def _not_understood(id: str, event: RecordNotUnderstood, state: State) -> NotUsed:
    """Return a record with the elements it may be of, those that came with an amendment too.

    What nobody declares complete, such as a measurement, is open on the days of the record.
    """
    then = next((one.study for one in state.versions if one.version == event.protocol), state.study)
    known = {name: then.elements[name].kind for name in event.elements if name in then.elements}
    kinds = {*known.values()} & {*COVERABLE}
    later = (
        name
        for version in state.versions
        for name, element in version.study.elements.items()
        if name not in then.elements and element.kind in kinds
    )
    why = "it is not understood"
    codes = tuple(Coding(written) for written in event.codes or (event.record,))
    # An element that the version of then did not have stays open whatever its kind.
    covered = (name for name in event.elements if known.get(name) in (None, *COVERABLE))
    elements = tuple(dict.fromkeys((*covered, *later)))
    start = ANY_DAY if event.start is None else parse_day(event.start)
    end = start if event.end is None else parse_day(event.end)
    doubtful = f"not understood: {', '.join(str(code) for code in codes)}"
    reason = Reason.NOT_UNDERSTOOD
    instead = tuple(
        Fact(name, id, start, end, doubtful=doubtful, unsettled=reason)
        for name, kind in known.items()
        if kind not in COVERABLE
    )
    return NotUsed(id, why, elements, codes, instead)


def _died(state: State, participant: Participant) -> Day | None:
    if participant.status != "died":
        return None
    days = [event.occurred_on for _, event in entries_of(state, participant, Disposition)
            if event.status == "died"]  # fmt: skip
    return on(days[-1]) if days else ANY_DAY


def facts_in(position: int, event: Event, state: State) -> Iterator[Fact]:
    """Give the facts that one entry holds; of most kinds of entry there are none."""
    id = f"entry:{position}"
    match event:
        case FactRecorded():
            yield _recorded(id, event)
        case LaboratoryResultsRecorded():
            day = parse_day(event.collected_on)
            yield from (measured(id, one, day) for one in event.results)
        case VitalSignsRecorded() | ScoresRecorded():
            yield from (measured(id, one, on(event.occurred_on)) for one in event.results)
        case InformedConsentObtained() | InformedConsentRenewed():
            yield from _consents(id, event.occurred_on, state)


def _consents(id: str, day: date, state: State) -> Iterator[Fact]:
    for name, element in state.study.elements.items() if state.versions else ():
        if element.kind == "consent":
            yield Fact(name, id, on(day), on(day))


def measured(id: str, one: Measured, day: Day) -> Fact:
    """Give a measured value as a fact."""
    low = None if one.low is None else Quantity(one.low, one.unit)
    high = None if one.high is None else Quantity(one.high, one.unit)
    return Fact(one.element, f"{id}#{one.element}", day, day, one.value, one.unit, one.bound, low,
                high, one.code, one.method)  # fmt: skip


def _recorded(id: str, event: FactRecorded) -> Fact:
    start = ANY_DAY if event.start is None else parse_day(event.start)
    end = NEVER_ENDED if event.ongoing else start if event.end is None else parse_day(event.end)
    return measured(id, event.fact, start)._replace(id=id, end=end, route=event.route)
