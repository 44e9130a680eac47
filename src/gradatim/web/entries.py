"""An entry of the ledger as pages show it: each field by its label, in words."""

from datetime import date, datetime
from typing import Any, NamedTuple

import msgspec
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gradatim.conduct.access import Access
from gradatim.conduct.events.base import Event
from gradatim.conduct.events.participants import EntryVoided
from gradatim.conduct.identity import ERASED
from gradatim.conduct.narrative import measured_words, narrate_in_words
from gradatim.conduct.sealed_records import SEALED
from gradatim.conduct.views.subject import Subject, entry_events, subject_of
from gradatim.conduct.visibility import sees_entry, sees_lot
from gradatim.core.quantity import plain_number, shown_unit
from gradatim.web.clock import now
from gradatim.web.forms.choices import FormContext
from gradatim.web.forms.labels import choice_words, label_of
from gradatim.web.templatetags.words import dose, moment

HIDDEN = {
    "event",
    "identity",
    "person_token",
    "likeness",
    "namesakes",
    "document",
    "signature",
    "recorded_at",
    "recorded_by",
    "protocol",
    "software",
    "content",
}
"""Fields that no list shows: seals, and what stands elsewhere on the page."""
SEALED_WORDS = {SEALED: gettext_lazy("sealed"), ERASED: gettext_lazy("erased")}


class Line(NamedTuple):
    """A line of a field.

    Args:
        text: in words.
        element: whose value it is: the page puts its label before it.
        visit: whose label is the line.
    """

    text: str
    element: str = ""
    visit: str = ""


def fields_shown(event: Event, instead: str = SEALED) -> list[tuple[Any, list[Line]]]:
    """Give an entry's fields as label and lines; what is not set is left out.

    Args:
        event: the entry.
        instead: what is said in the place of words that are sealed: see `sealed_word`.
    """
    said = msgspec.to_builtins(event, builtin_types=(datetime, date))
    name = type(event).__name__
    for one in (said, *said.get("records", ())):
        if one.pop("sealed", None):
            one["codes"] = SEALED_WORDS[instead]
    return [
        (label_of(key, name), _lines(key, value))
        for key, value in said.items()
        if key not in HIDDEN and _is_set(value)
    ]


EntryShown = tuple[int, str, list[tuple[Any, list[Line]]]]
"""An entry that is judged: its position, in a sentence, and by its fields."""


class Card(NamedTuple):
    """What is signed, beside the signature.

    Args:
        subject: what conduct says of it.
        entries: those that it names.
    """

    subject: Subject
    entries: list[EntryShown]


def card_of(asked: FormContext) -> Card | None:
    """Return what is to be read before an act is signed; None where its form says all of it."""
    state = asked.state
    if asked.event in ("EntryVoided", "VoidConfirmed"):
        return shown_card(asked.access, Subject(entries=tuple(_marked(asked))))
    lot = state.lots.get(asked.given.get("lot", ""))
    if lot is not None and not sees_lot(asked.access, lot):
        return None
    subject = subject_of(state, asked.event, asked.participant, asked.given, asked.today, now())
    return shown_card(asked.access, subject)


def shown_card(access: Access, subject: Subject) -> Card | None:
    """Return a subject as pages show it; None where there is nothing to be read, or none may."""
    named = entry_events(access.state, subject)
    if not subject or not all(sees_entry(access, event) for _, event in named):
        return None
    return Card(
        subject,
        [(at, narrate_in_words(access.state, event), fields_shown(event)) for at, event in named],
    )


def _marked(asked: FormContext) -> list[int]:
    """Return the entry that is marked as made in error, and the one that says so already."""
    of = asked.given.get("of", "")
    at = int(of) if of.isdigit() else 0
    event = asked.state.events.get(at)
    if event is None or not sees_entry(asked.access, event):
        return []
    return [event.of, at] if isinstance(event, EntryVoided) else [at]


def _is_set(value: Any) -> bool:
    return value not in ("", None, [], (), {})


def _lines(key: str, value: Any) -> list[Line]:
    if key == "encounter":
        return [Line("", visit=value)]
    if key == "element":
        return [Line("", element=value)]
    rows = list(value) if isinstance(value, list | tuple) else [value]
    if not any(isinstance(one, dict) for one in rows):
        return [Line(", ".join(_shown(key, one) for one in rows))]
    return [_row(key, one) for one in rows]


def _row(key: str, one: Any) -> Line:
    if not isinstance(one, dict):
        return Line(_shown(key, one))
    if "element" in one:
        return Line(_measured(one), element=one["element"])
    if "content" in one:
        return Line(_record(one))
    return Line(_shown(key, one))


def _record(one: dict[str, Any]) -> str:
    """Write how a record was read in one line; all of it stands on the page of the records."""
    coded = one.get("codes", ())
    codes = (
        ", ".join(f"{code['system']} {code['code']}" for code in coded)
        if isinstance(coded, list | tuple)
        else str(coded)
    )
    used = ", ".join(f"{label_of('used')} {name}" for name in one.get("used", ()))
    perhaps = len(one.get("perhaps", ()))
    open_ = _("may be %(n)d things") % {"n": perhaps} if perhaps else ""
    told = (one["record"], codes, used, open_, one.get("why", ""))
    return "; ".join(part for part in told if part)


def _measured(one: dict[str, Any]) -> str:
    """Write a measured value as one reads it: value, unit, limits, words."""
    low, high = ("" if one.get(at) is None else plain_number(one[at]) for at in ("low", "high"))
    limits = f"({low}–{high})" if low or high else ""
    words = {"true": _("yes"), "false": _("no")}.get(one.get("code", ""), one.get("code", ""))
    unit, bound, method = (one.get(name, "") for name in ("unit", "bound", "method"))
    return measured_words(one.get("value"), unit, bound, words, limits, method)


def _shown(key: str, value: Any) -> str:
    if isinstance(value, dict):
        said = (one for one in value.items() if one[0] not in HIDDEN and _is_set(one[1]))
        return ", ".join(f"{label_of(name)}: {_shown(name, one)}" for name, one in said)
    if isinstance(value, list | tuple):
        return "; ".join(_shown(key, one) for one in value)
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, int | float) and key in ("amount", "planned"):
        return dose(value)
    if isinstance(value, float):
        return plain_number(value)
    if key == "unit":
        return shown_unit(value)
    return str(choice_words(key, value) if isinstance(value, str) else value)
