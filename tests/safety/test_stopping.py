"""Stopping rules, asked of the whole trial's safety data."""

from datetime import date

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from gradatim.safety.stopping import Fired, Watched, fired
from tests.safety.test_dlt import CELLS, EVENTS, TABLET, event

TODAY = date(2027, 6, 1)
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
        ("related_death", None, False), ("related_grade_4", None, False)]  # fmt: skip


def test_two_toxicities_stop_their_own_level_only() -> None:
    one, two = Watched("P1", 2, [], DAY), Watched("P2", 2, [], DAY)
    other = Watched("P3", 1, [], DAY)
    assert ask(one, other) == []
    assert ask(one, two, other) == [("two_dlts_at_a_level", 2, True)]


def test_a_fired_rule_says_by_whom() -> None:
    (found,) = fired(CELLS, [Watched("P1", 1, [event(id="AE7", grade=4)])], TODAY)
    assert found.by == ("AE7",)


def test_contamination_and_malignancy_pause() -> None:
    watched = Watched("P1", 1, [event(grade=1, relation="unrelated",
                                      elements=("product_contamination",))])  # fmt: skip
    assert ask(watched) == [("product_contamination", None, True)]


def test_the_other_protocol_has_its_own_rules() -> None:
    three = [Watched(f"P{n}", 3, [], DAY) for n in range(3)]
    assert rules(list(fired(TABLET, three[:2], TODAY))) == []
    assert rules(list(fired(TABLET, three, TODAY))) == [("three_dlts_at_a_level", 3, True)]


@given(st.lists(EVENTS, min_size=1, max_size=4), st.integers(0, 3))
def test_a_worse_grade_never_un_fires_a_rule(some, which: int) -> None:
    worse = list(some)
    at = which % len(some)
    worse[at] = msgspec.structs.replace(some[at], grade=min(5, (some[at].grade or 4) + 1))
    if some[at].grade is None:
        return
    before = {(rule, level) for rule, level, _ in ask(Watched("P1", 1, some))}
    assert before <= {(rule, level) for rule, level, _ in ask(Watched("P1", 1, worse))}
