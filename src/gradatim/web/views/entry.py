"""One entry of the ledger: what it says, what it said before, and how it is corrected."""

import secrets
from typing import Any

import msgspec
from django import forms
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gradatim.conduct.access import Access
from gradatim.conduct.catalogue import RECORD_FIELDS
from gradatim.conduct.conflicts import participant_of
from gradatim.conduct.corrections import (
    changed_after_signature,
    changed_fields,
    is_signed,
    own_answers,
    signings,
    verified_before_correction,
)
from gradatim.conduct.events.base import Event
from gradatim.conduct.events.records import RecordJudged
from gradatim.conduct.folding.participants import FIXED
from gradatim.conduct.narrative import narrate_in_words
from gradatim.conduct.permissions import who_may_correct, who_may_void
from gradatim.conduct.personal import birth_recorded, open_identity, sealed_anew
from gradatim.conduct.proposed_acts import Dissent, dissents_on
from gradatim.conduct.sealed_records import SEALED, opened_entry, sealed_word
from gradatim.conduct.signatures import meaning_of_correction
from gradatim.conduct.state import Participant, State
from gradatim.conduct.transfers import site_of
from gradatim.conduct.visibility import sees_entry
from gradatim.core.errors import UnusableInput
from gradatim.web.access import Request, page
from gradatim.web.acts import title
from gradatim.web.clock import today_at
from gradatim.web.entries import fields_shown
from gradatim.web.forms.act import act_form
from gradatim.web.forms.base import ActForm
from gradatim.web.forms.choices import FormContext
from gradatim.web.keyring import keyring
from gradatim.web.views.record import Filling, filled_in

ABOUT = FIXED - RECORD_FIELDS - {"event"} | {"site"}
"""What a correction leaves as it is, and its page shows: whose entry it is."""
OF_RECORD = {"of", "record"}
"""Of a judgement also which record it is about."""


@page("overview")
def entry(request: Request, position: int) -> HttpResponse:
    """Show an entry that the user sees, with its corrections, queries and verification."""
    access: Access = request.access
    state = access.state
    event = opened_entry(state, position, seen_entry(access, position))
    about = state.participants.get(participant_of(state, event) or "")
    instead = sealed_word(about) if about else SEALED
    corrections = [(at, state.events[at]) for at in state.corrected_by.get(position, ())]
    who, signed = who_may_correct(state, position), signings(state, position)
    void = state.voids.get(position)
    place = about.site if about else event.site
    to_void = void.position if void else position
    return render(
        request,
        "gradatim/entry.html",
        {
            "position": position,
            "event": event,
            "text": narrate_in_words(state, event),
            "title": title(type(event).__name__),
            "fields": fields_shown(event, instead),
            "about": about,
            "earlier": [
                (
                    fields_shown(opened_entry(state, position, one), instead),
                    next((by for by in signed if by.content is one), None),
                )
                for one in state.earlier.get(position, ())
            ],
            "signing": next((one for one in signed if one.stands), None),
            "dissents": _dissents(access, event),
            "corrections": corrections,
            "verified": position in state.verified,
            "verified_before": position not in state.verified
            and verified_before_correction(state, position),
            "not_signed_anew": changed_after_signature(state, position),
            "queries": [one for one in state.queries.values() if one.of == position],
            "may_correct": about is not None and access.has_any(who, site_of(state, event)),
            "correctors": who if is_signed(state, position) else (),
            "void": void,
            "voided": state.events[void.position] if void else None,
            "place": place,
            "to_void": to_void,
            "may_void": access.has_any(who_may_void(state, to_void), site_of(state, event)),
            "may_confirm": void is not None
            and void.since is None
            and access.user not in void.signers
            and access.may("VoidConfirmed", place),
            "may_query": access.may("QueryOpened"),
            "may_verify": access.may("SourceDataVerified"),
        },
    )


def _dissents(access: Access, event: Event) -> list[Dissent]:
    """Return who did not agree with an act of the committee, for whoever sees that they did not."""
    if not hasattr(event, "signers"):
        return []
    found = dissents_on(access.state, event)
    return [one for one in found if sees_entry(access, access.state.events[one.position])]


def seen_entry(access: Access, position: int) -> Event:
    """Give an entry.

    Raises:
        Http404: there is none, or it is not for this user.
    """
    event = access.state.events.get(position)
    if event is None or not sees_entry(access, event):
        raise Http404(_("There is no such entry."))
    return event


