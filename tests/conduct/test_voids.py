"""What was entered in error is to be seen, and counts nowhere; what rests on it waits for two."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from gradatim.conduct.as_of import as_of
from gradatim.conduct.catalogue import ACTS
from gradatim.conduct.events import findings as f
from gradatim.conduct.events import participants as p
from gradatim.conduct.events import product as x
from gradatim.conduct.events import safety as s
from gradatim.conduct.events import trial as t
from gradatim.conduct.events.base import Event, Measured, Signature
from gradatim.conduct.fold import fold
from gradatim.conduct.trial import Recorded, RecordOutcome, Refused
from gradatim.conduct.views.adverse_events import courses
from gradatim.conduct.views.bedside import checked_by
from gradatim.conduct.views.doses import doses, given
from gradatim.conduct.views.facts import facts_of
from gradatim.conduct.views.reporting import reports, to_nullify
from gradatim.conduct.views.safety import possible_dlts
from gradatim.conduct.views.stopping_rules import unanswered_rules
from gradatim.conduct.views.tasks import tasks
from gradatim.conduct.views.urgent import notifications
from gradatim.conduct.voids import SUPERSEDED
from gradatim.core.errors import UnusableInput
from tests.conduct.digest import digest
from tests.conduct.ready import DAY, LEAD, NURSE, SITE, Led, enrolled, ready, refused
from tests.conduct.trials import recorded

SIGNED = Signature("Dr A", "it was made in error")
COORDINATOR = f"coordinator.{SITE}.1"


def asked(led: Led, kind: type[Event], by: str, hour: float = 15, **fields: Any) -> RecordOutcome:
    """Record an act that names no participant, or have it refused."""
    at = datetime.combine(DAY, time(), UTC) + timedelta(hours=hour)
    about: dict[str, Any] = {"signature": SIGNED, **fields}
    made = kind(occurred_on=DAY, recorded_at=at, recorded_by=by, site=SITE, **about)
    return led.trial.record(made)


def at_hour(hour: int) -> datetime:
    """Give a time of the day of the dose."""
    return datetime.combine(DAY, time(hour), UTC)


def void(led: Led, of: int, by: str = NURSE, hour: float = 15) -> int:
    """Mark an entry as made in error; give the entry that says so."""
    return recorded(asked(led, p.EntryVoided, by, hour, of=of, reason="of another person")).position


def confirm(led: Led, of: int, by: str, hour: float = 16) -> RecordOutcome:
    """Confirm that an entry was made in error."""
    return asked(led, p.VoidConfirmed, by, hour, of=of)


def replayed(led: Led) -> str:
    """Give the digest of the ledger folded from its bytes."""
    entries = led.trial.store.read(led.trial.name)
    return digest(fold(led.trial.name, ((one.position, one.body) for one in entries)))


def dosed() -> Led:
    """Somebody who was given the first dose."""
    led = ready()
    led.prepare(7e7, 70)
    assert isinstance(led.sign(), Recorded)
    led.give(7e7)
    return led


def adverse(led: Led, **fields: Any) -> int:
    """Report an adverse event of the day of the dose."""
    more = {"term": "Headache", "grade": 3, "relation": "possible", **fields}
    return led.do(
        s.AdverseEventReported,
        adverse_event="AE1",
        onset=str(DAY),
        hour=12,
        **more,
    ).position


def test_a_fact_of_another_person_counts_nowhere_and_is_still_to_be_seen() -> None:
    led = enrolled()
    at = led.result("alt", 30, high=40).position
    assert facts_of(led.trial.state, led.one).of("alt")[-1].value == 30
    before = facts_of(led.trial.state, led.one).of("alt")
    void(led, at)
    assert facts_of(led.trial.state, led.one).of("alt") == before[:-1]
    assert at not in led.one.entries
    assert at in led.one.voided
    assert isinstance(led.trial.state.events[at], f.LaboratoryResultsRecorded)
    assert at not in dict(led.trial.state.events.of(f.LaboratoryResultsRecorded))
    assert replayed(led) == digest(led.trial.state)


def test_it_takes_a_reason_and_the_signature_of_who_holds_the_task() -> None:
    led = enrolled()
    at = led.result("alt", 30, high=40).position
    for by, signature in ((NURSE, None), (f"pharmacist.{SITE}.1", SIGNED), ("sponsor.1", SIGNED)):
        found = asked(
            led, p.EntryVoided, by, of=at, reason="of another person", signature=signature
        )
        assert isinstance(found, Refused)
        assert found.by == "permission"
    assert led.trial.state.counts(at)
    assert isinstance(asked(led, p.EntryVoided, COORDINATOR, of=at, reason="not his"), Recorded)


def test_it_is_taken_back_by_marking_it_in_turn() -> None:
    led = enrolled()
    at = led.result("alt", 30, high=40).position
    before = facts_of(led.trial.state, led.one)
    said = void(led, at)
    void(led, said, LEAD, 16)
    assert facts_of(led.trial.state, led.one) == before
    assert led.trial.state.counts(at)
    assert replayed(led) == digest(led.trial.state)


def test_what_was_made_in_error_is_neither_corrected_nor_judged() -> None:
    led = enrolled()
    at = led.result("alt", 30, high=40).position
    said = void(led, at)
    judge = {"of": at, "element": "alt", "significant": False, "signer": LEAD}
    tries: tuple[tuple[type[Event], dict[str, Any]], ...] = (
        (p.EntryCorrected, {"of": at, "fields": {"collected_on": "2027-01-02"}, "reason": "late"}),
        (f.ClinicalSignificanceSigned, {"participant": led.name, **judge}),
        (p.EntryVoided, {"of": at, "reason": "once more"}),
    )
    for kind, fields in tries:
        with pytest.raises(UnusableInput, match=f"entry {said} says so"):
            asked(led, kind, LEAD, **fields)


def test_a_candidate_goes_on_counting_until_an_investigator_and_a_second_have_signed() -> None:
    led = dosed()
    at = adverse(led)
    said = void(led, at)
    assert led.trial.state.voids[at].bears_on[0] == "the candidate AE1"
    assert [one.id for one in possible_dlts(led.trial.state, led.one)] == ["AE1"]
    (task,) = [one for one in tasks(led.trial.state, at_hour(20), DAY) if one.kind == "void"]
    assert task.given == {"of": str(said)}
    assert refused(confirm(led, said, NURSE)) == {
        "another person signs": f"{NURSE} has signed that already"
    }
    recorded(confirm(led, said, COORDINATOR))
    assert possible_dlts(led.trial.state, led.one), "neither of them is an investigator"
    recorded(confirm(led, said, LEAD, 17))
    assert not possible_dlts(led.trial.state, led.one)
    assert not courses(led.trial.state, led.one)
    assert not [one for one in tasks(led.trial.state, at_hour(20), DAY) if one.kind == "void"]
    with pytest.raises(UnusableInput, match="waits for no confirmation"):
        confirm(led, said, f"nurse.{SITE}.2", 18)
    assert replayed(led) == digest(led.trial.state)


def test_an_event_with_corrections_and_updates_goes_as_a_whole() -> None:
    led = dosed()
    at = adverse(led)
    signed = Signature("Dr A", "judged")
    fields = {"of": at, "fields": {"grade": 2}, "reason": "a slip", "signature": signed}
    assert isinstance(asked(led, p.EntryCorrected, LEAD, 13, **fields), Recorded)
    led.do(s.AdverseEventUpdated, NURSE, hour=14, adverse_event="AE1", grade=4)
    said = void(led, at, LEAD)
    recorded(confirm(led, said, NURSE))
    assert not possible_dlts(led.trial.state, led.one)
    assert not unanswered_rules(led.trial.state, DAY)
    with pytest.raises(UnusableInput, match="AE1 was entered in error"):
        led.do(s.AdverseEventUpdated, NURSE, hour=18, adverse_event="AE1", grade=4)
    assert replayed(led) == digest(led.trial.state)


def test_a_report_that_was_sent_is_nullified_and_not_erased() -> None:
    led = dosed()
    at = adverse(led, serious=("hospitalisation",), site_aware_at=at_hour(12))
    assert reports(led.trial.state, led.one)
    sent = {"adverse_event": "AE1", "recipient": "regulator", "sent_at": at_hour(13)}
    led.do(s.SafetyReportSent, LEAD, hour=14, report="initial", **sent)
    with pytest.raises(UnusableInput, match="AE1 stands"):
        led.do(s.SafetyReportSent, LEAD, hour=14.5, report="nullification", **sent)
    said = void(led, at, LEAD)
    assert reports(led.trial.state, led.one), "the clocks run on"
    recorded(confirm(led, said, NURSE))
    assert not reports(led.trial.state, led.one)
    assert to_nullify(led.trial.state, led.one) == [("AE1", "regulator")]
    assert [
        one.what for one in tasks(led.trial.state, at_hour(20), DAY) if "nullify" in one.what
    ] == ["AE1 was entered in error: nullify its report to regulator"]
    led.do(s.SafetyReportSent, LEAD, hour=18, report="nullification", **sent)
    assert to_nullify(led.trial.state, led.one) == []
    assert len(list(led.trial.state.events.of(s.SafetyReportSent))) == 2


def test_a_dose_that_was_recorded_twice_is_given_once() -> None:
    led = dosed()
    (bag,) = [one for one in led.trial.state.inventory.containers if one.id == "B1"]
    led.give(7e7, hour=11)
    second = led.one.entries_of[x.DoseAdministered][-1]
    assert doses(led.trial.state, led.one)[1].fraction == 2
    said = void(led, second, NURSE)
    assert led.trial.state.voids[second].bears_on[0] == "a dose"
    assert len(given(led.trial.state, led.one)) == 2
    recorded(confirm(led, said, LEAD))
    assert doses(led.trial.state, led.one)[1].fraction == 1
    (now,) = [one for one in led.trial.state.inventory.containers if one.id == "B1"]
    assert now == bag
    assert replayed(led) == digest(led.trial.state)


def test_what_opens_the_gate_of_the_next_dose_takes_two() -> None:
    led = ready()
    fever = led.measured(DAY, 8.2, body_temperature=39.5).position
    void(led, fever)
    assert any("next dose" in one for one in led.trial.state.voids[fever].bears_on)
    assert led.trial.state.counts(fever)


@pytest.mark.parametrize("status", ["withdrawn", "lost to follow-up", "died"])
def test_an_end_that_was_recorded_in_error_is_reversed(status: str) -> None:
    led = dosed()
    at = led.do(p.Disposition, status=status, hour=12).position
    assert led.one.status == status
    said = void(led, at, LEAD)
    rests = led.trial.state.voids[at].bears_on
    assert led.one.status == status, "it bears on the next dose"
    assert any("next dose" in one for one in rests)
    assert ("a death" in rests) is (status == "died")
    recorded(confirm(led, said, NURSE))
    assert led.one.status == "treated"
    assert not possible_dlts(led.trial.state, led.one)
    assert replayed(led) == digest(led.trial.state)


def test_a_screen_failure_and_a_withdrawal_are_reversed() -> None:
    led = enrolled()
    at = led.do(p.InformedConsentWithdrawn, scope="all", hour=12).position
    assert (led.one.status, led.one.consent) == ("withdrawn", "withdrawn")
    said = void(led, at, LEAD)
    assert led.one.status == "withdrawn", "it bears on the next dose"
    recorded(confirm(led, said, NURSE))
    assert (led.one.status, led.one.consent) == ("enrolled", "given")
    assert led.one.cohort is not None


def test_an_enrolment_made_in_error_frees_its_place() -> None:
    led = enrolled()
    (at,) = led.one.entries_of[p.ParticipantEnrolled]
    cohort = led.trial.state.cohort
    assert cohort is not None
    free = led.trial.state.free_places(cohort)
    said = void(led, at, LEAD)
    assert (led.one.status, led.one.level, led.one.cohort) == ("eligible", None, None)
    assert led.trial.state.free_places(cohort) == free + 1
    void(led, said, LEAD, 16)
    assert (led.one.status, led.one.level, led.one.cohort) == ("enrolled", 1, cohort.number)
    assert led.trial.state.free_places(cohort) == free
    assert replayed(led) == digest(led.trial.state)


@pytest.mark.parametrize(
    ("kind", "todo"),
    [
        (p.EligibilityConfirmed, "Confirm eligibility anew"),
        (x.ProductReleased, "Put the bags in quarantine"),
    ],
)
def test_what_carries_the_authority_of_others_is_superseded(kind: type[Event], todo: str) -> None:
    led = enrolled()
    at = max(position for position, _ in led.trial.state.events.of(kind))
    with pytest.raises(UnusableInput, match=todo):
        void(led, at, LEAD)


def test_nobody_who_was_dosed_loses_their_number() -> None:
    led = dosed()
    for kind in (p.ParticipantRegistered, p.ParticipantEnrolled):
        (at,) = led.one.entries_of[kind]
        with pytest.raises(UnusableInput, match="has been given the product"):
            void(led, at, LEAD)


def test_every_type_of_entry_is_marked_or_says_what_is_done_instead() -> None:
    facts = {kind for kind, act in ACTS.items() if act.correctable}
    assert not facts & set(SUPERSEDED), "what can be corrected can be marked"
    committee = {kind for kind, act in ACTS.items() if act.by_committee}
    assert committee <= set(SUPERSEDED)
    assert all(len(todo) > 10 for todo in SUPERSEDED.values())


def test_a_deviation_of_an_entry_made_in_error_is_answered() -> None:
    led = dosed()
    made = led.do(f.EncounterMissed, NURSE, encounter="day_1", hour=12)
    (deviation,) = made.deviations
    assert led.trial.state.deviations[deviation].open
    said = void(led, made.position)
    assert led.trial.state.deviations[deviation].answered_by == said
    assert not led.trial.state.deviations[deviation].open


def test_a_result_with_two_signatures_takes_its_candidate_along() -> None:
    led = dosed()
    low = Measured(element="platelets", value=20.0, unit="10*9/L", low=150.0)
    at = led.do(
        f.LaboratoryResultsRecorded,
        NURSE,
        hour=12,
        results=(low,),
        laboratory="central",
        ranges_version="2026-1",
        collected_on=str(DAY),
        taken_at=at_hour(12),
    ).position
    assert [one.id for one in possible_dlts(led.trial.state, led.one)] == [f"{at}-platelets"]
    said = void(led, at)
    assert possible_dlts(led.trial.state, led.one)
    recorded(confirm(led, said, LEAD))
    assert not possible_dlts(led.trial.state, led.one)


def test_a_classified_event_that_was_made_in_error_leaves_the_others_to_be_followed() -> None:
    led = dosed()
    at = adverse(led, term="qualm of the left ear")
    answers = {"anaphylaxis": "no"}
    led.do(
        s.AdverseEventClassified,
        hour=13,
        adverse_event="AE1",
        answers=answers,
        signer=LEAD,
        signature=SIGNED,
    )
    more: dict[str, Any] = {
        "term": "Headache",
        "grade": 3,
        "relation": "possible",
        "onset": str(DAY),
    }
    led.do(s.AdverseEventReported, adverse_event="AE2", hour=14, **more)
    led.do(s.AdverseEventUpdated, hour=14.5, adverse_event="AE2", grade=4)
    recorded(confirm(led, void(led, at, LEAD), NURSE))
    assert [one.id for one in possible_dlts(led.trial.state, led.one)] == ["AE2"]
    assert tasks(led.trial.state, at_hour(20), DAY)


def test_consent_that_a_place_rests_on_is_corrected_and_not_taken_away() -> None:
    led = enrolled()
    (at,) = led.one.entries_of[p.InformedConsentObtained]
    with pytest.raises(UnusableInput, match="has a place"):
        void(led, at, LEAD)
    led = dosed()
    with pytest.raises(UnusableInput, match="has been given the product"):
        void(led, at, LEAD)
    assert led.one.status == "treated"


def test_consent_that_was_recorded_twice_counts_once() -> None:
    led = dosed()
    form: dict[str, Any] = {"version": "1", "language": "en", "obtained_by": LEAD}
    at = led.do(p.InformedConsentObtained, hour=12, **form).position
    void(led, at, LEAD)
    assert (led.one.status, led.one.consent) == ("treated", "given")
    assert len(led.one.consents) == 1


def test_taking_back_what_opens_the_next_dose_takes_two_as_well() -> None:
    led = ready(temperature=39.5)
    well = led.measured(DAY, 8.2, body_temperature=36.6).position
    first = void(led, well)
    assert not led.trial.state.counts(well), "the fever holds the dose"
    again = void(led, first, NURSE, 16)
    assert any("next dose" in one for one in led.trial.state.voids[first].bears_on)
    assert not led.trial.state.counts(well), "until a second has signed"
    (task,) = [one for one in tasks(led.trial.state, at_hour(20), DAY) if one.kind == "void"]
    assert task.given == {"of": str(again)}
    with pytest.raises(UnusableInput, match=f"entry {again} says so already"):
        void(led, first, LEAD, 16.5)
    assert "another person signs" in refused(confirm(led, again, NURSE, 16.6))
    assert replayed(led) == digest(led.trial.state)
    recorded(confirm(led, again, LEAD, 17))
    assert led.trial.state.counts(well)
    assert well in led.one.entries
    assert not [one for one in tasks(led.trial.state, at_hour(20), DAY) if one.kind == "void"]
    assert replayed(led) == digest(led.trial.state)
    third = void(led, well, NURSE, 18)
    assert not led.trial.state.counts(well)
    void(led, third, LEAD, 19)
    void(led, led.trial.state.voids[third].position, LEAD, 19.5)
    assert not led.trial.state.counts(well), "what waits for a second is taken back by one"
    assert replayed(led) == digest(led.trial.state)


def test_a_clock_is_another_where_its_day_is() -> None:
    """Of one recipient there may be several, and one that would be due later is lost too."""
    led = dosed()
    adverse(led, serious=("hospitalisation",), site_aware_at=at_hour(12))
    assessed: dict[str, Any] = {
        "relation": "possible",
        "expected": False,
        "sponsor_aware_at": at_hour(12),
    }
    more: dict[str, Any] = {"reference_safety_information": "Investigator's Brochure 2.0"}
    led.trial.record(
        s.AdverseEventAssessed(
            occurred_on=DAY,
            recorded_at=at_hour(13),
            recorded_by="sponsor.1",
            site="",
            participant=led.name,
            adverse_event="AE1",
            signature=SIGNED,
            **assessed,
            **more,
        )
    )
    at = led.do(
        s.AdverseEventUpdated, hour=13.5, adverse_event="AE1", serious=("life_threatening",)
    ).position
    void(led, at, LEAD)
    assert "the clock of AE1" in led.trial.state.voids[at].bears_on
    assert led.trial.state.counts(at)


def test_that_an_authority_was_told_of_a_measure_bears_on_its_clock() -> None:
    led = ready()
    taken = led.act(
        t.UrgentSafetyMeasureTaken, LEAD, hazard="sets leak", measure="nobody", holds=("dosing",)
    ).position
    told = led.act(
        t.UrgentSafetyMeasureNotified,
        LEAD,
        hour=9,
        of=taken,
        recipient="ethics",
        sent_at=at_hour(9),
    ).position
    said = void(led, told, LEAD)
    assert led.trial.state.voids[told].bears_on == ("a clock",)
    sent = {one.recipient: one.sent for one in notifications(led.trial.state)}
    assert sent["ethics"] is not None
    recorded(confirm(led, said, NURSE))
    sent = {one.recipient: one.sent for one in notifications(led.trial.state)}
    assert sent["ethics"] is None, "it is to be told"


def test_a_data_cut_knows_of_what_was_made_in_error_since() -> None:
    """It is of what had happened by a day, and that had not."""
    led = dosed()
    at = adverse(led)
    signed: dict[str, Any] = {"signature": SIGNED, "reason": "of another person"}
    later = DAY + timedelta(days=3)
    said = led.act(p.EntryVoided, LEAD, on=later, of=at, **signed).position
    cut = as_of(led.trial.name, led.trial.store.read(led.trial.name), occurred_on=DAY)
    assert possible_dlts(cut, cut.participants[led.name]), "a second person has yet to sign"
    led.act(p.VoidConfirmed, NURSE, on=later, hour=9, of=said, signature=SIGNED)
    cut = as_of(led.trial.name, led.trial.store.read(led.trial.name), occurred_on=DAY)
    assert not possible_dlts(cut, cut.participants[led.name])
    again = led.act(p.EntryVoided, LEAD, on=later, hour=10, of=said, **signed).position
    cut = as_of(led.trial.name, led.trial.store.read(led.trial.name), occurred_on=DAY)
    counts = led.trial.state.counts(at)
    assert bool(possible_dlts(cut, cut.participants[led.name])) is counts
    assert again == led.trial.state.position
    before = as_of(
        led.trial.name,
        led.trial.store.read(led.trial.name),
        occurred_on=DAY - timedelta(days=1),
    )
    assert not before.voids


def prepared_twice() -> tuple[Led, int]:
    """Somebody whose dose was prepared, and prepared again, which was verified and signed for."""
    led = ready()
    led.prepare(7e7, 70)
    laboratory, bags = f"cell_lab.{SITE}.1", ("B3", "B4")
    led.do(x.ProductAssigned, f"pharmacist.{SITE}.1", lot="L1", dose=1, bags=bags)
    more = {"amount": 7e7, "planned": 7e7, "unit": "{cells}", "weight_kg": 70.0}
    thawed = at_hour(8)
    drawn = (x.Drawn("B3", 10.0, 0.0, thawed), x.Drawn("B4", 4.0, 6.0, thawed))
    made = led.do(x.DosePrepared, laboratory, lot="L1", dose=1, drawn=drawn, **more)
    led.do(x.PreparationVerified, f"cell_lab.{SITE}.2", hour=8.8, dose=1)
    assert isinstance(led.sign(), Recorded)
    led.do(
        x.BedsideChecked,
        NURSE,
        hour=9.2,
        dose=1,
        identifiers=("name", "birth date"),
        person_code="P1",
        bag_codes=("L1/B3", "L1/B4"),
        how="scanned",
    )
    return led, made.position


def signed_of(led: Led) -> tuple[bool, bool, tuple[str, ...]]:
    """Say whether the dose is verified and signed for, and who checked it at the bedside."""
    dose = doses(led.trial.state, led.one)[1]
    by = checked_by(led.trial.state, led.one, 1)
    return dose.verified is not None, dose.signed is not None, by


def test_what_was_signed_of_a_preparation_made_in_error_is_of_no_other():
    led, second = prepared_twice()
    assert signed_of(led) == (True, True, (NURSE,))
    at = void(led, second, f"cell_lab.{SITE}.1")
    assert signed_of(led) == (True, True, (NURSE,)), "until two have signed, nothing has changed"
    assert isinstance(confirm(led, at, LEAD), Recorded)
    dose = doses(led.trial.state, led.one)[1]
    assert dose.at["prepared"] < second
    assert signed_of(led) == (False, False, ())
    led.do(x.PreparationVerified, f"cell_lab.{SITE}.2", hour=16.5, dose=1)
    assert signed_of(led) == (True, False, ())
    void(led, at, f"cell_lab.{SITE}.1", hour=17)
    assert doses(led.trial.state, led.one)[1].at["prepared"] == second
    assert signed_of(led) == (False, False, ()), "what was signed since was of the first"


def test_a_preparation_made_in_error_takes_nothing_from_the_one_after_it():
    """It was followed by another, which was verified and signed for; whether it counts or not."""
    led, second = prepared_twice()
    first = led.one.entries_of[x.DosePrepared][0]
    at = void(led, first, f"cell_lab.{SITE}.1")
    assert isinstance(confirm(led, at, LEAD), Recorded)
    assert first not in led.one.entries_of[x.DosePrepared]
    assert doses(led.trial.state, led.one)[1].at["prepared"] == second
    assert signed_of(led) == (True, True, (NURSE,))
    void(led, at, f"cell_lab.{SITE}.1", hour=17)
    assert first in led.one.entries_of[x.DosePrepared]
    assert signed_of(led) == (True, True, (NURSE,))
