"""Recording: what is refused, what is recorded all the same, and what is only a slip of the pen."""

import ast
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gradatim.conduct.catalogue import ACTS
from gradatim.conduct.events import EVENTS, built
from gradatim.conduct.events import findings as f
from gradatim.conduct.events import participants as p
from gradatim.conduct.events import product as x
from gradatim.conduct.events import review as r
from gradatim.conduct.events import safety as s
from gradatim.conduct.events import trial as t
from gradatim.conduct.events.base import Event, Measured
from gradatim.conduct.trial import Recorded, Refused, Trial
from gradatim.core.errors import UnusableInput
from gradatim.dosefinding.outcomes import DoseOutcome
from tests.conduct.generated import FROM, begun
from tests.conduct.memory import ListStore
from tests.conduct.trials import START, TABLET, WHOLE_TRIALS, event, finished, recorded, simulated

pytestmark = WHOLE_TRIALS

SOURCES = Path(__file__).parents[2] / "src" / "gradatim"


def a_participant(trial: Trial) -> str:
    """Give somebody who is enrolled or waits."""
    return next(
        one.id
        for one in trial.state.participants.values()
        if one.status in ("enrolled", "waiting", "eligible")
    )


def about(trial: Trial, kind: type[Event], by: str = "nurse", **fields: Any) -> Event:
    """Make an event about a participant of the trial."""
    name = a_participant(trial)
    site = trial.state.participants[name].site
    return event(kind, f"{by}.{site}.1", site, on=FROM, participant=name, **fields)


def test_every_type_of_event_is_reached_by_simulated_trials() -> None:
    reached = {
        type(one) for seed in (1, 2, 3, 4, 5) for one in finished(seed).state.events.values()
    } | {type(one) for one in finished(2, TABLET).state.events.values()}
    reached.add(t.PersonIdentified)  # under a key, which nobody simulated has: test_signing_keys.py
    missing = [kind.__name__ for kind in EVENTS if kind not in reached and ACTS[kind].roles]
    assert not missing, "record them in conduct/simulate"


def test_a_dose_without_authorisation_is_recorded_with_its_deviations() -> None:
    trial = begun()
    at = datetime(FROM.year, FROM.month, FROM.day, 9, tzinfo=UTC)
    given = about(
        trial,
        x.DoseAdministered,
        dose=1,
        started_at=at,
        amount=7e7,
        unit="{cells}",
        ended_at=at + timedelta(hours=1),
    )
    found = recorded(trial.record(given))
    told = [trial.state.deviations[one] for one in found.deviations]
    assert {"the checklist is signed", "the preparation is verified"} <= {one.rule for one in told}
    assert all(one.of == found.position for one in told)
    assert trial.state.events[found.position].recorded_by.startswith("nurse")


def test_an_authorisation_is_refused_with_every_reason() -> None:
    trial = begun()
    found = trial.record(
        about(trial, x.PreDoseChecklistSigned, "investigator", dose=1, items={}, signer="nobody")
    )
    assert isinstance(found, Refused)
    assert {"the preparation is verified", "an investigator signs"} <= {
        one for one, _ in found.reasons
    }
    assert trial.store.head(trial.name) == trial.head


