"""Stopping rules, asked of the whole trial's safety data."""

from datetime import date
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from gradatim.core.dates import parse_day
from gradatim.protocol.nodes import Rule
from gradatim.protocol.study import Study
from gradatim.safety.events import AdverseEvent
from gradatim.safety.stopping import Fired, Watched, fired
from tests.safety.test_dlt import CELLS, EVENTS, TABLET, event

TODAY = date(2027, 6, 1)
LIVER_MAYBE = ("related_grade_4_liver_injury", None, False)
DAY = date(2027, 3, 5)


def rules(found: list[Fired]) -> list[tuple[str, int | None, bool]]:
    """Give rule, level and certainty of each."""
    return [(one.rule.id, one.level, one.certain) for one in found]


def ask(*watched: Watched) -> list[tuple[str, int | None, bool]]:
    """Ask the rules of the trial of cells."""
    return rules(list(fired(CELLS, watched, TODAY)))


def test_nothing_happened() -> None:
    assert ask() == []
    assert ask(Watched("P1", 1, [event(grade=3)])) == []


def test_a_related_death_stops_the_trial_and_pauses_as_any_grade_4() -> None:
    found = ask(Watched("P1", 1, [event(grade=5)]))
    assert found == [("related_death", None, True), ("related_grade_4", None, True)]


def test_a_related_grade_4_pauses() -> None:
    assert ask(Watched("P1", 1, [event(grade=4)])) == [("related_grade_4", None, True)]
    assert ask(Watched("P1", 1, [event(grade=4, relation="unrelated")])) == []


def test_what_is_not_known_may_have_fired() -> None:
    assert ask(Watched("P1", 1, [event(grade=4, relation="")])) == [
        ("related_grade_4", None, False)
    ]
    assert ask(Watched("P1", 1, [event(grade=None)])) == [
        ("related_death", None, False),
        ("related_grade_4", None, False),
    ]


def test_two_toxicities_stop_their_own_level_only() -> None:
    one, two = Watched("P1", 2, [], DAY), Watched("P2", 2, [], DAY)
    other = Watched("P3", 1, [], DAY)
    assert ask(one, other) == []
    assert ask(one, two, other) == [("two_dlts_at_a_level", 2, True)]


def test_a_fired_rule_says_by_whom() -> None:
    (found,) = fired(CELLS, [Watched("P1", 1, [event(id="AE7", grade=4)])], TODAY)
    assert found.by == ("AE7",)


def test_every_event_that_bears_a_rule_out_is_named() -> None:
    """One more is a new reason to stop, whoever comes first in the list."""
    first, second = event(id="AE7", grade=4), event(id="AE8", grade=4, relation="")
    other = event(id="AE9", grade=2)
    (found,) = fired(CELLS, [Watched("P1", 1, [first, other]), Watched("P2", 1, [second])], TODAY)
    assert found.by == ("AE7", "AE8")
    assert found.certain


def test_a_toxicity_nobody_has_judged_may_have_stopped_the_level() -> None:
    sure = Watched("P1", 2, [], DAY)
    assert ask(sure, Watched("P2", 2, [], DAY, limited=False)) == [
        ("two_dlts_at_a_level", 2, False)
    ]


def test_a_level_is_stopped_by_all_who_had_a_toxicity() -> None:
    (found,) = fired(CELLS, [Watched(f"P{n}", 2, [], DAY) for n in range(3)], TODAY)
    assert found.by == ("P0", "P1", "P2")


def windowed(study: Study, rule: dict[str, Any]) -> Study:
    """Give a protocol whose one stopping rule looks at a window."""
    span = {"anchor": "first_dose", "from": "0 days", "to": "28 days", "bounds": "[]"}
    asked = TypeAdapter(Rule).validate_python(
        {"any": [{"event": "adverse_event", **rule, "within": span}]}
    )
    only = study.safety.stopping_rules[0].model_copy(update={"rule": asked})
    safety = study.safety.model_copy(update={"stopping_rules": [only]})
    return study.model_copy(update={"safety": safety})


def test_a_window_of_each_participant_is_left_out_and_the_rule_may_have_fired() -> None:
    study = windowed(CELLS, {"grade": ">= 4"})
    ended = event(id="AE7", grade=4, resolved=parse_day("2027-03-07"))
    (found,) = fired(study, [Watched("P1", 1, [ended])], TODAY)
    assert (found.certain, found.by) == (False, ("AE7",))
    assert list(fired(study, [Watched("P1", 1, [event(grade=3)])], TODAY)) == []


@pytest.mark.parametrize(
    ("element", "rule"),
    [
        ("product_contamination", "product_contamination"),
        ("ectopic_tissue", "ectopic_tissue_or_new_malignancy"),
        ("new_malignancy", "ectopic_tissue_or_new_malignancy"),
    ],
)
def test_what_a_person_said_it_is_pauses_whatever_its_grade(element: str, rule: str) -> None:
    one = event(grade=1, relation="unrelated", elements=(element,))
    assert ask(Watched("P1", 1, [one])) == [(rule, None, True)]


