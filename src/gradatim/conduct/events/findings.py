"""Events of visits: what was done, measured and signed."""

from typing import Annotated

from msgspec import Meta

from gradatim.conduct.events.base import (
    Event,
    Id,
    Measured,
    Moment,
    Name,
    Number,
    PartialDate,
    Text,
)

AS_REPORTED = "as-reported"
"""The version of reference ranges of results that a source reports with limits of their own."""


class EncounterDone(Event, frozen=True):
    """A visit took place."""

    participant: Id
    encounter: Name


class EncounterMissed(Event, frozen=True):
    """A visit did not take place."""

    participant: Id
    encounter: Name
    reason: Text = ""


class VitalSignsRecorded(Event, frozen=True):
    """Vital signs of one moment; on the day of a dose its time tells before from after."""

    participant: Id
    results: tuple[Measured, ...]
    taken_at: Moment | None = None
    encounter: Name | None = None
    timepoint: Annotated[str, Meta(max_length=40)] = ""
    visit: Id | None = None


class LaboratoryResultsRecorded(Event, frozen=True):
    """Results of one sample, with the version of the laboratory's reference ranges."""

    participant: Id
    results: tuple[Measured, ...]
    laboratory: Id
    ranges_version: Id
    collected_on: PartialDate
    taken_at: Moment | None = None
    encounter: Name | None = None
    visit: Id | None = None


class ScoresRecorded(Event, frozen=True):
    """Items or totals of questionnaires, and examinations by a person."""

    participant: Id
    results: tuple[Measured, ...]
    encounter: Name | None = None
    visit: Id | None = None


class ClinicalSignificanceSigned(Event, frozen=True):
    """An investigator judges an abnormal result; `of` is the position of its entry."""

    participant: Id
    of: Number
    element: Name
    significant: bool
    signer: Id
    comment: Text = ""


EVENTS = (
    EncounterDone,
    EncounterMissed,
    VitalSignsRecorded,
    LaboratoryResultsRecorded,
    ScoresRecorded,
    ClinicalSignificanceSigned,
)
