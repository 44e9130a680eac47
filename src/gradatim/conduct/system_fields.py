"""What the system fills in of an act: numbers, seals, hashes, signers, the advice of the design.

A person or a program says what happened; the catalogue of acts names the fields that neither is
asked for. The pages and the JSON API have them filled in here, so that both record the same event.
"""

from collections.abc import Callable, Mapping
from datetime import date
from hashlib import sha256
from typing import Any, NamedTuple

from gradatim.clinical.term_lists import read_term_list
from gradatim.conduct.catalogue import SIGNER_FIELDS, act_named
from gradatim.conduct.checks import query_numbers
from gradatim.conduct.erasure import requested_erasure
from gradatim.conduct.escalation import advised
from gradatim.conduct.events.logs import ConcomitantMedicationRecorded, UnscheduledVisitDone
from gradatim.conduct.folding.trial import submitted, uploaded
from gradatim.conduct.keyring.stores import Keyring
from gradatim.conduct.numbering import next_adverse_event, next_in_log, next_participant
from gradatim.conduct.personal import birth_recorded, sealed
from gradatim.conduct.state import State
from gradatim.conduct.views.birth import birth_to_keep
from gradatim.conduct.views.retention import retention_ended_on
from gradatim.core.documents import read_yaml
from gradatim.core.errors import UnusableInput
from gradatim.dosefinding.protocol_faults import refuse_faulty
from gradatim.dosing.accountability import adds_up
from gradatim.protocol.questions import ruled_design

Fields = dict[str, Any]


class Circumstances(NamedTuple):
    """Under which an act is recorded.

    Args:
        state: the trial now.
        user: who records it.
        site: where; "" the trial as a whole.
        head_hash: hash of the ledger's last entry, in hex, for what is decided on it.
        keyring: gives the participants' keys; called only where somebody is registered.
        random: gives that many unpredictable bytes.
    """

    state: State
    user: str
    site: str
    head_hash: str
    keyring: Callable[[], Keyring]
    random: Callable[[int], bytes]

    @property
    def head(self) -> Fields:
        """The ledger's last entry, as what is decided on it names it."""
        return {"head": self.state.position, "head_hash": self.head_hash}


def with_system_fields(event: str, fields: Fields, circumstances: Circumstances) -> Fields:
    """Return the fields of an act, with those that the system fills in.

    Args:
        event: name of the event's type.
        fields: what is said, by the names of the fields; of a registration `full_name` and
            `birth_date`, of a protocol its `document` as text or bytes, and `document_name`.
        circumstances: who records it where, and what is known then.

    Raises:
        UnusableInput: what is said cannot be completed: a protocol that cannot be read, a document
            that is not the one submitted, words beside a confirmation.
    """
    signs = SIGNER_FIELDS.intersection(act_named(event).event.__struct_fields__)
    paper = fields.get("paper") or {}
    user = paper.get("signed_by", circumstances.user)
    signers: Fields = {name: user if name == "signer" else [user] for name in signs}
    complete = _COMPLETE.get(event)
    said = {**fields, **signers}
    return complete(circumstances, said) if complete else said


def _registration(now: Circumstances, fields: Fields) -> Fields:
    """Number a person, and seal who they are: the ledger never holds a name."""
    number = next_participant(now.state, now.site)
    values = {"name": fields.pop("full_name"), "birth_date": str(fields.pop("birth_date"))}
    fields["birth"] = birth_recorded(values["birth_date"], fields.get("birth", ""))
    identity = sealed(now.keyring(), now.state.trial, number, values, now.random)
    return {
        **fields,
        "participant": number,
        "identity": {
            name: {"commitment": one.commitment, "ciphertext": one.ciphertext}
            for name, one in identity.items()
        },
    }


def _adverse_event(now: Circumstances, fields: Fields) -> Fields:
    number = next_adverse_event(now.state, fields.get("participant", ""))
    return {**fields, "adverse_event": number}


def _medication(now: Circumstances, fields: Fields) -> Fields:
    about = fields.get("participant", "")
    return {**fields, "medication": next_in_log(now.state, about, ConcomitantMedicationRecorded)}


def _visit(now: Circumstances, fields: Fields) -> Fields:
    about = fields.get("participant", "")
    return {**fields, "visit": next_in_log(now.state, about, UnscheduledVisitDone)}


def _identified(now: Circumstances, fields: Fields) -> Fields:
    """Name the key that the person signs by: it is what is said to be theirs."""
    user = fields.get("user", "")
    keys = now.state.signing_keys.get(user)
    if not keys:
        raise UnusableInput(
            f"{user} has no key yet", "PersonIdentified", todo="let them sign in once before"
        )
    return {**fields, "public_key": keys[-1].public_key}


def _query(now: Circumstances, fields: Fields) -> Fields:
    return {**fields, "query": next(query_numbers(now.state))}


def _document(now: Circumstances, fields: Fields) -> Fields:
    """Read a protocol: its version stands in it, its hash is worked out."""
    given, name = fields.pop("document"), fields.pop("document_name", "protocol.yaml")
    content: bytes = given.encode() if isinstance(given, str) else given
    document = uploaded(content, name)
    refuse_faulty(document)
    return {
        **fields,
        "document": content.decode(),
        "version": document.study.study.version,
        "sha256": document.sha256,
    }


