"""Events of the trial as a whole: protocol versions, approvals, sites, delegation, pausing."""

from datetime import date
from typing import Annotated, Literal

from msgspec import Meta, Struct

from gradatim.conduct.events.base import Event, Id, Moment, Name, Number, Reason, Text
from gradatim.protocol.duties import Role
from gradatim.protocol.study import RulingOutcome

Mode = Literal["real", "demo", "simulated"]
Part = Literal["eligibility", "treatment", "safety", "schedule", "endpoints", "elements"]
TimeZone = Annotated[str, Meta(max_length=64)]
"""IANA name of a time zone, such as `Asia/Shanghai`; empty where none is recorded."""
Applies = Literal["at once", "after re-consent", "next participant"]


class Change(Struct, frozen=True):
    """When an amended part of the protocol applies, and why it was changed."""

    part: Part
    applies: Applies
    why: Reason


class TrialCreated(Event, frozen=True):
    """The ledger begins; demo and simulated trials are marked as such for ever.

    Args:
        mode: what the trial is.
        title: what it is called.
        time_zone: IANA name of the time zone of whatever belongs to no site, and of sites that do
            not say another; empty where it is not recorded.
        endorsed: whether investigators endorse their data before a dose is decided on and before
            data are locked; the system fills it in. Trials of earlier versions go on without.
    """

    mode: Mode
    title: Text = ""
    time_zone: TimeZone = ""
    endorsed: bool = False


class RulingSigned(Event, frozen=True):
    """The sponsor's signed answer to one of the protocol's open questions.

    Args:
        question: its key.
        answer: the reading that is meant, where there are several; else words of the sponsor.
        signer: who signs.
        outcome: what the ruling comes to; only `confirmed` settles. Empty in rulings signed before
            outcomes were recorded, which settle nothing anew.
        value: what the protocol says there, as `protocol.questions` gives it: the ruling is about
            this value, and one that is amended asks for another.
        requested_value: of a change that is requested, what is to stand there: the fields of
            `value` as they are to be, in YAML or JSON; empty where it is only said in words.
    """

    question: Annotated[str, Meta(max_length=200)]
    answer: Text
    signer: Id
    outcome: RulingOutcome = ""
    value: Annotated[str, Meta(max_length=900_000)] = ""
    requested_value: Annotated[str, Meta(max_length=900_000)] = ""


class ProtocolSubmitted(Event, frozen=True):
    """A version of the protocol is submitted for rulings and approval; it is not in force."""

    version: Annotated[str, Meta(max_length=40)]
    sha256: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
    document: Annotated[str, Meta(max_length=900_000)]


Authority = Literal["ethics", "regulator"]


class ApprovalRecorded(Event, frozen=True):
    """An ethics committee or a regulator approved a version of the protocol.

    Args:
        authority: who.
        version: of the protocol.
        reference: of the approval.
        expires_on: the last day on which it holds; None without an end.
        scope: `later doses` where it is only agreed that who is in treatment goes on, although the
            approval has lapsed.
    """

    authority: Authority
    version: Annotated[str, Meta(max_length=40)]
    reference: Text
    expires_on: date | None = None
    scope: Literal["", "later doses"] = ""


DesignDefaults = Literal[1, 2]


class ProtocolActivated(Event, frozen=True):
    """The first version of the protocol goes live; the document itself is kept here.

    Args:
        design_defaults: what holds of a design where the document is silent; 1, of entries that do
            not say, is as before model designs had a hard safety rule. The trial fills it in.
    """

    version: Annotated[str, Meta(max_length=40)]
    sha256: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
    document: Annotated[str, Meta(max_length=900_000)]
    design_defaults: DesignDefaults = 1


class ProtocolAmended(Event, frozen=True):
    """A later version goes live; every changed part states when it applies.

    Args:
        design_defaults: as of `ProtocolActivated`.
    """

    version: Annotated[str, Meta(max_length=40)]
    sha256: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
    document: Annotated[str, Meta(max_length=900_000)]
    changes: tuple[Change, ...]
    urgent_safety_measure: bool = False
    design_defaults: DesignDefaults = 1


class SiteOpened(Event, frozen=True):
    """A site may screen and treat.

    Args:
        name: what it is called.
        principal_investigator: who leads it.
        time_zone: IANA name of its time zone, by which its days are told; empty where it is the
            trial's.
    """

    name: Text
    principal_investigator: Id
    time_zone: TimeZone = ""


class SiteClosed(Event, frozen=True):
    """A site no longer enrols."""

    reason: Reason


class RoleGranted(Event, frozen=True):
    """The delegation log: a user is given a task at a site, or in the whole trial.

    Args:
        user: who is given it.
        role: the task.
        urgent: why it is to work at once, before a second person confirms it; empty where it waits
            for them, or needs none.
        needs_confirmation: whether a second person has to confirm it; not of entries that do not
            say. In a real trial the trial fills it in: see `conduct.delegations`.
    """

    user: Id
    role: Role
    urgent: Text = ""
    needs_confirmation: bool = False


