"""A participant goes on at another site: who sees and does what, through the real pages."""

from typing import Any

from gradatim.conduct.events import participants as p
from gradatim.conduct.events import review as r
from gradatim.conduct.events.base import Event
from gradatim.conduct.events.findings import VitalSignsRecorded
from gradatim.web.accounts.models import User
from gradatim.web.accounts.tokens import make_token
from gradatim.web.live_trial import Running
from tests.conduct.trials import recorded
from tests.markup import markup
from tests.web.api.conftest import Program
from tests.web.conftest import NOW, PASSWORD, state

LEAD, THEIR_LEAD = "investigator.S01.1", "investigator.S02.1"


def sent(browser: Any, address: str, **said: Any) -> Any:
    """Send a form with what it begins with, signed."""
    form = browser.get(address).context["form"]
    begun = {
        name: form[name].value() or ""
        for name in ("seen", "request", "occurred_on")
        if name in form.fields
    }
    return browser.post(address, {**begun, **said, "password": PASSWORD})


def test_a_participant_is_proposed_taken_over_and_read_where_they_were(app: Running, signed_in):
    here, there = signed_in(LEAD), signed_in(THEIR_LEAD)
    one = next(
        one
        for one in state(app).participants.values()
        if one.site == "S01" and one.status in ("treated", "completed") and not one.moves
    )
    page = f"/participants/{one.id}/"
    assert "TransferProposed" in markup(here.get(page))
    assert there.get(page).status_code == 404
    said = {"to_site": "S02", "agreed_on": str(NOW.date()), "reason": "has moved"}
    sent(here, f"/record/TransferProposed/?participant={one.id}", **said)
    told = markup(there.get("/"))
    assert f"ParticipantTransferred/?site=S02&amp;next=%2F&amp;participant={one.id}" in told
    assert there.get(page).status_code == 404
    sent(there, f"/record/ParticipantTransferred/?site=S02&participant={one.id}")
    assert state(app).participants[one.id].site == "S02"
    assert there.get(page).status_code == 200
    assert f'href="{page}"' in markup(there.get("/participants/"))
    former = markup(here.get(page))
    assert "Nothing can be recorded" in former
    assert "/record/" not in former.split("<main")[1].split("</main>")[0]
    for tab in ("eligibility", "doses", "history"):
        assert here.get(f"{page}{tab}/").status_code == 200
    assert here.post(page, {}).status_code in (405, 409)
    assert "Went on at another site" in markup(here.get("/participants/"))
    address = f"/record/AdverseEventReported/?participant={one.id}"
    assert here.get(address).status_code == 404
    assert there.get(address).status_code == 200


def test_what_the_new_site_says_of_an_entry_the_former_does_not_learn(app: Running, signed_in):
    one = next(
        one
        for one in state(app).participants.values()
        if one.site == "S01" and one.status in ("treated", "completed") and not one.moves
    )
    at = one.entries_of[VitalSignsRecorded][-1]
    day, before = NOW.date(), state(app).events[at]
    assert isinstance(before, VitalSignsRecorded)
    right = [{"element": x.element, "value": 61.5, "unit": x.unit} for x in before.results]

    def told(kind: type[Event], by: str, site: str, **fields: Any) -> None:
        moment = max(NOW, state(app).recorded_at or NOW)
        said = kind(occurred_on=day, recorded_at=moment, recorded_by=by, site=site, **fields)
        recorded(app.trial.record(said))

    about = {"participant": one.id}
    told(p.TransferProposed, LEAD, "S01", to_site="S02", agreed_on=day, reason="has moved", **about)
    told(p.ParticipantTransferred, THEIR_LEAD, "S02", from_site="S01", **about)
    corrected = {"fields": {"results": right}, "reason": "weighed anew"}
    told(p.EntryCorrected, "nurse.S02.1", "S02", of=at, **corrected)
    told(r.QueryOpened, "monitor.1", "", query="Q999", of=at, question="In pounds?")
    here, there = (markup(signed_in(user).get(f"/entries/{at}/")) for user in (LEAD, THEIR_LEAD))
    for text in ("weighed anew", "In pounds?", "61.5"):
        assert text in there
        assert text not in here
    card = markup(signed_in(LEAD).get(f"/record/EntryVoided/?site=S01&of={at}"))
    assert "61.5" not in card
    asked = {
        user: [one for one in _program(user).get("queries").json()["items"] if one["of"] == at]
        for user in (LEAD, THEIR_LEAD)
    }
    assert asked[LEAD] == []
    assert [one["site"] for one in asked[THEIR_LEAD]] == ["S02"]


def _program(user: str) -> Program:
    return Program(make_token(User.objects.get(username=user), "test", ""))
