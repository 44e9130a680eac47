"""How far the forms of a visit are filled in."""

from datetime import timedelta

from gradatim.conduct.views.visit_forms import visit_forms
from gradatim.conduct.views.visits import visits
from tests.conduct.ready import DAY, Led, ready


def entered(led: Led, encounter: str) -> dict[str, tuple[int, int]]:
    """Return how many elements of each form are recorded, and planned."""
    state, one = led.trial.state, led.one
    study = state.governing("schedule", one)
    (visit,) = [each for each in visits(state, one, DAY) if each.encounter == encounter]
    found = visit_forms(state, study, one, visit)
    return {form.event: (form.entered, form.planned) for form in found}


def test_what_came_by_records_within_the_window_is_of_the_visit():
    """Nobody enters once more what the hospital's records had."""
    led = ready()
    done, planned = entered(led, "baseline")["LaboratoryResultsRecorded"]
    assert 0 < done <= planned


def test_what_lies_outside_the_window_is_not():
    led = ready()
    before = entered(led, "day_28")
    led.result("alt", 30, DAY + timedelta(days=7), high=40)
    assert entered(led, "day_28") == before
    assert all(done == 0 for done, _ in before.values())