class DelegationConfirmed(Event, frozen=True):
    """The delegation log: a second person confirms that a task is given; it holds from here on.

    Args:
        of: the entry that gives it.
        administrator: who confirmed it on the server, outside the application; empty where a person
            did in it, and signed.
        reason: why it was confirmed there.
    """

    of: Number
    administrator: Annotated[str, Meta(max_length=200)] = ""
    reason: Text = ""


class RoleRevoked(Event, frozen=True):
    """The delegation log: a task is taken back."""

    user: Id
    role: Role
    reason: Reason


class SigningKeyAdopted(Event, frozen=True):
    """From here on a person signs by this key, which only their password opens.

    The entry is of the person themselves; see `conduct.signing_keys`.

    Args:
        public_key: the Ed25519 public key, in hex.
        proof: its signature over trial, person and key, in hex: they hold the private one.
        invited_by: who let them choose the password under which the key is kept; empty where that
            was done at the command line.
    """

    public_key: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
    proof: Annotated[str, Meta(pattern=r"^[0-9a-f]{128}\Z")]
    invited_by: Annotated[str, Meta(max_length=64)] = ""


class PersonIdentified(Event, frozen=True):
    """Somebody checked who a person is, and that the key is theirs by which they sign.

    Source: 21 CFR 11.100(b).

    Args:
        user: the person.
        identity_document: what was looked at, such as `passport`; no number.
        public_key: the key that they had adopted then, in hex.
    """

    user: Id
    identity_document: Annotated[str, Meta(min_length=3, max_length=200)]
    public_key: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]


class TrainingRecorded(Event, frozen=True):
    """A user was trained on a version of the protocol."""

    user: Id
    version: Annotated[str, Meta(max_length=40)]


class ReferenceRangesRecorded(Event, frozen=True):
    """A laboratory's reference ranges, as one version."""

    laboratory: Id
    version: Id
    ranges: tuple["Range", ...]


class Range(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Reference limits of an element in a unit; `sex` empty means for all."""

    element: Name
    unit: Annotated[str, Meta(max_length=40)]
    low: float | None = None
    high: float | None = None
    sex: Literal["", "female", "male"] = ""


class TrialPaused(Event, frozen=True):
    """Dosing is paused; anyone on site may do it, only the committee resumes."""

    reason: Reason


class TrialResumed(Event, frozen=True):
    """The committee lets dosing go on; `stopping_rules` names those it knows to have fired."""

    reason: Reason
    signers: tuple[Id, ...]
    stopping_rules: tuple[Text, ...] = ()


Held = Literal["dosing", "enrolment"]


class UrgentSafetyMeasureTaken(Event, frozen=True):
    """An investigator or the sponsor protects participants from an immediate hazard, at once.

    It needs no approval beforehand: whoever takes it tells the authorities afterwards. It is of a
    site, of one participant, or of the whole trial. Source: ICH E6(R3), 2.6.3; Reg. (EU) 536/2014,
    art. 54.

    Args:
        hazard: what endangers participants.
        measure: what is done at once.
        parts: the parts of the protocol that it departs from.
        holds: what is held until the measure ends.
        departs_from: rules that are not kept because of it, by name: what breaks one is no ordinary
            deviation while the measure stands.
        participant: whom it is about; None where it is about all.
    """

    hazard: Reason
    measure: Reason
    parts: tuple[Part, ...] = ()
    holds: tuple[Held, ...] = ()
    departs_from: tuple[Annotated[str, Meta(max_length=100)], ...] = ()
    participant: Id | None = None


class UrgentSafetyMeasureNotified(Event, frozen=True):
    """An authority was told of an urgent safety measure; `of` is the entry that took it."""

    of: Number
    recipient: Authority
    sent_at: Moment
    reference: Text = ""


class UrgentSafetyMeasureEnded(Event, frozen=True):
    """The hazard is over, or the protocol was amended; `of` is the entry that took the measure."""

    of: Number
    reason: Reason


class TrialStopped(Event, frozen=True):
    """Dosing has ended for good; follow-up goes on."""

    reason: Reason
    signers: tuple[Id, ...] = ()


class SealingKeyAdopted(Event, frozen=True):
    """From here on the application seals what it records by this key: see `conduct.seals`.

    Args:
        public_key: the Ed25519 public key, in hex.
        endorsement: signature of the key before over the new one, in hex; empty for the first.
        reason: why another was taken.
    """

    public_key: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
    endorsement: Annotated[str, Meta(pattern=r"^([0-9a-f]{128})?\Z")] = ""
    reason: Text = ""


EVENTS = (
    TrialCreated,
    SealingKeyAdopted,
    ProtocolSubmitted,
    RulingSigned,
    ApprovalRecorded,
    ProtocolActivated,
    ProtocolAmended,
    SiteOpened,
    SiteClosed,
    RoleGranted,
    DelegationConfirmed,
    RoleRevoked,
    SigningKeyAdopted,
    PersonIdentified,
    TrainingRecorded,
    ReferenceRangesRecorded,
    TrialPaused,
    TrialResumed,
    UrgentSafetyMeasureTaken,
    UrgentSafetyMeasureNotified,
    UrgentSafetyMeasureEnded,
    TrialStopped,
)
