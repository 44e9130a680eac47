"""What is coded with a dictionary, by which version, and what waits to be coded anew."""

from collections.abc import Iterator
from typing import Any, NamedTuple
from unicodedata import normalize
from urllib.parse import urlencode
from uuid import uuid4

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from gradatim.conduct.state import Participant
from gradatim.conduct.trial import Recorded
from gradatim.conduct.views.coding import StandingCode, standing_codes, versions_in_use
from gradatim.conduct.views.term_lists import LoadedList, loaded_lists
from gradatim.vocabulary.concepts import MEDDRA
from gradatim.vocabulary.versions import (
    CodeChange,
    CodeComparison,
    compare_versions,
    preferred_term,
)
from gradatim.web.access import Request, page
from gradatim.web.clock import today_at
from gradatim.web.dictionaries import DICTIONARY_SYSTEMS, dictionary, meddra_in_use
from gradatim.web.recording import event_of, record

CODE = "TermCoded"
CHANGES = {
    CodeChange.ABSENT: gettext_lazy("The code is not in the version in use."),
    CodeChange.NOT_CURRENT: gettext_lazy("The term is no longer current in the version in use."),
    CodeChange.RENAMED: gettext_lazy("The code has another term."),
    CodeChange.MOVED: gettext_lazy("The term stands under another term."),
    CodeChange.NOT_KNOWN: gettext_lazy(
        "Whether it changed is not known: this installation does not hold both versions."
    ),
}
"""What became of a code, in words."""


class CodedRow(NamedTuple):
    """A code that stands, as the page shows it.

    Args:
        participant: whose.
        code: the code.
        compared: what became of it, where it is of another version than the one in use.
        link: to the form that codes it anew; empty where the user may not.
    """

    participant: Participant
    code: StandingCode
    compared: CodeComparison | None = None
    link: str = ""

    @property
    def unchanged(self) -> bool:
        """Whether it can be carried over with all others that are unchanged."""
        return self.compared is not None and self.compared.change is CodeChange.UNCHANGED

    @property
    def shown_as(self) -> str:
        """Return the entry and the version that it was compared with, as the page was sent."""
        return f"{self.code.position} {self.code.anew}"

    @property
    def change(self) -> Any:
        """What became of it, in words."""
        return CHANGES.get(self.compared.change, "") if self.compared else ""


@page("participants")
def coding(request: Request) -> HttpResponse:
    """Show the versions in use and every code; carry unchanged codes over when that is sent."""
    rows = list(_rows(request))
    if request.method == "POST":
        return _carried_over(request, [row for row in rows if row.unchanged])
    anew = [row for row in rows if row.code.anew]
    return render(
        request,
        "gradatim/coding.html",
        {
            "used": versions_in_use(request.access.state).values(),
            "unchanged": [row for row in anew if row.unchanged],
            "changed": [row for row in anew if not row.unchanged],
            "standing": [row for row in rows if not row.code.anew],
            "lists": _lists(request),
            "may_code": request.access.may(CODE),
            "request_key": uuid4().hex,
        },
    )


FEWEST_LETTERS = 2
"""As few letters are looked for: one is in almost every term."""


@page("participants")
def terms(request: Request) -> HttpResponse:
    """Answer with the terms of MedDRA, in the version in use, that have what was typed in them.

    Those of the lowest and the preferred level: the groups above them are no events.
    """
    text = normalize("NFKC", request.GET.get("term", "")).strip()
    held = meddra_in_use(request.access.state) if len(text) >= FEWEST_LETTERS else None
    found = held.named(MEDDRA, text) if held else ()
    events = (one for one in found if held and preferred_term(held, (MEDDRA, one.code)))
    option = '<option value="{}" label="MedDRA {}"></option>'
    return HttpResponse(format_html_join("\n", option, ((one.name, one.code) for one in events)))


def _lists(request: Request) -> list[LoadedList]:
    """Return the lists of terms in force at the sites that the user sees."""
    access = request.access
    sites = ("", *sorted(access.sites("participants")))
    found = {one.position: one for site in sites for one in loaded_lists(access.state, site)}
    return [found[position] for position in sorted(found)]


def _rows(request: Request) -> Iterator[CodedRow]:
    access = request.access
    for one in access.participants("participants"):
        for code in standing_codes(access.state, one):
            compared = _compared(code) if code.anew else None
            link = _link(one, code, compared) if access.may(CODE) else ""
            yield CodedRow(one, code, compared, link)


def _compared(code: StandingCode) -> CodeComparison:
    event = code.event
    older = dictionary(event.dictionary, event.version)
    newer = dictionary(event.dictionary, code.anew)
    return compare_versions(
        older, newer, (DICTIONARY_SYSTEMS[event.dictionary], event.code), event.term
    )


def _link(one: Participant, code: StandingCode, compared: CodeComparison | None) -> str:
    """Return the address of the form that codes something anew, with what is known filled in."""
    event = code.event
    query = {"participant": one.id, "next": reverse("coding")}
    if event.adverse_event is not None:
        query["adverse_event"] = event.adverse_event
    else:
        query["of"] = str(event.of)
    query |= {"initial-dictionary": event.dictionary}
    if code.anew:
        query |= {"initial-version": code.anew}
    if compared and compared.concept and compared.concept.active:
        query |= {"initial-code": compared.concept.code, "initial-term": compared.concept.name}
    return f"{reverse('record', args=[CODE])}?{urlencode(query)}"


def _carried_over(request: Request, unchanged: list[CodedRow]) -> HttpResponse:
    """Code anew what was shown as unchanged and still is, each as an entry of its own.

    Raises:
        Http404: the user may not code.
    """
    if not request.access.may(CODE):
        raise Http404(_("There is no such act for you."))
    shown = set(request.POST.getlist("code"))
    made = [_recorded(request, row) for row in unchanged if row.shown_as in shown]
    count = sum(isinstance(one, Recorded) for one in made)
    left = len(shown) - count
    if count:
        words = ngettext("%(n)d code is carried over.", "%(n)d codes are carried over.", count)
        messages.success(request, words % {"n": count})
    if left:
        words = ngettext(
            "%(n)d code is not carried over: it is no longer as it was shown, or was refused.",
            "%(n)d codes are not carried over: they are no longer as shown, or were refused.",
            left,
        )
        messages.warning(request, words % {"n": left})
    return HttpResponseRedirect(reverse("coding"))


def _recorded(request: Request, row: CodedRow) -> Any:
    event, compared = row.code.event, row.compared
    assert compared is not None
    assert compared.concept is not None
    state = request.access.state
    fields = {
        "participant": row.participant.id,
        "dictionary": event.dictionary,
        "version": row.code.anew,
        "code": event.code,
        "term": compared.concept.name,
        "adverse_event": event.adverse_event,
        "of": event.of,
        "comment": f"carried over from {event.version}, unchanged: current, under {compared.under}",
        "occurred_on": today_at(state, row.participant.site),
    }
    key = f"{request.POST.get('request') or uuid4().hex}-{row.code.position}"
    return record(request, event_of(request, CODE, "", fields), state.position, key)
