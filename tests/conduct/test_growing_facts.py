"""What is known of a participant grows with each entry, and is what all entries together say."""

from dataclasses import replace
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gradatim.conduct.events import decoded
from gradatim.conduct.events.base import Measured
from gradatim.conduct.events.findings import LaboratoryResultsRecorded, VitalSignsRecorded
from gradatim.conduct.events.participants import EntryCorrected as Corrected
from gradatim.conduct.events.product import DoseAdministered
from gradatim.conduct.fold import apply
from gradatim.conduct.state import Participant, State
from gradatim.conduct.trial import Recorded, Trial
from gradatim.conduct.views import past, safety
from gradatim.conduct.views.adverse_events import courses, died_on, unexplained_death
from gradatim.conduct.views.doses import doses
from gradatim.conduct.views.facts import facts_of, facts_of_day, measured
from gradatim.conduct.views.grades import beside_zero, grades, let_values_go
from gradatim.core.dates import parse_day
from gradatim.core.quantity import Quantity
from gradatim.evidence.facts import Fact
from tests.conduct.generated import FROM, STEPS, begun, play
from tests.conduct.treated import DOSED, correct, result, treated
from tests.conduct.treated import one as one_of
from tests.conduct.trials import copied, event, simulated

UNTIL = date(2027, 6, 1)
SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]


def asked_at_every_entry(trial: Trial, compared_every: int) -> State:
    """Fold a ledger, asking for the facts of whom each entry is about; compare now and then."""
    state = State(trial.name)
    for one in trial.store.read(trial.name):
        apply(state, one.position, decoded(one.body))
        for person in state.participants.values():
            if state.versions and person.entries[-1] == one.position:
                facts_of(state, person)
                courses(state, person)
                doses(state, person)
                if not one.position % 7:
                    let_values_go(state, person)
                if one.position % 2:
                    list(facts_of_day(state, person, ("alt",), facts_days(state, person)[0]))
                if not one.position % compared_every:
                    compare(state, person)
    return state


def facts_days(state: State, one: Participant) -> list[Any]:
    days = [fact.start for some in facts_of(state, one).by_element.values() for fact in some]
    return days or [None]


def compare(state: State, one: Participant) -> None:
    """Insist that what has grown is what is worked out from the beginning."""
    other = replace(one, _known={}, _past={})
    anew = facts_of(state, other)
    assert facts_of(state, one) == anew
    assert courses(state, one) == courses(state, other)
    assert died_on(state, one) == died_on(state, other)
    assert unexplained_death(state, one) == unexplained_death(state, other)
    assert doses(state, one) == doses(state, other)
    every, some = grades(state, other), beside_zero(state, one)
    assert some == tuple(found for found in every if found in some)
    assert all(
        found in some for found in every if found.by_numbers or max(found.grade.possible) > 0
    )
    for day in {*facts_days(state, one)}:
        of_day = [*facts_of_day(state, one, anew.by_element, day)]
        assert of_day == [
            fact for some in anew.by_element.values() for fact in some if fact.start == day
        ]


def test_facts_of_a_whole_trial_grow_to_what_they_are() -> None:
    state = asked_at_every_entry(simulated(1, until=UNTIL).trial, 40)
    for one in state.participants.values():
        compare(state, one)
    kinds = {type(one) for one in state.events.values()}
    assert {LaboratoryResultsRecorded, VitalSignsRecorded, Corrected} <= kinds


@settings(max_examples=15, deadline=None, suppress_health_check=SLOW)
@given(STEPS)
def test_facts_of_any_history_grow_to_what_they_are(steps: Any) -> None:
    trial = begun()
    for one in trial.state.participants.values():
        facts_of(trial.state, one)
        courses(trial.state, one)
        doses(trial.state, one)
    play(trial, steps)
    for one in trial.state.participants.values():
        compare(trial.state, one)


