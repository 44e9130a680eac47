"""The demonstration's ledger shows what it promises, whatever day it is opened on.

Everything is asked of the views that the pages use, never of positions in the ledger.
"""

import os
import secrets
import subprocess
import sys
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from pathlib import Path
from time import process_time
from typing import TypeVar, get_args

import pytest

from gradatim.analysis.responses import endpoint_elements, responses
from gradatim.conduct.escalation import advised
from gradatim.conduct.events import findings, participants, review, trial
from gradatim.conduct.events.base import Event
from gradatim.conduct.keyring.stores import Keyring
from gradatim.conduct.ledger import verify
from gradatim.conduct.personal import opened
from gradatim.conduct.state import Participant
from gradatim.conduct.trial import Trial
from gradatim.conduct.views.adverse_events import adverse_events, courses
from gradatim.conduct.views.doses import doses, first_dose_at
from gradatim.conduct.views.eligibility import eligibility
from gradatim.conduct.views.grades import grades, unsigned, worsened
from gradatim.conduct.views.product import accounts
from gradatim.conduct.views.reporting import reports
from gradatim.conduct.views.safety import candidates, letter, unanswered_rules
from gradatim.conduct.views.tasks import tasks
from gradatim.conduct.views.visits import visits
from gradatim.core.truth import TRUE
from gradatim.core.verdict import Reason
from gradatim.dosing.movements import QUARANTINED, RELEASED
from gradatim.protocol.nodes import Attested
from gradatim.safety.events import is_serious
from gradatim.screening.assess import Eligibility
from gradatim.synthetic.demonstration import demonstrate, users
from tests.conduct.memory import ListStore
from tests.conduct.trials import TABLET, UC_MSC, protocol
from tests.conduct.trials import candidates as worked_cases

DAYS = (date(2026, 11, 26), date(2028, 2, 29), date(2027, 1, 1), date(2026, 10, 4),
        date(2027, 8, 31))  # fmt: skip
"""A working day, a leap day, New Year's Day, a Sunday, and the end of a month of 31 days."""
SCREENING = timedelta(days=14)
Kind = TypeVar("Kind", bound=Event)


class Shown:
    """A demonstration, and the day that it is opened on."""

    def __init__(self, name: str, today: date, keyring: Keyring | None = None) -> None:
        document, text = protocol(name)
        self.trial = Trial(ListStore(), document.study.study.id)
        begun = process_time()
        demonstrate(self.trial, document, text, worked_cases(name), today, keyring=keyring)
        self.seconds = process_time() - begun
        self.today, self.state, self.study = today, self.trial.state, document.study
        self.now = datetime.combine(today, time(8), UTC)

    def entries(self, kind: type[Kind]) -> list[Kind]:
        """Give what was recorded of a kind."""
        return [one for one in self.state.events.values() if isinstance(one, kind)]

    def everybody(self, *status: str) -> list[Participant]:
        """Give the participants of a status."""
        return [one for one in self.state.participants.values() if one.status in status]

    def letters(self, level: int) -> dict[str, Participant]:
        """Give who was dosed at a level, by what they are for the design today."""
        return {letter(self.state, one, self.today): one
                for one in self.everybody("treated") if one.level == level}  # fmt: skip

    def first_dose(self, one: Participant) -> date:
        """Give the day of the first dose that somebody is screened for."""
        return one.first_dose_planned or self.state.events[one.position].occurred_on + SCREENING

    def judged(self, one: Participant) -> Eligibility:
        """Judge a person in screening by the records of today."""
        return eligibility(self.state, one, self.today, self.first_dose(one))

    def in_screening(self) -> dict[str, list[Participant]]:
        """Give who is being screened, by the verdict of today."""
        found: dict[str, list[Participant]] = {}
        for one in self.everybody("registered", "consented", "eligible", "waiting"):
            found.setdefault(self.judged(one).status, []).append(one)
        return found


@lru_cache(maxsize=16)
def shown(name: str, today: date) -> Shown:
    """Record a demonstration once for all tests, which do not change it."""
    return Shown(name, today)


@pytest.fixture(params=DAYS, ids=str)
def today(request: pytest.FixtureRequest) -> date:
    """The day of opening."""
    day: date = request.param
    return day


@pytest.fixture(params=[UC_MSC, TABLET])
def demo(request: pytest.FixtureRequest, today: date) -> Shown:
    """Each bundled trial, opened on each of the days."""
    return shown(request.param, today)


def test_it_is_marked_and_every_task_has_somebody(demo: Shown) -> None:
    assert demo.state.mode == "demo"
    assert list(demo.state.sites.values()) == ["open", "open"]
    given = users(demo.state)
    assert len(given) == len(set(given)) == len(demo.entries(trial.RoleGranted))
    assert {role for _, role, _ in given} == set(get_args(trial.Role))
    tasks_at = Counter((role, site) for _, role, site in given)
    for site in demo.state.sites:
        assert {role: n for (role, where), n in tasks_at.items() if where == site} == {
            "investigator": 2, "coordinator": 1, "nurse": 1, "pharmacist": 1, "cell_lab": 2,
        }  # fmt: skip
    assert tasks_at["safety_committee", ""] == 3


