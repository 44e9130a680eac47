"""What the floors below work out stands on the pages where its users look for it."""

from gradatim.analysis.endpoint_responses import response_tables
from gradatim.conduct.views.traceability import doses_of_lot
from gradatim.web.live_trial import Running
from tests.markup import markup
from tests.web.conftest import state


def test_a_lot_tells_who_was_given_from_it(app: Running, signed_in):
    """Only those whom the user sees, each with the bags of the dose."""
    client, known = signed_in("cell_lab.S01.1"), state(app)
    sites = {one.id: one.site for one in known.participants.values()}
    lot = next(
        lot.id
        for lot in known.lots.values()
        if any(sites[one.participant] == "S01" for one in doses_of_lot(known, lot.id))
    )
    section = markup(client.get(f"/dosing/lots/{lot}/")).split("Given to</h2>")[1]
    shown = section.split("</section>")[0]
    for one in doses_of_lot(known, lot):
        assert (one.participant in shown) == (sites[one.participant] == "S01")
        if sites[one.participant] == "S01":
            assert all(bag in shown for bag in one.bags)


def test_the_emergency_page_names_lot_and_bags(app: Running, signed_in):
    """Those of `doses_of_lot`, the other way round."""
    known = state(app)
    one = next(
        one
        for lot in known.lots
        for one in doses_of_lot(known, lot)
        if known.participants[one.participant].site == "S01"
    )
    path = f"/participants/{one.participant}/emergency/"
    text = markup(signed_in("nurse.S01.1").get(path))
    assert all(name in text for name in (one.lot, *one.bags))


def test_the_responses_to_the_endpoints_stand_in_the_review(app: Running, signed_in):
    """Each criterion with its source, its counts and the answer of each participant."""
    text = markup(signed_in("committee.1").get("/review/", {"part": "courses"}))
    tables = response_tables(state(app))
    assert any(one.visits for one in tables)
    for one in tables:
        section = text.split(f'id="response-{one.criterion.name}"')[1].split("</section>")[0]
        assert one.criterion.title in section
        assert one.criterion.source in section
        assert section.count('class="tag unknown"') == sum(
            response.answer == "unknown" for response in one.responses
        )


def test_the_form_of_an_adverse_event_tells_the_scale_of_cytokine_release(app: Running, signed_in):
    """The protocol watches for it, and CTCAE grades it differently."""
    treated = next(
        one.id
        for one in state(app).participants.values()
        if one.site == "S01" and one.status == "treated"
    )
    path = f"/record/AdverseEventReported/?participant={treated}"
    text = markup(signed_in("investigator.S01.1").get(path))
    assert "Cytokine release syndrome by ASTCT 2019" in text
    assert "one vasopressor, with or without vasopressin" in text
