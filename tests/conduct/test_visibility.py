"""What a user sees, and what an event may refer to: only what its user sees, only of its site."""

from types import SimpleNamespace
from typing import Any

import pytest

from gradatim.conduct.access import Access, ReadOnlyAccess, access_of, limited_access_of
from gradatim.conduct.state import State
from gradatim.conduct.views.visible_tasks import visible_tasks
from gradatim.conduct.visibility import NotVisible, require_visible
from tests.conduct.ready import BAGS, DAY, LEAD, NAME, PHARMACIST, SITE, Led, ready

ELSEWHERE = "investigator.S09.1"


@pytest.fixture
def state() -> State:
    """The trial of one participant at S01, and an investigator at another site."""
    led: Led = ready()
    found = led.trial.state
    found.sites["S09"] = "open"
    found.roles[ELSEWHERE, "S09"] = {"investigator"}
    return found


def unseen(access: Access, name: str, **fields: Any) -> str:
    """Return what kind of thing an event refers to that is not visible; empty where all is."""
    try:
        require_visible(access, name, SimpleNamespace(**{"site": SITE, **fields}))
    except NotVisible as error:
        return error.reference
    return ""


def test_a_participant_is_found_at_their_site_only(state: State):
    found = access_of(state, LEAD).find_participant("participants", NAME)
    assert found is state.participants[NAME]
    assert access_of(state, ELSEWHERE).find_participant("participants", NAME) is None
    assert access_of(state, LEAD).find_participant("participants", "nobody") is None


def test_an_event_about_somebody_of_another_site_is_not_visible(state: State):
    assert unseen(access_of(state, LEAD), "AdverseEventReported", participant=NAME) == ""
    for access in (access_of(state, ELSEWHERE), access_of(state, "nobody")):
        assert unseen(access, "AdverseEventReported", participant=NAME) == "participant"
    wrong_site = unseen(access_of(state, LEAD), "Any", participant=NAME, site="S09")
    assert wrong_site == "participant"
    assert unseen(access_of(state, LEAD), "ParticipantRegistered", participant="new") == ""


def test_an_entry_or_a_query_of_another_site_is_not_visible(state: State):
    entry = state.participants[NAME].position
    assert unseen(access_of(state, LEAD), "QueryOpened", of=entry) == ""
    assert unseen(access_of(state, ELSEWHERE), "QueryOpened", of=entry) == "entry"
    assert unseen(access_of(state, LEAD), "QueryOpened", of=10**6) == "entry"
    assert unseen(access_of(state, LEAD), "SourceDataVerified", entries=(entry, 10**6)) == "entry"
    assert unseen(access_of(state, LEAD), "QueryAnswered", query="none") == "entry"


def test_a_lot_or_a_bag_of_another_site_is_not_visible(state: State):
    (lot,) = state.lots
    here, elsewhere = access_of(state, PHARMACIST), access_of(state, ELSEWHERE)
    assert unseen(here, "ProductReleased", lot=lot, bags=BAGS[:1]) == ""
    assert unseen(here, "ProductReleased", lot="none") == "lot"
    assert unseen(here, "ProductReceived", lot="none") == ""
    assert unseen(elsewhere, "ProductReleased", lot=lot) == "lot"
    assert unseen(here, "ProductReleased", lot=lot, bags=BAGS[:1], site="S09") == "bag"


def test_a_task_is_shown_to_who_sees_whom_it_is_about(state: State):
    now = state.recorded_at
    assert now is not None
    shown = {user: visible_tasks(access_of(state, user), now, DAY) for user in (LEAD, ELSEWHERE)}
    assert any(one.task.participant == NAME for one in shown[LEAD])
    assert all(one.task.participant != NAME for one in shown[ELSEWHERE])


def test_a_limited_access_records_by_its_role_alone(state: State):
    state.roles[LEAD, SITE] = {"investigator", "coordinator"}
    everything = limited_access_of(state, LEAD, "")
    as_coordinator = limited_access_of(state, LEAD, "coordinator")
    assert everything.may("AdverseEventClassified", SITE)
    assert not as_coordinator.may("AdverseEventClassified", SITE)
    assert everything.has_any(("investigator",), SITE)
    assert not as_coordinator.has_any(("investigator",), SITE)
    now = state.recorded_at
    assert now is not None
    shown = [one for one in visible_tasks(as_coordinator, now, DAY) if one.mine]
    assert all("coordinator" in one.task.roles for one in shown)


def test_nothing_is_recorded_in_the_past(state: State):
    now = access_of(state, LEAD)
    past = ReadOnlyAccess(*now)
    assert now.may("AdverseEventReported", SITE)
    assert not past.may("AdverseEventReported", SITE)
    assert past.sites_for("AdverseEventReported") == []
    assert not past.has_any(("investigator",), SITE)
