"""Events of safety: adverse events, their reports, what was judged of them."""

from typing import Annotated, Literal

from msgspec import Meta

from gradatim.conduct.events.base import (
    Event,
    Id,
    Moment,
    Name,
    Number,
    PartialDate,
    Reason,
    Text,
)
from gradatim.conduct.events.coding import Dictionary
from gradatim.conduct.events.messages import StoredText

Grade = Annotated[int, Meta(ge=1, le=5)]
Relation = Literal["unrelated", "unlikely", "possible", "probable", "definite", "related"]
Seriousness = Literal[
    "death",
    "life_threatening",
    "hospitalisation",
    "disability",
    "congenital_anomaly",
    "important_medical_event",
]
Outcome = Literal[
    "recovered", "recovering", "not recovered", "recovered with sequelae", "fatal", "unknown"
]


ActionTaken = Literal[
    "dose not changed",
    "dose interrupted",
    "dose reduced",
    "dose increased",
    "drug withdrawn",
    "not applicable",
    "unknown",
]
"""What was done with the product. Source: CDASHIG 2.2, AEACN; ICH E2B(R3), G.k.8."""
Challenge = Literal["yes", "no", "not applicable", "unknown"]
"""Whether it abated when the product was stopped, or came back when it was given again. Source: ICH
E2A, attachment 1."""


class AdverseEventReported(Event, frozen=True):
    """An adverse event, as first known; what is not yet known is left out.

    `term` is the term that was chosen; `verbatim` are the words in which it was told, where they
    are others. `elements` are further elements of the protocol that it is an event of, as a person
    judged; its term says the rest. `of` is the entry of a laboratory result it was seen in.

    Args:
        onset_at: when it began, where the time is known.
        action_taken: what was done with the product because of it.
        treated: whether it was treated; `treatment_given` says with what.
        relation_to_procedure: to a procedure of the trial, such as the infusion or a biopsy.
        relation_to_disease: to the disease under study, or to another one.
        other_cause: what else may have caused it.
        dechallenge, rechallenge: whether it abated without the product, and came back with it.
        narrative: its course in full, for the report of a case.

    Source: CDASHIG 2.2, AE; ICH E2A, attachment 1.
    """

    participant: Id
    adverse_event: Id
    term: Annotated[str, Meta(min_length=2, max_length=200)]
    onset: PartialDate
    grade: Grade | None = None
    scale: Literal["CTCAE v5.0", "ASTCT 2019"] = "CTCAE v5.0"
    serious: tuple[Seriousness, ...] = ()
    relation: Relation | None = None
    elements: tuple[Name, ...] = ()
    site_aware_at: Moment | None = None
    of: Number | None = None
    description: Text = ""
    verbatim: Annotated[str, Meta(max_length=500)] = ""
    onset_at: Moment | None = None
    action_taken: ActionTaken | None = None
    treated: Literal["yes", "no"] | None = None
    treatment_given: Text = ""
    relation_to_procedure: Relation | None = None
    relation_to_disease: Relation | None = None
    other_cause: Text = ""
    dechallenge: Challenge | None = None
    rechallenge: Challenge | None = None
    narrative: Text = ""


class AdverseEventUpdated(Event, frozen=True):
    """More is known, or it became worse; what is left out stays as it was.

    Its fields are those of the report.
    """

    adverse_event: Id
    participant: Id
    grade: Grade | None = None
    serious: tuple[Seriousness, ...] | None = None
    relation: Relation | None = None
    elements: tuple[Name, ...] | None = None
    site_aware_at: Moment | None = None
    comment: Text = ""
    onset_at: Moment | None = None
    action_taken: ActionTaken | None = None
    treated: Literal["yes", "no"] | None = None
    treatment_given: Text = ""
    relation_to_procedure: Relation | None = None
    relation_to_disease: Relation | None = None
    other_cause: Text = ""
    dechallenge: Challenge | None = None
    rechallenge: Challenge | None = None
    narrative: Text = ""


class AdverseEventResolved(Event, frozen=True):
    """An adverse event is over, or has come to its outcome."""

    adverse_event: Id
    participant: Id
    resolved_on: PartialDate
    outcome: Outcome
    resolved_at: Moment | None = None


class AdverseEventClassified(Event, frozen=True):
    """An investigator says of which events that the protocol watches an adverse event is one.

    `answers` has an answer for elements of the protocol; one that is left out stays open. What was
    answered with yes is not taken back by a later no.
    """

    adverse_event: Id
    participant: Id
    answers: dict[Name, Literal["yes", "no"]]
    signer: Id
    comment: Text = ""


class TermCoded(Event, frozen=True):
    """Words that were recorded are coded with a licensed dictionary, in the version that is named.

    What is coded is an adverse event, or another entry of the participant, `of`. A later code by
    the same dictionary stands in the place of an earlier one, which is kept: so terms are coded
    anew in a newer version. A code says how the words are counted; what an event is for the safety
    rules, it does not change.

    Args:
        participant: whose entry it is.
        dictionary: MedDRA of what happened, WHODrug of drugs.
        version: of the dictionary, as its publisher calls it.
        code: in the dictionary.
        term: what the dictionary calls it.
        adverse_event: what is coded; None where it is an entry.
        of: the entry that is coded; None where it is an adverse event.
        comment: why this code.
    """

    participant: Id
    dictionary: Dictionary
    version: Annotated[str, Meta(min_length=1, max_length=40)]
    code: Annotated[str, Meta(pattern=r"^[0-9A-Z]{1,20}\Z")]
    term: Annotated[str, Meta(min_length=2, max_length=300)]
    adverse_event: Id | None = None
    of: Number | None = None
    comment: Text = ""


