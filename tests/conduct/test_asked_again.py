"""A corrected entry is asked again what it breaks: deviations open, and are answered."""

from collections.abc import Callable
from datetime import UTC, datetime, time, timedelta
from typing import Any

import msgspec
import pytest

from gradatim.conduct.events import findings as f
from gradatim.conduct.events import logs as l
from gradatim.conduct.events import participants as p
from gradatim.conduct.events import product as x
from gradatim.conduct.events import safety as s
from gradatim.conduct.events.base import Event, Measured, Signature
from gradatim.conduct.fold import fold
from gradatim.conduct.trial import Recorded, RecordOutcome, Refused
from gradatim.conduct.views.adverse_events import courses
from gradatim.conduct.views.anchors import screened_on
from gradatim.conduct.views.safety import possible_dlts
from gradatim.conduct.views.tasks import tasks
from gradatim.core.errors import UnusableInput
from tests.conduct.digest import digest
from tests.conduct.ready import DAY, LEAD, NURSE, SITE, Led, enrolled, ready
from tests.conduct.trials import recorded

AGAIN = Signature("Dr A", "I have seen this correction")
COORDINATOR = f"coordinator.{SITE}.1"


def at_hour(hour: float) -> datetime:
    """Give a time of the day of the dose."""
    return datetime.combine(DAY, time(), UTC) + timedelta(hours=hour)


def dosed() -> Led:
    """Somebody who was given the first dose."""
    led = ready()
    led.prepare(7e7, 70)
    assert isinstance(led.sign(), Recorded)
    led.give(7e7)
    return led


def tried(
    led: Led, of: int, by: str = LEAD, signature: Signature | None = AGAIN, **fields: Any
) -> RecordOutcome:
    """Correct an entry, or have it refused."""
    asked = {name: fields.pop(name) for name in ("asked_for",) if name in fields}
    return led.trial.record(
        p.EntryCorrected(
            occurred_on=DAY,
            recorded_at=at_hour(20),
            recorded_by=by,
            site=led.trial.state.events[of].site,
            signature=signature,
            of=of,
            fields=fields,
            reason="a slip of the pen",
            **asked,
        )
    )


def correct(led: Led, of: int, by: str = LEAD, **fields: Any) -> Recorded:
    """Correct an entry, which must be possible."""
    return recorded(tried(led, of, by, **fields))


def opened(led: Led, made: Recorded, of: int) -> set[str]:
    """Return the rules of the deviations that a correction opened, all of them of an entry."""
    found = [led.trial.state.deviations[at] for at in made.deviations]
    assert all(one.of == of and one.participant == led.name and one.open for one in found)
    return {one.rule for one in found}


def open_rules(led: Led, of: int) -> set[str]:
    """Return the rules of the deviations of an entry that nobody has answered."""
    state = led.trial.state
    return {
        state.deviations[at].rule
        for at in state.deviations_of.get(of, ())
        if state.deviations[at].answered_by is None
    }


def the(led: Led, kind: Any) -> int:
    """Return the last entry of a type."""
    at: int = led.one.entries_of[kind][-1]
    return at


@pytest.mark.parametrize(
    ("fields", "rule"),
    [
        ({"amount": 7e8}, "the amount is the planned one"),
        ({"ended_at": at_hour(9.5 + 1 / 60).isoformat()}, "the infusion keeps its limits"),
    ],
)
def test_a_corrected_dose_opens_what_it_breaks_and_answers_it_when_it_is_right_again(
    fields: dict[str, Any], rule: str
) -> None:
    led = dosed()
    at = the(led, x.DoseAdministered)
    was = {name: getattr(led.trial.state.events[at], name) for name in fields}
    assert open_rules(led, at) == set()
    made = correct(led, at, NURSE, **fields)
    assert rule in opened(led, made, at)
    plain = {
        name: one.isoformat() if isinstance(one, datetime) else one for name, one in was.items()
    }
    back = correct(led, at, NURSE, **plain)
    assert back.deviations == ()
    assert open_rules(led, at) == set()
    for deviation in made.deviations:
        assert led.trial.state.deviations[deviation].answered_by == back.position
    assert not [one for one in tasks(led.trial.state, at_hour(21), DAY) if one.kind == "deviation"]
    entries = led.trial.store.read(led.trial.name)
    again = fold(led.trial.name, ((one.position, one.body) for one in entries))
    assert digest(again) == digest(led.trial.state)


