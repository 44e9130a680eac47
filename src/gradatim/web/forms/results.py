"""A field for the results of one sample or visit: a row for each element of the protocol.

A row that is left empty says nothing: it is not recorded, and never as a zero.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from django import forms
from django.utils.translation import gettext as _

from gradatim.protocol.elements import Element

_WORDS = ("positive", "negative", "borderline", "inconclusive")
_PARTS = ("value", "unit", "low", "high", "code", "method")
BOUND_CHOICES = ("<=", ">=", "<", ">")


class ResultRow(NamedTuple):
    """What a row asks for: an element.

    Limits stay empty: those of the sample's laboratory and version count where none are entered.
    """

    name: str
    element: Element

    @property
    def numeric(self) -> bool:
        """Whether a number is asked for; without a unit a result is in words."""
        return bool(self.element.unit)


class ResultsWidget(forms.Widget):
    """The table of results."""

    template_name = "gradatim/results.html"

    def __init__(self, rows: Sequence[ResultRow], limits: bool, grade_url: str) -> None:
        super().__init__()
        self.rows, self.limits, self.grade_url = rows, limits, grade_url

    def use_required_attribute(self, initial: Any) -> bool:
        """A row may stay empty."""
        return False

    def id_for_label(self, id_: str) -> str:
        """No single input carries the label of the whole table."""
        return ""

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        """Give the rows with what was entered."""
        context = super().get_context(name, value, attrs)
        given = {one["element"]: one for one in value or []}
        context["widget"] |= {
            "rows": [self._row(row, given.get(row.name, {})) for row in self.rows],
            "limits": self.limits,
            "words": _WORDS,
            "grade_url": self.grade_url,
        }
        return context

    def _row(self, row: ResultRow, given: Mapping[str, Any]) -> dict[str, Any]:
        shown = dict(given)
        shown.setdefault("unit", row.element.unit)
        if given.get("bound"):
            shown["value"] = f"{given['bound']}{given.get('value')}"
        return {"name": row.name, "label": row.element.label, "numeric": row.numeric, **shown}

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[dict[str, Any]]:
        """Give the rows in which a value or a word was entered."""
        found = []
        for row in self.rows:
            said = {part: data.get(f"{name}-{row.name}-{part}", "").strip() for part in _PARTS}
            if said["value"] or said["code"]:
                found.append({"element": row.name, **{k: v for k, v in said.items() if v}})
        return found


class ResultsField(forms.Field):
    """Results, as the events hold them: element, value, unit, bound, limits, word.

    Args:
        rows: the elements that are asked for.
        limits: whether reference limits are asked for.
        grade_url: where a value is graded while it is typed; empty: nowhere.
    """

    def __init__(
        self, rows: Sequence[ResultRow], limits: bool = False, grade_url: str = "", **options: Any
    ) -> None:
        super().__init__(widget=ResultsWidget(rows, limits, grade_url), **options)
        self.rows = {row.name: row for row in rows}

    def clean(self, value: Any) -> list[dict[str, Any]]:
        """Check every row; a fault names its element."""
        faults: list[str] = []
        found = [one for said in value or [] if (one := self._cleaned(said, faults))]
        if faults:
            raise forms.ValidationError(faults)
        if self.required and not found:
            raise forms.ValidationError(_("Enter at least one result."), code="required")
        return found

    def _cleaned(self, said: Mapping[str, str], faults: list[str]) -> dict[str, Any] | None:
        row = self.rows[said["element"]]
        result: dict[str, Any] = {"element": row.name}
        try:
            for part in ("value", "low", "high"):
                text = said.get(part, "")
                bound = next(
                    (b for b in BOUND_CHOICES if part == "value" and text.startswith(b)), ""
                )
                if text:
                    result[part] = parse_number(text.removeprefix(bound))
                if bound:
                    result["bound"] = bound
            _check_plausible(row, result, said.get("unit", ""))
        except ValueError as error:
            faults.append(f"{row.element.label}: {error}")
            return None
        result |= {part: said[part] for part in ("unit", "code", "method") if said.get(part)}
        if "value" not in result:
            result.pop("unit", None)
        return result


def parse_number(text: str) -> float:
    """Read a number; a decimal comma is not guessed at, for 1,250 may be either.

    Raises:
        ValueError: it is no finite number.
    """
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not math.isfinite(value):
        raise ValueError(
            _("%(text)s is not a number; write decimals with a point.") % {"text": text[:40]}
        )
    return value


def _check_plausible(row: ResultRow, result: Mapping[str, Any], unit: str) -> None:
    """Refuse a value that is no value of its element, as the protocol's limits say."""
    limits = row.element.plausible
    if limits is None or "value" not in result or unit != row.element.unit:
        return
    if not limits[0] <= result["value"] <= limits[1]:
        raise ValueError(
            _("%(value)g %(unit)s lies outside %(low)g to %(high)g; check value and unit.")
            % {"value": result["value"], "unit": unit, "low": limits[0], "high": limits[1]}
        )
