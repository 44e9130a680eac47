"""Nobody gives a right alone: which delegations wait, who confirms them, what lapses."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradatim.conduct.access import access_of
from gradatim.conduct.confirming_on_server import confirm_on_server
from gradatim.conduct.delegations import ALWAYS_CONFIRMED, URGENT_FOR
from gradatim.conduct.events import decoded
from gradatim.conduct.events import participants as p
from gradatim.conduct.events import trial as t
from gradatim.conduct.events.base import SYSTEM, Event, Signature
from gradatim.conduct.fold import apply, fold
from gradatim.conduct.permissions import MAY, OF_DELEGATION, permitted, roles_of, roles_on
from gradatim.conduct.roles import ROLES, SITE_STAFF, TRIAL_WIDE
from gradatim.conduct.state import State
from gradatim.conduct.trial import Recorded, Refused, Trial
from gradatim.conduct.views.delegation_log import confirmed_on_server, delegation_log
from gradatim.conduct.views.tasks import tasks
from gradatim.conduct.views.visible_tasks import visible_tasks
from gradatim.core.errors import UnusableInput
from gradatim.core.truth import TRUE
from tests.conduct.delegated import (
    LEAD,
    SECOND,
    SITE,
    SPONSOR,
    confirm,
    confirmed,
    give,
    revoke,
    two_sponsors,
    with_site,
)
from tests.conduct.digest import digest
from tests.conduct.trials import START, event, recorded

GIVEN_AT = datetime.combine(START, time(12), UTC)
PLACES = [
    (role, site) for role in ROLES for site in ("", SITE) if not site or role not in TRIAL_WIDE
]
NEW = "new"
GHOSTS = ("ghost.1", "ghost.2", "ghost.3")


def rules(outcome: object) -> set[str]:
    """Return the rules by which something was refused."""
    assert isinstance(outcome, Refused), outcome
    return {rule for rule, _ in outcome.reasons}


def waits(trial: Trial, by: str, user: str, role: str, site: str = "", **more: Any) -> int:
    """Have a task given that waits for a second person; return its entry."""
    at = recorded(give(trial, by, user, role, site, **more)).position
    assert at in trial.state.unconfirmed
    return at


def held(trial: Trial, user: str, site: str = "") -> frozenset[str]:
    return roles_of(trial.state, user, site)


def replayed(trial: Trial) -> State:
    """Fold the ledger from its first entry."""
    return fold(trial.name, ((one.position, one.body) for one in trial.store.read(trial.name)))


# Which wait.


@pytest.mark.parametrize(("role", "site"), PLACES)
def test_what_the_sponsor_gives_waits_where_it_opens_something(role: str, site: str) -> None:
    trial = with_site()
    at = recorded(give(trial, SPONSOR, NEW, role, site)).position
    alone = role not in ALWAYS_CONFIRMED and role not in SITE_STAFF
    assert (at not in trial.state.unconfirmed) is alone
    assert (role in held(trial, NEW, site)) is alone
    assert role not in trial.state.roles_at(NEW, site, at) or alone
    if not alone:
        recorded(confirm(trial, SECOND, at))
        assert role in held(trial, NEW, site)
        assert role not in trial.state.roles_at(NEW, site, at)
        assert role in trial.state.roles_at(NEW, site, trial.state.position)
    assert digest(replayed(trial)) == digest(trial.state)


@pytest.mark.parametrize("role", SITE_STAFF)
def test_an_investigator_gives_the_tasks_of_their_site_but_those_of_judgement(role: str) -> None:
    trial = with_site()
    at = recorded(give(trial, LEAD, NEW, role, SITE)).position
    assert (at in trial.state.unconfirmed) is (role in ALWAYS_CONFIRMED)
    elsewhere = give(trial, LEAD, NEW, role, "S02")
    assert isinstance(elsewhere, Refused)


def test_who_is_watched_does_not_name_who_watches_alone() -> None:
    trial = with_site()
    at = waits(trial, LEAD, NEW, "monitor", SITE)
    recorded(confirm(trial, SPONSOR, at))
    assert "monitor" in held(trial, NEW, SITE)


@pytest.mark.parametrize("by", [SPONSOR, LEAD])
@pytest.mark.parametrize(("role", "site"), PLACES)
def test_nobody_gives_themselves_anything(by: str, role: str, site: str) -> None:
    trial = with_site()
    before = held(trial, by, site)
    outcome = give(trial, by, by, role, site)
    assert held(trial, by, site) == before
    if isinstance(outcome, Recorded):
        assert isinstance(confirm(trial, by, outcome.position), Refused)
        assert held(trial, by, site) == before


@pytest.mark.parametrize("mode", ["demo", "simulated"])
def test_a_trial_that_is_not_real_needs_no_second_person(mode: str) -> None:
    trial = two_sponsors(mode=mode)
    at = recorded(give(trial, SPONSOR, NEW, "investigator", SITE)).position
    assert at not in trial.state.unconfirmed
    assert held(trial, NEW, SITE) == {"investigator"}


def test_the_trial_itself_says_which_wait() -> None:
    """Whoever sends the entry does not say it."""
    trial = with_site()
    at = recorded(give(trial, SPONSOR, NEW, "sponsor", needs_confirmation=False)).position
    assert at in trial.state.unconfirmed
    at = recorded(give(trial, LEAD, NEW, "nurse", SITE, needs_confirmation=True)).position
    assert at not in trial.state.unconfirmed


# Who confirms.


def test_neither_who_gives_nor_who_is_given_confirms() -> None:
    trial = with_site()
    at = waits(trial, SPONSOR, SECOND, "investigator", SITE)
    for who in (SPONSOR, SECOND):
        assert rules(confirm(trial, who, at)) == {"a second person confirms"}
    recorded(confirm(trial, LEAD, at))
    assert "investigator" in held(trial, SECOND, SITE)


@pytest.mark.parametrize(("role", "site"), PLACES)
def test_only_who_may_give_the_task_there_confirms_it(role: str, site: str) -> None:
    """Whatever else somebody does in the trial, at this site or another."""
    trial = with_site()
    confirmed(trial, "somebody", role, site)
    for place in ("", SITE, "S02"):
        at = waits(trial, SPONSOR, NEW, "investigator", place)
        may = role in MAY["RoleGranted"] and site in ("", place)
        outcome = confirm(trial, "somebody", at)
        assert isinstance(outcome, Recorded if may else Refused), (place, outcome)


def test_a_confirmation_is_signed_and_names_no_administrator() -> None:
    trial = with_site()
    at = waits(trial, SPONSOR, NEW, "sponsor")
    unsigned = trial.record(event(t.DelegationConfirmed, SECOND, of=at))
    assert isinstance(unsigned, Refused)
    assert "signed" in unsigned.verdict.text
    seal = Signature(SECOND, "so it is")
    told: tuple[dict[str, Any], ...] = ({"administrator": "Somebody"}, {"reason": "who knows"})
    for more in told:
        with pytest.raises(UnusableInput, match="an administrator is named"):
            trial.record(event(t.DelegationConfirmed, SECOND, of=at, signature=seal, **more))
    as_system = event(t.DelegationConfirmed, SYSTEM, of=at, administrator="Somebody")
    assert isinstance(trial.record(as_system), Refused)
    assert at in trial.state.unconfirmed


def test_only_what_waits_is_confirmed_once_and_where_it_was_given() -> None:
    trial = with_site()
    at = waits(trial, SPONSOR, NEW, "pharmacist", SITE)
    seal = Signature(SECOND, "so it is")
    with pytest.raises(UnusableInput, match="the task is of site S01"):
        trial.record(event(t.DelegationConfirmed, SECOND, of=at, signature=seal))
    recorded(confirm(trial, SECOND, at))
    for of in (at, 1):
        with pytest.raises(UnusableInput, match="waits for a second person"):
            confirm(trial, SECOND, of)


def test_what_waits_is_not_given_again_and_can_be_taken_back() -> None:
    trial = with_site()
    at = waits(trial, SPONSOR, NEW, "pharmacist", SITE)
    again = give(trial, SPONSOR, NEW, "pharmacist", SITE)
    assert rules(again) == {"the task does not wait already"}
    recorded(revoke(trial, SPONSOR, NEW, "pharmacist", SITE))
    assert not trial.state.unconfirmed
    with pytest.raises(UnusableInput, match="waits for a second person"):
        confirm(trial, SECOND, at)
    assert not held(trial, NEW, SITE)
    (line,) = [one for one in delegation_log(trial.state) if one.position == at]
    assert (line.waits, line.until_by) == (False, SPONSOR)
    waits(trial, SPONSOR, NEW, "pharmacist", SITE)


@pytest.mark.parametrize(
    ("first", "second"),
    [("safety_committee", "nurse"), ("safety_committee", "sponsor"), ("monitor", "pharmacist")],
)
def test_tasks_that_do_not_go_together_are_asked_again(first: str, second: str) -> None:
    """Of two that wait at once, the second person gives only the one that they confirm first."""
    trial = with_site()
    given_first = recorded(give(trial, SPONSOR, NEW, first)).position
    if given_first not in trial.state.unconfirmed:  # then it stands, and speaks against the other
        assert "the tasks go together" in rules(give(trial, SPONSOR, NEW, second, SITE))
        return
    site = SITE if second in SITE_STAFF else ""
    given_second = waits(trial, SPONSOR, NEW, second, site)
    recorded(confirm(trial, SECOND, given_second))
    assert rules(confirm(trial, SECOND, given_first)) == {"the tasks still go together"}
    assert first not in held(trial, NEW)


# Urgent at a site.


def urgent(role: str = "pharmacist") -> tuple[Trial, int]:
    """A task that an investigator gives at night, at their site."""
    trial = with_site()
    return trial, waits(trial, LEAD, NEW, role, SITE, urgent="it is night, and the dose is thawed")


@pytest.mark.parametrize(("role", "site"), PLACES)
def test_only_an_investigator_gives_what_works_at_once_and_at_their_site(
    role: str, site: str
) -> None:
    for by in (SPONSOR, LEAD):
        trial = with_site()
        outcome = give(trial, by, NEW, role, site, urgent="it is night")
        allowed = by == LEAD and site == SITE and role in ("investigator", "pharmacist")
        assert isinstance(outcome, Recorded if allowed else Refused), (by, outcome)
        assert (role in held(trial, NEW, site)) is allowed
    trial = with_site()
    assert isinstance(give(trial, LEAD, LEAD, "pharmacist", SITE, urgent="it is night"), Refused)


@pytest.mark.parametrize(
    ("after", "works"),
    [
        (timedelta(), True),
        (URGENT_FOR - timedelta(seconds=1), True),
        (URGENT_FOR, True),
        (URGENT_FOR + timedelta(seconds=1), False),
        (URGENT_FOR * 10, False),
    ],
)
def test_what_is_urgent_works_for_its_time_and_no_longer(after: timedelta, works: bool) -> None:
    """By the clock of the act and of the page, and once it is recorded by the ledger alone."""
    trial, at = urgent()
    then = GIVEN_AT + after
    received = msgspec.structs.replace(
        event(p.EntryVoided, NEW, SITE, on=then.date(), of=1, reason="test"), recorded_at=then
    )
    made = _named("ProductReceived", received)
    assert (permitted(trial.state, made).truth is TRUE) is works
    assert (SITE in access_of(trial.state, NEW, then).sites("dosing")) is works
    assert ("pharmacist" in roles_of(trial.state, NEW, SITE, then)) is works
    passing = event(t.TrainingRecorded, SPONSOR, on=then.date(), user="x", version="1")
    recorded(trial.record(msgspec.structs.replace(passing, recorded_at=then)))
    now = trial.state
    assert ("pharmacist" in now.roles.get((NEW, SITE), set())) is works
    assert ("pharmacist" in now.roles_at(NEW, SITE, now.position)) is works
    assert "pharmacist" in now.roles_at(NEW, SITE, at), "what was done before stands"
    assert digest(replayed(trial)) == digest(now)
    recorded(confirm(trial, SECOND, at, on=then.date(), hour=23.9))
    assert "pharmacist" in held(trial, NEW, SITE), "it is confirmed late, and works from then on"


def test_the_days_of_what_lapsed_are_its_own() -> None:
    """What is entered later of an earlier day finds whoever had the task on that day."""
    trial, _ = urgent()
    long_after = START + timedelta(days=40)
    recorded(trial.record(event(t.TrainingRecorded, SPONSOR, on=START, user="x", version="1")))
    late = event(t.TrainingRecorded, SPONSOR, on=START - timedelta(days=9), user="y", version="1")
    at = datetime.combine(long_after, time(9), UTC)
    recorded(trial.record(msgspec.structs.replace(late, recorded_at=at)))
    days = {
        day: "pharmacist" in roles_on(trial.state, NEW, SITE, START + timedelta(days=day))
        for day in (-1, 0, 2, 3, 4, 39)
    }
    assert days == {-1: False, 0: True, 2: True, 3: True, 4: False, 39: False}


def _named(name: str, made: Event) -> Any:
    """Return an event under the name of another type: permissions look at name and place only."""
    return type(name, (), {one: getattr(made, one) for one in made.__struct_fields__})()


def test_whose_task_is_urgent_gives_no_other() -> None:
    trial, _ = urgent("investigator")
    for outcome in (
        give(trial, NEW, "third", "nurse", SITE),
        give(trial, NEW, "third", "pharmacist", SITE, urgent="it is night"),
        revoke(trial, NEW, LEAD, "investigator", SITE),
        confirm(trial, NEW, waits(trial, SPONSOR, "fourth", "nurse", SITE)),
    ):
        assert isinstance(outcome, Refused)
        assert "waits for a second person" in outcome.verdict.text
    access = access_of(trial.state, NEW)
    assert access.has_any(("investigator",), SITE)
    assert not any(access.may(name, SITE) for name in ("RoleGranted", "RoleRevoked"))
    assert not access.sites_for("DelegationConfirmed")


def test_what_lapsed_is_not_given_urgently_again_and_again() -> None:
    """Neither once it is taken back, nor to another account; a second person who looks ends it."""
    trial, _ = urgent()
    later: dict[str, Any] = {"on": START + timedelta(days=4), "urgent": "it is night again"}
    for user in (NEW, "another"):
        found = rules(give(trial, LEAD, user, "pharmacist", SITE, **later))
        assert "what was urgent was seen by another" in found
    recorded(revoke(trial, LEAD, NEW, "pharmacist", SITE))
    found = rules(give(trial, LEAD, NEW, "pharmacist", SITE, **later))
    assert found == {"what was urgent was seen by another"}
    plain = waits(trial, LEAD, NEW, "pharmacist", SITE, on=later["on"])
    recorded(confirm(trial, SECOND, plain, on=later["on"]))
    waits(trial, LEAD, "another", "pharmacist", SITE, **later)


@given(
    st.lists(
        st.tuples(
            st.integers(0, 60),
            st.sampled_from(["urgent", "urgent", "revoke", "give"]),
            st.sampled_from(["investigator", "pharmacist"]),
            st.integers(1, 3),
        ),
        max_size=20,
    )
)
@settings(max_examples=150, deadline=None)
def test_alone_an_investigator_has_others_work_for_six_days_at_most(steps: list[Any]) -> None:
    """Twice its time: the last may be given urgently just before the first has lapsed."""
    trial, now = with_site(), GIVEN_AT
    first: datetime | None = None
    for hours, what, role, number in steps:
        now += timedelta(hours=hours)
        when: dict[str, Any] = {"on": now.date(), "hour": now.hour}
        more = {**when, "urgent": "it is night"} if what == "urgent" else when
        try:
            if what == "revoke":
                revoke(trial, LEAD, GHOSTS[number - 1], role, SITE)
            elif isinstance(give(trial, LEAD, GHOSTS[number - 1], role, SITE, **more), Recorded):
                first = first or (now if what == "urgent" else None)
        except UnusableInput:
            pass
        if first is None or now <= first + 2 * URGENT_FOR:
            continue
        for ghost in GHOSTS:
            assert roles_of(trial.state, ghost, SITE, now).isdisjoint(ALWAYS_CONFIRMED)
    assert digest(replayed(trial)) == digest(trial.state)


# Who stays.


def participant(trial: Trial, status: str = "treated", site: str = SITE) -> None:
    """Put somebody into the state; how they came there is not asked here."""
    from gradatim.conduct.state import Participant

    one = Participant("P1", site, 1, status=status)
    trial.state.participants["P1"] = one
    trial.state.sites[site] = "open"


@pytest.mark.parametrize(
    ("status", "left_alone"), [("registered", True), ("treated", True), ("completed", False)]
)
def test_the_last_investigator_of_somebody_on_the_way_stays(status: str, left_alone: bool) -> None:
    trial = with_site()
    participant(trial, status)
    outcome = revoke(trial, SPONSOR, LEAD, "investigator", SITE)
    assert isinstance(outcome, Refused) is left_alone
    if isinstance(outcome, Refused):
        assert "give the task to another first" in outcome.reasons[0][1]


def test_another_investigator_counts_once_they_are_confirmed() -> None:
    trial = with_site()
    participant(trial)
    at = waits(trial, LEAD, NEW, "investigator", SITE, urgent="it is night")
    assert isinstance(revoke(trial, SPONSOR, LEAD, "investigator", SITE), Refused)
    recorded(confirm(trial, SECOND, at))
    recorded(revoke(trial, SPONSOR, LEAD, "investigator", SITE))
    assert isinstance(revoke(trial, SPONSOR, NEW, "investigator", SITE), Refused)
    confirmed(trial, "everywhere", "investigator")
    recorded(revoke(trial, SPONSOR, NEW, "investigator", SITE))
    assert isinstance(revoke(trial, SPONSOR, "everywhere", "investigator"), Refused)
    trial.state.sites[SITE] = "closed"
    recorded(revoke(trial, SPONSOR, "everywhere", "investigator"))


# On the server.

AT = GIVEN_AT + timedelta(hours=1)


def test_the_server_confirms_where_nobody_is_left() -> None:
    trial = two_sponsors()
    recorded(revoke(trial, SPONSOR, SECOND, "sponsor"))
    given = waits(trial, SPONSOR, NEW, "sponsor")
    task, at = confirm_on_server(trial, given, "Anna of IT", "the second sponsor has left", AT)
    assert (task.user, held(trial, NEW)) == (NEW, {"sponsor"})
    said = trial.state.events[at]
    assert isinstance(said, t.DelegationConfirmed)
    assert (said.recorded_by, said.administrator) == (SYSTEM, "Anna of IT")
    (shown,) = confirmed_on_server(access_of(trial.state, SPONSOR))
    assert (shown.user, shown.confirmed) == (NEW, said)
    assert digest(replayed(trial)) == digest(trial.state)


def test_nor_does_the_server_confirm_what_a_rule_refuses() -> None:
    trial = with_site()
    given = waits(trial, SPONSOR, NEW, "safety_committee")
    recorded(confirm(trial, SECOND, waits(trial, SPONSOR, NEW, "sponsor")))
    head = trial.head
    with pytest.raises(UnusableInput, match="do not go together"):
        confirm_on_server(trial, given, "Anna of IT", "the second sponsor has left", AT)
    for by, reason in (("", "has left"), ("Anna of IT", " ")):
        with pytest.raises(UnusableInput, match="says nothing"):
            confirm_on_server(trial, given, by, reason, AT)
    for nothing in (0, 1, 10_000):
        with pytest.raises(UnusableInput, match=r"there is no entry|waits for a second person"):
            confirm_on_server(trial, nothing, "Anna of IT", "has left", AT)
    assert trial.head == head


# What is shown.


def test_who_can_confirm_is_asked_to_and_nobody_else() -> None:
    trial = with_site()
    confirmed(trial, "nurse.S01.1", "nurse", SITE)
    confirmed(trial, "investigator.S02.1", "investigator", "S02")
    trial.state.sites.update({SITE: "open", "S02": "open"})
    waits(trial, SPONSOR, NEW, "pharmacist", SITE)
    asked = {}
    users = (SPONSOR, SECOND, LEAD, NEW, "nurse.S01.1", "investigator.S02.1")
    for user in users:
        shown = visible_tasks(access_of(trial.state, user), GIVEN_AT, START)
        asked[user] = [one.mine for one in shown]
    assert asked == {
        SPONSOR: [False],
        SECOND: [True],
        LEAD: [True],
        NEW: [],
        "nurse.S01.1": [],
        "investigator.S02.1": [],
    }


def test_what_is_urgent_is_due() -> None:
    trial, _ = urgent()
    (task,) = tasks(trial.state, GIVEN_AT, START)
    assert task.due == GIVEN_AT + URGENT_FOR
    assert not task.late(GIVEN_AT + URGENT_FOR)
    assert task.late(GIVEN_AT + URGENT_FOR + timedelta(seconds=1))
    (late,) = tasks(trial.state, GIVEN_AT + URGENT_FOR * 2, START)
    assert "no longer works" in late.what


# What was written before.

EARLIER = b'{"event":"RoleGranted","occurred_on":"2026-01-05","recorded_at":"2026-01-05T08:00:00Z",'


def test_what_an_earlier_version_gave_holds() -> None:
    """An entry that does not say whether it waits does not, in a real trial and of any task."""
    state = State("t")
    apply(state, 1, event(t.TrialCreated, SPONSOR, mode="real"))
    for at, role in enumerate(ROLES, 2):
        more = b'"recorded_by":"sponsor.1","user":"u%d","role":"%b"}' % (at, role.encode())
        apply(state, at, decoded(EARLIER + more))
        assert state.roles[f"u{at}", ""] == {role}
    assert not state.unconfirmed


# One person alone.


@st.composite
def acts(draw: st.DrawFn) -> tuple[Any, ...]:
    """One act of giving, confirming or taking back, by an account of the same person."""
    what = draw(st.sampled_from(["give", "give", "urgent", "confirm", "confirm", "revoke"]))
    by = draw(st.integers(0, len(GHOSTS)))
    if what == "confirm":
        return what, by, draw(st.integers(0, 20))
    user = draw(st.integers(0, len(GHOSTS)))
    return what, by, user, *draw(st.sampled_from(PLACES))


def tried(trial: Trial, accounts: tuple[str, ...], act: tuple[Any, ...]) -> None:
    """Try an act; what cannot be meant is none."""
    what, by, *rest = act
    who = accounts[by]
    try:
        if what == "confirm":
            known = [at for at, _ in trial.state.events.of(t.RoleGranted)]
            confirm(trial, who, known[rest[0] % len(known)])
        elif what == "revoke":
            revoke(trial, who, accounts[rest[0]], *rest[1:])
        else:
            more = {"urgent": "it is night"} if what == "urgent" else {}
            give(trial, who, accounts[rest[0]], *rest[1:], **more)
    except UnusableInput:
        pass


@given(sponsor=st.booleans(), sequence=st.lists(acts(), max_size=25))
@settings(max_examples=150, deadline=None)
def test_no_right_comes_of_one_person_and_any_number_of_accounts(
    sponsor: bool, sequence: list[tuple[Any, ...]]
) -> None:
    """Whoever has one task, and every account that they invent, have no more together.

    A sponsor can still name who watches over the data; an investigator who treats at their site,
    and urgently who judges or dispenses there, for a time. No account of theirs can let in another.
    """
    trial = with_site()
    person = SPONSOR if sponsor else LEAD
    before = {key: set(roles) for key, roles in trial.state.roles.items()}
    for act in sequence:
        tried(trial, (person, *GHOSTS), act)
    state, lapsed = trial.state, GIVEN_AT + URGENT_FOR * 2
    assert all(state.roles[key] <= roles for key, roles in before.items())
    watching = {"data_manager", "monitor", "statistician", "auditor", "coder"}
    treating = {"coordinator", "nurse", "cell_lab"}
    for ghost in GHOSTS:
        held_now, later = access_of(state, ghost).held, access_of(state, ghost, lapsed).held
        assert set(held_now) <= (watching if sponsor else {*treating, "investigator", "pharmacist"})
        assert set(later) <= (watching if sponsor else treating)
        assert sponsor or set().union(*held_now.values()) <= {SITE}
        assert not access_of(state, ghost).sees("identity") or not sponsor
        assert not any(access_of(state, ghost).sites_for(name) for name in OF_DELEGATION)
    assert len(list(state.events.of(t.DelegationConfirmed))) == 1, "that of how the site began"
    assert digest(replayed(trial)) == digest(state)
