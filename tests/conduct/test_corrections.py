"""Who may correct what, under whose signature, and what a signature covers afterwards."""

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from gradatim.conduct.conflicts import participant_of
from gradatim.conduct.corrections import CORRECTABLE, changed_after_signature, signings
from gradatim.conduct.events import BY_NAME, built
from gradatim.conduct.events import findings as f
from gradatim.conduct.events import participants as p
from gradatim.conduct.events import product as x
from gradatim.conduct.events import safety as s
from gradatim.conduct.events import trial as t
from gradatim.conduct.events.base import Event, Measured, Signature
from gradatim.conduct.fold import apply
from gradatim.conduct.permissions import MAY, permitted
from gradatim.conduct.roles import ROLES, SITE_STAFF
from gradatim.conduct.signatures import MEANINGS
from gradatim.conduct.state import State
from gradatim.conduct.trial import Recorded, Refused, Trial
from gradatim.conduct.views.adverse_events import courses
from gradatim.conduct.views.facts import facts_of
from gradatim.conduct.views.grades import unsigned
from gradatim.conduct.views.judgements import to_be_signed
from gradatim.conduct.views.safety import dlt_outcome, possible_dlts
from gradatim.conduct.views.stopping_rules import unanswered_rules
from gradatim.conduct.views.tasks import tasks
from gradatim.core.errors import UnusableInput
from gradatim.core.truth import TRUE
from gradatim.dosefinding.outcomes import DoseOutcome
from tests.conduct.generated import FROM, begun
from tests.conduct.samples import sample
from tests.conduct.treated import AFTER, AT, LATER, add, adjudicate, adverse, correct, one, treated
from tests.conduct.trials import event, recorded

SIGNED = Signature("Dr A. Investigator", "causality assessed by me")
AGAIN = Signature("Dr A. Investigator", "I sign what it says now")
SAMPLES = {kind.__name__: sample(kind) for kind in CORRECTABLE}
"""Fields of every type that can be corrected."""


def trial_with(role: str, kind: type[Event], signature: Signature | None = None) -> State:
    """A trial in which `user` has one task at S01, and an entry of a type is there."""
    state = State("t")
    apply(state, 1, event(t.TrialCreated, "sponsor", mode="demo"))
    apply(state, 2, event(t.RoleGranted, "sponsor", user="sponsor", role="sponsor"))
    apply(state, 3, event(t.RoleGranted, "sponsor", "S01", user="user", role=role))
    apply(
        state,
        4,
        event(p.ParticipantRegistered, "x", "S01", participant="P1", person_token="0" * 64),
    )
    plain = msgspec.to_builtins(event(p.ScreenFailed, "other", "S01", participant="P1"))
    made = built({**SAMPLES[kind.__name__], **plain, "event": kind.__name__})
    apply(state, 5, msgspec.structs.replace(made, signature=signature))
    return state


def correction(signature: Signature | None = None) -> Event:
    """A correction of that entry by the user."""
    return event(
        p.EntryCorrected,
        "user",
        "S01",
        of=5,
        fields={"occurred_on": "2027-01-03"},
        reason="a slip",
        signature=signature,
    )


def holds_the_task(role: str, name: str) -> bool:
    """Whether a role may correct what a site recorded; of no site is what only others record."""
    of_site = set(MAY[name]) & set(SITE_STAFF)
    return role in (of_site or MAY[name])


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("name", SAMPLES)
def test_a_correction_takes_the_role_of_what_it_corrects(name: str, role: str) -> None:
    kind = BY_NAME[name]
    found = permitted(trial_with(role, kind), correction())
    assert (found.truth is TRUE) is (holds_the_task(role, name) and kind not in MEANINGS)


JUDGED = (
    "AdverseEventReported",
    "AdverseEventUpdated",
    "AdverseEventResolved",
    "RecordNotUnderstood",
)


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("name", SAMPLES)
def test_what_is_signed_is_corrected_by_who_may_sign_it_and_signed(name: str, role: str) -> None:
    state = trial_with(role, BY_NAME[name], SIGNED)
    assert permitted(state, correction()).truth is not TRUE
    may = role == "investigator" if name in JUDGED else holds_the_task(role, name)
    found = permitted(state, correction(AGAIN))
    assert (found.truth is TRUE) is may
    assert may or "this takes" in found.text or "takes the signature of" in found.text