def _term_list(now: Circumstances, fields: Fields) -> Fields:
    """Read a list of terms, and work out its hash."""
    given, name = fields.pop("document"), fields.pop("document_name", "the list of terms")
    try:
        text: str = given if isinstance(given, str) else given.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UnusableInput(
            "this list of terms cannot be read", name, "it is not UTF-8", "save it as CSV in UTF-8"
        ) from error
    read_term_list(text, name)
    return {**fields, "document": text, "sha256": sha256(text.encode()).hexdigest()}


def _submitted(now: Circumstances, fields: Fields) -> Fields:
    """Take the document that the page has shown: nobody signs what they have not read."""
    held = submitted(now.state)
    if held is None:
        raise UnusableInput(
            "no version of the protocol is submitted",
            "",
            todo="submit the file protocol.yaml first, and read it",
        )
    if fields.pop("shown_sha256", "") != held.sha256:
        raise UnusableInput(
            "this is not the document that you were shown",
            held.version,
            todo="read the one that is submitted now",
        )
    return {**fields, "document": held.document, "version": held.version, "sha256": held.sha256}


def _ruling(now: Circumstances, fields: Fields) -> Fields:
    """Say which reading is confirmed; a confirmation has no conditions in words."""
    reading, words = fields.pop("reading", ""), fields.pop("answer", "")
    confirmed = fields["outcome"] == "confirmed"
    if confirmed and words:
        raise UnusableInput(
            "what is confirmed stands as it is written",
            "",
            todo="leave the words out, or request a change",
        )
    said = {**fields, "answer": reading if reading and confirmed else words}
    if said["outcome"] != "change requested" or _as_it_is(said):
        said.pop("requested_value", None)  # the form shows the value as it is, to be changed
    return said


def _as_it_is(ruling: Fields) -> bool:
    """Whether the value that a ruling asks for is the one that stands there."""
    requested = str(ruling.get("requested_value", "")).encode()
    try:
        return read_yaml(requested, "", {}) == read_yaml(str(ruling["value"]).encode(), "", {})
    except UnusableInput:
        return False  # it is refused with its reason


def _decision(now: Circumstances, fields: Fields) -> Fields:
    """Fill in what a decision is made on: the present ledger, and what the design advises on it."""
    state = now.state
    advice, version = advised(state, fields["occurred_on"]), state.versions[-1]
    return {
        **fields,
        **now.head,
        "protocol_sha256": version.sha256,
        "design": ruled_design(version.study).design,
        "advice_action": advice.action,
        "outcomes": advice.outcomes,
        **({} if advice.level is None else {"advice_level": advice.level}),
    }


def _meeting(now: Circumstances, fields: Fields) -> Fields:
    return {**fields, **now.head}


def _difference(now: Circumstances, fields: Fields) -> Fields:
    """Fill in what the account of the bag does not account for: nobody types what is shown."""
    found = now.state.inventory.find(fields.get("lot", ""), (fields.get("bag", ""),))
    off = found[0].unexplained if found and not adds_up(found[0]) else 0.0
    return {**fields, "difference": off}


def _transfer(now: Circumstances, fields: Fields) -> Fields:
    """Fill in the site that a participant comes from."""
    one = now.state.participants.get(fields.get("participant", ""))
    return {**fields, "from_site": one.site if one is not None else ""}


def _day(said: Any) -> date:
    return said if isinstance(said, date) else date.fromisoformat(str(said))


def _erasure(now: Circumstances, fields: Fields) -> Fields:
    """Fill in which request is granted, and since when nobody has to keep the data.

    Raises:
        UnusableInput: nobody has asked for it.
    """
    one = now.state.participants.get(fields.get("participant", ""))
    asked = requested_erasure(now.state, one) if one is not None else None
    if one is None or asked is None:
        raise UnusableInput(
            "nobody has asked for this erasure",
            fields.get("participant", ""),
            todo="an investigator of the participant's site asks for it first",
        )
    ended = retention_ended_on(now.state, one)
    born = birth_to_keep(now.state, one, _day(fields["occurred_on"]))
    return {
        **fields,
        "of": asked[0],
        "order": asked[1].reason,
        **({"retention_ended_on": str(ended)} if ended else {}),
        **({"born": {"first": str(born.first), "last": str(born.last)}} if born else {}),
    }


_COMPLETE: Mapping[str, Callable[[Circumstances, Fields], Fields]] = {
    "ParticipantRegistered": _registration,
    "ParticipantTransferred": _transfer,
    "PersonalDataErased": _erasure,
    "AdverseEventReported": _adverse_event,
    "ConcomitantMedicationRecorded": _medication,
    "UnscheduledVisitDone": _visit,
    "QueryOpened": _query,
    "RulingSigned": _ruling,
    "PersonIdentified": _identified,
    "ProductDifferenceExplained": _difference,
    "ProtocolSubmitted": _document,
    "TermListLoaded": _term_list,
    "ProtocolActivated": _submitted,
    "ProtocolAmended": _submitted,
    "DoseDecision": _decision,
    "ReviewMeetingHeld": _meeting,
}
