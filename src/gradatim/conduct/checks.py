"""Edit checks: values that were entered together and do not go together are questioned.

A check is a rule of the latest version of the protocol: it is about what is entered now, whichever
version a participant is treated by. It is asked of the values of one day, and only when one of the
values that it is about has been entered; what is not known does not question anything.

A body weight that the others of the same person make implausible is questioned as well: a dose may
be scaled by it. So is a dose without the check of two people at the bedside that is recorded, where
the protocol does not say whether it is asked for.
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import count
from typing import NamedTuple

from gradatim.clinical.ctcae.grade import SOURCE, VERSION
from gradatim.clinical.ctcae.terms import highest_grade
from gradatim.conduct.events.base import SYSTEM, Event
from gradatim.conduct.events.findings import (
    AS_REPORTED,
    LaboratoryResultsRecorded,
    ScoresRecorded,
    VitalSignsRecorded,
)
from gradatim.conduct.events.logs import ConcomitantMedicationRecorded
from gradatim.conduct.events.participants import EntryCorrected, FactRecorded
from gradatim.conduct.events.product import DoseAdministered
from gradatim.conduct.events.review import QueryOpened
from gradatim.conduct.events.safety import AdverseEventReported, AdverseEventUpdated
from gradatim.conduct.folding.participants import corrected
from gradatim.conduct.state import Participant, State
from gradatim.conduct.views.adverse_events import courses
from gradatim.conduct.views.bedside import ASSUMED, checked_by
from gradatim.conduct.views.facts import death_of, facts_in, facts_of, facts_of_day, position_of
from gradatim.conduct.views.logs import drug_elements
from gradatim.conduct.views.weights import (
    QUESTION,
    doubts_with,
    is_questioned,
    weight_elements,
)
from gradatim.conduct.vital_bounds import beyond, bounds_of
from gradatim.core.dates import Day
from gradatim.core.truth import FALSE
from gradatim.evidence.facts import Fact, Facts
from gradatim.protocol.base import Basis
from gradatim.protocol.study import Check, Study
from gradatim.rules.context import FIRST_DOSE, Situation
from gradatim.rules.evaluate import evaluate

_Graded = AdverseEventReported | AdverseEventUpdated
_Results = LaboratoryResultsRecorded | VitalSignsRecorded | ScoresRecorded


class Questioned(NamedTuple):
    """Why an entry is questioned.

    Args:
        id: of the check; `plausible_weight` for a body weight.
        text: the question, to whoever entered the values.
        basis, source, note: where the check comes from.
        of: the earlier entry that is questioned because of it; None is the entry itself.
    """

    id: str
    text: str
    basis: Basis
    source: str
    note: str
    of: int | None = None


def unfulfilled(state: State, event: Event) -> list[Questioned]:
    """Return what is questioned of an entry: edit checks of its day, and implausible weights."""
    if isinstance(event, DoseAdministered):
        return list(_unchecked(state, event))
    if isinstance(event, _Graded):
        return list(_grades(state, event))
    if isinstance(event, ConcomitantMedicationRecorded) and state.versions:
        return list(_medication(state, event))
    position, meant = _meant(state, event)
    if not isinstance(meant, _Results | FactRecorded) or not state.versions:
        return []
    participant, study = state.participants[meant.participant], state.study
    results = (meant.fact,) if isinstance(meant, FactRecorded) else meant.results
    named = {one.element for one in results}
    checks = state.of_version("checks", lambda: [(one, about(study, one)) for one in study.checks])
    asked = [(one, elements) for one, elements in checks if not named.isdisjoint(elements)]
    died = death_of(state, participant)
    entered: list[Fact] = []
    if asked or died is not None or not named.isdisjoint(_bounded(state)):
        entered = list(facts_in(position, meant, state))
    found = list(_weights(state, participant, entered, meant))
    found += _impossible(state, participant, entered, died)
    if isinstance(meant, FactRecorded):
        return found
    if isinstance(meant, LaboratoryResultsRecorded):
        found += _ranges(state, participant, position, meant)
    return found + [
        Questioned(one.id, one.text, one.basis, one.source, one.note)
        for one, elements in asked
        if evaluate(one.rule, _of_the_day(state, participant, elements, entered)).truth is FALSE
    ]


def _bounded(state: State) -> frozenset[str]:
    """Return the elements of which a value alone may be implausible: weights, and vital signs."""
    study = state.study
    return state.of_version(
        "bounded elements",
        lambda: frozenset(weight_elements(study)).union(
            name for name, one in study.elements.items() if bounds_of(one) is not None
        ),
    )


def _impossible(
    state: State, participant: Participant, entered: list[Fact], died: Day | None
) -> list[Questioned]:
    """Question vital signs that no living adult has, and what was measured after a death."""
    found = [
        Questioned("plausible_vital_sign", text, Basis.ASSUMED, "", "The bounds are wide.")
        for _fact, text in beyond(state.study, entered)
    ]
    after = [one for one in entered if died is not None and one.start.first > died.last]
    if died is not None and after:
        text = f"Is this day right? It is of {after[0].start}; {participant.id} died on {died}."
        found.append(
            Questioned("after_death", text, Basis.ASSUMED, "", "One of the days is wrong.")
        )
    return found


def _unchecked(state: State, event: DoseAdministered) -> Iterator[Questioned]:
    """Ask who checked person and product at the bedside, where the protocol leaves it open."""
    one = state.participants.get(event.participant)
    if one is None or state.governing("treatment", one).treatment.bedside is not None:
        return
    seen = checked_by(state, one, event.dose, event.started_at)
    if len(seen) < ASSUMED.people:
        yield Questioned(
            "bedside_check",
            f"Who checked person and product of dose {event.dose} at the bedside? {len(seen)} of "
            f"{ASSUMED.people} people are recorded.",
            ASSUMED.basis,
            ASSUMED.source,
            ASSUMED.note,
        )


def _grades(state: State, event: _Graded) -> Iterator[Questioned]:
    """Question a grade that the term does not have; it counts as it is written until then."""
    scale: str
    if isinstance(event, AdverseEventReported):
        term, scale = event.term, event.scale
    else:
        known = courses(state, state.participants[event.participant])[event.adverse_event]
        term, scale = known.event.term, known.event.scale
    most = highest_grade(term) if scale == VERSION else None
    if most is not None and event.grade is not None and event.grade > most:
        yield Questioned(
            "grade_of_the_term",
            f"{event.adverse_event}: {scale} has no grade {event.grade} of {term!r}, "
            f"{most} at most. Is it another event, or another grade?",
            Basis.STATED,
            SOURCE,
            "It counts as it is written.",
        )


def _medication(state: State, event: ConcomitantMedicationRecorded) -> Iterator[Questioned]:
    """Question a drug that nobody can tell, and one that keeps people out of the trial."""
    one = state.participants[event.participant]
    study = state.governing("treatment", one)
    of = drug_elements(study, event)
    source = "ICH E6(R3), annex 1, 2.5; CDASHIG 2.2, CM"
    if of.perhaps:
        text = f"Which drug is {event.drug}? Its name does not tell of which elements it is."
        yield Questioned("known_drug", text, Basis.ASSUMED, source, "Criteria ask about drugs.")
    ruled = {name for rule in study.treatment.prohibited for name in rule.elements}
    excluded = [
        criterion.id
        for criterion in state.governing("eligibility", one).criteria
        if criterion.category == "exclusion"
        and not (set(of.surely) - ruled).isdisjoint(criterion.rule.elements())
    ]
    if excluded:
        text = f"Is {event.drug} permitted? {', '.join(excluded)} asks about it."
        note = "The protocol does not list it as prohibited."
        yield Questioned("permitted_drug", text, Basis.ASSUMED, source, note)


def _weights(
    state: State, participant: Participant, entered: list[Fact], entry: Event
) -> Iterator[Questioned]:
    """Question the body weights that do not go together, or that are of no adult.

    Nobody knows which is right: whichever were entered before are questioned too.
    """
    names = state.of_version("weights", lambda: weight_elements(state.study))
    for fact in entered:
        if fact.element not in names:
            continue
        for one, why in doubts_with(state, participant, fact, entry):
            if one.position and is_questioned(state, one.position):
                continue
            yield Questioned(
                "plausible_weight",
                f"{QUESTION} {one.kg:g} kg on {one.day}: {why}.",
                Basis.ASSUMED,
                "ISMP Canada Safety Bulletin 16(9), 2016",
                "A dose may be scaled by it.",
                one.position or None,
            )


def _ranges(
    state: State, participant: Participant, position: int, event: LaboratoryResultsRecorded
) -> Iterator[Questioned]:
    """Question a version of reference ranges that nobody recorded, once for each participant.

    Results that a source reported come with its own limits, under no version.
    """
    named = event.laboratory, event.ranges_version
    if named in state.ranges or event.ranges_version == AS_REPORTED:
        return
    if any(at != position for at in _versions_named(state, participant).get(named, ())):
        return
    text = (
        f"Which reference ranges are version {event.ranges_version} of laboratory "
        f"{event.laboratory}? Nobody recorded them."
    )
    yield Questioned(
        "reference_ranges",
        text,
        Basis.ASSUMED,
        "ICH E6(R2), 8.2.11",
        "Values are graded by the ranges of their version.",
    )


_Named = dict[tuple[str, str], list[int]]


def _versions_named(state: State, participant: Participant) -> _Named:
    """Return the entries that name each version of the reference ranges, by laboratory too."""
    return participant.grown(
        "versions of ranges",
        lambda: _named(state, {}, participant.entries),
        lambda known, positions: _named(state, known, positions),
    )


def _named(state: State, known: _Named, positions: Iterable[int]) -> _Named:
    for position in positions:
        event = state.events[position]
        if isinstance(event, LaboratoryResultsRecorded):
            known.setdefault((event.laboratory, event.ranges_version), []).append(position)
    return known


def _meant(state: State, event: Event) -> tuple[int, Event]:
    """Give the entry that an event is, with its position; of a correction, the entry corrected."""
    was = state.events.get(event.of) if isinstance(event, EntryCorrected) else None
    if isinstance(event, EntryCorrected) and isinstance(was, _Results | FactRecorded):
        return event.of, corrected(was, event.fields)
    return state.position + 1, event


def about(study: Study, check: Check) -> set[str]:
    """Give the elements that a check is about, with those that they are derived from."""
    found = set(check.rule.elements())
    waiting = list(found)
    while waiting:
        derived = study.elements[waiting.pop()].derived
        new = set(derived.inputs.values()) - found if derived else set()
        found |= new
        waiting += new
    return found


def open_queries(state: State, event: Event) -> Iterator[QueryOpened]:
    """Open a query for each edit check that an entry, which comes next, does not fulfil."""
    for check, number in zip(unfulfilled(state, event), query_numbers(state), strict=False):
        yield QueryOpened(
            query=number,
            of=state.position + 1 if check.of is None else check.of,
            question=check.text,
            occurred_on=event.occurred_on,
            recorded_at=event.recorded_at,
            recorded_by=SYSTEM,
            site=event.site,
            protocol=event.protocol,
        )


def query_numbers(state: State) -> Iterator[str]:
    """Give the numbers of the next queries, such as Q12, without end."""
    numbers = (f"Q{n}" for n in count(len(state.queries) + 1))
    return (one for one in numbers if one not in state.queries)


def _of_the_day(
    state: State, participant: Participant, elements: Iterable[str], entered: list[Fact]
) -> Situation:
    """Give what rules ask: the values entered of some elements, and those of the same day."""
    day, study = entered[0].start, state.study
    values: dict[str, list[Fact]] = {}
    anew = {position_of(fact) for fact in entered}
    before = (
        fact
        for fact in facts_of_day(state, participant, elements, day)
        if position_of(fact) not in anew
    )
    for fact in (*before, *entered):
        values.setdefault(fact.element, []).append(fact)
    known = facts_of(state, participant)
    facts: Facts = replace(known, by_element={name: tuple(some) for name, some in values.items()})
    anchors = dict.fromkeys([*study.schedule.anchors, FIRST_DOSE], day.last)
    return Situation(study, facts, anchors, day.last)
