"""The form of an act: one field for each field of its event that a person fills in."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import msgspec.inspect as inspect
from django import forms
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from gradatim.clinical import astct
from gradatim.clinical.ctcae.terms import folded, terms
from gradatim.conduct.catalogue import ACTS
from gradatim.conduct.days import time_zones
from gradatim.conduct.delegations import URGENT_FOR
from gradatim.conduct.events import BY_NAME
from gradatim.conduct.events.base import LONGEST_TEXT, Event, Measured
from gradatim.conduct.events.product import ReleaseResult
from gradatim.conduct.folding.trial import submitted, submitted_study
from gradatim.conduct.paper import TRANSCRIBED
from gradatim.conduct.policies.protocol import asked_about
from gradatim.conduct.state import State
from gradatim.conduct.views.adverse_events import courses
from gradatim.conduct.views.coding import versions_in_use
from gradatim.conduct.views.consent import demanded_on
from gradatim.conduct.views.judgements import INVESTIGATOR
from gradatim.conduct.views.results import planned_elements
from gradatim.conduct.views.term_lists import loaded_lists
from gradatim.protocol.questions import Question, basis_words
from gradatim.protocol.revision import can_be_changed, value_in_lines
from gradatim.protocol.study import Study
from gradatim.safety.dlt import perhaps_of, watched_elements
from gradatim.web.dictionaries import meddra_in_use
from gradatim.web.forms import product
from gradatim.web.forms.base import ActForm
from gradatim.web.forms.checklist import ChecklistField
from gradatim.web.forms.choices import FormContext, choices_of
from gradatim.web.forms.field_factory import day_field, field_of, pattern_validator, struct_fields
from gradatim.web.forms.judging import JudgingForm, record_fields
from gradatim.web.forms.labels import choice_words, help_of, label_of
from gradatim.web.forms.nested_rows import RowsField
from gradatim.web.forms.paper import paper_fields
from gradatim.web.forms.results import ResultRow, ResultsField

OPTIONAL = {"obtained_by"}
MEASURED = ("VitalSignsRecorded", "LaboratoryResultsRecorded", "ScoresRecorded")


def act_form(asked: FormContext) -> type[ActForm]:
    """Make the form of an act as it is asked for."""
    kind = BY_NAME[asked.event]
    fields, unused = dict(_extra(asked)), product.left_out(asked)
    for one in _asked_fields(kind):
        if one.name in asked.given or one.name in ACTS[kind].not_asked_for | unused:
            continue
        if one.name == "relation" and not _judges(asked):
            continue
        if one.name not in fields and (field := _field(asked, one)) is not None:
            fields[one.name] = field
    if asked.on_paper:
        fields |= paper_fields(asked)
        if kind in TRANSCRIBED:
            fields.pop("occurred_on", None)
    base = JudgingForm if asked.event == "RecordJudged" else ActForm
    return type(f"{asked.event}Form", (base,), fields)


def _judges(asked: FormContext) -> bool:
    """Whether the user is asked for the relation: an investigator, or the sponsor for their own."""
    return asked.event == "AdverseEventAssessed" or asked.access.has_any(
        (INVESTIGATOR,), asked.participant.site if asked.participant else asked.site
    )


def _asked_fields(kind: type[Event]) -> list[inspect.Field]:
    """Give an event's own fields first, the day it happened after them."""
    info = inspect.type_info(kind)
    assert isinstance(info, inspect.StructType)
    return sorted(info.fields, key=lambda one: (one.name == "occurred_on", not one.required))


def _field(asked: FormContext, one: inspect.Field) -> forms.Field | None:
    options = {"label": label_of(one.name, asked.event), "help_text": _help(asked, one.name)}
    required = one.required
    if one.name == "participant":
        if asked.participant is not None:
            return None
        people = [(p.id, p.id) for p in asked.access.participants("participants")]
        return field_of(one.name, one.type, one.required, people, **options)
    if special := _SPECIAL.get((asked.event, one.name)):
        return special(asked, options)
    if one.name == "results":
        return _results(asked, options)
    if one.name == "occurred_on":
        options["initial"] = asked.today
    elif (begins := product.begins_with(asked, one.name)) is not None:
        options["initial"] = begins
    elif isinstance(one.default, str) and one.default:
        options["initial"] = one.default
        required = True
    return field_of(
        one.name,
        one.type,
        required and one.name not in OPTIONAL,
        choices_of(asked, one.name),
        **options,
    )