@pytest.mark.parametrize(
    ("made", "says"),
    [
        (
            {"event": "FactRecorded", "participant": "nobody", "fact": {"element": "alt"}},
            "there is no participant nobody",
        ),
        ({"event": "EncounterDone", "encounter": "no_such"}, "has no encounter 'no_such'"),
        (
            {"event": "EncounterDone", "encounter": "day_1", "occurred_on": "2031-01-01"},
            "it occurred on 2031-01-01",
        ),
        (
            {
                "event": "AdverseEventReported",
                "adverse_event": "a",
                "term": "Fever",
                "onset": "2040",
            },
            "onset is 2040",
        ),
        (
            {
                "event": "AdverseEventReported",
                "adverse_event": "a",
                "term": "Fever",
                "onset": "2027-13",
            },
            "onset cannot be read",
        ),
        ({"event": "AdverseEventUpdated", "adverse_event": "none"}, "has no adverse event none"),
        (
            {"event": "FactRecorded", "fact": {"element": "alt", "value": 3, "unit": "mg/dL"}},
            "this unit does not convert to U/L",
        ),
        ({"event": "FactRecorded", "fact": {"element": "no_such"}}, "has no element 'no_such'"),
        ({"event": "ParticipantEnrolled", "level": 9}, "the protocol has no level 9"),
        (
            {"event": "CriterionAttested", "criterion": "X9", "passes": True, "reason": "so it is"},
            "has no criterion 'X9'",
        ),
        (
            {"event": "EntryCorrected", "of": 99999, "fields": {}, "reason": "a slip"},
            "there is no entry 99999",
        ),
        (
            {"event": "EntryCorrected", "of": 1, "fields": {}, "reason": "a slip"},
            "entry 1 is a TrialCreated",
        ),
        ({"event": "ProductReleased", "lot": "none", "bags": ()}, "there is no lot none"),
        ({"event": "QueryAnswered", "query": "none", "answer": "it is"}, "there is no query none"),
    ],
)
def test_a_slip_of_the_pen_is_refused_with_one_message(made: dict[str, object], says: str) -> None:
    trial = begun()
    name = a_participant(trial)
    common = {
        "occurred_on": str(FROM),
        "recorded_at": f"{FROM}T10:00:00Z",
        "recorded_by": "investigator.S01.1",
    }
    fields = common | made
    kind = str(fields["event"])
    if kind not in ("EntryCorrected", "ProductReleased", "QueryAnswered"):
        fields.setdefault("participant", name)
    with pytest.raises(UnusableInput, match=says):
        trial.record(built(fields))
    assert trial.store.head(trial.name) == trial.head


@pytest.mark.parametrize(
    "fields",
    [
        {"event": "NoSuchEvent"},
        {"event": "EncounterDone", "participant": "P", "encounter": "x", "surplus": 1},
        {"event": "EncounterDone", "participant": "P" * 99, "encounter": "x"},
        {
            "event": "EncounterDone",
            "participant": "P",
            "encounter": "x",
            "occurred_on": "2027-02-30",
        },
        {
            "event": "EncounterDone",
            "participant": "P",
            "encounter": "x",
            "recorded_at": "2027-01-01T10:00:00",
        },
    ],
)
def test_what_is_no_event_is_refused_before_it_comes_near_the_ledger(
    fields: dict[str, object],
) -> None:
    common = {
        "occurred_on": "2027-01-01",
        "recorded_at": "2027-01-01T10:00:00Z",
        "recorded_by": "u",
    }
    with pytest.raises(UnusableInput, match="cannot be recorded"):
        built(common | fields)


def test_a_number_that_is_none_is_refused() -> None:
    trial = begun()
    fact = Measured(element="alt", value=float("nan"), unit="U/L")
    with pytest.raises(UnusableInput, match="no number"):
        trial.record(about(trial, p.FactRecorded, fact=fact))


def test_a_correction_keeps_what_was_said_and_changes_what_is_worked_out() -> None:
    from gradatim.conduct.views.grades import grades

    trial = begun()
    name = a_participant(trial)
    result = Measured(element="alt", value=400.0, unit="U/L", high=40.0)
    at = recorded(
        trial.record(
            about(
                trial,
                f.LaboratoryResultsRecorded,
                results=(result,),
                laboratory="l",
                ranges_version="v",
                collected_on=str(FROM),
            )
        )
    ).position
    right = {"results": [{"element": "alt", "value": 40.0, "unit": "U/L", "high": 40.0}]}
    lead = f"investigator.{trial.state.participants[name].site}.1"
    recorded(
        trial.record(
            event(
                p.EntryCorrected,
                lead,
                trial.state.participants[name].site,
                on=FROM,
                of=at,
                fields=right,
                reason="a decimal point",
            )
        )
    )
    now = [one for one in grades(trial.state, trial.state.participants[name]) if one.position == at]
    assert [one.grade.grade for one in now] == [0]
    assert trial.state.earlier[at][0].results == (result,)  # type: ignore[attr-defined]


