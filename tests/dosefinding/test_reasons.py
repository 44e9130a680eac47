"""Every decision gives its reasons: the figures, the rule, its source, and what was overridden."""

from itertools import pairwise

import pytest

from gradatim.dosefinding.decision import DoseDecision
from gradatim.dosefinding.designs.modifiers import Modifier, layers
from gradatim.dosefinding.designs.registry import build, settings_for
from gradatim.dosefinding.designs.settings import DesignSettings
from tests.dosefinding.suite import CASES, design
from tests.dosefinding.written import Written, ask, written

DECIDED: dict[str, list[tuple[Written, DoseDecision]]] = {}
CHEAP = [case for case, of in CASES.items() if of.design != "blrm" and of.cohort_size == 3]


def decided(case: str) -> list[tuple[Written, DoseDecision]]:
    """Return what is decided after every third cohort of all paths."""
    if case not in DECIDED:
        of = design(case)
        DECIDED[case] = [(one, ask(of, one.text())) for one in list(written(of))[::3]]
    return DECIDED[case]


@pytest.mark.parametrize("case", CHEAP)
def test_every_reason_is_whole(case: str) -> None:
    """A clause and a rule; what it overrides is a reason given before it."""
    for one, decision in decided(case):
        assert decision.reasons, one.text()
        for ground in decision.reasons:
            assert ground.text
            assert ground.rule
            assert "{" not in ground.text
            assert "nan" not in ground.text
        for i, ground in enumerate(decision.reasons):
            assert not ground.overrides or ground.overrides in {
                earlier.rule for earlier in decision.reasons[:i]
            }, one.text()


@pytest.mark.parametrize("case", CHEAP)
def test_the_first_reason_has_the_counts_and_the_source(case: str) -> None:
    """Unless a titration is not over: then no rule of the design has been asked yet."""
    for one, decision in decided(case):
        first = decision.reasons[0]
        if first.rule == "accelerated titration":
            continue
        n, y, _ = decision.counts[one.level - 1]
        assert first.text.startswith(f"{y} of {n} participants at level {one.level} had a DLT")
        assert first.source


@pytest.mark.parametrize("case", CHEAP)
def test_a_modifier_that_changed_the_advice_says_so(case: str) -> None:
    """And one that did not says nothing; the maximum is every design's, and overrides none."""
    of = design(case)
    rules = {one.rule for one in layers(of) if isinstance(one, Modifier)} - {"maximum"}
    for _, decision in decided(case):
        told = [ground for ground in decision.reasons if ground.rule in rules]
        assert all(ground.overrides or ground.rule == "accelerated titration" for ground in told)


@pytest.mark.parametrize("case", CHEAP)
def test_a_stop_says_which_level_is_selected(case: str) -> None:
    """Or that none is; and what it may be called."""
    for _, decision in decided(case):
        if decision.action != "stop":
            assert decision.recommendation is None
            continue
        last = decision.reasons[-1]
        none = decision.dose is None
        assert last.text == (
            "no level is selected" if none else f"level {decision.dose} is selected from all counts"
        )
        assert decision.recommendation is not None
        assert decision.recommendation.level == decision.dose
        assert f"level {decision.dose}" in decision.recommendation.words or none


@pytest.mark.parametrize(
    ("settings", "text", "rule", "overrides", "says"),
    [
        (
            settings_for("crm", 3, target=0.3, cohort_size=1, cohorts=12),
            "1NNNNNN 2T",
            "coherence",
            "crm",
            "right after a cohort with a DLT rate of 0.3 or more",
        ),
        (
            settings_for("crm", 3, target=0.3, skeleton=(0.01, 0.02, 0.3)),
            "1NNN",
            "no skipping",
            "crm",
            "one level above the present level at most",
        ),
        (
            settings_for("crm", 3, target=0.3, stop_too_toxic=0.9),
            "1TTT",
            "too toxic",
            "crm",
            "above 90%",
        ),
        (
            settings_for("boin", 3, target=0.3, stop_too_toxic=0.6),
            "1NNT",
            "too toxic",
            "boin",
            "65.2%",
        ),
        (
            settings_for("boin", 3, target=0.3, enough=3),
            "1NNN 2NTT",
            "enough participants",
            "boin",
            "3 part",
        ),
        (
            settings_for("boin", 3, target=0.3, run_in=6),
            "1NNN",
            "run-in",
            "boin",
            "after 6 participants",
        ),
        (
            settings_for("boin", 3, target=0.3),
            "1NNN 2NNN 3NNN",
            "limits of the trial",
            "boin",
            "no higher level",
        ),
        (
            settings_for("boin", 3, target=0.3),
            "1NTT",
            "limits of the trial",
            "boin",
            "no level below",
        ),
        (
            settings_for("boin", 3, target=0.3),
            "1TTT",
            "limits of the trial",
            "boin",
            "lowest level",
        ),
    ],
)
def test_which_rule_went_over_which(
    settings: DesignSettings, text: str, rule: str, overrides: str, says: str
) -> None:
    """With its figures, in the order in which they were asked."""
    reasons = ask(build(settings), text).reasons
    (ground,) = [one for one in reasons if one.rule == rule]
    assert ground.overrides == overrides
    assert says in ground.text
    places = [one.rule for one in reasons]
    assert places.index(overrides) < places.index(rule)


def test_the_last_planned_participant_is_a_reason() -> None:
    """All six have been treated; the counts alone would have gone on."""
    found = ask(build(settings_for("boin", 3, target=0.3, cohorts=2)), "1NNN 2NNN")
    assert (found.action, found.dose) == ("stop", 2)
    assert any("all 6 planned participants" in one.text for one in found.reasons)


def test_a_unanimous_stop_comes_first_and_keeps_the_rules_reasons() -> None:
    """What is pending, then why."""
    found = ask(build(settings_for("three_plus_three", 3)), "1NNN 2TTP")
    rules = [one.rule for one in found.reasons]
    assert rules[:2] == ["unanimous", "three_plus_three"]
    assert "1 participant is pending" in found.reasons[0].text


def test_every_rule_has_a_name_of_its_own() -> None:
    """A reason that names one names exactly that."""
    names = sorted(one.rule for one in Modifier.__subclasses__())
    assert all(names)
    assert all(a != b for a, b in pairwise(names))
