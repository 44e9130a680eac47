"""An event that a program sends: read, completed, recorded, and what is answered.

JSON -> given event -> may this token -> does it see what it names -> completed -> web.recording
"""

from collections.abc import Iterator
from hashlib import sha256
from typing import Any, NamedTuple, cast

import msgspec
from django.http import HttpRequest
from django.utils.translation import gettext as _

from gradatim.conduct.access import LimitedAccess
from gradatim.conduct.corrections import as_recorded, is_signed
from gradatim.conduct.downtime.keeping import KeptInJournal
from gradatim.conduct.events import BY_NAME
from gradatim.conduct.events.participants import EntryCorrected
from gradatim.conduct.events.review import QueryOpened
from gradatim.conduct.events.safety import ProtocolDeviation
from gradatim.conduct.folding.participants import FIXED
from gradatim.conduct.narrative import NarratedEntry, narrated_entries
from gradatim.conduct.signatures import MEANINGS
from gradatim.conduct.state import State
from gradatim.conduct.system_fields import with_system_fields
from gradatim.conduct.trial import RecordOutcome, Refused, Stale, Trial, entries_opened_by
from gradatim.conduct.visibility import sees_entry
from gradatim.core.errors import UnusableInput
from gradatim.web.access import require_visible_or_404
from gradatim.web.api.faults import Refusal
from gradatim.web.api.idempotency import refuse_another
from gradatim.web.api.input_events import INSTEAD, filled_in, instead, read_event
from gradatim.web.api.serialise import plain_event
from gradatim.web.recording import circumstances_of, event_of, record_or_keep

JSON = "application/json"


class _RecordRequest(NamedTuple):
    """What a program asks to be recorded.

    Args:
        name: type of the event.
        given: the event, as a program gives it; its site is where it is recorded.
        seen: position of the ledger that was looked at.
        request: the idempotency key, as the ledger keeps it: each user has their own.
    """

    name: str
    given: Any
    seen: int
    request: str

    @property
    def fields(self) -> dict[str, Any]:
        """What is given, as plain values, without the type and the site."""
        found = msgspec.to_builtins(self.given)
        return {name: value for name, value in found.items() if name not in ("event", "site")}


class Answer(NamedTuple):
    """What is answered: status and content."""

    status: int
    content: dict[str, Any]


def asked_for(request: HttpRequest, key: str, seen: str) -> _RecordRequest:
    """Read what a program asks to be recorded.

    Raises:
        Refusal: it is no JSON, is to be signed, or is not for this token.
        UnusableInput: it is no event, or has a field that it may not have.
    """
    access = cast(LimitedAccess, request.access)  # type: ignore[attr-defined]
    name, given = _given(request, access)
    position = access.state.position
    if seen != "*" and int(seen) > position:
        raise UnusableInput(
            _("this position has not come"),
            "If-Match",
            _("the ledger has %(n)d entries") % {"n": position},
        )
    own = sha256(f"{access.user}\n{key}".encode()).hexdigest()
    return _RecordRequest(name, given, position if seen == "*" else int(seen), f"api-{own}")