def _help(asked: FormContext, name: str) -> Any:
    """Return the help of a field; of the scale, the grades of what the protocol grades by ASTCT."""
    if name == "scale" and asked.study and _watches(asked.study, astct.TERM):
        lines = "; ".join(astct.scale_in_words())
        return _("%(term)s by %(scale)s, the worse of the two counts: %(lines)s.") % {
            "term": astct.TERM,
            "scale": astct.SCALE,
            "lines": lines,
        }
    return help_of(name)


def _watches(study: Study, term: str) -> bool:
    return any(term in one.ctcae_terms for one in study.elements.values())


def _results(asked: FormContext, options: dict[str, Any]) -> forms.Field:
    """Ask for the results that the protocol plans for the visit; for all, without a visit."""
    limits = asked.event == "LaboratoryResultsRecorded"
    url = reverse("grade", args=[asked.participant.id]) if asked.participant and limits else ""
    return ResultsField(rows_of(asked), limits, url, **options)


def rows_of(asked: FormContext) -> list[ResultRow]:
    """Return the elements that results of this event may be of."""
    if asked.study is None:
        return []
    elements = planned_elements(asked.study, asked.event, asked.given.get("encounter"))
    return [ResultRow(name, one) for name, one in elements.items()]


def _checklist(asked: FormContext, options: dict[str, Any]) -> forms.Field:
    """Ask for every item of the protocol's checklist."""
    study = asked.state.governing("treatment", asked.participant)
    items = [
        (one.id, one.label, one.reading, basis_words(one)) for one in study.treatment.checklist
    ]
    answers = [
        (one, choice_words("items", one)) for one in ("in order", "not applicable", "not in order")
    ]
    return ChecklistField(items, answers, **options)


def _answers(asked: FormContext, options: dict[str, Any]) -> forms.Field:
    """Ask of each watched event that an adverse event may be whether it is one."""
    study = asked.state.governing("safety", asked.participant)
    known = courses(asked.state, asked.participant) if asked.participant else {}
    course = known.get(asked.given.get("adverse_event", ""))
    open_ = perhaps_of(study, course.event) if course else ()
    if not open_:
        options["help_text"] = _("Its term says what it is already. A yes adds to that.")
    items = [
        (name, study.elements[name].label, "", "stated")
        for name in open_ or watched_elements(study)
    ]
    return ChecklistField(items, [("yes", _("yes")), ("no", _("no"))], **options)


def _term(asked: FormContext, options: dict[str, Any]) -> forms.Field:
    """Ask for a term, with those of CTCAE and of the site's lists to search in."""
    site = asked.participant.site if asked.participant else asked.site
    widget = TermWidget(_listed_terms(asked.state, site), meddra_in_use(asked.state) is not None)
    return forms.CharField(min_length=2, max_length=200, widget=widget, **options)


def _listed_terms(state: State, site: str) -> dict[str, str]:
    """Return the terms of the site's lists, each with its synonyms, its code and its list."""
    known = set(map(folded, terms()))
    return {
        term.term: "; ".join(
            one for one in (*term.synonyms, f"{loaded.event.name} {term.code}".strip()) if one
        )
        for loaded in loaded_lists(state, site)
        for term in loaded.read.terms
        if folded(term.term) not in known
    }


class TermWidget(forms.TextInput):
    """A line of text with the terms of CTCAE v5.0, and of lists, beneath it.

    Args:
        listed: terms of lists, each with what it is found by besides.
        search: whether MedDRA is at hand, and is looked into while somebody types.
    """

    template_name = "gradatim/term.html"

    def __init__(self, listed: Mapping[str, str], search: bool) -> None:
        super().__init__()
        self.listed, self.search = listed, search

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        """Give the line, and the terms."""
        attrs = {**(attrs or {}), "list": f"{name}-terms", "autocomplete": "off"}
        if self.search:
            attrs |= {
                "hx-get": reverse("terms"),
                "hx-trigger": "input changed delay:150ms",
                "hx-target": f"#{name}-terms-found",
                "hx-sync": "this:replace",
            }
        shown = {"terms": terms(), "listed": self.listed.items(), "search": self.search}
        return {**super().get_context(name, value, attrs), **shown}