def test_another_wrong_amount_is_another_deviation() -> None:
    led = dosed()
    at = the(led, x.DoseAdministered)
    first = correct(led, at, NURSE, amount=7e8)
    second = correct(led, at, NURSE, amount=8e8)
    assert "the amount is the planned one" in opened(led, second, at)
    for old in first.deviations:
        assert led.trial.state.deviations[old].answered_by == second.position


def test_a_deviation_that_a_correction_does_not_touch_stays() -> None:
    led = dosed()
    made = led.do(f.EncounterMissed, NURSE, encounter="day_1", hour=12)
    correct(led, made.position, NURSE, reason="she was away")
    assert open_rules(led, made.position) == {"no visit is missed"}


def test_a_planned_amount_that_is_corrected_is_asked_of_the_dose_as_well() -> None:
    led = dosed()
    prepared, given = the(led, x.DosePrepared), the(led, x.DoseAdministered)
    made = correct(led, prepared, f"cell_lab.{SITE}.1", planned=7e6)
    rules = {
        (led.trial.state.deviations[at].of, led.trial.state.deviations[at].rule)
        for at in made.deviations
    }
    assert (prepared, "the planned dose is that of the level") in rules
    assert (given, "the amount is the planned one") in rules


def test_a_result_that_a_dose_was_right_by_is_asked_of_the_dose_when_it_is_corrected() -> None:
    led = ready()
    yesterday = DAY - timedelta(days=1)
    at = led.result("alt", 30, yesterday, high=40).position
    led.prepare(7e7, 70)
    recorded(led.sign())
    assert not led.give(7e7)
    result = {"element": "alt", "value": 400.0, "unit": "U/L", "high": 40.0}
    made = correct(led, at, NURSE, results=[result])
    assert "the criteria hold" in opened(led, made, the(led, x.DoseAdministered))
    back = correct(led, at, NURSE, results=[{**result, "value": 30.0}])
    assert not back.deviations
    assert open_rules(led, the(led, x.DoseAdministered)) == set()


def test_a_result_after_a_dose_is_not_what_it_was_right_by() -> None:
    led = dosed()
    at = led.result("alt", 30, hour=12, high=40).position
    result = {"element": "alt", "value": 400.0, "unit": "U/L", "high": 40.0}
    assert not correct(led, at, NURSE, results=[result]).deviations


YESTERDAY = DAY - timedelta(days=1)


def medicated(led: Led) -> int:
    """Record a drug that forbids nothing."""
    more: dict[str, Any] = {"drug": "paracetamol", "none_of_these": True, "indication": "headache"}
    more |= {"medication": f"{led.name}-M1", "start": str(YESTERDAY)}
    made = led.do(l.ConcomitantMedicationRecorded, NURSE, on=YESTERDAY, hour=20, **more)
    return made.position


def expecting(led: Led) -> int:
    """Record the pregnancy of a partner."""
    more: dict[str, Any] = {"detected_on": str(YESTERDAY), "site_aware_at": at_hour(-6)}
    made = led.do(s.PregnancyReported, NURSE, on=YESTERDAY, hour=20, person="partner", **more)
    return made.position


@pytest.mark.parametrize(
    ("recorded_before", "fields", "rule"),
    [
        (lambda led: led.one.position, {"birth": "2020"}, "the criteria hold"),
        (medicated, {"drug": "methotrexate", "none_of_these": False}, "the criteria hold"),
        (expecting, {"person": "participant"}, "no pregnancy is open"),
    ],
)
def test_whatever_a_dose_was_right_by_is_asked_of_the_dose_when_it_is_corrected(
    recorded_before: Callable[[Led], int], fields: dict[str, Any], rule: str
) -> None:
    led = ready()
    at = recorded_before(led)
    was = msgspec.to_builtins(led.trial.state.events[at])
    led.prepare(7e7, 70)
    recorded(led.sign())
    assert not led.give(7e7)
    dose = the(led, x.DoseAdministered)
    correct(led, at, COORDINATOR, **fields)
    assert rule in open_rules(led, dose)
    correct(led, at, COORDINATOR, **{name: was[name] for name in fields})
    assert open_rules(led, dose) == set()


