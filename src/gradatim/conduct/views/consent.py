"""Informed consent: which form is in force, what a person has consented to, what they withdrew.

Source: ICH E6(R3), 2.8; 21 CFR 50.27; Regulation (EU) 536/2014, articles 28(3) and 29.
"""

from collections.abc import Iterator
from datetime import date, datetime
from typing import NamedTuple

from gradatim.conduct.days import (
    begun_at,
    believable,
    day_at,
    day_of,
    happened_at,
    recorded_on,
)
from gradatim.conduct.events.base import Event
from gradatim.conduct.events.participants import (
    InformedConsentObtained,
    InformedConsentRenewed,
    InformedConsentWithdrawn,
)
from gradatim.conduct.events.product import DoseAdministered, PreDoseChecklistSigned
from gradatim.conduct.state import Participant, State, plain_version
from gradatim.conduct.views.doses import entries_of
from gradatim.core.dates import Day, on, parse_day
from gradatim.core.truth import FALSE, TRUE, UNKNOWN, Truth

Consenting = InformedConsentObtained | InformedConsentRenewed

_CODES = (
    "aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy "
    "da de dv dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu "
    "hy hz ia id ie ig ii ik io is it iu ja jv ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb "
    "lg li ln lo lt lu lv mg mh mi mk ml mn mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om "
    "or os pa pi pl ps pt qu rm rn ro ru rw sa sc sd se sg si sk sl sm sn so sq sr ss st su sv sw "
    "ta te tg th ti tk tl tn to tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh  zu"
)
ISO_639_1 = frozenset(_CODES.split())
"""Languages with a code of two letters. Source: ISO 639-1."""


class AskedFor(NamedTuple):
    """What a consent has to be to.

    Args:
        form: the version of the form, as messages name it.
        met: whether the consent in force is to it, or to a later one.
        since: the version of the protocol that asks for renewal, where nobody has consented since.
    """

    form: str
    met: bool
    since: str = ""


class _Form(NamedTuple):
    """A version of the form in the order in which they came into force, in whatever language."""

    on: date
    position: int
    name: str
    version: str


def _forms(state: State) -> list[_Form]:
    """Return the versions of the form, the earliest first.

    A version of the protocol that asks for consent, and of which no form is recorded, has one of
    its own number.
    """
    found = {
        plain_version(one.version): _Form(
            one.on, one.position, plain_version(one.version), one.version
        )
        for one in reversed(state.consent_forms)
    }
    recorded = {plain_version(one.of_protocol) for one in state.consent_forms}
    for n, one in enumerate(state.versions):
        name = plain_version(one.version)
        if name not in recorded and (n == 0 or "after re-consent" in one.applies.values()):
            found.setdefault(name, _Form(one.on, one.position, name, one.version))
    return sorted(found.values())


def _rank(state: State, form: str) -> int:
    """Return the place of a version of the form among all; -1 for none of them."""
    names = [one.name for one in _forms(state)]
    name = plain_version(form)
    return names.index(name) if name in names else -1


def demanded_on(state: State, day: date) -> str:
    """Return the version of the form that is demanded on a day; empty while none is known.

    On the day on which a form comes into force the one before it is in force too, so that this is
    the newest of an earlier day, where there is one.
    """
    some = _forms(state)
    before = [one.version for one in some if one.on < day] or [one.version for one in some[:1]]
    return before[-1] if before else ""


def is_to_version_in_force(state: State, consent: Consenting) -> bool | None:
    """Return whether a consent is to the form that was in force on its day.

    Args:
        state: the trial.
        consent: the consent.

    Returns:
        None where the form that was signed is none that is known.
    """
    informed = state.informs_about(consent.version)
    if informed < 0:
        return None
    demanded, name = demanded_on(state, consent.occurred_on), plain_version(consent.version)
    if not demanded or name == plain_version(demanded):
        return True
    form = next((one for one in _forms(state) if one.name == name), None)
    if form is None:  # of an amendment that asks for no consent
        return informed >= state.informs_about(demanded)
    return form.on <= consent.occurred_on and _rank(state, name) > _rank(state, demanded)


def held(state: State, participant: Participant) -> list[tuple[int, Consenting]]:
    """Return the consents that hold: those given since the last withdrawal."""
    return [
        (at, event)
        for at, event in entries_of(
            state, participant, InformedConsentObtained, InformedConsentRenewed
        )
        if at > participant.consent_ended
    ]


def asked_for(state: State, participant: Participant, told: Event | None = None) -> AskedFor:
    """Return which form a participant's consent has to be to before another dose.

    The one that was in force when they signed; where an amendment applies after re-consent, one
    that tells of it; and the last approved form that asks for renewal.

    Args:
        state: the trial.
        participant: whose consent.
        told: a dose that was given, or signed for on paper: it is asked of then, not of now.
    """
    some = held(state, participant) if told is None else held_then(state, participant, told)
    until = date.max if told is None else told.occurred_on
    asking = [
        n
        for n, one in enumerate(state.versions)
        if n and one.on <= until and "after re-consent" in one.applies.values()
    ]
    informed = max((state.informs_about(one.version) for _, one in some), default=-1)
    if asking and informed < asking[-1]:
        version = state.versions[asking[-1]]
        none_since = not any(at > version.position for at, _ in participant.consents)
        form = _tells_of(state, version.version)
        return AskedFor(form, met=False, since=version.version if none_since else "")
    renewals = [one.version for one in state.consent_forms if one.renewal and one.on <= until]
    if renewals:
        needed = max(_rank(state, one) for one in renewals)
        if max((_rank(state, one.version) for _, one in some), default=-1) < needed:
            return AskedFor(renewals[-1], met=False)
    if any(is_to_version_in_force(state, one) for _, one in some):
        return AskedFor("", met=True)
    last = some[-1][1].occurred_on if some else None
    return AskedFor(demanded_on(state, last) if last else "", met=False)


