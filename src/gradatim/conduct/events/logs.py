"""Events of the logs that are kept of a participant: medication, medical history, extra visits.

Source: CDASHIG 2.2, domains CM, MH and SV.
"""

from typing import Annotated, Literal

from msgspec import Meta

from gradatim.conduct.events.base import Event, Id, Name, PartialDate, Positive, Reason, Text

Frequency = Literal[
    "once",
    "once a day",
    "twice a day",
    "three times a day",
    "four times a day",
    "every other day",
    "once a week",
    "as needed",
    "other",
]


class ConcomitantMedicationRecorded(Event, frozen=True):
    """A drug that a participant takes or took beside the product.

    Args:
        medication: its number in the log.
        drug: as the source names it; several ingredients stand one after another.
        indication: what it is taken for; `prophylaxis` is one.
        dose, unit, route, frequency: how it is taken.
        start, end: the first and the last day, as precise as they are known.
        ongoing: whether it goes on. Neither an end nor this: it is not known when it ended.
        elements: the protocol's elements that the drug is of, as a person judged; without one its
            name is to say so.
        none_of_these: whether a person judged that it is of none.
        adverse_event: the one that it treats.
    """

    participant: Id
    medication: Id
    drug: Annotated[str, Meta(min_length=2, max_length=200)]
    indication: Annotated[str, Meta(min_length=2, max_length=400)]
    dose: Positive | None = None
    unit: Annotated[str, Meta(max_length=40)] = ""
    route: Annotated[str, Meta(max_length=40)] = ""
    frequency: Frequency | None = None
    start: PartialDate | None = None
    end: PartialDate | None = None
    ongoing: bool = False
    elements: tuple[Name, ...] = ()
    none_of_these: bool = False
    adverse_event: Id | None = None
    comment: Text = ""


class MedicalHistoryRecorded(Event, frozen=True):
    """A disease, an operation or a complaint that a participant has or had before the trial.

    Args:
        condition: as the source names it.
        start, end, ongoing: as of a medication.
        elements: the protocol's elements that it is of, as a person judged.
        none_of_these: whether a person judged that it is of none; where neither is said, it may be
            of any.
    """

    participant: Id
    condition: Annotated[str, Meta(min_length=2, max_length=200)]
    start: PartialDate | None = None
    end: PartialDate | None = None
    ongoing: bool = False
    elements: tuple[Name, ...] = ()
    none_of_these: bool = False
    comment: Text = ""


class UnscheduledVisitDone(Event, frozen=True):
    """A visit that the schedule does not have: nothing is counted from its day.

    `visit` is its number, by which results are attached to it.
    """

    participant: Id
    visit: Id
    reason: Reason


EVENTS = (ConcomitantMedicationRecorded, MedicalHistoryRecorded, UnscheduledVisitDone)
