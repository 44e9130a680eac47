"""Questions that a person answers one by one, each with a few answers to choose from."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

Item = tuple[str, str, str, str]
"""Name, label, reading and basis of a question."""


class ChecklistWidget(forms.Widget):
    """One question for each item, with a few answers to choose from."""

    template_name = "gradatim/checklist.html"

    def __init__(
        self, items: list[Item], answers: list[tuple[str, Any]], compact: bool = False
    ) -> None:
        super().__init__()
        self.items, self.answers, self.compact = items, answers, compact

    def id_for_label(self, id_: str) -> str:
        """No single input carries the label of the whole list."""
        return ""

    def use_required_attribute(self, initial: Any) -> bool:
        """The form says which item is not answered."""
        return False

    def get_context(self, name: str, value: Any, attrs: Any) -> dict[str, Any]:
        """Give the items with what was answered."""
        context = super().get_context(name, value, attrs)
        context["widget"] |= {
            "answers": self.answers,
            "compact": self.compact,
            "items": [
                {
                    "id": id,
                    "label": label,
                    "reading": reading,
                    "basis": basis,
                    "said": (value or {}).get(id),
                }
                for id, label, reading, basis in self.items
            ],
        }
        return context

    def value_from_datadict(self, data: Any, files: Any, name: str) -> dict[str, str]:
        """Give the answers by item."""
        said = {id: data.get(f"{name}-{id}", "") for id, *_rest in self.items}
        return {id: one for id, one in said.items() if one}


class ChecklistField(forms.Field):
    """Questions that a person has to answer, every one: such as the pre-dose checklist.

    Args:
        items: name, label, reading and basis of each.
        answers: value and words of each answer that there is.
        compact: whether each takes one line.
        required: whether every one has to be answered.
    """

    def __init__(
        self,
        items: list[Item],
        answers: list[tuple[str, Any]],
        compact: bool = False,
        **options: Any,
    ) -> None:
        self.labels = {name: label for name, label, *_rest in items}
        super().__init__(widget=ChecklistWidget(items, answers, compact), **options)

    def clean(self, value: Any) -> dict[str, str]:
        """Refuse what is left open, by its name."""
        left = [label for id, label in self.labels.items() if id not in (value or {})]
        if left and self.required:
            raise forms.ValidationError(
                [_("Not answered: %(item)s") % {"item": one} for one in left]
            )
        return dict(value or {})
