"""Adverse events by group: exact tables, and laws that hold whatever is reported."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradatim.analysis.adverse_events import (
    GRADES,
    SEVERE,
    Counts,
    Subset,
    adverse_event_table,
    belongs,
)
from gradatim.analysis.groups import dosed
from gradatim.conduct.events import safety as s
from gradatim.conduct.views.adverse_events import courses
from gradatim.core.truth import TRUE
from gradatim.protocol.base import Basis
from gradatim.safety.events import graded, relation
from tests.analysis import small
from tests.conduct.trials import TABLET, UC_MSC

SUBSETS: tuple[Subset, ...] = ("all", "related", "serious", "special interest")


def table(state):
    """Who had what, as (term, group, participants by grade, events by grade)."""
    found = adverse_event_table(state)
    return [
        (row.term, group.key, counts.participants, counts.events)
        for row in found.rows
        for group, counts in zip(found.groups, row.counts, strict=True)
        if counts.any
    ]


def test_a_participant_counts_once_under_the_worst_grade_and_each_event_under_its_own() -> None:
    state = small.opened()
    small.dosed(state, "P1")
    small.dosed(state, "P2", level=2, day=1)
    small.adverse(state, "P1", "A1", grade=1)
    small.adverse(state, "P1", "A2", grade=3)
    small.adverse(state, "P2", "A3", grade=2)
    small.adverse(state, "P2", "A4", "Chills", grade=1)
    assert table(state) == [
        ("Headache", "1", (0, 0, 1, 0, 0, 0), (1, 0, 1, 0, 0, 0)),
        ("Headache", "2", (0, 1, 0, 0, 0, 0), (0, 1, 0, 0, 0, 0)),
        ("Chills", "2", (1, 0, 0, 0, 0, 0), (1, 0, 0, 0, 0, 0)),
    ]
    found = adverse_event_table(state)
    assert found.total.overall == Counts((0, 1, 1, 0, 0, 0), (2, 1, 1, 0, 0, 0))
    assert (found.total.overall.any, found.total.overall.severe, found.dosed) == (2, 1, 2)


def test_an_event_nobody_graded_has_its_column_and_leaves_a_worse_grade_open() -> None:
    state = small.opened()
    small.dosed(state, "P1")
    small.adverse(state, "P1", "A1", grade=None)
    assert table(state) == [("Headache", "1", (0, 0, 0, 0, 0, 1), (0, 0, 0, 0, 0, 1))]
    small.adverse(state, "P1", "A2", grade=2)
    found = adverse_event_table(state).rows[0].overall
    assert found == Counts((0, 1, 0, 0, 0, 0), (0, 1, 0, 0, 0, 1), also_unknown=1)


def test_a_death_is_of_grade_5_whatever_was_written() -> None:
    state = small.opened()
    small.dosed(state, "P1")
    small.adverse(state, "P1", "A1", grade=None, serious=("death",))
    assert table(state)[0][2] == (0, 0, 0, 0, 1, 0)


def test_one_term_is_one_row_however_it_is_spelled_but_not_by_two_scales() -> None:
    state = small.opened()
    small.dosed(state, "P1")
    for id, term in (("A1", "headache"), ("A2", " HEADACHE "), ("A3", "No such  Term")):
        small.adverse(state, "P1", id, term)
    for id, scale in (("A4", "ASTCT 2019"), ("A5", "CTCAE v5.0")):
        small.adverse(state, "P1", id, "Cytokine release syndrome", scale=scale)
    rows = [
        (row.term, row.scale, sum(row.overall.events)) for row in adverse_event_table(state).rows
    ]
    assert sorted(rows) == [
        ("Cytokine release syndrome", "ASTCT 2019", 1),
        ("Cytokine release syndrome", "CTCAE v5.0", 1),
        ("Headache", "CTCAE v5.0", 2),
        ("No such Term", "CTCAE v5.0", 1),
    ]


def aside(state):
    return {(one.adverse_event, one.why) for one in adverse_event_table(state).aside}


@pytest.mark.parametrize(
    ("onset", "counted"),
    [
        (str(small.on(-1)), False),
        (str(small.on(0)), True),
        (f"{small.on(0):%Y-%m}", True),
        (f"{small.on(0):%Y}", True),
        ("2026", False),
    ],
)
def test_what_may_have_begun_after_the_first_dose_is_counted(onset, counted) -> None:
    state = small.opened()
    small.dosed(state, "P1")
    small.adverse(state, "P1", "A1", onset=onset)
    assert bool(table(state)) is counted
    assert aside(state) == (set() if counted else {("A1", "before the first dose")})


def test_what_became_worse_after_the_first_dose_is_counted() -> None:
    state = small.opened()
    small.dosed(state, "P1")
    small.adverse(state, "P1", "A1", day=-3)
    assert aside(state) == {("A1", "before the first dose")}
    small.add(state, "P1", s.AdverseEventUpdated, 5, adverse_event="A1", grade=3)
    assert table(state) == [("Headache", "1", (0, 0, 1, 0, 0, 0), (0, 0, 1, 0, 0, 0))]
    assert aside(state) == set()


def test_events_of_who_had_no_dose_are_set_aside_and_not_lost() -> None:
    state = small.opened()
    small.enrolled(state, "P1")
    small.adverse(state, "P1", "A1")
    assert table(state) == []
    assert aside(state) == {("A1", "no dose was given")}


@pytest.mark.parametrize(
    ("said", "counted", "unjudged"),
    [("unrelated", False, 0), ("unlikely", False, 0), ("possible", True, 0), (None, True, 1)],
)
def test_what_nobody_judged_may_be_related(said, counted, unjudged) -> None:
    state = small.opened()
    small.dosed(state, "P1")
    small.adverse(state, "P1", "A1", relation=said)
    found = adverse_event_table(state, subset="related").total.overall
    assert (found.any, found.relation_unknown) == (counted, unjudged)


@pytest.mark.parametrize("said", ["unrelated", "unlikely", "possible"])
def test_what_is_no_investigators_judgement_may_be_related(said) -> None:
    state = small.opened()
    small.dosed(state, "P1")
    small.adverse(state, "P1", "A1", relation=said, by="nurse.S01.1")
    found = adverse_event_table(state, subset="related").total.overall
    assert (found.any, found.relation_unknown) == (1, 1)


def test_special_interest_is_what_the_protocol_names() -> None:
    state = small.opened()
    small.dosed(state, "P1")
    small.adverse(state, "P1", "A1", "Infusion related reaction")
    small.adverse(state, "P1", "A2", "Headache")
    small.adverse(state, "P1", "A3", "Swelling", elements=("anaphylaxis",))
    found = adverse_event_table(state, subset="special interest")
    assert {row.term for row in found.rows} == {"Infusion related reaction", "Swelling"}
    assert [one.basis for one in found.rests_on] == [Basis.PROPOSED]


def test_a_protocol_without_special_interest_has_no_such_table() -> None:
    state = small.opened()
    (version,) = state.versions
    safety = version.study.safety.model_copy(update={"special_interest": None})
    state.versions = [version._replace(study=version.study.model_copy(update={"safety": safety}))]
    small.dosed(state, "P1")
    small.adverse(state, "P1", "A1", "Anaphylaxis")
    assert not adverse_event_table(state, subset="special interest").defined
    assert adverse_event_table(state).defined


@st.composite
def reported(draw):
    """Adverse events of five people, two of whom had no dose: who, term, and what is known."""
    return draw(
        st.lists(
            st.fixed_dictionaries(
                {
                    "who": st.sampled_from(["P1", "P2", "P3", "P4", "P5"]),
                    "term": st.sampled_from(["Headache", "headache", "Chills", "Anaphylaxis"]),
                    "grade": st.none() | st.integers(1, 5),
                    "day": st.integers(-8, 20),
                    "exact": st.sampled_from([10, 10, 7, 4]),
                    "relation": st.sampled_from([None, "unrelated", "possible", "related"]),
                    "serious": st.sampled_from([(), (), ("hospitalisation",), ("death",)]),
                }
            ),
            max_size=12,
        )
    )


def told(events):
    state = small.opened()
    for number, (level, lot) in enumerate([(1, "L1"), (1, "L2"), (None, "")], 1):
        small.dosed(state, f"P{number}", level, number, lot)
    small.give(state, "P1", dose=2, day=9, lot="L2")
    small.enrolled(state, "P4")
    small.enrolled(state, "P5", level=None)
    for number, one in enumerate(events):
        onset = str(small.on(one["day"]))[: one["exact"]]
        known = {name: one[name] for name in ("grade", "relation", "serious")}
        small.adverse(
            state, one["who"], f"A{number}", one["term"], one["day"], onset=onset, **known
        )
    return state


def laws(state, by, subset) -> None:
    """Every event once; groups add up; nobody ungraded disappears."""
    found = adverse_event_table(state, by, subset)
    events = [
        course.event
        for one in state.participants.values()
        for course in courses(state, one).values()
        if belongs(state, one, course.event, subset)
    ]
    rows = [row.overall for row in found.rows]
    counted = sum(sum(row.events) for row in rows)
    assert counted + len(found.aside) == len(events)
    aside = {(one.participant, one.adverse_event) for one in found.aside}
    assert len(aside) == len(found.aside)
    inside = [one for one in events if (one.participant, one.id) not in aside]
    by_grade = Counter(graded(one) for one in inside)
    for column, name in enumerate(GRADES):
        expected = by_grade[None if name == "unknown" else int(name)]
        assert sum(row.events[column] for row in rows) == expected
        assert found.total.overall.events[column] == expected
        for row in (*found.rows, found.total):
            for of in ("participants", "events"):
                assert (
                    sum(getattr(one, of)[column] for one in row.counts)
                    == (getattr(row.overall, of)[column])
                )
    people = {one.participant for one in inside}
    assert found.total.overall.any == len(people)
    assert found.dosed == len(dosed(state))
    assert all(
        one.any <= group.dosed for one, group in zip(found.total.counts, found.groups, strict=True)
    )
    unknown = {one.participant for one in inside if graded(one) is None}
    overall = found.total.overall
    assert overall.participants[-1] + overall.also_unknown == len(unknown)
    severe = {one.participant for one in inside if (graded(one) or 0) >= SEVERE}
    assert overall.severe == len(severe)


@settings(max_examples=60, deadline=None)
@given(reported(), st.sampled_from(["level", "lot"]), st.sampled_from(SUBSETS))
def test_the_laws_hold_whatever_is_reported(events, by, subset) -> None:
    laws(told(events), by, subset)


@pytest.mark.parametrize("name", [UC_MSC, TABLET])
@pytest.mark.parametrize("by", ["level", "lot"])
@pytest.mark.parametrize("subset", SUBSETS)
def test_the_laws_hold_in_simulated_trials(name, by, subset) -> None:
    laws(small.under_way(name), by, subset)


@settings(max_examples=30, deadline=None)
@given(reported())
def test_subsets_are_subsets(events) -> None:
    state = told(events)
    everything = adverse_event_table(state).total.overall
    for subset in SUBSETS:
        part = adverse_event_table(state, subset=subset).total.overall
        assert all(a <= b for a, b in zip(part.events, everything.events, strict=True))
    related = adverse_event_table(state, subset="related").total.overall
    for_sure = sum(
        relation(course.event) is TRUE
        for one in dosed(state)
        for course in courses(state, one).values()
    )
    assert sum(related.events) <= for_sure + related.relation_unknown
