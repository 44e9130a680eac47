"""What the form of every act has, beside the fields of its own."""

from typing import Any

from django import forms


class ActForm(forms.Form):
    """What every act's form has, beside its own fields.

    `seen` is the position of the ledger that its user has looked at, `request` makes sure that it
    is recorded once however often it is sent.
    """

    seen = forms.IntegerField(widget=forms.HiddenInput, min_value=0)
    request = forms.CharField(widget=forms.HiddenInput, max_length=64)

    def fields_given(self) -> dict[str, Any]:
        """Give the event's fields as they were filled in; what was left out is left out."""
        return {
            name: value
            for name, value in self.cleaned_data.items()
            if name not in ActForm.base_fields and value not in (None, "", [])
        }
