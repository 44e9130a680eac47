"""A participant goes on at another site: who sees and does what, through the real pages."""

from typing import Any

from gradatim.web.live_trial import Running
from tests.markup import markup
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