def test_a_clock_that_went_backwards_is_recorded_and_flagged() -> None:
    trial = begun()
    late = about(trial, f.EncounterMissed, encounter="day_1")
    first = recorded(trial.record(late)).position
    early = event(t.TrialPaused, "nurse.S01.1", "S01", on=FROM, hour=3, reason="a leak")
    second = recorded(trial.record(early)).position
    assert second in trial.state.clock_went_back
    assert first not in trial.state.clock_went_back


def test_simulated_trials_are_marked_in_their_first_event() -> None:
    first = finished(1).state.events[1]
    assert isinstance(first, t.TrialCreated)
    assert first.mode == "simulated"


def test_the_same_seed_gives_the_same_ledger_byte_for_byte() -> None:
    until = START + timedelta(days=120)
    one, two, other = (simulated(seed, until=until).trial.head for seed in (3, 3, 4))
    assert one == two != other


def test_erasure_leaves_the_proof_and_the_clinical_facts() -> None:
    from gradatim.conduct.ledger import verify

    run = finished(1)
    erased = [one for one in run.state.participants.values() if one.erased]
    assert erased
    assert set(erased[0].identity) == {"name", "birth_date"}  # commitments prove what was there
    assert len(erased[0].entries) > 10
    assert verify(run.trial.store.read(run.trial.name), run.trial.name).ok


def test_nothing_but_the_trial_appends_to_a_ledger() -> None:
    """Simulation, commands and pages record only through `Trial.record`; a copy is no record."""
    allowed = {
        "conduct/copying.py",
        "web/live_trial.py",
        "conduct/trial.py",
        "conduct/event_table.py",
        "conduct/exported/stores.py",
    }
    found = set()
    for path in SOURCES.rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr == "append"
                and len(node.args) == 3
            ):
                found.add(str(path.relative_to(SOURCES)))
            if isinstance(node, ast.Constant) and "INSERT INTO" in str(node.value).upper():
                found.add(str(path.relative_to(SOURCES)))
    assert "conduct/trial.py" in found
    writers = {one for one in found if one.startswith(("conduct", "cli", "web"))}
    assert writers <= allowed


def test_a_real_trial_goes_live_only_with_every_ruling_and_both_approvals() -> None:
    """The way a sponsor goes: refused with the open items, then ruled on, approved, live."""
    from hashlib import sha256

    from gradatim.protocol.questions import questions
    from tests.conduct.trials import protocol

    document, text = protocol()
    trial = Trial(ListStore(), "real")
    recorded(trial.record(event(t.TrialCreated, "sponsor.1", mode="real")))
    recorded(trial.record(event(t.RoleGranted, "sponsor.1", user="sponsor.1", role="sponsor")))
    live = event(
        t.ProtocolActivated,
        "sponsor.1",
        version="1.0",
        document=text,
        sha256=sha256(text.encode()).hexdigest(),
    )
    found = trial.record(live)
    assert isinstance(found, Refused)
    assert {rule for rule, _ in found.reasons} == {
        "the approvals are there",
        "no safety question is open",
    }
    recorded(
        trial.record(
            event(
                t.ProtocolSubmitted,
                "sponsor.1",
                version="1.0",
                document=text,
                sha256=sha256(text.encode()).hexdigest(),
            )
        )
    )
    for one in questions(document.study):
        if one.safety:
            answer = one.names[0] if one.choices else "as the document says"
            recorded(
                trial.record(
                    event(
                        t.RulingSigned,
                        "sponsor.1",
                        question=one.key,
                        answer=answer,
                        signer="sponsor.1",
                        value=one.value,
                        outcome="confirmed",
                    )
                )
            )
    for authority in ("ethics", "regulator"):
        recorded(
            trial.record(
                event(
                    t.ApprovalRecorded,
                    "sponsor.1",
                    authority=authority,
                    version="1.0",
                    reference="yes",
                )
            )
        )
    recorded(trial.record(live))
    assert trial.state.study.rulings


