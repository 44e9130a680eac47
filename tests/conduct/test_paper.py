"""What was written on paper is judged by when it happened; an authorisation is of its own day."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest

from gradatim.conduct.events import participants as p
from gradatim.conduct.events import product as x
from gradatim.conduct.events import trial as t
from gradatim.conduct.events.base import Event, Paper
from gradatim.conduct.folding.product import refold
from gradatim.conduct.narrative import narrate
from gradatim.conduct.trial import Recorded, RecordOutcome, Refused
from gradatim.conduct.views.bedside import checked_by
from gradatim.core.errors import UnusableInput
from tests.conduct.product_cases import asking
from tests.conduct.ready import DAY, LEAD, NURSE, SITE, Led, ready
from tests.conduct.test_transfers import moved
from tests.conduct.trials import event, recorded

ENTERED = datetime(DAY.year, DAY.month, DAY.day, 9, tzinfo=UTC) + timedelta(days=4)
"""When everything is entered that was written on paper on the day of the dose."""
DOSE = 7e7
RULE = "the act is of the day it is given"


def at(hour: float) -> datetime:
    """A time of the day of the dose."""
    return datetime(DAY.year, DAY.month, DAY.day, tzinfo=UTC) + timedelta(hours=hour)


def paper(by: str, hour: float) -> Paper:
    """A paper that somebody signed on the day of the dose."""
    return Paper(signed_by=by, signed_at=at(hour), image_sha256="a" * 64, filed="folder 3")


def enter(
    led: Led, kind: type[Event], by: str, on: Paper | None = None, **fields: Any
) -> RecordOutcome:
    """Enter an act of the day of the dose four days later, where the participant is then."""
    about: dict[str, Any] = {"participant": led.name, **fields}
    site = led.one.site
    who = by.replace(SITE, site)
    return led.trial.record(
        kind(occurred_on=DAY, recorded_at=ENTERED, recorded_by=who, site=site, paper=on, **about)
    )


def bags(led: Led, expires_at: datetime) -> None:
    """Receive and release two bags that expire then."""
    one = {
        "volume_ml": 10.0,
        "cells_per_ml": 5e6,
        "counted": "viable",
        "measured": "release",
        "viability": 0.9,
        "dmso": 0.05,
        "expires_at": expires_at,
    }
    units = msgspec.convert([{"id": name, **one} for name in ("X1", "X2")], tuple[x.Bag, ...])
    led.act(x.ProductReceived, f"cell_lab.{SITE}.1", hour=6, lot="X", bags=units)
    led.act(x.ProductReleased, f"cell_lab.{SITE}.1", hour=6, lot="X", bags=("X1", "X2"))


def items(led: Led) -> dict[str, Any]:
    """Every item of the checklist, in order."""
    return {one.id: "in order" for one in led.trial.state.study.treatment.checklist}


def entered_later(led: Led) -> dict[str, str]:
    """Enter the dose from paper, step by step; give the deviations that it opened."""
    laboratory = [f"cell_lab.{SITE}.{n}" for n in (1, 2)]
    drawn = (x.Drawn("X1", 10, 0, at(7.8)), x.Drawn("X2", 4, 6, at(7.8)))
    prepared = {"amount": DOSE, "planned": DOSE, "unit": "{cells}", "weight_kg": 70.0}
    given = {"amount": DOSE, "unit": "{cells}", "volume_ml": 14.0}
    times = {"started_at": at(9.2), "ended_at": at(10.2)}
    signed = {"items": items(led), "signer": LEAD}
    lot = {"lot": "X", "dose": 1}
    first, second = laboratory
    done = [
        enter(led, x.ProductAssigned, first, paper(first, 7.5), **lot, bags=("X1", "X2")),
        enter(led, x.DosePrepared, first, paper(first, 8), **lot, **prepared, drawn=drawn),
        enter(led, x.PreparationVerified, first, paper(second, 8.2), dose=1),
        enter(led, x.PreDoseChecklistSigned, NURSE, paper(LEAD, 9), dose=1, **signed),
        enter(led, x.DoseAdministered, NURSE, paper(NURSE, 10.5), dose=1, **given, **times),
    ]
    positions = [one for outcome in done for one in recorded(outcome).deviations]
    found = [led.trial.state.deviations[one] for one in positions]
    return {one.rule: one.description for one in found}


def test_a_dose_on_paper_is_entered_without_a_deviation_for_lateness():
    """The bags expired on the day after; they had not when they were given."""
    led = ready()
    bags(led, at(30))
    assert entered_later(led) == {}


def test_a_dose_on_paper_of_the_former_site_was_given_there():
    """It is entered at the site that has the participant now; the bags are where they were."""
    led = ready()
    bags(led, at(30))
    moved(led)
    assert entered_later(led) == {}
    refold(led.trial.state)
    for bag in led.trial.state.inventory.find("X", ("X1", "X2")):
        assert (bag.site, bag.status, bag.faults) == (SITE, "used", ())


def test_bags_that_had_expired_then_are_a_deviation_now():
    led = ready()
    bags(led, at(10))
    assert "the infusion keeps its limits" in entered_later(led)


def test_both_times_and_the_paper_stand_in_the_ledger():
    led = ready()
    bags(led, at(30))
    entered_later(led)
    position = led.one.entries_of[x.PreDoseChecklistSigned][-1]
    made = led.trial.state.events[position]
    assert (made.occurred_on, made.recorded_at) == (DAY, ENTERED)
    assert made.paper == paper(LEAD, 9)
    assert f"on paper, signed by {LEAD} at {DAY} 09:00" in narrate(made)


def test_a_checklist_on_paper_authorises_no_dose_to_come():
    """It says what was signed then; whoever gives the dose now signs for it now."""
    led = ready()
    led.prepare(DOSE, 70.0)
    signed = msgspec.structs.replace(checklist(led, 9), paper=paper(LEAD, 8.9))
    assert isinstance(led.trial.record(signed), Recorded)
    assert led.give(DOSE, hour=9.5)["the checklist is signed"].startswith("it was entered from")


def test_a_checklist_is_not_signed_after_the_dose_has_begun():
    led = ready()
    led.prepare(DOSE, 70.0)
    assert isinstance(led.sign(hour=9), Recorded)
    assert "after the dose had begun" in led.give(DOSE, hour=8.9)["the checklist is signed"]


def checklist(led: Led, hour: float) -> x.PreDoseChecklistSigned:
    """The checklist of the first dose, signed at that hour."""
    return x.PreDoseChecklistSigned(
        occurred_on=DAY,
        recorded_at=at(hour),
        recorded_by=LEAD,
        site=SITE,
        participant=led.name,
        dose=1,
        items=items(led),
        signer=LEAD,
    )


@pytest.mark.parametrize("days", [1, -1, -120])
def test_a_checklist_is_of_the_day_on_which_it_is_signed(days: int):
    led = ready()
    led.prepare(DOSE, 70.0)
    other = msgspec.structs.replace(checklist(led, 9), occurred_on=DAY + timedelta(days=days))
    outcome = led.trial.record(other)
    assert isinstance(outcome, Refused)
    assert f"given on {DAY}: date it {DAY}" in dict(outcome.reasons)[RULE]


def test_eligibility_is_not_confirmed_months_back():
    led = ready()
    back = p.EligibilityConfirmed(
        occurred_on=DAY - timedelta(days=2),
        recorded_at=at(9) + timedelta(days=120),
        recorded_by=LEAD,
        site=SITE,
        participant=led.name,
        signer=LEAD,
        first_dose_on=DAY,
    )
    outcome = led.trial.record(back)
    assert isinstance(outcome, Refused)
    assert "is dated" in dict(outcome.reasons)[RULE]


def test_the_offset_of_the_time_says_which_day_it_is():
    """Just after midnight in Shanghai it is still the day before in UTC."""
    led = ready()
    led.prepare(DOSE, 70.0)
    tomorrow = msgspec.structs.replace(
        checklist(led, 9),
        occurred_on=DAY + timedelta(days=1),
        recorded_at=at(17).astimezone(ZoneInfo("Asia/Shanghai")),
    )
    assert RULE not in dict(getattr(led.trial.record(tomorrow), "reasons", ()))


def infusion(on: date, **more: Any) -> Event:
    """An infusion of the day of the dose, recorded on it."""
    fields: dict[str, Any] = {
        "started_at": at(9.5),
        "ended_at": at(10.5),
        "amount": DOSE,
        "unit": "{cells}",
        "dose": 1,
        "participant": "P1",
    }
    return x.DoseAdministered(
        occurred_on=on, recorded_at=at(11), recorded_by=NURSE, site=SITE, **(fields | more)
    )


def test_an_infusion_is_not_dated_tomorrow():
    with pytest.raises(UnusableInput, match="it occurred on"):
        ready().trial.record(infusion(DAY + timedelta(days=1)))


@pytest.mark.parametrize(
    "more",
    [
        {"ended_at": at(14.4)},
        {"started_at": at(35), "ended_at": at(36)},
        {"ended_at": at(9)},
        {"interruptions": (x.Interruption(at(12), at(12.5)),)},
        {"interruptions": (x.Interruption(at(10), at(9.8)),)},
        {"amount": float("inf")},
        {"volume_ml": float("nan")},
    ],
)
def test_times_and_numbers_that_cannot_be_are_refused_with_one_message(more: dict[str, Any]):
    with pytest.raises(UnusableInput):
        ready().trial.record(infusion(DAY, **more))


def test_what_is_signed_on_paper_is_named_by_its_signer():
    led = ready()
    led.prepare(DOSE, 70.0)
    other = msgspec.structs.replace(checklist(led, 9), paper=paper(NURSE, 8.9))
    with pytest.raises(UnusableInput, match="signed on paper"):
        led.trial.record(other)


def test_other_authorisations_are_not_given_on_paper():
    granted = t.RoleGranted(
        occurred_on=DAY,
        recorded_at=at(9),
        recorded_by=LEAD,
        site=SITE,
        user="new.1",
        role="nurse",
        paper=paper(LEAD, 8),
    )
    assert isinstance(ready().trial.record(granted), Refused)


def happened_since(led: Led, kind: type[Event], **fields: Any) -> None:
    """Record what happened in the trial on the day after the dose, before the paper is entered."""
    by = fields.pop("by", NURSE)
    recorded(
        led.trial.record(
            kind(
                occurred_on=DAY + timedelta(days=1),
                recorded_at=at(33),
                recorded_by=by,
                site=SITE,
                **fields,
            )
        )
    )


def test_a_pause_of_the_day_after_is_none_of_a_dose_on_paper():
    led = ready()
    bags(led, at(30))
    happened_since(led, t.TrialPaused, reason="a leak")
    assert entered_later(led) == {}


def test_a_pause_that_has_ended_since_stood_when_the_dose_was_given():
    led = ready()
    bags(led, at(30))
    pause = event(t.TrialPaused, NURSE, SITE, on=DAY, hour=8.5, reason="a leak")
    recorded(led.trial.record(pause))
    signers = ("committee.1", "committee.2")
    happened_since(
        led,
        t.TrialResumed,
        by=signers[0],
        reason="it was a seal",
        stopping_rules=(),
        signers=signers,
    )
    assert "a leak" in entered_later(led)["dosing is not paused"]


@pytest.mark.parametrize(("on", "counts"), [(DAY, True), (DAY + timedelta(days=1), False)])
def test_a_pause_told_later_counts_from_its_day_on(on: date, counts: bool):
    led = ready()
    bags(led, at(30))
    told = event(t.TrialPaused, NURSE, SITE, on=on, hour=30 + 24 * (DAY - on).days, reason="a leak")
    recorded(led.trial.record(told))
    assert ("dosing is not paused" in entered_later(led)) is counts


def test_the_end_of_the_trial_is_none_of_a_dose_before_it():
    led = ready()
    bags(led, at(30))
    happened_since(led, t.TrialStopped, by="sponsor.1", reason="no more money")
    assert entered_later(led) == {}


LOST: tuple[type[Event], dict[str, Any]] = (p.Disposition, {"status": "lost to follow-up"})
FOUND: tuple[type[Event], dict[str, Any]] = (p.ParticipantFound, {"reason": "has called"})
ENDS: tuple[tuple[type[Event], dict[str, Any]], ...] = (
    LOST,
    (p.Disposition, {"status": "withdrawn"}),
    (p.InformedConsentWithdrawn, {"scope": "all"}),
    (p.ScreenFailed, {"criteria": ("E1",)}),
)


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize(("days", "counts"), [(-2, True), (1, False)])
def test_a_dose_on_paper_is_asked_who_had_left_then(
    end: tuple[type[Event], dict[str, Any]], days: int, counts: bool
):
    """However they left, and not who has left since the dose was given."""
    led = ready()
    bags(led, at(30))
    told(led, days, end)
    assert ("treatment goes on" in entered_later(led)) is counts


@pytest.mark.parametrize(
    ("lost", "found", "counts"), [(-2, 1, True), (-2, -1, False), (1, 2, False)]
)
def test_a_dose_on_paper_is_asked_who_was_lost_then(lost: int, found: int, counts: bool):
    """Whoever was found since had left when the dose was given."""
    led = ready()
    bags(led, at(30))
    told(led, lost, LOST)
    told(led, found, FOUND)
    assert ("treatment goes on" in entered_later(led)) is counts


def told(led: Led, days: int, what: tuple[type[Event], dict[str, Any]]) -> None:
    """Record something of some days after the dose."""
    kind, fields = what
    on = DAY + timedelta(days=days)
    recorded(
        led.trial.record(event(kind, LEAD, SITE, on=on, hour=6, participant=led.name, **fields))
    )


@pytest.mark.parametrize(("did", "entered", "lacks"), [(LEAD, NURSE, False), (NURSE, LEAD, True)])
def test_of_what_was_done_on_paper_the_training_of_who_did_it_is_asked(
    did: str, entered: str, lacks: bool
):
    """The nurse is not trained."""
    led = ready()
    del led.trial.state.training[NURSE]
    given: dict[str, Any] = {"dose": 1, "amount": DOSE, "unit": "{cells}"}
    times = {"started_at": at(9.5), "ended_at": at(10.5)}
    done = enter(led, x.DoseAdministered, entered, paper(did, 11), **given, **times)
    broken = {led.trial.state.deviations[one].rule for one in recorded(done).deviations}
    assert ("who acts is trained" in broken) is lacks


def test_two_checks_at_the_bedside_are_entered_from_paper():
    """One transcribes both; each is of who signed it, and of when it was signed."""
    led = asking()
    led.sign()
    said: dict[str, Any] = {
        "identifiers": ("name", "birth date"),
        "person_code": "P1",
        "bag_codes": ("L1/B1", "L1/B2"),
        "how": "read",
        "dose": 1,
    }
    for who, hour in ((NURSE, 9.2), (LEAD, 9.3)):
        outcome = recorded(enter(led, x.BedsideChecked, NURSE, paper(who, hour), **said))
        assert outcome.deviations == ()
    assert checked_by(led.trial.state, led.one, 1) == (NURSE, LEAD)
    times = {"started_at": at(9.5), "ended_at": at(10.5)}
    given = {"dose": 1, "amount": DOSE, "unit": "{cells}", "volume_ml": 14.0, **times}
    done = recorded(enter(led, x.DoseAdministered, NURSE, paper(NURSE, 11), **given))
    broken = {led.trial.state.deviations[one].rule for one in done.deviations}
    assert "person and product were checked" not in broken


def test_a_dose_before_the_place_was_taken_is_a_deviation_though_entered_after():
    led = ready()
    start = at(9.5) - timedelta(days=5)
    signed = Paper(signed_by=LEAD, signed_at=start, image_sha256="a" * 64)
    made = x.DoseAdministered(
        occurred_on=start.date(),
        recorded_at=ENTERED,
        recorded_by=NURSE,
        site=SITE,
        participant=led.name,
        dose=1,
        started_at=start,
        ended_at=start + timedelta(hours=1),
        amount=7e7,
        unit="{cells}",
        paper=signed,
    )
    found = [led.trial.state.deviations[at] for at in recorded(led.trial.record(made)).deviations]
    told = {one.rule: one.description for one in found}
    day = DAY - timedelta(days=2)
    assert told["a place is held"] == f"{led.name} took a place on {day}, after this"
    assert told["eligibility is confirmed"] == (
        f"that {led.name} is eligible was confirmed on {day}, after this"
    )


def steps_on_paper(
    led: Led, verified: float, checked: float = 9.1
) -> dict[type[Event], dict[str, str]]:
    """Enter the steps of a dose from paper; give the deviations of each, by its type."""
    first, second = (f"cell_lab.{SITE}.{n}" for n in (1, 2))
    bags(led, at(30))
    drawn = (x.Drawn("X1", 10, 0, at(7.8)), x.Drawn("X2", 4, 6, at(7.8)))
    prepared = {"amount": DOSE, "planned": DOSE, "unit": "{cells}", "weight_kg": 70.0}
    said = {
        "identifiers": ("name", "birth date"),
        "person_code": "P1",
        "bag_codes": ("X/X1", "X/X2"),
        "how": "scanned",
    }
    lot: dict[str, Any] = {"lot": "X", "dose": 1}
    done: dict[type[Event], RecordOutcome] = {
        x.ProductAssigned: enter(
            led, x.ProductAssigned, first, paper(first, 7.5), bags=("X1", "X2"), **lot
        ),
        x.DosePrepared: enter(
            led, x.DosePrepared, first, paper(first, 8), drawn=drawn, **prepared, **lot
        ),
        x.PreparationVerified: enter(
            led, x.PreparationVerified, first, paper(second, verified), dose=1
        ),
        x.PreDoseChecklistSigned: enter(
            led,
            x.PreDoseChecklistSigned,
            NURSE,
            paper(LEAD, 9),
            dose=1,
            items=items(led),
            signer=LEAD,
        ),
        x.BedsideChecked: enter(
            led, x.BedsideChecked, NURSE, paper(NURSE, checked), dose=1, **said
        ),
    }
    known = led.trial.state.deviations
    return {
        kind: {known[at].rule: known[at].description for at in recorded(one).deviations}
        for kind, one in done.items()
    }


def test_the_steps_on_paper_follow_one_another_as_they_were_signed():
    assert not any(steps_on_paper(ready(), 8.2).values())
    late = steps_on_paper(ready(), 9.5)
    told = f"it was verified at {DAY} 09:30 UTC, after this"
    assert late[x.PreDoseChecklistSigned] == {"the preparation is verified": told}
    assert late[x.BedsideChecked] == {"the preparation was verified": told}
    early = steps_on_paper(ready(), 7.9)
    told = f"it was prepared at {DAY} 08:00 UTC, after this"
    assert early[x.PreparationVerified] == {"a second person verifies": told}


def test_a_checklist_on_paper_from_before_the_place_was_taken_is_a_deviation():
    led = ready()
    led.prepare(DOSE, 70.0)
    early = at(9) - timedelta(days=5)
    signed = msgspec.structs.replace(
        checklist(led, 9),
        occurred_on=early.date(),
        paper=Paper(signed_by=LEAD, signed_at=early, image_sha256="a" * 64),
    )
    found = recorded(led.trial.record(signed)).deviations
    rules = {led.trial.state.deviations[one].rule for one in found}
    assert {"a place is held", "eligibility is confirmed"} <= rules
