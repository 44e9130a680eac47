"""Laws of signed content: generated corrections, judgements and proposals upon a trial under way.

What must hold is told from the events alone wherever that can be, by none of the code that decides.
"""

from datetime import date
from functools import lru_cache
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gradatim.conduct.corrections import signings
from gradatim.conduct.events import decoded
from gradatim.conduct.events import participants as p
from gradatim.conduct.events import review as r
from gradatim.conduct.events import safety as s
from gradatim.conduct.events.base import Event
from gradatim.conduct.permissions import MAY
from gradatim.conduct.signatures import MEANINGS
from gradatim.conduct.state import State
from gradatim.conduct.trial import Trial
from gradatim.conduct.views.safety import dlt_outcome, possible_dlts
from tests.conduct.generated import ACTS, NAME, beginning, begun, play

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]
HISTORIES = settings(max_examples=60, deadline=None, suppress_health_check=SLOW)
CHANGES = (
    "event",
    "worse",
    "correct an event",
    "correct",
    "judge",
    "assess",
    "result",
    "adjudicate",
    "propose",
    "countersign",
    "conclude",
    "leave",
    "give",
)
SIGNED = ("event", "correct an event", "correct an event", "judge")
PROPOSED = (
    "event",
    "worse",
    "correct an event",
    "propose",
    "countersign",
    "countersign",
    "conclude",
)


@lru_cache(maxsize=1)
def who_is_treated() -> int:
    """The number of somebody who has had a dose, among those who are there at the beginning."""
    people = begun().state.participants.values()
    return next(i for i, one in enumerate(people) if one.status == "treated")


def steps_of(
    acts: tuple[str, ...], treated_alone: bool = False, least: int = 5
) -> st.SearchStrategy[Any]:
    """Generate acts of these kinds, upon anybody or upon somebody who has been treated."""
    return st.builds(
        lambda some: [
            (act, who_is_treated() if treated_alone else who, *rest) for act, who, *rest in some
        ],
        st.lists(
            st.tuples(
                st.sampled_from(acts),
                st.integers(0, 5),
                st.integers(1, 5),
                st.booleans(),
                st.sampled_from((0, 0, 0, 1, 3)),
            ),
            min_size=least,
            max_size=30,
        ),
    )


def raw_events(trial: Trial) -> list[Event]:
    """Every event as it was recorded."""
    return [decoded(one.body) for one in trial.store.read(NAME)]


def test_the_generated_acts_are_there() -> None:
    assert {*CHANGES, *SIGNED, *PROPOSED} <= set(ACTS)


@HISTORIES
@given(steps_of(CHANGES))
def test_a_correction_is_by_who_may_record_it_and_signed_where_it_was_signed(steps: Any) -> None:
    trial = begun()
    play(trial, steps)
    events = raw_events(trial)
    signed: set[int] = set()
    for position, made in enumerate(events, 1):
        if made.signature is not None or type(made) in MEANINGS:
            signed.add(position)
        if not isinstance(made, p.EntryCorrected) or position <= len(beginning()):
            continue
        of = events[made.of - 1]
        role = made.recorded_by.split(".")[0]
        assert role in MAY[type(of).__name__]
        assert made.site == of.site
        assert made.fields
        assert not {"signature", "site", "recorded_by", "participant", "signer"} & set(made.fields)
        if made.of in signed:
            assert made.signature is not None
            if isinstance(of, s.AdverseEventReported | s.AdverseEventUpdated):
                assert role == "investigator"
        if made.signature is not None:
            signed.add(made.of)


@HISTORIES
@given(steps_of(SIGNED))
def test_no_signature_is_shown_under_what_it_did_not_sign(steps: Any) -> None:
    trial = begun()
    play(trial, steps)
    events = raw_events(trial)
    for of, corrections in trial.state.corrected_by.items():
        assert trial.state.events[of].signature is None
        found = signings(trial.state, of)
        assert [one.entry for one in found] == [
            at for at in (of, *corrections) if events[at - 1].signature is not None
        ]
        assert [one.entry for one in found if one.stands] == [
            one.entry for one in found if one.entry == corrections[-1]
        ]
        for one in found:
            now = one.content == trial.state.events[of]
            assert now or not one.stands


def open_candidates(state: State) -> dict[tuple[str, str], bool | None]:
    """What the committee said of each candidate."""
    return {
        (one.id, found.id): found.dose_limiting
        for one in state.participants.values()
        for found in possible_dlts(state, one)
    }


@HISTORIES
@given(steps_of(CHANGES, treated_alone=True))
def test_a_candidate_stays_until_it_is_adjudicated(steps: Any) -> None:
    """After every act: who counted counts, unless that act was the committee's adjudication."""
    trial = begun()
    before = open_candidates(trial.state)
    last = trial.state.position
    for step in steps:
        play(trial, [step])
        now = open_candidates(trial.state)
        recorded = [trial.state.events[at] for at in range(last + 1, trial.state.position + 1)]
        said = {
            (one.participant, one.candidate): one.dose_limiting
            for one in recorded
            if isinstance(one, s.DoseLimitingToxicityAdjudicated)
        }
        for key, limiting in before.items():
            if limiting is not False:
                assert key in now
                assert now[key] is said.get(key, limiting) or now[key] is None
                person = trial.state.participants[key[0]]
                if now[key] is not False and person.level is not None:
                    outcome = dlt_outcome(trial.state, person, date(2030, 1, 1))
                    assert outcome is not None
                    assert outcome.counts_as_dlt
        before, last = now, trial.state.position
    again = Trial(trial.store, NAME).state
    assert open_candidates(again) == before


_BAD_NEWS = (s.AdverseEventReported, s.AdverseEventUpdated, s.AdverseEventAssessed)


@settings(HISTORIES, max_examples=30)
@given(steps_of(PROPOSED, treated_alone=True, least=25))
def test_no_proposal_comes_to_its_result_on_a_signature_from_before_a_change(steps: Any) -> None:
    trial = begun()
    play(trial, steps)
    events = raw_events(trial)
    proposals: dict[str, tuple[dict[str, Any], dict[str, int]]] = {}
    changed: dict[str, int] = {}
    for position, made in enumerate(events, 1):
        if position <= len(beginning()):
            continue
        match made:
            case r.ProposalMade():
                seen = made.seen if made.seen is not None else position - 1
                proposals[made.proposal] = (made.act, {made.recorded_by: seen})
            case r.ProposalSigned():
                seen = made.seen if made.seen is not None else position - 1
                proposals[made.proposal][1][made.recorded_by] = seen
            case s.DoseLimitingToxicityAdjudicated():
                mine = [
                    (name, one)
                    for name, one in proposals.items()
                    if (one[0]["participant"], one[0]["candidate"], one[0]["reason"])
                    == (made.participant, made.candidate, made.reason)
                ]
                for signer in made.signers if mine else ():
                    last = max(one[1].get(signer, -1) for _, one in mine)
                    assert last >= changed.get(made.participant, 0)
                for name, _ in mine:
                    del proposals[name]
            case p.EntryCorrected():
                about = getattr(events[made.of - 1], "participant", None)
                changed[about or ""] = position
        if isinstance(made, _BAD_NEWS):
            changed[made.participant] = position