def test_an_amendment_applies_to_whom_it_says() -> None:
    """Procedures after consent is renewed, safety rules at once."""
    from hashlib import sha256

    from tests.conduct.trials import protocol

    trial = begun()
    text = protocol()[1].replace('version: "1.0"', 'version: "2.0"', 1)
    text = text.replace("wait: 14 days", "wait: 21 days", 1)
    text = text.replace("label: day 7\n", "label: day seven\n", 1)
    changes = (
        t.Change("safety", "at once", "more caution"),
        t.Change("schedule", "after re-consent", "a better name"),
    )
    recorded(
        trial.record(
            event(
                t.ProtocolAmended,
                "sponsor.1",
                on=FROM,
                version="2.0",
                document=text,
                sha256=sha256(text.encode()).hexdigest(),
                changes=changes,
            )
        )
    )
    state, name = trial.state, a_participant(trial)
    one = state.participants[name]
    assert str(state.governing("safety", one).safety.sentinel.wait) == "21 days"  # type: ignore[union-attr]
    assert state.governing("schedule", one).schedule.encounters["day_7"].label == "day 7"
    recorded(
        trial.record(
            about(
                trial,
                p.InformedConsentRenewed,
                "investigator",
                version="2",
                language="en",
                obtained_by="i",
            )
        )
    )
    assert state.governing("schedule", one).schedule.encounters["day_7"].label == "day seven"


@pytest.mark.parametrize("days", [0, 20, 60, 200])
def test_as_of_a_time_is_the_state_when_that_time_was_now(days: int) -> None:
    """The safety package of a data cut can be made again at any time."""
    from gradatim.conduct.as_of import as_of
    from tests.conduct.digest import digest

    run = finished(2)
    entries = list(run.trial.store.read(run.trial.name))
    cut = datetime(2027, 1, 5, tzinfo=UTC) + timedelta(days=days)
    then = as_of(run.trial.name, entries, recorded_at=cut)
    again = Trial(ListStore(), run.trial.name)
    for entry in entries:
        if entry.position > then.position:
            break
        again.head = again.store.append(run.trial.name, [(entry.body, entry.request)], again.head)
    assert digest(Trial(again.store, run.trial.name).state) == digest(then)
    after = as_of(run.trial.name, entries, position=then.position + 1)
    assert after.events[then.position + 1].recorded_at > cut


def test_as_of_a_day_of_occurrence_leaves_out_what_happened_later() -> None:
    from gradatim.conduct.as_of import as_of

    run = finished(2)
    entries = run.trial.store.read(run.trial.name)
    then = as_of(run.trial.name, entries, occurred_on=date(2027, 3, 1))
    assert 0 < len(then.events) < run.state.position
    assert max(one.occurred_on for one in then.events.values()) <= date(2027, 3, 1)


def test_a_decision_keeps_what_it_was_made_on() -> None:
    run = finished(2)
    decisions = [run.state.events[at] for at in run.state.decisions]
    assert all(isinstance(one, r.DoseDecision) for one in decisions)
    for at, one in zip(run.state.decisions, decisions, strict=True):
        assert isinstance(one, r.DoseDecision)
        assert one.head < at
        assert len(one.signers) >= 2
        assert one.protocol_sha256 in {version.sha256 for version in run.state.versions}


def test_a_simulated_trial_of_the_other_protocol_ends_too() -> None:
    run = finished(2, TABLET)
    assert run.state.locked
    assert max(one.level for one in run.state.cohorts) > 1
    assert isinstance(run.state.events[1], t.TrialCreated)
    assert any(
        isinstance(one, s.DoseLimitingToxicityAdjudicated) for one in run.state.events.values()
    )


