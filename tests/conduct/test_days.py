"""One trial day, from the zone of the site, however a time is stored."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from gradatim.conduct.days import day_at, day_of, time_zones, zone_of
from gradatim.conduct.events import product as x
from gradatim.conduct.events import safety as s
from gradatim.conduct.events import trial as t
from gradatim.conduct.events.base import Event
from gradatim.conduct.fold import apply
from gradatim.conduct.state import State
from gradatim.conduct.views.doses import first_dose_on
from gradatim.conduct.views.safety import dlt_outcome, possible_dlts
from gradatim.conduct.views.tasks import tasks
from gradatim.dosefinding.outcomes import DoseOutcome
from tests.conduct.ready import DAY, ready
from tests.conduct.treated import add, one, treated
from tests.conduct.trials import copied, event, state_until

ZONES = ("Asia/Shanghai", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe", "UTC")
WITH_DAYLIGHT_SAVING = [ZoneInfo(name) for name in ZONES]


def in_zone(zone: str, site: str = "S01") -> State:
    """A trial with a site in that zone; empty for none."""
    state = State("zones")
    opened = event(
        t.SiteOpened, "sponsor.1", site, name="x", principal_investigator="i", time_zone=zone
    )
    apply(state, 1, opened)
    return state


def dosed(at: datetime, on: date, zone: str = "") -> State:
    """A trial in which P1 was given a dose then, recorded as of a day."""
    state = state_until()
    apply(
        state,
        state.position + 1,
        event(
            t.SiteOpened, "sponsor.1", "S01", name="x", principal_investigator="i", time_zone=zone
        ),
    )
    after = copied(treated())  # the steps before the dose
    for position, kind in ((p, type(after.events[p])) for p in one(after).entries):
        if kind is not x.DoseAdministered:
            apply(state, state.position + 1, after.events[position])
    add(
        state,
        x.DoseAdministered,
        on,
        started_at=at,
        ended_at=at + timedelta(hours=1),
        amount=7e7,
        unit="{cells}",
        dose=1,
    )
    return state


AT = datetime(2027, 2, 16, 16, 30, tzinfo=UTC)  # half past midnight of the 17th in Shanghai


@pytest.mark.parametrize("zone", ["", "Asia/Shanghai"])
def test_a_dose_after_midnight_is_of_that_day_though_stored_in_utc(zone: str):
    """Its window closes on the day of the site, and what begins on day 28 lies in it."""
    state = dosed(AT, date(2027, 2, 17), zone)
    assert first_dose_on(state, one(state)) == date(2027, 2, 17)
    add(
        state,
        s.AdverseEventReported,
        date(2027, 3, 17),
        adverse_event="P1-AE1",
        term="Vomiting",
        onset="2027-03-17",
        grade=3,
        relation="possible",
    )
    assert [found.id for found in possible_dlts(state, one(state))] == ["P1-AE1"]


@pytest.mark.parametrize("zone", ["", "Asia/Shanghai"])
def test_the_window_is_open_until_its_last_day_at_the_site(zone: str):
    state = dosed(AT, date(2027, 2, 17), zone)
    day = date(2027, 3, 17)  # day 28
    assert dlt_outcome(state, one(state), day) is DoseOutcome.PENDING
    assert dlt_outcome(state, one(state), day + timedelta(days=1)) is DoseOutcome.NO_DLT


def test_the_zone_of_the_site_outranks_that_of_the_trial():
    state = in_zone("America/New_York")
    apply(state, 2, event(t.TrialCreated, "s", mode="demo", time_zone="Asia/Shanghai"))
    assert zone_of(state, "S01") == ZoneInfo("America/New_York")
    assert zone_of(state, "S02") == zone_of(state) == ZoneInfo("Asia/Shanghai")
    assert day_at(state, "S01", AT) == date(2027, 2, 16)
    assert day_at(state, "S02", AT) == date(2027, 2, 17)


def test_without_a_zone_a_day_is_what_the_entry_says():
    state = in_zone("")
    assert zone_of(state, "S01") is None
    assert day_of(state, _given(AT, date(2027, 2, 17))) == date(2027, 2, 17)
    assert day_at(state, "S01", AT.astimezone(ZoneInfo("Asia/Shanghai"))) == date(2027, 2, 17)


@pytest.mark.parametrize("zone", WITH_DAYLIGHT_SAVING)
def test_what_a_site_has_to_do_is_due_by_the_end_of_its_own_day(zone: ZoneInfo):
    """Wherever whoever looks at the list is, and whatever their clock shows."""
    state = ready().trial.state
    state.zones["S01"] = str(zone)
    for away in WITH_DAYLIGHT_SAVING:
        listed = tasks(state, datetime.combine(DAY, time(12), away), DAY)
        found = [one.due.astimezone(zone) for one in listed if one.participant and one.due]
        assert found
        assert {due.time() for due in found} == {time(23, 59)}


def test_every_zone_of_the_list_is_known():
    assert set(ZONES) <= time_zones()


def _given(at: datetime, on: date) -> Event:
    return event(
        x.DoseAdministered,
        "nurse.S01.1",
        "S01",
        on=on,
        participant="P1",
        dose=1,
        started_at=at,
        ended_at=at + timedelta(minutes=30),
        amount=1.0,
        unit="{cells}",
    )


moments = st.datetimes(datetime(2026, 1, 1), datetime(2028, 12, 31), timezones=st.just(UTC))


@drawn(st.sampled_from(ZONES), moments, st.sampled_from(WITH_DAYLIGHT_SAVING))
def test_a_day_does_not_depend_on_how_a_time_is_stored(zone: str, at: datetime, stored: ZoneInfo):
    """In summer and in winter the same moment is of the same day, whichever zone it is written in.

    It is the day between whose midnights at the site the moment lies.
    """
    state = in_zone(zone)
    day = day_of(state, _given(at.astimezone(stored), at.date()))
    assert day == day_of(state, _given(at, at.date()))
    here = ZoneInfo(zone)
    begins = datetime(day.year, day.month, day.day, tzinfo=here).astimezone(UTC)
    after = day + timedelta(days=1)
    ends = datetime(after.year, after.month, after.day, tzinfo=here).astimezone(UTC)
    assert begins <= at < ends
