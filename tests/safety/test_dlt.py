"""Dose-limiting toxicity: the definition, the window, and what is not known."""

from datetime import date, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradatim.core.dates import on, parse_day
from gradatim.core.truth import FALSE, TRUE, UNKNOWN, Truth, truth_of
from gradatim.protocol.load import load
from gradatim.protocol.nodes import AnyOf
from gradatim.protocol.study import Study
from gradatim.safety.dlt import (
    candidates,
    complete,
    defined,
    elements_of,
    facts_of,
    of_special_interest,
    perhaps_of,
    watched_elements,
    window,
    within,
)
from gradatim.safety.events import AdverseEvent, graded, relation
from tests.clinical.written import disguised

CELLS, TABLET = load("nct05962762").study, load("example_oncology_tablet").study
DOSED = date(2027, 3, 1)


def event(
    term: str = "Headache",
    grade: int | None = 3,
    relation: str = "possible",
    onset: str = "2027-03-05",
    **more: Any,
) -> AdverseEvent:
    """One adverse event, four days after the dose."""
    return AdverseEvent(
        id=more.pop("id", "AE1"),
        participant="P1",
        term=term,
        grade=grade,
        onset=parse_day(onset),
        investigator_relation=relation,
        **more,
    )


CASES: list[tuple[Any, AdverseEvent, Truth]] = [
    (CELLS, event(grade=2), FALSE),
    (CELLS, event(grade=3), TRUE),
    (CELLS, event(grade=3, relation="unrelated"), FALSE),
    (CELLS, event(grade=3, relation="unlikely"), FALSE),
    (CELLS, event(grade=3, relation=""), UNKNOWN),
    (CELLS, event(grade=None), UNKNOWN),
    (CELLS, event(grade=None, relation="unrelated"), FALSE),
    (CELLS, event(grade=1, relation=""), FALSE),
    (CELLS, event(grade=2, serious=("death",)), TRUE),  # a death is grade 5, whatever was written
    (CELLS, event("Anaphylaxis", 1, "unrelated"), TRUE),
    (CELLS, event("anaphylaxis", None, ""), TRUE),
    (CELLS, event("Thromboembolic event", 1, "unrelated"), FALSE),
    (CELLS, event("Thromboembolic event", 2, "unrelated"), TRUE),
    (CELLS, event("Thromboembolic event", None, "unrelated"), UNKNOWN),
    (CELLS, event("Infusion related reaction", 2, "probable"), FALSE),
    (CELLS, event("Infusion related reaction", 3, "unrelated"), TRUE),
    (CELLS, event("Infusion related reaction", None, "unrelated"), UNKNOWN),
    (CELLS, event("Cytokine release syndrome", 3, "unrelated", scale="ASTCT 2019"), TRUE),
    (CELLS, event("Cytokine release syndrome", 2, "definite", scale="ASTCT 2019"), FALSE),
    (CELLS, event("Cytokine release syndrome", None, "unrelated", scale="ASTCT 2019"), UNKNOWN),
    (CELLS, event("Fever", 3), TRUE),  # fever counts as graded
    (CELLS, event(grade=5), TRUE),
    (CELLS, event(grade=2, relation="unrelated", serious=("death",)), FALSE),
    (CELLS, event(grade=None, relation="", serious=("death",)), UNKNOWN),
    (CELLS, event(grade=None, serious=("death",)), TRUE),
    (CELLS, event("Anaphylactic reaction", 1, "unrelated"), TRUE),
    (CELLS, event("anaphylactic shock", 2, "possible"), TRUE),
    (CELLS, event("Pulmonary embolism", 2, "unrelated"), TRUE),
    (CELLS, event("DVT", 1, "unrelated"), FALSE),
    (CELLS, event("crs", 3, "unrelated"), TRUE),
    (CELLS, event("Deep vein thrombosis left leg", 2), UNKNOWN),  # nobody has said what it is
    (CELLS, event("Kopfschmerz", 1, "unrelated"), UNKNOWN),
    (CELLS, event("Death NOS", 5, "unrelated"), UNKNOWN),  # of what is not said
    (CELLS, event(" anaphylaxis ", 1, "unrelated"), TRUE),
    (CELLS, event("Headache", 1, "unrelated", elements=("anaphylaxis",)), TRUE),
    (CELLS, event("false", 3), TRUE),  # a term, and not the denial that this word is elsewhere
    (TABLET, event("Headache", 3), TRUE),  # not of the blood
    (TABLET, event("Headache", 2), FALSE),
    (TABLET, event("Headache", 4, "unlikely"), FALSE),
    (TABLET, event("Headache", 3, ""), UNKNOWN),
    (TABLET, event("Headache", None), UNKNOWN),
    (TABLET, event("no term of CTCAE", 3), TRUE),
    (TABLET, event("Headache", 3, elements=("brief_digestive_event",)), FALSE),
    (TABLET, event("Nausea", 5, elements=("brief_digestive_event",)), TRUE),  # a death counts
    (TABLET, event("Anemia", 3), FALSE),
    (TABLET, event("Anemia", 4), TRUE),
    (TABLET, event("Anemia", None), UNKNOWN),
    (TABLET, event("Anemia", 4, ""), UNKNOWN),
    (TABLET, event("Febrile neutropenia", 2), FALSE),
    (TABLET, event("Febrile neutropenia", 3), TRUE),
    (TABLET, event("Febrile neutropenia", 3, "unrelated"), FALSE),
    (TABLET, event("Headache", 5), TRUE),
]


