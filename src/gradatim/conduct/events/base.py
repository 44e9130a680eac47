"""What every event carries, and the small values that events are made of.

An event is one act, frozen, as JSON: `event` names its type. `occurred_on` is the day it happened,
`recorded_at` when it was written down; a late entry is seen by the two. Names are those of CDISC
and ICH where they have one.
"""

from datetime import date, datetime
from typing import Annotated

from msgspec import Meta, Struct

Id = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}\Z")]
"""An identifier: letters, digits and `. _ : -`, at most 64."""
Name = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,63}\Z")]
"""A name of the protocol: an element, an encounter, an anchor."""
LONGEST_TEXT = 4_000  # characters
Text = Annotated[str, Meta(max_length=LONGEST_TEXT)]
"""Words of a person."""
Reason = Annotated[str, Meta(min_length=3, max_length=LONGEST_TEXT)]
"""Words of a person where an act needs a reason."""
PartialDate = Annotated[str, Meta(pattern=r"^\d{4}(-\d{2}(-\d{2})?)?\Z")]
"""An ISO 8601 date that may be known to the month or the year only."""
Moment = Annotated[datetime, Meta(tz=True)]
"""A point in time with its zone."""
Fraction = Annotated[float, Meta(ge=0, le=1)]
Positive = Annotated[float, Meta(gt=0)]
NotNegative = Annotated[float, Meta(ge=0)]
Number = Annotated[int, Meta(ge=1)]
Sha256 = Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]


SYSTEM = "gradatim"
"""Who records what follows by itself: deviations."""


class Signature(Struct, frozen=True, omit_defaults=True):
    """A person's signature, bound to the record that carries it.

    The time is the record's own. Source: 21 CFR 11.50 and 11.70.

    Args:
        printed_name: of who signs.
        meaning: what it means that they sign.
        shown: the position of the ledger that the signer had before them; 0 where it is not known.
        ed25519: the signature itself, by a key of the signer, in hex: see `conduct.signing_keys`;
            empty where it is of before its signer had one.
    """

    printed_name: Annotated[str, Meta(min_length=1, max_length=200)]
    meaning: Annotated[str, Meta(min_length=3, max_length=400)]
    shown: Annotated[int, Meta(ge=0)] = 0
    ed25519: Annotated[str, Meta(pattern=r"^([0-9a-f]{128})?\Z")] = ""


class Paper(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """What was written and signed on paper while the system could not be reached.

    The entry is its transcription: `occurred_on` is the day of the paper, `recorded_at` when it was
    entered, `recorded_by` who entered it.

    Args:
        signed_by: who acted, and signed on paper.
        signed_at: when, as the paper says.
        image_sha256: SHA-256 of the image of the paper, in hex.
        filed: where the paper, or its image, is filed.
    """

    signed_by: Id
    signed_at: Moment
    image_sha256: Sha256
    filed: Annotated[str, Meta(max_length=200)] = ""


class Event(
    Struct,
    frozen=True,
    kw_only=True,
    tag_field="event",
    tag=True,
    omit_defaults=True,
    forbid_unknown_fields=True,
):
    """One act of the trial.

    Args:
        occurred_on: the day it happened, as the clock of the site shows it.
        recorded_at: when it was recorded, in UTC.
        recorded_by: the user who recorded it; `gradatim` for what follows by itself.
        site: where; empty for acts of the sponsor and the committee.
        protocol: the version in force for the person who acted; empty before there is one.
        signature: of the person who recorded it, where it was signed.
        paper: what it is the transcription of; None where it was not written on paper first.
        software: the version of gradatim that recorded it, where it is the first entry of that
            version; the ledger fills it in.
    """

    occurred_on: date
    recorded_at: Moment
    recorded_by: Id
    site: str = ""
    protocol: str = ""
    signature: Signature | None = None
    paper: Paper | None = None
    software: Annotated[str, Meta(max_length=40)] = ""


class Measured(
    Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True, gc=False
):
    """One value of one element.

    Args:
        element: the protocol's element.
        value: the number; None where only words were reported.
        unit: UCUM unit of value and limits; empty where it has none.
        bound: `<`, `<=`, `>` or `>=` where the value is only a bound.
        low: lower reference limit.
        high: upper reference limit.
        code: a coded result such as `positive`.
        method: how it was obtained.
    """

    element: Name
    value: float | None = None
    unit: Annotated[str, Meta(max_length=40)] = ""
    bound: Annotated[str, Meta(pattern=r"^[<>]?=?\Z")] = ""
    low: float | None = None
    high: float | None = None
    code: Annotated[str, Meta(max_length=100)] = ""
    method: Annotated[str, Meta(max_length=100)] = ""


class Within(Struct, frozen=True, kw_only=True, omit_defaults=True, forbid_unknown_fields=True):
    """A day that lies between two others, both included; without one there is no limit."""

    first: date | None = None
    last: date | None = None


class Sealed(Struct, frozen=True):
    """A value that may tell who a person is: a commitment, and the value encrypted.

    Args:
        commitment: SHA-256 of salt and value, in hex.
        ciphertext: salt and value under the participant's own key, in base64.
    """

    commitment: Annotated[str, Meta(pattern=r"^[0-9a-f]{64}\Z")]
    ciphertext: Annotated[str, Meta(max_length=300_000)]
