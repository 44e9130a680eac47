"""How a page is made: one HTML file that needs nothing else, with everything in it escaped."""

from functools import lru_cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined


def page(template: str, **content: Any) -> str:
    """Fill a template of this package; text is escaped, a name that is not given is an error."""
    return _environment().get_template(template).render(**content)


@lru_cache(maxsize=1)
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("gradatim", "reports/templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["css_string"] = css_string
    return environment


def css_string(text: str) -> str:
    """Write text for a quoted string in a style sheet: every character as its code point.

    HTML escaping does not hold inside `<style>`; digits and backslashes need none.
    """
    return "".join(f"\\{ord(character):06x}" for character in text)
