"""Events of review: queries, source data, the committee's decisions, lock, exports."""

from datetime import date
from typing import Annotated, Any, Literal

from msgspec import Meta

from gradatim.conduct.events.base import Event, Id, Number, Reason, Sha256, Text

Action = Literal["start", "escalate", "stay", "de_escalate", "hold", "stop"]


class QueryOpened(Event, frozen=True):
    """A question about an entry."""

    query: Id
    of: Number
    question: Reason


class QueryAnswered(Event, frozen=True):
    """The site's answer.

    Args:
        query: its number.
        answer: in words.
        stands: whether the entry is right as it stands; None where that is not said, which confirms
            nothing.
    """

    query: Id
    answer: Reason
    stands: bool | None = None


class QueryClosed(Event, frozen=True):
    """The question is settled."""

    query: Id
    comment: Text = ""


class SourceDataVerified(Event, frozen=True):
    """Entries were compared with their source."""

    entries: tuple[Number, ...]


class DataEndorsed(Event, frozen=True):
    """An investigator has reviewed what is recorded of a site's participants, and stands for it.

    Source: ICH E6(R3), annex 1, 2.12.6; EMA guideline on computerised systems and electronic data
    in clinical trials (EMA/INS/GCP/112288/2023), section 6.3 on the sign-off of data.

    Args:
        upto: the position of the ledger that the list was made from; what came after, or was
            changed after, is not endorsed.
    """

    upto: Number


class ReviewMeetingHeld(Event, frozen=True):
    """The committee met over the data of one ledger head."""

    head: Number
    head_hash: Sha256
    members: tuple[Id, ...]
    data_cut_on: date
    minutes: Text = ""


class DoseDecision(Event, frozen=True):
    """The committee's decision, with all it was made on.

    Args:
        action: what is decided; `start` opens the first level.
        level: the level it leads to; for `stop` the level selected, None if none.
        head: position of the ledger that the committee saw, and its hash.
        design: name of the design, and the protocol it stands in by hash.
        advice_action, advice_level: what the design advised.
        outcomes: what the design was told, such as `1NNN 2NT`.
        reason: needed where the decision is not the advice.
        signers: members who signed.
    """

    action: Action
    head: Number
    head_hash: Sha256
    protocol_sha256: Sha256
    design: Annotated[str, Meta(max_length=60)]
    advice_action: Annotated[str, Meta(max_length=40)]
    outcomes: Annotated[str, Meta(max_length=2_000)]
    signers: tuple[Id, ...]
    level: Number | None = None
    advice_level: Number | None = None
    reason: Text = ""


class ProposalMade(Event, frozen=True):
    """A member of the committee proposes an act that several must sign, and signs it first.

    `act` are the fields of the proposed event, its type under `event`; not who recorded it when.
    `seen` is the position of the ledger that the member had looked at; None, as older software
    wrote it: all that came before this entry.
    """

    proposal: Id
    act: dict[str, Any]
    seen: Number | None = None


class ProposalSigned(Event, frozen=True):
    """Another member signs a proposal, as it stands; `seen` as of `ProposalMade`.

    Who has signed signs once more where the proposal's subject has been altered since.
    """

    proposal: Id
    seen: Number | None = None


class ProposalDissented(Event, frozen=True):
    """A member does not agree with a proposal, and says why; their signature counts no more.

    Args:
        proposal: its number.
        reason: why.
        seen: as of `ProposalMade`.
    """

    proposal: Id
    reason: Reason
    seen: Number | None = None


class ProposalWithdrawn(Event, frozen=True):
    """A proposal is no longer to be signed."""

    proposal: Id
    reason: Reason


class DataLocked(Event, frozen=True):
    """The data are final; what still comes to light is recorded and flagged."""

    reason: Text = ""


class DataUnlocked(Event, frozen=True):
    """The data may change again."""

    reason: Reason


class ExportMade(Event, frozen=True):
    """Data left the system: which, to whom, and their fingerprint."""

    format: Annotated[str, Meta(max_length=60)]
    recipient: Text
    sha256: Sha256
    head: Number


EVENTS = (
    QueryOpened,
    QueryAnswered,
    QueryClosed,
    SourceDataVerified,
    DataEndorsed,
    ReviewMeetingHeld,
    DoseDecision,
    ProposalMade,
    ProposalSigned,
    ProposalDissented,
    ProposalWithdrawn,
    DataLocked,
    DataUnlocked,
    ExportMade,
)
