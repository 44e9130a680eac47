"""Outcomes as text, and a trial led through them."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradatim.core.errors import UnusableInput
from gradatim.dosefinding.designs.registry import build, settings_for
from gradatim.dosefinding.outcomes import (
    Cohort,
    DoseOutcome,
    dlts_written,
    letters_of,
    outcomes_of,
    parse_outcomes,
)
from gradatim.dosefinding.replay import replay
from gradatim.dosefinding.trial_states import StopReason
from tests.dosefinding.written import ask

THREE = build(settings_for("three_plus_three", 3))
BOIN = build(settings_for("boin", 3, target=0.3))
TITRATED = build(settings_for("boin", 3, target=0.3, titration=True))

# --- the text -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "means"),
    [
        ("", []),
        ("  \n", []),
        ("1NNN", [(1, "NNN")]),
        ("1nnt", [(1, "NNT")]),
        ("1NN 1T", [(1, "NNT")]),
        ("1NNN  2NPC\t1T", [(1, "NNN"), (2, "NPC"), (1, "T")]),
        ("1N 2N 3N 2N", [(1, "N"), (2, "N"), (3, "N"), (2, "N")]),
    ],
)
def test_a_text_is_read(text: str, means: list[tuple[int, str]]) -> None:
    """A level and its letters; neighbours at one level are one cohort; nothing is a start."""
    assert parse_outcomes(text, 3) == [
        Cohort(level, outcomes_of(letters)) for level, letters in means
    ]


@given(st.lists(st.tuples(st.integers(1, 4), st.text("NTPC", min_size=1, max_size=6)), max_size=6))
def test_what_is_written_is_read(cohorts: list[tuple[int, str]]) -> None:
    """Whatever the letters, as long as no level is skipped; and reading again changes nothing."""
    highest, kept = 0, []
    for level, results in cohorts:
        kept.append((min(level, highest + 1), results))
        highest = max(highest, kept[-1][0])
    found = parse_outcomes(" ".join(f"{level}{results}" for level, results in kept), 4)
    letters = "".join(letters_of(cohort.outcomes) for cohort in found)
    assert letters == "".join(results for _, results in kept)
    assert all(a.level != b.level for a, b in itertools.pairwise(found))
    assert parse_outcomes(" ".join(map(str, found)), 4) == found


@pytest.mark.parametrize(
    ("text", "dlts"), [("1NNT 2TC 1C", 2), ("", 0), ("11TT", 0), ("1", 0), ("01T one 1XT", 0)]
)
def test_dlts_are_counted_in_what_a_ledger_holds(text: str, dlts: int) -> None:
    """At level 1; what is no cohort counts for nothing."""
    assert dlts_written(text, 1) == dlts


def test_candidates_count_and_what_is_pending_does_not() -> None:
    """T and C are DLTs, N and P are none (yet)."""
    assert Cohort(2, outcomes_of("NTPCC")).dlts == 3
    assert {outcome.letter for outcome in DoseOutcome} == set("NTPC")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("4NNN", "there are 3 levels"),
        ("2NNN", "the trial starts at level 1"),
        ("3NNN", "the trial starts at level 1"),
        ("1NNN 3NNN", "level 2 was never given"),
        ("1NXN", "the letter X"),
        ("N1", "'N1' is not a cohort"),
        ("NNN", "'NNN' is not a cohort"),
        ("1", "'1' is not a cohort"),
        ("-1N", "'-1N' is not a cohort"),
        ("1.5N", "'1.5N' is not a cohort"),
        ("1N2T", "'1N2T' is not a cohort"),
        ("1NNN;2NNN", "is not a cohort"),
        ("1NNŇ", "is not a cohort"),
        ("0N", "there are 3 levels"),
        ("1" + "N" * 1_001, "there are 1,001 participants"),
    ],
)
def test_a_text_that_cannot_be_is_one_clear_message(text: str, says: str) -> None:
    """What, where and what to do, on one line."""
    with pytest.raises(UnusableInput) as caught:
        parse_outcomes(text, 3)
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)
    assert (caught.value.where, bool(caught.value.todo)) == ("OUTCOMES", True)


def test_a_level_of_a_thousand_digits_is_no_crash() -> None:
    """Python refuses to read such numbers by an error of its own."""
    with pytest.raises(UnusableInput):
        parse_outcomes("9" * 5_000 + "N", 3)


def test_the_level_at_which_the_trial_starts() -> None:
    """Lower levels may be given, higher ones only after it."""
    assert parse_outcomes("2NNN 1NNN 3NNN", 3, start=2)[0].level == 2
    assert parse_outcomes("1NNN", 3, start=2) == [Cohort(1, outcomes_of("NNN"))]
    with pytest.raises(UnusableInput, match="starts at level 2"):
        parse_outcomes("3NNN", 3, start=2)


# --- the trial ------------------------------------------------------------------------------------


def test_cohorts_are_taken_as_the_design_plans_them() -> None:
    """Six at one level are two cohorts of three; titration takes singles first."""
    now = replay(BOIN, parse_outcomes("1NNTNNN", 3))
    assert now.decisions is not None
    assert (now.trials.cohort_n[0], now.trials.cohort_y[0], now.missing) == (3, 0, 0)
    now = replay(TITRATED, parse_outcomes("1N 2T", 3))
    assert (now.decisions is not None, now.trials.dose[0], now.missing) == (True, 1, 0)
    assert replay(TITRATED, parse_outcomes("1N 2TN", 3)).missing == 1
    assert replay(TITRATED, parse_outcomes("1N 2TNN", 3)).missing == 0


def test_an_incomplete_last_cohort_waits_unless_it_is_said_to_be_complete() -> None:
    """One is missing."""
    assert replay(BOIN, parse_outcomes("1NNN 2NN", 3)).missing == 1
    now = replay(BOIN, parse_outcomes("1NNN 2NN", 3), complete=True)
    assert (now.missing, now.decisions is None) == (0, False)


def test_beyond_the_planned_number_everybody_is_counted() -> None:
    """Nobody is dropped because the design planned for fewer, and the trial stays ended."""
    small = build(settings_for("boin", 3, target=0.3, cohorts=2))
    now = replay(small, parse_outcomes("1NNN 2NNN 2N", 3))
    assert now.trials.n.tolist() == [[3, 4, 0]]
    assert ask(small, "1NNN 2NNN 3NNT").action == "stop"


def test_a_cohort_beyond_the_planned_number_is_noted() -> None:
    """The design had ended, for all six had been treated."""
    (note,) = ask(build(settings_for("boin", 3, target=0.3, cohorts=2)), "1NNN 2NNN 3NNN").notes
    assert "although the design had ended" in note


@pytest.mark.parametrize(
    ("text", "note"),
    [
        ("1NNN 2NNN 3NNN", None),
        ("1NNN 2TTT 1NNN", None),
        ("1NNN 2NNN 1NNN", "more cautious"),
        ("1NNT 2NNN", "LESS cautious"),
        ("1NNN 2NTT 3NNN", "LESS cautious"),
        ("1NNN 1NNN", "more cautious"),
        ("1NNN 2NTT 2NNN", "LESS cautious"),
        ("1NNN 2TTT 2NNN", "LESS cautious"),
        ("1TTT 1NNN", "although the design had ended"),
    ],
)
def test_a_cohort_that_was_not_advised_is_noted(text: str, note: str | None) -> None:
    """Also when it was treated at the level where the trial already was."""
    notes = replay(BOIN, parse_outcomes(text, 3)).notes
    assert len(notes) == (note is not None), notes
    assert note is None or note in notes[0]


def test_a_first_cohort_below_the_start_is_noted() -> None:
    """The design starts at level 2; level 1 is more cautious."""
    high = build(settings_for("boin", 3, target=0.3, start=2))
    assert replay(high, parse_outcomes("2NNN", 3, 2)).notes == ()
    (note,) = replay(high, parse_outcomes("1NNN", 3, 2)).notes
    assert "more cautious" in note


# --- what is open ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "action", "dose"),
    [
        ("1T", "continue_cohort", 1),  # n 1, DLT 1: HOLD, wait or review; 2 of 3 still possible
        ("1TT", "stop", None),  # n 2, DLT 2: STOP immediately
        ("1NN", "continue_cohort", 1),  # n 2, DLT 0: WAIT
        ("1NNN", "escalate", 2),
        ("1NNT", "stay", 1),
        ("1NTT", "stop", None),
        ("1TTT", "stop", None),
        ("1NNTNNN", "escalate", 2),
        ("1NNTNNT", "stop", None),
    ],
)
def test_the_vectors_of_3_plus_3(text: str, action: str, dose: int | None) -> None:
    """../shared/domain/test_vectors.json, three_plus_three, written out."""
    found = ask(THREE, text)
    assert (found.action, found.dose) == (action, dose)


def test_counts_name_who_is_pending() -> None:
    """Participants, DLTs and pending ones at each level."""
    assert ask(BOIN, "1NNN 2NCP").counts == ((3, 0, 0), (3, 1, 1), (0, 0, 0))


def test_too_many_ways_to_turn_out_are_not_shown() -> None:
    """Twenty-one to the third."""
    of = build(settings_for("boin", 3, target=0.3, cohort_size=20, cohorts=4))
    with pytest.raises(UnusableInput, match="60 participants are pending"):
        ask(of, f"1{'P' * 20} 2{'P' * 20} 3{'P' * 20}")


@pytest.mark.parametrize("text", ["1TP", "1PT", "1CP", "1TTP", "1P", "1NPP 2NNP"])
def test_an_early_decision_is_that_of_every_resolution(text: str) -> None:
    """Where they differ it waits; where all of them stop or go down alike it does not."""
    found = ask(THREE if " " not in text else BOIN, text)
    ways = {one.advice for one in found.resolutions}
    assert found.resolutions
    assert all(not cohort.is_pending for one in found.resolutions for cohort in one.cohorts)
    early = len(ways) == 1 and next(iter(ways)).action in ("stop", "de_escalate")
    assert (found.action not in ("pending", "continue_cohort")) == early


def test_ended_for_want_of_a_tolerated_level() -> None:
    """And told so."""
    now = replay(BOIN, parse_outcomes("1TTT", 3))
    assert now.decisions is not None
    assert StopReason(now.decisions.stop_reason[0]).words == "no dose is left that may be given"
