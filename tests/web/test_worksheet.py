"""The worksheet of a dose: by the weight that the protocol's rule chooses from those recorded."""

from datetime import datetime, time, timedelta, timezone

import pytest

from gradatim.conduct.views.doses import Dose
from gradatim.conduct.views.worksheet import Moment, compute_preparation, gates_in_words
from gradatim.core.errors import UnusableInput
from gradatim.core.truth import FALSE, TRUE, UNKNOWN
from gradatim.web.views.dosing.worksheet import initial_of_preparation
from tests.conduct.ready import DAY, Led, ready

ZONE = timezone(timedelta(hours=8))
MORNING = Moment(datetime.combine(DAY, time(9), ZONE), DAY, ZONE)
"""Of the day of the dose, by the clock of the sites."""


def computed(led: Led):
    return compute_preparation(led.trial.state, led.one, Dose(1), MORNING)


def test_the_weight_of_the_baseline_visit_scales_the_dose():
    """70.2 kg at baseline and 75 kg on the day (+6.8 %, at most 10 %)."""
    led = ready(70.2, 75)
    found = computed(led)
    assert found.planned.value == pytest.approx(70.2e6)
    assert "the weight at baseline, 70.2 kg" in found.weight.text
    form = initial_of_preparation(computed(led))
    assert form["initial-planned"] == "70200000"
    assert form["initial-weight_kg"] == "75"


def test_without_a_weight_of_the_day_the_form_begins_empty():
    led = ready(70.2, None)
    assert computed(led).weight.truth is UNKNOWN
    assert initial_of_preparation(computed(led)) == {}


def test_with_a_weight_in_doubt_nothing_is_computed():
    led = ready(70, 154)
    with pytest.raises(UnusableInput, match="154 kg"):
        computed(led)
    assert initial_of_preparation(None) == {}


def test_the_gates_name_the_criterion_that_closes_them():
    led = ready()
    gates = dict(gates_in_words(led.trial.state, led.one, 1, MORNING))
    words = next(one for one in gates if one.startswith("Every criterion passes on the day"))
    assert gates[words].truth is TRUE
    led.result("alt", 400, DAY - timedelta(days=1), high=40)
    found = dict(gates_in_words(led.trial.state, led.one, 1, MORNING))[words]
    assert found.truth is FALSE
    assert "E11a" in "".join(found.clauses())
