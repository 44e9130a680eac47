"""An urgent safety measure holds at once; what departs from a rule for it is its own class."""

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from gradatim.conduct.events import findings as f
from gradatim.conduct.events import participants as p
from gradatim.conduct.events import product as x
from gradatim.conduct.events import trial as t
from gradatim.conduct.events.base import Signature
from gradatim.conduct.events.safety import ProtocolDeviation
from gradatim.conduct.permissions import MAY
from gradatim.conduct.trial import Recorded, RecordOutcome, Refused
from gradatim.conduct.views.tasks import tasks
from gradatim.conduct.views.urgent import notifications, standing
from gradatim.core.errors import UnusableInput
from tests.conduct.ready import DAY, LEAD, NURSE, SITE, Led, ready
from tests.conduct.trials import event

RULE = "no urgent measure holds"
WINDOW = "no visit is missed"
DOSE = 7e7


def take(led: Led, by: str = LEAD, site: str = SITE, hour: float = 8.6, **fields: Any) -> int:
    """Take a measure, in one act."""
    said = {"hazard": "infusion sets leak", "measure": "nobody is dosed"} | fields
    outcome = led.trial.record(
        event(t.UrgentSafetyMeasureTaken, by, site, on=DAY, hour=hour, **said)
    )
    assert isinstance(outcome, Recorded), outcome
    return outcome.position


def end(led: Led, of: int) -> RecordOutcome:
    """End a measure, for the sponsor."""
    return led.trial.record(
        event(t.UrgentSafetyMeasureEnded, "sponsor.1", on=DAY, hour=8.8, of=of, reason="it is over")
    )


@pytest.mark.parametrize(("by", "site"), [(LEAD, SITE), ("sponsor.1", "")])
def test_it_holds_dosing_at_once_and_until_it_ends(by: str, site: str):
    led = ready()
    led.prepare(DOSE, 70.0)
    taken = take(led, by, site, holds=("dosing",))
    outcome = led.sign(hour=8.7)
    assert isinstance(outcome, Refused)
    assert dict(outcome.reasons)[RULE] == f"the urgent safety measure of entry {taken} holds dosing"
    assert isinstance(end(led, taken), Recorded)
    assert isinstance(led.sign(hour=9), Recorded)


def test_a_dose_given_all_the_same_is_recorded_with_its_deviation():
    led = ready()
    led.prepare(DOSE, 70.0)
    assert isinstance(led.sign(hour=8.55), Recorded)
    take(led, holds=("dosing",))
    assert RULE in led.give(DOSE, hour=9.5)


@pytest.mark.parametrize(
    ("where", "holds"),
    [
        ({"site": "S02", "by": "investigator.S02.1"}, False),
        ({"participant": "P1"}, True),
        ({}, True),
    ],
)
def test_it_holds_where_and_for_whom_it_was_taken(where: dict[str, Any], holds: bool):
    led = ready()
    led.prepare(DOSE, 70.0)
    take(led, holds=("dosing",), **where)
    outcome = led.sign(hour=9)
    assert (RULE in dict(getattr(outcome, "reasons", ()))) is holds


def test_it_holds_enrolment_and_new_persons():
    led = ready()
    take(led, "sponsor.1", "", holds=("enrolment",))
    new: dict[str, Any] = {"participant": "P2", "person_token": "1" * 64}
    outcome = led.ask(p.ParticipantRegistered, f"coordinator.{SITE}.1", **new)
    assert isinstance(outcome, Refused)
    assert RULE in dict(outcome.reasons)


def missed(led: Led, hour: float = 9) -> ProtocolDeviation:
    """Miss a visit; give the deviation that it opens."""
    visit = list(led.trial.state.study.schedule.encounters)[-1]
    done = led.do(f.EncounterMissed, NURSE, encounter=visit, hour=hour, reason="not called in")
    found = [led.trial.state.events[one] for one in done.deviations]
    made = next(one for one in found if isinstance(one, ProtocolDeviation) and one.rule == WINDOW)
    return made


def test_what_departs_because_of_it_is_an_immediate_hazard():
    led = ready()
    assert missed(led).measure is None
    taken = take(led, departs_from=(WINDOW,), parts=("schedule",))
    made = missed(led)
    assert made.measure == taken
    last = max(led.trial.state.deviations)
    assert not led.trial.state.deviations[last].open, "it waits for no ordinary review"


def test_a_measure_says_nothing_of_what_was_before_it():
    """Neither of a dose entered after it, nor of an entry that a correction makes a deviation."""
    led = ready()
    led.prepare(DOSE, 70.0)
    assert isinstance(led.sign(hour=9), Recorded)
    given = led.give(DOSE, hour=9.5)
    assert "the infusion keeps its limits" not in given
    at = led.one.entries_of[x.DoseAdministered][-1]
    fast = {"ended_at": datetime.combine(DAY, time(9, 31), UTC).isoformat()}
    named = ("the infusion keeps its limits", WINDOW)
    taken = take(led, hour=12, departs_from=named)
    corrected = led.trial.record(
        event(p.EntryCorrected, LEAD, SITE, on=DAY, hour=13, of=at, fields=fast, reason="a slip")
    )
    assert isinstance(corrected, Recorded), corrected
    opened: list[Any] = [led.trial.state.events[one] for one in corrected.deviations]
    assert [(one.rule, one.measure) for one in opened] == [(named[0], None)]
    assert missed(led, hour=14).measure == taken


