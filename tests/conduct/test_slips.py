"""What cannot be meant is refused; what one person alone should not have done is noted."""

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from gradatim.conduct.events import findings as f
from gradatim.conduct.events import participants as p
from gradatim.conduct.events import review as r
from gradatim.conduct.events import safety as s
from gradatim.conduct.events.base import Event, Signature
from gradatim.conduct.trial import Recorded, Trial
from gradatim.core.errors import UnusableInput
from tests.conduct.ready import DAY, LEAD, NURSE, SITE, Led, enrolled
from tests.conduct.trials import recorded

SIGNED = Signature("Monitor", "I have compared these entries with their source.")


def office(led: Led, kind: type[Event], by: str = "monitor.1", **fields: Any) -> Recorded:
    """Record an act of the whole trial."""
    at = datetime.combine(DAY, time(20), UTC)
    made = kind(occurred_on=DAY, recorded_at=at, recorded_by=by, **fields)
    return recorded(led.trial.record(made))


def event_of(led: Led, onset: str) -> None:
    """Report an adverse event."""
    led.do(
        s.AdverseEventReported,
        adverse_event="AE1",
        term="Headache",
        onset=onset,
        grade=1,
        relation="unrelated",
    )


def test_nothing_is_over_before_it_began() -> None:
    led = enrolled()
    event_of(led, str(DAY))
    over: dict[str, Any] = {"adverse_event": "AE1", "outcome": "recovered"}
    early = str(DAY - timedelta(days=3))
    with pytest.raises(UnusableInput, match="AE1 ended on"):
        led.do(s.AdverseEventResolved, resolved_on=early, **over)
    led.do(s.AdverseEventResolved, resolved_on=str(DAY), hour=9, **over)
    (at,) = led.one.entries_of[s.AdverseEventReported]
    led.act(p.EntryCorrected, LEAD, hour=10, of=at, fields={"onset": early}, reason="a slip")
    on = DAY + timedelta(days=2)
    late = {"onset": str(DAY + timedelta(days=1))}
    with pytest.raises(UnusableInput, match="AE1 ended on"):
        led.act(p.EntryCorrected, LEAD, on=on, of=at, fields=late, reason="a slip")


def at(day: date, hour: float = 8) -> datetime:
    """A time of a day, at the site."""
    return datetime.combine(day, time(), UTC) + timedelta(hours=hour)


BEFORE = DAY - timedelta(days=1)
AN_EVENT: dict[str, Any] = {"adverse_event": "AE2", "term": "Fever", "onset": str(BEFORE)}
CONSENT: dict[str, Any] = {"version": "1.0", "language": "zh-CN", "obtained_by": LEAD}
OVER: dict[str, Any] = {"adverse_event": "AE1", "outcome": "recovered"}
SAMPLE: dict[str, Any] = {
    "results": (),
    "laboratory": "central",
    "ranges_version": "1",
    "collected_on": str(BEFORE),
}
OTHERWISE: dict[str, dict[str, Any]] = {
    "taken_at": {"taken_at": at(BEFORE), "collected_on": str(BEFORE - timedelta(days=1))}
}
"""What makes a time and its day differ, but for a time of the day after."""


@pytest.mark.parametrize(
    ("kind", "fields", "name"),
    [
        (s.AdverseEventReported, AN_EVENT, "onset_at"),
        (s.AdverseEventUpdated, {"adverse_event": "AE1"}, "onset_at"),
        (s.AdverseEventResolved, {**OVER, "resolved_on": str(BEFORE)}, "resolved_at"),
        (p.InformedConsentRenewed, {**CONSENT, "on": BEFORE}, "consented_at"),
        (p.InformedConsentWithdrawn, {"scope": "treatment", "on": BEFORE}, "withdrawn_at"),
        (f.LaboratoryResultsRecorded, {**SAMPLE, "on": BEFORE}, "taken_at"),
    ],
)
def test_a_time_is_of_the_day_beside_it(kind: Any, fields: Any, name: str) -> None:
    led = enrolled()
    led.trial.state.zones[""] = "UTC"
    event_of(led, str(BEFORE))
    with pytest.raises(UnusableInput, match=name):
        led.do(kind, hour=9, **{**fields, **OTHERWISE.get(name, {name: at(DAY)})})
    led.do(kind, hour=9, **{**fields, name: at(BEFORE)})


