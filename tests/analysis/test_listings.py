"""Listings of safety: who may have a DLT, what is serious and reported when, who died and left."""

from datetime import timedelta

import pytest

from gradatim.analysis.listings import (
    Who,
    deaths,
    dispositions,
    dlt_candidates,
    serious_adverse_events,
)
from gradatim.conduct.events import participants as p
from gradatim.conduct.events import safety as s
from gradatim.conduct.views.adverse_events import courses
from gradatim.conduct.views.safety import possible_dlts
from gradatim.core.truth import FALSE, TRUE, UNKNOWN
from gradatim.safety.events import is_serious
from tests.analysis import small
from tests.conduct.trials import TABLET, UC_MSC


def test_a_candidate_counts_until_it_is_adjudicated() -> None:
    state = small.opened()
    small.dosed(state, "P1")
    small.adverse(state, "P1", "A1", grade=3)
    (found,) = dlt_candidates(state)
    assert found[:3] == (Who("P1", "S01", 1), "A1", "Headache")
    assert (found.definition, found.adjudication, found.counts) == (TRUE, "not adjudicated", True)
    assert "Headache" in found.because
    small.add(
        state,
        "P1",
        s.DoseLimitingToxicityAdjudicated,
        9,
        candidate="A1",
        dose_limiting=False,
        reason="a migraine",
        signers=("c.1", "c.2"),
    )
    (found,) = dlt_candidates(state)
    assert (found.adjudication, found.counts) == ("not dose-limiting", False)


def test_who_left_before_any_dose_for_a_related_event_is_listed() -> None:
    state = small.opened()
    small.enrolled(state, "P1")
    small.adverse(state, "P1", "A1", grade=1)
    small.add(state, "P1", p.Disposition, 5, status="withdrawn", adverse_event="A1")
    assert [one.definition for one in dlt_candidates(state)] == [UNKNOWN]


def test_a_serious_event_has_its_clocks() -> None:
    state = small.opened()
    small.dosed(state, "P1")
    aware = small.moment(4)
    small.adverse(state, "P1", "A1", serious=("hospitalisation",), site_aware_at=aware, grade=3)
    (found,) = serious_adverse_events(state, aware + timedelta(hours=2))
    assert (found.who.participant, found.event.id, found.serious) == ("P1", "A1", True)
    assert (found.grade, found.related, found.special_interest) == (3, TRUE, False)
    assert found.clocks is not None
    assert [(one.recipient, one.status, one.sent) for one in found.clocks] == [
        ("sponsor", "open", None),
        ("regulator", "open", None),  # the sponsor reads the entry where it stands
        ("ethics", "open", None),
    ]
    assert found.clocks[0].due == aware + timedelta(hours=24)
    recorded = state.events[state.position].recorded_at
    assert [one.starts for one in found.clocks] == [aware, recorded, recorded]
    assert {one.due.date() for one in found.clocks[1:]} == {small.on(4 + 15)}
    assert all(one.basis for one in found.clocks)
    (late,) = serious_adverse_events(state, aware + timedelta(hours=25))
    assert late.clocks is not None
    assert [one.status for one in late.clocks] == ["missed", "open", "open"]


def test_an_event_of_special_interest_is_listed_though_it_is_mild() -> None:
    state = small.opened()
    small.dosed(state, "P1")
    small.adverse(state, "P1", "A1", "Infusion related reaction", site_aware_at=small.moment(4))
    small.adverse(state, "P1", "A2", "Headache")
    (found,) = serious_adverse_events(state, small.moment(5))
    assert (found.event.id, found.serious, found.special_interest) == ("A1", False, True)
    assert found.clocks


def test_without_a_jurisdiction_there_are_no_clocks_which_is_not_that_none_is_due() -> None:
    state = small.opened()
    (version,) = state.versions
    safety = version.study.safety.model_copy(update={"reporting": None})
    state.versions = [version._replace(study=version.study.model_copy(update={"safety": safety}))]
    small.dosed(state, "P1")
    small.adverse(state, "P1", "A1", serious=("hospitalisation",), site_aware_at=small.moment(4))
    assert serious_adverse_events(state, small.moment(9))[0].clocks is None


def test_a_death_is_listed_once_whichever_entry_tells_of_it() -> None:
    state = small.opened()
    small.dosed(state, "P1")
    small.adverse(state, "P1", "A1", "Sepsis", grade=4, relation="unrelated")
    assert deaths(state) == ()
    small.add(
        state,
        "P1",
        s.AdverseEventResolved,
        6,
        adverse_event="A1",
        outcome="fatal",
        resolved_on=str(small.on(6)),
    )
    (found,) = deaths(state)
    assert (found.on, found.term, found.related) == (small.on(6), "Sepsis", FALSE)
    small.add(state, "P1", p.Disposition, 6, status="died", adverse_event="A1")
    (found,) = deaths(state)
    assert (found.on, found.adverse_event, found.days_after_dose) == (small.on(6), "A1", 6)


def test_of_a_death_that_no_event_accounts_for_nobody_knows_the_relation() -> None:
    state = small.opened()
    small.dosed(state, "P1")
    small.add(state, "P1", p.Disposition, 9, status="died")
    (found,) = deaths(state)
    assert (found.on, found.related, found.term) == (small.on(9), UNKNOWN, "")


def test_of_a_fatal_event_without_an_end_the_day_of_death_is_not_known() -> None:
    state = small.opened()
    small.dosed(state, "P1")
    small.adverse(state, "P1", "A1", "Sepsis", grade=5)
    (found,) = deaths(state)
    assert (found.on, found.days_after_dose) == (None, None)


@pytest.mark.parametrize(("day", "window"), [(9, "left early"), (40, "complete")])
def test_a_disposition(day, window) -> None:
    state = small.opened()
    small.dosed(state, "P1")
    small.adverse(state, "P1", "A1", "Chills")
    at = small.add(
        state, "P1", p.Disposition, day, status="withdrawn", reason="moved", adverse_event="A1"
    )
    (found,) = dispositions(state, small.LATER)
    assert (found.position, found.on, found.how) == (at, small.on(day), "withdrawn")
    assert (found.reason, found.term, found.window) == ("moved", "Chills", window)


@pytest.mark.parametrize("name", [UC_MSC, TABLET])
def test_nothing_is_left_out_of_a_simulated_trial(name) -> None:
    state = small.under_way(name)
    people = state.participants.values()
    assert len(dlt_candidates(state)) == sum(len(possible_dlts(state, one)) for one in people)
    at = small.moment(500)
    serious = {one.event.id for one in serious_adverse_events(state, at) if one.serious}
    assert serious == {
        course.event.id
        for one in people
        for course in courses(state, one).values()
        if is_serious(course.event)
    }
    left = [one.id for one in people if one.status in ("withdrawn", "completed")]
    assert left
    assert set(left) <= {one.who.participant for one in dispositions(state, at.date())}