@page("overview")
def correct(request: Request, position: int) -> HttpResponse:
    """Correct an entry: the form it was recorded with, filled in as it stands, and a reason."""
    access: Access = request.access
    state = access.state
    event = opened_entry(state, position, seen_entry(access, position))
    one = state.participants.get(participant_of(state, event) or "")
    site = site_of(state, event)
    if one is None or not access.has_any(who_may_correct(state, position), site):
        raise Http404(_("There is no such page."))
    plain = msgspec.to_builtins(event)
    about = ABOUT | (OF_RECORD if isinstance(event, RecordJudged) else set())
    given = {name: str(plain[name]) for name in about if plain.get(name) not in (None, "")}
    day = today_at(state, site)
    asked = FormContext(type(event).__name__, access, site, one, given, day)
    own = bool(own_answers(state, position))
    signs = meaning_of_correction(type(event)) if is_signed(state, position) else ""
    filling = Filling(
        asked._replace(event="EntryCorrected"),
        _form(asked, own),
        lambda form: _fields(form, event, position, (state, one)),
        _initial(event),
        signs,
    )
    return filled_in(
        request,
        filling,
        title=_("Correct entry %(n)d: %(what)s")
        % {"n": position, "what": title(type(event).__name__)},
    )


def _form(asked: FormContext, own: bool) -> type[ActForm]:
    reason = forms.CharField(
        label=gettext_lazy("Reason for the correction"),
        min_length=3,
        max_length=4_000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    fields: dict[str, forms.Field] = {"correction_reason": reason}
    if own:
        fields["asked_for"] = forms.BooleanField(
            label=gettext_lazy("The participant has asked for this correction"), required=False
        )
    made = act_form(asked)
    if asked.event == "ParticipantRegistered":  # who they are is sealed: what is empty stays
        for name in _SEALED_PERSON:
            made.base_fields[name].required = False
            made.base_fields[name].help_text = gettext_lazy("Left empty, it stays as it is.")
    return type("CorrectionForm", (made,), fields)


_SEALED_PERSON = ("full_name", "birth_date")


def _initial(event: Event) -> dict[str, Any]:
    """Give an entry as its form is filled in: rows of a struct as plain values."""
    values = {name: getattr(event, name) for name in event.__struct_fields__}
    return {name: _as_typed(value) for name, value in values.items()}


def _as_typed(value: Any) -> Any:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, msgspec.Struct):
        return [_row(value)]
    if isinstance(value, tuple):
        return [_row(one) if isinstance(one, msgspec.Struct) else one for one in value]
    return value


def _row(one: msgspec.Struct) -> dict[str, Any]:
    return {name: getattr(one, name) for name in one.__struct_fields__}


def _fields(
    form: Any, event: Event, position: int, of: tuple[State, Participant]
) -> dict[str, Any]:
    """Give the correction: only the fields that now say something else.

    Raises:
        UnusableInput: nothing was changed, or a field cannot hold what it was given.
    """
    said = form.fields_given()
    reason = said.pop("correction_reason")
    if "fact" in said:
        said["fact"] = said["fact"][0]
    asked_for = bool(said.pop("asked_for", False))
    sealed = {name: said.pop(name) for name in _SEALED_PERSON if name in said}
    emptied = form.fields.keys() - said.keys() - ActForm.base_fields.keys()
    changed = changed_fields(event, said, emptied - {*_SEALED_PERSON, "asked_for"})
    if sealed:
        changed |= _person_anew(*of, sealed)
    if not changed:
        raise UnusableInput(_("nothing was changed"), "", "", _("change what is wrong"))
    return {
        "of": position,
        "fields": changed,
        "reason": reason,
        "occurred_on": today_at(of[0], event.site),
        **({"asked_for": True} if asked_for else {}),
    }


def _person_anew(state: State, one: Participant, said: dict[str, Any]) -> dict[str, Any]:
    """Seal a name or a birth date as it is corrected, beside what stays of the two.

    Raises:
        UnusableInput: what is sealed cannot be opened here.
    """
    keys = keyring()
    known = open_identity(keys, state, one)
    values = {
        **known,
        "name": said.get("full_name", known.get("name", "")),
        "birth_date": str(said.get("birth_date", known.get("birth_date", ""))),
    }
    birth = birth_recorded(values["birth_date"])
    anew = sealed_anew(keys, state, one, values, secrets.token_bytes)
    return {"identity": msgspec.to_builtins(anew), "birth": birth}
