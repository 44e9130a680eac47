"""The page of an act: a form, and what came of it."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlencode
from uuid import uuid4

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.db import DatabaseError
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _

from gradatim.conduct.alterations import altered
from gradatim.conduct.catalogue import act_named
from gradatim.conduct.checks import Questioned, unfulfilled
from gradatim.conduct.days import zone_of
from gradatim.conduct.downtime.keeping import KeptInJournal
from gradatim.conduct.event_store import CannotRecord
from gradatim.conduct.event_validation import validate
from gradatim.conduct.events import BY_NAME, UnusableEvent
from gradatim.conduct.events.base import Event
from gradatim.conduct.events.safety import AdverseEventReported
from gradatim.conduct.narrative import narrated_entries
from gradatim.conduct.paper import may_be_on_paper
from gradatim.conduct.permissions import permitted, signature_meaning
from gradatim.conduct.policies.review import BY_COMMITTEE
from gradatim.conduct.signatures import MEANINGS, TRANSCRIPTION
from gradatim.conduct.system_fields import with_system_fields
from gradatim.conduct.trial import Recorded, RecordOutcome, Refused, Stale
from gradatim.conduct.views.adverse_events import courses
from gradatim.conduct.views.open_items import may_stay_open, open_items
from gradatim.conduct.views.record_review import review_record
from gradatim.conduct.visibility import takes_over
from gradatim.core.errors import UnusableInput
from gradatim.core.truth import TRUE
from gradatim.safety.dlt import perhaps_of
from gradatim.web.access import Request, page, require_visible_or_404
from gradatim.web.accounts.signing import SigningFields, signed_by
from gradatim.web.acts import ADDRESSED, title
from gradatim.web.clock import now, today_at
from gradatim.web.entries import card_of
from gradatim.web.forms.act import act_form, ruled_on
from gradatim.web.forms.base import ActForm
from gradatim.web.forms.choices import FormContext
from gradatim.web.forms.judging import record_asked
from gradatim.web.forms.paper import with_paper
from gradatim.web.languages import why_broken
from gradatim.web.recording import circumstances_of, event_of, record_or_keep, signed
from gradatim.web.views.dosing.worksheet import dose_standing
from gradatim.web.views.faults import why_not_recorded
from gradatim.web.views.participant.pages import participants
from gradatim.web.views.participant.records import records
from gradatim.web.views.protocol import pages
from gradatim.web.views.review.committee import propose


class Filling(NamedTuple):
    """How an act is filled in.

    Args:
        asked: what it is about.
        make: its form.
        fields: gives the event's fields from a form without faults.
        initial: what the form begins with.
        meaning: what is signed, whatever is filled in; empty where the act is not always signed.
    """

    asked: FormContext
    make: type[ActForm]
    fields: Callable[[Any], dict[str, Any]]
    initial: Mapping[str, Any] = {}
    meaning: str = ""

    @property
    def signs(self) -> str:
        """What is signed whatever is filled in; empty where nothing is."""
        always = MEANINGS.get(BY_NAME[self.asked.event], "")
        return self.meaning or (TRANSCRIPTION if always and self.asked.on_paper else always)


class Act(NamedTuple):
    """An act that is being filled in: its form, and what came of sending it.

    Args:
        questioned: what is questioned about the values; nothing is recorded before their user
            has said that they are right.
        meaning: what is signed, where that depends on what was filled in.
        cannot_record: whether nothing can be recorded for now, whatever is filled in.
    """

    filling: Filling
    form: ActForm
    signing: Any
    outcome: RecordOutcome | KeptInJournal | None = None
    changed: list[Any] | None = None
    questioned: list[Questioned] | None = None
    meaning: str = ""
    cannot_record: bool = False

    @property
    def asked(self) -> FormContext:
        """What it is about."""
        return self.filling.asked


@page("overview")
def record_act(request: Request, event: str) -> HttpResponse:
    """Show the form of an act, and record it when it is sent."""
    if event not in BY_NAME or act_named(event).elsewhere:
        raise Http404(_("There is no such act."))
    asked = asked_of(request, event)
    if asked is None:
        return _choose_site(request, event)
    if event == "RulingSigned" and ruled_on(asked) is None:
        return _no_question(request, asked)
    if event == "RecordJudged" and record_asked(asked) is None:
        return _no_record(request, asked)
    template, reading = _reading(asked)
    return filled_in(
        request,
        Filling(asked, act_form(asked), lambda form: _said(asked, form)),
        template,
        **reading,
    )


def _no_question(request: Request, asked: FormContext) -> HttpResponse:
    """Show the questions where none is named; refuse one that the protocol does not ask."""
    if asked.given.get("question"):
        raise Http404(_("The protocol asks no such question."))
    if request.method == "POST":
        return HttpResponseRedirect(reverse("questions"))
    return pages.open_questions(request)


def _no_record(request: Request, asked: FormContext) -> HttpResponse:
    """Show the participant's records where none is named, and the participants before that.

    Raises:
        Http404: a record is named, and there is none of that name.
    """
    if asked.given.get("record") or asked.given.get("of"):
        raise Http404(_("There is no such record."))
    one = asked.participant
    if request.method == "POST":
        place = reverse("records", args=[one.id]) if one else reverse("participants")
        return HttpResponseRedirect(place)
    return records(request, one.id) if one else participants(request)


def _reading(asked: FormContext) -> tuple[str, dict[str, Any]]:
    """Give the page of an act, and what is read on it before it is signed."""
    if asked.event == "RulingSigned" and (question := ruled_on(asked)):
        return "gradatim/protocol/rule.html", {"item": pages.of_state(asked.state, question)}
    if asked.event in ("ProtocolActivated", "ProtocolAmended"):
        return "gradatim/protocol/put_into_force.html", pages.put_into_force(asked.state)
    if asked.event == "DataLocked":
        stays, left = may_stay_open(asked.state), open_items(asked.state)
        return "gradatim/lock.html", {"open": [(one, one.kind in stays) for one in left]}
    if record := record_asked(asked):
        return "gradatim/judged_record.html", {"row": review_record(asked.state, record)}
    if asked.event == "DoseAdministered" and asked.participant and "dose" in asked.given:
        number = int(asked.given["dose"]) if asked.given["dose"].isdigit() else 0
        standing = dose_standing(asked.access, asked.participant, number)
        return "gradatim/dosing/giving.html", {**standing, "card": card_of(asked)}
    return "gradatim/record.html", {"card": card_of(asked)}


def filled_in(
    request: Request, filling: Filling, template: str = "gradatim/record.html", **content: Any
) -> HttpResponse:
    """Show a form, and record what it says when it is sent: the way of every form.

    Its times are read and shown by the clock of the site.
    """
    zone = zone_of(filling.asked.state, filling.asked.site)
    with timezone.override(zone or timezone.get_default_timezone()):
        return _filled_in(request, filling, template, content)


def _filled_in(
    request: Request, filling: Filling, template: str, content: Mapping[str, Any]
) -> HttpResponse:
    done = sent(request, filling) if request.method == "POST" else begun(request, filling)
    if isinstance(done.outcome, Recorded):
        tell(request, done.outcome)
        return HttpResponseRedirect(
            _asks_back(request, filling.asked, done.outcome) or next_page(request, filling.asked)
        )
    if isinstance(done.outcome, KeptInJournal):
        messages.warning(request, told_kept(done.outcome))
        return HttpResponseRedirect(next_page(request, filling.asked))
    return drawn(request, done, template, content)


def _asks_back(request: Request, asked: FormContext, outcome: Recorded) -> str | None:
    """Return the form that asks what a term means which no rule knows; None where all is clear."""
    made = request.trial.state.events[outcome.position]
    if not isinstance(made, AdverseEventReported):
        return None
    state = request.trial.state
    one = state.participants[made.participant]
    course = courses(state, one)[made.adverse_event]
    if not perhaps_of(state.governing("safety", one), course.event):
        return None
    messages.warning(
        request,
        _(
            "%(term)s says nothing to the protocol's rules: until an "
            "investigator has said what it is, it counts as each event that "
            "they watch."
        )
        % {"term": made.term},
    )
    if not asked.access.may("AdverseEventClassified", one.site):
        return None
    query = urlencode(
        {
            "participant": one.id,
            "adverse_event": made.adverse_event,
            "next": next_page(request, asked),
        }
    )
    return f"{reverse('record', args=['AdverseEventClassified'])}?{query}"


def asked_of(request: Request, event: str) -> FormContext | None:
    """Give what the form is about; None where the site has still to be chosen.

    Raises:
        Http404: the user may not record this act here, or does not see the participant.
    """
    access = request.access
    query = request.GET
    one = None
    if query.get("participant") and event != "ParticipantRegistered":
        one = _participant(access, query["participant"], event)
    sites = access.sites_for(event)
    if not sites:
        raise Http404(_("There is no such act for you."))
    here = one is not None and one.site in sites and event != "ParticipantTransferred"
    site = one.site if one and here else query.get("site")
    if site is None and len(sites) == 1:
        site = sites[0]
    if site is None:
        return None
    if site not in sites and not (event == "SiteOpened" and "" in sites):
        raise Http404(_("There is no such act for you."))
    fields = BY_NAME[event].__struct_fields__
    given = {
        name: str(value)
        for name, value in query.items()
        if name in fields and name in ADDRESSED and value
    }
    if one is not None and "participant" in fields:
        given["participant"] = one.id
    head = request.trial.head.hash.hex()
    on_paper = may_be_on_paper(BY_NAME[event]) and "on_paper" in query
    return FormContext(
        event, access, site, one, given, today_at(access.state, site), head, on_paper
    )


def _participant(access: Any, id: str, event: str) -> Any:
    """Return a participant whom the user sees in any of the areas where acts begin.

    Whoever is to take a participant over sees that they wait.
    """
    if event == "ParticipantTransferred" and takes_over(access, access.state.participants.get(id)):
        return access.state.participants[id]
    for area in ("participants", "dosing"):
        one = access.state.participants.get(id)
        if one is not None and access.sees_participant(area, one):
            return one
    raise Http404(_("There is no such participant."))


def begun(request: Request, filling: Filling) -> Act:
    """Give the empty form."""
    asked = filling.asked
    initial: dict[str, Any] = {
        "seen": asked.state.position,
        "request": uuid4().hex,
        **filling.initial,
    }
    initial |= {
        key.removeprefix("initial-"): value
        for key, value in request.GET.items()
        if key.startswith("initial-") and key[8:] not in ActForm.base_fields
    }
    return Act(filling, filling.make(initial=initial), _signing(request, filling))


def _signing(request: Request, filling: Filling) -> Any:
    """Return the fields of a signature: where one is always given, or is given all the same."""
    if not filling.signs and "password" not in request.POST:
        return None
    data = request.POST if request.method == "POST" and "_more" not in request.POST else None
    return SigningFields(request, data)


def sent(request: Request, filling: Filling) -> Act:
    """Take a form that was sent: record it, or give it back with what stands against it."""
    form = filling.make(request.POST, request.FILES)
    act = Act(filling, form, _signing(request, filling))
    if "_more" in request.POST:
        return act
    if seen := _altered_since(request, act):
        return overtaken(request, act, seen)
    signing = act.signing is None or act.signing.is_valid()
    if not form.is_valid() or not signing:
        return act
    try:
        return _recorded(request, act)
    except (CannotRecord, DatabaseError) as error:
        form.add_error(None, why_not_recorded(request, error))
        return act._replace(cannot_record=True)
    except UnusableInput as error:
        place_fault(form, error)
        return act


def _altered_since(request: Request, act: Act) -> Stale | None:
    """Return what altered the subject of what the committee is to sign since its page was opened.

    It is told before the choices are looked at: some may not be there any more.
    """
    asked, seen = act.asked, request.POST.get("seen", "")
    if asked.event not in BY_COMMITTEE or not seen.isdecimal():
        return None
    changed = altered(request.trial.state, {"event": asked.event, **asked.given}, int(seen))
    return Stale(changed) if changed else None


def _recorded(request: Request, act: Act) -> Act:
    """Record what a form without faults says, once its user has signed what is to be signed.

    Raises:
        UnusableInput: it names what does not exist, or what cannot be.
    """
    asked, trial = act.asked, request.trial
    event = _event(request, act)
    if asked.event not in BY_COMMITTEE:
        require_visible_or_404(request.access, asked.event, event)
        validate(trial.state, event)
        meaning = act.filling.meaning or signature_meaning(trial.state, event) or ""
        if meaning:
            act = act._replace(meaning=meaning)
            event = signed(request, event, meaning)
        if meaning and act.signing is None:
            may = permitted(trial.state, event)
            if may.truth is not TRUE:  # whoever may not sign it is not asked to
                return act._replace(outcome=Refused("permission", may, (("permission", may.text),)))
            return act._replace(signing=SigningFields(request))
    if (act.meaning or act.filling.signs) and not signed_by(request, act.signing):
        return act  # asked for last of all: a form with faults is not signed
    seen, key = act.form.cleaned_data["seen"], act.form.cleaned_data["request"]
    if asked.event in BY_COMMITTEE:
        outcome: RecordOutcome | KeptInJournal = propose(request, event, seen, key)
    elif "_right" not in request.POST and (checks := unfulfilled(asked.state, event)):
        return act._replace(questioned=checks)
    else:
        outcome = record_or_keep(request, event, seen, key)
    if isinstance(outcome, Stale):
        return overtaken(request, act, outcome)
    return act._replace(outcome=outcome)


def _event(request: Request, act: Act) -> Event:
    asked, fields = act.asked, act.filling.fields(act.form)
    site = fields.pop("site", asked.site)
    typed = {name: _typed(asked.event, name, value) for name, value in fields.items()}
    return event_of(request, asked.event, site, typed)


def _said(asked: FormContext, form: ActForm) -> dict[str, Any]:
    """Return what a form says, with the fields that its address gives and the system fills in.

    Raises:
        UnusableInput: what it says cannot be completed.
    """
    fields = {**asked.given, **with_paper(asked, form.fields_given())}
    if "fact" in fields:  # a field that holds one row is that row
        fields["fact"] = fields["fact"][0]
    if isinstance(file := fields.get("document"), UploadedFile):
        fields |= {"document": file.read(), "document_name": file.name}
    now = circumstances_of(asked.access, asked.site, asked.head_hash)
    return with_system_fields(asked.event, fields, now)


def _typed(event: str, name: str, value: Any) -> Any:
    """Give a value from the page's address as its field holds it: a number as a number."""
    if isinstance(value, str) and name in ("of", "dose", "level", "grade", "head"):
        return int(value) if value.isdigit() else value
    if isinstance(value, str) and name == "entries":
        return [int(one) if one.isdigit() else one for one in value.split(",")]
    return value.split(",") if isinstance(value, str) and name == "bags" else value


