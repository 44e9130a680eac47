"""The worksheet of a dose: by the weight that the protocol's rule chooses from those recorded."""

from datetime import datetime, time, timedelta, timezone

import pytest

from gradatim.conduct.views.doses import Dose
from gradatim.core.errors import UnusableInput
from gradatim.core.truth import FALSE, TRUE, UNKNOWN
from gradatim.web.views.dosing.worksheet import _computed, _gates, _initial
from tests.conduct.ready import DAY, Led, ready


@pytest.fixture
def morning(at):
    """Set the clock to the morning of the dose, by the clock of the sites."""
    at(datetime.combine(DAY, time(9), timezone(timedelta(hours=8))))


def computed(led: Led):
    return _computed(led.trial.state, led.one, Dose(1))


def test_the_weight_of_the_baseline_visit_scales_the_dose(morning):
    """70.2 kg at baseline and 75 kg on the day (+6.8 %, at most 10 %)."""
    led = ready(70.2, 75)
    found = computed(led)
    assert found.planned.value == pytest.approx(70.2e6)
    assert "the weight at baseline, 70.2 kg" in found.weight.text
    form = _initial(led.trial.state, led.one, Dose(1))
    assert form["initial-planned"] == "70200000"
    assert form["initial-weight_kg"] == "75"


def test_without_a_weight_of_the_day_the_form_begins_empty(morning):
    led = ready(70.2, None)
    assert computed(led).weight.truth is UNKNOWN
    assert _initial(led.trial.state, led.one, Dose(1)) == {}


def test_with_a_weight_in_doubt_nothing_is_computed(morning):
    led = ready(70, 154)
    with pytest.raises(UnusableInput, match="154 kg"):
        computed(led)
    assert _initial(led.trial.state, led.one, Dose(1)) == {}


def test_the_gates_name_the_criterion_that_closes_them(morning):
    led = ready()
    gates = dict(_gates(led.trial.state, led.one, 1))
    words = next(one for one in gates if one.startswith("Every criterion passes on the day"))
    assert gates[words].truth is TRUE
    led.result("alt", 400, DAY - timedelta(days=1), high=40)
    found = dict(_gates(led.trial.state, led.one, 1))[words]
    assert found.truth is FALSE
    assert "E11a" in "".join(found.clauses())
