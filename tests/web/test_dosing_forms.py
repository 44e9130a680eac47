"""The forms of dosing: what the records fill in, what is offered, and what is shown to a signer."""

import re
from typing import Any

import pytest

from gradatim.conduct.access import access_of
from gradatim.conduct.events import product as x
from gradatim.conduct.state import Participant
from gradatim.conduct.views.worksheet import Moment, to_set_aside
from gradatim.web.forms.choices import FormContext
from gradatim.web.forms.nested_rows import SPARE, RowsField
from gradatim.web.forms.product import FIELDS_OF_PRODUCT
from gradatim.web.live_trial import Running
from tests.conduct.ready import DAY, ready
from tests.conduct.trials import event, recorded
from tests.markup import markup
from tests.web.conftest import NOW, state

SITE = "S01"
LABORATORY, PHARMACIST = "cell_lab.S01.1", "pharmacist.S01.1"


def prepared(app: Running, factor: float = 1.0) -> tuple[Participant, x.DosePrepared]:
    """Have a dose prepared once more, so many times as much of it, past the pages."""
    trial = state(app)
    one = next(
        who
        for who in trial.participants.values()
        if who.site == SITE and who.entries_of[x.DosePrepared]
    )
    at = one.entries_of[x.DosePrepared][0]
    was: Any = trial.events[at]
    made = event(
        x.DosePrepared,
        LABORATORY,
        SITE,
        on=NOW.date(),
        participant=one.id,
        dose=1,
        lot=was.lot,
        amount=was.amount * factor,
        planned=was.planned,
        unit=was.unit,
        weight_kg=was.weight_kg,
    )
    recorded(app.trial.record(made))
    return one, was


def test_a_tenfold_amount_stands_red_beside_the_plan(app: Running, signed_in):
    one, _ = prepared(app, 10)
    where = "/record/PreparationVerified/"
    text = markup(signed_in("cell_lab.S01.2").get(where, {"participant": one.id, "dose": "1"}))
    assert "Recorded beside the plan" in text
    assert re.search(r'class="tag bad"\s*>[^<]* are 10 times the [^<]* planned', text)
    sheet = markup(signed_in(PHARMACIST).get(f"/participants/{one.id}/doses/"))
    assert " are 10 times the " in sheet


def test_rows_that_are_asked_for_come_whether_or_not_others_are_filled(app: Running, signed_in):
    browser = signed_in(LABORATORY)
    where = "/record/ProductReceived/?site=S01"
    rows = len(re.findall(r'name="bags-\d+-id"', markup(browser.get(where))))
    assert rows == SPARE
    empty = {f"bags-{n}-id": "" for n in range(rows)}
    more = markup(browser.post(where, {**empty, "_more": "bags"}))
    assert len(re.findall(r'name="bags-\d+-id"', more)) == rows + SPARE


def test_a_pharmacy_of_tablets_is_asked_for_boxes_and_pieces(either_app: Running, signed_in):
    fluid = state(either_app).study.treatment.preparation is not None
    text = markup(signed_in(LABORATORY).get("/record/ProductReceived/?site=S01"))
    assert ("bags-0-pieces" in text) is not fluid
    assert ("bags-0-strength" in text) is not fluid
    assert ("bags-0-volume_ml" in text) is fluid
    assert ("bags-0-viability" in text) is fluid
    assert ('name="donor"' in text) is fluid
    one = next(p for p in state(either_app).participants.values() if p.site == SITE and p.level)
    about = {"participant": one.id, "dose": "1"}
    text = markup(signed_in(LABORATORY).get("/record/DosePrepared/", about))
    assert ("drawn-0-volume_ml" in text) is fluid
    assert ("drawn-0-pieces" in text) is not fluid
    assert ('name="weight_kg"' in text) is fluid
    text = markup(signed_in("nurse.S01.1").get("/record/DoseAdministered/", about))
    assert ('name="volume_ml"' in text) is fluid
    assert ("given-0-pieces" in text) is not fluid


@pytest.fixture
def enrolled(app: Running) -> Participant:
    """Somebody with a place who was weighed, their dose taken out of the state."""
    trial = state(app)
    one = next(
        who
        for who in trial.participants.values()
        if who.site == SITE and who.entries_of[x.DosePrepared]
    )
    for kind in (x.ProductAssigned, x.DosePrepared, x.DoseAdministered):
        one.entries_of.pop(kind, None)
    for bag in trial.inventory.reserved(one.id, 1):
        trial.inventory.put(bag._replace(reserved_for=None))
    one.changed()
    one.status = "enrolled"
    return one