def test_what_was_done_while_it_stood_departs_because_of_it_also_once_it_has_ended():
    led = ready()
    taken = take(led, departs_from=(WINDOW,))
    end(led, taken)
    assert missed(led, hour=8.7).measure == taken
    assert missed(led, hour=9).measure is None


def test_a_hold_counts_for_a_dose_by_when_it_was_given():
    """A dose of before the measure broke none; one of while it stood broke it, though it ended."""
    for hour, breaks in ((8.55, False), (8.7, True), (8.85, False)):
        led = ready()
        led.prepare(DOSE, 70.0)
        assert isinstance(led.sign(hour=8.52), Recorded)
        end(led, take(led, holds=("dosing",)))
        assert (RULE in led.give(DOSE, hour=hour)) is breaks, hour


def test_a_hold_of_a_number_that_is_given_up_holds_for_the_one_that_goes_on():
    led = ready()
    led.prepare(DOSE, 70.0)
    state = led.trial.state
    taken = take(led, participant="P1", holds=("dosing",))
    measure, state.urgent[taken].participant = state.urgent[taken], "P2"
    assert standing(state, SITE, "P1") == []
    other = replace(state.participants["P1"], id="P2", merged_into="P1")
    state.participants["P2"] = other
    assert standing(state, SITE, "P1") == [measure]
    outcome = led.sign(hour=9)
    assert isinstance(outcome, Refused)
    assert RULE in dict(outcome.reasons)


def test_a_notice_that_was_made_in_error_told_nobody():
    led = ready()
    taken = take(led, holds=("dosing",))
    told: dict[str, Any] = {"recipient": "ethics", "sent_at": datetime.combine(DAY, time(8), UTC)}
    sent = led.trial.record(
        event(t.UrgentSafetyMeasureNotified, "sponsor.1", on=DAY, of=taken, **told)
    )
    assert isinstance(sent, Recorded)
    assert [one.sent for one in notifications(led.trial.state)] == [told["sent_at"], None]
    void = event(
        p.EntryVoided,
        "sponsor.1",
        on=DAY,
        hour=13,
        of=sent.position,
        reason="another trial's letter",
        signature=Signature("Dr Sponsor", "made in error"),
    )
    assert isinstance(led.trial.record(void), Recorded)
    confirm = event(
        p.VoidConfirmed,
        LEAD,
        SITE,
        on=DAY,
        hour=14,
        of=led.trial.state.position,
        signature=Signature("Dr Lead", "seen"),
    )
    if led.trial.state.counts(sent.position):
        led.trial.record(confirm)
    assert not led.trial.state.counts(sent.position)
    assert [one.sent for one in notifications(led.trial.state)] == [None, None]


def test_another_rule_is_no_departure_because_of_it():
    led = ready()
    take(led, departs_from=("the visit is in its window",))
    assert missed(led).measure is None


def test_the_authorities_are_told_within_seven_days():
    """Reg. (EU) No 536/2014, art. 54(2)."""
    led = ready()
    taken = take(led, holds=("dosing",))
    due = datetime.combine(DAY + timedelta(days=7), time.max, UTC)
    found = [(one.recipient, one.due, one.sent) for one in notifications(led.trial.state)]
    assert found == [("ethics", due, None), ("regulator", due, None)]
    now = datetime.combine(DAY, time(12), UTC)
    waiting = [one for one in tasks(led.trial.state, now, DAY) if one.kind == "urgent measure"]
    assert [one.due for one in waiting] == [due, due]
    told: dict[str, Any] = {"of": taken, "recipient": "ethics", "sent_at": due}
    sent = event(t.UrgentSafetyMeasureNotified, "sponsor.1", on=DAY + timedelta(days=8), **told)
    outcome = led.trial.record(sent)
    assert isinstance(outcome, Recorded)
    assert outcome.deviations == ()
    late = event(
        t.UrgentSafetyMeasureNotified,
        "sponsor.1",
        on=DAY + timedelta(days=8),
        hour=13,
        of=taken,
        recipient="regulator",
        sent_at=due + timedelta(seconds=1),
    )
    outcome = led.trial.record(late)
    assert isinstance(outcome, Recorded)
    assert len(outcome.deviations) == 1


def test_who_takes_it_and_who_ends_it():
    assert set(MAY["UrgentSafetyMeasureTaken"]) == {"investigator", "sponsor"}
    led = ready()
    taken = take(led, holds=("dosing",))
    assert isinstance(end(led, taken), Recorded)
    again = end(led, taken)
    assert isinstance(again, Refused)
    with pytest.raises(UnusableInput, match="no urgent safety measure"):
        led.trial.record(
            event(
                t.UrgentSafetyMeasureNotified,
                "sponsor.1",
                on=DAY,
                of=1,
                recipient="ethics",
                sent_at=datetime.combine(DAY, time(9), UTC),
            )
        )


def test_follow_up_goes_on_under_it():
    led = ready()
    take(led, "sponsor.1", "", holds=("dosing", "enrolment"))
    visit = next(iter(led.trial.state.study.schedule.encounters))
    done = led.do(f.EncounterDone, NURSE, encounter=visit, hour=9)
    rules = {led.trial.state.deviations[one].rule for one in done.deviations}
    assert RULE not in rules
