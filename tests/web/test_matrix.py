"""The whole matrix: every role, at its site, at another, in the whole trial; every page, every act.

What a role may see and do is worked out here from the two tables alone (`SEES` and `MAY`); the
pages are asked over HTTP.
"""

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from gradatim.conduct.access import SEES
from gradatim.conduct.catalogue import act_named
from gradatim.conduct.events import BY_NAME
from gradatim.conduct.permissions import MAY, OF_THE_WHOLE_TRIAL
from gradatim.conduct.roles import ROLES
from gradatim.web.access import AREAS, PUBLIC
from gradatim.web.accounts.models import User
from gradatim.web.live_trial import Running
from tests.web.conftest import BACKEND, PASSWORD

HERE, THERE = "S01", "S02"
PLACES = (HERE, THERE, "")
NEEDS = {
    "upload": "FactRecorded",
    "answer": "FactRecorded",
    "questionnaire": "ScoresRecorded",
    "correct": "LaboratoryResultsRecorded",
    "identification": "IdentificationListExported",
    "export": "ExportMade",
    "confirmations": "RulingSigned",
    "invite": "RoleGranted",
    "manage-account": "RoleGranted",
}
"""Pages that only whoever may record an act finds."""
OF_THE_TRIAL = ("export", "confirmations")
"""Of these, what is only for who has the task in the whole trial."""
ALSO = {"eligibility": "participants", "doses": "dosing"}


def patterns(resolver=None) -> list[URLPattern]:
    """Give every address there is, those of included lists too."""
    found: list[URLPattern] = []
    for one in (resolver or get_resolver()).url_patterns:
        found += patterns(one) if isinstance(one, URLResolver) else [one]
    return found


def own_patterns() -> list[URLPattern]:
    return [one for one in patterns() if one.name and ".web.api." not in str(one.lookup_str)]


def test_every_page_says_for_whom_it_is():
    """A page that is neither kept to an area nor public would be open to anybody."""
    open_ = [
        str(one.pattern)
        for one in own_patterns()
        if one.callback not in AREAS and one.callback not in PUBLIC
    ]
    assert open_ == []
    assert set(AREAS.values()) <= set(SEES)


@pytest.fixture
def arguments(app: Running) -> dict[str, list]:
    """Give the arguments of every address that has some, for a participant here."""
    state = app.trial.state
    one = next(p for p in state.participants.values() if p.site == HERE and p.status == "treated")
    lab = next(
        at for at in one.entries if type(state.events[at]).__name__ == "LaboratoryResultsRecorded"
    )
    lot = next(
        lot.id
        for lot in state.lots.values()
        if all(bag.site == HERE for bag in lot.containers.values())
    )
    person = (
        "participant",
        "visits",
        "logs",
        "adverse-events",
        "history",
        "eligibility",
        "upload",
        "records",
        "emergency",
        "laboratory",
        "scores",
        "questionnaire",
        "grade",
        "doses",
    )
    return {
        **{name: [one.id] for name in person},
        "standing": [one.id, 1],
        "answer": [one.id, "willing_to_comply"],
        "blank": ["VitalSignsRecorded"],
        "identification": [HERE],
        "entry": [lab],
        "correct": [lab],
        "lot": [lot],
        "endorse": [HERE],
        "record": ["TrialPaused"],
        "person": ["nurse.S01.1"],
        "manage-account": ["nurse.S01.1", "deactivate"],
    }


def probe(app: Running, role: str, place: str) -> Client:
    """Sign in as somebody with one task at one place, and no other."""
    name = f"probe.{role}.{place or 'all'}"
    app.trial.state.roles[name, place] = {role}
    known = User.objects.filter(username=name).first()
    user = known or User.objects.create_user(name, name, PASSWORD)
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


OF_HERE = (
    "participant",
    "endorse",
    "visits",
    "logs",
    "adverse-events",
    "history",
    "eligibility",
    "upload",
    "records",
    "emergency",
    "laboratory",
    "scores",
    "questionnaire",
    "grade",
    "doses",
    "standing",
    "answer",
    "correct",
    "lot",
    "person",
    "identification",
)
"""Pages of somebody or something at the first site."""


def may_see(role: str, place: str, name: str, area: str) -> bool:
    """Work out from the tables whether a page is to be found."""
    sees = role in SEES[area] and (name not in OF_HERE or place in (HERE, ""))
    if name == "entry":
        areas = [one for one in ("participants", "dosing", "audit") if role in SEES[one]]
        sees = bool(areas) and place in (HERE, "")
    if name == "correct":
        sees = sees and any(role in SEES[one] for one in ("participants", "dosing", "audit"))
    if name in NEEDS:
        sees = sees and role in MAY[NEEDS[name]] and (name not in OF_THE_TRIAL or place == "")
    if name == "manage-account":
        sees = sees and place in (HERE, "")
    return sees


@pytest.mark.parametrize("role", ROLES)
def test_pages(app: Running, arguments, role: str):
    """Each page is found by exactly those who may see it."""
    for place in PLACES:
        client = probe(app, role, place)
        for one in own_patterns():
            if one.callback in PUBLIC or one.name in ("record", "proposal"):
                continue
            area = AREAS[one.callback]
            path = reverse(one.name, args=arguments.get(one.name, []))
            posted = one.name == "export"
            response = client.post(path) if posted else client.get(path)
            expected = may_see(role, place, str(one.name), area)
            told = f"{role} at {place or 'the whole trial'}: {path}: {response.status_code}"
            assert (response.status_code != 404) is expected, told


@pytest.mark.parametrize("role", ROLES)
def test_acts(app: Running, role: str):
    """Each act has a form for exactly those who may record it, where they may."""
    for place in PLACES:
        client = probe(app, role, place)
        for event in BY_NAME:
            for site in PLACES:
                response = client.get(reverse("record", args=[event]), {"site": site})
                may = not act_named(event).elsewhere and role in MAY[event] and place in (site, "")
                may = may and (not site or event not in OF_THE_WHOLE_TRIAL)
                told = f"{role} at {place!r}: {event} at {site!r}: {response.status_code}"
                assert (response.status_code == 200) is may, told


def test_who_is_not_signed_in_sees_nothing(app: Running, arguments):
    """Every page asks a stranger to sign in."""
    for one in own_patterns():
        if one.callback in PUBLIC:
            continue
        path = reverse(
            one.name, args=arguments.get(one.name, ["x"] if one.name in ("proposal",) else [])
        )
        for response in (Client().get(path), Client().post(path)):
            assert response.status_code in (302, 405), path
            assert response.status_code == 405 or response["Location"].startswith("/sign-in/")


def test_who_has_no_task_sees_only_that(app: Running):
    """An account without any task finds no page of the trial."""
    user = User.objects.create_user("nobody", "Nobody", PASSWORD)
    client = Client()
    client.force_login(user, backend=BACKEND)
    for name in ("participants", "audit", "protocol", "review"):
        assert client.get(reverse(name)).status_code == 404
    assert client.get(reverse("account")).status_code == 200
