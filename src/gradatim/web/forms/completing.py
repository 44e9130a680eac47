"""What the application fills in itself: numbers, seals, hashes, signers."""

import secrets
from collections.abc import Callable, Mapping
from hashlib import sha256
from typing import Any

from gradatim.conduct.checks import query_numbers
from gradatim.conduct.escalation import advised
from gradatim.conduct.personal import sealed
from gradatim.conduct.state import State
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
    fields.setdefault("birth", values["birth_date"][:4])
    identity = sealed(keyring(), asked.state.trial, number, values, secrets.token_bytes)
    return {**fields, "participant": number, "person_token": identity.person_token,
            "identity": {name: {"commitment": one.commitment, "ciphertext": one.ciphertext}
                         for name, one in identity.identity.items()}}  # fmt: skip


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
    """Read an uploaded protocol: its version stands in it, its hash is worked out."""
    upload = fields.pop("document")
    content = upload.read()
    study = parse(content, upload.name).study
    return {**fields, "document": content.decode(), "version": study.study.version,
            "sha256": sha256(content).hexdigest()}  # fmt: skip


def _decision(asked: Asked, fields: Fields) -> Fields:
    """Fill in what a decision is made on: the present ledger, and what the design advises on it."""
    state = asked.state
    now, version = advised(state, fields["occurred_on"]), state.versions[-1]
    return {**fields, **_head(asked), "protocol_sha256": version.sha256,
            "design": ruled_design(version.study).design, "advice_action": now.action,
            "outcomes": now.outcomes,
            **({} if now.level is None else {"advice_level": now.level})}  # fmt: skip


def _meeting(asked: Asked, fields: Fields) -> Fields:
    return {**fields, **_head(asked)}


def _head(asked: Asked) -> Fields:
    return {"head": asked.state.position, "head_hash": asked.head_hash}


_COMPLETE: Mapping[str, Callable[[Asked, Fields], Fields]] = {
    "ParticipantRegistered": _registered, "AdverseEventReported": _adverse_event,
    "QueryOpened": _query, "HistoryDeclaredComplete": _signer, "EligibilityConfirmed": _signer,
    "PreDoseChecklistSigned": _signer, "ClinicalSignificanceSigned": _signer,
    "AdverseEventClassified": _signer, "RulingSigned": _signer, "TrialStopped": _own_signature,
    "ProtocolActivated": _document, "ProtocolAmended": _document, "DoseDecision": _decision,
    "ReviewMeetingHeld": _meeting,
}  # fmt: skip
