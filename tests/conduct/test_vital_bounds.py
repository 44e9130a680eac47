"""Vital signs that no living adult has are recorded, and questioned; so is what follows a death."""

from datetime import timedelta

import pytest

from gradatim.conduct.events import participants as p
from gradatim.conduct.trial import Recorded
from gradatim.conduct.vital_bounds import bounds_of
from tests.conduct.ready import DAY, LEAD, Led, enrolled
from tests.conduct.trials import protocol

LOWEST_HIGHEST = {
    "body_temperature": (25.0, 45.0),
    "heart_rate": (20.0, 300.0),
    "systolic_pressure": (40.0, 300.0),
    "diastolic_pressure": (15.0, 200.0),
    "respiratory_rate": (4.0, 80.0),
    "body_height": (50.0, 250.0),
}


def questions(led: Led, done: Recorded) -> list[str]:
    """The questions that an entry opened."""
    return [led.trial.state.queries[one].question for one in done.queries]


@pytest.mark.parametrize("element", LOWEST_HIGHEST)
def test_a_value_on_the_bound_is_not_questioned_and_one_beyond_is(element: str):
    led = enrolled()
    low, high = LOWEST_HIGHEST[element]
    for value in (low, high):
        assert not questions(led, led.measured(**{element: value}))  # type: ignore[arg-type]
    for value in (low - 0.5, high + 0.5):
        told = questions(led, led.measured(**{element: value}))  # type: ignore[arg-type]
        assert any("Is this right?" in one for one in told), value


def test_a_temperature_of_366_is_questioned():
    led = enrolled()
    (told,) = questions(led, led.measured(body_temperature=366))
    assert told.startswith("Is this right? body temperature 366 Cel")


def test_the_bounds_of_the_protocol_outrank_ours():
    element = protocol()[0].study.elements["heart_rate"]
    assert bounds_of(element) is not None
    assert bounds_of(element.model_copy(update={"plausible": (0, 900)})) is None


def test_what_is_measured_after_a_death_is_questioned():
    led = enrolled()
    led.do(p.Disposition, LEAD, on=DAY - timedelta(days=1), status="died", reason="an accident")
    assert any("died on" in one for one in questions(led, led.measured(heart_rate=70)))
    assert not questions(led, led.measured(on=DAY - timedelta(days=1), heart_rate=70))
