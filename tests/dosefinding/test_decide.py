"""One trial's next step: reasons, pending outcomes, candidates, distances, recommendation."""

import pytest

from gradatim.core.errors import UnusableInput
from gradatim.dosefinding.characteristics.pathways import pathways, whole_paths
from gradatim.dosefinding.decision import Advice, DoseDecision, decide
from gradatim.dosefinding.designs.base import Design
from gradatim.dosefinding.designs.registry import build, settings_for
from gradatim.dosefinding.outcomes import parse_outcomes
from gradatim.dosefinding.recommended import RecommendationCriteria

THREE = build(settings_for("three_plus_three", 3))
BOIN = build(settings_for("boin", 5, target=0.3))
CRM = build(settings_for("crm", 5, target=0.3))


def ask(design: Design, outcomes: str, **more: object) -> DoseDecision:
    """Decide after outcomes."""
    return decide(design, parse_outcomes(outcomes, design.doses), **more)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("outcomes", "action", "dose"),
    [
        ("", "start", 1),
        ("1NNN", "escalate", 2),  # 0 of 3
        ("1NNT", "stay", 1),  # 1 of 3: expand to six
        ("1NTT", "stop", None),  # 2 of 3
        ("1TTT", "stop", None),  # 3 of 3
        ("1NNT 1NNN", "escalate", 2),  # 1 of 6
        ("1NNT 1NNT", "stop", None),  # 2 of 6
        ("1T", "continue_cohort", 1),  # 1 of 1: 2 of 3 still possible
        ("1TT", "stop", None),  # 2 of 2: stop at once
        ("1NN", "continue_cohort", 1),  # 0 of 2: wait
        ("1NNN 2NNN 3NNN", "stop", 3),
        ("1NNN 2TT", "stop", 1),
        ("1NNP", "pending", 1),
        ("1NTP", "pending", 1),
        ("1TTP", "stop", None),
        ("1NNN 2PPP", "pending", 2),
        ("1NNN 2TPT", "stop", 1),
    ],
)
def test_three_plus_three(outcomes: str, action: str, dose: int | None) -> None:
    """Storer 1989, design A, and what may be said before a cohort or a window is complete."""
    found = ask(THREE, outcomes)
    assert (found.action, found.dose) == (action, dose)


def test_nothing_is_escalated_or_stayed_at_while_outcomes_are_pending() -> None:
    """Even when every way they can turn out says the same."""
    korn = build(settings_for("three_plus_three_korn", 3))
    for design in (THREE, korn, BOIN, CRM):
        for outcomes in ("1NNP", "1NPP", "1TNP", "1NNN 2NNP", "1NNNNNP 1PP"):
            try:
                found = ask(design, outcomes)
            except UnusableInput:
                continue
            assert found.action not in ("escalate", "stay"), (design.name, outcomes)
    same = ask(BOIN, "1NNN 1NNP")
    assert {one.advice for one in same.resolutions} == {Advice("escalate", 2)}
    assert same.action == "pending"
    assert "every way they can turn out says escalate to level 2" in same.reasons[0].text


def test_every_resolution_is_shown_with_its_advice() -> None:
    """For each pending participant both ways; those of one cohort count together."""
    found = ask(BOIN, "1NNN 2NPP")
    told = [(" ".join(map(str, one.cohorts)), one.advice) for one in found.resolutions]
    assert told == [
        ("1NNN 2NNN", Advice("escalate", 3)),
        ("1NNN 2NTN", Advice("stay", 2)),
        ("1NNN 2NTT", Advice("de_escalate", 1)),
    ]


def test_a_unanimous_de_escalation_is_advised_early() -> None:
    """Four of the first five at level 2 are too many whatever the sixth has."""
    found = ask(BOIN, "1NNN 2NTT 2TTP")
    assert found.action == "de_escalate"
    assert found.reasons[0].rule == "unanimous"


def test_a_candidate_counts_as_a_dlt_and_the_other_way_is_told() -> None:
    """Until somebody adjudicates it."""
    assert ask(THREE, "1NNC").action == ask(THREE, "1NNT").action == "stay"
    (note,) = ask(THREE, "1NNC").notes
    assert "counts as DLT; adjudicated as none it would be escalate to level 2" in note


@pytest.mark.parametrize("design", [THREE, BOIN, CRM], ids=lambda one: one.name)
@pytest.mark.parametrize("before", ["", "1NNN ", "1NNN 2NNT "])
def test_the_distance_to_another_decision_by_brute_force(design: Design, before: str) -> None:
    """Write the outcomes with more and with fewer DLTs in the last cohort, and ask again."""
    level = 1 if not before else 2
    for dlts in range(4):
        found = ask(design, f"{before}{level}{'T' * dlts}{'N' * (3 - dlts)}")
        here = Advice(found.action, found.dose)
        for flip in found.distance_to_flip:
            if not 0 <= dlts + flip.dlts <= 3:
                continue
            step = 1 if flip.dlts > 0 else -1
            for k in range(dlts + step, dlts + flip.dlts + step, step):
                other = ask(design, f"{before}{level}{'T' * k}{'N' * (3 - k)}")
                said = Advice(other.action, other.dose)
                assert (said != here) == (k == dlts + flip.dlts)
                assert said == (flip.advice if k == dlts + flip.dlts else here)