@pytest.mark.parametrize(("study", "one", "expected"), CASES)
def test_the_definition(study: Any, one: AdverseEvent, expected: Truth) -> None:
    found = defined(study, one, DOSED, DOSED)
    assert found.truth is expected
    assert (candidates(study, [one], DOSED, DOSED) == ()) is (expected is FALSE)


@pytest.mark.parametrize("study", [CELLS, TABLET])
def test_every_branch_decides_a_case_by_itself(study: Study) -> None:
    definition = study.safety.dose_limiting_toxicity.definition
    assert isinstance(definition, AnyOf)
    mine = [(one, expected) for of, one, expected in CASES if of is study]
    for branch in definition.any:
        rest = [one for one in definition.any if one is not branch]
        less = changed(study, definition=definition.model_copy(update={"any": rest}))
        assert any(
            defined(less, one, DOSED, DOSED).truth is not expected for one, expected in mine
        ), branch


@pytest.mark.parametrize(
    ("onset", "expected"),
    [
        ("2027-02-28", FALSE),
        ("2027-03-01", TRUE),
        ("2027-03-29", TRUE),
        ("2027-03-30", FALSE),
        ("2027-03", UNKNOWN),
        ("2027", UNKNOWN),
        ("2027-02", FALSE),
        ("2026", FALSE),
    ],
)
def test_the_window_of_28_days(onset: str, expected: Truth) -> None:
    assert defined(CELLS, event(onset=onset), DOSED, DOSED).truth is expected


def test_a_month_that_lies_in_the_window_as_a_whole_is_certain() -> None:
    dosed = date(2027, 2, 1)
    assert defined(CELLS, event(onset="2027-02"), dosed, dosed).truth is TRUE
    assert defined(TABLET, event(onset="2027-02"), dosed, dosed).truth is TRUE
    assert defined(CELLS, event(onset="2027-02"), date(2027, 2, 2), dosed).truth is UNKNOWN


def test_of_an_onset_known_in_part_the_definition_may_still_say_no() -> None:
    assert defined(CELLS, event(grade=2, onset="2027-03"), DOSED, DOSED).truth is FALSE
    assert defined(CELLS, event(grade=None, onset="2027-03"), DOSED, DOSED).truth is UNKNOWN


def test_the_window_of_a_cycle_ends_a_day_earlier() -> None:
    assert defined(TABLET, event(onset="2027-03-28"), DOSED, DOSED).truth is TRUE
    assert defined(TABLET, event(onset="2027-03-29"), DOSED, DOSED).truth is FALSE


def test_with_several_doses_the_window_runs_on_from_the_last() -> None:
    last = DOSED + timedelta(days=7)
    assert window(CELLS, DOSED, last) == (DOSED, date(2027, 4, 5))
    assert defined(CELLS, event(onset="2027-04-05"), DOSED, last).truth is TRUE
    assert defined(CELLS, event(onset="2027-04-06"), DOSED, last).truth is FALSE


def test_treatment_that_goes_on_does_not_keep_the_window_open() -> None:
    last = DOSED + timedelta(days=100)
    assert window(TABLET, DOSED, last) == (DOSED, date(2027, 3, 28))
    assert defined(TABLET, event(onset="2027-03-29"), DOSED, last).truth is FALSE
    assert complete(TABLET, DOSED, last, date(2027, 3, 29))


