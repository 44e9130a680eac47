"""From the type of an event's field to a form field: the type says what may be entered."""

from collections.abc import Callable, Mapping
from typing import Any

import msgspec.inspect as inspect
from django import forms
from django.utils.translation import gettext_lazy as _

from gradatim.core.dates import parse_day
from gradatim.web.forms.labels import choice_words, label_of
from gradatim.web.forms.nested_rows import RowsField

Choices = list[tuple[str, Any]]
LONG = 200  # characters; above it, several lines are offered
_FEW_CHOICES = 5
"""Up to so many choices are shown all at once."""


class PartialDateField(forms.CharField):
    """A date that may be known to the month or the year only."""

    widget = forms.TextInput(attrs={"placeholder": "2026-11-26", "autocomplete": "off"})
    default_error_messages = {
        "partial": _("Write it as 2026-11-26, as 2026-11 or as 2026; less if less is known.")
    }

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=10, **options)
        self.help_text = self.help_text or _("A day; only month or year if no more is known.")

    def validate(self, value: Any) -> None:
        """Refuse what is no date."""
        super().validate(value)
        if value:
            try:
                parse_day(value)
            except ValueError as error:
                raise forms.ValidationError(self.error_messages["partial"]) from error


class MomentField(forms.DateTimeField):
    """A point in time, in the zone of the site's clock."""

    widget = forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M")
    input_formats = ["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M"]

    def __init__(self, **options: Any) -> None:
        super().__init__(input_formats=self.input_formats, **options)


def day_field(**options: Any) -> forms.DateField:
    """Give a field for a whole day."""
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return forms.DateField(widget=widget, input_formats=["%Y-%m-%d"], **options)


def field_of(
    name: str, type_: inspect.Type, required: bool, choices: Choices | None = None, **options: Any
) -> forms.Field:
    """Give the form field for a field of an event.

    Args:
        name: of the field.
        type_: what it may hold.
        required: whether it must be filled in.
        choices: value and words, where the trial knows what can be meant.
        options: label, help and so on.
    """
    type_, optional = _without_none(type_)
    options["required"] = required and not optional
    if choices is not None:
        return _chosen(type_, choices, options)
    for kind, make in _KINDS.items():
        if isinstance(type_, kind):
            return make(name, type_, options)
    raise TypeError(f"{name}: no form field for {type_}")


def _without_none(type_: inspect.Type) -> tuple[inspect.Type, bool]:
    if not isinstance(type_, inspect.UnionType):
        return type_, False
    rest = [one for one in type_.types if not isinstance(one, inspect.NoneType)]
    return rest[0], len(rest) < len(type_.types)


def _chosen(type_: inspect.Type, choices: Choices, options: dict[str, Any]) -> forms.Field:
    if isinstance(type_, inspect.VarTupleType):
        coerce = int if isinstance(type_.item_type, inspect.IntType) else str
        if not choices:
            options["help_text"] = _("There is none.")
        return forms.TypedMultipleChoiceField(
            choices=choices, coerce=coerce, widget=forms.CheckboxSelectMultiple, **options
        )
    coerce = int if isinstance(type_, inspect.IntType) else str
    return _one_of(choices, coerce, options)


def _one_of(choices: Choices, coerce: Callable[[str], Any], options: dict[str, Any]) -> forms.Field:
    """Offer a choice; none is made beforehand, for what is not said is not known."""
    radio = len(choices) <= _FEW_CHOICES
    empty = [] if radio and options["required"] else [("", _("not said") if radio else "–")]
    return forms.TypedChoiceField(
        choices=[*empty, *choices],
        coerce=coerce,
        empty_value=None,
        widget=forms.RadioSelect if radio else forms.Select,
        **options,
    )


def _words(name: str, type_: inspect.StrType, options: dict[str, Any]) -> forms.Field:
    if type_.pattern and type_.pattern.startswith(r"^\d{4}"):
        return PartialDateField(**options)
    longest = type_.max_length or LONG
    widget = (
        forms.Textarea(attrs={"rows": 3})
        if longest > LONG
        else forms.TextInput(attrs={"autocomplete": "off"})
    )
    if type_.pattern:
        options["validators"] = [*options.get("validators", ()), pattern_validator(type_.pattern)]
    return forms.CharField(
        max_length=longest, min_length=type_.min_length or None, widget=widget, **options
    )