@pytest.mark.parametrize(
    ("kind", "said", "later", "earlier", "rule"),
    [
        (
            p.InformedConsentWithdrawn,
            {"scope": "treatment"},
            {"withdrawn_at": at_hour(12).isoformat()},
            {"withdrawn_at": at_hour(9).isoformat()},
            "consent is in force",
        ),
        (
            p.Disposition,
            {"status": "died"},
            {"occurred_on": str(DAY)},
            {"occurred_on": str(YESTERDAY)},
            "treatment goes on",
        ),
    ],
)
def test_an_end_that_was_before_a_dose_after_all_is_asked_of_the_dose(
    kind: type[Event], said: dict[str, Any], later: Any, earlier: Any, rule: str
) -> None:
    led = dosed()
    if "withdrawn_at" in later:
        said = {**said, "withdrawn_at": at_hour(12)}
    at = led.do(kind, hour=13, **said).position
    dose = the(led, x.DoseAdministered)
    assert open_rules(led, dose) == set()
    correct(led, at, **earlier)
    assert rule in open_rules(led, dose)
    correct(led, at, **later)
    assert rule not in open_rules(led, dose)


def test_consent_after_the_procedures_is_a_deviation() -> None:
    led = dosed()
    at = the(led, p.InformedConsentObtained)
    made = correct(led, at, occurred_on=str(DAY))
    found = {led.trial.state.deviations[one].rule for one in made.deviations}
    assert "the participant agrees before any procedure" in found
    moved = correct(led, at, occurred_on=str(DAY - timedelta(days=14)))
    assert moved.deviations == ()
    assert open_rules(led, at) == set()


def test_a_report_that_was_late_after_all_is_a_deviation() -> None:
    led = dosed()
    led.do(
        s.AdverseEventReported,
        adverse_event="AE1",
        term="Headache",
        onset=str(DAY),
        grade=4,
        serious=("life_threatening",),
        relation="possible",
        site_aware_at=at_hour(10),
        hour=11,
    )
    at = led.do(
        s.SafetyReportSent,
        adverse_event="AE1",
        recipient="sponsor",
        report="initial",
        sent_at=at_hour(11),
        hour=12,
    ).position
    assert open_rules(led, at) == set()
    made = led.trial.record(
        p.EntryCorrected(
            occurred_on=DAY + timedelta(days=4),
            recorded_at=at_hour(24 * 4),
            recorded_by=LEAD,
            site=SITE,
            of=at,
            fields={"sent_at": at_hour(24 * 3).isoformat()},
            reason="read off the receipt",
        )
    )
    assert opened(led, recorded(made), at) == {"the report is in time"}


# Whose judgement it is.


@pytest.mark.parametrize("relation", ["unrelated", "unlikely"])
def test_a_nurse_excludes_no_relation(relation: str) -> None:
    led = dosed()
    made = led.do(
        s.AdverseEventReported,
        NURSE,
        adverse_event="AE1",
        term="Headache",
        onset=str(DAY),
        grade=3,
        relation=relation,
        hour=12,
    )
    assert [led.trial.state.deviations[at].rule for at in made.deviations] == [
        "an investigator judges causality"
    ]
    assert courses(led.trial.state, led.one)["AE1"].event.investigator_relation == ""
    assert [one.id for one in possible_dlts(led.trial.state, led.one)] == ["AE1"]
    (task,) = [one for one in tasks(led.trial.state, at_hour(13), DAY) if one.kind == "signature"]
    assert task.roles == ("investigator",)
    led.do(s.AdverseEventUpdated, adverse_event="AE1", relation="possible", hour=14)
    assert courses(led.trial.state, led.one)["AE1"].event.investigator_relation == "possible"
    assert not [one for one in tasks(led.trial.state, at_hour(15), DAY) if one.kind == "signature"]