def test_every_refusal_of_a_simulated_trial_was_asked_for() -> None:
    """Nothing that had to be possible was refused; what was asked in vain says why."""
    run = finished(1)
    assert run.refusals
    for _, refused in run.refusals:
        assert refused.reasons
        assert all(why for _, why in refused.reasons)


def test_every_type_of_event_has_its_sentence() -> None:
    from gradatim.conduct.narrative import narrate

    for made in finished(2).state.events.values():
        sentence = narrate(made)
        assert sentence
        assert "{" not in sentence.replace("{cells}", "")


@pytest.mark.parametrize("seed", [1, 2, 4])
def test_every_millilitre_of_a_simulated_trial_is_accounted_for(seed: int) -> None:
    from gradatim.conduct.views.traceability import dose_origins
    from gradatim.dosing.accountability import balances

    state = finished(seed).state
    assert balances(state.inventory)
    for account in balances(state.inventory):
        assert account.closes, account.faults
        assert abs(account.difference - account.explained) < 1e-6
    used = [bag for bag in state.inventory.containers if bag.status == "used"]
    origins = [
        one for who in state.participants.values() for one in dose_origins(state, who) if one.bags
    ]
    for bag in used:
        (found,) = [one for one in origins if bag.lot == one.lot and bag.id in one.bags]
        assert (found.participant, found.dose) == bag.reserved_for
        assert found.donor
        assert found.cell_bank


def test_abnormal_results_wait_for_an_investigator() -> None:
    from gradatim.conduct.views.grades import abnormal, grades, unsigned

    state = finished(2).state
    for one in state.participants.values():
        assert all(abnormal(found) for found in unsigned(state, one))
        assert len(unsigned(state, one)) <= len(grades(state, one))
    signed = [
        made for made in state.events.values() if isinstance(made, f.ClinicalSignificanceSigned)
    ]
    first = signed[0]
    waiting = unsigned(state, state.participants[first.participant])
    assert (first.of, first.element) not in {(found.position, found.element) for found in waiting}


def test_a_new_preparation_has_to_be_verified_anew() -> None:
    from gradatim.conduct.views.doses import doses

    trial = begun()
    name = a_participant(trial)
    one = trial.state.participants[name]
    prepared = {
        "dose": 1,
        "lot": next(iter(trial.state.lots)),
        "amount": 7e7,
        "planned": 7e7,
        "unit": "{cells}",
        "weight_kg": 70.0,
    }
    recorded(trial.record(about(trial, x.DosePrepared, "cell_lab", **prepared)))
    verify = event(
        x.PreparationVerified,
        f"cell_lab.{one.site}.2",
        one.site,
        on=FROM,
        participant=name,
        dose=1,
        difference="it is by another weight than is recorded",
    )
    recorded(trial.record(verify))
    assert doses(trial.state, one)[1].verified is not None
    recorded(trial.record(about(trial, x.DosePrepared, "cell_lab", **prepared)))
    assert doses(trial.state, one)[1].verified is None


def test_bags_of_another_site_are_not_set_aside() -> None:
    trial = begun()
    one = trial.state.participants[a_participant(trial)]
    other = next(site for site in trial.state.sites if site != one.site)
    bag = x.Bag(id="OTHER-1", volume_ml=10.0)
    recorded(
        trial.record(
            event(
                x.ProductReceived, f"cell_lab.{other}.1", other, on=FROM, lot="OTHER", bags=(bag,)
            )
        )
    )
    recorded(
        trial.record(
            event(
                x.ProductReleased,
                f"cell_lab.{other}.1",
                other,
                on=FROM,
                lot="OTHER",
                bags=("OTHER-1",),
            )
        )
    )
    found = trial.record(
        event(
            x.ProductAssigned,
            f"pharmacist.{one.site}.1",
            one.site,
            on=FROM,
            participant=one.id,
            dose=1,
            lot="OTHER",
            bags=("OTHER-1",),
        )
    )
    assert isinstance(found, Refused)
    assert f"bag OTHER-1 is at site {other}" in found.reasons[-1][1]