def test_it_is_current_and_nothing_lies_ahead(demo: Shown) -> None:
    days = [one.occurred_on for one in demo.state.events.values()]
    recorded = [one.recorded_at for one in demo.state.events.values()]
    assert demo.today - timedelta(days=2) < max(days) <= demo.today
    assert max(recorded) < datetime.combine(demo.today, time(), UTC) + timedelta(days=1)
    assert recorded == sorted(recorded)
    assert demo.state.clock_went_back == []
    assert verify(demo.trial.store.read(demo.trial.name), demo.trial.name).ok
    late = [task for task in tasks(demo.state, demo.now, demo.today) if task.late(demo.now)]
    assert late == []


def test_level_1_is_complete_and_escalated_by_the_committee(demo: Shown) -> None:
    first, second = demo.state.cohorts
    assert (first.level, first.status, demo.state.free_places(first)) == (1, "closed", 0)
    assert set(demo.letters(1)) == {"N"}
    last = demo.entries(review.DoseDecision)[-1]
    assert (last.action, last.level, last.advice_action) == ("escalate", 2, "escalate")
    signers = demo.study.safety.committee
    assert len(last.signers) >= (signers.signers if signers else 1)
    assert (second.level, second.status, demo.state.free_places(second)) == (2, "open", 1)


def test_at_level_2_one_waits_for_adjudication_and_one_is_in_the_window(demo: Shown) -> None:
    assert set(demo.letters(2)) == {"C", "P"}
    ill = demo.letters(2)["C"]
    (open_,) = (one for one in candidates(demo.state, ill) if one.dose_limiting is None)
    assert open_.verdict.truth is TRUE
    event = courses(demo.state, ill)[open_.id].event
    assert (event.grade, event.causality) == (3, "possible")
    assert not any(candidates(demo.state, one) for one in demo.everybody("treated")
                   if one is not ill)  # fmt: skip
    assert unanswered_rules(demo.state, demo.today) == []
    assert advised(demo.state, demo.today).action in ("pending", "de_escalate")


def test_a_serious_event_runs_against_the_clock(demo: Shown) -> None:
    ill = demo.letters(2)["C"]
    serious = [event.id for one in demo.everybody("treated")
               for event in adverse_events(demo.state, one) if is_serious(event) is TRUE]  # fmt: skip
    due = reports(demo.state, ill)
    assert serious == [one.adverse_event for one in due[:1]]
    assert {one.clock.recipient: one.status(demo.now) for one in due}["sponsor"] == "met"
    running = [one for one in due if one.status(demo.now) == "open"]
    assert running
    assert all(one.clock.due > demo.now for one in running)


def test_adverse_events_are_of_different_grades_and_some_go_on(demo: Shown) -> None:
    every = [one for who in demo.everybody("treated") for one in courses(demo.state, who).values()]
    assert {one.event.grade for one in every} == {1, 2, 3}
    assert {bool(one.event.resolved) for one in every} == {True, False}


def test_who_is_being_screened_and_what_is_missing(demo: Shown) -> None:
    found = demo.in_screening()
    assert {status: len(some) for status, some in found.items()} == {
        "eligible": 1, "ineligible": 1, "undetermined": 2,
    }  # fmt: skip
    assert found["eligible"][0].status in ("eligible", "waiting")
    reasons = [[one.unknown_because for one in demo.judged(who).findings if one.passes is None]
               for who in found["undetermined"]]  # fmt: skip
    judgement, results = sorted(reasons, key=len)
    assert judgement == [Reason.JUDGEMENT]
    assert set(results) == {Reason.NO_RECORD}
    assert len(results) > 3
    for who in found["undetermined"]:
        assert demo.judged(who).missing


def test_one_is_to_be_eligible_from_a_day_ahead(demo: Shown) -> None:
    (one,) = demo.in_screening()["ineligible"]
    start = demo.judged(one).eligible_from
    assert start is not None
    assert start > demo.today
    again = eligibility(demo.state, one, demo.today, start)
    assert not any(finding.passes is False for finding in again.findings)


def test_one_failed_for_a_criterion_that_is_named(demo: Shown) -> None:
    (failed,) = demo.everybody("screen failed")
    (entry,) = demo.entries(participants.ScreenFailed)
    found = eligibility(demo.state, failed, entry.occurred_on, demo.first_dose(failed))
    unmet = [one.criterion.id for one in found.findings if one.passes is False]
    assert list(entry.criteria) == unmet != []
    assert all(one in entry.reason for one in unmet)


def test_visits_are_kept_one_is_missed_and_none_is_overdue(demo: Shown) -> None:
    seen = [visits(demo.state, one, demo.today) for one in demo.everybody("treated")]
    status = Counter(visit.status for some in seen for visit in some)
    assert status["missed"] == 1
    assert status["overdue"] == 0
    assert min(sum(visit.status == "done" for visit in some) for some in seen) >= 2


