"""How the templates write things: times with their zone, acts and choices in words."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from django import template
from django.urls import reverse
from django.utils.html import format_html
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from gradatim.analysis.shifts import CATEGORIES
from gradatim.conduct.catalogue import act_named
from gradatim.conduct.days import days_of
from gradatim.conduct.events.records import RecordRead
from gradatim.conduct.narrative import element_label, visit_label
from gradatim.conduct.offers import is_offered
from gradatim.conduct.state import Participant
from gradatim.conduct.views.ladder import LadderPlace, Standing
from gradatim.core.dates import NEVER_ENDED
from gradatim.core.quantity import shown_unit
from gradatim.dosing.steps import quantity_words
from gradatim.protocol.questions import parse_ruled_by
from gradatim.reports.words import STATUSES
from gradatim.screening.assess import EligibilityStatus
from gradatim.web.acts import title
from gradatim.web.forms.labels import choice_words, label_of

register = template.Library()
THIN = "\u202f"
"""Between thousands: a narrow space at which no line breaks; a comma may be read as a decimal."""


@register.filter
def moment(value: datetime | None) -> str:
    """Write a time with its zone."""
    if value is None:
        return "–"
    return localtime(value).strftime("%Y-%m-%d %H:%M %Z")


@register.filter
def day(value: Any) -> str:
    """Write a day as ISO 8601 does."""
    return value.isoformat() if isinstance(value, date) else str(value or "–")


@register.filter
def act(name: Any) -> Any:
    """Write an act in words, by the name or the event itself."""
    return title(name if isinstance(name, str) else type(name).__name__)


@register.filter
def role(name: str) -> Any:
    """Write a role in words."""
    return choice_words("role", name)


@register.filter
def label(name: str) -> Any:
    """Write the label of a field."""
    return label_of(name)


@register.filter
def basis(part: Any) -> str:
    """Write what a part of the protocol rests on; of what was ruled on, by whom and when."""
    if signed := parse_ruled_by(part.source):
        return _("ruled by %(who)s on %(day)s") % {"who": signed[0], "day": signed[1]}
    return _(str(part.basis))


@register.filter
def or_unknown(value: Any) -> Any:
    """Write what is not known as not known, never as nothing or zero."""
    return _("not known") if value is None or value == "" else value


@register.filter
def with_prefix(value: Any, prefix: str) -> str:
    """Write what leads to a text and the text; nothing where there is no text."""
    return format_html("{}{}", prefix, value) if value else ""


@register.filter
def number(value: Any) -> str:
    """Write a number as short as it is exact to four digits; what is not known as a dash."""
    return "–" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)


@register.filter
def times(count: int) -> range:
    """Repeat something so many times."""
    return range(count)


@register.filter
def dose(value: float) -> str:
    """Write a dose with its thousands apart, for no zero may be lost in reading."""
    return f"{value:,.10g}".replace(",", THIN)


@register.filter
def may(access: Any, event: str) -> bool:
    """Whether the user may record an act anywhere."""
    return bool(access.sites_for(event))


@register.filter
def sees(access: Any, area: str) -> bool:
    """Whether the user sees an area."""
    return bool(access.sees(area))


@register.filter
def may_at(access: Any, event: str) -> tuple[Any, str]:
    """Begin the question whether the user may record an act at a site: `|may_at:event|at:site`."""
    return access, event


@register.filter
def at(asked: tuple[Any, str], site: str) -> bool:
    """End it."""
    access, event = asked
    return bool(access.may(event, site))


@register.simple_tag(takes_context=True)
def act_url(
    context: Mapping[str, Any],
    event: str,
    participant: Participant | None = None,
    site: str | None = None,
) -> str:
    """Return the address of an act's form, for whoever it is offered to; empty for others.

    Args:
        context: of the template.
        event: the type of the act's event.
        participant: whom it is about, if anybody: it is recorded at their site.
        site: where it is recorded; "" the trial as a whole, None wherever the user may.
    """
    access, one = context["access"], act_named(event)
    at_site = participant.site if participant else site
    places = access.sites_for(event) if at_site is None else [at_site]
    if not any(is_offered(access, one, place, participant) for place in places):
        return ""
    query = {} if site is None else {"site": site}
    query |= {"participant": participant.id} if participant else {}
    return (
        f"{reverse('record', args=[event])}?{urlencode(query | {'next': context['request'].path})}"
    )


@register.filter
def words(text: str) -> list[str]:
    """Give the words of a text."""
    return text.split()


@register.filter
def visit(name: str, state: Any) -> str:
    """Write a visit by its label."""
    return str(visit_label(name, state.study) if state.versions else name)


@register.filter
def element(name: str, state: Any) -> str:
    """Write an element by its label."""
    return str(element_label(name, state.study) if state.versions else name)


@register.filter
def verdict_word(status: EligibilityStatus) -> str:
    """Write what an assessment of eligibility comes to."""
    return STATUSES[status].word


_PLACES: Mapping[Standing, tuple[str, Any]] = {
    "not dosed": ("", gettext_lazy("not yet dosed")),
    "replaced": ("", gettext_lazy("replaced")),
    "DLT": ("toxic", gettext_lazy("DLT")),
    "DLT candidate": ("toxic", gettext_lazy("DLT candidate")),
    "pending": ("waiting", gettext_lazy("window open")),
    "no DLT": ("clear", gettext_lazy("no DLT")),
    "not evaluable": ("", gettext_lazy("not evaluable")),
}
"""How a participant stands at their dose level: the class of the place, and words."""


@register.filter
def place_class(place: LadderPlace) -> str:
    """Return how a place of the ladder is coloured."""
    return _PLACES[place.standing][0]


@register.filter
def place_words(place: LadderPlace) -> Any:
    """Write how the participant of a place of the ladder stands."""
    return _PLACES[place.standing][1]


@register.filter
def record_days(read: RecordRead | None) -> str:
    """Write the days of a record; empty where they are not known."""
    if read is None or not (read.start or read.start_within or read.end or read.ongoing):
        return ""
    start, end = days_of(read)
    if start == end:
        return str(start)
    if end == NEVER_ENDED:
        return _("since %(start)s, ongoing") % {"start": start}
    if len(str(end)) > len("2026-11-16"):
        return _("since %(start)s, its end is not known") % {"start": start}
    return _("%(start)s to %(end)s") % {"start": start, "end": end}


@register.filter
def figure(value: Any) -> Any:
    """Write a number into a field, exact, without a fraction that is none; typed text as typed."""
    return f"{value:.15g}" if isinstance(value, float) else "" if value is None else value


@register.filter
def readable(name: str) -> str:
    """Write a name of the protocol as words."""
    return name.replace("_", " ")


@register.filter
def percent(part: float | None) -> str:
    """Write a part as per cent."""
    return "–" if part is None else f"{100 * part:.3g} %"


@register.filter
def braceless(unit: str) -> str:
    """Write a UCUM unit for people: with the usual signs, without the braces of annotations."""
    return shown_unit(unit)


@register.filter
def signs(text: Any) -> str:
    """Write a sentence of the rules with the signs that people use for units."""
    return re.sub(
        r"(?<=\d )(?:Cel|m\[Hg\]|mm\[Hg\]|10\*\d/\S+)", lambda one: shown_unit(one[0]), str(text)
    )


@register.filter
def subject_value(value: Any) -> str:
    """Write what a line of a card says: a time with its zone, a sentence with the usual signs."""
    if isinstance(value, datetime):
        return moment(value)
    return day(value) if isinstance(value, date) else signs(str(value))


@register.filter
def apart(said: Any) -> list[str]:
    """Give the parts of a sentence of the rules, or of several, as far as semicolons tell them."""
    texts = [said] if isinstance(said, str) else said
    return [part for one in texts for part in one.split("; ")]


@register.filter
def quantity(value: Any) -> str:
    """Write a quantity of the dosing arithmetic, its thousands as those of a dose."""
    return quantity_words(value).replace(",", THIN)


@register.filter
def arithmetic(step: Any) -> str:
    """Write a step of the dosing arithmetic with its numbers."""
    return str(step.written(quantity))


@register.filter
def choice(name: str) -> Any:
    """Write a name out of a list in words."""
    return choice_words("", name)


@register.filter
def has(values: Any, name: str) -> bool:
    """Whether a collection has a member of this name."""
    return name in values


@register.filter
def shift_rows(table: Any) -> list[tuple[str, tuple[int, ...]]]:
    """Give the rows of a shift table with their names."""
    return list(zip(CATEGORIES, table.cells, strict=True))
