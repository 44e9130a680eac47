"""What a page that everybody sees tells of others: of participants elsewhere, of accounts."""

import re

import pytest

from gradatim.conduct.access import access_of
from gradatim.conduct.roles import ROLES
from gradatim.conduct.views.ladder import ladder
from gradatim.web.accounts.models import AccountAct, User, What, note
from gradatim.web.live_trial import Running
from tests.markup import markup
from tests.web.conftest import NOW, state
from tests.web.test_matrix import PLACES, probe

LEAD = "investigator.S01.1"


@pytest.mark.parametrize("role", ROLES)
def test_the_overview_names_participants_to_those_who_find_them_alone(app: Running, role: str):
    """The ladder, the tasks, the advice and the rules that fired."""
    numbers = set(state(app).participants)
    for place in PLACES:
        client = probe(app, role, place)
        access = access_of(state(app), f"probe.{role}.{place or 'all'}")
        text = markup(client.get("/"))
        told = {one for one in numbers if re.search(rf"\b{re.escape(one)}\b", text)}
        seen = {one.id for area in ("participants", "dosing") for one in access.participants(area)}
        assert told <= seen, f"{role} at {place!r}"


def test_who_finds_them_has_them_by_number_and_the_others_by_how_they_stand(app: Running):
    trial, on = state(app), NOW.date()
    everybody = [
        place for rung in ladder(access_of(trial, "sponsor.1"), on) for place in rung.places
    ]
    assert all(place.participant for place in everybody)
    here = [place for rung in ladder(access_of(trial, LEAD), on) for place in rung.places]
    assert [one.standing for one in here] == [one.standing for one in everybody]
    told = {one.participant for one in here} - {""}
    assert told == {one for one in told if trial.participants[one].site == "S01"}
    assert "" in {one.participant for one in here}


@pytest.mark.parametrize(
    ("viewer", "account", "sees"),
    [
        ("sponsor.1", LEAD, True),
        (LEAD, "nurse.S01.1", True),
        (LEAD, "sponsor.1", False),
        (LEAD, "committee.1", False),
        (LEAD, LEAD, False),
        ("monitor.1", "nurse.S01.1", False),
        ("data.1", "sponsor.1", False),
    ],
)
def test_when_somebody_signed_in_is_told_to_whoever_manages_them(
    app: Running, signed_in, viewer: str, account: str, sees: bool
):
    client = signed_in(viewer)
    note(User.objects.get(username=account), What.FACTOR_RESET, "somebody.in.the.office")
    page = client.get(f"/people/accounts/{account}/")
    assert page.status_code == 200
    assert ("somebody.in.the.office" in markup(page)) is sees
    assert AccountAct.objects.filter(user__username=account).exists()
