"""The demonstration is part-way through on whatever day it is opened, and shows what it must."""

import os
import random
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path

import pytest

from gradatim.analysis.responses import endpoint_elements, responses
from gradatim.conduct.escalation import advised
from gradatim.conduct.events import findings, participants, product, review
from gradatim.conduct.events.trial import ReferenceRangesRecorded
from gradatim.conduct.keyring.stores import Keyring
from gradatim.conduct.personal import open_identity
from gradatim.conduct.roles import ROLES
from gradatim.conduct.simulate.entering import DAYS_OF_SCREENING
from gradatim.conduct.simulate.run import SITES
from gradatim.conduct.state import Participant, State
from gradatim.conduct.trial import Trial
from gradatim.conduct.views.adverse_events import courses
from gradatim.conduct.views.doses import doses, first_dose_at
from gradatim.conduct.views.eligibility import eligibility
from gradatim.conduct.views.facts import facts_of
from gradatim.conduct.views.grades import grades, unsigned
from gradatim.conduct.views.levels import closed_by
from gradatim.conduct.views.reporting import reports
from gradatim.conduct.views.safety import dlt_outcome, possible_dlts
from gradatim.conduct.views.stopping_rules import unanswered_rules
from gradatim.conduct.views.tasks import tasks
from gradatim.conduct.views.visits import visits
from gradatim.core.verdict import Reason
from gradatim.dosefinding.outcomes import DoseOutcome
from gradatim.safety import dlt
from gradatim.screening.assess import Eligibility
from gradatim.synthetic.demonstration import Made, demonstrate, users
from tests.conduct.memory import ListStore
from tests.conduct.trials import TABLET, UC_MSC, protocol
from tests.conduct.trials import candidates as people

DAYS = [
    date(2026, 10, 14),
    date(2026, 11, 1),
    date(2027, 1, 1),
    date(2028, 2, 29),
    date(2028, 3, 1),
    date(2027, 8, 31),
    date(2026, 11, 26),
]
"""A Wednesday, a Sunday, the first of January, a leap day and the day after, the end of a month,
and the day on which a worked case who is still too young comes on their birthday."""
HEAD = """
from datetime import date
from tests.synthetic.test_demonstration import demonstrated
print(demonstrated({name!r}, date.fromisoformat({day!r}))[1].run.trial.head.hash.hex())
"""


def demonstrated(name: str, today: date, keyring: Keyring | None = None) -> tuple[ListStore, Made]:
    """Record the demonstration in memory."""
    (document, text), store = protocol(name), ListStore()
    trial = Trial(store, document.study.study.id)
    made = demonstrate(trial, document, text, people(name), today, keyring=keyring)
    return store, made


@cache
def made(name: str, today: date) -> tuple[Made, State, date]:
    """Give a demonstration, shared by tests that do not change it."""
    found = demonstrated(name, today)[1]
    return found, found.run.state, today


@pytest.fixture(params=[UC_MSC, TABLET])
def name(request: pytest.FixtureRequest) -> str:
    """Give each bundled trial."""
    return str(request.param)


@pytest.fixture(params=DAYS, ids=str)
def demo(request: pytest.FixtureRequest, name: str) -> tuple[Made, State, date]:
    """Give the demonstration of each trial on each day."""
    return made(name, request.param)


def opening(today: date) -> datetime:
    """Give the first moment of a day at the sites, eight hours ahead of UTC."""
    return datetime(today.year, today.month, today.day, tzinfo=UTC) - timedelta(hours=8)


def of_level(state: State, level: int) -> list[Participant]:
    return [one for one in state.participants.values() if one.level == level]


def sheet(state: State, one: Participant, today: date) -> Eligibility:
    """Assess somebody in screening, for the first dose that is planned, or that follows."""
    registered = state.events[one.position].occurred_on
    planned = one.first_dose_planned or registered + timedelta(days=DAYS_OF_SCREENING)
    return eligibility(state, one, today, max(planned, today))


def screened(state: State, today: date) -> dict[str, tuple[Participant, Eligibility]]:
    return {
        one.id: (one, sheet(state, one, today))
        for one in state.participants.values()
        if one.status in ("consented", "eligible")
    }


def test_nothing_lies_ahead_of_today(demo: tuple[Made, State, date]) -> None:
    _, state, today = demo
    times = [event.recorded_at for event in state.events.values()]
    assert max(times) < opening(today)
    assert opening(today) - max(times) < timedelta(days=1)
    assert times == sorted(times)
    assert max(event.occurred_on for event in state.events.values()) < today


