"""What the application fills in itself: numbers, seals, hashes, signers."""

import secrets
from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from gradatim.conduct.checks import query_numbers
from gradatim.conduct.escalation import advised
from gradatim.conduct.folding.trial import submitted
from gradatim.conduct.personal import birth_recorded, sealed
from gradatim.conduct.state import State
from gradatim.core.errors import UnusableInput
from gradatim.dosefinding.protocol_faults import refuse_faulty
from gradatim.protocol.load import parse
from gradatim.protocol.questions import ruled_design
from gradatim.web.forms.choices import Asked
from gradatim.web.keys import keyring

Fields = dict[str, Any]


def completed(asked: Asked, fields: Fields) -> Fields:
    """Give an event's fields, with those filled in that no form asks for."""
    more = _COMPLETE.get(asked.event)
    found = {**asked.given, **fields}
    return more(asked, found) if more else found


def _registered(asked: Asked, fields: Fields) -> Fields:
    """Number a person, and seal who they are: the ledger never holds a name."""
    number = next_number(asked.state, asked.site)
    values = {"name": fields.pop("full_name"), "birth_date": str(fields.pop("birth_date"))}
    fields["birth"] = birth_recorded(values["birth_date"], fields.get("birth", ""))
    identity = sealed(keyring(), asked.state.trial, number, values, secrets.token_bytes)
    return {
        **fields,
        "participant": number,
        "person_token": identity.person_token,
        "identity": {
            name: {"commitment": one.commitment, "ciphertext": one.ciphertext}
            for name, one in identity.identity.items()
        },
    }


def next_number(state: State, site: str) -> str:
    """Give the number of the next person registered at a site, such as S01-004."""
    taken = len([one for one in state.participants.values() if one.site == site])
    while (number := f"{site}-{taken + 1:03}") in state.participants:
        taken += 1
    return number


def _adverse_event(asked: Asked, fields: Fields) -> Fields:
    about = fields.get("participant") or (asked.participant.id if asked.participant else "")
    taken = sum(who == about for who in asked.state.adverse_events.values())
    while (number := f"{about}-AE{taken + 1}") in asked.state.adverse_events:
        taken += 1
    return {**fields, "adverse_event": number}


def _query(asked: Asked, fields: Fields) -> Fields:
    return {**fields, "query": next(query_numbers(asked.state))}


def _signer(asked: Asked, fields: Fields) -> Fields:
    return {**fields, "signer": asked.access.user}


def _own_signature(asked: Asked, fields: Fields) -> Fields:
    return {**fields, "signers": [asked.access.user]}


def _document(asked: Asked, fields: Fields) -> Fields:
    """Read a protocol, from a file or as text: its version stands in it, its hash is worked out."""
    given = fields.pop("document")
    content, name = (
        (given.encode(), "protocol.yaml") if isinstance(given, str) else (given.read(), given.name)
    )
    document = parse(content, name)
    refuse_faulty(document)
    return {
        **fields,
        "document": content.decode(),
        "version": document.study.study.version,
        "sha256": document.sha256,
    }


def _submitted(asked: Asked, fields: Fields) -> Fields:
    """Take the document that the page has shown: nobody signs what they have not read."""
    held = submitted(asked.state)
    if held is None:
        raise UnusableInput(
            _("no version of the protocol is submitted"),
            "",
            todo=_("submit the file protocol.yaml first, and read it"),
        )
    if fields.pop("shown_sha256", "") != held.sha256:
        raise UnusableInput(
            _("this is not the document that you were shown"),
            held.version,
            todo=_("read the one that is submitted now"),
        )
    return {**fields, "document": held.document, "version": held.version, "sha256": held.sha256}


def _ruling(asked: Asked, fields: Fields) -> Fields:
    """Say which reading is confirmed; a confirmation has no conditions in words."""
    reading, words = fields.pop("reading", ""), fields.pop("answer", "")
    confirmed = fields["outcome"] == "confirmed"
    if confirmed and words:
        raise UnusableInput(
            _("what is confirmed stands as it is written"),
            "",
            todo=_("leave the words out, or request a change"),
        )
    return _signer(asked, {**fields, "answer": reading if reading and confirmed else words})


def _decision(asked: Asked, fields: Fields) -> Fields:
    """Fill in what a decision is made on: the present ledger, and what the design advises on it."""
    state = asked.state
    now, version = advised(state, fields["occurred_on"]), state.versions[-1]
    return {
        **fields,
        **_head(asked),
        "protocol_sha256": version.sha256,
        "design": ruled_design(version.study).design,
        "advice_action": now.action,
        "outcomes": now.outcomes,
        **({} if now.level is None else {"advice_level": now.level}),
    }


def _meeting(asked: Asked, fields: Fields) -> Fields:
    return {**fields, **_head(asked)}


def _head(asked: Asked) -> Fields:
    return {"head": asked.state.position, "head_hash": asked.head_hash}


_COMPLETE: Mapping[str, Callable[[Asked, Fields], Fields]] = {
    "ParticipantRegistered": _registered,
    "AdverseEventReported": _adverse_event,
    "QueryOpened": _query,
    "HistoryDeclaredComplete": _signer,
    "EligibilityConfirmed": _signer,
    "PreDoseChecklistSigned": _signer,
    "ClinicalSignificanceSigned": _signer,
    "AdverseEventClassified": _signer,
    "RecordJudged": _signer,
    "RulingSigned": _ruling,
    "TrialStopped": _own_signature,
    "ProtocolSubmitted": _document,
    "ProtocolActivated": _submitted,
    "ProtocolAmended": _submitted,
    "DoseDecision": _decision,
    "ReviewMeetingHeld": _meeting,
}