def test_results_have_limits_and_some_are_abnormal(demo: Shown) -> None:
    (ranges,) = demo.entries(trial.ReferenceRangesRecorded)
    limits = {one.element for one in ranges.ranges if one.low or one.high}
    results = demo.entries(findings.LaboratoryResultsRecorded)
    measured = [one for entry in results for one in entry.results]
    assert len(limits) >= 8
    assert sum(one.low is not None or one.high is not None for one in measured) > len(measured) / 2
    worse = [one for who in demo.everybody("treated") for one in grades(demo.state, who)
             if worsened(one)]  # fmt: skip
    assert len({one.element for one in worse if one.by_numbers >= 1}) >= 2
    waiting = {who.level for who in demo.everybody("treated") if unsigned(demo.state, who)}
    assert waiting == {2}
    assert demo.entries(findings.VitalSignsRecorded)


@pytest.mark.parametrize("element", ["basdai", "crp"])
def test_disease_activity_falls_after_treatment(today: date, element: str) -> None:
    demo = shown(UC_MSC, today)
    of = next(one for one in endpoint_elements(demo.study) if one.element == element)
    treated = {one.id: first_dose_at(demo.state, one) for one in demo.everybody("treated")}
    for course in responses(demo.state, of).courses:
        at = treated[course.participant]
        last = course.later[-1]
        assert at is not None
        assert course.baseline is not None
        assert course.baseline.value is not None
        assert last.value is not None
        if course.level == 1:
            assert last.value < 0.85 * course.baseline.value


def test_a_query_is_open_and_one_answered(demo: Shown) -> None:
    assert sorted(one.status for one in demo.state.queries.values()) == ["answered", "open"]
    reviewed = [bool(one.action) for one in demo.state.deviations.values()]
    assert sorted(reviewed) == [False, True]


def test_lots_have_bags_left_and_some_are_in_quarantine(demo: Shown) -> None:
    free, held = Counter[str](), 0
    for lot in demo.state.lots.values():
        for unit in lot.units.values():
            free[unit.site] += unit.status == RELEASED and unit.held_for is None
            held += unit.status == QUARANTINED
    assert set(free) == set(demo.state.sites)
    assert min(free.values()) >= 4
    assert held >= 1
    assert all(one.closes for one in accounts(demo.state))


def test_where_dosing_goes_on_a_dose_waits_to_be_verified(demo: Shown) -> None:
    waiting = [one for who in demo.everybody("treated")
               for one in doses(demo.state, who).values()
               if one.prepared is not None and one.verified is None]  # fmt: skip
    planned = demo.study.treatment.administration.doses
    assert len(waiting) == (0 if planned == 1 else 1)


def test_a_judgement_that_is_open_is_one_that_a_criterion_asks(demo: Shown) -> None:
    asked = {one.id for one in demo.study.criteria if isinstance(one.rule, Attested)}
    open_ = {found.criterion.id for who in demo.in_screening()["undetermined"]
             for found in demo.judged(who).findings
             if found.unknown_because is Reason.JUDGEMENT}  # fmt: skip
    assert open_
    assert open_ <= asked


@pytest.mark.parametrize("name", [UC_MSC, TABLET])
def test_names_are_made_up_and_sealed(name: str, tmp_path: Path) -> None:
    keyring = Keyring(tmp_path / "keys", secrets.token_bytes)
    demo = Shown(name, DAYS[0], keyring)
    people = demo.state.participants.values()
    known = [opened(keyring, demo.state, one) for one in people]
    assert {one["name"] for one in known} == {f"Made-up Person {n + 1}" for n in range(len(known))}
    assert [one["birth_date"] for one in known] == [one.birth for one in people]
    bodies = b"".join(one.body for one in demo.trial.store.read(demo.trial.name))
    assert b"Made-up" not in bodies
    assert len(demo.entries(participants.ParticipantRegistered)) == len(known)


PRINT_HEAD = """
from datetime import date
from tests.synthetic.test_demonstration import Shown
print(Shown("{name}", date(2026, 11, 26)).trial.head.hash.hex())
"""


@pytest.mark.parametrize("name", [UC_MSC, TABLET])
@pytest.mark.parametrize("seed", ["1", "2"])
def test_the_same_day_gives_the_same_ledger(name: str, seed: str) -> None:
    """Also in another process, where strings hash otherwise."""
    done = subprocess.run([sys.executable, "-c", PRINT_HEAD.format(name=name)], check=True,
                          capture_output=True, text=True,
                          env={**os.environ, "PYTHONHASHSEED": seed})  # fmt: skip
    assert done.stdout.strip() == shown(name, DAYS[0]).trial.head.hash.hex()


@pytest.mark.parametrize("name", [UC_MSC, TABLET])
def test_it_is_quick(name: str) -> None:
    assert min(shown(name, day).seconds for day in DAYS) < 3