def _given(request: HttpRequest, access: LimitedAccess) -> tuple[str, Any]:
    if request.content_type != JSON:
        raise Refusal(415, _("this is not JSON"), "Content-Type", todo=_("send application/json"))
    try:
        raw = msgspec.json.decode(request.body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Refusal(400, _("this is not JSON"), "body", str(error)) from error
    name = raw.get("event") if isinstance(raw, dict) else None
    if not isinstance(name, str) or name not in BY_NAME:
        raise UnusableInput(
            _("this is not an event"),
            "body.event",
            todo=_("name its type, such as VitalSignsRecorded"),
        )
    _refuse_signed(name)
    _refuse_unpermitted(access, name, raw.get("site", ""))
    _refuse_ours(name, raw)
    _refuse_nul(raw)
    try:
        return name, read_event(raw)
    except msgspec.ValidationError as error:
        raise UnusableInput(
            _("this %(act)s cannot be recorded") % {"act": name},
            "body",
            str(error),
            _("correct the field"),
        ) from error


def _refuse_signed(name: str) -> None:
    if BY_NAME[name] in MEANINGS:
        raise Refusal(
            403,
            _("%(act)s has to be signed") % {"act": name},
            "body.event",
            _("a token cannot sign"),
            _("a person signs it on its page"),
        )


def _refuse_ours(name: str, raw: dict[str, Any]) -> None:
    """Refuse fields that the application fills in."""
    if ours := sorted(set(raw) & (filled_in(name) - instead(name))):
        raise UnusableInput(
            _("%(field)s may not be given") % {"field": ours[0]},
            f"body.{ours[0]}",
            _("the application fills it in"),
            _("leave it out"),
        )


def _refuse_nul(raw: dict[str, Any]) -> None:
    """Refuse the sign that no form takes and that ends a text for other programs."""
    for field, said in raw.items():
        if any("\0" in text for text in _texts(said)):
            raise UnusableInput(
                _("%(field)s cannot be read") % {"field": field},
                f"body.{field}",
                _("it has a NUL"),
                _("leave it out"),
            )


def _texts(said: Any) -> Iterator[str]:
    """Yield all text of a value, however deep it is."""
    waiting = [said]
    while waiting:
        one = waiting.pop()
        if isinstance(one, str):
            yield one
        elif isinstance(one, dict):
            waiting += [*one, *one.values()]
        elif isinstance(one, list):
            waiting += one


def _refuse_unpermitted(access: LimitedAccess, name: str, site: Any) -> None:
    sites = access.sites_for(name)
    if site in sites or (name == "SiteOpened" and "" in sites):
        return
    where = [site or _("the whole trial") for site in sites]
    raise Refusal(
        403,
        _("you may not record %(act)s here") % {"act": name},
        "body.site",
        _("this token may record it for: %(where)s") % {"where": ", ".join(where)}
        if where
        else _("no task that this token has includes it"),
    )


def done(request: HttpRequest, trial: Trial, asked: _RecordRequest) -> Answer:
    """Record what is asked for, once.

    Raises:
        Http404: it names what the user does not see.
        Refusal: it may not be.
        UnusableInput: it cannot be meant, or the key was used for something else.
    """
    access = cast(LimitedAccess, request.access)  # type: ignore[attr-defined]
    known = trial.position_of(asked.request)
    if known is not None:
        refuse_another(access.state, known, asked.name, asked.given.site, asked.fields)
        return _recorded(access.state, known)
    require_visible_or_404(access, asked.name, asked.given)
    if asked.name == EntryCorrected.__name__:
        _refuse_correction(access.state, asked.given)
    event = event_of(request, asked.name, asked.given.site, _completed(access, trial, asked))
    return _answer(access, trial, record_or_keep(request, event, asked.seen, asked.request))


def _refuse_correction(state: State, given: Any) -> None:
    """Refuse to correct what was signed, and what is not corrected but filled in."""
    entry = state.events[given.of]
    if is_signed(state, given.of):
        raise Refusal(
            403,
            _("entry %(n)d is signed") % {"n": given.of},
            "body.of",
            _("a token cannot sign"),
            _("correct it on its page"),
        )
    if ours := sorted(set(given.fields) & {*filled_in(type(entry).__name__), *FIXED}):
        raise UnusableInput(
            _("%(field)s cannot be corrected") % {"field": ours[0]}, f"body.fields.{ours[0]}"
        )


def _completed(access: LimitedAccess, trial: Trial, asked: _RecordRequest) -> dict[str, Any]:
    fields = asked.fields
    if asked.name in INSTEAD:
        fields["full_name"] = fields.pop("name")
    now = circumstances_of(access, asked.given.site, trial.head.hash.hex())
    return with_system_fields(asked.name, fields, now)


def _answer(access: LimitedAccess, trial: Trial, outcome: RecordOutcome | KeptInJournal) -> Answer:
    if isinstance(outcome, KeptInJournal):
        return _kept(outcome.number)
    if isinstance(outcome, Refused):
        reasons = [{"rule": rule, "why": why} for rule, why in outcome.reasons]
        status = 403 if outcome.by == "permission" else 422
        raise Refusal(status, _("nothing was recorded"), why=outcome.verdict.text, reasons=reasons)
    if isinstance(outcome, Stale):
        return Answer(
            409,
            {
                "what": _("others were faster: nothing was recorded"),
                "todo": _(
                    "look at these entries, then send it again with this position in If-Match"
                ),
                "entries": [
                    _changed(access, one) for one in narrated_entries(trial.state, outcome.entries)
                ],
                "position": access.state.position,
            },
        )
    return _recorded(access.state, outcome.position)


def _kept(number: int) -> Answer:
    """Tell that a fact is in the downtime journal: it is not in the ledger, nor to be sent anew."""
    return Answer(
        202,
        {
            "kept": number,
            "what": _("Kept in the downtime journal as entry %(n)d; it is not in the ledger yet.")
            % {"n": number},
            "todo": _("two people of the site merge it; sent again, it is kept once"),
        },
    )


def _changed(access: LimitedAccess, one: NarratedEntry) -> dict[str, Any]:
    """Tell an entry; of one that is not for this user, only that it is there."""
    if sees_entry(access, access.state.events[one.position]):
        return one._asdict() | {"told": one.text}
    return {"position": one.position, "told": _("an entry at another site")}


def _recorded(state: State, position: int) -> Answer:
    """Give what was recorded there, and the deviations and queries that it opened."""
    opened = list(entries_opened_by(state, position))
    deviations = [
        {"position": at, "rule": one.rule, "description": one.description}
        for at, one in opened
        if isinstance(one, ProtocolDeviation)
    ]
    queries = [
        {"query": one.query, "question": one.question}
        for _at, one in opened
        if isinstance(one, QueryOpened)
    ]
    content = {
        "position": position,
        "event": plain_event(as_recorded(state, position)),
        "deviations": deviations,
        "queries": queries,
    }
    return Answer(201, content)