def reported(trial: Trial, signature: Signature | None = SIGNED, **more: Any) -> tuple[int, str]:
    """An investigator reports a grade 3 event of somebody who was treated."""
    name = next(one.id for one in trial.state.participants.values() if one.status == "treated")
    site = trial.state.participants[name].site
    fields = {
        "adverse_event": "AE1",
        "term": "Headache",
        "onset": str(FROM),
        "grade": 3,
        "relation": "possible",
        "participant": name,
        **more,
    }
    made = event(
        s.AdverseEventReported,
        f"investigator.{site}.1",
        site,
        on=FROM,
        signature=signature,
        **fields,
    )
    return recorded(trial.record(made)).position, site


def tried(trial: Trial, by: str, of: int, signature: Signature | None = None, **fields: Any) -> Any:
    """Try to correct an entry."""
    site = trial.state.events[of].site
    return trial.record(
        event(
            p.EntryCorrected,
            by,
            site,
            on=FROM,
            hour=13,
            of=of,
            fields=fields,
            reason="a slip",
            signature=signature,
        )
    )


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        (
            {"signature": {"printed_name": "Dr B", "meaning": "as if signed"}},
            "signature cannot be corrected",
        ),
        ({"signature": None}, "signature cannot be corrected"),
        ({"site": "S99"}, "site cannot be corrected"),
        ({}, "nothing is changed"),
        ({"recorded_by": "x"}, "recorded_by cannot be corrected"),
        ({"recorded_at": "2027-01-01T00:00:00Z"}, "recorded_at cannot be corrected"),
        ({"participant": "P9"}, "participant cannot be corrected"),
        ({"adverse_event": "AE9"}, "adverse_event cannot be corrected"),
        ({"event": "DoseAdministered"}, "event cannot be corrected"),
        ({"protocol": "9"}, "protocol cannot be corrected"),
        ({"grade": 3}, "grade is not changed"),
        ({"grade": 2, "term": "Headache"}, "term is not changed"),
        ({"grade": 9}, "cannot say that"),
        ({"no_such": 1}, "cannot say that"),
        ({"onset": "2040"}, "onset is 2040"),
    ],
)
def test_what_a_correction_cannot_say(fields: dict[str, Any], says: str) -> None:
    trial = begun()
    at, site = reported(trial, None)
    made = event(
        p.EntryCorrected,
        f"investigator.{site}.1",
        site,
        on=FROM,
        of=at,
        fields=fields,
        reason="a slip",
    )
    with pytest.raises(UnusableInput, match=says):
        trial.record(made)


def test_an_entry_is_not_corrected_from_another_site() -> None:
    trial = begun()
    at, site = reported(trial, None)
    other = "S02" if site == "S01" else "S01"
    made = event(
        p.EntryCorrected,
        f"nurse.{other}.1",
        other,
        on=FROM,
        of=at,
        reason="a slip",
        fields={"term": "Fever"},
    )
    with pytest.raises(UnusableInput, match=f"entry {at} is of site {site}"):
        trial.record(made)
    found = trial.record(msgspec.structs.replace(made, site=site))
    assert isinstance(found, Refused)


@pytest.mark.parametrize("by", ["nurse", "coordinator", "pharmacist", "cell_lab", "sponsor.1"])
def test_a_signed_event_is_not_made_less_by_others(by: str) -> None:
    """Not even under a signature of theirs."""
    trial = begun()
    at, site = reported(trial)
    who = by if "." in by else f"{by}.{site}.1"
    for signature in (None, AGAIN):
        found = tried(trial, who, at, signature, grade=1, relation="unrelated")
        assert isinstance(found, Refused)
        assert found.by == "permission"
    assert trial.state.events[at].signature == SIGNED


def test_signed_content_is_signed_anew_and_the_earlier_signature_is_of_what_it_signed() -> None:
    trial = begun()
    at, site = reported(trial)
    lead = f"investigator.{site}.1"
    found = tried(trial, lead, at, grade=2)
    assert isinstance(found, Refused)
    assert f"entry {at} is signed" in found.reasons[0][1]
    signed = recorded(tried(trial, lead, at, AGAIN, grade=2)).position
    first, second = signings(trial.state, at)
    assert (first.printed_name, first.content.grade, first.stands) == (  # type: ignore[attr-defined]
        "Dr A. Investigator",
        3,
        False,
    )
    assert (second.entry, second.meaning, second.stands) == (signed, AGAIN.meaning, True)
    assert not changed_after_signature(trial.state, at)
    one = trial.state.participants[str(participant_of(trial.state, trial.state.events[at]))]
    assert list(to_be_signed(trial.state, one)) == []
    (kept,) = (found for found in possible_dlts(trial.state, one) if found.id == "AE1")
    assert (kept.changed_by, kept.dose_limiting) == (signed, None)
    assert kept.verdict.text == (
        f"was a candidate: grade 3, possible, until entry {signed} changed it"
    )