@pytest.mark.parametrize(
    ("bounds", "first", "last"),
    [
        ("[]", "2027-03-01", "2027-03-29"),
        ("[)", "2027-03-01", "2027-03-28"),
        ("(]", "2027-03-02", "2027-03-29"),
        ("()", "2027-03-02", "2027-03-28"),
    ],
)
def test_the_days_of_the_window_are_those_inside(bounds: str, first: str, last: str) -> None:
    study = bounded(CELLS, bounds)
    assert window(study, DOSED, DOSED) == (date.fromisoformat(first), date.fromisoformat(last))
    closed = date.fromisoformat(last)
    assert not complete(study, DOSED, DOSED, closed)
    assert complete(study, DOSED, DOSED, closed + timedelta(days=1))
    assert defined(study, event(onset=last), DOSED, DOSED).truth is TRUE
    assert defined(study, event(onset=first), DOSED, DOSED).truth is TRUE
    outside = str(date.fromisoformat(first) - timedelta(days=1))
    assert defined(study, event(onset=outside), DOSED, DOSED).truth is FALSE


def bounded(study: Study, bounds: str) -> Study:
    """Give a protocol with other bounds of its window."""
    span = study.safety.dose_limiting_toxicity.window
    return changed(study, window=span.model_copy(update={"bounds": bounds}))


def changed(study: Study, **update: Any) -> Study:
    """Give a protocol with another definition or window."""
    limiting = study.safety.dose_limiting_toxicity.model_copy(update=update)
    safety = study.safety.model_copy(update={"dose_limiting_toxicity": limiting})
    return study.model_copy(update={"safety": safety})


@given(st.sampled_from(("[]", "[)", "(]", "()")), st.integers(-3, 70), st.integers(0, 30))
def test_the_first_and_last_day_are_those_of_the_comparison(
    bounds: str, day: int, doses: int
) -> None:
    study, onset, last_dose = (
        bounded(CELLS, bounds),
        DOSED + timedelta(day),
        DOSED + timedelta(doses),
    )
    first, last = window(study, DOSED, last_dose)
    assert last is not None
    inside = within(study, on(onset), DOSED, last_dose)
    assert inside is truth_of(first <= onset <= last)


def test_a_window_without_an_end_never_closes() -> None:
    span = CELLS.safety.dose_limiting_toxicity.window.model_copy(update={"to": None})
    study = changed(CELLS, window=span)
    assert window(study, DOSED, DOSED) == (DOSED, None)
    assert not complete(study, DOSED, DOSED, date(2099, 1, 1))
    assert defined(study, event(onset="2098"), DOSED, DOSED).truth is TRUE


def test_the_window_is_complete_when_its_last_day_has_passed() -> None:
    assert not complete(CELLS, DOSED, DOSED, date(2027, 3, 29))
    assert complete(CELLS, DOSED, DOSED, date(2027, 3, 30))


@pytest.mark.parametrize(
    ("investigator", "sponsor", "expected"),
    [
        ("unrelated", "", FALSE),
        ("unlikely", "unrelated", FALSE),
        ("possible", "", TRUE),
        ("possible", "unrelated", TRUE),  # the sponsor never downgrades
        ("unrelated", "possible", TRUE),
        ("", "", UNKNOWN),
        ("", "unrelated", UNKNOWN),
        ("", "related", TRUE),
        ("no such word", "", UNKNOWN),
        ("unrelated", "no such word", UNKNOWN),
        ("definite", "", TRUE),
        ("probable", "", TRUE),
    ],
)
def test_causality(investigator: str, sponsor: str, expected: Truth) -> None:
    assert relation(event(relation=investigator, sponsor_relation=sponsor)) is expected


def test_terms_lead_to_elements() -> None:
    assert elements_of(CELLS, event("ANAPHYLAXIS")) == ("adverse_event", "anaphylaxis")
    assert elements_of(CELLS, event("Headache")) == ("adverse_event",)
    assert set(elements_of(TABLET, event("Headache"))) == {
        "adverse_event",
        "nonhaematological_event",
    }
    assert set(elements_of(TABLET, event("Anemia"))) == {"adverse_event", "haematological_event"}
    assert elements_of(CELLS, event(elements=("no_such",))) == ("adverse_event",)


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ({"grade": 5}, 5),
        ({"grade": 2, "serious": ("death",)}, 5),
        ({"grade": None}, None),
        ({"grade": None, "serious": ("disability", "death")}, 5),
        ({"grade": 4, "serious": ("life_threatening",)}, 4),
    ],
)
def test_fatal_is_grade_5(more: dict[str, Any], expected: int | None) -> None:
    assert graded(event(**more)) == expected
    (fact,) = facts_of(CELLS, "P1", [event(**more)]).of("adverse_event")
    assert fact.value == expected


def test_what_is_recorded_is_all_there_is() -> None:
    """No adverse event recorded means none happened; the ledger holds every one."""
    assert facts_of(CELLS, "P1", []).coverage.keys() == {"adverse_event"}


