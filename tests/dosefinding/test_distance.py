"""How far a decision is from another, by writing every other number of DLTs and asking again."""

import pytest

from gradatim.dosefinding.designs.base import Design
from gradatim.dosefinding.designs.registry import build, settings_for
from tests.dosefinding.suite import CASES
from tests.dosefinding.suite import design as of_case
from tests.dosefinding.written import ask, said, written

PLAIN = [
    "three_plus_three",
    "three_plus_three_korn",
    "three_per_group",
    "i3_plus_3",
    "boin",
    "boin_published",
    "mtpi",
    "mtpi2",
    "keyboard",
    "crm",
    "table",
    "boin titrated",
    "boin stop_too_toxic",
    "crm stops",
    "crm one by one",
    "keyboard run-in",
]


def nearest_within(design: Design, texts: list[str], dlts: int) -> dict[int, object]:
    """Return the nearest change up and down that alters the advice, with the advice it gives."""
    told = [said(ask(design, text)) for text in texts]
    found: dict[int, object] = {}
    for way in (range(dlts + 1, len(told)), range(dlts - 1, -1, -1)):
        other = next((k for k in way if told[k] != told[dlts]), None)
        if other is not None:
            found[other - dlts] = told[other]
    return found


@pytest.mark.parametrize("case", PLAIN)
def test_every_change_within_the_last_cohort_is_told(case: str) -> None:
    """None is left out, none is nearer, and each leads where it is said to; over all n and y."""
    of = of_case(case)
    seen: set[tuple[object, ...]] = set()
    for one in written(of):
        decision = ask(of, one.text())
        state = (decision.counts, one.level, one.size, one.dlts)
        if state in seen:
            continue
        seen.add(state)
        wanted = nearest_within(of, [one.text(k) for k in range(one.size + 1)], one.dlts)
        within = {
            flip.dlts: flip.advice
            for flip in decision.distance_to_flip
            if 0 <= one.dlts + flip.dlts <= one.size
        }
        assert within == wanted, one.text()
    assert len(seen) >= 8


@pytest.mark.parametrize("case", PLAIN)
def test_a_change_is_never_more_than_the_level_has(case: str) -> None:
    """Not more DLTs than participants, nor fewer than none; at most one each way, up first."""
    of = of_case(case)
    for one in written(of):
        decision = ask(of, one.text())
        n, y, _ = decision.counts[one.level - 1]
        changes = [flip.dlts for flip in decision.distance_to_flip]
        assert all(0 <= y + change <= n for change in changes)
        assert [change > 0 for change in changes] in ([], [True], [False], [True, False])
        assert all(flip.advice != said(decision) for flip in decision.distance_to_flip)


def test_3_plus_3_after_two_of_six() -> None:
    """One DLT fewer and the trial would have gone on to the next level."""
    of = build(settings_for("three_plus_three", 3))
    assert said(ask(of, "1NNT 1NNN")) == ("escalate", 2)
    (flip,) = ask(of, "1NNT 1NNT").distance_to_flip
    assert flip == (-1, ("escalate", 2))


def test_an_open_decision_has_no_distance() -> None:
    """While outcomes are pending the resolutions tell what can change."""
    of = of_case("boin")
    assert ask(of, "1NNP").distance_to_flip == ()
    assert ask(of, "1TT").distance_to_flip == ()
    assert ask(of, "").distance_to_flip == ()


def test_all_cases_named_here_are_in_the_suite() -> None:
    """A renamed case would not be tried."""
    assert set(PLAIN) <= set(CASES)
