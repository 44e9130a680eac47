"""Shift tables: baseline against the worst grade after the first dose."""

from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradatim.analysis.groups import dosed
from gradatim.analysis.shifts import CATEGORIES, possible, shift_tables
from gradatim.conduct.events import findings as f
from gradatim.conduct.events.base import Measured
from gradatim.conduct.views.grades import grades
from tests.analysis import small
from tests.conduct.trials import TABLET, UC_MSC

ALT = "Alanine aminotransferase increased"


def shifts(state, term=ALT):
    """The shifts of one term of everybody dosed: participant, baseline, worst."""
    (found,) = [one for one in shift_tables(state, None) if one.term == term]
    return [tuple(one) for one in found.shifts]


def alt(state, who, value, day, high=40.0) -> None:
    small.result(state, who, "alt", value, "U/L", day, **({"high": high} if high else {}))


def test_the_last_value_before_against_the_worst_after() -> None:
    state = small.opened()
    small.dosed(state, "P1")
    for value, day in ((130, -9), (30, -2), (60, 3), (150, 7), (50, 14)):
        alt(state, "P1", value, day)
    assert shifts(state) == [("P1", "0", "2")]
    (found,) = shift_tables(state, None)
    assert found.cells[0][2] == sum(map(sum, found.cells)) == 1
    assert found.worse == (1, 0)


def test_missing_is_neither_unknown_nor_normal() -> None:
    state = small.opened()
    for number, who in enumerate(("P1", "P2", "P3", "P4")):
        small.dosed(state, who, day=number)
    alt(state, "P1", 30, -2)
    alt(state, "P2", 60, 9)
    alt(state, "P3", 30, -2)
    alt(state, "P3", 30, 9, high=None)
    assert shifts(state) == [
        ("P1", "0", "missing"),
        ("P2", "missing", "unknown"),
        ("P3", "0", "unknown"),
        ("P4", "missing", "missing"),
    ]
    assert shift_tables(state, None)[0].worse == (0, 4)


def test_a_value_that_cannot_be_graded_may_have_been_the_worst() -> None:
    state = small.opened()
    small.dosed(state, "P1")
    alt(state, "P1", 30, -2)
    alt(state, "P1", 60, 3)
    alt(state, "P1", 900, 5, high=None)
    assert shifts(state) == [("P1", "0", "unknown")]
    alt(state, "P1", 900, 6)
    assert shifts(state) == [("P1", "0", "4")]  # nothing is worse, whatever the other one was


def test_what_is_grade_4_whatever_is_missing_stays_grade_4() -> None:
    state = small.opened()
    small.dosed(state, "P1")
    for value, day in ((200.0, -2), (20.0, 5)):
        small.result(state, "P1", "platelets", value, "10*9/L", day, low=150.0)
    small.result(state, "P1", "platelets", 120.0, "10*9/L", 8)
    assert shifts(state, "Platelet count decreased") == [("P1", "0", "4")]


def test_terms_of_both_ways_are_two_tables() -> None:
    state = small.opened(TABLET)
    small.dosed(state, "P1")
    for value, day in ((4.0, -2), (5.8, 3), (2.7, 7)):
        small.result(state, "P1", "potassium", value, "mmol/L", day, low=3.5, high=5.0)
    assert shifts(state, "Hyperkalemia") == [("P1", "0", "2")]
    assert shifts(state, "Hypokalemia") == [("P1", "0", "3")]


def test_what_only_symptoms_could_raise_is_graded_by_its_number() -> None:
    state = small.opened(TABLET)
    small.dosed(state, "P1")
    for value, day in ((3.2, -2), (3.3, 3)):
        small.result(state, "P1", "potassium", value, "mmol/L", day, low=3.5, high=5.0)
    assert shifts(state, "Hypokalemia") == [("P1", "1", "1")]


def test_on_the_day_of_the_dose_the_time_tells() -> None:
    state = small.opened()
    small.dosed(state, "P1")
    for hours, celsius in ((-1, 36.6), (2, 39.6)):
        warm = Measured(element="body_temperature", value=celsius, unit="Cel")
        small.add(
            state,
            "P1",
            f.VitalSignsRecorded,
            results=(warm,),
            taken_at=small.moment(0) + timedelta(hours=hours),
        )
    assert shifts(state, "Fever") == [("P1", "0", "2")]


LIMITS = {0: 40, 1: 120, 2: 200, 3: 800, 4: 9e9}
"""The highest ALT of each grade where the limit is 40, and the value before was normal."""


@settings(max_examples=50, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([-5, 1, 9]), st.sampled_from([30, 100, 150, 700, 900]), st.booleans()
        ),
        max_size=6,
    )
)
def test_the_worst_grade_is_told_only_where_every_value_tells_it(values) -> None:
    state = small.opened()
    small.dosed(state, "P1")
    alt(state, "P1", 30, -9)
    for day, value, limited in values:
        known = limited or day < 0
        alt(state, "P1", value if day > 0 else 30, day, high=40.0 if known else None)
    later = [(value, limited) for day, value, limited in values if day > 0]
    sure = {
        next(g for g, most in LIMITS.items() if value <= most)
        for value, limited in later
        if limited
    }
    worst = str(max(sure, default=0)) if later else "missing"
    if worst != "4" and not all(limited for _, limited in later):
        worst = "unknown"
    assert shifts(state) == [("P1", "0", worst)]


@pytest.mark.parametrize("name", [UC_MSC, TABLET])
@pytest.mark.parametrize("by", ["level", "lot", None])
def test_everybody_dosed_is_in_each_table_once(name, by) -> None:
    state = small.under_way(name)
    people = sorted(one.id for one in dosed(state))
    found = shift_tables(state, by)
    terms = {(one.element, one.term) for one in found}
    assert len(terms) > 5
    for term in terms:
        tables = [one for one in found if (one.element, one.term) == term]
        assert sorted(who.participant for one in tables for who in one.shifts) == people
        assert all(sum(map(sum, one.cells)) == len(one.shifts) for one in tables)
        for one in tables:
            assert len(one.cells) == len(CATEGORIES)
            assert one.group is None or one.group.dosed == len(one.shifts)


@pytest.mark.parametrize("name", [UC_MSC, TABLET])
def test_a_grade_by_numbers_is_that_of_the_view(name) -> None:
    state = small.under_way(name)
    seen = 0
    for one in dosed(state):
        for found in grades(state, one):
            least, most = possible(found.grade)
            if found.after_dose and least == most:
                assert found.by_numbers == least
                seen += 1
            assert least <= found.by_numbers
    assert seen > 50
