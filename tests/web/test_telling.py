"""Entries in words: labels for names, usual signs for units; what a person wrote stays."""

from datetime import UTC, date, datetime
from typing import Any

from gradatim.conduct.events.base import Measured
from gradatim.conduct.events.findings import EncounterMissed, VitalSignsRecorded
from gradatim.conduct.narrative import with_labels
from gradatim.protocol.load import load
from gradatim.web.entries import Line, fields_shown

STUDY = load("nct05962762").study
GIVEN: dict[str, Any] = {
    "participant": "S01-001",
    "site": "S01",
    "occurred_on": date(2026, 9, 20),
    "recorded_at": datetime(2026, 9, 20, 1, tzinfo=UTC),
    "recorded_by": "nurse.S01.1",
    "encounter": "day_7",
}


def signs(*results: Measured) -> VitalSignsRecorded:
    return VitalSignsRecorded(**GIVEN, results=results)


def test_elements_and_visits_are_told_by_their_labels():
    """The event itself stays as it is."""
    event = signs(Measured(element="body_temperature", value=36.6, unit="Cel"))
    told = with_labels(event, STUDY)
    assert isinstance(told, VitalSignsRecorded)
    assert told.encounter == "day 7"
    assert (told.results[0].element, told.results[0].unit) == ("body temperature", "°C")
    assert event.results[0].element == "body_temperature"


def test_what_a_person_wrote_stays():
    """Words that look like a name are not a name."""
    event = EncounterMissed(**GIVEN, reason="body_weight on day_7 was not asked for")
    told = with_labels(event, STUDY)
    assert isinstance(told, EncounterMissed)
    assert told.reason == event.reason


def test_a_result_is_a_line_with_its_limits():
    """One line for each, and a name of the protocol is left to the page."""
    event = signs(
        Measured(element="alt", value=31.0, unit="U/L", low=7.0, high=40.0),
        Measured(element="hbsag", code="negative"),
        Measured(element="lactating", code="false"),
    )
    fields = {str(label): lines for label, lines in fields_shown(event)}
    assert fields["Results"] == [
        Line("31 U/L (7–40)", "alt"),
        Line("negative", "hbsag"),
        Line("no", "lactating"),
    ]
    assert fields["Visit"] == [Line("", visit="day_7")]
    assert "Recorded by" not in fields
