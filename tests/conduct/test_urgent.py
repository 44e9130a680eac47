"""An urgent safety measure holds at once; what departs from a rule for it is its own class."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from gradatim.conduct.events import findings as f
from gradatim.conduct.events import participants as p
from gradatim.conduct.events import trial as t
from gradatim.conduct.events.safety import ProtocolDeviation
from gradatim.conduct.permissions import MAY
from gradatim.conduct.trial import Recorded, RecordOutcome, Refused
from gradatim.conduct.views.tasks import tasks
from gradatim.conduct.views.urgent import notifications
from gradatim.core.errors import UnusableInput
from tests.conduct.ready import DAY, LEAD, NURSE, SITE, Led, ready
from tests.conduct.trials import event

RULE = "no urgent measure holds"
WINDOW = "no visit is missed"
DOSE = 7e7


def take(led: Led, by: str = LEAD, site: str = SITE, **fields: Any) -> int:
    """Take a measure, in one act."""
    said = {"hazard": "infusion sets leak", "measure": "nobody is dosed"} | fields
    outcome = led.trial.record(
        event(t.UrgentSafetyMeasureTaken, by, site, on=DAY, hour=8.6, **said)
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


def missed(led: Led) -> ProtocolDeviation:
    """Miss a visit; give the deviation that it opens."""
    visit = list(led.trial.state.study.schedule.encounters)[-1]
    done = led.do(f.EncounterMissed, NURSE, encounter=visit, hour=9, reason="not called in")
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
