"""Every history has an answer, and a final one holds however what is open turns out.

Histories are generated: any levels without a skip, any outcomes, as planned or not, also beyond the
maximum; of every design, plain and with every modifier.
"""

from collections.abc import Iterator
from itertools import product
from unittest import mock

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from scipy import stats

from gradatim.core.errors import UnusableInput
from gradatim.dosefinding import replay as walks
from gradatim.dosefinding.decision import OPEN, DoseDecision, decide
from gradatim.dosefinding.designs.modifiers import HardSafety, layers
from gradatim.dosefinding.designs.registry import build, settings_for
from gradatim.dosefinding.outcomes import Cohort, DoseOutcome, parse_outcomes
from gradatim.dosefinding.recommended import RecommendationCriteria
from tests.dosefinding.suite import CASES, design
from tests.dosefinding.written import ask

EASY = RecommendationCriteria(3, 1)
"""So little that a generated history often has it."""
CHEAP = [
    case
    for case, settings in CASES.items()
    if settings.design != "blrm" and getattr(settings, "model", "") != "logistic2"
]
OWN_COUNTS = ("boin", "boin_published", "mtpi", "mtpi2", "keyboard", "i3_plus_3", "crm", "blrm")
"""Designs that close a level by its own counts alone."""


@st.composite
def histories(draw: st.DrawFn, letters: str = "NNNNTPC", most: int = 7) -> list[Cohort]:
    """Draw cohorts at three levels: none skips one, some trials are longer than planned."""
    found, highest = [], 0
    for _ in range(draw(st.integers(1, 6))):
        level = draw(st.integers(1, min(highest + 1, 3)))
        results = draw(st.text(letters, min_size=1, max_size=most))
        highest = max(highest, level)
        found.append(f"{level}{results}")
    return parse_outcomes(" ".join(found), 3)


def answer(case: str, cohorts: list[Cohort], **more: object) -> DoseDecision | None:
    """Decide; None where the history is refused in one clear message."""
    of = design(case)
    lowest = of.start + 1
    if cohorts[0].level > lowest:
        return None
    try:
        return decide(of, cohorts, needed=EASY, **more)  # type: ignore[arg-type]
    except UnusableInput as error:
        if not (error.what and error.todo):
            raise
        return None


