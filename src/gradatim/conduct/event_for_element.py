"""In which event a value of an element is recorded: vital signs, laboratory, or scores."""

from collections.abc import Mapping

from gradatim.conduct.events import findings
from gradatim.conduct.events.base import Event
from gradatim.protocol.elements import Element
from gradatim.protocol.study import Study

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
    if VITAL_SIGNS.intersection(element.loinc):
        return findings.VitalSignsRecorded
    return findings.LaboratoryResultsRecorded if element.loinc else findings.ScoresRecorded


_ANSWERED_FORMULAS = ("basdai", "basfi")
"""Formulas whose inputs are answered by the participant as numbers from 0 to 10."""
_ANSWERED_BESIDE = ("patient_global", "spinal_pain")


def answered_by_participant(study: Study) -> Mapping[str, str]:
    """Return the elements that a participant answers as numbers from 0 to 10, with their labels."""
    inputs = [
        name
        for one in study.elements.values()
        if one.derived is not None and one.derived.formula in _ANSWERED_FORMULAS
        for name in one.derived.inputs.values()
    ]
    beside = (name for name in _ANSWERED_BESIDE if name in study.elements)
    return {
        name: study.elements[name].label
        for name in dict.fromkeys([*inputs, *beside])
        if event_type_for(study.elements[name]) is not None
    }