def _coded_version(asked: FormContext, options: dict[str, Any]) -> forms.Field:
    """Ask for the version of the dictionary; the one in use stands there where it is MedDRA's."""
    used = versions_in_use(asked.state)
    if "adverse_event" in asked.given and "MedDRA" in used:
        options["initial"] = used["MedDRA"].version
    return forms.CharField(min_length=1, max_length=40, **options)


def _form_version(asked: FormContext, options: dict[str, Any]) -> forms.Field:
    """Ask which version of the consent form was signed; the one in force stands there already."""
    options["initial"] = demanded_on(asked.state, asked.today)
    return forms.CharField(min_length=1, max_length=40, **options)


def _test_results(asked: FormContext, options: dict[str, Any]) -> forms.Field | None:
    """Ask for the results of the specification's tests; for nothing where there is none."""
    product = asked.state.governing("treatment").treatment.product if asked.study else None
    if product is None or not product.specification:
        return None
    tests = [
        (one.name, f"{one.label} ({one.limit or one.answer})") for one in product.specification
    ]
    return RowsField(struct_fields(ReleaseResult, choices={"test": tests}), **options)


def _fact(asked: FormContext, options: dict[str, Any]) -> forms.Field:
    """Ask for one measured value, of any element that is not derived."""
    judges = asked.access.may("CriterionAttested", asked.site)
    elements = (
        [
            (name, one.label)
            for name, one in asked.study.elements.items()
            if one.derived is None and (judges or one.judged_by is None)
        ]
        if asked.study
        else []
    )
    fields = struct_fields(Measured, choices={"element": elements})
    return RowsField(fields, most=1, **options)


def _document(asked: FormContext, options: dict[str, Any]) -> forms.Field:
    return forms.FileField(**options)


def _term_table(asked: FormContext, options: dict[str, Any]) -> forms.Field:
    options["help_text"] = _(
        "A table as CSV in UTF-8, with the columns term, code, system, version and synonyms (apart "
        "by semicolons); only term is needed."
    )
    return forms.FileField(**options)


def _shown_document(asked: FormContext) -> forms.Field:
    """Keep which document the page shows: another one is not what was read."""
    held = submitted(asked.state)
    return forms.CharField(
        required=False, widget=forms.HiddenInput, max_length=64, initial=held.sha256 if held else ""
    )


def _shown_value(asked: FormContext, options: dict[str, Any]) -> forms.Field:
    """Keep which value the page shows: an amended one is not what was ruled on."""
    question = ruled_on(asked)
    return forms.CharField(
        required=False,
        widget=forms.HiddenInput,
        strip=False,
        initial=question.value if question else "",
    )


def _requested_value(asked: FormContext, options: dict[str, Any]) -> forms.Field | None:
    """Ask what is to stand there, beginning with what does; not where it is no single part."""
    question = ruled_on(asked)
    study = submitted_study(asked.state) or asked.state.study
    if question is None or not can_be_changed(study, question.key):
        return None
    options["help_text"] = _(
        "Of a requested change: write what the protocol is to say here, and leave the rest. The "
        "changed document can then be fetched, to be submitted as the next version."
    )
    return forms.CharField(
        required=False,
        max_length=900_000,
        initial=value_in_lines(question.value),
        widget=forms.Textarea(attrs={"rows": 8, "class": "mono"}),
        **options,
    )


def _in_words(asked: FormContext, options: dict[str, Any]) -> forms.Field:
    options["help_text"] = _(
        "What is to be changed or awaited, and why. A confirmation has no words beside it."
    )
    return forms.CharField(
        required=False, max_length=4_000, widget=forms.Textarea(attrs={"rows": 3}), **options
    )


def ruled_on(asked: FormContext) -> Question | None:
    """Return the question that a ruling is about; of the submitted version where both ask it."""
    found = asked_about(asked.state, asked.given.get("question", ""))
    return found[0] if found else None


