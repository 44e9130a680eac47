"""The form in which an investigator says of what a record of a source is one, and of what not."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from gradatim.conduct.views.records import Record, all_elements, record_in
from gradatim.evidence.defined import drugs_of
from gradatim.protocol.elements import COVERABLE, Element
from gradatim.web.forms.base import ActForm
from gradatim.web.forms.checklist import ChecklistField
from gradatim.web.forms.choices import FormContext
from gradatim.web.forms.labels import label_of

YES_NO = [("yes", _("yes")), ("no", _("no"))]
REST, OTHER = "none_of_the_rest", "something_else"
"""Fields that answer for many elements at once, and for one that is not asked about."""


class JudgingForm(ActForm):
    """The form of a judgement: its answers are put together from several fields."""

    field_order = (
        "answers",
        REST,
        OTHER,
        "reason",
        "start",
        "end",
        "ongoing",
        "drug",
        "daily_dose",
        "occurred_on",
    )

    def fields_given(self) -> dict[str, Any]:
        """Give the event's fields, the answers with the no to all that was left."""
        given = super().fields_given()
        answers = dict(given.get("answers", {}))
        asked = self.fields["answers"]
        if given.pop(REST, False) and isinstance(asked, ChecklistField):
            answers = dict.fromkeys(asked.labels, "no") | answers
        if other := given.pop(OTHER, ""):
            answers[other] = "yes"
        return {**given, "answers": answers}


def record_asked(asked: FormContext) -> Record | None:
    """Return the record that a judgement is about; None where none is named that there is."""
    of, one = asked.given.get("of", ""), asked.participant
    if one is None or not of.isdecimal():
        return None
    return record_in(asked.state, one, int(of), asked.given.get("record", ""))


def asked_of_record(asked: FormContext) -> list[str]:
    """Return the elements that a record was read as, may be of, or was judged of."""
    record = record_asked(asked)
    if record is None:
        return []
    known = all_elements(asked.state)
    names = dict.fromkeys((*record.open_, *record.used, *record.judged))
    return [name for name in names if known[name].kind in COVERABLE]


def record_fields(asked: FormContext) -> dict[str, forms.Field]:
    """Return the fields that say what a record is, and what it is not."""
    known = all_elements(asked.state)
    names = asked_of_record(asked)
    criteria = criteria_of(asked)
    items = [(one, known[one].label, ", ".join(criteria.get(one, ())), "stated") for one in names]
    others = [
        (name, one.label)
        for name, one in known.items()
        if one.kind in COVERABLE and name not in names
    ]
    fields: dict[str, forms.Field] = {
        "answers": ChecklistField(
            items, YES_NO, compact=True, required=False, label=label_of("answers", "RecordJudged")
        )
    }
    if items:
        fields[REST] = forms.BooleanField(required=False, label=label_of(REST))
    else:
        fields["answers"].widget = forms.HiddenInput()
    return fields | {
        OTHER: forms.ChoiceField(
            required=False, choices=[("", "–"), *others], label=label_of(OTHER)
        ),
        "ongoing": forms.BooleanField(required=False, label=label_of("ongoing")),
        "drug": forms.ChoiceField(
            required=False, choices=[("", "–"), *_drugs(known.values())], label=label_of("drug")
        ),
    }


def criteria_of(asked: FormContext) -> dict[str, list[str]]:
    """Return the criteria that ask about each element, by its name."""
    found: dict[str, list[str]] = {}
    if not asked.state.versions:
        return found
    for one in asked.state.governing("eligibility", asked.participant).criteria:
        for name in one.rule.elements():
            found.setdefault(name, []).append(one.id)
    return found


def _drugs(elements: Iterable[Element]) -> list[tuple[str, str]]:
    names = {drug.name for one in elements if one.kind == "exposure" for drug in drugs_of(one)}
    return [(name, name) for name in sorted(names)]
