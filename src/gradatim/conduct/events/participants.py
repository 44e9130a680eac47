"""Events of a participant's way into the trial and out of it."""

from datetime import date
from typing import Annotated, Any, Literal

from msgspec import Meta

from gradatim.conduct.events.base import (
    Event,
    Id,
    Measured,
    Moment,
    Name,
    Number,
    PartialDate,
    Reason,
    Sealed,
    Sha256,
    Text,
    Within,
)

Version = Annotated[str, Meta(max_length=40)]


class ParticipantRegistered(Event, frozen=True):
    """A person enters screening under a number; who they are is sealed.

    The same person twice is seen by opening who the others are, so that nothing stands here that
    could be tried against a guess once their key is destroyed.

    Args:
        participant: their number.
        person_token: of earlier versions and of made-up people: a keyed hash of who they are, by
            which the same person twice is seen.
        likeness: of earlier versions: such hashes of what they may be written as otherwise.
        screened_as: their number of an earlier screening, which failed; the system fills it in.
        namesakes: the statements that they are another person than others, which this registration
            uses up; the system fills them in.
        identity: who they are, sealed.
        sex, birth: in clear; of the birth the year.
    """

    participant: Id
    person_token: Sha256 | None = None
    likeness: tuple[Sha256, ...] = ()
    screened_as: Id | None = None
    namesakes: tuple[Number, ...] = ()
    identity: dict[Name, Sealed] = {}
    sex: Literal["female", "male", "other", ""] = ""
    birth: PartialDate | None = None

    @property
    def tokens(self) -> tuple[str, ...]:
        """The keyed hashes of who they are, and of who they may be, if there are any."""
        return (*([self.person_token] if self.person_token else []), *self.likeness)


Language = Annotated[str, Meta(min_length=2, max_length=35)]
"""A language as BCP 47 tags it, such as `zh-CN`."""


class ConsentFormApproved(Event, frozen=True):
    """A version of the consent form was approved for use, in one language, from a day on.

    Args:
        version: of the form.
        language: that it is written in; each translation is approved.
        of_protocol: the version of the protocol that it informs about.
        document_sha256: of the approved document.
        reference: of the approval.
        renewal: whether who consented to an earlier version is to consent again before another
            dose; where an amendment asks for that, it is asked whatever this says.
    """

    version: Version
    language: Language
    of_protocol: Version
    document_sha256: Sha256
    reference: Text = ""
    renewal: bool = False


class InformedConsentObtained(Event, frozen=True):
    """Informed consent was given, to a version of the form, in a language.

    Args:
        version: of the form that was signed.
        language: of that form.
        obtained_by: who informed the person and obtained it.
        consented_at: when it was signed; on the day of a procedure its time tells before from
            after.
        given_by: the participant, or a legally authorised representative.
        capacity: by what right a representative acts, such as `spouse`; no name.
        witnessed: whether an impartial witness was present throughout, and signed.

    Source: ICH E6(R3), 2.8; 21 CFR 50.27, 56.109.
    """

    participant: Id
    version: Version
    language: Language
    obtained_by: Id
    consented_at: Moment | None = None
    given_by: Literal["participant", "representative"] = "participant"
    capacity: Text = ""
    witnessed: bool = False


class InformedConsentRenewed(Event, frozen=True):
    """Consent was given again, to a later version; its fields are those of the first consent."""

    participant: Id
    version: Version
    language: Language
    obtained_by: Id
    consented_at: Moment | None = None
    given_by: Literal["participant", "representative"] = "participant"
    capacity: Text = ""
    witnessed: bool = False


class InformedConsentWithdrawn(Event, frozen=True):
    """Consent was withdrawn, from further treatment or from everything; data so far are kept.

    Who withdraws from treatment only is followed as before. What was taken before the withdrawal
    may be entered after it; `withdrawn_at` tells before from after on its day.
    """

    participant: Id
    scope: Literal["treatment", "all"]
    reason: Text = ""
    adverse_event: Id | None = None
    withdrawn_at: Moment | None = None


