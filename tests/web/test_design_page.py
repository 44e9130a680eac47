"""The page of the design: exact figures for the rates of the sliders."""

import re

import pytest

from gradatim.dosefinding.designs import build
from gradatim.dosefinding.operating import operating_characteristics
from gradatim.dosefinding.protocol_design import settings_of
from gradatim.web.running import Running
from tests.web.conftest import state


def rates(app: Running) -> dict[str, str]:
    levels = state(app).study.treatment.dose_levels
    return {f"r{one.number}": str(10 * one.number) for one in levels}


def test_figures_are_those_of_the_exact_computation(either_app: Running, signed_in):
    """What the page says is what the command says."""
    study = state(either_app).study
    asked = rates(either_app)
    text = signed_in("statistics.1").get("/design/", asked).content.decode()
    settings = settings_of(study)
    truth = [int(one) / 100 for one in asked.values()]
    found = operating_characteristics(build(settings), [truth], settings.target or 0.3)[0]
    first = found.selection[0].value
    assert f"{100 * first:.3g} %" in text


@pytest.mark.parametrize("said", ["", "-5", "1000", "abc", "95", "1e3", "<b>"])
def test_a_slider_cannot_be_set_to_anything_else(app: Running, signed_in, said):
    """What is sent is kept to what a slider can be."""
    response = signed_in("statistics.1").get("/design/", {"r1": said, "design": "no such design"})
    assert response.status_code == 200
    shown = re.search(r'name="r1"[^>]*value="(\d+)"', response.content.decode())
    assert shown
    assert 1 <= int(shown[1]) <= 95


def test_a_falling_curve_is_told(app: Running, signed_in):
    """Rates do not fall with the dose; the page says what it took."""
    asked = dict.fromkeys(rates(app), "5") | {"r1": "40"}
    text = signed_in("statistics.1").get("/design/", asked).content.decode()
    assert "taken as equal" in text
