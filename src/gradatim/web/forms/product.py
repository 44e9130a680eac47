"""The forms of the product: which bags can be meant, and what the records fill in already.

A protocol of cells asks for mL, cells and the thaw; one of tablets for boxes and pieces.
"""

from collections.abc import Callable, Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from gradatim.conduct.events.product import Bag, BagUse, Drawn
from gradatim.conduct.state import State
from gradatim.conduct.views.bedside import bags_of_dose
from gradatim.conduct.views.doses import Dose, doses
from gradatim.conduct.views.worksheet import (
    Moment,
    SetAside,
    compute_preparation,
    to_set_aside,
)
from gradatim.core.errors import UnusableInput
from gradatim.dosing.inventory import Container
from gradatim.dosing.prepared import Prepared
from gradatim.web.clock import now, now_at, today_at
from gradatim.web.forms.choices import Choices, FormContext, bag_choices
from gradatim.web.forms.field_factory import struct_fields
from gradatim.web.forms.nested_rows import RowsField

_OF_FLUID = ("pieces", "strength")
_OF_PIECES = ("volume_ml", "cells_per_ml", "counted", "measured", "viability", "dmso")


def is_fluid(asked: FormContext) -> bool:
    """Whether the product is drawn from a fluid; a protocol that says how, says so."""
    if not asked.state.versions:
        return True
    return asked.state.governing("treatment", asked.participant).treatment.preparation is not None


def left_out(asked: FormContext) -> frozenset[str]:
    """Return the fields of an act that the protocol's product has no use for."""
    if not asked.state.versions:
        return frozenset()
    treatment = asked.state.governing("treatment", asked.participant).treatment
    found = set()
    if asked.event == "DosePrepared" and not treatment.administration.dose_per:
        found.add("weight_kg")
    if treatment.preparation is None:
        found |= _WITHOUT_FLUID.get(asked.event, set())
    return frozenset(found)


_WITHOUT_FLUID: Mapping[str, set[str]] = {
    "ProductReceived": {"donor", "cell_bank"},
    "DoseAdministered": {"volume_ml", "interruptions"},
}


def _whom(asked: FormContext) -> str:
    return asked.participant.id if asked.participant else ""


def _number(asked: FormContext) -> int | None:
    """Return the dose that a form is about; the next where its address does not say."""
    given = asked.given.get("dose", "")
    if given.isdecimal():
        return int(given)
    if asked.participant is None:
        return None
    known = doses(asked.state, asked.participant)
    done = {number for number, one in known.items() if one.given or one.withheld}
    return next(number for number in range(1, len(known) + 2) if number not in done)


def moment_at(state: State, site: str) -> Moment:
    """Return the present as a worksheet is reckoned, by the clock of a site."""
    here = now_at(state, site)
    assert here.tzinfo is not None
    return Moment(now(), today_at(state, site), here.tzinfo)


def _at(asked: FormContext) -> Moment:
    return moment_at(asked.state, asked.site)


def _proposed(asked: FormContext) -> SetAside | None:
    number = _number(asked)
    if asked.participant is None or number is None or not asked.state.versions:
        return None
    found = to_set_aside(asked.state, asked.participant, number, _at(asked))
    return found if found.lot and asked.given.get("lot", found.lot) == found.lot else None


def begins_with(asked: FormContext, name: str) -> Any:
    """Return what a field begins with, from the records; None where they do not say."""
    if asked.event == "ProductAssigned" and name in ("lot", "bags"):
        found = _proposed(asked)
        return None if found is None else found.lot if name == "lot" else list(found.bags)
    if asked.event == "ProductAssigned" and name == "dose":
        return _number(asked)
    if asked.event == "DoseAdministered" and name == "lot":
        return next((bag.lot for bag in _of_dose(asked)), None)
    if asked.event == "DoseAdministered" and name == "volume_ml":
        drawn = [bag.drawn for bag in _of_dose(asked) if bag.volume_ml is not None]
        return sum(one or 0.0 for one in drawn) or None
    return None


def _of_dose(asked: FormContext) -> list[Container]:
    number = _number(asked)
    return bags_of_dose(asked.state, _whom(asked), number) if number else []


def _received(asked: FormContext, options: dict[str, Any]) -> forms.Field:
    leave = _OF_FLUID if is_fluid(asked) else _OF_PIECES
    return RowsField(struct_fields(Bag, leave), **options)