EVENTS = st.builds(
    event,
    st.sampled_from(("Headache", "Anaphylaxis", "Thromboembolic event", "Anemia")),
    st.one_of(st.none(), st.integers(1, 5)),
    st.sampled_from(("", "unrelated", "possible")),
    st.sampled_from(("2027-02-20", "2027-03-02", "2027-03", "2027-04-30")),
)


@given(st.lists(EVENTS, max_size=5), EVENTS)
def test_another_event_never_removes_a_candidate(
    some: list[AdverseEvent], more: AdverseEvent
) -> None:
    before = {one.event for one in candidates(CELLS, some, DOSED, DOSED)}
    assert before <= {one.event for one in candidates(CELLS, [*some, more], DOSED, DOSED)}


@given(EVENTS, st.sampled_from(("CELLS", "TABLET")))
def test_knowing_less_never_makes_it_less_of_a_candidate(one: AdverseEvent, name: str) -> None:
    study = {"CELLS": CELLS, "TABLET": TABLET}[name]
    known = defined(study, one, DOSED, DOSED).truth
    vague = msgspec.structs.replace(one, investigator_relation="")
    if known is TRUE:
        assert defined(study, vague, DOSED, DOSED).truth is not FALSE


# --- terms --------------------------------------------------------------------------------------

WATCHED = (
    "anaphylaxis",
    "thromboembolic_event",
    "infusion_related_reaction",
    "cytokine_release_syndrome",
    "product_contamination",
    "ectopic_tissue",
    "new_malignancy",
    "infection",
)


def test_the_watched_elements_are_those_that_rules_look_for() -> None:
    """Not those that a rule spares, nor the generic ones."""
    assert watched_elements(CELLS) == WATCHED
    assert watched_elements(TABLET) == (
        "haematological_event",
        "febrile_neutropenia",
        "liver_injury",
        "hys_law_case",
    )


@pytest.mark.parametrize(
    ("term", "expected"),
    [
        ("Headache", ()),
        ("Allergic reaction", ()),
        ("Lung infection", ()),
        ("Infection", ()),
        ("anaphylactic shock", ()),
        ("Bauchweh", WATCHED),
        ("Sudden death NOS", WATCHED),
    ],
)
def test_a_term_that_nobody_knows_may_be_each_watched_element(term: str, expected: Any) -> None:
    assert perhaps_of(CELLS, event(term)) == expected


def test_an_answer_settles_the_element_it_is_about() -> None:
    one = event("Bauchweh", 1, "unrelated", not_elements=WATCHED[1:])
    assert perhaps_of(CELLS, one) == ("anaphylaxis",)
    assert defined(CELLS, one, DOSED, DOSED).truth is UNKNOWN
    none = event("Bauchweh", 1, "unrelated", not_elements=WATCHED)
    assert defined(CELLS, none, DOSED, DOSED).truth is FALSE
    yes = event("Bauchweh", 1, "unrelated", elements=("anaphylaxis",), not_elements=WATCHED)
    assert defined(CELLS, yes, DOSED, DOSED).truth is TRUE


def test_what_may_be_of_special_interest_is_said_to_be_open() -> None:
    assert of_special_interest(CELLS, event("Lung infection")) is TRUE
    assert of_special_interest(CELLS, event("Headache")) is FALSE
    assert of_special_interest(CELLS, event("Bauchweh")) is UNKNOWN
    bare = CELLS.safety.model_copy(update={"special_interest": None})
    assert of_special_interest(CELLS.model_copy(update={"safety": bare}), event()) is FALSE


GRADES = st.none() | st.integers(1, 5)
RELATIONS = st.sampled_from(["", "unrelated", "possible"])
KNOWN = [
    one
    for name in WATCHED
    for one in (*CELLS.elements[name].ctcae_terms, *CELLS.elements[name].synonyms)
]


@given(st.sampled_from([*KNOWN, "Headache"]).flatmap(disguised), GRADES, RELATIONS)
def test_how_a_term_is_typed_changes_no_candidate(
    pair: tuple[str, str], grade: int | None, relation: str
) -> None:
    as_printed, as_typed = (
        defined(CELLS, event(one, grade, relation), DOSED, DOSED).truth for one in pair
    )
    assert as_printed is as_typed


@given(st.sampled_from(KNOWN), GRADES, RELATIONS, st.sampled_from(["Bauchweh", "???", "Death NOS"]))
def test_an_unknown_term_is_a_candidate_wherever_a_watched_one_is(
    term: str, grade: int | None, relation: str, unknown: str
) -> None:
    known, other = (
        candidates(CELLS, [event(one, grade, relation)], DOSED, DOSED) for one in (term, unknown)
    )
    assert len(other) >= len(known)