def test_an_unsigned_candidate_is_made_less_by_an_investigator_only_and_signed() -> None:
    trial = begun()
    at, site = reported(trial, None)
    for who in ("nurse", "coordinator", "investigator"):
        found = tried(trial, f"{who}.{site}.1", at, relation="unrelated")
        assert isinstance(found, Refused)
        assert "AE1 is a candidate" in found.reasons[0][1]
    assert isinstance(tried(trial, f"nurse.{site}.1", at, term="Head ache"), Recorded)
    assert isinstance(tried(trial, f"nurse.{site}.1", at, grade=4), Recorded), "worse is a fact"
    assert isinstance(tried(trial, f"investigator.{site}.1", at, AGAIN, grade=1), Recorded)


def update(trial: Trial, by: str, signature: Signature | None = None, **fields: Any) -> Recorded:
    """Record an update of the event."""
    (name,) = {who for ae, who in trial.state.adverse_events.items() if ae == "AE1"}
    site = trial.state.participants[name].site
    return recorded(
        trial.record(
            event(
                s.AdverseEventUpdated,
                by,
                site,
                on=FROM,
                hour=14,
                adverse_event="AE1",
                participant=name,
                signature=signature,
                **fields,
            )
        )
    )


def test_an_update_makes_a_signed_event_less_only_under_an_investigators_signature() -> None:
    """It is recorded, with a deviation; what was judged counts until an investigator signs."""
    trial = begun()
    at, site = reported(trial, serious=("hospitalisation",))
    one = trial.state.participants[str(participant_of(trial.state, trial.state.events[at]))]
    for who in (f"nurse.{site}.1", f"investigator.{site}.1"):
        made = update(trial, who, relation="unrelated", serious=())
        assert len(made.deviations) == 1
        known = courses(trial.state, one)["AE1"]
        assert known.event.investigator_relation == "possible"
        assert known.event.serious == ("hospitalisation",)
        assert made.position in known.unsigned
    (task,) = (task for task in tasks(trial.state, AT, FROM) if task.kind == "signature")
    assert (task.roles, task.event) == (("investigator",), "AdverseEventUpdated")
    made = update(trial, f"investigator.{site}.1", AGAIN, relation="unrelated", serious=())
    assert made.deviations == ()
    known = courses(trial.state, one)["AE1"]
    assert (known.event.investigator_relation, known.unsigned) == ("unrelated", ())
    assert not [task for task in tasks(trial.state, AT, FROM) if task.kind == "signature"]
    assert dlt_outcome(trial.state, one, LATER) is DoseOutcome.CANDIDATE


LESS: dict[str, dict[str, Any]] = {
    "grade": {"grade": 2},
    "relation": {"relation": "unrelated"},
    "term": {"term": "Headache"},
    "nothing known of its grade": {"grade": None},
    "elements": {"elements": []},
}


@pytest.mark.parametrize("less", LESS)
@pytest.mark.parametrize("by", ["nurse", "coordinator", "investigator"])
def test_what_a_stopping_rule_stands_on_is_made_less_under_an_investigators_signature_alone(
    by: str, less: str
) -> None:
    """Outside the window for dose-limiting toxicity, so that it is no candidate."""
    trial = begun()
    at, site = reported(
        trial,
        None,
        onset="2026-12-01",
        grade=4,
        term="Leukemia secondary to oncology chemotherapy",
        elements=["new_malignancy"],
    )
    fired = {rule.key for rule in unanswered_rules(trial.state, FROM) if "AE1" in rule.by}
    assert {key.split(":")[0] for key in fired} == {
        "related_grade_4",
        "ectopic_tissue_or_new_malignancy",
    }
    found = tried(trial, f"{by}.{site}.1", at, **LESS[less])
    assert isinstance(found, Refused)
    assert "AE1 is what a stopping rule stands on" in found.reasons[0][1]
    assert fired <= {rule.key for rule in unanswered_rules(trial.state, FROM)}
    assert isinstance(tried(trial, f"nurse.{site}.1", at, grade=5), Recorded), "worse is a fact"
    assert isinstance(tried(trial, f"investigator.{site}.1", at, AGAIN, **LESS[less]), Recorded)


def test_a_nurse_does_not_take_back_which_watched_event_it_was() -> None:
    trial = begun()
    _, site = reported(trial, None, onset="2026-12-01", grade=2, elements=["new_malignancy"])
    made = update(trial, f"nurse.{site}.1", elements=())
    assert len(made.deviations) == 1
    assert [rule.by for rule in unanswered_rules(trial.state, FROM)] == [("AE1",)]
    update(trial, f"investigator.{site}.1", AGAIN, elements=())
    assert unanswered_rules(trial.state, FROM) == []


