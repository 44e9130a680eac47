"""How high doses may be given: outcomes that come to light below the level given last."""

import random
from dataclasses import replace
from itertools import groupby

import numpy as np
import pytest

from gradatim.core.errors import UnusableInput
from gradatim.dosefinding.ceiling import advise, ceiling, limit_from_rule
from gradatim.dosefinding.decision import decide
from gradatim.dosefinding.designs.base import Design
from gradatim.dosefinding.designs.registry import build, settings_for
from gradatim.dosefinding.outcomes import Cohort, DoseOutcome, outcomes_of, parse_outcomes
from gradatim.dosefinding.trial_states import StopReason
from tests.dosefinding.suite import CASES, design

THREE = build(settings_for("three_plus_three", 3, target=None, cohort_size=3, cohorts=6, start=1))
GROUP = build(settings_for("three_per_group", 3, target=None, cohort_size=3, cohorts=3, start=1))
BOIN = build(settings_for("boin", 4, target=0.25, cohort_size=3, cohorts=10, start=1))


def told(of: Design, outcomes: str) -> tuple[str, int | None]:
    found = advise(of, parse_outcomes(outcomes, of.doses, of.start + 1))
    return found.action, found.dose


@pytest.mark.parametrize(
    ("outcomes", "expected"),
    [
        ("1NNN 2NNN", ("escalate", 3)),
        ("1CNN 2P", ("de_escalate", 1)),  # three more at level 1 first
        ("1CNN 2NNN", ("de_escalate", 1)),
        ("1CCN 2P", ("stop", None)),
        ("1CNNNNN 2NNN", ("escalate", 3)),  # one of six is tolerated
        ("1CNNNNC 2NNN", ("stop", None)),
        ("1NNN 2TNN 3P", ("de_escalate", 2)),
        ("1NNN 2TTN 3NNN", ("stop", 1)),
        ("1PNN 2NNN", ("pending", 1)),
        ("1CNN 2N 1NNN", ("escalate", 2)),  # level 2 was left half done
    ],
)
def test_what_3_plus_3_advises(outcomes: str, expected: tuple[str, int | None]) -> None:
    assert told(THREE, outcomes) == expected


@pytest.mark.parametrize(
    ("outcomes", "level", "words"),
    [
        ("1NNP 2NNN 3" + "N" * 24, 1, "level 1; not a recommended level, as 0 of 3 at level 1"),
        ("1NNC 2NNN 3" + "N" * 24, 1, "level 1; not a recommended level, as 1 of 3 at level 1"),
        ("1NCC 2NNN 3" + "N" * 24, 1, "level 1; not a recommended level, as 2 of 3 at level 1"),
        ("1CCC 2NNN 3" + "N" * 24, None, "no level is tolerated"),
    ],
)
def test_a_trial_that_stops_says_what_the_level_may_be_called(
    outcomes: str, level: int | None, words: str
) -> None:
    """Where outcomes below leave a lower level than the design selects, it is not recommended."""
    found = advise(BOIN, parse_outcomes(outcomes, 4))
    assert (found.action, found.dose) == ("stop", level)
    called = found.recommendation
    assert called is not None
    assert (called.level, called.recommended) == (level, False)
    assert called.words.startswith(words)


def test_two_of_three_at_a_level_are_not_tolerated_whatever_is_open() -> None:
    assert ceiling(THREE, parse_outcomes("1NNN 2TT", 3)).tolerated == 1
    assert ceiling(THREE, parse_outcomes("1NNN 2TP", 3)).tolerated == 3
    assert ceiling(THREE, parse_outcomes("1TTN 2P", 3)).tolerated == 0
    assert ceiling(THREE, []).tolerated == 3


def test_what_is_left_to_the_committee_does_not_close_what_it_opened() -> None:
    """Written outcomes show that the trial went up; only the committee can have led it there."""
    assert told(GROUP, "1NNT 2NNN") == ("escalate", 3)
    assert [one.kind for one in ceiling(GROUP, parse_outcomes("1NNT 2NNN", 3)).limits] == ["hold"]
    assert told(GROUP, "1NTT 2NNN") == ("stop", None)


def test_a_level_ended_by_another_rule_leaves_the_one_below() -> None:
    here = parse_outcomes("1NNN 2NNN", 4)
    assert limit_from_rule(BOIN, here, 2, "a rule").supported == 1
    assert limit_from_rule(BOIN, here, 1, "a rule").supported == 0
    full = parse_outcomes("1" + "N" * 12 + " 2NNN", 4)
    enough = build(
        settings_for("boin", 4, target=0.25, cohort_size=3, cohorts=10, start=1, enough=12)
    )
    found = limit_from_rule(enough, full, 2, "a rule")
    assert found.advice is not None
    assert found.advice.action == "stop"


@pytest.mark.parametrize("case", CASES)
def test_nothing_changes_where_a_trial_was_led_as_advised(case: str) -> None:
    """Walks of every design: what lower levels say was known when the trial went up."""
    of, rng = design(case), random.Random(5)
    for _ in range(4):
        results: list[tuple[int, str]] = []
        trials = of.begin()
        decisions = None
        while decisions is None or (
            decisions.stop_reason[0] == StopReason.GOING_ON and trials.total()[0] < of.maximum
        ):
            if decisions is not None:
                trials = replace(trials, dose=decisions.dose, barred=decisions.barred)
            size = int(of.size(trials)[0])
            if size < 1:
                break
            letters = "".join(rng.choice("NNNT") for _ in range(size))
            results += [(int(trials.dose[0]) + 1, one) for one in letters]
            trials = trials.after(np.array([size]), np.array([letters.count("T")]))
            decisions = of.decide(trials)
            cohorts = [
                Cohort(level, outcomes_of("".join(letter for _, letter in some)))
                for level, some in groupby(results, key=lambda one: one[0])
            ]
            try:
                said = decide(of, cohorts)
            except UnusableInput:
                continue
            found = advise(of, cohorts)
            assert (found.action, found.dose) == (said.action, said.dose), cohorts


@pytest.mark.parametrize("of", [THREE, BOIN])
def test_one_more_toxicity_anywhere_never_supports_more(of: Design) -> None:
    rng = random.Random(7)
    for _ in range(200):
        cohorts = [
            Cohort(level, outcomes_of("".join(rng.choice("NNT") for _ in range(3))))
            for level in range(1, rng.randint(2, 4))
        ]
        at = rng.randrange(len(cohorts))
        outcomes = list(cohorts[at].outcomes)
        if DoseOutcome.NO_DLT not in outcomes:
            continue
        outcomes[outcomes.index(DoseOutcome.NO_DLT)] = DoseOutcome.CANDIDATE
        worse = list(cohorts)
        worse[at] = Cohort(cohorts[at].level, tuple(outcomes))
        before, after = ceiling(of, cohorts), ceiling(of, worse)
        assert after.tolerated <= before.tolerated
        for one in before.limits:
            same = next((more for more in after.limits if more.at == one.at), None)
            assert same is not None
            assert same.supported <= one.supported
