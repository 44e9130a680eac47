"""Events of the records that a source holds of a participant: how they were read, and judged."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from gradatim.conduct.events.base import (
    Event,
    Id,
    Name,
    NotNegative,
    Number,
    PartialDate,
    Positive,
    Reason,
    Sealed,
    Sha256,
    Text,
    Within,
)

RecordId = Annotated[str, Meta(max_length=200)]
"""A record's id in its source, such as `Condition/c7`."""
Words = Annotated[str, Meta(max_length=200)]
Covered = Literal["condition", "exposure", "procedure"]
"""Kinds of elements of which a history can be declared complete."""


class Coded(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """A code of a record.

    Args:
        system: the code system by its wire name (URI); empty where none is given.
        code: as the record has it.
        display: what the record calls it.
    """

    system: Annotated[str, Meta(max_length=200)]
    code: Words
    display: Words = ""


class RecordRead(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """How one record of a source was understood when it was read.

    Args:
        record: its id.
        kind: its resource type.
        content: keyed hash of what it said, by which a changed record is known; in entries of
            before that was keyed its SHA-256.
        codes: what it is coded as; in clear in entries of before that was sealed.
        used: the elements that it is of, each with the listed code that says so; the code is
            sealed.
        perhaps: the elements that it may be of, and its codes do not tell.
        outside: kinds of elements of which it is known to be of none but those.
        why: why it is not used; empty where it is, or sealed.
        start, end, ongoing, start_within, end_within: its days, as far as they are known.
        daily_dose: daily dose of a drug in mg.
        route: route of administration (SNOMED CT code); sealed.
        sealed: its words, with the participant's own key (`conduct/sealed_records.py`).
    """

    record: RecordId
    kind: Annotated[str, Meta(max_length=64)]
    content: Sha256
    codes: tuple[Coded, ...] = ()
    used: dict[Name, Words] = {}
    perhaps: tuple[Name, ...] = ()
    outside: tuple[Covered, ...] = ()
    why: Words = ""
    start: PartialDate | None = None
    end: PartialDate | None = None
    ongoing: bool = False
    start_within: Within | None = None
    end_within: Within | None = None
    daily_dose: NotNegative | None = None
    route: Annotated[str, Meta(max_length=40)] = ""
    sealed: Sealed | None = None


class VocabularyUsed(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """The vocabulary by which records were read.

    Args:
        sha256: of its content.
        concepts: how many it has, by code system.
    """

    sha256: Sha256
    concepts: dict[Annotated[str, Meta(max_length=200)], int] = {}


class RecordsRead(Event, frozen=True):
    """A file of records was read; each record that is new or read in another way stands here.

    What was found is recorded in entries of its own: facts, results, what is not understood. This
    says through which codes, so that nobody needs the vocabulary of then to know.

    Args:
        source: what the source is called.
        read: how many records the file has.
        records: those that are new, have changed, or are understood otherwise than before.
        vocabulary: by which they were read; None where there was none.
    """

    participant: Id
    source: Text
    read: Annotated[int, Meta(ge=0)]
    records: tuple[RecordRead, ...] = ()
    vocabulary: VocabularyUsed | None = None


class RecordJudged(Event, frozen=True):
    """An investigator says of which elements a record of a source is one, and of which it is not.

    It outranks how the record was read. A yes is a fact, a no takes the element out of what the
    record may be of, and what is left out stays as it was read. It is about the record as it said
    then: one that has changed since is judged anew.

    Args:
        of: the entry that holds the record: how it was read, or that it is not understood.
        record: the record's id.
        answers: by element, whether it is one.
        start, end, ongoing: the days of what it is, where the record's own are not right.
        drug: the ingredient, where it is a drug.
        daily_dose: its daily dose in mg.
        signer: the investigator.
        reason: what the judgement rests on.
    """

    participant: Id
    of: Number
    record: RecordId
    answers: dict[Name, Literal["yes", "no"]]
    signer: Id
    reason: Reason
    start: PartialDate | None = None
    end: PartialDate | None = None
    ongoing: bool = False
    drug: Annotated[str, Meta(max_length=100)] = ""
    daily_dose: Positive | None = None


EVENTS = (RecordsRead, RecordJudged)
