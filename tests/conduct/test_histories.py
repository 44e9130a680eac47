"""Laws that hold for every history: generated acts, sensible and not, upon a trial under way."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from hypothesis import HealthCheck, given, settings

from gradatim.conduct.as_of import as_of
from gradatim.conduct.events import decoded, encoded
from gradatim.conduct.events import findings as f
from gradatim.conduct.events import participants as p
from gradatim.conduct.events import product as x
from gradatim.conduct.events import review as r
from gradatim.conduct.events import safety as s
from gradatim.conduct.events import trial as t
from gradatim.conduct.events.base import SYSTEM, Event
from gradatim.conduct.fold import fold
from gradatim.conduct.state import Participant, State
from gradatim.conduct.trial import Recorded, Trial
from gradatim.conduct.views.doses import first_dose_at
from gradatim.conduct.views.eligibility import attestations, eligibility
from gradatim.conduct.views.safety import dlt_outcome
from gradatim.conduct.views.weights import QUESTION
from tests.conduct.digest import digest
from tests.conduct.generated import FROM, NAME, STEPS, beginning, begun, play
from tests.conduct.ready import DAY, enrolled

SLOW = [HealthCheck.too_slow, HealthCheck.data_too_large]
HISTORIES = settings(max_examples=60, deadline=None, suppress_health_check=SLOW)


@HISTORIES
@given(STEPS)
def test_no_dose_goes_without_what_it_takes_unless_a_deviation_says_so(steps: Any) -> None:
    """Told from the events alone, by none of the code that decides."""
    trial = begun()
    play(trial, steps)
    raw = [decoded(one.body) for one in trial.store.read(NAME)]
    deviating = {one.of for one in raw if isinstance(one, s.ProtocolDeviation)}
    for position, made in enumerate(raw, 1):
        if isinstance(made, x.DoseAdministered | x.PreDoseChecklistSigned):
            missing = _missing(raw[: position - 1], made)
            if isinstance(made, x.PreDoseChecklistSigned):
                assert not missing - {"checklist"}, "none of these may be authorised"
            else:
                assert not missing or position in deviating


def _missing(before: list[Event], dose: Any) -> set[str]:
    """What a dose lacks: consent, confirmed eligibility, place, verification, checklist."""
    mine = [one for one in before if getattr(one, "participant", None) == dose.participant]
    consent, preparer, found = (
        False,
        "",
        {"consent", "eligibility", "slot", "verified", "checklist"},
    )
    for one in mine:
        match one:
            case p.InformedConsentObtained() | p.InformedConsentRenewed():
                consent = True
            case p.InformedConsentWithdrawn():
                consent = False
            case p.EligibilityConfirmed():
                found.discard("eligibility")
            case p.ParticipantEnrolled():
                found.discard("slot")
            case p.ParticipantReplaced():
                found.add("slot")
            case x.DosePrepared():
                preparer = one.recorded_by
            case x.PreparationVerified() if preparer and one.recorded_by != preparer:
                found.discard("verified")
            case x.PreDoseChecklistSigned():
                found.discard("checklist")
    return found - {"consent"} if consent else found


@HISTORIES
@given(STEPS)
def test_no_dose_is_authorised_that_the_records_of_its_day_speak_against(steps: Any) -> None:
    """Neither an unmet criterion, nor a fever, nor another weight than the protocol's."""
    led = enrolled()
    led.measured(DAY - timedelta(days=1), body_weight=70)
    trial, since = led.trial, led.trial.state.position
    play(trial, steps, DAY)
    entries = list(trial.store.read(trial.name))
    raw = [decoded(one.body) for one in entries]
    deviating = {one.of for one in raw if isinstance(one, s.ProtocolDeviation)}
    for position, made in enumerate(raw, 1):
        if position <= since:
            continue
        if not isinstance(made, x.PreDoseChecklistSigned | x.DoseAdministered) or made.dose > 1:
            continue
        then = as_of(trial.name, entries, position=position - 1)
        one, day = then.participants[made.participant], made.occurred_on
        if first_dose_at(then, one) is not None:
            continue
        may = _eligible(then, one, day) and _by_the_rule(raw[: position - 1], made, one.level)
        if isinstance(made, x.PreDoseChecklistSigned):
            assert may, "this was authorised"
        else:
            assert may or position in deviating


def _eligible(then: State, one: Participant, day: date) -> bool:
    if one.status == "died":
        return False
    found = eligibility(then, one, day, day)
    open_ = [item.criterion.id for item in found.findings if item.passes is None]
    return found.status != "ineligible" and not set(open_) - set(attestations(then, one))


