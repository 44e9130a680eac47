"""Every laboratory value and vital sign of a participant, graded by CTCAE, with its baseline.

The baseline of an element is its last value before the first dose. On the day of the dose a value
before it is told by its time; one without a time counts as measured after. A grade stands
beside its rule, its arithmetic and the version of the scale; what numbers cannot settle keeps every
grade that it could be.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime
from functools import cached_property, lru_cache
from typing import NamedTuple

from gradatim.clinical.ctcae.grade import (
    Grade,
    GradingContext,
    MeasuredValue,
    grade,
    zero_around,
)
from gradatim.clinical.ctcae.inputs import (
    ANTICOAGULATION,
    LOWEST_ALBUMIN,
    MOST_ALBUMIN,
    NO_ALBUMIN,
)
from gradatim.clinical.ctcae.table import analyte_called
from gradatim.conduct.corrections import signings
from gradatim.conduct.days import day_of
from gradatim.conduct.events.base import Event, Measured
from gradatim.conduct.events.findings import ClinicalSignificanceSigned
from gradatim.conduct.events.product import DoseAdministered
from gradatim.conduct.state import Participant, State
from gradatim.conduct.views.doses import entries_of, first_dose, first_dose_on
from gradatim.conduct.views.facts import facts_of, let_facts_go, position_of
from gradatim.conduct.views.grading_context import (
    Surroundings,
    analytes_of,
    depends_on,
    derived_to_grade,
    graded_value,
    speaks_of_repeated,
    surroundings,
)
from gradatim.core.dates import Day, on
from gradatim.core.quantity import Quantity
from gradatim.evidence.facts import Fact
from gradatim.rules.context import FIRST_DOSE, Situation
from gradatim.rules.derive import everything

AT_BASELINE = GradingContext(at_baseline=True)


class Graded(NamedTuple):
    """One value with the grade of one term.

    Args:
        element: the protocol's element.
        fact: the value.
        grade: its grade.
        baseline: the grade of the baseline by the same term; None if it is the baseline itself or
            comes before it, or if there is none.
        after_dose: whether it was measured after the first dose.
        by_numbers: the worst grade that the numbers alone allow. Symptoms, bleeding and treatment,
            which raise a grade too, are reported as adverse events.
        before_by_numbers: the least that the numbers alone allow of the baseline; None as of
            `baseline`.
    """

    element: str
    fact: Fact
    grade: Grade
    baseline: Grade | None
    after_dose: bool
    by_numbers: int
    before_by_numbers: int | None = None

    @property
    def position(self) -> int:
        """The entry that holds the value."""
        return position_of(self.fact)


def grades(state: State, participant: Participant) -> tuple[Graded, ...]:
    """Give every graded value of a participant, in the order of elements and days."""
    return participant.remembered(
        "grades",
        lambda: tuple(
            one
            for series in _series(state, participant)
            for index in range(len(series.numbers))
            for one in series.grades_of(index)
        ),
    )


def beside_zero(state: State, participant: Participant) -> tuple[Graded, ...]:
    """Return those of `grades` whose value has, or may have, a grade above 0 by some term.

    Most values are within their limits: of those the number alone is looked at.
    """
    return participant.remembered(
        "grades beside zero",
        lambda: tuple(
            one
            for series in _series(state, participant)
            for index in series.beside_zero()
            for one in series.grades_of(index)
        ),
    )


def before_dose(state: State, participant: Participant) -> Mapping[str, list[Fact]]:
    """Return the values that can be graded and were taken before the first dose, by element."""
    found = {
        series.name: [
            one for one, later in zip(series.numbers, series.later, strict=True) if not later
        ]
        for series in _series(state, participant)
    }
    return {name: some for name, some in found.items() if some}


def let_values_go(state: State, participant: Participant) -> None:
    """Forget the values of a participant and how they are graded, to spare memory.

    Those of a few hundred who have left would hold more than the ledger itself.
    """
    participant.let_go(_VALUES)
    let_facts_go(state, participant)


_VALUES = "values to grade"


def _series(state: State, participant: Participant) -> list["_Series"]:
    return participant.remembered(_VALUES, lambda: [*_to_grade(state, participant)])


def _to_grade(state: State, participant: Participant) -> Iterator["_Series"]:
    if not state.versions:
        return
    analytes = analytes_of(state.governing("elements", participant))
    dose = first_dose(state, participant)
    after = None if dose is None else _After(state, dose)
    around = surroundings(state, participant)
    for name, facts in _facts_to_grade(state, participant, around):
        if name in analytes:
            yield _Series(name, analytes[name], facts, after, around)


def _facts_to_grade(
    state: State, participant: Participant, around: Surroundings
) -> Iterable[tuple[str, tuple[Fact, ...]]]:
    """Yield the values of each element, worked out where none was recorded, such as a QTc."""
    study = state.governing("elements", participant)
    computed = state.of_version("derived to grade", lambda: derived_to_grade(state.study))
    known = around.facts.by_element
    for name, facts in known.items():
        if name not in computed:
            yield name, facts
    wanted = [name for name in computed if name in study.elements]
    days = [one.start.last for some in known.values() for one in some] if wanted else []
    if not days:
        return
    day = first_dose_on(state, participant) or max(days)
    anchors = dict.fromkeys([*study.schedule.anchors, FIRST_DOSE], day)
    situation = Situation(study, around.facts, anchors, day)
    for name in wanted:
        yield name, tuple(everything(situation, name))


class _After:
    """Says of each value whether it was taken after a dose; of an entry it is worked out once."""

    def __init__(self, state: State, dose: DoseAdministered) -> None:
        self._state, self._dose, self._day = state, dose, day_of(state, dose)
        self._known: dict[int, tuple[Day, bool]] = {}

    def __call__(self, fact: Fact) -> bool:
        """Return whether a value was taken after it."""
        entry, start = fact.entry, fact.start
        known = None if entry is None else self._known.get(entry)
        if known is not None and known[0] is start:
            return known[1]
        found = _is_after(self._state, fact, self._dose, self._day)
        if entry is not None:
            self._known[entry] = start, found
        return found


def measured_after(state: State, fact: Fact, dose: DoseAdministered) -> bool:
    """Whether a value was taken after a dose; of one known to the day only, on its day or later."""
    return _is_after(state, fact, dose, day_of(state, dose))


def _is_after(state: State, fact: Fact, dose: DoseAdministered, day: date) -> bool:
    taken: datetime | None = getattr(state.events[position_of(fact)], "taken_at", None)
    return fact.start.last >= day if taken is None else taken > dose.started_at


class _Series:
    """The values of an element, and how they are graded; of no value it is worked out unasked.

    Args:
        name: the protocol's element.
        analyte: by which they are graded.
        facts: the values; those without a number have no grade.
        after: whether a value was taken after the first dose; None before there is one.
        around: what is known around the values.
    """

    def __init__(
        self,
        name: str,
        analyte: str,
        facts: Iterable[Fact],
        after: Callable[[Fact], bool] | None,
        around: Surroundings,
    ) -> None:
        self.name, self.analyte = name, analyte
        self.numbers = [one for one in facts if one.value is not None]
        self.later = [after is not None and after(one) for one in self.numbers]
        self._at_first = _Judging(analyte, around, AT_BASELINE, {}, {})
        base = None
        if after is not None:
            both = zip(self.numbers, self.later, strict=True)
            base = baseline([one for one, later in both if not later])
        self._base = base
        given = GradingContext(baseline=graded_value(base) if base else None)
        self._since = _Judging(analyte, around, given, {}, {})

    @cached_property
    def _before(self) -> list["_Judged"]:
        # Reading is compared with reading: one at baseline counts as one after it.
        return self._at_first.of(self._base, repeated=True) if self._base else []

    @cached_property
    def _again(self) -> frozenset[str]:
        if not speaks_of_repeated(self.analyte):
            return frozenset()
        both = zip(self.numbers, self.later, strict=True)
        return _borne_out([one for one, later in both if later], self._since)

    def beside_zero(self) -> Iterator[int]:
        """Yield which of the values have, or may have, a grade above 0."""
        for index, fact in enumerate(self.numbers):
            judging = self._since if self.later[index] else self._at_first
            if not judging.is_zero(fact):
                yield index

    def grades_of(self, index: int) -> Iterator[Graded]:
        """Yield the grades of one of the values, by each term."""
        fact, later = self.numbers[index], self.later[index]
        judging = self._since if later else self._at_first
        for i, (one, worst, _) in enumerate(judging.of(fact, later and fact.id in self._again)):
            was = self._before[i] if later and self._before else None
            yield Graded(
                self.name,
                fact,
                one,
                was.grade if was else None,
                later,
                worst,
                was.least if was else None,
            )


class _Judged(NamedTuple):
    """A value by one term.

    Args:
        grade: its grade, as far as it is settled.
        by_numbers: the worst that the numbers alone allow.
        least: the least that they allow.
    """

    grade: Grade
    by_numbers: int
    least: int


class _Judging(NamedTuple):
    """How values of an analyte are graded: the same value in the same surroundings once.

    Args:
        analyte: its name.
        around: what is known around the values.
        first: what is known of all of them: their baseline, or that they are it.
        known: what has been found.
        zero: by unit, limits and what is known: between which numbers every grade is 0 for sure.
    """

    analyte: str
    around: Surroundings
    first: GradingContext
    known: dict[MeasuredValue | tuple[MeasuredValue, GradingContext], list[_Judged]]
    zero: dict[tuple[str, Quantity | None, Quantity | None, bool | None], list[tuple[float, float]]]

    def is_zero(self, fact: Fact) -> bool:
        """Whether every grade of a value is 0, whatever else should become known."""
        value = fact.value
        by_albumin, by_anticoagulation = depends_on(self.analyte)
        if fact.bound or value is None or by_albumin:
            return False
        anticoagulated = by_anticoagulation and self.around.anticoagulated(fact.start)
        key = fact.unit, fact.low, fact.high, anticoagulated
        known = self.zero.get(key)
        if known is None:
            given = self._given(fact)
            known = self.zero[key] = _zeros(self.analyte, fact.unit, fact.low, fact.high, given)
        for least, most in known:
            if least <= value <= most:
                return True
        found = zero_around(self.analyte, graded_value(fact), self._given(fact))
        if found is None:
            return False
        known.append(found)
        return found[0] <= value <= found[1]

    def of(self, fact: Fact, repeated: bool = False) -> list[_Judged]:
        """Return a value by each term; `repeated` where another reading is as bad."""
        value, given = graded_value(fact), self._given(fact)
        if repeated:
            given = given._replace(repeated=True)
        asked = value if given is self.first else (value, given)
        found = self.known.get(asked)
        if found is None:
            found = self.known[asked] = _judged(
                self.analyte, value, given, self.around.grading.unrepeated
            )
        return found

    def worst(self, fact: Fact) -> int:
        """Return the worst grade of a reading as if it had been repeated."""
        given = self._given(fact)._replace(repeated=True)
        return max(one.by_numbers for one in _judged(self.analyte, graded_value(fact), given, True))

    def _given(self, fact: Fact) -> GradingContext:
        return context_of(self.around, self.analyte, fact, self.first)


@lru_cache(maxsize=16_384)
def _zeros(
    analyte: str, unit: str, low: Quantity | None, high: Quantity | None, given: GradingContext
) -> list[tuple[float, float]]:
    """Return between which numbers grades are known to be 0, as far as values were looked at."""
    return []


def context_of(
    around: Surroundings, analyte: str, fact: Fact, found: GradingContext
) -> GradingContext:
    """Return what the grade of a value depends on, with what is known around it."""
    albumin, anticoagulation = depends_on(analyte)
    if albumin:
        found = found._replace(albumin=around.albumin_of(fact))
    if anticoagulation:
        found = found._replace(anticoagulated=around.anticoagulated(fact.start))
    return found


def _borne_out(readings: Iterable[Fact], judging: _Judging) -> frozenset[str]:
    """Return the readings that another one, of another entry, bears out: it is at least as bad."""
    grades_of = [
        (one, position_of(one), 0 if judging.is_zero(one) else judging.worst(one))
        for one in readings
    ]
    worst_of: dict[int, int] = {}
    for _, at, worst in grades_of:
        worst_of[at] = max(worst, worst_of.get(at, 0))
    ranked = sorted(((worst, at) for at, worst in worst_of.items()), reverse=True)[:2]
    return frozenset(
        one.id
        for one, at, worst in grades_of
        if any(other != at and theirs >= worst for theirs, other in ranked)
    )


def _judged(
    analyte: str, value: MeasuredValue, given: GradingContext, unrepeated: bool
) -> list[_Judged]:
    """Grade a value by each term, with what its number alone allows.

    Args:
        analyte: its name.
        value: the value.
        given: what else is known.
        unrepeated: whether a reading that nobody repeated counts as if it had been.
    """
    graded = grade(analyte, value, given)
    bare = _by_numbers(analyte, value, given, unrepeated or bool(given.repeated))
    found = []
    for i, one in enumerate(graded):
        allowed = [some[i] for some in bare]
        worst = max(map(_worst, allowed))
        least = min(min(each.possible, default=0) for each in allowed)
        found.append(_Judged(one, _within_limits(value, one, worst), least))
    return found


def _by_numbers(
    analyte: str, value: MeasuredValue, given: GradingContext, repeated: bool
) -> list[tuple[Grade, ...]]:
    """Return the grades without signs; several, where they lie between these.

    A total calcium without an albumin is graded by the lowest and the highest albumin there is.
    """
    bare = given._replace(
        symptomatic=False, bleeding=False, life_threatening=False, repeated=repeated
    )
    if bare.albumin is None and analyte_called(analyte).corrected_by:
        return [
            grade(analyte, value, bare._replace(albumin=MeasuredValue(one, "g/L")))
            for one in (LOWEST_ALBUMIN, MOST_ALBUMIN)
        ]
    return [grade(analyte, value, bare)]


def _within_limits(value: MeasuredValue, one: Grade, worst: int) -> int:
    """Return 0 for a value within its limits whose grade anticoagulation alone would settle."""
    rests = one.grade is None and ANTICOAGULATION in one.missing
    normal = value.high is not None and value.value is not None and value.value <= value.high
    return 0 if rests and normal and not value.bound and min(one.possible) == 0 else worst


def _worst(one: Grade) -> int:
    """Give the worst grade; where only a clinician could tell more, what is certain."""
    return (min if one.needs_observation else max)(one.possible, default=0)


def baseline(before: list[Fact]) -> Fact | None:
    """Give the last of the values before the first dose; None if there is none.

    Source: CDISC ADaM Implementation Guide 1.3, section 3.3.8 (the last non-missing value before
    the first dose).
    """
    return max(before, key=lambda one: (one.start.last, position_of(one)), default=None)


def grade_value(
    state: State,
    participant: Participant,
    element: str,
    analyte: str,
    value: MeasuredValue,
    day: date | None = None,
) -> tuple[Grade, ...]:
    """Return the grades of a value that is not recorded yet, by each term.

    It is graded against its limits and, after the first dose, the participant's baseline.

    Args:
        state: the trial.
        participant: whose value it is.
        element: the protocol's element.
        analyte: by which it is graded.
        value: the value.
        day: of the value; None where that is not known.

    Raises:
        UnusableInput: its unit cannot be converted.
    """
    given = _given_now(state, participant, element)
    if day is not None:
        typed = Fact(element, "", on(day), on(day))
        given = context_of(surroundings(state, participant), analyte, typed, given)
    return grade(analyte, value, given)


def _given_now(state: State, participant: Participant, element: str) -> GradingContext:
    first = first_dose_on(state, participant)
    if first is None:
        return AT_BASELINE
    before = [
        fact
        for fact in facts_of(state, participant).of(element)
        if fact.value is not None and fact.start.first <= first
    ]
    base = baseline(before)
    return GradingContext(baseline=graded_value(base) if base else None)


def abnormal(one: Graded) -> bool:
    """Whether a value has a grade above 0, or may have: an investigator signs what it means.

    A value within its laboratory's limits of which only something else is missing, such as an
    albumin or whether anticoagulants are taken, is not: nothing is to be seen of it.
    """
    if max(one.grade.possible, default=0) == 0 or one.fact.derived:
        return False
    elsewhere = one.grade.grade is None and all(
        need.observed or need in (NO_ALBUMIN, ANTICOAGULATION) for need in one.grade.missing
    )
    return not (elsewhere and _normal(one.fact) and min(one.grade.possible) == 0)


def _normal(fact: Fact) -> bool:
    """Whether a value is known to lie within the limits that it has."""
    value = graded_value(fact)
    if value.value is None or value.bound or value.high is None:
        return False
    return (value.low is None or value.low <= value.value) and value.value <= value.high


def significance(
    state: State, participant: Participant
) -> dict[tuple[int, str], ClinicalSignificanceSigned]:
    """Return what was judged of each result that still says what was judged: entry, element."""
    return {
        (event.of, event.element): event
        for position, event in entries_of(state, participant, ClinicalSignificanceSigned)
        if _judged_as_it_stands(state, position, event)
    }


def unsigned(state: State, participant: Participant) -> list[Graded]:
    """Return the abnormal results whose clinical significance no investigator has signed.

    A judgement is of the value that was judged: of one corrected since it is to be signed anew.
    """
    signed = significance(state, participant)
    return [
        one
        for one in beside_zero(state, participant)
        if abnormal(one) and (one.position, one.element) not in signed
    ]


def _judged_as_it_stands(state: State, position: int, event: ClinicalSignificanceSigned) -> bool:
    """Whether the value that was judged is the one that stands."""
    corrections = state.corrected_by.get(event.of)
    if not corrections:
        return True
    found = signings(state, position)
    signed_at = found[-1].entry if found else position
    versions = [*state.earlier[event.of], state.events[event.of]]
    then = versions[bisect_left(corrections, signed_at)]
    return _value(then, event.element) == _value(versions[-1], event.element)


def _value(entry: Event, element: str) -> list[Measured]:
    results: tuple[Measured, ...] = getattr(entry, "results", ())
    return [one for one in results if one.element == element]


def worsened(one: Graded) -> bool:
    """Whether a grade after the first dose is, or may be, worse than that of the baseline.

    Without a baseline it may be whatever it is now.
    """
    if not one.after_dose:
        return False
    return one.by_numbers > (one.before_by_numbers or 0)