def test_recommended_takes_enough_participants_with_few_dlts() -> None:
    """Six with at most one, unless the protocol asks for others."""
    few = ask(THREE, "1NNN 2NNN 3NNN").recommendation
    assert few is not None
    assert few.words.startswith("highest administered: level 3, n = 3; not a recommended level")
    six = ask(THREE, "1NNN 2NNN 3NNT 3NNN").recommendation
    assert six is not None
    assert (six.recommended, six.words) == (
        True,
        "recommended: level 3, n = 6, 1 of them with a DLT",
    )
    below = ask(THREE, "1NNN 2NTT").recommendation
    assert below is not None
    assert below.words.startswith("highest tolerated: level 1, n = 3")
    three = ask(THREE, "1NNN 2NNN 3NNN", needed=RecommendationCriteria(3, 0)).recommendation
    assert three is not None
    assert three.recommended


def test_reasons_name_the_boundary_the_rule_its_source_and_what_was_overridden() -> None:
    """BOIN's boundary; coherence over the model's advice."""
    (ground,) = ask(BOIN, "1NNN 2NNT").reasons
    assert "1 of 3 participants at level 2 had a DLT (33.3%)" in ground.text
    assert "between lambda_e = 0.2365 and lambda_d = 0.3585" in ground.text
    assert "BOIN package 2.7.2" in ground.source
    plain = build(settings_for("crm", 5, target=0.3, cohort_size=1, cohorts=30))
    found = ask(plain, "1NNNNNN 2T")
    assert found.action == "stay"
    last = found.reasons[-1]
    assert (last.rule, last.overrides) == ("coherence", "crm")


def test_where_the_trial_was_led_otherwise_is_noted() -> None:
    """A cohort above the advice is recorded, and said to be less cautious."""
    (less,) = ask(THREE, "1NNT 2NNN").notes
    assert (
        less == "2NNN was treated where the design advised level 1: LESS cautious than the design"
    )
    (more,) = ask(BOIN, "1NNN 2NNN 1NNN").notes
    assert more.startswith("1NNN was treated where the design advised level 3: more cautious")
    (after,) = ask(THREE, "1NNN 2NTT 1NNN").notes
    assert "although the design had ended" in after


def test_a_design_without_advice_says_so() -> None:
    """3+3 knows nothing of two or of four participants at a level."""
    with pytest.raises(UnusableInput, match="says nothing of 0 DLTs in 2 participants"):
        ask(THREE, "1NN", complete=True)
    assert ask(BOIN, "1NN", complete=True).action == "escalate"


@pytest.mark.parametrize("design", [THREE, BOIN, CRM], ids=lambda one: one.name)
def test_pathways_lead_where_the_written_outcomes_lead(design: Design) -> None:
    """Each path's last advice is what is decided after its outcomes."""
    paths = list(whole_paths(pathways(design, parse_outcomes("1NNN", design.doses), 2)))
    assert len(paths) > 6
    for path in paths:
        text = " ".join(f"{one.level}{'T' * one.dlts}{'N' * (one.size - one.dlts)}" for one in path)
        found = ask(design, f"1NNN {text}")
        assert (found.action, found.dose) == path[-1].advice


def test_hold_is_never_answered_for_the_committee() -> None:
    """Whatever computations take it to do, a real one is asked."""
    for committee in ("stop", "escalate"):
        design = build(settings_for("three_per_group", 3, committee=committee, maximum=6))
        found = ask(design, "1NNT")
        assert (found.action, found.dose) == ("hold", 1)
        assert any(one.advice.action == "hold" for one in pathways(design, [], 1))


def test_pathways_need_complete_outcomes_and_end_with_the_trial() -> None:
    """Nothing follows a stop; a pending participant is refused."""
    assert pathways(THREE, parse_outcomes("1TTN", 3), 2) == []
    with pytest.raises(UnusableInput, match="not complete"):
        pathways(THREE, parse_outcomes("1NNP", 3), 2)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("4NNN", "there are 3 levels"),
        ("0NNN", "there are 3 levels"),
        ("2NNN", "starts at level 1"),
        ("1NNN 3NNN", "level 2 was never given"),
        ("1NXN", "has the letter X"),
        ("N1", "is not a cohort"),
        ("1", "is not a cohort"),
        ("1NNN,2NNN", "is not a cohort"),
    ],
)
def test_an_impossible_outcome_is_one_clear_message(text: str, says: str) -> None:
    """What, where and what to do."""
    with pytest.raises(UnusableInput) as caught:
        parse_outcomes(text, 3)
    assert says in str(caught.value)
    assert (caught.value.where, bool(caught.value.todo)) == ("OUTCOMES", True)