def test_recorded_positions_follow_one_another() -> None:
    run = finished(1)
    assert sorted(run.state.events) == list(range(1, run.state.position + 1))
    assert isinstance(Recorded(1), Recorded)


def test_a_dose_recorded_twice_loses_nothing() -> None:
    """Neither the first dose nor the toxicity after it goes when it is recorded again later."""
    from gradatim.conduct.views.doses import first_dose_at
    from gradatim.conduct.views.safety import dlt_outcome
    from tests.conduct.treated import AFTER, LATER, add, adverse, one, treated

    state = treated()
    first = first_dose_at(state, one(state))
    adverse(state, term="Anaphylaxis", grade=4)
    at = datetime(AFTER.year, AFTER.month, AFTER.day, 10, tzinfo=UTC)
    add(
        state,
        x.DoseAdministered,
        AFTER,
        dose=1,
        started_at=at,
        ended_at=at,
        amount=7e7,
        unit="{cells}",
    )
    assert first_dose_at(state, one(state)) == first
    assert dlt_outcome(state, one(state), LATER) is DoseOutcome.CANDIDATE


def test_every_fact_can_be_corrected() -> None:
    """A correction of the day is usable for each kind of fact that was recorded."""
    from gradatim.conduct.corrections import CORRECTABLE
    from gradatim.conduct.event_validation import validate

    run, tried = finished(2), set()
    for at, made in list(run.state.events.items()):
        if type(made) in CORRECTABLE and type(made) not in tried:
            tried.add(type(made))
            day = str(made.occurred_on - timedelta(days=1))
            other = event(
                p.EntryCorrected,
                f"investigator.{made.site}.1",
                made.site,
                on=run.today,
                of=at,
                fields={"occurred_on": day},
                reason="a day earlier",
            )
            validate(run.state, other)
    assert len(tried) > 10


def test_a_correction_is_about_whom_its_entry_is() -> None:
    from gradatim.conduct.conflicts import participant_of, subjects

    run = finished(2)
    corrections = [made for made in run.state.events.values() if isinstance(made, p.EntryCorrected)]
    assert corrections
    for made in corrections:
        name = participant_of(run.state, made)
        assert name in run.state.participants
        assert f"participant {name}" in subjects(run.state, made)


def test_times_that_cannot_be_meant_are_refused() -> None:
    trial = begun()
    for year in (2026, 9999):
        at = datetime(year, 1, 5, tzinfo=UTC)
        with pytest.raises(UnusableInput):
            trial.record(
                about(
                    trial,
                    x.DoseAdministered,
                    dose=1,
                    started_at=at,
                    ended_at=at,
                    amount=1.0,
                    unit="{cells}",
                )
            )


def test_a_revocation_of_what_was_not_granted_there_is_refused() -> None:
    trial = begun()
    with pytest.raises(UnusableInput, match="Revoke it where it was granted"):
        trial.record(
            event(
                t.RoleRevoked,
                "sponsor.1",
                "S01",
                on=FROM,
                user="committee.1",
                role="safety_committee",
                reason="left",
            )
        )


def test_as_of_a_day_tells_entries_as_they_stand_corrected() -> None:
    from gradatim.conduct.as_of import as_of

    trial = begun()
    name = a_participant(trial)
    one = trial.state.participants[name]
    consent, _ = one.consents[0]
    was = trial.state.events[consent].occurred_on
    right = {"occurred_on": str(was - timedelta(days=2)), "language": "en"}
    recorded(
        trial.record(
            event(
                p.EntryCorrected,
                f"investigator.{one.site}.1",
                one.site,
                on=FROM,
                of=consent,
                fields=right,
                reason="the form's date",
            )
        )
    )
    then = as_of(trial.name, trial.store.read(trial.name), occurred_on=was - timedelta(days=1))
    stands = then.events[consent]
    assert isinstance(stands, p.InformedConsentObtained)
    assert stands.language == "en"
