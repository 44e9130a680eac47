"""In which event a value of an element is recorded: vital signs, laboratory, or scores."""

from gradatim.conduct.events import findings
from gradatim.conduct.events.base import Event
from gradatim.protocol.elements import Element

WEIGHT = "29463-7"
"""LOINC: body weight."""
VITAL_SIGNS = {
    "8310-5",
    "8480-6",
    "8462-4",
    "8867-4",
    "9279-1",
    "2708-6",
    "59408-5",
    WEIGHT,
    "8302-2",
}
"""LOINC: temperature, systolic and diastolic pressure, heart rate, breathing rate, oxygen
saturation, weight, height."""


def event_type_for(element: Element) -> type[Event] | None:
    """Give the event that values of an element are recorded in; None for what is no measurement.

    Vital signs are known by their LOINC codes; a measurement without any code is a score or an
    examination by a person.
    """
    if element.kind != "measurement":
        return None
    codes = {code for group in element.codes if group.system == "loinc" for code in group.codes}
    if codes & VITAL_SIGNS:
        return findings.VitalSignsRecorded
    return findings.LaboratoryResultsRecorded if codes else findings.ScoresRecorded