@settings(max_examples=120, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(case=st.sampled_from([*CASES]), data=st.data())
def test_every_walk_ends_after_as_many_steps_as_there_are_participants(
    case: str, data: st.DataObject
) -> None:
    """Pending, candidates, incomplete, beyond the maximum: an answer, or one clear message."""
    few = "NNNT" if case.startswith("blrm") or "two parameters" in case else "NNNNTPC"
    cohorts = data.draw(histories(few))
    complete = data.draw(st.booleans())
    people = sum(cohort.size for cohort in cohorts)
    asked, ask_design = list[int](), walks._Walk.decide

    def counted(walk: walks._Walk, part: walks._Part) -> bool:
        asked.append(1)
        assert len(asked) <= 5 * (people + 3), "the walk goes on and on"
        return ask_design(walk, part)

    with mock.patch.object(walks._Walk, "decide", counted):
        found = answer(case, cohorts, complete=complete)
    if found is not None:
        assert sum(n for n, _, _ in found.counts) == people
        assert found.reasons


def resolved(cohorts: list[Cohort], missing: int) -> Iterator[list[Cohort]]:
    """Write every way in which each open participant, one by one, can turn out."""
    whole = [*cohorts[:-1], cohorts[-1].extended(DoseOutcome.PENDING, missing)]
    outcomes = [outcome for cohort in whole for outcome in cohort.outcomes]
    ends = (DoseOutcome.NO_DLT, DoseOutcome.DLT)
    for ways in product(*(ends if outcome in OPEN else (outcome,) for outcome in outcomes)):
        left = iter(ways)
        yield [Cohort(one.level, tuple(next(left) for _ in one.outcomes)) for one in whole]


@settings(max_examples=120, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(case=st.sampled_from(CHEAP), data=st.data())
def test_what_is_final_holds_for_every_resolution(case: str, data: st.DataObject) -> None:
    """Stopping and the level that is selected; recommended for candidates either way as well."""
    cohorts = data.draw(histories("NNNNNNTPC", 6))
    found = answer(case, cohorts)
    if found is None or found.action != "stop":
        return
    open_ = sum(cohort.count(*OPEN) for cohort in cohorts)
    missing = walks.replay(design(case), cohorts).missing
    if not 1 <= open_ + missing <= 5:
        return
    called = found.recommendation
    assert called is not None
    for way in resolved(cohorts, missing):
        then = answer(case, way, complete=True)
        assert then is not None
        candidates_count = all(
            now is DoseOutcome.DLT
            for one, two in zip(cohorts, way, strict=True)
            for was, now in zip(one.outcomes, two.outcomes, strict=False)
            if was is DoseOutcome.CANDIDATE
        )
        if candidates_count:
            assert (then.action, then.dose) == (found.action, found.dose)
        if called.recommended:
            assert (then.action, then.dose) == (found.action, found.dose)
            assert then.recommendation is not None
            assert then.recommendation.recommended


@settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    case=st.sampled_from([case for case, of in CASES.items() if of.design in OWN_COUNTS]),
    data=st.data(),
)
def test_no_level_is_advised_whose_own_counts_are_too_toxic(case: str, data: st.DataObject) -> None:
    """P(rate > target) above 0.95 from three or more; neither to be given nor selected."""
    found = answer(case, data.draw(histories("NNT")))
    if found is None or found.dose is None or found.action in ("continue_cohort", "pending"):
        return
    target = CASES[case].target
    for n, y, _ in found.counts[: found.dose]:
        assert n < 3 or stats.beta.sf(target, 1 + y, 1 + n - y) <= 0.95, found


# --- by their right values ------------------------------------------------------------------------

BOIN = settings_for("boin", 5, target=0.25, maximum=30, enough=12)


@pytest.mark.parametrize(
    ("outcomes", "recommended", "says"),
    [
        ("1NNN 2NNN 3NNN 4TTT 3NNNNNNTPP", False, "n = 12, 1 of them with a DLT, 2 pending"),
        ("1NNN 2NNN 3NNN 4TTT 3NNNNNNT", False, "n = 10, 1 of them with a DLT, 2 more still"),
        ("1NNN 2NNN 3NNN 4TTT 3NNNNNNTTT", False, "n = 12; not a recommended level"),
        ("1NNN 2NNN 3NNN 4TTT 3NNNNNNTNN", True, "n = 12, 1 of them with a DLT"),
        ("1NNN 2NNN 3NNN 4TTT 3NNNNNNNPN", True, "n = 12, 0 of them with a DLT, 1 pending"),
        ("1NNN 2NNN 3NNN 4TTT 3NNNNNNNNC", True, "1 with a candidate not adjudicated"),
        ("1NNN 2NNN 3NNN 4TTT 3NNNNNNTNC", False, "1 with a candidate not adjudicated"),
        ("1NNN 2NNN 3NNN 4CCC 3NNNNNNNNN", False, "however everything that is open turns out"),
    ],
)
def test_a_level_is_recommended_only_if_every_resolution_has_it(
    outcomes: str, recommended: bool, says: str
) -> None:
    """Six or more evaluable with at most one DLT; two pending can still make it three."""
    found = ask(build(BOIN), outcomes)
    assert (found.action, found.dose) == ("stop", 3)
    assert found.recommendation is not None
    assert found.recommendation.recommended is recommended
    assert says in found.recommendation.words


def test_who_was_never_treated_is_not_counted() -> None:
    """Four of six were treated at the level that has had enough."""
    of = build(settings_for("boin", 3, target=0.3, start=2, enough=4))
    found = ask(of, "2TTT 1NNNN").recommendation
    assert found is not None
    assert not found.recommended
    assert "n = 4" in found.words


def test_reasons_of_an_early_decision_name_the_outcomes_they_are_of() -> None:
    """What has not happened is not stated as a count."""
    reasons = ask(build(BOIN), "1NNN 2NNN 3NNN 4TTT 3NNNNNNT").reasons
    assert reasons[0].rule == "unanimous"
    assert all(
        one.text.startswith("if it is 1NNN 2NNN 3NNN 4TTT 3NNNNNNTNN: ") for one in reasons[1:]
    )


def test_a_stop_waits_where_those_treated_alone_would_select_another_level() -> None:
    """3+3 with de-escalation selects a level with six: five are not enough."""
    of = build(settings_for("three_plus_three_korn", 3))
    assert ask(of, "1NNN 2NTT 1NNN").action == "stop"
    found = ask(of, "1NNN 2NTT 1NN")
    assert (found.action, found.dose) == ("continue_cohort", 1)


@pytest.mark.parametrize(
    ("outcomes", "counts"),
    [
        ("1NNN 2NNN 3NNN 2NN", (3, 5, 3)),
        ("1NNN 2NNN 2NN 3N", (3, 5, 1)),
        ("1NNN 2NNN 2NNNNNNNNNN", (3, 13, 0)),
        ("1NNNNNNNNT", (9, 0, 0)),
    ],
)
def test_a_history_beyond_the_maximum_is_answered_and_noted(
    outcomes: str, counts: tuple[int, int, int]
) -> None:
    """Six were planned; the others are counted, and the trial has ended."""
    found = ask(build(settings_for("boin", 3, target=0.3, cohorts=2)), outcomes)
    assert found.action == "stop"
    assert [n for n, _, _ in found.counts] == list(counts)
    assert any("although the design had ended" in note for note in found.notes)


def test_more_participants_than_the_designs_counters_hold() -> None:
    """Two hundred at a level of a trial planned for thirty."""
    found = ask(build(settings_for("crm", 3, target=0.3)), f"1{'N' * 200}")
    assert found.counts[0] == (200, 0, 0)
    assert found.action == "stop"


def test_dlts_beyond_the_maximum_close_a_level() -> None:
    """More than the table knows are read as its last column."""
    found = ask(build(settings_for("boin", 3, target=0.3, cohorts=2)), f"1NNN 2NNN 1NN{'T' * 9}")
    assert (found.action, found.dose) == ("stop", None)


def test_very_many_ways_are_refused_and_not_counted_in_64_bits() -> None:
    """Two to the 64th would be none."""
    with pytest.raises(UnusableInput, match="64 participants are pending"):
        ask(build(settings_for("boin", 2, target=0.3)), "1P 2P " * 32)


def test_the_ways_of_a_model_with_many_levels_are_fitted_together() -> None:
    """A hundred ways of fifteen levels are one walk, not a hundred."""
    of = build(settings_for("blrm", 15, cohort_size=1, cohorts=30))
    text = " ".join(f"{level}{'N' if level < 9 else 'P'}" for level in range(1, 16))
    found = ask(of, text)
    assert found.action == "pending"
    assert len(found.resolutions) == 2**7


def test_the_hard_rule_is_in_every_model_case_of_the_suite() -> None:
    """Else the suite would say nothing of it."""
    models = [case for case, of in CASES.items() if of.design in ("crm", "blrm")]
    assert all(any(isinstance(one, HardSafety) for one in layers(design(case))) for case in models)