def test_an_investigators_correction_makes_a_nurses_relation_a_judgement() -> None:
    led = dosed()
    at = led.do(
        s.AdverseEventReported,
        NURSE,
        adverse_event="AE1",
        term="Headache",
        onset=str(DAY),
        grade=1,
        relation="unrelated",
        hour=12,
    ).position
    made = correct(led, at, relation="possible")
    assert courses(led.trial.state, led.one)["AE1"].event.investigator_relation == "possible"
    assert open_rules(led, at) == set()
    assert made.deviations == ()


def test_a_criterion_of_seriousness_that_was_ticked_by_mistake_is_taken_off() -> None:
    led = dosed()
    at = led.do(
        s.AdverseEventReported,
        adverse_event="AE1",
        term="Headache",
        onset=str(DAY),
        grade=1,
        relation="unrelated",
        serious=("hospitalisation",),
        hour=12,
    ).position
    correct(led, at, serious=[])
    assert courses(led.trial.state, led.one)["AE1"].event.serious == ()


# Whose entry it is.


def test_own_answers_are_corrected_at_the_participants_request_alone() -> None:
    led = enrolled()
    answer = Measured(element="patient_global", value=6.0, unit="{score}")
    at = led.do(f.ScoresRecorded, NURSE, results=(answer,)).position
    fields: dict[str, Any] = {
        "results": [{"element": "patient_global", "value": 4.0, "unit": "{score}"}]
    }
    for who in (NURSE, LEAD):
        found = tried(led, at, who, **fields)
        assert isinstance(found, Refused)
        assert "the participant's own answers" in found.reasons[0][1]
    assert isinstance(tried(led, at, NURSE, asked_for=True, **fields), Recorded)


def test_what_a_site_recorded_the_sponsor_does_not_correct() -> None:
    led = dosed()
    at = led.do(
        s.MedicationErrorReported, NURSE, description="the line was flushed twice", hour=12
    ).position
    found = tried(led, at, "sponsor.1", description="nothing happened")
    assert isinstance(found, Refused)
    other = f"nurse.{SITE}.2"
    assert isinstance(tried(led, at, COORDINATOR, description="flushed once"), Recorded), other


# Registrations, ends and withdrawals.


def test_a_registration_is_corrected_by_its_site() -> None:
    led = enrolled()
    at = led.one.position
    came = DAY - timedelta(days=20)
    correct(led, at, COORDINATOR, sex="female", birth="1985", occurred_on=str(came))
    assert (led.one.sex, led.one.birth) == ("female", "1985")
    study = led.trial.state.study
    assert screened_on(led.trial.state, led.one, study) >= came
    for name in ("participant", "site", "screened_as"):
        with pytest.raises(UnusableInput, match="cannot be corrected"):
            tried(led, at, COORDINATOR, AGAIN, **{name: "S99"})


def test_an_end_is_corrected_and_a_death_is_not() -> None:
    led = dosed()
    at = led.do(p.Disposition, status="withdrawn", hour=12).position
    correct(led, at, status="lost to follow-up")
    assert led.one.status == "lost to follow-up"
    correct(led, at, status="died")
    assert led.one.status == "died"
    with pytest.raises(UnusableInput, match="Mark the entry as made in error"):
        tried(led, at, status="withdrawn")


def test_a_withdrawal_from_everything_that_was_of_treatment_alone() -> None:
    led = enrolled()
    at = led.do(p.InformedConsentWithdrawn, scope="all", hour=12).position
    assert led.one.status == "withdrawn"
    correct(led, at, scope="treatment")
    assert (led.one.status, led.one.consent) == ("enrolled", "treatment withdrawn")


def test_who_was_lost_and_is_found_goes_on() -> None:
    led = dosed()
    led.do(p.Disposition, status="lost to follow-up", hour=12)
    assert led.one.status == "lost to follow-up"
    led.do(p.ParticipantFound, NURSE, reason="telephones", hour=14)
    assert led.one.status == "treated"
    assert led.do(p.Disposition, status="completed", hour=16).deviations == ()
    assert led.one.status == "completed"
    assert led.do(p.ParticipantFound, NURSE, reason="telephones", hour=17).deviations