def test_what_was_not_understood_is_settled_by_an_investigator_and_signed() -> None:
    """While it stands absence is not concluded: to let it be takes a judgement."""
    trial = begun()
    name, one = next(iter(trial.state.participants.items()))
    at = recorded(
        trial.record(
            event(
                p.RecordNotUnderstood,
                f"nurse.{one.site}.1",
                one.site,
                on=FROM,
                participant=name,
                record="Condition/c7",
                codes=["local C99"],
                elements=["malignancy"],
            )
        )
    ).position
    lead = f"investigator.{one.site}.1"
    for who, signature in (("nurse", None), ("nurse", AGAIN), ("coordinator", AGAIN)):
        found = tried(trial, f"{who}.{one.site}.1", at, signature, elements=[])
        assert isinstance(found, Refused)
        assert "malignancy would be open no longer" in found.reasons[0][1]
    more = tried(trial, f"nurse.{one.site}.1", at, elements=["malignancy", "tuberculosis"])
    assert isinstance(more, Recorded), "to leave more open is a fact"
    assert isinstance(tried(trial, lead, at, elements=["tuberculosis"]), Refused)
    assert isinstance(tried(trial, lead, at, AGAIN, elements=["tuberculosis"]), Recorded)


def test_a_value_that_is_not_understood_is_open_on_days_that_are_signed() -> None:
    """An upload keeps what a result may be of; other days would let it be out of a window."""
    trial = begun()
    name, one = next(iter(trial.state.participants.items()))
    fields: dict[str, Any] = {"record": "Observation/o7", "elements": ["ast"], "start": str(FROM)}
    at = recorded(
        trial.record(
            event(
                p.RecordNotUnderstood,
                f"nurse.{one.site}.1",
                one.site,
                on=FROM,
                participant=name,
                **fields,
            )
        )
    ).position
    known = facts_of(trial.state, trial.state.participants[name])
    (fact,) = [fact for fact in known.of("ast") if fact.unsettled]
    assert (fact.id, str(fact.start), fact.value) == (f"entry:{at}", str(FROM), None)
    assert "ast" not in known.unreadable
    found = tried(trial, f"nurse.{one.site}.1", at, start="2020-01-01")
    assert isinstance(found, Refused)
    assert "it would be of other days" in found.reasons[0][1]
    lead = f"investigator.{one.site}.1"
    assert isinstance(tried(trial, lead, at, AGAIN, start="2020-01-01"), Recorded)


def test_an_event_becomes_worse_by_anybody_and_without_a_signature() -> None:
    trial = begun()
    _, site = reported(trial)
    made = update(trial, f"nurse.{site}.1", grade=4, relation="definite", serious=("death",))
    assert made.deviations == ()


# Ledgers of earlier versions hold corrections that nobody would be let record today.


def test_an_older_unsigned_change_of_signed_content_is_seen_and_waits_for_a_signature() -> None:
    state = treated()
    add(state, t.RoleGranted, user="i", role="investigator")
    adverse(state, signature=SIGNED)
    at = state.position
    correct(state, at, grade=1, relation="unrelated")
    assert changed_after_signature(state, at)
    assert state.events[at].signature is None
    (found,) = signings(state, at)
    assert (found.content.grade, found.stands) == (3, False)  # type: ignore[attr-defined]
    assert [position for position, _ in to_be_signed(state, one(state))] == [at]
    (task,) = (task for task in tasks(state, AT, AFTER) if task.kind == "signature")
    assert f"entry {at} was changed after it was signed" in task.what
    assert dlt_outcome(state, one(state), LATER) is DoseOutcome.CANDIDATE
    add(state, s.AdverseEventUpdated, AFTER, hour=20, adverse_event="AE1", grade=1, signature=AGAIN)
    assert list(to_be_signed(state, one(state))) == []


def test_an_older_correction_of_a_signature_or_a_site_has_no_effect() -> None:
    state = treated()
    adverse(state)
    at = state.position
    correct(state, at, signature={"printed_name": "Dr B", "meaning": "judged"}, site="S99")
    assert signings(state, at) == ()
    assert state.events[at].site == "S01"


# What was judged or compared is of what was there.


def low(value: float) -> Measured:
    return Measured(element="platelets", value=value, unit="10*9/L", low=150.0)


