"""The product in the application: two lots with bags of one number are two accounts."""

from datetime import timedelta
from typing import Any

import pytest

from gradatim.conduct.access import Access
from gradatim.conduct.events import product as x
from gradatim.conduct.events.base import Event
from gradatim.conduct.trial import Recorded
from gradatim.web.accounts.models import User
from gradatim.web.accounts.tokens import make_token
from gradatim.web.forms.choices import FormContext, choices_of
from gradatim.web.live_trial import Running
from tests.conduct.trials import recorded
from tests.markup import markup
from tests.web.api.conftest import Program
from tests.web.conftest import NOW, state

LABORATORY, PHARMACIST = "cell_lab.S01.1", "pharmacist.S01.1"
LOTS = {"TWIN-1": 20.0, "TWIN-2": 10.0}


@pytest.fixture
def twins(app: Running) -> Running:
    """Two lots at one site, each with a bag 001; that of the second has gone back."""
    made: dict[str, Any] = {"occurred_on": NOW.date(), "site": "S01", "recorded_by": LABORATORY}
    at = max(NOW, state(app).recorded_at or NOW)
    for n, (lot, ml) in enumerate(LOTS.items()):
        bags = (x.Bag(id="001", volume_ml=ml),)
        received = x.ProductReceived(
            recorded_at=at + timedelta(seconds=n), lot=lot, bags=bags, **made
        )
        assert isinstance(app.trial.record(received), Recorded)
    returned = x.ProductReturned(
        recorded_at=at + timedelta(minutes=1), lot="TWIN-2", bags=("001",), reason="cracked", **made
    )
    assert isinstance(app.trial.record(returned), Recorded)
    return app


def test_each_lot_is_shown_with_its_own_account(twins: Running, signed_in):
    browser = signed_in(PHARMACIST)
    page = markup(browser.get("/dosing/"))
    for lot, received, on_hand in (("TWIN-1", "20", "20"), ("TWIN-2", "10", "0")):
        row = page[page.index(f'lots/{lot}/"') :].split("</tr>")[0]
        assert f'<td class="n">{received}</td><td class="n">{on_hand}</td>' in row
        assert "does not close" not in row
    for lot, status in (("TWIN-1", "quarantined"), ("TWIN-2", "returned")):
        shown = markup(browser.get(f"/dosing/lots/{lot}/"))
        assert shown.count(">001<br>") == 1
        assert f">{status}</span>" in shown
        assert "faults" not in shown


def test_each_lot_is_given_to_programs_with_its_own_account(twins: Running):
    program = Program(make_token(User.objects.get(username=PHARMACIST), "test", ""))
    found = {one["id"]: one for one in program.get("lots").json()["items"] if one["id"] in LOTS}
    assert {lot: one["bags"][0]["status"] for lot, one in found.items()} == {
        "TWIN-1": "quarantined",
        "TWIN-2": "returned",
    }
    first, second = (found[lot]["account"] for lot in LOTS)
    assert (first["received_ml"], first["on_hand_ml"], first["faults"]) == (20, 20, 0)
    assert (second["received_ml"], second["returned_ml"], second["faults"]) == (10, 10, 0)


def test_a_number_that_two_lots_have_is_offered_once_and_names_both(twins: Running):
    access = Access(PHARMACIST, state(twins), {"pharmacist": frozenset({"S01"})})

    def offered(given: dict[str, str], act: str = "EntryCorrected") -> dict[str, str]:
        asked = FormContext(act, access, "S01", None, given, NOW.date())
        return dict(choices_of(asked, "bags") or ())

    assert offered({})["001"] == "001 (TWIN-1, quarantined; TWIN-2, returned)"
    assert offered({"lot": "TWIN-2"}) == {"001": "001 (TWIN-2, returned)"}
    # What is gone cannot be put in quarantine, and nothing of it be set aside.
    assert offered({}, "ProductQuarantined")["001"] == "001 (TWIN-1, quarantined)"
    assert offered({"lot": "TWIN-2"}, "ProductQuarantined") == {}
    assert offered({"lot": "TWIN-1"}, "ProductAssigned") == {}
    assert offered({"lot": "TWIN-1"}, "ProductReleased") == {"001": "001 (TWIN-1, quarantined)"}


def test_a_shipment_goes_from_one_site_to_another_through_the_forms(twins: Running, signed_in):
    sender, receiver = signed_in(PHARMACIST), signed_in("pharmacist.S02.1")
    assert receiver.get("/dosing/lots/TWIN-1/").status_code == 404
    ship = "/record/ProductShipped/?site=S01&lot=TWIN-1"
    assert 'value="001"' in markup(sender.get(ship))
    said = {**beginning(sender.get(ship)), "shipment": "AWB-7", "bags": "001", "to_site": "S02"}
    sender.post(ship, said)
    for browser in (sender, receiver):
        page = markup(browser.get("/dosing/lots/TWIN-1/"))
        assert ">in transit</span>" in page
        assert "AWB-7" in markup(browser.get("/dosing/"))
    receive = "/record/ShipmentReceived/?site=S02&lot=TWIN-1&shipment=AWB-7"
    assert "ShipmentReceived" in markup(receiver.get("/dosing/"))
    fine = {"temperature": "in order", "seals": "in order", "bags": "001"}
    receiver.post(receive, {**beginning(receiver.get(receive)), **fine})
    (bag,) = state(twins).inventory.find("TWIN-1", ("001",))
    assert (bag.site, bag.status) == ("S02", "quarantined")
    page = markup(sender.get("/dosing/lots/TWIN-1/"))
    assert "AWB-7" in page
    assert ">quarantined</span>" not in page
    assert "Nobody at the sites you see." in page
    assert "All bags are at other sites." in markup(sender.get("/dosing/"))
    assert 'href="/dosing/lots/TWIN-1/"' in markup(sender.get("/dosing/"))


def test_a_bag_that_goes_on_tells_no_number_of_whom_it_was_prepared_for(twins: Running, signed_in):
    one = next(one for one in state(twins).participants.values() if one.site == "S01")

    def told(kind: type[Event], by: str, **fields: Any) -> None:
        at = max(NOW, state(twins).recorded_at or NOW)
        about: dict[str, Any] = {"occurred_on": NOW.date(), "site": "S01", "lot": "TWIN-1"}
        said = kind(recorded_at=at, recorded_by=by, **about, **fields)
        recorded(twins.trial.record(said))

    drawn = (x.Drawn("001", 20.0, 0.0),)
    dose: dict[str, Any] = {"participant": one.id, "dose": 1, "amount": 1.0, "planned": 1.0}
    told(x.DosePrepared, LABORATORY, drawn=drawn, unit="{cells}", **dose)
    told(x.ProductShipped, PHARMACIST, bags=("001",), shipment="AWB-7", to_site="S02")
    page = "/dosing/lots/TWIN-1/"
    assert one.id in markup(signed_in(PHARMACIST).get(page))
    assert one.id not in markup(signed_in("pharmacist.S02.1").get(page))


def beginning(answer: Any) -> dict[str, Any]:
    """Return what a form begins with, hidden fields included."""
    form = answer.context["form"]
    return {
        name: field.value() or ""
        for name in form.fields
        for field in [form[name]]
        if name in ("seen", "request", "occurred_on")
    }
