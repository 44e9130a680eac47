"""What is measured of a participant, as the ledger grades it: with what it tells around a value."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from gradatim.conduct.checks import unfulfilled
from gradatim.conduct.event_validation import validate
from gradatim.conduct.events import findings as f
from gradatim.conduct.events import participants as p
from gradatim.conduct.events import trial as t
from gradatim.conduct.events.base import Measured, Signature
from gradatim.conduct.fold import apply
from gradatim.conduct.state import State
from gradatim.conduct.views.facts import facts_of
from gradatim.conduct.views.grades import Graded, abnormal, grades
from gradatim.conduct.views.safety import possible_dlts
from gradatim.conduct.views.tasks import tasks
from gradatim.core.errors import UnusableInput
from gradatim.protocol.base import Basis
from gradatim.protocol.study import Study
from gradatim.protocol.treatment import Grading
from tests.conduct.ready import DAY, LEAD, NURSE, enrolled
from tests.conduct.treated import AFTER, AT, BEFORE, DOSED, add, correct, one, result, treated
from tests.conduct.trials import TABLET, event


def last(state: State, term: str) -> Graded:
    """Return the last grade of P1 by a term."""
    return [found for found in grades(state, one(state)) if found.grade.term == term][-1]


def vital(state: State, element: str, value: float, unit: str, on: date, **more: Any) -> int:
    """Record a vital sign of P1."""
    measured = Measured(element=element, value=value, unit=unit)
    return add(state, f.VitalSignsRecorded, on, results=(measured,), **more)


def sample(state: State, on: date, **values: float) -> None:
    """Record a sample of calcium (mg/dL) and albumin (g/L)."""
    units = {"calcium": ("mg/dL", 8.5, 10.5), "albumin": ("g/L", 35, 50)}
    results = tuple(
        Measured(element=name, value=value, unit=units[name][0], low=low, high=high)
        for name, value in values.items()
        for _, low, high in [units[name]]
    )
    fields: dict[str, Any] = {"laboratory": "l", "ranges_version": "v", "collected_on": str(on)}
    add(state, f.LaboratoryResultsRecorded, on, results=results, **fields)


@pytest.mark.parametrize(
    ("calcium", "albumin", "term", "grade"),
    [
        (6.8, 20, "Hypocalcemia", 1),
        (6.8, 40, "Hypocalcemia", 3),
        (12.0, 20, "Hypercalcemia", 4),
        (9.4, 40, "Hypocalcemia", 0),
    ],
)
def test_a_calcium_is_corrected_by_the_albumin_of_its_sample(
    calcium: float, albumin: float, term: str, grade: int
) -> None:
    state = treated()
    sample(state, BEFORE, calcium=9.4, albumin=40)
    sample(state, AFTER, calcium=calcium, albumin=albumin)
    assert last(state, term).grade.grade == grade
    assert bool(possible_dlts(state, one(state))) is (grade >= 3)


def test_an_albumin_of_another_sample_of_the_day_does_too() -> None:
    state = treated()
    sample(state, AFTER, calcium=6.8)
    assert last(state, "Hypocalcemia").grade.grade is None
    sample(state, AFTER, albumin=20)
    assert last(state, "Hypocalcemia").grade.grade == 1


def test_without_an_albumin_of_the_day_a_calcium_is_not_graded() -> None:
    state = treated()
    sample(state, AFTER - timedelta(days=1), albumin=20)
    sample(state, AFTER, calcium=9.4)
    found = last(state, "Hypocalcemia")
    assert found.grade.grade is None
    assert "no albumin" in found.grade.needs
    assert possible_dlts(state, one(state)) == ()  # no albumin that there is makes it grade 3
    assert not abnormal(found)


def test_without_an_albumin_one_that_may_be_grave_is_a_candidate() -> None:
    state = treated()
    sample(state, AFTER, calcium=12.4)
    assert last(state, "Hypercalcemia").by_numbers == 4
    assert len(possible_dlts(state, one(state))) == 1


def inr(state: State, value: float, on: date, **more: Any) -> None:
    """Record an INR of P1."""
    result(state, "inr", value, "{INR}", on, **more)


def warfarin(state: State, **more: Any) -> None:
    """Record that P1 takes warfarin."""
    taken = Measured(element="anticoagulant", code="warfarin")
    add(state, p.FactRecorded, BEFORE, fact=taken, **more)


def test_an_inr_on_an_anticoagulant_is_graded_by_its_baseline() -> None:
    state = treated()
    warfarin(state, start="2026-01-01", ongoing=True)
    inr(state, 2.2, BEFORE)
    inr(state, 2.7, AFTER)
    assert last(state, "INR increased").by_numbers == 1
    assert set(last(state, "INR increased").grade.possible) == {1, 3}  # bleeding, if any, is said
    assert possible_dlts(state, one(state)) == ()


def test_an_anticoagulant_that_had_ended_does_not_lower_a_grade() -> None:
    state = treated()
    warfarin(state, start="2026-01-01", end=str(BEFORE))
    inr(state, 2.2, BEFORE)
    inr(state, 2.7, AFTER)
    assert last(state, "INR increased").by_numbers == 3
    assert len(possible_dlts(state, one(state))) == 1


def test_where_the_drugs_are_complete_nobody_is_on_anticoagulants() -> None:
    state = treated()
    kinds: tuple[str, ...] = ("exposure",)
    add(state, p.HistoryDeclaredComplete, BEFORE, kinds=kinds, sources="chart", signer="i")
    inr(state, 1.4, AFTER)
    assert last(state, "INR increased").by_numbers == 1
    assert last(state, "INR increased").grade.possible == (1, 3)


def test_an_inr_within_its_limits_raises_no_alarm() -> None:
    state = treated()
    inr(state, 1.01, BEFORE, low=0.8, high=1.2)
    inr(state, 1.05, AFTER, low=0.8, high=1.2)
    for found in grades(state, one(state)):
        assert found.by_numbers == 0
        assert not abnormal(found)
    inr(state, 1.3, AFTER, low=0.8, high=1.2)
    assert abnormal(last(state, "INR increased"))


READINGS = [
    ("systolic_pressure", 165, "mm[Hg]", "Hypertension", 3),
    ("diastolic_pressure", 102, "mm[Hg]", "Hypertension", 3),
    ("systolic_pressure", 220, "mm[Hg]", "Hypertension", 3),
]


@pytest.mark.parametrize(("element", "value", "unit", "term", "grade"), READINGS)
def test_one_reading_is_possible_and_counts_until_it_is_repeated(
    element: str, value: float, unit: str, term: str, grade: int
) -> None:
    state = treated()
    vital(state, element, 70, unit, BEFORE)
    vital(state, element, value, unit, AFTER)
    found = last(state, term)
    assert found.grade.grade is None
    assert min(found.grade.possible) == 0
    assert found.by_numbers == grade
    assert len(possible_dlts(state, one(state))) == 1


def test_a_repeated_reading_is_certain() -> None:
    state = treated()
    vital(state, "systolic_pressure", 165, "mm[Hg]", AFTER)
    vital(state, "systolic_pressure", 170, "mm[Hg]", AFTER + timedelta(days=1))
    after = [one.grade.possible for one in grades(state, one(state))]
    assert [min(some) for some in after] == [3, 3]


def _not_unrepeated(state: State) -> None:
    """Let the protocol say that one reading makes no candidate."""
    study: Study = state.study
    grading = Grading(basis=Basis.STATED, source="the protocol", unrepeated=False)
    safety = study.safety.model_copy(update={"grading": grading})
    changed = study.model_copy(update={"safety": safety})
    state.versions[-1] = state.versions[-1]._replace(study=changed)


def test_a_protocol_may_let_one_reading_count_for_nothing() -> None:
    state = treated()
    _not_unrepeated(state)
    vital(state, "systolic_pressure", 165, "mm[Hg]", AFTER)
    assert possible_dlts(state, one(state)) == ()
    assert 3 in last(state, "Hypertension").grade.possible
    vital(state, "systolic_pressure", 165, "mm[Hg]", AFTER + timedelta(days=1))
    assert len(possible_dlts(state, one(state))) == 2


def test_who_had_a_high_pressure_before_has_not_become_worse() -> None:
    state = treated()
    vital(state, "systolic_pressure", 165, "mm[Hg]", BEFORE)
    vital(state, "systolic_pressure", 168, "mm[Hg]", AFTER)
    assert possible_dlts(state, one(state)) == ()


def test_a_low_saturation_counts_as_one_at_rest() -> None:
    state = treated()
    vital(state, "oxygen_saturation", 98, "%", BEFORE)
    vital(state, "oxygen_saturation", 70, "%", AFTER)
    found = last(state, "Hypoxia")
    assert (found.by_numbers, set(found.grade.possible)) == (3, {2, 3, 4})
    assert len(possible_dlts(state, one(state))) == 1


@pytest.mark.parametrize(("kg", "term", "grade"), [(56, "Weight loss", 3), (77, "Weight gain", 2)])
def test_a_weight_is_graded_by_the_baseline(kg: float, term: str, grade: int) -> None:
    state = treated()
    vital(state, "body_weight", 70, "kg", BEFORE)
    vital(state, "body_weight", kg, "kg", AFTER)
    assert last(state, term).grade.grade == grade


def test_a_qtc_that_is_worked_out_is_graded() -> None:
    state = treated(TABLET, "mg")
    vital(state, "heart_rate", 60, "/min", BEFORE)
    vital(state, "qt_interval", 400, "ms", BEFORE)
    vital(state, "heart_rate", 60, "/min", AFTER)
    vital(state, "qt_interval", 510, "ms", AFTER)
    found = last(state, "Electrocardiogram QT corrected interval prolonged")
    assert (found.element, found.by_numbers) == ("qtcf", 3)


def ranges(state: State, high: float, version: str = "v", **more: Any) -> None:
    """Record the reference range of ALT."""
    limits = (t.Range(element="alt", unit="U/L", low=5, high=high, **more),)
    fields: dict[str, Any] = {"laboratory": "l", "version": version, "ranges": limits}
    made = event(t.ReferenceRangesRecorded, "sponsor", on=BEFORE, **fields)
    apply(state, state.position + 1, made)


@pytest.mark.parametrize("first", [True, False])
def test_a_value_without_limits_has_those_of_its_version(first: bool) -> None:
    """Whether they are recorded before it or after."""
    state = treated()
    if first:
        ranges(state, 40)
    result(state, "alt", 30, "U/L", BEFORE)
    result(state, "alt", 201, "U/L", AFTER)
    assert facts_of(state, one(state)).of("alt")
    if not first:
        assert last(state, "Alanine aminotransferase increased").grade.grade is None
        ranges(state, 40)
    assert last(state, "Alanine aminotransferase increased").grade.grade == 3


def test_limits_of_its_own_come_first_and_another_version_gives_none() -> None:
    state = treated()
    ranges(state, 40)
    ranges(state, 10, version="w")
    result(state, "alt", 30, "U/L", BEFORE, high=100)
    assert last(state, "Alanine aminotransferase increased").grade.grade == 0
    at = result(state, "alt", 30, "U/L", BEFORE)
    assert last(state, "Alanine aminotransferase increased").grade.grade == 0
    correct(state, at, ranges_version="w")
    assert last(state, "Alanine aminotransferase increased").grade.grade == 1


def test_a_version_of_the_ranges_is_recorded_once() -> None:
    """Recorded again it would grade anew, unsigned, what was graded by it."""
    state = treated()
    ranges(state, 40)
    limits = (t.Range(element="alt", unit="U/L", high=400),)
    again: dict[str, Any] = {"laboratory": "l", "ranges": limits}
    validate(state, event(t.ReferenceRangesRecorded, "i", on=BEFORE, version="w", **again))
    with pytest.raises(UnusableInput, match="there are ranges of version v of laboratory l"):
        validate(state, event(t.ReferenceRangesRecorded, "i", on=BEFORE, version="v", **again))


def test_ranges_made_in_error_count_until_two_have_signed_and_nowhere_afterwards() -> None:
    led = enrolled()
    limits = (t.Range(element="alt", unit="U/L", low=5, high=40),)
    fields: dict[str, Any] = {"laboratory": "central", "version": "2026-2", "ranges": limits}
    signed: dict[str, Any] = {"reason": "of another", "signature": Signature("Dr A", "in error")}
    at = led.act(t.ReferenceRangesRecorded, NURSE, **fields).position
    unused = led.act(p.EntryVoided, NURSE, of=at, **signed)
    assert not led.trial.state.counts(at), "nothing was graded by it"
    led.act(p.EntryVoided, NURSE, of=unused.position, **signed)
    sample: dict[str, Any] = {"laboratory": "central", "ranges_version": "2026-2"}
    value = Measured(element="alt", value=201, unit="U/L")
    led.do(
        f.LaboratoryResultsRecorded,
        NURSE,
        results=(value,),
        collected_on=str(DAY),
        **sample,
    )
    (found,) = [one for one in facts_of(led.trial.state, led.one).of("alt") if one.value == 201]
    assert found.high is not None
    said = led.act(p.EntryVoided, NURSE, of=at, hour=9, **signed).position
    assert led.trial.state.voids[at].bears_on == ("results",)
    now = datetime.combine(DAY, time(10), UTC)
    (task,) = [one for one in tasks(led.trial.state, now, DAY) if one.kind == "void"]
    assert task.given == {"of": str(said)}
    with pytest.raises(UnusableInput, match="there are ranges of version 2026-2"):
        led.act(t.ReferenceRangesRecorded, NURSE, hour=9.5, **fields)
    led.act(p.VoidConfirmed, LEAD, of=said, hour=10, signature=signed["signature"])
    (found,) = [one for one in facts_of(led.trial.state, led.one).of("alt") if one.value == 201]
    assert found.high is None
    led.act(t.ReferenceRangesRecorded, NURSE, hour=11, **fields)


def test_what_a_candidate_was_is_worked_out_by_the_ranges_of_now() -> None:
    """As it is where the ledger is folded from its beginning."""
    state = treated()
    result(state, "alt", 30, "U/L", BEFORE, high=40)
    at = result(state, "alt", 300, "U/L", AFTER)
    correct(state, at, results=[{"element": "alt", "value": 30, "unit": "U/L", "high": 40}])
    before = [found.event and found.event.grade for found in possible_dlts(state, one(state))]
    assert before != [3]
    ranges(state, 40)
    (found,) = possible_dlts(state, one(state))
    assert found.event is not None
    assert found.event.grade == 3, "300 is above 5 times 40"


def test_ranges_of_the_other_sex_are_left_out() -> None:
    state = treated()
    one(state).sex = "female"
    ranges(state, 40, sex="male")
    result(state, "alt", 30, "U/L", BEFORE)
    (fact,) = facts_of(state, one(state)).of("alt")
    assert fact.high is None


def test_a_version_that_nobody_recorded_is_questioned_once() -> None:
    state = treated()
    made = event(
        f.LaboratoryResultsRecorded,
        "i",
        "S01",
        on=DOSED,
        participant="P1",
        results=(Measured(element="alt", value=30, unit="U/L"),),
        laboratory="l",
        ranges_version="v",
        collected_on=str(DOSED),
    )
    assert [found.id for found in unfulfilled(state, made)] == ["reference_ranges"]
    apply(state, state.position + 1, made)
    assert unfulfilled(state, made) == []
    fresh = treated()
    ranges(fresh, 40)
    assert unfulfilled(fresh, made) == []


def test_a_value_of_the_day_of_the_dose_is_told_by_its_time() -> None:
    state = treated()
    vital(state, "systolic_pressure", 165, "mm[Hg]", DOSED, taken_at=AT - timedelta(hours=1))
    vital(state, "systolic_pressure", 165, "mm[Hg]", DOSED, taken_at=AT + timedelta(hours=3))
    assert [found.after_dose for found in grades(state, one(state))] == [False, True]
    assert possible_dlts(state, one(state)) == ()