def test_it_is_marked_and_everybody_is_there(demo: tuple[Made, State, date]) -> None:
    _, state, _ = demo
    assert state.mode == "demo"
    assert dict.fromkeys(SITES, "open") == state.sites
    rows = users(state)
    assert len(set(rows)) == len(rows)
    assert {role for _, role, _ in rows} == set(ROLES)
    here = {(user, role): site for user, role, site in rows}
    assert len(here) == len(rows)
    for site in SITES:
        at_site = [role for _, role, where in rows if where == site]
        counts = {"investigator": 2, "cell_lab": 2, "nurse": 1, "coordinator": 1, "pharmacist": 1}
        assert {role: at_site.count(role) for role in at_site} == counts
    office = [role for _, role, where in rows if not where]
    assert office.count("safety_committee") == 3


def test_level_1_is_complete_and_the_committee_escalated(demo: tuple[Made, State, date]) -> None:
    _, state, today = demo
    decisions = [state.events[at] for at in state.decisions]
    assert [
        (one.action, one.level) for one in decisions if isinstance(one, review.DoseDecision)
    ] == [("start", 1), ("escalate", 2)]
    assert [dlt_outcome(state, one, today) for one in of_level(state, 1)] == [
        DoseOutcome.NO_DLT
    ] * 3
    assert len(state.meetings) == 2


def test_level_2_is_open_with_a_candidate_a_window_and_a_place(
    demo: tuple[Made, State, date],
) -> None:
    _, state, today = demo
    assert state.cohort is not None
    assert (state.cohort.level, state.free_places(state.cohort)) == (2, 1)
    assert [dlt_outcome(state, one, today) for one in of_level(state, 2)] == [
        DoseOutcome.CANDIDATE,
        DoseOutcome.PENDING,
    ]
    ill, watched = of_level(state, 2)
    (candidate,) = possible_dlts(state, ill)
    assert candidate.dose_limiting is None
    assert courses(state, ill)[candidate.id].event.grade == 3
    at = first_dose_at(state, watched)
    assert at is not None
    _, closes = dlt.window(state.study, at.date(), at.date())
    assert closes is not None
    assert today < closes
    assert advised(state, today).outcomes == "1NNN 2CP"
    assert unanswered_rules(state, today) == []


def test_of_two_in_screening_results_or_a_judgement_are_missing(
    demo: tuple[Made, State, date],
) -> None:
    made, state, today = demo
    found = screened(state, today)
    study = state.study
    one, waits = found[made.people["laboratory"]]
    assert waits.status == "undetermined"
    assert {Reason.NO_RECORD} == {
        item.unknown_because for item in waits.findings if item.passes is None
    }
    assert "alt" in {item.element for item in waits.missing}
    assert "alt" not in facts_of(state, one).by_element
    _, judged = found[made.people["judgement"]]
    assert judged.status == "undetermined"
    (open_,) = [item.criterion for item in judged.findings if item.passes is None]
    (missing,) = judged.missing
    assert study.elements[missing.element].kind == "answer"
    assert open_.id in missing.settles


def test_one_is_eligible_from_a_date_in_the_future(demo: tuple[Made, State, date]) -> None:
    made, state, today = demo
    later = {
        one.id: found.eligible_from
        for one, found in screened(state, today).values()
        if found.status == "ineligible"
    }
    assert list(later) == [made.people["washing out"]]
    (start,) = later.values()
    assert start is not None
    assert start > today


def test_one_is_confirmed_and_may_take_a_place_at_a_level_that_is_open(
    demo: tuple[Made, State, date], name: str
) -> None:
    """The tablet's design leaves level 2 for the candidate there, whatever is still open."""
    _, state, today = demo
    (one,) = [one for one in state.participants.values() if one.status == "eligible"]
    assert sheet(state, one, today).status == "eligible"
    assert one.first_dose_planned is not None
    assert one.first_dose_planned > today
    kinds = [(task.kind, task.participant) for task in tasks(state, opening(today), today)]
    assert state.cohort is not None
    closed = closed_by(state, state.cohort.level, today)
    assert bool(closed) is (name == TABLET)
    assert (("enrolment", one.id) in kinds) is (not closed)


def test_one_failed_screening_for_named_criteria(demo: tuple[Made, State, date]) -> None:
    _, state, _ = demo
    (one,) = [one for one in state.participants.values() if one.status == "screen failed"]
    last = state.events[one.entries[-1]]
    assert isinstance(last, participants.ScreenFailed)
    assert last.criteria
    assert all(criterion in last.reason for criterion in last.criteria)


def test_visits_were_made_and_one_was_missed(demo: tuple[Made, State, date]) -> None:
    _, state, today = demo
    known = [
        visit.status
        for one in state.participants.values()
        if one.level
        for visit in visits(state, one, today)
    ]
    assert known.count("missed") == 1
    assert known.count("done") >= 15
    assert "overdue" not in known
    late = [task for task in tasks(state, opening(today), today) if task.late(opening(today))]
    assert late == []


