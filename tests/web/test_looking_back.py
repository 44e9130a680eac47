"""The whole application as the trial was: every page, nothing recorded, and back again."""

from datetime import timedelta

import pytest
from django.urls import reverse

from gradatim.conduct.as_of import as_of
from gradatim.web import clock
from gradatim.web.access import AREAS
from gradatim.web.live_trial import Running
from tests.web.conftest import NOW, state
from tests.web.test_matrix import arguments, own_patterns  # noqa: F401

AUDITOR = "data.1"


def looking_back(signed_in, user: str = AUDITOR, **said):
    """Sign somebody in, who looks at the past."""
    client = signed_in(user)
    assert client.post("/audit/look-back/", said).status_code == 302
    return client


def test_every_page_shows_the_trial_as_it_was(app: Running, signed_in):
    """Someone who was enrolled later is not there; the page says so, and which entry it is."""
    one = [p for p in state(app).participants.values() if p.site == "S01"][-1]
    client = looking_back(signed_in, entry=one.position - 1)
    page = client.get("/participants/").content.decode()
    assert one.id not in page
    assert f"after entry {one.position - 1}" in page
    assert client.get(f"/participants/{one.id}/").status_code == 404
    first = next(iter(state(app).participants))
    assert client.get(f"/participants/{first}/").status_code == 200
    client.post("/audit/look-back/", {"return": ""})
    page = client.get("/participants/").content.decode()
    assert one.id in page
    assert "Return to now" not in page


@pytest.mark.parametrize("part", [0.02, 0.1, 0.3, 0.6, 0.9])
def test_no_page_is_broken_at_any_point(app: Running, signed_in, arguments, part):  # noqa: F811
    """From before the protocol on: each page of the trial is there, or says that it is not."""
    client = looking_back(signed_in, entry=max(1, int(state(app).position * part)))
    seen, some = 0, {"proposal": ["D1"], **arguments}
    for pattern in own_patterns():
        if pattern.callback not in AREAS:
            continue
        path = reverse(str(pattern.name), args=some.get(pattern.name, ()))
        answer = client.get(path)
        assert answer.status_code in (200, 302, 404, 405), (path, answer.status_code)
        seen += answer.status_code == 200
    assert seen > 15


def test_nothing_can_be_recorded(app: Running, signed_in):
    """No page offers an act, and a form that was open already is turned down, with all it says."""
    client = looking_back(signed_in, entry=state(app).position - 5)
    before = state(app).position
    one = next(iter(state(app).participants))
    assert "/record/" not in client.get(f"/participants/{one}/").content.decode()
    assert client.get("/record/DataLocked/").status_code == 404
    answer = client.post("/record/DataLocked/", {"seen": before, "request": "x"})
    assert answer.status_code == 409
    assert "Nothing was recorded" in answer.content.decode()
    assert state(app).position == before


def test_what_was_known_at_the_end_of_a_day(app: Running, signed_in):
    """A day is that of the sites; the clock of the pages stands at its end."""
    day = (NOW - timedelta(days=60)).date()
    client = looking_back(signed_in, day=str(day))
    then = client.get("/").context["state"]
    assert then.recorded_at.date() <= day
    wanted = as_of(app.trial.name, app.trial.store.read(app.trial.name), position=then.position)
    assert set(then.participants) == set(wanted.participants)
    assert clock.now() == NOW  # for everybody else it goes on


def test_only_who_sees_the_audit_looks_back(app: Running, signed_in):
    client = signed_in("nurse.S01.1")
    assert client.post("/audit/look-back/", {"entry": "5"}).status_code == 404
    assert "Return to now" not in client.get("/").content.decode()


def test_rights_are_those_of_now(app: Running, signed_in):
    """At a time when the delegation log did not yet hold a user, they see what they see now."""
    client = looking_back(signed_in, "monitor.1", entry=3)
    assert client.get("/").status_code == 200
    assert client.get("/audit/").status_code == 200


def test_a_second_look_reads_nothing_anew(app: Running, signed_in, monkeypatch):
    client = looking_back(signed_in, entry=20)
    client.get("/")
    monkeypatch.setattr("gradatim.web.as_of_middleware.as_of", lambda *a, **k: pytest.fail("read"))
    assert client.get("/participants/").status_code == 200
