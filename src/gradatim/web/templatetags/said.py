"""How the templates write texts that may still be in the language they were made in."""

import re

from django import template
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from gradatim.web.localiser import Localised

register = template.Library()
_DATES = re.compile(r"(\d{4}-\d{2}-\d{2})")


@register.filter
def shown(said: Localised) -> SafeString:
    """Write a text: marked as English where it is so still, and no date broken at its hyphens.

    Between Chinese characters a line may end anywhere, so that it would end within a date.
    """
    parts = _DATES.split(said.text)
    text = format_html_join(
        "",
        "{}{}",
        (
            (before, format_html('<span class="date">{}</span>', day) if day else "")
            for before, day in zip(parts[::2], [*parts[1::2], ""], strict=True)
        ),
    )
    return format_html('<span lang="en">{}</span>', text) if said.original else text