def test_an_entry_does_not_read_the_earlier_ones_again() -> None:
    """The tuples of elements that an entry says nothing of stay the same objects."""
    trial = begun()
    one = next(one for one in trial.state.participants.values() if one.status == "treated")
    before = facts_of(trial.state, one).by_element
    warm = Measured(element="body_temperature", value=36.6, unit="Cel")
    made = event(
        VitalSignsRecorded,
        f"nurse.{one.site}.1",
        one.site,
        on=FROM,
        participant=one.id,
        results=(warm,),
    )
    assert isinstance(trial.record(made), Recorded)
    after = facts_of(trial.state, one).by_element
    changed = {name for name in after if after[name] is not before.get(name)}
    assert changed == {"body_temperature"}


def test_what_was_known_stays_what_it_was() -> None:
    """Facts that somebody holds do not grow with what is recorded later."""
    trial = begun()
    one = next(one for one in trial.state.participants.values() if one.status == "treated")
    before = facts_of(trial.state, one)
    held = {name: before.of(name) for name in before.by_element}
    for degrees in (36.6, 36.7):
        warm = Measured(element="body_temperature", value=degrees, unit="Cel")
        fields: dict[str, Any] = {"participant": one.id, "results": (warm,)}
        made = event(VitalSignsRecorded, f"nurse.{one.site}.1", one.site, on=FROM, **fields)
        assert isinstance(trial.record(made), Recorded)
        facts_of(trial.state, one)
    assert {name: before.of(name) for name in before.by_element} == held
    assert dict(before.by_element) == held
    assert len(facts_of(trial.state, one).of("body_temperature")) == 2 + len(
        held.get("body_temperature", ())
    )


def test_a_measured_value_is_a_fact_that_leaves_the_rest_unsaid() -> None:
    one = Measured(element="alt", value=80.5, unit="U/L", bound="<", high=40.0, method="m")
    day = parse_day("2026-03")
    assert measured(7, one, day) == Fact(
        "alt",
        "entry:7#alt",
        day,
        day,
        value=80.5,
        unit="U/L",
        bound="<",
        high=Quantity(40.0, "U/L"),
        method="m",
        entry=7,
    )


def every_late_baseline(state: State, participant: Participant) -> list[past.LaterChange]:
    """Say as `past.changes` does, of every value of before the dose that came after it."""
    plain = [one for one in past.changes(state, participant) if not one.elements]
    dosed = min(participant.entries_of[DoseAdministered])
    late: dict[int, set[str]] = {}
    for one in grades(state, participant):
        if not one.after_dose and one.position > dosed:
            late.setdefault(one.position, set()).add(one.element)
    corrections = [one for one in past.changes(state, participant) if one.elements]
    corrections = [one for one in corrections if isinstance(state.events[one.position], Corrected)]
    more = [past.LaterChange(at, elements=frozenset(names)) for at, names in late.items()]
    return sorted([*plain, *corrections, *more], key=lambda one: one.position)


VALUES = st.tuples(st.integers(-9, 9), st.sampled_from((20.0, 60.0, 60.0, 150.0)), st.booleans())


@settings(max_examples=25, deadline=None, suppress_health_check=SLOW)
@given(st.lists(VALUES, min_size=3, max_size=9), st.data())
def test_a_late_value_that_changes_no_baseline_takes_no_candidate_away(
    values: list[tuple[int, float, bool]], data: st.DataObject
) -> None:
    """Looking back only where the baseline became another finds what looking back always finds."""
    state = copied(dosed())
    held: list[int] = []
    for days, alt, correct_one in values:
        day = DOSED + timedelta(days=days)
        if correct_one and held:
            made = Measured(element="alt", value=alt, unit="U/L", high=40.0)
            correct(state, data.draw(st.sampled_from(held)), results=[msgspec.to_builtins(made)])
        else:
            held.append(result(state, "alt", alt, "U/L", day, high=40.0))
    person = one_of(state)
    found = {each.id for each in safety._candidates(state, person)}
    now = safety._by_its_entries(state, person)
    always = {
        each.id
        for change in every_late_baseline(state, person)
        for each in safety._before(state, person, change)
    }
    assert found == always | {each.id for each in now}


@lru_cache(maxsize=1)
def dosed() -> State:
    return treated()
