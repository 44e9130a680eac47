"""A dose whose checklist is no longer in force: every page of it says so, and asks again."""

from datetime import UTC, datetime, time

from django.template.loader import render_to_string

from gradatim.conduct.events import product as x
from gradatim.conduct.views.doses import doses
from gradatim.conduct.views.worksheet import Moment, withdrawn
from tests.conduct.ready import BAGS, DAY, SITE, ready

NOW = Moment(datetime.combine(DAY, time(9, 24), UTC), DAY, UTC)


def shown(led) -> str:
    """Give what the pages of the dose show of its checklist."""
    dose = doses(led.trial.state, led.one)[1]
    said = {
        "one": led.one,
        "number": 1,
        "watched": dose.authorised,
        "withdrawn": withdrawn(led.trial.state, led.one, dose, NOW),
    }
    return render_to_string("gradatim/dosing/standing.html", said)


def test_a_page_left_open_asks_again_and_says_that_a_bag_was_recalled():
    led = ready()
    led.prepare(7e7, 70)
    led.sign()
    page = shown(led)
    assert f"/participants/{led.name}/doses/1/standing/" in page
    assert "hx-trigger" in page
    assert "Do not give" not in page
    led.act(
        x.ProductQuarantined,
        f"cell_lab.{SITE}.1",
        hour=9.2,
        lot="L1",
        bags=BAGS[:1],
        reason="recalled",
    )
    assert "Do not give" in shown(led)
    assert "bag B1 is quarantined" in shown(led)


def test_once_it_is_given_nothing_is_asked_any_more():
    led = ready()
    led.prepare(7e7, 70)
    led.sign()
    led.give(7e7)
    assert "hx-trigger" not in shown(led)