def held_then(state: State, participant: Participant, event: Event) -> list[tuple[int, Consenting]]:
    """Return the consents that held, or may have held, when something was done."""
    ended = [
        (one.occurred_on, at)
        for at, one, truth in _ended_then(state, participant, event)
        if truth is TRUE
    ]
    last = max(ended, default=(date.min, 0))
    return [
        (at, one)
        for at, one in _given_by(state, participant, event)
        if (one.occurred_on, at) > last
    ]


def withdrawn_then(
    state: State, participant: Participant, event: Event, scope: str = "treatment"
) -> tuple[Truth, str]:
    """Say whether consent had been withdrawn when something was done, and from what.

    Args:
        state: the trial.
        participant: whose consent.
        event: what tells of it.
        scope: `treatment`: any withdrawal counts; `all`: only that from everything.
    """
    if not participant.entries_of.get(InformedConsentWithdrawn):
        return FALSE, ""
    last = max(
        # Whatever day it is corrected to, it was not given after it was recorded.
        (
            (min(one.occurred_on, recorded_on(state, one)), at)
            for at, one in _given_by(state, participant, event)
        ),
        default=(date.min, 0),
    )
    found = [
        (truth, one.scope)
        for at, one, truth in _ended_then(state, participant, event)
        if scope in (one.scope, "treatment") and (one.occurred_on, at) > last
    ]
    return max(found, key=lambda pair: pair[0], default=(FALSE, ""))


def _given_by(state: State, participant: Participant, event: Event) -> list[tuple[int, Consenting]]:
    """Return the consents that were given by the time of an event; on its day, unless it is told.

    What the times of both tell counts; the order is that in which they were given.
    """
    moment = begun_at(event)
    day = _taken_on(state, event).last
    known = entries_of(state, participant, InformedConsentObtained, InformedConsentRenewed)
    return [
        (at, one)
        for at, one in known
        if one.occurred_on < day
        or (
            one.occurred_on == day
            and (moment is None or one.consented_at is None or one.consented_at <= moment)
        )
    ]


def _ended_then(
    state: State, participant: Participant, event: Event
) -> Iterator[tuple[int, InformedConsentWithdrawn, Truth]]:
    """Yield the withdrawals that had come, or may have, by the time of an event: TRUE, UNKNOWN."""
    for at, one in entries_of(state, participant, InformedConsentWithdrawn):
        before = before_withdrawal(state, event, one)
        if isinstance(event, DoseAdministered | PreDoseChecklistSigned):
            before = _dosed_before(state, event, one)
        if before is not TRUE:
            yield at, one, ~before


def _dosed_before(state: State, event: Event, ended: InformedConsentWithdrawn) -> Truth:
    """Say whether a dose began, or was signed for, before a withdrawal.

    On one day the times tell; a withdrawal without one had come when it was recorded.
    """
    moment = begun_at(event) or event.recorded_at
    day = day_of(state, event)
    if day != ended.occurred_on:
        return TRUE if day < ended.occurred_on else FALSE
    if ended.withdrawn_at is not None:
        return TRUE if moment < ended.withdrawn_at else FALSE
    return UNKNOWN if moment < happened_at(state, ended) else FALSE


def _tells_of(state: State, version: str) -> str:
    """Return the form that tells of a version of the protocol; its own number where none does."""
    of_it = [one for one in state.consent_forms if one.of_protocol == version]
    return of_it[-1].version if of_it else version


def is_known_language(state: State, consent: Consenting) -> bool:
    """Return whether an approved form of that version was in that language on its day.

    Where no approved form of the version is recorded, whether there is such a language.
    """
    name, given = plain_version(consent.version), consent.language.casefold()
    forms = [one for one in state.consent_forms if plain_version(one.version) == name]
    if not forms:
        return given.split("-")[0] in ISO_639_1
    return any(one.language.casefold() == given and one.on <= consent.occurred_on for one in forms)


def withdrawal(
    state: State, participant: Participant, scope: str = "all"
) -> InformedConsentWithdrawn | None:
    """Return the withdrawal that is in force: from everything, or from treatment too."""
    if participant.consent not in ("withdrawn", "treatment withdrawn"):
        return None
    last = max((at for at, _ in participant.consents), default=0)
    found = [
        event
        for at, event in entries_of(state, participant, InformedConsentWithdrawn)
        if (at > last or at == participant.consent_ended) and scope in (event.scope, "treatment")
    ]
    return min(found, key=lambda one: one.occurred_on, default=None)


def _taken_on(state: State, event: Event) -> Day:
    """Return the day on which what an entry tells of was taken, said or done."""
    written = getattr(event, "collected_on", None) or getattr(event, "start", None)
    at: datetime | None = getattr(event, "taken_at", None)
    if written:
        return parse_day(written)
    if at is None or believable(state, event, at):
        return on(event.occurred_on)
    return on(day_at(state, event.site, at))  # it was entered on another day than it was taken


def before_withdrawal(state: State, event: Event, ended: InformedConsentWithdrawn) -> Truth:
    """Say whether what an entry tells of was taken before a withdrawal.

    On its day it was, unless both have a time that tells otherwise: a sample and the words "no
    more" are of one visit.
    """
    day = _taken_on(state, event)
    at: datetime | None = getattr(event, "taken_at", None)
    if day.first > ended.occurred_on:
        return FALSE
    if day.last > ended.occurred_on:
        return UNKNOWN
    if at is not None and ended.withdrawn_at is not None and at > ended.withdrawn_at:
        return FALSE
    return TRUE