def test_results_have_ranges_and_some_are_abnormal(demo: tuple[Made, State, date]) -> None:
    _, state, _ = demo
    labs = [
        one
        for event in state.events.values()
        if isinstance(event, findings.LaboratoryResultsRecorded)
        for one in event.results
        if one.value is not None
    ]
    (ranges,) = [
        event for event in state.events.values() if isinstance(event, ReferenceRangesRecorded)
    ]
    known = {one.element for one in ranges.ranges}
    assert len(known) >= 9
    ranged = [one for one in labs if one.element in known]
    assert len(ranged) > len(labs) / 2
    assert all(one.low is not None or one.high is not None for one in ranged)
    treated = [*of_level(state, 1), *of_level(state, 2)]
    after = [one for who in treated for one in grades(state, who) if one.after_dose]
    worst = [max(one.grade.possible, default=0) for one in after]
    assert max(worst) >= 1
    assert worst.count(0) > len(worst) / 2
    assert any(unsigned(state, one) for one in of_level(state, 2))
    assert not any(unsigned(state, one) for one in of_level(state, 1))
    signed = [
        one for one in state.events.values() if isinstance(one, findings.ClinicalSignificanceSigned)
    ]
    assert signed


@pytest.mark.parametrize("today", DAYS, ids=str)
def test_disease_activity_falls_after_treatment(today: date) -> None:
    _, state, _ = made(UC_MSC, today)
    basdai = next(one for one in endpoint_elements(state.study) if one.element == "basdai")
    courses_ = responses(state, basdai).courses
    assert len(courses_) == 5
    for course in courses_:
        if course.level != 1:
            continue
        base, last = course.baseline, course.measures[-1]
        assert base is not None
        assert base.value is not None
        assert last.value is not None
        assert base.value >= 4
        assert last.value < 0.8 * base.value


def test_adverse_events_differ_and_a_clock_runs(demo: tuple[Made, State, date]) -> None:
    _, state, today = demo
    known = [
        course for one in state.participants.values() for course in courses(state, one).values()
    ]
    assert {course.event.grade for course in known} == {1, 2, 3}
    assert {course.status for course in known} == {"ongoing", "resolved"}
    (serious,) = [course for course in known if course.event.serious]
    due = reports(state, state.participants[serious.event.participant])
    said = {(one.clock.recipient, one.status(opening(today))) for one in due}
    assert ("sponsor", "met") in said
    assert ("regulator", "open") in said
    assert not any(status == "missed" for _, status in said)


def test_queries_and_deviations_stand_open_and_settled(demo: tuple[Made, State, date]) -> None:
    _, state, _ = demo
    assert sorted(one.status for one in state.queries.values()) == ["answered", "open"]
    assert len(state.deviations) == 2
    assert sorted(bool(one.action) for one in state.deviations.values()) == [False, True]
    assert state.verified


def test_product_is_at_each_site_and_some_is_quarantined(demo: tuple[Made, State, date]) -> None:
    _, state, _ = demo
    bags = list(state.inventory.containers)
    for site in SITES:
        assert sum(one.site == site and one.status == "released" for one in bags) > 5
    assert sum(one.status == "quarantined" for one in bags) == 2
    given = [
        event for event in state.events.values() if isinstance(event, product.DoseAdministered)
    ]
    assert len(given) == 5


def test_the_next_dose_waits_for_its_second_person_where_there_is_one(
    demo: tuple[Made, State, date],
) -> None:
    _, state, _ = demo
    planned = state.study.treatment.administration.doses
    known = [dose for one in state.participants.values() for dose in doses(state, one).values()]
    waiting = [dose.number for dose in known if dose.prepared and not dose.verified]
    assert waiting == ([] if planned == 1 else [2])


def test_nothing_was_refused_on_the_way(demo: tuple[Made, State, date]) -> None:
    made, _, _ = demo
    assert made.run.refusals == []


def test_the_same_day_gives_the_same_ledger(name: str) -> None:
    first, again = demonstrated(name, DAYS[0])[0], demonstrated(name, DAYS[0])[0]
    trial = protocol(name)[0].study.study.id
    assert first.head(trial) == again.head(trial)
    assert demonstrated(name, DAYS[1])[0].head(trial) != first.head(trial)


@pytest.mark.parametrize("seed", ["1", "2"])
def test_another_process_gives_the_same_ledger(name: str, seed: str) -> None:
    """Strings hash otherwise there, so that what comes from a set comes in another order."""
    code = HEAD.format(name=name, day=str(DAYS[0]))
    done = subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONHASHSEED": seed},
        cwd=Path(__file__).parents[2],
    )
    assert done.stdout.strip() == made(name, DAYS[0])[0].run.trial.head.hash.hex()


def test_names_are_sealed_and_plainly_made_up(name: str, tmp_path: Path) -> None:
    keyring = Keyring(tmp_path / "keys", random.Random(1).randbytes)
    store, done = demonstrated(name, DAYS[0], keyring)
    state = done.run.state
    for one in state.participants.values():
        assert open_identity(keyring, state, one) == {
            "name": f"Made-up Person {one.id}",
            "birth_date": one.birth,
        }
    assert b"Made-up" not in b"".join(entry.body for entry in store.read(state.trial))
