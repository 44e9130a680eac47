"""The fields of an act that was written on paper first: who signed it when, and its image."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from gradatim.conduct.days import day_at
from gradatim.conduct.events import BY_NAME
from gradatim.conduct.paper import who_signs_on_paper
from gradatim.web.forms.choices import FormContext
from gradatim.web.forms.field_factory import MomentField


def paper_fields(asked: FormContext) -> dict[str, forms.Field]:
    """Return the fields that an act on paper has beside its own."""
    may = who_signs_on_paper(BY_NAME[asked.event])
    ever = (one for one in asked.state.delegations if one.site in ("", asked.site))
    held = sorted({one.user for one in ever if one.role in may})  # some have left since
    return {
        "paper_signed_by": forms.ChoiceField(
            choices=[("", ""), *((user, user) for user in held)], label=_("Signed on paper by")
        ),
        "paper_signed_at": MomentField(
            label=_("Signed on paper at"), help_text=_("As the paper says, by the site's clock.")
        ),
        "paper_image": forms.FileField(
            label=_("Image of the paper"),
            help_text=_("The ledger keeps its fingerprint; file the image itself with the paper."),
        ),
        "paper_filed": forms.CharField(
            required=False, max_length=200, label=_("Where the paper is filed")
        ),
    }


def with_paper(asked: FormContext, fields: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of an act, with its paper as the event holds it; and its day."""
    own = {name: value for name, value in fields.items() if not name.startswith("paper_")}
    if not asked.on_paper:
        return own
    at = fields["paper_signed_at"]
    return {
        **own,
        "occurred_on": own.get("occurred_on", day_at(asked.state, asked.site, at)),
        "paper": {
            "signed_by": fields["paper_signed_by"],
            "signed_at": at,
            "image_sha256": sha256(fields["paper_image"].read()).hexdigest(),
            "filed": fields.get("paper_filed", ""),
        },
    }