def place_fault(form: ActForm, error: UnusableInput) -> None:
    """Show a fault at its field, where it is of one; else above the form."""
    faulty = error.fields[:1] if isinstance(error, UnusableEvent) else ()
    found = next((name for name in faulty if name in form.fields), None)
    form.add_error(found, str(error))


def overtaken(request: Request, act: Act, outcome: Stale) -> Act:
    """Give the form back as it was filled in, with what others recorded meanwhile."""
    data = request.POST.copy()
    data["seen"] = str(act.asked.state.position)
    data["request"] = uuid4().hex
    form = act.filling.make(data, request.FILES)
    changed = narrated_entries(request.trial.state, outcome.entries)
    return act._replace(form=form, outcome=outcome, changed=changed)


def tell(request: Request, outcome: Recorded) -> None:
    """Say that it is recorded, which rules it broke, and what is asked about it."""
    messages.success(request, _("Recorded as entry %(n)d.") % {"n": outcome.position})
    state = request.trial.state
    if outcome.position in state.unconfirmed:
        messages.warning(request, _("This delegation waits for a second person, who confirms it."))
    for at in outcome.deviations:
        one = state.deviations[at]
        messages.warning(
            request,
            _("This is a protocol deviation (%(rule)s): %(why)s")
            % {"rule": one.rule, "why": why_broken(state, one).text},
        )
    for name in outcome.queries:
        messages.warning(
            request,
            _("Query %(query)s is open: %(question)s")
            % {"query": name, "question": state.queries[name].question},
        )