class AdverseEventAssessed(Event, frozen=True):
    """The sponsor's causality and expectedness, by a version of the reference safety information.

    The sponsor never downgrades the investigator's causality: the more related of the two counts.
    """

    adverse_event: Id
    participant: Id
    relation: Relation
    expected: bool
    reference_safety_information: Annotated[str, Meta(min_length=1, max_length=100)]
    sponsor_aware_at: Moment | None = None


class SafetyReportSent(Event, frozen=True):
    """A report of an adverse event was sent, and received if it is the sponsor who received it.

    A nullification says that what was reported was an error. Source: ICH E2B(R3), C.1.11.
    """

    adverse_event: Id
    participant: Id
    recipient: Literal["sponsor", "regulator", "ethics", "investigators"]
    report: Literal["initial", "follow-up", "nullification"]
    sent_at: Moment
    reference: Text = ""


class PregnancyReported(Event, frozen=True):
    """A participant, or a participant's partner, is pregnant."""

    participant: Id
    person: Literal["participant", "partner"]
    detected_on: PartialDate
    description: Text = ""
    site_aware_at: Moment | None = None


class PregnancyOutcomeReported(Event, frozen=True):
    """How a pregnancy ended, and how the child is.

    A congenital anomaly is a serious adverse event, and `adverse_event` names it.

    Args:
        of: the entry that reported the pregnancy.
        outcome: how it ended.
        ended_on: the day of birth, or on which it ended.
        anomaly: whether the child, or the foetus, has a congenital anomaly; None: not known.
        adverse_event: the one that it was reported as.

    Source: ICH E6(R3), 4.6.2 with E2A, II.B; CIOMS form.
    """

    participant: Id
    of: Number
    outcome: Literal[
        "live birth",
        "stillbirth",
        "spontaneous abortion",
        "induced abortion",
        "ectopic pregnancy",
        "lost to follow-up",
    ]
    ended_on: PartialDate | None = None
    anomaly: bool | None = None
    adverse_event: Id | None = None
    description: Text = ""


class MedicationErrorReported(Event, frozen=True):
    """The product was handled or given otherwise than meant."""

    participant: Id
    description: Reason
    dose: Number | None = None
    adverse_event: Id | None = None


class DoseLimitingToxicityAdjudicated(Event, frozen=True):
    """The committee says whether a candidate was dose-limiting. `candidate` names it."""

    participant: Id
    candidate: Annotated[str, Meta(max_length=100)]
    dose_limiting: bool
    reason: Reason
    signers: tuple[Id, ...]


class DosingAllowed(Event, frozen=True):
    """The committee allows a dose, where the protocol leaves that to it.

    Args:
        participant, dose: whose dose, and its number.
        reason: why.
        signers: members of the committee.
        candidates: the candidates for a dose-limiting toxicity after which it may be given.
        closed_level: whether it may be given although its level is closed.
        level: the lower level that it is given at; None: the level assigned.
    """

    participant: Id
    dose: Number
    reason: Reason
    signers: tuple[Id, ...]
    candidates: tuple[Annotated[str, Meta(max_length=100)], ...] = ()
    closed_level: bool = False
    level: Number | None = None


class EvaluabilityJudged(Event, frozen=True):
    """The committee says whether a treated participant counts for the escalation.

    Who had another dose than the planned one, such as a multiple of it, tells nothing of their
    level. A dose-limiting toxicity counts whatever is said here.
    """

    participant: Id
    evaluable: bool
    reason: Reason
    signers: tuple[Id, ...]


class SentinelObservationJudged(Event, frozen=True):
    """The committee says whether who is watched at a level was observed as the protocol means.

    Who was not is followed by another sentinel.

    Args:
        participant: who was dosed first at the level, or in the place of who was not observed.
        observed: whether what was seen of them is enough.
        reason: why.
        signers: members of the committee.
        candidates: the candidates for a dose-limiting toxicity in spite of which it is enough.
    """

    participant: Id
    observed: bool
    reason: Reason
    signers: tuple[Id, ...]
    candidates: tuple[Annotated[str, Meta(max_length=100)], ...] = ()


class ProtocolDeviation(Event, frozen=True):
    """A rule of the protocol was broken; `of` is the entry that shows it, `rule` the rule.

    `description` says why, and `message` the same for other languages where it is a sentence of
    the catalogues; deviations that a person recorded, and old ones, have none. `measure` is the
    entry of the urgent safety measure that it was taken for: the class is an immediate hazard.
    """

    rule: Annotated[str, Meta(max_length=100)]
    description: Text
    of: Number | None = None
    participant: Id | None = None
    important: bool = False
    message: StoredText | None = None
    measure: Number | None = None


class ProtocolDeviationReviewed(Event, frozen=True):
    """A person judged a deviation, and said what was done about it."""

    of: Number
    important: bool
    action: Reason


EVENTS = (
    AdverseEventReported,
    AdverseEventUpdated,
    AdverseEventResolved,
    AdverseEventClassified,
    TermCoded,
    AdverseEventAssessed,
    SafetyReportSent,
    PregnancyReported,
    PregnancyOutcomeReported,
    MedicationErrorReported,
    DoseLimitingToxicityAdjudicated,
    DosingAllowed,
    EvaluabilityJudged,
    SentinelObservationJudged,
    ProtocolDeviation,
    ProtocolDeviationReviewed,
)