def _drawn(asked: FormContext, options: dict[str, Any]) -> forms.Field:
    """Ask what was drawn from which bag; the rows are those that the worksheet has computed."""
    fluid = is_fluid(asked)
    leave = ("pieces",) if fluid else ("volume_ml", "discarded_ml", "thawed_at")
    return RowsField(
        struct_fields(Drawn, leave, choices={"bag": _bags_for_dose(asked)}),
        initial=_rows_drawn(asked),
        **options,
    )


def _bags_for_dose(asked: FormContext) -> Choices:
    """Return the bags set aside for a dose; where none are, those that may be given."""
    number, lot = _number(asked), asked.given.get("lot")
    held = asked.state.inventory.reserved(_whom(asked), number) if number else []
    bags = [one for one in held if lot in (None, one.lot)] or [
        one
        for one in asked.state.inventory.containers
        if one.status == "released"
        and lot in (None, one.lot)
        and one.site in ("", asked.site)
        and one.reserved_for is None
    ]
    return bag_choices(bags)


def _computed(asked: FormContext) -> Prepared | None:
    one, number = asked.participant, _number(asked)
    if one is None or number is None or not asked.state.versions:
        return None
    dose = doses(asked.state, one).get(number) or Dose(number)
    try:
        return compute_preparation(asked.state, one, dose, _at(asked))
    except UnusableInput:
        return None


def _rows_drawn(asked: FormContext) -> list[dict[str, Any]]:
    """Return the rows of a preparation as they are computed for the bags set aside."""
    found = _computed(asked)
    if found is None:
        return []
    if found.draws:
        return [
            {
                "bag": one.container.id,
                "volume_ml": round(one.drawn_ml, 3),
                "discarded_ml": round(one.source.volume_ml - one.drawn_ml, 3),
            }
            for one in found.draws
        ]
    held = asked.state.inventory.reserved(_whom(asked), _number(asked) or 0)
    return [
        {"bag": one.id, "pieces": round(found.planned.value / one.strength)}
        if one.strength
        else {"bag": one.id}
        for one in held
        if one.volume_ml is None
    ]


def _given(asked: FormContext, options: dict[str, Any]) -> forms.Field:
    """Ask what became of each bag; they are those that were prepared, or whichever it was."""
    fluid = is_fluid(asked)
    leave = ("pieces",) if fluid else ("volume_ml", "discarded_ml", "returned_ml")
    mine = _of_dose(asked)
    others = [
        one
        for one in asked.state.inventory.containers
        if one.site in ("", asked.site) and one not in mine and one.status != "returned"
    ]
    rows = [
        {"bag": one.id} if fluid else {"bag": one.id, "pieces": one.drawn and round(one.drawn)}
        for one in mine
    ]
    options["help_text"] = _(
        "The bags as they were given. What was drawn and not given is discarded or kept; what "
        "nobody names stays open in the account."
    )
    fields = struct_fields(BagUse, leave, choices={"bag": bag_choices((*mine, *others))})
    return RowsField(fields, initial=rows, **options)


class CodesField(forms.CharField):
    """Codes of labels, one a line: a scanner ends each with one."""

    def __init__(self, **options: Any) -> None:
        attrs = {"rows": 3, "autocomplete": "off", "spellcheck": "false"}
        super().__init__(widget=forms.Textarea(attrs=attrs), max_length=4_000, **options)

    def to_python(self, value: Any) -> Any:
        """Give them one by one."""
        return [one.strip() for one in str(value or "").splitlines() if one.strip()]


def _bag_codes(asked: FormContext, options: dict[str, Any]) -> forms.Field:
    options["help_text"] = _("One a line, as the scanner types it; else lot/bag, read aloud.")
    return CodesField(**options)


def _person_code(asked: FormContext, options: dict[str, Any]) -> forms.Field:
    attrs = {"rows": 1, "autocomplete": "off", "spellcheck": "false", "autofocus": True}
    options["help_text"] = _("The code of the wristband or card: the participant's number.")
    return forms.CharField(max_length=200, widget=forms.Textarea(attrs=attrs), **options)


FIELDS_OF_PRODUCT: Mapping[
    tuple[str, str], Callable[[FormContext, dict[str, Any]], forms.Field | None]
] = {
    ("ProductReceived", "bags"): _received,
    ("DosePrepared", "drawn"): _drawn,
    ("DoseAdministered", "given"): _given,
    ("BedsideChecked", "bag_codes"): _bag_codes,
    ("BedsideChecked", "person_code"): _person_code,
}
"""Fields of the product that their type alone does not make."""
