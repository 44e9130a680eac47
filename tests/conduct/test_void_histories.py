"""Laws of what is taken back: generated voids, reversals and corrections upon a trial under way."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gradatim.conduct.events import decoded
from gradatim.conduct.events import participants as p
from gradatim.conduct.events import product as x
from gradatim.conduct.fold import fold
from gradatim.conduct.state import State
from gradatim.conduct.trial import Trial
from gradatim.conduct.views.adverse_events import courses
from gradatim.conduct.views.doses import doses
from gradatim.conduct.views.facts import facts_of
from gradatim.conduct.views.safety import possible_dlts
from tests.conduct.digest import digest
from tests.conduct.generated import NAME, REVERSING, begun, play
from tests.conduct.test_signed_histories import steps_of

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]
HISTORIES = settings(max_examples=15, deadline=None, suppress_health_check=SLOW)
OTHERS = ("event", "worse", "correct an event", "result", "give", "leave", "withdraw", "enrol")
STEPS: st.SearchStrategy[Any] = steps_of((*REVERSING, *REVERSING, *OTHERS), least=10)


def gone(trial: Trial) -> set[int]:
    """Return the entries that were made in error, told from what was recorded alone."""
    marked: dict[int, int] = {}
    signers: dict[int, set[str]] = {}
    raw = {one.position: decoded(one.body) for one in trial.store.read(NAME)}
    for position, made in raw.items():
        if isinstance(made, p.EntryVoided):
            signers[position] = {made.recorded_by}
            said = raw[made.of]
            if not isinstance(said, p.EntryVoided):
                marked[made.of] = position
        elif isinstance(made, p.VoidConfirmed):
            position = made.of
            signers[position].add(made.recorded_by)
        else:
            continue
        void: Any = raw[position]
        said = raw[void.of]
        if isinstance(said, p.EntryVoided) and _is_signed(void, signers[position]):
            marked.pop(said.of)  # taken back
    return {of for of, at in marked.items() if _is_signed(raw[at], signers[at])}


def _is_signed(void: Any, who: set[str]) -> bool:
    two = len(who) > 1 and any(one.startswith("investigator") for one in who)
    return two or not void.bears_on


@HISTORIES
@given(STEPS)
def test_what_is_taken_back_replays_the_same_and_is_in_no_list(steps: Any) -> None:
    trial = begun()
    played = play(trial, steps)
    entries = list(trial.store.read(NAME))
    for position, found in {played[-1], played[len(played) // 2]}:
        until = ((one.position, one.body) for one in entries[:position])
        assert digest(fold(NAME, until)) == found
    state, error = trial.state, gone(trial)
    assert {at for at in state.events if not state.counts(at)} == error
    for kind in {type(state.events[at]) for at in error}:
        assert not error & {at for at, _ in state.events.of(kind)}
    for one in state.participants.values():
        listed = {at for some in one.entries_of.values() for at in some}
        assert listed == set(one.entries)
        assert not error & listed


@HISTORIES
@given(STEPS)
def test_the_trial_is_what_it_would_be_without_what_was_made_in_error(steps: Any) -> None:
    """Folded anew without those entries, and what was said of them."""
    trial = begun()
    play(trial, steps)
    state, error = trial.state, gone(trial)
    left_out = set(error)
    for at in state.events:
        event = state.events[at]
        about = getattr(event, "of", 0) if isinstance(event, p.EntryCorrected) else 0
        if about in error or isinstance(event, p.EntryVoided | p.VoidConfirmed):
            left_out.add(at)
    entries = trial.store.read(NAME)
    without = fold(
        NAME, ((one.position, one.body) for one in entries if one.position not in left_out)
    )
    assert known(without) == known(state)


def known(state: State) -> dict[str, Any]:
    """Return what views make of everybody, and where the product is."""
    people = {
        one.id: (
            one.status,
            one.consent,
            one.level,
            one.replaced,
            facts_of(state, one).by_element,
            courses(state, one),
            doses(state, one),
            [(found.id, found.counts) for found in possible_dlts(state, one)],
        )
        for one in state.participants.values()
    }
    places = {one.number: state.free_places(one) for one in state.cohorts}
    return {**people, "places": places, "product": state.inventory}


@HISTORIES
@given(steps_of(("correct a dose", "correct a dose", "ready", "give", "void"), least=10))
def test_a_dose_off_the_plan_has_an_open_deviation_and_one_on_it_none(steps: Any) -> None:
    """By the amounts as they stand, whoever corrected which of them."""
    trial = begun()
    play(trial, steps)
    state = trial.state
    rules = state.study.treatment.preparation
    assert rules is not None
    for at, given_ in state.events.of(x.DoseAdministered):
        prepared: Any = [
            one
            for _, one in state.events.of(x.DosePrepared)
            if (one.participant, one.dose) == (given_.participant, given_.dose)
        ]
        if not prepared or at not in state.corrected_by:
            continue
        off = abs(given_.amount / prepared[-1].planned - 1) > rules.tolerance + 1e-9
        open_ = any(
            state.deviations[one].rule == "the amount is the planned one"
            and state.deviations[one].answered_by is None
            for one in state.deviations_of.get(at, ())
        )
        assert open_ or not off
