"""How values are recorded: as vital signs, results of a laboratory, or scores."""

from datetime import date
from typing import Any

from gradatim.conduct.events import findings
from gradatim.conduct.events.base import Event, Measured
from gradatim.conduct.simulate.opening import LABORATORY, RANGES
from gradatim.conduct.simulate.run import Run, staff
from gradatim.evidence.facts import Fact
from gradatim.protocol.elements import Element

VITAL_SIGNS = {"8310-5", "8480-6", "8462-4", "8867-4", "9279-1", "2708-6", "59408-5", "29463-7",
               "8302-2"}  # fmt: skip
"""LOINC: temperature, systolic and diastolic pressure, heart rate, breathing rate, oxygen
saturation, weight, height."""


def kind_of(element: Element, fact: Fact) -> type[Event] | None:
    """Give the event that a value is recorded in; None for what is a fact of its own."""
    if element.kind != "measurement" or fact.value is None or not fact.start.exact:
        return None
    codes = {code for group in element.codes if group.system == "loinc" for code in group.codes}
    if codes & VITAL_SIGNS:
        return findings.VitalSignsRecorded
    return findings.LaboratoryResultsRecorded if codes else findings.ScoresRecorded


def measured(fact: Fact) -> Measured:
    """Give a fact as a measured value."""
    return Measured(
        element=fact.element, value=fact.value, unit=fact.unit, bound=fact.bound,
        low=fact.low.value if fact.low else None, high=fact.high.value if fact.high else None,
        code=fact.code, method=fact.method,
    )  # fmt: skip


def record_results(run: Run, name: str, kind: type[Event], day: date,
                   results: tuple[Measured, ...], **more: Any) -> int:  # fmt: skip
    """Record the results of a day; those of a laboratory with the version of its ranges."""
    if kind is findings.LaboratoryResultsRecorded:
        more |= {"laboratory": LABORATORY, "ranges_version": RANGES, "collected_on": str(day)}
    site = run.participant(name).site
    return run.do(kind, staff(site, "nurse"), site, on=day, participant=name, results=results,
                  **more)  # fmt: skip
