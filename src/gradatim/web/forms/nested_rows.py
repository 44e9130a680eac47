"""A field of several rows, such as the bags of a delivery: a table that is filled in.

A row with nothing in it is left out. More rows are offered than are filled; a button asks for
more, whether or not those there are filled, so that no script is needed.
"""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.utils.translation import gettext as _

SPARE = 3
_MOST_ROWS = 200


class _SentRows(list[dict[str, Any]]):
    """The rows that were sent and hold something, and how many the page is to show."""

    shown: int = 0


class RowsWidget(forms.Widget):
    """The table."""

    template_name = "gradatim/rows.html"

    def __init__(self, fields: Mapping[str, forms.Field], most: int) -> None:
        super().__init__()
        self.fields, self.most = fields, most
        self.spare = min(SPARE, most)

    def use_required_attribute(self, initial: Any) -> bool:
        """A row may stay empty."""
        return False

    def id_for_label(self, id_: str) -> str:
        """No single input carries the label of the whole table."""
        return ""

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        """Give the rows as they were entered, and some empty ones."""
        context = super().get_context(name, value, attrs)
        rows = list(value or [])
        offered = getattr(value, "shown", 0) or len(rows) + self.spare
        asked = min(self.most, len(rows) if self.most == 1 and rows else offered)
        rows += [{}] * (asked - len(rows))
        context["widget"] |= {
            "columns": [field.label for field in self.fields.values()],
            "rows": [self._row(name, n, row) for n, row in enumerate(rows)],
            "more": len(rows) < self.most,
        }
        return context

    def _row(self, name: str, number: int, row: Mapping[str, Any]) -> list[dict[str, Any]]:
        return [
            {
                "label": f"{field.label}, {number + 1}",
                "input": field.widget.render(
                    f"{name}-{number}-{part}",
                    field.prepare_value(row.get(part)),
                    {"aria-label": f"{field.label}, {number + 1}"},
                ),
            }
            for part, field in self.fields.items()
        ]

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[dict[str, Any]]:
        """Give the rows that were sent, those with nothing in them left out."""
        rows = _SentRows()
        for number in range(self.most):
            if not any(key.startswith(f"{name}-{number}-") for key in data):
                break
            rows.shown = number + 1
            row = {
                part: field.widget.value_from_datadict(data, files, f"{name}-{number}-{part}")
                for part, field in self.fields.items()
            }
            if any(value not in ("", None, []) for value in row.values()):
                rows.append(row)
        if data.get("_more") == name:
            rows.shown += SPARE
        return rows


class RowsField(forms.Field):
    """Several rows of the same fields.

    Args:
        fields: of a row, by name.
        most: so many rows at most.
    """

    def __init__(
        self, fields: Mapping[str, forms.Field], most: int = _MOST_ROWS, **options: Any
    ) -> None:
        super().__init__(widget=RowsWidget(fields, most), **options)
        self.fields = fields

    def clean(self, value: Any) -> list[dict[str, Any]]:
        """Check every cell; a fault names its row and column."""
        faults: list[str] = []
        rows = [self._cleaned(row, number, faults) for number, row in enumerate(value or [], 1)]
        if faults:
            raise forms.ValidationError(faults)
        if self.required and not rows:
            raise forms.ValidationError(_("Fill in at least one row."), code="required")
        return rows

    def _cleaned(self, row: Mapping[str, Any], number: int, faults: list[str]) -> dict[str, Any]:
        cleaned = {}
        for part, field in self.fields.items():
            try:
                found = field.clean(row.get(part))
            except forms.ValidationError as error:
                where = _("Row %(row)d, %(column)s:") % {"row": number, "column": field.label}
                faults += [f"{where} {message}" for message in error.messages]
                continue
            if found not in ("", None):
                cleaned[part] = found
        return cleaned