def test_one_participant_counts_once_whatever_is_said_of_whose_event() -> None:
    one = event(id="AE7", elements=("dose_limiting_toxicity",))
    two = event(id="AE8", elements=("dose_limiting_toxicity",))
    assert ask(Watched("P1", 2, [one, two], DAY)) == []
    found = ask(Watched("P1", 2, [one, two], DAY), Watched("P2", 2, [one]))
    assert found == [("two_dlts_at_a_level", 2, True)]


def test_who_has_no_level_stops_none_and_still_counts_for_the_trial() -> None:
    assert ask(Watched("P1", None, [], DAY), Watched("P2", None, [], DAY)) == []
    assert ask(Watched("P1", None, [event(grade=4)])) == [("related_grade_4", None, True)]


def test_two_levels_are_stopped_each_by_its_own() -> None:
    some = [Watched(f"P{n}", level, [], DAY) for n, level in enumerate((1, 1, 3, 3, 2))]
    assert ask(*some) == [("two_dlts_at_a_level", 1, True), ("two_dlts_at_a_level", 3, True)]
    assert [one.by for one in fired(CELLS, some, TODAY)] == [("P0", "P1"), ("P2", "P3")]


@pytest.mark.parametrize(
    ("one", "expected"),
    [
        (event("Hepatic failure", 4), [("related_grade_4_liver_injury", None, True)]),
        (event("Hepatic failure", 3), []),
        (event("Hepatic failure", 4, "unrelated"), []),
        (event("Hepatic failure", 4, ""), [LIVER_MAYBE]),
        (
            event("Hepatic failure", 5),
            [("related_death", None, True), ("related_grade_4_liver_injury", None, True)],
        ),
        (event("Headache", 4), []),
        (
            event("Headache", 1, elements=("hys_law_case",)),
            [("related_grade_4_liver_injury", None, True)],
        ),
        (event("Headache", 2, serious=("death",)), [("related_death", None, True)]),
        (
            event("Headache", 2, "unrelated", serious=("death",)),
            [("related_death", None, False)],
        ),
        (
            event("Headache", 2, "unrelated", serious=("death",), sponsor_relation="unlikely"),
            [],
        ),
        (event("Hepatic failure", 4, "unrelated", doubted=True), [LIVER_MAYBE]),
        (
            event("Hepatic failure", 4, "unlikely", doubted=True, sponsor_relation="unrelated"),
            [],
        ),
        (event("Hepatic failure", 4, "unrelated", doubted=True, exposed=False), []),
        (event("Headache", 5, "unrelated", exposed=False), []),
        (
            event("Headache", 2, "unrelated", serious=("death",), sponsor_relation="possible"),
            [("related_death", None, True)],
        ),
    ],
)
def test_the_rules_of_the_tablet(one: AdverseEvent, expected: object) -> None:
    assert rules(list(fired(TABLET, [Watched("P1", 1, [one])], TODAY))) == expected


def test_each_rule_has_the_action_of_the_protocol() -> None:
    some = [Watched(f"P{n}", 1, [event(grade=5)], DAY) for n in range(2)]
    assert [one.rule.action for one in fired(CELLS, some, TODAY)] == ["stop", "pause", "stop level"]


def test_the_other_protocol_has_its_own_rules() -> None:
    three = [Watched(f"P{n}", 3, [], DAY) for n in range(3)]
    assert rules(list(fired(TABLET, three[:2], TODAY))) == []
    assert rules(list(fired(TABLET, three, TODAY))) == [("three_dlts_at_a_level", 3, True)]


@given(st.lists(EVENTS, min_size=1, max_size=4), st.integers(0, 3))
def test_a_worse_grade_never_un_fires_a_rule(some: list[AdverseEvent], which: int) -> None:
    worse = list(some)
    at = which % len(some)
    worse[at] = msgspec.structs.replace(some[at], grade=min(5, (some[at].grade or 4) + 1))
    if some[at].grade is None:
        return
    before = {(rule, level) for rule, level, _ in ask(Watched("P1", 1, some))}
    assert before <= {(rule, level) for rule, level, _ in ask(Watched("P1", 1, worse))}


@given(st.lists(EVENTS, max_size=4), EVENTS)
def test_another_event_never_takes_one_away_from_a_rule(
    some: list[AdverseEvent], more: AdverseEvent
) -> None:
    some = [msgspec.structs.replace(one, id=f"AE{n}") for n, one in enumerate(some)]
    more = msgspec.structs.replace(more, id="more")
    before = {one.rule.id: one.by for one in fired(CELLS, [Watched("P1", 1, some)], TODAY)}
    two = [Watched("P0", 1, [more]), Watched("P1", 1, some)]
    after = {one.rule.id: one.by for one in fired(CELLS, two, TODAY)}
    assert all(set(by) <= set(after[rule]) for rule, by in before.items())