def test_a_time_is_of_the_month_beside_it_and_of_no_other() -> None:
    led = enrolled()
    led.trial.state.zones[""] = "UTC"
    month = {**AN_EVENT, "onset": f"{DAY:%Y-%m}"}
    with pytest.raises(UnusableInput, match="onset_at"):
        led.do(s.AdverseEventReported, **month, onset_at=at(DAY.replace(day=1), -1))
    led.do(s.AdverseEventReported, **month, onset_at=at(DAY.replace(day=1), 0))


def test_what_is_recorded_of_after_a_death_is_a_deviation() -> None:
    led = enrolled()
    led.do(p.Disposition, status="died", on=DAY - timedelta(days=1))
    for made in (
        led.measured(DAY, 9, body_weight=70),
        led.result("alt", 30, DAY, hour=9, high=40),
        led.do(f.EncounterDone, NURSE, encounter="day_1", hour=9),
    ):
        rules = {led.trial.state.deviations[at].rule for at in made.deviations}
        assert "the participant lived" in rules
    before = led.measured(DAY - timedelta(days=2), 9, body_weight=70)
    rules = {led.trial.state.deviations[at].rule for at in before.deviations}
    assert "the participant lived" not in rules


def test_a_closed_query_is_not_answered_and_only_deviations_are_reviewed() -> None:
    led = enrolled()
    office(led, r.QueryOpened, query="Q1", of=led.one.position, question="is it so?")
    office(led, r.QueryClosed, query="Q1")
    with pytest.raises(UnusableInput, match="query Q1 is closed"):
        led.act(r.QueryAnswered, NURSE, hour=21, query="Q1", answer="it is so")
    review: dict[str, Any] = {"important": False, "action": "none", "signature": SIGNED}
    with pytest.raises(UnusableInput, match=f"entry {led.one.position} is no deviation"):
        office(led, s.ProtocolDeviationReviewed, of=led.one.position, **review)


def test_who_verifies_did_not_record_and_who_answers_did_not_ask() -> None:
    led = enrolled()
    own = office(led, r.QueryOpened, query="Q1", of=led.one.position, question="is it so?")
    made = office(led, r.SourceDataVerified, entries=(own.position,), signature=SIGNED)
    assert [led.trial.state.deviations[at].rule for at in made.deviations] == [
        "who verifies did not record"
    ]
    fine = office(led, r.SourceDataVerified, entries=(led.one.position,), signature=SIGNED)
    assert fine.deviations == ()


@pytest.fixture
def once() -> tuple[Led, Event, int]:
    """A weight, recorded under a request."""
    led = enrolled()
    at = datetime.combine(DAY, time(9), UTC)
    made = f.EncounterDone(
        occurred_on=DAY,
        recorded_at=at,
        recorded_by=NURSE,
        site=SITE,
        participant=led.name,
        encounter="day_1",
    )
    return led, made, recorded(led.trial.record(made, request="r-1")).position


def test_the_same_request_is_recorded_once(once: tuple[Led, Event, int]) -> None:
    led, made, at = once
    head = led.trial.head
    assert led.trial.record(made, request="r-1") == Recorded(at)
    other = Trial(led.trial.store, led.trial.name)  # after a restart
    assert other.record(made, request="r-1") == Recorded(at)
    assert led.trial.head == head


@pytest.mark.parametrize(
    "changed",
    [{"encounter": "day_28"}, {"recorded_by": LEAD}, {"participant": "S01-001"}],
)
def test_a_request_that_was_used_for_another_event_is_no_answer_to_this_one(
    once: tuple[Led, Event, int], changed: dict[str, Any]
) -> None:
    led, made, at = once
    fields = {name: getattr(made, name) for name in made.__struct_fields__}
    other = f.EncounterDone(**{**fields, **changed})
    with pytest.raises(UnusableInput, match=f"it is entry {at}, a EncounterDone"):
        led.trial.record(other, request="r-1")
    error = s.MedicationErrorReported(
        occurred_on=DAY,
        recorded_at=made.recorded_at,
        recorded_by=NURSE,
        site=SITE,
        participant=led.name,
        description="the line was flushed twice",
    )
    for trial in (led.trial, Trial(led.trial.store, led.trial.name)):  # and after a restart
        with pytest.raises(UnusableInput, match="used for another event"):
            trial.record(error, request="r-1")