class FactRecorded(Event, frozen=True):
    """One fact of a person's history or findings, as a source shows it.

    `start` is the day of a measurement or an answer; `end` empty with `ongoing` is a period that
    goes on. A drug has its ingredient in `code` and its daily dose in `value`. What arrived as a
    record of a source has that record's id, and a keyed hash of what it said, in `record` and
    `content`; `RecordsRead` tells how it was understood. Limits of its days stand in `start_within`
    and `end_within` where no partial date says them, why it may not count in `doubtful`; `derived`
    is an answer that was read out of something else. Of a drug, `course` tells which records are
    of one course of treatment, and `often` on how many of so many days it was taken at least.
    """

    participant: Id
    fact: Measured
    start: PartialDate | None = None
    end: PartialDate | None = None
    ongoing: bool = False
    route: Annotated[str, Meta(max_length=40)] = ""
    source: Text = ""
    start_within: Within | None = None
    end_within: Within | None = None
    doubtful: Annotated[str, Meta(max_length=200)] = ""
    derived: bool = False
    course: Annotated[str, Meta(max_length=200)] = ""
    often: tuple[Annotated[int, Meta(ge=0)], Number] | None = None
    record: Annotated[str, Meta(max_length=200)] = ""
    content: Sha256 | None = None


class RecordNotUnderstood(Event, frozen=True):
    """A record of a source may be of some elements, and does not tell whether, or what it says.

    While it stands, a declaration that the history is complete does not cover these elements, nor
    elements of their kinds that the protocol did not have then; a measurement or an answer of its
    days is not known. That it is not of one of them after all is a judgement (`RecordJudged`), or
    a correction; that it is of other days is a correction. An investigator signs either.

    Args:
        record: the record's id in the source, such as `Condition/c7`.
        codes: what it is coded as, in words; empty where it has no code, or is sealed.
        elements: the protocol's elements that it may be of.
        source: what the source is called.
        start: the first day that it is of, as precise as it is known; None: any day.
        end: the last day; None: the first.
        content: keyed hash of what the record said; None in entries of before that was kept.
        sealed: what it is coded as, sealed with the participant's own key.
    """

    participant: Id
    record: Annotated[str, Meta(max_length=200)]
    codes: tuple[Annotated[str, Meta(max_length=200)], ...] = ()
    elements: tuple[Name, ...] = ()
    source: Text = ""
    start: PartialDate | None = None
    end: PartialDate | None = None
    content: Sha256 | None = None
    sealed: Sealed | None = None


class EntryCorrected(Event, frozen=True):
    """An earlier entry is corrected; the earlier value stays in the ledger.

    Args:
        of: the entry's position.
        fields: what it should have said, by field.
        reason: why.
        asked_for: whether the participant asked for it; an answer of their own is corrected at
            their request alone.
        answers: the deviations whose cause it takes away; the system fills them in.
    """

    of: Number
    fields: dict[str, Any]
    reason: Reason
    asked_for: bool = False
    answers: tuple[Number, ...] = ()


class EntryVoided(Event, frozen=True):
    """An entry was made in error: it stays in the ledger, and counts nowhere.

    What bears on a dose-limiting toxicity, a stopping rule, a clock, a death or a dose goes on
    counting until an investigator and a second person have signed that. Of an entry that says so,
    it takes that back.

    Args:
        of: the entry's position.
        reason: why.
        bears_on: what it bears on; the system fills that in.
    """

    of: Number
    reason: Reason
    bears_on: tuple[Text, ...] = ()


class VoidConfirmed(Event, frozen=True):
    """Another person signs that an entry was made in error; `of` is the entry that says so."""

    of: Number


class HistoryDeclaredComplete(Event, frozen=True):
    """A person signs that what is recorded of these kinds is all there is, over those days."""

    participant: Id
    kinds: tuple[Literal["condition", "exposure", "procedure"], ...]
    signer: Id
    sources: Text
    since: date | None = None
    until: date | None = None


class CriterionAttested(Event, frozen=True):
    """An investigator answers a criterion that the records leave open."""

    participant: Id
    criterion: Annotated[str, Meta(max_length=40)]
    passes: bool
    reason: Reason


class EligibilityConfirmed(Event, frozen=True):
    """An investigator signs that a person is eligible, with the first dose planned for a day."""

    participant: Id
    signer: Id
    first_dose_on: date


class ScreenFailed(Event, frozen=True):
    """A person does not enter."""

    participant: Id
    criteria: tuple[str, ...] = ()
    reason: Text = ""


