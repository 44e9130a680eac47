"""How the page of feasibility writes counts of people, as they may be shown, and limits."""

from typing import Any

from django import template

from gradatim.reports import feasibility_words

register = template.Library()
register.filter("share", feasibility_words.share_words)
register.filter("limit_words", feasibility_words.limit_signs)


@register.filter
def people(count: float | None, threshold: int) -> str:
    """Write a published count; one that is suppressed as fewer than the threshold."""
    return feasibility_words.published_count(count, threshold)


@register.filter
def fallen(count: float | None, threshold: int) -> str:
    """Write a published step between counts; one that is suppressed as fewer than twice that."""
    return feasibility_words.published_count(count, 2 * threshold)


@register.filter
def of(found: Any, name: str) -> Any:
    """Give what stands under a name; nothing where there is no such name."""
    return found.get(name, "")