RULINGS = (
    ("confirmed", _("Confirmed: it stands as the protocol says")),
    ("change requested", _("Change requested: it stays open until the protocol is amended")),
    ("deferred", _("Not yet: nothing is decided")),
)


def _ruling(asked: FormContext) -> dict[str, forms.Field]:
    """Ask what the ruling comes to, and which reading is meant where there are several."""
    fields: dict[str, forms.Field] = {
        "outcome": forms.ChoiceField(
            choices=RULINGS, widget=forms.RadioSelect, label=label_of("outcome", "RulingSigned")
        )
    }
    question = ruled_on(asked)
    if question and question.choices:
        choices = [(name, name.replace("_", " ")) for name in question.names]
        fields["reading"] = forms.ChoiceField(
            required=False,
            choices=[("", _("not said")), *choices],
            widget=forms.RadioSelect,
            label=_("Which reading is confirmed?"),
        )
    return fields


def _urgent(asked: FormContext, options: dict[str, Any]) -> forms.Field | None:
    """Ask why a task is to work at once; only of those who give tasks so, at their own site."""
    leads = bool(asked.site) and asked.access.has_any((INVESTIGATOR,), asked.site)
    if asked.state.mode != "real" or not leads:
        return None
    hours = URGENT_FOR // timedelta(hours=1)
    options["help_text"] = _(
        "Only of a task that cannot wait for a second person, such as at night: it then works at "
        "once, and no longer than %(hours)d hours unless a second person confirms it. Else leave "
        "it empty."
    ) % {"hours": hours}
    return forms.CharField(required=False, max_length=LONGEST_TEXT, **options)


def _time_zone(asked: FormContext, options: dict[str, Any]) -> forms.Field:
    """Ask for the time zone of a site; without one its days are those of the trial."""
    named = [(name, name.replace("_", " ")) for name in sorted(time_zones())]
    options["help_text"] = _("Its days are told by the clocks there. Empty: those of the trial.")
    return forms.ChoiceField(choices=[("", _("the trial's")), *named], required=False, **options)


def _new_site(asked: FormContext) -> forms.Field:
    valid = pattern_validator(r"^[A-Za-z0-9][A-Za-z0-9._:-]{0,63}\Z")
    return forms.CharField(max_length=64, label=label_of("site", "SiteOpened"), validators=[valid])


_SPECIAL: Mapping[tuple[str, str], Callable[[FormContext, dict[str, Any]], forms.Field | None]] = {
    ("PreDoseChecklistSigned", "items"): _checklist,
    **product.FIELDS_OF_PRODUCT,
    ("AdverseEventClassified", "answers"): _answers,
    ("AdverseEventReported", "term"): _term,
    ("TermCoded", "version"): _coded_version,
    ("InformedConsentObtained", "version"): _form_version,
    ("InformedConsentRenewed", "version"): _form_version,
    ("FactRecorded", "fact"): _fact,
    ("ProductReleased", "test_results"): _test_results,
    ("ProtocolSubmitted", "document"): _document,
    ("TermListLoaded", "document"): _term_table,
    ("SiteOpened", "time_zone"): _time_zone,
    ("RoleGranted", "urgent"): _urgent,
    ("RulingSigned", "value"): _shown_value,
    ("RulingSigned", "answer"): _in_words,
    ("RulingSigned", "requested_value"): _requested_value,
}


def _extra(asked: FormContext) -> dict[str, forms.Field]:
    """Give fields that are not the event's own: who is registered, and where something happens."""
    fields: dict[str, forms.Field] = {}
    if asked.event == "ParticipantRegistered":
        fields["full_name"] = forms.CharField(
            max_length=200, label=label_of("full_name"), help_text=help_of("full_name")
        )
        fields["birth_date"] = day_field(
            label=label_of("birth_date"), help_text=help_of("birth_date")
        )
    if asked.event in ("ProtocolActivated", "ProtocolAmended"):
        fields["shown_sha256"] = _shown_document(asked)
    if asked.event == "RulingSigned":
        fields |= _ruling(asked)
    if asked.event == "RecordJudged":
        fields |= record_fields(asked)
    if asked.event == "SiteOpened":
        fields["site"] = _new_site(asked)
    return fields