class PlacedOnWaitingList(Event, frozen=True):
    """An eligible person waits for a place."""

    participant: Id


class ParticipantEnrolled(Event, frozen=True):
    """A participant takes a slot of the open cohort at a dose level."""

    participant: Id
    level: Number


class ParticipantReplaced(Event, frozen=True):
    """A slot is free again, for a reason unrelated to the product; the participant is kept."""

    participant: Id
    reason: Reason
    signers: tuple[Id, ...]


class Disposition(Event, frozen=True):
    """A participant's end of the trial. `adverse_event` is the one that led to it, if one did."""

    participant: Id
    status: Literal["completed", "withdrawn", "lost to follow-up", "died"]
    reason: Text = ""
    adverse_event: Id | None = None


class NamesakeStated(Event, frozen=True):
    """A person signs that another person may look like a participant, and be somebody else.

    The next registration at that site which looks like the participant is then one of another
    person.

    Args:
        participant: who is registered.
        at_site: where somebody else of that name and birth is to be registered.
        reason: how that is known.
    """

    participant: Id
    at_site: Annotated[str, Meta(min_length=1, max_length=64)]
    reason: Reason


class ParticipantsMerged(Event, frozen=True):
    """A person has two numbers: what is recorded under one is of the other from now on.

    Args:
        participant: the number that is given up; nobody has been given the product under it.
        into: the one that goes on.
        reason: how that is known.
    """

    participant: Id
    into: Id
    reason: Reason


class TransferProposed(Event, frozen=True):
    """A participant is to go on at another site, to which they have agreed.

    Args:
        participant: who.
        to_site: where.
        agreed_on: the day on which the participant agreed to it.
        reason: why.
    """

    participant: Id
    to_site: Annotated[str, Meta(min_length=1, max_length=64)]
    agreed_on: date
    reason: Reason


class ParticipantTransferred(Event, frozen=True):
    """The other site takes a participant over: from now on they are recorded there.

    Args:
        participant: who.
        from_site: the site that had them until now; the system fills that in.
    """

    participant: Id
    from_site: Annotated[str, Meta(min_length=1, max_length=64)]


class ParticipantFound(Event, frozen=True):
    """Somebody who was lost to follow-up is found again, and goes on as before."""

    participant: Id
    reason: Text = ""


class IdentificationListExported(Event, frozen=True):
    """A site took the list that tells which number is whom out of the system, into its own files.

    Args:
        participants: whom the list tells; the system fills that in. Of the list itself nothing is
            kept, not even its fingerprint: names could be tried against that.
    """

    participants: tuple[Id, ...]


class ErasureRequested(Event, frozen=True):
    """An investigator asks that a person's identifying data be destroyed; nothing is, so far."""

    participant: Id
    reason: Reason


class PersonalDataErased(Event, frozen=True):
    """A second person confirmed it: the key to a person's identifying data is destroyed.

    With it goes what the records of their sources are coded as; clinical facts stay.

    Args:
        participant: who.
        order: why, as the request says; the system fills it in.
        of: the entry that asks for it; None in simulated trials and in those of earlier versions,
            where one person did it alone.
        retention_ended_on: the day on which the last time ended for which the records had to be
            kept; the system fills it in. None where the protocol names none.
        born: the days of birth by which every age is as it was that the records ask for, in
            completed years; the system fills it in while the key is there. None in earlier
            versions, of which the year of birth is left.
    """

    participant: Id
    order: Reason
    of: Number | None = None
    retention_ended_on: date | None = None
    born: Within | None = None


EVENTS = (
    ParticipantRegistered,
    ConsentFormApproved,
    InformedConsentObtained,
    InformedConsentRenewed,
    InformedConsentWithdrawn,
    FactRecorded,
    RecordNotUnderstood,
    EntryCorrected,
    EntryVoided,
    VoidConfirmed,
    HistoryDeclaredComplete,
    CriterionAttested,
    EligibilityConfirmed,
    ScreenFailed,
    PlacedOnWaitingList,
    ParticipantEnrolled,
    ParticipantReplaced,
    Disposition,
    ParticipantFound,
    NamesakeStated,
    ParticipantsMerged,
    TransferProposed,
    ParticipantTransferred,
    IdentificationListExported,
    ErasureRequested,
    PersonalDataErased,
)