def told_kept(outcome: KeptInJournal) -> str:
    """Say that a fact is in the downtime journal."""
    return _("Kept in the downtime journal as entry %(n)d; it is not in the ledger yet.") % {
        "n": outcome.number
    }


def next_page(request: Request, asked: FormContext) -> str:
    """Give where to go on: where the user came from, or the participant."""
    wanted = request.GET.get("next", "")
    if wanted and url_has_allowed_host_and_scheme(wanted, {request.get_host()}):
        return wanted
    if asked.participant is not None and asked.access.sees("participants"):
        return reverse("participant", args=[asked.participant.id])
    return reverse("overview")


def _paper_form(request: Request, asked: FormContext) -> str:
    """Return the address of the same form for what was written on paper; empty where none is."""
    if asked.on_paper or not asked.site or not may_be_on_paper(BY_NAME[asked.event]):
        return ""
    query = request.GET.copy()
    query["on_paper"] = "yes"
    return f"{request.path}?{query.urlencode()}"


def drawn(request: Request, act: Act, template: str, more: Mapping[str, Any]) -> HttpResponse:
    """Draw the page of an act."""
    refused = act.outcome if isinstance(act.outcome, Refused) else None
    status = 200
    if request.method == "POST" and "_more" not in request.POST:
        status = 403 if refused and refused.by == "permission" else 409 if act.outcome else 422
        status = 503 if act.cannot_record else status
    signs = act.meaning or act.filling.signs
    content = {
        "title": title(act.asked.event),
        "event": act.asked.event,
        "asked": act.asked,
        "form": act.form,
        "signing": act.signing if signs else None,
        "refused": refused,
        "changed": act.changed,
        "questioned": act.questioned,
        "meaning": signs,
        "now": now(),
        "to_be_signed": bool(act.meaning) and act.signing is not None and not act.signing.is_bound,
        "by_committee": act.asked.event in BY_COMMITTEE,
        "back": next_page(request, act.asked),
        "paper_form": _paper_form(request, act.asked),
        **more,
    }
    return render(request, template, content, status=status)


def _choose_site(request: Request, event: str) -> HttpResponse:
    access = request.access
    here = {key: value for key, value in request.GET.items() if key != "site"}
    links = [
        (site, access.state.sites.get(site, ""), "?" + urlencode({**here, "site": site}))
        for site in access.sites_for(event)
    ]
    return render(request, "gradatim/choose_site.html", {"title": title(event), "links": links})