def _by_the_rule(before: list[Event], dose: Any, level: int | None) -> bool:
    """Whether the latest preparation is the level times the weight, and nobody has a fever."""
    day, planned, celsius = dose.occurred_on, 0.0, 0.0
    at_baseline, on_day = 0.0, 0.0
    for one in before:
        if getattr(one, "participant", None) != dose.participant:
            continue
        if isinstance(one, x.DosePrepared):
            planned = one.planned
        for result in one.results if isinstance(one, f.VitalSignsRecorded) else ():
            value, days = result.value or 0, (day - one.occurred_on).days
            if result.element == "body_weight":
                at_baseline = value if 1 <= days <= 8 else at_baseline
                on_day = value if days == 0 else on_day
            elif result.element == "body_temperature" and days == 0:
                celsius = value
    if not (at_baseline and on_day and planned and level and 0 < celsius < 38):
        return False
    counts = on_day if abs(on_day / at_baseline - 1) > 0.1 + 1e-9 else at_baseline
    return abs(planned / (counts * (1e6, 3e6, 5e6)[level - 1]) - 1) <= 0.005 + 1e-9


@HISTORIES
@given(STEPS)
def test_levels_are_opened_by_decisions_and_never_over_filled(steps: Any) -> None:
    trial = begun()
    play(trial, steps)
    level, places, taken = None, 0, 0
    for one in (decoded(entry.body) for entry in trial.store.read(NAME)):
        match one:
            case r.DoseDecision(action="hold"):
                pass
            case r.DoseDecision(action="stop"):
                level = None
            case r.DoseDecision():
                level, places, taken = one.level, 3, 0
            case p.ParticipantEnrolled():
                taken += 1
                assert one.level == level
                assert taken <= places
            case p.ParticipantReplaced():
                taken -= 1


@HISTORIES
@given(STEPS)
def test_every_candidate_counts_until_it_is_adjudicated(steps: Any) -> None:
    """Anaphylaxis of a treated participant, in its window, is a candidate whatever its grade."""
    trial = begun()
    play(trial, steps)
    state = trial.state
    raw = [decoded(one.body) for one in trial.store.read(NAME)]
    first = {
        one.participant: one.started_at.date()
        for one in reversed(raw)
        if isinstance(one, x.DoseAdministered)
    }
    said = {
        one.candidate: one.dose_limiting
        for one in raw
        if isinstance(one, s.DoseLimitingToxicityAdjudicated)
    }
    for one in raw:
        if not isinstance(one, s.AdverseEventReported) or one.term != "Anaphylaxis":
            continue
        since = first.get(one.participant)
        if since is None or not since <= date.fromisoformat(one.onset) <= since + timedelta(28):
            continue
        if said.get(one.adverse_event) is not False:
            person = state.participants[one.participant]
            found = dlt_outcome(state, person, date(2030, 1, 1))
            assert found is not None
            assert found.counts_as_dlt


@HISTORIES
@given(STEPS)
def test_the_state_is_the_fold_of_the_bytes(steps: Any) -> None:
    """Replay gives the same bytes and the same state; an earlier state is what it was then."""
    trial = begun()
    seen = play(trial, steps)
    entries = list(trial.store.read(NAME))
    assert all(encoded(decoded(one.body))[0] == one.body for one in entries)
    again = fold(NAME, ((one.position, decoded(one.body)) for one in entries))
    assert digest(again) == digest(trial.state)
    assert digest(Trial(trial.store, NAME).state) == digest(trial.state)  # read only when asked
    for position, then in seen[::7]:
        assert digest(as_of(NAME, entries, position=position)) == then


@HISTORIES
@given(STEPS)
def test_what_was_refused_left_no_trace_and_what_was_recorded_stays(steps: Any) -> None:
    """Corrections keep the earlier value; the system records deviations and queries alone.

    A query that it opens is about what a person recorded in the same append, or about an earlier
    weight that does not go with it.
    """
    trial = begun()
    play(trial, steps)
    raw = [decoded(one.body) for one in trial.store.read(NAME)]
    for of, earlier in trial.state.earlier.items():
        assert earlier[0] == raw[of - 1]
        assert len(earlier) == len(trial.state.corrected_by[of])
    act = 0
    for position, one in enumerate(raw[len(beginning()) :], len(beginning()) + 1):
        its_own = isinstance(one, s.ProtocolDeviation | r.QueryOpened)
        assert (one.recorded_by == SYSTEM) is its_own
        act = act if its_own else position
        if isinstance(one, r.QueryOpened):
            assert one.of == act or (one.of < act and one.question.startswith(QUESTION))


def test_the_same_request_is_recorded_once() -> None:
    trial = begun()
    made = t.TrialPaused(
        occurred_on=FROM,
        recorded_by="nurse.S01.1",
        site="S01",
        reason="a leak",
        recorded_at=datetime(2027, 2, 1, tzinfo=UTC),
    )
    first, second = trial.record(made, request="r-1"), trial.record(made, request="r-1")
    assert isinstance(first, Recorded)
    assert isinstance(second, Recorded)
    assert first.position == second.position
    assert len(trial.state.pauses) == 1