def pattern_validator(pattern: str) -> Any:
    """Give what refuses text that is not an identifier."""
    from django.core.validators import RegexValidator

    return RegexValidator(pattern, _("Letters, digits and . _ : - only, at most 64."))


def _whole(name: str, type_: inspect.IntType, options: dict[str, Any]) -> forms.Field:
    return forms.IntegerField(min_value=type_.ge, max_value=type_.le, **options)


def _number(name: str, type_: inspect.FloatType, options: dict[str, Any]) -> forms.Field:
    widget = forms.NumberInput(attrs={"step": "any", "inputmode": "decimal"})
    field = forms.FloatField(
        min_value=type_.ge if type_.gt is None else None,
        max_value=type_.le,
        widget=widget,
        **options,
    )
    if type_.gt is not None:
        field.validators.append(_above(type_.gt))
    return field


def _above(limit: float) -> Callable[[Any], None]:
    def check(value: Any) -> None:
        if value is not None and not value > limit:
            raise forms.ValidationError(
                _("This must be more than %(limit)g."), params={"limit": limit}
            )

    return check


def _truth(name: str, type_: inspect.BoolType, options: dict[str, Any]) -> forms.Field:
    options["required"] = True
    return _one_of([("yes", _("yes")), ("no", _("no"))], lambda said: said == "yes", options)


def _literal(name: str, type_: inspect.LiteralType, options: dict[str, Any]) -> forms.Field:
    choices = [(str(one), choice_words(name, str(one))) for one in type_.values if one != ""]
    return _one_of(choices, str, options)


def _several(name: str, type_: inspect.VarTupleType, options: dict[str, Any]) -> forms.Field:
    item = type_.item_type
    if isinstance(item, inspect.LiteralType):
        choices = [(str(one), choice_words(name, str(one))) for one in item.values]
        return forms.MultipleChoiceField(
            choices=choices, widget=forms.CheckboxSelectMultiple, **options
        )
    if isinstance(item, inspect.StructType):
        return RowsField(struct_fields(item.cls), **options)
    coerce = int if isinstance(item, inspect.IntType) else str
    return _ListField(coerce, **options)


class _ListField(forms.CharField):
    """Several words or numbers, apart by commas or spaces."""

    def __init__(self, coerce: Callable[[str], Any], **options: Any) -> None:
        super().__init__(**options)
        self.coerce = coerce

    def to_python(self, value: Any) -> Any:
        """Give them one by one."""
        words = str(value or "").replace(",", " ").split()
        try:
            return [self.coerce(one) for one in words]
        except ValueError as error:
            raise forms.ValidationError(_("Give numbers, apart by commas.")) from error


def struct_fields(
    cls: Any, leave_out: tuple[str, ...] = (), choices: Mapping[str, Choices] | None = None
) -> dict[str, forms.Field]:
    """Give form fields for the fields of a struct, such as a bag, in their order."""
    info = inspect.type_info(cls)
    assert isinstance(info, inspect.StructType)
    return {
        one.name: field_of(
            one.name,
            one.type,
            one.required,
            (choices or {}).get(one.name),
            label=label_of(one.name, cls.__name__),
        )
        for one in info.fields
        if one.name not in leave_out
    }


def _moment(name: str, type_: inspect.Type, options: dict[str, Any]) -> forms.Field:
    return MomentField(**options)


def _day(name: str, type_: inspect.Type, options: dict[str, Any]) -> forms.Field:
    return day_field(**options)


def _struct(name: str, type_: inspect.StructType, options: dict[str, Any]) -> forms.Field:
    return RowsField(struct_fields(type_.cls), most=1, **options)


_KINDS: Mapping[type[inspect.Type], Callable[[str, Any, dict[str, Any]], forms.Field]] = {
    inspect.StrType: _words,
    inspect.IntType: _whole,
    inspect.FloatType: _number,
    inspect.BoolType: _truth,
    inspect.LiteralType: _literal,
    inspect.VarTupleType: _several,
    inspect.DateTimeType: _moment,
    inspect.DateType: _day,
    inspect.StructType: _struct,
}