def test_the_bags_to_set_aside_are_worked_out_and_chosen(app: Running, enrolled, signed_in):
    at = Moment(NOW, NOW.date(), NOW.tzinfo)  # type: ignore[arg-type]
    found = to_set_aside(state(app), enrolled, 1, at)
    assert found.needed == len(found.bags) > 0
    held = {
        one.id: (one.status, one.reserved_for)
        for one in state(app).inventory.find(found.lot, found.bags)
    }
    assert set(held.values()) == {("released", None)}
    text = markup(
        signed_in(PHARMACIST).get("/record/ProductAssigned/", {"participant": enrolled.id})
    )
    ticked = re.findall(r'<input[^>]*name="bags"[^>]*value="([^"]+)"[^>]*checked', text)
    assert tuple(ticked) == found.bags
    offered = set(re.findall(r'<input[^>]*name="bags"[^>]*value="([^"]+)"', text))
    gone = {one.id for one in state(app).inventory.containers if one.status == "used"}
    assert gone
    assert not gone & offered
    sheet = markup(signed_in(PHARMACIST).get(f"/participants/{enrolled.id}/doses/"))
    assert "To be set aside" in sheet


def test_the_rows_of_a_preparation_are_those_that_were_computed(app: Running, enrolled, signed_in):
    at = Moment(NOW, NOW.date(), NOW.tzinfo)  # type: ignore[arg-type]
    found = to_set_aside(state(app), enrolled, 1, at)
    for one in state(app).inventory.find(found.lot, found.bags):
        state(app).inventory.put(one._replace(reserved_for=(enrolled.id, 1)))
    text = markup(
        signed_in(LABORATORY).get(
            "/record/DosePrepared/", {"participant": enrolled.id, "dose": "1", "lot": found.lot}
        )
    )
    drawn = [float(one) for one in re.findall(r'name="drawn-\d+-volume_ml" value="([\d.]+)"', text)]
    assert found.computed is not None
    assert found.computed.drawn_ml == pytest.approx(sum(drawn), abs=0.01)
    assert len(drawn) == len(found.bags)


def test_the_card_of_each_act_that_is_signed(app: Running, signed_in):
    """A dose decision, a deviation, a query: each shows what it is about."""
    trial = state(app)
    committee, sponsor = signed_in("committee.1"), signed_in("sponsor.1")
    text = markup(committee.get("/record/DoseDecision/?site="))
    assert "Advice of the design" in text
    assert "Outcomes" in text
    at, deviation = next(iter(trial.deviations.items()))
    text = markup(sponsor.get("/record/ProtocolDeviationReviewed/", {"of": at, "site": ""}))
    assert deviation.rule in text
    done = next(q for q in trial.queries.values())
    text = markup(signed_in("data.1").get("/record/QueryClosed/", {"query": done.id, "site": ""}))
    assert done.question.split("'")[0] in text
    assert f"/entries/{done.of}/" in text


def test_a_code_that_does_not_match_is_refused_in_words(app: Running, signed_in):
    one, _ = prepared(app)
    about = {"participant": one.id, "dose": "1"}
    text = markup(signed_in("nurse.S01.1").get("/record/BedsideChecked/", about))
    assert "Code of the person" in text
    assert "Codes of the bags" in text
    assert 'name="identifiers"' in text


@pytest.mark.parametrize("name", ["drawn", "given"])
def test_a_bag_of_one_lot_hides_none_of_another_with_its_number(name: str):
    led = ready()
    one = x.Bag(id="B1", volume_ml=10.0)
    led.act(x.ProductReceived, LABORATORY, hour=7, lot="L2", bags=(one,))
    led.act(x.ProductReleased, LABORATORY, hour=7, lot="L2", bags=("B1",))
    event = {"drawn": "DosePrepared", "given": "DoseAdministered"}[name]
    asked = FormContext(event, access_of(led.trial.state, LABORATORY), SITE, led.one, {}, DAY)
    field = FIELDS_OF_PRODUCT[event, name](asked, {})
    assert isinstance(field, RowsField)
    bag: Any = field.fields["bag"]
    offered = {value: str(words) for value, words in bag.choices}
    assert offered["B1"] == "B1 (L1, released; L2, released)"
