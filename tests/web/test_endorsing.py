"""Investigators stand for what is recorded of their participants, all that is new at once."""

from gradatim.conduct.events import findings as f
from gradatim.conduct.events import participants as p
from gradatim.conduct.events import review as r
from gradatim.conduct.views.endorsement import not_endorsed, to_endorse
from gradatim.web.live_trial import Running
from tests.markup import markup
from tests.web.conftest import PASSWORD, state
from tests.web.test_stale import Page, made

PATH, LEAD = "/endorse/S02/", "investigator.S02.1"


def endorse(client):
    """Open the page and sign it."""
    page = Page(client.get(PATH).content.decode(), False)
    return client.post(PATH, {**page.fields, "password": PASSWORD})


def test_an_investigator_endorses_all_that_is_new_at_once(app: Running, signed_in):
    lead = signed_in(LEAD)
    text = markup(lead.get(PATH))
    for one in to_endorse(state(app), "S02"):
        assert f"/participants/{one.participant.id}/" in text
        assert all(f"/entries/{at}/" in text for at in one.entries)
    before = state(app).position
    assert endorse(lead).status_code == 302
    _, made_ = list(state(app).events.of(r.DataEndorsed))[-1]
    assert (made_.upto, made_.site) == (before, "S02")
    assert made_.signature
    assert to_endorse(state(app), "S02") == []
    assert to_endorse(state(app), "S01")
    assert "Nothing is new." in markup(lead.get(PATH))


def test_what_is_corrected_after_it_is_to_be_endorsed_again(app: Running, signed_in):
    lead = signed_in(LEAD)
    endorse(lead)
    whom = state(app).participants["S02-001"]
    of = whom.entries_of[f.VitalSignsRecorded][-1]
    results = [{"element": "body_temperature", "value": 36.5, "unit": "Cel"}]
    slip = {"of": of, "fields": {"results": results}, "reason": "a slip of the pen"}
    app.trial.record(made(p.EntryCorrected, "nurse.S02.1", "S02", **slip))
    assert not_endorsed(state(app), state(app).participants["S02-001"]) == (of,)
    assert f"/entries/{of}/" in markup(lead.get(PATH))


def test_only_an_investigator_of_the_site_endorses(app: Running, signed_in):
    before = state(app).position
    for user in ("nurse.S02.1", "coordinator.S02.1", "investigator.S01.1", "sponsor.1"):
        client = signed_in(user)
        page = client.get(PATH)
        assert 'name="password"' not in page.content.decode()
        said = {"seen": before, "request": "e1", "password": PASSWORD}
        assert client.post(PATH, said).status_code in (403, 404)
    assert state(app).position == before


def test_a_real_trial_asks_for_it_and_tells_whom(app: Running, signed_in):
    state(app).endorsed = True
    n = sum(len(one.entries) for one in to_endorse(state(app), "S02"))
    assert f"{n} entries to endorse" in markup(signed_in(LEAD).get("/"))
    assert 'href="/endorse/S02/"' in markup(signed_in(LEAD).get("/"))