def test_a_judged_result_that_is_corrected_is_judged_anew() -> None:
    state = treated()
    fields: dict[str, Any] = {"laboratory": "l", "ranges_version": "v", "collected_on": str(AFTER)}
    at = add(state, f.LaboratoryResultsRecorded, AFTER, results=(low(140.0),), **fields)
    judge: dict[str, Any] = {"of": at, "element": "platelets", "significant": False, "signer": "i"}
    assert unsigned(state, one(state))
    add(state, f.ClinicalSignificanceSigned, AFTER, **judge)
    assert not unsigned(state, one(state))
    state.verified.add(at)
    worse = {"element": "platelets", "value": 20.0, "unit": "10*9/L", "low": 150.0}
    correct(state, at, results=[worse])
    assert unsigned(state, one(state))
    assert at not in state.verified, "compared with its source as it was, not as it is"
    add(state, f.ClinicalSignificanceSigned, AFTER, hour=20, **judge)
    assert not unsigned(state, one(state))


# A candidate stays, whoever changes what.


@pytest.mark.parametrize(
    "fields",
    [
        {"grade": 1},
        {"relation": "unrelated"},
        {"onset": "2026-01-01"},
        {"grade": None},
        {"relation": "unlikely", "grade": 2},
    ],
)
def test_a_corrected_candidate_stays_one(fields: dict[str, Any]) -> None:
    state = treated()
    adverse(state)
    correct(state, state.position, **fields)
    (found,) = possible_dlts(state, one(state))
    assert (found.id, found.counts) == ("AE1", True)
    adjudicate(state, "AE1", dlt=False)
    assert dlt_outcome(state, one(state), LATER) is DoseOutcome.NO_DLT


def test_what_was_dose_limiting_stays_so_whatever_is_corrected() -> None:
    state = treated()
    adverse(state)
    at = state.position
    adjudicate(state, "AE1", dlt=True)
    correct(state, at, grade=1, relation="unrelated")
    assert dlt_outcome(state, one(state), LATER) is DoseOutcome.DLT


def test_what_was_cleared_is_not_opened_by_making_it_less() -> None:
    state = treated()
    adverse(state)
    at = state.position
    adjudicate(state, "AE1", dlt=False)
    correct(state, at, grade=1, relation="unrelated")
    assert dlt_outcome(state, one(state), LATER) is DoseOutcome.NO_DLT


def test_the_sponsor_takes_no_candidate_away_that_it_made() -> None:
    state = treated()
    adverse(state, relation="unrelated")
    assess: dict[str, Any] = {
        "adverse_event": "AE1",
        "expected": False,
        "reference_safety_information": "IB 1",
    }
    add(state, s.AdverseEventAssessed, AFTER, relation="possible", **assess)
    assert dlt_outcome(state, one(state), LATER) is DoseOutcome.CANDIDATE
    add(state, s.AdverseEventAssessed, AFTER, hour=13, relation="unrelated", **assess)
    assert dlt_outcome(state, one(state), LATER) is DoseOutcome.CANDIDATE


def test_a_late_baseline_takes_no_result_away() -> None:
    """A result of before the dose that arrives later makes what came after look unchanged."""
    state = treated()
    fields: dict[str, Any] = {"laboratory": "l", "ranges_version": "v"}
    add(
        state,
        f.LaboratoryResultsRecorded,
        AFTER,
        results=(low(20.0),),
        collected_on=str(AFTER),
        **fields,
    )
    (found,) = possible_dlts(state, one(state))
    before = AFTER - timedelta(days=9)
    late = add(
        state,
        f.LaboratoryResultsRecorded,
        AFTER,
        hour=15,
        results=(low(15.0),),
        collected_on=str(before),
        **fields,
    )
    (kept,) = possible_dlts(state, one(state))
    assert (kept.id, kept.changed_by, kept.counts) == (found.id, late, True)
    assert [rule.action for rule in unanswered_rules(state, AFTER)] == ["pause"], "as it was"


def test_a_result_that_is_emptied_stays_a_candidate() -> None:
    state = treated()
    at = add(
        state,
        f.LaboratoryResultsRecorded,
        AFTER,
        results=(low(20.0),),
        laboratory="l",
        ranges_version="v",
        collected_on=str(AFTER),
    )
    correct(state, at, results=[])
    (kept,) = possible_dlts(state, one(state))
    assert kept.id == f"{at}-platelets"
    assert kept.counts


def test_another_first_dose_takes_no_candidate_away() -> None:
    state = treated()
    adverse(state)
    dose = one(state).entries_of[x.DoseAdministered][0]
    late = AT + timedelta(days=5)
    correct(
        state,
        dose,
        started_at=late.isoformat(),
        ended_at=late.isoformat(),
        occurred_on=str(late.date()),
    )
    (kept,) = possible_dlts(state, one(state))
    assert (kept.id, kept.changed_by) == ("AE1", state.position)
